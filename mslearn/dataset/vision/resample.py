"""Resizing arrays with OpenCV's arithmetic, which MindSpore uses for NumPy images.

Bytes are interpolated in integers (11-bit weights), as OpenCV does, so results agree bit for bit;
other types are interpolated in float32. PIL images never come here: Pillow resizes those.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from mslearn.dataset.vision.enums import Inter

_F32 = np.float32
_Taps = tuple[np.ndarray, np.ndarray]  # for each output: the inputs to read, and their weights


def cubic_weights(x: np.ndarray) -> np.ndarray:
    """Keys' cubic convolution weights with a = -0.75 of the four neighbours, float32."""
    a = _F32(-0.75)
    x = x.astype(_F32)
    one = _F32(1)
    w = np.empty((*x.shape, 4), _F32)
    w[..., 0] = ((a * (x + one) - 5 * a) * (x + one) + 8 * a) * (x + one) - 4 * a
    w[..., 1] = ((a + 2) * x - (a + 3)) * x * x + one
    w[..., 2] = ((a + 2) * (one - x) - (a + 3)) * (one - x) * (one - x) + one
    w[..., 3] = one - w[..., 0] - w[..., 1] - w[..., 2]
    return w


@lru_cache(maxsize=256)
def _taps(size: int, wanted: int, inter: Inter, rows: bool = False) -> _Taps:
    """Neighbours and weights along one axis; pixels are squares with their centre at +0.5."""
    scale = size / wanted
    places = np.arange(wanted)
    if inter is Inter.AREA:  # of an enlarged image: OpenCV's own kind of linear
        start = np.floor(places * scale)
        part = ((places + 1) - (start + 1) / scale).astype(_F32)
        part = np.where(part <= 0, _F32(0), part - np.floor(part))
    else:
        exact = ((places + 0.5) * scale - 0.5).astype(_F32)
        start = np.floor(exact)
        part = exact - start
    low = start.astype(np.intp)
    if inter is Inter.BICUBIC:
        neighbours = np.clip(low[:, None] + np.arange(-1, 3), 0, size - 1)
        return neighbours, cubic_weights(part)
    outside = (low < 0) | (low >= size - 1)
    if not rows:  # between a row and itself OpenCV interpolates, and may lose a level in bytes
        part[outside] = 0
    neighbours = np.clip(np.stack([low, low + 1], -1), 0, size - 1)
    return neighbours, np.stack([1 - part, part], -1).astype(_F32)


@lru_cache(maxsize=256)
def _byte_taps(size: int, wanted: int, inter: Inter, rows: bool = False) -> _Taps:
    neighbours, weights = _taps(size, wanted, inter, rows)
    return neighbours, np.rint(weights * _F32(2048)).astype(np.int32)


def _across(image: np.ndarray, taps: _Taps) -> np.ndarray:
    """Weighted neighbours along the second axis of <H,W,C>."""
    neighbours, weights = taps
    out = image.take(neighbours[:, 0], axis=1) * weights[:, :1]
    for k in range(1, weights.shape[1]):
        out += image.take(neighbours[:, k], axis=1) * weights[:, k, None]
    return out


def _separable(image: np.ndarray, height: int, width: int, inter: Inter) -> np.ndarray:
    if image.dtype != np.uint8:
        rows, weights = _taps(image.shape[0], height, inter, True)
        wide = _across(image.astype(_F32), _taps(image.shape[1], width, inter))
        out = sum(wide[rows[:, k]] * weights[:, k, None, None] for k in range(weights.shape[1]))
        return np.asarray(out, _F32)
    rows, weights = _byte_taps(image.shape[0], height, inter, True)
    columns = _byte_taps(image.shape[1], width, inter)
    used = image
    if rows.size < image.shape[0]:  # far smaller: leave rows out that nobody reads
        used, rows = image[rows.ravel()], np.arange(rows.size).reshape(rows.shape)
    wide = _across(used, columns)
    if inter is Inter.BICUBIC:
        scale = _F32(1 / 2048**2)
        total = sum(wide[rows[:, k]] * (weights[:, k, None, None] * scale) for k in range(4))
        return np.clip(np.rint(np.asarray(total)), 0, 255).astype(np.uint8)
    wide >>= 4
    first = wide.take(rows[:, 0], axis=0)
    first *= weights[:, 0, None, None]
    first >>= 16
    second = wide.take(rows[:, 1], axis=0)
    second *= weights[:, 1, None, None]
    second >>= 16
    first += second
    first += 2
    first >>= 2
    return first.astype(np.uint8)


def _nearest(image: np.ndarray, height: int, width: int) -> np.ndarray:
    rows = np.minimum((np.arange(height) * (image.shape[0] / height)).astype(np.intp), len(image))
    columns = (np.arange(width) * (image.shape[1] / width)).astype(np.intp)
    return image.take(rows, axis=0).take(columns, axis=1)


@lru_cache(maxsize=64)
def _area_weights(size: int, wanted: int) -> np.ndarray:
    """<wanted, size>: the share of each input in each output."""
    scale = size / wanted
    edges = np.arange(wanted + 1) * scale
    low, high = edges[:-1, None], np.minimum(edges[1:, None], size)
    cell = np.arange(size)
    overlap = np.clip(np.minimum(high, cell + 1) - np.maximum(low, cell), 0, 1)
    overlap[overlap < 1e-3] = 0  # as OpenCV: slivers are left out
    return (overlap / np.minimum(scale, size - low)).astype(_F32)


def _area(image: np.ndarray, height: int, width: int) -> np.ndarray:
    tall, wide, channels = image.shape
    if tall % height == 0 and wide % width == 0:
        down, right = tall // height, wide // width
        parts = image.reshape(height, down, width, right, channels)
        if image.dtype != np.uint8:
            return parts.astype(_F32).sum((1, 3)) * _F32(1 / (down * right))
        total = parts.sum((1, 3), dtype=np.int32)
        if down == right == 2:
            return ((total + 2) >> 2).astype(np.uint8)
        return np.rint(total * _F32(1 / (down * right))).astype(np.uint8)
    values = image.astype(_F32)
    rows = np.tensordot(_area_weights(tall, height), values, 1)
    out = np.einsum("hwc,xw->hxc", rows, _area_weights(wide, width))
    return np.rint(out).astype(np.uint8) if image.dtype == np.uint8 else out


def resize(image: np.ndarray, height: int, width: int, inter: Inter) -> np.ndarray:
    """An <H,W> or <H,W,C> image at another size.

    Args:
        inter: NEAREST, BILINEAR, BICUBIC, AREA or PILCUBIC (Pillow's, for <H,W,3> bytes).

    Raises:
        RuntimeError: PILCUBIC for another kind of image.
    """
    if image.shape[:2] == (height, width):
        return image.copy()
    if inter is Inter.PILCUBIC:
        return _pillow_cubic(image, height, width)
    cube = image.reshape(*image.shape[:2], -1)
    smaller = cube.shape[0] >= height and cube.shape[1] >= width
    if inter is Inter.NEAREST:
        out = _nearest(cube, height, width)
    elif (inter is Inter.AREA and smaller) or (
        # Halving both sides is the mean of four, for OpenCV too.
        inter is Inter.BILINEAR and cube.shape[:2] == (2 * height, 2 * width)
    ):
        out = _area(cube, height, width)
    else:
        out = _separable(cube, height, width, inter)
    if out.dtype != image.dtype:
        out = out.astype(image.dtype) if image.dtype.kind == "f" else _whole(out, image.dtype)
    return np.ascontiguousarray(out.reshape(height, width, *image.shape[2:]))


def _whole(values: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Rounded and held inside an integer type's range."""
    limits = np.iinfo(dtype)
    return np.clip(np.rint(values), limits.min, limits.max).astype(dtype)


def _pillow_cubic(image: np.ndarray, height: int, width: int) -> np.ndarray:
    from mslearn.dataset.vision.pillow import pillow

    if image.dtype != np.uint8 or image.shape[2:] != (3,):
        raise RuntimeError(
            f"Resize: Inter.PILCUBIC needs a uint8 image <H,W,3>, but got {image.dtype} with shape "
            f"{list(image.shape)}. Use Inter.BICUBIC."
        )
    module = pillow("Resize")
    picture = module.fromarray(image).resize((width, height), module.Resampling.BICUBIC)
    return np.asarray(picture).copy()
