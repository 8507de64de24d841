"""Pooling in MindSpore's functional forms, for images with or without a batch axis."""

from __future__ import annotations

from typing import Any

import numpy as np

from mslearn.core.errors import ShapeError
from mslearn.core.primitive import apply
from mslearn.core.tensor import Tensor, as_tensor
from mslearn.ops.families import Reshape
from mslearn.ops.pool import MaxPoolPosition, average, max_like, widened
from mslearn.ops.windows import Sizes, numbers, padding_of, paddings

__all__ = ["avg_pool1d", "avg_pool2d", "avg_pool3d", "max_pool2d", "max_pool3d"]


def _extra(size: Sizes, kernel: Sizes, stride: Sizes, pad: Sizes, dilation: Sizes) -> Sizes:
    """What ceil mode adds behind each axis; a window must still begin in the image or before."""
    more = []
    for i, (n, k, s, d) in enumerate(zip(size, kernel, stride, dilation, strict=True)):
        whole, span = n + pad[2 * i] + pad[2 * i + 1], d * (k - 1) + 1
        count = -(-(whole - span) // s) + 1
        if (count - 1) * s >= n + pad[2 * i]:
            count -= 1
        more.append(max((count - 1) * s + span - whole, 0))
    return tuple(more)


def max_pooling(
    name: str, input: Any, rank: int, kernel_size: Any, stride: Any, pad_mode: str, padding: Any,
    dilation: Any, return_indices: bool, ceil_mode: bool,
) -> Any:  # fmt: skip
    """Max pooling in every form, for functions and layers; a missing batch axis is added."""
    x = as_tensor(input)
    kernel = numbers(name, "kernel_size", kernel_size, rank)
    steps = kernel if stride is None else numbers(name, "stride", stride, rank)
    gaps = numbers(name, "dilation", dilation, rank)
    x, single = with_batch(name, x, rank)
    size = x.shape[2:]
    pad = padding_of(name, pad_mode, padding, size, kernel, steps, gaps)
    if (
        any(2 * p > k for p, k in zip(pad, np.repeat(kernel, 2), strict=True))
        and pad_mode != "same"
    ):
        raise ValueError(
            f"For '{name}', the padding must be at most half of the kernel_size {list(kernel)}, "
            f"but got {padding}. A window in the padding alone has no maximum."
        )
    if ceil_mode:
        pad = widened(pad, _extra(size, kernel, steps, pad, gaps))
    attrs = {"kernel_size": kernel, "strides": steps, "pad": pad, "dilation": gaps}
    if rank == 1:
        x, attrs = _lifted(x, attrs)
    out = max_like(attrs, 0, x)
    found = [out, apply(MaxPoolPosition, (x, out), attrs)] if return_indices else [out]
    if rank == 1:
        found = [_reshaped(f, (*f.shape[:2], f.shape[3])) for f in found]
    if single:
        found = [_reshaped(f, f.shape[1:]) for f in found]
    return tuple(found) if return_indices else found[0]


def avg_pooling(
    name: str, input: Any, rank: int, kernel_size: Any, stride: Any, pad_mode: str, padding: Any,
    ceil_mode: bool, count_include_pad: bool, divisor_override: int,
) -> Tensor:  # fmt: skip
    """Mean pooling in every form, for the functions and the layers; a missing batch is added."""
    x = as_tensor(input)
    kernel = numbers(name, "kernel_size", kernel_size, rank)
    steps = kernel if stride is None else numbers(name, "stride", stride, rank)
    x, single = with_batch(name, x, rank)
    size, gaps = x.shape[2:], (1,) * rank
    pad = padding_of(name, pad_mode, padding, size, kernel, steps, gaps)
    extra = _extra(size, kernel, steps, pad, gaps) if ceil_mode else (0,) * rank
    include = count_include_pad and pad_mode != "same"
    if rank == 1:
        attrs = {"kernel_size": kernel, "strides": steps, "pad": pad}
        x, a = _lifted(x, attrs)
        out = average(
            x, a["kernel_size"], a["strides"], a["pad"], (0, *extra), include, divisor_override
        )
        out = _reshaped(out, (*out.shape[:2], out.shape[3]))
    else:
        out = average(x, kernel, steps, pad, extra, include, divisor_override)
    return _reshaped(out, out.shape[1:]) if single else out


def with_batch(name: str, x: Tensor, rank: int) -> tuple[Tensor, bool]:
    """x with a batch axis, and whether that is new."""
    if x.ndim not in (rank + 1, rank + 2):
        raise ShapeError(
            f"For '{name}', the input must have {rank + 2} axes (batch, channels, space), or "
            f"{rank + 1} without the batch, but got shape {list(x.shape)}."
        )
    single = x.ndim == rank + 1
    return (_reshaped(x, (1, *x.shape)) if single else x), single


def _lifted(x: Tensor, attrs: dict[str, Any]) -> tuple[Tensor, dict[str, Any]]:
    """A signal as an image of height 1."""
    up = {k: ((0, 0) if k == "pad" else (1,)) + v for k, v in attrs.items()}
    return _reshaped(x, (*x.shape[:2], 1, x.shape[2])), up


def _reshaped(x: Tensor, shape: Sizes) -> Tensor:
    return apply(Reshape, (x,), {"shape": shape})


def max_pool2d(
    x, kernel_size, stride=None, padding=0, dilation=1, return_indices=False, ceil_mode=False
):  # fmt: skip
    """The largest number of each window; x (N, C, H, W), or without N.

    Args:
        kernel_size: size of the window, an int or (height, width).
        stride: distance between windows; the size of the window when None.
        padding: rows and columns around the image that never win.
        dilation: distance between the elements of a window.
        return_indices: give the positions of the maxima in the flattened image, too.
        ceil_mode: take one more window where only a part of it lies on the image.
    """
    return max_pooling(
        "max_pool2d", x, 2, kernel_size, stride, "pad", paddings("max_pool2d", padding, 2),
        dilation, return_indices, ceil_mode,
    )  # fmt: skip


def max_pool3d(
    x, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False
):  # fmt: skip
    """The largest number of each window; x (N, C, D, H, W), or without N."""
    return max_pooling(
        "max_pool3d", x, 3, kernel_size, stride, "pad", paddings("max_pool3d", padding, 3),
        dilation, return_indices, ceil_mode,
    )  # fmt: skip


def avg_pool1d(
    input_x, kernel_size=1, stride=1, padding=0, ceil_mode=False, count_include_pad=True
):  # fmt: skip
    """The mean of each window; input_x (N, C, L), or without N."""
    return avg_pooling(
        "avg_pool1d", input_x, 1, kernel_size, stride, "pad", padding, ceil_mode,
        count_include_pad, 0,
    )  # fmt: skip


def avg_pool2d(
    input_x, kernel_size=1, stride=1, padding=0, ceil_mode=False, count_include_pad=True,
    divisor_override=0,
):  # fmt: skip
    """The mean of each window; input_x (N, C, H, W), or without N.

    Args:
        kernel_size, stride, padding: as in `max_pool2d`; the stride is 1 by default.
        ceil_mode: take one more window where only a part of it lies on the image.
        count_include_pad: whether padding counts as zeros in the mean.
        divisor_override: divide by this instead of the count, when not 0.
    """
    return avg_pooling(
        "avg_pool2d", input_x, 2, kernel_size, stride, "pad", padding, ceil_mode,
        count_include_pad, divisor_override,
    )  # fmt: skip


def avg_pool3d(
    input_x, kernel_size=1, stride=1, padding=0, ceil_mode=False, count_include_pad=True,
    divisor_override=0,
):  # fmt: skip
    """The mean of each window; input_x (N, C, D, H, W), or without N."""
    return avg_pooling(
        "avg_pool3d", input_x, 3, kernel_size, stride, "pad", padding, ceil_mode,
        count_include_pad, divisor_override,
    )  # fmt: skip
