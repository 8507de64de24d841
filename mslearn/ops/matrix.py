"""Linear algebra beyond products: einsum, inverse, solve, determinants, factorisations.

Gradients after M. B. Giles, "Collected matrix derivative results for forward and reverse mode
algorithmic differentiation" (2008), and I. Murray, "Differentiation of the Cholesky
decomposition" (2016).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from mslearn.core.dtype import promote
from mslearn.core.errors import ShapeError
from mslearn.core.primitive import Primitive, apply
from mslearn.core.tensor import Tensor, as_tensor
from mslearn.ops.arrange import diagonal
from mslearn.ops.families import Multilinear, cast, conj, floating, normal_axes, sum_to
from mslearn.ops.linalg import bmm, matmul, mm
from mslearn.ops.shape import reshape, transpose

__all__ = [
    "addbmm", "addmm", "addmv", "addr", "baddbmm", "cholesky", "det", "dot", "einsum", "ger",
    "inner", "inv", "inverse", "kron", "logdet", "matrix_determinant", "matrix_power",
    "matrix_solve", "mv", "outer", "slogdet", "tensor_dot", "vecdot",
]  # fmt: skip


def _t(x: Tensor) -> Tensor:
    return x.swapaxes(-1, -2)


def adjoint_of(x: Tensor) -> Tensor:
    """The transposed matrices, conjugated when complex."""
    return conj(_t(x))


def _square(name: str, x: Any) -> None:
    if len(x.shape) < 2 or x.shape[-1] != x.shape[-2]:
        raise ShapeError(
            f"For '{name}', the last two axes must be equal (square matrices), but got shape "
            f"{list(x.shape)}."
        )


class Einsum(Multilinear):
    """Sums of products named by letters: ``"ij,jk->ik"`` is the matrix product.

    Each letter of an operand occurs once in it, and also in the result or another operand
    (the function `einsum` sees to that).
    """

    variadic = True
    params = {"equation": ""}
    lower = {"onnx": "Einsum"}

    def kernel(*xs, equation):
        out = np.einsum(equation, *xs, optimize=len(xs) > 2)
        return np.asarray(out, dtype=xs[0].dtype)

    def infer(*xs, equation):
        inputs, out = equation.split("->")
        sizes: dict[str, int] = {}
        for letters, x in zip(inputs.split(","), xs, strict=True):
            if len(letters) != len(x.shape):
                raise ShapeError(
                    f"For 'einsum', '{letters}' names {len(letters)} axes, but the operand has "
                    f"shape {list(x.shape)}."
                )
            for letter, n in zip(letters, x.shape, strict=True):
                if sizes.setdefault(letter, n) != n and 1 not in (n, sizes[letter]):
                    raise ShapeError(
                        f"For 'einsum', the letter '{letter}' stands for sizes {sizes[letter]} "
                        f"and {n} in '{equation}'. They must be equal."
                    )
                sizes[letter] = max(n, sizes[letter]) if n else 0
        return tuple(sizes[letter] for letter in out), xs[0].dtype

    def vjp(ct, out, *xs, equation):
        inputs, result = equation.split("->")
        letters = inputs.split(",")
        grads = []
        for i, mine in enumerate(letters):
            others = [result, *letters[:i], *letters[i + 1 :]]
            rule = {"equation": ",".join(others) + "->" + mine}
            part = apply(Einsum, (ct, *map(conj, (*xs[:i], *xs[i + 1 :]))), rule)
            grads.append(sum_to(part, xs[i]._value.shape))
        return tuple(grads)


class MatrixInverse(Primitive):
    """The inverse of square matrices."""

    params = {"adjoint": False}

    def kernel(x, adjoint=False):
        out = np.linalg.inv(x)
        return out.conj().swapaxes(-1, -2) if adjoint else out

    def infer(x, adjoint=False):
        _square("MatrixInverse", x)
        return x.shape, x.dtype

    def vjp(ct, out, x, adjoint=False):  # dX^-1 = -X^-1 dX X^-1
        if adjoint:
            return (-matmul(out, matmul(adjoint_of(ct), out)),)
        return (-matmul(adjoint_of(out), matmul(ct, adjoint_of(out))),)

    def jvp(tangents, out, x, adjoint=False):
        t = adjoint_of(tangents[0]) if adjoint else tangents[0]
        return -matmul(out, matmul(t, out))


class MatrixSolve(Primitive):
    """The x of ``matrix @ x = rhs``."""

    inputs = ("matrix", "rhs")

    def kernel(matrix, rhs):
        return np.linalg.solve(matrix, rhs)

    def infer(matrix, rhs):
        _square("MatrixSolve", matrix)
        if matrix.shape[:-1] != rhs.shape[:-1]:
            raise ShapeError(
                f"For 'MatrixSolve', matrix (…, m, m) and rhs (…, m, k) are needed, but got "
                f"{list(matrix.shape)} and {list(rhs.shape)}."
            )
        return rhs.shape, rhs.dtype

    def vjp(ct, out, matrix, rhs):
        back = apply(MatrixSolve, (adjoint_of(matrix), ct))
        return -matmul(back, adjoint_of(out)), back

    def jvp(tangents, out, matrix, rhs):
        ta, tb = tangents
        change = None if ta is None else -matmul(ta, out)
        if tb is not None:
            change = tb if change is None else tb + change
        return apply(MatrixSolve, (matrix, change))


class MatrixDeterminant(Primitive):
    """The determinant of square matrices. The gradient needs an invertible matrix."""

    def kernel(x):
        return np.asarray(np.linalg.det(x), x.dtype)

    def infer(x):
        _square("MatrixDeterminant", x)
        return x.shape[:-2], x.dtype

    def vjp(ct, out, x):
        scale = reshape(ct * conj(out), (*out.shape, 1, 1))
        return (scale * adjoint_of(apply(MatrixInverse, (x,))),)

    def jvp(tangents, out, x):
        return out * (_t(apply(MatrixInverse, (x,))) * tangents[0]).sum((-2, -1))


class LogMatrixDeterminant(Primitive):
    """The sign and the logarithm of the absolute value of the determinant."""

    def kernel(x):
        sign, log = np.linalg.slogdet(x)
        return np.asarray(sign, x.dtype), np.asarray(log, x.dtype)

    def infer(x):
        _square("LogMatrixDeterminant", x)
        return (x.shape[:-2], x.shape[:-2]), (x.dtype, x.dtype)

    def vjp(ct, out, x):
        back = ct[1]
        if x._value.dtype.kind == "c":  # then the sign turns, and the logarithm is real
            turn = conj(out[0]) * ct[0]
            back = (back + conj(back) + turn - conj(turn)) / 2
        return (reshape(back, (*out[1].shape, 1, 1)) * adjoint_of(apply(MatrixInverse, (x,))),)

    def jvp(tangents, out, x):
        change = (_t(apply(MatrixInverse, (x,))) * tangents[0]).sum((-2, -1))
        if x._value.dtype.kind != "c":
            return out[0] * 0, change
        return out[0] * (change - conj(change)) / 2, (change + conj(change)) / 2


class Cholesky(Primitive):
    """The lower triangular L with ``L @ L.T = x`` for symmetric positive definite x.

    x is taken as (x + x.T) / 2, so that its gradient is symmetric.
    """

    def kernel(x):
        return np.linalg.cholesky((x + x.swapaxes(-1, -2)) / 2)

    def infer(x):
        _square("Cholesky", x)
        return x.shape, x.dtype

    def vjp(ct, out, x):  # Murray (2016), equation 10
        inner = _half(matmul(_t(out), ct))
        back = apply(MatrixInverse, (out,))
        whole = matmul(_t(back), matmul(inner, back))
        return ((whole + _t(whole)) / 2,)

    def jvp(tangents, out, x):
        back = apply(MatrixInverse, (out,))
        t = (tangents[0] + _t(tangents[0])) / 2
        return matmul(out, _half(matmul(back, matmul(t, _t(back)))))


def _half(x: Tensor) -> Tensor:
    """The lower triangle with half the diagonal."""
    n = x.shape[-1]
    mask = np.tri(n, dtype=x._value.dtype) - np.eye(n, dtype=x._value.dtype) / 2
    return x * Tensor.wrap(mask)


def einsum(equation, *operands):
    """Sums of products named by letters, after Einstein.

    A letter that is not in the result is summed over; ``...`` stands for batch axes that
    broadcast; a letter twice in one operand takes its diagonal.

    >>> import mslearn as ms
    >>> x = ms.Tensor([[1.0, 2.0], [3.0, 4.0]])
    >>> print(ms.ops.einsum("ij->i", x))
    [3. 7.]
    """
    xs = [as_tensor(x) for x in operands]
    dtype = xs[0]._value.dtype
    for x in xs[1:]:
        dtype = promote(dtype, x._value.dtype)
    inputs, arrow, out = equation.replace(" ", "").partition("->")
    terms = inputs.split(",")
    if len(terms) != len(xs):
        raise ShapeError(f"For 'einsum', '{equation}' names {len(terms)} operands, not {len(xs)}.")
    if not arrow:
        once = sorted(c for c in set(inputs) - set(",.") if inputs.count(c) == 1)
        out = ("..." if "..." in inputs else "") + "".join(once)
    free = [c for c in "ZYXWVUTSRQPON" if c not in equation]
    batch = max((x.ndim - len(t.replace("...", "")) for t, x in zip(terms, xs, strict=True)
                 if "..." in t), default=0)  # fmt: skip
    dots = "".join(reversed(free[:batch]))
    ready = []
    for i, (term, tensor) in enumerate(zip(terms, xs, strict=True)):
        own = dots[len(dots) - (tensor.ndim - len(term.replace("...", ""))) :] if dots else ""
        term, x = term.replace("...", own), cast(tensor, dtype)
        for letter in sorted(set(term)):
            while term.count(letter) > 1:
                a = term.index(letter)
                b = term.index(letter, a + 1)
                x = diagonal(x, 0, a, b)
                term = term[:a] + term[a + 1 : b] + term[b + 1 :] + letter
        terms[i] = term
        ready.append(x)
    out = out.replace("...", dots)
    for i, term in enumerate(terms):
        elsewhere = out + "".join(terms[:i] + terms[i + 1 :])
        alone = [k for k, letter in enumerate(term) if letter not in elsewhere]
        if alone:
            ready[i] = ready[i].sum(tuple(alone))
            terms[i] = "".join(c for c in term if c in elsewhere)
    return apply(Einsum, tuple(ready), {"equation": ",".join(terms) + "->" + out})


def inverse(input):
    """The inverse of square matrices."""
    return apply(MatrixInverse, (floating(input),))


def inv(x):
    """1 / x, element by element (for matrices: `inverse`)."""
    return as_tensor(x).reciprocal()


def matrix_solve(matrix, rhs, adjoint=False):
    """The x of ``matrix @ x = rhs`` (of the transposed matrix when `adjoint`)."""
    a = floating(matrix)
    return apply(MatrixSolve, (_t(a) if adjoint else a, floating(rhs)))


def det(input):
    """The determinant of square matrices."""
    return apply(MatrixDeterminant, (floating(input),))


matrix_determinant = det


def slogdet(input):
    """The sign and the logarithm of the absolute value of the determinant."""
    return apply(LogMatrixDeterminant, (floating(input),))


def logdet(input):
    """The logarithm of the determinant of square matrices (NaN where it is negative)."""
    return det(input).log()


def cholesky(input_x, upper=False):
    """The triangular factor of symmetric positive definite matrices, lower unless `upper`."""
    out = apply(Cholesky, (floating(input_x),))
    return _t(out) if upper else out


def matrix_power(input, n):
    """The product of n copies of square matrices (of the inverse when n < 0)."""
    x = floating(input)
    x, n = (inverse(x), -n) if n < 0 else (x, int(n))
    out = Tensor.wrap(np.broadcast_to(np.eye(x.shape[-1], dtype=x._value.dtype), x.shape))
    for _ in range(n):
        out = matmul(out, x)
    return out


def outer(input, vec2):
    """Each element of one vector times each of another."""
    return as_tensor(input).reshape((-1, 1)) * as_tensor(vec2).reshape((1, -1))


ger = outer


def inner(input, other):
    """The sum of products over the last axes."""
    x, y = as_tensor(input), as_tensor(other)
    return x * y if 0 in (x.ndim, y.ndim) else tensor_dot(x, y, ((x.ndim - 1,), (y.ndim - 1,)))


def dot(input, other):
    """The last axis of `input` with the last but one of `other`."""
    x, y = as_tensor(input), as_tensor(other)
    return tensor_dot(x, y, ((x.ndim - 1,), (max(y.ndim - 2, 0),)))


def vecdot(x, y, *, axis=-1):
    """The sum of products along `axis`."""
    return (as_tensor(x) * y).sum(axis)


def tensor_dot(x1, x2, axes):
    """The sum of products over the given axes: a number, or one sequence for each tensor."""
    x, y = as_tensor(x1), as_tensor(x2)
    if isinstance(axes, int):
        pairs = [list(range(x.ndim - axes, x.ndim)), list(range(axes))]
    else:
        pairs = [[a] if isinstance(a, int) else list(a) for a in axes]
    left = [a for v in pairs[0] for a in normal_axes("tensor_dot", x.ndim, v)]
    right = [a for v in pairs[1] for a in normal_axes("tensor_dot", y.ndim, v)]
    rows = [i for i in range(x.ndim) if i not in left]
    cols = [i for i in range(y.ndim) if i not in right]
    n = int(np.prod([x.shape[i] for i in left], dtype=int))
    a = reshape(transpose(x, (*rows, *left)), (-1, n))
    b = reshape(transpose(y, (*right, *cols)), (n, -1))
    return reshape(matmul(a, b), (*[x.shape[i] for i in rows], *[y.shape[i] for i in cols]))


def kron(input, other):
    """Each element of `input` replaced by its product with the whole of `other`."""
    x, y = as_tensor(input), as_tensor(other)
    n = max(x.ndim, y.ndim)
    a, b = ((1,) * (n - t.ndim) + t.shape for t in (x, y))
    left = reshape(x, tuple(v for size in a for v in (size, 1)))
    right = reshape(y, tuple(v for size in b for v in (1, size)))
    return reshape(left * right, tuple(p * q for p, q in zip(a, b, strict=True)))


def mv(mat, vec):
    """The product of a matrix and a vector."""
    return reshape(mm(mat, reshape(vec, (-1, 1))), (-1,))


def addmm(input, mat1, mat2, *, beta=1, alpha=1):
    """``beta * input + alpha * (mat1 @ mat2)``."""
    return beta * as_tensor(input) + alpha * mm(mat1, mat2)


def addmv(input, mat, vec, *, beta=1, alpha=1):
    """``beta * input + alpha * (mat @ vec)``."""
    return beta * as_tensor(input) + alpha * mv(mat, vec)


def addr(x, vec1, vec2, *, beta=1, alpha=1):
    """``beta * x + alpha * outer(vec1, vec2)``."""
    return beta * as_tensor(x) + alpha * outer(vec1, vec2)


def baddbmm(input, batch1, batch2, beta=1, alpha=1):
    """``beta * input + alpha * bmm(batch1, batch2)``."""
    return beta * as_tensor(input) + alpha * bmm(batch1, batch2)


def addbmm(input, batch1, batch2, *, beta=1, alpha=1):
    """``beta * input + alpha`` times the sum of the products of the batch."""
    return beta * as_tensor(input) + alpha * bmm(batch1, batch2).sum(0)
