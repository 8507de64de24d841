"""Transforms of an image together with its bounding boxes.

They take two columns: the image <H,W,3> and float32 boxes <N,4 or more>, each row starting with
x, y, width, height in pixels. `map(op, ["image", "bbox"])` gives both columns back.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from mslearn.dataset.transforms.common import check_probability
from mslearn.dataset.transforms.operation import Operation
from mslearn.dataset.vision.base import ImageOperation, check_image
from mslearn.dataset.vision.enums import Border, Inter
from mslearn.dataset.vision.geometry import RandomCrop
from mslearn.dataset.vision.resample import resize
from mslearn.dataset.vision.resizing import RandomResizedCrop, Resize, array_resize


class BoxOperation(Operation):
    """A transform of (image, boxes); see the module."""

    def __call__(self, *inputs: Any) -> Any:
        name = type(self).__name__
        if len(inputs) != 2:
            raise RuntimeError(
                f"{name} takes two columns, an image and its boxes, but got {len(inputs)}: "
                f"map({name}(…), ['image', 'bbox'])."
            )
        image, boxes = (ImageOperation._input(self, v) for v in inputs)  # type: ignore[arg-type]
        check_image(image, name)
        if boxes.ndim != 2 or boxes.shape[1] < 4 or boxes.dtype != np.float32:
            raise RuntimeError(
                f"{name}: boxes must be float32 of shape <N,4 or more>, but got {boxes.dtype} with "
                f"shape {list(boxes.shape)}."
            )
        height, width = image.shape[:2]
        x, y, w, h = boxes[:, :4].T
        if (boxes[:, :4] < 0).any() or (x + w > width).any() or (y + h > height).any():
            raise RuntimeError(
                f"{name}: a box leaves the image of {height} by {width}: boxes are (x, y, width, "
                f"height) in pixels, and got {boxes[:, :4].tolist()[:3]}."
            )
        return self.change(image, boxes.copy())

    def change(self, image: np.ndarray, boxes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The new image and boxes; `boxes` may be overwritten."""
        raise NotImplementedError


def _inside(boxes: np.ndarray, top: float, left: float, height: int, width: int) -> np.ndarray:
    """Boxes as seen in a piece of the image; those outside are left out.

    Raises no error when nothing is left: then one box of zeros stands for "no box".
    """
    x, y, w, h = boxes[:, :4].T.copy()
    right, bottom = np.minimum(x + w, left + width), np.minimum(y + h, top + height)
    x, y = np.maximum(x, left), np.maximum(y, top)
    keep = (right > x) & (bottom > y)
    boxes[:, :4] = np.stack([x - left, y - top, right - x, bottom - y], -1)
    return boxes[keep] if keep.any() else np.zeros((1, boxes.shape[1]), boxes.dtype)


def _scale(boxes: np.ndarray, down: float, right: float) -> np.ndarray:
    boxes[:, :4] *= np.array([right, down, right, down], np.float32)
    return boxes


class ResizeWithBBox(BoxOperation):
    """`Resize` of an image and its boxes."""

    def __init__(self, size: Any, interpolation: Inter = Inter.BILINEAR) -> None:
        self.kinds = [Resize(size, interpolation)]

    def change(self, image: np.ndarray, boxes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        kind = self.kinds[self.generator.integers(len(self.kinds)) if self.random else 0]
        out = kind.apply(image)
        down, right = out.shape[0] / image.shape[0], out.shape[1] / image.shape[1]
        return out, _scale(boxes, down, right)


class RandomResizeWithBBox(ResizeWithBBox):
    """`RandomResize` of an image and its boxes."""

    random = True

    def __init__(self, size: Any) -> None:
        kinds = (Inter.NEAREST, Inter.BILINEAR, Inter.BICUBIC, Inter.AREA)
        self.kinds = [Resize(size, kind) for kind in kinds]


class RandomHorizontalFlipWithBBox(BoxOperation):
    """Mirror left and right with probability `prob`, with the boxes."""

    random = True

    def __init__(self, prob: float = 0.5) -> None:
        self.prob = check_probability(prob, type(self).__name__)

    def change(self, image: np.ndarray, boxes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        if self.generator.random() >= self.prob:
            return image, boxes
        boxes[:, 0] = image.shape[1] - boxes[:, 0] - boxes[:, 2]
        return np.ascontiguousarray(image[:, ::-1]), boxes


class RandomVerticalFlipWithBBox(RandomHorizontalFlipWithBBox):
    """Mirror top and bottom with probability `prob`, with the boxes."""

    def change(self, image: np.ndarray, boxes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        if self.generator.random() >= self.prob:
            return image, boxes
        boxes[:, 1] = image.shape[0] - boxes[:, 1] - boxes[:, 3]
        return np.ascontiguousarray(image[::-1]), boxes


class RandomCropWithBBox(BoxOperation):
    """`RandomCrop` of an image and its boxes; boxes outside the piece are left out."""

    random = True

    def __init__(
        self,
        size: Any,
        padding: Any = None,
        pad_if_needed: bool = False,
        fill_value: int | tuple[int, int, int] = 0,
        padding_mode: Border = Border.CONSTANT,
    ) -> None:
        self.crop = RandomCrop(size, padding, pad_if_needed, fill_value, padding_mode)

    def change(self, image: np.ndarray, boxes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        piece, (top, left) = self.crop.cut(image)
        return piece, _inside(boxes, top, left, *piece.shape[:2])


class RandomResizedCropWithBBox(BoxOperation):
    """`RandomResizedCrop` of an image and its boxes."""

    random = True

    def __init__(
        self,
        size: Any,
        scale: Any = (0.08, 1.0),
        ratio: Any = (3.0 / 4.0, 4.0 / 3.0),
        interpolation: Inter = Inter.BILINEAR,
        max_attempts: int = 10,
    ) -> None:
        self.crop = RandomResizedCrop(size, scale, ratio, interpolation, max_attempts)

    def change(self, image: np.ndarray, boxes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        top, left, tall, wide = self.crop.box(*image.shape[:2])
        cut = image[top : top + tall, left : left + wide]
        height, width = self.crop.size
        out = array_resize(cut, height, width, self.crop.interpolation, type(self).__name__)
        return out, _scale(_inside(boxes, top, left, tall, wide), height / tall, width / wide)


class BoundingBoxAugment(BoxOperation):
    """Apply a transform inside a random share `ratio` of the boxes."""

    random = True

    def __init__(self, transform: Any, ratio: float = 0.3) -> None:
        if not isinstance(transform, Operation):
            raise TypeError(
                f"BoundingBoxAugment: transform must be a transform of mslearn, got {transform!r}."
            )
        self.transform = transform
        self.ratio = check_probability(ratio, "BoundingBoxAugment")

    def change(self, image: np.ndarray, boxes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        image = image.copy()
        count = int(np.ceil(len(boxes) * self.ratio))
        for k in self.generator.choice(len(boxes), count, replace=False):
            x, y, w, h = (int(v) for v in boxes[k, :4])
            if not w or not h:
                continue
            part = self.transform(np.ascontiguousarray(image[y : y + h, x : x + w]))
            if part.shape[:2] != (h, w):
                part = resize(part, h, w, Inter.BILINEAR)
            image[y : y + h, x : x + w] = part
        return image, boxes
