"""Transforms of brightness, contrast, colour and sharpness by a fixed amount."""

from __future__ import annotations

from typing import Any

import numpy as np

from mslearn.dataset.vision import tone
from mslearn.dataset.vision.base import ImageOperation, check_image
from mslearn.dataset.vision.checks import number, pair
from mslearn.dataset.vision.pillow import pillow


def enhance(image: Any, kind: str, factor: float) -> Any:
    """Pillow's ImageEnhance.<kind> of a PIL image."""
    return getattr(pillow(kind, "ImageEnhance"), kind)(image).enhance(factor)


def pil_hue(image: Any, factor: float) -> Any:
    """The colour circle of a PIL image turned by `factor` of a full turn."""
    if image.mode in ("L", "1", "I", "F"):
        return image
    module = pillow("AdjustHue")
    h, s, v = image.convert("HSV").split()
    turned = np.asarray(h) + np.uint8(int(factor * 255) % 256)
    return module.merge("HSV", (module.fromarray(turned), s, v)).convert(image.mode)


class AdjustBrightness(ImageOperation):
    """Every pixel times `brightness_factor`: 0 is black, 1 leaves the image, 2 doubles.

    >>> import numpy as np
    >>> AdjustBrightness(2.0)(np.array([[[1, 50, 200]]], np.uint8)).tolist()
    [[[2, 100, 255]]]
    """

    def __init__(self, brightness_factor: float) -> None:
        self.brightness_factor = number(brightness_factor, "brightness_factor", 0)

    def apply(self, array: np.ndarray) -> np.ndarray:
        check_image(array, "AdjustBrightness", (1, 3))
        return tone.brightness(array, self.brightness_factor)

    def apply_pil(self, image: Any) -> Any:
        return enhance(image, "Brightness", self.brightness_factor)


class AdjustContrast(ImageOperation):
    """Away from the mean grey: 0 is that grey, 1 leaves the image, 2 doubles the distance."""

    def __init__(self, contrast_factor: float) -> None:
        self.contrast_factor = number(contrast_factor, "contrast_factor", 0)

    def apply(self, array: np.ndarray) -> np.ndarray:
        check_color(array, "AdjustContrast")
        return tone.contrast(array, self.contrast_factor)

    def apply_pil(self, image: Any) -> Any:
        return enhance(image, "Contrast", self.contrast_factor)


class AdjustSaturation(ImageOperation):
    """Away from grey: 0 is the grey image, 1 leaves the colours, 2 doubles them."""

    def __init__(self, saturation_factor: float) -> None:
        self.saturation_factor = number(saturation_factor, "saturation_factor", 0)

    def apply(self, array: np.ndarray) -> np.ndarray:
        check_color(array, "AdjustSaturation")
        return tone.saturation(array, self.saturation_factor)

    def apply_pil(self, image: Any) -> Any:
        return enhance(image, "Color", self.saturation_factor)


class AdjustHue(ImageOperation):
    """Turn the colour circle by `hue_factor` (-0.5 … 0.5) of a full turn.

    Float images are turned by the same angle; MindSpore 2.10 gives numbers without meaning there.
    """

    def __init__(self, hue_factor: float) -> None:
        self.hue_factor = number(hue_factor, "hue_factor", -0.5, 0.5)

    def apply(self, array: np.ndarray) -> np.ndarray:
        check_color(array, "AdjustHue")
        return tone.hue(array, self.hue_factor)

    def apply_pil(self, image: Any) -> Any:
        return pil_hue(image, self.hue_factor)


class AdjustGamma(ImageOperation):
    """``gain * pixel ** gamma`` with pixels from 0 to 1: gamma below 1 makes shadows lighter."""

    def __init__(self, gamma: float, gain: float = 1) -> None:
        self.gamma, self.gain = number(gamma, "gamma", 0), number(gain, "gain")

    def apply(self, array: np.ndarray) -> np.ndarray:
        check_image(array, "AdjustGamma", (1, 3), (2, 3, 4))
        return tone.gamma(array, self.gamma, self.gain)

    def apply_pil(self, image: Any) -> Any:
        mode = image.mode
        levels = [int((255 + 1 - 1e-3) * self.gain * (i / 255.0) ** self.gamma) for i in range(256)]
        plain = image.convert("RGB") if mode not in ("L", "RGB") else image
        return plain.point(levels * len(plain.getbands())).convert(mode)


class AdjustSharpness(ImageOperation):
    """Away from a smoothed image: 0 is smooth, 1 leaves the image, 2 is sharp."""

    def __init__(self, sharpness_factor: float) -> None:
        self.sharpness_factor = number(sharpness_factor, "sharpness_factor", 0)

    def apply(self, array: np.ndarray) -> np.ndarray:
        check_image(array, "AdjustSharpness", (1, 3))
        return tone.sharpness(array, self.sharpness_factor)


class AutoContrast(ImageOperation):
    """Stretch each channel so that its darkest pixel becomes 0 and its lightest 255.

    Args:
        cutoff: percent of the pixels at both ends to leave out of account, below 50.
        ignore: pixel values to leave out of account.
    """

    def __init__(self, cutoff: float = 0.0, ignore: Any = None) -> None:
        self.cutoff = number(cutoff, "cutoff", 0, 50)
        if cutoff == 50:
            raise ValueError("AutoContrast: cutoff must be below 50.")
        if ignore is None:
            ignore = []
        if isinstance(ignore, bool) or not isinstance(ignore, int | list | tuple):
            raise TypeError(f"AutoContrast: ignore must be an int or a list, but got {ignore!r}.")
        values = [ignore] if isinstance(ignore, int) else ignore
        self.ignore = tuple(int(number(v, "ignore", 0, 255)) for v in values)

    def apply(self, array: np.ndarray) -> np.ndarray:
        check_bytes(array, "AutoContrast", (1, 3))
        return tone.auto_contrast(array, self.cutoff, self.ignore)

    def apply_pil(self, image: Any) -> Any:
        return pillow("AutoContrast", "ImageOps").autocontrast(
            image, self.cutoff, list(self.ignore) or None
        )


class Equalize(ImageOperation):
    """Spread each channel's values so that all are about as frequent (uint8 images)."""

    def apply(self, array: np.ndarray) -> np.ndarray:
        check_bytes(array, "Equalize", (1, 3))
        return tone.equalize(array)

    def apply_pil(self, image: Any) -> Any:
        return pillow("Equalize", "ImageOps").equalize(image)


class Invert(ImageOperation):
    """255 minus each pixel of an RGB image."""

    def apply(self, array: np.ndarray) -> np.ndarray:
        check_color(array, "Invert", None)
        return (255 - array).astype(array.dtype, copy=False)

    def batched(self, stack: np.ndarray) -> np.ndarray | None:
        if stack.ndim != 4 or stack.shape[-1] != 3 or stack.dtype.kind not in "biuf":
            return None
        return (255 - stack).astype(stack.dtype, copy=False)

    def apply_pil(self, image: Any) -> Any:
        return pillow("Invert", "ImageOps").invert(image)


class Posterize(ImageOperation):
    """Keep the `bits` leading bits (0 … 8) of each byte."""

    def __init__(self, bits: int) -> None:
        if isinstance(bits, bool) or not isinstance(bits, int):
            raise TypeError(f"Posterize: bits must be an int, but got {bits!r}.")
        self.bits = int(number(bits, "bits", 0, 8))

    def apply(self, array: np.ndarray) -> np.ndarray:
        check_bytes(array, "Posterize")
        return tone.posterize(array, self.bits)


class Solarize(ImageOperation):
    """Invert values from `threshold` up, or from threshold[0] to threshold[1]."""

    def __init__(self, threshold: Any) -> None:
        if isinstance(threshold, list | tuple):
            self.threshold = pair(threshold, "threshold", 0, 255)
        else:
            self.threshold = (number(threshold, "threshold", 0, 255), 255)

    def apply(self, array: np.ndarray) -> np.ndarray:
        check_image(array, "Solarize", (1, 3))
        return tone.solarize(array, *self.threshold)


def check_color(array: np.ndarray, name: str, types: str | None = "Bf") -> None:
    """Complain unless `array` is <H,W,3> and of a type that colours are computed in.

    Raises:
        RuntimeError: it is not.
    """
    check_image(array, name, (3,), (3,))
    if types is not None and array.dtype.char not in types:
        raise RuntimeError(
            f"{name}: the image must be uint8 or float32, but its type is {array.dtype}."
        )


def check_bytes(array: np.ndarray, name: str, channels: tuple[int, ...] | None = None) -> None:
    """Complain unless `array` is an image of uint8.

    Raises:
        RuntimeError: it is not.
    """
    check_image(array, name, channels)
    if array.dtype != np.uint8:
        raise RuntimeError(f"{name}: the image must be uint8, but its type is {array.dtype}.")
