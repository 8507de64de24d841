"""`mint.linalg`: matrices."""

from __future__ import annotations

from typing import Any

from mslearn import ops
from mslearn.core.tensor import Tensor


def inv(input: Tensor) -> Any:
    """The inverse of square matrices (…, n, n)."""
    return ops.inverse(input)


def qr(A: Tensor, mode: str = "reduced") -> Any:
    """(Q, R) with A = Q R, Q's columns orthonormal; `mode` is ``"reduced"`` or ``"complete"``."""
    return ops.qr(A, mode)


def vector_norm(
    x: Tensor, ord: float = 2, dim: Any = None, keepdim: bool = False, *, dtype: Any = None
) -> Any:
    """(Σ|x|^ord)^(1/ord) over the axes `dim` (all by default)."""
    return ops.vector_norm(x, ord, dim, keepdim, dtype=dtype)


def matrix_norm(
    A: Tensor, ord: Any = "fro", dim: tuple[int, int] = (-2, -1), keepdim: bool = False, *,
    dtype: Any = None,
) -> Any:  # fmt: skip
    """The norm of matrices in the axes `dim`: ``"fro"``, ``"nuc"``, 1, -1, 2, -2 or ±inf."""
    return ops.matrix_norm(A, ord, dim, keepdim, dtype=dtype)


def norm(
    A: Tensor, ord: Any = None, dim: Any = None, keepdim: bool = False, *, dtype: Any = None
) -> Any:
    """A matrix's norm, or a vector's where `dim` is one axis; without `ord` sqrt(Σx²)."""
    axes = (-2, -1) if dim is None and A.ndim == 2 else dim
    if ord is not None and isinstance(axes, tuple) and len(axes) == 2:
        return matrix_norm(A, ord, axes, keepdim, dtype=dtype)
    return vector_norm(A, 2 if ord is None else ord, dim, keepdim, dtype=dtype)
