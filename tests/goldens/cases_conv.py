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
