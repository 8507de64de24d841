"""Text with tensors in it: put together, printed or raised when the graph runs.

`Print` and `Raise` are operations with an effect: passes keep them, and keep them in order.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from mslearn.core.primitive import Primitive
from mslearn.core.tensor import Tensor
from mslearn.graph.tree import fill


class Piece(NamedTuple):
    """A formatted value of an f-string."""

    value: Any
    conversion: int
    spec: Any

    def __str__(self) -> str:
        convert: Any = {ord("r"): repr, ord("s"): str, ord("a"): ascii}.get(self.conversion)
        return format(self.value if convert is None else convert(self.value), str(self.spec))


class Filled(NamedTuple):
    """``template.format(…)`` or ``template % …``."""

    template: str
    args: Any
    named: Any = None

    def __str__(self) -> str:
        if self.named is None:
            return str(self.template % self.args)
        return self.template.format(*self.args, **self.named)


class Text(NamedTuple):
    """A string with tensors whose numbers are known only when the graph runs."""

    parts: tuple[Any, ...]

    def __str__(self) -> str:
        return "".join(map(str, self.parts))

    def __repr__(self) -> str:
        return str(self)

    def __add__(self, other: Any) -> Text:
        return Text((*self.parts, *_parts(other)))

    def __radd__(self, other: Any) -> Text:
        return Text((*_parts(other), *self.parts))


def _parts(text: Any) -> tuple[Any, ...]:
    return text.parts if isinstance(text, Text) else (text,)


DONE = ((), np.dtype(bool))


class Print(Primitive, abstract=True):
    """``print`` when the graph runs; `pattern` holds its arguments around the tensors."""

    name = "Print"
    inputs = ("values",)
    params = {"pattern": None, "sep": " ", "end": "\n"}

    @staticmethod
    def kernel(*values: Any, pattern: Any, sep: Any = " ", end: Any = "\n") -> Any:
        print(*fill(pattern, map(Tensor.wrap, values)), sep=sep, end=end)
        return np.asarray(True)

    @staticmethod
    def infer(*values: Any, pattern: Any, sep: Any = " ", end: Any = "\n") -> Any:
        return DONE


class Raise(Primitive, abstract=True):
    """Fail with an exception unless `ok`, when the graph runs."""

    name = "Raise"
    inputs = ("ok", "values")
    params = {"error": None, "pattern": None}

    @staticmethod
    def kernel(ok: Any, *values: Any, error: Any, pattern: Any) -> Any:
        if not ok.all():
            args = fill(pattern, map(Tensor.wrap, values))
            failure = error(*(str(a) if isinstance(a, Text) else a for a in args))
            failure.by_learner = True  # no wrong shape: nothing to explain
            raise failure
        return np.asarray(True)

    @staticmethod
    def infer(ok: Any, *values: Any, error: Any, pattern: Any) -> Any:
        return DONE
