"""Grey and hue of images, with OpenCV's arithmetic.

Bytes are converted with OpenCV's integer tables (a full turn of hue is 256 there, 255 on the way
back), floats with its float formulas (hue in degrees): see its documentation of cvtColor.
"""

from __future__ import annotations

import numpy as np

_GRAY = (9798, 19235, 3735)  # red, green, blue in units of 2**-15
_F32 = np.float32


def gray(image: np.ndarray) -> np.ndarray:
    """<H,W> brightness of an <H,W,3> RGB image."""
    if image.dtype != np.uint8:
        r, g, b = (image[..., k] for k in range(3))
        return np.asarray(r * _F32(0.299) + g * _F32(0.587) + b * _F32(0.114), image.dtype)
    wide = image[..., :3].astype(np.int32)
    total = wide[..., 0] * _GRAY[0] + wide[..., 1] * _GRAY[1] + wide[..., 2] * _GRAY[2]
    return ((total + (1 << 14)) >> 15).astype(np.uint8)


def _divisions(numerator: float) -> np.ndarray:
    i = np.arange(1, 256)
    return np.concatenate([[0], np.rint(numerator / i)]).astype(np.int32)


_SATURATION = _divisions(255 << 12)
_HUE = _divisions((256 << 12) / 6.0)


def rgb_to_hsv(image: np.ndarray) -> np.ndarray:
    """<H,W,3> RGB to hue, saturation and value in the same type."""
    if image.dtype != np.uint8:
        return _float_hsv(image)
    r, g, b = (image[..., k].astype(np.int32) for k in range(3))
    value = np.maximum(np.maximum(r, g), b)
    spread = value - np.minimum(np.minimum(r, g), b)
    saturation = (spread * _SATURATION[value] + (1 << 11)) >> 12
    hue = np.where(value == r, g - b, np.where(value == g, b - r + 2 * spread, r - g + 4 * spread))
    hue = (hue * _HUE[spread] + (1 << 11)) >> 12
    hue += np.where(hue < 0, 256, 0)
    return np.stack([hue, saturation, value], -1).astype(np.uint8)


def _float_hsv(image: np.ndarray) -> np.ndarray:
    r, g, b = (image[..., k] for k in range(3))
    value = np.maximum(np.maximum(r, g), b)
    spread = value - np.minimum(np.minimum(r, g), b)
    tiny = _F32(np.finfo(np.float32).eps)
    saturation = spread / (np.abs(value) + tiny)
    part = _F32(60) / (spread + tiny)
    hue = np.where(
        value == r,
        (g - b) * part,
        np.where(value == g, (b - r) * part + _F32(120), (r - g) * part + _F32(240)),
    )
    hue = np.where(hue < 0, hue + _F32(360), hue)
    return np.stack([hue, saturation, value], -1).astype(image.dtype)


_SECTORS = np.array([[1, 3, 0], [1, 0, 2], [3, 0, 1], [0, 2, 1], [0, 1, 3], [2, 1, 0]])


def hsv_to_rgb(image: np.ndarray) -> np.ndarray:
    """The way back from `rgb_to_hsv`."""
    whole = image.dtype == np.uint8
    hue, saturation, value = (image[..., k].astype(_F32) for k in range(3))
    if whole:
        saturation, value = saturation * _F32(1 / 255), value * _F32(1 / 255)
    hue = hue * _F32(6 / 255 if whole else 6 / 360)
    sector = np.floor(hue)
    part = hue - sector
    one = _F32(1)
    shades = np.stack(
        [
            value,
            value * (one - saturation),
            value * (one - saturation * part),
            value * (one - saturation * (one - part)),
        ],
        -1,
    )
    order = _SECTORS[sector.astype(np.intp) % 6]
    blue_green_red = np.take_along_axis(shades, order, -1)
    out = blue_green_red[..., ::-1]
    if whole:
        return np.clip(np.rint(out * _F32(255)), 0, 255).astype(np.uint8)
    return np.ascontiguousarray(out, image.dtype)
