"""What image transforms share."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from mslearn.dataset.transforms.operation import Operation


class ImageOperation(Operation):
    """A transform of an image: <H,W> or <H,W,C> unless it says otherwise."""

    def _input(self, value: Any) -> np.ndarray:
        if type(value) is np.ndarray:
            return value
        pil = sys.modules.get("PIL.Image")  # loaded if the value can be a PIL image at all
        if pil is not None and isinstance(value, pil.Image):
            return np.asarray(value)
        if isinstance(value, np.ndarray):
            return np.asarray(value)
        raise TypeError(
            f"{type(self).__name__}: Input should be NumPy or PIL image, got {type(value)}."
        )


def check_image(array: np.ndarray, name: str) -> None:
    """Complain unless `array` is <H,W> or <H,W,C>."""
    if array.ndim not in (2, 3):
        raise RuntimeError(
            f"{name}: image shape should be <H,W> or <H,W,C>, but got {list(array.shape)} "
            f"(rank {array.ndim}). Images in a batch: put this map before batch."
        )
