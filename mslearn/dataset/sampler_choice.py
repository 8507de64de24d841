"""Samplers written by the user, and which sampler a source's arguments mean."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from mslearn.dataset.checks import check_int
from mslearn.dataset.samplers import (
    BuiltinSampler,
    DistributedSampler,
    RandomSampler,
    SequentialSampler,
    Shuffle,
    SubsetSampler,
)


class Sampler(BuiltinSampler):
    """Base class for samplers of your own: write ``__iter__`` to yield row numbers.

    `self.dataset_size` holds the number of rows of the source once iteration starts.

    >>> from mslearn.dataset import Sampler
    >>> class Even(Sampler):
    ...     def __iter__(self):
    ...         yield from range(0, self.dataset_size, 2)
    """

    def __init__(self, num_samples: int | None = None) -> None:
        super().__init__(num_samples)
        self.dataset_size = 0

    def __iter__(self) -> Iterator[int]:
        raise NotImplementedError(
            f"'{type(self).__name__}' must define __iter__ to yield row numbers."
        )

    def _ids(self, rows: int) -> np.ndarray:
        self.dataset_size = rows
        return np.array([int(i) for i in self][: self.num_samples], np.int64)

    def _size(self, rows: int) -> int:
        return len(self._ids(rows))

    def _epochs(self, rows: int, seed: int, labels: np.ndarray | None) -> Iterator[np.ndarray]:
        while True:
            yield self._ids(rows)


class IterSampler(Sampler):
    """Row numbers from any iterable."""

    def __init__(self, sampler: Any, num_samples: int | None = None) -> None:
        super().__init__(num_samples)
        self.sampler = sampler

    def __iter__(self) -> Iterator[int]:
        return iter(self.sampler)


def select_sampler(
    num_samples: int | None,
    sampler: Any,
    shuffle: bool | Shuffle | None,
    num_shards: int | None,
    shard_id: int | None,
) -> BuiltinSampler:
    """The sampler meant by a source's arguments, by MindSpore's rules.

    Raises:
        ValueError: arguments that exclude each other.
    """
    if num_samples is not None:
        check_int(num_samples, "num_samples", 0)
        num_samples = num_samples or None
    if shuffle is not None and not isinstance(shuffle, bool | Shuffle):
        raise TypeError(f"shuffle must be True, False or None, but got {shuffle!r}.")
    if (num_shards is None) != (shard_id is None):
        raise ValueError("num_shards and shard_id need to be passed in together.")
    if sampler is not None:
        if any(a is not None for a in (shuffle, num_shards, num_samples)):
            raise ValueError(
                f"A sampler excludes num_samples, shuffle, num_shards and shard_id, but got "
                f"num_samples: {num_samples}, num_shards: {num_shards}, shard_id: {shard_id}, "
                f"shuffle: {shuffle}. Put them into the sampler."
            )
        if isinstance(sampler, BuiltinSampler):
            return sampler
        if hasattr(sampler, "__iter__"):
            numbers = isinstance(sampler, list | tuple)
            return SubsetSampler(sampler) if numbers else IterSampler(sampler)
        raise TypeError(
            f"sampler must be a sampler or an iterable of row numbers, but got {sampler!r}."
        )
    random = shuffle not in (False, Shuffle.FALSE)
    if num_shards is not None and shard_id is not None:
        return DistributedSampler(num_shards, shard_id, random, num_samples)
    if not random:
        return SequentialSampler(num_samples=num_samples)
    # With num_samples MindSpore draws with replacement.
    return RandomSampler(num_samples is not None, num_samples)
