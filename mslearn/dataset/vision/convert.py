"""Transforms between kinds of images: PIL and arrays, colour spaces, channel orders."""

from __future__ import annotations

from typing import Any

import numpy as np

from mslearn.dataset.vision.base import ImageOperation, check_image
from mslearn.dataset.vision.color import gray
from mslearn.dataset.vision.enums import ConvertMode
from mslearn.dataset.vision.pillow import pillow
from mslearn.dataset.vision.pixels import Normalize


class ToPIL(ImageOperation):
    """A uint8 array <H,W> or <H,W,C> as a PIL image; later transforms then use Pillow.

    Raises:
        TypeError: not uint8. ValueError: not the shape of an image.
    """

    def apply(self, array: np.ndarray) -> Any:
        if array.ndim not in (2, 3):
            raise ValueError(f"ToPIL: shape {list(array.shape)} is not <H,W> or <H,W,C>.")
        if array.dtype != np.uint8:
            raise TypeError(f"ToPIL: the image must be uint8, but its type is {array.dtype}.")
        flat = array[..., 0] if array.ndim == 3 and array.shape[2] == 1 else array
        return pillow("ToPIL").fromarray(np.ascontiguousarray(flat))

    def apply_pil(self, image: Any) -> Any:
        return image


class ToNumpy(ImageOperation):
    """A PIL image as an array; an array stays."""

    def apply(self, array: np.ndarray) -> np.ndarray:
        return array

    def apply_pil(self, image: Any) -> np.ndarray:
        return np.array(image)


class NormalizePad(Normalize):
    """`Normalize`, and a fourth channel of zeros; see there.

    Args:
        dtype: "float32" or "float16".
    """

    def __init__(self, mean: Any, std: Any, dtype: str = "float32", is_hwc: bool = True) -> None:
        super().__init__(mean, std, is_hwc)
        if not isinstance(dtype, str):
            raise TypeError("NormalizePad: dtype must be 'float32' or 'float16'.")
        if dtype not in ("float32", "float16"):
            raise ValueError(f"NormalizePad: dtype only supports float32 or float16, not {dtype}.")
        self.dtype = np.dtype(dtype)

    def _normalize(self, array: np.ndarray, rank: int) -> np.ndarray:
        normal = super()._normalize(array, rank).astype(self.dtype)
        if rank == 2:
            return normal
        axis = normal.ndim - (1 if self.is_hwc else 3)
        widths = [(0, 0)] * normal.ndim
        widths[axis] = (0, 1)
        return np.pad(normal, widths)


#: mode -> (channels that come in, which of them come out; -1 is full opacity, None is grey)
_ORDERS: dict[int, tuple[int, list[int] | None]] = {
    0: (3, [0, 1, 2, -1]),
    1: (4, [0, 1, 2]),
    2: (3, [2, 1, 0, -1]),
    3: (4, [2, 1, 0]),
    4: (3, [2, 1, 0]),
    5: (4, [2, 1, 0, 3]),
    6: (3, None),
    7: (3, None),
    8: (1, [0, 0, 0]),
    9: (1, [0, 0, 0, -1]),
    10: (4, None),
    11: (4, None),
}


class ConvertColor(ImageOperation):
    """Change the order or the number of channels, as `convert_mode` (a ConvertMode) says."""

    def __init__(self, convert_mode: ConvertMode) -> None:
        if not isinstance(convert_mode, ConvertMode):
            raise TypeError(f"ConvertColor: need a vision.ConvertMode, but got {convert_mode!r}.")
        self.convert_mode = convert_mode

    def apply(self, array: np.ndarray) -> np.ndarray:
        channels, order = _ORDERS[self.convert_mode]
        check_image(array, f"ConvertColor {self.convert_mode.name}", (channels,))
        if array.ndim == 2:
            array = array[..., None]
        if order is None:
            blue_first = self.convert_mode in (6, 10)
            return gray(array[..., 2::-1] if blue_first else array[..., :3])
        out = array[..., [max(k, 0) for k in order]]
        if order[-1] == -1:
            out[..., -1] = 255 if array.dtype.kind in "iu" else 1
        return out


def _channels_last(array: np.ndarray, is_hwc: bool, name: str) -> np.ndarray:
    if array.ndim not in (3, 4) or array.shape[-1 if is_hwc else -3] != 3:
        layout = "<H,W,3>" if is_hwc else "<3,H,W>"
        raise TypeError(
            f"{name}: the image should be {layout} or a batch of them, but its shape is "
            f"{list(array.shape)}. Check is_hwc."
        )
    return array if is_hwc else np.moveaxis(array, -3, -1)


class RgbToHsv(ImageOperation):
    """Red, green, blue to hue, saturation (both 0 … 1) and value, as float64.

    Args:
        is_hwc: <H,W,3>; by default <3,H,W>.
    """

    def __init__(self, is_hwc: bool = False) -> None:
        self.is_hwc = is_hwc

    def apply(self, array: np.ndarray) -> np.ndarray:
        name = type(self).__name__
        out = self._convert(_channels_last(array, self.is_hwc, name).astype(np.float64))
        return out if self.is_hwc else np.ascontiguousarray(np.moveaxis(out, -1, -3))

    def apply_pil(self, image: Any) -> Any:
        raise TypeError(f"{type(self).__name__}: need a NumPy image, got {type(image)}.")

    def _convert(self, rgb: np.ndarray) -> np.ndarray:
        r, g, b = (rgb[..., k] for k in range(3))
        value, low = rgb.max(-1), rgb.min(-1)
        spread = np.where(value == low, 1, value - low)
        hue = np.where(
            value == r,
            (g - b) / spread,
            np.where(value == g, 2 + (b - r) / spread, 4 + (r - g) / spread),
        )
        saturation = np.where(value == low, 0, (value - low) / np.where(value == 0, 1, value))
        return np.stack([np.where(value == low, 0, hue / 6 % 1), saturation, value], -1)


class HsvToRgb(RgbToHsv):
    """The way back from `RgbToHsv`."""

    def _convert(self, hsv: np.ndarray) -> np.ndarray:
        hue, saturation, value = (hsv[..., k] for k in range(3))
        sector = np.floor(hue * 6)
        part = hue * 6 - sector
        p = value * (1 - saturation)
        q = value * (1 - saturation * part)
        t = value * (1 - saturation * (1 - part))
        k = sector.astype(np.int64) % 6
        red = np.choose(k, [value, q, p, p, t, value])
        green = np.choose(k, [t, value, value, q, p, p])
        blue = np.choose(k, [p, p, t, value, value, q])
        return np.stack([red, green, blue], -1)


class LinearTransformation(ImageOperation):
    """``(image.ravel() - mean_vector) @ transformation_matrix`` in the image's shape <C,H,W>.

    Used for whitening: the matrix has as many rows and columns as the image has numbers.
    """

    def __init__(self, transformation_matrix: Any, mean_vector: Any) -> None:
        if not isinstance(transformation_matrix, np.ndarray):
            raise TypeError("LinearTransformation: transformation_matrix must be a NumPy array.")
        if not isinstance(mean_vector, np.ndarray):
            raise TypeError("LinearTransformation: mean_vector must be a NumPy array.")
        rows = transformation_matrix.shape
        if len(rows) != 2 or rows[0] != rows[1]:
            raise ValueError(f"LinearTransformation: the matrix must be square, not {rows}.")
        if mean_vector.shape != rows[:1]:
            raise ValueError(
                f"LinearTransformation: mean_vector has shape {mean_vector.shape}, but the matrix "
                f"wants {rows[:1]}."
            )
        self.matrix, self.mean = transformation_matrix, mean_vector

    def apply(self, array: np.ndarray) -> np.ndarray:
        if array.size != len(self.mean):
            raise ValueError(
                f"LinearTransformation: the image of shape {list(array.shape)} has {array.size} "
                f"numbers, but the matrix wants {len(self.mean)}."
            )
        return np.asarray((array.ravel() - self.mean) @ self.matrix).reshape(array.shape)
