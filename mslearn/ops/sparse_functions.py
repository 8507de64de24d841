"""MindSpore's functions of sparse tensors; the work is done by the tensors' own methods."""

from __future__ import annotations

from typing import Any

import numpy as np

from mslearn.core.errors import ShapeError
from mslearn.core.tensor import Tensor, as_tensor
from mslearn.ops.activations import relu6, softsign
from mslearn.ops.families import floating
from mslearn.ops.gather_scatter import scatter_nd
from mslearn.ops.indexing import gather
from mslearn.ops.shape import cast, concat
from mslearn.ops.sorting import searchsorted
from mslearn.ops.sparse import COOTensor, CSRTensor, RowTensor

_PARTS = {"coo": ("indices", "values"), "csr": ("indptr", "indices", "values"),
          "row": ("indices", "values")}  # fmt: skip
FUNCTIONS: dict[str, Any] = {
    "make_coo_tensor": COOTensor, "make_sparse_tensor": COOTensor, "make_csr_tensor": CSRTensor,
    "make_row_tensor": RowTensor,
    "csr_to_coo": CSRTensor.to_coo, "csr_to_dense": CSRTensor.to_dense, "csr_mv": CSRTensor.mv,
    "csr_add": lambda a, b, alpha, beta: a.add(b, alpha, beta),
    "csr_div": lambda x, y: x / y, "csr_mul": lambda x, y: x * y,
    "coo_add": lambda x1, x2, thresh: x1.add(x2, thresh),
    "row_tensor_add": lambda x1, x2: x1.to_dense() + x2,
    "coo2csr": lambda row_indices, height: cast(
        searchsorted(as_tensor(row_indices), Tensor.wrap(np.arange(int(height) + 1))), "i4"
    ),
    "csr2coo": lambda indptr, nnz: Tensor.wrap(
        (np.searchsorted(as_tensor(indptr)._concrete(), np.arange(int(nnz)), "right") - 1)
        .astype(as_tensor(indptr)._value.dtype)
    ),
    **{f"{kind}_tensor_get_{part}": lambda x, part=part: getattr(x, part)
       for kind, parts in _PARTS.items() for part in parts},
    **{f"{kind}_tensor_get_dense_shape": lambda x: x.shape for kind in _PARTS},
}  # fmt: skip


def _relu6(x: Any) -> Any:
    """`relu6` of the stored values."""
    return x._with(relu6(x.values))


def _softsign(x: Any) -> Any:
    """`softsign` of the stored values."""
    return x._with(softsign(x.values))


def coalesce(x_indices, x_values, x_shape):
    """Coordinates (axes, n) in order, each once, and the values of equal ones added up.

    Returns:
        indices (axes, m), values (m,) and the shape.
    """
    at, shape = as_tensor(x_indices), as_tensor(x_shape)
    one = COOTensor(at.swapaxes(0, 1), x_values, tuple(shape.tolist())).coalesce()
    return one.indices.swapaxes(0, 1), one.values, shape


def coo_concat(sp_input, concat_dim=0):
    """COOTensors joined along an axis, coordinates in order."""
    axis, shift, parts = int(concat_dim) % sp_input[0].ndim, 0, []
    for part in sp_input:
        step = np.zeros(part.ndim, part.indices._value.dtype)
        step[axis] = shift
        parts.append((part.indices + Tensor.wrap(step), part.values))
        shift += part.shape[axis]
    shape = list(sp_input[0].shape)
    shape[axis] = shift
    at, values = concat([p[0] for p in parts]), concat([p[1] for p in parts])
    order = Tensor.wrap(np.lexsort(at._concrete().T[::-1]))
    return COOTensor(at[order], values[order], tuple(shape))


def csr_mm(a, b, trans_a=False, trans_b=False, adjoint_a=False, adjoint_b=False):
    """The product of two matrices, `a` sparse: a CSRTensor when `b` is one, else dense."""
    left = _turned(a, trans_a, adjoint_a)
    if isinstance(b, CSRTensor):
        dense = left.to_csr().mm(_turned(b, trans_b, adjoint_b).to_dense())
        return COOTensor(*_nonzero(dense), dense.shape).to_csr()
    right = as_tensor(b).swapaxes(0, 1) if trans_b or adjoint_b else as_tensor(b)
    return left @ (right.conj() if adjoint_b else right)


def _turned(x: CSRTensor, trans: bool, adjoint: bool) -> COOTensor:
    coo = x.to_coo()
    if not (trans or adjoint):
        return coo
    values = coo.values.conj() if adjoint else coo.values
    return COOTensor(coo.indices[:, [1, 0]], values, x.shape[::-1])


def _nonzero(dense: Tensor) -> tuple[Tensor, Tensor]:
    places = np.argwhere(dense._concrete()).astype("i4")
    return Tensor.wrap(places), dense[tuple(Tensor.wrap(p) for p in places.T)]


def csr_reduce_sum(csr_tensor, axis):
    """The sums of the rows (axis 1), (rows, 1)."""
    return csr_tensor.sum(axis)


def csr_softmax(logits, dtype):
    """The softmax of each row's stored values; a CSRTensor."""
    rows, n = logits._rows(), logits.shape[0]
    at, values = rows.expand_dims(-1), cast(floating(logits.values), dtype)
    top = np.full(n, -np.inf, values._value.dtype)
    np.maximum.at(top, rows._concrete(), values._concrete())
    e = (values - Tensor.wrap(top)[rows]).exp()
    return logits._with(e / gather(scatter_nd(at, e, (n,)), rows, 0))


def csr_gather(indptr, indices, dense, sparse_shape):
    """What stands in `dense` at the places of a sparse matrix's values."""
    x = CSRTensor(indptr, indices, as_tensor(indices) * 0, tuple(sparse_shape))
    if as_tensor(dense).shape[:2] != x.shape[:2]:
        raise ShapeError(
            f"For 'csr_gather', the dense tensor's first axes must be {list(x.shape[:2])}, but got "
            f"{list(as_tensor(dense).shape)}."
        )
    at = x._coordinates()
    return as_tensor(dense)[at[:, 0], at[:, 1]]


for _kind in ("coo", "csr"):
    FUNCTIONS |= {f"{_kind}_relu6": _relu6, f"{_kind}_softsign": _softsign}
globals().update(FUNCTIONS)
__all__ = [
    *FUNCTIONS, "coalesce", "coo_concat", "csr_gather", "csr_mm", "csr_reduce_sum", "csr_softmax",
]  # fmt: skip
