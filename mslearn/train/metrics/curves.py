"""Confusion matrix, ROC curve and the area below a curve."""

from __future__ import annotations

from typing import Any

import numpy as np

from mslearn.train.metrics.base import Metric, rearrange_inputs


class ConfusionMatrix(Metric):
    """How often each class (row) was called each class (column).

    Args:
        num_classes: the number of classes.
        normalize: ``"no_norm"``, or divide by the row's sum (``"target"``), by the column's
            (``"prediction"``) or by all (``"all"``).
        threshold: for predictions that are probabilities (N,): from here on it is class 1.
    """

    def __init__(
        self, num_classes: int, normalize: str = "no_norm", threshold: float = 0.5
    ) -> None:
        super().__init__()
        if normalize not in ("no_norm", "target", "prediction", "all"):
            raise ValueError(
                f"For 'ConfusionMatrix', the argument 'normalize' must be 'no_norm', 'target', "
                f"'prediction' or 'all', but got {normalize!r}."
            )
        self.num_classes, self.normalize, self.threshold = num_classes, normalize, threshold
        self.clear()

    def clear(self) -> None:
        self.confusion_matrix = np.zeros((self.num_classes, self.num_classes))
        self._seen = False

    @rearrange_inputs
    def update(self, *inputs: Any) -> None:
        pred, true = self._two(inputs)
        if pred.ndim == true.ndim + 1:
            pred = pred.argmax(1)
        elif pred.ndim == true.ndim and pred.dtype.kind == "f":
            pred = (pred >= self.threshold).astype(int)
        elif pred.shape != true.shape:
            raise ValueError(
                f"For 'ConfusionMatrix.update', the predicted value has shape {pred.shape}, which "
                f"does not go with the true value's {true.shape}."
            )
        cells = np.stack([true.reshape(-1), pred.reshape(-1)]).astype(int)
        if cells.size and not 0 <= cells.min() <= cells.max() < self.num_classes:
            raise ValueError(
                f"For 'ConfusionMatrix.update', labels must lie from 0 to {self.num_classes - 1}, "
                f"but got {cells.min()} to {cells.max()}."
            )
        np.add.at(self.confusion_matrix, tuple(cells), 1)
        self._seen = True

    def eval(self) -> np.ndarray:
        """The matrix (num_classes, num_classes), float64."""
        self._some(self._seen)
        counts = self.confusion_matrix
        if self.normalize == "no_norm":
            return counts
        axis = {"target": 1, "prediction": 0, "all": None}[self.normalize]
        with np.errstate(invalid="ignore"):
            shares = counts / counts.sum(axis, keepdims=True)
        return np.nan_to_num(shares)


class ROC(Metric):
    """The receiver operating characteristic: false against true positives at each threshold.

    Args:
        class_num: with scores (N, C): the number of classes; a curve for each.
        pos_label: with scores (N,): the label that counts as positive; 1 by default.
    """

    def __init__(self, class_num: int | None = None, pos_label: int | None = None) -> None:
        super().__init__()
        self.class_num, self.pos_label = class_num, pos_label
        self.clear()

    def clear(self) -> None:
        self._pred: list[np.ndarray] = []
        self._true: list[np.ndarray] = []

    @rearrange_inputs
    def update(self, *inputs: Any) -> None:
        pred, true = self._two(inputs)
        if pred.ndim not in (true.ndim, true.ndim + 1) or len(pred) != len(true):
            raise ValueError(
                f"For 'ROC.update', scores (N,) or (N, C) and labels (N,) are wanted, but got "
                f"{pred.shape} and {true.shape}."
            )
        if pred.ndim == 2 and self.class_num not in (None, pred.shape[1]):
            raise ValueError(
                f"For 'ROC.update', there are scores of {pred.shape[1]} classes, but class_num is "
                f"{self.class_num}."
            )
        self._pred.append(pred)
        self._true.append(true)

    def eval(self) -> tuple[Any, Any, Any]:
        """(false positive rates, true positive rates, thresholds); lists of them for classes."""
        self._some(len(self._pred))
        pred, true = np.concatenate(self._pred), np.concatenate(self._true)
        if pred.ndim == 1:
            return _roc(pred, true == (1 if self.pos_label is None else self.pos_label))
        curves = [_roc(pred[:, c], true == c) for c in range(pred.shape[1])]
        fpr, tpr, thresholds = (list(part) for part in zip(*curves, strict=True))
        return fpr, tpr, thresholds


def _roc(score: np.ndarray, positive: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    for what, found in (("positive", positive.any()), ("negative", not positive.all())):
        if not found:
            raise ValueError(
                f"For 'ROC.eval', there is no {what} samples in true value, so their rate is "
                f"meaningless. Collect more data."
            )
    order = np.argsort(-score, kind="stable")
    score, positive = score[order], positive[order]
    last = np.append(np.flatnonzero(np.diff(score)), len(score) - 1)  # of each distinct score
    hits = np.cumsum(positive)[last]
    misses = 1 + last - hits
    thresholds = np.append(score[:1] + score.dtype.type(1), score[last])
    return np.append(0, misses / misses[-1]), np.append(0, hits / hits[-1]), thresholds


def auc(x: Any, y: Any, reorder: bool = False) -> float:
    """The area below the curve through the points (x, y), by the trapezoidal rule.

    Args:
        x, y: 1-d arrays of one length, e.g. the rates of `ROC`.
        reorder: sort the points by x first; otherwise x must only rise or only fall.
    """
    if not isinstance(x, np.ndarray) or not isinstance(y, np.ndarray):
        raise TypeError(
            f"For 'auc', x and y must be NumPy arrays, but got '{type(x).__name__}' and "
            f"'{type(y).__name__}'."
        )
    if x.ndim != 1 or x.shape != y.shape or len(x) < 2:
        raise ValueError(
            f"For 'auc', x and y must be 1-d and of one length of at least 2, but got {x.shape} "
            f"and {y.shape}."
        )
    if reorder:
        order = np.lexsort((y, x))
        x, y = x[order], y[order]
    step = np.diff(x)
    falls = (step <= 0).all()
    if not falls and (step < 0).any():
        raise ValueError("For 'auc', x must only rise or only fall. Pass reorder=True to sort it.")
    area = float((step * (y[1:] + y[:-1]) / 2).sum())
    return -area if falls else area
