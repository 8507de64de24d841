"""SSD300 (Liu et al. 2016, "SSD: single shot multibox detector", arXiv:1512.02325).

A network sees where things are in one pass: at six sizes of the image, every place has a few
default boxes; of each it says what is in it and how the box should be moved.
"""

from __future__ import annotations

import itertools
import math

import numpy as np

from mslearn import nn, ops
from mslearn.common.initializer import initializer
from mslearn.core import Parameter, Tensor
from mslearn.models.vgg import STAGES, convolutions

SIZES = (38, 19, 10, 5, 3, 1)  # places across, at each level
CHANNELS = (512, 1024, 512, 256, 256, 256)
RATIOS = ((2,), (2, 3), (2, 3), (2, 3), (2,), (2,))
SCALES = (0.07, 0.15, 0.33, 0.51, 0.69, 0.87, 1.05)  # of a box, as a part of the image


def default_boxes() -> np.ndarray:
    """The 8732 boxes as (center x, center y, width, height), from 0 to 1: float32 (8732, 4)."""
    boxes = []
    for level, (size, ratios) in enumerate(zip(SIZES, RATIOS, strict=True)):
        scale = SCALES[level]
        forms = [(scale, scale), (math.sqrt(scale * SCALES[level + 1]),) * 2]
        for ratio in ratios:
            long, short = scale * math.sqrt(ratio), scale / math.sqrt(ratio)
            forms += [(long, short), (short, long)]
        for y, x in itertools.product(range(size), repeat=2):
            boxes += [((x + 0.5) / size, (y + 0.5) / size, w, h) for w, h in forms]
    return np.array(boxes, np.float32)


def encode(boxes: np.ndarray, defaults: np.ndarray) -> np.ndarray:
    """How the default boxes (K, 4) must be moved to become `boxes` (K, 4): what SSD learns."""
    center = (boxes[:, :2] - defaults[:, :2]) / defaults[:, 2:] / 0.1
    return np.concatenate([center, np.log(boxes[:, 2:] / defaults[:, 2:]) / 0.2], 1)


def decode(moves: np.ndarray, defaults: np.ndarray) -> np.ndarray:
    """The boxes (K, 4) that the moves (K, 4) make of the default boxes: `encode` undone."""
    center = moves[:, :2] * 0.1 * defaults[:, 2:] + defaults[:, :2]
    return np.concatenate([center, np.exp(moves[:, 2:] * 0.2) * defaults[:, 2:]], 1)


def overlap(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Intersection over union of every box of `a` (M, 4) with every box of `b` (K, 4): (M, K)."""
    low = np.maximum((a[:, :2] - a[:, 2:] / 2)[:, None], b[:, :2] - b[:, 2:] / 2)
    high = np.minimum((a[:, :2] + a[:, 2:] / 2)[:, None], b[:, :2] + b[:, 2:] / 2)
    common = np.prod(np.clip(high - low, 0, None), 2)
    return common / (np.prod(a[:, 2:], 1)[:, None] + np.prod(b[:, 2:], 1) - common)


def match(
    boxes: np.ndarray, labels: np.ndarray, defaults: np.ndarray, threshold: float = 0.5
) -> tuple[np.ndarray, np.ndarray]:
    """What the network should say of one image: moves (8732, 4) and classes (8732,), 0 is nothing.

    A default box answers for the thing it overlaps most if that is more than `threshold`; and for
    each thing at least one box answers.
    """
    shared = overlap(boxes, defaults)
    best, which = shared.max(0), shared.argmax(0)
    for thing, place in enumerate(shared.argmax(1)):
        which[place], best[place] = thing, 2.0
    classes = np.where(best > threshold, labels[which], 0)
    return encode(boxes[which], defaults).astype(np.float32), classes.astype(np.int32)


class SSD300(nn.Cell):
    """VGG-16, further convolutions and two heads, for images (N, 3, 300, 300).

    Returns moves (N, 8732, 4) and class scores (N, 8732, classes); class 0 is "nothing".
    """

    def __init__(self, num_classes: int = 91) -> None:
        super().__init__()
        self.num_classes = num_classes
        one, two, three, four, five = STAGES[16]
        self.features = nn.SequentialCell(
            *convolutions(3, one), nn.MaxPool2d(2, 2), *convolutions(64, two), nn.MaxPool2d(2, 2),
            *convolutions(128, three), nn.MaxPool2d(2, 2, pad_mode="same"),
            *convolutions(256, four),
        )  # fmt: skip
        self.scale = Parameter(initializer(20, (1, 512, 1, 1)))
        self.further = nn.SequentialCell(
            nn.MaxPool2d(2, 2), *convolutions(512, five), nn.MaxPool2d(3, 1, pad_mode="same"),
            nn.Conv2d(512, 1024, 3, 1, "pad", 6, 6, has_bias=True), nn.ReLU(),
            nn.Conv2d(1024, 1024, 1, has_bias=True), nn.ReLU(),
        )  # fmt: skip

        def smaller(inputs: int, hidden: int, outputs: int, stride: int) -> nn.SequentialCell:
            last = ("pad", 1) if stride == 2 else ("valid", 0)
            return nn.SequentialCell(
                nn.Conv2d(inputs, hidden, 1, has_bias=True), nn.ReLU(),
                nn.Conv2d(hidden, outputs, 3, stride, *last, has_bias=True), nn.ReLU(),
            )  # fmt: skip

        self.extra = nn.CellList(
            [smaller(1024, 256, 512, 2), smaller(512, 128, 256, 2), smaller(256, 128, 256, 1),
             smaller(256, 128, 256, 1)]
        )  # fmt: skip

        def heads(numbers: int) -> nn.CellList:
            return nn.CellList([
                nn.Conv2d(c, (2 + 2 * len(r)) * numbers, 3, pad_mode="same", has_bias=True)
                for c, r in zip(CHANNELS, RATIOS, strict=True)
            ])  # fmt: skip

        self.move_heads, self.class_heads = heads(4), heads(num_classes)

    def construct(self, x: Tensor) -> tuple[Tensor, Tensor]:
        x = self.features(x)
        length = ops.sqrt(ops.square(x).sum(1, True) + 1e-12)
        levels = [x / length * self.scale]
        levels.append(self.further(x))
        for layer in self.extra:
            levels.append(layer(levels[-1]))

        def answers(heads: nn.CellList, numbers: int) -> Tensor:
            maps = [head(level) for head, level in zip(heads, levels, strict=True)]
            flat = [ops.transpose(m, (0, 2, 3, 1)).reshape((m.shape[0], -1, numbers)) for m in maps]
            return ops.concat(flat, 1)

        return answers(self.move_heads, 4), answers(self.class_heads, self.num_classes)


class MultiBoxLoss(nn.LossBase):
    """SSD's loss: smooth L1 of the moves, cross-entropy of the classes.

    Of the many boxes with nothing in them only the worst count, three for each box with something.
    Called with moves, scores, and the wanted moves (N, 8732, 4) and classes (N, 8732) int32.
    """

    def construct(self, moves: Tensor, scores: Tensor, wanted: Tensor, classes: Tensor) -> Tensor:
        found = ops.greater(classes, 0).astype(moves.dtype)
        number = ops.maximum(found.sum(), 1.0)
        location = ops.smooth_l1_loss(moves, wanted).sum(-1) * found
        each = -ops.gather_d(ops.log_softmax(scores, -1), 2, classes.expand_dims(2)).squeeze(2)
        rank = ops.argsort(ops.argsort(ops.stop_gradient(each * (1 - found)), 1, True), 1)
        limit = 3 * found.sum(1, True)
        worst = ops.less(rank, limit).astype(moves.dtype) * (1 - found)
        return (location.sum() + (each * (found + worst)).sum()) / number
