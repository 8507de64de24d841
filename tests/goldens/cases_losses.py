"""Losses and activations, as functions, primitives and Cells; see cases.py."""

from __future__ import annotations

# ruff: noqa: E501  (a table: one case a line)
import numpy as np
from shared import both, like

RNG = np.random.default_rng(5)
X = (RNG.standard_normal((3, 4)) * 2).astype(np.float32)
Y = RNG.standard_normal((3, 4)).astype(np.float32)
P = (1 / (1 + np.exp(-X))).astype(np.float32)
T = np.array([[1, 0, 1, 1], [0, 0, 1, 0], [1, 1, 0, 0]], np.float32)
SIGNS = 2 * T - 1
ROW = np.array([0.5, 2.0, 1.0, 1.5], np.float32)
PROBABILITIES = (np.abs(Y) / np.abs(Y).sum(1, keepdims=True)).astype(np.float32)
WIDE = np.array([[-4.0, -1.2, -0.3, 0.2], [0.2, 1.7, 7.1, -2.0]], np.float32)
LABELS = [2, 0, 3]


def cell(name, *arrays, **options):
    return lambda ms: (
        getattr(ms.nn, name)(**options)(*[ms.Tensor(a) for a in arrays]),
        str(getattr(ms.nn, name)(**options)),
    )


cases = {
    **{n: both(lambda o, x, n=n: getattr(o, n)(x), WIDE) for n in (
        "relu6", "hardswish", "hardsigmoid", "mish", "softsign", "logsigmoid",
        "softshrink", "hardshrink", "celu", "softmin", "glu", "hardtanh",
    )},
    "selu": lambda ms: (ms.ops.selu(ms.Tensor(WIDE)), ms.ops.SeLU()(ms.Tensor(WIDE)), ms.ops.tanhshrink(ms.Tensor(WIDE))),
    "threshold": both(lambda o, x: o.threshold(x, 0.1, 9.0), WIDE),
    "prelu": both(lambda o, x, w: o.prelu(x, w), WIDE, ROW),
    "prelu_one": both(lambda o, x, w: o.prelu(x, w), WIDE, ROW[:1]),
    "logit": both(lambda o, x: o.logit(x, 1e-3), P),
    **{f"{n}()": both(lambda o, x, n=n: getattr(o, n)()(x), WIDE) for n in (
        "ReLU6", "HSwish", "HSigmoid", "Mish", "Softplus", "Softsign", "Elu", "GeLU", "L2Loss", "LogSoftmax", "Softmax",
    )},
    "FastGeLU": lambda ms: ms.ops.FastGeLU()(ms.Tensor(WIDE)),
    "binary_cross_entropy": both(lambda o, p: o.binary_cross_entropy(p, like(p, T)), P),
    "binary_cross_entropy_weight": both(lambda o, p: o.binary_cross_entropy(p, like(p, T), like(p, P), "none"), P),
    "bce_with_logits": both(lambda o, x: o.binary_cross_entropy_with_logits(x, like(x, T), like(x, np.ones_like(T)), like(x, np.ones_like(T))), X),
    "bce_with_logits_weights": both(lambda o, x: o.binary_cross_entropy_with_logits(x, like(x, T), like(x, P), like(x, ROW), "sum"), X),
    "bce_with_logits_plain": both(lambda o, x: o.binary_cross_entropy_with_logits(x, like(x, T), reduction="none"), X),
    "smooth_l1_loss": both(lambda o, x: o.smooth_l1_loss(x, like(x, Y), 0.7), X),
    "SmoothL1Loss": both(lambda o, x: o.SmoothL1Loss(0.5, "mean")(x, like(x, Y)), X),
    "huber_loss": both(lambda o, x: o.huber_loss(x, like(x, Y), "mean", 0.8), X),
    "kl_div": both(lambda o, x: o.kl_div(x, like(x, PROBABILITIES)), X),
    "kl_div_batchmean": both(lambda o, x: o.kl_div(x, like(x, PROBABILITIES), "batchmean"), X),
    "hinge_embedding_loss": both(lambda o, x: o.hinge_embedding_loss(x, like(x, SIGNS)), X),
    "margin_ranking_loss": both(lambda o, x: o.margin_ranking_loss(x, like(x, Y), like(x, SIGNS), 0.3), X),
    "gaussian_nll_loss": both(lambda o, x: o.gaussian_nll_loss(x, like(x, Y), like(x, P), True), X),
    "multilabel_soft_margin_loss": both(lambda o, x: o.multilabel_soft_margin_loss(x, like(x, T)), X),
    "cosine_similarity": both(lambda o, x: o.cosine_similarity(x, like(x, Y)), X),
    "cosine_embedding_loss": both(lambda o, x: o.cosine_embedding_loss(x, like(x, Y), like(x, SIGNS[:, 0]), 0.1), X),
    "SigmoidCrossEntropyWithLogits": both(lambda o, x: o.SigmoidCrossEntropyWithLogits()(x, like(x, T)), X),
    "SoftmaxCrossEntropyWithLogits": both(lambda o, x: o.SoftmaxCrossEntropyWithLogits()(x, like(x, PROBABILITIES)), X),
    "SparseSoftmaxCrossEntropyWithLogits": both(
        lambda o, x: o.SparseSoftmaxCrossEntropyWithLogits()(x, like(x, np.array(LABELS, np.int32))), X
    ),
    "L2Normalize": both(lambda o, x: o.L2Normalize(1)(x), X),
    "KLDivLoss": both(lambda o, x: o.KLDivLoss("sum")(x, like(x, PROBABILITIES)), X),
    "BinaryCrossEntropy": both(lambda o, p: o.BinaryCrossEntropy()(p, like(p, T), like(p, P)), P),
    **{f"nn.{n}": cell(n, WIDE) for n in (
        "ReLU6", "SiLU", "ELU", "HSigmoid", "HSwish", "Mish", "PReLU", "SeLU", "CELU", "Softsign",
        "SoftShrink", "HShrink", "Hardtanh", "LogSigmoid", "GLU", "Tanhshrink", "Softmin", "FastGelu",
    )},
    "nn.Threshold": cell("Threshold", WIDE, threshold=0.1, value=2.0),
    "nn.PReLU_channels": cell("PReLU", WIDE, channel=4, w=0.5),
    "nn.Softmax2d": cell("Softmax2d", RNG.standard_normal((1, 2, 3, 2)).astype(np.float32)),
    "nn.BCELoss": cell("BCELoss", P, T, reduction="sum"),
    "nn.BCEWithLogitsLoss": cell("BCEWithLogitsLoss", X, T),
    "nn.SmoothL1Loss": cell("SmoothL1Loss", X, Y),
    "nn.HuberLoss": cell("HuberLoss", X, Y),
    "nn.NLLLoss": cell("NLLLoss", X, np.array(LABELS, np.int32)),
    "nn.KLDivLoss": cell("KLDivLoss", X, PROBABILITIES),
    "nn.CosineEmbeddingLoss": cell("CosineEmbeddingLoss", X, Y, SIGNS[:, 0]),
    "nn.SoftmaxCrossEntropyWithLogits": cell("SoftmaxCrossEntropyWithLogits", X, PROBABILITIES),
    "nn.SoftmaxCrossEntropyWithLogits_sparse": cell(
        "SoftmaxCrossEntropyWithLogits", X, np.array(LABELS, np.int32), sparse=True, reduction="mean"
    ),
    "nn.HingeEmbeddingLoss": cell("HingeEmbeddingLoss", X, SIGNS),
    "nn.MarginRankingLoss": cell("MarginRankingLoss", X, Y, SIGNS),
    "nn.GaussianNLLLoss": cell("GaussianNLLLoss", X, Y, P),
    "nn.RMSELoss": cell("RMSELoss", X, Y),
    "nn.MAELoss": cell("MAELoss", X, Y),
    "nn.DiceLoss": cell("DiceLoss", P, T),
    "nn.Pad": cell("Pad", X, paddings=((0, 1), (2, 0))),
    "nn.Pad_reflect": cell("Pad", X, paddings=((1, 1), (2, 1)), mode="REFLECT"),
    "nn.Norm": lambda ms: str(ms.nn.Norm(1)),
    "nn.ReflectionPad1d": cell("ReflectionPad1d", X, padding=(1, 2)),
    "nn.ConstantPad1d": cell("ConstantPad1d", X, padding=(1, 2), value=3.0),
    "nn.ZeroPad2d": cell("ZeroPad2d", X[None], padding=(1, 2, 0, 1)),
    "nn.ReplicationPad1d": cell("ReplicationPad1d", X, padding=(1, 2)),
    "nn.Embedding": lambda ms: (
        ms.nn.Embedding(5, 2, embedding_table="ones", padding_idx=1)(ms.Tensor([[0, 1], [4, 2]], ms.int32)),
        str(ms.nn.Embedding(5, 2)),
        tuple(p.name for p in ms.nn.Embedding(5, 2).get_parameters()),
    ),
    "nn.Embedding_one_hot": lambda ms: ms.nn.Embedding(5, 2, True, "ones")(ms.Tensor([[0, 1]], ms.int32)),
    "nn.Unflatten": cell("Unflatten", X, axis=1, unflattened_size=(2, 2)),
    "nn.get_activation": lambda ms: tuple(
        str(ms.nn.get_activation(n)) for n in ("relu6", "elu", "hswish", "hsigmoid", "prelu", "softmax", "logsigmoid", "hsigmoid", "gelu", "leakyrelu")
    ),
}  # fmt: skip
