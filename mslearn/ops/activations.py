"""Activations beyond the basic ones in neural.py."""

from __future__ import annotations

import numpy as np

from mslearn.core.errors import ShapeError
from mslearn.core.primitive import apply
from mslearn.core.tensor import Tensor, as_tensor
from mslearn.ops.control import clip_by_value, stop_gradient
from mslearn.ops.creation import draw, uniform
from mslearn.ops.families import Elementwise, cast, floating
from mslearn.ops.indexing import one_hot, where
from mslearn.ops.neural import relu, softmax, softplus
from mslearn.ops.shape import concat, split

__all__ = [
    "celu", "crelu", "fast_gelu", "glu", "gumbel_softmax", "hardshrink", "hardsigmoid",
    "hardswish", "hardtanh", "logit", "logsigmoid", "mish", "prelu", "relu6", "rrelu", "selu",
    "softmin", "softshrink", "softsign", "tanhshrink", "threshold",
]  # fmt: skip


def _inside(x: Tensor, low: float, high: float) -> Tensor:
    return cast((x > low) & (x < high), x._value.dtype)


class ReLU6(Elementwise):
    """min(max(x, 0), 6)."""

    lower = {"onnx": "Clip"}

    def kernel(x):
        return np.clip(x, 0, 6)

    partials = (lambda out, x: cast((x > 0) & (x <= 6), x._value.dtype),)


class HSigmoid(Elementwise):
    """min(max((x + 3) / 6, 0), 1), a sigmoid made of straight lines (Howard et al., 2019)."""

    lower = {"onnx": "HardSigmoid"}

    def kernel(x):
        return np.clip((x + 3) / 6, 0, 1).astype(x.dtype, copy=False)

    partials = (lambda out, x: _inside(x, -3, 3) / 6,)


class HSwish(Elementwise):
    """x times HSigmoid(x) (Howard et al., 2019)."""

    lower = {"onnx": "HardSwish"}

    def kernel(x):
        return (x * np.clip((x + 3) / 6, 0, 1)).astype(x.dtype, copy=False)

    partials = (lambda out, x: apply(HSigmoid, (x,)) + x * cast(x.abs() <= 3, x._value.dtype) / 6,)


class Softsign(Elementwise):
    """x / (1 + |x|)."""

    lower = {"onnx": "Softsign"}
    floats = True

    def kernel(x):
        return x / (1 + np.abs(x))

    partials = (lambda out, x: 1 / (1 + x.abs()).square(),)


class HShrink(Elementwise):
    """x where \\|x\\| > lambd, else 0."""

    params = {"lambd": 0.5}

    def kernel(x, lambd):
        return np.where(np.abs(x) > lambd, x, x.dtype.type(0))

    partials = (lambda out, x, lambd: cast(x.abs() > lambd, x._value.dtype),)


class SoftShrink(Elementwise):
    """x moved by `lambd` towards 0, and 0 where it would pass it."""

    params = {"lambd": 0.5}

    def kernel(x, lambd):
        return np.sign(x) * np.maximum(np.abs(x) - x.dtype.type(lambd), x.dtype.type(0))

    partials = (lambda out, x, lambd: cast(x.abs() > lambd, x._value.dtype),)


def relu6(x):
    """min(max(x, 0), 6)."""
    return apply(ReLU6, (floating(x),))


def hardsigmoid(input):
    """min(max((x + 3) / 6, 0), 1)."""
    return apply(HSigmoid, (floating(input),))


def hardswish(input):
    """x times hardsigmoid(x)."""
    return apply(HSwish, (floating(input),))


def hardtanh(input, min_val=-1.0, max_val=1.0):
    """x pushed into [min_val, max_val]."""
    return clip_by_value(as_tensor(input), min_val, max_val)


def hardshrink(input, lambd=0.5):
    """x where |x| > lambd, else 0."""
    return apply(HShrink, (floating(input),), {"lambd": float(lambd)})


def softshrink(input, lambd=0.5):
    """x moved by `lambd` towards 0, and 0 where it would pass it."""
    return apply(SoftShrink, (floating(input),), {"lambd": float(lambd)})


def tanhshrink(input):
    """x - tanh(x)."""
    x = floating(input)
    return x - x.tanh()


def threshold(input, thr, value):
    """x where it is greater than `thr`, else `value`."""
    x = as_tensor(input)
    return where(x > thr, x, value)


def softsign(x):
    """x / (1 + |x|)."""
    return apply(Softsign, (floating(x),))


def mish(x):
    """x * tanh(softplus(x)) (Misra, 2019)."""
    t = floating(x)
    return t * softplus(t).tanh()


def logsigmoid(x):
    """log(sigmoid(x)) without overflow."""
    return -softplus(-floating(x))


def logit(input, eps=None):
    """log(x / (1 - x)), the inverse of sigmoid; x is first pushed into [eps, 1 - eps]."""
    x = floating(input)
    x = x if eps is None else clip_by_value(x, eps, 1 - eps)
    return (x / (1 - x)).log()


def celu(x, alpha=1.0):
    """max(x, 0) + min(alpha * (exp(x / alpha) - 1), 0)."""
    t = floating(x)
    above = relu(t)
    return above + alpha * ((t - above) / alpha).expm1()


def selu(input_x):
    """The self-normalising scaled elu (Klambauer et al., 2017)."""
    t = floating(input_x)
    below = 1.6732632423543772 * t.minimum(0.0).expm1()
    return 1.0507009873554805 * where(t >= 0, t, below)


def fast_gelu(x):
    """An approximation of gelu: x / (1 + exp(-1.702 |x|)) * exp(0.851 (x - |x|))."""
    t = floating(x)
    return t / (1 + (-1.702 * t.abs()).exp()) * (0.851 * (t - t.abs())).exp()


def prelu(input, weight):
    """x where positive, else x times a learned weight: one for all, or one for each channel."""
    x, w = floating(input), as_tensor(weight)
    if w.size not in (1, x.shape[1] if x.ndim > 1 else w.size):
        raise ShapeError(
            f"For 'prelu', the weight has one element, or one for each of the {x.shape[1]} "
            f"channels of the input {list(x.shape)}, but got {list(w.shape)}."
        )
    if w.size > 1 and x.ndim > 1:
        w = w.reshape((-1,) + (1,) * (x.ndim - 2))
    return where(x > 0, x, w * x)


def rrelu(input, lower=1.0 / 8, upper=1.0 / 3):
    """x where positive, else x times a random slope from [lower, upper]."""
    x = floating(input)
    slope = cast(uniform(x.shape, lower, upper), x._value.dtype)
    return where(x >= 0, x, slope * x)


def crelu(x):
    """relu(x) and relu(-x), joined along the channel axis 1."""
    t = floating(x)
    return concat([relu(t), relu(-t)], 1)


def glu(x, axis=-1):
    """The first half of `axis` times the sigmoid of the second (Dauphin et al., 2017)."""
    t = floating(x)
    n = t.shape[axis]
    if n % 2:
        raise ValueError(f"For 'glu', the size of axis {axis} must be even, but got {n}.")
    a, b = split(t, n // 2, axis)
    return a * b.sigmoid()


def softmin(x, axis=-1, *, dtype=None):
    """softmax(-x): the smallest number gets the largest share."""
    return softmax(-floating(x), axis, dtype=dtype)


def gumbel_softmax(logits, tau=1.0, hard=False, dim=-1):
    """A random, differentiable choice of a class (Jang et al., 2017).

    Args:
        tau: temperature; the smaller, the closer to one-hot.
        hard: give one-hot vectors, with the gradient of the soft ones.
    """
    x = floating(logits)
    u = draw("gumbel", (0.0, 1.0, x.shape), x.shape, x._value.dtype)
    soft = softmax((x + u) / tau, dim)
    if not hard:
        return soft
    axis = dim % x.ndim
    picked = one_hot(soft.argmax(axis), x.shape[axis], 1.0, 0.0, -1 if axis == x.ndim - 1 else axis)
    return picked + soft - stop_gradient(soft)
