"""Convolution, pooling and normalization as real MindSpore computes them."""

from __future__ import annotations

import numpy as np

RNG = np.random.default_rng(20261122)


def n(*shape):
    return RNG.standard_normal(shape).astype(np.float32)


X, W, WG, B = n(2, 4, 7, 6), n(6, 4, 3, 3), n(6, 2, 3, 2), n(6)
SIGNAL, W1 = n(2, 4, 9), n(6, 4, 3)
VOLUME, W3 = n(1, 2, 4, 5, 3), n(3, 2, 2, 3, 2)
EVEN = n(2, 3, 6, 8)

cases = {}


def case(function):
    cases[function.__name__] = function
    return function


def both(ms, function, *arrays):
    """The result, and the gradients of a weighted sum of it by all arrays."""
    xs = [ms.Tensor(a) for a in arrays]
    out = function(*xs)
    first = out[0] if isinstance(out, tuple) else out
    weight = ms.Tensor(np.linspace(0.5, 1.5, first.size).reshape(first.shape).astype(np.float32))

    def weighted(*inputs):
        value = function(*inputs)
        return ((value[0] if isinstance(value, tuple) else value) * weight).sum()

    return out, ms.grad(weighted, tuple(range(len(xs))))(*xs)


@case
def convolution(ms):
    o = ms.ops
    return (
        both(ms, lambda x, w: o.conv2d(x, w), X, W),
        both(ms, lambda x, w: o.conv2d(x, w, pad_mode="same"), X, W),
        both(ms, lambda x, w: o.conv2d(x, w, pad_mode="same", stride=2), X, W),
        both(ms, lambda x, w: o.conv2d(x, w, pad_mode="same", stride=(2, 3), dilation=2), X, W),
        both(ms, lambda x, w: o.conv2d(x, w, pad_mode="pad", padding=2), X, W),
        both(ms, lambda x, w: o.conv2d(x, w, pad_mode="pad", padding=(1, 2), stride=2), X, W),
        both(ms, lambda x, w: o.conv2d(x, w, groups=2, dilation=2), X, WG),
        ms.ops.conv2d(ms.Tensor(X), ms.Tensor(W), ms.Tensor(B)),
        both(ms, lambda x, w: o.conv1d(x, w, stride=2, pad_mode="pad", padding=2), SIGNAL, W1),
        both(ms, lambda x, w: o.conv1d(x, w, pad_mode="same", dilation=2), SIGNAL, W1),
        both(ms, lambda x, w: o.conv3d(x, w), VOLUME, W3),
        both(ms, lambda x, w: o.conv3d(x, w, pad_mode="same"), VOLUME, W3),
        both(ms, o.Conv2D(6, 3, pad_mode="pad", pad=1, stride=2), X, W),
    )


@case
def pooling(ms):
    o = ms.ops
    tied = np.zeros((1, 1, 4, 4), np.float32)  # equal numbers: the first one gets the gradient
    return (
        both(ms, lambda x: o.max_pool2d(x, 2), EVEN),
        both(ms, lambda x: o.max_pool2d(x, 3, 2), X),
        both(ms, lambda x: o.max_pool2d(x, 3, 2, 1), X),
        both(ms, lambda x: o.max_pool2d(x, 2, 2), tied),
        o.max_pool2d(ms.Tensor(X), 3, 2, 1, 1, True),
        o.max_pool2d(ms.Tensor(X), 3, 2, 1, 2, True, True),
        o.max_pool3d(ms.Tensor(VOLUME), 2),
        both(ms, lambda x: o.avg_pool2d(x, 2, 2), EVEN),
        both(ms, lambda x: o.avg_pool2d(x, 3, 2, 1), X),
        both(ms, lambda x: o.avg_pool2d(x, 3, 2, 1, True), X),
        both(ms, lambda x: o.avg_pool2d(x, 3, 2, 1, True, False), X),
        both(ms, lambda x: o.avg_pool2d(x, 3, 1, 0, False, True, 4), X),
        both(ms, lambda x: o.avg_pool1d(x, 3, 2), SIGNAL),
        both(ms, lambda x: o.avg_pool3d(x, 2, 1), VOLUME),
        both(ms, o.MaxPool(3, 2, "same"), X),
        both(ms, o.MaxPool(2, 2), X),
        both(ms, o.AvgPool(3, 2, "same"), X),
        both(ms, lambda x: o.adaptive_avg_pool2d(x, (3, 2)), X),
        both(ms, lambda x: o.adaptive_avg_pool2d(x, (None, 1)), X),
        both(ms, lambda x: o.adaptive_avg_pool1d(x, 3), SIGNAL),
        both(ms, lambda x: o.adaptive_avg_pool3d(x, (2, 2, 2)), VOLUME),
        both(ms, lambda x: o.adaptive_max_pool2d(x, (3, 4)), X),
        o.adaptive_max_pool2d(ms.Tensor(X), (3, 4), True),
        o.adaptive_max_pool1d(ms.Tensor(SIGNAL), 3),
    )


def layers(ms):
    nn = ms.nn
    return (
        (nn.MaxPool2d(3, 2), X), (nn.MaxPool2d(3, 2, "same"), X), (nn.MaxPool2d(2, 2), X[0]),
        (nn.MaxPool2d(3, 2, "pad", 1, ceil_mode=True), X),
        (nn.MaxPool2d(3, 2, "pad", 1, 2, True), X),
        (nn.MaxPool1d(3, 2), SIGNAL), (nn.MaxPool1d(3, 2), SIGNAL[0]),
        (nn.MaxPool1d(3, 2, "same"), SIGNAL), (nn.MaxPool1d(3, 2, "pad", 1), SIGNAL),
        (nn.MaxPool3d(2, 1), VOLUME),
        (nn.AvgPool2d(3, 2), X), (nn.AvgPool2d(3, 2, "same"), X),
        (nn.AvgPool2d(3, 2, "pad", 1), X), (nn.AvgPool2d(3, 2, "pad", 1, True, False), X),
        (nn.AvgPool2d(3, 2, "pad", 1, False, True, 5), X), (nn.AvgPool2d(2, 2), X[0]),
        (nn.AvgPool1d(3, 2), SIGNAL), (nn.AvgPool1d(3, 2, "same"), SIGNAL),
        (nn.AvgPool1d(3, 2, "pad", 1), SIGNAL), (nn.AvgPool3d(2, 1), VOLUME),
        (nn.AdaptiveAvgPool2d((3, 2)), X), (nn.AdaptiveAvgPool2d(2), X[0]),
        (nn.AdaptiveAvgPool1d(3), SIGNAL), (nn.AdaptiveMaxPool2d(2), X),
        (nn.AdaptiveMaxPool1d(3), SIGNAL), (nn.AdaptiveAvgPool3d(2), VOLUME),
    )  # fmt: skip


@case
def pooling_layers(ms):
    return tuple(cell(ms.Tensor(x)) for cell, x in layers(ms))


def filled(ms, cell):
    """The layer with parameters that do not depend on chance."""
    for i, p in enumerate(cell.get_parameters()):
        values = 0.75 + 0.5 * np.cos(np.arange(p.size) + i)
        p.set_data(ms.Tensor(values.reshape(p.shape).astype(np.float32)))
    return cell


def through(ms, cell, x):
    """A layer's result and its gradients by the input and by the trained parameters."""
    cell, weights = filled(ms, cell), cell.trainable_params()
    out = cell(ms.Tensor(x))
    weight = ms.Tensor(np.linspace(0.5, 1.5, out.size).reshape(out.shape).astype(np.float32))
    grad = ms.grad(lambda v: (cell(v) * weight).sum(), 0, weights)
    return out, grad(ms.Tensor(x)), tuple(p.name for p in cell.get_parameters())


@case
def convolution_layers(ms):
    nn = ms.nn
    pad = "pad"
    made = (
        (nn.Conv2d(4, 6, 3), X), (nn.Conv2d(4, 6, 3, 2, has_bias=True), X),
        (nn.Conv2d(4, 6, (3, 2), 1, pad, (1, 2, 0, 1), 2, 2), X),
        (nn.Conv2d(4, 4, 3, 1, "valid", group=4), X),
        (nn.Conv1d(4, 6, 3, has_bias=True), SIGNAL), (nn.Conv1d(4, 6, 3, 2, pad, 1), SIGNAL),
        (nn.Conv3d(2, 4, 2), VOLUME),
        (nn.Conv3d(2, 4, (2, 1, 2), 1, pad, (1, 0, 0, 1, 1, 1)), VOLUME),
        (nn.Conv2dTranspose(4, 6, 3), X), (nn.Conv2dTranspose(4, 6, 3, 2, has_bias=True), X),
        (nn.Conv2dTranspose(4, 6, 3, 2, "valid"), X), (nn.Conv2dTranspose(4, 6, 2, 3, "valid"), X),
        (nn.Conv2dTranspose(4, 6, 3, 2, pad, 1, 1), X),
        (nn.Conv2dTranspose(4, 6, 3, 1, pad, (1, 0, 2, 1)), X),
        (nn.Conv2dTranspose(4, 6, 3, 2, group=2, dilation=2), X),
        (nn.Conv1dTranspose(4, 6, 3, 2), SIGNAL), (nn.Conv3dTranspose(2, 4, 2, 2), VOLUME),
    )  # fmt: skip
    return tuple(through(ms, cell, x) for cell, x in made)


@case
def normalization_layers(ms):
    nn = ms.nn
    made = (
        (nn.BatchNorm2d(4), X), (nn.BatchNorm1d(4), X[:, :, 0, 0]), (nn.BatchNorm1d(4), SIGNAL),
        (nn.BatchNorm3d(2), VOLUME), (nn.BatchNorm2d(4, affine=False), X),
        (nn.LayerNorm([6]), X), (nn.LayerNorm((7, 6), 2, 2), X),
        (nn.LayerNorm([4, 7, 6], 1, 1, epsilon=1e-3), X), (nn.GroupNorm(2, 4), X),
        (nn.GroupNorm(4, 4, 1e-3), SIGNAL),
    )  # fmt: skip
    return tuple(through(ms, cell, x)[:2] for cell, x in made if cell.trainable_params())


@case
def batch_norm_trains(ms):
    nn, out = ms.nn, []
    for layer, x in (
        (nn.BatchNorm2d(4), X), (nn.BatchNorm2d(4, momentum=0.5, eps=1e-2), X),
        (nn.BatchNorm1d(4), SIGNAL), (nn.BatchNorm1d(4), X[:, :, 0, 0]),
        (nn.BatchNorm3d(2), VOLUME), (nn.BatchNorm2d(4, use_batch_statistics=True), X),
        (nn.BatchNorm2d(4, use_batch_statistics=False), X),
    ):  # fmt: skip
        cell = filled(ms, layer)
        cell.set_train()
        y = cell(ms.Tensor(x))
        params = tuple(ms.Tensor(p.asnumpy().copy()) for p in cell.get_parameters())
        weight = ms.Tensor(np.linspace(0.5, 1.5, y.size).reshape(y.shape).astype(np.float32))
        gradient = ms.grad(lambda v, c=cell, w=weight: (c(v) * w).sum(), 0, cell.trainable_params())
        out.append((y, params, gradient(ms.Tensor(x))))
    return tuple(out)


@case
def normalization(ms):
    o, t = ms.ops, ms.Tensor
    ones, zeros = t(np.linspace(0.5, 1, 4).astype(np.float32)), t(np.zeros(4, np.float32))
    # ops.layer_norm has no CPU kernel in 2.10; ops.batch_norm moves its statistics twice there.
    return (
        both(ms, lambda x: o.batch_norm(x, zeros, ones, ones, zeros), X),
        o.batch_norm(t(X), zeros.copy(), ones.copy(), ones, zeros, True),
        both(ms, lambda x: o.group_norm(x, 2), X),
        both(ms, lambda x: o.group_norm(x, 2, ones, zeros, 1e-2), X),
        both(ms, lambda x: o.LayerNorm(1, 1, 1e-5)(x, t(np.ones(X.shape[1:], np.float32)),
                                                   t(np.zeros(X.shape[1:], np.float32))), X),
    )  # fmt: skip


@case
def conv_repr(ms):
    nn = ms.nn
    cells = (
        nn.MaxPool2d(2, 2), nn.MaxPool1d(2, 2), nn.MaxPool3d(2), nn.AvgPool2d(2),
        nn.AvgPool1d(3, 2),
        nn.MaxPool2d((2, 3), 2, "same"), nn.AvgPool2d(3, 1, "pad", 1), nn.AdaptiveAvgPool2d(2),
        nn.BatchNorm1d(3), nn.BatchNorm2d(3, affine=False), nn.BatchNorm3d(2), nn.LayerNorm([3]),
        nn.GroupNorm(2, 4), nn.InstanceNorm2d(3),
        nn.SequentialCell(nn.BatchNorm2d(2), nn.LayerNorm((2, 3))),
        nn.Conv2d(3, 4, 3, weight_init="normal"),
        nn.Conv2d(3, 4, (3, 5), 2, "pad", (1, 2, 0, 1), 2, 1, True, "ones", "zeros"),
        nn.Conv1d(3, 4, 3, 1, "pad", 2, weight_init="ones"), nn.Conv3d(3, 4, 3, weight_init="ones"),
        nn.Conv2dTranspose(3, 4, 3, weight_init="ones"),
        nn.Conv1dTranspose(3, 4, 3, weight_init="ones"),
        nn.Conv3dTranspose(3, 4, 3, weight_init="ones"),
    )  # fmt: skip
    return tuple(str(c) for c in cells), tuple(
        tuple((n, p.name) for n, p in c.parameters_and_names()) for c in cells
    )
