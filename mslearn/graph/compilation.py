"""One graph of a jitted function: what it is made for, when it fits, and how it runs."""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Callable, Sequence
from typing import Any

from mslearn.core.dtype import dtype_of
from mslearn.core.parameter import Parameter
from mslearn.core.state import revision
from mslearn.core.tensor import Tensor
from mslearn.graph.capture import Captured
from mslearn.graph.ir import Graph
from mslearn.graph.numpy_backend import Executable
from mslearn.graph.passes import Snapshot
from mslearn.graph.tree import BY_VALUE, HOLE, Constant, Nest, fill, tensors_only

ON_NUMPY = {"CPU", "numpy", "ms_backend"}  # the last is MindSpore's name for its own runtime
around_run: list[Callable[[Any, Sequence[Tensor]], Any]] = []
"""Where eager code is on a device: what runs a Compilation's executable with these tensors."""


@dataclasses.dataclass
class Compilation:
    """One graph of a jitted function.

    Attributes:
        cause: why it was made, in words.
        seconds: how long capturing and compiling took.
        graph: after all passes.
        snapshots: the graph as captured and after each pass.
        executable: what runs; its ``.code`` is the program.
    """

    cause: str
    seconds: float
    graph: Graph
    snapshots: list[Snapshot]
    executable: Any
    pattern: Any
    guards: list[tuple[Any, str, Any]]
    key: Any

    def __post_init__(self) -> None:
        pattern, kinds, self._target = self.key
        self._count = len(kinds) if pattern is tensors_only(len(kinds)) else -1
        self._given = [shape for shape, _ in kinds]
        self._dtypes = [dtype for _, dtype in kinds]
        self._updated = [p for p, _ in self.graph.updates]
        named = dict(self.graph.parameters + self.graph.updates)  # an update may read nothing
        self._parameters = list(named)
        self._forms = [(p._value.shape, p._value.dtype) for p in self._parameters]
        self._fits = getattr(self.executable, "fits", self._unchanged)
        self._mark: Any = None
        self._marked = [g for g in self.guards if _tells(g[0])]
        self._others = [g for g in self.guards if not _tells(g[0])]

    # What runs at every step is written for the cold cache that a step leaves behind: few
    # functions, plain loops (whose attributes Python finds faster than `map` does) over copies of
    # lists (copying fetches all of their objects at once, while a loop waits for one by one).

    def takes(self, args: tuple[Any, ...], target: str) -> bool:
        """Whether these positional arguments, all of them tensors, are those of this graph."""
        if len(args) != self._count or target != self._target:
            return False
        for tensor, shape, dtype in zip(args, self._given, self._dtypes):  # noqa: B905
            if type(tensor) is not Tensor:
                return False
            value = tensor._value
            if value.dtype is not dtype or value.shape != shape:
                return False
        return True

    def valid(self) -> bool:
        """Whether everything that the capture looked at is as it was."""
        mark = revision.mark
        if mark is not self._mark:
            if other(self._marked):
                return False
            self._mark = mark
        return not (self._others and other(self._others)) and bool(self._fits())

    def _unchanged(self) -> bool:
        """Whether the Parameters have the shapes and dtypes of the graph."""
        return [(p._value.shape, p._value.dtype) for p in self._parameters] == self._forms

    def run(self, tensors: Sequence[Tensor]) -> Any:
        """The function's result for the tensors among its arguments."""
        if around_run:
            outputs, news = around_run[0](self, tensors)
        else:
            outputs, news = self.executable.run([t._value for t in tensors])
        if news:  # otherwise the executable keeps them
            for parameter, array in zip([*self._updated], [*news]):  # noqa: B905
                parameter._value = array
        if self.pattern is HOLE:
            return Tensor.wrap(outputs[0])
        return fill(self.pattern, map(Tensor.wrap, outputs))


def executable_for(
    graph: Graph, snapshots: list[Snapshot], target: str, options: dict[str, Any]
) -> Any:
    if target in ON_NUMPY:
        return Executable(graph, snapshots)
    # By name: backends stand above this layer, and are loaded only when one is asked for.
    return importlib.import_module("mslearn.backends").compile(graph, target, **options)


def settings_of(target: str) -> list[tuple[Any, str, Any]]:
    """What was set for the target, which the executable has been made with."""
    if target in ON_NUMPY:
        return []
    found: list[Any] = importlib.import_module("mslearn.backends").watched(target)
    return found


def guards_of(captured: Captured, pattern: Any) -> list[tuple[Any, str, Any]]:
    """What the capture looked at besides the arguments, with the values that it saw."""
    cells = {id(c): c for top in captured.cells for _, c in top.cells_and_names()}
    for value in _constants(pattern):
        if hasattr(value, "cells_and_names"):
            cells.update((id(c), c) for _, c in value.cells_and_names())
    found = [guard for c in cells.values() for guard in c.looked_at()]
    found += [(p, "requires_grad", p.requires_grad) for p, _ in captured.graph.parameters]
    return captured.guards + found


def _tells(thing: Any) -> bool:
    """Whether `revision` advances when its attributes are set."""
    return isinstance(thing, Parameter) or hasattr(thing, "tells_revision")


def other(guards: list[tuple[Any, str, Any]]) -> tuple[Any, str, Any] | None:
    """The first that has changed: (object, attribute, its present value). Equal numbers and texts
    are the same."""
    for thing, name, value in guards:
        now = getattr(thing, name, None)
        if now is not value and not (
            isinstance(now, BY_VALUE) and type(now) is type(value) and now == value
        ):
            return thing, name, now
    return None


def _constants(pattern: Any) -> list[Any]:
    if isinstance(pattern, Constant):
        return [pattern.value]
    if isinstance(pattern, Nest):
        return [value for item in pattern.items for value in _constants(item)]
    return []


def difference(old: Any, new: Any) -> str:
    """What distinguishes the arguments of two calls, in words."""
    if old[2] != new[2]:
        return f"the target is now {new[2]}, before it was {old[2]}"
    if old[0] != new[0]:
        return f"the arguments are now {_call(new[0])}, before they were {_call(old[0])}"
    for i, (a, b) in enumerate(zip(old[1], new[1], strict=True)):
        if a[0] != b[0]:
            return f"tensor {i} has shape {list(b[0])}, before it had {list(a[0])}"
        if a != b:
            now, before = (dtype_of(dtype) for dtype in (b[1], a[1]))
            return f"tensor {i} has dtype {now}, before it had {before}"
    return "the arguments changed"


def _call(pattern: Any) -> str:
    positional, named = pattern.items
    parts = [repr(item) for item in positional.items]
    parts += [f"{n}={i!r}" for n, i in zip(named.names, named.items, strict=True)]
    return f"({', '.join(parts)})"
