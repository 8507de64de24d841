"""Convolution, pooling and normalization as real MindSpore computes them."""

from __future__ import annotations

import numpy as np

RNG = np.random.default_rng(20261122)


def n(*shape):
    return RNG.standard_normal(shape).astype(np.float32)


X, W, WG, B = n(2, 4, 7, 6), n(6, 4, 3, 3), n(6, 2, 3, 2), n(6)
SIGNAL, W1 = n(2, 4, 9), n(6, 4, 3)
VOLUME, W3 = n(1, 2, 4, 5, 3), n(3, 2, 2, 3, 2)
BACK, WT = n(2, 6, 4, 3), n(6, 4, 3, 3)

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
