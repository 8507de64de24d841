"""Loss functions as Cells."""

from __future__ import annotations

from typing import Any

from mslearn import ops
from mslearn.common.paths import leading_to
from mslearn.core.errors import DtypeError, ShapeError
from mslearn.core.tensor import Tensor
from mslearn.nn.cell import Cell
from mslearn.ops.loss import REDUCTIONS


class LossBase(Cell):
    """Base class of losses: `get_loss` applies the reduction.

    Args:
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.
    """

    def __init__(self, reduction: str = "mean") -> None:
        super().__init__()
        if reduction not in REDUCTIONS:
            raise ValueError(
                f"For '{type(self).__name__}', the reduction must be one of {list(REDUCTIONS)}, "
                f"but got {reduction!r}."
            )
        self.reduction = reduction

    def get_loss(self, x: Tensor, weights: Any = 1.0) -> Tensor:
        """`x` times `weights`, then the reduction."""
        x = x * weights
        return {"mean": x.mean, "sum": x.sum, "none": lambda: x}[self.reduction]()


def check_tensors(owner: str, **given: Any) -> None:
    """Raise a DtypeError (a TypeError) for what is no Tensor."""
    for name, value in given.items():
        if not isinstance(value, Tensor):
            raise DtypeError(
                f"For '{owner}', the '{name}' should be a Tensor, but got "
                f"'{type(value).__name__}'. Wrap it: mslearn.Tensor(…)."
            )


class MSELoss(LossBase):
    """The mean of squared differences."""

    def construct(self, logits: Tensor, labels: Tensor) -> Tensor:
        check_tensors("MSELoss", logits=logits, labels=labels)
        return ops.mse_loss(logits, labels, self.reduction)


class L1Loss(LossBase):
    """The mean of absolute differences."""

    def construct(self, logits: Tensor, labels: Tensor) -> Tensor:
        check_tensors("L1Loss", logits=logits, labels=labels)
        return ops.l1_loss(logits, labels, self.reduction)


class CrossEntropyLoss(LossBase):
    """Softmax and negative log-likelihood of the right class: the loss of classification.

    Args:
        weight: a weight for each class.
        ignore_index: a class number whose rows do not count.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.
        label_smoothing: share of probability spread over all classes, 0 … 1.

    Inputs:
        logits (N, C) float; labels (N,) int32 class numbers, or (N, C) probabilities.

    Raises:
        DtypeError: class numbers that are not int32.

    >>> import mslearn as ms
    >>> loss = ms.nn.CrossEntropyLoss()
    >>> print(loss(ms.Tensor([[0.0, 0.0]]), ms.Tensor([1], ms.int32)))
    0.6931472
    """

    def __init__(
        self,
        weight: Tensor | None = None,
        ignore_index: int = -100,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(reduction)
        if not isinstance(ignore_index, int):
            raise TypeError(
                f"For 'CrossEntropyLoss', the type of 'ignore_index' should be 'int', but got "
                f"'{type(ignore_index).__name__}'. The loss is made first and called with data "
                f"then: nn.CrossEntropyLoss()(logits, labels)."
            )
        if not 0 <= label_smoothing <= 1:
            raise ValueError(
                f"For 'CrossEntropyLoss', the label_smoothing must be in [0, 1], but got "
                f"{label_smoothing}."
            )
        self.weight = weight
        self.ignore_index = ignore_index
        self.label_smoothing = label_smoothing

    def construct(self, logits: Tensor, labels: Tensor) -> Tensor:
        check_tensors("CrossEntropyLoss", logits=logits, labels=labels)
        if labels.ndim == logits.ndim and labels.shape != logits.shape:
            raise ShapeError(
                f"For 'CrossEntropyLoss', labels that are probabilities need the shape of the "
                f"logits, {list(logits.shape)}, but got {list(labels.shape)}. Class numbers have "
                f"no axis of classes."
            )
        if labels.shape != logits.shape and str(labels.dtype) != "Int32":
            swapped = "Float" not in str(logits.dtype) and "Float" in str(labels.dtype)
            cure = (
                "Were the two exchanged? The scores come first: loss_fn(logits, labels)."
                if swapped
                else "Cast them: labels.astype(mslearn.int32), or in the data pipeline with "
                "transforms.TypeCast(mslearn.int32)."
            )
            raise DtypeError(
                f"For 'CrossEntropyLoss', the 'labels' should be Int32, but got "
                f"'{labels.dtype!r}' (logits {logits.dtype}{list(logits.shape)}, labels "
                f"{list(labels.shape)}). {cure}"
            )
        return ops.cross_entropy(
            logits, labels, self.weight, self.ignore_index, self.reduction, self.label_smoothing
        )


__path__: list[str] = []  # MindSpore has modules below this one: see common/paths.py
__getattr__ = leading_to("nn")
