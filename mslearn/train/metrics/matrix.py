"""`ConfusionMatrixMetric`: the rates that follow from a confusion matrix."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from mslearn.core.errors import did_you_mean
from mslearn.train.metrics.base import Metric, rearrange_inputs

_Rate = Callable[[np.ndarray, np.ndarray, np.ndarray, np.ndarray], np.ndarray]


def _recall(tp: Any, fp: Any, tn: Any, fn: Any) -> Any:
    return tp / (tp + fn)


def _specificity(tp: Any, fp: Any, tn: Any, fn: Any) -> Any:
    return tn / (tn + fp)


def _precision(tp: Any, fp: Any, tn: Any, fn: Any) -> Any:
    return tp / (tp + fp)


def _negative(tp: Any, fp: Any, tn: Any, fn: Any) -> Any:
    return tn / (tn + fn)


def _prevalence_threshold(*c: Any) -> Any:
    recall, specificity = _recall(*c), _specificity(*c)
    return (np.sqrt(recall * (1 - specificity)) + specificity - 1) / (recall + specificity - 1)


def _matthews(tp: Any, fp: Any, tn: Any, fn: Any) -> Any:
    return (tp * tn - fp * fn) / np.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn))


# Names (the first one is the metric's, the others are aliases), and the rate by counts.
_RATES: dict[tuple[str, ...], _Rate] = {
    ("sensitivity", "recall", "hit rate", "true positive rate", "tpr"): _recall,
    ("specificity", "selectivity", "true negative rate", "tnr"): _specificity,
    ("precision", "positive predictive value", "ppv"): _precision,
    ("negative predictive value", "npv"): _negative,
    ("miss rate", "false negative rate", "fnr"): lambda *c: 1 - _recall(*c),
    ("fall out", "false positive rate", "fpr"): lambda *c: 1 - _specificity(*c),
    ("false discovery rate", "fdr"): lambda *c: 1 - _precision(*c),
    ("false omission rate", "for"): lambda *c: 1 - _negative(*c),
    ("prevalence threshold", "pt"): _prevalence_threshold,
    ("threat score", "critical success index", "ts", "csi"): lambda tp, fp, tn, fn: (
        tp / (tp + fn + fp)
    ),
    ("accuracy", "acc"): lambda tp, fp, tn, fn: (tp + tn) / (tp + fp + tn + fn),
    ("balanced accuracy", "ba"): lambda *c: (_recall(*c) + _specificity(*c)) / 2,
    ("f1 score", "f1"): lambda tp, fp, tn, fn: 2 * tp / (2 * tp + fn + fp),
    ("matthews correlation coefficient", "mcc"): _matthews,
    ("fowlkes mallows index", "fm"): lambda *c: np.sqrt(_precision(*c) * _recall(*c)),
    ("informedness", "bookmaker informedness", "bm"): lambda *c: _recall(*c) + _specificity(*c) - 1,
    ("markedness", "deltap", "mk"): lambda *c: _precision(*c) + _negative(*c) - 1,
}
_BY_NAME = {name: rate for names, rate in _RATES.items() for name in names}
_DECREASES = ("none", "mean", "sum", "mean_batch", "sum_batch", "mean_channel", "sum_channel")


class ConfusionMatrixMetric(Metric):
    """A rate such as sensitivity or F1 from one-hot predictions and labels (N, C, …).

    Args:
        skip_channel: False leaves class 0, the background, out. (So does MindSpore 2.10, whose
            documentation says it of True.)
        metric_name: one of 17 rates or their usual short names: ``"tpr"``, ``"f1 score"``, …
        calculation_method: work a rate out for each sample and class, and take their `decrease`;
            otherwise from the counts of all samples and classes.
        decrease: ``"mean"`` (over classes, then samples) or ``"sum"``; classes that a sample has
            not do not count. The others are accepted, and refused by `eval` as in MindSpore.

    >>> import mslearn as ms
    >>> metric = ms.train.ConfusionMatrixMetric(metric_name="tpr")
    >>> metric.update(ms.Tensor([[[0], [1]], [[1], [0]]]), ms.Tensor([[[0], [1]], [[0], [1]]]))
    >>> print(metric.eval())
    [0.5]
    """

    def __init__(
        self,
        skip_channel: bool = True,
        metric_name: str = "sensitivity",
        calculation_method: bool = False,
        decrease: str = "mean",
    ) -> None:
        super().__init__()
        if not isinstance(metric_name, str):
            raise TypeError(
                f"The type of 'metric_name' should be 'str', but got type "
                f"'{type(metric_name).__name__}'."
            )
        if decrease not in _DECREASES:
            raise ValueError(
                f"The 'decrease' must be str and must be in '{list(_DECREASES)}', but got "
                f"'{decrease}'."
            )
        self.skip_channel, self.calculation_method = bool(skip_channel), bool(calculation_method)
        self.metric_name, self.decrease = metric_name, decrease
        self.clear()

    def clear(self) -> None:
        self._counts = np.zeros(4)
        self._sum = self._weight = 0.0

    @rearrange_inputs
    def update(self, *inputs: Any) -> None:
        """Collect a batch of predictions and labels, both one-hot (N, C, …)."""
        pred, true = self._two(inputs)
        if pred.shape != true.shape or pred.ndim < 2:
            raise ValueError(
                f"For 'ConfusionMatrixMetric.update', predictions and labels must both be one-hot "
                f"(N, C, …), but got shapes {pred.shape} and {true.shape}."
            )
        if not self.skip_channel and pred.shape[1] > 1:
            pred, true = pred[:, 1:], true[:, 1:]
        pred, true = (a.reshape(*a.shape[:2], -1).astype(float) for a in (pred, true))
        counts = [pred * true, pred * (1 - true), (1 - pred) * (1 - true), (1 - pred) * true]
        each = np.stack([c.sum(-1) for c in counts])  # 4, N, C
        if not self.calculation_method:
            self._counts += each.sum((1, 2))
            return
        rates = self._rate(each)
        if self.decrease == "mean":
            with np.errstate(invalid="ignore"):
                known = (~np.isnan(rates)).sum(1)
                rates = np.where(known, np.nansum(rates, 1) / known, np.nan)
        weight = float((~np.isnan(rates)).sum())
        value = float(np.nansum(rates)) / (weight if self.decrease == "mean" and weight else 1)
        self._sum, self._weight = self._sum + value * weight, self._weight + weight

    def _rate(self, counts: np.ndarray) -> np.ndarray:
        name = self.metric_name.lower().replace("_", " ")
        if name not in _BY_NAME:
            raise NotImplementedError(
                f"The metric is not implemented: {self.metric_name!r}."
                f"{did_you_mean(name, _BY_NAME)}"
            )
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(_BY_NAME[name](*counts))

    def eval(self) -> Any:
        """The rate of all that was collected: an array of one number, or with
        `calculation_method` a float."""
        self._some(self._weight if self.calculation_method else self._counts.sum())
        if not self.calculation_method:
            return self._rate(self._counts[:, None])
        if self.decrease not in ("mean", "sum"):
            raise ValueError(
                f"For 'ConfusionMatrixMetric.eval', decrease must be 'mean' or 'sum', but got "
                f"{self.decrease!r}."
            )
        return self._sum / self._weight
