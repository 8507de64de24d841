"""Affine and perspective maps of arrays with OpenCV's arithmetic.

OpenCV finds, for each output pixel, its place in the input to 1/32 of a pixel and interpolates
bytes with 15-bit integer weights. Doing the same makes NumPy images come out as in MindSpore.
Formulas: OpenCV's documentation of warpAffine, warpPerspective and remap.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from mslearn.dataset.vision.enums import Inter
from mslearn.dataset.vision.resample import cubic_weights, whole

_BITS = 5  # of a place in the input after the point
_CELLS = 1 << _BITS


@lru_cache(maxsize=4)
def _weights(inter: Inter, as_ints: bool) -> np.ndarray:
    """<32, 32, taps, taps> weights; as integers that add up to 32768 for bytes."""
    steps = np.arange(_CELLS, dtype=np.float32) / np.float32(_CELLS)
    line = np.stack([1 - steps, steps], -1) if inter is Inter.BILINEAR else cubic_weights(steps)
    exact = line[:, None, :, None] * line[None, :, None, :]
    if not as_ints:
        return exact
    table = np.rint(exact * np.float32(32768)).astype(np.int32)
    if inter is not Inter.BILINEAR:  # the rounding error goes where OpenCV puts it
        miss = table.sum((2, 3)) - 32768
        corner = table[:, :, 2:4, 2:4].reshape(_CELLS, _CELLS, 4)
        pick = np.where(miss < 0, corner.argmax(-1), corner.argmin(-1))
        y, x = np.indices(miss.shape)
        table[y, x, 2 + pick // 2, 2 + pick % 2] -= miss
    return table


def _bordered(image: np.ndarray, fill: np.ndarray) -> np.ndarray:
    """<H+2,W+2,C>: one pixel of `fill` around, for places outside to be clipped to."""
    height, width, channels = image.shape
    out = np.empty((height + 2, width + 2, channels), image.dtype)
    out[0] = out[-1] = out[:, 0] = out[:, -1] = fill
    out[1:-1, 1:-1] = image
    return out


def _rows(y: np.ndarray, height: int, width: int) -> np.ndarray:
    """Where rows `y` begin in a bordered image written out in one line."""
    return (np.clip(y, -1, height) + 1) * (width + 2)


def _columns(x: np.ndarray, width: int) -> np.ndarray:
    return np.clip(x, -1, width) + 1


def _sample(image: np.ndarray, y: np.ndarray, x: np.ndarray, fill: np.ndarray) -> np.ndarray:
    """Pixels at whole places, `fill` outside."""
    height, width, channels = image.shape
    pixels = _bordered(image, fill).reshape(-1, channels)
    return pixels.take(_rows(y, height, width) + _columns(x, width), axis=0)


def _remap(
    image: np.ndarray, y: np.ndarray, x: np.ndarray, inter: Inter, fill: np.ndarray
) -> np.ndarray:
    """Interpolate at places in units of 1/32 pixel."""
    height, width, channels = image.shape
    bytes_ = image.dtype == np.uint8
    table = _weights(inter, bytes_)
    taps = table.shape[-1]
    cell = (y & (_CELLS - 1)) * _CELLS + (x & (_CELLS - 1))
    first = 0 if taps == 2 else -1
    rows = [_rows((y >> _BITS) + (first + i), height, width) for i in range(taps)]
    columns = [_columns((x >> _BITS) + (first + j), width) for j in range(taps)]
    # Channel by channel: NumPy is quick along long rows.
    planes = np.moveaxis(_bordered(image, fill), -1, 0).reshape(channels, -1)
    kind: Any = np.int32 if bytes_ else (image.dtype if image.dtype.kind == "f" else np.float64)
    total = np.zeros((channels, *y.shape), kind)
    for i in range(taps):
        for j in range(taps):
            place = rows[i] + columns[j]
            weights = table[:, :, i, j].ravel().take(cell)
            for plane, out in zip(planes, total, strict=True):
                found = plane.take(place).astype(kind, copy=False)
                found *= weights
                out += found
    if bytes_:
        total += 1 << 14
        total >>= 15
        total = np.clip(total, 0, 255).astype(np.uint8)
    elif image.dtype.kind != "f":
        total = whole(total, image.dtype)
    return np.ascontiguousarray(np.moveaxis(total, 0, -1))


def _fill(image: np.ndarray, value: Any) -> np.ndarray:
    values = np.atleast_1d(np.asarray(value))
    channels = image.shape[2]
    if values.size == 1:
        values = np.repeat(values, channels)
    full = np.zeros(max(channels, values.size), values.dtype)
    full[: values.size] = values
    return full[:channels].astype(image.dtype)


def warp_affine(
    image: np.ndarray,
    matrix: np.ndarray,
    size: tuple[int, int],
    inter: Inter = Inter.NEAREST,
    fill: Any = 0,
) -> np.ndarray:
    """Move pixels by a 2×3 matrix from input (x, y) to output (x, y).

    Args:
        size: height and width of the result.
        fill: what stands outside the image, a number or one per channel.
    """
    (a, b, p), (c, d, q) = np.asarray(matrix, np.float64)
    scale = a * d - b * c
    scale = 1 / scale if scale else 0.0
    a, b, c, d = d * scale, -b * scale, -c * scale, a * scale
    p, q = -a * p - b * q, -c * p - d * q
    height, width = size
    bits = 10
    offset = 1 << (bits - 1) if inter is Inter.NEAREST else 1 << (bits - _BITS - 1)
    unit = 1 << bits
    columns, rows = np.arange(width), np.arange(height)
    x = np.rint(a * columns * unit).astype(np.int64)[None, :]
    x = x + np.rint((b * rows + p) * unit).astype(np.int64)[:, None] + offset
    y = np.rint(c * columns * unit).astype(np.int64)[None, :]
    y = y + np.rint((d * rows + q) * unit).astype(np.int64)[:, None] + offset
    return _finish(image, y, x, bits, inter, fill)


def _finish(
    image: np.ndarray, y: np.ndarray, x: np.ndarray, bits: int, inter: Inter, fill: Any
) -> np.ndarray:
    cube = image.reshape(*image.shape[:2], -1)
    filling = _fill(cube, fill)
    if inter is Inter.NEAREST:
        out = _sample(cube, y >> bits, x >> bits, filling)
    else:
        out = _remap(cube, y >> (bits - _BITS), x >> (bits - _BITS), inter, filling)
    return out.reshape(*out.shape[:2], *image.shape[2:])


def warp_perspective(
    image: np.ndarray, matrix: np.ndarray, size: tuple[int, int], inter: Inter, fill: Any = 0
) -> np.ndarray:
    """Move pixels by a 3×3 matrix from input (x, y, 1) to output, up to a factor."""
    inverse = np.linalg.inv(np.asarray(matrix, np.float64))
    height, width = size
    x, y = np.arange(width)[None, :], np.arange(height)[:, None]
    below = inverse[2, 0] * x + inverse[2, 1] * y + inverse[2, 2]
    unit = 1 if inter is Inter.NEAREST else _CELLS
    factor = np.where(below != 0, unit / np.where(below != 0, below, 1), 0)
    limit = 2**31 - 1
    found = [
        np.rint(np.clip((m[0] * x + m[1] * y + m[2]) * factor, -limit, limit)).astype(np.int64)
        for m in inverse[:2]
    ]
    bits = 0 if inter is Inter.NEAREST else _BITS
    return _finish(image, found[1], found[0], bits, inter, fill)


def perspective_matrix(start: Any, end: Any) -> np.ndarray:
    """The 3×3 matrix that takes four points (x, y) to four others.

    Raises:
        RuntimeError: three of the points lie on one line.
    """
    rows, right = [], []
    for (x, y), (u, v) in zip(start, end, strict=True):
        rows.append([x, y, 1, 0, 0, 0, -x * u, -y * u])
        rows.append([0, 0, 0, x, y, 1, -x * v, -y * v])
        right += [u, v]
    try:
        solved = np.linalg.solve(np.array(rows, np.float64), np.array(right, np.float64))
    except np.linalg.LinAlgError as error:
        raise RuntimeError(
            f"Perspective: no map takes {start} to {end}: three points lie on one line."
        ) from error
    return np.append(solved, 1.0).reshape(3, 3)


def rotation_matrix(center: tuple[float, float], degrees: float) -> np.ndarray:
    """The 2×3 matrix that turns counter-clockwise around (x, y) = `center` (y points down)."""
    angle = np.deg2rad(degrees)
    cos, sin = np.cos(angle), np.sin(angle)
    x, y = center
    return np.array(
        [[cos, sin, (1 - cos) * x - sin * y], [-sin, cos, sin * x + (1 - cos) * y]], np.float64
    )
