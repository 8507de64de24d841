"""Higher derivatives along a path: `derivative`, `jet`, and a function's linear part."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from mslearn.autodiff import jvp
from mslearn.core.tensor import Tensor


def _along(fn: Callable[..., Any], primals: tuple[Tensor, ...], paths: list[list[Any]]) -> Any:
    """`fn` of the points ``x + s1 t + s2 t²/2! + …`` as a function of the number t."""

    def run(t: Tensor) -> Any:
        points = []
        for x, series in zip(primals, paths, strict=True):
            moved, power = x, t * 0 + 1
            for k, s in enumerate(series, 1):
                power = power * t / k
                moved = moved + s * power
            points.append(moved)
        return fn(*points)

    return run


def _slope(path: Callable[[Tensor], Any]) -> Callable[[Tensor], Any]:
    return lambda t: jvp(path, t, Tensor(np.ones((), t._value.dtype)))[1]


def _tensors(name: str, primals: Any) -> tuple[Tensor, ...]:
    given = primals if isinstance(primals, tuple) else (primals,)
    for x in given:
        if not isinstance(x, Tensor) or x._value.dtype.kind not in "fV":
            got = x.dtype if isinstance(x, Tensor) else f"'{type(x).__name__}'"
            raise TypeError(f"For '{name}', the primals must be floating Tensors, but got {got}.")
    return given


def jet(fn: Callable[..., Any], primals: Any, series: Any) -> tuple[Any, Any]:
    """The derivatives of ``fn(x(t))`` at t = 0 for a path x(t) with given derivatives.

    Args:
        fn: a function or Cell of tensors with one output.
        primals: x(0): a Tensor, or a tuple of them.
        series: for each of them a Tensor (n, *shape): the path's first n derivatives.

    Returns:
        fn's output, and its first n derivatives (n, *output shape).

    >>> import mslearn as ms
    >>> x, path = ms.Tensor([3.0]), ms.Tensor([[1.0], [0.0]])
    >>> print(ms.ops.jet(lambda x: x * x, x, path)[1])
    [[6.]
     [2.]]
    """
    points = _tensors("jet", primals)
    given = series if isinstance(series, tuple) else (series,)
    if len({s.shape[0] for s in given}) != 1 or [s.shape[1:] for s in given] != [
        x.shape for x in points
    ]:
        raise ValueError(
            f"For 'jet', each of series has shape (n, *shape of its primal), but got "
            f"{[list(s.shape) for s in given]} for {[list(x.shape) for x in points]}."
        )
    count = given[0].shape[0]
    path = _along(fn, points, [[s[k] for k in range(count)] for s in given])
    start, found = Tensor(np.zeros((), points[0]._value.dtype)), []
    out = path(start)
    for _ in range(count):
        path = _slope(path)
        found.append(path(start))
    from mslearn import ops

    return out, ops.stack(found)


def derivative(fn: Callable[..., Any], primals: Any, order: int) -> tuple[Any, Any]:
    """fn's output and its `order`-th derivative by t at ``primals + t``.

    For a function of single numbers that is the `order`-th derivative.

    >>> import mslearn as ms
    >>> print(ms.ops.derivative(lambda x: x**3, ms.Tensor([2.0]), 2)[1])
    [12.]
    """
    if isinstance(order, bool) or not isinstance(order, int) or order < 1:
        raise ValueError(f"For 'derivative', order must be an int >= 1, but got {order!r}.")
    points = _tensors("derivative", primals)
    path = _along(fn, points, [[Tensor(np.ones(x.shape, x._value.dtype))] for x in points])
    start = Tensor(np.zeros((), points[0]._value.dtype))
    out = path(start)
    for _ in range(order):
        path = _slope(path)
    return out, path(start)


def linearize(fn: Callable[..., Any], inputs: Any) -> tuple[Any, Callable[[Any], Any]]:
    """fn's output, and the function that takes tangents of `inputs` to tangents of the output."""
    points = _tensors("linearize", inputs)

    def push(tangents: Any) -> Any:
        given = tangents if isinstance(tangents, tuple) else (tangents,)
        return jvp(fn, points, given)[1]

    return fn(*points), push
