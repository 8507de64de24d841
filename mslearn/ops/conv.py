"""Convolution and its two adjoints; `conv_kernels` has the arithmetic.

A convolution is linear in the image and linear in the filters. The two gradients are again
convolutions of the same three tensors (image, filters, output), so three primitives that name
one another as adjoints give derivatives of every order.

Attributes of all of them: `stride`, `dilation` (a number for each spatial axis), `pad` (zeros
before and after each axis, so four numbers for an image) and `group`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from mslearn.core.dtype import dtype_of
from mslearn.core.errors import DtypeError, ShapeError
from mslearn.core.primitive import Primitive, apply
from mslearn.core.tensor import Tensor, as_tensor
from mslearn.ops import conv_kernels as kernels
from mslearn.ops.families import Multilinear, Reshape
from mslearn.ops.neural import BiasAdd
from mslearn.ops.windows import (
    numbers,
    only_channels_first,
    output_sizes,
    padding_of,
    paddings,
)  # fmt: skip

__all__ = ["Conv2DTranspose", "conv1d", "conv2d", "conv3d", "conv3d_transpose", "conv_transpose2d"]
AXES = {1: "(N, C, L)", 2: "(N, C, H, W)", 3: "(N, C, D, H, W)"}


def _check(name: str, x: Any, w: Any, stride: Any, pad: Any, dilation: Any, group: int) -> Any:
    rank = len(stride)
    if len(x.shape) != rank + 2 or len(w.shape) != rank + 2:
        raise ShapeError(
            f"For '{name}', the input must have the axes {AXES[rank]} and the weight as many, but "
            f"got an input of shape {list(x.shape)} and a weight of shape {list(w.shape)}. A "
            f"single image becomes a batch of one with ops.expand_dims(x, 0)."
        )
    if x.dtype != w.dtype:
        raise DtypeError(
            f"For '{name}', input and weight must have the same dtype, but got "
            f"{dtype_of(x.dtype)} and {dtype_of(w.dtype)}. Cast one of them with astype."
        )
    if x.shape[1] != w.shape[1] * group or w.shape[0] % group:
        raise ShapeError(
            f"For '{name}', an input with C channels in {group} group(s) needs a weight (O, "
            f"C/group, …) with O divisible by the groups, but got an input of shape "
            f"{list(x.shape)} and a weight of shape {list(w.shape)}: {x.shape[1]} channels came "
            f"and {w.shape[1] * group} were expected. Change the layer's in_channels or the "
            f"order of the input's axes (channels stand second)."
        )
    g = kernels.geometry(tuple(x.shape[2:]), tuple(w.shape[2:]), stride, pad, dilation)
    output_sizes(name, g.size, g.kernel, stride, pad, dilation)
    return g


def _like(rank: int, which: int, *tensors: Tensor, **attrs: Any) -> Tensor:
    return apply(_PRIMITIVES[rank][which], tensors, attrs)


def _window(stride: Any, pad: Any, dilation: Any, group: int) -> dict[str, Any]:
    return {"stride": stride, "pad": pad, "dilation": dilation, "group": group}


class Conv2D(Multilinear):
    """Sums of products of filters with the windows of images.

    Shapes: x (N, C, H, W), w (O, C/group, kh, kw) -> (N, O, H', W') with
    H' = (H + pad - dilation * (kh - 1) - 1) // stride + 1.
    """

    inputs = ("x", "w")
    lower = {"onnx": "Conv"}
    rank = 2

    def __init__(
        self, out_channel, kernel_size, mode=1, pad_mode="valid", pad=0, stride=1, dilation=1,
        group=1, data_format=None,
    ):  # fmt: skip
        only_channels_first(self.name, data_format)
        rank = self.rank
        self.attrs = {
            "out_channel": out_channel,
            "kernel_size": numbers(self.name, "kernel_size", kernel_size, rank),
            "mode": mode, "pad_mode": pad_mode, "pad": pad,
            "stride": numbers(self.name, "stride", stride, rank),
            "dilation": numbers(self.name, "dilation", dilation, rank), "group": group,
        }  # fmt: skip

    def __call__(self, x, w):
        a = self.attrs
        size, kernel = as_tensor(x).shape[2:], as_tensor(w).shape[2:]
        if tuple(kernel) != a["kernel_size"] or as_tensor(w).shape[0] != a["out_channel"]:
            raise ShapeError(
                f"For '{self.name}', out_channel = {a['out_channel']} and kernel_size = "
                f"{a['kernel_size']} need a weight of shape ({a['out_channel']}, C, "
                f"{str(a['kernel_size'])[1:]}, but got {list(as_tensor(w).shape)}."
            )
        pad = padding_of(
            self.name, a["pad_mode"], a["pad"], size, kernel, a["stride"], a["dilation"]
        )
        attrs = _window(a["stride"], pad, a["dilation"], a["group"])
        return apply(type(self), (as_tensor(x), as_tensor(w)), attrs)

    def kernel(x, w, stride, pad, dilation, group):
        return kernels.forward(
            x, w, _check(f"Conv{len(stride)}D", x, w, stride, pad, dilation, group), group
        )

    def infer(x, w, stride, pad, dilation, group):
        g = _check(f"Conv{len(stride)}D", x, w, stride, pad, dilation, group)
        return (x.shape[0], w.shape[0], *g.out), x.dtype

    vjp = (
        lambda ct, out, x, w, **a: _like(len(a["stride"]), 1, ct, w, size=x.shape[2:], **a),
        lambda ct, out, x, w, **a: _like(len(a["stride"]), 2, ct, x, size=w.shape[2:], **a),
    )


class Conv2DBackpropInput(Multilinear):
    """The gradient of Conv2D by the images: each output gives back along its window.

    Shapes: dy (N, O, H', W'), w (O, C/group, kh, kw) -> (N, C, *size).
    """

    inputs = ("dy", "w")
    lower = {"onnx": "ConvTranspose"}
    rank = 2

    def __init__(
        self, out_channel, kernel_size, pad_mode="valid", pad=0, pad_list=None, mode=1, stride=1,
        dilation=1, group=1, data_format=None,
    ):  # fmt: skip
        Conv2D.__init__(
            self, out_channel, kernel_size, mode, pad_mode, pad if pad_list is None else pad_list,
            stride, dilation, group, data_format,
        )  # fmt: skip

    def __call__(self, dy, w, input_size):
        a = self.attrs
        size = tuple(input_size)[2:]
        pad = padding_of(
            self.name, a["pad_mode"], a["pad"], size, w.shape[2:], a["stride"], a["dilation"]
        )
        attrs = _window(a["stride"], pad, a["dilation"], a["group"])
        return apply(type(self), (as_tensor(dy), as_tensor(w)), {"size": size, **attrs})

    def kernel(dy, w, size, stride, pad, dilation, group):
        g = _back(f"Conv{len(stride)}DBackpropInput", dy, w, size, stride, pad, dilation, group)
        return kernels.input_gradient(dy, w, g, group)

    def infer(dy, w, size, stride, pad, dilation, group):
        _back(f"Conv{len(stride)}DBackpropInput", dy, w, size, stride, pad, dilation, group)
        return (dy.shape[0], w.shape[1] * group, *size), dy.dtype

    vjp = (
        lambda ct, out, dy, w, size, **a: _like(len(a["stride"]), 0, ct, w, **a),
        lambda ct, out, dy, w, size, **a: _like(len(a["stride"]), 2, dy, ct, size=w.shape[2:], **a),
    )


def _back(name: str, dy: Any, w: Any, size: Any, stride: Any, pad: Any, dilation: Any, group: int):
    rank = len(stride)
    if len(dy.shape) != rank + 2 or len(w.shape) != rank + 2 or dy.shape[1] != w.shape[0]:
        raise ShapeError(
            f"For '{name}', an input (N, O, …) needs a weight (O, C/group, …) with {rank} spatial "
            f"axes, but got an input of shape {list(dy.shape)} and a weight of shape "
            f"{list(w.shape)}. In a transposed convolution in_channels is the weight's first size."
        )
    if dy.dtype != w.dtype:
        raise DtypeError(
            f"For '{name}', input and weight must have the same dtype, but got "
            f"{dtype_of(dy.dtype)} and {dtype_of(w.dtype)}. Cast one of them with astype."
        )
    g = kernels.geometry(tuple(size), tuple(w.shape[2:]), stride, pad, dilation)
    if g.out != tuple(dy.shape[2:]):
        raise ShapeError(
            f"For '{name}', images of size {list(size)} have outputs of size {list(g.out)}, but "
            f"got {list(dy.shape[2:])}. The size must be one from which this output comes."
        )
    return g


class Conv2DBackpropFilter(Multilinear):
    """The gradient of Conv2D by the filters: images and outputs multiplied, window by window.

    Shapes: dy (N, O, H', W'), x (N, C, H, W) -> (O, C/group, *size).
    """

    inputs = ("dy", "x")

    def kernel(dy, x, size, stride, pad, dilation, group):
        g = kernels.geometry(x.shape[2:], tuple(size), stride, pad, dilation)
        return kernels.filter_gradient(dy, x, g, group)

    def infer(dy, x, size, stride, pad, dilation, group):
        return (dy.shape[1], x.shape[1] // group, *size), x.dtype

    vjp = (
        lambda ct, out, dy, x, size, **a: _like(len(a["stride"]), 0, x, ct, **a),
        lambda ct, out, dy, x, size, **a: _like(len(a["stride"]), 1, dy, ct, size=x.shape[2:], **a),
    )


class Conv3D(Conv2D):
    """Conv2D with three spatial axes: x (N, C, D, H, W), w (O, C/group, kd, kh, kw)."""

    rank = 3


class Conv3DBackpropInput(Conv2DBackpropInput):
    """The gradient of Conv3D by the images."""

    rank = 3


class Conv3DBackpropFilter(Conv2DBackpropFilter):
    """The gradient of Conv3D by the filters."""


_PRIMITIVES: dict[int, tuple[type[Primitive], ...]] = {
    2: (Conv2D, Conv2DBackpropInput, Conv2DBackpropFilter),
    3: (Conv3D, Conv3DBackpropInput, Conv3DBackpropFilter),
}
Conv2DTranspose = Conv2DBackpropInput


def convolve(
    name: str, x: Tensor, w: Tensor, bias: Any, stride: Any, pad_mode: str, padding: Any,
    dilation: Any, groups: int,
) -> Tensor:  # fmt: skip
    """Convolution with as many spatial axes as `w` has, padding and bias resolved."""
    rank = w.ndim - 2
    steps, gaps = numbers(name, "stride", stride, rank), numbers(name, "dilation", dilation, rank)
    if x.ndim != rank + 2 or rank not in _PRIMITIVES:
        _check(name, x, w, steps if rank in AXES else (1, 1), (), gaps, groups)
    pad = padding_of(name, pad_mode, padding, x.shape[2:], w.shape[2:], steps, gaps)
    out = _like(rank, 0, x, w, **_window(steps, pad, gaps, groups))
    return out if bias is None else apply(BiasAdd, (out, as_tensor(bias)))


def lifted(x: Tensor) -> Tensor:
    """A batch of signals as images of height 1."""
    n, c, length = x._value.shape
    return apply(Reshape, (x,), {"shape": (n, c, 1, length)})


def lowered(x: Tensor) -> Tensor:
    """Images of height 1 as signals."""
    n, c, _, length = x._value.shape
    return apply(Reshape, (x,), {"shape": (n, c, length)})


def conv1d(
    input, weight, bias=None, stride=1, pad_mode="valid", padding=0, dilation=1, groups=1
):  # fmt: skip
    """Convolution of signals: input (N, C, L), weight (O, C/groups, k) -> (N, O, L')."""
    x, w = as_tensor(input), as_tensor(weight)
    if x.ndim != 3 or w.ndim != 3:
        _check("conv1d", x, w, (1,), (), (), groups)
    ((step,), (gap,)) = (
        numbers("conv1d", what, v, 1) for what, v in (("stride", stride), ("dilation", dilation))
    )
    around = (0, 0, *paddings("conv1d", padding, 1)) if np.any(padding) else 0
    out = convolve(
        "conv1d", lifted(x), lifted(w), bias, (1, step), pad_mode, around, (1, gap), groups
    )
    return lowered(out)


def conv2d(
    input, weight, bias=None, stride=1, pad_mode="valid", padding=0, dilation=1, groups=1
):  # fmt: skip
    """Convolution of images: input (N, C, H, W), weight (O, C/groups, kh, kw) -> (N, O, H', W').

    Args:
        bias: (O,), added to each channel; none when None.
        stride: distance between windows, an int or (down, right).
        pad_mode: ``"valid"`` no zeros around, ``"same"`` as many as make the output as large
            as the input divided by the stride, ``"pad"`` as `padding` says.
        padding: for ``"pad"``: an int, (vertical, horizontal) or (top, bottom, left, right).
        dilation: distance between the elements of a window.
        groups: parts into which the channels are cut; each is convolved on its own.

    Raises:
        ShapeError: the channels or numbers of axes do not fit, or the window is larger than
            the padded image.

    >>> import mslearn as ms
    >>> x, w = ms.ops.ones((1, 1, 4, 4)), ms.ops.ones((2, 1, 3, 3))
    >>> ms.ops.conv2d(x, w, pad_mode="same").shape
    (1, 2, 4, 4)
    """
    x, w = as_tensor(input), as_tensor(weight)
    if w.ndim != 4:
        _check("conv2d", x, w, (1,) * 2, (), (), groups)
    return convolve("conv2d", x, w, bias, stride, pad_mode, padding, dilation, groups)


def conv3d(
    input, weight, bias=None, stride=1, pad_mode="valid", padding=0, dilation=1, groups=1
):  # fmt: skip
    """Convolution of volumes: input (N, C, D, H, W), weight (O, C/groups, kd, kh, kw)."""
    x, w = as_tensor(input), as_tensor(weight)
    if w.ndim != 5:
        _check("conv3d", x, w, (1,) * 3, (), (), groups)
    return convolve("conv3d", x, w, bias, stride, pad_mode, padding, dilation, groups)


def transposed(
    x: Tensor, weight: Any, bias: Any, size: tuple[int, ...], stride: tuple[int, ...],
    pad: tuple[int, ...], dilation: tuple[int, ...], groups: int,
) -> Tensor:  # fmt: skip
    """The input gradient of a convolution as a layer: x (N, C, …) -> (N, O, *size)."""
    w = as_tensor(weight)
    attrs = {"size": size, **_window(stride, pad, dilation, groups)}
    out = apply(_PRIMITIVES[len(stride)][1], (x, w), attrs)
    return out if bias is None else apply(BiasAdd, (out, as_tensor(bias)))


def conv_transpose2d(
    input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1
):  # fmt: skip
    """Transposed convolution, the adjoint of conv2d in its image.

    Shapes: input (N, C, H, W), weight (C, O/groups, kh, kw) -> (N, O, H', W') with
    H' = (H - 1) * stride - 2 * padding + dilation * (kh - 1) + output_padding + 1.
    """
    name, x, w = "conv_transpose2d", as_tensor(input), as_tensor(weight)
    steps, gaps = numbers(name, "stride", stride, 2), numbers(name, "dilation", dilation, 2)
    more = numbers(name, "output_padding", output_padding, 2, least=0)
    around = numbers(name, "padding", padding, 2, least=0)
    if x.ndim != 4 or w.ndim != 4:
        _back(name, x, w, (), steps, (), gaps, groups)
    size = tuple(
        (n - 1) * s - 2 * p + d * (k - 1) + e + 1
        for n, s, p, d, k, e in zip(
            x.shape[2:], steps, around, gaps, w.shape[2:], more, strict=True
        )
    )
    pad = (around[0], around[0], around[1], around[1])
    return transposed(x, w, bias, size, steps, pad, gaps, groups)


def conv3d_transpose(
    inputs, weight, pad_mode="valid", padding=0, stride=1, dilation=1, group=1, output_padding=0
):  # fmt: skip
    """Transposed convolution of volumes, the adjoint of `conv3d` in its input.

    Shapes: inputs (N, C, D, H, W), weight (C, O/group, kd, kh, kw) -> (N, O, D', H', W') with
    D' = (D - 1) * stride + dilation * (kd - 1) + 1 - front - back + output_padding, or with
    ``pad_mode="same"`` D' = D * stride.
    """
    name, w = "conv3d_transpose", as_tensor(weight)
    s, d = numbers(name, "stride", stride, 3), numbers(name, "dilation", dilation, 3)
    more = numbers(name, "output_padding", output_padding, 3, least=0)
    spans = tuple(a * (k - 1) + 1 for a, k in zip(d, w.shape[2:], strict=True))
    same = pad_mode.lower() == "same"
    whole = tuple(n * a for n, a in zip(inputs.shape[2:], s, strict=True))
    pad = padding_of(name, pad_mode, padding, whole if same else spans, w.shape[2:], s, d)
    around = [sum(pad[2 * i : 2 * i + 2]) - e for i, e in enumerate(more)]
    size = whole if same else tuple(
        n + max(k - a, 0 if pad_mode.lower() == "valid" else k - a) - p
        for n, a, k, p in zip(whole, s, spans, around, strict=True))  # fmt: skip
    return transposed(as_tensor(inputs), w, None, size, s, pad, d, group)
