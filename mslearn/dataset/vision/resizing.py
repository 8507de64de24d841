"""Transforms that change an image's size."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from mslearn.dataset.checks import check_int
from mslearn.dataset.vision.base import ImageOperation, check_image, each_frame
from mslearn.dataset.vision.checks import check_inter, height_width, pair
from mslearn.dataset.vision.enums import Inter
from mslearn.dataset.vision.resample import resize

_PILLOW = {Inter.NEAREST: 0, Inter.ANTIALIAS: 1, Inter.BILINEAR: 2, Inter.BICUBIC: 3}


def pil_filter(inter: Inter, name: str) -> int:
    """Pillow's number of an interpolation.

    Raises:
        TypeError: Pillow has no such.
    """
    if inter not in _PILLOW:
        raise TypeError(
            f"{name}: Inter.{inter.name} is not supported with PIL input; use "
            f"{', '.join(i.name for i in _PILLOW)}, or turn the image into an array first."
        )
    return _PILLOW[inter]


def pil_resize(image: Any, height: int, width: int, inter: Inter, name: str) -> Any:
    """A PIL image at another size."""
    return image.resize((width, height), pil_filter(inter, name))


def array_resize(
    array: np.ndarray, height: int, width: int, inter: Inter, name: str, stacked: bool = False
) -> np.ndarray:
    """An array at another size; int32 only by NEAREST, as in MindSpore."""
    if inter is Inter.ANTIALIAS:
        raise TypeError(
            f"{name}: Inter.ANTIALIAS needs a PIL image, got {type(array)}. Use "
            f"Decode(to_pil=True) for encoded data or ToPIL() for an array."
        )
    if array.dtype.kind in "iu" and array.dtype.itemsize > 2 and inter is not Inter.NEAREST:
        raise RuntimeError(
            f"{name}: cannot interpolate an image of {array.dtype}. Use Inter.NEAREST, or turn it "
            f"into uint8 or float32 first."
        )
    return resize(array, height, width, inter, stacked)


class Resize(ImageOperation):
    """An image at another size.

    Args:
        size: (height, width), or one int: the shorter side gets it, the other follows.
        interpolation: an `Inter`. NumPy images are resized with OpenCV's arithmetic (as MindSpore
            does), PIL images with Pillow's; ANTIALIAS is for PIL images, AREA and PILCUBIC for
            NumPy images only.

    Raises:
        RuntimeError: the input is no image.

    >>> import numpy as np
    >>> Resize((2, 4))(np.zeros((9, 9, 3), np.uint8)).shape
    (2, 4, 3)
    """

    def __init__(self, size: Any, interpolation: Inter = Inter.BILINEAR) -> None:
        height, width = height_width(size, type(self).__name__)
        self.size = (height, width)
        self.keeps_shape = isinstance(size, int)
        self.interpolation = check_inter(interpolation, type(self).__name__)

    def target(self, height: int, width: int) -> tuple[int, int]:
        """The new size of an image of this height and width."""
        if not self.keeps_shape:
            return self.size
        side = self.size[0]
        if height < width:
            return side, int(side * width / height)
        return int(side * height / width), side

    def apply(self, array: np.ndarray) -> np.ndarray:
        if array.ndim < 2 or array.dtype.kind not in "biuf":
            return each_frame(array, "Resize", np.asarray)  # for its message
        if array.ndim > 3:
            return each_frame(array, "Resize", self.apply)
        height, width = self.target(*array.shape[:2])
        return array_resize(array, height, width, self.interpolation, "Resize")

    def batched(self, stack: np.ndarray) -> np.ndarray | None:
        # Large images fit the caches better one by one.
        if stack.ndim not in (3, 4) or stack.dtype.kind not in "biuf" or stack[0].size > 1 << 14:
            return None
        height, width = self.target(*stack.shape[1:3])
        return array_resize(stack, height, width, self.interpolation, "Resize", True)

    def apply_pil(self, image: Any) -> Any:
        width, height = image.size
        return pil_resize(image, *self.target(height, width), self.interpolation, "Resize")


class ResizedCrop(ImageOperation):
    """Cut a rectangle out and resize it.

    Args:
        top, left, height, width: the rectangle, in pixels.
        size: of the result: (height, width), or the shorter side.
        interpolation: see `Resize`.
    """

    def __init__(
        self,
        top: int,
        left: int,
        height: int,
        width: int,
        size: Any,
        interpolation: Inter = Inter.BILINEAR,
    ) -> None:
        self.top, self.left = check_int(top, "top", 0), check_int(left, "left", 0)
        self.height, self.width = check_int(height, "height", 1), check_int(width, "width", 1)
        self.size = height_width(size, "ResizedCrop")
        self.interpolation = check_inter(interpolation, "ResizedCrop")

    def apply(self, array: np.ndarray) -> np.ndarray:
        check_image(array, "ResizedCrop")
        bottom, right = self.top + self.height, self.left + self.width
        if bottom > array.shape[0] or right > array.shape[1]:
            raise RuntimeError(
                f"ResizedCrop: the rectangle down to ({bottom}, {right}) leaves the image of "
                f"{array.shape[0]} by {array.shape[1]}."
            )
        cut = array[self.top : bottom, self.left : right]
        return array_resize(cut, *self.size, self.interpolation, "ResizedCrop")


class RandomResize(ImageOperation):
    """`Resize` with an interpolation drawn for each image."""

    random = True

    def __init__(self, size: Any) -> None:
        self.kinds = [
            Resize(size, i) for i in (Inter.NEAREST, Inter.BILINEAR, Inter.BICUBIC, Inter.AREA)
        ]

    def apply(self, array: np.ndarray) -> np.ndarray:
        return self.kinds[self.generator.integers(4)].apply(array)


class RandomResizedCrop(ImageOperation):
    """Cut a random part out and resize it (Szegedy and others, 2014).

    Args:
        size: of the result: side of a square, or (height, width).
        scale: range of the part's share of the image's area.
        ratio: range of its width divided by its height; drawn evenly in the logarithm.
        interpolation: see `Resize`.
        max_attempts: how often to draw; then the middle is taken.
    """

    random = True

    def __init__(
        self,
        size: Any,
        scale: Any = (0.08, 1.0),
        ratio: Any = (3.0 / 4.0, 4.0 / 3.0),
        interpolation: Inter = Inter.BILINEAR,
        max_attempts: int = 10,
    ) -> None:
        name = type(self).__name__
        self.size = height_width(size, name)
        self.scale, self.ratio = pair(scale, "scale", 0), pair(ratio, "ratio", 0)
        if self.scale[1] == 0 or self.ratio[0] == 0:
            raise ValueError(f"{name}: scale and ratio must be above 0.")
        self.interpolation = check_inter(interpolation, name)
        self.max_attempts = check_int(max_attempts, "max_attempts", 1)

    def box(self, height: int, width: int) -> tuple[int, int, int, int]:
        """A random (top, left, height, width) inside an image of this size."""
        draw = self.generator
        low, high = math.log(self.ratio[0]), math.log(self.ratio[1])
        for _ in range(self.max_attempts):
            first, second = draw.random(2).tolist()
            area = height * width * (self.scale[0] + (self.scale[1] - self.scale[0]) * first)
            ratio = math.exp(low + (high - low) * second)
            wide, tall = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
            if 0 < wide <= width and 0 < tall <= height:
                top = int(draw.integers(height - tall + 1))
                return top, int(draw.integers(width - wide + 1)), tall, wide
        tall, wide = height, width
        if width / height < self.ratio[0]:
            tall = min(height, round(width / self.ratio[0]))
        elif width / height > self.ratio[1]:
            wide = min(width, round(height * self.ratio[1]))
        return (height - tall) // 2, (width - wide) // 2, tall, wide

    def apply(self, array: np.ndarray) -> np.ndarray:
        if array.ndim > 3:
            return each_frame(array, "RandomResizedCrop", self.apply)
        check_image(array, "RandomResizedCrop")
        top, left, tall, wide = self.box(*array.shape[:2])
        cut = array[top : top + tall, left : left + wide]
        return array_resize(cut, *self.size, self.interpolation, "RandomResizedCrop")

    def apply_pil(self, image: Any) -> Any:
        width, height = image.size
        top, left, tall, wide = self.box(height, width)
        resample = pil_filter(self.interpolation, "RandomResizedCrop")
        edges = (left, top, left + wide, top + tall)
        return image.crop(edges).resize(self.size[::-1], resample)


class RandomCropDecodeResize(RandomResizedCrop):
    """`Decode` and `RandomResizedCrop` in one, for encoded images (1-D bytes)."""

    def apply(self, array: np.ndarray) -> np.ndarray:
        from mslearn.dataset.vision.codec import decode_pil

        picture = decode_pil(array, "RandomCropDecodeResize")
        width, height = picture.size
        top, left, tall, wide = self.box(height, width)
        cut = np.asarray(picture.crop((left, top, left + wide, top + tall)))
        return array_resize(cut, *self.size, self.interpolation, "RandomCropDecodeResize")

    def apply_pil(self, image: Any) -> Any:
        raise TypeError("RandomCropDecodeResize takes encoded bytes; use RandomResizedCrop here.")
