"""Functions of `ops` that are a layer without parameters, used once."""

from __future__ import annotations

from typing import Any

from mslearn.core.tensor import Tensor
from mslearn.nn.losses_rare import MultilabelMarginLoss
from mslearn.nn.windows import FractionalMaxPool2d, FractionalMaxPool3d


def fractional_max_pool2d(
    input: Tensor, kernel_size: Any, output_size: Any = None, output_ratio: Any = None,
    return_indices: bool = False, _random_samples: Tensor | None = None,
) -> Any:  # fmt: skip
    """`nn.FractionalMaxPool2d` as a function: maxima of windows at random places."""
    pool = FractionalMaxPool2d(
        kernel_size, output_size, output_ratio, return_indices, _random_samples
    )
    return pool(input)


def fractional_max_pool3d(
    input: Tensor, kernel_size: Any, output_size: Any = None, output_ratio: Any = None,
    return_indices: bool = False, _random_samples: Tensor | None = None,
) -> Any:  # fmt: skip
    """`nn.FractionalMaxPool3d` as a function: maxima of windows at random places."""
    pool = FractionalMaxPool3d(
        kernel_size, output_size, output_ratio, return_indices, _random_samples
    )
    return pool(input)


def multilabel_margin_loss(input: Tensor, target: Tensor, reduction: str = "mean") -> Tensor:
    """`nn.MultilabelMarginLoss` as a function: right classes 1 above the wrong ones."""
    return MultilabelMarginLoss(reduction)(input, target)


class _FractionalPool:
    """Maxima of windows that `random_samples` places, and where they are."""

    pool: Any = staticmethod(fractional_max_pool2d)

    def __init__(self, ksize: Any, output_shape: Any, data_format: str = "NCHW") -> None:
        self.ksize, self.output_shape = ksize, output_shape

    def __call__(self, input_x: Tensor, random_samples: Tensor) -> Any:
        return self.pool(input_x, self.ksize, self.output_shape, None, True, random_samples)


class FractionalMaxPoolWithFixedKsize(_FractionalPool):
    """Maxima of images' windows that `random_samples` places, and where they are."""


class FractionalMaxPool3DWithFixedKsize(_FractionalPool):
    """Maxima of volumes' windows that `random_samples` places, and where they are."""

    pool = staticmethod(fractional_max_pool3d)
