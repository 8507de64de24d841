"""Sources whose rows can be read in any order: what samplers work on."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from mslearn.dataset import config
from mslearn.dataset.base import Dataset
from mslearn.dataset.block import Block, Column
from mslearn.dataset.parallel import WORTH_A_THREAD, Ordered, Threads
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
from mslearn.dataset.stream import Ahead, Stream


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

    def _orders(self, seed: int) -> Iterator[Any]:
        """Row numbers, epoch after epoch."""
        return self.sampler.epochs(self._rows(), seed, self._labels())

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
        self.epochs = dataset._orders(seed)
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


class RowSource(MappableDataset):
    """A source whose rows are read one at a time: `_row(i)` is a tuple of arrays."""

    def _row(self, number: int) -> tuple[np.ndarray, ...]:
        """Row `number`; what goes wrong is a RuntimeError that names the file."""
        raise NotImplementedError

    def _file(self, number: int) -> str | None:
        """The file of a row, for errors of later stages."""
        return None

    def _open(self, seed: int) -> Stream:
        return RowStream(self, seed)

    def _first_row(self) -> tuple[np.ndarray, ...]:
        return super()._first_row() if self._size() else self._row(0)


class RowStream(Ahead, SampledStream):
    """Rows read one at a time, by threads where that takes long (decoding images)."""

    def __init__(self, dataset: RowSource, seed: int) -> None:
        super().__init__(dataset, seed)
        self.dataset = dataset
        workers = dataset.num_parallel_workers or config.get_num_parallel_workers()
        self.workers = 1 if config.get_debug_mode() else workers
        self.pool: Ordered | None = None
        self.error: Exception | None = None

    def begin(self) -> None:
        super().begin()
        self.error = self.ready = None
        if self.pool is not None:
            self.pool.begin()

    def close(self) -> None:
        if self.pool is not None:
            self.pool.close()
            self.pool = None

    @property
    def queued(self) -> int:
        """Tasks that workers have before them."""
        return len(self.pool.pool.waiting) if self.pool is not None else 0

    def _work(self, ids: list[int]) -> tuple[list[Any], Exception | None]:
        rows: list[Any] = []
        for i in ids:
            try:
                rows.append(self.dataset._row(i))
            except Exception as error:
                return rows, error
        return rows, None

    def _produce(self, n: int) -> tuple[Any, Any] | None:
        ids = self.next_ids(n)
        return None if ids is None else (ids.tolist(), ids)

    def make(self, n: int) -> None:
        rows: list[Any] = []
        while not rows:
            if self.error is not None:
                error, self.error = self.error, None
                raise error
            if self.pool is not None:
                if (answer := self.pool.next()) is None:
                    return
                rows, self.error, ids = answer
            else:
                if (made := self._produce(n)) is None:
                    return
                ids = made[1]
                start = time.perf_counter()
                rows, self.error = self._work(made[0])
                slow = time.perf_counter() - start > WORTH_A_THREAD * max(1, len(rows))
                if slow and self.workers > 1 and self.at > len(rows):
                    self.pool = Ordered(Threads(self._work, self.workers), self._produce)
        files = [self.dataset._file(i) for i in ids[: len(rows)].tolist()]
        origin = None if files[0] is None else Column(files)
        self.ready = Block([Column(list(c)) for c in zip(*rows, strict=True)], origin)
