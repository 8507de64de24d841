"""Classes of MindSpore that look at images through windows, or choose boxes; see classes.py."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from mslearn import ops as o  # complete but for the classes: this file is loaded late
from mslearn.core.tensor import Tensor, as_tensor
from mslearn.ops.adaptive import along
from mslearn.ops.arrange import pad_pairs
from mslearn.ops.images import non_max_suppression
from mslearn.ops.names.classes import declare
from mslearn.ops.names.classes_rare import INT32, _array, _made
from mslearn.ops.patches import _patches
from mslearn.ops.pooling import max_pooling
from mslearn.ops.windows import output_sizes, padding_of


def _volume_patches(input_x, kernel_size, strides, padding):
    """Every block of a volume as channels: (N, C, D, H, W) -> (N, C * places, D', H', W')."""
    kernel, steps, gaps = tuple(kernel_size)[-3:], tuple(strides)[-3:], (1, 1, 1)
    name, (n, c, *size) = "ExtractVolumePatches", input_x.shape
    pad = padding_of(name, padding.lower(), 0, tuple(size), kernel, steps, gaps)
    index, pairs, _ = _patches(name, size, kernel, gaps, pad, steps)
    flat = pad_pairs(input_x, ((0, 0), (0, 0), *pairs)).reshape((n, c, -1))
    sizes = output_sizes(name, tuple(size), kernel, steps, pad, gaps)
    parts = o.gather(flat, _made(index), 2).swapaxes(1, 2)
    return parts.reshape((n, c * len(index), *sizes))


def _area(images, size, align_corners):
    """Images (N, H, W, C) where each new pixel is the mean of the area that it covers; float32."""
    x = as_tensor(images).astype("f4")
    for axis, new in enumerate(_array(size).tolist(), 1):
        old = x.shape[axis]
        step = (old - 1) / (new - 1) if align_corners and new > 1 else old / new
        low, pixel = np.arange(new)[:, None] * step, np.arange(math.ceil(new * step - 1e-9))
        share = np.clip(np.minimum(pixel + 1, low + step) - np.maximum(pixel, low), 0, None) / step
        weights = np.zeros((new, old))
        np.add.at(weights, (slice(None), np.minimum(pixel, old - 1)), share)
        x = along(x, axis, weights)
    return x


def _combined(boxes, scores, most, total, threshold, least, pad_per_class, clip_boxes):
    """For each image the best `total` boxes of all classes, at most `most` of each class.

    Boxes (N, boxes, classes or 1, 4) and scores (N, boxes, classes) -> boxes (N, total, 4), their
    scores and classes (N, total), zeros where there are fewer, and how many there are (N,).
    """
    b, s = _array(boxes), _array(scores)
    room = min(int(total), int(most) * s.shape[2]) if pad_per_class else int(total)
    out, counts = np.zeros((len(b), room, 6), np.float32), []
    for image, (at, points) in enumerate(zip(b, s, strict=True)):
        rows: list[Any] = []
        for kind in range(s.shape[2]):
            own = at[:, kind if at.shape[1] > 1 else 0]
            kept = non_max_suppression(own, points[:, kind], most, threshold, least)
            rows += [(*own[i], points[i, kind], kind) for i in kept.tolist()]
        rows = sorted(rows, key=lambda row: -row[4])[:room]
        counts.append(len(rows))
        out[image, : len(rows)] = np.reshape(rows, (-1, 6))
    places = np.clip(out[..., :4], 0, 1) if clip_boxes else out[..., :4]
    return *map(_made, (places, out[..., 4], out[..., 5])), _made(counts, INT32)


def deformable_offsets(
    x, offsets, strides, pads, ksize, dilations, data_format, deformable_groups, modulated
):
    """What a deformable convolution looks at: (N, C, H, W) -> (N, C, H' * kh, W' * kw).

    Args:
        offsets: (N, 3 * groups * kh * kw, H', W'): how far each place is moved to the right and
            down, and its weight (Zhu et al., "Deformable ConvNets v2", 2019).
    """
    (n, c, h, w), (kh, kw), groups = x.shape, ksize, deformable_groups
    if not modulated or offsets.shape[1] != 3 * groups * kh * kw:
        raise ValueError(
            f"For 'DeformableOffsets', modulated must be True and the offsets (N, "
            f"{3 * groups * kh * kw}, H', W'), but got {modulated} and {list(offsets.shape)}."
        )
    rows, cols = offsets.shape[2:]
    parts = offsets.reshape((n, 3, groups, kh, kw, rows, cols)).transpose(1, 0, 2, 5, 3, 6, 4)
    right, down, weight = parts.reshape((3, n * groups, rows * kh, cols * kw))

    def pixels(moved: Tensor, axis: int, count: int, size: int) -> Tensor:
        first = np.arange(count)[:, None] * strides[2 + axis] - pads[2 * axis]
        at = (first + np.arange(ksize[axis]) * dilations[2 + axis]).reshape(-1)
        moved = moved + _made(at if axis else at[:, None], moved._value.dtype)
        return (2 * moved + 1) / size - 1

    grid = o.stack((pixels(right, 1, cols, w), pixels(down, 0, rows, h)), -1)
    found = o.grid_sample(x.reshape((n * groups, c // groups, h, w)), grid)
    return (found * weight.expand_dims(1)).reshape((n, c, rows * kh, cols * kw))


def deformable_conv2d(
    x, weight, offsets, kernel_size, strides, padding, bias=None, dilations=(1, 1, 1, 1),
    groups=1, deformable_groups=1, modulated=True,
):  # fmt: skip
    """Convolution whose windows' places are moved by `offsets`; see `DeformableOffsets`."""
    looked = deformable_offsets(
        x, offsets, strides, padding, kernel_size, dilations, "NCHW", deformable_groups, modulated
    )
    return o.conv2d(looked, weight, bias, tuple(kernel_size), "valid", 0, 1, groups)


def _max_with_place(x, kernel_size, strides, pad_mode, data_format):
    """`max_pool2d` and where in the whole image, channels included, each maximum stands."""
    out, at = max_pooling("MaxPoolWithArgmax", x, 2, kernel_size, strides, pad_mode.lower(), 0, 1,
                          True, False)  # fmt: skip
    plane = np.arange(x.shape[1])[:, None, None] * (x.shape[2] * x.shape[3])
    return out, (at + _made(plane)).astype(INT32)


declare("ExtractVolumePatches", _volume_patches, kernel_size=1, strides=1, padding="valid")
declare("ResizeArea", _area, align_corners=False)
declare("CombinedNonMaxSuppression", _combined, pad_per_class=False, clip_boxes=True)
declare("DeformableOffsets", deformable_offsets, strides=(), pads=(), ksize=(),
        dilations=(1, 1, 1, 1), data_format="NCHW", deformable_groups=1, modulated=True,
)  # fmt: skip
declare("MaxPoolWithArgmax", _max_with_place, kernel_size=1, strides=1, pad_mode="valid",
        data_format="NCHW")  # fmt: skip
declare("Conv3DTranspose", lambda x, weight, in_channel, out_channel, kernel_size, mode, pad_mode,
        pad, stride, dilation, group, output_padding, data_format: o.conv3d_transpose(
            x, weight, pad_mode, pad, stride, dilation, group, output_padding), in_channel=1,
        out_channel=1, kernel_size=1, mode=1, pad_mode="valid", pad=0, stride=1, dilation=1,
        group=1, output_padding=0, data_format="NCDHW")  # fmt: skip
o.deformable_conv2d = deformable_conv2d  # type: ignore[attr-defined]
