"""Nested arguments and results: their tensors as a flat list, the rest as a comparable pattern."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np

from mslearn.core.parameter import Parameter
from mslearn.core.tensor import Tensor

BY_VALUE = (bool, int, float, complex, str, bytes, type(None), type(...))


class Hole:
    """The place of a tensor in a pattern."""

    def __repr__(self) -> str:
        return "Tensor"


HOLE = Hole()


class Constant:
    """Something that is no tensor: equal by type and value where that is safe, else by identity."""

    __slots__ = ("key", "value")

    def __init__(self, value: Any) -> None:
        self.value = value
        self.key: Any = (type(value), repr(value)) if isinstance(value, BY_VALUE) else id(value)
        if isinstance(value, np.ndarray):  # it may be written into before the next call
            self.value, self.key = value.copy(), (value.shape, value.dtype.str, value.tobytes())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Constant) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    def __repr__(self) -> str:
        return repr(self.value)


class Nest:
    """A tuple, list or dict of patterns."""

    __slots__ = ("items", "kind", "names")

    def __init__(self, kind: type, items: tuple[Any, ...], names: tuple[Any, ...] = ()) -> None:
        self.kind, self.items, self.names = kind, items, names

    def _key(self) -> tuple[Any, ...]:
        return (self.kind, self.items, self.names)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Nest) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def __repr__(self) -> str:
        if self.names:
            return "{" + ", ".join(f"{n!r}: {i!r}" for n, i in zip(self.names, self.items)) + "}"  # noqa: B905
        return f"{self.kind.__name__}({', '.join(map(repr, self.items))})"


def flatten(thing: Any) -> tuple[list[Tensor], Any]:
    """The tensors in nested tuples, lists and dicts, in order, and the pattern around them.

    A Parameter is a constant of the pattern: it belongs to a network and is found by identity.
    """
    tensors: list[Tensor] = []
    return tensors, _pattern(thing, tensors)


def flatten_call(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[list[Tensor], Any]:
    """`flatten` of a call's arguments; quick when all of them are tensors, as they mostly are."""
    if kwargs or any(type(a) is not Tensor for a in args):
        return flatten((args, kwargs))
    return list(args), tensors_only(len(args))


@cache
def tensors_only(count: int) -> Nest:
    """The pattern of a call with so many tensors and nothing else; always the same object."""
    return Nest(tuple, (Nest(tuple, (HOLE,) * count), Nest(dict, ())))


def _pattern(thing: Any, tensors: list[Tensor]) -> Any:
    if isinstance(thing, Tensor) and not isinstance(thing, Parameter):
        tensors.append(thing)
        return HOLE
    if isinstance(thing, dict):
        items = tuple(_pattern(v, tensors) for v in thing.values())
        return Nest(type(thing), items, tuple(thing))
    if isinstance(thing, tuple | list):
        return Nest(type(thing), tuple(_pattern(v, tensors) for v in thing))
    return Constant(thing)


def fill(pattern: Any, tensors: Iterator[Any]) -> Any:
    """The pattern with the next of `tensors` in each hole."""
    if pattern is HOLE:
        return next(tensors)
    if isinstance(pattern, Constant):
        return pattern.value
    items = [fill(item, tensors) for item in pattern.items]
    if pattern.names or issubclass(pattern.kind, dict):
        return pattern.kind(zip(pattern.names, items, strict=True))
    if hasattr(pattern.kind, "_fields"):  # a named tuple
        return pattern.kind(*items)
    return pattern.kind(items)
