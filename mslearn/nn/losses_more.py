"""Losses as Cells beside those in loss.py; the functions are in ops."""

from __future__ import annotations

from mslearn import ops
from mslearn.core.errors import DtypeError
from mslearn.core.tensor import Abstract, Tensor
from mslearn.nn.loss import LossBase, MSELoss, check_tensors


class BCELoss(LossBase):
    """Binary cross-entropy of probabilities.

    Raises:
        RuntimeError: a number that is no probability; in a graph it is not noticed.
    """

    def __init__(self, weight: Tensor | None = None, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.weight = weight

    def construct(self, logits: Tensor, labels: Tensor) -> Tensor:
        values = getattr(logits, "_value", None)
        if values is not None and not isinstance(values, Abstract) and values.size:
            low, high = values.min(), values.max()
            if low < 0 or high > 1:
                raise RuntimeError(
                    f"For 'BCELoss', the logits must be probabilities, from 0 to 1, but they go "
                    f"from {low} to {high}. Put nn.Sigmoid() before it, or use BCEWithLogitsLoss."
                )
        return ops.binary_cross_entropy(logits, labels, self.weight, self.reduction)


class BCEWithLogitsLoss(LossBase):
    """Sigmoid and binary cross-entropy in one."""

    def __init__(
        self,
        reduction: str = "mean",
        weight: Tensor | None = None,
        pos_weight: Tensor | None = None,
    ) -> None:
        super().__init__(reduction)
        self.weight = weight
        self.pos_weight = pos_weight

    def construct(self, logits: Tensor, labels: Tensor) -> Tensor:
        check_tensors("BCEWithLogitsLoss", logits=logits, labels=labels)
        if labels._value.dtype.kind in "biu":
            raise DtypeError(
                f"For 'BCEWithLogitsLoss', the labels must be float, but got {labels.dtype}. "
                f"Cast them: labels.astype(mslearn.float32)."
            )
        return ops.binary_cross_entropy_with_logits(
            logits, labels, self.weight, self.pos_weight, self.reduction
        )


class SmoothL1Loss(LossBase):
    """Squared differences below `beta`, absolute ones above."""

    def __init__(self, beta: float = 1.0, reduction: str = "none") -> None:
        super().__init__(reduction)
        self.beta = beta

    def construct(self, logits: Tensor, labels: Tensor) -> Tensor:
        return ops.smooth_l1_loss(logits, labels, self.beta, self.reduction)


class HuberLoss(LossBase):
    """Squared differences up to `delta`, linear from there on."""

    def __init__(self, reduction: str = "mean", delta: float = 1.0) -> None:
        super().__init__(reduction)
        if not delta > 0:
            raise ValueError(f"For 'HuberLoss', the delta must be above 0, but got {delta}.")
        self.delta = delta

    def construct(self, logits: Tensor, labels: Tensor) -> Tensor:
        return ops.huber_loss(logits, labels, self.reduction, self.delta)


class NLLLoss(LossBase):
    """Minus the log-probability of the right class."""

    def __init__(
        self, weight: Tensor | None = None, ignore_index: int = -100, reduction: str = "mean"
    ) -> None:
        super().__init__(reduction)
        self.weight = weight
        self.ignore_index = ignore_index

    def construct(self, logits: Tensor, labels: Tensor) -> Tensor:
        return ops.nll_loss(logits, labels, self.weight, self.ignore_index, self.reduction)


class HingeEmbeddingLoss(LossBase):
    """x where the label is 1, max(0, margin - x) where it is -1."""

    def __init__(self, margin: float = 1.0, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.margin = margin

    def construct(self, logits: Tensor, labels: Tensor) -> Tensor:
        return ops.hinge_embedding_loss(logits, labels, self.margin, self.reduction)


class MarginRankingLoss(LossBase):
    """Whether the first input ranks above the second, by a margin."""

    def __init__(self, margin: float = 0.0, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.margin = margin

    def construct(self, input1: Tensor, input2: Tensor, target: Tensor) -> Tensor:
        return ops.margin_ranking_loss(input1, input2, target, self.margin, self.reduction)


class CosineEmbeddingLoss(LossBase):
    """1 - cos for targets 1, max(0, cos - margin) for -1."""

    def __init__(self, margin: float = 0.0, reduction: str = "mean") -> None:
        super().__init__(reduction)
        if not -1 <= margin <= 1:
            raise ValueError(
                f"For 'CosineEmbeddingLoss', the margin must be in [-1, 1], but got {margin}."
            )
        self.margin = margin

    def construct(self, logits_x1: Tensor, logits_x2: Tensor, labels: Tensor) -> Tensor:
        return ops.cosine_embedding_loss(logits_x1, logits_x2, labels, self.margin, self.reduction)


class SoftMarginLoss(LossBase):
    """log(1 + exp(-label x)) for labels 1 and -1."""

    def __init__(self, reduction: str = "mean") -> None:
        super().__init__(reduction)

    def construct(self, logits: Tensor, labels: Tensor) -> Tensor:
        return ops.soft_margin_loss(logits, labels, self.reduction)


class MultiLabelSoftMarginLoss(LossBase):
    """Binary cross-entropy of each label, averaged over the classes."""

    def __init__(self, weight: Tensor | None = None, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.weight = weight

    def construct(self, x: Tensor, target: Tensor) -> Tensor:
        return ops.multilabel_soft_margin_loss(x, target, self.weight, self.reduction)


class MultiMarginLoss(LossBase):
    """The hinge loss of the right class against each other one."""

    def __init__(
        self, p: int = 1, margin: float = 1.0, reduction: str = "mean", weight: Tensor | None = None
    ) -> None:
        super().__init__(reduction)
        self.p = p
        self.margin = margin
        self.weight = weight

    def construct(self, x: Tensor, target: Tensor) -> Tensor:
        return ops.multi_margin_loss(x, target, self.p, self.margin, self.weight, self.reduction)


class GaussianNLLLoss(LossBase):
    """The negative log-likelihood under normal distributions."""

    def __init__(self, *, full: bool = False, eps: float = 1e-6, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.full = full
        self.eps = eps

    def construct(self, logits: Tensor, labels: Tensor, var: Tensor) -> Tensor:
        return ops.gaussian_nll_loss(logits, labels, var, self.full, self.eps, self.reduction)


class KLDivLoss(LossBase):
    """The Kullback-Leibler divergence; `reduction` may also be ``"batchmean"``."""

    def __init__(self, reduction: str = "mean") -> None:
        super().__init__("mean" if reduction == "batchmean" else reduction)
        self.reduction = reduction

    def construct(self, logits: Tensor, labels: Tensor) -> Tensor:
        return ops.kl_div(logits, labels, self.reduction)


class TripletMarginLoss(LossBase):
    """The anchor should be nearer to the positive than to the negative example, by a margin."""

    def __init__(
        self, p: int = 2, swap: bool = False, eps: float = 1e-6, reduction: str = "mean",
        margin: float = 1.0,
    ) -> None:  # fmt: skip
        super().__init__(reduction)
        self.p, self.swap, self.eps, self.margin = p, swap, eps, margin

    def construct(
        self, x: Tensor, positive: Tensor, negative: Tensor, margin: float | None = None
    ) -> Tensor:
        gap = self.margin if margin is None else margin
        return ops.triplet_margin_loss(
            x, positive, negative, gap, self.p, self.eps, self.swap, self.reduction
        )


class SoftmaxCrossEntropyWithLogits(LossBase):
    """Softmax and cross-entropy, one loss a row unless reduced.

    Args:
        sparse: labels are class numbers (N,) instead of probabilities (N, C).
        reduction: ``"none"`` (the default here, as in MindSpore), ``"mean"`` or ``"sum"``.
    """

    def __init__(self, sparse: bool = False, reduction: str = "none") -> None:
        super().__init__(reduction)
        self.sparse = sparse

    def construct(self, logits: Tensor, labels: Tensor) -> Tensor:
        if self.sparse:
            if labels._value.dtype.kind not in "iu":
                raise DtypeError(
                    f"For 'SoftmaxCrossEntropyWithLogits' with sparse=True, the labels are class "
                    f"numbers of an integer dtype, but got {labels.dtype}. Cast them with "
                    f"labels.astype(mslearn.int32)."
                )
            labels = ops.one_hot(labels, logits.shape[-1], 1.0, 0.0)
        return self.get_loss(ops.softmax_cross_entropy_with_logits(logits, labels)[0])


class RMSELoss(LossBase):
    """The root of the mean squared difference."""

    def __init__(self) -> None:
        super().__init__()
        self.MSELoss = MSELoss()

    def construct(self, logits: Tensor, label: Tensor) -> Tensor:
        return self.MSELoss(logits, label).sqrt()


class MAELoss(LossBase):
    """The mean of absolute differences."""

    def construct(self, logits: Tensor, label: Tensor) -> Tensor:
        return ops.l1_loss(logits, label, self.reduction)


class DiceLoss(LossBase):
    """1 minus the Dice coefficient of two masks: how little they overlap."""

    def __init__(self, smooth: float = 1e-5) -> None:
        super().__init__()
        self.smooth = smooth

    def construct(self, logits: Tensor, label: Tensor) -> Tensor:
        both = (logits * label).sum()
        total = (logits * logits).sum() + (label * label).sum()
        return 1 - 2 * both / (total + self.smooth)
