"""Transforms that move pixels: crops, flips, padding."""

from __future__ import annotations

from typing import Any

import numpy as np

from mslearn.dataset.checks import check_bool, check_int
from mslearn.dataset.transforms.common import check_probability
from mslearn.dataset.vision.base import ImageOperation, check_image
from mslearn.dataset.vision.checks import check_border, check_fill, height_width
from mslearn.dataset.vision.enums import Border
from mslearn.dataset.vision.pillow import pillow


def sides(padding: Any, name: str) -> tuple[int, int, int, int]:
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


def pad(array: np.ndarray, border: tuple[int, int, int, int], fill: Any, mode: Border) -> Any:
    """An image with a border of (left, top, right, bottom) pixels."""
    left, top, right, bottom = border
    if mode is not Border.CONSTANT:
        widths = [(top, bottom), (left, right), (0, 0)][: array.ndim]
        return np.pad(array, widths, mode=mode.value)
    height, width = array.shape[0] + top + bottom, array.shape[1] + left + right
    out = np.empty((height, width, *array.shape[2:]), array.dtype)
    # An image with one channel takes the first of three fill values.
    one = array.ndim == 2 or array.shape[2] == 1
    out[...] = fill[0] if one and isinstance(fill, tuple) else fill
    out[top : top + array.shape[0], left : left + array.shape[1]] = array
    return out


def to_pil(array: np.ndarray, name: str) -> Any:
    """A PIL image of an array."""
    return pillow(name).fromarray(np.ascontiguousarray(array))


class _Flip(ImageOperation):
    axis = -2
    method = "FLIP_LEFT_RIGHT"

    def apply(self, array: np.ndarray) -> np.ndarray:
        if array.ndim < 2 or array.dtype.kind not in "biuf":
            raise RuntimeError(
                f"{type(self).__name__}: the input must be <H,W>, <H,W,C> or <…,H,W,C>, but its "
                f"shape is {list(array.shape)}."
            )
        axis = self.axis + 1 if array.ndim == 2 else self.axis
        return np.ascontiguousarray(np.flip(array, axis))


class HorizontalFlip(_Flip):
    """Mirror left and right."""

    def batched(self, stack: np.ndarray) -> np.ndarray | None:
        if stack.ndim not in (3, 4) or stack.dtype.kind not in "biuf":
            return None
        axis = self.axis + 1 if stack.ndim == 3 else self.axis
        return np.ascontiguousarray(np.flip(stack, axis))


class VerticalFlip(HorizontalFlip):
    """Mirror top and bottom."""

    axis = -3


class RandomHorizontalFlip(_Flip):
    """Mirror left and right with probability `prob`."""

    random = True

    def __init__(self, prob: float = 0.5) -> None:
        self.prob = check_probability(prob, type(self).__name__)

    def apply(self, array: np.ndarray) -> np.ndarray:
        return super().apply(array) if self.generator.random() < self.prob else array

    def apply_pil(self, image: Any) -> Any:
        if self.generator.random() >= self.prob:
            return image
        return image.transpose(getattr(pillow(type(self).__name__).Transpose, self.method))


class RandomVerticalFlip(RandomHorizontalFlip):
    """Mirror top and bottom with probability `prob`."""

    axis = -3
    method = "FLIP_TOP_BOTTOM"


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
        self.padding = sides(padding, "Pad")
        self.padding_mode = check_border(padding_mode, "Pad")
        self.fill_value = check_fill(fill_value, "Pad")

    def apply(self, array: np.ndarray) -> np.ndarray:
        check_image(array, "Pad", (1, 3))
        return pad(array, self.padding, self.fill_value, self.padding_mode)

    def apply_pil(self, image: Any) -> Any:
        array = np.asarray(image)
        return to_pil(pad(array, self.padding, self.fill_value, self.padding_mode), "Pad")


class PadToSize(ImageOperation):
    """Add a border so that the image has `size`.

    Args:
        size: side of a square, or (height, width).
        offset: where the image goes: None is the middle, or (rows, columns), or one for both.
        fill_value, padding_mode: as for `Pad`.

    Raises:
        RuntimeError: the image is larger than `size`.
    """

    def __init__(
        self,
        size: Any,
        offset: Any = None,
        fill_value: int | tuple[int, int, int] = 0,
        padding_mode: Border = Border.CONSTANT,
    ) -> None:
        self.size = height_width(size, "PadToSize")
        if offset is not None and not isinstance(offset, list | tuple):
            offset = (offset, offset)
        self.offset = None if not offset else tuple(check_int(n, "offset", 0) for n in offset)
        if self.offset is not None and len(self.offset) != 2:
            raise ValueError(f"PadToSize: offset must be one or two ints, but got {offset!r}.")
        self.padding_mode = check_border(padding_mode, "PadToSize")
        self.fill_value = check_fill(fill_value, "PadToSize")

    def apply(self, array: np.ndarray) -> np.ndarray:
        check_image(array, "PadToSize", (1, 3))
        down, right = (n - have for n, have in zip(self.size, array.shape, strict=False))
        top, left = (down // 2, right // 2) if self.offset is None else self.offset
        if down < top or right < left or down < 0 or right < 0:
            raise RuntimeError(
                f"PadToSize: size {self.size} is smaller than the image of {array.shape[0]} by "
                f"{array.shape[1]} with its offset."
            )
        border = (left, top, right - left, down - top)
        return pad(array, border, self.fill_value, self.padding_mode)


class CenterCrop(ImageOperation):
    """Cut the middle out; an image that is too small is padded with black first.

    Args:
        size: side of a square, or (height, width).
    """

    def __init__(self, size: Any) -> None:
        self.size = height_width(size, "CenterCrop")

    def batched(self, stack: np.ndarray) -> np.ndarray | None:
        if stack.ndim not in (3, 4):
            return None
        return self.apply(stack[..., None])[..., 0] if stack.ndim == 3 else self.apply(stack)

    def apply(self, array: np.ndarray) -> np.ndarray:
        if array.ndim < 2 or array.dtype.kind not in "biuf":
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

    def apply_pil(self, image: Any) -> Any:
        width, height = image.size
        tall, wide = self.size
        top, left = round((height - tall) / 2), round((width - wide) / 2)
        return image.crop((left, top, left + wide, top + tall))


class Crop(ImageOperation):
    """Cut a piece out.

    Args:
        coordinates: (top, left) of the piece.
        size: side of a square, or (height, width).

    Raises:
        RuntimeError: the piece leaves the image.
    """

    def __init__(self, coordinates: Any, size: Any) -> None:
        if not isinstance(coordinates, list | tuple) or len(coordinates) != 2:
            raise TypeError(f"Crop: coordinates must be (top, left), but got {coordinates!r}.")
        self.coordinates = tuple(check_int(c, "coordinates", 0) for c in coordinates)
        self.size = height_width(size, "Crop")

    def apply(self, array: np.ndarray) -> np.ndarray:
        check_image(array, "Crop")
        (top, left), (height, width) = self.coordinates, self.size
        if top + height > array.shape[0] or left + width > array.shape[1]:
            raise RuntimeError(
                f"Crop: the piece from ({top}, {left}) to ({top + height}, {left + width}) leaves "
                f"the image of {array.shape[0]} by {array.shape[1]}."
            )
        return np.array(array[top : top + height, left : left + width])


class RandomCrop(ImageOperation):
    """Cut a piece of `size` out at a random place.

    Args:
        size: side of a square, or (height, width).
        padding: border added first, as for `Pad`.
        pad_if_needed: pad an image that is too small; else it is an error.
        fill_value, padding_mode: as for `Pad`.

    Raises:
        RuntimeError: the image is smaller than `size` (ValueError for a PIL image).
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
        self.size = height_width(size, "RandomCrop")
        self.pad_if_needed = check_bool(pad_if_needed, "pad_if_needed")
        self.border = None if padding is None else sides(padding, "RandomCrop")
        self.fill = (check_fill(fill_value, "RandomCrop"), check_border(padding_mode, "RandomCrop"))

    def apply(self, array: np.ndarray) -> np.ndarray:
        check_image(array, "RandomCrop")
        return self.cut(array)[0]

    def cut(self, array: np.ndarray) -> tuple[np.ndarray, tuple[int, int]]:
        """The piece, and where (top, left) its corner lies in the given image."""
        over = left_over = 0
        if self.border is not None:
            array = pad(array, self.border, *self.fill)
            left_over, over = self.border[:2]
        height, width = self.size
        if self.pad_if_needed:
            right, down = max(0, width - array.shape[1]), max(0, height - array.shape[0])
            if right or down:
                array = pad(array, (right, down, right, down), *self.fill)
                over, left_over = over + down, left_over + right
        if array.shape[0] < height or array.shape[1] < width:
            raise RuntimeError(
                f"RandomCrop: crop size ({height}, {width}) is bigger than the image "
                f"({array.shape[0]}, {array.shape[1]}). Use pad_if_needed=True or a smaller size."
            )
        top = int(self.generator.integers(array.shape[0] - height + 1))
        left = int(self.generator.integers(array.shape[1] - width + 1))
        piece = np.array(array[top : top + height, left : left + width])
        return piece, (top - over, left - left_over)

    def apply_pil(self, image: Any) -> Any:
        try:
            return to_pil(self.cut(np.asarray(image))[0], "RandomCrop")
        except RuntimeError as error:
            raise ValueError(str(error)) from None
