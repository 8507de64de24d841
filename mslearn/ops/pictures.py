"""Pictures (N, H, W, C) cut out, stretched and pooled, as MindSpore's rarer classes do it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from mslearn.core.primitive import apply
from mslearn.core.tensor import Tensor, as_tensor
from mslearn.ops.adaptive import along, max_over, mean_over
from mslearn.ops.indexing import TENSOR, GetItem, where
from mslearn.ops.shape import cast, transpose

INT32 = np.dtype("i4")


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


def scale_and_translate(images, size, scale, translation, kernel_type, antialias):
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


def glimpse(x, size, offsets, centered, normalized, uniform_noise, noise, rng):
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


def _cuts(size: int, ratio: float, pseudo: bool, rng: np.random.Generator) -> np.ndarray:
    """Where the windows of fractional pooling begin and end (Graham, 2014, section 2)."""
    count = int(size / ratio)
    if pseudo:  # one random shift u of a regular sequence
        step = size / count
        whole = int(step)
        u = rng.random() * min((whole + 2) / step - 1, (size + 1 - whole) / step - count + 1)
        cuts = (step * (np.arange(count + 1) + u)).astype(int) - int(step * u)
        cuts[-1] = size
        return cuts
    sizes = size // count + (rng.permutation(count) < size % count)
    return np.concatenate([[0], np.cumsum(sizes)])


def fractional_pool(x, kind, pooling_ratio, pseudo_random, overlapping, rng):
    """Maxima or means over windows of random sizes, and where the windows begin and end."""
    x, ratios = as_tensor(x), tuple(pooling_ratio)
    name = f"Fractional{kind}Pool"
    if len(ratios) != 4 or ratios[0] != 1 or ratios[3] != 1 or min(ratios) < 1:
        raise ValueError(
            f"For '{name}', the pooling_ratio holds 4 numbers, 1.0 for batch and channels and at "
            f"least 1.0 for rows and columns, but got {list(ratios)}."
        )
    if x._value.dtype.char not in "fdil" or x.ndim != 4:
        raise TypeError(
            f"For '{name}', the input must be a float32, float64, int32 or int64 tensor "
            f"(N, H, W, C), but got {x.dtype}{list(x.shape)}."
        )
    cuts = [_cuts(n, r, pseudo_random, rng) for n, r in zip(x.shape[1:3], ratios[1:3], strict=True)]
    edges = [(c[:-1], np.minimum(c[1:] + overlapping, c[-1])) for c in cuts]
    if kind == "Max":
        out = transpose(max_over(name, transpose(x, (0, 3, 1, 2)), edges, False), (0, 2, 3, 1))
    else:
        out = x if x._value.dtype.kind == "f" else cast(x, "f8")
        for axis, (start, stop) in enumerate(edges, 1):
            out = mean_over(out, axis, start, stop)
    return cast(out, x._value.dtype), *(Tensor.wrap(c.astype("i8")) for c in cuts)


def distorted_box(
    image_size, bounding_boxes, min_object_covered, aspect_ratio_range, area_range, max_attempts,
    use_image_if_no_bounding_boxes, rng,
):  # fmt: skip
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
