"""Loss functions beside those of classification in loss.py, and measures of likeness."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from mslearn.core.errors import ShapeError
from mslearn.core.tensor import Abstract, Tensor, as_tensor
from mslearn.ops.activations import logsigmoid
from mslearn.ops.control import stop_gradient
from mslearn.ops.families import floating
from mslearn.ops.indexing import one_hot, where
from mslearn.ops.loss import _check_reduction, _reduced
from mslearn.ops.neural import log_softmax, relu, softmax, softplus

__all__ = [
    "binary_cross_entropy", "binary_cross_entropy_with_logits", "cosine_embedding_loss",
    "cosine_similarity", "gaussian_nll_loss", "hinge_embedding_loss", "huber_loss", "kl_div",
    "margin_ranking_loss", "multi_margin_loss", "multilabel_soft_margin_loss", "normalize",
    "pairwise_distance", "smooth_l1_loss", "soft_margin_loss",
    "softmax_cross_entropy_with_logits", "triplet_margin_loss",
]  # fmt: skip


def _same(name: str, x: Any, y: Any) -> tuple[Tensor, Tensor]:
    a, b = floating(x), floating(y)
    if a.shape != b.shape:
        raise ShapeError(
            f"For '{name}', both inputs need equal shapes, but got {list(a.shape)} and "
            f"{list(b.shape)}."
        )
    return a, b


def binary_cross_entropy(logits, labels, weight=None, reduction="mean"):
    """``-(y log p + (1 - y) log(1 - p))`` for probabilities p in (0, 1) and labels y.

    The logarithms stop at log(1e-12), so that p = 0 or 1 gives a large, finite loss. For
    numbers before the sigmoid use `binary_cross_entropy_with_logits`.
    """
    _check_reduction("binary_cross_entropy", reduction)
    p, y = _same("binary_cross_entropy", logits, labels)
    known = p._value
    if not isinstance(known, Abstract) and known.size and not 0 <= known.min() <= known.max() <= 1:
        raise ShapeError(
            f"For 'binary_cross_entropy', the probabilities must be from 0 to 1, but got numbers "
            f"from {known.min():.4g} to {known.max():.4g}. Put a sigmoid in front, or use "
            f"binary_cross_entropy_with_logits."
        )
    loss = -(y * p.maximum(1e-12).log() + (1 - y) * (1 - p).maximum(1e-12).log())
    return _reduced(loss if weight is None else loss * weight, reduction)


def binary_cross_entropy_with_logits(input, target, weight=None, pos_weight=None, reduction="mean"):
    """Sigmoid and binary cross-entropy in one, without overflow.

    Args:
        input: any real numbers (before the sigmoid).
        target: labels from 0 to 1, same shape.
        weight: factors of the losses, broadcast.
        pos_weight: factors of the positive labels' part, broadcast.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.
    """
    _check_reduction("binary_cross_entropy_with_logits", reduction)
    x, t = _same("binary_cross_entropy_with_logits", input, target)
    tail = softplus(-x)
    if pos_weight is not None:
        tail = ((as_tensor(pos_weight) - 1) * t + 1) * tail
    loss = (1 - t) * x + tail
    return _reduced(loss if weight is None else loss * weight, reduction)


def smooth_l1_loss(input, target, beta=1.0, reduction="none"):
    """Half the squared difference over `beta` where it is below `beta`, else the absolute one."""
    _check_reduction("smooth_l1_loss", reduction)
    d = (floating(input) - target).abs()
    if beta == 0:
        return _reduced(d, reduction)
    return _reduced(where(d < beta, 0.5 / beta * d * d, d - 0.5 * beta), reduction)


def huber_loss(input, target, reduction="mean", delta=1.0):
    """Half the squared difference up to `delta`, from there on growing linearly."""
    _check_reduction("huber_loss", reduction)
    d = (floating(input) - target).abs()
    return _reduced(where(d <= delta, 0.5 * d * d, delta * (d - 0.5 * delta)), reduction)


def kl_div(logits, labels, reduction="mean"):
    """``y (log y - x)`` for log-probabilities x and probabilities y; 0 where y is 0.

    `reduction` may also be ``"batchmean"``: the sum over the size of axis 0.
    """
    if reduction != "batchmean":
        _check_reduction("kl_div", reduction)
    x, y = _same("kl_div", logits, labels)
    positive = y > 0
    loss = where(positive, y * (where(positive, y, 1.0).log() - x), 0.0)
    if reduction == "batchmean":
        return loss.sum() / x.shape[0]
    return _reduced(loss, reduction)


def hinge_embedding_loss(inputs, targets, margin=1.0, reduction="mean"):
    """x where the target is 1, max(0, margin - x) where it is -1."""
    _check_reduction("hinge_embedding_loss", reduction)
    x, t = floating(inputs), as_tensor(targets)
    loss = where(t == 1, x, 0.0) + where(t == -1, relu(margin - x), 0.0)
    return _reduced(loss, reduction)


def margin_ranking_loss(input1, input2, target, margin=0.0, reduction="mean"):
    """max(0, -target (x1 - x2) + margin): x1 should rank above x2 where target is 1."""
    _check_reduction("margin_ranking_loss", reduction)
    return _reduced(relu(-as_tensor(target) * (floating(input1) - input2) + margin), reduction)


def soft_margin_loss(input, target, reduction="mean"):
    """log(1 + exp(-target x)) for targets 1 and -1."""
    _check_reduction("soft_margin_loss", reduction)
    return _reduced(softplus(-as_tensor(target) * floating(input)), reduction)


def gaussian_nll_loss(x, target, var, full=False, eps=1e-6, reduction="mean"):
    """The negative log-likelihood of `target` under normal distributions (mean x, variance var)."""
    _check_reduction("gaussian_nll_loss", reduction)
    v = as_tensor(var).maximum(eps)
    loss = 0.5 * (v.log() + (floating(x) - target).square() / v)
    return _reduced(loss + 0.5 * math.log(2 * math.pi) if full else loss, reduction)


def multilabel_soft_margin_loss(input, target, weight=None, reduction="mean"):
    """Binary cross-entropy of each label, averaged over the classes."""
    _check_reduction("multilabel_soft_margin_loss", reduction)
    x, t = _same("multilabel_soft_margin_loss", input, target)
    loss = -(t * logsigmoid(x) + (1 - t) * logsigmoid(-x))
    return _reduced((loss if weight is None else loss * weight).mean(-1), reduction)


def multi_margin_loss(input, target, p=1, margin=1, weight=None, reduction="mean"):
    """The hinge loss of the right class against each other one, averaged over the classes."""
    _check_reduction("multi_margin_loss", reduction)
    x, labels = floating(input), as_tensor(target)
    own = x.gather_elements(1, labels.reshape((-1, 1)))
    hinge = relu(margin - own + x) ** p
    if weight is not None:
        hinge = hinge * as_tensor(weight)[labels].reshape((-1, 1))
    others = 1 - one_hot(labels, x.shape[1], 1.0, 0.0)
    return _reduced((hinge * others).sum(1) / x.shape[1], reduction)


def pairwise_distance(x, y, p=2, eps=1e-6, keepdims=False):
    """The p-norm of x - y + eps along the last axis."""
    d = (floating(x) - y + eps).abs()
    return d.square().sum(-1, keepdims).sqrt() if p == 2 else (d**p).sum(-1, keepdims) ** (1 / p)


def triplet_margin_loss(
    anchor, positive, negative, margin=1.0, p=2, eps=1e-6, swap=False, reduction="mean"
):
    """max(0, d(anchor, positive) - d(anchor, negative) + margin) (Schroff et al., 2015)."""
    _check_reduction("triplet_margin_loss", reduction)
    far = pairwise_distance(anchor, negative, p, eps)
    if swap:
        far = far.minimum(pairwise_distance(positive, negative, p, eps))
    return _reduced(relu(pairwise_distance(anchor, positive, p, eps) - far + margin), reduction)


def cosine_similarity(x1, x2, dim=1, eps=1e-8):
    """The cosine of the angle between vectors along `dim`."""
    a, b = floating(x1), floating(x2)
    squares = [t.square().sum(dim).maximum(eps * eps) for t in (a, b)]
    return (a * b).sum(dim) / (squares[0] * squares[1]).sqrt()


def cosine_embedding_loss(input1, input2, target, margin=0.0, reduction="mean"):
    """1 - cos where the target is 1, max(0, cos - margin) where it is -1; rows are vectors."""
    _check_reduction("cosine_embedding_loss", reduction)
    t = as_tensor(target)
    cos = cosine_similarity(input1, input2, -1)
    loss = where(t == 1, 1 - cos, 0.0) + where(t == -1, relu(cos - margin), 0.0)
    return _reduced(loss, reduction)


def normalize(x, axis=0, epsilon=1e-4):
    """x over its 2-norm along `axis`; the squared norm counts at least `epsilon`."""
    t = floating(x)
    return t / t.square().sum(axis, True).maximum(epsilon).sqrt()


def softmax_cross_entropy_with_logits(logits, labels):
    """The loss (N,) for probabilities `labels` (N, C), and its gradient (N, C) by the logits."""
    x, y = _same("SoftmaxCrossEntropyWithLogits", logits, labels)
    return -(y * log_softmax(x, -1)).sum(-1), stop_gradient(softmax(x, -1) - y)


def sparse_softmax_cross_entropy_with_logits(logits, labels, is_grad=False):
    """The mean loss for class numbers `labels` (N,), or its gradient when `is_grad`."""
    x = floating(logits)
    y = one_hot(labels, x.shape[-1], 1.0, 0.0).astype(x.dtype)
    if is_grad:
        return stop_gradient(softmax(x, -1) - y) / x.shape[0]
    return -(y * log_softmax(x, -1)).sum() / math.prod(x.shape[:-1])


def margin_targets(target):
    """1 for each class that a row of `target` names before its first -1, int32."""
    y = as_tensor(target)._concrete()
    rows = [np.isin(np.arange(len(row)), row[: [*row, -1].index(-1)]) for row in np.atleast_2d(y)]
    return Tensor.wrap(np.reshape(rows, y.shape).astype(np.int32))
