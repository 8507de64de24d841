"""Loss functions in functional form."""

from __future__ import annotations

from typing import Any

import numpy as np

from mslearn.core.dtype import FLOAT32, dtype_of
from mslearn.core.errors import DtypeError, ShapeError
from mslearn.core.primitive import Primitive, apply, as_value
from mslearn.core.tensor import Tensor, as_tensor
from mslearn.ops.neural import log_softmax
from mslearn.ops.shape import reshape, swapaxes

__all__ = [
    "cross_entropy", "l1_loss", "mse_loss", "nll_loss",
]  # fmt: skip

REDUCTIONS = ("mean", "sum", "none")


class NLLLoss(Primitive):
    """Minus the log-probability of the right class, and the total weight.

    Shapes: logits (N, C), labels (N,), weight (C,) -> loss () or (N,), total_weight ().
    """

    inputs = ("logits", "labels", "weight")
    params = {"reduction": "mean", "ignore_index": -100}

    def kernel(logits, labels, weight, reduction, ignore_index):
        at, w = _counted(logits, labels, weight, ignore_index)
        loss = logits[np.arange(len(at)), at]
        loss *= -w
        total = as_value(w.sum())
        if reduction == "mean":
            return as_value((loss.sum() / total).astype(logits.dtype)), total
        return (as_value(loss.sum()) if reduction == "sum" else loss), total

    def infer(logits, labels, weight, reduction, ignore_index):
        check_classes("NLLLoss", logits, labels)
        shape = labels.shape if reduction == "none" else ()
        return (shape, ()), (logits.dtype, weight.dtype)

    vjp = (
        lambda ct, out, logits, labels, weight, **attrs: apply(
            NLLLossGrad, (logits, ct[0], labels, weight, out[1]), attrs
        ),
        None,
        None,
    )

    def jvp(tangents, out, logits, labels, weight, **attrs):
        t = apply(NLLLoss, (tangents[0], labels, weight), attrs)
        return t[0], Tensor.wrap(np.zeros((), weight._value.dtype))


class NLLLossGrad(Primitive):
    """The gradient of NLLLoss by the logits: minus weight over total at the right class."""

    inputs = ("logits", "loss_grad", "labels", "weight", "total_weight")
    params = {"reduction": "mean", "ignore_index": -100}

    def kernel(logits, loss_grad, labels, weight, total_weight, reduction, ignore_index):
        at, w = _counted(logits, labels, weight, ignore_index)
        w *= -(loss_grad / total_weight if reduction == "mean" else loss_grad)
        grad = np.zeros_like(logits)
        grad[np.arange(len(at)), at] = w
        return grad

    def infer(logits, loss_grad, labels, weight, total_weight, **attrs):
        return logits.shape, logits.dtype

    vjp = (
        None,
        lambda ct, out, logits, g, labels, weight, total, **attrs: apply(
            NLLLoss, (ct, labels, weight), attrs
        )[0],
        None,
        None,
        None,
    )

    def jvp(tangents, out, logits, g, labels, weight, total, **attrs):
        if tangents[1] is None:
            return None
        return apply(NLLLossGrad, (logits, tangents[1], labels, weight, total), attrs)


def _counted(logits: Any, labels: Any, weight: Any, ignore_index: int) -> tuple[Any, Any]:
    """The class of each row (0 where it is ignored) and its weight (0 where it is ignored)."""
    classes = logits.shape[1]
    if labels.size and not 0 <= ignore_index < classes:
        unsigned = labels.view(f"u{labels.itemsize}")  # a negative number is a huge one here
        if np.maximum.reduce(unsigned) < classes:
            return labels, weight[labels]
    ignored = labels == ignore_index
    some = ignored.any()
    safe = np.where(ignored, 0, labels) if some else labels
    if safe.size and (safe.min() < 0 or safe.max() >= classes):
        wrong = int(safe[(safe < 0) | (safe >= classes)][0])
        raise RuntimeError(
            f"For 'NLLLoss', a label must be a class number from 0 to {classes - 1} (the logits "
            f"have {classes} classes), but got {wrong}. Count classes from 0, or give the last "
            f"layer more outputs."
        )
    w = weight[safe]
    if some:
        w[ignored] = 0
    return safe, w


def check_classes(name: str, logits: Any, labels: Any) -> None:
    """Logits (N, C, …) and class numbers (N, …) must belong together."""
    if len(logits.shape) < 1 or labels.shape != (logits.shape[0], *logits.shape[2:]):
        raise ShapeError(
            f"For '{name}', logits of shape (N, C) need N labels, but got logits "
            f"{list(logits.shape)} and labels {list(labels.shape)}. Give one class number for "
            f"each row of the logits."
        )


def nll_loss(inputs, target, weight=None, ignore_index=-100, reduction="mean", label_smoothing=0.0):
    """The negative log-likelihood of `target` under log-probabilities `inputs`.

    Args:
        inputs: (N, C) or (N, C, d1, …), log-probabilities.
        target: (N,) or (N, d1, …), class numbers, int32 (or another integer dtype).
        weight: (C,), a weight for each class; ones when None.
        ignore_index: a class number whose rows do not count.
        reduction: ``"mean"`` (weighted), ``"sum"`` or ``"none"``.
        label_smoothing: 0 … 1, the share of probability spread over all classes.

    Raises:
        ShapeError: the numbers of rows differ, or a label is no class number.
        DtypeError: the labels are not integers.
    """
    x, labels = as_tensor(inputs), as_tensor(target)
    _check_reduction("nll_loss", reduction)
    if labels._value.dtype.kind not in "iu":
        raise DtypeError(
            f"For 'nll_loss', the target must hold class numbers of an integer dtype such as "
            f"int32, but got {labels.dtype}. Cast it with target.astype(mslearn.int32)."
        )
    single = x.ndim == 1 and labels.ndim == 0
    if single:
        x, labels = reshape(x, (1, -1)), reshape(labels, (1,))
    check_classes("nll_loss", x, labels)
    shape = labels.shape
    if x.ndim > 2:  # (N, C, d…) -> (N·d…, C)
        x = swapaxes(reshape(x, (x.shape[0], x.shape[1], -1)), 1, 2)
        x, labels = reshape(x, (-1, x.shape[2])), reshape(labels, (-1,))
    classes = x.shape[1]
    w = Tensor.wrap(np.ones(classes, x._value.dtype)) if weight is None else as_tensor(weight)
    attrs = {"reduction": reduction, "ignore_index": int(ignore_index)}
    loss, total = apply(NLLLoss, (x, labels, w), attrs)
    if label_smoothing:
        loss = _smooth(x, labels, w, loss, total, attrs, label_smoothing)
    if reduction == "none":
        loss = reshape(loss, () if single else shape)
    return loss


def _smooth(
    x: Tensor, labels: Tensor, w: Tensor, loss: Tensor, total: Tensor, attrs: Any, share: float
) -> Tensor:
    counted = (labels != attrs["ignore_index"]).astype(dtype_of(x._value.dtype))
    spread = -(x * w).sum(1) * counted
    if attrs["reduction"] == "mean":
        spread = spread.sum() / total
    elif attrs["reduction"] == "sum":
        spread = spread.sum()
    return (1 - share) * loss + share / x.shape[1] * spread


def cross_entropy(
    input, target, weight=None, ignore_index=-100, reduction="mean", label_smoothing=0.0
):
    """Softmax and negative log-likelihood in one: the loss of classification.

    Args:
        input: (N, C) or (N, C, d1, …), logits (any real numbers).
        target: class numbers (N,) or (N, d1, …) of an integer dtype, or probabilities of the
            shape of `input`.
        weight, ignore_index, reduction, label_smoothing: as in `nll_loss`.

    Returns:
        A 0-d tensor, or the shape of the class numbers for ``reduction="none"``.
    """
    x, labels = as_tensor(input), as_tensor(target)
    _check_reduction("cross_entropy", reduction)
    axis = 1 if x.ndim > 1 else 0
    log_p = log_softmax(x, axis)
    if labels._value.dtype.kind in "iu":
        return nll_loss(log_p, labels, weight, ignore_index, reduction, label_smoothing)
    if labels.shape != x.shape:
        raise (ShapeError if labels.shape else DtypeError)(
            f"For 'cross_entropy', the target is {labels.dtype}{list(labels.shape)}: floating "
            f"targets are probabilities and need the shape of the logits, {list(x.shape)}. For "
            f"class numbers cast with target.astype(mslearn.int32)."
        )
    classes = x.shape[axis]
    if label_smoothing:
        labels = labels * (1 - label_smoothing) + label_smoothing / classes
    if weight is not None:
        log_p = log_p * reshape(as_tensor(weight), (-1,) + (1,) * (x.ndim - axis - 1))
    loss = -(labels * log_p).sum(axis)
    if reduction == "mean":
        return loss.sum() / max(loss.size, 1)
    return loss.sum() if reduction == "sum" else loss


def mse_loss(input, target, reduction="mean"):
    """The squared differences, their mean by default."""
    _check_reduction("mse_loss", reduction)
    d = as_tensor(input, FLOAT32) - target
    return _reduced(d * d, reduction)


def l1_loss(input, target, reduction="mean"):
    """The absolute differences, their mean by default."""
    _check_reduction("l1_loss", reduction)
    return _reduced((as_tensor(input, FLOAT32) - target).abs(), reduction)


def _reduced(loss: Tensor, reduction: str) -> Tensor:
    return {"mean": loss.mean, "sum": loss.sum, "none": lambda: loss}[reduction]()


def _check_reduction(name: str, reduction: str) -> None:
    if reduction not in REDUCTIONS:
        raise ValueError(
            f"For '{name}', the reduction must be one of {list(REDUCTIONS)}, but got {reduction!r}."
        )
