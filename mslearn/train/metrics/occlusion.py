"""`OcclusionSensitivity`: which parts of an image a network looks at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from mslearn.core.tensor import Tensor
from mslearn.train.metrics.base import Metric, array


class OcclusionSensitivity(Metric):
    """How much a class's score falls when the surroundings of each point are covered.

    (Zeiler & Fergus, 2014, "Visualizing and Understanding Convolutional Networks", section 4.2.)
    Point i is covered together with the `margin` points before it and `margin` - 1 behind, on
    every axis.

    Args:
        pad_val: the cover's value.
        margin: a number, or a list with one for each axis.
        n_batch: so many covered images go through the network at once.
        b_box: only look at these points: [min, max, min, max, …] for the axes, both included.

    >>> import mslearn as ms
    >>> net = ms.nn.Dense(4, 2, weight_init="ones", bias_init="zeros")
    >>> metric = ms.train.OcclusionSensitivity(margin=1)
    >>> metric.update(net, ms.Tensor([[1.0, 2.0, 3.0, 4.0]]), ms.Tensor(1))
    >>> print(metric.eval())
    [1. 3. 5. 7.]
    """

    def __init__(
        self,
        pad_val: float = 0.0,
        margin: int | Sequence[int] = 2,
        n_batch: int = 128,
        b_box: Sequence[int] | None = None,
    ) -> None:
        super().__init__()
        if isinstance(margin, bool) or not isinstance(margin, int | list):
            raise TypeError(
                f"The type of 'margin' should be one of '['int', 'list']', but got type "
                f"'{type(margin).__name__}'."
            )
        self.pad_val, self.margin, self.n_batch, self.b_box = pad_val, margin, n_batch, b_box
        self.clear()

    def clear(self) -> None:
        self._result: np.ndarray | None = None

    def update(self, *inputs: Any) -> None:
        """Look at one image: ``update(network, image, label)``; the image is (1, …).

        Raises:
            ValueError: not three inputs. RuntimeError: more than one image or label.
        """
        if len(inputs) != 3:
            raise ValueError(
                f"For 'OcclusionSensitivity.update', it needs 3 inputs (network, image, label), "
                f"but got {len(inputs)}."
            )
        network, image, label = inputs[0], array(inputs[1]), int(array(inputs[2]).reshape(-1)[0])
        if image.shape[0] != 1 or array(inputs[2]).size != 1:
            raise RuntimeError(
                f"For 'OcclusionSensitivity.update', one image and one label are wanted, but got "
                f"image shape {image.shape} and {array(inputs[2]).size} labels."
            )
        shape = image.shape[1:]
        points = list(np.ndindex(*(high + 1 - low for low, high in self._box(shape))))
        lows = [low for low, _ in self._box(shape)]
        margins = self.margin if isinstance(self.margin, list) else [self.margin] * len(shape)
        fall = []
        base = self._scores(network, image, label)[0]
        for start in range(0, len(points), self.n_batch):
            part = points[start : start + self.n_batch]
            covered = image.repeat(len(part), 0)
            for one, point in zip(covered, part, strict=True):
                at = [low + i for low, i in zip(lows, point, strict=True)]
                one[
                    tuple(slice(max(i - m, 0), i + m) for i, m in zip(at, margins, strict=True))
                ] = self.pad_val
            fall.append(base - self._scores(network, covered, label))
        sizes = [high + 1 - low for low, high in self._box(shape)]
        self._result = np.concatenate(fall).reshape(sizes)

    @staticmethod
    def _scores(network: Any, images: np.ndarray, label: int) -> np.ndarray:
        scores: np.ndarray = network(Tensor(images)).asnumpy()
        return scores[:, label]

    def _box(self, shape: tuple[int, ...]) -> list[tuple[int, int]]:
        if self.b_box is None:
            return [(0, n - 1) for n in shape]
        box = list(self.b_box)
        if len(box) != 2 * len(shape):
            raise ValueError(
                f"For 'OcclusionSensitivity', the bounding box must contain upper and lower for "
                f"all dimensions (except batch number), and the length of 'b_box' must be "
                f"{2 * len(shape)}, but got {len(box)}."
            )
        return list(zip(box[::2], box[1::2], strict=True))

    def eval(self) -> np.ndarray:
        """The fall of the score for each point, in the image's shape or the box's.

        Raises:
            RuntimeError: `update` was not called.
        """
        if self._result is None:
            raise RuntimeError("Call OcclusionSensitivity.update(network, image, label) first.")
        return self._result
