"""`CelebADataset`: faces with forty yes-or-no attributes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from mslearn.dataset.checks import check_bool
from mslearn.dataset.folders import check_folder, check_usage, read_image
from mslearn.dataset.sampled import RowSource

_PARTS = {"train": 0, "valid": 1, "test": 2}


class CelebADataset(RowSource):
    """Images listed in ``list_attr_celeba.txt``.

    Columns: ``image``, bytes or decoded <H,W,3> uint8; ``attr``, 40 numbers, uint32: 1 or 0.

    Args:
        dataset_dir: folder with the images, ``list_attr_celeba.txt`` and, for a usage other than
            "all", ``list_eval_partition.txt``.
        usage: "train", "valid", "test" or "all".
        decode: decode the images.
        extensions: endings of the files wanted; all by default.
        num_samples, shuffle, sampler, num_shards, shard_id: which rows, in what order.
    """

    def __init__(
        self,
        dataset_dir: str | Path,
        num_parallel_workers: int | None = None,
        shuffle: bool | None = None,
        usage: str = "all",
        sampler: Any = None,
        decode: bool = False,
        extensions: list[str] | None = None,
        num_samples: int | None = None,
        num_shards: int | None = None,
        shard_id: int | None = None,
        cache: object = None,
        decrypt: Any = None,
    ) -> None:
        super().__init__(
            num_parallel_workers, sampler, num_samples, shuffle, num_shards, shard_id, cache
        )
        self.folder = check_folder(dataset_dir, "CelebADataset")
        self.usage = check_usage(usage, (*_PARTS, "all"), "CelebADataset")
        self.decode, self.extensions = check_bool(decode, "decode"), extensions
        self._found: list[tuple[str, np.ndarray]] | None = None

    def _list(self, name: str) -> list[list[str]]:
        path = self.folder / name
        try:
            return [line.split() for line in path.read_text(encoding="utf-8").splitlines()]
        except (OSError, UnicodeDecodeError) as error:
            raise RuntimeError(f"CelebADataset: cannot read '{path}': {error}") from error

    def _scan(self) -> list[tuple[str, np.ndarray]]:
        if self._found is None:
            wanted = None
            if self.usage != "all":
                parts = self._list("list_eval_partition.txt")
                number = str(_PARTS[self.usage])
                wanted = {p[0] for p in parts if len(p) == 2 and p[1] == number}
            found = []
            for number_of_line, line in enumerate(self._list("list_attr_celeba.txt")[2:], 3):
                if not line:
                    continue
                name, signs = line[0], line[1:]
                if not signs or any(s not in ("1", "-1") for s in signs):
                    raise RuntimeError(
                        f"CelebADataset: line {number_of_line} of 'list_attr_celeba.txt' must be a "
                        f"file name and numbers that are 1 or -1, but is {' '.join(line)[:60]!r}."
                    )
                if (wanted is None or name in wanted) and (
                    not self.extensions or Path(name).suffix in self.extensions
                ):
                    found.append((name, np.array([s == "1" for s in signs], np.uint32)))
            if not found:
                raise RuntimeError(f"CelebADataset: no image of '{self.usage}' is listed.")
            self._found = found
        return self._found

    def _columns(self) -> list[str]:
        return ["image", "attr"]

    def _rows(self) -> int:
        return len(self._scan())

    def _file(self, number: int) -> str:
        return str(self.folder / self._scan()[number][0])

    def _row(self, number: int) -> tuple[np.ndarray, ...]:
        name, attributes = self._scan()[number]
        return read_image(self.folder / name, "CelebADataset", self.decode), attributes.copy()
