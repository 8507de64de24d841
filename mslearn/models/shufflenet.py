"""ShuffleNet V1 (Zhang et al. 2017, arXiv:1707.01083) and V2 (Ma et al. 2018, arXiv:1807.11164).

Convolutions in groups are cheap, but groups never see each other; so channels are shuffled.
"""

from __future__ import annotations

from mslearn import nn, ops
from mslearn.core import Tensor

# Channels after the stem and after each stage, by width.
V1_CHANNELS = {
    0.5: (12, 120, 240, 480),
    1.0: (24, 240, 480, 960),
    1.5: (24, 360, 720, 1440),
    2.0: (48, 480, 960, 1920),
}  # fmt: skip  (3 groups)
V2_CHANNELS = {
    0.5: (24, 48, 96, 192, 1024), 1.0: (24, 116, 232, 464, 1024), 1.5: (24, 176, 352, 704, 1024),
    2.0: (24, 244, 488, 976, 2048),
}  # fmt: skip
BLOCKS = (4, 8, 4)


def channel_shuffle(x: Tensor, groups: int) -> Tensor:
    """(N, C, H, W) with the channels of all groups in turn: 0, C/g, 2C/g, …, 1, C/g + 1, …."""
    n, c, h, w = x.shape
    x = x.reshape((n, groups, c // groups, h, w))
    return ops.swapaxes(x, 1, 2).reshape((n, c, h, w))


def _conv(
    inputs: int, outputs: int, kernel: int, stride: int = 1, group: int = 1, relu: bool = True
) -> nn.SequentialCell:
    conv = nn.Conv2d(inputs, outputs, kernel, stride, "pad", kernel // 2, group=group)
    norm = nn.BatchNorm2d(outputs)
    return nn.SequentialCell(conv, norm, nn.ReLU()) if relu else nn.SequentialCell(conv, norm)


class ShuffleV1Block(nn.Cell):
    """Grouped 1x1, shuffle, 3x3 for each channel, grouped 1x1; beside it a shortcut."""

    def __init__(
        self, inputs: int, outputs: int, groups: int, stride: int, first_group: bool = True
    ) -> None:
        super().__init__()
        self.groups, self.stride = groups, stride
        hidden = outputs // 4
        outputs = outputs - inputs if stride == 2 else outputs  # the shortcut is concatenated
        self.squeeze = _conv(inputs, hidden, 1, group=groups if first_group else 1)
        self.depthwise = _conv(hidden, hidden, 3, stride, group=hidden, relu=False)
        self.expand = _conv(hidden, outputs, 1, group=groups, relu=False)
        self.pool = nn.AvgPool2d(3, 2, pad_mode="pad", padding=1)
        self.relu = nn.ReLU()

    def construct(self, x: Tensor) -> Tensor:
        out = channel_shuffle(self.squeeze(x), self.groups)
        out = self.expand(self.depthwise(out))
        if self.stride == 1:
            return self.relu(x + out)
        return ops.concat((self.pool(x), self.relu(out)), 1)


class ShuffleNetV1(nn.Cell):
    """ShuffleNet with 3 groups for images (N, 3, 224, 224); `width` is 0.5, 1.0, 1.5 or 2.0."""

    def __init__(self, num_classes: int = 1000, width: float = 1.0, groups: int = 3) -> None:
        super().__init__()
        inputs, *stages = V1_CHANNELS[width]
        self.stem = nn.SequentialCell(
            _conv(3, inputs, 3, 2), nn.MaxPool2d(3, 2, pad_mode="pad", padding=1)
        )
        layers = []
        for stage, (outputs, blocks) in enumerate(zip(stages, BLOCKS, strict=True)):
            for i in range(blocks):
                start = not (stage or i)  # so few channels are not grouped
                stride = 1 if i else 2
                layers.append(ShuffleV1Block(inputs, outputs, groups, stride, not start))
                inputs = outputs
        self.features = nn.SequentialCell(*layers)
        self.classifier = nn.Dense(inputs, num_classes, has_bias=False)

    def construct(self, x: Tensor) -> Tensor:
        return self.classifier(ops.mean(self.features(self.stem(x)), (2, 3)))


class ShuffleV2Block(nn.Cell):
    """One half of the channels goes through 1x1, 3x3, 1x1, the other half past it; shuffle."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.stride = stride
        half = outputs // 2
        self.branch = nn.SequentialCell(
            _conv(inputs if stride == 2 else half, half, 1),
            _conv(half, half, 3, stride, group=half, relu=False),
            _conv(half, half, 1),
        )
        self.shortcut: nn.Cell = nn.Identity()
        if stride == 2:
            depthwise = _conv(inputs, inputs, 3, 2, group=inputs, relu=False)
            self.shortcut = nn.SequentialCell(depthwise, _conv(inputs, half, 1))

    def construct(self, x: Tensor) -> Tensor:
        if self.stride == 1:
            past, through = ops.split(x, x.shape[1] // 2, 1)
        else:
            past = through = x
        out = ops.concat((self.shortcut(past), self.branch(through)), 1)
        return channel_shuffle(out, 2)


class ShuffleNetV2(nn.Cell):
    """ShuffleNetV2 for images (N, 3, 224, 224); `width` is 0.5, 1.0, 1.5 or 2.0."""

    def __init__(self, num_classes: int = 1000, width: float = 1.0) -> None:
        super().__init__()
        inputs, *stages, last = V2_CHANNELS[width]
        self.stem = nn.SequentialCell(
            _conv(3, inputs, 3, 2), nn.MaxPool2d(3, 2, pad_mode="pad", padding=1)
        )
        layers: list[nn.Cell] = []
        for outputs, blocks in zip(stages, BLOCKS, strict=True):
            for i in range(blocks):
                layers.append(ShuffleV2Block(inputs, outputs, 1 if i else 2))
                inputs = outputs
        self.features = nn.SequentialCell(*layers, _conv(inputs, last, 1))
        self.classifier = nn.Dense(last, num_classes)

    def construct(self, x: Tensor) -> Tensor:
        return self.classifier(ops.mean(self.features(self.stem(x)), (2, 3)))


def shufflenet_v1(num_classes: int = 1000, width: float = 1.0) -> ShuffleNetV1:
    """ShuffleNet V1 with 3 groups."""
    return ShuffleNetV1(num_classes, width)


def shufflenet_v2(num_classes: int = 1000, width: float = 1.0) -> ShuffleNetV2:
    """ShuffleNet V2."""
    return ShuffleNetV2(num_classes, width)
