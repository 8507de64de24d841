"""AlexNet in the form for one device (Krizhevsky 2014, "One weird trick …", arXiv:1404.5997)."""

from __future__ import annotations

from mslearn import nn
from mslearn.core import Tensor


def _conv(inputs: int, outputs: int, kernel: int, stride: int = 1, padding: int = 0) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, kernel, stride, "pad", padding, has_bias=True)


class AlexNet(nn.Cell):
    """Five convolutions and three Dense layers for images (N, 3, 224, 224)."""

    def __init__(self, num_classes: int = 1000, dropout: float = 0.5) -> None:
        super().__init__()
        self.features = nn.SequentialCell(
            _conv(3, 64, 11, stride=4, padding=2), nn.ReLU(), nn.MaxPool2d(3, 2),
            _conv(64, 192, 5, padding=2), nn.ReLU(), nn.MaxPool2d(3, 2),
            _conv(192, 384, 3, padding=1), nn.ReLU(),
            _conv(384, 256, 3, padding=1), nn.ReLU(),
            _conv(256, 256, 3, padding=1), nn.ReLU(), nn.MaxPool2d(3, 2),
        )  # fmt: skip
        self.avgpool = nn.AdaptiveAvgPool2d(6)
        self.flatten = nn.Flatten()
        self.classifier = nn.SequentialCell(
            nn.Dropout(p=dropout), nn.Dense(256 * 6 * 6, 4096), nn.ReLU(),
            nn.Dropout(p=dropout), nn.Dense(4096, 4096), nn.ReLU(),
            nn.Dense(4096, num_classes),
        )  # fmt: skip

    def construct(self, x: Tensor) -> Tensor:
        x = self.avgpool(self.features(x))
        return self.classifier(self.flatten(x))
