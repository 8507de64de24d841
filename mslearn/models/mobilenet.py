"""MobileNetV2 (Sandler et al. 2018, "Inverted residuals …", arXiv:1801.04381)."""

from __future__ import annotations

from mslearn import nn, ops
from mslearn.core import Tensor

# Of each stage: expansion, channels, blocks, stride of the first block.
STAGES = (
    (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2),
    (6, 320, 1, 1),
)  # fmt: skip


def _divisible(channels: float, divisor: int = 8) -> int:
    """The nearest multiple of 8, but at least 90 % of the channels."""
    near = max(divisor, int(channels + divisor / 2) // divisor * divisor)
    return near + divisor if near < 0.9 * channels else near


def _conv_bn_relu(
    inputs: int, outputs: int, kernel: int = 3, stride: int = 1, group: int = 1
) -> nn.SequentialCell:
    conv = nn.Conv2d(inputs, outputs, kernel, stride, "pad", kernel // 2, group=group)
    return nn.SequentialCell(conv, nn.BatchNorm2d(outputs), nn.ReLU6())


class InvertedResidual(nn.Cell):
    """Widen by a 1x1 convolution, filter each channel by itself, narrow; shortcut if shapes fit."""

    def __init__(self, inputs: int, outputs: int, stride: int, expand_ratio: int) -> None:
        super().__init__()
        hidden = inputs * expand_ratio
        layers: list[nn.Cell] = [] if expand_ratio == 1 else [_conv_bn_relu(inputs, hidden, 1)]
        layers += [
            _conv_bn_relu(hidden, hidden, 3, stride, group=hidden),
            nn.Conv2d(hidden, outputs, 1),
            nn.BatchNorm2d(outputs),
        ]
        self.conv = nn.SequentialCell(*layers)
        self.use_shortcut = stride == 1 and inputs == outputs

    def construct(self, x: Tensor) -> Tensor:
        return x + self.conv(x) if self.use_shortcut else self.conv(x)


class MobileNetV2(nn.Cell):
    """A small, fast network for images (N, 3, 224, 224).

    Args:
        width_mult: factor of all channels.
        dropout: probability of a zero before the Dense layer.
    """

    def __init__(
        self, num_classes: int = 1000, width_mult: float = 1.0, dropout: float = 0.2
    ) -> None:
        super().__init__()
        inputs = _divisible(32 * width_mult)
        last = _divisible(1280 * max(1.0, width_mult))
        layers: list[nn.Cell] = [_conv_bn_relu(3, inputs, 3, 2)]
        for expansion, channels, blocks, stride in STAGES:
            outputs = _divisible(channels * width_mult)
            for i in range(blocks):
                layers.append(InvertedResidual(inputs, outputs, 1 if i else stride, expansion))
                inputs = outputs
        layers.append(_conv_bn_relu(inputs, last, 1))
        self.features = nn.SequentialCell(*layers)
        self.head = nn.SequentialCell(nn.Dropout(p=dropout), nn.Dense(last, num_classes))

    def construct(self, x: Tensor) -> Tensor:
        return self.head(ops.mean(self.features(x), (2, 3)))


def mobilenet_v2(num_classes: int = 1000, width_mult: float = 1.0) -> MobileNetV2:
    """MobileNetV2."""
    return MobileNetV2(num_classes, width_mult)
