"""Operations of neural networks: bias, activations, softmax, dropout."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from mslearn.core import random
from mslearn.core.errors import DtypeError, ShapeError
from mslearn.core.primitive import Primitive, apply
from mslearn.core.state import state
from mslearn.core.tensor import Tensor, as_tensor
from mslearn.ops.compare import Select
from mslearn.ops.elementwise import Erf, Exp, Log1p, Maximum, Sigmoid, Tanh
from mslearn.ops.families import Elementwise, ReduceSum, cast, floating
from mslearn.ops.gelu_rules import GeLU

__all__ = [
    "dropout", "elu", "gelu", "leaky_relu", "log_softmax", "relu", "silu", "softmax",
    "softplus",
]  # fmt: skip


_LARGE = 1 << 12  # elements


class BiasAdd(Primitive):
    """A vector added to each row: axis 1 of x is the channel axis."""

    inputs = ("x", "b")
    lower = {"onnx": "Add"}

    def kernel(x, b):
        return x + (b if x.ndim == 2 else b.reshape((-1,) + (1,) * (x.ndim - 2)))

    def infer(x, b):
        if len(x.shape) < 2 or len(b.shape) != 1 or x.shape[1] != b.shape[0]:
            raise ShapeError(
                f"For 'BiasAdd', the bias must be a vector with one number a channel (axis 1 of "
                f"x), but got x {list(x.shape)} and b {list(b.shape)}."
            )
        return x.shape, x.dtype

    vjp = (
        lambda ct, out, x, b: ct,
        lambda ct, out, x, b: apply(
            ReduceSum,
            (ct,),
            {"axis": tuple(i for i in range(ct.ndim) if i != 1), "keep_dims": False},
        ),
    )

    def jvp(tangents, out, x, b):
        tx, tb = tangents
        if tb is None:
            return tx
        zero = tx if tx is not None else Tensor.wrap(np.zeros(x.shape, x._value.dtype))
        return apply(BiasAdd, (zero, tb))


class ReLU(Elementwise):
    """max(x, 0); its derivative at 0 is taken as 0."""

    api, method = "relu(input)", "relu"
    lower = {"onnx": "Relu"}

    def kernel(x):
        if x.size > _LARGE and x.dtype.kind == "f":  # NumPy's clip is vectorized, maximum with a
            return np.clip(x, 0, np.inf)  # number is not: 27 against 83 us for 221,000 floats
        return np.maximum(x, x.dtype.type(0))

    partials = (lambda out, x: cast(out > 0, out._value.dtype),)
    # One pass instead of a comparison, a cast and a product.
    vjp = (lambda ct, out, x: apply(ReluGrad, (ct, out)),)


class ReluGrad(Primitive):
    """The gradient of ReLU: `y_backprop` where the output `x` is positive, else 0."""

    inputs = ("y_backprop", "x")

    def kernel(y_backprop, x):
        return y_backprop * (x > 0)

    def infer(y_backprop, x):
        return x.shape, x.dtype

    vjp = (lambda ct, out, dy, x: apply(ReluGrad, (ct, x)), None)

    def jvp(tangents, out, dy, x):
        return None if tangents[0] is None else apply(ReluGrad, (tangents[0], x))


def _sums(x: np.ndarray, axis: int) -> np.ndarray:
    """Sums along an axis, which stays; along short rows by a product, six times as fast."""
    last = x.ndim and axis in (-1, x.ndim - 1)
    if last and type(x) is np.ndarray and x.shape[-1] <= 1024 and x.dtype.char in "fd":
        return np.matmul(x, np.ones((x.shape[-1], 1), x.dtype))
    return x.sum(axis, keepdims=True)


class Softmax(Primitive):
    """exp(x) divided by its sum along `axis`: positive numbers that add up to 1."""

    params = {"axis": -1}
    lower = {"onnx": "Softmax"}

    def kernel(x, axis):
        e = x - x.max(axis, keepdims=True)
        np.exp(e, out=e)
        e /= _sums(e, axis)
        return e

    def infer(x, axis):
        return x.shape, x.dtype

    # The Jacobian is symmetric, so the tangent takes the same way as the cotangent.
    vjp = (lambda ct, out, x, axis: apply(SoftmaxGrad, (ct, out), {"axis": axis}),)

    def jvp(tangents, out, x, axis):
        return apply(SoftmaxGrad, (tangents[0], out), {"axis": axis})


class SoftmaxGrad(Primitive):
    """y (dy - sum(dy y)): the gradient of Softmax, whose result is `y`."""

    inputs = ("dy", "y")
    static = {"axis": -1}

    def kernel(dy, y, axis):
        out = dy * y
        np.subtract(dy, _sums(out, axis), out=out)
        out *= y
        return out

    def infer(dy, y, axis):
        return y.shape, y.dtype

    vjp = (
        lambda ct, out, dy, y, axis: apply(SoftmaxGrad, (ct, y), {"axis": axis}),
        lambda ct, out, dy, y, axis: (
            ct * (dy - (dy * y).sum(axis, True)) - dy * (ct * y).sum(axis, True)
        ),
    )

    def jvp(tangents, out, dy, y, axis):
        tdy, ty = tangents
        total = y * 0 if tdy is None else apply(SoftmaxGrad, (tdy, y), {"axis": axis})
        if ty is None:
            return total
        return total + ty * (dy - (dy * y).sum(axis, True)) - y * (dy * ty).sum(axis, True)


class LogSoftmax(Primitive):
    """The logarithm of softmax along `axis`, computed without overflow."""

    params = {"axis": -1}
    lower = {"onnx": "LogSoftmax"}

    def kernel(x, axis):
        shifted = x - x.max(axis, keepdims=True)
        shifted -= np.log(_sums(np.exp(shifted), axis))
        return shifted

    def infer(x, axis):
        return x.shape, x.dtype

    def vjp(ct, out, x, axis):
        if state.active or type(out._value) is not np.ndarray:
            return (ct - apply(Exp, (out,)) * ct.sum(axis, True),)
        g, e = ct._value, np.exp(out._value)  # nobody watches: the same in one go
        e *= -_sums(g, axis)
        e += g
        return (Tensor.wrap(e),)

    def jvp(tangents, out, x, axis):
        t = tangents[0]
        return t - (apply(Exp, (out,)) * t).sum(axis, True)


class DropoutMask(Primitive):
    """Independent 0s (with probability `p`) and 1/(1-p)s; a function of its key alone."""

    inputs = ()
    params = {"shape": (), "p": 0.5, "dtype": None, "key": (0, 0)}

    def kernel(shape, p, dtype, key):
        keep = random.generator(key).random(shape, np.float32) >= p
        return keep.astype(dtype) * dtype.type(1 / (1 - p))

    def infer(shape, p, dtype, key):
        return shape, dtype


def relu(input, inplace=False):
    """max(x, 0), element by element."""
    return apply(ReLU, (as_tensor(input),))


def _axis(name: str, x: Tensor, axis: int) -> dict[str, Any]:
    if not -x.ndim <= axis < x.ndim:
        raise ValueError(
            f"For '{name}', the axis must be in [{-x.ndim}, {x.ndim}) for shape {list(x.shape)}, "
            f"but got {axis}."
        )
    return {"axis": axis}


def _only_floating(name: str, input: Any) -> Tensor:
    x = as_tensor(input)
    if x._value.dtype.kind not in "fV":
        raise DtypeError(
            f"For '{name}', the input must be floating, but got {x.dtype}. Cast it first: "
            f"x.astype(mslearn.float32)."
        )
    return x


def softmax(input, axis=-1, *, dtype=None):
    """exp(x) divided by its sum along `axis`."""
    x = _only_floating("softmax", input if dtype is None else as_tensor(input).astype(dtype))
    return apply(Softmax, (x,), _axis("softmax", x, axis))


def log_softmax(logits, axis=-1):
    """The logarithm of softmax along `axis`."""
    x = _only_floating("log_softmax", logits)
    return apply(LogSoftmax, (x,), _axis("log_softmax", x, axis))


def gelu(input, approximate="none"):
    """x times the standard normal distribution function (Hendrycks & Gimpel, 2016).

    Args:
        approximate: ``"none"`` uses erf, ``"tanh"`` the published tanh approximation.
    """
    x = floating(input)
    if approximate == "none":
        return 0.5 * x * (1 + apply(Erf, (x / math.sqrt(2),)))
    if approximate != "tanh":
        raise ValueError(f"For 'gelu', approximate is 'none' or 'tanh', but got {approximate!r}.")
    if state.capture is None:
        return apply(GeLU, (x,))
    # A graph shows the plain operations, which every format knows and whose chain may be fused.
    return 0.5 * x * (1 + apply(Tanh, (math.sqrt(2 / math.pi) * (x + 0.044715 * x * x * x),)))


def silu(input, inplace=False):
    """x * sigmoid(x)."""
    x = floating(input)
    return x * apply(Sigmoid, (x,))


def leaky_relu(input, alpha=0.2):
    """x where positive, else alpha * x."""
    x, own = floating(input), as_tensor(input)._value.dtype
    return cast(x.maximum(0.0) + alpha * x.minimum(0.0), own)


def elu(input_x, alpha=1.0):
    """x where positive, else alpha * (exp(x) - 1)."""
    x = floating(input_x)
    above = relu(x)
    return above + alpha * (x - above).expm1()


def softplus(input, beta=1, threshold=20):
    """log(1 + exp(beta * x)) / beta; x itself where beta * x exceeds `threshold`."""
    x = floating(input)
    z = x * beta
    smooth = apply(Maximum, (z, z * 0)) + apply(Log1p, (apply(Exp, (-z.abs(),)),))
    return apply(Select, (z > threshold, x, smooth / beta))


def dropout(input, p=0.5, training=True, seed=None):
    """Elements set to 0 with probability `p`, the others scaled by 1/(1-p), while training."""
    if not 0 <= p <= 1:
        raise ValueError(f"For 'dropout', p must be in [0, 1], but got {p}.")
    if not training:
        return as_tensor(input)
    x = floating(input)
    if p == 0:
        return x
    if p == 1:
        return x * 0
    key = random.op_key() if seed is None else (seed, 0)
    attrs = {"shape": x.shape, "p": float(p), "dtype": x._value.dtype, "key": key}
    return x * apply(DropoutMask, (), attrs)
