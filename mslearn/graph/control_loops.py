"""Loops as functions in a graph: `ops.while_loop`, `ops.fori_loop` and `ops.scan`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mslearn.core.state import graphed
from mslearn.core.tensor import Tensor
from mslearn.graph.control import TensorRange, for_, range_, while_
from mslearn.ops.shape import broadcast_to


def while_loop(test: Callable[[Any], Any], body: Callable[[Any], Any], value: Any) -> Any:
    """``while test(value): value = body(value)``; `value` may be nested."""
    test, body = graphed(test), graphed(body)

    def going() -> Any:
        return test(value)

    def step() -> None:
        nonlocal value
        value = body(value)

    while_(going, step, (("value", 0, 0, True),), (), None)
    return value


def fori_loop(lower: Any, upper: Any, body: Callable[..., Any], value: Any, unroll: bool) -> Any:
    """``for i in range(lower, upper): value = body(i, value)``.

    Without `unroll`, or with ends that have no numbers, the rounds are one loop node.
    """
    body = graphed(body)

    def step(i: Any) -> None:
        nonlocal value
        value = body(i, value)

    rounds = range_(lower, upper) if unroll else TensorRange(lower, upper, 1)
    for_(rounds, step, (("value", 0, 0, True),), (), None)
    return value


def scan(body: Callable[[Any, Any], Any], value: Any, xs: Tensor) -> tuple[Any, Tensor]:
    """``value, y = body(value, x)`` for the rows of `xs` as one loop node; the ys are stacked."""
    body = graphed(body)
    value, first = body(value, xs[0])
    count = xs.shape[0]
    ys = broadcast_to(first.reshape((1, *first.shape)), (count, *first.shape)) * 1

    def step(i: Any) -> None:
        nonlocal value
        value, y = body(value, xs[i])
        ys[i] = y

    for_(TensorRange(1, count, 1), step, (("value", 0, 0, True),), (), None)
    return value, ys
