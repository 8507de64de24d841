"""Samplers: which rows of a source to read, and in what order, epoch by epoch.

With a seed set, every sampler gives the same order as MindSpore's does with that seed.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from enum import Enum
from typing import Any

import numpy as np

from mslearn.dataset.arguments import Remembering
from mslearn.dataset.checks import check_bool, check_int
from mslearn.dataset.mersenne import MinimalStandard, Twister32, shuffled


class Shuffle(str, Enum):
    """How to shuffle: everything, files only, or not at all."""

    FALSE = "false"
    ADAPTIVE = "adaptive"
    GLOBAL = "global"
    PARTIAL = "partial"
    FILES = "files"
    INFILE = "infile"


class BuiltinSampler(Remembering):
    """What all samplers share: a number of samples, and at most one child.

    A child sampler chooses first; its parent then picks from the child's choice by position.
    """

    #: makes the random numbers of an epoch from its seed
    generator: type[Twister32] | type[MinimalStandard] = Twister32

    def __init__(self, num_samples: int | None = None) -> None:
        if num_samples is not None:
            check_int(num_samples, "num_samples", 0)
        self.child_sampler: BuiltinSampler | None = None
        self.num_samples = num_samples or None

    def add_child(self, sampler: BuiltinSampler | None) -> None:
        """Let `sampler` choose first.

        Raises:
            RuntimeError: there is a child already.
        """
        if self.child_sampler is not None:
            raise RuntimeError(
                "Cannot add a child sampler: this sampler already has one. Add it to the child."
            )
        if sampler is not None and not isinstance(sampler, BuiltinSampler):
            raise AttributeError(f"A child sampler must be a sampler, but got {sampler!r}.")
        self.child_sampler = sampler

    def get_child(self) -> BuiltinSampler | None:
        """The child sampler, or None."""
        return self.child_sampler

    def get_num_samples(self) -> int | None:
        """The number of samples asked for (the smaller of this and the child's), or None."""
        counts = [self.num_samples]
        if self.child_sampler is not None:
            counts.append(self.child_sampler.get_num_samples())
        return min((c for c in counts if c is not None), default=None)

    def __iter__(self) -> Iterator[int]:
        raise TypeError(
            f"'{type(self).__name__}' does not know the data set yet and cannot be iterated; "
            f"pass it to a data set as sampler=."
        )

    # What sources call.

    def size(self, rows: int) -> int:
        """How many rows an epoch has when the source has `rows`."""
        if self.child_sampler is not None:
            rows = self.child_sampler.size(rows)
        return self._size(rows)

    def epochs(self, rows: int, seed: int, labels: np.ndarray | None = None) -> Iterator[Any]:
        """Row numbers (int64 arrays), epoch after epoch, without end."""
        if self.child_sampler is None:
            for ids in self._epochs(rows, seed, labels):
                outside = ids[(ids < 0) | (ids >= rows)]
                if len(outside):
                    raise RuntimeError(
                        f"'{type(self).__name__}' asks for sample {outside[0]}, but the source has "
                        f"{rows} samples: numbers go from 0 to {rows - 1}."
                    )
                yield ids
            return
        chosen = self.child_sampler.epochs(rows, seed, labels)
        for ids in self._epochs(self.child_sampler.size(rows), seed, labels):
            yield next(chosen)[ids]

    def _size(self, rows: int) -> int:
        return rows if self.num_samples is None else min(rows, self.num_samples)

    def _epochs(self, rows: int, seed: int, labels: np.ndarray | None) -> Iterator[np.ndarray]:
        raise NotImplementedError


class SequentialSampler(BuiltinSampler):
    """Rows in their own order, from `start_index`."""

    def __init__(self, start_index: int | None = None, num_samples: int | None = None) -> None:
        if start_index is not None:
            check_int(start_index, "start_index", 0)
        super().__init__(num_samples)
        self.start_index = start_index

    def _size(self, rows: int) -> int:
        start = self.start_index or 0
        if start > rows or (start == rows and rows):
            raise RuntimeError(
                f"SequentialSampler: start_index must be less than the number of rows, but got "
                f"start_index {start} and {rows} rows."
            )
        return super()._size(rows - start)

    def _epochs(self, rows: int, seed: int, labels: np.ndarray | None) -> Iterator[np.ndarray]:
        start = self.start_index or 0
        ids = np.arange(start, start + self._size(rows))
        while True:
            yield ids


class RandomSampler(BuiltinSampler):
    """Rows in random order, another one each epoch.

    Args:
        replacement: draw each row anew, so that one may come twice and another never.
        num_samples: how many rows; all by default.
        shuffle: `Shuffle.GLOBAL`; kept for MindSpore's signature.
    """

    def __init__(
        self,
        replacement: bool = False,
        num_samples: int | None = None,
        shuffle: Shuffle = Shuffle.GLOBAL,
    ) -> None:
        check_bool(replacement, "replacement")
        super().__init__(num_samples)
        self.replacement = replacement
        self.deterministic = False
        self.reshuffle_each_epoch = True
        self.fixed_seed: int | None = None  # `split` gives its parts a common one
        self.shuffle = shuffle

    def _epochs(self, rows: int, seed: int, labels: np.ndarray | None) -> Iterator[np.ndarray]:
        count = self._size(rows)
        ids = np.arange(rows)
        seed = seed if self.fixed_seed is None else self.fixed_seed
        while True:
            draw = self.generator(seed)
            if self.replacement:
                yield np.array([draw.below(rows) for _ in range(count)], np.int64)
            else:
                ids = shuffled(ids, draw)
                yield ids[:count]
            if self.reshuffle_each_epoch:
                seed += 1
            else:
                ids = np.arange(rows)


class SubsetSampler(BuiltinSampler):
    """The rows given, in the order given."""

    def __init__(self, indices: Any, num_samples: int | None = None) -> None:
        if isinstance(indices, str | bytes):
            raise TypeError(f"indices must be a sequence of ints, but got {indices!r}.")
        items = list(indices) if hasattr(indices, "__iter__") else [indices]
        for item in items:
            if isinstance(item, bool) or not isinstance(item, int | np.integer):
                raise TypeError(
                    f"indices must be a sequence of ints, but it holds {item!r} of type "
                    f"'{type(item).__name__}'."
                )
        super().__init__(num_samples)
        self.indices = [int(i) for i in items]

    def _size(self, rows: int) -> int:
        return super()._size(len(self.indices))

    def _epochs(self, rows: int, seed: int, labels: np.ndarray | None) -> Iterator[np.ndarray]:
        ids = np.array(self.indices[: self._size(rows)], np.int64)
        while True:
            yield ids


class SubsetRandomSampler(SubsetSampler):
    """The rows given, in random order."""

    def _epochs(self, rows: int, seed: int, labels: np.ndarray | None) -> Iterator[np.ndarray]:
        ids = np.array(self.indices[: self._size(rows)], np.int64)
        while True:
            ids = shuffled(ids, self.generator(seed))
            yield ids


class WeightedRandomSampler(BuiltinSampler):
    """Row i with probability proportional to ``weights[i]``."""

    def __init__(
        self,
        weights: Sequence[float],
        num_samples: int | None = None,
        replacement: bool = True,
    ) -> None:
        if not isinstance(weights, list | tuple | np.ndarray):
            raise TypeError(f"weights must be a list or tuple of numbers, but got {weights!r}.")
        if not all(isinstance(w, int | float | np.number) for w in weights):
            raise TypeError(f"weights must be numbers, but got {weights!r}.")
        values = np.asarray(weights, np.float64)
        if not len(values) or (values < 0).any() or not np.isfinite(values).all():
            raise ValueError("WeightedRandomSampler: weights must be numbers >= 0, at least one.")
        if not values.any():
            raise RuntimeError("WeightedRandomSampler: the weights must not be all zero.")
        check_bool(replacement, "replacement")
        super().__init__(num_samples)
        self.weights = values
        self.replacement = replacement

    def _size(self, rows: int) -> int:
        return min(self.num_samples or rows, rows)  # with replacement too, as in MindSpore

    def _epochs(self, rows: int, seed: int, labels: np.ndarray | None) -> Iterator[np.ndarray]:
        cumulative = np.cumsum(self.weights / self.weights.sum())
        cumulative[-1] = 1.0
        count = self._size(rows)
        while True:
            draw = Twister32(seed)
            if self.replacement:
                numbers = [draw.canonical() for _ in range(count)]
                yield np.searchsorted(cumulative, numbers, "left").astype(np.int64)
            else:
                # A race of exponential clocks: row i rings after Exp(weight i).
                clocks = np.array([-math.log(1.0 - draw.canonical()) for _ in self.weights])
                yield np.argsort(-self.weights / clocks, kind="stable")[:count].astype(np.int64)


class DistributedSampler(BuiltinSampler):
    """Every `num_shards`-th row, starting at `shard_id`: one device's share.

    Shares have equal length; the last ones wrap round to the beginning. With `offset` >= 0 the
    rows are dealt starting from that shard, and nothing wraps.
    """

    def __init__(
        self,
        num_shards: int,
        shard_id: int,
        shuffle: bool = True,
        num_samples: int | None = None,
        offset: int = -1,
    ) -> None:
        check_int(num_shards, "num_shards", 1)
        check_int(shard_id, "shard_id", 0)
        check_bool(shuffle, "shuffle")
        if shard_id >= num_shards:
            raise ValueError(
                f"shard_id must be less than num_shards, but got shard_id={shard_id} and "
                f"num_shards={num_shards}. Shards are numbered from 0."
            )
        check_int(offset, "offset", -1)
        if offset > num_shards:
            raise RuntimeError(f"offset must be at most num_shards={num_shards}, got {offset}.")
        super().__init__(num_samples)
        self.num_shards, self.shard_id = num_shards, shard_id
        self.shuffle, self.offset = shuffle, offset

    def share(self, rows: int) -> np.ndarray:
        """The places of this shard's rows among all."""
        ids = np.arange(self.shard_id, rows + max(self.offset, 0), self.num_shards)
        if self.offset >= 0:
            ids = ids - self.offset
            ids = ids[(ids >= 0) & (ids < rows)]
        elif rows:
            ids = np.arange(-(-rows // self.num_shards)) * self.num_shards + self.shard_id
            ids %= rows
        return ids if self.num_samples is None else ids[: self.num_samples]

    def _size(self, rows: int) -> int:
        return len(self.share(rows))

    def _epochs(self, rows: int, seed: int, labels: np.ndarray | None) -> Iterator[np.ndarray]:
        order = np.arange(rows)
        while True:
            if self.shuffle:
                seed += 1
                order = shuffled(order, Twister32(seed))
            yield order[self.share(rows)]


class PKSampler(BuiltinSampler):
    """`num_val` rows of each of `num_class` classes; needs a source with labels."""

    def __init__(
        self,
        num_val: int,
        num_class: int | None = None,
        shuffle: bool = False,
        class_column: str = "label",
        num_samples: int | None = None,
    ) -> None:
        check_int(num_val, "num_val", 1)
        if num_class is not None:
            raise NotImplementedError("PKSampler: num_class is not supported in MindSpore either.")
        check_bool(shuffle, "shuffle")
        if not isinstance(class_column, str):
            raise TypeError(f"class_column must be a str, but got {class_column!r}.")
        super().__init__(num_samples)
        self.num_val, self.shuffle, self.class_column = num_val, shuffle, class_column
        self._classes: int | None = None

    def _size(self, rows: int) -> int:
        if self._classes is None:
            return super()._size(rows)
        count = self._classes * self.num_val
        return count if self.num_samples is None else min(count, self.num_samples)

    def size_with(self, labels: np.ndarray) -> int:
        """The size of an epoch over a source with these labels."""
        self._classes = len(np.unique(labels))
        return self._size(len(labels))

    def _epochs(self, rows: int, seed: int, labels: np.ndarray | None) -> Iterator[np.ndarray]:
        if labels is None:
            raise ValueError("PKSampler needs a source with class labels, such as MnistDataset.")
        count = self.size_with(labels)
        classes = np.unique(labels)
        members = [np.flatnonzero(labels == c) for c in classes]
        while True:
            draw = Twister32(seed)
            order = np.arange(len(classes))
            if self.shuffle:
                order = shuffled(order, draw)
            ids = []
            for k in range(count):
                rows_of = members[order[k // self.num_val]]
                ids.append(rows_of[draw.below(len(rows_of))])
            yield np.array(ids, np.int64)
            seed += 1
