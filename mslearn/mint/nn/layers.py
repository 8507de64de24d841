"""The layers of `mint.nn` that have Parameters, and the one loss with three inputs."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from mslearn import ops
from mslearn.common.initializer import HeUniform, Uniform, initializer
from mslearn.core.dtype import float32
from mslearn.core.parameter import Parameter
from mslearn.core.tensor import Tensor
from mslearn.mint.nn.functional import FUNCTIONS
from mslearn.nn.cell import Cell

__all__ = [
    "BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "Conv1d", "Conv2d", "Conv3d", "ConvTranspose2d",
    "CosineEmbeddingLoss", "Embedding", "GroupNorm", "LayerNorm", "Linear", "PReLU",
    "SyncBatchNorm",
]  # fmt: skip


def _new(init: Any, shape: tuple[int, ...], dtype: Any, name: str, train: bool = True) -> Parameter:
    return Parameter(initializer(init, shape, dtype or float32), name=name, requires_grad=train)


def _start(weight: Parameter) -> Uniform:
    """Where a bias starts: within 1 / sqrt(inputs of one output)."""
    return Uniform(1 / math.sqrt(math.prod(weight.shape[1:])))


class Linear(Cell):
    """x @ weight.T + bias; input (…, in_features), weight (out_features, in_features).

    >>> from mslearn import mint
    >>> mint.nn.Linear(3, 2)(mint.ones((5, 3))).shape
    (5, 2)
    """

    def __init__(
        self, in_features: int, out_features: int, bias: bool = True, weight_init: Any = None,
        bias_init: Any = None, dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self.in_features, self.out_features, self.has_bias = in_features, out_features, bias
        init = HeUniform(math.sqrt(5)) if weight_init is None else weight_init
        self.weight = _new(init, (out_features, in_features), dtype, "weight")
        self.bias = None
        if bias:
            init = _start(self.weight) if bias_init is None else bias_init
            self.bias = _new(init, (out_features,), dtype, "bias")

    def construct(self, input: Tensor) -> Any:
        return FUNCTIONS["linear"](input, self.weight, self.bias)

    def extend_repr(self) -> str:
        return (
            f"input_features={self.in_features}, output_features={self.out_features}, "
            f"has_bias={self.has_bias}"
        )


class _Conv(Cell):
    rank, function, transposed = 2, "conv2d", False

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: Any, stride: Any = 1,
        padding: Any = 0, dilation: Any = 1, groups: int = 1, bias: bool = True,
        padding_mode: str = "zeros", dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        if padding_mode != "zeros":
            raise ValueError(
                f"For '{type(self).__name__}', padding_mode must be 'zeros', but got "
                f"{padding_mode!r}. Put a ReflectionPad or ReplicationPad layer in front."
            )
        if in_channels % groups or out_channels % groups:
            raise ValueError(
                f"For '{type(self).__name__}', the channels must be multiples of groups = "
                f"{groups}, but got {in_channels} and {out_channels}."
            )
        self.in_channels, self.out_channels = in_channels, out_channels
        self.kernel_size, self.stride = self._each(kernel_size), self._each(stride)
        self.padding = padding if isinstance(padding, str) else self._each(padding)
        self.dilation, self.groups, self.has_bias = self._each(dilation), groups, bias
        first, second = (out_channels, in_channels)[:: -1 if self.transposed else 1]
        shape = (first, second // groups, *self.kernel_size)
        self.weight = _new(HeUniform(math.sqrt(5)), shape, dtype, "weight")
        self.bias = _new(_start(self.weight), (out_channels,), dtype, "bias") if bias else None

    def _each(self, value: Any) -> tuple[int, ...]:
        return tuple(value) if isinstance(value, tuple | list) else (value,) * self.rank

    def construct(self, input: Tensor) -> Any:
        return FUNCTIONS[self.function](
            input, self.weight, self.bias, self.stride, self.padding, self.dilation, self.groups
        )

    def extend_repr(self) -> str:
        return (
            f"input_channels={self.in_channels}, output_channels={self.out_channels}, "
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, "
            f"dilation={self.dilation}, groups={self.groups}, bias={self.has_bias}"
        )


class Conv2d(_Conv):
    """Convolution of images (N, C, H, W) with weights (O, C/groups, height, width), with a bias.

    `padding` is a number, one for each axis, ``"same"`` or ``"valid"``. `nn.Conv2d` has other
    defaults: ``"same"`` and no bias.
    """


class Conv1d(_Conv):
    """Convolution of signals (N, C, L) with weights (O, C/groups, width); see `Conv2d`."""

    rank, function = 1, "conv1d"


class Conv3d(_Conv):
    """Convolution of volumes (N, C, D, H, W); see `Conv2d`."""

    rank, function = 3, "conv3d"


class ConvTranspose2d(_Conv):
    """Transposed convolution of images (N, C, H, W) with weights (C, O/groups, height, width).

    Height and width become (n - 1) * stride - 2 * padding + dilation * (kernel - 1) +
    output_padding + 1.
    """

    transposed = True

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: Any, stride: Any = 1,
        padding: Any = 0, output_padding: Any = 0, groups: int = 1, bias: bool = True,
        dilation: Any = 1, padding_mode: str = "zeros", dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__(
            in_channels, out_channels, kernel_size, stride, padding, dilation, groups, bias,
            padding_mode, dtype,
        )  # fmt: skip
        self.output_padding = self._each(output_padding)

    def construct(self, input: Tensor) -> Any:
        return FUNCTIONS["conv_transpose2d"](
            input, self.weight, self.bias, self.stride, self.padding, self.output_padding,
            self.groups, self.dilation,
        )  # fmt: skip


class _BatchNorm(Cell):
    ranks: tuple[int, ...] = (4,)

    def __init__(
        self, num_features: int, eps: float = 1e-5, momentum: float | None = 0.1,
        affine: bool = True, track_running_stats: bool = True, dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        self.affine, self.track_running_stats = affine, track_running_stats
        n = (num_features,)
        self.weight = _new("ones", n, dtype, "weight") if affine else None
        self.bias = _new("zeros", n, dtype, "bias") if affine else None
        self.running_mean = self.running_var = self.num_batches_tracked = None
        if track_running_stats:
            self.running_mean = _new("zeros", n, dtype, "running_mean", False)
            self.running_var = _new("ones", n, dtype, "running_var", False)
            self.num_batches_tracked = Parameter(
                np.asarray(0, np.int64), name="num_batches_tracked", requires_grad=False
            )

    def construct(self, input: Tensor) -> Any:
        if input.ndim not in self.ranks or input.shape[1] != self.num_features:
            raise ValueError(
                f"For '{type(self).__name__}', the input must have {self.ranks} axes and "
                f"num_features = {self.num_features} channels on the second, but got shape "
                f"{list(input.shape)}."
            )
        momentum = self.momentum
        if self.training and self.track_running_stats:
            ops.assign(self.num_batches_tracked, self.num_batches_tracked + 1)
            if momentum is None:  # the plain mean of all batches
                momentum = 1 / int(self.num_batches_tracked)
        mean, var = self.running_mean, self.running_var
        if mean is None:
            mean = _new("zeros", (self.num_features,), input.dtype, "mean", False)
            var = _new("ones", (self.num_features,), input.dtype, "var", False)
        by_batch = self.training or not self.track_running_stats
        return FUNCTIONS["batch_norm"](
            input, mean, var, self.weight, self.bias, by_batch, momentum or 0.0, self.eps
        )

    def extend_repr(self) -> str:
        return (
            f"num_features={self.num_features}, eps={self.eps}, momentum={self.momentum}, "
            f"affine={self.affine}, track_running_stats={self.track_running_stats}"
        )


class BatchNorm2d(_BatchNorm):
    """Each channel of images (N, C, H, W) normalized over the batch and space.

    `momentum` is the share of the *new* statistics (in `nn.BatchNorm2d` of the old ones); None
    takes the mean over all batches.
    """


class BatchNorm1d(_BatchNorm):
    """Each channel of (N, C) or (N, C, L) normalized; see `BatchNorm2d`."""

    ranks = (2, 3)


class BatchNorm3d(_BatchNorm):
    """Each channel of volumes (N, C, D, H, W) normalized; see `BatchNorm2d`."""

    ranks = (5,)


class SyncBatchNorm(_BatchNorm):
    """Batch normalization over all devices, of which there is one here; see `BatchNorm2d`."""

    ranks = (2, 3, 4, 5)

    def __init__(
        self, num_features: int, eps: float = 1e-5, momentum: float = 0.1, affine: bool = True,
        track_running_stats: bool = True, process_group: str | None = None, dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__(num_features, eps, momentum, affine, track_running_stats, dtype)


class GroupNorm(Cell):
    """Groups of channels of (N, C, …) normalized, each sample by itself (Wu & He, 2018)."""

    def __init__(
        self, num_groups: int, num_channels: int, eps: float = 1e-5, affine: bool = True,
        dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self.num_groups, self.num_channels, self.eps, self.affine = (
            num_groups, num_channels, eps, affine,
        )  # fmt: skip
        self.weight = _new("ones", (num_channels,), dtype, "weight", affine)
        self.bias = _new("zeros", (num_channels,), dtype, "bias", affine)

    def construct(self, input: Tensor) -> Any:
        return ops.group_norm(input, self.num_groups, self.weight, self.bias, self.eps)

    def extend_repr(self) -> str:
        return (
            f"num_groups={self.num_groups}, num_channels={self.num_channels}, eps={self.eps}, "
            f"affine={self.affine}"
        )


class LayerNorm(Cell):
    """Each sample normalized over its last axes, `normalized_shape` (Ba et al., 2016)."""

    def __init__(
        self, normalized_shape: Any, eps: float = 1e-5, elementwise_affine: bool = True,
        bias: bool = True, dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        shape = (normalized_shape,) if isinstance(normalized_shape, int) else normalized_shape
        self.normalized_shape, self.eps = tuple(shape), eps
        self.elementwise_affine = elementwise_affine
        own = elementwise_affine
        self.weight = _new("ones", self.normalized_shape, dtype, "weight") if own else None
        self.bias = _new("zeros", self.normalized_shape, dtype, "bias") if own and bias else None

    def construct(self, input: Tensor) -> Any:
        return ops.layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)

    def extend_repr(self) -> str:
        return (
            f"normalized_shape={self.normalized_shape}, eps={self.eps}, "
            f"elementwise_affine={self.elementwise_affine}"
        )


class PReLU(Cell):
    """x, and weight * x below 0 (He et al., 2015); one weight, or one for each channel."""

    def __init__(self, num_parameters: int = 1, init: float = 0.25, dtype: Any = None) -> None:
        super().__init__()
        self.weight = _new(init, (num_parameters,), dtype, "weight")

    def construct(self, input: Tensor) -> Any:
        return ops.prelu(input, self.weight)


class Embedding(Cell):
    """A table of vectors: each integer of the input is replaced by its row.

    `padding_idx` is a row of zeros that is never trained; `max_norm` and `scale_grad_by_freq` are
    refused, see `functional.embedding`.
    """

    def __init__(
        self, num_embeddings: int, embedding_dim: int, padding_idx: int | None = None,
        max_norm: float | None = None, norm_type: float = 2.0, scale_grad_by_freq: bool = False,
        sparse: bool = False, _weight: Tensor | None = None, _freeze: bool = False,
        dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self.num_embeddings, self.embedding_dim = num_embeddings, embedding_dim
        self.padding_idx, self.max_norm, self.norm_type = padding_idx, max_norm, norm_type
        self.scale_grad_by_freq, self.dtype = scale_grad_by_freq, dtype or float32
        shape = (num_embeddings, embedding_dim)
        if _weight is not None and _weight.shape != shape:
            raise ValueError(
                f"For 'Embedding', _weight must have the shape {list(shape)}, but got "
                f"{list(_weight.shape)}."
            )
        table = initializer("normal" if _weight is None else _weight, shape, self.dtype)
        array = (table.asnumpy() if isinstance(table, Tensor) else table).copy()
        if _weight is None:
            array /= 0.01  # "normal" has 0.01 as its deviation, PyTorch's start has 1
            if padding_idx is not None:
                array[padding_idx] = 0.0
        self.weight = Parameter(array, name="weight", requires_grad=not _freeze)

    def construct(self, input: Tensor) -> Any:
        return FUNCTIONS["embedding"](
            input, self.weight, self.padding_idx, self.max_norm, self.norm_type,
            self.scale_grad_by_freq,
        )  # fmt: skip

    def extend_repr(self) -> str:
        return (
            f"num_embeddings={self.num_embeddings}, embedding_dim={self.embedding_dim}, "
            f"padding_idx={self.padding_idx}, max_norm={self.max_norm}, "
            f"norm_type={self.norm_type}, scale_grad_by_freq={self.scale_grad_by_freq}, "
            f"dtype={self.dtype}"
        )


class CosineEmbeddingLoss(Cell):
    """1 - cos for pairs that belong together (1), max(0, cos - margin) for others (-1)."""

    def __init__(self, margin: float = 0.0, reduction: str = "mean") -> None:
        super().__init__()
        self.margin, self.reduction = margin, reduction

    def construct(self, input1: Tensor, input2: Tensor, target: Tensor) -> Any:
        return ops.cosine_embedding_loss(input1, input2, target, self.margin, self.reduction)
