"""Brightness, contrast, colour and sharpness as functions of arrays, with OpenCV's arithmetic."""

from __future__ import annotations

from typing import Any

import numpy as np

from mslearn.dataset.vision.color import gray, hsv_to_rgb, rgb_to_hsv

_BYTES = np.arange(256, dtype=np.float32)


def fit(values: np.ndarray, dtype: Any) -> np.ndarray:
    """Values rounded and held inside an integer type; floats as they are."""
    dtype = np.dtype(dtype)
    if dtype.kind == "f":
        return values.astype(dtype)
    limits = np.iinfo(dtype)
    return np.clip(np.rint(values), limits.min, limits.max).astype(dtype)


def table(image: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Every byte of `image` replaced by its entry of 256."""
    return fit(values, np.uint8)[image]


def brightness(image: np.ndarray, factor: float) -> np.ndarray:
    """Every pixel times `factor`."""
    if image.dtype == np.uint8:
        return table(image, _BYTES * np.float32(factor))
    return fit(image * np.float64(np.float32(factor)), image.dtype)


def blend(image: np.ndarray, other: Any, factor: float, other_first: bool = False) -> np.ndarray:
    """``image * factor + other * (1 - factor)``; a factor above 1 leads away from `other`.

    As OpenCV's kernels do, the first product is rounded to float32 and the second is added to it
    with one rounding (FMA): at half levels it shows.
    """
    part = np.float32(factor)
    terms = [(image, part), (other, np.float32(1) - part)]
    (first, weight), (second, rest) = terms[::-1] if other_first else terms
    rounded = np.asarray(first, np.float32) * weight
    mixed = np.asarray(second, np.float64) * np.float64(rest) + rounded
    return fit(mixed.astype(np.float32), image.dtype)


def contrast(image: np.ndarray, factor: float) -> np.ndarray:
    """Away from (or to) the image's mean grey."""
    mean = gray(image).mean(dtype=np.float64)
    return blend(image, int(mean + 0.5) if image.dtype == np.uint8 else mean, factor)


def saturation(image: np.ndarray, factor: float) -> np.ndarray:
    """Away from (or to) the grey image."""
    return blend(image, gray(image)[..., None], factor)


def hue(image: np.ndarray, factor: float) -> np.ndarray:
    """Turn the colour circle by `factor` of a full turn."""
    hsv = rgb_to_hsv(image)
    if image.dtype == np.uint8:
        hsv[..., 0] += np.uint8(int(factor * 255) % 256)  # wraps round
    else:
        hsv[..., 0] = (hsv[..., 0] + np.float32(factor * 360)) % np.float32(360)
    return hsv_to_rgb(hsv)


def gamma(image: np.ndarray, exponent: float, gain: float) -> np.ndarray:
    """``gain * image ** exponent`` on the scale from 0 to 1."""
    if image.dtype.kind == "f":
        scaled = image.astype(np.float32) * np.float32(gain)
        return np.clip(scaled ** np.float32(exponent), 0, 1)
    # MindSpore's table: 256 equal steps, cut off, not rounded.
    levels = gain * (np.arange(256) / 255) ** exponent * 255.999
    bytes_ = np.clip(levels, 0, 255).astype(np.uint8)
    return np.asarray(bytes_[np.clip(image, 0, 255)], image.dtype)


def sharpness(image: np.ndarray, factor: float) -> np.ndarray:
    """Away from (or to) a smoothed image; the outermost pixels stay."""
    if min(image.shape[:2]) < 3:
        return image.copy()
    wide = image.astype(np.float32)
    total = 4 * wide[1:-1, 1:-1]
    rows = wide[:-2] + wide[1:-1] + wide[2:]
    total += rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:]
    smooth = image.copy()
    smooth[1:-1, 1:-1] = fit(total / np.float32(13), image.dtype)
    return blend(image, smooth, factor, other_first=True)


def _by_channel(image: np.ndarray, make: Any) -> np.ndarray:
    """Each channel through a table that `make` computes from its histogram."""
    if image.ndim == 2:
        return np.asarray(make(np.bincount(image.ravel(), minlength=256))[image])
    out = np.empty_like(image)
    for k in range(image.shape[2]):
        one = image[..., k]
        out[..., k] = make(np.bincount(one.ravel(), minlength=256))[one]
    return out


def equalize(image: np.ndarray) -> np.ndarray:
    """Each channel's grey values spread so that all are about as frequent."""

    def spread(histogram: np.ndarray) -> np.ndarray:
        total = int(histogram.sum())
        first = int(np.flatnonzero(histogram)[0])
        if histogram[first] == total:
            return np.full(256, first, np.uint8)
        scale = np.float32(255) / np.float32(total - histogram[first])
        return fit((histogram.cumsum() - histogram[first]).astype(np.float32) * scale, np.uint8)

    return _by_channel(image, spread)


def auto_contrast(image: np.ndarray, cutoff: float, ignore: tuple[int, ...]) -> np.ndarray:
    """Each channel stretched to 0 … 255, after `cutoff` percent at both ends are set aside."""

    def stretch(histogram: np.ndarray) -> np.ndarray:
        histogram = histogram.copy()
        histogram[list(ignore)] = 0
        cut = int(histogram.sum() * cutoff / 100)
        for order in (slice(None), slice(None, None, -1)):  # a view from each end
            end = histogram[order]
            gone = np.minimum(end.cumsum(), cut)
            end -= np.diff(gone, prepend=0)
        places = np.flatnonzero(histogram)
        if len(places) == 0 or places[0] == places[-1]:
            return np.arange(256, dtype=np.uint8)
        low, high = places[0], places[-1]
        scale = np.float32(255) / np.float32(high - low)
        stretched = _BYTES * scale - np.float32(low) * scale
        return np.clip(stretched.astype(np.int64), 0, 255).astype(np.uint8)

    return _by_channel(image, stretch)


def solarize(image: np.ndarray, low: float, high: float) -> np.ndarray:
    """Values from `low` to `high` become 255 minus themselves."""
    return np.where((image >= low) & (image <= high), 255 - image, image).astype(image.dtype)


def posterize(image: np.ndarray, bits: int) -> np.ndarray:
    """Only the `bits` leading bits of each byte."""
    return image & np.uint8((0xFF << (8 - bits)) & 0xFF)
