"""VGG (Simonyan and Zisserman 2015, "Very deep convolutional networks …", arXiv:1409.1556)."""

from __future__ import annotations

from mslearn import nn
from mslearn.core import Tensor

# Channels of the convolutions of each stage; behind every stage the image halves.
STAGES = {
    11: ((64,), (128,), (256,) * 2, (512,) * 2, (512,) * 2),
    13: ((64,) * 2, (128,) * 2, (256,) * 2, (512,) * 2, (512,) * 2),
    16: ((64,) * 2, (128,) * 2, (256,) * 3, (512,) * 3, (512,) * 3),
    19: ((64,) * 2, (128,) * 2, (256,) * 4, (512,) * 4, (512,) * 4),
}


def convolutions(
    inputs: int, stage: tuple[int, ...], batch_norm: bool = False
) -> tuple[nn.Cell, ...]:
    """The layers of one stage, without its pooling."""
    layers: list[nn.Cell] = []
    for outputs in stage:
        layers.append(nn.Conv2d(inputs, outputs, 3, pad_mode="pad", padding=1, has_bias=True))
        layers += [nn.BatchNorm2d(outputs), nn.ReLU()] if batch_norm else [nn.ReLU()]
        inputs = outputs
    return tuple(layers)


class VGG(nn.Cell):
    """Stages of 3x3 convolutions, then three Dense layers, for images (N, 3, 224, 224).

    Args:
        depth: layers with weights: 11, 13, 16 or 19.
        batch_norm: normalise behind every convolution.
        dropout: probability of a zero before each of the last two Dense layers.
    """

    def __init__(
        self, depth: int = 16, num_classes: int = 1000, batch_norm: bool = False,
        dropout: float = 0.5,
    ) -> None:  # fmt: skip
        super().__init__()
        layers: list[nn.Cell] = []
        inputs = 3
        for stage in STAGES[depth]:
            layers += [*convolutions(inputs, stage, batch_norm), nn.MaxPool2d(2, 2)]
            inputs = stage[-1]
        self.features = nn.SequentialCell(*layers)
        self.avgpool = nn.AdaptiveAvgPool2d(7)
        self.flatten = nn.Flatten()
        self.classifier = nn.SequentialCell(
            nn.Dense(512 * 7 * 7, 4096), nn.ReLU(), nn.Dropout(p=dropout),
            nn.Dense(4096, 4096), nn.ReLU(), nn.Dropout(p=dropout),
            nn.Dense(4096, num_classes),
        )  # fmt: skip

    def construct(self, x: Tensor) -> Tensor:
        x = self.avgpool(self.features(x))
        return self.classifier(self.flatten(x))


def vgg11(num_classes: int = 1000, batch_norm: bool = False) -> VGG:
    """VGG with 11 layers."""
    return VGG(11, num_classes, batch_norm)


def vgg13(num_classes: int = 1000, batch_norm: bool = False) -> VGG:
    """VGG with 13 layers."""
    return VGG(13, num_classes, batch_norm)


def vgg16(num_classes: int = 1000, batch_norm: bool = False) -> VGG:
    """VGG with 16 layers."""
    return VGG(16, num_classes, batch_norm)


def vgg19(num_classes: int = 1000, batch_norm: bool = False) -> VGG:
    """VGG with 19 layers."""
    return VGG(19, num_classes, batch_norm)
