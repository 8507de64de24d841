"""`MnistDataset` and its relatives: readers of idx files.

An idx file is a big-endian header (magic number, then one 32-bit count for each axis) and bytes.
"""

from __future__ import annotations

import re
import struct
from pathlib import Path
from typing import Any

import numpy as np

from mslearn.dataset.checks import check_bool
from mslearn.dataset.folders import check_usage
from mslearn.dataset.sampled import ArrayStream, MappableDataset
from mslearn.dataset.stream import Stream

_IMAGES, _LABELS, _TABLE = 0x00000803, 0x00000801, 0x00000C02


def read_idx(path: Path, magic: int) -> np.ndarray:
    """The array in an idx file of unsigned bytes.

    Args:
        path: the file.
        magic: 0x803 for images (count, rows, columns), 0x801 for labels (count).

    Raises:
        RuntimeError: not such a file, cut short, or longer than its header says.
    """
    data = path.read_bytes()
    what = "images" if magic == _IMAGES else "labels"
    item = np.dtype(">i4" if magic == _TABLE else np.uint8)
    axes = magic & 0xFF
    size = 4 + 4 * axes
    if data[:2] == b"\x1f\x8b":
        raise RuntimeError(
            f"'{path}' is compressed (gzip). Unpack it first, for example with "
            f"gzip.open(path).read()."
        )
    if len(data) < size:
        raise RuntimeError(
            f"'{path}' is cut short: it has {len(data)} bytes, and the header of an idx file of "
            f"{what} alone takes {size}. Fetch or unpack it again."
        )
    found, *shape = struct.unpack(f">{1 + axes}I", data[:size])
    if found != magic:
        raise RuntimeError(
            f"'{path}' is not an idx file of {what}: its first four bytes are 0x{found:08x}, "
            f"expected 0x{magic:08x}. Is it another file under that name?"
        )
    wanted = int(np.prod(shape, dtype=np.int64)) * item.itemsize
    if len(data) - size != wanted:
        state = "cut short" if len(data) - size < wanted else "longer than its header says"
        raise RuntimeError(
            f"'{path}' is {state}: the header announces {shape} = {wanted} bytes of {what}, but "
            f"{len(data) - size} follow. Fetch or unpack it again."
        )
    return np.frombuffer(data, item, offset=size).reshape(shape)


class MnistDataset(MappableDataset):
    """Handwritten digits in MNIST's files.

    Columns: ``image``, (28, 28, 1) uint8, and ``label``, a uint32 scalar.

    Args:
        dataset_dir: folder with ``train-images-idx3-ubyte``, ``train-labels-idx1-ubyte`` and/or
            ``t10k-…``; ``mslearn.dataset.prepare("mnist")`` makes one.
        usage: "train", "test" or "all" (default: whatever is there, test first).
        num_samples, shuffle, sampler, num_shards, shard_id: which rows, in what order; all of
            them, shuffled, by default.
        num_parallel_workers: accepted; clamped to the machine's cores.
        cache: accepted.

    Raises:
        ValueError: the folder is missing, or contradicting arguments.
        RuntimeError: (when first read) a file is missing, damaged, or does not fit the other.

    >>> import mslearn.dataset as ds
    >>> test = ds.MnistDataset(ds.prepare("mnist") / "test", shuffle=False)
    >>> image, label = next(iter(test))
    >>> image.shape, image.dtype, label.dtype
    ((28, 28, 1), mindspore.uint8, mindspore.uint32)
    """

    #: MindSpore reads t10k before train when both are asked for
    _prefixes: dict[str, tuple[str, ...]] = {
        "train": ("train",),
        "test": ("t10k",),
        "all": ("t10k", "train"),
    }
    _prepared = "mnist"
    _example = "MnistDataset(path / 'train')"
    _usages: tuple[str, ...] = ("train", "test", "all")

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
        if not isinstance(dataset_dir, str | Path):
            raise TypeError(f"{name}: dataset_dir must be a path, but got {dataset_dir!r}.")
        if usage is not None:
            check_usage(usage, self._usages, name)
        self.dataset_dir, self.usage = str(dataset_dir), usage or "all"
        self._loaded: tuple[np.ndarray, np.ndarray] | None = None
        if not Path(dataset_dir).is_dir():
            raise ValueError(
                f"{name}: the folder '{dataset_dir}' does not exist or is not a folder "
                f"(looked for '{Path(dataset_dir).absolute()}').{self._advice()}"
            )

    def _advice(self) -> str:
        if not self._prepared:
            return ""
        return (
            f" The digits that come with mslearn: path = mslearn.dataset.prepare("
            f"'{self._prepared}'), then {self._example}."
        )

    def _columns(self) -> list[str]:
        return ["image", "label"]

    def num_classes(self) -> int:
        return 10

    def _find(self, prefix: str, kind: str, name: str) -> Path | None:
        # MindSpore takes '.idx3' for '-idx3' and any suffix; so does this.
        pattern = re.compile(rf"{prefix}-{kind}[.-]{name}-ubyte.*")
        found = sorted(p for p in Path(self.dataset_dir).iterdir() if pattern.fullmatch(p.name))
        return found[0] if found else None

    def _load(self) -> tuple[np.ndarray, np.ndarray]:
        if self._loaded is None:
            parts = []
            for prefix in self._prefixes[self.usage]:
                pair = self._read_pair(prefix)
                if pair is not None:
                    parts.append(pair)
            if not parts:
                self._missing(self._prefixes[self.usage][-1])
            images = np.concatenate([p[0] for p in parts]) if len(parts) > 1 else parts[0][0]
            labels = np.concatenate([p[1] for p in parts])
            self._loaded = images[..., None], labels.astype(np.uint32)
        return self._loaded

    def _missing(self, prefix: str) -> None:
        here = sorted(p.name for p in Path(self.dataset_dir).iterdir())
        shown = ", ".join(here[:8]) + (", …" if len(here) > 8 else "")
        raise RuntimeError(
            f"{type(self).__name__}: in '{self.dataset_dir}' looked for "
            f"'{prefix}-images-idx3-ubyte' and '{prefix}-labels-idx1-ubyte', and found "
            f"{shown or 'nothing'}.{self._advice()}"
        )

    def _read_pair(self, prefix: str) -> tuple[np.ndarray, np.ndarray] | None:
        image_path = self._find(prefix, "images", "idx3")
        label_path = self._find(prefix, "labels", "idx1")
        if image_path is None and label_path is None and self.usage == "all":
            return None
        if image_path is None or label_path is None:
            self._missing(prefix)
            return None
        images, labels = read_idx(image_path, _IMAGES), self._read_labels(label_path)
        if images.shape[1:] != (28, 28):
            raise RuntimeError(
                f"{type(self).__name__}: '{image_path}' holds images of "
                f"{images.shape[1]}x{images.shape[2]} pixels; they must be 28x28."
            )
        if len(images) != len(labels):
            raise RuntimeError(
                f"{type(self).__name__}: '{image_path}' holds {len(images)} images, but "
                f"'{label_path}' holds {len(labels)} labels. Do the files belong together?"
            )
        return images, labels

    def _read_labels(self, path: Path) -> np.ndarray:
        return read_idx(path, _LABELS)

    def _rows(self) -> int:
        return len(self._load()[1])

    def _labels(self) -> np.ndarray | None:
        return self._load()[1]

    def _open(self, seed: int) -> Stream:
        return ArrayStream(self, seed, list(self._load()))


class FashionMnistDataset(MnistDataset):
    """Clothes in MNIST's file format (Zalando); see MnistDataset."""

    _prepared = ""


class KMnistDataset(MnistDataset):
    """Cursive Japanese characters in MNIST's file format; see MnistDataset."""

    _prepared = ""


class EMnistDataset(MnistDataset):
    """Handwritten letters and digits in MNIST's file format (NIST Special Database 19).

    Args:
        dataset_dir: folder with ``emnist-<name>-train-images-idx3-ubyte`` and so on.
        name: "byclass", "bymerge", "balanced", "letters", "digits" or "mnist".
        usage, num_samples, shuffle, sampler, num_shards, shard_id: as for MnistDataset.
    """

    _prepared = ""
    _classes = {
        "byclass": 62, "bymerge": 47, "balanced": 47, "letters": 26, "digits": 10, "mnist": 10
    }  # fmt: skip

    def __init__(
        self,
        dataset_dir: str | Path,
        name: str,
        usage: str | None = None,
        num_samples: int | None = None,
        num_parallel_workers: int | None = None,
        shuffle: bool | None = None,
        sampler: Any = None,
        num_shards: int | None = None,
        shard_id: int | None = None,
        cache: object = None,
    ) -> None:
        self.name = check_usage(name, tuple(self._classes), "EMnistDataset", "name")
        self._prefixes = _prefixes(f"emnist-{name}-")
        super().__init__(
            dataset_dir, usage, num_samples, num_parallel_workers, shuffle, sampler, num_shards,
            shard_id, cache,
        )  # fmt: skip

    def num_classes(self) -> int:
        return self._classes[self.name]


class QMnistDataset(MnistDataset):
    """MNIST with its lost test digits and more facts about each digit (Yadav and Bottou).

    Args:
        dataset_dir: folder with ``qmnist-train-images-idx3-ubyte``,
            ``qmnist-train-labels-idx2-int`` and so on.
        usage: "train", "test", "test10k", "test50k", "nist" or "all" (default).
        compat: give the class only, a scalar; else all eight numbers of a digit.
        num_samples, shuffle, sampler, num_shards, shard_id: as for MnistDataset.
    """

    _prepared = ""
    _usages = ("train", "test", "test10k", "test50k", "nist", "all")

    def __init__(
        self,
        dataset_dir: str | Path,
        usage: str | None = None,
        compat: bool = True,
        num_samples: int | None = None,
        num_parallel_workers: int | None = None,
        shuffle: bool | None = None,
        sampler: Any = None,
        num_shards: int | None = None,
        shard_id: int | None = None,
        cache: object = None,
    ) -> None:
        self.compat = check_bool(compat, "compat")
        self._prefixes = {
            **_prefixes("qmnist-"), "test10k": ("qmnist-test",), "test50k": ("qmnist-test",),
            "nist": ("xnist",),
        }  # fmt: skip
        self._prefixes["all"] = ("qmnist-test", "qmnist-train", "xnist")
        super().__init__(
            dataset_dir, usage, num_samples, num_parallel_workers, shuffle, sampler, num_shards,
            shard_id, cache,
        )  # fmt: skip

    def _find(self, prefix: str, kind: str, name: str) -> Path | None:
        if kind == "images":
            return super()._find(prefix, kind, name)
        path = Path(self.dataset_dir) / f"{prefix}-labels-idx2-int"
        return path if path.is_file() else None

    def _read_labels(self, path: Path) -> np.ndarray:
        table = read_idx(path, _TABLE)
        return table[:, 0] if self.compat else table

    def _read_pair(self, prefix: str) -> tuple[np.ndarray, np.ndarray] | None:
        pair = super()._read_pair(prefix)
        if pair is None or prefix != "qmnist-test" or self.usage not in ("test10k", "test50k"):
            return pair
        part = slice(0, 10000) if self.usage == "test10k" else slice(10000, None)
        return pair[0][part], pair[1][part]

    def _labels(self) -> np.ndarray | None:
        labels = self._load()[1]
        return labels if labels.ndim == 1 else labels[:, 0]


def _prefixes(stem: str) -> dict[str, tuple[str, ...]]:
    return {
        "train": (f"{stem}train",), "test": (f"{stem}test",),
        "all": (f"{stem}test", f"{stem}train"),
    }  # fmt: skip
