"""Fourier transforms: one primitive along one axis; everything else is made of it.

The transform is linear, and its adjoint is the inverse transform without its factor 1/n, so
gradients cost one transform each.
"""

from __future__ import annotations

import math

import numpy as np

from mslearn.core.errors import DtypeError
from mslearn.core.primitive import apply
from mslearn.core.tensor import Tensor, as_tensor
from mslearn.ops.arrange import roll
from mslearn.ops.complex_numbers import conj, real
from mslearn.ops.creation import zeros
from mslearn.ops.families import Linear, cast
from mslearn.ops.shape import concat, flip

__all__ = [
    "fft", "fft2", "fftfreq", "fftn", "fftshift", "hfft", "hfft2", "hfftn", "ifft", "ifft2",
    "ifftn", "ifftshift", "ihfft", "ihfft2", "ihfftn", "irfft", "irfft2", "irfftn", "rfft",
    "rfft2", "rfftfreq", "rfftn",
]  # fmt: skip
SWAPPED = {"forward": None, "ortho": "ortho", "backward": "forward", None: "forward"}


class FourierTransform(Linear):
    """The sum of ``x[k] * exp(-2 pi i j k / n)`` along an axis, or its adjoint (with +i)."""

    inputs = ("input",)
    params = {"dim": -1, "adjoint": False}

    def kernel(x, dim, adjoint):
        out = np.fft.ifft(x, axis=dim, norm="forward") if adjoint else np.fft.fft(x, axis=dim)
        return out.astype(x.dtype, copy=False)

    def infer(x, dim, adjoint):
        return x.shape, x.dtype

    def vjp(ct, out, x, dim, adjoint):
        return (apply(FourierTransform, (ct,), {"dim": dim, "adjoint": not adjoint}),)


def _transform(input, n, dim, norm, inverse):
    x = as_tensor(input)
    wide = x._value.dtype in (np.dtype("f8"), np.dtype("c16"))
    x = _sized(cast(x, np.dtype("c16" if wide else "c8")), n, dim)
    n = x.shape[dim]
    if norm not in SWAPPED:
        raise ValueError(
            f"For 'fft', norm must be 'backward', 'ortho', 'forward' or None, but got {norm!r}."
        )
    scale = {"ortho": math.sqrt(n), "forward": 1 if inverse else n}.get(norm, n if inverse else 1)
    out = apply(FourierTransform, (x,), {"dim": dim % x.ndim, "adjoint": inverse})
    return out if scale == 1 else out * (1 / scale)


def _part(x: Tensor, dim: int, start: int, stop: int) -> Tensor:
    return x[(*[slice(None)] * (dim % x.ndim), slice(start, stop))]


def _sized(x: Tensor, n: int | None, dim: int) -> Tensor:
    """Cut off, or filled up with zeros, to the length `n` along an axis."""
    have = x.shape[dim]
    if n is None or n == have:
        return x
    if n < have:
        return _part(x, dim, 0, n)
    shape = list(x.shape)
    shape[dim] = n - have
    return concat((x, zeros(tuple(shape), x.dtype)), dim)


def fft(input, n=None, dim=-1, norm=None):
    """The discrete Fourier transform along an axis, of `n` numbers; complex.

    >>> import mslearn as ms
    >>> print(ms.ops.fft(ms.Tensor([1.0, 0.0, 0.0, 0.0])))
    [1.+0.j 1.+0.j 1.+0.j 1.+0.j]
    """
    return _transform(input, n, dim, norm, False)


def ifft(input, n=None, dim=-1, norm=None):
    """The inverse of `fft`."""
    return _transform(input, n, dim, norm, True)


def rfft(input, n=None, dim=-1, norm=None):
    """The first half of the `fft` of real numbers; the other half is its mirror image."""
    x = as_tensor(input)
    if x._value.dtype.kind == "c":
        raise DtypeError(f"For 'rfft', the input must be real, but got {x.dtype}. Use ops.fft.")
    out = fft(x, n, dim, norm)
    return _part(out, dim, 0, out.shape[dim] // 2 + 1)


def irfft(input, n=None, dim=-1, norm=None):
    """The inverse of `rfft`: `n` real numbers, by default an even number of them."""
    x = as_tensor(input)
    n = 2 * (x.shape[dim] - 1) if n is None else n
    half = _sized(x, n // 2 + 1, dim)
    mirror = flip(conj(_part(half, dim, 1, (n + 1) // 2)), (dim,))
    return real(ifft(concat((half, mirror), dim), None, dim, norm))


def hfft(input, n=None, dim=-1, norm=None):
    """The real `fft` of a signal of which half is given, the other half being its mirror image."""
    return irfft(conj(as_tensor(input)), n, dim, SWAPPED[norm])


def ihfft(input, n=None, dim=-1, norm=None):
    """The inverse of `hfft`."""
    return conj(rfft(input, n, dim, SWAPPED[norm]))


def _several(one, last=None, last_first=True):
    """Transforms along several axes: `one` along each, `last` along the last one."""

    def run(input, s=None, dim=None, norm=None):
        x = as_tensor(input)
        count = len(s) if dim is None and s is not None else x.ndim
        dims = tuple(range(-count, 0)) if dim is None else tuple(dim)
        steps = [(one, n, d) for n, d in zip(s or (None,) * len(dims), dims, strict=True)]
        if last is not None:
            steps[-1] = (last, *steps[-1][1:])
            steps = steps[::-1] if last_first else steps
        for step, n, d in steps:
            x = step(x, n, d, norm)
        return x

    return run


def _two(several, name):
    def run(input, s=None, dim=(-2, -1), norm=None):
        return several(input, s, dim, norm)

    run.__name__ = name
    run.__doc__ = f"`{name[:-1]}n` along the last two axes."
    return run


fftn, ifftn = _several(fft), _several(ifft)
rfftn, irfftn = _several(fft, rfft), _several(ifft, irfft, last_first=False)
hfftn, ihfftn = _several(fft, hfft, last_first=False), _several(ifft, ihfft)
for _name in ("fft", "ifft", "rfft", "irfft", "hfft", "ihfft"):
    globals()[f"{_name}n"].__name__ = f"{_name}n"
    globals()[f"{_name}n"].__doc__ = f"`{_name}` along several axes, by default all."
fft2, ifft2 = _two(fftn, "fft2"), _two(ifftn, "ifft2")
rfft2, irfft2 = _two(rfftn, "rfft2"), _two(irfftn, "irfft2")
hfft2, ihfft2 = _two(hfftn, "hfft2"), _two(ihfftn, "ihfft2")


def fftshift(input, dim=None):
    """Frequency 0 moved to the middle of each axis."""
    return _shift(input, dim, 1)


def ifftshift(input, dim=None):
    """The inverse of `fftshift`."""
    return _shift(input, dim, -1)


def _shift(input, dim, sign):
    x = as_tensor(input)
    dims = tuple(range(x.ndim)) if dim is None else (dim,) if isinstance(dim, int) else tuple(dim)
    halves = [x.shape[d] // 2 if sign > 0 else -(x.shape[d] // 2) for d in dims]
    return roll(x, tuple(halves), dims)


def fftfreq(n, d=1.0, dtype=None):
    """The frequencies that the numbers of an `fft` stand for, `d` being the time between samples.

    >>> import mslearn as ms
    >>> print(ms.ops.fftfreq(4))
    [ 0.    0.25 -0.5  -0.25]
    """
    return Tensor(np.fft.fftfreq(n, d).astype(np.float32), dtype)


def rfftfreq(n, d=1.0, dtype=None):
    """The frequencies that the numbers of an `rfft` stand for."""
    return Tensor(np.fft.rfftfreq(n, d).astype(np.float32), dtype)
