"""`RowWork`: a list of operations applied to rows one after the other, wherever that happens."""

from __future__ import annotations

import copy
import hashlib
import struct
import threading
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from mslearn.core import Tensor
from mslearn.dataset import config
from mslearn.dataset.debug import DebugHook
from mslearn.dataset.processes import seed_everything
from mslearn.dataset.stream import ColumnError, UserFunctionError
from mslearn.dataset.transforms.operation import Operation
from mslearn.dataset.vision.fusing import Fused, fuse
from mslearn.dataset.vision.pillow import is_pil

Values = tuple[Any, ...]


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
    elif isinstance(value, dict):
        return hold({k: open_dict(as_array(v, what)) for k, v in value.items()})
    else:
        array = np.asarray(value)
    if array.dtype.char == "O" and not isinstance(open_dict(array), dict):
        raise TypeError(
            f"{what} returned '{type(value).__name__}' that is not an array of numbers or text. "
            f"Return a NumPy array, a number, or a tuple with one of them for each column."
        )
    return array


def hold(value: dict[Any, Any]) -> np.ndarray:
    """A dict of arrays as the row of a column: a 0-d array of one object."""
    array = np.empty((), object)
    array[()] = value
    return array


def open_dict(value: Any) -> Any:
    """The dict in a row that `hold` made; other values as they are."""
    return value.item() if type(value) is np.ndarray and value.dtype.char == "O" else value


def operation_name(operation: Any) -> str:
    """The name by which errors call an operation."""
    if isinstance(operation, Operation):
        return type(operation).__name__
    name = getattr(operation, "__qualname__", None) or type(operation).__name__
    return str(name).rsplit("<locals>.", 1)[-1]


def call(op: Any, values: Values, sample: int, stage: str) -> Values:
    """`op(*values)` as a tuple of arrays and PIL images.

    Raises:
        UserFunctionError: it failed; the cause is chained.
    """
    try:
        result = op(*map(open_dict, values))
        what = f"'{operation_name(op)}'"
        results = result if isinstance(result, tuple) else (result,)
        # PIL images stay: the next transform uses Pillow; `_row` makes arrays of the last ones.
        return tuple(v if is_pil(v) else as_array(v, what) for v in results)
    except Exception as error:
        got = ", ".join(
            f"{v.dtype}{list(v.shape)}" if isinstance(v, np.ndarray) else type(v).__name__
            for v in values
        )
        raise UserFunctionError(
            f"{stage} operation '{operation_name(op)}' failed on sample {sample} "
            f"(it got {got}): {type(error).__name__}: {error}"
        ) from error


def _generators(value: Any) -> Iterator[np.random.Generator]:
    """The random generators of a transform and of the transforms in it."""
    if isinstance(value, np.random.Generator):
        yield value
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _generators(item)
    elif isinstance(value, Operation) and value.random:
        for item in vars(value).values():
            yield from _generators(item)


class RowWork:
    """Operations for rows; picklable, so that a worker process can have it.

    Args:
        operations: applied one after the other.
        outputs: how many columns the last one must return.
        seed: of the iterator; random transforms draw from (seed, place, epoch, sample).
        isolated: this copy lives in a worker process: seed NumPy's and Python's own generators too.
    """

    def __init__(self, operations: Sequence[Any], outputs: int, seed: int, isolated: bool) -> None:
        self.operations = [
            op._seeded(np.random.SeedSequence((seed, k)))
            if isinstance(op, Operation) and op.random
            else op
            for k, op in enumerate(operations)
        ]
        self.outputs, self.seed, self.isolated = outputs, seed, isolated
        self.mode, self.hooks = config.get_error_samples_mode(), config.debug_hooks()
        self._prepare()

    def _prepare(self) -> None:
        found = [g for op in self.operations for g in _generators(op)]
        self._dice: list[tuple[Any, dict[str, Any]]] = [
            (g.bit_generator, dict(g.bit_generator.state)) for g in found
        ]
        self._local = threading.local()
        self._plans: dict[int, list[Any]] = {}

    def __getstate__(self) -> dict[str, Any]:
        own = ("_dice", "_local", "_plans")
        return {k: v for k, v in vars(self).items() if k not in own}

    def _plan(self, first_operation: int) -> list[Any]:
        """The operations from here on; where nobody looks between them, with shortcuts."""
        plan = self._plans.get(first_operation)
        if plan is None:
            rest = self.operations[first_operation:]
            plan = self._plans[first_operation] = rest if self.hooks else fuse(rest)
        return plan

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._prepare()

    def _throw(self, epoch: int, sample: int) -> None:
        """Set every generator to the state that belongs to this sample."""
        for k, (bits, state) in enumerate(self._dice):
            key = struct.pack("<4Q", self.seed, k, epoch, sample)
            number = int.from_bytes(hashlib.blake2b(key, digest_size=16).digest(), "little")
            inner = {"state": number, "inc": state["state"]["inc"]}
            bits.state = {**state, "state": inner, "has_uint32": 0}
        if self.isolated:
            seed_everything((self.seed, epoch, sample))

    def threaded(self, task: tuple[int, int, list[Values]]) -> tuple[list[Any], Exception | None]:
        """As a call, with a copy of all that changes for each thread."""
        own: RowWork | None = getattr(self._local, "own", None)
        if own is None:
            own = self._local.own = pickle_free_copy(self)
        return own(task)

    def __call__(
        self, task: tuple[int, int, list[Values]], first_operation: int = 0
    ) -> tuple[list[Values | None], Exception | None]:
        """Work on rows: (epoch, number of the first row, rows).

        Returns the rows before the first failure and the failure. With an error mode other than
        RETURN, None stands for a row that failed.
        """
        epoch, sample, rows = task
        done: list[Values | None] = []
        for values in rows:
            if self._dice or self.isolated:
                self._throw(epoch, sample)
            try:
                done.append(self._row(values, sample, first_operation))
            except UserFunctionError as error:
                if self.mode == config.ErrorSamplesMode.RETURN:
                    return done, error
                done.append(None)
            except ColumnError as error:
                return done, error
            sample += 1
        return done, None

    def _look(self, values: Values, op: Any) -> None:
        """Show a row to the hooks of `config.set_debug_mode`."""
        for hook in self.hooks:
            if isinstance(hook, DebugHook):
                hook.prev_op_name = None if op is None else operation_name(op)
            hook(values)

    def _row(self, values: Values, sample: int, first_operation: int) -> Values:
        self._look(values, None)
        for step in self._plan(first_operation):
            if isinstance(step, Fused) and len(values) == 1:
                quick = step.shortcut(values[0])
                if quick is not None:
                    values = (quick,)
                    continue
            for op in step.parts if isinstance(step, Fused) else (step,):
                values = call(op, values, sample, "map")
                self._look(values, op)
        if any(is_pil(value) for value in values):
            values = tuple(np.array(value) if is_pil(value) else value for value in values)
        if len(values) != self.outputs:
            raise ColumnError(
                f"For 'map', the operations return {len(values)} columns, but output_columns has "
                f"{self.outputs} names. Give as many output_columns as the last operation returns."
            )
        return values


def pickle_free_copy(work: RowWork) -> RowWork:
    """A copy with its own random generators that shares everything else."""
    other = copy.copy(work)
    other.operations = [
        op._seeded(np.random.SeedSequence((work.seed, k)))
        if isinstance(op, Operation) and op.random
        else op
        for k, op in enumerate(work.operations)
    ]
    other._prepare()
    return other
