"""Pictures (N, H, W, C) cut out and stretched, as MindSpore's rarer classes do it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from mslearn.core.primitive import apply
from mslearn.core.tensor import Tensor, as_tensor
from mslearn.ops.adaptive import along
from mslearn.ops.indexing import TENSOR, GetItem, where
from mslearn.ops.names.classes import classes, declare
from mslearn.ops.names.random import _rng
from mslearn.ops.shape import cast


def _sinc(radius: float) -> tuple[Callable[..., Any], float]:
    return (lambda x: np.sinc(x) * np.sinc(x / radius) * (x <= radius)), radius


# The filters of ScaleAndTranslate by the distance from their middle, and how far they reach.
FILTERS: dict[str, tuple[Callable[..., Any], float]] = {
    "lanczos1": _sinc(1.0), "lanczos3": _sinc(3.0), "lanczos5": _sinc(5.0),
    "gaussian": (lambda x: np.exp(-2 * x * x) * (x < 1.5), 1.5),
    "box": (lambda x: 1.0 * (x < 0.5) + 0.5 * (x == 0.5), 1.0),
    "triangle": (lambda x: np.maximum(0, 1 - x), 1.0),
    "keyscubic": (lambda x: _cubic(x, (1.5, -2.5, 0, 1), (-0.5, 2.5, -4, 2)), 2.0),
    "mitchellcubic": (
        lambda x: _cubic(x, (7 / 6, -2, 0, 8 / 9), (-7 / 18, 2, -10 / 3, 16 / 9)), 2.0
    ),
}  # fmt: skip


def _cubic(x: Any, near: Any, far: Any) -> Any:
    return np.where(x < 1, np.polyval(near, x), np.polyval(far, x) * (x < 2))


def scale_and_translate(
    images: Any, size: Any, scale: Any, translation: Any, kernel_type: str, antialias: bool
) -> Tensor:
    """New pixel i looks at (i + 0.5 - translation) / scale, through a filter; float32.

    With `antialias` the filter is as wide as a new pixel where the picture shrinks. Pixels that
    look outside of the picture are 0.
    """
    if kernel_type not in FILTERS:
        raise ValueError(
            f"For 'ScaleAndTranslate', the kernel_type must be one of {list(FILTERS)}, but got "
            f"{kernel_type!r}."
        )
    x, (weigh, reach) = cast(as_tensor(images), "f4"), FILTERS[kernel_type]
    new, by, moved = (as_tensor(v)._concrete() for v in (size, scale, translation))
    if x.ndim != 4 or any(v.shape != (2,) for v in (new, by, moved)) or min(*new, *by) <= 0:
        raise ValueError(
            f"For 'ScaleAndTranslate', images have 4 axes and size, scale and translation two "
            f"numbers each, the first two positive, but got shape {list(x.shape)}, {new}, {by}, "
            f"{moved}."
        )
    for axis, (count, factor, shift) in enumerate(zip(new, by, moved, strict=True), 1):
        half, each = np.float32(0.5), np.float32(1) / factor  # box and gaussian end in a jump
        old, wide = x.shape[axis], max(each, 2 * half) if antialias else 2 * half
        at = (np.arange(count, dtype="f4")[:, None] + half) * each - each * shift
        far = np.abs(np.arange(old, dtype="f4") + half - at) * (1 / wide)
        share = weigh(far) * (far <= reach) * ((at >= 0) & (at <= old))
        total = share.sum(1, keepdims=True)
        x = along(x, axis, share / np.where(total == 0, 1, total))
    return x


def glimpse(
    x: Any, size: Any, offsets: Any, centered: bool, normalized: bool, uniform_noise: bool,
    noise: str, rng: np.random.Generator,
) -> Tensor:  # fmt: skip
    """A window of `size` around a place of each picture; noise where it leaves the picture.

    Offsets (N, 2) are in pixels, or in picture sizes (`normalized`), from the upper left corner;
    with `centered` from the middle, and halved.
    """
    if uniform_noise and noise != "uniform":
        raise ValueError(f"For 'ExtractGlimpse', uniform_noise draws no {noise!r} noise.")
    x, off = as_tensor(x), as_tensor(offsets)._concrete()
    (n, *own, _), wanted = x.shape, as_tensor(size)._concrete()
    if off.shape != (n, 2) or wanted.min() < 1:
        raise ValueError(
            f"For 'ExtractGlimpse', pictures {list(x.shape)} need offsets of shape {[n, 2]} and a "
            f"positive size, but got {list(off.shape)} and {wanted}."
        )
    middle = off * own if normalized else off
    middle = (middle + own) / 2 if centered else middle
    first = np.trunc(middle - wanted / 2).astype(int)
    rows, cols = (first[:, [k]] + np.arange(wanted[k]) for k in (0, 1))
    inside = ((rows >= 0) & (rows < own[0]))[:, :, None] & ((cols >= 0) & (cols < own[1]))[:, None]
    places = (np.arange(n)[:, None, None], rows[:, :, None], cols[:, None])
    index = tuple(Tensor.wrap(np.clip(p, 0, s - 1)) for p, s in zip(places, x.shape, strict=False))
    picked = apply(GetItem, (x, *index), {"template": (TENSOR,) * 3})
    drawn = {"uniform": lambda s: rng.uniform(-1, 1, s), "zero": np.zeros,
             "gaussian": lambda s: rng.normal(10, 0.5, s)}[noise](picked.shape)  # fmt: skip
    return where(Tensor.wrap(inside[..., None]), picked, Tensor.wrap(drawn.astype("f4")))


def distorted_box(
    image_size: Any, bounding_boxes: Any, min_object_covered: Any, aspect_ratio_range: Any,
    area_range: Any, max_attempts: int, use_image_if_no_bounding_boxes: bool,
    rng: np.random.Generator,
) -> tuple[Tensor, ...]:  # fmt: skip
    """A random part of an image that shows enough of one of the boxes; the whole if none is found.

    Returns:
        (row, column, 0), (height, width, -1) and the part as a box (1, 1, 4), in image sizes.
    """
    name, size = "SampleDistortedBoundingBoxV2", as_tensor(image_size)._concrete()
    boxes = as_tensor(bounding_boxes)._concrete().reshape(-1, 4)
    least = float(as_tensor(min_object_covered)._concrete().reshape(()))
    for what, pair in (("aspect_ratio_range", aspect_ratio_range), ("area_range", area_range)):
        if len(pair) != 2 or not 0 < pair[0] < pair[1] or (what[1] == "r" and pair[1] > 1):
            raise ValueError(f"For '{name}', {what} holds two growing numbers, but got {pair}.")
    if not len(boxes) and not use_image_if_no_bounding_boxes:
        raise ValueError(f"For '{name}', no bounding boxes are given. Set use_image_if_no_"
                         f"bounding_boxes=True to take the whole image as one.")  # fmt: skip
    boxes = boxes if len(boxes) else np.array([[0, 0, 1, 1]])
    high, wide = (int(v) for v in size[:2])
    wrong = (boxes < 0) | (boxes > 1) | np.tile(boxes[:, :2] >= boxes[:, 2:], 2)
    if wrong.any() or not 0 <= least <= 1 or min(high, wide) <= 0:
        raise RuntimeError(
            f"For '{name}', boxes are (top, left, bottom, right) from 0 to 1, min_object_covered "
            f"is from 0 to 1 and the image has positive sizes, but got {boxes.tolist()}, {least} "
            f"and {size}."
        )
    box = boxes * [high, wide, high, wide]
    areas = (box[:, 2] - box[:, 0]) * (box[:, 3] - box[:, 1])
    place = 0, 0, high, wide
    for _ in range(max_attempts):
        ratio = rng.uniform(*aspect_ratio_range)
        low, top = (np.sqrt(a * high * wide / ratio) for a in area_range)
        top = min(top, wide / ratio, high)
        h = round(rng.uniform(min(low, top), top))
        w = min(round(h * ratio), wide)
        if not area_range[0] <= h * w / (high * wide) <= area_range[1]:
            continue
        y, x = rng.integers(high - h + 1), rng.integers(wide - w + 1)
        tall = np.minimum(box[:, 2], y + h) - np.maximum(box[:, 0], y)
        broad = np.minimum(box[:, 3], x + w) - np.maximum(box[:, 1], x)
        if (np.clip(tall, 0, None) * np.clip(broad, 0, None) >= least * areas).any():
            place = y, x, y + h, x + w
            break
    y, x, y1, x1 = place
    shape = np.array([y1 - y, x1 - x, -1]).astype(size.dtype)
    part = np.array([[place]]) / [high, wide, high, wide]
    return tuple(map(Tensor.wrap, (np.array([y, x, 0], size.dtype), shape, part.astype("f4"))))


def _drawn(run: Callable[..., Any]) -> Callable[..., Any]:
    """`run` with a generator in place of the seeds."""

    def call(*tensors: Any, seed: int = 0, seed2: int = 0, **attrs: Any) -> Any:
        return run(*tensors, **attrs, rng=_rng(seed, seed2))

    return call


declare("ScaleAndTranslate", scale_and_translate, kernel_type="lanczos3", antialias=True)
declare("ExtractGlimpse", _drawn(glimpse), centered=True, normalized=True, uniform_noise=True,
        noise="uniform")  # fmt: skip
declare("SampleDistortedBoundingBoxV2", _drawn(distorted_box), seed=0, seed2=0,
        aspect_ratio_range=(0.75, 1.33), area_range=(0.05, 1.0), max_attempts=100,
        use_image_if_no_bounding_boxes=False)  # fmt: skip
ScaleAndTranslate, ExtractGlimpse = classes["ScaleAndTranslate"], classes["ExtractGlimpse"]
SampleDistortedBoundingBoxV2 = classes["SampleDistortedBoundingBoxV2"]
