"""Factorisations of matrices with gradients: QR, SVD, symmetric eigenvalues, pseudo-inverse.

Gradients after M. B. Giles, "Collected matrix derivative results for forward and reverse mode
algorithmic differentiation" (2008); M. Seeger et al., "Auto-Differentiating Linear Algebra"
(2017); G. H. Golub and V. Pereyra, "The differentiation of pseudo-inverses and nonlinear least
squares problems" (1973). Equal singular values or eigenvalues have no unique vectors: there the
gradient of the vectors leaves out the undefined part.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from mslearn.core.errors import ShapeError
from mslearn.core.primitive import Primitive, apply
from mslearn.core.tensor import Tensor, as_tensor
from mslearn.ops.complex_numbers import real
from mslearn.ops.families import cast, floating, normal_axes
from mslearn.ops.indexing import where
from mslearn.ops.linalg import matmul
from mslearn.ops.matrix import adjoint_of, matrix_solve
from mslearn.ops.reduce import norm as vector_norms

__all__ = [
    "cholesky_solve", "cond", "lstsq", "matrix_norm", "norm", "pinv", "qr", "svd", "vector_norm",
]  # fmt: skip


def _t(x: Tensor) -> Tensor:
    return x.swapaxes(-1, -2)


def _mask(x: Tensor, keep: Any) -> Tensor:
    return x * Tensor.wrap(np.asarray(keep, x._value.dtype))


def _diagonal(x: Tensor) -> Tensor:
    """The diagonal of square matrices."""
    return _mask(x, np.eye(x.shape[-1])).sum(-1)


def _matrices(name: str, x: Any, square: bool = False) -> tuple[tuple[int, ...], int, int]:
    if len(x.shape) < 2 or (square and x.shape[-1] != x.shape[-2]):
        what = "square matrices (…, n, n)" if square else "matrices (…, m, n)"
        raise ShapeError(f"For '{name}', {what} are needed, but got shape {list(x.shape)}.")
    return tuple(x.shape[:-2]), x.shape[-2], x.shape[-1]


def _gaps(values: Tensor) -> Tensor:
    """``1 / (values[j] - values[i])`` at (i, j), and 0 where the two are equal."""
    gap = values.expand_dims(-2) - values.expand_dims(-1)
    same = gap == 0
    one = Tensor.wrap(np.ones((), gap._value.dtype))
    return (1 - same.astype(gap.dtype)) / where(same, one, gap)


class Qr(Primitive):
    """x = q @ r with orthonormal columns in q and an upper triangular r.

    x (…, m, n) gives q (…, m, k) and r (…, k, n), where k = min(m, n), or m for full_matrices.
    """

    params = {"full_matrices": False}

    def kernel(x, full_matrices):
        q, r = np.linalg.qr(x, "complete" if full_matrices else "reduced")
        return q, r

    def infer(x, full_matrices):
        batch, m, n = _matrices("qr", x)
        k = m if full_matrices else min(m, n)
        return ((*batch, m, k), (*batch, k, n)), (x.dtype, x.dtype)

    def vjp(ct, out, x, full_matrices):  # Seeger et al. (2017), section 4.3
        q, r = out
        _tall(x, full_matrices)
        m = matmul(r, _t(ct[1])) - matmul(_t(ct[0]), q)
        low = _mask(m, np.tri(m.shape[-1], k=-1))
        whole = low + _t(low) + _mask(m, np.eye(m.shape[-1]))
        return (_t(matrix_solve(r, _t(ct[0] + matmul(q, whole)))),)

    def jvp(tangents, out, x, full_matrices):
        q, r = out
        _tall(x, full_matrices)
        c = _t(matrix_solve(_t(r), _t(tangents[0])))  # the change of x, times r^-1
        s = matmul(_t(q), c)
        low = _mask(s, np.tri(s.shape[-1], k=-1))
        change = s - low + _t(low)
        return c - matmul(q, change), matmul(change, r)


def _defined(name: str, x: Tensor, where_it_is: bool, reason: str) -> None:
    if not where_it_is:
        raise ValueError(f"For '{name}', {reason}, but got shape {list(x.shape)}.")


def _tall(x: Tensor, full: bool) -> None:
    m, n = x.shape[-2:]
    reason = "only reduced factors of matrices with at least as many rows as columns have gradients"
    _defined("qr", x, m == n or (m > n and not full), reason)


class Svd(Primitive):
    """x = u @ diag(s) @ v.H with s >= 0 in falling order: returns s, u, v.

    x (…, m, n) gives s (…, k), u (…, m, k), v (…, n, k), k = min(m, n); square u and v for
    full_matrices. The signs of a pair of columns of u and v are free.
    """

    params = {"full_matrices": False}

    def kernel(x, full_matrices):
        u, s, vt = np.linalg.svd(x, full_matrices=full_matrices)
        return s, u, vt.conj().swapaxes(-1, -2)

    def infer(x, full_matrices):
        batch, m, n = _matrices("svd", x)
        k = min(m, n)
        rows, cols = (m, n) if full_matrices else (k, k)
        kind = np.empty(0, x.dtype).real.dtype
        return ((*batch, k), (*batch, m, rows), (*batch, n, cols)), (kind, x.dtype, x.dtype)

    def vjp(ct, out, x, full_matrices):  # Giles (2008), section 3.4, with both vectors' parts
        (s, u, v), (cs, cu, cv) = out, ct
        _reduced(x, full_matrices)
        f, row, col = _gaps(s * s), s.expand_dims(-2), s.expand_dims(-1)
        a, b = matmul(adjoint_of(u), cu), matmul(adjoint_of(v), cv)
        inner = f * (a - adjoint_of(a)) * row + col * (f * (b - adjoint_of(b)))
        inner = inner + _mask(cs.expand_dims(-1), np.eye(s.shape[-1]))
        if x._value.dtype.kind == "c":  # the phase that each pair of columns shares
            turn = _diagonal(a - adjoint_of(a)) / (2 * s)
            inner = inner + _mask(turn.expand_dims(-1), np.eye(s.shape[-1]))
        grad = matmul(matmul(u, inner), adjoint_of(v))
        m, n = x.shape[-2:]
        if m > n:
            grad = grad + matmul((cu - matmul(u, a)) / row, adjoint_of(v))
        if n > m:
            grad = grad + matmul(u, adjoint_of((cv - matmul(v, b)) / row))
        return (grad,)

    def jvp(tangents, out, x, full_matrices):
        s, u, v = out
        _reduced(x, full_matrices)
        f, row, col = _gaps(s * s), s.expand_dims(-2), s.expand_dims(-1)
        right, left = matmul(tangents[0], v), matmul(adjoint_of(tangents[0]), u)
        p = matmul(adjoint_of(u), right)
        du = matmul(u, f * (p * row + col * adjoint_of(p)))
        dv = matmul(v, f * (col * p + adjoint_of(p) * row))
        m, n = x.shape[-2:]
        if m > n:
            du = du + (right - matmul(u, p)) / row
        if n > m:
            dv = dv + (left - matmul(v, adjoint_of(p))) / row
        ds = _diagonal(p)
        return (real(ds) if x._value.dtype.kind == "c" else ds), du, dv


def _reduced(x: Tensor, full: bool) -> None:
    reason = "the columns that full_matrices=True adds have no gradient"
    _defined("svd", x, not full or x.shape[-1] == x.shape[-2], reason)


class Eigh(Primitive):
    """Eigenvalues in rising order and orthonormal eigenvectors of symmetric matrices.

    x is taken as (x + x.T) / 2, so that its gradient is symmetric.
    """

    def kernel(x):
        w, v = np.linalg.eigh((x + x.swapaxes(-1, -2)) / 2)
        return w, v

    def infer(x):
        batch, n, _ = _matrices("Eigh", x, square=True)
        return ((*batch, n), (*batch, n, n)), (x.dtype, x.dtype)

    def vjp(ct, out, x):  # Giles (2008), section 3.1
        w, v = out
        inner = _gaps(w) * matmul(_t(v), ct[1]) + _mask(ct[0].expand_dims(-1), np.eye(w.shape[-1]))
        whole = matmul(matmul(v, inner), _t(v))
        return ((whole + _t(whole)) / 2,)

    def jvp(tangents, out, x):
        w, v = out
        t = (tangents[0] + _t(tangents[0])) / 2
        p = matmul(matmul(_t(v), t), v)
        return _diagonal(p), matmul(v, _gaps(w) * p)


class Pinv(Primitive):
    """The Moore-Penrose inverse; singular values up to max(atol, rtol * largest) count as 0."""

    params = {"atol": 0.0, "rtol": 0.0}

    def kernel(x, atol, rtol):
        u, s, vt = np.linalg.svd(x, full_matrices=False)
        large = s > np.maximum(atol, rtol * s.max(axis=-1, keepdims=True, initial=0))
        back = np.where(large, 1 / np.where(large, s, 1), 0).astype(x.dtype)
        return (vt.swapaxes(-1, -2) * back[..., None, :]) @ u.swapaxes(-1, -2)

    def infer(x, atol, rtol):
        batch, m, n = _matrices("pinv", x)
        return (*batch, n, m), x.dtype

    def vjp(ct, out, x, atol, rtol):
        p, pt, back = out, _t(out), _t(ct)
        rest = matmul(back, matmul(p, pt))
        more = matmul(matmul(pt, p), back)
        grad = rest - matmul(x, matmul(p, rest)) + more - matmul(matmul(more, p), x)
        return (grad - matmul(pt, matmul(ct, pt)),)

    def jvp(tangents, out, x, atol, rtol):  # Golub and Pereyra (1973), for constant rank
        p, pt, t = out, _t(out), _t(tangents[0])
        left = matmul(matmul(p, pt), t)
        right = matmul(t, matmul(pt, p))
        change = left - matmul(matmul(left, x), p) + right - matmul(p, matmul(x, right))
        return change - matmul(p, matmul(tangents[0], p))


def svd(input, full_matrices=False, compute_uv=True):
    """Singular values s (falling), and u and v with ``input = u @ diag(s) @ v.T``.

    Returns:
        (s, u, v), or s alone when `compute_uv` is False. For `input` (…, m, n) and
        k = min(m, n): s (…, k), u (…, m, k), v (…, n, k).
    """
    s, u, v = apply(Svd, (floating(input),), {"full_matrices": bool(full_matrices)})
    return (s, u, v) if compute_uv else s


def qr(input, mode="reduced"):
    """q with orthonormal columns and upper triangular r, ``input = q @ r``; `mode` "r": r alone."""
    if mode not in ("reduced", "complete", "r"):
        raise ValueError(f"For 'qr', mode is 'reduced', 'complete' or 'r', but got {mode!r}.")
    q, r = apply(Qr, (floating(input),), {"full_matrices": mode == "complete"})
    return r if mode == "r" else (q, r)


def pinv(x, *, atol=None, rtol=None, hermitian=False):
    """The Moore-Penrose inverse of matrices (…, m, n), shape (…, n, m).

    Singular values up to max(`atol`, `rtol` times the largest) count as 0; without both, `rtol`
    is max(m, n) times the dtype's epsilon.
    """
    a = floating(x)
    _, m, n = _matrices("pinv", a)
    if rtol is None:
        rtol = max(m, n) * float(np.finfo(a._value.dtype).eps) if not atol else 0.0
    return apply(Pinv, (a,), {"atol": float(atol or 0.0), "rtol": float(rtol)})


def lstsq(input, A):
    """The X that makes ``input @ X`` closest to `A` (the shortest such X when there are many).

    `input` (m, n) and `A` (m, k) or (m,) give X (n, k) or (n, 1).
    """
    b = floating(A)
    return matmul(pinv(input), b.expand_dims(-1) if b.ndim == 1 else b)


def cholesky_solve(input, input2, upper=False):
    """The x of ``L @ L.T @ x = input`` for the Cholesky factor L = `input2` (its transpose when
    `upper`)."""
    low = _t(floating(input2)) if upper else floating(input2)
    return matrix_solve(_t(low), matrix_solve(low, input))


def vector_norm(x, ord=2, axis=None, keepdims=False, *, dtype=None):
    """The p-norm over `axis` of the elements taken as one vector; `ord` 0 counts non-zeros."""
    a = floating(x)
    if ord == 0:
        return vector_norms((a != 0).astype(a.dtype), 1, axis, keepdims, dtype=dtype)
    return vector_norms(a, ord, axis, keepdims, dtype=dtype)


def norm(A, ord=None, dim=None, keepdim=False, *, dtype=None):
    """The norm of a matrix for an `ord` and two axes, else that of vectors.

    Without `ord` it is the root of the sum of the squares over `dim` (all axes when None).
    """
    x = as_tensor(A)
    axes = (0, 1) if dim is None and x.ndim == 2 else dim
    if ord is None:
        return vector_norms(x, ord, dim, keepdim, dtype=dtype)
    if isinstance(axes, tuple | list) and len(axes) == 2:
        return matrix_norm(x, ord, tuple(axes), keepdim, dtype=dtype)
    return vector_norm(x, ord, dim, keepdim, dtype=dtype)


def matrix_norm(A, ord="fro", axis=(-2, -1), keepdims=False, *, dtype=None):
    """The norm of the matrices on two axes.

    Args:
        ord: ``"fro"``, ``"nuc"`` (the sum of the singular values), 2 or -2 (the largest or
            smallest singular value), 1 or -1 (of the columns' absolute sums), inf or -inf (rows).
    """
    a = floating(A) if dtype is None else floating(A).astype(dtype)
    if len({i % a.ndim for i in axis}) != 2:
        raise ValueError(f"For 'matrix_norm', axis names two different axes, but got {axis}.")
    rows, cols = (normal_axes("matrix_norm", a.ndim, i)[0] for i in axis)
    if ord == "fro":
        return vector_norms(a, 2, (rows, cols), keepdims)
    a = a.moveaxis((rows, cols), (-2, -1))
    inf = float("inf")
    if ord == "nuc":
        out = svd(a, compute_uv=False).sum(-1)
    elif ord in (2, -2):
        out = svd(a, compute_uv=False)[..., 0 if ord > 0 else -1]
    elif ord in (1, -1, inf, -inf):
        sums = a.abs().sum(-2 if abs(ord) == 1 else -1)
        out = sums.amax(-1) if ord > 0 else sums.amin(-1)
    else:
        raise ValueError(
            f"For 'matrix_norm', ord is 'fro', 'nuc', 1, -1, 2, -2, inf or -inf, but got {ord!r}."
        )
    for i in sorted((rows, cols)) if keepdims else ():
        out = out.expand_dims(i)
    return out


def cond(A, p=None):
    """The condition number of matrices in the norm `p`: by default the largest singular value
    over the smallest."""
    a = floating(A)
    if p in (None, 2, -2):
        s = svd(a, compute_uv=False)
        return s[..., -1] / s[..., 0] if p == -2 else s[..., 0] / s[..., -1]
    _matrices("cond", a, square=True)
    return cast(matrix_norm(a, p) * matrix_norm(a.inverse(), p), a._value.dtype)
