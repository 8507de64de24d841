"""Resizing arrays with OpenCV's arithmetic, which MindSpore uses for NumPy images.

Bytes are interpolated in integers (11-bit weights), as OpenCV does, so results agree bit for bit;
other types are interpolated in float32. PIL images never come here: Pillow resizes those.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from mslearn.dataset.vision.enums import Inter

_F32 = np.float32
Window = tuple[slice, slice]  # rows and columns of the result
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


@lru_cache(maxsize=256)
def _columns(
    size: int, wanted: int, channels: int, inter: Inter, whole: bool, start: int, stop: int
) -> _Taps:
    """As `_taps`, but for a row of pixels written out channel by channel, taps first."""
    neighbours, weights = (
        part[start:stop] for part in (_byte_taps if whole else _taps)(size, wanted, inter)
    )
    places = neighbours.T[:, :, None] * channels + np.arange(channels)
    return places.reshape(len(places), -1), np.repeat(weights.T, channels, axis=1)


def _weighted(values: np.ndarray, taps: _Taps, axis: int, kind: type) -> list[np.ndarray]:
    """The neighbours along an axis (-1 or -2) times their weights: one array per tap."""
    out = []
    for place, weight in zip(*taps, strict=True):
        part = values.take(place, axis=axis, mode="clip").astype(kind, copy=False)
        part *= weight if axis == -1 else weight[:, None]
        out.append(part)
    return out


def _sum(parts: list[np.ndarray]) -> np.ndarray:
    total = parts[0]
    for part in parts[1:]:
        total += part
    return total


def _separable(
    image: np.ndarray, height: int, width: int, inter: Inter, window: Window
) -> np.ndarray:
    whole = image.dtype == np.uint8
    *more, tall, wide, channels = image.shape
    kept, sides = (range(n)[part] for n, part in zip((height, width), window, strict=True))
    shape = (*more, len(kept), len(sides), channels)
    taps = (_byte_taps if whole else _taps)(tall, height, inter, True)
    rows, weights = (part[window[0]] for part in taps)
    flat = image.reshape(*more, tall, wide * channels)
    if rows.size < tall:  # far smaller: leave rows out that nobody reads
        flat, rows = flat.take(rows.ravel(), -2), np.arange(rows.size).reshape(rows.shape)
    elif len(kept) < height:
        top, bottom = int(rows.min()), int(rows.max())
        flat, rows = flat[..., top : bottom + 1, :], rows - top
    columns = _columns(wide, width, channels, inter, whole, sides.start, sides.stop)
    across = _sum(_weighted(flat, columns, -1, np.int32 if whole else _F32))
    if not whole:
        return _sum(_weighted(across, (rows.T, weights.T), -2, _F32)).reshape(shape)
    if inter is Inter.BICUBIC:
        down = (rows.T, weights.T * _F32(1 / 2048**2))
        total = _sum(_weighted(across, down, -2, _F32))
        return np.clip(np.rint(total), 0, 255).astype(np.uint8).reshape(shape)
    across >>= 4
    first, second = _weighted(across, (rows.T, weights.T), -2, np.int32)
    first >>= 16
    second >>= 16
    first += second
    first += 2
    first >>= 2
    return first.astype(np.uint8).reshape(shape)


def _nearest(image: np.ndarray, height: int, width: int, window: Window) -> np.ndarray:
    rows = (np.arange(height)[window[0]] * (image.shape[-3] / height)).astype(np.intp)
    columns = (np.arange(width)[window[1]] * (image.shape[-2] / width)).astype(np.intp)
    return image.take(rows, axis=-3).take(columns, axis=-2)


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
        kind = np.int32 if image.dtype == np.uint8 else _F32
        rows = image.reshape(height, down, wide * channels).sum(1, dtype=kind)
        parts = rows.reshape(height, width, right, channels)
        total = _sum([parts[:, :, k] for k in range(right)])
        if image.dtype != np.uint8:
            return total * _F32(1 / (down * right))
        if down == right == 2:
            return ((total + 2) >> 2).astype(np.uint8)
        return np.rint(total * _F32(1 / (down * right))).astype(np.uint8)
    values = image.astype(_F32)
    rows = _area_weights(tall, height) @ values.reshape(tall, -1)
    out = _area_weights(wide, width) @ rows.reshape(height, wide, channels)
    return np.rint(out).astype(np.uint8) if image.dtype == np.uint8 else out


def resize(
    image: np.ndarray,
    height: int,
    width: int,
    inter: Inter,
    stacked: bool = False,
    window: Window = (slice(None), slice(None)),
) -> np.ndarray:
    """An <H,W> or <H,W,C> image at another size, or with `stacked` several of them.

    Args:
        inter: NEAREST, BILINEAR, BICUBIC, AREA or PILCUBIC (Pillow's, for <H,W,3> bytes).
        window: the part of the result that is wanted, of one image; the rest costs nothing.

    Raises:
        RuntimeError: PILCUBIC for another kind of image.
    """
    first = int(stacked)
    tall, wide = image.shape[first : first + 2]
    if (tall, wide) == (height, width):
        return image[window].copy() if not stacked else image.copy()
    halved = inter is Inter.BILINEAR and (tall, wide) == (2 * height, 2 * width)
    if stacked and (halved or inter in (Inter.AREA, Inter.PILCUBIC)):
        return np.stack([resize(one, height, width, inter) for one in image])
    if inter is Inter.PILCUBIC:
        return _pillow_cubic(image, height, width)
    cube = image.reshape(*image.shape[: first + 2], -1)
    smaller = tall >= height and wide >= width
    if inter is Inter.NEAREST:
        out = _nearest(cube, height, width, window)
    elif (inter is Inter.AREA and smaller) or halved:  # half is the mean of four, as for OpenCV
        out = _area(cube, height, width)
        out = out if stacked else out[window]
    else:
        out = _separable(cube, height, width, inter, window)
    if out.dtype != image.dtype:
        out = out.astype(image.dtype) if image.dtype.kind == "f" else whole(out, image.dtype)
    return np.ascontiguousarray(out.reshape(*out.shape[:-1], *image.shape[first + 2 :]))


def whole(values: np.ndarray, dtype: np.dtype) -> np.ndarray:
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
    cubic = module.Resampling.BICUBIC
    # Across, then down: new versions of Pillow would choose the order.
    across = module.fromarray(np.ascontiguousarray(image)).resize((width, len(image)), cubic)
    return np.array(across.resize((width, height), cubic))
