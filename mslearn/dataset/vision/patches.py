"""Transforms that cut images up, erase parts of them, or smooth them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from mslearn.dataset.checks import check_bool, check_int
from mslearn.dataset.transforms.common import check_probability
from mslearn.dataset.vision.base import ImageOperation, PilOperation, check_image
from mslearn.dataset.vision.checks import height_width, number, pair
from mslearn.dataset.vision.enums import SliceMode
from mslearn.dataset.vision.pillow import pillow
from mslearn.dataset.vision.tone import fit


class Erase(ImageOperation):
    """Fill a rectangle of an <H,W,3> image with `value`, a number or three.

    Raises:
        RuntimeError: the rectangle leaves the image.
    """

    def __init__(
        self,
        top: int,
        left: int,
        height: int,
        width: int,
        value: Any = 0.0,
        inplace: bool = False,
    ) -> None:
        self.top, self.left = check_int(top, "top", 0), check_int(left, "left", 0)
        self.height, self.width = check_int(height, "height", 1), check_int(width, "width", 1)
        values = value if isinstance(value, list | tuple) else (value,)
        if len(values) not in (1, 3):
            raise TypeError(f"Erase: value must be a number or three, but got {value!r}.")
        self.value = [number(v, "value", 0, 255) for v in values]
        self.inplace = check_bool(inplace, "inplace")

    def apply(self, array: np.ndarray) -> np.ndarray:
        check_image(array, "Erase", (3,), (3,))
        if self.height > array.shape[0] or self.width > array.shape[1]:
            raise RuntimeError(
                f"Erase: the rectangle of {self.height} by {self.width} is larger than the image "
                f"of {array.shape[0]} by {array.shape[1]}."
            )
        out = array if self.inplace else array.copy()
        out[self.top : self.top + self.height, self.left : self.left + self.width] = fit(
            np.array(self.value), array.dtype
        )
        return out


class RandomErasing(ImageOperation):
    """Fill a random rectangle of a <C,H,W> image, with probability `prob` (Zhong, 2017).

    Args:
        scale: range of the rectangle's share of the area.
        ratio: range of its height divided by its width.
        value: a number, one for each of three channels, or "random" for noise.
        inplace: change the array itself.
        max_attempts: how often to look for a rectangle that fits.
    """

    random = True

    def __init__(
        self,
        prob: float = 0.5,
        scale: Any = (0.02, 0.33),
        ratio: Any = (0.3, 3.3),
        value: Any = 0,
        inplace: bool = False,
        max_attempts: int = 10,
    ) -> None:
        self.prob = check_probability(prob, "RandomErasing")
        self.scale, self.ratio = pair(scale, "scale", 0), pair(ratio, "ratio", 0)
        if isinstance(value, str):
            if value != "random":
                raise ValueError(f"RandomErasing: value must be numbers or 'random', not {value!r}")
        elif isinstance(value, list | tuple):
            if len(value) != 3:
                raise ValueError(f"RandomErasing: value must have three numbers, got {value!r}.")
            for v in value:
                number(v, "value", 0, 255)
        else:
            number(value, "value", 0, 255)
        self.value, self.inplace = value, check_bool(inplace, "inplace")
        self.max_attempts = check_int(max_attempts, "max_attempts", 1)

    def apply(self, array: np.ndarray) -> np.ndarray:
        check_image(array, "RandomErasing", None, (3,))
        draw = self.generator
        if draw.random() >= self.prob:
            return array
        channels, height, width = array.shape
        low, high = (math.log(max(r, 1e-9)) for r in self.ratio)
        for _ in range(self.max_attempts):
            area = height * width * draw.uniform(*self.scale)
            ratio = math.exp(draw.uniform(low, high))
            tall, wide = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
            if tall < height and wide < width:
                break
        else:
            return array
        top = int(draw.integers(height - tall + 1))
        left = int(draw.integers(width - wide + 1))
        if self.value == "random":
            value = draw.normal(size=(channels, tall, wide))
        else:
            value = np.broadcast_to(self.value, (channels,))[:, None, None]
        out = array if self.inplace else array.copy()
        out[:, top : top + tall, left : left + wide] = value
        return out


class CutOut(ImageOperation):
    """Blacken random squares (DeVries and Taylor, 2017).

    Args:
        length: side of a square.
        num_patches: how many.
        is_hwc: <H,W,C>; else <C,H,W>.
    """

    random = True

    def __init__(self, length: int, num_patches: int = 1, is_hwc: bool = True) -> None:
        self.length = check_int(length, "length", 1)
        self.num_patches = check_int(num_patches, "num_patches", 1)
        self.is_hwc = check_bool(is_hwc, "is_hwc")

    def apply(self, array: np.ndarray) -> np.ndarray:
        check_image(array, "CutOut", None, (3,))
        height, width = array.shape[:2] if self.is_hwc else array.shape[1:]
        if self.length > height or self.length > width:
            raise RuntimeError(
                f"CutOut: length {self.length} is larger than the image of {height} by {width}."
            )
        out = array.copy()
        for _ in range(self.num_patches):
            top = self.generator.integers(height - self.length + 1)
            left = self.generator.integers(width - self.length + 1)
            place = (slice(top, top + self.length), slice(left, left + self.length))
            out[place if self.is_hwc else (slice(None), *place)] = 0
        return out


class FiveCrop(PilOperation):
    """The four corners and the middle of a PIL image: a tuple of five PIL images."""

    def __init__(self, size: Any) -> None:
        self.size = height_width(size, type(self).__name__)

    def apply_pil(self, image: Any) -> Any:
        width, height = image.size
        tall, wide = self.size
        if tall > height or wide > width:
            raise ValueError(
                f"{type(self).__name__}: size {self.size} is larger than the image ({height}, "
                f"{width})."
            )
        down, right = height - tall, width - wide
        places = [(0, 0), (0, right), (down, 0), (down, right)]
        places.append((round(down / 2), round(right / 2)))
        return tuple(image.crop((x, y, x + wide, y + tall)) for y, x in places)


class TenCrop(FiveCrop):
    """`FiveCrop` of a PIL image and of its mirror image: a tuple of ten."""

    def __init__(self, size: Any, use_vertical_flip: bool = False) -> None:
        super().__init__(size)
        self.use_vertical_flip = check_bool(use_vertical_flip, "use_vertical_flip")

    def apply_pil(self, image: Any) -> Any:
        kind = "FLIP_TOP_BOTTOM" if self.use_vertical_flip else "FLIP_LEFT_RIGHT"
        mirror = image.transpose(getattr(pillow("TenCrop").Transpose, kind))
        return (*super().apply_pil(image), *super().apply_pil(mirror))


class SlicePatches(ImageOperation):
    """Cut an image into num_height × num_width patches, row by row: a tuple of arrays.

    Args:
        slice_mode: PAD the image with `fill_value`, or DROP what is left over.
    """

    def __init__(
        self,
        num_height: int = 1,
        num_width: int = 1,
        slice_mode: SliceMode = SliceMode.PAD,
        fill_value: int = 0,
    ) -> None:
        self.num_height = check_int(num_height, "num_height", 1)
        self.num_width = check_int(num_width, "num_width", 1)
        if not isinstance(slice_mode, SliceMode):
            raise TypeError(f"SlicePatches: slice_mode must be a SliceMode, got {slice_mode!r}.")
        self.slice_mode = slice_mode
        self.fill_value = check_int(fill_value, "fill_value", 0, 255)

    def apply(self, array: np.ndarray) -> Any:
        check_image(array, "SlicePatches")
        height, width = array.shape[:2]
        rows, columns = self.num_height, self.num_width
        if self.slice_mode is SliceMode.PAD:
            tall, wide = -(-height // rows), -(-width // columns)
            shape = (tall * rows, wide * columns, *array.shape[2:])
            full = np.full(shape, self.fill_value, array.dtype)
            full[:height, :width] = array
        else:
            tall, wide, full = height // rows, width // columns, array
            if not tall or not wide:
                raise RuntimeError(
                    f"SlicePatches: cannot cut {height} by {width} pixels into {rows} by {columns}."
                )
        patches = [
            np.ascontiguousarray(full[y * tall : (y + 1) * tall, x * wide : (x + 1) * wide])
            for y in range(rows)
            for x in range(columns)
        ]
        return tuple(patches) if len(patches) > 1 else patches[0]


def _gauss(size: int, sigma: float) -> np.ndarray:
    x = np.arange(size) - (size - 1) / 2
    weights = np.exp(-(x**2) / (2 * sigma**2))
    return np.asarray(weights / weights.sum())


def _fixed(weights: np.ndarray) -> np.ndarray:
    """Weights in units of 1/256 that add up to 256; rounding errors pass to the neighbour."""
    half = len(weights) // 2
    out = np.empty(len(weights), np.int32)
    error = 0.0
    for i in range(half):
        exact = weights[i] * 256 + error
        out[i] = out[-1 - i] = round(exact)
        error = exact - out[i]
    out[half] = 256 - 2 * int(out[:half].sum())
    return out


class GaussianBlur(ImageOperation):
    """Smooth with a Gaussian bell.

    Args:
        kernel_size: odd width of the window, or (width, height).
        sigma: deviation in pixels, or (along x, along y); from the window by default:
            0.3 * ((size - 1) / 2 - 1) + 0.8.
    """

    def __init__(self, kernel_size: Any, sigma: Any = None) -> None:
        sizes = kernel_size if isinstance(kernel_size, list | tuple) else (kernel_size,) * 2
        if len(sizes) != 2:
            raise TypeError(f"GaussianBlur: kernel_size must be an int or two, not {kernel_size!r}")
        for size in sizes:
            if check_int(size, "kernel_size", 1) % 2 == 0:
                raise ValueError(f"GaussianBlur: kernel_size must be odd, but got {kernel_size}.")
        given = sigma if isinstance(sigma, list | tuple) else (sigma, sigma)
        if len(given) != 2:
            raise TypeError(f"GaussianBlur: sigma must be a number or two, but got {sigma!r}.")
        sigmas = [0 if s is None else number(s, "sigma", 0) for s in given]
        self._kernels = [
            _gauss(n, s if s > 0 else 0.3 * ((n - 1) * 0.5 - 1) + 0.8)
            for n, s in zip(sizes, sigmas, strict=True)
        ]

    def apply(self, array: np.ndarray) -> np.ndarray:
        check_image(array, "GaussianBlur")
        if array.dtype.kind in "iu" and array.dtype.itemsize > 2:
            raise RuntimeError(f"GaussianBlur: cannot smooth {array.dtype}; use uint8 or float32.")
        whole = array.dtype == np.uint8
        out = array.astype(np.int32 if whole else array.dtype)
        for axis, kernel in ((1, self._kernels[0]), (0, self._kernels[1])):
            weights = _fixed(kernel) if whole else kernel.astype(array.dtype)
            reach = len(weights) // 2
            widths = [(0, 0)] * array.ndim
            widths[axis] = (reach, reach)
            padded = np.pad(out, widths, "reflect") if reach else out
            size = array.shape[axis]
            cut = [slice(None)] * array.ndim
            out = np.zeros_like(out)
            for k, weight in enumerate(weights):
                cut[axis] = slice(k, k + size)
                out = out + padded[tuple(cut)] * weight
        return ((out + (1 << 15)) >> 16).astype(np.uint8) if whole else out
