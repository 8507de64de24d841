"""Reverse mode: a tape remembers the operations that lead from watched values to the result.

Going backwards over it, each operation turns the cotangent of its output into cotangents of its
inputs (its vjp). Those rules are themselves operations, seen by the observers *outside* this
tape, so a gradient can be differentiated again, to any order.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np

from mslearn.core.primitive import Primitive, apply
from mslearn.core.state import state
from mslearn.core.tensor import Tensor
from mslearn.ops.elementwise import Add

value_hooks: dict[int, dict[int, Callable[[Tensor], Any]]] = {}
"""What to do with the gradient by a value, by ``id(value)`` (`Tensor.register_hook`)."""


class Record(NamedTuple):
    """One operation on the tape; values are told apart by identity."""

    prim: type[Primitive]
    inputs: tuple[Any, ...]
    attrs: dict[str, Any]
    output: Any
    scope: tuple[str, ...]


class Tape:
    """An observer that records what depends on the watched tensors.

    >>> import mslearn as ms
    >>> from mslearn.core import observing
    >>> x = ms.Tensor([3.0])
    >>> tape = Tape()
    >>> tape.watch(x)
    >>> with observing(tape):
    ...     y = x * x
    >>> print(tape.gradients(y)[id(x._value)])
    [6.]
    """

    def __init__(self) -> None:
        self.records: list[Record] = []
        self._live: set[int] = set()
        self._kept: list[Any] = []  # ids are only unique while their values live

    def watch(self, tensor: Tensor) -> None:
        """Follow what is computed from the present value of `tensor`."""
        value = tensor._value if state.capture is None else state.capture.read(tensor)
        self._live.add(id(value))
        self._kept.append(value)
        if type(tensor) is not Tensor and "_hooks" in tensor.__dict__:  # a Parameter's hooks
            attach_hooks(value, tensor.__dict__["_hooks"])

    def follows(self, value: Any) -> bool:
        """Whether `value` depends on something watched."""
        return id(value) in self._live

    def on_op(
        self,
        prim: type[Primitive],
        inputs: tuple[Any, ...],
        attrs: dict[str, Any],
        output: Any,
    ) -> None:
        if prim.vjp is None:
            return
        live = self._live
        for value in inputs:
            if id(value) in live:
                break
        else:
            return
        self.records.append(Record(prim, inputs, attrs, output, state.scope))
        if type(output) is tuple:
            live.update(map(id, output))
        else:
            live.add(id(output))

    def gradients(
        self,
        outputs: Tensor | Iterable[Tensor],
        cotangents: Iterable[Tensor] | None = None,
        keep: bool = False,
        free: bool = False,
    ) -> dict[int, Tensor]:
        """Go backwards from `outputs`.

        Args:
            outputs: one or several results of the recorded operations.
            cotangents: what to start from, one for each output; ones by default.
            keep: keep the cotangents of values in between too, for pictures of the flow.
            free: forget each record when it is done, so that its arrays' memory is used again;
                the tape is empty afterwards.

        Returns:
            The cotangent of each value by ``id(value)``; watched values that do not reach
            the outputs are missing.
        """
        outs = [outputs] if isinstance(outputs, Tensor) else list(outputs)
        found: dict[int, Tensor] = {}
        starts = [_ones_like(o) for o in outs] if cotangents is None else list(cotangents)
        for out, start in zip(outs, starts, strict=True):
            if id(out._value) in self._live:
                _accumulate(found, out._value, start)
        before = state.scope, state.origin
        try:
            records = self.records if free else self.records.copy()
            while records:
                record = records.pop()
                ct = self._cotangent(record, found, keep)
                if ct is not None:
                    if state.active:
                        state.scope, state.origin = ("Gradients", *record.scope), record.output
                    self._pull(record, ct, found)
        finally:
            state.scope, state.origin = before
        for key in {id(v) for v in self._kept} & value_hooks.keys() & found.keys():
            found[key] = _hooked(key, found[key])
        return found

    def _cotangent(self, record: Record, found: dict[int, Tensor], keep: bool) -> Any:
        if value_hooks:
            several = type(record.output) is tuple
            for key in map(id, record.output if several else (record.output,)):
                if key in value_hooks and key in found:
                    found[key] = _hooked(key, found[key])
        take: Any = found.get if keep else found.pop
        if type(record.output) is not tuple:
            return take(id(record.output), None)
        parts = [take(id(v), None) for v in record.output]
        if all(p is None for p in parts):
            return None
        return tuple(
            zeros_for(v) if p is None else p for p, v in zip(parts, record.output, strict=True)
        )

    def _pull(self, record: Record, ct: Any, found: dict[int, Tensor]) -> None:
        live = self._live
        wrap = Tensor.wrap
        out = record.output
        handles = [wrap(v) for v in record.inputs]
        whole = tuple(map(wrap, out)) if type(out) is tuple else wrap(out)
        rule = record.prim.vjp
        if type(rule) is tuple:
            for value, pull in zip(record.inputs, rule, strict=False):
                if pull is not None and id(value) in live:
                    _accumulate(found, value, pull(ct, whole, *handles, **record.attrs))
        else:
            parts = rule(ct, whole, *handles, **record.attrs)
            for value, part in zip(record.inputs, parts, strict=True):
                if part is not None and id(value) in live:
                    _accumulate(found, value, part)


def attach_hooks(value: Any, table: dict[int, Callable[[Tensor], Any]]) -> None:
    """Let the hooks of `table` see the gradient by `value`, as long as it lives."""
    if value_hooks.get(id(value)) is not table:
        value_hooks[id(value)] = table
        weakref.finalize(value, value_hooks.pop, id(value), None)


def _hooked(key: int, ct: Tensor) -> Tensor:
    for hook in list(value_hooks[key].values()):
        new = hook(ct)
        ct = ct if new is None else new
    return ct


def _accumulate(found: dict[int, Tensor], value: Any, ct: Tensor) -> None:
    before = found.get(id(value))
    found[id(value)] = ct if before is None else apply(Add, (before, ct))


def _ones_like(out: Tensor) -> Tensor:
    return Tensor.wrap(np.ones(out._value.shape, out._value.dtype))


def zeros_for(value: Any) -> Tensor:
    """The gradient by a value on which the result does not depend, as MindSpore gives it."""
    return Tensor.wrap(np.zeros(value.shape, value.dtype))
