"""`Cifar10Dataset` and `Cifar100Dataset`: binary files of small colour photographs.

A record is one label byte (two for CIFAR-100: coarse, fine) and 3,072 bytes: the red, green and
blue planes of 32 x 32 pixels.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from mslearn.dataset.folders import check_folder, check_usage
from mslearn.dataset.sampled import ArrayStream, MappableDataset
from mslearn.dataset.stream import Stream

_PIXELS = 3 * 32 * 32


class Cifar10Dataset(MappableDataset):
    """Photographs of ten classes.

    Columns: ``image``, (32, 32, 3) uint8, and ``label``, a uint32 scalar.

    Args:
        dataset_dir: folder with ``data_batch_1.bin`` … and/or ``test_batch.bin``. Files with fewer
            than 10,000 records are read too (real MindSpore refuses them).
        usage: "train", "test" or "all" (default: whatever is there).
        num_samples, shuffle, sampler, num_shards, shard_id: which rows, in what order; all of
            them, shuffled, by default.

    Raises:
        ValueError: the folder is missing.
        RuntimeError: (when first read) there is no such file, or one is cut short.
    """

    _labels_per_record = 1
    _names: tuple[str, ...] = ("label",)
    _classes = 10
    _files: dict[str, tuple[str, ...]] = {
        "train": tuple(f"data_batch_{k}.bin" for k in range(1, 6)),
        "test": ("test_batch.bin",),
    }

    def __init__(
        self,
        dataset_dir: str | Path,
        usage: str | None = None,
        num_samples: int | None = None,
        num_parallel_workers: int | None = None,
        shuffle: bool | None = None,
        sampler: Any = None,
        num_shards: int | None = None,
        shard_id: int | None = None,
        cache: object = None,
    ) -> None:
        super().__init__(
            num_parallel_workers, sampler, num_samples, shuffle, num_shards, shard_id, cache
        )
        name = type(self).__name__
        self.folder = check_folder(dataset_dir, name)
        self.usage = check_usage(usage or "all", ("train", "test", "all"), name)
        self._loaded: list[np.ndarray] | None = None

    def _columns(self) -> list[str]:
        return ["image", *self._names]

    def num_classes(self) -> int:
        return self._classes

    def _load(self) -> list[np.ndarray]:
        if self._loaded is None:
            usages = ("train", "test") if self.usage == "all" else (self.usage,)
            paths = [self.folder / f for u in usages for f in self._files[u]]
            found = [p for p in paths if p.is_file()]
            if not found:
                here = sorted(p.name for p in self.folder.iterdir())[:8]
                raise RuntimeError(
                    f"{type(self).__name__}: in '{self.folder}' looked for "
                    f"{[p.name for p in paths]}, and found {here or 'nothing'}."
                )
            records = np.concatenate([self._read(p) for p in found])
            head = self._labels_per_record
            planes = records[:, head:].reshape(-1, 3, 32, 32)
            images = np.ascontiguousarray(planes.transpose(0, 2, 3, 1))
            labels = [records[:, k].astype(np.uint32) for k in range(head)]
            self._loaded = [images, *labels]
        return self._loaded

    def _read(self, path: Path) -> np.ndarray:
        data = np.fromfile(path, np.uint8)
        size = self._labels_per_record + _PIXELS
        if not data.size or data.size % size:
            raise RuntimeError(
                f"{type(self).__name__}: '{path}' has {data.size} bytes, which is no whole number "
                f"of records of {size} bytes. Is it cut short, or still compressed?"
            )
        return data.reshape(-1, size)

    def _rows(self) -> int:
        return len(self._load()[0])

    def _labels(self) -> np.ndarray | None:
        return self._load()[1]

    def _open(self, seed: int) -> Stream:
        return ArrayStream(self, seed, list(self._load()))


class Cifar100Dataset(Cifar10Dataset):
    """Photographs of a hundred classes in twenty groups; files ``train.bin`` and ``test.bin``.

    Columns: ``image``, (32, 32, 3) uint8; ``coarse_label`` and ``fine_label``, uint32 scalars.
    """

    _labels_per_record = 2
    _names = ("coarse_label", "fine_label")
    _classes = 100
    _files = {"train": ("train.bin",), "test": ("test.bin",)}
