"""The U-Net of diffusion models (Ho et al. 2020, "Denoising diffusion …", arXiv:2006.11239).

It looks at a noisy image, is told how noisy it is, and guesses the noise.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from mslearn import nn, ops
from mslearn.core import Tensor
from mslearn.core.dtype import float32


def _norm(channels: int) -> nn.GroupNorm:
    return nn.GroupNorm(math.gcd(32, channels), channels, eps=1e-6)


def _conv(inputs: int, outputs: int, kernel: int = 3, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, kernel, stride, "pad", kernel // 2, has_bias=True)


class TimeEmbedding(nn.Cell):
    """Steps (N,) as sines and cosines of many speeds, then two Dense layers: (N, 4 * dim)."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.speeds = Tensor(np.exp(-math.log(10000) * np.arange(dim // 2) / (dim // 2)), float32)
        self.mlp = nn.SequentialCell(nn.Dense(dim, 4 * dim), nn.SiLU(), nn.Dense(4 * dim, 4 * dim))

    def construct(self, time: Tensor) -> Tensor:
        angles = ops.expand_dims(time.astype(float32), 1) * self.speeds
        return self.mlp(ops.concat((ops.sin(angles), ops.cos(angles)), 1))


class ResBlock(nn.Cell):
    """Two convolutions beside a shortcut; between them the time is added."""

    def __init__(self, inputs: int, outputs: int, time_dim: int, dropout: float) -> None:
        super().__init__()
        self.block1 = nn.SequentialCell(_norm(inputs), nn.SiLU(), _conv(inputs, outputs))
        self.time = nn.SequentialCell(nn.SiLU(), nn.Dense(time_dim, outputs))
        self.block2 = nn.SequentialCell(
            _norm(outputs), nn.SiLU(), nn.Dropout(p=dropout), _conv(outputs, outputs)
        )
        same = inputs == outputs
        self.shortcut = nn.Identity() if same else _conv(inputs, outputs, 1)

    def construct(self, x: Tensor, time: Tensor) -> Tensor:
        hidden = self.block1(x) + self.time(time).expand_dims(2).expand_dims(3)
        return self.block2(hidden) + self.shortcut(x)


class AttentionBlock(nn.Cell):
    """Every pixel looks at every pixel, beside a shortcut."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = _norm(channels)
        self.qkv = _conv(channels, 3 * channels, 1)
        self.out = _conv(channels, channels, 1)

    def construct(self, x: Tensor) -> Tensor:
        n, c, h, w = x.shape
        q, k, v = ops.split(self.qkv(self.norm(x)).reshape((n, 3 * c, h * w)), c, 1)
        weights = ops.softmax(ops.matmul(ops.swapaxes(q, 1, 2), k) * c**-0.5, -1)
        out = ops.matmul(v, ops.swapaxes(weights, 1, 2)).reshape((n, c, h, w))
        return x + self.out(out)


class UNet(nn.Cell):
    """Noisy images (N, channels, H, W) and steps (N,): the noise (N, channels, H, W).

    Args:
        dim: channels of the first stage.
        dim_mults: factors of the stages; each but the last halves the image.
        attention: at which stages pixels look at each other.
        blocks: residual blocks of a stage on the way down (one more on the way up).

    >>> import mslearn as ms
    >>> net = ms.models.UNet(dim=8, dim_mults=(1, 2), attention=(1,), channels=1)
    >>> net(ms.ops.zeros((2, 1, 8, 8)), ms.Tensor([0, 500])).shape
    (2, 1, 8, 8)
    """

    def __init__(
        self, dim: int = 128, dim_mults: tuple[int, ...] = (1, 2, 2, 2),
        attention: tuple[int, ...] = (1,), blocks: int = 2, channels: int = 3,
        dropout: float = 0.1,
    ) -> None:  # fmt: skip
        super().__init__()
        self.init_conv = _conv(channels, dim)
        self.time_embedding = TimeEmbedding(dim)
        time = 4 * dim
        widths = [dim * m for m in dim_mults]
        skips, inputs = [dim], dim
        downs: list[nn.Cell] = []
        ups: list[nn.Cell] = []

        def stage(inputs: int, outputs: int, level: int) -> nn.CellList:
            cells: list[nn.Cell] = [ResBlock(inputs, outputs, time, dropout)]
            cells += [AttentionBlock(outputs)] if level in attention else []
            return nn.CellList(cells)

        last = len(widths) - 1
        for level, width in enumerate(widths):
            for _ in range(blocks):
                downs.append(stage(inputs, width, level))
                skips.append(inputs := width)
            if level < last:
                downs.append(nn.CellList([_conv(width, width, 3, 2)]))
                skips.append(width)
        self.downs = nn.CellList(downs)
        self.middle = nn.CellList(
            [ResBlock(inputs, inputs, time, dropout), AttentionBlock(inputs),
             ResBlock(inputs, inputs, time, dropout)]
        )  # fmt: skip
        for level in reversed(range(len(widths))):
            for _ in range(blocks + 1):
                ups.append(stage(inputs + skips.pop(), widths[level], level))
                inputs = widths[level]
            if level:
                bigger = nn.Upsample(scale_factor=2.0, recompute_scale_factor=True)
                ups.append(nn.CellList([nn.SequentialCell(bigger, _conv(inputs, inputs))]))
        self.ups = nn.CellList(ups)
        self.final = nn.SequentialCell(_norm(inputs), nn.SiLU(), _conv(inputs, channels))

    def construct(self, x: Tensor, time: Tensor) -> Tensor:
        time = self.time_embedding(time)

        def run(cells: Any, x: Tensor) -> Tensor:
            for cell in cells:
                x = cell(x, time) if isinstance(cell, ResBlock) else cell(x)
            return x

        x = self.init_conv(x)
        seen = [x]
        for cells in self.downs:
            x = run(cells, x)
            seen.append(x)
        x = run(self.middle, x)
        stages: Any = self.ups
        for cells in stages:
            if isinstance(cells[0], ResBlock):
                x = ops.concat((x, seen.pop()), 1)
            x = run(cells, x)
        return self.final(x)
