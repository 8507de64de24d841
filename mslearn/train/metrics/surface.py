"""How far apart the outlines of two regions are: Hausdorff and mean surface distances."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from mslearn.train.metrics.base import Metric, array, rearrange_inputs

_DISTANCES = ("euclidean", "chessboard", "taxicab")


def _outline(mask: np.ndarray) -> np.ndarray:
    """Coordinates (M, ndim) of the region's elements that touch its outside or the border."""
    inside = mask.copy()
    for axis in range(mask.ndim):
        for shift in (1, -1):
            beside = np.zeros_like(mask)
            to, of = [slice(None)] * mask.ndim, [slice(None)] * mask.ndim
            to[axis] = slice(1, None) if shift == 1 else slice(None, -1)
            of[axis] = slice(None, -1) if shift == 1 else slice(1, None)
            beside[tuple(to)] = mask[tuple(of)]
            inside &= beside
    return np.argwhere(mask & ~inside)


def _nearest(points: np.ndarray, others: np.ndarray, distance: str) -> np.ndarray:
    """The distance from each point to the nearest of the others."""
    if not len(others) or not len(points):
        return np.full(len(points), np.inf)
    best = np.empty(len(points))
    for i, point in enumerate(points):  # a table of all pairs would not fit for large images
        step = np.abs(others - point)
        if distance == "euclidean":
            best[i] = np.sqrt(np.square(step).sum(1).min())
        else:
            best[i] = (step.max(1) if distance == "chessboard" else step.sum(1)).min()
    return best


class _Surface(Metric):
    def __init__(self, distance_metric: str) -> None:
        super().__init__()
        if distance_metric not in _DISTANCES:
            raise ValueError(
                f"For '{type(self).__name__}', the argument 'distance_metric' must be one of "
                f"{_DISTANCES}, but got {distance_metric!r}."
            )
        self.distance_metric = distance_metric
        self.clear()

    def clear(self) -> None:
        self._there = self._back = np.zeros(0)
        self._seen = False

    @rearrange_inputs
    def update(self, *inputs: Any) -> None:
        """Compare the regions of label ``inputs[2]`` in ``inputs[0]`` and ``inputs[1]``."""
        if len(inputs) != 3:
            raise ValueError(
                f"For '{type(self).__name__}.update', it needs 3 inputs (predicted value, true "
                f"value, label index), but got {len(inputs)}."
            )
        pred, true, label = array(inputs[0]), array(inputs[1]), inputs[2]
        if pred.shape != true.shape or not pred.size:
            raise ValueError(
                f"For '{type(self).__name__}.update', predicted and true value need the same "
                f"shape, but got {pred.shape} and {true.shape}."
            )
        mine, other = _outline(pred == label), _outline(true == label)
        self._there = _nearest(mine, other, self.distance_metric)
        self._back = _nearest(other, mine, self.distance_metric)
        self._seen = True

    def eval(self) -> float:
        if not self._seen:
            raise RuntimeError("Please call the 'update' method before calling 'eval' method.")
        return self._value()

    def _value(self) -> float:
        raise NotImplementedError


class HausdorffDistance(_Surface):
    """The largest distance from an outline to the nearest point of the other one.

    Args:
        distance_metric: ``"euclidean"``, ``"chessboard"`` or ``"taxicab"``.
        percentile: this percentile of the distances instead of the largest.
        directed: only from the prediction to the truth; otherwise the larger of both ways.
        crop: accepted; it changes no result.
    """

    def __init__(
        self,
        distance_metric: str = "euclidean",
        percentile: float | None = None,
        directed: bool = False,
        crop: bool = True,
    ) -> None:
        super().__init__(distance_metric)
        if percentile is not None and not isinstance(percentile, float):
            raise TypeError(
                f"The type of 'percentile' should be 'float', but got type "
                f"'{type(percentile).__name__}'."
            )
        if percentile is not None and not 0 <= percentile <= 100:
            raise ValueError(
                f"For 'HausdorffDistance', the argument 'percentile' must lie from 0 to 100, but "
                f"got {percentile}."
            )
        self.percentile, self.directed, self.crop = percentile, directed, crop

    def _value(self) -> float:
        ways = [self._there] if self.directed else [self._there, self._back]
        if any(not len(way) for way in ways):
            return float("nan")
        share = 100.0 if self.percentile is None else self.percentile
        return max(float(np.percentile(way, share)) for way in ways)


class MeanSurfaceDistance(_Surface):
    """The mean distance from the prediction's outline to the truth's.

    Args:
        symmetric: also from the truth's to the prediction's.
        distance_metric: ``"euclidean"``, ``"chessboard"`` or ``"taxicab"``.
    """

    def __init__(self, symmetric: bool = False, distance_metric: str = "euclidean") -> None:
        super().__init__(distance_metric)
        self.symmetric = symmetric

    def _value(self) -> float:
        return self._mean(np.asarray)

    def _mean(self, of: Callable[[np.ndarray], np.ndarray]) -> float:
        ways = [self._there, self._back] if self.symmetric else [self._there]
        if any(not len(way) for way in ways):
            return float("nan")
        return float(np.mean([of(way).mean() for way in ways]))


class RootMeanSquareDistance(MeanSurfaceDistance):
    """As `MeanSurfaceDistance` for squared distances, with the root when `symmetric`.

    (MindSpore 2.10 takes no root without `symmetric`; so the numbers agree.)
    """

    def _value(self) -> float:
        mean = self._mean(np.square)
        return mean**0.5 if self.symmetric else mean
