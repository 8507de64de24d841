"""Layers for images: cropping, differences of neighbours, and how alike two images are."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from mslearn import ops
from mslearn.core.dtype import float32
from mslearn.core.errors import ShapeError
from mslearn.core.tensor import Tensor
from mslearn.nn.cell import Cell, ParameterlessCell


class CentralCrop(Cell):
    """The middle `central_fraction` of height and width of (C, H, W) or (N, C, H, W)."""

    def __init__(self, central_fraction: float) -> None:
        super().__init__()
        if not isinstance(central_fraction, float):
            raise TypeError(
                f"For 'CentralCrop', central_fraction must be a float, but got "
                f"'{type(central_fraction).__name__}'."
            )
        if not 0 < central_fraction <= 1:
            raise ValueError(
                f"For 'CentralCrop', central_fraction must be in (0, 1], but got "
                f"{central_fraction}."
            )
        self.central_fraction = central_fraction

    def construct(self, image: Tensor) -> Tensor:
        if image.ndim not in (3, 4):
            raise ShapeError(
                f"For 'CentralCrop', the image has 3 or 4 axes, but got {list(image.shape)}."
            )
        top, left = (int((n - n * self.central_fraction) / 2) for n in image.shape[-2:])
        height, width = image.shape[-2:]
        return image[..., top : height - top, left : width - left]


class ImageGradients(ParameterlessCell):
    """Differences to the next row and to the next column; zeros in the last one.

    Called with (N, C, H, W); returns (dy, dx) of the same shape.
    """

    def construct(self, images: Tensor) -> tuple[Tensor, Tensor]:
        _four_axes("ImageGradients", images)
        dy = ops.pad(images[:, :, 1:] - images[:, :, :-1], (0, 0, 0, 1))
        dx = ops.pad(images[:, :, :, 1:] - images[:, :, :, :-1], (0, 1))
        return dy, dx


class _Likeness(Cell):
    """What SSIM, MSSSIM and PSNR share: two images as float32 from 0 to `max_val`."""

    def __init__(self, max_val: float = 1.0) -> None:
        super().__init__()
        if isinstance(max_val, bool) or not isinstance(max_val, int | float):
            raise TypeError(
                f"For '{self.cls_name}', max_val must be a number, but got "
                f"'{type(max_val).__name__}'."
            )
        if max_val <= 0:
            raise ValueError(f"For '{self.cls_name}', max_val must be positive, but got {max_val}.")
        self.max_val = max_val

    def _prepared(self, img1: Tensor, img2: Tensor) -> tuple[Tensor, Tensor, float]:
        for image in (img1, img2):
            _four_axes(self.cls_name, image)
        if img1.shape != img2.shape or img1.dtype != img2.dtype:
            raise ShapeError(
                f"For '{self.cls_name}', both images must have one shape and dtype, but got "
                f"{img1.dtype}{list(img1.shape)} and {img2.dtype}{list(img2.shape)}."
            )
        dtype = img1._value.dtype
        largest = float(np.iinfo(dtype).max) if dtype.kind in "iu" else 1.0
        scale = 1 / largest
        first, second = (i.astype(float32) * scale for i in (img1, img2))
        return first, second, self.max_val * scale


class PSNR(_Likeness):
    """Peak signal-to-noise ratio of two images (N, C, H, W), in decibels: (N,)."""

    def construct(self, img1: Tensor, img2: Tensor) -> Tensor:
        first, second, peak = self._prepared(img1, img2)
        error = ops.square(first - second).mean((-3, -2, -1))
        return 10 * ops.log(peak**2 / error) / math.log(10)


class SSIM(_Likeness):
    """Structural similarity (Wang et al. 2004) of two images (N, C, H, W): (N,), 1 when alike.

    Args:
        max_val: the greatest value of a pixel.
        filter_size: side of the Gaussian window.
        filter_sigma: its standard deviation.
        k1, k2: keep the quotients finite.
    """

    def __init__(
        self, max_val: float = 1.0, filter_size: int = 11, filter_sigma: float = 1.5,
        k1: float = 0.01, k2: float = 0.03,
    ) -> None:  # fmt: skip
        super().__init__(max_val)
        if filter_size < 1 or filter_sigma <= 0:
            raise ValueError(
                f"For '{self.cls_name}', filter_size and filter_sigma must be positive, but got "
                f"{filter_size} and {filter_sigma}."
            )
        self.filter_size, self.filter_sigma, self.k1, self.k2 = filter_size, filter_sigma, k1, k2
        near = np.arange(-filter_size // 2 + 1, filter_size // 2 + 1, dtype=np.float64)
        bell = np.exp(-np.add.outer(near**2, near**2) / (2 * filter_sigma**2))
        window = (bell / bell.sum()).astype(np.float32)
        self.window = Tensor(window.reshape(1, 1, filter_size, filter_size))

    def construct(self, img1: Tensor, img2: Tensor) -> Tensor:
        first, second, peak = self._prepared(img1, img2)
        return self._indices(first, second, peak)[0].mean(-1)

    def _indices(self, x: Tensor, y: Tensor, peak: float) -> tuple[Tensor, Tensor]:
        """Similarity, and its part from contrast and structure alone: both (N, C)."""
        n, c, height, width = x.shape
        if min(height, width) < self.filter_size:
            raise ShapeError(
                f"For '{self.cls_name}', an image must be at least filter_size = "
                f"{self.filter_size} high and wide, but got {list(x.shape)}."
            )

        def blurred(image: Any) -> Tensor:
            one_channel = image.reshape((n * c, 1, height, width))
            return ops.conv2d(one_channel, self.window)

        c1, c2 = (self.k1 * peak) ** 2, (self.k2 * peak) ** 2
        mean_x, mean_y = blurred(x), blurred(y)
        variances = blurred(x * x) - mean_x * mean_x + blurred(y * y) - mean_y * mean_y
        together = blurred(x * y) - mean_x * mean_y
        structure = (2 * together + c2) / (variances + c2)
        light = (2 * mean_x * mean_y + c1) / (mean_x * mean_x + mean_y * mean_y + c1)
        whole, part = (m.mean((-3, -2, -1)) for m in (light * structure, structure))
        return whole.reshape((n, c)), part.reshape((n, c))


class MSSSIM(SSIM):
    """SSIM at several sizes, each half of the one before, multiplied with `power_factors`.

    (Wang, Simoncelli and Bovik 2003, "Multiscale structural similarity".)
    """

    def __init__(
        self, max_val: float = 1.0,
        power_factors: tuple[float, ...] = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333),
        filter_size: int = 11, filter_sigma: float = 1.5, k1: float = 0.01, k2: float = 0.03,
    ) -> None:  # fmt: skip
        super().__init__(max_val, filter_size, filter_sigma, k1, k2)
        if not isinstance(power_factors, tuple | list):
            raise TypeError(
                f"For 'MSSSIM', power_factors must be a tuple or list, but got "
                f"'{type(power_factors).__name__}'."
            )
        self.power_factors = tuple(power_factors)

    def construct(self, img1: Tensor, img2: Tensor) -> Tensor:
        first, second, peak = self._prepared(img1, img2)
        product: Any = 1.0
        for level, power in enumerate(self.power_factors, 1):
            whole, part = self._indices(first, second, peak)
            index = whole if level == len(self.power_factors) else part
            product = product * ops.relu(index) ** power
            if level < len(self.power_factors):
                first, second = (ops.avg_pool2d(i, 2, 2) for i in (first, second))
        return product.mean(-1)


def _four_axes(name: str, image: Tensor) -> None:
    if image.ndim != 4:
        raise ShapeError(
            f"For '{name}', an image batch has the axes (N, C, H, W), but got {list(image.shape)}."
        )
