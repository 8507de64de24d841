"""Arrays as pictures: which axis is which, what is black and what is white. No Jupyter here.

A pixel that is not finite has no brightness: it becomes transparent in the PNG file, and the page
shows a pattern through it that brightness and contrast leave alone.
"""

from __future__ import annotations

import base64
from typing import Any, NamedTuple

import numpy as np

from mslearn.common.png import png

from .parameter_stats import as_array

FORMATS = ("HW", "HWC", "CHW", "NHW", "NHWC", "NCHW")
_COLOURS = (1, 3, 4)


class Pictures(NamedTuple):
    """A batch to look at: `array` <N,H,W,C>, and how the axes of what was given were read."""

    array: np.ndarray
    data_format: str


def pictures_of(
    value: Any, data_format: str | None = None, where: str = "insight.images"
) -> Pictures:
    """Tensor or array as <N,H,W,C>.

    Without `data_format`, <H,W> is one grey picture, <N,H,W> are N of them, <H,W,3> is one in
    colour; of four axes the second is the channel, as MindSpore's layers have it, unless only the
    last one has the size of one: 1, 3 or 4.

    Raises:
        TypeError: no numbers. ValueError: no pictures, or axes that `data_format` does not fit.

    >>> pictures_of(np.zeros((8, 1, 28, 28))).array.shape
    (8, 28, 28, 1)
    """
    if isinstance(value, (list, tuple)) and len({as_array(v).shape for v in value}) == 1:
        value = np.stack([as_array(v) for v in value])
    if hasattr(value, "create_tuple_iterator"):
        raise TypeError(
            f"{where}: got a data set, wanted pictures. Draw one of its batches: "
            "next(dataset.create_tuple_iterator())[0]"
        )
    array = as_array(value)
    if array.dtype.kind not in "buif":
        array = _numbers(array, where)
    shape = array.shape
    if data_format is not None and data_format not in FORMATS:
        raise ValueError(
            f"{where}: data_format must be one of {', '.join(FORMATS)}, but got {data_format!r}."
        )
    axes = data_format or _axes(shape)
    if len(axes) != array.ndim or not array.size:
        raise ValueError(
            f"{where}: got {_shape(shape)}, wanted pictures: (H, W), (N, H, W), (N, C, H, W) or "
            f"(N, H, W, C){f', read as {data_format}' if data_format else ''}. Flat rows are "
            "brought back into shape by x.reshape(-1, 28, 28), say."
        )
    if "N" not in axes:
        array = array[None]
    if "C" not in axes:
        array = array[..., None]
    elif axes.endswith("CHW"):
        array = np.moveaxis(array, 1, -1)
    return Pictures(array, axes)


def _axes(shape: tuple[int, ...]) -> str:
    if len(shape) == 4:
        return "NHWC" if shape[1] not in _COLOURS and shape[3] in _COLOURS else "NCHW"
    if len(shape) == 3:
        return "HWC" if shape[2] in _COLOURS and min(shape[:2]) > 4 else "NHW"
    return "HW"


def _shape(shape: tuple[int, ...]) -> str:
    return f"an array of shape {shape}" if shape else "a single number"


def _numbers(array: np.ndarray, where: str) -> np.ndarray:
    if array.dtype.kind == "V" and array.dtype.name == "bfloat16":  # ml_dtypes
        return array.astype(np.float32)
    raise TypeError(
        f"{where}: pixels are numbers (bool, int, uint or float), but got {array.dtype}. "
        "Of complex numbers draw abs(x); of ragged lists draw one picture at a time."
    )


def finite_range(array: np.ndarray) -> tuple[float, float] | None:
    """Smallest and largest finite number; None where there is none."""
    if array.dtype.kind == "f":
        array = array[np.isfinite(array)]
    return (float(array.min()), float(array.max())) if array.size else None


def natural_range(array: np.ndarray) -> tuple[float, float] | None:
    """Bytes run from 0 to 255 and truth values from 0 to 1, whatever is in them."""
    fixed = {"uint8": (0.0, 255.0), "bool": (0.0, 1.0)}
    return fixed.get(array.dtype.name) or finite_range(array)


def joined(*ranges: tuple[float, float] | None) -> tuple[float, float] | None:
    """The range that holds them all."""
    known = [r for r in ranges if r is not None]
    return (min(r[0] for r in known), max(r[1] for r in known)) if known else None


def block_of(shape: tuple[int, ...], side: int) -> int:
    """How many pixels each way become one, so that <H,W> fits into `side`."""
    return -(-max(shape[0], shape[1]) // side)


def shrunk(array: np.ndarray, side: int) -> np.ndarray:
    """<N,H,W,C> with at most `side` pixels each way, each the mean of a whole block.

    A block with a number that is not finite is not finite either.
    """
    step = block_of(array.shape[1:], side)
    if step == 1:
        return array
    count, height, width, channels = array.shape
    # A thin strip keeps its one row: the blocks of an axis shorter than one are the axis itself.
    down, across = min(step, height), min(step, width)
    array = array[:, : height // down * down, : width // across * across]
    blocks = array.reshape(count, height // down, down, width // across, across, channels)
    with np.errstate(all="ignore"):
        means: np.ndarray = blocks.mean((2, 4), dtype=np.float64)
    return means


def sprite(array: np.ndarray, low: np.ndarray, high: np.ndarray, columns: int) -> np.ndarray:
    """<N,H,W,C> with C 1 or 3 side by side in rows of `columns`: uint8 for `png`.

    Args:
        low, high: <N>, the numbers that become black and white in each picture.
    """
    count, height, width = array.shape[:3]
    bad = ~np.isfinite(array).all(-1)
    bottom, top = (np.reshape(x, (-1, 1, 1, 1)).astype(np.float64) for x in (low, high))
    numbers = np.nan_to_num(array.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    with np.errstate(all="ignore"):
        part = (numbers - bottom) / np.where(top > bottom, top - bottom, 1)
        pixels = np.clip(np.rint(part * 255), 0, 255).astype(np.uint8)
    if bad.any():
        colour = np.broadcast_to(pixels, (count, height, width, 3))
        alpha = np.where(bad, 0, 255).astype(np.uint8)[..., None]
        pixels = np.concatenate([colour, alpha], axis=-1)
    rows = -(-count // columns)
    sheet: np.ndarray = np.zeros((rows * columns, *pixels.shape[1:]), np.uint8)
    sheet[:count] = pixels
    sheet = sheet.reshape(rows, columns, height, width, -1).swapaxes(1, 2)
    sheet = sheet.reshape(rows * height, columns * width, -1)
    return sheet.squeeze(2) if sheet.shape[2] == 1 else sheet


def data_uri(image: np.ndarray) -> str:
    """uint8 <H,W>, <H,W,3> or <H,W,4> for an <img>."""
    return "data:image/png;base64," + base64.b64encode(png(image)).decode()
