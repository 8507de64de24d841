"""Boxes in images: overlap, coding against anchors, suppression, pieces of feature maps.

A box is (x0, y0, x1, y1) in pixels, ends included where MindSpore counts so (a width is
x1 - x0 + 1 in `iou`, as in Faster R-CNN).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from mslearn.core.errors import ShapeError
from mslearn.core.primitive import Primitive
from mslearn.core.tensor import Tensor, as_tensor
from mslearn.ops.families import floating
from mslearn.ops.indexing import where
from mslearn.ops.matrix import einsum
from mslearn.ops.shape import stack

__all__ = [
    "NMSWithMask", "bounding_box_decode", "bounding_box_encode", "check_valid",
    "crop_and_resize", "iou", "nms", "roi_align",
]  # fmt: skip


def _boxes(name: str, boxes: Any) -> Tensor:
    b = floating(boxes)
    if b.ndim != 2 or b.shape[1] != 4:
        raise ShapeError(f"For '{name}', boxes are (N, 4), but got shape {list(b.shape)}.")
    return b


def _corners(b: Tensor) -> tuple[Tensor, ...]:
    return tuple(b[:, i] for i in range(4))


def iou(anchor_boxes, gt_boxes, mode="iou"):
    """Overlap of each box with each anchor over their union: (M, 4) and (N, 4) -> (N, M).

    `mode` ``"iof"`` divides by the box's own area instead.
    """
    if mode not in ("iou", "iof"):
        raise ValueError(f"For 'iou', the mode is 'iou' or 'iof', but got {mode!r}.")
    a, g = _boxes("iou", anchor_boxes), _boxes("iou", gt_boxes)
    ax0, ay0, ax1, ay1 = (v.expand_dims(0) for v in _corners(a))
    gx0, gy0, gx1, gy1 = (v.expand_dims(1) for v in _corners(g))
    wide = (ax1.minimum(gx1) - ax0.maximum(gx0) + 1).maximum(0.0)
    high = (ay1.minimum(gy1) - ay0.maximum(gy0) + 1).maximum(0.0)
    both = wide * high
    by_g = (gx1 - gx0 + 1) * (gy1 - gy0 + 1)
    whole = by_g if mode == "iof" else by_g + (ax1 - ax0 + 1) * (ay1 - ay0 + 1) - both
    return both / whole


def _middle(b: Tensor) -> tuple[Tensor, ...]:
    x0, y0, x1, y1 = _corners(b)
    return (x0 + x1) * 0.5, (y0 + y1) * 0.5, x1 - x0 + 1, y1 - y0 + 1


def bounding_box_encode(anchor_box, groundtruth_box, means=(0.0,) * 4, stds=(1.0,) * 4):
    """Boxes as shifts and logarithms of scales against anchors, (N, 4), standardised."""
    ax, ay, aw, ah = _middle(_boxes("bounding_box_encode", anchor_box))
    gx, gy, gw, gh = _middle(_boxes("bounding_box_encode", groundtruth_box))
    deltas = stack(((gx - ax) / aw, (gy - ay) / ah, (gw / aw).log(), (gh / ah).log()), 1)
    return (deltas - as_tensor(list(means))) / as_tensor(list(stds))


def bounding_box_decode(anchor_box, deltas, max_shape, means=(0.0,) * 4, stds=(1.0,) * 4,
                        wh_ratio_clip=0.016):  # fmt: skip
    """The boxes that `bounding_box_encode` coded, cut at the image of `max_shape` (H, W)."""
    ax, ay, aw, ah = _middle(_boxes("bounding_box_decode", anchor_box))
    d = _boxes("bounding_box_decode", deltas) * as_tensor(list(stds)) + as_tensor(list(means))
    dx, dy, dw, dh = _corners(d)
    limit = abs(math.log(wh_ratio_clip))
    w, h = (aw * dw.clip(-limit, limit).exp(), ah * dh.clip(-limit, limit).exp())
    x, y = ax + aw * dx, ay + ah * dy
    x0, y0, x1, y1 = x - w * 0.5 + 0.5, y - h * 0.5 + 0.5, x + w * 0.5 - 0.5, y + h * 0.5 - 0.5
    high, wide = (float(v) for v in max_shape)
    sides = (x0.clip(0, wide), y0.clip(0, high), x1.clip(0, wide), y1.clip(0, high))
    return stack(sides, 1)


def check_valid(bboxes, img_metas):
    """Which boxes lie inside the image; `img_metas` is (height, width, ratio)."""
    x0, y0, x1, y1 = _corners(_boxes("check_valid", bboxes))
    high, wide, ratio = (float(v) for v in as_tensor(img_metas)._concrete())
    high, wide = high * ratio, wide * ratio
    return (x0 >= 0) & (y0 >= 0) & (x1 <= wide - 1) & (y1 <= high - 1)


def _overlap(box: np.ndarray, others: np.ndarray) -> np.ndarray:
    low, high = np.maximum(box[:2], others[:, :2]), np.minimum(box[2:], others[:, 2:])
    both = np.prod(np.maximum(high - low, 0), 1)
    area = np.prod(box[2:] - box[:2]) + np.prod(others[:, 2:] - others[:, :2], 1)
    return both / np.maximum(area - both, 1e-12)


def nms(boxes, scores, iou_threshold):
    """Indices of the boxes that stay: the best first, without those that overlap a better one.

    >>> import mslearn as ms
    >>> boxes = ms.Tensor([[0.0, 0, 10, 10], [1, 1, 10, 10], [20, 20, 30, 30]])
    >>> print(ms.ops.nms(boxes, ms.Tensor([0.5, 0.9, 0.8]), 0.5))
    [1 2]
    """
    b, s = (as_tensor(v)._concrete() for v in (boxes, scores))
    order, kept = np.argsort(-s, kind="stable"), []
    while order.size:
        best, order = order[0], order[1:]
        kept.append(best)
        order = order[_overlap(b[best], b[order]) <= iou_threshold]
    return Tensor.wrap(np.array(kept, np.int64))


class NMSWithMask(Primitive, abstract=True):
    """Non-maximum suppression: (N, 5) with scores -> boxes sorted by score, 0 … N-1, mask."""

    name, params = "NMSWithMask", {"iou_threshold": 0.5}

    def __call__(self, bboxes):
        b = as_tensor(bboxes)
        if b.ndim != 2 or b.shape[1] != 5:
            raise ShapeError(
                f"For 'NMSWithMask', the boxes are (N, 5): corners and score, but got "
                f"{list(b.shape)}."
            )
        order = np.argsort(-b._concrete()[:, 4], kind="stable").astype(np.int32)
        rows = b[Tensor.wrap(order)]
        values, mask = rows._concrete(), np.ones(len(order), bool)
        for i in range(len(order)):
            if mask[i]:
                over = _overlap(values[i, :4], values[i + 1 :, :4])
                mask[i + 1 :] &= over <= self.attrs["iou_threshold"]
        # As in MindSpore the numbers of the sorted boxes, not those of the given ones.
        return rows, Tensor.wrap(np.arange(len(order), dtype=np.int32)), Tensor.wrap(mask)


def _line(at: np.ndarray, n: int) -> np.ndarray:
    """(points, n): the weights of the two pixels around each point, all 0 far outside."""
    inside = (at >= -1) & (at <= n)
    at = np.clip(at, 0, n - 1)
    return np.maximum(0, 1 - np.abs(at[..., None] - np.arange(n))) * inside[..., None]


def roi_align(features, rois, pooled_height, pooled_width, spatial_scale, sample_num=2,
              roi_end_mode=1):  # fmt: skip
    """Pieces of feature maps, each as a grid of means of interpolated points (He et al., 2017).

    Shapes: features (N, C, H, W), rois (R, 5): image number and corners -> (R, C, ph, pw).
    """
    x, r = floating(features), as_tensor(rois)._concrete().astype(np.float64)
    if x.ndim != 4 or r.ndim != 2 or r.shape[1] != 5:
        raise ShapeError(
            f"For 'ROIAlign', features (N, C, H, W) and rois (R, 5) are needed, but got "
            f"{list(x.shape)} and {list(r.shape)}."
        )
    pieces = []
    for image, x0, y0, x1, y1 in r:
        sides = []
        for low, high, bins, n in (
            (y0, y1, pooled_height, x.shape[2]), (x0, x1, pooled_width, x.shape[3]),
        ):  # fmt: skip
            start, stop = low * spatial_scale, (high + roi_end_mode) * spatial_scale
            size = max(stop - start, 1.0 if roi_end_mode else 1e-4) / bins
            count = sample_num if sample_num > 0 else max(int(size), 1)
            at = start + (np.arange(bins)[:, None] + (np.arange(count) + 0.5) / count) * size
            sides.append(Tensor.wrap(_line(at, n).mean(1).astype(x._value.dtype)))
        pieces.append(einsum("yh,xw,chw->cyx", *sides, x[int(image)]))
    return stack(pieces, 0)


def crop_and_resize(image, boxes, box_indices, crop_size, method="bilinear",
                    extrapolation_value=0.0):  # fmt: skip
    """Pieces of images in one size; boxes (R, 4) are (y0, x0, y1, x1) between 0 and 1.

    Shapes: image (N, H, W, C) -> (R, h, w, C). `method` is ``"bilinear"``, ``"nearest"`` or
    ``"bilinear_v2"`` (middles of pixels).
    """
    x, b = floating(image), as_tensor(boxes)._concrete().astype(np.float64)
    if method not in ("bilinear", "nearest", "bilinear_v2"):
        raise ValueError(
            f"For 'crop_and_resize', the method is 'bilinear', 'nearest' or 'bilinear_v2', but got "
            f"{method!r}."
        )
    pieces = []
    for box, number in zip(b, as_tensor(box_indices)._concrete(), strict=True):
        sides, inside = [], []
        for low, high, n, size in zip(box[:2], box[2:], x.shape[1:3], crop_size, strict=True):
            if method == "bilinear_v2":
                start, span = int(low * n), int(high * n) - int(low * n) + 1  # whole pixels
                at = (np.arange(size) + 0.5) * span / size - 0.5
                at = np.clip(start + np.clip(at, 0, span - 1), 0, n - 1)
            else:
                step = (high - low) * (n - 1) / (size - 1) if size > 1 else 0.0
                first = low * (n - 1) if size > 1 else 0.5 * (low + high) * (n - 1)
                at = first + np.arange(size) * step
            inside.append((at >= 0) & (at <= n - 1))
            at = np.floor(at + 0.5) if method == "nearest" else at
            sides.append(Tensor.wrap(_line(at, n).astype(x._value.dtype)))
        piece = einsum("yh,xw,hwc->yxc", *sides, x[int(number)])
        keep = Tensor.wrap((inside[0][:, None] & inside[1])[:, :, None])
        pieces.append(where(keep, piece, extrapolation_value))
    return stack(pieces, 0)
