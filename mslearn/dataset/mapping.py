"""`map` and `filter`: running transforms and users' functions on the rows of a block."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from mslearn.core import Tensor
from mslearn.dataset.base import Dataset
from mslearn.dataset.block import Block, Column
from mslearn.dataset.checks import name_list
from mslearn.dataset.stream import ColumnError, Piped, Stream, UserFunctionError, positions
from mslearn.dataset.transforms.operation import Compose, Operation

_MAP_OPTIONS = {
    "python_multiprocessing", "max_rowsize", "cache", "callbacks", "offload"
}  # fmt: skip


def as_array(value: Any, what: str) -> np.ndarray:
    """What a user's function returned for one column, as an array.

    Raises:
        TypeError: it is None or something that no array can hold.
    """
    if type(value) is np.ndarray:
        array = value
    elif isinstance(value, Tensor):
        array = value.asnumpy()
    elif value is None:
        raise TypeError(f"{what} returned None. Did it forget to return its result?")
    else:
        array = np.asarray(value)
    if array.dtype.kind == "O":
        raise TypeError(
            f"{what} returned '{type(value).__name__}' that is not an array of numbers or text. "
            f"Return a NumPy array, a number, or a tuple with one of them for each column."
        )
    return array


def operation_name(operation: Any) -> str:
    """The name by which errors call an operation."""
    if isinstance(operation, Operation):
        return type(operation).__name__
    name = getattr(operation, "__qualname__", None) or type(operation).__name__
    return str(name).rsplit("<locals>.", 1)[-1]


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
        count = len(self._outputs())
        child = self.children[0]._open(seed)
        return _MapStream(child, self.operations, inputs, count, order, seed)


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


class _MapStream(Piped):
    """Runs operations, whole blocks at once where an operation allows it."""

    def __init__(
        self,
        child: Stream,
        operations: list[Any],
        inputs: list[int],
        outputs: int,
        order: list[int],
        seed: int,
    ) -> None:
        super().__init__(child)
        # Random transforms get a generator of their own for each iterator and place in the list.
        self.operations = [
            op._seeded(np.random.SeedSequence((seed, k)))
            if isinstance(op, Operation) and op.random
            else op
            for k, op in enumerate(operations)
        ]
        self.inputs, self.outputs, self.order = inputs, outputs, order
        self.runs_user_code |= not all(isinstance(op, Operation) for op in operations)
        self.done = 0

    def begin(self) -> None:
        super().begin()
        self.done = 0

    def read(self, n: int) -> Block | None:
        block = self.child.read(n)
        if block is None:
            return None
        columns = [block.columns[i] for i in self.inputs]
        rest = 0
        # Leading transforms with a batched form run on the whole block; a function of the user's
        # sees its rows one by one, each row going through all that follows before the next.
        while rest < len(self.operations):
            op = self.operations[rest]
            if not isinstance(op, Operation) or len(columns) != 1 or len(block) == 1:
                break
            stacked = columns[0].array()
            result = None if stacked is None else op.batched(stacked)
            if result is None:
                break
            columns = [Column(result)]
            rest += 1
        if rest < len(self.operations) or self.outputs != len(columns):
            columns = self._by_row(columns, self.operations[rest:], len(block))
        self.done += len(block)
        return Block([columns[k] if k >= 0 else block.columns[-1 - k] for k in self.order])

    def _by_row(self, columns: list[Column], operations: list[Any], count: int) -> list[Column]:
        out: list[list[np.ndarray]] = [[] for _ in range(self.outputs)]
        for k, row in enumerate(zip(*(c.rows() for c in columns), strict=True)):
            values: tuple[Any, ...] = row
            for op in operations:
                values = call(op, values, self.done + k, "map")
            if len(values) != self.outputs:
                raise ColumnError(
                    f"For 'map', the operations return {len(values)} columns, but output_columns "
                    f"has {self.outputs} names. Give as many output_columns as the last "
                    f"operation returns."
                )
            for column, value in zip(out, values, strict=True):
                column.append(value)
        return [Column(column) for column in out]


def call(op: Any, values: tuple[Any, ...], sample: int, stage: str) -> tuple[np.ndarray, ...]:
    """`op(*values)` as a tuple of arrays.

    Raises:
        UserFunctionError: it failed; the cause is chained.
    """
    try:
        result = op(*values)
        what = f"'{operation_name(op)}'"
        if isinstance(result, tuple):
            return tuple(as_array(value, what) for value in result)
        return (as_array(result, what),)
    except Exception as error:
        got = ", ".join(f"{v.dtype}{list(v.shape)}" for v in values)
        raise UserFunctionError(
            f"{stage} operation '{operation_name(op)}' failed on sample {sample} "
            f"(it got {got}): {type(error).__name__}: {error}"
        ) from error


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
        return _FilterStream(self.children[0]._open(seed), self.predicate, inputs)


class _FilterStream(Piped):
    def __init__(self, child: Stream, predicate: Callable[..., Any], inputs: list[int]) -> None:
        super().__init__(child)
        self.predicate, self.inputs = predicate, inputs
        self.runs_user_code = True
        self.done = 0

    def begin(self) -> None:
        super().begin()
        self.done = 0

    def read(self, n: int) -> Block | None:
        while (block := self.child.read(n)) is not None:
            rows = zip(*(block.columns[i].rows() for i in self.inputs), strict=True)
            keep = []
            for k, row in enumerate(rows):
                (answer,) = call(self.predicate, row, self.done + k, "filter")
                if bool(answer.reshape(-1)[0]) if answer.size == 1 else bool(answer.all()):
                    keep.append(k)
            self.done += len(block)
            if keep:
                return block if len(keep) == len(block) else block.take(np.array(keep))
        return None
