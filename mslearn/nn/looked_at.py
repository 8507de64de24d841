"""What the graph of a Cell depends on besides its arguments: attributes, Cells and Parameters.

A graph holds them as they were when it was captured. When one of them is another, the graph no
longer fits, and the next call makes a new one.
"""

from __future__ import annotations

import inspect
from collections import OrderedDict
from collections.abc import Iterator
from functools import cache
from types import CodeType
from typing import Any, ClassVar

from mslearn.core.state import revision
from mslearn.core.tensor import Tensor


class Members(OrderedDict[Any, Any]):
    """The Cells, Parameters or hooks of a Cell; after a change `mark` is another object."""

    tells_revision: ClassVar[bool] = True  # see graph/compilation.py
    mark: Any = None

    def _changed(self) -> None:
        self.mark = object()
        revision.advance()

    def __setitem__(self, name: Any, value: Any) -> None:
        super().__setitem__(name, value)
        self._changed()

    def __delitem__(self, name: Any) -> None:
        super().__delitem__(name)
        self._changed()

    def pop(self, name: Any, *default: Any) -> Any:
        if name in self:
            self._changed()
        return super().pop(name, *default)

    def clear(self) -> None:
        super().clear()
        self._changed()


def looked_at(cell: Any) -> list[tuple[Any, str, Any]]:
    """(object, attribute, its present value) for all that a graph of this Cell depends on."""
    own = vars(cell)
    kind: Any = type(cell)
    names = [name for name in names_read(kind) if name in own]
    always = "training", "_watcher", "_extras"
    found = [(cell, name, getattr(cell, name)) for name in (*always, *names)]
    found += [(own[name], "_value", own[name]._value) for name in names
              if isinstance(own[name], Tensor)]  # fmt: skip
    members = [cell._cells, cell._params]
    if (extras := cell._extras) is not None:
        members += extras.tables.values()
        found += [(extras, name, getattr(extras, name)) for name in ("to_type", "recompute")]
    return found + [(one, "mark", one.mark) for one in members]


@cache
def names_read(kind: type) -> frozenset[str]:
    """The names that a class's `construct` looks up, and the methods that it calls.

    >>> class Scaled:
    ...     def construct(self, x): return self.times(x)
    ...     def times(self, x): return self.factor * x
    >>> sorted(names_read(Scaled))
    ['factor', 'times']
    """
    found: set[str] = set()
    left = ["construct", "bprop"]
    while left:
        method = inspect.getattr_static(kind, left.pop(), None)
        function = getattr(method, "fget", None) or getattr(method, "__func__", method)
        for code in _codes(getattr(inspect.unwrap(function), "__code__", None)):
            left += set(code.co_names) - found
            found.update(code.co_names)
    return frozenset(found)


def _codes(code: CodeType | None) -> Iterator[CodeType]:
    """A function's code, and that of the functions inside of it."""
    if code is not None:
        yield code
        for constant in code.co_consts:
            if isinstance(constant, CodeType):
                yield from _codes(constant)
