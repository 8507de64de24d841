"""`map` and `filter`: running transforms and users' functions on the rows of a block."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from mslearn.dataset import config
from mslearn.dataset.base import Dataset
from mslearn.dataset.block import Block, Column, join_blocks
from mslearn.dataset.callbacks import CallbackRun, check_callbacks
from mslearn.dataset.checks import check_bool, name_list
from mslearn.dataset.parallel import WORTH_A_THREAD, Ordered, Threads, make_pool
from mslearn.dataset.rowwork import RowWork, call
from mslearn.dataset.stream import Ahead, ColumnError, Piped, Stream, positions
from mslearn.dataset.transforms.operation import Compose, Operation

_MAP_OPTIONS = {
    "python_multiprocessing", "max_rowsize", "cache", "callbacks", "offload"
}  # fmt: skip


def flatten(operations: Any) -> list[Any]:
    """The operations of a `map` as a flat list: every Compose opened.

    Raises:
        ValueError, TypeError: there is none, or one of them cannot be called.
    """
    if not isinstance(operations, list | tuple):
        operations = [operations]
    flat: list[Any] = []
    for operation in operations:
        if not callable(operation):
            raise ValueError(
                f"For 'map', each operation must be a function or a transform, but got "
                f"{operation!r}. Pass a function without parentheses, a transform with them."
            )
        if isinstance(operation, type):
            raise ValueError(
                f"For 'map', got the class '{operation.__name__}' where an object is wanted: "
                f"write {operation.__name__}(…) with its arguments."
            )
        flat += flatten(operation.transforms) if isinstance(operation, Compose) else [operation]
    if not flat:
        raise ValueError("For 'map', operations must hold at least one operation.")
    return flat


class MapDataset(Dataset):
    """See `Dataset.map`."""

    def __init__(
        self,
        input_dataset: Dataset,
        operations: Any,
        input_columns: str | list[str] | None = None,
        output_columns: str | list[str] | None = None,
        num_parallel_workers: int | None = None,
        **kwargs: Any,
    ) -> None:
        unknown = set(kwargs) - _MAP_OPTIONS
        if unknown:
            raise TypeError(
                f"For 'map', got unexpected keyword arguments {sorted(unknown)}; it knows "
                f"{sorted(_MAP_OPTIONS)}. To choose columns afterwards, use project()."
            )
        super().__init__(input_dataset, num_parallel_workers, kwargs.get("cache"))
        self.operations = flatten(operations)
        self.python_multiprocessing = check_bool(
            kwargs.get("python_multiprocessing", False), "python_multiprocessing"
        )
        self.callbacks = check_callbacks(kwargs.get("callbacks"))
        self.input_columns = (
            None if input_columns is None else name_list(input_columns, "input_columns")
        )
        self.output_columns = (
            None if output_columns is None else name_list(output_columns, "output_columns")
        )

    def _inputs(self) -> list[str]:
        return self.input_columns or self.children[0]._columns()[:1]

    def _outputs(self) -> list[str]:
        return self.output_columns or self._inputs()

    def _columns(self) -> list[str]:
        known = self.children[0]._columns()
        return arrange(known, self._inputs(), self._outputs(), "map")[0]

    def _open(self, seed: int) -> Stream:
        known = self.children[0]._columns()
        inputs = positions(self._inputs(), known, "map")
        order = arrange(known, self._inputs(), self._outputs(), "map")[1]
        users = not all(isinstance(op, Operation) for op in self.operations)
        processes = users and self.python_multiprocessing
        workers = self.num_parallel_workers or config.get_num_parallel_workers()
        if users and self.num_parallel_workers is None and not processes:
            workers = 1  # the user's functions may depend on each other's order
        if config.get_debug_mode() or self.callbacks:
            workers, processes = 1, False
        processes = processes and workers > 1
        work = RowWork(self.operations, len(self._outputs()), seed, processes)
        child = self.children[0]._start(seed)
        return _MapStream(child, work, inputs, order, workers, processes, self.callbacks)


def arrange(
    known: Sequence[str], inputs: Sequence[str], outputs: Sequence[str], operation: str
) -> tuple[list[str], list[int]]:
    """Column names after an operation, and where each comes from.

    As many outputs as inputs take the inputs' places; else outputs come first, then the rest.
    The second list holds k for the operation's k-th output and ``-1 - i`` for old column i.
    """
    old = positions(inputs, known, operation)
    if len(inputs) == len(outputs):
        names = list(known)
        source = [-1 - i for i in range(len(known))]
        for k, i in enumerate(old):
            names[i], source[i] = outputs[k], k
    else:
        rest = [i for i in range(len(known)) if i not in old]
        names = [*outputs, *(known[i] for i in rest)]
        source = [*range(len(outputs)), *(-1 - i for i in rest)]
    twice = sorted({n for n in names if names.count(n) > 1})
    if twice:
        raise ColumnError(
            f"For '{operation}', the output columns {list(outputs)} would make {twice} appear "
            f"twice among {names}. Choose other output_columns."
        )
    return names, source


class _MapStream(Ahead, Piped):
    """Runs operations: whole blocks at once where an operation allows it, by workers if it pays."""

    def __init__(
        self,
        child: Stream,
        work: RowWork,
        inputs: list[int],
        order: list[int],
        workers: int,
        processes: bool,
        callbacks: Sequence[Any],
    ) -> None:
        super().__init__(child)
        self.work, self.inputs, self.order = work, inputs, order
        self.workers, self.processes = workers, processes
        self.calls = CallbackRun(callbacks) if callbacks else None
        self.epoch = -1
        self.pool: Ordered | None = None

    def begin(self) -> None:
        super().begin()
        self.epoch += 1
        self.sent = 0
        self.error: Exception | None = None
        self.ready = None
        self.last: Block | None = None
        if self.pool is not None:
            self.pool.begin()
        if self.calls is not None:
            self.calls.epoch_begin()

    def close(self) -> None:
        if self.pool is not None:
            self.pool.close()
            self.pool = None
        super().close()

    @property
    def queued(self) -> int:
        """Tasks that workers have before them."""
        return len(self.pool.pool.waiting) if self.pool is not None else 0

    def make(self, n: int) -> None:
        while self.ready is None:
            if self.error is not None:
                error, self.error = self.error, None
                raise error
            if self.processes and self.pool is None:
                self._employ()
            if self.pool is None:
                if not self._inline(n):
                    break
            elif (answer := self.pool.next()) is None:
                break
            else:
                rows, self.error, block = answer
                self._blame(block, len(rows))
                self.ready = self._join(rows, block)
        if self.ready is None and self.calls is not None:
            self.calls.epoch_end()

    def _employ(self) -> None:
        handler = self.work if self.processes else self.work.threaded
        pool = make_pool(handler, self.workers, "map", self.processes)
        if self.processes and isinstance(pool, Threads):
            self.work.isolated = False
            pool.handler = self.work.threaded
        self.pool = Ordered(pool, self._produce)

    def _produce(self, n: int) -> tuple[Any, Any] | None:
        block = self.child.read(n)
        if block is None:
            return None
        first, self.sent = self.sent, self.sent + len(block)
        return (self.epoch, first, self._rows([block.columns[i] for i in self.inputs])), block

    def _inline(self, n: int) -> bool:
        """Work on a block here and now; False at the end of the epoch."""
        if self.calls is not None or (self.workers > 1 and self.sent < 2):
            n = 1  # two rows tell whether threads pay: a whole batch of slow ones would cost time
        block = self.child.read(n)
        if block is None:
            return False
        if self.calls is not None:
            self.calls.step_begin()
        columns, operations = [block.columns[i] for i in self.inputs], self.work.operations
        # Leading transforms with a batched form run on the whole block; a function of the user's
        # sees its rows one by one, each row going through all that follows before the next.
        at = 0
        while at < len(operations):
            op = operations[at]
            if not isinstance(op, Operation) or len(columns) != 1 or len(block) == 1:
                break
            stacked = columns[0].array()
            try:
                result = None if stacked is None else op.batched(stacked)
            except Exception:
                break  # one by one tells which row it is, and those before it arrive
            if result is None:
                break
            columns = [Column(result)]
            at += 1
        if at < len(operations) or self.work.outputs != len(columns) or self.work.hooks:
            start = time.perf_counter()
            rows, self.error = self.work((self.epoch, self.sent, self._rows(columns)), at)
            self._blame(block, len(rows))
            self.ready = self._join(rows, block)
            slow = (time.perf_counter() - start) / len(block) > WORTH_A_THREAD
            if slow and self.workers > 1 and self.sent:
                self._employ()
        else:
            self.ready = self._place(columns, block)
        self.sent += len(block)
        if self.calls is not None:
            self.calls.step_end()
        return True

    def _rows(self, columns: list[Column]) -> list[tuple[np.ndarray, ...]]:
        return list(zip(*(c.rows() for c in columns), strict=True))

    def _join(self, rows: list[Any], block: Block) -> Block | None:
        """The output block for the rows that were worked on: the first ones of `block`."""
        good = [k for k, row in enumerate(rows) if row is not None]
        # A bad sample is left out, or the last good one takes its place.
        replacing = self.work.mode == config.ErrorSamplesMode.REPLACE
        lead = good[0] if good else len(rows)
        parts = [self.last] * lead if replacing and self.last is not None else []
        if good:
            picks = good
            if replacing and len(good) < len(rows):
                picks = [max(g for g in good if g <= k) for k in range(lead, len(rows))]
            values = zip(*(rows[k] for k in picks), strict=True)
            whole = len(picks) == len(block) and picks == good
            origin = block if whole else block.take(np.array(picks))
            parts.append(self._place([Column(list(column)) for column in values], origin))
            self.last = parts[-1].slice(len(picks) - 1, len(picks))
        return join_blocks(parts) if parts else None

    def _place(self, columns: list[Column], block: Block) -> Block:
        chosen = [columns[k] if k >= 0 else block.columns[-1 - k] for k in self.order]
        return Block(chosen, block.origin)

    def _blame(self, block: Block, done: int) -> None:
        """Add the file of the failed row to the error."""
        error = self.error
        if error is not None and block.origin is not None:
            told = f"{error} The sample's file: '{block.origin.rows()[done]}'."
            self.error = type(error)(told)
            self.error.__cause__ = error.__cause__


class FilterDataset(Dataset):
    """See `Dataset.filter`."""

    def __init__(
        self,
        input_dataset: Dataset,
        predicate: Callable[..., Any],
        input_columns: str | list[str] | None = None,
        num_parallel_workers: int | None = None,
    ) -> None:
        if not callable(predicate):
            raise TypeError(f"For 'filter', predicate must be a function, but got {predicate!r}.")
        super().__init__(input_dataset, num_parallel_workers)
        self.predicate = predicate
        self.input_columns = (
            None if input_columns is None else name_list(input_columns, "input_columns")
        )

    def _columns(self) -> list[str]:
        known = self.children[0]._columns()
        positions(self.input_columns or [], known, "filter")
        return known

    def _size(self) -> int | None:
        return None

    def _open(self, seed: int) -> Stream:
        known = self.children[0]._columns()
        inputs = positions(self.input_columns or known, known, "filter")
        return _FilterStream(self.children[0]._start(seed), self.predicate, inputs)


class _FilterStream(Piped):
    def __init__(self, child: Stream, predicate: Callable[..., Any], inputs: list[int]) -> None:
        super().__init__(child)
        self.predicate, self.inputs = predicate, inputs
        self.done = 0
        self.error: Exception | None = None

    def begin(self) -> None:
        super().begin()
        self.done = 0
        self.error = None

    def read(self, n: int) -> Block | None:
        if self.error is not None:
            raise self.error
        while (block := self.child.read(n)) is not None:
            rows = zip(*(block.columns[i].rows() for i in self.inputs), strict=True)
            keep: list[int] = []
            for k, row in enumerate(rows):
                try:
                    (answer,) = call(self.predicate, row, self.done + k, "filter")
                except Exception as error:
                    if not keep:
                        raise
                    self.error = error  # when the rows before it have arrived
                    break
                if bool(answer.reshape(-1)[0]) if answer.size == 1 else bool(answer.all()):
                    keep.append(k)
            self.done += len(block)
            if keep:
                return block if len(keep) == len(block) else block.take(np.array(keep))
        return None
