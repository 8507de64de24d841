"""Sparse tensors: COOTensor, CSRTensor and RowTensor, made of dense tensors.

Their values are ordinary tensors and all work on them goes through the primitives, so gradients
reach the values and the dense partner of a product.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from mslearn.core.dtype import DType
from mslearn.core.errors import DtypeError, ShapeError
from mslearn.core.tensor import Tensor, as_tensor
from mslearn.ops.gather_scatter import gather_nd, scatter_nd
from mslearn.ops.indexing import gather
from mslearn.ops.shape import cast, concat, stack

__all__ = ["COOTensor", "CSRTensor", "RowTensor", "dense_to_sparse_coo", "dense_to_sparse_csr"]
INT32 = np.dtype("i4")


class _Sparse:
    values: Tensor
    shape: tuple[int, ...]

    def _with(self, values: Tensor) -> Any:
        raise NotImplementedError

    @property
    def dtype(self) -> DType:
        """The element type of the values."""
        return self.values.dtype

    @property
    def size(self) -> int:
        """The number of stored values."""
        return self.values.size

    @property
    def itemsize(self) -> int:
        """Bytes of one value."""
        return self.values.itemsize

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    def astype(self, dtype: Any) -> Any:
        """The values in another dtype."""
        return self._with(cast(self.values, dtype))

    def abs(self) -> Any:
        """The absolute values."""
        return self._with(self.values.abs())

    def __neg__(self) -> Any:
        return self._with(-self.values)

    def _check(self, *parts: tuple[str, Any, str]) -> None:
        for name, value, kinds in parts:
            if not isinstance(value, Tensor) or value._value.dtype.kind not in kinds:
                got = value.dtype if isinstance(value, Tensor) else f"'{type(value).__name__}'"
                raise DtypeError(
                    f"For '{type(self).__name__}', {name} must be a Tensor"
                    f"{' of integers' if kinds == 'iu' else ''}, but got {got}."
                )

    def __repr__(self) -> str:
        text = f"{type(self).__name__}(shape={list(self.shape)}, dtype={self.dtype}"
        for name in (*self._parts, "values"):
            head, _, body = repr(getattr(self, name)).partition("value=")
            text += f", {name}={head}value={body.lstrip(' ').replace(',', '')}"
        return text + ")"

    _parts: tuple[str, ...] = ("indices",)
    __str__ = __repr__


class COOTensor(_Sparse):
    """A sparse tensor as coordinates and values.

    Args:
        indices: (n, ndim) integers, the coordinates of each value.
        values: (n,), the values.
        shape: the shape of the whole.
        coo_tensor: another COOTensor to take all three from.

    >>> import mslearn as ms
    >>> x = ms.COOTensor(ms.Tensor([[0, 1]]), ms.Tensor([5.0]), (2, 2))
    >>> print(x.to_dense())
    [[0. 5.]
     [0. 0.]]
    """

    def __init__(
        self, indices: Any = None, values: Any = None, shape: Any = None, coo_tensor: Any = None
    ) -> None:
        if coo_tensor is not None:
            indices, values, shape = coo_tensor.indices, coo_tensor.values, coo_tensor.shape
        self._check(("indices", indices, "iu"), ("values", values, "biufc"))
        if indices.ndim != 2 or values.shape[:1] != indices.shape[:1]:
            raise ShapeError(
                f"For 'COOTensor', indices have shape (n, axes) and values (n,), but got "
                f"{list(indices.shape)} and {list(values.shape)}."
            )
        if indices.shape[1] != len(shape):
            raise ShapeError(
                f"For 'COOTensor', each index has {indices.shape[1]} coordinates, but the shape "
                f"{list(shape)} has {len(shape)} axes."
            )
        self.indices, self.values, self.shape = indices, values, tuple(shape)

    def _with(self, values: Tensor) -> COOTensor:
        return COOTensor(self.indices, values, self.shape)

    def to_dense(self) -> Tensor:
        """The whole as a Tensor; values at equal coordinates add up."""
        return scatter_nd(self.indices, self.values, self.shape)

    def to_tuple(self) -> tuple[Tensor, Tensor, tuple[int, ...]]:
        """(indices, values, shape)."""
        return self.indices, self.values, self.shape

    def coalesce(self) -> COOTensor:
        """Sorted coordinates, each once; values at equal ones added up."""
        places, which = np.unique(self.indices._concrete(), axis=0, return_inverse=True)
        where_to = Tensor.wrap(which.reshape(-1, 1))
        values = scatter_nd(where_to, self.values, (len(places), *self.values.shape[1:]))
        return COOTensor(Tensor.wrap(places), values, self.shape)

    def to_csr(self) -> CSRTensor:
        """The same matrix as a CSRTensor."""
        if self.ndim != 2:
            raise ValueError(f"For 'to_csr', the tensor must have 2 axes, not {self.ndim}.")
        one = self.coalesce()
        rows = one.indices._concrete()[:, 0]
        ends = np.searchsorted(rows, np.arange(self.shape[0] + 1))
        kind = self.indices._value.dtype
        indptr, columns = Tensor.wrap(ends.astype(kind)), one.indices[:, 1]
        return CSRTensor(indptr, columns, one.values, self.shape)

    def add(self, other: Any, thresh: Any = 0.0) -> COOTensor:
        """The sum; values whose size is below `thresh` are dropped."""
        joined = _joined(self, other).coalesce()
        keep = np.abs(joined.values._concrete()) >= float(thresh)
        if keep.all():
            return joined
        at = Tensor.wrap(np.flatnonzero(keep))
        return COOTensor(joined.indices[at], joined.values[at], self.shape)

    def __add__(self, other: Any) -> Any:
        if isinstance(other, COOTensor):
            return _joined(self, other).coalesce()
        return self.to_dense() + other

    def __radd__(self, other: Any) -> Any:
        return self + other

    def __sub__(self, other: Any) -> Any:
        return self + -other

    def __mul__(self, other: Any) -> COOTensor:
        return self._with(self.values * _partner(self, other, self.indices))

    def __truediv__(self, other: Any) -> COOTensor:
        return self._with(self.values / _partner(self, other, self.indices))

    def __matmul__(self, dense: Any) -> Tensor:
        return _product(self.indices[:, 0], self.indices[:, 1], self, as_tensor(dense))


def _joined(a: COOTensor, b: COOTensor) -> COOTensor:
    if a.shape != b.shape:
        raise ShapeError(
            f"For 'COOTensor', two sparse tensors are added when their shapes are equal, but got "
            f"{list(a.shape)} and {list(b.shape)}."
        )
    return COOTensor(concat([a.indices, b.indices]), concat([a.values, b.values]), a.shape)


def _partner(self: _Sparse, other: Any, indices: Tensor) -> Any:
    """The numbers that stand beside the stored values in a number or dense tensor."""
    if isinstance(other, COOTensor | CSRTensor):
        raise TypeError("A sparse tensor is multiplied by numbers and dense tensors only.")
    if not isinstance(other, Tensor) or other.ndim == 0:
        return other
    return gather_nd(other.broadcast_to(self.shape), indices)


def _product(rows: Tensor, columns: Tensor, matrix: _Sparse, dense: Tensor) -> Tensor:
    """Sparse (m, n) times dense (n, p): each value times a row of dense, added into its row."""
    if len(matrix.shape) != 2 or dense.shape[:1] != matrix.shape[1:]:
        raise ShapeError(
            f"For the product of a sparse and a dense matrix, {list(matrix.shape)} and "
            f"{list(dense.shape)} do not fit: the columns of the first meet the rows of the second."
        )
    values = matrix.values.reshape((-1,) + (1,) * (dense.ndim - 1))
    terms = values * gather(dense, columns, 0)
    return scatter_nd(rows.expand_dims(-1), terms, (matrix.shape[0], *dense.shape[1:]))


class CSRTensor(_Sparse):
    """A sparse matrix by rows: row i holds the places ``indptr[i]`` to ``indptr[i + 1]``.

    Args:
        indptr: (rows + 1,) integers, where each row starts.
        indices: (n,) integers, the column of each value.
        values: (n,), the values.
        shape: (rows, columns).
    """

    _parts = ("indptr", "indices")

    def __init__(
        self, indptr: Any = None, indices: Any = None, values: Any = None, shape: Any = None,
        csr_tensor: Any = None,
    ) -> None:  # fmt: skip
        if csr_tensor is not None:
            indptr, indices = csr_tensor.indptr, csr_tensor.indices
            values, shape = csr_tensor.values, csr_tensor.shape
        kinds = (("indptr", indptr, "iu"), ("indices", indices, "iu"), ("values", values, "biufc"))
        self._check(*kinds)
        if indptr.shape != (shape[0] + 1,) or indices.shape[:1] != values.shape[:1]:
            raise ShapeError(
                f"For 'CSRTensor', indptr has one more entry than there are rows, and indices as "
                f"many as values, but got indptr {list(indptr.shape)}, indices "
                f"{list(indices.shape)}, values {list(values.shape)} for shape {list(shape)}."
            )
        self.indptr, self.indices, self.values, self.shape = indptr, indices, values, tuple(shape)

    def _with(self, values: Tensor) -> CSRTensor:
        return CSRTensor(self.indptr, self.indices, values, self.shape)

    def _rows(self) -> Tensor:
        counts = np.diff(self.indptr._concrete())
        return Tensor.wrap(
            np.repeat(np.arange(len(counts)), counts).astype(self.indptr._value.dtype)
        )

    def _coordinates(self) -> Tensor:
        return stack([self._rows(), cast(self.indices, self.indptr.dtype)], 1)

    def to_coo(self) -> COOTensor:
        """The same matrix as a COOTensor."""
        return COOTensor(self._coordinates(), self.values, self.shape)

    def to_dense(self) -> Tensor:
        """The whole as a Tensor."""
        return self.to_coo().to_dense()

    def to_tuple(self) -> tuple[Tensor, Tensor, Tensor, tuple[int, ...]]:
        """(indptr, indices, values, shape)."""
        return self.indptr, self.indices, self.values, self.shape

    def mm(self, matrix: Any) -> Tensor:
        """The product with a dense matrix (columns, p)."""
        return _product(self._rows(), self.indices, self, as_tensor(matrix))

    def mv(self, dense_vector: Any) -> Tensor:
        """The product with a dense vector of shape (columns, 1)."""
        return self.mm(dense_vector)

    def __matmul__(self, dense: Any) -> Tensor:
        return self.mm(dense)

    def sum(self, axis: int) -> Tensor:
        """The sums of the columns (axis 0) or rows (axis 1), with the axis kept at size 1."""
        return self.to_dense().sum(axis, True)

    def add(self, b: CSRTensor, alpha: Any = 1.0, beta: Any = 1.0) -> CSRTensor:
        """``alpha * self + beta * b``."""
        mine, theirs = self._with(self.values * alpha), b._with(b.values * beta)
        return (mine.to_coo() + theirs.to_coo()).to_csr()

    def __add__(self, other: Any) -> Any:
        return self.add(other) if isinstance(other, CSRTensor) else self.to_dense() + other

    def __sub__(self, other: Any) -> Any:
        return self + -other

    def __mul__(self, other: Any) -> CSRTensor:
        return self._with(self.values * _partner(self, other, self._coordinates()))

    def __truediv__(self, other: Any) -> CSRTensor:
        return self._with(self.values / _partner(self, other, self._coordinates()))


class RowTensor(_Sparse):
    """Some rows of a tensor: `values` (n, …) stand at the rows `indices` of `shape`."""

    def __init__(
        self, indices: Any = None, values: Any = None, shape: Any = None, row_tensor: Any = None
    ) -> None:
        if row_tensor is not None:
            indices, values, shape = row_tensor.indices, row_tensor.values, row_tensor.shape
        self._check(("indices", indices, "iu"), ("values", values, "biufc"))
        self.indices, self.values, self.shape = indices, values, tuple(shape)

    def _with(self, values: Tensor) -> RowTensor:
        return RowTensor(self.indices, values, self.shape)

    @property
    def dense_shape(self) -> tuple[int, ...]:
        """The shape of the whole."""
        return self.shape

    def to_dense(self) -> Tensor:
        """The whole as a Tensor; values of equal rows add up."""
        return scatter_nd(self.indices.expand_dims(-1), self.values, self.shape)


def dense_to_sparse_coo(tensor: Any) -> COOTensor:
    """The elements of a dense tensor that are not 0, as a COOTensor (indices int32)."""
    x = as_tensor(tensor)
    places = Tensor.wrap(np.argwhere(x._concrete()).astype(INT32))
    return COOTensor(places, gather_nd(x, places), x.shape)


def dense_to_sparse_csr(tensor: Any) -> CSRTensor:
    """The elements of a dense matrix that are not 0, as a CSRTensor (indices int32)."""
    return dense_to_sparse_coo(tensor).to_csr()


_ELEMENTWISE = (
    "abs acos acosh asin asinh atan atanh ceil cos cosh exp expm1 floor isfinite isinf isnan log "
    "log1p neg reciprocal relu round sigmoid sin sinh sqrt square tan tanh"
)


def _on_values(name: str) -> Callable[..., Any]:
    def function(x: Any) -> Any:
        return x._with(getattr(x.values, name)())

    function.__doc__ = f"`{name}` of the stored values."
    return function


for _name in _ELEMENTWISE.split():
    _public = "inv" if _name == "reciprocal" else _name
    for _kind in ("coo", "csr"):
        globals()[f"{_kind}_{_public}"] = _on_values(_name)
        __all__.append(f"{_kind}_{_public}")
