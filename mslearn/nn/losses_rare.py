"""Losses for special purposes: focal, Dice over classes, Poisson, sampled softmax, triplets."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from mslearn import ops
from mslearn.core.dtype import int32
from mslearn.core.errors import DtypeError, ShapeError
from mslearn.core.tensor import Tensor
from mslearn.nn.cell import Cell
from mslearn.nn.layers import LogSoftmax, get_activation
from mslearn.nn.loss import LossBase
from mslearn.nn.losses_more import DiceLoss


class FocalLoss(LossBase):
    """Cross-entropy that cares less for what is already right (Lin et al. 2017).

    Args:
        weight: (C,) a weight for each class.
        gamma: 0 gives cross-entropy; the greater, the less easy examples count.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Called with logits (N, C) or (N, C, H, W) and labels of class numbers (N, 1, …) or
    probabilities (N, C, …).
    """

    def __init__(
        self, weight: Tensor | None = None, gamma: float = 2.0, reduction: str = "mean"
    ) -> None:
        super().__init__(reduction)
        if weight is not None and not isinstance(weight, Tensor):
            raise TypeError(
                f"For 'FocalLoss', weight must be a Tensor, but got '{type(weight).__name__}'."
            )
        if weight is not None and weight.ndim != 1:
            raise ValueError(f"For 'FocalLoss', weight has 1 axis, but got {list(weight.shape)}.")
        self.weight, self.gamma = weight, gamma
        self.logsoftmax = LogSoftmax(1)

    def construct(self, logits: Tensor, labels: Tensor) -> Tensor:
        classes = logits.shape[1]
        if logits.ndim != labels.ndim or labels.shape[1] not in (1, classes):
            raise ShapeError(
                f"For 'FocalLoss', labels have the logits' shape, or 1 instead of C, but got "
                f"{list(logits.shape)} and {list(labels.shape)}."
            )
        logits, labels = (x.reshape((x.shape[0], x.shape[1], -1)) for x in (logits, labels))
        log_p = self.logsoftmax(logits)
        weight = None if self.weight is None else self.weight.reshape((1, -1, 1))
        by_number = labels.shape[1] == 1
        if by_number:
            which = labels.astype(int32)
            log_p = ops.gather_d(log_p, 1, which)
            if weight is not None:
                weight = ops.gather_d(ops.broadcast_to(weight, logits.shape), 1, which)
        p = ops.exp(log_p)
        log_p = log_p if weight is None else log_p * weight
        loss = -((1 - p) ** self.gamma) * log_p
        if by_number:
            return self.get_loss(loss.mean(2).reshape((-1,)))
        return self.get_loss((loss * labels).mean(-1))


class MultiClassDiceLoss(LossBase):
    """The mean of `DiceLoss` over the classes of logits and labels (N, C, …).

    Args:
        weights: (C, 1) a weight for each class.
        ignore_indiex: a class that does not count (MindSpore's spelling).
        activation: makes probabilities of the logits; a name, a Cell or None.
    """

    def __init__(
        self, weights: Tensor | None = None, ignore_indiex: int | None = None,
        activation: str | Cell | None = "softmax",
    ) -> None:  # fmt: skip
        super().__init__()
        if weights is not None and weights.ndim != 2:
            raise ValueError(
                f"For 'MultiClassDiceLoss', weights have 2 axes, but got {list(weights.shape)}."
            )
        names = ("softmax", "logsoftmax", "relu", "relu6", "tanh", "sigmoid")
        if isinstance(activation, str) and activation not in names:
            raise ValueError(
                f"For 'MultiClassDiceLoss', the activation is one of {names}, but got "
                f"{activation!r}."
            )
        self.binarydiceloss = DiceLoss(smooth=1e-5)
        self.weights, self.ignore_indiex = weights, ignore_indiex
        self.activation = get_activation(activation) if isinstance(activation, str) else activation

    def construct(self, logits: Tensor, label: Tensor) -> Tensor:
        if logits.shape != label.shape or label.ndim < 2:
            raise ShapeError(
                f"For 'MultiClassDiceLoss', logits and label must have one shape (N, C, …), but "
                f"got {list(logits.shape)} and {list(label.shape)}."
            )
        if self.activation is not None:
            logits = self.activation(logits)
        total: Any = 0
        for i in range(label.shape[1]):
            if i != self.ignore_indiex:
                loss = self.binarydiceloss(logits[:, i], label[:, i])
                total = total + (loss if self.weights is None else loss * self.weights[i])
        return total / label.shape[1]


class PoissonNLLLoss(LossBase):
    """Negative log-likelihood of counts `target` that are Poisson distributed.

    Args:
        log_input: the input is the logarithm of the mean, not the mean.
        full: add Stirling's approximation of log(target!).
        eps: added to the mean before its logarithm.
    """

    def __init__(
        self, log_input: bool = True, full: bool = False, eps: float = 1e-8,
        reduction: str = "mean",
    ) -> None:  # fmt: skip
        super().__init__(reduction)
        self.log_input, self.full, self.eps = log_input, full, eps

    def construct(self, input: Tensor, target: Tensor) -> Tensor:
        target = target.astype(input.dtype)
        if self.log_input:
            loss = ops.exp(input) - target * input
        else:
            loss = input - target * ops.log(input + self.eps)
        if self.full:
            safe = ops.maximum(target, self.eps)
            stirling = (safe + 0.5) * ops.log(safe) - safe + 0.5 * math.log(2 * math.pi)
            loss = loss + ops.where(target > 1, stirling, ops.zeros_like(stirling))
        return self.get_loss(loss)


class TripletMarginWithDistanceLoss(LossBase):
    """`x` shall be nearer to `positive` than to `negative` by `margin`.

    Args:
        distance_function: of two tensors; the Euclidean distance along axis 1 when None.
        swap: use the distance from positive to negative where that is smaller.
    """

    def __init__(
        self, distance_function: Callable[[Tensor, Tensor], Tensor] | None = None,
        swap: bool = False, reduction: str = "mean", margin: float = 1.0,
    ) -> None:  # fmt: skip
        super().__init__(reduction)
        if not isinstance(margin, float):
            raise TypeError(
                f"For 'TripletMarginWithDistanceLoss', margin must be a float, but got "
                f"'{type(margin).__name__}'."
            )
        self.distance_function = distance_function or (lambda a, b: ops.norm(a - b, 2, 1))
        self.swap, self.margin = swap, margin

    def construct(self, x: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        near, far = self.distance_function(x, positive), self.distance_function(x, negative)
        if self.swap:
            far = ops.minimum(far, self.distance_function(positive, negative))
        return self.get_loss(ops.relu(near - far + self.margin))


class SampledSoftmaxLoss(LossBase):
    """Softmax cross-entropy over the true classes and a few sampled ones: for huge vocabularies.

    Args:
        num_sampled: how many classes are drawn, all equally likely, none twice.
        num_classes: how many there are.
        num_true: true classes of an example.
        sampled_values: (classes, expected counts of the true ones, of the sampled ones) instead
            of a draw.
        remove_accidental_hits: a drawn class that is true does not count.
        seed: kept for MindSpore; `set_seed` decides about the draw.
        reduction: kept for MindSpore, which does not reduce either.

    Called with weights (num_classes, D), biases (num_classes,), labels (N, num_true) or (N,) and
    inputs `logits` (N, D). Returns (N,).
    """

    def __init__(
        self, num_sampled: int, num_classes: int, num_true: int = 1, sampled_values: Any = None,
        remove_accidental_hits: bool = True, seed: int = 0, reduction: str = "none",
    ) -> None:  # fmt: skip
        super().__init__(reduction)
        if not 1 <= num_true <= num_classes or not 0 < num_sampled <= num_classes or seed < 0:
            raise ValueError(
                f"For 'SampledSoftmaxLoss', num_true and num_sampled must be from 1 to num_classes "
                f"= {num_classes} and seed at least 0, but got {num_true}, {num_sampled} and "
                f"{seed}."
            )
        if sampled_values is not None and not isinstance(sampled_values, tuple | list):
            raise TypeError(
                f"For 'SampledSoftmaxLoss', sampled_values must be a tuple or list, but got "
                f"'{type(sampled_values).__name__}'."
            )
        if sampled_values is not None and len(sampled_values) != 3:
            raise ValueError(
                f"For 'SampledSoftmaxLoss', sampled_values must hold 3 Tensors, but got "
                f"{len(sampled_values)}."
            )
        self.num_sampled, self.num_classes, self.num_true = num_sampled, num_classes, num_true
        self.sampled_values, self.remove_accidental_hits = sampled_values, remove_accidental_hits

    def construct(self, weights: Tensor, biases: Tensor, labels: Tensor, logits: Tensor) -> Tensor:
        if labels._value.dtype.kind not in "iu":
            raise DtypeError(
                f"For 'SampledSoftmaxLoss', labels are class numbers, but got {labels.dtype}."
            )
        labels = labels.astype(int32).reshape((-1, self.num_true))
        if self.sampled_values is None:
            sampled = ops.randperm(self.num_classes)[: self.num_sampled].astype(int32)
            true_count: Any = self.num_sampled / self.num_classes
            sampled_count: Any = true_count
            hits = (ops.expand_dims(labels, 2) == sampled.reshape((1, 1, -1))).any(1)
        else:
            sampled, true_count, sampled_count = self.sampled_values
            sampled, hits = sampled.astype(int32), None
        true_w = ops.gather(weights, labels, 0)  # (N, T, D)
        true = (true_w * ops.expand_dims(logits, 1)).sum(2) + ops.gather(biases, labels, 0)
        drawn = ops.matmul(logits, ops.gather(weights, sampled, 0).T)
        drawn = drawn + ops.gather(biases, sampled, 0)
        # A class that is drawn more often must not seem more likely for that.
        true = true - ops.log(_tensor(true_count, true))
        drawn = drawn - ops.log(_tensor(sampled_count, drawn))
        if hits is not None and self.remove_accidental_hits:
            drawn = ops.masked_fill(drawn, hits, -1e30)
        log_p = ops.log_softmax(ops.concat((true, drawn), 1), 1)
        return -log_p[:, : self.num_true].sum(1) / self.num_true


def _tensor(value: Any, like: Tensor) -> Tensor:
    return value.astype(like.dtype) if isinstance(value, Tensor) else Tensor(value, like.dtype)


class CTCLoss(LossBase):
    """How unlikely a text is when each step of a sound names a letter or nothing (Graves 2006).

    Args:
        blank: the number of "nothing".
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.
        zero_infinity: texts that are too long for their steps cost 0 instead of infinity.

    Called with log probabilities (T, N, C), targets (N, S) or (sum of lengths,), and the lengths
    (N,) of both.
    """

    def __init__(
        self, blank: int = 0, reduction: str = "mean", zero_infinity: bool = False
    ) -> None:
        super().__init__(reduction)
        self.blank, self.zero_infinity = blank, zero_infinity

    def construct(
        self, log_probs: Tensor, targets: Tensor, input_lengths: Any, target_lengths: Any
    ) -> Tensor:
        loss = ops.ctc_loss(
            log_probs, targets, input_lengths, target_lengths, self.blank, self.reduction,
            self.zero_infinity,
        )  # fmt: skip
        return loss[0] if isinstance(loss, tuple) else loss


class MultilabelMarginLoss(LossBase):
    """Every right class shall score 1 more than every wrong one.

    Called with scores (N, C) or (C,) and the numbers of the right classes (N, C), ended by -1.
    """

    def construct(self, x: Tensor, target: Tensor) -> Tensor:
        single = x.ndim == 1
        if x.shape != target.shape or x.ndim not in (1, 2):
            raise ShapeError(
                f"For 'MultilabelMarginLoss', scores and classes must have one shape (N, C) or "
                f"(C,), but got {list(x.shape)} and {list(target.shape)}."
            )
        if single:
            x, target = x.expand_dims(0), target.expand_dims(0)
        classes = x.shape[1]
        right = ops.cumprod(ops.greater(target, -1).astype(x.dtype), 1)  # (N, places of targets)
        target = ops.maximum(target, 0)
        hits = ops.one_hot(target, classes, 1.0, 0.0).astype(x.dtype) * right.expand_dims(2)
        wrong = 1 - ops.amax(hits, 1)  # (N, C)
        of_right = ops.gather_d(x, 1, target)
        gaps = ops.relu(1 - of_right.expand_dims(2) + x.expand_dims(1))
        gaps = gaps * right.expand_dims(2) * wrong.expand_dims(1)
        loss = gaps.sum((1, 2)) / classes
        return self.get_loss(loss[0] if single else loss)
