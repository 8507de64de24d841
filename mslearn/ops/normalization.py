"""Normalization: numbers shifted and scaled to mean 0 and variance 1, then times scale plus bias.

`BatchNorm` takes mean and variance over the batch and space, for each channel (Ioffe & Szegedy,
2015); `LayerNorm` over the last axes, for each sample (Ba et al., 2016). Group and instance
normalization are one of these on a reshaped tensor. With n the normalized numbers, r = 1 /
sqrt(var + epsilon) and m(…) the mean over what is normalized together, the derivative of n along
t is R(t) = r (t - m(t) - n m(t n)). R is its own adjoint, and differentiates again to
-r (R(g) m(n t) + R(t) m(n g) + n m(R(g) t)): that is all that the rules below use.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from mslearn.core.errors import ShapeError
from mslearn.core.primitive import Primitive, apply
from mslearn.core.state import state
from mslearn.core.tensor import Tensor, as_tensor
from mslearn.ops.control import assign, stop_gradient
from mslearn.ops.families import Reshape, cast, floating, sum_to
from mslearn.ops.reduce import ReduceMean

__all__ = ["batch_norm", "group_norm", "instance_norm", "layer_norm"]


def _moments(x: np.ndarray, batch: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean, distance from it, and variance of x (a, b, d) over d, and over a too with `batch`."""
    mean = x.mean(2, keepdims=True).mean(0, keepdims=True) if batch else _rows_mean(x)
    d = x - mean
    var = _dot(d, d, batch)
    return mean, d, var


def _rows_mean(x: np.ndarray) -> np.ndarray:
    """The mean over the last axis, by a matrix product: four times as fast as `mean` on rows."""
    n = x.shape[2]
    return np.matmul(x, np.full((n, 1), 1 / max(n, 1), x.dtype))


def _dot(x: np.ndarray, y: np.ndarray, batch: bool) -> np.ndarray:
    mean = np.einsum("abd,abd->ab", x, y)[:, :, None] / np.asarray(x.shape[2], x.dtype)
    return mean.mean(0, keepdims=True) if batch else mean


class BatchNorm(Primitive):
    """x (N, C, …) normalized for each channel over N and space, times scale (C,) plus bias (C,).

    Returns y and the batch's mean and variance (C,). The kernel's `axis` is None: LayerNorm, which
    shares these rules, has its first normalized axis there.
    """

    inputs = ("x", "scale", "bias")
    lower = {"onnx": "BatchNormalization"}

    def __init__(self, is_training=False, epsilon=1e-5, momentum=0.1, data_format="NCHW"):
        self.attrs = {"is_training": is_training, "epsilon": epsilon, "momentum": momentum}

    def __call__(self, input_x, scale, bias, mean, variance):
        a, x = self.attrs, as_tensor(input_x)
        if not a["is_training"]:
            return _with_statistics(x, scale, bias, mean, variance, a["epsilon"]), *[scale] * 4
        y, m, v = _trained(x, scale, bias, mean, variance, a["momentum"], a["epsilon"])
        return y, m, v, m, v

    def kernel(x, scale, bias, axis, epsilon):
        BatchNorm.infer(x, scale, bias, axis, epsilon)  # np.reshape would let wrong sizes pass
        shape, stats = _folded(x.shape, axis)
        batch = axis is None
        s, b = (v.reshape((1, -1, 1) if batch else (1, 1, -1)) for v in (scale, bias))
        # Whole arrays: blocks that fit the cache, and two threads, were both slower (0.8 and 0.9
        # against 0.55 ms for 32×16×32×32).
        mean, out, var = _moments(x.reshape(shape), batch)
        r = 1 / np.sqrt(var + x.dtype.type(epsilon))
        if batch:
            out *= r * s
        else:
            out *= r
            out *= s
        out += b
        return out.reshape(x.shape), mean.reshape(stats), var.reshape(stats)

    def infer(x, scale, bias, axis, epsilon):
        name, ndim = "BatchNorm" if axis is None else "LayerNorm", len(x.shape)
        if ndim < 2 and axis is None:
            raise ShapeError(
                f"For '{name}', the input must be (N, C, …), but got shape {list(x.shape)}."
            )
        wanted = (x.shape[1],) if axis is None else tuple(x.shape[axis:])
        if tuple(scale.shape) != wanted or tuple(bias.shape) != wanted:
            raise ShapeError(
                f"For '{name}', an input of shape {list(x.shape)} needs a scale and a bias of "
                f"shape {list(wanted)}, but got {list(scale.shape)} and {list(bias.shape)}. Make "
                f"the layer for {list(wanted)}, or check the order of the input's axes."
            )
        stats = _folded(tuple(x.shape), axis)[1]
        return (x.shape, stats, stats), (x.dtype,) * 3

    def vjp(ct, out, x, scale, bias, axis, epsilon):
        attrs = {"axis": axis, "epsilon": epsilon}
        dx, ds, db = apply(_grad(axis), (ct[0], x, scale), attrs)
        # Mean and variance mostly lead nowhere; their cotangents then are zeros. (With an outer
        # observer a zero may still stand for something that has a derivative.)
        if state.observers or not (_no_numbers(ct[1]) and _no_numbers(ct[2])):
            n, r = _normal(x, axis, epsilon)
            by_mean, by_var = _like(ct[1], x, axis), _like(ct[2], x, axis)
            dx = dx + (by_mean + 2 * by_var * n / r) * (out[1].size / max(x.size, 1))
        return dx, ds, db

    def jvp(tangents, out, x, scale, bias, axis, epsilon):
        (tx, ts, tb), total = tangents, x * 0
        n, r = _normal(x, axis, epsilon)
        tm = tv = Tensor.wrap(np.zeros(out[1].shape, x._value.dtype))
        if tx is not None:
            total = total + _turn(tx, x, axis, epsilon) * _like(scale, x, axis)
            tm = _mean(tx, axis).reshape(tm.shape)
            tv = (2 * _mean(n * tx, axis) / r).reshape(tm.shape)
        if ts is not None:
            total = total + n * _like(ts, x, axis)
        return total if tb is None else total + _like(tb, x, axis), tm, tv


class BatchNormGrad(Primitive):
    """The gradients of BatchNorm by x, scale and bias, from dy (shape of x), x and scale."""

    inputs = ("dy", "x", "scale")

    def kernel(dy, x, scale, axis, epsilon):
        shape, _ = _folded(x.shape, axis)
        batch, ct = axis is None, dy.reshape(shape)
        s = scale.reshape((1, -1, 1) if batch else (1, 1, -1))
        _, d, var = _moments(x.reshape(shape), batch)
        r = 1 / np.sqrt(var + x.dtype.type(epsilon))
        if batch:
            own, slope = _dot(ct, d, True) * r, ct.mean(2, keepdims=True).mean(0)[None]
            count = x.dtype.type(shape[0] * shape[2])
            ds, db = own * count, slope * count
            d *= own * r
            np.subtract(ct, d, out=d)
            d -= slope
            d *= r * s
        else:
            d *= r  # the normalized numbers
            rows = np.ones((1, shape[0]), x.dtype)
            ds, db = rows @ (ct * d)[:, 0], rows @ ct[:, 0]
            g = ct * s
            d *= _dot(g, d, False)
            np.subtract(g, d, out=d)
            d -= _rows_mean(g)  # the mean of the normalized numbers is 0
            d *= r
        return d.reshape(x.shape), ds.reshape(scale.shape), db.reshape(scale.shape)

    def infer(dy, x, scale, axis, epsilon):
        return (x.shape, scale.shape, scale.shape), (x.dtype,) * 3

    def vjp(ct, out, dy, x, scale, axis, epsilon):
        c, (cs, cb, s) = ct[0], (_like(v, x, axis) for v in (ct[1], ct[2], scale))
        turned = _turn(c, x, axis, epsilon)
        n, _ = _normal(x, axis, epsilon)
        by_x = _second(c, dy * s, x, axis, epsilon) + _turn(cs * dy, x, axis, epsilon)
        by_scale = sum_to(dy * turned, s.shape).reshape(scale.shape)
        return s * turned + cs * n + cb, by_x, by_scale

    def jvp(tangents, out, dy, x, scale, axis, epsilon):
        (tdy, tx, ts), s = tangents, _like(scale, x, axis)
        n, _ = _normal(x, axis, epsilon)
        slope = rows = sums = x * 0
        if tdy is not None:
            slope, rows, sums = tdy * s, tdy * n, tdy
        if ts is not None:
            slope = slope + dy * _like(ts, x, axis)
        dx = _turn(slope, x, axis, epsilon)
        if tx is not None:
            dx = dx + _second(tx, dy * s, x, axis, epsilon)
            rows = rows + dy * _turn(tx, x, axis, epsilon)
        return dx, *(sum_to(v, s.shape).reshape(scale.shape) for v in (rows, sums))


class LayerNorm(BatchNorm):
    """x normalized over the axes from `axis` on, times scale plus bias, both of those axes' shape.

    Returns y and mean and variance, whose normalized axes have size 1.
    """

    lower = {"onnx": "LayerNormalization"}

    def __init__(self, begin_norm_axis=1, begin_params_axis=1, epsilon=1e-7):
        self.attrs = {
            "begin_norm_axis": begin_norm_axis, "begin_params_axis": begin_params_axis,
            "epsilon": epsilon,
        }  # fmt: skip

    def __call__(self, x, gamma, beta):
        a, t = self.attrs, as_tensor(x)
        for k in ("begin_norm_axis", "begin_params_axis"):
            if not -1 <= a[k] < t.ndim:
                raise ShapeError(
                    f"For 'LayerNorm', {k} must be in [-1, {t.ndim}) for shape {list(t.shape)}, "
                    f"but got {a[k]}. Count the axis from the front."
                )
        at, params = (a[k] % t.ndim for k in ("begin_norm_axis", "begin_params_axis"))
        if at == params:
            return apply(LayerNorm, (t, gamma, beta), {"axis": at, "epsilon": a["epsilon"]})
        y, mean, var = apply(LayerNorm, (t, *_plain(t.shape[at:], t)), _attrs(at, a["epsilon"]))
        return y * gamma + beta, mean, var


class LayerNormGrad(BatchNormGrad):
    """The gradients of LayerNorm by x, scale and bias, from dy (shape of x), x and scale."""


def _no_numbers(ct: Tensor) -> bool:
    """Whether it is known to be zeros, in a graph too."""
    return isinstance(ct._value, np.ndarray) and not ct._value.any()


def _attrs(axis: int | None, epsilon: float) -> dict[str, Any]:
    return {"axis": axis, "epsilon": epsilon}


def _grad(axis: int | None) -> type[Primitive]:
    return BatchNormGrad if axis is None else LayerNormGrad


def _folded(shape: Any, axis: int | None) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """(a, b, d) as the arithmetic sees a shape, and the shape of its mean."""
    if axis is None:
        return (shape[0], shape[1], math.prod(shape[2:])), (shape[1],)
    lead, rest = tuple(shape[:axis]), shape[axis:]
    return (math.prod(lead), 1, math.prod(rest)), (*lead, *[1] * len(rest))


def _like(v: Tensor, x: Tensor, axis: int | None) -> Tensor:
    return v if axis is not None else v.reshape((1, -1) + (1,) * (x.ndim - 2))


def _mean(x: Tensor, axis: int | None) -> Tensor:
    over = (0, *range(2, x.ndim)) if axis is None else tuple(range(axis, x.ndim))
    return apply(ReduceMean, (x,), {"axis": over, "keep_dims": True})


def _normal(x: Tensor, axis: int | None, epsilon: float) -> tuple[Tensor, Tensor]:
    """The normalized numbers and r, in traced operations."""
    d = x - _mean(x, axis)
    r = (_mean(d * d, axis) + epsilon).rsqrt()
    return d * r, r


def _turn(t: Tensor, x: Tensor, axis: int | None, epsilon: float) -> Tensor:
    """R(t) of the module's text."""
    shape = (x.shape[1],) if axis is None else x.shape[axis:]
    return apply(_grad(axis), (t, x, _plain(shape, x)[0]), _attrs(axis, epsilon))[0]


def _second(c: Tensor, g: Tensor, x: Tensor, axis: int | None, epsilon: float) -> Tensor:
    """The derivative of R(g) along c; the same with c and g exchanged."""
    n, r = _normal(x, axis, epsilon)
    rc, rg = _turn(c, x, axis, epsilon), _turn(g, x, axis, epsilon)
    return -r * (rg * _mean(n * c, axis) + rc * _mean(n * g, axis) + n * _mean(rg * c, axis))


def _plain(shape: tuple[int, ...], x: Tensor) -> tuple[Tensor, Tensor]:
    """A scale of ones and a bias of zeros."""
    dtype = x._value.dtype
    return Tensor.wrap(np.ones(shape, dtype)), Tensor.wrap(np.zeros(shape, dtype))


def _with_statistics(
    x: Tensor, scale: Any, bias: Any, mean: Any, variance: Any, epsilon: float
) -> Tensor:
    for v in (scale, bias, mean, variance):
        if x.ndim < 2 or v.shape != (x.shape[1],):
            BatchNorm.infer(x, v, v, None, epsilon)
    factor = scale * (variance + epsilon).rsqrt()
    shift = bias - mean * factor
    return x * _like(factor, x, None) + _like(shift, x, None)


def _trained(
    x: Tensor, scale: Tensor, bias: Tensor, mean: Tensor, variance: Tensor, momentum: float,
    epsilon: float,
) -> tuple[Tensor, Tensor, Tensor]:  # fmt: skip
    """Normalize by the batch, and move the running statistics towards it in place."""
    y, m, v = apply(BatchNorm, (x, scale, bias), _attrs(None, epsilon))
    count = x.size // max(x.shape[1], 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        unbiased = np.float32(count) / np.float32(count - 1)  # one value has no variance: nan
    for running, now in ((mean, m), (variance, v * float(unbiased))):
        if running is not None:
            assign(running, running * (1 - momentum) + stop_gradient(now) * momentum)
    return y, m, v


def batch_norm(
    input_x, running_mean, running_var, weight, bias, training=False, momentum=0.1, eps=1e-5
):
    """Each channel normalized: by its running statistics, or while training by the batch's own.

    Args:
        input_x: (N, C, …).
        running_mean, running_var: (C,). While training they become (1 - momentum) * old +
            momentum * the batch's, in place, with the unbiased variance (divided by n - 1).
        weight, bias: (C,), multiplied and added afterwards.
        momentum: the share of the new. nn.BatchNorm2d counts the other way: its momentum is
            the share of the old.
        eps: added to the variance.
    """
    x = floating(input_x)
    ones, zeros = _plain(x.shape[1:2], x)
    w, b = (ones if weight is None else weight), (zeros if bias is None else bias)
    if training:
        out = _trained(x, w, b, running_mean, running_var, momentum, eps)[0]
    else:
        out = _with_statistics(x, w, b, running_mean, running_var, eps)
    return cast(out, x._value.dtype)  # the statistics may have a wider dtype


def layer_norm(input, normalized_shape, weight=None, bias=None, eps=1e-5):
    """Each sample normalized over its last axes, whose sizes are `normalized_shape`.

    >>> import mslearn as ms
    >>> print(ms.ops.layer_norm(ms.Tensor([[1.0, 3.0]]), (2,)))
    [[-0.999995  0.999995]]
    """
    x, sizes = floating(input), tuple(normalized_shape)
    ones, zeros = _plain(sizes, x)
    w, b = ones if weight is None else as_tensor(weight), zeros if bias is None else as_tensor(bias)
    if not sizes or x.shape[-len(sizes) :] != sizes:
        raise ShapeError(
            f"For 'layer_norm', the last axes of the input must be normalized_shape = "
            f"{list(sizes)}, but got shape {list(x.shape)}."
        )
    return apply(LayerNorm, (x, w, b), _attrs(x.ndim - len(sizes), eps))[0]


def group_norm(input, num_groups, weight=None, bias=None, eps=1e-5):
    """The channels of each sample in `num_groups` groups, each normalized (Wu & He, 2018).

    Shapes: input (N, C, …), weight and bias (C,); num_groups divides C.
    """
    x = floating(input)
    if x.ndim < 2 or not isinstance(num_groups, int) or num_groups < 1 or x.shape[1] % num_groups:
        raise ShapeError(
            f"For 'group_norm', num_groups must divide the channels (axis 1), but got {num_groups} "
            f"for shape {list(x.shape)}."
        )
    wide = apply(
        Reshape,
        (x,),
        {"shape": (x.shape[0], num_groups, x.size // max(x.shape[0] * num_groups, 1))},
    )
    y = apply(LayerNorm, (wide, *_plain(wide.shape[2:], x)), _attrs(2, eps))[0].reshape(x.shape)
    y = y if weight is None else y * _like(as_tensor(weight), x, None)
    return y if bias is None else y + _like(as_tensor(bias), x, None)


def instance_norm(input, weight=None, bias=None, eps=1e-5):
    """Each channel of each sample normalized over space; input (N, C, …), weight and bias (C,)."""
    return group_norm(input, as_tensor(input).shape[1], weight, bias, eps)
