"""MindSpore's primitives that need more than another name: `mindir_load` has the table.

Each takes the primitive's attributes (a dict) and its arguments: Tensors, numbers, tuples.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

from mslearn import ops
from mslearn.core.dtype import dtype_of, to_numpy
from mslearn.core.primitive import apply, registry
from mslearn.core.tensor import Tensor, as_tensor
from mslearn.graph.control_stage import truth
from mslearn.interchange.mindir_ops import TYPE_IDS
from mslearn.ops.arrange import pad_around
from mslearn.ops.brain_float import bfloat16
from mslearn.ops.families import binary, unary
from mslearn.ops.lstm import LSTMSequence
from mslearn.ops.resize import resize
from mslearn.ops.windows import padding_of

Entry = Callable[..., Any]
BY_ID = {number: name for name, number in TYPE_IDS.items()}


@dataclasses.dataclass(frozen=True)
class Closure:
    """A function of the file with its first arguments; or a choice of two, which has all."""

    function: Any
    args: tuple[Any, ...] = ()


@dataclasses.dataclass(frozen=True)
class Choice:
    """What `Switch` gives: one of two closures, as a test says."""

    test: Tensor
    then: Closure
    els: Closure

    def arm(self, way: bool) -> Closure:
        return self.then if way else self.els


def partial(a: Any, function: Any, *args: Any) -> Closure:
    """A function with some of its arguments."""
    if not isinstance(function, Closure):
        raise TypeError(f"{type(function).__name__} is no function of the file")
    return Closure(function.function, (*function.args, *args))


def switch(a: Any, test: Any, then: Any, els: Any) -> Closure:
    """One of two functions."""
    if not all(isinstance(c, Closure) and isinstance(c.function, str) for c in (then, els)):
        raise TypeError("both ways must be functions of the file")
    return Closure(Choice(truth(as_tensor(test)), then, els))


def plain(function: Callable[..., Any]) -> Entry:
    """A function of the arguments alone."""
    return lambda a, *args: function(*args)


def ints(value: Any) -> tuple[int, ...]:
    """A shape or list of axes, which may come as a tensor."""
    if isinstance(value, Tensor | np.ndarray):
        value = value.tolist()
    return tuple(int(v) for v in value) if isinstance(value, tuple | list) else (int(value),)


def axes(x: Tensor, axis: Any) -> tuple[int, ...]:
    found = () if axis is None else ints(axis)
    return found or tuple(range(x.ndim))


def kind_of(number: Any) -> Any:
    """The dtype that an argument names by MindSpore's number."""
    if not isinstance(number, int) or number not in BY_ID:
        raise TypeError(f"A dtype is named by {number!r}, which is none of {sorted(BY_ID)}.")
    name = BY_ID[number]
    return bfloat16() if name == "BFloat16" else dtype_of(to_numpy(name))


def elementwise(name: str) -> Entry:
    prim: Any = registry[name]
    if len(prim.inputs) == 2:
        return lambda a, x, y: binary(prim, x, y)
    return lambda a, x: unary(prim, x, {})


def reduce_of(name: str) -> Entry:
    def run(a: Any, x: Tensor, axis: Any = (), keep: Any = False, *_: Any) -> Tensor:
        attrs = {"axis": axes(x, axis), "keep_dims": bool(keep)}
        out: Tensor = apply(registry[name], (x,), attrs)
        return out

    return run


def scalar(name: str) -> Entry:
    """``Muls(x, 2)``: a tensor and a number; ``AddExt(x, y, alpha)``."""
    prim: Any = registry[name]

    def run(a: Any, x: Any, y: Any, alpha: Any = 1) -> Tensor:
        return binary(prim, x, y if isinstance(alpha, int) and alpha == 1 else y * alpha)

    return run


def typed(function: Callable[..., Tensor]) -> Entry:
    """A reduction whose last argument is a dtype, or None."""

    def run(a: Any, x: Tensor, axis: Any = None, keep: Any = False, dtype: Any = None) -> Tensor:
        out = function(x, None if axis in (None, ()) else ints(axis), bool(keep))
        return out if dtype is None else out.astype(kind_of(dtype))

    return run


def arg_of(name: str) -> Entry:
    def run(a: Any, x: Tensor, axis: Any = -1, kind: Any = 35, *_: Any) -> Tensor:
        attrs = {"axis": int(axis), "output_type": to_numpy(kind_of(kind))}
        out: Tensor = apply(registry[name], (x,), attrs)
        return out

    return run


def conv(a: dict[str, Any], x: Tensor, w: Tensor) -> Tensor:
    mode = str(a.get("pad_mode", "valid")).lower()
    pad = a.get("pad_list", a.get("pad", 0)) if mode == "pad" else 0
    out: Tensor = ops.conv2d(
        x, w, None, a["stride"][-2:], mode, pad, a["dilation"][-2:], a.get("group", 1)
    )
    return out


def conv_back(a: dict[str, Any], dy: Tensor, other: Tensor, size: Any, which: str) -> Tensor:
    mode = str(a.get("pad_mode", "valid")).lower()
    stride, dilation = tuple(a["stride"][-2:]), tuple(a["dilation"][-2:])
    size = ints(size)[-2:]
    image, window = (size, other.shape[2:]) if which == "Input" else (other.shape[2:], size)
    pad = a.get("pad_list", a.get("pad", 0)) if mode == "pad" else 0
    around = padding_of("Conv2D", mode, pad, image, window, stride, dilation)
    attrs = {"size": size, "stride": stride, "pad": around, "dilation": dilation,
             "group": a.get("group", 1)}  # fmt: skip
    out: Tensor = apply(registry[f"Conv2DBackprop{which}"], (dy, other), attrs)
    return out


def pool(a: dict[str, Any], size: Any) -> dict[str, Any]:
    kernel, stride = tuple(a["kernel_size"][-2:]), tuple(a["strides"][-2:])
    pad = padding_of("MaxPool", a["pad_mode"], 0, size, kernel, stride, (1, 1))
    return {"kernel_size": kernel, "strides": stride, "pad": pad, "dilation": (1, 1)}


def avg_pool(a: Any, x: Tensor, kernel: Any, strides: Any, mode: Any, *_: Any) -> Tensor:
    modes = {1: "same", 2: "valid"}
    if mode not in modes:
        raise ValueError(f"For 'AvgPool', the pad_mode {mode!r} of the file is not known.")
    out: Tensor = ops.AvgPool(ints(kernel)[-2:], ints(strides)[-2:], modes[mode])(x)
    return out


def batch_norm(
    a: Any, x: Tensor, scale: Any, bias: Any, mean: Any, var: Any, training: Any = False,
    eps: float = 1e-5, momentum: float = 0.1, *_: Any,
) -> Any:  # fmt: skip
    return ops.BatchNorm(bool(training), eps, momentum)(x, scale, bias, mean, var)


def layer_norm(
    a: Any, x: Tensor, gamma: Any, beta: Any, axis: int = 1, params: int = 1, eps: float = 1e-7
) -> Any:
    return ops.LayerNorm(axis, params, eps)(x, gamma, beta)


def lstm(a: dict[str, Any], x: Tensor, h: Tensor, c: Tensor, w: Tensor) -> Any:
    """One layer, one direction, as nn.LSTM writes it: weights by input, by state, bias, flat."""
    if a.get("num_layers") != 1 or a.get("bidirectional") or a.get("proj_size"):
        raise ValueError("For 'LSTM', only one layer in one direction can be loaded.")
    size, n = a["hidden_size"], a["input_size"]
    flat, rows = w.reshape((-1,)), 4 * size
    w_ih = flat[: rows * n].reshape((rows, n))
    w_hh = flat[rows * n : rows * (n + size)].reshape((rows, size))
    sums = ops.dense(x, w_ih, flat[rows * (n + size) :] if a.get("has_bias") else None)
    outs, cells, gates = apply(LSTMSequence, (sums, h[0], c[0], w_hh))
    return outs, outs[-1:], cells[-1:], gates, gates


def pad_of(a: dict[str, Any], x: Tensor, paddings: Any, value: Any = None) -> Tensor:
    mode = a.get("mode", "constant")
    number = value.item() if isinstance(value, Tensor | np.ndarray) else value
    flat = ints(paddings)
    if mode != "constant":
        return ops.pad(x, flat, mode)  # type: ignore[no-any-return]
    return ops.pad(x, flat, "constant", number or 0)  # type: ignore[no-any-return]


def gather(a: Any, x: Tensor, index: Tensor, axis: Any, *_: Any) -> Tensor:
    out: Tensor = ops.gather(x, index, ints(axis)[0])
    return out


def split_of(a: Any, x: Tensor, axis: int, count: int) -> Any:
    return ops.split(x, x.shape[axis] // count, axis)


def strided(a: Any, x: Tensor, begin: Any, end: Any, strides: Any, *masks: int) -> Tensor:
    ends = (ints(v) for v in (begin, end, strides))
    out: Tensor = ops.strided_slice(x, *ends, *masks)
    return out


def top_k(a: dict[str, Any], x: Tensor, k: Any) -> Any:
    return ops.topk(x, ints(k)[0], None, True, bool(a.get("sorted", True)))


def dropout(a: dict[str, Any], x: Tensor, *rest: Any) -> Any:
    keep = float(rest[0] if rest else a.get("keep_prob", 0.5))
    mask = ops.dropout(ops.ones_like(x), 1 - keep)
    return x * mask, mask != 0


def softmax(a: Any, x: Tensor, axis: Any = -1, *_: Any) -> Tensor:
    out: Tensor = ops.softmax(x, ints(axis)[0])
    return out


def one_hot(a: Any, index: Tensor, depth: Any, on: Any, off: Any, axis: int = -1) -> Tensor:
    out: Tensor = ops.one_hot(index, ints(depth)[0], on, off, axis)
    return out


def prelu(a: Any, x: Tensor, w: Tensor) -> Tensor:
    out: Tensor = ops.prelu(x, w)
    return out


def max_pool_3d(a: dict[str, Any], x: Tensor) -> Any:
    return ops.max_pool3d(
        x, a["ksize"], a["strides"], a["pads"], a.get("dilation", 1), a.get("ceil_mode", False),
        True,
    )  # fmt: skip


def avg_pool_3d(a: dict[str, Any], x: Tensor) -> Tensor:
    kernel, stride = a["kernel_size"][-3:], a["strides"][-3:]
    mode = str(a["pad_mode"]).lower()
    if mode != "pad":
        return ops.AvgPool3D(kernel, stride, mode)(x)
    out: Tensor = ops.avg_pool3d(
        x, kernel, stride, a["pad_list"], a.get("ceil_mode", False),
        a.get("count_include_pad", True), a.get("divisor_override", 0),
    )  # fmt: skip
    return out


def conv_3d(a: dict[str, Any], x: Tensor, w: Tensor) -> Tensor:
    mode = str(a["pad_mode"]).lower()
    pad = a.get("pad_list", a.get("pad", 0)) if mode == "pad" else 0
    stride, dilation = (a[k][-3:] for k in ("stride", "dilation"))
    return ops.conv3d(x, w, None, stride, mode, pad, dilation, a.get("group", 1))


def resized(kind: str) -> Entry:
    return lambda a, x, size, align=False, half=False: resize(
        x, ints(size), kind, bool(align), bool(half)
    )


def mirror_pad(a: dict[str, Any], x: Tensor, paddings: Any) -> Tensor:
    pairs = [tuple(map(int, pair)) for pair in paddings.tolist()]
    mode = {"REFLECT": "reflect", "SYMMETRIC": "symmetric"}[a["mode"]]
    return pad_around(x, pairs, mode)


def group_norm(a: Any, x: Tensor, groups: int, gamma: Any, beta: Any, eps: float = 1e-5) -> Any:
    y = ops.group_norm(x, groups, gamma, beta, eps)
    return y, None, None


def l2_normalize(a: dict[str, Any], x: Tensor, axis: Any = None, eps: float = 1e-4) -> Tensor:
    over = ints(a.get("axis", 0) if axis is None else axis)
    square = (x * x).sum(over, True).maximum(a.get("epsilon", eps))
    return x / square.sqrt()


def extreme(pick: Any) -> Entry:
    found = ops.max if pick is max else ops.min
    return lambda a, x, axis=0, keep=False: found(x, axis, bool(keep))[::-1]


def bce(a: Any, x: Tensor, y: Tensor, weight: Any, pos: Any, how: int = 1) -> Tensor:
    """With a number for the reduction: 0 none, 1 mean, 2 sum."""
    reduction = ("none", "mean", "sum")[how]
    return ops.binary_cross_entropy_with_logits(x, y, weight, pos, reduction)
