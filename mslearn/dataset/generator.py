"""Sources from Python objects: `GeneratorDataset` and `NumpySlicesDataset`."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import numpy as np

from mslearn.core.dtype import to_numpy
from mslearn.dataset import config
from mslearn.dataset.base import Dataset
from mslearn.dataset.block import Block, Column
from mslearn.dataset.checks import check_bool, name_list
from mslearn.dataset.parallel import Ordered, make_pool
from mslearn.dataset.processes import seed_everything
from mslearn.dataset.rowwork import as_array
from mslearn.dataset.sampled import ArrayStream, MappableDataset, SampledStream
from mslearn.dataset.samplers import PKSampler
from mslearn.dataset.schema import as_schema
from mslearn.dataset.stream import Ahead, Stream, UserFunctionError


class GeneratorDataset(MappableDataset):
    """Rows from a Python object of your own.

    Args:
        source: an object with ``__getitem__`` and ``__len__`` (read in any order, shuffled by
            default), or an iterable, an iterator, or a function that returns a generator (read in
            its own order). A row is a tuple with one value for each column.
        column_names: names of the columns.
        column_types: dtypes that the values must have; not checked by default.
        num_samples, shuffle, sampler, num_shards, shard_id: which rows, in what order.
        num_parallel_workers: more than 1 reads a source with __getitem__ in worker processes
            (threads without `python_multiprocessing`); order and results stay the same.
        schema: a Schema in place of column_names and column_types.
        batch_sampler: an iterable of lists of row numbers; each becomes one batch, put together by
            `collate_fn` (called with one list of values for each column) or by stacking.
        max_rowsize: accepted; shared memory grows as rows need it.

    Raises:
        UserFunctionError: the source raised an error; it is chained, with the row's number.

    >>> import mslearn.dataset as ds
    >>> squares = ds.GeneratorDataset(lambda: ((i * i,) for i in range(4)), ["square"])
    >>> [int(x) for x, in squares]
    [0, 1, 4, 9]
    """

    def __init__(
        self,
        source: Any,
        column_names: str | list[str] | None = None,
        column_types: list[Any] | None = None,
        schema: Any = None,
        num_samples: int | None = None,
        num_parallel_workers: int | None = 1,
        shuffle: bool | None = None,
        sampler: Any = None,
        num_shards: int | None = None,
        shard_id: int | None = None,
        python_multiprocessing: bool = True,
        max_rowsize: int | list[int] | None = None,
        batch_sampler: Any = None,
        collate_fn: Any = None,
    ) -> None:
        if schema is not None and column_names is None:
            fields = as_schema(schema).columns
            column_names = [field["name"] for field in fields]
            column_types = [np.dtype(field["type"]) for field in fields]
        if collate_fn is not None and batch_sampler is None:
            raise ValueError("collate_fn can be specified only when batch_sampler is set.")
        if batch_sampler is not None and any(
            a is not None for a in (num_samples, shuffle, num_shards, shard_id, sampler)
        ):
            raise ValueError(
                "batch_sampler is mutually exclusive with num_samples, shuffle, num_shards, "
                "shard_id and sampler."
            )
        if column_names is None:
            raise ValueError("Neither columns_names nor schema are provided.")
        if isinstance(sampler, PKSampler):
            raise ValueError("GeneratorDataset doesn't support PKSampler: it has no labels.")
        self._random_access = hasattr(source, "__getitem__") and hasattr(source, "__len__")
        if not self._random_access and not (callable(source) or hasattr(source, "__iter__")):
            raise TypeError(
                f"For 'GeneratorDataset', source must be a function that yields rows, an iterable, "
                f"or an object with __getitem__ and __len__, but got "
                f"'{type(source).__name__}'."
            )
        if not self._random_access and (sampler is not None or num_shards is not None):
            raise ValueError(
                "For 'GeneratorDataset', sampler and num_shards need a source with __getitem__ and "
                "__len__; a generator can only be read in its own order."
            )
        super().__init__(num_parallel_workers, sampler, num_samples, shuffle, num_shards, shard_id)
        self.python_multiprocessing = check_bool(python_multiprocessing, "python_multiprocessing")
        self.batch_sampler, self.collate_fn = batch_sampler, collate_fn
        # A generator can be gone through once, a data set any number of times, as in MindSpore.
        self.source: Any = _Replayed(source) if inspect.isgenerator(source) else source
        self.column_names = name_list(column_names, "column_names")
        self.column_types = None
        if column_types is not None:
            self.column_types = [to_numpy(t) for t in column_types]
            if len(self.column_types) != len(self.column_names):
                raise ValueError(
                    f"column_types has {len(self.column_types)} entries for "
                    f"{len(self.column_names)} columns."
                )

    def _columns(self) -> list[str]:
        return self.column_names

    def _rows(self) -> int:
        return len(self.source)

    def is_shuffled(self) -> bool:
        return self._random_access and super().is_shuffled()

    def _size(self) -> int | None:
        if self.batch_sampler is not None:
            return len(self.batch_sampler)
        return super()._size() if self._random_access else None

    def get_batch_size(self) -> int:
        return 1 if self.batch_sampler is None else -1

    def _open(self, seed: int) -> Stream:
        if self._random_access:
            return _AccessStream(self, seed)
        return _IterableStream(self)

    def split(self, sizes: list[int] | list[float], randomize: bool = True) -> list[Dataset]:
        if self._random_access:
            return super().split(sizes, randomize)
        return self.take().skip(0).split(sizes, randomize)

    def _row(self, value: Any) -> list[np.ndarray]:
        if not isinstance(value, (tuple, list)):  # a list is a row of columns, too
            value = (value,)
        names = self.column_names
        if len(value) != len(names):
            raise ValueError(
                f"it returned {len(value)} values, but column_names has {len(names)}: {names}"
                + (
                    ". A list of several values for one column: make an array of it"
                    if len(names) == 1
                    else ""
                )
            )
        row = [as_array(v, "the source") for v in value]
        for name, array, wanted in zip(names, row, self.column_types or [], strict=False):
            if array.dtype != wanted:
                raise TypeError(
                    f"column '{name}' has dtype {array.dtype}, but column_types says {wanted}"
                )
        return row

    def _failed(self, number: int, error: Exception) -> UserFunctionError:
        name = getattr(self.source, "__qualname__", type(self.source).__name__)
        name = str(name).rsplit("<locals>.", 1)[-1]
        return UserFunctionError(
            f"GeneratorDataset: the source '{name}' failed on sample {number}: "
            f"{type(error).__name__}: {error}"
        )


class _Replayed:
    """An iterable that draws a generator's rows once and remembers them."""

    def __init__(self, generator: Iterator[Any]) -> None:
        self.__qualname__ = getattr(generator, "__qualname__", "generator")
        self.generator = generator
        self.seen: list[Any] = []

    def __iter__(self) -> Iterator[Any]:
        at = 0
        while True:
            if at == len(self.seen):
                try:
                    self.seen.append(next(self.generator))
                except StopIteration:
                    return
            yield self.seen[at]
            at += 1


class SourceWork:
    """Reads rows of a source by number, in whatever process; see `processes.Workers`."""

    def __init__(self, dataset: GeneratorDataset, seed: int, isolated: bool) -> None:
        # A copy without what cannot travel to another process (live iterators, samplers).
        self.dataset: GeneratorDataset = GeneratorDataset.__new__(GeneratorDataset)
        for name in ("source", "column_names", "column_types", "collate_fn"):
            setattr(self.dataset, name, getattr(dataset, name))
        self.seed, self.isolated = seed, isolated

    def __call__(self, task: tuple[int, list[Any]]) -> tuple[list[Any], Exception | None]:
        epoch, ids = task
        rows: list[list[np.ndarray]] = []
        for i in ids:
            if self.isolated:
                first = i[0] if isinstance(i, list) else i
                seed_everything((self.seed, epoch, first))
            try:
                rows.append(self._batch(i) if isinstance(i, list) else self._one(i))
            except UserFunctionError as error:
                return rows, error
        return rows, None

    def _one(self, i: int) -> list[np.ndarray]:
        try:
            return self.dataset._row(self.dataset.source[i])
        except Exception as error:
            raise self.dataset._failed(i, error) from error

    def _batch(self, ids: list[int]) -> list[np.ndarray]:
        columns = [list(c) for c in zip(*(self._one(i) for i in ids), strict=True)]
        try:
            made = tuple(columns) if (join := self.dataset.collate_fn) is None else join(*columns)
            return self.dataset._row(tuple(np.asarray(c) for c in _tuple(made)))
        except Exception as error:
            raise UserFunctionError(
                f"GeneratorDataset: putting the batch of samples {ids} together failed: "
                f"{type(error).__name__}: {error}"
            ) from error


def _tuple(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,)


class _AccessStream(Ahead, SampledStream):
    def __init__(self, dataset: GeneratorDataset, seed: int) -> None:
        super().__init__(dataset, seed)
        self.batches, self.epoch = dataset.batch_sampler, -1
        workers = 1 if config.get_debug_mode() else dataset.num_parallel_workers or 1
        self.workers, self.processes = workers, dataset.python_multiprocessing
        self.work = SourceWork(dataset, seed, workers > 1 and self.processes)
        self.pool: Ordered | None = None

    def begin(self) -> None:
        self.epoch += 1
        self.error: Exception | None = None
        self.ready = None
        if self.batches is not None:
            self.queue = iter(self.batches)
        else:
            super().begin()
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

    def _produce(self, n: int) -> tuple[Any, Any] | None:
        if self.batches is not None:
            batch = next(self.queue, None)
            return None if batch is None else ((self.epoch, [[int(i) for i in batch]]), None)
        ids = self.next_ids(n)
        return None if ids is None else ((self.epoch, ids.tolist()), None)

    def make(self, n: int) -> None:
        rows: list[Any] = []
        while not rows:
            if self.error is not None:
                error, self.error = self.error, None
                raise error
            if self.workers > 1:
                if self.pool is None:
                    pool = make_pool(self.work, self.workers, "GeneratorDataset", self.processes)
                    self.pool = Ordered(pool, self._produce)
                if (answer := self.pool.next()) is None:
                    return
                rows, self.error, _ = answer
            else:
                if (made := self._produce(n)) is None:
                    return
                rows, self.error = self.work(made[0])
        self.ready = Block([Column(list(c)) for c in zip(*rows, strict=True)])


class _IterableStream(Stream):
    def __init__(self, dataset: GeneratorDataset) -> None:
        self.dataset = dataset

    def begin(self) -> None:
        source = self.dataset.source
        self.iterator: Iterator[Any] = iter(source() if callable(source) else source)
        self.done = 0
        self.error: Exception | None = None

    def read(self, n: int) -> Block | None:
        dataset = self.dataset
        rows: list[list[np.ndarray]] = []
        limit = dataset.num_samples
        while self.error is None and len(rows) < n and (not limit or self.done < limit):
            try:
                rows.append(dataset._row(next(self.iterator)))
            except StopIteration:
                break
            except Exception as error:
                self.error = dataset._failed(self.done, error)
                self.error.__cause__ = error
            self.done += 1
        if rows:
            return Block([Column(list(c)) for c in zip(*rows, strict=True)])
        if self.error is not None:
            failure, self.error = self.error, None
            raise failure
        return None


class NumpySlicesDataset(MappableDataset):
    """Rows that are slices, along the first axis, of arrays or lists in memory.

    Args:
        data: one array or list (one column), a tuple of them, or a dict from column name to them.
        column_names: names; ``column_0`` … by default, or the dict's keys.
        num_samples, shuffle, sampler, num_shards, shard_id: which rows, in what order (shuffled by
            default).

    Raises:
        ValueError: columns of different lengths, or a wrong number of names.

    >>> import mslearn.dataset as ds
    >>> data = ds.NumpySlicesDataset({"x": [1, 2], "y": [3, 4]}, shuffle=False)
    >>> [(int(x), int(y)) for x, y in data]
    [(1, 3), (2, 4)]
    """

    def __init__(
        self,
        data: Any,
        column_names: str | list[str] | None = None,
        num_samples: int | None = None,
        num_parallel_workers: int | None = 1,
        shuffle: bool | None = None,
        sampler: Any = None,
        num_shards: int | None = None,
        shard_id: int | None = None,
    ) -> None:
        if isinstance(sampler, PKSampler):
            raise ValueError("NumpySlicesDataset doesn't support PKSampler: it has no labels.")
        super().__init__(num_parallel_workers, sampler, num_samples, shuffle, num_shards, shard_id)
        if isinstance(data, dict):
            columns, names = list(data.values()), [str(k) for k in data]
        else:
            columns = list(data) if isinstance(data, tuple) else [data]
            names = [f"column_{i}" for i in range(len(columns))]
        for column in columns:
            if not isinstance(column, list | tuple | np.ndarray) or not len(column):
                raise TypeError(
                    f"For 'NumpySlicesDataset', each column must be a list, tuple or array with at "
                    f"least one row, but got {type(column).__name__}."
                )
        lengths = [len(c) for c in columns]
        if len(set(lengths)) > 1:
            raise ValueError(
                f"Data length in each column is not equal: the columns have {lengths} rows."
            )
        if column_names is not None:
            names = name_list(column_names, "column_names")
        if len(names) != len(columns):
            raise ValueError(
                f"Num of input column names is {len(names)}, but required is {len(columns)}."
            )
        self.column_names = names
        self._data = [_as_column(c) for c in columns]

    def _columns(self) -> list[str]:
        return self.column_names

    def _rows(self) -> int:
        return len(self._data[0])

    def _open(self, seed: int) -> Stream:
        return ArrayStream(self, seed, self._data)


def _as_column(values: Any) -> np.ndarray | list[np.ndarray]:
    if isinstance(values, np.ndarray):
        return values
    # Every element of a list keeps its own type, as in MindSpore: [1.5, 2] is float64 then int64.
    rows = [np.asarray(v) for v in values]
    first = rows[0]
    if any(r.shape != first.shape or r.dtype != first.dtype for r in rows):
        return rows
    return np.stack(rows)
