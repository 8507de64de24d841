"""Augmentation by policies: AutoAugment, RandAugment, TrivialAugmentWide, UniformAugment."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from mslearn.dataset.checks import check_int
from mslearn.dataset.transforms.common import _Several, check_probability
from mslearn.dataset.transforms.operation import Operation, check_operations
from mslearn.dataset.vision import tone
from mslearn.dataset.vision.adjust import check_bytes
from mslearn.dataset.vision.base import ImageOperation
from mslearn.dataset.vision.checks import check_fill, check_inter
from mslearn.dataset.vision.enums import AutoAugmentPolicy, Inter
from mslearn.dataset.vision.policy_tables import POLICIES
from mslearn.dataset.vision.rotation import affine, rotate

# One step: (image, magnitude, interpolation, fill) -> image. Translations are in pixels.
_Step = Callable[[np.ndarray, float, Inter, Any], np.ndarray]


def _shift(right: bool) -> _Step:
    def step(image: np.ndarray, pixels: float, inter: Inter, fill: Any) -> np.ndarray:
        share = int(pixels) / image.shape[1 if right else 0]
        move = (share, 0) if right else (0, share)
        return affine(image, 0, move, 1, (0, 0), inter, fill)

    return step


def _slant(along_x: bool) -> _Step:
    def step(image: np.ndarray, slope: float, inter: Inter, fill: Any) -> np.ndarray:
        angle = float(np.degrees(slope))
        return affine(image, 0, (0, 0), 1, (angle, 0) if along_x else (0, angle), inter, fill)

    return step


_STEPS: dict[str, _Step] = {
    "Identity": lambda image, m, inter, fill: image,
    "ShearX": _slant(True),
    "ShearY": _slant(False),
    "TranslateX": _shift(True),
    "TranslateY": _shift(False),
    "Rotate": lambda image, m, inter, fill: rotate(image, m, inter, False, None, fill),
    "Brightness": lambda image, m, inter, fill: tone.brightness(image, 1 + m),
    "Color": lambda image, m, inter, fill: tone.saturation(image, 1 + m),
    "Contrast": lambda image, m, inter, fill: tone.contrast(image, 1 + m),
    "Sharpness": lambda image, m, inter, fill: tone.sharpness(image, 1 + m),
    "Posterize": lambda image, m, inter, fill: tone.posterize(image, int(m)),
    "Solarize": lambda image, m, inter, fill: tone.solarize(image, m, 255),
    "AutoContrast": lambda image, m, inter, fill: tone.auto_contrast(image, 0, ()),
    "Equalize": lambda image, m, inter, fill: tone.equalize(image),
    "Invert": lambda image, m, inter, fill: 255 - image,
}
_RANDOM_SIGN = {
    "ShearX", "ShearY", "TranslateX", "TranslateY", "Rotate",
    "Brightness", "Color", "Contrast", "Sharpness",
}  # fmt: skip
_RAND = [name for name in _STEPS if name != "Invert"]


class _Augment(ImageOperation):
    """What the automatic augmentations share. Images are <H,W,3> uint8."""

    random = True
    wide = False

    def _common(self, interpolation: Inter, fill_value: Any) -> None:
        self.interpolation = check_inter(interpolation, type(self).__name__)
        self.fill_value = check_fill(fill_value, type(self).__name__)

    def _magnitude(self, name: str, level: int, levels: int, image: np.ndarray) -> float:
        """The strength of `level` out of 0 … levels - 1."""
        part = level / (levels - 1)
        if name in ("TranslateX", "TranslateY"):
            side = image.shape[1 if name == "TranslateX" else 0]
            top = 32.0 if self.wide else 150.0 / 331.0 * side
        else:
            top = {
                "ShearX": 0.99 if self.wide else 0.3,
                "ShearY": 0.99 if self.wide else 0.3,
                "Rotate": 135.0 if self.wide else 30.0,
            }.get(name, 0.99 if self.wide else 0.9)
        if name == "Posterize":
            return 8 - round(level / ((levels - 1) / (6 if self.wide else 4)))
        if name == "Solarize":
            return 255.0 * (1 - part)
        return top * part

    def _step(self, image: np.ndarray, name: str, level: int, levels: int) -> np.ndarray:
        magnitude = self._magnitude(name, level, levels, image)
        if name in _RANDOM_SIGN and self.generator.random() < 0.5:
            magnitude = -magnitude
        return _STEPS[name](image, magnitude, self.interpolation, self.fill_value)

    def apply(self, array: np.ndarray) -> np.ndarray:
        check_bytes(array, type(self).__name__, (3,))
        return self._augment(array)

    def _augment(self, image: np.ndarray) -> np.ndarray:
        raise NotImplementedError


class RandAugment(_Augment):
    """`num_ops` random steps of one strength (Cubuk and others, 2019).

    Args:
        num_ops: how many steps.
        magnitude: their strength, 0 … num_magnitude_bins - 1.
        num_magnitude_bins: number of strengths, 2 or more.
        interpolation, fill_value: for turned and moved images.
    """

    def __init__(
        self,
        num_ops: int = 2,
        magnitude: int = 9,
        num_magnitude_bins: int = 31,
        interpolation: Inter = Inter.NEAREST,
        fill_value: Any = 0,
    ) -> None:
        self.num_ops = check_int(num_ops, "num_ops", 0)
        self.num_magnitude_bins = check_int(num_magnitude_bins, "num_magnitude_bins", 2)
        self.magnitude = check_int(magnitude, "magnitude", 0, num_magnitude_bins - 1)
        self._common(interpolation, fill_value)

    def _augment(self, image: np.ndarray) -> np.ndarray:
        for k in self.generator.integers(len(_RAND), size=self.num_ops):
            image = self._step(image, _RAND[k], self.magnitude, self.num_magnitude_bins)
        return image


class TrivialAugmentWide(_Augment):
    """One random step of random strength (Müller and Hutter, 2021); see `RandAugment`."""

    wide = True

    def __init__(
        self,
        num_magnitude_bins: int = 31,
        interpolation: Inter = Inter.NEAREST,
        fill_value: Any = 0,
    ) -> None:
        self.num_magnitude_bins = check_int(num_magnitude_bins, "num_magnitude_bins", 2)
        self._common(interpolation, fill_value)

    def _augment(self, image: np.ndarray) -> np.ndarray:
        name = _RAND[self.generator.integers(len(_RAND))]
        level = int(self.generator.integers(self.num_magnitude_bins))
        return self._step(image, name, level, self.num_magnitude_bins)


class AutoAugment(_Augment):
    """A random pair of steps of a learned policy (Cubuk and others, 2018).

    Args:
        policy: an `AutoAugmentPolicy`: the data for which it was learned.
        interpolation, fill_value: for turned and moved images.
    """

    def __init__(
        self,
        policy: AutoAugmentPolicy = AutoAugmentPolicy.IMAGENET,
        interpolation: Inter = Inter.NEAREST,
        fill_value: Any = 0,
    ) -> None:
        if not isinstance(policy, AutoAugmentPolicy):
            raise TypeError(f"AutoAugment: policy must be an AutoAugmentPolicy, got {policy!r}.")
        self.policy = policy
        self._common(interpolation, fill_value)

    def _augment(self, image: np.ndarray) -> np.ndarray:
        pairs = POLICIES[self.policy.value]
        for name, prob, level in pairs[self.generator.integers(len(pairs))]:
            if self.generator.random() < prob:
                image = self._step(image, name, level, 10)
        return image


class UniformAugment(_Several):
    """`num_ops` different transforms of a list, each with probability 1/2 (LingChen, 2020)."""

    def __init__(self, transforms: list[Any], num_ops: int = 2) -> None:
        super().__init__(transforms)
        self.num_ops = check_int(num_ops, "num_ops", 1)
        if num_ops > len(transforms):
            raise ValueError("UniformAugment: num_ops is greater than transforms list size.")

    def __call__(self, *inputs: Any) -> Any:
        value = inputs[0] if len(inputs) == 1 else inputs
        for k in self.generator.choice(len(self.transforms), self.num_ops, replace=False):
            if self.generator.random() < 0.5:
                value = self.transforms[k](*(value if isinstance(value, tuple) else (value,)))
        return value


class RandomSelectSubpolicy(Operation):
    """One of several lists of (transform, probability) is drawn and run through.

    Args:
        policy: a list of lists of (transform, probability).
    """

    random = True

    def __init__(self, policy: list[Any]) -> None:
        if not isinstance(policy, list):
            raise TypeError(f"RandomSelectSubpolicy: policy must be a list, but got {policy!r}.")
        if not policy:
            raise ValueError("RandomSelectSubpolicy: policy can not be empty.")
        for i, steps in enumerate(policy):
            if not isinstance(steps, list):
                raise TypeError(f"RandomSelectSubpolicy: policy[{i}] must be a list of pairs.")
            if not steps:
                raise ValueError(f"RandomSelectSubpolicy: policy[{i}] can not be empty.")
            for step in steps:
                if not isinstance(step, tuple) or len(step) != 2:
                    raise TypeError(
                        f"RandomSelectSubpolicy: policy[{i}] holds {step!r} where "
                        f"(transform, probability) is wanted."
                    )
                check_operations([step[0]], "RandomSelectSubpolicy")
                check_probability(step[1], "RandomSelectSubpolicy")
        self.policy = policy

    def __call__(self, *inputs: Any) -> Any:
        value: Any = inputs
        for transform, prob in self.policy[self.generator.integers(len(self.policy))]:
            if self.generator.random() < prob:
                result = transform(*value)
                value = result if isinstance(result, tuple) else (result,)
        return value[0] if len(value) == 1 else value
