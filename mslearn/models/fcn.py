"""FCN-8s (Long et al. 2015, arXiv:1411.4038): a class for every pixel of an image."""

from __future__ import annotations

from mslearn import nn
from mslearn.core import Tensor
from mslearn.models.vgg import STAGES, convolutions


class FCN8s(nn.Cell):
    """VGG-16 without Dense layers, and three steps back up: (N, 3, H, W) to (N, classes, H, W).

    H and W are multiples of 32. What was seen at 1/8 and 1/16 of the size is added on the way up,
    because the last layers know what is there but hardly where.

    Args:
        num_classes: of a pixel; 21 in Pascal VOC.
        width: channels of the two widest layers.
    """

    def __init__(self, num_classes: int = 21, width: int = 4096, dropout: float = 0.5) -> None:
        super().__init__()
        stages, inputs = [], 3
        for stage in STAGES[16]:
            layers = convolutions(inputs, stage)
            stages.append(nn.SequentialCell(*layers, nn.MaxPool2d(2, 2)))
            inputs = stage[-1]
        self.to_eighth = nn.SequentialCell(*stages[:3])
        self.to_16th, self.to_32nd = stages[3:]
        self.fc = nn.SequentialCell(
            nn.Conv2d(512, width, 7, has_bias=True), nn.ReLU(), nn.Dropout(p=dropout),
            nn.Conv2d(width, width, 1, has_bias=True), nn.ReLU(), nn.Dropout(p=dropout),
        )  # fmt: skip
        self.score32 = nn.Conv2d(width, num_classes, 1, has_bias=True)
        self.score16 = nn.Conv2d(512, num_classes, 1, has_bias=True)
        self.score8 = nn.Conv2d(256, num_classes, 1, has_bias=True)

        def up(factor: int) -> nn.Conv2dTranspose:
            return nn.Conv2dTranspose(num_classes, num_classes, 2 * factor, factor)

        self.up32, self.up16, self.up8 = up(2), up(2), up(8)

    def construct(self, x: Tensor) -> Tensor:
        eighth = self.to_eighth(x)
        sixteenth = self.to_16th(eighth)
        scores = self.score32(self.fc(self.to_32nd(sixteenth)))
        scores = self.up32(scores) + self.score16(sixteenth)
        scores = self.up16(scores) + self.score8(eighth)
        return self.up8(scores)
