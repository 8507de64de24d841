"""Layers and losses of MindSpore 1.x and for special purposes, against real MindSpore."""

from __future__ import annotations

import numpy as np
from cases_attention import filled

RNG = np.random.default_rng(20261122)


def n(*shape):
    return RNG.standard_normal(shape).astype(np.float32)


X, Y, SQUARE = n(3, 4), n(3, 4), n(2, 3, 3)
POSITIVE = (SQUARE @ SQUARE.swapaxes(1, 2) + 2 * np.eye(3)).astype(np.float32)
IMAGE, OTHER = (RNG.random((2, 3, 14, 13)).astype(np.float32) for _ in range(2))
PIXELS = RNG.integers(0, 256, (1, 2, 12, 12)).astype(np.uint8)
LARGE, NEAR = (RNG.random((1, 1, 48, 48)).astype(np.float32) for _ in range(2))
ROWS, COUNTS = n(5, 4), np.array([[0, 1, 2, 5], [3, 1, 0, 1], [7, 2, 1, 1]], np.float32)
MASKS = (RNG.random((2, 3, 4, 4)) < 0.5).astype(np.float32)

cases = {}


def case(function):
    cases[function.__name__] = function
    return function


def checked(make, *arrays, by=1):
    """A case: output, gradients by the first `by` inputs and by the parameters, and the names."""

    def run(ms):
        cell = filled(ms, make(ms))
        xs = [ms.Tensor(a) for a in arrays]
        out = cell(*xs)

        def weighted(*inputs):
            results = cell(*inputs)
            total = 0
            for r in results if isinstance(results, tuple) else (results,):
                weight = np.cos(np.arange(r.size)).reshape(r.shape).astype(np.float32)
                total = total + (r * ms.Tensor(weight)).sum()
            return total

        params = ms.ParameterTuple(cell.trainable_params())
        places = tuple(range(by)) if by else None
        grads = ms.grad(weighted, places, weights=params)(*xs) if by else None
        return repr(cell), [p.name for p in cell.get_parameters()], out, grads

    return run


def layer(name, make, *arrays, by=1):
    cases[name] = checked(make, *arrays, by=by)


layer("DiGamma", lambda ms: ms.nn.DiGamma(), np.abs(X) + 0.5, by=0)
layer("LGamma", lambda ms: ms.nn.LGamma(), np.abs(X) + 0.5, by=0)
layer("LBeta", lambda ms: ms.nn.LBeta(), np.abs(X) + 0.5, np.abs(Y) + 0.5, by=0)
layer("ReduceLogSumExp", lambda ms: ms.nn.ReduceLogSumExp((0,), True), X)
layer("Moments", lambda ms: ms.nn.Moments((0,)), X)
layer("Moments_all", lambda ms: ms.nn.Moments(keep_dims=True), X)
layer("nn.MatMul", lambda ms: ms.nn.MatMul(transpose_x2=True), X, Y, by=2)
layer("nn.MatMul_left", lambda ms: ms.nn.MatMul(True), SQUARE, X[:, :2], by=2)
layer("nn.Tril", lambda ms: ms.nn.Tril(), X)
layer("nn.Triu", lambda ms: ms.nn.Triu(), X)
layer("L1Regularizer", lambda ms: ms.nn.L1Regularizer(0.1), X)
layer("BiDense", lambda ms: ms.nn.BiDense(4, 3, 5), X, Y[:, :3], by=2)
layer("BiDense_3d", lambda ms: ms.nn.BiDense(4, 4, 2, has_bias=False), n(2, 3, 4), n(2, 3, 4), by=2)
layer(
    "Conv2dBnAct",
    lambda ms: ms.nn.Conv2dBnAct(3, 2, 3, has_bn=True, activation="relu").set_train(),
    IMAGE,
    by=0,
)
layer("DenseBnAct", lambda ms: ms.nn.DenseBnAct(4, 3, activation="leakyrelu"), X)
layer("TimeDistributed", lambda ms: ms.nn.TimeDistributed(ms.nn.Dense(4, 2), 1), n(3, 5, 4))
layer("TimeDistributed_both", lambda ms: ms.nn.TimeDistributed(ms.nn.Dense(4, 2), 1, 0), n(3, 5, 4))
layer(
    "TimeDistributed_last",
    lambda ms: ms.nn.TimeDistributed(ms.nn.Conv2d(2, 3, 1, weight_init="ones"), 0, 1),
    n(3, 2, 2, 4, 4),
)
layer("CentralCrop", lambda ms: ms.nn.CentralCrop(0.5), IMAGE)
layer("ImageGradients", lambda ms: ms.nn.ImageGradients(), IMAGE)
layer(
    "FocalLoss",
    lambda ms: ms.nn.FocalLoss(ms.Tensor([0.5, 1.0, 2.0, 0.7]), 1.5),
    X,
    np.array([[1], [0], [3]], np.int32),
)
layer(
    "FocalLoss_none",
    lambda ms: ms.nn.FocalLoss(reduction="none"),
    MASKS * 2 - IMAGE[:, :, :4, :4],
    MASKS,
)
layer("MultiClassDiceLoss", lambda ms: ms.nn.MultiClassDiceLoss(), IMAGE[:, :, :4, :4], MASKS)
layer(
    "MultiClassDiceLoss_some",
    lambda ms: ms.nn.MultiClassDiceLoss(ms.Tensor([[0.5], [1.0], [2.0]]), 1, "sigmoid"),
    IMAGE[:, :, :4, :4],
    MASKS,
)
layer("PoissonNLLLoss", lambda ms: ms.nn.PoissonNLLLoss(), X, COUNTS)
layer(
    "PoissonNLLLoss_full",
    lambda ms: ms.nn.PoissonNLLLoss(False, True, reduction="sum"),
    np.abs(X),
    COUNTS,
)
layer(
    "TripletMarginWithDistanceLoss",
    lambda ms: ms.nn.TripletMarginWithDistanceLoss(swap=True),
    X,
    Y,
    n(3, 4),
    by=0,
)
layer(
    "TripletMarginWithDistanceLoss_own",
    lambda ms: ms.nn.TripletMarginWithDistanceLoss(
        lambda a, b: (a - b).abs().sum(1), margin=0.5, reduction="none"
    ),
    X,
    Y,
    n(3, 4),
    by=3,
)
layer("Range", lambda ms: ms.nn.Range(1, 9, 2), by=0)
layer("Range_floats", lambda ms: ms.nn.Range(0, 1, 0.25), by=0)


MAPS, VOLUME = n(2, 4, 5, 6), n(1, 2, 5, 4, 6)
BOX, SIX, LOGITS = n(1, 2, 7, 8, 9), n(6, 4), n(6, 2, 4)
CHANCE3 = RNG.random((1, 2, 3)).astype(np.float32)
CHANCE = RNG.random((2, 4, 2)).astype(np.float32)
PLACES = np.array([[[[0, 3], [8, 11]]]], np.int64)
layer("nn.ChannelShuffle", lambda ms: ms.nn.ChannelShuffle(2), MAPS, by=0)
layer("nn.LRN", lambda ms: ms.nn.LRN(2, 1.5, 0.5, 0.7), MAPS, by=0)
layer("LPPool1d", lambda ms: ms.nn.LPPool1d(2, 3, 1), np.abs(MAPS[0]))
layer("LPPool2d", lambda ms: ms.nn.LPPool2d(3.0, (2, 3), 2, True), np.abs(MAPS), by=0)
layer("AdaptiveMaxPool3d", lambda ms: ms.nn.AdaptiveMaxPool3d((2, 4, 4), True), VOLUME, by=0)
layer("AdaptiveMaxPool3d_single", lambda ms: ms.nn.AdaptiveMaxPool3d(3), VOLUME[0])
layer(
    "FractionalMaxPool2d",
    lambda ms: ms.nn.FractionalMaxPool2d(2, (3, 4), None, True, ms.Tensor(CHANCE)),
    MAPS,
    by=0,
)
layer(
    "FractionalMaxPool2d_ratio",
    lambda ms: ms.nn.FractionalMaxPool2d(
        (2, 3), output_ratio=0.5, _random_samples=ms.Tensor(CHANCE)
    ),
    MAPS,
    by=0,
)
layer(
    "FractionalMaxPool3d",
    lambda ms: ms.nn.FractionalMaxPool3d(2, (2, 3, 3), None, True, ms.Tensor(CHANCE3)),
    BOX,
    by=0,
)
layer("MaxUnpool1d", lambda ms: ms.nn.MaxUnpool1d(2), MAPS[:1, :1, 0, :2], PLACES[:, :, 0], by=0)
layer("MaxUnpool2d", lambda ms: ms.nn.MaxUnpool2d(2), MAPS[:1, :1, :2, :2], PLACES, by=0)
cases["nn.IGamma"] = lambda ms: ms.nn.IGamma()(ms.Tensor(np.abs(X) + 0.5), ms.Tensor(np.abs(Y)))


@case
def CTCLoss(ms):
    logits, t = LOGITS, ms.Tensor
    texts, steps, sizes = (
        t([[1, 2, 2], [3, 1, 0]], ms.int32),
        t([6, 5], ms.int32),
        t([3, 2], ms.int32),
    )

    def loss(x, **options):
        return ms.nn.CTCLoss(**options)(ms.ops.log_softmax(x, 2), texts, steps, sizes)

    grad = ms.grad(lambda x: loss(x))(t(logits))
    return (
        loss(t(logits)),
        loss(t(logits), reduction="none"),
        loss(t(logits), blank=0, reduction="sum"),
        grad,
    )


@case
def MultiFieldEmbeddingLookup(ms):
    indices, fields = (
        np.array([[2, 4, 6, 0], [1, 3, 5, 9]], np.int32),
        np.array([[0, 1, 1, 2], [0, 0, 1, 1]], np.int32),
    )
    values = np.array([[1, 0.5, 2, 0], [1, 2, 0, 1]], np.float32)
    inputs = [ms.Tensor(a) for a in (indices, values, fields)]
    out = []
    for operator in ("SUM", "MEAN", "MAX"):
        cell = ms.nn.MultiFieldEmbeddingLookup(10, 2, 3, operator=operator)
        out.append(filled(ms, cell)(*inputs))
    return out, [p.name for p in cell.get_parameters()]


@case
def ClipByNorm(ms):
    clip = ms.nn.ClipByNorm()
    x, one = ms.Tensor(X), ms.Tensor(np.array([1.0], np.float32))
    grad = ms.grad(lambda v: (clip(v, one) * ms.Tensor(Y)).sum())
    return clip(x, one), clip(x * 0.1, one), grad(x)


@case
def SampledSoftmaxLoss(ms):
    t = ms.Tensor
    values = (
        t([2, 0, 4], ms.int32),
        t([[0.5], [0.4], [0.3]], ms.float32),
        t([0.6, 0.5, 0.2], ms.float32),
    )
    cell = ms.nn.SampledSoftmaxLoss(3, 5, 1, values, reduction="mean")
    labels = t([[1], [3], [0]], ms.int32)
    each = ms.nn.SampledSoftmaxLoss(3, 5, 1, values)(t(ROWS), t(ROWS[:, 0]), labels, t(X))
    grads = ms.grad(cell, (0, 1, 3))(t(ROWS), t(ROWS[:, 0]), labels, t(X))
    return each, cell(t(ROWS), t(ROWS[:, 0]), labels, t(X)), grads


@case
def cells_of_gradients(ms):
    nn, t = ms.nn, ms.Tensor
    net, loss = filled(ms, nn.Dense(4, 2)), nn.MSELoss()
    data, label = t(X), t(Y[:, :2])
    return (
        nn.WithGradCell(net, loss)(data, label),
        nn.WithGradCell(nn.WithLossCell(net, loss), sens=t(2.0, ms.float32))(data, label),
        nn.Vjp(net)(data, label),
        nn.Vjp(nn.MatMul())(t(X[:, :3]), t(SQUARE[0]), t(SQUARE[1])),
        nn.Jvp(net)(data, t(Y)),
        nn.Jvp(nn.MatMul())(t(X[:, :3]), t(SQUARE[0]), (t(SQUARE[1]), t(Y[:, :3]))),
    )  # fmt: skip


@case
def batch_in_parts(ms):
    nn = ms.nn
    net = nn.WithLossCell(filled(ms, nn.Dense(4, 2)), nn.MSELoss())
    data, label = ms.Tensor(SIX), ms.Tensor(np.ones((6, 2), np.float32))
    cells = (
        nn.GradAccumulationCell(net, 3),
        nn.MicroBatchInterleaved(net, 2),
        nn.PipelineCell(net, 2),
    )
    return [(c(data, label), [p.name for p in c.get_parameters()]) for c in cells]
