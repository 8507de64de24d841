"""DCGAN (Radford et al. 2015, arXiv:1511.06434): one network forges images, one finds them out."""

from __future__ import annotations

from mslearn import nn
from mslearn.common.initializer import Normal
from mslearn.core import Tensor


class Generator(nn.Cell):
    """Noise (N, latent, 1, 1): images (N, channels, 64, 64) from -1 to 1."""

    def __init__(self, latent_dim: int = 100, channels: int = 3, width: int = 64) -> None:
        super().__init__()

        def up(inputs: int, outputs: int, first: bool = False) -> list[nn.Cell]:
            stride, padding = (1, 0) if first else (2, 1)
            conv = nn.Conv2dTranspose(
                inputs, outputs, 4, stride, "pad", padding, weight_init=Normal(0.02)
            )
            return [conv, nn.BatchNorm2d(outputs, gamma_init=Normal(0.02, 1.0)), nn.ReLU()]

        self.generator = nn.SequentialCell(
            *up(latent_dim, width * 8, first=True), *up(width * 8, width * 4),
            *up(width * 4, width * 2), *up(width * 2, width),
            nn.Conv2dTranspose(width, channels, 4, 2, "pad", 1, weight_init=Normal(0.02)),
            nn.Tanh(),
        )  # fmt: skip

    def construct(self, noise: Tensor) -> Tensor:
        return self.generator(noise)


class Discriminator(nn.Cell):
    """Images (N, channels, 64, 64): how likely each is real, (N, 1), from 0 to 1."""

    def __init__(self, channels: int = 3, width: int = 64) -> None:
        super().__init__()

        def down(inputs: int, outputs: int) -> nn.Conv2d:
            return nn.Conv2d(inputs, outputs, 4, 2, "pad", 1, weight_init=Normal(0.02))

        layers: list[nn.Cell] = [down(channels, width), nn.LeakyReLU(0.2)]
        for inputs in (width, width * 2, width * 4):
            norm = nn.BatchNorm2d(inputs * 2, gamma_init=Normal(0.02, 1.0))
            layers += [down(inputs, inputs * 2), norm, nn.LeakyReLU(0.2)]
        layers.append(nn.Conv2d(width * 8, 1, 4, 1, "valid", weight_init=Normal(0.02)))
        self.discriminator = nn.SequentialCell(*layers)
        self.flatten, self.sigmoid = nn.Flatten(), nn.Sigmoid()

    def construct(self, images: Tensor) -> Tensor:
        return self.sigmoid(self.flatten(self.discriminator(images)))
