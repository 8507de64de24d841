"""GELU in one pass: x times the standard normal distribution function (Hendrycks & Gimpel, 2016).

The tanh form is 0.5 x (1 + t) with t = tanh(c (x + a x³)), c = sqrt(2/pi) and a = 0.044715. Its
slope is 0.5 (1 + t) + 0.5 x (1 - t²) u', with u' = c (1 + 3 a x²).
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from mslearn.core.primitive import apply
from mslearn.core.tensor import Tensor
from mslearn.ops.elementwise import Tanh
from mslearn.ops.families import Elementwise

_C, _A = math.sqrt(2 / math.pi), 0.044715
_BLOCK = 1 << 16  # elements: a dozen passes over one block stay in the cache (twice as fast)


def _blockwise(run: Callable[..., None], *arrays: np.ndarray) -> np.ndarray:
    """``run(*parts, out_part)`` over blocks of arrays of one shape and dtype."""
    if any(a.shape != arrays[0].shape for a in arrays):
        arrays = np.broadcast_arrays(*arrays)
    flat = [np.ascontiguousarray(a).reshape(-1) for a in arrays]
    out = np.empty(flat[0].size, flat[0].dtype)
    for i in range(0, out.size, _BLOCK):
        run(*(a[i : i + _BLOCK] for a in flat), out[i : i + _BLOCK])
    return out.reshape(arrays[0].shape)


def _tanh_part(x: np.ndarray, t: np.ndarray) -> None:
    """t = tanh(c (x + a x³))."""
    kind = x.dtype.type
    np.multiply(x, x, out=t)
    t *= kind(_C * _A)
    t += kind(_C)
    t *= x
    np.tanh(t, out=t)


def _forward(x: np.ndarray, out: np.ndarray) -> None:
    _tanh_part(x, out)
    out += x.dtype.type(1)
    out *= x
    out *= x.dtype.type(0.5)


def _backward(dy: np.ndarray, x: np.ndarray, out: np.ndarray) -> None:
    kind, t, u = x.dtype.type, np.empty_like(x), np.empty_like(x)
    _tanh_part(x, t)
    np.multiply(x, x, out=u)
    u *= kind(1.5 * _C * _A)
    u += kind(0.5 * _C)
    u *= x  # half of x u'
    np.multiply(t, t, out=out)
    np.subtract(kind(1), out, out=out)
    out *= u
    t += kind(1)
    t *= kind(0.5)
    out += t
    out *= dy


def _inner(x: Tensor) -> tuple[Tensor, Tensor]:
    """t and u', in traced operations."""
    square = x * x
    return apply(Tanh, ((square * (_C * _A) + _C) * x,)), square * (3 * _C * _A) + _C


def _slope(x: Tensor) -> Tensor:
    t, inner = _inner(x)
    return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * inner


def _bend(x: Tensor) -> Tensor:
    """The second derivative: (1 - t²) (u' - x t u'² + 3 a c x²)."""
    t, inner = _inner(x)
    return (1 - t * t) * (inner - x * t * inner * inner + 3 * _C * _A * x * x)


class GeLU(Elementwise):
    """x times the normal distribution function, by the published tanh approximation."""

    lower = {"onnx": "Gelu"}
    floats = True

    def kernel(x):
        return _blockwise(_forward, x)

    partials = (lambda out, x: _slope(x),)
    vjp = (lambda ct, out, x: apply(GeLUGrad, (ct, x)),)


class GeLUGrad(Elementwise):
    """The gradient of GeLU: `dy` times the slope at `x`."""

    inputs = ("dy", "x")

    def kernel(dy, x):
        return _blockwise(_backward, dy, x)

    partials = (lambda out, dy, x: _slope(x), lambda out, dy, x: dy * _bend(x))
