"""Pooling: the maximum or the mean of the windows of images.

Attributes of the primitives' kernels: `kernel_size`, `strides`, `dilation` (a number for each
spatial axis) and `pad` (before and after each axis). `ceil_mode` is padding, too: as much behind
the image as one more window needs.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from mslearn.core.dtype import INT64
from mslearn.core.errors import ShapeError
from mslearn.core.primitive import Primitive, apply
from mslearn.core.tensor import Tensor, as_tensor
from mslearn.ops import pool_kernels as kernels
from mslearn.ops.families import Linear
from mslearn.ops.windows import Sizes, numbers, only_channels_first, output_sizes, padding_of


def _check(name: str, x: Any, kernel: Sizes, stride: Sizes, pad: Sizes, dilation: Sizes) -> Sizes:
    if len(x.shape) != len(kernel) + 2:
        raise ShapeError(
            f"For '{name}', the input must have {len(kernel) + 2} axes (batch, channels and "
            f"{len(kernel)} of space), but got shape {list(x.shape)}. A single image becomes a "
            f"batch of one with ops.expand_dims(x, 0)."
        )
    return output_sizes(name, tuple(x.shape[2:]), kernel, stride, pad, dilation)


class MaxPool(Primitive):
    """The largest number of each window: x (N, C, H, W) -> (N, C, H', W')."""

    lower = {"onnx": "MaxPool"}
    rank = 2

    def __init__(self, kernel_size=1, strides=1, pad_mode="valid", data_format="NCHW"):
        only_channels_first(self.name, data_format)
        self.attrs = {
            "kernel_size": numbers(self.name, "kernel_size", kernel_size, self.rank),
            "strides": numbers(self.name, "strides", strides, self.rank),
            "pad_mode": str(pad_mode).upper(),
        }

    def __call__(self, x):
        a, ones = self.attrs, (1,) * self.rank
        kernel, stride = a["kernel_size"], a["strides"]
        pad = padding_of(self.name, a["pad_mode"], 0, as_tensor(x).shape[2:], kernel, stride, ones)
        return _max(as_tensor(x), kernel, stride, pad, ones)

    def kernel(x, kernel_size, strides, pad, dilation):
        _check("MaxPool", x, kernel_size, strides, pad, dilation)
        return kernels.maximum(x, kernel_size, strides, pad, dilation)

    def infer(x, kernel_size, strides, pad, dilation):
        out = _check("MaxPool", x, kernel_size, strides, pad, dilation)
        return (*x.shape[:2], *out), x.dtype

    vjp = (lambda ct, out, x, **a: max_like(a, 1, x, out, ct),)

    def jvp(tangents, out, x, **a):
        return max_like(a, 2, x, out, tangents[0])


class MaxPoolGrad(Primitive):
    """The gradient of MaxPool: `dy` goes to each window's first maximum.

    Shapes: x (N, C, H, W), y = MaxPool(x) and dy (N, C, H', W') -> (N, C, H, W).
    """

    inputs = ("x", "y", "dy")

    def kernel(x, y, dy, kernel_size, strides, pad, dilation):
        return kernels.maximum_gradient(x, y, dy, kernel_size, strides, pad, dilation)

    def infer(x, y, dy, **window):
        return x.shape, dy.dtype

    vjp = (None, None, lambda ct, out, x, y, dy, **a: max_like(a, 2, x, y, ct))

    def jvp(tangents, out, x, y, dy, **a):
        return None if tangents[2] is None else max_like(a, 1, x, y, tangents[2])


class MaxPoolGradGrad(Primitive):
    """The adjoint of MaxPoolGrad: the number of `t` at each window's first maximum of `x`.

    Shapes: x and t (N, C, H, W), y = MaxPool(x) (N, C, H', W') -> (N, C, H', W').
    """

    inputs = ("x", "y", "t")

    def kernel(x, y, t, kernel_size, strides, pad, dilation):
        return kernels.at_first_maximum(x, y, t, kernel_size, strides, pad, dilation)

    def infer(x, y, t, **window):
        return y.shape, t.dtype

    vjp = (None, None, lambda ct, out, x, y, t, **a: max_like(a, 1, x, y, ct))

    def jvp(tangents, out, x, y, t, **a):
        return None if tangents[2] is None else max_like(a, 2, x, y, tangents[2])


class MaxPool3D(MaxPool):
    """MaxPool with three spatial axes: x (N, C, D, H, W) -> (N, C, D', H', W')."""

    rank = 3


class MaxPool3DGrad(MaxPoolGrad):
    """The gradient of MaxPool3D."""


class MaxPool3DGradGrad(MaxPoolGradGrad):
    """The adjoint of MaxPool3DGrad."""


_MAX: dict[int, tuple[type[Primitive], ...]] = {
    2: (MaxPool, MaxPoolGrad, MaxPoolGradGrad),
    3: (MaxPool3D, MaxPool3DGrad, MaxPool3DGradGrad),
}


def max_like(attrs: dict[str, Any], which: int, *tensors: Tensor) -> Tensor:
    return apply(_MAX[len(attrs["kernel_size"])][which], tensors, attrs)


def _max(x: Tensor, kernel: Sizes, stride: Sizes, pad: Sizes, dilation: Sizes) -> Tensor:
    attrs = {"kernel_size": kernel, "strides": stride, "pad": pad, "dilation": dilation}
    return max_like(attrs, 0, x)


class MaxPoolPosition(Primitive):
    """Where the first maximum of each window stands, as a position in the flattened image.

    Shapes: x (N, C, …), y = MaxPool(x) -> int64 like y.
    """

    inputs = ("x", "y")

    def kernel(x, y, kernel_size, strides, pad, dilation):
        where = kernels.first_maximum(x, y, kernel_size, strides, pad, dilation)
        return kernels.positions(x.shape[2:], where, kernel_size, strides, pad, dilation)

    def infer(x, y, **window):
        return y.shape, INT64


class AvgPool(Linear):
    """The mean of each window: x (N, C, H, W) -> (N, C, H', W').

    Padding counts as zeros with `count_include_pad`, else not at all; `divisor_override` (when
    not 0) takes the place of the count. `extra` is what ceil mode adds behind each axis.
    """

    lower = {"onnx": "AveragePool"}
    rank = 2

    def __init__(self, kernel_size=1, strides=1, pad_mode="valid", data_format="NCHW"):
        MaxPool.__init__(self, kernel_size, strides, pad_mode, data_format)

    def __call__(self, x):
        a = self.attrs
        pad = padding_of(
            self.name, a["pad_mode"], 0, as_tensor(x).shape[2:], a["kernel_size"], a["strides"],
            (1,) * self.rank,
        )  # fmt: skip
        return average(as_tensor(x), a["kernel_size"], a["strides"], pad, include=False)

    def kernel(
        x, kernel_size, strides, pad, extra, count_include_pad, divisor_override
    ):  # fmt: skip
        wide = widened(pad, extra)
        _check("AvgPool", x, kernel_size, strides, wide, (1,) * len(kernel_size))
        sums = kernels.window_sums(x, kernel_size, strides, wide)
        count = divisor_override or kernels.counts(
            x.shape[2:], kernel_size, strides, pad, extra, sums.shape[2:], count_include_pad
        )
        sums *= np.asarray(1 / count, x.dtype)
        return sums

    def infer(x, kernel_size, strides, pad, extra, **how):
        wide = widened(pad, extra)
        out = _check("AvgPool", x, kernel_size, strides, wide, (1,) * len(kernel_size))
        return (*x.shape[:2], *out), x.dtype

    def vjp(ct, out, x, **a):
        prim = AvgPoolGrad if len(a["kernel_size"]) == 2 else AvgPool3DGrad
        return (apply(prim, (ct,), {"size": x.shape[2:], **a}),)


class AvgPoolGrad(Linear):
    """The gradient of AvgPool: each number of `dy` shared out over its window.

    Shapes: dy (N, C, H', W') -> (N, C, *size).
    """

    inputs = ("dy",)

    def kernel(
        dy, size, kernel_size, strides, pad, extra, count_include_pad, divisor_override
    ):  # fmt: skip
        count = divisor_override or kernels.counts(
            size, kernel_size, strides, pad, extra, dy.shape[2:], count_include_pad
        )
        shared = dy * np.asarray(1 / count, dy.dtype)
        return kernels.spread_sums(shared, size, kernel_size, strides, widened(pad, extra))

    def infer(dy, size, **how):
        return (*dy.shape[:2], *size), dy.dtype

    def vjp(ct, out, dy, size, **a):
        return (apply(AvgPool if len(a["kernel_size"]) == 2 else AvgPool3D, (ct,), a),)


class AvgPool3D(AvgPool):
    """AvgPool with three spatial axes: x (N, C, D, H, W) -> (N, C, D', H', W')."""

    rank = 3


class AvgPool3DGrad(AvgPoolGrad):
    """The gradient of AvgPool3D."""


def widened(pad: Sizes, extra: Sizes) -> Sizes:
    return tuple(p + (extra[i // 2] if i % 2 else 0) for i, p in enumerate(pad))


def average(
    x: Tensor, kernel: Sizes, stride: Sizes, pad: Sizes, extra: Sizes = (), include: bool = True,
    divisor: int = 0,
) -> Tensor:  # fmt: skip
    attrs = {
        "kernel_size": kernel, "strides": stride, "pad": pad,
        "extra": extra or (0,) * len(kernel), "count_include_pad": include,
        "divisor_override": divisor,
    }  # fmt: skip
    return apply(AvgPool if len(kernel) == 2 else AvgPool3D, (x,), attrs)
