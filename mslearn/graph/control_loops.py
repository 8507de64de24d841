"""Loops as functions in a graph: `ops.while_loop`, `ops.fori_loop` and `ops.scan`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mslearn.core.state import graphed
from mslearn.core.tensor import Tensor
from mslearn.graph.control import TensorRange, for_, range_, while_
from mslearn.ops import composite
from mslearn.ops.shape import broadcast_to

plain_scan: Callable[..., Any] = composite.scan.__wrapped__  # type: ignore[attr-defined]
VALUE = (("value", 0, 0, True),)  # the variable that the rounds assign


def while_loop(
    cond_func: Callable[[Any], Any], loop_func: Callable[[Any], Any], init_val: Any
) -> Any:
    """``while cond_func(value): value = loop_func(value)``; the value may be nested."""
    test, body, value = graphed(cond_func), graphed(loop_func), init_val

    def going() -> Any:
        return test(value)

    def step() -> None:
        nonlocal value
        value = body(value)

    while_(going, step, VALUE, (), None)
    return value


def fori_loop(
    lower: Any, upper: Any, loop_func: Callable[..., Any], init_val: Any, unroll: bool = True
) -> Any:
    """``for i in range(lower, upper): value = loop_func(i, value)``.

    Without `unroll`, or with ends that have no numbers, the rounds are one loop node.
    """
    body, value = graphed(loop_func), init_val

    def step(i: Any) -> None:
        nonlocal value
        value = body(i, value)

    rounds = range_(lower, upper) if unroll else TensorRange(lower, upper)
    for_(rounds, step, VALUE, (), None)
    return value


def scan(
    loop_func: Callable[..., Any],
    init: Any,
    xs: Any,
    length: int | None = None,
    unroll: bool = True,
) -> Any:
    """``value, y = loop_func(value, x)`` for the rows of `xs`; the ys are stacked.

    Without `unroll` the rounds after the first are one loop node.
    """
    body = graphed(loop_func)
    if unroll or not isinstance(xs, Tensor) or not len(xs):
        return plain_scan(body, init, xs, length)
    value, first = body(init, xs[0])
    count = xs.shape[0]
    ys = broadcast_to(first.reshape((1, *first.shape)), (count, *first.shape)) * 1

    def step(i: Any) -> None:
        nonlocal value
        value, y = body(value, xs[i])
        ys[i] = y

    for_(TensorRange(1, count), step, VALUE, (), None)
    return value, ys
