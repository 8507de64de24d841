"""The operators that rewritten functions call in place of Python's control flow.

On Python values, and on tensors with numbers, they do what Python does. Where a tensor without
numbers decides, they capture both ways (`control_branch`, `control_rounds`).
"""

from __future__ import annotations

import builtins
import functools
import operator
import types
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from mslearn.core.parameter import Parameter
from mslearn.core.primitive import apply
from mslearn.core.state import state
from mslearn.core.tensor import NeedsNumbers, Tensor
from mslearn.graph.capture import Capture, subgraph
from mslearn.graph.control_branch import branch
from mslearn.graph.control_outer import outer as outer
from mslearn.graph.control_outer import outer_attribute as outer_attribute
from mslearn.graph.control_rounds import loop
from mslearn.graph.control_slots import Variable, cells_of
from mslearn.graph.control_stage import Raised, staged, truth
from mslearn.graph.control_text import Filled, Piece, Print, Raise, Text
from mslearn.graph.errors import CannotStage, JoinTypeError
from mslearn.graph.number import Number
from mslearn.graph.passes.base import has_effect
from mslearn.graph.rewrite import rewrite
from mslearn.graph.tree import flatten
from mslearn.ops import maximum, minimum
from mslearn.ops.compare import LogicalAnd, LogicalNot, LogicalOr

Thunk = Callable[[], Any]

# -- statements ---------------------------------------------------------------------------------


def if_(test: Any, then: Thunk, els: Thunk | None, names: Any, owned: Any) -> Any:
    """``if test: then() else: els()``; the result is what the branch that ran returns."""
    if staged(test):
        return branch(test, then, els, (then, els), names, owned)
    if test:
        return then()
    return els() if els is not None else None


def while_(test: Thunk, body: Thunk, names: Any, owned: Any, broken: str | None) -> None:
    """``while test(): body()``; the variable `broken` turns true at a break."""
    functions = (test, body)
    flag = _flag(functions, broken)

    def going() -> Any:
        return test() if flag is None else and_(not_(flag.get()), test)

    while True:
        now = going()
        if staged(now):
            return loop(going, body, functions, names, owned)
        if not now:
            return None
        body()


def for_(
    items: Any, body: Callable[[Any], Any], names: Any, owned: Any, broken: str | None
) -> None:
    """``for item in items: body(item)``; the variable `broken` turns true at a break."""
    if isinstance(items, TensorRange):
        return _count(items, body, names, owned, broken)
    flag = _flag((body,), broken)
    for item in items:
        if flag is None:
            body(item)
            continue
        now = flag.get()
        if staged(now):  # perhaps the loop has ended: this round runs only if not
            branch(not_(now), functools.partial(body, item), None, (body,), names, owned)
        elif now:
            return None
        else:
            body(item)
    return None


def _flag(functions: Any, broken: str | None) -> Variable | None:
    cell = cells_of(functions).get(broken) if broken else None
    return None if cell is None else Variable(str(broken), cell, (0, 0), True)


class TensorRange:
    """``range`` with ends that have no numbers yet."""

    def __init__(self, start: Any, stop: Any, step: int = 1) -> None:
        self.start, self.stop, self.step = start, stop, step

    def __iter__(self) -> Any:
        raise NeedsNumbers(
            "The end of this range is a tensor without numbers: use it as 'for i in range(n):'."
        )


def range_(*args: Any) -> Any:
    """``range(…)``, also with ends that have no numbers yet."""
    if not any(map(staged, args)):
        return range(*args)
    first, last, step = (0, args[0], 1) if len(args) == 1 else (*args, 1)[:3]
    return TensorRange(first, last, int(step))


def _count(items: TensorRange, body: Any, names: Any, owned: Any, broken: str | None) -> None:
    counter = items.start
    if isinstance(counter, Tensor):
        counter = Number.of(counter + 0)

    def test() -> Any:
        return counter < items.stop if items.step > 0 else counter > items.stop

    def advance() -> None:
        nonlocal counter
        body(counter)
        counter = counter + items.step

    shared = (test, advance, body)
    flag = _flag(shared, broken)

    def going() -> Any:
        return test() if flag is None else and_(not_(flag.get()), test)

    loop(going, advance, shared, (*names, ("counter", 0, 0, True)), owned)


def assert_(test: Any, why: Thunk | None) -> None:
    """``assert test, why()``; a test without numbers is checked when the graph runs."""
    if staged(test):
        _raise(truth(test), AssertionError, () if why is None else (why(),))
    elif not test:
        raise AssertionError(*(() if why is None else (why(),)))


def raise_(error: Any) -> BaseException:
    """What ``raise error`` raises: in a branch of a graph the exception becomes a node."""
    made = error() if isinstance(error, type) else error
    if not isinstance(state.capture, Capture):
        return made  # type: ignore[no-any-return]
    if state.capture.outer is not None:
        _raise(Tensor.wrap(np.asarray(False)), type(made), made.args)
    elif not any(map(has_effect, state.capture.graph.nodes)):
        return made  # type: ignore[no-any-return]
    return Raised(f"The function always ends with {type(made).__name__}: {made}")


def _raise(ok: Tensor, error: type, args: Any) -> None:
    tensors, pattern = flatten(tuple(args))
    apply(Raise, (ok, *tensors), {"error": error, "pattern": pattern})


# -- expressions --------------------------------------------------------------------------------


def choose(test: Any, then: Thunk, els: Thunk) -> Any:
    """``then() if test else els()``."""
    if staged(test):
        return branch(test, then, els)
    return then() if test else els()


def and_(left: Any, right: Thunk) -> Any:
    """``left and right()``."""
    if not staged(left):
        return left and right()
    return _logical(LogicalAnd, left, right)


def or_(left: Any, right: Thunk) -> Any:
    """``left or right()``."""
    if not staged(left):
        return left or right()
    return _logical(LogicalOr, left, right)


def _logical(prim: Any, left: Tensor, right: Thunk) -> Any:
    """Python gives one of the two values; of truths that is the logical operation."""
    both = prim is LogicalAnd
    if left.shape == () and left._value.dtype == np.bool_:
        value = _inline(right)
        if value is not None:
            return apply(prim, (left, value))
    keep = (lambda: left), right
    try:
        return branch(left, *(keep[::-1] if both else keep))
    except (CannotStage, TypeError):  # values of two kinds: their truths are meant
        other = lambda: _truth_of(right())  # noqa: E731
        end = lambda: Tensor.wrap(np.asarray(not both))  # noqa: E731
        return branch(left, *((other, end) if both else (end, other)))


HARMLESS = {
    "Equal", "NotEqual", "Less", "LessEqual", "Greater", "GreaterEqual", "LogicalAnd", "LogicalOr",
    "LogicalNot", "IsFinite", "IsNan", "IsInf", "Add", "Sub", "Mul", "Neg", "Abs", "Maximum",
    "Minimum", "Cast", "Reshape", "ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceAll",
    "ReduceAny", "GetItem",
}  # fmt: skip
"""What may be computed though nobody may need it: it is cheap, and it cannot fail or warn."""


def _inline(right: Thunk) -> Tensor | None:
    """The value of `right` where it may be computed in any case: a short chain of plain maths."""
    try:
        nodes = subgraph(lambda: _plain(right()), (), "right").graph.nodes
    except Raised:
        return None
    if len(nodes) > 8 or not all(map(_harmless, nodes)):
        return None
    value = right()
    if isinstance(value, bool):
        return Tensor.wrap(np.asarray(value))
    fits = isinstance(value, Tensor) and value.shape == () and value._value.dtype == np.bool_
    return value if fits else None


def _harmless(node: Any) -> bool:
    if node.prim.name == "GetItem":  # at places that are known
        return len(node.inputs) == 1
    return node.prim.name in HARMLESS


def _plain(value: Any) -> Any:
    return value if isinstance(value, Tensor) else ()


def _truth_of(value: Any) -> Tensor:
    return truth(value) if isinstance(value, Tensor) else Tensor.wrap(np.asarray(bool(value)))


def not_(value: Any) -> Any:
    """``not value``."""
    return apply(LogicalNot, (truth(value),)) if staged(value) else not value


COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    **{n: getattr(operator, n) for n in ("eq", "ne", "lt", "le", "gt", "ge", "is_", "is_not")},
    "in_": lambda a, b: a in b,
    "not_in": lambda a, b: a not in b,
}


def compare(left: Any, *rest: Any) -> Any:
    """``left < right() <= …``: each value is computed once, and only as far as needed."""
    name, right, *more = rest
    value = right()
    first = COMPARE[name](left, value)
    return and_(first, lambda: compare(value, *more)) if more else first


# -- text ---------------------------------------------------------------------------------------


def piece(value: Any, conversion: int, spec: Any) -> Piece:
    """``{value!conversion:spec}``."""
    if spec and isinstance(value, Parameter):  # its number; without a spec its name is shown
        value = value.value()
    return Piece(value, conversion, spec)


def fstring(*parts: Any) -> Any:
    """An f-string; a `Text` when a tensor in it has no numbers yet."""
    text = Text(parts)
    return text if any(staged(t) for t in flatten(text)[0]) else str(text)


def percent(template: Any, args: Any) -> Any:
    """``template % args``."""
    return fstring(Filled(str(template), args))


def _str(*args: Any) -> Any:
    return fstring(Piece(args[0], ord("s"), "")) if len(args) == 1 else str(*args)


def _repr(value: Any) -> Any:
    return fstring(Piece(value, ord("r"), ""))


def _print(*values: Any, sep: str | None = " ", end: str | None = "\n", **options: Any) -> None:
    if not isinstance(state.capture, Capture) or options.get("file") is not None:
        return builtins.print(*values, sep=sep, end=end, **options)
    tensors, pattern = flatten(values)
    apply(Print, tuple(tensors), {"pattern": pattern, "sep": sep, "end": end})
    return None


# -- calls --------------------------------------------------------------------------------------


def call(function: Any) -> Any:
    """What to call for `function`: learners' functions are rewritten, some builtins replaced."""
    if isinstance(function, types.BuiltinFunctionType):
        if isinstance(function.__self__, str) and function.__name__ == "format":
            return lambda *args, **named: fstring(Filled(function.__self__, args, named))
        return BUILTINS.get(function, function)
    if isinstance(function, type):
        return BUILTINS.get(function, function)
    return rewrite(function)


WIDER: dict[Any, Any] = {max: maximum, min: minimum}


def _bool(value: Any = False) -> Any:
    return truth(value) if staged(value) else bool(value)


def _extreme(pick: Any, better: str) -> Any:
    def run(*values: Any, **options: Any) -> Any:
        items = list(values[0]) if len(values) == 1 else list(values)
        if options or not any(map(staged, items)):
            return pick(*values, **options)
        best = items[0]
        for item in items[1:]:
            try:
                best = choose(COMPARE[better](item, best), _giving(item), _giving(best))
            except JoinTypeError:  # of two dtypes: the one that holds both
                best = WIDER[pick](item, best)
        return best

    return run


def _giving(value: Any) -> Thunk:
    return lambda: value


def _any(values: Iterable[Any]) -> Any:
    return functools.reduce(lambda a, b: or_(a, lambda: b), values, False)


def _all(values: Iterable[Any]) -> Any:
    return functools.reduce(lambda a, b: and_(a, lambda: b), values, True)


def _map(function: Any, *items: Any) -> Any:
    return map(rewrite(function), *items)


def _filter(function: Any, items: Any) -> Any:
    return filter(rewrite(function), items)


BUILTINS: dict[Any, Any] = {
    print: _print, range: range_, bool: _bool, str: _str, repr: _repr, max: _extreme(max, "gt"),
    min: _extreme(min, "lt"), any: _any, all: _all, map: _map, filter: _filter,
}  # fmt: skip
"""Builtins that need to know about tensors without numbers."""
