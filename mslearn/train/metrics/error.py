"""How far predictions are off: mean errors and the loss."""

from __future__ import annotations

from typing import Any

import numpy as np

from mslearn.train.metrics.base import Metric, array, rearrange_inputs


class _Error(Metric):
    def __init__(self) -> None:
        super().__init__()
        self.clear()

    def clear(self) -> None:
        self._sum, self._count = 0.0, 0

    @rearrange_inputs
    def update(self, *inputs: Any) -> None:
        pred, true = self._two(inputs)
        self._sum += float(self._of(true.reshape(pred.shape) - pred).sum())
        self._count += len(true)

    def _of(self, difference: np.ndarray) -> np.ndarray:
        raise NotImplementedError

    def eval(self) -> float:
        self._some(self._count)
        return self._sum / self._count


class MAE(_Error):
    """Mean absolute error: the sum of |prediction - truth| by the number of rows."""

    def _of(self, difference: np.ndarray) -> np.ndarray:
        return np.abs(difference)


class MSE(_Error):
    """Mean squared error: the sum of (prediction - truth)² by the number of rows."""

    def _of(self, difference: np.ndarray) -> np.ndarray:
        return np.square(difference)


class Loss(Metric):
    """The mean of the losses it is given, one a batch."""

    def __init__(self) -> None:
        super().__init__()
        self.clear()

    def clear(self) -> None:
        self._sum, self._count = 0.0, 0

    @rearrange_inputs
    def update(self, *inputs: Any) -> None:
        if len(inputs) != 1:
            raise ValueError(
                f"For 'Loss.update', it needs 1 input (the loss), but got {len(inputs)}."
            )
        loss = array(inputs[0])
        if loss.ndim > 1:
            raise ValueError(
                f"For 'Loss.update', the loss must be a number or 1-d (its mean counts), but got "
                f"shape {loss.shape}. Use a loss with reduction='mean' or 'sum'."
            )
        self._sum += float(loss.mean())
        self._count += 1

    def eval(self) -> float:
        self._some(self._count)
        return self._sum / self._count
