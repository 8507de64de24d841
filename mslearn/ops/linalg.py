"""Matrix products."""

from __future__ import annotations

from typing import Any

import numpy as np

from mslearn.core.dtype import promote
from mslearn.core.errors import DtypeError, ShapeError
from mslearn.core.primitive import apply, broadcast_shape
from mslearn.core.tensor import Tensor, as_tensor
from mslearn.ops.families import Multilinear, Reshape, cast, conj, sum_to
from mslearn.ops.neural import BiasAdd

__all__ = [
    "bmm", "dense", "matmul", "mm",
]  # fmt: skip


def _rows_cols(x: Any, transposed: bool) -> tuple[int, int]:
    a, b = x.shape[-2:]
    return (b, a) if transposed else (a, b)


def _product_shape(name: str, x: Any, y: Any, ta: bool, tb: bool) -> tuple[int, ...]:
    rows, inner = _rows_cols(x, ta)
    other, cols = _rows_cols(y, tb)
    if inner != other:
        raise ShapeError(
            f"For '{name}', the inner sizes must be equal, but got {inner} (of x with shape "
            f"{list(x.shape)}{', transposed' if ta else ''}) and {other} (of y with shape "
            f"{list(y.shape)}{', transposed' if tb else ''}). In x @ y the columns of x meet the "
            f"rows of y: reshape or transpose one of them, or change the layer's in_channels."
        )
    return (*broadcast_shape(name, x.shape[:-2], y.shape[:-2]), rows, cols)


class BatchMatMul(Multilinear):
    """Matrix products over leading batch axes, which broadcast."""

    inputs = ("x", "y")
    params = {"transpose_a": False, "transpose_b": False}
    lower = {"onnx": "MatMul"}

    def kernel(x, y, transpose_a=False, transpose_b=False):
        return np.matmul(
            x.swapaxes(-1, -2) if transpose_a else x, y.swapaxes(-1, -2) if transpose_b else y
        )

    def infer(x, y, transpose_a=False, transpose_b=False):
        return _product_shape("BatchMatMul", x, y, transpose_a, transpose_b), x.dtype

    vjp = (
        lambda ct, out, x, y, transpose_a=False, transpose_b=False: sum_to(
            _dx(BatchMatMul, ct, y, transpose_a, transpose_b), x._value.shape
        ),
        lambda ct, out, x, y, transpose_a=False, transpose_b=False: sum_to(
            _dy(BatchMatMul, ct, x, transpose_a, transpose_b), y._value.shape
        ),
    )


# OpenBLAS multiplies a small batch by a transposed weight 15-25 % faster the other way round,
# the copy of the small result included (64x784 @ (512x784).T: 0.69 -> 0.56 ms on one thread);
# with more rows than these the copy costs more than it saves.
_FEW_ROWS, _WIDE = 64, 128


class MatMul(Multilinear):
    """The product of two matrices, either of them transposed on the way."""

    inputs = ("x", "y")
    params = {"transpose_a": False, "transpose_b": False}
    lower = {"onnx": "Gemm"}

    def kernel(x, y, transpose_a=False, transpose_b=False):
        if x.ndim != 2 or y.ndim != 2:
            raise ValueError  # NumPy would multiply batches; `infer` has the words
        if transpose_b and not transpose_a and len(x) <= _FEW_ROWS and min(y.shape) >= _WIDE:
            return np.ascontiguousarray(np.matmul(y, x.T).T)
        return np.matmul(x.T if transpose_a else x, y.T if transpose_b else y)

    def infer(x, y, transpose_a=False, transpose_b=False):
        if len(x.shape) != 2 or len(y.shape) != 2:
            raise ShapeError(
                f"For 'MatMul', both inputs must be matrices, but got shapes {list(x.shape)} and "
                f"{list(y.shape)}. Use ops.matmul for vectors and batches."
            )
        return _product_shape("MatMul", x, y, transpose_a, transpose_b), x.dtype

    vjp = (
        lambda ct, out, x, y, transpose_a=False, transpose_b=False: _dx(
            MatMul, ct, y, transpose_a, transpose_b
        ),
        lambda ct, out, x, y, transpose_a=False, transpose_b=False: _dy(
            MatMul, ct, x, transpose_a, transpose_b
        ),
    )


def _dx(prim: type, ct: Tensor, y: Tensor, ta: bool, tb: bool) -> Tensor:
    # out = A(x) B(y): dA = ct B', and x = A' when it was transposed on the way in.
    y = conj(y)
    if ta:
        return apply(prim, (y, ct), {"transpose_a": tb, "transpose_b": True})
    return apply(prim, (ct, y), {"transpose_a": False, "transpose_b": not tb})


def _dy(prim: type, ct: Tensor, x: Tensor, ta: bool, tb: bool) -> Tensor:
    x = conj(x)
    if tb:
        return apply(prim, (ct, x), {"transpose_a": True, "transpose_b": ta})
    return apply(prim, (x, ct), {"transpose_a": not ta, "transpose_b": False})


def _pair(name: str, x: Any, y: Any) -> tuple[Tensor, Tensor]:
    for given in (x, y):
        if isinstance(given, bool | int | float | complex):
            raise DtypeError(
                f"For '{name}', both inputs must be Tensors, but got the number {given}. Use * to "
                f"multiply by a number."
            )
    x, y = as_tensor(x), as_tensor(y)
    if x._value.dtype is not y._value.dtype:
        meet = promote(x._value.dtype, y._value.dtype)
        x, y = cast(x, meet), cast(y, meet)
    if x.ndim == 0 or y.ndim == 0:
        raise ShapeError(
            f"For '{name}', both inputs need at least one axis, but got shapes {list(x.shape)} and "
            f"{list(y.shape)}. Use * to multiply by a number."
        )
    return x, y


def matmul(input, other):
    """The matrix product with NumPy's rules for one axis (vector) and for many (batch)."""
    x, y = _pair("matmul", input, other)
    if x.ndim == 2 and y.ndim == 2:
        return apply(MatMul, (x, y))
    rows, cols = x.ndim == 1, y.ndim == 1
    if rows:
        x = apply(Reshape, (x,), {"shape": (1, *x.shape)})
    if cols:
        y = apply(Reshape, (y,), {"shape": (*y.shape, 1)})
    prim = MatMul if x.ndim == 2 and y.ndim == 2 else BatchMatMul
    out = apply(prim, (x, y))
    if rows or cols:
        shape = (*out.shape[:-2], *out.shape[-2:][rows : 2 - cols])
        out = apply(Reshape, (out,), {"shape": shape})
    return out


def bmm(input_x, mat2):
    """The product of two batches of matrices, shapes (*b, n, m) and (*b, m, p)."""
    x, y = _pair("bmm", input_x, mat2)
    if x.ndim < 2 or y.ndim < 2 or x.shape[:-2] != y.shape[:-2]:
        raise ShapeError(
            f"For 'bmm', both inputs must be matrices or batches of one shape, but got shapes "
            f"{list(x.shape)} and {list(y.shape)}. Use ops.matmul for vectors and for broadcasting."
        )
    return apply(BatchMatMul, (x, y))


def mm(input, mat2):
    """The product of two matrices."""
    return apply(MatMul, _pair("mm", input, mat2))


def dense(input, weight, bias=None):
    """``input @ weight.T + bias``: input (*, in), weight (out, in), bias (out,) -> (*, out)."""
    x = as_tensor(input)
    shape = x._value.shape
    if len(shape) != 2:
        x = apply(Reshape, (x,), {"shape": (-1, shape[-1] if shape else 1)})
    out = apply(MatMul, (x, weight), {"transpose_b": True})
    if bias is not None:
        out = apply(BiasAdd, (out, bias))
    return (
        out if len(shape) == 2 else apply(Reshape, (out,), {"shape": (*shape[:-1], out.shape[-1])})
    )
