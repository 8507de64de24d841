"""ResNet (He et al. 2015, "Deep residual learning for image recognition", arXiv:1512.03385)."""

from __future__ import annotations

from mslearn import nn, ops
from mslearn.core import Tensor


def _conv_norm(inputs: int, outputs: int, kernel: int, stride: int = 1) -> nn.SequentialCell:
    """A convolution and its BatchNorm; the image keeps its size, or is divided by the stride."""
    conv = nn.Conv2d(inputs, outputs, kernel, stride, pad_mode="pad", padding=kernel // 2)
    return nn.SequentialCell(conv, nn.BatchNorm2d(outputs))


class ResidualBlockBase(nn.Cell):
    """Two 3x3 convolutions beside a shortcut: blocks of ResNet-18 and ResNet-34."""

    expansion = 1

    def __init__(self, inputs: int, channels: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = _conv_norm(inputs, channels, 3, stride)
        self.conv2 = _conv_norm(channels, channels, 3)
        self.relu = nn.ReLU()
        # Where shapes differ the shortcut is a 1x1 convolution.
        same = stride == 1 and inputs == channels
        self.down_sample = nn.Identity() if same else _conv_norm(inputs, channels, 1, stride)

    def construct(self, x: Tensor) -> Tensor:
        out = self.conv2(self.relu(self.conv1(x)))
        return self.relu(out + self.down_sample(x))


class ResidualBlock(nn.Cell):
    """1x1, 3x3 and 1x1 convolutions beside a shortcut: blocks of ResNet-50 and deeper."""

    expansion = 4

    def __init__(self, inputs: int, channels: int, stride: int = 1) -> None:
        super().__init__()
        outputs = channels * self.expansion
        self.conv1 = _conv_norm(inputs, channels, 1)
        self.conv2 = _conv_norm(channels, channels, 3, stride)
        self.conv3 = _conv_norm(channels, outputs, 1)
        self.relu = nn.ReLU()
        same = stride == 1 and inputs == outputs
        self.down_sample = nn.Identity() if same else _conv_norm(inputs, outputs, 1, stride)

    def construct(self, x: Tensor) -> Tensor:
        out = self.relu(self.conv1(x))
        out = self.relu(self.conv2(out))
        return self.relu(self.conv3(out) + self.down_sample(x))


class ResNet(nn.Cell):
    """Stages of residual blocks, the mean over the image, and a Dense layer.

    Args:
        block: `ResidualBlockBase` or `ResidualBlock`.
        layer_nums: blocks of each stage; from the second on, each halves the image.
        num_classes: size of the output.
        channels: of the first stage; they double from stage to stage.
        small_images: start with one 3x3 convolution (CIFAR, 32x32) instead of a 7x7 one of stride
            2 and pooling (ImageNet, 224x224).
    """

    def __init__(
        self, block: type[ResidualBlockBase | ResidualBlock], layer_nums: tuple[int, ...],
        num_classes: int = 1000, channels: int = 64, small_images: bool = False,
    ) -> None:  # fmt: skip
        super().__init__()
        if small_images:
            self.stem = nn.SequentialCell(_conv_norm(3, channels, 3), nn.ReLU())
        else:
            pool = nn.MaxPool2d(3, 2, pad_mode="pad", padding=1)
            self.stem = nn.SequentialCell(_conv_norm(3, channels, 7, 2), nn.ReLU(), pool)
        stages, inputs = [], channels
        for i, number in enumerate(layer_nums):
            blocks = []
            for j in range(number):
                blocks.append(block(inputs, channels << i, stride=2 if i and not j else 1))
                inputs = (channels << i) * block.expansion
            stages.append(nn.SequentialCell(*blocks))
        self.stages = nn.SequentialCell(*stages)
        self.fc = nn.Dense(inputs, num_classes)

    def construct(self, x: Tensor) -> Tensor:
        x = self.stages(self.stem(x))
        return self.fc(ops.mean(x, (2, 3)))


def resnet18(num_classes: int = 1000) -> ResNet:
    """ResNet-18 for images (N, 3, 224, 224)."""
    return ResNet(ResidualBlockBase, (2, 2, 2, 2), num_classes)


def resnet34(num_classes: int = 1000) -> ResNet:
    """ResNet-34 for images (N, 3, 224, 224)."""
    return ResNet(ResidualBlockBase, (3, 4, 6, 3), num_classes)


def resnet50(num_classes: int = 1000) -> ResNet:
    """ResNet-50 for images (N, 3, 224, 224)."""
    return ResNet(ResidualBlock, (3, 4, 6, 3), num_classes)


def resnet101(num_classes: int = 1000) -> ResNet:
    """ResNet-101 for images (N, 3, 224, 224)."""
    return ResNet(ResidualBlock, (3, 4, 23, 3), num_classes)


def resnet152(num_classes: int = 1000) -> ResNet:
    """ResNet-152 for images (N, 3, 224, 224)."""
    return ResNet(ResidualBlock, (3, 8, 36, 3), num_classes)


def resnet8(num_classes: int = 10) -> ResNet:
    """A small ResNet for images (N, 3, 32, 32): one block in each of three stages."""
    return ResNet(ResidualBlockBase, (1, 1, 1), num_classes, 16, small_images=True)


def resnet20(num_classes: int = 10) -> ResNet:
    """ResNet-20 of the paper's CIFAR-10 experiments, for images (N, 3, 32, 32)."""
    return ResNet(ResidualBlockBase, (3, 3, 3), num_classes, 16, small_images=True)
