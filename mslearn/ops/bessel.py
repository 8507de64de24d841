"""Bessel functions.

They are integrals that the trapezoidal rule takes to the last digits with few points, because
their integrands are periodic or vanish doubly exponentially (L. N. Trefethen and J. A. C.
Weideman, "The exponentially convergent trapezoidal rule", 2014). The integrals are 9.1.21, 9.6.19
and 9.6.24 of Abramowitz & Stegun, "Handbook of Mathematical Functions"; those of the second kind,
9.1.22, are neither, and Gauss's rule takes them.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from mslearn.core.primitive import apply, registry
from mslearn.core.tensor import Tensor
from mslearn.ops.elementwise import Abs, Sign
from mslearn.ops.families import Elementwise, floating
from mslearn.ops.indexing import where

__all__ = ["i0"]


def _periodic(function: Any, x: np.ndarray) -> np.ndarray:
    """The mean of ``function(x, angle)`` over half a turn, by the trapezoidal rule."""
    count = 48 + 2 * int(np.nan_to_num(np.abs(x), posinf=0).max(initial=0))
    angle = (np.arange(count) + 0.5) * (math.pi / count)
    return function(x.astype(np.float64)[..., None], angle).mean(-1).astype(x.dtype)


def _decaying(order: int, x: np.ndarray, scaled: bool) -> np.ndarray:
    """The integral of ``exp(-x cosh t) cosh(order t)`` over t > 0, times exp(x) when `scaled`."""
    t, step = np.linspace(0, 30, 1201, retstep=True)
    wide = x.astype(np.float64)[..., None]
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        values = np.exp(-wide * (np.cosh(t) - scaled)) * np.cosh(order * t)
    values[..., 0] *= 0.5
    return np.where(x > 0, values.sum(-1) * step, np.where(x == 0, np.inf, np.nan)).astype(x.dtype)


def _second_kind(order: int, x: np.ndarray) -> np.ndarray:
    """9.1.22: an oscillating integral over half a turn less a decaying one over t > 0."""
    z = np.where(x > 0, x, 1.0).astype(np.float64)[..., None]
    count = 64 + int(np.nan_to_num(z, posinf=0).max(initial=0))
    node, weight = np.polynomial.legendre.leggauss(count)
    angle = (node + 1) * (math.pi / 2)
    turning = np.sin(z * np.sin(angle) - order * angle) @ weight / 2
    node, weight = np.polynomial.legendre.leggauss(256)
    end = np.arcsinh(746 / z)  # where exp(-z sinh t) is nothing
    t = (node + 1) / 2 * end
    decaying = np.exp(-z * np.sinh(t)) * (2 * np.sinh(t) if order else 2.0)
    values = turning - (decaying * end) @ weight / (2 * math.pi)
    return np.where(x > 0, values, np.where(x == 0, -np.inf, np.nan)).astype(x.dtype)


def _over(out: Tensor, x: Tensor) -> Tensor:
    """``out / x`` for a function of order 1, which near 0 is x / 2."""
    near = apply(Abs, (x,)) < 1e-6
    return where(near, 0.5, out / where(near, 1.0, x))


def _of(name: str, x: Tensor) -> Tensor:
    return apply(registry[f"Bessel{name}"], (x,))


def _against(function: Any) -> Any:
    """The partial derivative of a scaled function: the unscaled one minus its sign times itself."""
    return lambda out, x: function(out, x) - apply(Sign, (x,)) * out


_KINDS = {  # kernel of NumPy arrays, derivative
    "I0": (lambda v, a: np.exp(v * np.cos(a)), lambda out, x: _of("I1", x)),
    "I1": (lambda v, a: np.exp(v * np.cos(a)) * np.cos(a),
           lambda out, x: _of("I0", x) - _over(out, x)),
    "I0e": (lambda v, a: np.exp(v * np.cos(a) - np.abs(v)),
            _against(lambda out, x: _of("I1e", x))),
    "I1e": (lambda v, a: np.exp(v * np.cos(a) - np.abs(v)) * np.cos(a),
            _against(lambda out, x: _of("I0e", x) - _over(out, x))),
    "J0": (lambda v, a: np.cos(v * np.sin(a)), lambda out, x: -_of("J1", x)),
    "J1": (lambda v, a: np.cos(a - v * np.sin(a)), lambda out, x: _of("J0", x) - _over(out, x)),
    "K0": (None, lambda out, x: -_of("K1", x)),
    "K1": (None, lambda out, x: -_of("K0", x) - out / x),
    "K0e": (None, lambda out, x: out - _of("K1e", x)),
    "K1e": (None, lambda out, x: out - _of("K0e", x) - out / x),
    "Y0": (None, lambda out, x: -_of("Y1", x)),
    "Y1": (None, lambda out, x: _of("Y0", x) - out / x),
}  # fmt: skip
_TITLES = {"I": "modified Bessel function of the first kind",
           "J": "Bessel function of the first kind",
           "K": "modified Bessel function of the second kind (x > 0)",
           "Y": "Bessel function of the second kind (x > 0)"}  # fmt: skip


def _declare(kind: str, integrand: Any, slope: Any) -> None:
    order, scaled = int(kind[1]), kind.endswith("e")

    def kernel(x: np.ndarray) -> np.ndarray:
        if integrand is not None:
            return _periodic(integrand, x)
        return _second_kind(order, x) if kind[0] == "Y" else _decaying(order, x, scaled)

    scale = ", times exp(x)" if kind[0] == "K" else ", times exp(-|x|)"
    text = f"The {_TITLES[kind[0]]}, order {order}{scale if scaled else ''}."
    body = {"kernel": kernel, "partials": (slope,), "floats": True, "__doc__": text,
            "api": f"bessel_{kind.lower()}(x)", "name": f"Bessel{kind}"}  # fmt: skip
    type(f"Bessel{kind}", (Elementwise,), body)


for _kind, _parts in _KINDS.items():
    _declare(_kind, *_parts)


def i0(input):
    """The modified Bessel function of the first kind, order 0."""
    return _of("I0", floating(input))
