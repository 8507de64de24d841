"""How many classes are found: accuracy, precision, recall, F-score, top k."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from mslearn.train.metrics.base import Metric, array, rearrange_inputs

_TINY = sys.float_info.min  # MindSpore adds it to a divisor, so that 0 / 0 is 0


class _Classes(Metric):
    """What accuracy, precision and recall share: the two kinds of tasks and their checks."""

    _class_num: int

    def __init__(self, eval_type: str = "classification") -> None:
        super().__init__()
        if eval_type not in ("classification", "multilabel"):
            raise TypeError(
                f"The argument 'eval_type' must be in {{'multilabel', 'classification'}}, but got "
                f"{eval_type}"
            )
        self._type = eval_type
        self.clear()

    def _matrix(self, inputs: tuple[Any, ...]) -> tuple[np.ndarray, np.ndarray]:
        """Prediction and truth as 0 or 1, one row a class and one column a sample."""
        pred, true = self._two(inputs)
        name = type(self).__name__
        multi = self._type == "multilabel"
        if multi and pred.shape != true.shape:
            raise ValueError(
                f"In multilabel case, the predicted value (inputs[0]) and the true value "
                f"(inputs[1]) need the same shape, but got {pred.shape} and {true.shape}."
            )
        hot = pred.shape == true.shape and true.ndim > 1 and _is_one_hot(true)
        if not multi and pred.ndim != true.ndim + 1 and not hot:
            raise ValueError(
                f"In classification case, the dimension of y_pred (predicted value) should equal "
                f"to the dimension of y (true value) add 1, or y be one-hot, but got y_pred "
                f"dimension: {pred.ndim} and y dimension: {true.ndim}."
            )
        if pred.ndim < 2:
            raise ValueError(
                f"For '{name}.update', the predicted value needs a batch and a class axis, but got "
                f"shape {pred.shape}."
            )
        classes = pred.shape[1]
        if self._class_num not in (0, classes):
            raise ValueError(
                f"For '{name}.update', class number not match, last input predicted data contain "
                f"{self._class_num} classes, but current predicted data contain {classes} classes, "
                f"please check your predicted value(inputs[0])."
            )
        self._class_num = classes
        if multi:
            for what, data in (("predicted", pred), ("true", true)):
                if ((data != 0) & (data != 1)).any():
                    raise ValueError(
                        f"For '{name}.update', each {what} value of a multilabel task must be 0 or "
                        f"1. Compare the scores with a threshold first."
                    )
            return _by_class(pred), _by_class(true)
        chosen = pred.argmax(1).reshape(-1)
        label = true.reshape(-1) if true.ndim < pred.ndim else true.argmax(1).reshape(-1)
        return _one_hot(chosen, classes), self._truth(label, classes)

    def _truth(self, label: np.ndarray, classes: int) -> np.ndarray:
        if label.size and label.max() >= classes:
            raise ValueError(
                f"For '{type(self).__name__}.update', predicted value (input[0]) should have the "
                f"same classes number as true value (input[1]), but got predicted value classes "
                f"{classes}, true value classes {int(label.max()) + 1}."
            )
        return _one_hot(label, classes)


def _is_one_hot(label: np.ndarray) -> bool:
    return bool(((label == 0) | (label == 1)).all() and (label.sum(1) == 1).all())


def _one_hot(index: np.ndarray, classes: int) -> np.ndarray:
    return np.arange(classes)[:, None] == index


def _by_class(data: np.ndarray) -> np.ndarray:
    return data.swapaxes(0, 1).reshape(data.shape[1], -1).astype(bool)


class Accuracy(_Classes):
    """The share of samples that are right.

    Args:
        eval_type: ``"classification"``: scores (N, C, …) and labels (N, …) or one-hot labels;
            ``"multilabel"``: zeros and ones (N, C, …) both, right when all C agree.
    """

    def clear(self) -> None:
        self._right = self._count = self._class_num = 0

    @rearrange_inputs
    def update(self, *inputs: Any) -> None:
        pred, true = self._matrix(inputs)
        self._right += int((pred == true).all(0).sum())
        self._count += pred.shape[1]

    def _truth(self, label: np.ndarray, classes: int) -> np.ndarray:
        return _one_hot(label, classes)  # as MindSpore: a label beyond the classes is just wrong

    def eval(self) -> float:
        self._some(self._count)
        return self._right / self._count


class _Rate(_Classes):
    """Right positives by some count, a value a class (multilabel: a value a sample)."""

    def clear(self) -> None:
        self._class_num = 0
        self._hits: Any = 0
        self._of: Any = 0
        self._seen = False

    @rearrange_inputs
    def update(self, *inputs: Any) -> None:
        pred, true = self._matrix(inputs)
        axis = 0 if self._type == "multilabel" else 1
        hits, of = (pred & true).sum(axis), self._counted(pred, true).sum(axis)
        if self._type == "multilabel" and self._seen:
            self._hits, self._of = np.append(self._hits, hits), np.append(self._of, of)
        else:
            self._hits, self._of = self._hits + hits, self._of + of
        self._seen = True

    def _counted(self, pred: np.ndarray, true: np.ndarray) -> np.ndarray:
        raise NotImplementedError

    def eval(self, average: bool = False) -> Any:
        """One value a class (multilabel: a sample), or with `average` their mean."""
        self._some(self._seen)
        result = self._hits / (self._of + _TINY)
        return result.mean() if average else result


class Precision(_Rate):
    """Of what was called a class, the share that is of the class; inputs as `Accuracy`."""

    def _counted(self, pred: np.ndarray, true: np.ndarray) -> np.ndarray:
        return pred


class Recall(_Rate):
    """Of what is of a class, the share that was called so; inputs as `Accuracy`."""

    def _counted(self, pred: np.ndarray, true: np.ndarray) -> np.ndarray:
        return true


class Fbeta(_Classes):
    """(1 + beta²) · precision · recall / (beta² · precision + recall), for each class.

    Args:
        beta: how much more recall counts than precision.
    """

    def __init__(self, beta: float) -> None:
        super().__init__()
        if not beta > 0:
            raise ValueError(
                f"For 'Fbeta', the argument 'beta' must be greater than 0, but got {beta}."
            )
        self.beta = beta

    def clear(self) -> None:
        self._class_num = 0
        self._hits: Any = 0
        self._called: Any = 0
        self._true: Any = 0

    @rearrange_inputs
    def update(self, *inputs: Any) -> None:
        pred, true = self._matrix(inputs)
        self._hits = self._hits + (pred & true).sum(1)
        self._called = self._called + pred.sum(1)
        self._true = self._true + true.sum(1)

    def eval(self, average: bool = False) -> Any:
        """One value a class, or with `average` their mean."""
        self._some(self._class_num)
        b2 = self.beta**2
        result = (1 + b2) * self._hits / (b2 * self._true + self._called + _TINY)
        return result.mean() if average else result


class F1(Fbeta):
    """`Fbeta` with beta 1: the harmonic mean of precision and recall."""

    def __init__(self) -> None:
        super().__init__(1.0)


class TopKCategoricalAccuracy(Metric):
    """The share of samples whose class is among the `k` highest scores.

    `update` takes scores (N, C) and labels (N,), or one-hot labels (N, C).
    """

    def __init__(self, k: int) -> None:
        super().__init__()
        if isinstance(k, bool) or not isinstance(k, int):
            raise TypeError(
                f"For 'TopKCategoricalAccuracy', the argument 'k' should be int type, but got "
                f"'{type(k).__name__}'."
            )
        if k < 1:
            raise ValueError(
                f"For 'TopKCategoricalAccuracy', the argument 'k' must be at least 1, but got {k}."
            )
        self.k = k
        self.clear()

    def clear(self) -> None:
        self._right = self._count = 0

    @rearrange_inputs
    def update(self, *inputs: Any) -> None:
        pred, true = self._two(inputs)
        pred, true = array(pred), array(true)
        if true.shape == pred.shape:
            true = true.argmax(1)
        best = np.argsort(-pred, axis=1, kind="stable")[:, : self.k]
        self._right += int((best == true.reshape(-1, 1)).any(1).sum())
        self._count += len(pred)

    def eval(self) -> float:
        self._some(self._count)
        return self._right / self._count


class Top1CategoricalAccuracy(TopKCategoricalAccuracy):
    """`TopKCategoricalAccuracy` with k 1."""

    def __init__(self) -> None:
        super().__init__(1)


class Top5CategoricalAccuracy(TopKCategoricalAccuracy):
    """`TopKCategoricalAccuracy` with k 5."""

    def __init__(self) -> None:
        super().__init__(5)
