"""Embedding, padding and other thin layers."""

from __future__ import annotations

from typing import Any

from mslearn import ops
from mslearn.common.initializer import initializer
from mslearn.core.dtype import DType, float32, int32
from mslearn.core.errors import DtypeError
from mslearn.core.parameter import Parameter
from mslearn.core.tensor import Tensor
from mslearn.nn.cell import Cell
from mslearn.ops import arrange


class Embedding(Cell):
    """A table of vectors: each integer of the input is replaced by its row.

    Args:
        vocab_size: number of rows.
        embedding_size: length of a row.
        use_one_hot: multiply by one-hot vectors instead of picking rows.
        embedding_table: initial table, an initializer or a Tensor.
        dtype: dtype of the table.
        padding_idx: a row that starts as zeros.

    >>> import mslearn as ms
    >>> ms.nn.Embedding(10, 4)(ms.Tensor([[1, 2, 3]], ms.int32)).shape
    (1, 3, 4)
    """

    def __init__(
        self, vocab_size: int, embedding_size: int, use_one_hot: bool = False,
        embedding_table: Any = "normal", dtype: DType = float32, padding_idx: int | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        if padding_idx is not None and not 0 <= padding_idx < vocab_size:
            raise ValueError(
                f"For 'Embedding', padding_idx must be from 0 to {vocab_size - 1}, but got "
                f"{padding_idx}."
            )
        self.vocab_size, self.embedding_size = vocab_size, embedding_size
        self.use_one_hot, self.dtype, self.padding_idx = use_one_hot, dtype, padding_idx
        table = initializer(embedding_table, (vocab_size, embedding_size), dtype)
        if padding_idx is not None:
            table = table.copy()
            table[padding_idx] = 0.0
        self.embedding_table = Parameter(table, name="embedding_table")

    def construct(self, ids: Tensor) -> Tensor:
        if ids._value.dtype.kind not in "iu":
            raise DtypeError(
                f"For 'Embedding', the input must hold integers (row numbers), but got {ids.dtype}."
            )
        if self.use_one_hot:
            codes = ops.one_hot(ids, self.vocab_size, 1.0, 0.0)
            return ops.matmul(codes.astype(self.dtype), self.embedding_table)
        return ops.gather(self.embedding_table, ids, 0)

    def extend_repr(self) -> str:
        return (
            f"vocab_size={self.vocab_size}, embedding_size={self.embedding_size}, "
            f"use_one_hot={self.use_one_hot}, embedding_table={self.embedding_table}, "
            f"dtype={self.dtype}, padding_idx={self.padding_idx}"
        )


class Pad(Cell):
    """More elements around each axis: `paddings` holds (before, after) for every axis.

    Args:
        mode: ``"CONSTANT"`` (zeros), ``"REFLECT"`` or ``"SYMMETRIC"``.
    """

    def __init__(self, paddings: tuple[tuple[int, int], ...], mode: str = "CONSTANT") -> None:
        super().__init__()
        if mode not in ("CONSTANT", "REFLECT", "SYMMETRIC"):
            raise ValueError(
                f"For 'Pad', mode is 'CONSTANT', 'REFLECT' or 'SYMMETRIC', but got {mode!r}."
            )
        self.paddings, self.mode = paddings, mode

    def construct(self, x: Tensor) -> Tensor:
        if x.ndim != len(self.paddings):
            raise ValueError(
                f"For 'Pad', the paddings must hold a pair for each of the {x.ndim} axes, but got "
                f"{self.paddings}."
            )
        if self.mode == "CONSTANT":
            return arrange.pad_pairs(x, self.paddings)
        return arrange.pad_around(x, self.paddings, self.mode.lower())


class _PadLast(Cell):
    axes, mode = 1, "constant"

    value: float | None = None

    def __init__(self, padding: int | tuple[int, ...]) -> None:
        super().__init__()
        self.padding = (padding,) * (2 * self.axes) if isinstance(padding, int) else tuple(padding)

    def construct(self, x: Tensor) -> Tensor:
        return ops.pad(x, self.padding, self.mode, self.value)


class ConstantPad1d(_PadLast):
    """`value` around the last axis."""

    def __init__(self, padding: int | tuple[int, ...], value: float) -> None:
        super().__init__(padding)
        self.value = value


class ConstantPad2d(ConstantPad1d):
    """`value` around the last two axes."""

    axes = 2


class ConstantPad3d(ConstantPad1d):
    """`value` around the last three axes."""

    axes = 3


class ReflectionPad1d(_PadLast):
    """Mirror images around the last axis."""

    axes, mode = 1, "reflect"


class ReflectionPad2d(_PadLast):
    """Mirror images around the last two axes."""

    axes, mode = 2, "reflect"


class ReflectionPad3d(_PadLast):
    """Mirror images around the last three axes."""

    axes, mode = 3, "reflect"


class ReplicationPad1d(_PadLast):
    """Copies of the border around the last axis."""

    axes, mode = 1, "replicate"


class ReplicationPad2d(_PadLast):
    """Copies of the border around the last two axes."""

    axes, mode = 2, "replicate"


class ReplicationPad3d(_PadLast):
    """Copies of the border around the last three axes."""

    axes, mode = 3, "replicate"


class ZeroPad2d(_PadLast):
    """Zeros around the last two axes."""

    axes, mode = 2, "constant"


class Unflatten(Cell):
    """One axis cut into several."""

    def __init__(self, axis: int, unflattened_size: tuple[int, ...]) -> None:
        super().__init__()
        self.axis, self.unflattened_size = axis, unflattened_size

    def construct(self, x: Tensor) -> Tensor:
        return ops.unflatten(x, self.axis, self.unflattened_size)


class Norm(Cell):
    """The 2-norm over `axis` (MindSpore 1.x)."""

    def __init__(self, axis: Any = (), keep_dims: bool = False) -> None:
        super().__init__()
        self.axis, self.keep_dims = axis, keep_dims

    def construct(self, x: Tensor) -> Tensor:
        return x.square().sum(self.axis, self.keep_dims).sqrt()

    def extend_repr(self) -> str:
        return f"axis={self.axis}, keep_dims={self.keep_dims}"


class OneHot(Cell):
    """Vectors of length `depth` with `on_value` at the index (MindSpore 1.x)."""

    def __init__(
        self, axis: int = -1, depth: int = 1, on_value: float = 1.0, off_value: float = 0.0,
        dtype: DType = float32,
    ) -> None:  # fmt: skip
        super().__init__()
        self.axis, self.depth, self.dtype = axis, depth, dtype
        self.on_value, self.off_value = on_value, off_value

    def construct(self, indices: Tensor) -> Tensor:
        codes = ops.one_hot(indices, self.depth, self.on_value, self.off_value, self.axis)
        return codes.astype(self.dtype)


class EmbeddingLookup(Cell):
    """A table of vectors, looked up by integers of any shape.

    Args:
        vocab_size: number of rows.
        embedding_size: length of a row.
        param_init: initial table, an initializer or a Tensor.
        target: "CPU" or "DEVICE"; where MindSpore would look up. Here it changes nothing.
        slice_mode, manual_shapes: how MindSpore splits the table over machines. Here there is one.
        max_norm: longer vectors of the result are scaled to this Euclidean length.
        sparse: MindSpore's kind of gradient; here the gradient is always dense.
        dtype: dtype of the table.
    """

    def __init__(
        self, vocab_size: int, embedding_size: int, param_init: Any = "normal",
        target: str = "CPU", slice_mode: str = "batch_slice", manual_shapes: Any = None,
        max_norm: float | None = None, sparse: bool = True, dtype: DType = float32,
    ) -> None:  # fmt: skip
        super().__init__()
        if target not in ("CPU", "DEVICE"):
            raise ValueError(
                f"For 'EmbeddingLookup', target must be 'CPU' or 'DEVICE', but got {target!r}."
            )
        if max_norm is not None and max_norm <= 0:
            raise ValueError(
                f"For 'EmbeddingLookup', max_norm must be positive, but got {max_norm}."
            )
        self.vocab_size, self.embedding_size, self.target = vocab_size, embedding_size, target
        self.max_norm = max_norm
        table = initializer(param_init, (vocab_size, embedding_size), dtype)
        self.embedding_table = Parameter(table, name="embedding_table")

    def construct(self, indices: Tensor) -> Tensor:
        out = ops.gather(self.embedding_table, indices, 0)
        if self.max_norm is None:
            return out
        length = ops.norm(out, 2, -1, True)
        return out * (self.max_norm / ops.maximum(length, self.max_norm))


class MultiFieldEmbeddingLookup(EmbeddingLookup):
    """Vectors of features, weighted and put together for each field: (N, field_size, size).

    Args:
        field_size: how many fields there are.
        operator: ``"SUM"``, ``"MEAN"`` or ``"MAX"`` of a field's vectors.
        feature_num_list: how MindSpore splits the table over machines. Here there is one.
        (others): as in `EmbeddingLookup`.

    Called with features (N, K) int32, their weights (N, K) float32 (0: none) and fields (N, K)
    int32.
    """

    def __init__(
        self, vocab_size: int, embedding_size: int, field_size: int, param_init: Any = "normal",
        target: str = "CPU", slice_mode: str = "batch_slice", feature_num_list: Any = None,
        max_norm: float | None = None, sparse: bool = True, operator: str = "SUM",
        dtype: DType = float32,
    ) -> None:  # fmt: skip
        super().__init__(
            vocab_size, embedding_size, param_init, target, slice_mode, feature_num_list,
            max_norm, sparse, dtype,
        )  # fmt: skip
        if operator not in ("SUM", "MEAN", "MAX"):
            raise ValueError(
                f"For 'MultiFieldEmbeddingLookup', operator is 'SUM', 'MEAN' or 'MAX', but got "
                f"{operator!r}."
            )
        self.field_size, self.operator = field_size, operator

    def construct(  # type: ignore[override]
        self, input_indices: Tensor, input_values: Tensor, field_ids: Tensor
    ) -> Tensor:
        n, size = input_indices.shape[0], self.embedding_size
        which = field_ids + ops.arange(0, n * self.field_size, self.field_size).reshape((n, 1))
        which = which.reshape((-1,)).astype(int32)
        weights = input_values.reshape((-1, 1))
        vectors = super().construct(input_indices).reshape((-1, size)) * weights
        total = n * self.field_size
        count = ops.unsorted_segment_sum(ops.abs(weights.reshape((-1,))), which, total)
        present = ops.expand_dims(count, 1)
        if self.operator == "MAX":
            hidden = ops.masked_fill(vectors, ops.equal(weights, 0), -3.4e38)
            out = ops.unsorted_segment_max(hidden, which, total)
            out = ops.where(present > 0, out, ops.zeros_like(out))
        else:
            out = ops.unsorted_segment_sum(vectors, which, total)
            if self.operator == "MEAN":
                out = out / ops.where(present > 0, present, ops.ones_like(present))
        return out.reshape((n, self.field_size, size))
