"""Samples as small pictures: which arrays are images, and PNG without any library."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np

from mslearn.common.png import png as png

_CHANNELS = (1, 3, 4)


def as_image(array: np.ndarray) -> np.ndarray | None:
    """An array as uint8 <H,W> or <H,W,3>, or None if it is no image.

    <H,W,C>, <C,H,W> and <H,W> with sides from 4 to 4,096 count as images; of a batch <N,…> the
    first one is taken. Numbers that are not bytes are stretched from smallest to largest.
    """
    array = np.asarray(array)
    if array.dtype.kind not in "uif" or array.ndim < 2:
        return None
    if array.ndim == 4 and len(array):
        array = array[0]
    if array.ndim == 3:
        if array.shape[2] not in _CHANNELS and array.shape[0] in _CHANNELS:
            array = array.transpose(1, 2, 0)
        if array.shape[2] not in _CHANNELS:
            return None
        array = array[..., 0] if array.shape[2] == 1 else array[..., :3]
    if array.ndim != 2 and array.ndim != 3:
        return None
    if not all(4 <= n <= 4096 for n in array.shape[:2]):
        return None
    if array.dtype == np.uint8:
        return array
    finite = np.where(np.isfinite(array), array, 0).astype(np.float64)
    low, high = float(finite.min()), float(finite.max())
    return ((finite - low) * (255 / (high - low) if high > low else 0)).astype(np.uint8)


def shrink(image: np.ndarray, side: int) -> np.ndarray:
    """At most `side` pixels each way, by the mean of whole blocks."""
    step = -(-max(image.shape[:2]) // side)
    if step == 1:
        return image
    height, width = (n // step * step for n in image.shape[:2])
    if not height or not width:
        return image[::step, ::step]
    blocks = image[:height, :width].reshape(
        height // step, step, width // step, step, *image.shape[2:]
    )
    means: np.ndarray = blocks.mean((1, 3)).astype(np.uint8)
    return means


def data_uri(image: np.ndarray, side: int) -> str:
    """A small copy of an image, for an <img> or <image>."""
    return "data:image/png;base64," + base64.b64encode(png(shrink(image, side))).decode()


def kind_name(array: np.ndarray) -> str:
    """The dtype, as pictures of rows name it."""
    return {"U": "text", "S": "text", "O": "dict"}.get(array.dtype.kind, str(array.dtype))


def words(array: Any, limit: int = 40) -> str:
    """A value in one short line."""
    array = np.asarray(array)
    if array.ndim == 0:
        text = str(array[()])
    elif array.size <= 6:
        text = np.array2string(array, precision=3, separator=", ").replace("\n", "")
    else:
        text = f"{array.dtype} {'×'.join(map(str, array.shape))}"
    return text if len(text) <= limit else text[: limit - 1] + "…"
