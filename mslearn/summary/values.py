"""Values as they are recorded: a number, a histogram, a picture, an array."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from mslearn.common.png import png

MAX_BINS = 90
PER_BIN = 10


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
    bins = min(MAX_BINS, 1 + finite.size // PER_BIN)
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
    """A batch of pictures ``(N, C, H, W)`` side by side as one PNG; C is 1 or 3.

    Values above 1 are taken for 0 to 255, others for 0 to 1; values outside are cut off.
    """
    if array.ndim != 4 or array.shape[1] not in (1, 3) or not array.size:
        raise ValueError(
            f"An image has the shape (N, C, H, W) with C 1 or 3, but got {array.shape}. "
            f"Add the missing axes, e.g. x[None, None] for one grey picture."
        )
    numbers = np.nan_to_num(array.astype(np.float32), nan=0.0, posinf=255.0, neginf=0.0)
    scale = 1.0 if array.dtype == np.uint8 or numbers.max() > 1 else 255.0
    pixels = np.clip(np.rint(numbers * scale), 0, 255).astype(np.uint8)
    row = np.concatenate(list(pixels.transpose(0, 2, 3, 1)), axis=1)
    height, width, channels = row.shape
    return Image(height, width, channels, png(row[..., 0] if channels == 1 else row))
