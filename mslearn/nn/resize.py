"""Layers that change the size of images and signals."""

from __future__ import annotations

from typing import Any

from mslearn import ops
from mslearn.core.tensor import Tensor
from mslearn.nn.cell import Cell


class Upsample(Cell):
    """`ops.interpolate` as a layer, with the same arguments."""

    def __init__(
        self, size: Any = None, scale_factor: Any = None, mode: str = "nearest",
        align_corners: bool | None = None, recompute_scale_factor: bool | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self.size, self.scale_factor, self.mode = size, scale_factor, mode
        self.align_corners = align_corners
        self.recompute_scale_factor = recompute_scale_factor

    def construct(self, x: Tensor) -> Tensor:
        return ops.interpolate(
            x, self.size, self.scale_factor, self.mode, self.align_corners,
            self.recompute_scale_factor,
        )  # fmt: skip


class PixelShuffle(Cell):
    """(…, C r², H, W) -> (…, C, H r, W r) with r = `upscale_factor`."""

    def __init__(self, upscale_factor: int) -> None:
        super().__init__()
        self.upscale_factor = upscale_factor

    def construct(self, input: Tensor) -> Tensor:
        return ops.pixel_shuffle(input, self.upscale_factor)


class PixelUnshuffle(Cell):
    """(…, C, H r, W r) -> (…, C r², H, W) with r = `downscale_factor`."""

    def __init__(self, downscale_factor: int) -> None:
        super().__init__()
        self.downscale_factor = downscale_factor

    def construct(self, input: Tensor) -> Tensor:
        return ops.pixel_unshuffle(input, self.downscale_factor)


class ResizeBilinear(Cell):
    """Images (N, C, H, W) in another size, between four neighbours (MindSpore 1.x; gone in 2.x).

    Called with the image, and `size` (height, width) or `scale_factor`; with `align_corners` the
    corners' centers stay where they are.
    """

    def __init__(self, half_pixel_centers: bool = False) -> None:
        super().__init__()
        self.half_pixel_centers = half_pixel_centers

    def construct(
        self, x: Tensor, size: tuple[int, int] | None = None, scale_factor: int | None = None,
        align_corners: bool = False,
    ) -> Tensor:  # fmt: skip
        if (size is None) == (scale_factor is None):
            raise ValueError(
                f"For 'ResizeBilinear', give one of size and scale_factor, but got {size} and "
                f"{scale_factor}."
            )
        if scale_factor is not None:
            size = (x.shape[-2] * scale_factor, x.shape[-1] * scale_factor)
        return ops.ResizeBilinearV2(align_corners, self.half_pixel_centers)(x, size)
