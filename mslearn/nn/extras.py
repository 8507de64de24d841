"""What a Cell's call does beyond `construct`: hooks, a gradient of its own, recomputation."""

from __future__ import annotations

import threading
from typing import Any

from mslearn import ops
from mslearn.core.dtype import DType
from mslearn.core.parameter import Parameter
from mslearn.core.state import state
from mslearn.core.tensor import Tensor
from mslearn.gradtools.custom import with_bprop
from mslearn.gradtools.hooks import HookHandle, changed, check_hook, gate, is_followed
from mslearn.gradtools.recompute import recomputed
from mslearn.gradtools.segment import leaves, refill
from mslearn.nn.looked_at import Members


class _Casting(threading.local):
    cells: tuple[int, ...] = ()  # ids of the Cells that run in a dtype of their own


_casting = _Casting()


class Extras:
    """The hooks of one Cell; Cells without any have none, and pay nothing."""

    def __init__(self, cell: Any) -> None:
        self.cell = cell
        kinds = "forward_pre", "forward", "backward_pre", "backward"
        self.tables: dict[str, Members] = {kind: Members() for kind in kinds}
        self.recompute = False
        self.to_type: DType | None = None

    def add(
        self, kind: str, hook: Any, flags: tuple[bool, bool] = (False, False), first: bool = False
    ) -> HookHandle:
        """Register a hook of a kind; the handle removes it."""
        check_hook(f"register_{kind}_hook", hook)
        return HookHandle(self.tables[kind], (hook, *flags), first)

    def hooks(self, kind: str) -> list[Any]:
        """The hooks of a kind, in the order in which they run."""
        return list(self.tables[kind].values())

    def seen(self, param: Parameter) -> Tensor:
        """A Parameter as the Cell's `construct` sees it: in the dtype of `to_float`.

        What is not trained (running means, tables of indices) keeps its dtype.
        """
        running = self.to_type is not None and id(self.cell) in _casting.cells
        return self._cast(param) if running and param.requires_grad else param

    def _cast(self, value: Any) -> Any:
        if value._value.dtype.kind != "f" or self.to_type is None:
            return value
        return ops.cast(value, self.to_type)

    def run(self, *args: Any, **kwargs: Any) -> Any:
        """The Cell's call."""
        if self.to_type is None:
            return self._run(args, kwargs)
        args, kwargs = refill((args, kwargs), iter(map(self._cast, leaves((args, kwargs)))))
        before = _casting.cells
        _casting.cells = (*before, id(self.cell))
        try:
            return self._run(args, kwargs)
        finally:
            _casting.cells = before

    def _run(self, args: Any, kwargs: Any) -> Any:
        cell = self.cell
        for hook, with_kwargs, _ in self.hooks("forward_pre"):
            new = hook(cell, args, kwargs) if with_kwargs else hook(cell, args)
            if new is not None and with_kwargs:
                args, kwargs = new
            elif new is not None:
                args = new if isinstance(new, tuple) else (new,)
        try:
            out = self._between_gates(args, kwargs)
        except Exception:
            for hook, with_kwargs, always in self.hooks("forward"):
                if always:
                    hook(cell, args, *([kwargs] if with_kwargs else []), None)
            raise
        for hook, with_kwargs, _ in self.hooks("forward"):
            new = hook(cell, args, *([kwargs] if with_kwargs else []), out)
            out = out if new is None else new
        return out

    def _between_gates(self, args: Any, kwargs: Any) -> Any:
        """The body, with the backward hooks at its entry and its exit."""
        if not state.active or not (self.tables["backward"] or self.tables["backward_pre"]):
            return self._body(args, kwargs)
        name = type(self.cell).__name__
        inputs = leaves(args)
        followed = is_followed(inputs)
        grad_output: tuple[Any, ...] = ()

        def leave(grads: tuple[Any, ...]) -> tuple[Any, ...]:
            for hook, *_ in self.hooks("backward"):
                grads = changed(name, hook(self.cell, grads, grad_output), grads)
            return grads

        def enter(grads: tuple[Any, ...]) -> tuple[Any, ...]:
            nonlocal grad_output
            for hook, *_ in self.hooks("backward_pre"):
                grads = changed(name, hook(self.cell, grads), grads)
            grad_output = grads
            if not followed:  # no gradient goes on to the inputs: this is the last chance
                leave((None,) * len(inputs))
            return grads

        if followed:
            args = refill(args, iter(_tuple(gate(inputs, leave))))
        out = self._body(args, kwargs)
        outputs = leaves(out)
        return refill(out, iter(_tuple(gate(outputs, enter)))) if outputs else out

    def _body(self, args: Any, kwargs: Any) -> Any:
        cell = self.cell
        construct = cell.construct
        if state.capture is not None:
            construct = state.capture.enter(cell, construct)
        if state.active and hasattr(type(cell), "bprop"):
            return with_bprop(type(cell).__name__, construct, cell.bprop, args, kwargs)
        if state.active and self.recompute:
            return recomputed(cell, construct, args, kwargs)
        return construct(*args, **kwargs)


def _tuple(value: Tensor | tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    return value if isinstance(value, tuple) else (value,)
