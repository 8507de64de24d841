"""Bessel functions.

They are integrals that the trapezoidal rule takes to the last digits with few points, because
their integrands are periodic or vanish doubly exponentially (L. N. Trefethen and J. A. C.
Weideman, "The exponentially convergent trapezoidal rule", 2014). The integrals are 9.1.21, 9.6.19
and 9.6.24 of Abramowitz & Stegun, "Handbook of Mathematical Functions".
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from mslearn.core.primitive import apply
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


class _Bessel(Elementwise, abstract=True):
    floats = True


class BesselI0(_Bessel):
    """The modified Bessel function of the first kind, order 0."""

    api = "bessel_i0(x)"

    def kernel(x):
        return _periodic(lambda v, a: np.exp(v * np.cos(a)), x)

    partials = (lambda out, x: apply(BesselI1, (x,)),)


class BesselI1(_Bessel):
    """The modified Bessel function of the first kind, order 1."""

    api = "bessel_i1(x)"

    def kernel(x):
        return _periodic(lambda v, a: np.exp(v * np.cos(a)) * np.cos(a), x)

    partials = (lambda out, x: apply(BesselI0, (x,)) - _over(out, x),)


class BesselI0e(_Bessel):
    """BesselI0 times exp(-|x|)."""

    api = "bessel_i0e(x)"

    def kernel(x):
        return _periodic(lambda v, a: np.exp(v * np.cos(a) - np.abs(v)), x)

    partials = (lambda out, x: apply(BesselI1e, (x,)) - apply(Sign, (x,)) * out,)


class BesselI1e(_Bessel):
    """BesselI1 times exp(-|x|)."""

    api = "bessel_i1e(x)"

    def kernel(x):
        return _periodic(lambda v, a: np.exp(v * np.cos(a) - np.abs(v)) * np.cos(a), x)

    partials = (lambda out, x: apply(BesselI0e, (x,)) - _over(out, x) - apply(Sign, (x,)) * out,)


class BesselJ0(_Bessel):
    """The Bessel function of the first kind, order 0."""

    api = "bessel_j0(x)"

    def kernel(x):
        return _periodic(lambda v, a: np.cos(v * np.sin(a)), x)

    partials = (lambda out, x: -apply(BesselJ1, (x,)),)


class BesselJ1(_Bessel):
    """The Bessel function of the first kind, order 1."""

    api = "bessel_j1(x)"

    def kernel(x):
        return _periodic(lambda v, a: np.cos(a - v * np.sin(a)), x)

    partials = (lambda out, x: apply(BesselJ0, (x,)) - _over(out, x),)


class BesselK0(_Bessel):
    """The modified Bessel function of the second kind, order 0 (x > 0)."""

    api = "bessel_k0(x)"

    def kernel(x):
        return _decaying(0, x, False)

    partials = (lambda out, x: -apply(BesselK1, (x,)),)


class BesselK1(_Bessel):
    """The modified Bessel function of the second kind, order 1 (x > 0)."""

    api = "bessel_k1(x)"

    def kernel(x):
        return _decaying(1, x, False)

    partials = (lambda out, x: -apply(BesselK0, (x,)) - out / x,)


class BesselK0e(_Bessel):
    """BesselK0 times exp(x)."""

    api = "bessel_k0e(x)"

    def kernel(x):
        return _decaying(0, x, True)

    partials = (lambda out, x: out - apply(BesselK1e, (x,)),)


class BesselK1e(_Bessel):
    """BesselK1 times exp(x)."""

    api = "bessel_k1e(x)"

    def kernel(x):
        return _decaying(1, x, True)

    partials = (lambda out, x: out - apply(BesselK0e, (x,)) - out / x,)


def _over(out: Tensor, x: Tensor) -> Tensor:
    """``out / x`` for a function of order 1, which near 0 is x / 2."""
    near = apply(Abs, (x,)) < 1e-6
    return where(near, 0.5, out / where(near, 1.0, x))


def i0(input):
    """The modified Bessel function of the first kind, order 0."""
    return apply(BesselI0, (floating(input),))
