"""The network of the official quick start, with fixed inputs."""

from __future__ import annotations

import numpy as np

import mslearn as ms
from mslearn import nn


class Network(nn.Cell):
    def __init__(self) -> None:
        super().__init__()
        self.flatten = nn.Flatten()
        self.dense_relu_sequential = nn.SequentialCell(
            nn.Dense(28 * 28, 512), nn.ReLU(), nn.Dense(512, 512), nn.ReLU(), nn.Dense(512, 10)
        )

    def construct(self, x):
        x = self.flatten(x)
        logits = self.dense_relu_sequential(x)
        return logits


def example():
    """net, loss_fn, images (8, 1, 28, 28), labels (8,)."""
    ms.set_seed(1)
    rng = np.random.default_rng(0)
    images = ms.Tensor(rng.random((8, 1, 28, 28), dtype=np.float32))
    labels = ms.Tensor(np.arange(8) % 10, ms.int32)
    return Network(), nn.CrossEntropyLoss(), images, labels
