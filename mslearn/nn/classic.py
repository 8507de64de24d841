"""Layers of MindSpore 1.x that programs still use: mathematics, triangles, diagonals, blocks."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from mslearn import ops
from mslearn.common.initializer import Uniform, initializer
from mslearn.core.dtype import DType, float32, int32
from mslearn.core.errors import ShapeError
from mslearn.core.parameter import Parameter
from mslearn.core.tensor import Tensor
from mslearn.nn.cell import Cell, ParameterlessCell
from mslearn.nn.conv import Conv2d
from mslearn.nn.layers import Dense, LeakyReLU, get_activation
from mslearn.nn.normalization import BatchNorm1d, BatchNorm2d


class DiGamma(ParameterlessCell):
    """The derivative of `LGamma`."""

    def construct(self, x: Tensor) -> Tensor:
        return ops.digamma(x)


class LGamma(ParameterlessCell):
    """The logarithm of |gamma(x)|."""

    def construct(self, x: Tensor) -> Tensor:
        return ops.lgamma(x)


class LBeta(Cell):
    """The logarithm of the beta function: lgamma(x) + lgamma(y) - lgamma(x + y)."""

    def __init__(self) -> None:
        super().__init__()
        self.lgamma = LGamma()

    def construct(self, x: Tensor, y: Tensor) -> Tensor:
        return self.lgamma(x) + self.lgamma(y) - self.lgamma(x + y)


class IGamma(ParameterlessCell):
    """The lower incomplete gamma function of (a, x), from 0 to 1."""

    def construct(self, a: Tensor, x: Tensor) -> Tensor:
        return ops.igamma(a, x)


class ReduceLogSumExp(Cell):
    """log(sum(exp(x))) along `axis`, without overflow."""

    def __init__(self, axis: Any, keep_dims: bool = False) -> None:
        super().__init__()
        self.axis, self.keep_dims = axis, keep_dims

    def construct(self, x: Tensor) -> Tensor:
        return ops.logsumexp(x, self.axis, self.keep_dims)


class Moments(Cell):
    """(mean, variance) along `axis`; the variance divides by the number of elements."""

    def __init__(self, axis: Any = None, keep_dims: bool | None = None) -> None:
        super().__init__()
        self.axis, self.keep_dims = () if axis is None else axis, bool(keep_dims)

    def construct(self, x: Tensor) -> tuple[Tensor, Tensor]:
        wide = x.astype(float32)
        mean = wide.mean(self.axis, True)
        variance = ops.square(wide - mean).mean(self.axis, self.keep_dims)
        if not self.keep_dims:
            mean = wide.mean(self.axis)
        return mean.astype(x.dtype), variance.astype(x.dtype)


class MatMul(Cell):
    """The matrix product; `transpose_x1` and `transpose_x2` swap a factor's last two axes."""

    def __init__(self, transpose_x1: bool = False, transpose_x2: bool = False) -> None:
        super().__init__()
        self.transpose_x1, self.transpose_x2 = transpose_x1, transpose_x2

    def construct(self, x1: Tensor, x2: Tensor) -> Tensor:
        if self.transpose_x1 and x1.ndim > 1:
            x1 = ops.swapaxes(x1, -1, -2)
        if self.transpose_x2 and x2.ndim > 1:
            x2 = ops.swapaxes(x2, -1, -2)
        return ops.matmul(x1, x2)


class MatInverse(ParameterlessCell):
    """The inverse of a symmetric positive definite matrix."""

    def construct(self, a: Tensor) -> Tensor:
        return ops.inverse(a)


class MatDet(ParameterlessCell):
    """The determinant of a symmetric positive definite matrix."""

    def construct(self, a: Tensor) -> Tensor:
        return ops.det(a)


class Range(Cell):
    """The numbers from `start` up to `limit`, `delta` apart, int32 or float32; called with none."""

    def __init__(self, start: float, limit: float | None = None, delta: float = 1) -> None:
        super().__init__()
        if delta == 0:
            raise ValueError("For 'Range', delta must not be 0.")
        data = np.arange(start, limit, delta) if limit is not None else np.arange(start)
        self.result_tensor = Tensor(data, float32 if data.dtype.kind == "f" else int32)

    def construct(self) -> Tensor:
        return self.result_tensor


class Roll(Cell):
    """Elements moved by `shift` along `axis`; what leaves at one end comes in at the other."""

    def __init__(self, shift: Any, axis: Any) -> None:
        super().__init__()
        self.shift = shift if isinstance(shift, tuple | list) else (shift,)
        self.axis = axis if isinstance(axis, tuple | list) else (axis,)
        if len(self.shift) != len(self.axis):
            raise ValueError(
                f"For 'Roll', there must be one shift for each axis, but got {len(self.shift)} "
                f"and {len(self.axis)}."
            )

    def construct(self, input_x: Tensor) -> Tensor:
        return ops.roll(input_x, tuple(self.shift), tuple(self.axis))


class Tril(ParameterlessCell):
    """The lower triangle, up to diagonal `k`; zeros elsewhere."""

    def construct(self, x: Tensor, k: int = 0) -> Tensor:
        return ops.tril(x, k)


class Triu(ParameterlessCell):
    """The upper triangle, from diagonal `k`; zeros elsewhere."""

    def construct(self, x: Tensor, k: int = 0) -> Tensor:
        return ops.triu(x, k)


class MatrixDiag(ParameterlessCell):
    """(…, K) as the diagonals of matrices (…, K, K)."""

    def construct(self, input_x: Tensor) -> Tensor:
        return ops.expand_dims(input_x, -1) * ops.eye(input_x.shape[-1], dtype=input_x.dtype)


class MatrixDiagPart(ParameterlessCell):
    """The diagonals (…, min(M, N)) of matrices (…, M, N)."""

    def construct(self, input_x: Tensor) -> Tensor:
        m, n = input_x.shape[-2:]
        marked = input_x * ops.eye(m, n, input_x.dtype)
        return marked.sum(-1 if m <= n else -2)


class MatrixSetDiag(ParameterlessCell):
    """Matrices (…, M, N) with other diagonals (…, min(M, N))."""

    def construct(self, input_x: Tensor, diagonal: Tensor) -> Tensor:
        m, n = input_x.shape[-2:]
        if diagonal.shape != (*input_x.shape[:-2], min(m, n)):
            raise ShapeError(
                f"For 'MatrixSetDiag', matrices {list(input_x.shape)} have diagonals "
                f"{[*input_x.shape[:-2], min(m, n)]}, but got {list(diagonal.shape)}."
            )
        eye = ops.eye(m, n, input_x.dtype)
        new = ops.expand_dims(diagonal, -1 if m <= n else -2)
        return input_x * (1 - eye) + new * eye


class ClipByNorm(Cell):
    """`x` shortened to the Euclidean length `clip_norm` (along `axis`) where it is longer."""

    def __init__(self, axis: Any = None) -> None:
        super().__init__()
        self.axis = axis

    def construct(self, x: Tensor, clip_norm: Any) -> Tensor:
        square = ops.square(x).sum(() if self.axis is None else self.axis, True)
        long = square > 0  # the root has no derivative at 0
        length = ops.where(long, ops.sqrt(ops.where(long, square, 1.0)), square)
        return x * clip_norm / ops.maximum(length, clip_norm)


class L1Regularizer(Cell):
    """`scale` times the sum of absolute values: a penalty that makes weights zero."""

    def __init__(self, scale: float) -> None:
        super().__init__()
        if not isinstance(scale, int | float):
            raise TypeError(
                f"For 'L1Regularizer', scale must be a number, but got '{type(scale).__name__}'."
            )
        if not 0 < scale < math.inf:
            raise ValueError(f"For 'L1Regularizer', scale must be positive, but got {scale}.")
        self.scale = scale

    def construct(self, weights: Tensor) -> Tensor:
        return self.scale * ops.abs(weights).sum()


class TimeDistributed(Cell):
    """Run `layer` on every slice along `time_axis` and stack its outputs there.

    With `reshape_with_axis` (an axis beside `time_axis`, usually the batch's) the layer runs once
    for all slices together.
    """

    def __init__(self, layer: Any, time_axis: int, reshape_with_axis: int | None = None) -> None:
        super().__init__()
        if not callable(layer):
            raise TypeError(
                f"For 'TimeDistributed', layer must be a Cell or Primitive, but got "
                f"'{type(layer).__name__}'."
            )
        self.layer, self.time_axis, self.reshape_with_axis = layer, time_axis, reshape_with_axis

    def construct(self, inputs: Tensor) -> Tensor:
        time = self.time_axis % inputs.ndim
        if self.reshape_with_axis is None:
            return ops.stack([self.layer(item) for item in ops.unstack(inputs, time)], time)
        other = self.reshape_with_axis % inputs.ndim
        # The time axis moves next to the other one, and both become one axis for the layer.
        beside = other - 1 if other == inputs.ndim - 1 or time < other else other + 1
        axes = [i for i in range(inputs.ndim) if i != time]
        axes.insert(beside, time)
        inputs = ops.transpose(inputs, tuple(axes))
        at = min(beside, other)
        both = inputs.shape[at : at + 2]
        merged = inputs.reshape((*inputs.shape[:at], -1, *inputs.shape[at + 2 :]))
        out = self.layer(merged)
        return out.reshape((*out.shape[:at], *both, *out.shape[at + 1 :]))


class BiDense(Cell):
    """x1 · A_k · x2 + b_k for every output channel k.

    Args:
        in1_channels, in2_channels: sizes of the inputs' last axes.
        out_channels: size of the output's last axis.
        weight_init: initial A (out, in1, in2); uniform within 1/sqrt(in1_channels) when None.
        bias_init: initial b (out,); the same when None.
    """

    def __init__(
        self, in1_channels: int, in2_channels: int, out_channels: int, weight_init: Any = None,
        bias_init: Any = None, has_bias: bool = True, dtype: DType = float32,
    ) -> None:  # fmt: skip
        super().__init__()
        self.in1_channels, self.in2_channels = in1_channels, in2_channels
        self.out_channels, self.has_bias = out_channels, has_bias
        start = Uniform(1 / math.sqrt(in1_channels))
        shape = (out_channels, in1_channels, in2_channels)
        weight = initializer(start if weight_init is None else weight_init, shape, dtype)
        self.weight = Parameter(weight, name="weight")
        if has_bias:
            bias = initializer(start if bias_init is None else bias_init, (out_channels,), dtype)
            self.bias = Parameter(bias, name="bias")

    def construct(self, input1: Tensor, input2: Tensor) -> Tensor:
        ends = (input1.shape[-1], input2.shape[-1])
        if input1.shape[:-1] != input2.shape[:-1] or ends != (self.in1_channels, self.in2_channels):
            raise ShapeError(
                f"For 'BiDense', the inputs must end with {self.in1_channels} and "
                f"{self.in2_channels} and be alike before, but got {list(input1.shape)} and "
                f"{list(input2.shape)}."
            )
        weight = ops.transpose(self.weight, (1, 0, 2)).reshape((self.in1_channels, -1))
        product = ops.matmul(input1, weight)
        product = product.reshape((*input1.shape[:-1], self.out_channels, self.in2_channels))
        out = (product * ops.expand_dims(input2, -2)).sum(-1)
        return out + self.bias if self.has_bias else out

    def extend_repr(self) -> str:
        text = f"in1_channels={self.in1_channels}, in2_channels={self.in2_channels}, "
        text += f"output_channels={self.out_channels}"
        return text + (f", has_bias={self.has_bias}" if self.has_bias else "")


class _BnAct(Cell):
    """A layer, then BatchNorm, then an activation, each of the last two when it is asked for."""

    def _complete(self, layer: str, norm: Cell | None, activation: Any, alpha: float) -> None:
        self._first = layer
        self.has_bn, self.has_act = norm is not None, activation is not None
        if norm is not None:
            self.batchnorm = norm
        if activation == "leakyrelu":
            activation = LeakyReLU(alpha)
        by_name = isinstance(activation, str)
        self.activation: Any = get_activation(activation) if by_name else activation

    def construct(self, x: Tensor) -> Tensor:
        x = getattr(self, self._first)(x)
        x = self.batchnorm(x) if self.has_bn else x
        return self.activation(x) if self.has_act else x


class Conv2dBnAct(_BnAct):
    """Conv2d, then (with `has_bn`) BatchNorm2d, then (if any) `activation`."""

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: Any, stride: Any = 1,
        pad_mode: str = "same", padding: Any = 0, dilation: Any = 1, group: int = 1,
        has_bias: bool = False, weight_init: Any = "normal", bias_init: Any = "zeros",
        has_bn: bool = False, momentum: float = 0.997, eps: float = 1e-5, activation: Any = None,
        alpha: float = 0.2, after_fake: bool = True,
    ) -> None:  # fmt: skip
        super().__init__()
        self.conv = Conv2d(
            in_channels, out_channels, kernel_size, stride, pad_mode, padding, dilation, group,
            has_bias, weight_init, bias_init,
        )  # fmt: skip
        norm = BatchNorm2d(out_channels, eps, momentum) if has_bn else None
        self._complete("conv", norm, activation, alpha)


class DenseBnAct(_BnAct):
    """Dense, then (with `has_bn`) BatchNorm1d, then (if any) `activation`."""

    def __init__(
        self, in_channels: int, out_channels: int, weight_init: Any = "normal",
        bias_init: Any = "zeros", has_bias: bool = True, has_bn: bool = False,
        momentum: float = 0.9, eps: float = 1e-5, activation: Any = None, alpha: float = 0.2,
        after_fake: bool = True,
    ) -> None:  # fmt: skip
        super().__init__()
        self.dense = Dense(in_channels, out_channels, weight_init, bias_init, has_bias)
        norm = BatchNorm1d(out_channels, eps, momentum) if has_bn else None
        self._complete("dense", norm, activation, alpha)
