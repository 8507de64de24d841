"""Values as they are recorded: a number, a histogram, a picture, an array."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from mslearn.common.png import png

MAX_BINS = 90
COLUMNS = 8  # pictures beside each other


class Histogram(NamedTuple):
    """Counts of the finite values in bins of equal width, and how many were not finite.

    `lefts`, `widths` (float64) and `counts` (int64) have one entry a bin.
    """

    lefts: np.ndarray
    widths: np.ndarray
    counts: np.ndarray
    nan: int
    positive: int
    negative: int
    lowest: float
    highest: float
    total: float
    seen: int


class Image(NamedTuple):
    """A PNG file and its size; `channels` is 1 (grey), 3 (colour) or 4 (with transparency)."""

    height: int
    width: int
    channels: int
    data: bytes


class Datum(NamedTuple):
    """One recorded value: ``kind`` is "scalar", "histogram", "image", "tensor" or "graph"."""

    kind: str
    tag: str
    value: Any


def _bins(count: int) -> int:
    """MindSpore's numbers: about ten values a bin, but some bins for the fewest as well."""
    if count <= 10:
        return 2 if count <= 5 else 3
    return 1 + count // 10 if count <= 880 else MAX_BINS


def histogram_of(array: np.ndarray) -> Histogram:
    """The histogram of an array of any shape, with at most `MAX_BINS` bins.

    >>> histogram_of(np.arange(12.0)).counts.tolist()
    [6, 6]
    """
    flat = np.abs(array).ravel() if array.dtype.kind == "c" else array.ravel()
    if flat.dtype.kind != "f" or flat.dtype.itemsize < 4:
        flat = flat.astype(np.float32 if flat.dtype.itemsize < 4 else np.float64)
    low, high = (float(flat.min()), float(flat.max())) if flat.size else (0.0, 0.0)
    whole = math.isfinite(low) and math.isfinite(high)  # a NaN would be the least and the most
    nan = positive = negative = 0
    finite = flat
    if not whole:
        nan = int(np.isnan(flat).sum())
        positive = int(np.isposinf(flat).sum())
        negative = int(np.isneginf(flat).sum())
        finite = flat[np.isfinite(flat)]
        low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    if not finite.size:
        empty = np.zeros(0)
        return Histogram(empty, empty, empty.astype(np.int64), nan, positive, negative,
                         0.0, 0.0, 0.0, flat.size)  # fmt: skip
    bins = _bins(finite.size)
    start, end = (low, high) if low < high else (low - 0.5, high + 0.5)
    width = (end - start) / bins
    with np.errstate(all="ignore"):
        per_width = finite.dtype.type(np.float64(1) / width)
    if width > 0 and np.isfinite(per_width) and math.isfinite(width):
        scaled = (finite - finite.dtype.type(start)) * per_width
        places = np.minimum(scaled.astype(np.intp), bins - 1)
        counts = np.bincount(places, minlength=bins)[:bins]
    else:  # so far apart, or so close together, that a width is no number
        bins, width, counts = 1, end / 2 - start / 2, np.array([finite.size])
    total = float(finite.sum(dtype=np.float64))
    lefts = start + width * np.arange(bins)
    return Histogram(lefts, np.full(bins, width), counts.astype(np.int64), nan, positive, negative,
                     low, high, total, flat.size)  # fmt: skip


def image_of(array: np.ndarray) -> Image:
    """A batch of pictures ``(N, C, H, W)``, eight in a row, as one PNG in colours; C is 1 or 3.

    Bytes stay as they are, numbers from 0 to 1 become 0 to 255, and all others are spread over
    that range, as MindSpore does. NaN is drawn as the lowest value, infinite ones as the lowest or
    highest.
    """
    if array.ndim != 4 or array.shape[1] not in (1, 3) or not array.size:
        raise ValueError(
            f"An image has the shape (N, C, H, W) with C 1 or 3, but got {array.shape}. "
            f"Add the missing axes, e.g. x[None, None] for one grey picture."
        )
    numbers = array.astype(np.float64)
    finite = numbers[np.isfinite(numbers)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    if finite.size < numbers.size:
        numbers = np.nan_to_num(numbers, nan=low, posinf=high, neginf=low)
    count, _, height, width = array.shape
    columns = min(count, COLUMNS)
    canvas = np.zeros((-(-count // columns) * columns, height, width, 3))
    canvas[:count] = numbers.transpose(0, 2, 3, 1)
    canvas = canvas.reshape(-1, columns, height, width, 3).swapaxes(1, 2)
    # The empty places count as zeros, in MindSpore's files, too.
    low, high = min(low, float(canvas.min())), max(high, float(canvas.max()))
    shift, scale = 0.0, 1.0 if array.dtype == np.uint8 else 255.0
    if low < 0 or (high > 1 and array.dtype != np.uint8):
        shift, scale = low, 255 / (high - low + 1) if high > low else 1.0
    pixels = ((canvas.astype(np.float32) - np.float32(shift)) * np.float32(scale)).astype(np.uint8)
    pixels = pixels.reshape(-1, columns * width, 3)
    return Image(len(pixels), columns * width, 3, png(pixels))
