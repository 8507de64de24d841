"""`batch`: rows stacked into larger rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from mslearn.dataset import config
from mslearn.dataset.base import Dataset
from mslearn.dataset.block import Block, Column
from mslearn.dataset.checks import check_bool, check_int, name_list
from mslearn.dataset.mapping import arrange
from mslearn.dataset.parallel import Ordered, make_pool
from mslearn.dataset.processes import seed_everything
from mslearn.dataset.rowwork import as_array, hold, open_dict, operation_name
from mslearn.dataset.stream import ColumnError, Piped, Stream, UserFunctionError, positions

_BATCH_OPTIONS = {
    "per_batch_map", "input_columns", "output_columns", "python_multiprocessing", "max_rowsize"
}  # fmt: skip


class BatchInfo:
    """What a `per_batch_map` or a function for the batch size may ask: which batch this is."""

    def __init__(self, epoch: int = 0, batch: int = 0) -> None:
        self._epoch, self._batch = epoch, batch

    def get_batch_num(self) -> int:
        """The batch's number in this epoch, from 0."""
        return self._batch

    def get_epoch_num(self) -> int:
        """The epoch's number, from 0."""
        return self._epoch


class BatchDataset(Dataset):
    """See `Dataset.batch`."""

    def __init__(
        self,
        input_dataset: Dataset,
        batch_size: int | Callable[[BatchInfo], int],
        drop_remainder: bool = False,
        num_parallel_workers: int | None = None,
        **kwargs: Any,
    ) -> None:
        unknown = set(kwargs) - _BATCH_OPTIONS
        if unknown:
            raise TypeError(
                f"For 'batch', got unexpected keyword arguments {sorted(unknown)}; it knows "
                f"{sorted(_BATCH_OPTIONS)}."
            )
        if callable(batch_size):
            pass
        elif isinstance(batch_size, bool) or not isinstance(batch_size, int):
            raise TypeError(
                f"For 'batch', batch_size should be an int or a function, but got {batch_size!r}."
            )
        else:
            check_int(batch_size, "batch_size", 1)
        check_bool(drop_remainder, "drop_remainder")
        super().__init__(input_dataset, num_parallel_workers)
        self.batch_size, self.drop_remainder = batch_size, drop_remainder
        self.per_batch_map = kwargs.get("per_batch_map")
        if self.per_batch_map is not None and not callable(self.per_batch_map):
            raise TypeError("For 'batch', per_batch_map must be a function.")
        self.python_multiprocessing = check_bool(
            kwargs.get("python_multiprocessing", False), "python_multiprocessing"
        )
        inputs, outputs = kwargs.get("input_columns"), kwargs.get("output_columns")
        if self.per_batch_map is None and (inputs or outputs):
            raise ValueError("For 'batch', input_columns and output_columns need per_batch_map.")
        self.input_columns = None if inputs is None else name_list(inputs, "input_columns")
        self.output_columns = None if outputs is None else name_list(outputs, "output_columns")

    def _names(self) -> tuple[list[str], list[str]]:
        inputs = self.input_columns or self.children[0]._columns()
        return inputs, self.output_columns or inputs

    def _columns(self) -> list[str]:
        known = self.children[0]._columns()
        if self.per_batch_map is None:
            return known
        return arrange(known, *self._names(), "batch")[0]

    def _size(self) -> int | None:
        size = self.children[0]._size()
        if size is None or callable(self.batch_size):
            return None
        if self.drop_remainder:
            return size // self.batch_size
        return -(-size // self.batch_size)

    def get_batch_size(self) -> int:
        return -1 if callable(self.batch_size) else self.batch_size

    def _open(self, seed: int) -> Stream:
        child = self.children[0]._start(seed)
        mapper = None
        workers = self.num_parallel_workers or 1
        if self.python_multiprocessing and self.num_parallel_workers is None:
            workers = config.get_num_parallel_workers()
        if config.get_debug_mode():
            workers = 1
        known = self.children[0]._columns()
        if self.per_batch_map is not None:
            inputs, outputs = self._names()
            order = arrange(known, inputs, outputs, "batch")[1]
            mapper = _BatchMap(
                self.per_batch_map, positions(inputs, known, "batch"), len(outputs), order, seed,
                workers > 1 and self.python_multiprocessing,
            )  # fmt: skip
        return BatchStream(
            child, self.batch_size, self.drop_remainder, mapper, known, workers=workers
        )


class _BatchMap:
    """A user's function from lists of rows to lists of rows, one list a column; picklable.

    Args:
        seed: of the iterator, for a copy that lives in a worker process (`isolated`).
    """

    def __init__(
        self, function: Callable[..., Any], inputs: list[int], outputs: int, order: list[int],
        seed: int, isolated: bool,
    ) -> None:  # fmt: skip
        self.function, self.inputs, self.outputs, self.order = function, inputs, outputs, order
        self.seed, self.isolated = seed, isolated

    def task(self, block: Block, info: BatchInfo) -> tuple[Any, int, int]:
        """What a call wants."""
        lists = [list(block.columns[i].rows()) for i in self.inputs]
        return lists, info.get_epoch_num(), info.get_batch_num()

    def __call__(self, task: tuple[Any, int, int]) -> tuple[list[Any], Exception | None]:
        lists, epoch, batch = task
        name = operation_name(self.function)
        if self.isolated:
            seed_everything((self.seed, epoch, batch))
        try:
            result = self.function(*lists, BatchInfo(epoch, batch))
            if not isinstance(result, tuple):
                result = (result,)
            columns = [[as_array(v, f"'{name}'") for v in rows] for rows in result]
        except Exception as error:
            failure = UserFunctionError(
                f"batch operation '{name}' (per_batch_map) failed on batch {batch} of epoch "
                f"{epoch}: {type(error).__name__}: {error}"
            )
            failure.__cause__ = error
            return [], failure
        if len(columns) != self.outputs:
            return [], ColumnError(
                f"For 'batch', per_batch_map returned {len(columns)} columns, but "
                f"{self.outputs} are expected. Give output_columns for all that it returns."
            )
        return [columns], None

    def place(self, columns: list[list[np.ndarray]], block: Block) -> list[Column]:
        """The columns of the batch: the function's and the others."""
        return [Column(columns[k]) if k >= 0 else block.columns[-1 - k] for k in self.order]


class BatchStream(Piped):
    """Groups rows; `join` turns a group into one array a column, where stacking will not do."""

    def __init__(
        self,
        child: Stream,
        size: int | Callable[[BatchInfo], int],
        drop_remainder: bool,
        mapper: _BatchMap | None,
        names: list[str],
        join: Callable[[Block], list[np.ndarray]] | None = None,
        workers: int = 1,
    ) -> None:
        super().__init__(child)
        self.workers = workers
        self.pool: Ordered | None = None
        self.size, self.drop_remainder = size, drop_remainder
        self.mapper, self.names, self.join = mapper, names, join
        self.epoch = -1

    def begin(self) -> None:
        super().begin()
        self.epoch += 1
        self.batch = 0
        self.over = False
        if self.pool is not None:
            self.pool.begin()

    def close(self) -> None:
        if self.pool is not None:
            self.pool.close()
            self.pool = None
        super().close()

    @property
    def queued(self) -> int:
        """Batches that workers have before them."""
        return len(self.pool.pool.waiting) if self.pool is not None else 0

    def _group(self) -> tuple[Block, BatchInfo] | None:
        """The rows of the next batch."""
        if self.over:
            return None
        info = BatchInfo(self.epoch, self.batch)
        size = self.size
        if callable(size):
            size = check_int(size(info), "batch_size returned by the function", 1)
        block = self.child.read_full(size)
        if block is None or len(block) < size:
            self.over = True
            if block is None or self.drop_remainder:
                return None
        self.batch += 1
        return block, info

    def _produce(self, n: int) -> tuple[Any, Any] | None:
        group = self._group()
        assert self.mapper is not None
        return None if group is None else (self.mapper.task(*group), group[0])

    def read(self, n: int) -> Block | None:
        # Whole batches in one array each: reading several at once would gain nothing.
        if self.mapper is None:
            group = self._group()
            if group is None:
                return None
            columns = group[0].columns
        else:
            if self.workers > 1:
                if self.pool is None:
                    pool = make_pool(self.mapper, self.workers, "batch", self.mapper.isolated)
                    self.pool = Ordered(pool, self._produce)
                answer = self.pool.next()
            else:
                made = self._produce(1)
                answer = None if made is None else (*self.mapper(made[0]), made[1])
            if answer is None:
                return None
            results, error, block = answer
            if error is not None:
                raise error
            columns = self.mapper.place(results[0], block)
        if self.join is not None:
            return Block([Column([array]) for array in self.join(Block(columns))])
        return Block([Column([stack_rows(c, self._name(k))]) for k, c in enumerate(columns)])

    def _name(self, k: int) -> str:
        return f"'{self.names[k]}'" if self.mapper is None and k < len(self.names) else str(k)


def stack_rows(column: Column, name: str) -> np.ndarray:
    """The rows of a column in one new array.

    Raises:
        RuntimeError: they differ in shape or dtype.
    """
    array = column.array()
    if array is not None and array.dtype.char == "O":
        return _merge(array.tolist(), name)
    if array is not None:
        if column.index is None and array is column.base and not array.flags.owndata:
            array = array.copy()  # a slice of the source: the learner may write into batches
        return array
    rows = column.rows()
    first = rows[0]
    for i, row in enumerate(rows):
        if row.dtype.kind in "US" and first.dtype.kind in "US" and row.shape == first.shape:
            continue  # texts of different lengths are one type
        if row.shape != first.shape or row.dtype != first.dtype:
            raise RuntimeError(
                f"For 'batch', the rows of column {name} differ: row 0 of this batch is "
                f"{first.dtype}{list(first.shape)}, row {i} is {row.dtype}{list(row.shape)}. "
                f"Make them equal with map (for example vision.Resize, transforms.PadEnd or "
                f"transforms.TypeCast) before batch."
            )
    return np.stack(rows)


def _merge(dicts: list[dict[Any, Any]], name: str) -> np.ndarray:
    """Dicts with the same keys as one dict of batches."""
    keys = dicts[0].keys()
    if any(d.keys() != keys for d in dicts):
        raise RuntimeError(
            f"For 'batch', the dicts in column {name} have different keys: "
            f"{[sorted(map(str, d)) for d in dicts[:3]]}. Make them equal with map before batch."
        )
    columns = {k: Column([as_array(d[k], str(name)) for d in dicts]) for k in keys}
    return hold({k: open_dict(stack_rows(c, f"{name}[{k!r}]")) for k, c in columns.items()})
