"""Sources that are read file by file, from the beginning to the end: text, CSV, TFRecord.

Rows are never all in memory. With more than one worker the files are dealt out to that many readers
and the rows come in turn from each, as in MindSpore; by default one file follows the other.
"""

from __future__ import annotations

import glob
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from mslearn.dataset.base import Dataset
from mslearn.dataset.block import Block, Column
from mslearn.dataset.checks import check_int
from mslearn.dataset.mersenne import Twister32, shuffled
from mslearn.dataset.ordering import ShuffleStream
from mslearn.dataset.samplers import Shuffle
from mslearn.dataset.stream import Stream

Row = tuple[np.ndarray, ...]


def find_files(patterns: Any, name: str) -> list[str]:
    """The files that paths or patterns (``*``, ``?``) mean, sorted.

    Raises:
        TypeError, ValueError: not paths, or a pattern that fits no file.
    """
    if not isinstance(patterns, str | Path | list):
        raise TypeError(
            f"{name}: dataset_files must be a path or a list of paths, but got {patterns!r}."
        )
    found: list[str] = []
    missing = []
    for pattern in patterns if isinstance(patterns, list) else [patterns]:
        if not isinstance(pattern, str | Path):
            raise TypeError(f"{name}: a file must be given by its path, but got {pattern!r}.")
        text = str(pattern)
        here = [text] if Path(text).is_file() else sorted(glob.glob(text))
        found += here
        if not here:
            missing.append(text)
    if missing or not found:
        raise ValueError(
            f"{name}: The following patterns did not match any files: {missing}. The current "
            f"folder is '{Path.cwd()}'."
        )
    return sorted(found)


class FileSource(Dataset):
    """Rows of files, read in order. Subclasses define `_columns` and `_read`."""

    def __init__(
        self,
        files: list[str],
        num_samples: int | None,
        num_parallel_workers: int | None,
        shuffle: bool | Shuffle | None,
        num_shards: int | None,
        shard_id: int | None,
        cache: object = None,
    ) -> None:
        super().__init__(None, num_parallel_workers, cache)
        self.files = files
        self.num_samples = check_int(num_samples or 0, "num_samples", 0)
        if shuffle is not None and not isinstance(shuffle, bool | Shuffle):
            raise TypeError(
                f"shuffle must be of boolean or enum of 'Shuffle' values like 'Shuffle.GLOBAL' or "
                f"'Shuffle.FILES', but got {shuffle!r}."
            )
        if not isinstance(shuffle, Shuffle):
            shuffle = Shuffle.FALSE if shuffle is False else Shuffle.GLOBAL
        self.shuffle_mode = shuffle
        if (num_shards is None) != (shard_id is None):
            raise ValueError("num_shards and shard_id need to be passed in together.")
        self.num_shards, self.shard_id = num_shards or 1, shard_id or 0
        if num_shards is not None:
            check_int(num_shards, "num_shards", 1)
            check_int(shard_id, "shard_id", 0, num_shards - 1)
        self._counts: list[int] | None = None

    def _read(self, path: str) -> Iterator[Row]:
        """The rows of one file; what goes wrong is a RuntimeError that names it."""
        raise NotImplementedError

    def _count(self, path: str) -> int:
        """The rows of one file."""
        return sum(1 for _ in self._read(path))

    def _sizes(self) -> list[int]:
        if self._counts is None:
            counts = [self._count(path) for path in self.files]
            if not sum(counts):
                raise RuntimeError(
                    f"{type(self).__name__}: no data found in {', '.join(self.files[:3])}."
                )
            self._counts = counts
        return self._counts

    def _size(self) -> int | None:
        size = sum(count for _, _, count in self._segments(list(range(len(self.files)))))
        return min(size, self.num_samples) if self.num_samples else size

    def _segments(self, order: list[int]) -> list[tuple[int, int, int]]:
        """What this shard reads of the files in that order: (file, first row, count)."""
        sizes = self._sizes()
        if self.num_shards == 1:
            return [(k, 0, sizes[k]) for k in order]
        total = sum(sizes)
        share = -(-total // self.num_shards)
        start, left = (share * self.shard_id) % total, share
        found = []
        at = 0
        # The last shards go on from the beginning, so that all are equally long.
        for k in order * 2:
            first = max(0, start - at)
            count = min(left, sizes[k] - first)
            at += sizes[k]
            if count > 0:
                found.append((k, first, count))
                left -= count
        return found

    def is_shuffled(self) -> bool:
        return self.shuffle_mode != Shuffle.FALSE

    def is_sharded(self) -> bool:
        return self.num_shards > 1

    def _open(self, seed: int) -> Stream:
        stream: Stream = _FileStream(self, seed)
        if self.shuffle_mode != Shuffle.GLOBAL:
            return stream
        rows = self._size()
        assert rows is not None
        average = -(-rows // len(self.files))
        buffer = max(average * min(4, len(self.files)), 10000)
        return ShuffleStream(stream, buffer, seed, True, rows)


class _FileStream(Stream):
    def __init__(self, dataset: FileSource, seed: int) -> None:
        self.dataset, self.seed = dataset, seed
        # Shards must agree about the order of the files: their seed counts epochs.
        self.shard_seed = 0
        self.order = np.arange(len(dataset.files))

    def begin(self) -> None:
        dataset = self.dataset
        if dataset.shuffle_mode != Shuffle.FALSE and len(self.order) > 1:
            seed = self.seed if dataset.num_shards == 1 else self.shard_seed
            self.shard_seed += 1
            self.order = shuffled(self.order, Twister32(seed))
        segments = dataset._segments(self.order.tolist())
        count = min(dataset.num_parallel_workers or 1, len(segments))
        self.readers = [self._reader(segments[k::count]) for k in range(count)]
        self.left = dataset.num_samples or -1
        self.turn = 0

    def _reader(self, segments: list[tuple[int, int, int]]) -> Iterator[Row]:
        for k, first, count in segments:
            yield from islice(self.dataset._read(self.dataset.files[k]), first, first + count)

    def read(self, n: int) -> Block | None:
        rows: list[Row] = []
        while len(rows) < n and self.readers and self.left:
            self.turn %= len(self.readers)
            row = next(self.readers[self.turn], None)
            if row is None:
                del self.readers[self.turn]
                continue
            rows.append(row)
            self.left -= 1
            self.turn += 1
        if not rows:
            return None
        return Block([Column(list(c)) for c in zip(*rows, strict=True)])

    def close(self) -> None:
        self.readers = []
