"""What image transforms share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from mslearn.dataset.transforms.operation import Operation
from mslearn.dataset.vision.pillow import is_pil


class ImageOperation(Operation):
    """A transform of an image: <H,W> or <H,W,C> unless it says otherwise.

    A NumPy image gives a NumPy image, with OpenCV's arithmetic as in MindSpore. A PIL image gives
    a PIL image, with Pillow's, where a transform defines `apply_pil`; else it becomes an array.
    """

    def __call__(self, *inputs: Any) -> Any:
        if len(inputs) == 1 and type(inputs[0]) is np.ndarray:
            return self.apply(inputs[0])
        if len(inputs) == 1 and is_pil(inputs[0]):
            return self.apply_pil(inputs[0])
        return super().__call__(*inputs)

    def _input(self, value: Any) -> np.ndarray:
        if isinstance(value, np.ndarray):
            return np.asarray(value)
        raise TypeError(
            f"{type(self).__name__}: Input should be NumPy or PIL image, got {type(value)}."
        )

    def apply_pil(self, image: Any) -> Any:
        """The transformed PIL image."""
        return self.apply(np.asarray(image))


class PilOperation(ImageOperation):
    """A transform that MindSpore has for PIL images only."""

    def apply(self, array: np.ndarray) -> Any:
        raise TypeError(
            f"{type(self).__name__}: the image should be a PIL image, got {type(array)}. Use "
            f"Decode(to_pil=True) for encoded data or ToPIL() for an array."
        )

    def apply_pil(self, image: Any) -> Any:
        raise NotImplementedError


def check_image(
    array: np.ndarray,
    name: str,
    channels: tuple[int, ...] | None = None,
    ranks: tuple[int, ...] = (2, 3),
) -> None:
    """Complain unless `array` holds numbers, has one of the ranks and one of the channel counts.

    Raises:
        RuntimeError: it does not.
    """
    if array.dtype.kind not in "biuf":
        raise RuntimeError(f"{name}: the image must hold numbers, but its type is {array.dtype}.")
    if array.ndim not in ranks:
        wanted = " or ".join({1: "<N>", 2: "<H,W>", 3: "<H,W,C>", 4: "<N,H,W,C>"}[r] for r in ranks)
        raise RuntimeError(
            f"{name}: image shape should be {wanted}, but got {list(array.shape)} "
            f"(rank {array.ndim}). Images in a batch: put this map before batch."
        )
    if channels is not None:
        found = 1 if array.ndim == 2 else array.shape[-1]
        if found not in channels:
            raise RuntimeError(
                f"{name}: the image must have {' or '.join(map(str, channels))} channels, but "
                f"its shape is {list(array.shape)}."
            )


def each_frame(
    array: np.ndarray, name: str, function: Callable[[np.ndarray], np.ndarray]
) -> np.ndarray:
    """`function` of an image, or of every image of a video <…,H,W,C>.

    Raises:
        RuntimeError: fewer than two axes, or no numbers.
    """
    if array.ndim < 2 or array.dtype.kind not in "biuf":
        raise RuntimeError(
            f"{name}: the input must be numbers of shape <H,W>, <H,W,C> or <…,H,W,C>, but got "
            f"{array.dtype} with shape {list(array.shape)}."
        )
    if array.ndim <= 3:
        return function(array)
    frames = array.reshape(-1, *array.shape[-3:])
    done = np.stack([function(frame) for frame in frames])
    return done.reshape(*array.shape[:-3], *done.shape[1:])
