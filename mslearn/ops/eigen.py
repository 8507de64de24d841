"""Factorisations of MindSpore's second row: eigenvalues, LU, Householder vectors, exp of a matrix.

Gradients of eigenvalues after M. B. Giles, "Collected matrix derivative results" (2008), section
3.1; the exponential by scaling and squaring with the Padé fractions of N. J. Higham, "The scaling
and squaring method for the matrix exponential revisited" (2005).
"""

from __future__ import annotations

import math

import numpy as np

from mslearn.core.primitive import Primitive, apply
from mslearn.core.tensor import Tensor, as_tensor
from mslearn.ops.creation import tril, triu
from mslearn.ops.decompositions import _diagonal, _gaps, _mask, _matrices
from mslearn.ops.families import cast, floating
from mslearn.ops.linalg import matmul
from mslearn.ops.matrix import adjoint_of, matrix_solve

__all__ = [
    "cholesky_inverse", "eig", "eigvals", "geqrf", "lu_solve", "lu_unpack", "matrix_exp", "orgqr",
    "ormqr",
]  # fmt: skip


class Eig(Primitive):
    """Eigenvalues and, in columns, eigenvectors of length 1 of square matrices, both complex."""

    def kernel(x):
        w, v = np.linalg.eig(x)
        kind = _complex(x.dtype)
        return w.astype(kind), v.astype(kind)

    def infer(x):
        batch, n, _ = _matrices("eig", x, square=True)
        return ((*batch, n), (*batch, n, n)), (_complex(x.dtype),) * 2

    def vjp(ct, out, x):  # the length and phase of a vector are free: no gradient
        w, v = out
        vh = adjoint_of(v)
        along = matmul(vh, ct[1])
        free = ct[1] - v * _diagonal(along).expand_dims(-2)
        inner = _gaps(w).conj() * matmul(vh, free)
        inner = inner + _mask(ct[0].expand_dims(-1), np.eye(w.shape[-1]))
        grad = matmul(matrix_solve(vh, inner), vh)
        return (cast(grad, x._value.dtype),)

    def jvp(tangents, out, x):
        w, v = out
        p = matrix_solve(v, matmul(cast(tangents[0], v._value.dtype), v))
        dv = matmul(v, _gaps(w) * p)
        return _diagonal(p), dv - v * _diagonal(matmul(adjoint_of(v), dv)).expand_dims(-2)


def _complex(dtype: np.dtype) -> np.dtype:
    return np.result_type(dtype, np.complex64)


def eig(A):
    """Eigenvalues (…, n) and eigenvectors (…, n, n), column by column, of any square matrices.

    Both are complex. A vector's length is 1 and its phase is free.
    """
    return apply(Eig, (floating(A),))


def eigvals(A):
    """The eigenvalues (…, n) of square matrices, complex, in no order."""
    return eig(A)[0]


class Geqrf(Primitive):
    """The QR factorisation as LAPACK stores it: R and the Householder vectors below it, and tau."""

    def kernel(x):
        flat = x.reshape((-1, *x.shape[-2:]))
        h, tau = np.linalg.qr(flat, "raw")
        return h.swapaxes(-1, -2).reshape(x.shape).copy(), tau.reshape(*x.shape[:-2], -1)

    def infer(x):
        batch, m, n = _matrices("geqrf", x)
        return (x.shape, (*batch, min(m, n))), (x.dtype, x.dtype)


def geqrf(input):
    """R and, below its diagonal, the Householder vectors of ``input = q @ r``; and their factors.

    Returns:
        (…, m, n) and tau (…, min(m, n)); `orgqr` makes q of them.
    """
    return apply(Geqrf, (floating(input),))


def orgqr(input, input2):
    """The first n columns of the product of Householder reflections ``I - tau v v.T``.

    `input` (…, m, n) holds the vectors below its diagonal, `input2` (…, k) the factors tau.
    """
    m, n = floating(input).shape[-2:]
    return _reflected(input, input2, Tensor.wrap(np.eye(m, n, dtype=as_tensor(input)._value.dtype)))


def ormqr(input, tau, other, left=True, transpose=False):
    """``q @ other`` (``other @ q`` without `left`) for the whole q of `geqrf`, or q's transpose."""
    if left:
        return _reflected(input, tau, other, transpose)
    back = _reflected(input, tau, as_tensor(other).swapaxes(-1, -2), not transpose)
    return back.swapaxes(-1, -2)


def _reflected(vectors, tau, target, transpose=False):
    a, factors, out = floating(vectors), floating(tau), floating(target)
    m, count = a.shape[-2], factors.shape[-1]
    low = tril(a, -1) + Tensor.wrap(np.eye(*a.shape[-2:], dtype=a._value.dtype))
    for i in range(count) if transpose else reversed(range(count)):
        v = low[..., i].reshape((*a.shape[:-2], m, 1))
        t = factors[..., i].reshape((*a.shape[:-2], 1, 1))
        out = out - matmul(t * v, matmul(v.swapaxes(-1, -2), out))
    return out


def lu_unpack(LU_data, LU_pivots, unpack_data=True, unpack_pivots=True):
    """The factors of ``p @ l @ u`` from their compact form (…, m, n) and the pivots (from 1).

    Returns:
        p (…, m, m), l (…, m, k), u (…, k, n), k = min(m, n); None for what is not wanted.
    """
    data = floating(LU_data)
    m, n = data.shape[-2:]
    k = min(m, n)
    low = tril(data[..., :k], -1) + Tensor.wrap(np.eye(m, k, dtype=data._value.dtype))
    p = Tensor.wrap(_permutations(LU_pivots, m).astype(data._value.dtype))
    lu = (low, triu(data[..., :k, :])) if unpack_data else (None, None)
    return (p if unpack_pivots else None, *lu)


def _permutations(pivots, m):
    rows = as_tensor(pivots)._concrete()
    out = np.empty((*rows.shape[:-1], m, m))
    for at in np.ndindex(rows.shape[:-1]):
        order = np.arange(m)
        for i, j in enumerate(rows[at] - 1):
            order[[i, j]] = order[[j, i]]
        out[at] = np.eye(m)[:, order]
    return out


def lu_solve(b, LU_data, LU_pivots):
    """The x of ``A @ x = b`` for the compact LU factors of A and their pivots (from 1)."""
    p, low, up = lu_unpack(LU_data, LU_pivots)
    return matrix_solve(up, matrix_solve(low, matmul(p.swapaxes(-1, -2), floating(b))))


def cholesky_inverse(input_x, upper=False):
    """The inverse of ``L @ L.T`` for its Cholesky factor L (its transpose when `upper`)."""
    low = floating(input_x)
    low = low.swapaxes(-1, -2) if upper else low
    eye = Tensor.wrap(np.eye(low.shape[-1], dtype=low._value.dtype))
    back = matrix_solve(low, eye.broadcast_to(low.shape))
    return matmul(back.swapaxes(-1, -2), back)


_PADE = (64764752532480000, 32382376266240000, 7771770303897600, 1187353796428800, 129060195264000,
         10559470521600, 670442572800, 33522128640, 1323241920, 40840800, 960960, 16380, 182,
         1)  # fmt: skip


def matrix_exp(input):
    """The matrix exponential ``sum(A^k / k!)`` of square matrices (…, n, n)."""
    a = floating(input)
    _matrices("matrix_exp", a, square=True)
    size = np.abs(a._concrete()).sum(-2).max(initial=0.0)
    halvings = max(0, math.ceil(math.log2(size / 5.37))) if size > 5.37 else 0
    a = a * 0.5**halvings
    square, power = matmul(a, a), Tensor.wrap(np.eye(a.shape[-1], dtype=a._value.dtype))
    even, odd = power * 0, power * 0
    for k in range(0, 14, 2):
        even, odd = even + power * (_PADE[k] / _PADE[0]), odd + power * (_PADE[k + 1] / _PADE[0])
        power = matmul(power, square)
    odd = matmul(a, odd)
    out = matrix_solve(even - odd, even + odd)
    for _ in range(halvings):
        out = matmul(out, out)
    return out
