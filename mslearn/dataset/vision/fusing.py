"""Neighbouring image transforms in one pass over the pixels, with the same result bit for bit.

`Resize` before `CenterCrop` makes only the pixels that stay; `Rescale` and `Normalize` before
`HWC2CHW` write each channel where it belongs. A pipeline works by these shortcuts row by row.
Where one does not fit (another type, too small an image, wrong input) it returns None, and the
transforms run one after the other: with their own results and their own errors.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from mslearn.dataset.vision.enums import Inter
from mslearn.dataset.vision.geometry import CenterCrop
from mslearn.dataset.vision.pillow import is_pil
from mslearn.dataset.vision.pixels import HWC2CHW, Normalize, Rescale
from mslearn.dataset.vision.resample import resize
from mslearn.dataset.vision.resizing import Resize

_Shortcut = Callable[[Any], np.ndarray | None]
_F32 = np.float32


class Fused:
    """Transforms in a row and their shortcut."""

    def __init__(self, parts: Sequence[Any], shortcut: _Shortcut) -> None:
        self.parts, self.shortcut = parts, shortcut


def fuse(operations: Sequence[Any]) -> list[Any]:
    """The operations, with runs of them that have a shortcut as one `Fused`."""
    plan: list[Any] = []
    at = 0
    while at < len(operations):
        kinds = [type(op) for op in operations[at:]]
        points = next((k for k, t in enumerate(kinds) if t not in (Rescale, Normalize)), 0)
        if kinds[:2] == [Resize, CenterCrop]:
            parts = operations[at : at + 2]
            plan.append(Fused(parts, partial(_resize_crop, *parts)))
        elif points and kinds[points] is HWC2CHW:
            parts = operations[at : at + points + 1]
            plan.append(Fused(parts, partial(_planes, parts[:-1])))
        else:
            parts = operations[at : at + 1]
            plan += parts
        at += len(parts)
    return plan


def _resize_crop(first: Resize, second: CenterCrop, image: Any) -> np.ndarray | None:
    if type(image) is not np.ndarray or image.dtype != np.uint8 or image.ndim != 3:
        return None
    target, size = first.target(*image.shape[:2]), second.size
    simple = first.interpolation in (Inter.NEAREST, Inter.BILINEAR, Inter.BICUBIC)
    if not simple or target[0] < size[0] or target[1] < size[1] or not image.size:
        return None
    starts = [(have - wanted) // 2 for have, wanted in zip(target, size, strict=True)]
    rows, columns = (slice(s, s + n) for s, n in zip(starts, size, strict=True))
    return resize(image, *target, first.interpolation, window=(rows, columns))


def _planes(points: Sequence[Rescale | Normalize], image: Any) -> np.ndarray | None:
    if is_pil(image):
        image = np.asarray(image)
    if type(image) is not np.ndarray or image.ndim != 3 or image.dtype.kind not in "biuf":
        return None
    count = image.shape[2]
    for op in points:
        if isinstance(op, Normalize) and not (op.is_hwc and len(op.mean) in (1, count)):
            return None
    out = np.empty((count, *image.shape[:2]), _F32)
    for channel, plane in enumerate(out):  # a plane stays in the cache
        plane[...] = image[..., channel]
        for op in points:
            op.on_plane(plane, channel)
    return out
