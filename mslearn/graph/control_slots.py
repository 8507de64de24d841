"""What a branch or a round of a loop may change: variables, attributes, lists, dicts, tensors.

A `Slot` is one such place. Control flow on a tensor runs both branches while it captures, so it
notes all slots, runs a branch, looks what has changed, and puts everything back. Values are
looked at as trees whose leaves are tensors, numbers and other objects.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterable, Iterator, Sequence
from types import CellType, FunctionType
from typing import Any

from mslearn.core.parameter import Parameter
from mslearn.core.state import state
from mslearn.core.tensor import Tensor


class _Unbound:
    def __repr__(self) -> str:
        return "<no value>"


UNBOUND: Any = _Unbound()


@dataclasses.dataclass(frozen=True)
class Leaf:
    """A tensor in a tree, with the value that it had then in the graph that was captured."""

    tensor: Tensor
    value: Any


@dataclasses.dataclass(frozen=True)
class Branches:
    """A tuple, list or dict in a tree; `origin` is the object itself."""

    origin: Any
    keys: tuple[Any, ...] | None
    items: tuple[Any, ...]

    def build(self, items: Sequence[Any]) -> Any:
        """A new object of the same kind around other items."""
        kind: Any = type(self.origin)
        if self.keys is not None:
            return kind(zip(self.keys, items, strict=True))
        return kind(*items) if hasattr(kind, "_fields") else kind(items)


def freeze(value: Any) -> Any:
    """The tree of a value as it is now, inside the present capture."""
    if isinstance(value, Tensor):
        return Leaf(value, state.capture.read(value))
    if isinstance(value, dict):
        return Branches(value, tuple(value), tuple(map(freeze, value.values())))
    if isinstance(value, tuple | list):
        return Branches(value, None, tuple(map(freeze, value)))
    return value


class Slot:
    """A place that holds a value; `label` names it in messages."""

    label: str
    lines: tuple[int, int] = (0, 0)
    needed = True  # whether its value matters afterwards

    def get(self) -> Any:
        raise NotImplementedError

    def set(self, value: Any) -> None:
        raise NotImplementedError


class Variable(Slot):
    """A local variable that the generated functions share, by its closure cell."""

    def __init__(self, label: str, cell: CellType, lines: tuple[int, int], needed: bool) -> None:
        self.label, self.cell, self.lines, self.needed = label, cell, lines, needed

    def get(self) -> Any:
        try:
            return self.cell.cell_contents
        except ValueError:
            return UNBOUND

    def set(self, value: Any) -> None:
        if value is not UNBOUND:
            self.cell.cell_contents = value
        elif self.get() is not UNBOUND:
            del self.cell.cell_contents


class Attribute(Slot):
    """An attribute such as ``self.count`` that a branch assigns."""

    def __init__(self, owner: Any, name: str, label: str) -> None:
        self.owner, self.name, self.label = owner, name, label

    def get(self) -> Any:
        return getattr(self.owner, self.name, UNBOUND)

    def set(self, value: Any) -> None:
        if value is not UNBOUND and value is not self.get():
            setattr(self.owner, self.name, value)
        elif value is UNBOUND and hasattr(self.owner, self.name):
            delattr(self.owner, self.name)


class Container(Slot):
    """What a list or dict holds."""

    def __init__(self, owner: Any, label: str) -> None:
        self.owner, self.label = owner, label

    def get(self) -> Any:
        return type(self.owner)(self.owner) if type(self.owner) in (list, dict) else self.owner

    def set(self, value: Any) -> None:
        if isinstance(self.owner, list):
            self.owner[:] = value
        else:
            self.owner.clear()
            self.owner.update(value)


class Handle(Slot):
    """A tensor that is changed in place (``x[0] = 1``, ``x += 1``) or a Parameter assigned."""

    def __init__(self, tensor: Tensor) -> None:
        self.tensor = tensor
        self.label = tensor.name if isinstance(tensor, Parameter) else "a tensor changed in place"

    def get(self) -> Any:
        return Tensor.wrap(state.capture.look(self.tensor))

    def set(self, value: Any) -> None:
        self.tensor.assign_value(value._value)


def cells_of(functions: Iterable[Any]) -> dict[str, CellType]:
    """The variables that generated functions share with the function around them."""
    found: dict[str, CellType] = {}
    for function in functions:
        if isinstance(function, FunctionType):
            names = function.__code__.co_freevars
            found.update(zip(names, function.__closure__ or (), strict=True))
    return found


def slots_of(functions: Sequence[Any], names: Any, owned: Any) -> list[Slot]:
    """The slots of some generated functions.

    Args:
        functions: the branches, or a loop's test and body.
        names: (variable, line of its assignment in the first function, … in the second, whether
            it is needed afterwards) for each variable that they assign.
        owned: (variable, path) for each attribute that they assign or change in place.
    """
    cells = cells_of(functions)
    slots: list[Slot] = [
        Variable(name, cells[name], (first, second), needed)
        for name, first, second, needed in names
        if name in cells
    ]
    roots = [(name, _contents(cell)) for name, cell in sorted(cells.items())]
    for name, path in owned:
        *way, last = path.split(".")
        owner = functools.reduce(lambda o, a: getattr(o, a, None), way, _contents(cells.get(name)))
        if owner is UNBOUND or owner is None:
            continue
        if last not in getattr(owner, "__dict__", {}).get("_params", ()):  # those are handles
            slots.append(Attribute(owner, last, f"{name}.{path}"))
            roots.append((f"{name}.{path}", getattr(owner, last, None)))
    seen: set[int] = set()
    for label, root in roots:
        slots += [Container(c, label) for c in _containers(root, seen)]
    return slots


def _contents(cell: CellType | None) -> Any:
    try:
        return UNBOUND if cell is None else cell.cell_contents
    except ValueError:
        return UNBOUND


def _containers(root: Any, seen: set[int]) -> Iterator[Any]:
    """Plain lists and dicts in `root`, outermost first."""
    if not isinstance(root, list | dict | tuple) or id(root) in seen:
        return
    seen.add(id(root))
    if type(root) in (list, dict):
        yield root
    for item in root.values() if isinstance(root, dict) else root:
        yield from _containers(item, seen)


def _tensors(root: Any, objects: bool = True) -> Iterator[int]:
    if isinstance(root, Tensor):
        yield id(root)
        return
    inner: Iterable[Any] = ()
    if isinstance(root, dict):
        inner = root.values()
    elif isinstance(root, tuple | list):
        inner = root
    elif objects and isinstance(root, FunctionType):
        inner = [_contents(c) for c in root.__closure__ or ()]
    elif objects:
        inner, objects = list(getattr(root, "__dict__", {}).values()), False
    for item in inner:
        yield from _tensors(item, objects)


def reachable(functions: Sequence[Any]) -> set[int]:
    """The ids of the tensors that generated functions can reach; what they make is not there."""
    return {i for cell in cells_of(functions).values() for i in _tensors(_contents(cell))}


def changed_handles(known: set[int]) -> list[Tensor]:
    """Tensors from outside that got another value in the capture that runs now.

    Args:
        known: ids of the tensors that were there before it.
    """
    capture = state.capture
    starts = {id(p): value for p, value in capture.graph.parameters}
    bound = capture._bound.values()
    moved = [t for t, start in bound if id(t) not in starts and t._value is not start]
    params = [t for t, _ in bound if id(t) in starts and t._value is not starts[id(t)]]
    return [t for t in moved if id(t) in known] + params


def note(slots: Sequence[Slot]) -> Callable[[], None]:
    """Note what all slots hold; the result puts it back."""
    before = [(slot, slot.get()) for slot in slots]

    def restore() -> None:
        for slot, value in before:
            slot.set(value)

    return restore
