"""Transforms that move pixels: crops, flips, padding."""

from __future__ import annotations

from typing import Any

import numpy as np

from mslearn.dataset.checks import check_bool, check_int
from mslearn.dataset.transforms.common import check_probability
from mslearn.dataset.vision.base import ImageOperation, check_image
from mslearn.dataset.vision.enums import Border

_MODES = {
    Border.CONSTANT: "constant",
    Border.EDGE: "edge",
    Border.REFLECT: "reflect",
    Border.SYMMETRIC: "symmetric",
}


def _height_width(size: Any, name: str) -> tuple[int, int]:
    if isinstance(size, list | tuple) and len(size) == 2:
        return check_int(size[0], f"{name}: size", 1), check_int(size[1], f"{name}: size", 1)
    if isinstance(size, list | tuple):
        raise TypeError(f"{name}: size must be an int or (height, width), but got {size!r}.")
    side = check_int(size, f"{name}: size", 1)
    return side, side


def _sides(padding: Any, name: str) -> tuple[int, int, int, int]:
    """(left, top, right, bottom) from one number, (left-right, top-bottom) or all four."""
    if isinstance(padding, list | tuple):
        values = [check_int(p, f"{name}: padding", 0) for p in padding]
        if len(values) == 2:
            return values[0], values[1], values[0], values[1]
        if len(values) == 4:
            return values[0], values[1], values[2], values[3]
        raise ValueError(f"{name}: padding must have 2 or 4 numbers, but got {padding!r}.")
    side = check_int(padding, f"{name}: padding", 0)
    return side, side, side, side


class _Flip(ImageOperation):
    axis = -2

    def apply(self, array: np.ndarray) -> np.ndarray:
        if array.ndim < 2:
            raise RuntimeError(
                f"{type(self).__name__}: the input must be <H,W>, <H,W,C> or <…,H,W,C>, but its "
                f"shape is {list(array.shape)}."
            )
        axis = self.axis + 1 if array.ndim == 2 else self.axis
        return np.ascontiguousarray(np.flip(array, axis))


class HorizontalFlip(_Flip):
    """Mirror left and right."""


class VerticalFlip(_Flip):
    """Mirror top and bottom."""

    axis = -3


class RandomHorizontalFlip(_Flip):
    """Mirror left and right with probability `prob`."""

    random = True

    def __init__(self, prob: float = 0.5) -> None:
        self.prob = check_probability(prob, type(self).__name__)

    def apply(self, array: np.ndarray) -> np.ndarray:
        return super().apply(array) if self.generator.random() < self.prob else array


class RandomVerticalFlip(RandomHorizontalFlip):
    """Mirror top and bottom with probability `prob`."""

    axis = -3


class Pad(ImageOperation):
    """Add a border.

    Args:
        padding: one width for all sides, (left and right, top and bottom), or
            (left, top, right, bottom).
        fill_value: of a constant border; one number or one per channel (three).
        padding_mode: a `Border`.
    """

    def __init__(
        self,
        padding: Any,
        fill_value: int | tuple[int, int, int] = 0,
        padding_mode: Border = Border.CONSTANT,
    ) -> None:
        self.padding = _sides(padding, type(self).__name__)
        if not isinstance(padding_mode, Border):
            raise TypeError(f"Pad: padding_mode must be a vision.Border, but got {padding_mode!r}.")
        self.fill_value, self.padding_mode = fill_value, padding_mode

    def apply(self, array: np.ndarray) -> np.ndarray:
        check_image(array, type(self).__name__)
        left, top, right, bottom = self.padding
        widths = [(top, bottom), (left, right), (0, 0)][: array.ndim]
        if self.padding_mode is not Border.CONSTANT:
            return np.pad(array, widths, mode=_MODES[self.padding_mode])  # type: ignore[call-overload,no-any-return]
        height, width = array.shape[0] + top + bottom, array.shape[1] + left + right
        out = np.empty((height, width, *array.shape[2:]), array.dtype)
        out[...] = self.fill_value
        out[top : top + array.shape[0], left : left + array.shape[1]] = array
        return out


class CenterCrop(ImageOperation):
    """Cut the middle out; an image that is too small is padded with black first.

    Args:
        size: side of a square, or (height, width).
    """

    def __init__(self, size: Any) -> None:
        self.size = _height_width(size, "CenterCrop")

    def apply(self, array: np.ndarray) -> np.ndarray:
        if array.ndim < 2:
            raise RuntimeError(
                f"CenterCrop: the input must be <H,W>, <H,W,C> or <…,H,W,C>, but its shape is "
                f"{list(array.shape)}."
            )
        axis = 0 if array.ndim == 2 else array.ndim - 3
        for k, wanted in enumerate(self.size):
            have = array.shape[axis + k]
            if have < wanted:
                missing = wanted - have
                widths = [(0, 0)] * array.ndim
                widths[axis + k] = (missing - missing // 2, missing // 2)
                array = np.pad(array, widths)
            else:
                start = (have - wanted) // 2
                cut = [slice(None)] * array.ndim
                cut[axis + k] = slice(start, start + wanted)
                array = array[tuple(cut)]
        return np.ascontiguousarray(array)


class RandomCrop(ImageOperation):
    """Cut a piece of `size` out at a random place.

    Args:
        size: side of a square, or (height, width).
        padding: border added first, as for `Pad`.
        pad_if_needed: pad an image that is too small; else it is an error.
        fill_value, padding_mode: as for `Pad`.

    Raises:
        RuntimeError: the image is smaller than `size`.
    """

    random = True

    def __init__(
        self,
        size: Any,
        padding: Any = None,
        pad_if_needed: bool = False,
        fill_value: int | tuple[int, int, int] = 0,
        padding_mode: Border = Border.CONSTANT,
    ) -> None:
        self.size = _height_width(size, "RandomCrop")
        check_bool(pad_if_needed, "pad_if_needed")
        self.pad_if_needed = pad_if_needed
        self.fill_value, self.padding_mode = fill_value, padding_mode
        self.border = None if padding is None else Pad(padding, fill_value, padding_mode)

    def apply(self, array: np.ndarray) -> np.ndarray:
        check_image(array, "RandomCrop")
        if self.border is not None:
            array = self.border.apply(array)
        height, width = self.size
        if self.pad_if_needed:
            more = (max(0, width - array.shape[1]), max(0, height - array.shape[0]))
            if any(more):
                array = Pad(more, self.fill_value, self.padding_mode).apply(array)
        if array.shape[0] < height or array.shape[1] < width:
            raise RuntimeError(
                f"RandomCrop: crop size ({height}, {width}) is bigger than the image "
                f"({array.shape[0]}, {array.shape[1]}). Use pad_if_needed=True or a smaller size."
            )
        top = self.generator.integers(array.shape[0] - height + 1)
        left = self.generator.integers(array.shape[1] - width + 1)
        return np.array(array[top : top + height, left : left + width])
