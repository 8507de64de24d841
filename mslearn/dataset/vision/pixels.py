"""Transforms of pixel values and of the order of the axes."""

from __future__ import annotations

import numbers
from typing import Any

import numpy as np

from mslearn.core.dtype import to_numpy
from mslearn.dataset.checks import check_bool
from mslearn.dataset.transforms.common import TypeCast
from mslearn.dataset.vision.base import ImageOperation, check_image
from mslearn.dataset.vision.pillow import is_pil

_F32 = np.float32


class Rescale(ImageOperation):
    """``image * rescale + shift`` as float32: pixels from 0 … 255 to 0 … 1 with 1 / 255.

    Args:
        rescale: factor.
        shift: added afterwards.

    >>> import numpy as np
    >>> Rescale(1 / 255, 0)(np.array([[0, 51, 255]], np.uint8)).round(3).tolist()
    [[0.0, 0.20000000298023224, 1.0]]
    """

    def __init__(self, rescale: float, shift: float) -> None:
        for name, value in (("rescale", rescale), ("shift", shift)):
            if not isinstance(value, numbers.Number) or isinstance(value, bool | complex):
                raise TypeError(f"Rescale: {name} must be a number, but got {value!r}.")
        self.rescale, self.shift = rescale, shift

    def apply(self, array: np.ndarray) -> np.ndarray:
        if array.dtype.kind not in "biuf":
            raise RuntimeError(
                f"Rescale: the image must hold numbers, but its type is {array.dtype}."
            )
        factor, shift = _F32(self.rescale), _F32(self.shift)
        if shift == 0:
            return np.asarray(np.multiply(array, factor, dtype=_F32, casting="unsafe"))
        # MindSpore's kernel multiplies and adds with one rounding (FMA); float64 does the same.
        exact = np.multiply(array.astype(_F32), factor, dtype=np.float64)
        exact += np.float64(shift)
        return np.asarray(exact, _F32)

    batched = apply

    def on_plane(self, plane: np.ndarray, channel: int) -> None:
        """Work on one float32 channel of an image where it stands."""
        if self.shift:
            plane[...] = self.apply(plane)
        else:
            plane *= _F32(self.rescale)


class Normalize(ImageOperation):
    """``(image - mean) / std`` in each channel, as float32.

    Args:
        mean, std: one number per channel, or one for all channels, on the scale of the pixels that
            come in; from 0 to 255, std above 0.
        is_hwc: whether channels are the last axis (<H,W,C>) or the first (<C,H,W>).

    Raises:
        RuntimeError: the image has another number of channels.

    >>> import numpy as np
    >>> Normalize([10.0], [5.0])(np.full((1, 2, 1), 20, np.uint8)).ravel().tolist()
    [2.0, 2.0]
    """

    def __init__(self, mean: Any, std: Any, is_hwc: bool = True) -> None:
        for name, values in (("mean", mean), ("std", std)):
            if not isinstance(values, list | tuple):
                raise TypeError(
                    f"Normalize: {name} must be a list or tuple with a number for each channel, "
                    f"but got {values!r}. For one channel write [{values!r}]."
                )
            for i, value in enumerate(values):
                if isinstance(value, bool) or not isinstance(value, int | float | np.number):
                    raise TypeError(f"Normalize: {name}[{i}] must be a number, but got {value!r}.")
                if not 0 <= value <= 255 or (name == "std" and value == 0):
                    raise ValueError(
                        f"Normalize: {name}[{i}] must be in "
                        f"{'(0, 255]' if name == 'std' else '[0, 255]'}, but got {value}."
                    )
        if len(mean) != len(std) or not mean:
            raise ValueError(
                f"Normalize: mean and std must have the same length, at least 1, but got "
                f"{len(mean)} and {len(std)}."
            )
        check_bool(is_hwc, "is_hwc")
        self.mean, self.std, self.is_hwc = mean, std, is_hwc
        self._mean, self._std = np.array(mean, _F32), np.array(std, _F32)

    def apply(self, array: np.ndarray) -> np.ndarray:
        return self._normalize(array, array.ndim)

    def batched(self, stack: np.ndarray) -> np.ndarray | None:
        return self._normalize(stack, stack.ndim - 1)

    def _normalize(self, array: np.ndarray, rank: int) -> np.ndarray:
        if array.dtype.kind not in "biuf" or rank < 2:
            raise RuntimeError(
                f"Normalize: the input must be an image of numbers, <H,W>, <H,W,C> or <C,H,W>, but "
                f"got {array.dtype} with rank {rank}."
            )
        count = len(self.mean)
        channels = 1 if rank == 2 else array.shape[-1 if self.is_hwc else -3]
        if count not in (1, channels):
            layout = "<H,W,C>" if self.is_hwc else "<C,H,W>"
            raise RuntimeError(
                f"Normalize: number of channels does not match the size of mean and std vectors: "
                f"the image of shape {list(array.shape[array.ndim - rank :])} read as {layout} has "
                f"{channels} channels, mean has {count}. Check is_hwc and the order of HWC2CHW."
            )
        out = array.astype(_F32, order="C")
        if count == 1:
            out -= self._mean[0]
            out /= self._std[0]
        elif self.is_hwc:
            # Long rows, not three numbers at a time.
            width = array.shape[-2]
            rows = out.reshape(*out.shape[:-2], width * count)
            rows -= np.tile(self._mean, width)
            rows /= np.tile(self._std, width)
        else:
            out -= self._mean[:, None, None]
            out /= self._std[:, None, None]
        return out

    def on_plane(self, plane: np.ndarray, channel: int) -> None:
        """Work on one float32 channel of an image where it stands."""
        channel = min(channel, len(self._mean) - 1)
        plane -= self._mean[channel]
        plane /= self._std[channel]


class HWC2CHW(ImageOperation):
    """Move the channels from the last axis to the first: <H,W,C> to <C,H,W>; <H,W> stays.

    >>> import numpy as np
    >>> HWC2CHW()(np.zeros((28, 20, 3))).shape
    (3, 28, 20)
    """

    def apply(self, array: np.ndarray) -> np.ndarray:
        check_image(array, "HWC2CHW")
        return array if array.ndim == 2 else _channels_first(array)

    def batched(self, stack: np.ndarray) -> np.ndarray | None:
        if stack.ndim not in (3, 4):
            return None  # row by row, for the message about one image
        return stack if stack.ndim == 3 else _channels_first(stack)


def _channels_first(array: np.ndarray) -> np.ndarray:
    if array.shape[-1] == 1:  # nothing moves in memory
        return array.reshape(*array.shape[:-3], 1, *array.shape[-3:-1])
    return np.ascontiguousarray(np.moveaxis(array, -1, -3))


class ToTensor(ImageOperation):
    """Rescale to 0 … 1 and move the channels to the front: <H,W,C> or <H,W> to <C,H,W>.

    Args:
        output_type: dtype of the result.
    """

    def __init__(self, output_type: Any = np.float32) -> None:
        self.output_type = to_numpy(output_type)

    def apply(self, array: np.ndarray) -> np.ndarray:
        check_image(array, "ToTensor")
        return self._convert(array[..., None] if array.ndim == 2 else array)

    def batched(self, stack: np.ndarray) -> np.ndarray | None:
        if stack.ndim not in (3, 4):
            return None
        return self._convert(stack[..., None] if stack.ndim == 3 else stack)

    def _convert(self, array: np.ndarray) -> np.ndarray:
        scaled = np.multiply(array, _F32(1 / 255), dtype=_F32, casting="unsafe")
        return _channels_first(scaled).astype(self.output_type, copy=False)


class ToType(TypeCast):
    """Convert an image to another dtype, without scaling."""

    def _input(self, value: Any) -> np.ndarray:
        return np.asarray(value) if is_pil(value) else super()._input(value)
