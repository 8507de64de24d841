"""Masks over time or frequency (Park and others, "SpecAugment", 2019)."""

from __future__ import annotations

import numpy as np

from mslearn.dataset.audio.base import AudioOperation, number
from mslearn.dataset.checks import check_bool, check_int


class MaskAlongAxis(AudioOperation):
    """Set `mask_width` rows (axis 1) or columns (axis 2) from `mask_start` on to `mask_value`."""

    rank = 2

    def __init__(self, mask_start: int, mask_width: int, mask_value: float, axis: int) -> None:
        self.mask_start = check_int(mask_start, "mask_start", 0)
        self.mask_width = check_int(mask_width, "mask_width", 1)
        self.mask_value = number(mask_value, "mask_value")
        self.axis = check_int(axis, "axis", 1, 2)

    def change(self, x: np.ndarray) -> np.ndarray:
        return mask(x, self.mask_start, self.mask_width, self.mask_value, self.axis)


def mask(x: np.ndarray, start: int, width: int, value: float, axis: int) -> np.ndarray:
    """Overwrite `width` places of the frequency (axis 1) or time axis (2) with `value`.

    Raises:
        RuntimeError: the mask leaves the input.
    """
    size = x.shape[axis - 3]
    if start + width > size:
        raise RuntimeError(
            f"The mask from {start} to {start + width} leaves the axis of {size} places."
        )
    place = slice(start, start + width)
    x[(..., place, slice(None)) if axis == 1 else (..., place)] = value
    return x


class MaskAlongAxisIID(AudioOperation):
    """As `MaskAlongAxis`, at a random place and of a random width up to `mask_param`."""

    random = True
    rank = 2

    def __init__(self, mask_param: int, mask_value: float, axis: int) -> None:
        self.mask_param = check_int(mask_param, "mask_param", 0)
        self.mask_value = number(mask_value, "mask_value")
        self.axis = check_int(axis, "axis", 1, 2)

    def change(self, x: np.ndarray) -> np.ndarray:
        size = x.shape[self.axis - 3]
        if self.mask_param > size:
            raise RuntimeError(
                f"{type(self).__name__}: a mask of {self.mask_param} does not fit an axis of "
                f"{size} places."
            )
        width = int(self.generator.random() * self.mask_param)
        start = int(self.generator.random() * (size - width))
        return mask(x, start, width, self.mask_value, self.axis)


class _Masking(AudioOperation):
    """A fixed mask from `mask_start` on, or with `iid_masks` a random one."""

    random = True
    rank = 2
    axis = 2

    def _common(self, iid_masks: bool, width: int, start: int, value: float) -> None:
        self.iid_masks = check_bool(iid_masks, "iid_masks")
        self.width = check_int(width, "mask_param", 0)
        self.start = check_int(start, "mask_start", 0)
        self.value = number(value, "mask_value", 0)
        self.drawn = MaskAlongAxisIID(width, value, self.axis)

    def change(self, x: np.ndarray) -> np.ndarray:
        if self.iid_masks:
            return self.drawn.change(x)
        return mask(x, self.start, self.width, self.value, self.axis)


class TimeMasking(_Masking):
    """Set some frames of a spectrogram <…,frequency,time> to `mask_value`.

    Args:
        iid_masks: draw place and width (up to `time_mask_param`) at random; else `time_mask_param`
            frames from `mask_start` on.
    """

    def __init__(
        self,
        iid_masks: bool = False,
        time_mask_param: int = 0,
        mask_start: int = 0,
        mask_value: float = 0.0,
    ) -> None:
        self._common(iid_masks, time_mask_param, mask_start, mask_value)


class FrequencyMasking(_Masking):
    """Set some frequencies of a spectrogram to `mask_value`; see `TimeMasking`."""

    axis = 1

    def __init__(
        self,
        iid_masks: bool = False,
        freq_mask_param: int = 0,
        mask_start: int = 0,
        mask_value: float = 0.0,
    ) -> None:
        self._common(iid_masks, freq_mask_param, mask_start, mask_value)
