"""Colours of images, and which of several boxes that overlap to keep."""

from __future__ import annotations

from typing import Any

import numpy as np

from mslearn.core.errors import ShapeError
from mslearn.core.tensor import Tensor, as_tensor
from mslearn.ops.control import clip_by_value
from mslearn.ops.families import floating
from mslearn.ops.indexing import where
from mslearn.ops.joining import unbind
from mslearn.ops.reduce import amax, amin
from mslearn.ops.shape import stack

INT32 = np.dtype("i4")


def _colours(name: str, images: Any) -> Tensor:
    x = floating(images)
    if x.ndim < 1 or x.shape[-1] != 3:
        raise ShapeError(
            f"For '{name}', the last axis holds the 3 colours, but got shape {list(x.shape)}."
        )
    return x


def rgb_to_hsv(images: Any) -> Tensor:
    """Red, green and blue (…, 3) as hue, saturation and value, all from 0 to 1."""
    x = _colours("RGBToHSV", images)
    r, g, b = unbind(x, -1)
    high, low = amax(x, -1), amin(x, -1)
    spread = high - low
    grey = spread == 0
    safe = where(grey, 1.0, spread)
    of_green = where(high == g, (b - r) / safe + 2, (r - g) / safe + 4)
    hue = where(grey, 0.0, where(high == r, (g - b) / safe, of_green))
    saturation = spread / where(high > 0, high, 1.0)
    return stack([hue / 6 % 1, saturation, high], -1)


def hsv_to_rgb(images: Any) -> Tensor:
    """Hue, saturation and value (…, 3) as red, green and blue."""
    h, s, v = (part.expand_dims(-1) for part in unbind(_colours("HSVToRGB", images), -1))
    turns = (h * 6 + Tensor.wrap(np.array([5, 3, 1], h._value.dtype))) % 6
    part = clip_by_value(where(turns < 2, turns, 4 - turns), 0, 1)
    return v * (1 - s * part)


def adjust_hue(images: Any, delta: Any) -> Tensor:
    """The images with `delta` added to the hue, a whole turn being 1."""
    h, s, v = unbind(rgb_to_hsv(images), -1)
    return hsv_to_rgb(stack([(h + delta) % 1, s, v], -1))


def adjust_saturation(images: Any, scale: Any) -> Tensor:
    """The images with `scale` times the saturation, at most 1."""
    h, s, v = unbind(rgb_to_hsv(images), -1)
    return hsv_to_rgb(stack([h, clip_by_value(s * scale, 0, 1), v], -1))


def suppressed(overlaps: Any, scores: Any, most: Any, threshold: Any, least: Any) -> Tensor:
    """The indices of up to `most` boxes from the highest score down, int32.

    A box is left out when its score is not above `least` or its entry in `overlaps` (n, n) with a
    chosen box is above `threshold`.
    """
    table, values = (as_tensor(t)._concrete() for t in (overlaps, scores))
    kept: list[int] = []
    for i in np.argsort(-values, kind="stable"):
        if len(kept) == int(most) or values[i] <= float(least):
            break
        if all(table[i, j] <= float(threshold) for j in kept):
            kept.append(int(i))
    return Tensor.wrap(np.array(kept, INT32))


def non_max_suppression(boxes: Any, scores: Any, most: Any, threshold: Any, least: Any) -> Tensor:
    """`suppressed` by the boxes' intersection over union; boxes are two opposite corners."""
    b = floating(boxes)._concrete()
    corners = np.concatenate([np.minimum(b[:, :2], b[:, 2:]), np.maximum(b[:, :2], b[:, 2:])], 1)
    x1, y1, x2, y2 = corners.T
    wide = np.maximum(np.minimum(x2[:, None], x2) - np.maximum(x1[:, None], x1), 0)
    high = np.maximum(np.minimum(y2[:, None], y2) - np.maximum(y1[:, None], y1), 0)
    area, both = (x2 - x1) * (y2 - y1), wide * high
    share = both / np.maximum(area[:, None] + area - both, np.finfo(b.dtype).tiny)
    return suppressed(Tensor.wrap(share), scores, most, threshold, least)
