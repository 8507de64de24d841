"""Complex numbers and their parts.

The gradient of a real result by a complex number is ``d/d(real) + i d/d(imaginary)``, as in
MindSpore and PyTorch: the direction in which the result grows fastest.
"""

from __future__ import annotations

import numpy as np

from mslearn.core.errors import DtypeError
from mslearn.core.primitive import Primitive, apply, broadcast_shape
from mslearn.core.tensor import as_tensor
from mslearn.ops.families import Linear, cast, floating, sum_to
from mslearn.ops.shape import identity, stack

__all__ = ["adjoint", "angle", "conj", "imag", "polar", "real", "view_as_real"]


class _Part(Linear, abstract=True):
    """A part of a number, in the floating dtype that it is made of."""

    inputs = ("input",)

    def infer(x):
        return x.shape, np.empty(0, x.dtype).real.dtype


class Real(_Part):
    """The real part."""

    def kernel(x):
        return x.real.copy()

    def vjp(ct, out, x):
        return (cast(ct, x._value.dtype),)


class Imag(_Part):
    """The imaginary part."""

    def kernel(x):
        return x.imag.copy()

    def vjp(ct, out, x):
        return (ct * 1j if _is_complex(x) else ct * 0,)


class Conj(Linear):
    """The number with the sign of its imaginary part turned."""

    inputs = ("input",)

    def kernel(x):
        return np.conj(x)

    def infer(x):
        return x.shape, x.dtype

    def vjp(ct, out, x):
        return (apply(Conj, (ct,)),)


class Complex(Primitive):
    """A complex number of its real and its imaginary part."""

    inputs = ("real", "imag")

    def kernel(real, imag):
        return (real + 1j * imag).astype(f"c{2 * real.dtype.itemsize}", copy=False)

    def infer(real, imag):
        if real.dtype.itemsize < 4:
            raise DtypeError("For 'Complex', both parts must be float32 or float64, not float16.")
        shape = broadcast_shape("Complex", real.shape, imag.shape)
        return shape, np.dtype(f"c{2 * real.dtype.itemsize}")

    vjp = (
        lambda ct, out, x, y: sum_to(real(ct), x._value.shape),
        lambda ct, out, x, y: sum_to(imag(ct), y._value.shape),
    )

    def jvp(tangents, out, x, y):
        given = (v * 0 if t is None else t for v, t in zip((x, y), tangents, strict=True))
        return apply(Complex, tuple(given))


def _is_complex(x):
    return x._value.dtype.kind == "c"


def real(input):
    """The real part; a real number itself."""
    x = as_tensor(input)
    return apply(Real, (x,)) if _is_complex(x) else identity(x)


def imag(input):
    """The imaginary part; 0 for real numbers."""
    x = as_tensor(input)
    return apply(Imag, (x,)) if _is_complex(x) else x * 0


def conj(input):
    """The number with the sign of its imaginary part turned."""
    x = as_tensor(input)
    return apply(Conj, (x,)) if _is_complex(x) else identity(x)


def angle(input):
    """The angle with the positive real axis."""
    x = as_tensor(input)
    if not _is_complex(x):
        return cast(x < 0, floating(x)._value.dtype) * np.pi
    return imag(x).atan2(real(x))


def polar(abs, angle):
    """The complex number of a length and an angle."""
    return Complex()(abs * angle.cos(), abs * angle.sin())


def view_as_real(input):
    """Complex numbers as pairs along a new last axis."""
    return stack((real(input), imag(input)), -1)


def adjoint(x):
    """The last two axes exchanged, and complex numbers conjugated."""
    turned = as_tensor(x).swapaxes(-1, -2)
    return conj(turned) if _is_complex(turned) else turned
