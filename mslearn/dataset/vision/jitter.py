"""Random changes of brightness, contrast, colour and sharpness."""

from __future__ import annotations

from typing import Any

import numpy as np

from mslearn.dataset.checks import check_int
from mslearn.dataset.transforms.common import check_probability
from mslearn.dataset.vision import tone
from mslearn.dataset.vision.adjust import (
    AutoContrast,
    Equalize,
    Invert,
    check_bytes,
    check_color,
    enhance,
    pil_hue,
)
from mslearn.dataset.vision.base import ImageOperation, PilOperation, check_image
from mslearn.dataset.vision.checks import around, number, pair


class RandomColorAdjust(ImageOperation):
    """Brightness, contrast, saturation and hue by random amounts, in a random order.

    Args:
        brightness, contrast, saturation: range of the factor, or a distance d for
            max(0, 1 - d) … 1 + d.
        hue: range inside -0.5 … 0.5, or a distance from 0.
    """

    random = True

    def __init__(
        self,
        brightness: Any = (1, 1),
        contrast: Any = (1, 1),
        saturation: Any = (1, 1),
        hue: Any = (0, 0),
    ) -> None:
        high = float("inf")
        self.ranges = {
            "brightness": around(brightness, "brightness", 1, 0, high),
            "contrast": around(contrast, "contrast", 1, 0, high),
            "saturation": around(saturation, "saturation", 1, 0, high),
            "hue": around(hue, "hue", 0, -0.5, 0.5),
        }

    def _draw(self) -> list[tuple[str, float]]:
        """What to do, in order; the steps that change nothing are left out."""
        draw = self.generator
        steps = []
        for name in [list(self.ranges)[k] for k in draw.permutation(4)]:
            low, high = self.ranges[name]
            factor = low + (high - low) * draw.random()
            if factor != (0 if name == "hue" else 1):
                steps.append((name, factor))
        return steps

    def apply(self, array: np.ndarray) -> np.ndarray:
        check_color(array, "RandomColorAdjust")
        for name, factor in self._draw():
            array = getattr(tone, name)(array, factor)
        return array

    def apply_pil(self, image: Any) -> Any:
        kinds = {"brightness": "Brightness", "contrast": "Contrast", "saturation": "Color"}
        for name, factor in self._draw():
            image = pil_hue(image, factor) if name == "hue" else enhance(image, kinds[name], factor)
        return image


class _Range(ImageOperation):
    """A factor drawn from a range of two positive numbers."""

    random = True
    kind = ""  # of Pillow's ImageEnhance

    def __init__(self, degrees: Any = (0.1, 1.9)) -> None:
        self.degrees = pair(degrees, "degrees", 0)

    def _draw(self) -> float:
        low, high = self.degrees
        return float(low + (high - low) * self.generator.random())

    def apply_pil(self, image: Any) -> Any:
        return enhance(image, self.kind, self._draw())


class RandomColor(_Range):
    """Saturation by a random factor of `degrees`."""

    kind = "Color"

    def apply(self, array: np.ndarray) -> np.ndarray:
        check_color(array, "RandomColor")
        return tone.saturation(array, self._draw())


class RandomSharpness(_Range):
    """Sharpness by a random factor of `degrees`."""

    kind = "Sharpness"

    def apply(self, array: np.ndarray) -> np.ndarray:
        check_image(array, "RandomSharpness", (1, 3))
        return tone.sharpness(array, self._draw())


class RandomPosterize(ImageOperation):
    """Keep a random number of leading bits: `bits` is that number or a range (1 … 8)."""

    random = True

    def __init__(self, bits: Any = (8, 8)) -> None:
        if isinstance(bits, int):
            bits = (bits, bits)
        for value in pair(bits, "bits", 1, 8):
            check_int(value, "bits", 1, 8)
        self.bits = bits

    def apply(self, array: np.ndarray) -> np.ndarray:
        check_bytes(array, "RandomPosterize")
        low, high = self.bits
        return tone.posterize(array, int(self.generator.integers(low, high + 1)))


class RandomSolarize(ImageOperation):
    """Invert the values between two random thresholds of the range `threshold`."""

    random = True

    def __init__(self, threshold: Any = (0, 255)) -> None:
        for value in pair(threshold, "threshold", 0, 255):
            check_int(value, "threshold", 0, 255)
        self.threshold = threshold

    def apply(self, array: np.ndarray) -> np.ndarray:
        check_image(array, "RandomSolarize", (1, 3))
        low, high = self.threshold
        first, last = sorted(self.generator.integers(low, high + 1, 2).tolist())
        # Two equal thresholds mean "from there up", as for Solarize with one number.
        return tone.solarize(array, first, 255 if first == last else last)


class _Sometimes(ImageOperation):
    """Another transform with probability `prob`."""

    random = True
    prob: float
    other: ImageOperation

    def apply(self, array: np.ndarray) -> np.ndarray:
        return self.other.apply(array) if self.generator.random() < self.prob else array


class RandomInvert(_Sometimes):
    """`Invert` with probability `prob`."""

    def __init__(self, prob: float = 0.5) -> None:
        self.prob, self.other = check_probability(prob, "RandomInvert"), Invert()


class RandomEqualize(_Sometimes):
    """`Equalize` with probability `prob`."""

    def __init__(self, prob: float = 0.5) -> None:
        self.prob, self.other = check_probability(prob, "RandomEqualize"), Equalize()


class RandomAutoContrast(_Sometimes):
    """`AutoContrast` with probability `prob`."""

    def __init__(self, cutoff: float = 0.0, ignore: Any = None, prob: float = 0.5) -> None:
        self.prob = check_probability(prob, "RandomAutoContrast")
        self.other = AutoContrast(cutoff, ignore)


class RandomAdjustSharpness(ImageOperation):
    """Sharpness by the factor `degree`, with probability `prob`."""

    random = True

    def __init__(self, degree: float, prob: float = 0.5) -> None:
        self.degree = number(degree, "degree", 0)
        self.prob = check_probability(prob, "RandomAdjustSharpness")

    def apply(self, array: np.ndarray) -> np.ndarray:
        check_image(array, "RandomAdjustSharpness", (1, 3))
        if self.generator.random() >= self.prob:
            return array
        return tone.sharpness(array, self.degree)


class Grayscale(PilOperation):
    """A PIL image in grey, with one channel or the same three times."""

    def __init__(self, num_output_channels: int = 1) -> None:
        if not isinstance(num_output_channels, int):
            raise TypeError(f"Grayscale: need 1 or 3 channels, but got {num_output_channels!r}.")
        if num_output_channels not in (1, 3):
            raise ValueError(f"Grayscale: need 1 or 3 channels, but got {num_output_channels}.")
        self.num_output_channels = num_output_channels

    def apply_pil(self, image: Any) -> Any:
        gray = image.convert("L")
        return gray if self.num_output_channels == 1 else gray.convert("RGB")


class RandomGrayscale(PilOperation):
    """A PIL image in grey with probability `prob`; the number of channels stays."""

    random = True

    def __init__(self, prob: float = 0.1) -> None:
        self.prob = check_probability(prob, "RandomGrayscale")

    def apply_pil(self, image: Any) -> Any:
        if self.generator.random() >= self.prob:
            return image
        return image.convert("L").convert(image.mode)


# Eigenvectors and -values of ImageNet's colours: Krizhevsky, Sutskever, Hinton (2012).
_VECTORS = np.array(
    [
        [-0.5675, 0.7192, 0.4009],
        [-0.5808, -0.0045, -0.8140],
        [-0.5836, -0.6948, 0.4203],
    ]
)
_VALUES = np.array([55.46, 4.794, 1.148])


class RandomLighting(ImageOperation):
    """Add a random colour along ImageNet's principal colours, with deviation `alpha`."""

    random = True

    def __init__(self, alpha: float = 0.05) -> None:
        self.alpha = number(alpha, "alpha", 0)

    def _color(self) -> np.ndarray:
        return _VECTORS @ (self.generator.normal(0, self.alpha, 3) * _VALUES)

    def apply(self, array: np.ndarray) -> np.ndarray:
        check_image(array, "RandomLighting", (3,), (3,))
        return tone.fit(array + self._color().astype(np.float32), array.dtype)

    def apply_pil(self, image: Any) -> Any:
        from mslearn.dataset.vision.pillow import pillow

        bright = tone.fit(np.asarray(image.convert("RGB")) + self._color(), np.uint8)
        return pillow("RandomLighting").fromarray(bright)
