"""Products, statistics without NaN, slopes and polynomials, all of them differentiable."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from mslearn import ops
from mslearn.core.dtype import FLOAT32
from mslearn.core.tensor import Tensor
from mslearn.numpy.create import asarray as array

__all__ = [
    "corrcoef", "count_nonzero", "cov", "cross", "ediff1d", "gradient", "kron", "multi_dot",
    "nancumsum", "nanmax", "nanmean", "nanmin", "nanstd", "nansum", "nanvar", "polyadd",
    "polyder", "polyint", "polymul", "polysub", "polyval", "ptp", "sometrue", "trapz", "vander",
]  # fmt: skip


def cross(a, b, axisa=-1, axisb=-1, axisc=-1, axis=None):
    """The vector product of vectors of 3 (or 2) elements."""
    if axis is not None:
        axisa = axisb = axisc = axis
    x, y = (ops.moveaxis(array(v), at, -1) for v, at in ((a, axisa), (b, axisb)))
    if x.shape[-1] == y.shape[-1] == 2:
        return x[..., 0] * y[..., 1] - x[..., 1] * y[..., 0]
    x, y = (ops.pad(v, (0, 3 - v.shape[-1])) if v.shape[-1] < 3 else v for v in (x, y))
    shape = np.broadcast_shapes(x.shape, y.shape)
    out = ops.cross(ops.broadcast_to(x, shape), ops.broadcast_to(y, shape), -1)
    return ops.moveaxis(out, -1, axisc)


def multi_dot(arrays):
    """The matrix product of several arrays."""
    out = array(arrays[0])
    for other in arrays[1:]:
        out = ops.matmul(out, array(other))
    return out


def cov(m, y=None, rowvar=True, bias=False, ddof=None, fweights=None, aweights=None, dtype=None):
    """The covariances of variables (rows, or columns without `rowvar`)."""
    x = array(m).astype(FLOAT32)
    x = x.reshape((1, -1)) if x.ndim == 1 else x if rowvar else x.T
    if y is not None:
        z = array(y).astype(FLOAT32)
        x = ops.concat((x, z.reshape((1, -1)) if z.ndim == 1 else z if rowvar else z.T))
    correction = (0 if bias else 1) if ddof is None else ddof
    weights = {"fweights": fweights, "aweights": aweights}
    given = {k: array(v) for k, v in weights.items() if v is not None}
    out = ops.cov(x, correction=correction, **given)
    return out if dtype is None else out.astype(dtype)


def corrcoef(x, y=None, rowvar=True, dtype=None):
    """The correlations of variables (rows, or columns without `rowvar`)."""
    c = cov(x, y, rowvar)
    d = ops.sqrt(c.diagonal()) if c.ndim else ops.sqrt(c)
    out = c / d.reshape((-1, 1)) / d if c.ndim else c / c
    return out if dtype is None else out.astype(dtype)


def _nan(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    def run(a, axis=None, dtype=None, keepdims=False, **more):
        out = function(array(a), tuple(axis) if isinstance(axis, list) else axis, keepdims, **more)
        return out if dtype is None else out.astype(dtype)

    return run


def _variance(x: Tensor, axis: Any, keepdims: bool, ddof: int = 0) -> Tensor:
    real = ops.cast(ops.isnan(x) == False, x.dtype)  # noqa: E712
    d = ops.where(ops.isnan(x), 0.0, x - ops.nanmean(x, axis, True))
    return (d * d).sum(axis, keepdims) / (real.sum(axis, keepdims) - ddof)


nansum = _nan(lambda x, axis, keepdims: ops.nansum(x, axis, keepdims))
nanmean = _nan(lambda x, axis, keepdims: ops.nanmean(x, axis, keepdims))
nanmax = _nan(lambda x, axis, keepdims: ops.amax(
    ops.where(ops.isnan(x), -math.inf, x), axis, keepdims))  # fmt: skip
nanmin = _nan(lambda x, axis, keepdims: ops.amin(
    ops.where(ops.isnan(x), math.inf, x), axis, keepdims))  # fmt: skip


def nanvar(a, axis=None, dtype=None, ddof=0, keepdims=False):
    """The variance of what is not NaN."""
    return _nan(_variance)(a, axis, dtype, keepdims, ddof=ddof)


def nanstd(a, axis=None, dtype=None, ddof=0, keepdims=False):
    """The standard deviation of what is not NaN."""
    return ops.sqrt(nanvar(a, axis, dtype, ddof, keepdims))


def nancumsum(a, axis=None, dtype=None):
    """The running sum, NaN counted as 0."""
    x = ops.nan_to_num(array(a))
    out = ops.cumsum(x.ravel() if axis is None else x, 0 if axis is None else axis)
    return out if dtype is None else out.astype(dtype)


def ptp(x, axis=None, keepdims=False):
    """The largest element minus the smallest."""
    return array(x).ptp(axis, keepdims)


def count_nonzero(x, axis=None, keepdims=False):
    """How many elements are not 0, int32."""
    return ops.count_nonzero(array(x), () if axis is None else axis, keepdims)


def sometrue(x, axis=None, keepdims=False):
    """Whether any element is true."""
    return ops.any(array(x).astype("?"), axis, keepdims)


def trapz(y, x=None, dx=1.0, axis=-1):
    """The integral by the trapezoidal rule."""
    return ops.trapz(array(y), None if x is None else array(x), dx=dx, dim=axis)


def ediff1d(ary, to_end=None, to_begin=None):
    """The differences of neighbours in the flattened array."""
    parts = [ops.diff(array(ary).ravel())]
    if to_begin is not None:
        parts.insert(0, array(to_begin).ravel())
    if to_end is not None:
        parts.append(array(to_end).ravel())
    return parts[0] if len(parts) == 1 else ops.concat(parts)


def gradient(f, *varargs, axis=None, edge_order=1):
    """Slopes by central differences, one-sided at the ends; a list for several axes."""
    x = array(f)
    x = x if x.dtype.numpy.kind == "f" else x.astype(FLOAT32)
    axes = range(x.ndim) if axis is None else axis if isinstance(axis, tuple | list) else (axis,)
    axes = [a % x.ndim for a in axes]
    steps = list(varargs) * len(axes) if len(varargs) == 1 else list(varargs) or [1.0] * len(axes)
    out = []
    for at, step in zip(axes, steps, strict=True):
        front = [np.s_[:]] * at

        def part(s, front=front):
            return x[(*front, s)]

        middle = (part(np.s_[2:]) - part(np.s_[:-2])) / 2
        first = part(np.s_[1:2]) - part(np.s_[:1])
        last = part(np.s_[-1:]) - part(np.s_[-2:-1])
        out.append(ops.concat((first, middle, last), at) / step)
    return out[0] if len(out) == 1 else out


def _coefficients(p: Any) -> Tensor:
    return ops.atleast_1d(array(p))


def polyval(p, x):
    """The polynomial with coefficients `p` (highest power first) at `x`, by Horner's rule."""
    t, out = array(x), None
    for c in _coefficients(p):
        out = c + t * 0 if out is None else out * t + c
    return out


def polyadd(a1, a2):
    """The sum of two polynomials."""
    a, b = _coefficients(a1), _coefficients(a2)
    n = max(a.size, b.size)
    return ops.pad(a, (n - a.size, 0)) + ops.pad(b, (n - b.size, 0))


def polysub(a1, a2):
    """The difference of two polynomials."""
    return polyadd(a1, -_coefficients(a2))


def polymul(a1, a2):
    """The product of two polynomials."""
    a, b = _coefficients(a1), _coefficients(a2)
    n, total = a.size + b.size - 1, None
    for i, c in enumerate(a):
        term = ops.pad(b * c, (i, n - i - b.size))
        total = term if total is None else total + term
    return total


def polyder(p, m=1):
    """The `m`-th derivative of a polynomial."""
    out = _coefficients(p)
    for _ in range(m):
        powers = np.arange(out.size - 1, 0, -1)
        out = out[:-1] * Tensor.wrap(powers.astype(out.dtype.numpy))
    return out


def polyint(p, m=1, k=None):
    """The `m`-th integral of a polynomial, with the constants `k` (0 when None)."""
    out = _coefficients(p)
    out = out if out.dtype.numpy.kind == "f" else out.astype(FLOAT32)
    constants = [0.0] * m if k is None else [float(v) for v in np.ravel(array(k).asnumpy())] * m
    for i in range(m):
        powers = np.arange(out.size, 0, -1)
        out = ops.pad(out / Tensor.wrap(powers.astype(out.dtype.numpy)), (0, 1))
        out = (
            out
            + Tensor.wrap(np.eye(1, out.size, out.size - 1, dtype=out.dtype.numpy)[0])
            * (constants[i])
        )
    return out


def vander(x, N=None, increasing=False):
    """The matrix of powers of a vector, the highest first (last when `increasing`)."""
    out = ops.vander(array(x), N)
    return ops.flip(out, (1,)) if increasing else out


def kron(a, b):
    """The Kronecker product."""
    return ops.kron(array(a), array(b))
