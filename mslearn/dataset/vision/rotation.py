"""Rotations, affine and perspective maps."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from mslearn.dataset.checks import check_bool
from mslearn.dataset.transforms.common import check_probability
from mslearn.dataset.vision.base import ImageOperation, PilOperation, check_image, each_frame
from mslearn.dataset.vision.checks import above_zero, check_fill, check_inter, number, pair
from mslearn.dataset.vision.enums import Inter
from mslearn.dataset.vision.pillow import pillow
from mslearn.dataset.vision.resizing import pil_filter
from mslearn.dataset.vision.warp import (
    perspective_matrix,
    rotation_matrix,
    warp_affine,
    warp_perspective,
)


def _backwards(fill: Any) -> Any:
    """MindSpore reads a tuple of three as (blue, green, red) for NumPy images."""
    return fill[::-1] if isinstance(fill, tuple) else fill


def rotate(
    image: np.ndarray, degrees: float, inter: Inter, expand: bool, center: Any, fill: Any
) -> np.ndarray:
    """An image turned counter-clockwise; `expand` makes room for its corners."""
    height, width = image.shape[:2]
    middle = ((width - 1) / 2, (height - 1) / 2)
    matrix = rotation_matrix(middle if center is None or expand else center, degrees)
    size = (height, width)
    if expand:
        cos, sin = abs(matrix[0, 0]), abs(matrix[0, 1])
        tall, wide = height * cos + width * sin, height * sin + width * cos
        size = (round(tall), round(wide))
        matrix[:, 2] += ((wide - width) / 2, (tall - height) / 2)
    return warp_affine(image, matrix, size, inter, _backwards(fill))


class Rotate(ImageOperation):
    """Turn counter-clockwise by a fixed angle.

    Args:
        degrees: the angle.
        resample: NEAREST, BILINEAR or BICUBIC.
        expand: make the image larger, so that nothing is cut off.
        center: (x, y) of the point that stays; the middle by default.
        fill_value: what stands outside, an int or three of them.
    """

    def __init__(
        self,
        degrees: float,
        resample: Inter = Inter.NEAREST,
        expand: bool = False,
        center: Any = None,
        fill_value: Any = 0,
    ) -> None:
        self.degrees: Any = number(degrees, "degrees")
        self._common(resample, expand, center, fill_value)

    def _common(self, resample: Inter, expand: bool, center: Any, fill_value: Any) -> None:
        name = type(self).__name__
        self.resample = check_inter(resample, name)
        self.expand = check_bool(expand, "expand")
        if center is not None and (not isinstance(center, list | tuple) or len(center) != 2):
            raise TypeError(f"{name}: center must be (x, y), but got {center!r}.")
        self.center = center
        self.fill_value = check_fill(fill_value, name)

    def _turn(self, array: np.ndarray, degrees: float) -> np.ndarray:
        rest = (self.resample, self.expand, self.center, self.fill_value)
        return each_frame(array, type(self).__name__, lambda a: rotate(a, degrees, *rest))

    def apply(self, array: np.ndarray) -> np.ndarray:
        return self._turn(array, self.degrees)


class RandomRotation(Rotate):
    """Turn by a random angle of `degrees`: (smallest, largest), or d for (-d, d)."""

    random = True

    def __init__(
        self,
        degrees: Any,
        resample: Inter = Inter.NEAREST,
        expand: bool = False,
        center: Any = None,
        fill_value: Any = 0,
    ) -> None:
        self.degrees = symmetric(degrees, "degrees")
        self._common(resample, expand, center, fill_value)

    def _draw(self) -> float:
        low, high = self.degrees
        return float(low + (high - low) * self.generator.random())

    def apply(self, array: np.ndarray) -> np.ndarray:
        return self._turn(array, self._draw())

    def apply_pil(self, image: Any) -> Any:
        resample = pil_filter(self.resample, "RandomRotation")
        fill = fill_for(image, self.fill_value)
        return image.rotate(self._draw(), resample, self.expand, self.center, fillcolor=fill)


def symmetric(value: Any, name: str) -> tuple[float, float]:
    """(smaller, larger), or (-d, d) from one number d >= 0."""
    if isinstance(value, list | tuple):
        return pair(value, name)
    far = number(value, name, 0)
    return -far, far


def fill_for(image: Any, fill: Any) -> Any:
    """A fill value as Pillow wants it for this image's mode."""
    count = len(image.getbands())
    if isinstance(fill, tuple):
        return fill[0] if count == 1 else (*fill, 255)[:count]
    return fill if count == 1 else (fill,) * count


def affine_matrix(
    degrees: float, translate: Any, scale: float, shear: Any, center: tuple[float, float]
) -> np.ndarray:
    """2×3: shear, scale and turn around `center`, then move by `translate` pixels.

    Angles are in degrees, and positive ones turn clockwise (y points down).
    """
    angle, a, b = (math.radians(d) for d in (degrees, *shear))
    x, y = center
    p = scale * math.cos(angle - b) / math.cos(b)
    q = scale * (-math.cos(angle - b) * math.tan(a) / math.cos(b) - math.sin(angle))
    r = scale * math.sin(angle - b) / math.cos(b)
    s = scale * (-math.sin(angle - b) * math.tan(a) / math.cos(b) + math.cos(angle))
    move = (x + translate[0] - p * x - q * y, y + translate[1] - r * x - s * y)
    return np.array([[p, q, move[0]], [r, s, move[1]]], np.float64)


def affine(
    image: np.ndarray,
    degrees: float,
    translate: Any,
    scale: float,
    shear: Any,
    inter: Inter,
    fill: Any,
) -> np.ndarray:
    """`affine_matrix` around the middle of an image; `translate` in shares of its size."""
    height, width = image.shape[:2]
    pixels = (translate[0] * width, translate[1] * height)
    middle = ((width - 1) / 2, (height - 1) / 2)
    matrix = affine_matrix(degrees, pixels, scale, shear, middle)
    return warp_affine(image, matrix, (height, width), inter, _backwards(fill))


class Affine(ImageOperation):
    """Turn, move, scale and shear around the middle.

    Args:
        degrees: angle, clockwise.
        translate: (right, down) in shares of width and height, -1 … 1.
        scale: factor above 0.
        shear: angle along x in degrees, or (along x, along y).
        resample, fill_value: as for `Rotate`.
    """

    def __init__(
        self,
        degrees: float,
        translate: Any,
        scale: float,
        shear: Any,
        resample: Inter = Inter.NEAREST,
        fill_value: Any = 0,
    ) -> None:
        self.degrees = number(degrees, "degrees")
        if not isinstance(translate, list | tuple) or len(translate) != 2:
            raise TypeError(f"Affine: translate must be (right, down), but got {translate!r}.")
        self.translate = tuple(number(t, "translate", -1, 1) for t in translate)
        self.scale = above_zero(scale, "scale")
        self.shear = _shear(shear)
        self.resample = check_inter(resample, "Affine")
        self.fill_value = check_fill(fill_value, "Affine")

    def apply(self, array: np.ndarray) -> np.ndarray:
        check_image(array, "Affine")
        return affine(
            array,
            self.degrees,
            self.translate,
            self.scale,
            self.shear,
            self.resample,
            self.fill_value,
        )


def _shear(shear: Any) -> tuple[float, float]:
    if isinstance(shear, list | tuple):
        if len(shear) != 2:
            raise TypeError(f"Affine: shear must be a number or (along x, along y), got {shear!r}.")
        return number(shear[0], "shear"), number(shear[1], "shear")
    return number(shear, "shear"), 0.0


class RandomAffine(ImageOperation):
    """`Affine` by random amounts.

    Args:
        degrees: range of the angle, or d for (-d, d).
        translate: (low, high) for x, or also for y, in shares of width and height.
        scale: range of the factor; None is 1.
        shear: d for (-d, d) along x; or a range along x; or ranges along x and y (4 numbers).
        resample, fill_value: as for `Rotate`.
    """

    random = True

    def __init__(
        self,
        degrees: Any,
        translate: Any = None,
        scale: Any = None,
        shear: Any = None,
        resample: Inter = Inter.NEAREST,
        fill_value: Any = 0,
    ) -> None:
        self.ranges = [symmetric(degrees, "degrees")]
        self.ranges += _two_ranges(translate, "translate", -1, 1)
        if scale is not None and pair(scale, "scale", 0)[1] == 0:
            raise ValueError(f"RandomAffine: scale must be above 0, but got {scale!r}.")
        self.ranges.append((1, 1) if scale is None else tuple(scale))
        if isinstance(shear, int | float) and not isinstance(shear, bool):
            shear = (-above_zero(shear, "shear"), shear)
        self.ranges += _two_ranges(shear, "shear", -360, 360)
        self.resample = check_inter(resample, "RandomAffine")
        self.fill_value = check_fill(fill_value, "RandomAffine")

    def _draw(self) -> list[float]:
        draws = self.generator.random(len(self.ranges)).tolist()
        return [low + (high - low) * u for (low, high), u in zip(self.ranges, draws, strict=True)]

    def apply(self, array: np.ndarray) -> np.ndarray:
        check_image(array, "RandomAffine")
        angle, right, down, scale, a, b = self._draw()
        fill = self.fill_value
        return affine(array, angle, (right, down), scale, (a, b), self.resample, fill)

    def apply_pil(self, image: Any) -> Any:
        angle, right, down, scale, a, b = self._draw()
        width, height = image.size
        move = (round(right * width), round(down * height))
        inverse = _way_back(angle, move, scale, (a, b), (width * 0.5 + 0.5, height * 0.5 + 0.5))
        return image.transform(
            image.size,
            pillow("RandomAffine").Transform.AFFINE,
            inverse,
            pil_filter(self.resample, "RandomAffine"),
            fillcolor=fill_for(image, self.fill_value),
        )


def _way_back(
    degrees: float, translate: Any, scale: float, shear: Any, center: tuple[float, float]
) -> list[float]:
    """From output to input, as Pillow wants it. MindSpore shears PIL images along both axes at
    once, and NumPy images one after the other (`affine_matrix`): with a shear they differ."""
    angle, a, b = (math.radians(d) for d in (degrees, *shear))
    unit = scale * math.cos(a - b)
    p, q = math.cos(angle + a) / unit, math.sin(angle + a) / unit
    r, s = -math.sin(angle + b) / unit, math.cos(angle + b) / unit
    x, y = center
    u, v = x + translate[0], y + translate[1]
    return [p, q, x - p * u - q * v, r, s, y - r * u - s * v]


def _two_ranges(value: Any, name: str, low: float, high: float) -> list[Any]:
    """Ranges along x and y from None, two numbers (x alone) or four."""
    if value is None:
        return [(0, 0), (0, 0)]
    if not isinstance(value, list | tuple) or len(value) not in (2, 4):
        raise TypeError(f"RandomAffine: {name} must have 2 or 4 numbers, but got {value!r}.")
    first = pair(value[:2], name, low, high)
    return [first, pair(value[2:], name, low, high) if len(value) == 4 else (0, 0)]


class Perspective(ImageOperation):
    """Move four points of the image to four others.

    Args:
        start_points, end_points: [top left, top right, bottom right, bottom left] as [x, y].
        interpolation: NEAREST, BILINEAR or BICUBIC.
    """

    def __init__(
        self, start_points: Any, end_points: Any, interpolation: Inter = Inter.BILINEAR
    ) -> None:
        for name, points in (("start_points", start_points), ("end_points", end_points)):
            if not isinstance(points, list | tuple) or len(points) != 4:
                raise TypeError(f"Perspective: {name} must be four points, but got {points!r}.")
            for point in points:
                if not isinstance(point, list | tuple) or len(point) != 2:
                    raise TypeError(f"Perspective: {name} holds {point!r} where [x, y] is wanted.")
        self.start_points, self.end_points = start_points, end_points
        self.interpolation = check_inter(interpolation, "Perspective")

    def apply(self, array: np.ndarray) -> np.ndarray:
        check_image(array, "Perspective")
        matrix = perspective_matrix(self.start_points, self.end_points)
        return warp_perspective(array, matrix, array.shape[:2], self.interpolation)

    def apply_pil(self, image: Any) -> Any:
        return _pil_perspective(image, self.start_points, self.end_points, self.interpolation)


def _pil_perspective(image: Any, start: Any, end: Any, inter: Inter) -> Any:
    back = perspective_matrix(end, start).ravel()[:8].tolist()  # Pillow wants the way back
    method = pillow("Perspective").Transform.PERSPECTIVE
    return image.transform(image.size, method, back, pil_filter(inter, "Perspective"))


class RandomPerspective(PilOperation):
    """Move the corners of a PIL image inwards at random, with probability `prob`.

    Args:
        distortion_scale: how far, 0 … 1 of half the side.
    """

    random = True

    def __init__(
        self,
        distortion_scale: float = 0.5,
        prob: float = 0.5,
        interpolation: Inter = Inter.BICUBIC,
    ) -> None:
        self.distortion_scale = number(distortion_scale, "distortion_scale", 0, 1)
        self.prob = check_probability(prob, "RandomPerspective")
        self.interpolation = check_inter(interpolation, "RandomPerspective")

    def apply(self, array: np.ndarray) -> Any:
        raise ValueError("RandomPerspective: Input image should be a Pillow image. Use ToPIL().")

    def apply_pil(self, image: Any) -> Any:
        if self.generator.random() >= self.prob:
            return image
        width, height = image.size
        far = (int(self.distortion_scale * width / 2), int(self.distortion_scale * height / 2))
        start = [(0, 0), (width - 1, 0), (width - 1, height - 1), (0, height - 1)]
        end = []
        for x, y in start:
            dx, dy = (int(self.generator.integers(f + 1)) for f in far)
            end.append((x + dx if x == 0 else x - dx, y + dy if y == 0 else y - dy))
        return _pil_perspective(image, start, end, self.interpolation)
