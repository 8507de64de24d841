"""Sources whose rows can be read in any order: what samplers work on."""

from __future__ import annotations

from typing import Any

import numpy as np

from mslearn.dataset.base import Dataset
from mslearn.dataset.block import Block, Column
from mslearn.dataset.sampler_choice import select_sampler
from mslearn.dataset.samplers import (
    BuiltinSampler,
    DistributedSampler,
    PKSampler,
    RandomSampler,
    Shuffle,
    SubsetRandomSampler,
    WeightedRandomSampler,
)
from mslearn.dataset.stream import Stream


class MappableDataset(Dataset):
    """A source with random access: `_rows()` rows, read through a sampler."""

    def __init__(
        self,
        num_parallel_workers: int | None = None,
        sampler: Any = None,
        num_samples: int | None = None,
        shuffle: bool | Shuffle | None = None,
        num_shards: int | None = None,
        shard_id: int | None = None,
        cache: object = None,
    ) -> None:
        super().__init__(None, num_parallel_workers, cache)
        self.shuffle_flag = shuffle
        self.num_samples, self.num_shards, self.shard_id = num_samples, num_shards, shard_id
        self.sampler: BuiltinSampler = select_sampler(
            num_samples, sampler, shuffle, num_shards, shard_id
        )

    def _rows(self) -> int:
        raise NotImplementedError

    def _labels(self) -> np.ndarray | None:
        """Class of each row, for PKSampler."""
        return None

    def _take_sampler(self, sampler: BuiltinSampler) -> None:
        self.sampler = sampler

    def _size(self) -> int | None:
        labels = self._labels() if isinstance(self.sampler, PKSampler) else None
        if labels is not None and isinstance(self.sampler, PKSampler):
            return self.sampler.size_with(labels)
        return self.sampler.size(self._rows())

    def use_sampler(self, new_sampler: Any) -> None:
        """Put a sampler before the present one (the present one picks from its choice)."""
        if new_sampler is None:
            raise TypeError("Input sampler can not be None.")
        chosen = select_sampler(None, new_sampler, None, None, None)
        chosen.add_child(self.sampler)
        self._take_sampler(chosen)

    add_sampler = use_sampler

    def is_shuffled(self) -> bool:
        sampler: BuiltinSampler | None = self.sampler
        while sampler is not None:
            random = RandomSampler | SubsetRandomSampler | WeightedRandomSampler
            if isinstance(sampler, random) or getattr(sampler, "shuffle", False) is True:
                return True
            sampler = sampler.child_sampler
        return False

    def is_sharded(self) -> bool:
        sampler: BuiltinSampler | None = self.sampler
        while sampler is not None:
            if isinstance(sampler, DistributedSampler) and sampler.num_shards > 1:
                return True
            sampler = sampler.child_sampler
        return False


class SampledStream(Stream):
    """Rows of a mappable source in the sampler's order."""

    def __init__(self, dataset: MappableDataset, seed: int) -> None:
        self.epochs = dataset.sampler.epochs(dataset._rows(), seed, dataset._labels())
        self.ids = np.empty(0, np.int64)
        self.at = 0

    def begin(self) -> None:
        self.ids = next(self.epochs)
        self.at = 0

    def next_ids(self, n: int) -> np.ndarray | None:
        """The numbers of up to n rows, or None at the end of the epoch."""
        ids = self.ids[self.at : self.at + n]
        self.at += len(ids)
        return ids if len(ids) else None


class ArrayStream(SampledStream):
    """Rows of arrays (or lists of arrays) in memory; only row numbers move until values count."""

    def __init__(self, dataset: MappableDataset, seed: int, columns: list[Any]) -> None:
        super().__init__(dataset, seed)
        self.columns = columns

    def read(self, n: int) -> Block | None:
        ids = self.next_ids(n)
        return None if ids is None else Block([Column(c, ids) for c in self.columns])
