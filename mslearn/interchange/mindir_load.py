"""MindSpore's primitives as they stand in MindIR files, in terms of our operations.

Each entry takes the primitive's attributes (a dict) and its arguments: Tensors, numbers, tuples.
A graph is run by calling them one after the other, so tapes, captures and free batch sizes work
as they do for any network.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from mslearn import ops
from mslearn.core.dtype import dtype_of, to_numpy
from mslearn.core.primitive import apply, registry
from mslearn.core.tensor import Tensor, as_tensor
from mslearn.interchange.mindir_ops import TYPE_IDS
from mslearn.ops.arrange import pad_around, pad_pairs
from mslearn.ops.families import Elementwise, binary, cast, unary
from mslearn.ops.losses_more import sparse_softmax_cross_entropy_with_logits
from mslearn.ops.lstm import LSTMSequence
from mslearn.ops.pool import max_like
from mslearn.ops.resize import resize
from mslearn.ops.sorting import with_value
from mslearn.ops.windows import padding_of

Entry = Callable[..., Any]
_BY_ID = {number: name for name, number in TYPE_IDS.items()}


def _plain(function: Callable[..., Any]) -> Entry:
    """A function of the arguments alone."""
    return lambda a, *args: function(*args)


def _ints(value: Any) -> tuple[int, ...]:
    """A shape or list of axes, which may come as a tensor."""
    if isinstance(value, Tensor | np.ndarray):
        value = value.tolist()
    return tuple(int(v) for v in value) if isinstance(value, tuple | list) else (int(value),)


def _axes(x: Tensor, axis: Any) -> tuple[int, ...]:
    found = () if axis is None else _ints(axis)
    return found or tuple(range(x.ndim))


def _kind(number: Any) -> Any:
    """The dtype that an argument names by MindSpore's number."""
    if not isinstance(number, int) or number not in _BY_ID:
        raise TypeError(f"A dtype is named by {number!r}, which is none of {sorted(_BY_ID)}.")
    return dtype_of(to_numpy(_BY_ID[number]))


def _elementwise(name: str) -> Entry:
    prim: Any = registry[name]
    if len(prim.inputs) == 2:
        return lambda a, x, y: binary(prim, x, y)
    return lambda a, x: unary(prim, x, {})


def _reduce(name: str) -> Entry:
    def run(a: Any, x: Tensor, axis: Any = (), keep: Any = False, *_: Any) -> Tensor:
        attrs = {"axis": _axes(x, axis), "keep_dims": bool(keep)}
        out: Tensor = apply(registry[name], (x,), attrs)
        return out

    return run


def _scalar(name: str) -> Entry:
    """``Muls(x, 2)``: a tensor and a number; ``AddExt(x, y, alpha)``."""
    prim: Any = registry[name]

    def run(a: Any, x: Any, y: Any, alpha: Any = 1) -> Tensor:
        return binary(prim, x, y if isinstance(alpha, int) and alpha == 1 else y * alpha)

    return run


def _typed(function: Callable[..., Tensor]) -> Entry:
    """A reduction whose last argument is a dtype, or None."""

    def run(a: Any, x: Tensor, axis: Any = None, keep: Any = False, dtype: Any = None) -> Tensor:
        out = function(x, None if axis in (None, ()) else _ints(axis), bool(keep))
        return out if dtype is None else out.astype(_kind(dtype))

    return run


def _arg(name: str) -> Entry:
    def run(a: Any, x: Tensor, axis: Any = -1, kind: Any = 35, *_: Any) -> Tensor:
        attrs = {"axis": int(axis), "output_type": to_numpy(_kind(kind))}
        out: Tensor = apply(registry[name], (x,), attrs)
        return out

    return run


def _conv(a: dict[str, Any], x: Tensor, w: Tensor) -> Tensor:
    mode = str(a.get("pad_mode", "valid")).lower()
    pad = a.get("pad_list", a.get("pad", 0)) if mode == "pad" else 0
    out: Tensor = ops.conv2d(
        x, w, None, a["stride"][-2:], mode, pad, a["dilation"][-2:], a.get("group", 1)
    )
    return out


def _conv_back(a: dict[str, Any], dy: Tensor, other: Tensor, size: Any, which: str) -> Tensor:
    mode = str(a.get("pad_mode", "valid")).lower()
    stride, dilation = tuple(a["stride"][-2:]), tuple(a["dilation"][-2:])
    size = _ints(size)[-2:]
    image, window = (size, other.shape[2:]) if which == "Input" else (other.shape[2:], size)
    pad = a.get("pad_list", a.get("pad", 0)) if mode == "pad" else 0
    around = padding_of("Conv2D", mode, pad, image, window, stride, dilation)
    attrs = {"size": size, "stride": stride, "pad": around, "dilation": dilation,
             "group": a.get("group", 1)}  # fmt: skip
    out: Tensor = apply(registry[f"Conv2DBackprop{which}"], (dy, other), attrs)
    return out


def _pool(a: dict[str, Any], size: Any) -> dict[str, Any]:
    kernel, stride = tuple(a["kernel_size"][-2:]), tuple(a["strides"][-2:])
    pad = padding_of("MaxPool", a["pad_mode"], 0, size, kernel, stride, (1, 1))
    return {"kernel_size": kernel, "strides": stride, "pad": pad, "dilation": (1, 1)}


def _avg_pool(a: Any, x: Tensor, kernel: Any, strides: Any, mode: Any, *_: Any) -> Tensor:
    modes = {1: "same", 2: "valid"}
    if mode not in modes:
        raise ValueError(f"For 'AvgPool', the pad_mode {mode!r} of the file is not known.")
    out: Tensor = ops.AvgPool(_ints(kernel)[-2:], _ints(strides)[-2:], modes[mode])(x)
    return out


def _batch_norm(
    a: Any, x: Tensor, scale: Any, bias: Any, mean: Any, var: Any, training: Any = False,
    eps: float = 1e-5, momentum: float = 0.1, *_: Any,
) -> Any:  # fmt: skip
    return ops.BatchNorm(bool(training), eps, momentum)(x, scale, bias, mean, var)


def _layer_norm(
    a: Any, x: Tensor, gamma: Any, beta: Any, axis: int = 1, params: int = 1, eps: float = 1e-7
) -> Any:
    return ops.LayerNorm(axis, params, eps)(x, gamma, beta)


def _lstm(a: dict[str, Any], x: Tensor, h: Tensor, c: Tensor, w: Tensor) -> Any:
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


def _pad(a: dict[str, Any], x: Tensor, paddings: Any, value: Any = None) -> Tensor:
    mode = a.get("mode", "constant")
    number = value.item() if isinstance(value, Tensor | np.ndarray) else value
    flat = _ints(paddings)
    if mode != "constant":
        return ops.pad(x, flat, mode)  # type: ignore[no-any-return]
    return ops.pad(x, flat, "constant", number or 0)  # type: ignore[no-any-return]


def _gather(a: Any, x: Tensor, index: Tensor, axis: Any, *_: Any) -> Tensor:
    out: Tensor = ops.gather(x, index, _ints(axis)[0])
    return out


def _split(a: Any, x: Tensor, axis: int, count: int) -> Any:
    return ops.split(x, x.shape[axis] // count, axis)


def _strided(a: Any, x: Tensor, begin: Any, end: Any, strides: Any, *masks: int) -> Tensor:
    ends = (_ints(v) for v in (begin, end, strides))
    out: Tensor = ops.strided_slice(x, *ends, *masks)
    return out


def _top_k(a: dict[str, Any], x: Tensor, k: Any) -> Any:
    return ops.topk(x, _ints(k)[0], None, True, bool(a.get("sorted", True)))


def _dropout(a: dict[str, Any], x: Tensor, *rest: Any) -> Any:
    keep = float(rest[0] if rest else a.get("keep_prob", 0.5))
    mask = ops.dropout(ops.ones_like(x), 1 - keep)
    return x * mask, mask != 0


def _softmax(a: Any, x: Tensor, axis: Any = -1, *_: Any) -> Tensor:
    out: Tensor = ops.softmax(x, _ints(axis)[0])
    return out


def _one_hot(a: Any, index: Tensor, depth: Any, on: Any, off: Any, axis: int = -1) -> Tensor:
    out: Tensor = ops.one_hot(index, _ints(depth)[0], on, off, axis)
    return out


def _prelu(a: Any, x: Tensor, w: Tensor) -> Tensor:
    out: Tensor = ops.prelu(x, w)
    return out


def _max_pool_3d(a: dict[str, Any], x: Tensor) -> Any:
    return ops.max_pool3d(
        x, a["ksize"], a["strides"], a["pads"], a.get("dilation", 1), a.get("ceil_mode", False),
        True,
    )  # fmt: skip


def _avg_pool_3d(a: dict[str, Any], x: Tensor) -> Tensor:
    kernel, stride = a["kernel_size"][-3:], a["strides"][-3:]
    mode = str(a["pad_mode"]).lower()
    if mode != "pad":
        return ops.AvgPool3D(kernel, stride, mode)(x)
    out: Tensor = ops.avg_pool3d(
        x, kernel, stride, a["pad_list"], a.get("ceil_mode", False),
        a.get("count_include_pad", True), a.get("divisor_override", 0),
    )  # fmt: skip
    return out


def _conv_3d(a: dict[str, Any], x: Tensor, w: Tensor) -> Tensor:
    mode = str(a["pad_mode"]).lower()
    pad = a.get("pad_list", a.get("pad", 0)) if mode == "pad" else 0
    stride, dilation = (a[k][-3:] for k in ("stride", "dilation"))
    return ops.conv3d(x, w, None, stride, mode, pad, dilation, a.get("group", 1))


def _resize(kind: str) -> Entry:
    return lambda a, x, size, align=False, half=False: resize(
        x, _ints(size), kind, bool(align), bool(half)
    )


def _mirror_pad(a: dict[str, Any], x: Tensor, paddings: Any) -> Tensor:
    pairs = [tuple(map(int, pair)) for pair in paddings.tolist()]
    mode = {"REFLECT": "reflect", "SYMMETRIC": "symmetric"}[a["mode"]]
    return pad_around(x, pairs, mode)


def _group_norm(a: Any, x: Tensor, groups: int, gamma: Any, beta: Any, eps: float = 1e-5) -> Any:
    y = ops.group_norm(x, groups, gamma, beta, eps)
    return y, None, None


def _l2_normalize(a: dict[str, Any], x: Tensor, axis: Any = None, eps: float = 1e-4) -> Tensor:
    over = _ints(a.get("axis", 0) if axis is None else axis)
    square = (x * x).sum(over, True).maximum(a.get("epsilon", eps))
    return x / square.sqrt()


def _with_value(pick: Any) -> Entry:
    return lambda a, x, axis=0, keep=False: with_value(pick, x, axis, bool(keep))


def _bce(a: Any, x: Tensor, y: Tensor, weight: Any, pos: Any, how: int = 1) -> Tensor:
    """With a number for the reduction: 0 none, 1 mean, 2 sum."""
    reduction = ("none", "mean", "sum")[how]
    return ops.binary_cross_entropy_with_logits(x, y, weight, pos, reduction)


_PLAIN = {n for n, p in registry.items() if issubclass(p, Elementwise) and not p.params}
LOAD: dict[str, Entry] = {
    **{name: _elementwise(name) for name in sorted(_PLAIN)},
    **{f"{n}Ext": _scalar(n) for n in ("Add", "Sub")},
    **{f"{n}s": _scalar(n) for n in ("Add", "Sub", "Mul", "Div")},
    **{f"{n}Scalar": _scalar(n)
       for n in ("Equal", "NotEqual", "Greater", "GreaterEqual", "Less", "LessEqual")},
    **{f"Reduce{k}": _reduce(f"Reduce{k}")
       for k in ("Sum", "Mean", "Max", "Min", "Prod", "All", "Any")},
    # order and grouping
    "Load": lambda a, x, *_: x,
    "Depend": lambda a, x, *_: x,
    "UpdateState": lambda a, *_: None,
    "MakeTuple": lambda a, *xs: tuple(xs),
    "MakeList": lambda a, *xs: tuple(xs),
    "make_list": lambda a, *xs: tuple(xs),
    "TupleGetItem": lambda a, x, i: x[i],
    "ListGetItem": lambda a, x, i: x[i],
    "Identity": lambda a, x: x,
    "StopGradient": _plain(ops.stop_gradient),
    # shapes
    "Shape": lambda a, x: x.shape,
    "Cast": lambda a, x, kind: cast(as_tensor(x), to_numpy(_kind(kind))),
    "Reshape": lambda a, x, shape: x.reshape(_ints(shape)),
    "BroadcastTo": lambda a, x, shape: ops.broadcast_to(x, _ints(shape)),
    "Transpose": lambda a, x, perm: ops.transpose(x, _ints(perm)),
    "Flatten": _plain(ops.flatten),
    "FlattenExt": lambda a, x, start=0, end=-1: ops.flatten(x, start_dim=start, end_dim=end),
    "ExpandDims": lambda a, x, axis: ops.expand_dims(x, _ints(axis)[0]),
    "Squeeze": lambda a, x, axis=(): ops.squeeze(x, _ints(axis) or None),
    "Concat": lambda a, xs, axis=0: ops.concat(xs, axis),
    "Stack": lambda a, xs, *axis: ops.stack(xs, axis[0] if axis else a["axis"]),
    "StackExt": lambda a, xs, axis=0: ops.stack(xs, axis),
    "Split": _split,
    "Unstack": lambda a, x, *_: ops.unstack(x, a.get("axis", 0)),
    "SplitWithSize": lambda a, x, sizes, axis: ops.split(x, list(_ints(sizes)), axis),
    "Tile": lambda a, x, dims: ops.tile(x, _ints(dims)),
    "ReverseV2": lambda a, x, axis: ops.flip(x, _ints(axis)),
    "StridedSlice": _strided,
    "PadV3": _pad,
    "ZerosLike": _plain(ops.zeros_like),
    "OnesLike": _plain(ops.ones_like),
    # picking and putting
    "Gather": _gather,
    "GatherD": lambda a, x, dim, index: ops.gather_elements(x, _ints(dim)[0], index),
    "GatherNd": _plain(ops.gather_nd),
    "TensorScatterAdd": _plain(ops.tensor_scatter_add),
    "TensorScatterUpdate": _plain(ops.tensor_scatter_update),
    "TensorScatterElements": lambda a, x, i, u, axis=0, how=0: ops.tensor_scatter_elements(
        x, i, u, axis, ("none", "add")[how]
    ),
    "Select": _plain(ops.where),
    "OneHot": _one_hot,
    "Argmax": _arg("Argmax"),
    "Argmin": _arg("Argmin"),
    "TopK": _top_k,
    "Sort": lambda a, x: ops.sort(x, a.get("axis", -1), a.get("descending", False)),
    "CumSum": lambda a, x, axis, exclusive=False, reverse=False: apply(
        registry["CumSum"], (x,),
        {"axis": _ints(axis)[0], "exclusive": bool(exclusive), "reverse": bool(reverse)},
    ),
    # arithmetic in other words
    "Max": lambda a, x: x.amax(),
    "Min": lambda a, x: x.amin(),
    "SumExt": _typed(ops.sum),
    "MeanExt": _typed(ops.mean),
    "Round": lambda a, x, decimals=0: ops.round(x, decimals=decimals),
    "MatMul": lambda a, x, y, ta=False, tb=False: apply(
        registry["MatMul"], (x, y), {"transpose_a": bool(ta), "transpose_b": bool(tb)}
    ),
    "BatchMatMul": lambda a, x, y, ta=False, tb=False: apply(
        registry["BatchMatMul"], (x, y), {"transpose_a": bool(ta), "transpose_b": bool(tb)}
    ),
    "MatMulExt": _plain(ops.matmul),
    "Dense": _plain(ops.dense),
    "ProdExt": _typed(lambda x, axis, keep: ops.prod(x, axis and axis[0], keep)),
    "AddN": lambda a, xs: ops.addn(list(xs)),
    "ClampScalar": lambda a, x, low=None, high=None: ops.clip_by_value(x, low, high),
    "ClampTensor": lambda a, x, low=None, high=None: ops.clip_by_value(x, low, high),
    "RemainderTensorScalar": lambda a, x, y: x % y,
    "RemainderTensorTensor": lambda a, x, y: x % y,
    "L2Normalize": _l2_normalize,
    **{f"Arg{k}WithValue": _with_value(pick) for k, pick in (("Max", max), ("Min", min))},
    "Tril": lambda a, x, diagonal=0: ops.tril(x, diagonal),
    "Triu": lambda a, x, diagonal=0: ops.triu(x, diagonal),
    # networks
    "BiasAdd": lambda a, x, b, *_: ops.bias_add(x, b),
    "BiasAddGrad": lambda a, dy, *_: dy.sum(tuple(i for i in range(dy.ndim) if i != 1)),
    "ReluGrad": lambda a, dy, x: apply(registry["ReluGrad"], (dy, x)),
    "GeLU": lambda a, x: ops.gelu(x, "tanh"),
    "FastGeLU": _plain(ops.fast_gelu),
    "HShrink": lambda a, x, lambd=0.5: ops.hardshrink(x, lambd),
    "SoftShrink": lambda a, x, lambd=0.5: ops.softshrink(x, lambd),
    "CeLU": lambda a, x, alpha=1.0: ops.celu(x, alpha),
    "SiLU": _plain(ops.silu),
    "Elu": lambda a, x, alpha=1.0: ops.elu(x, alpha),
    "LeakyReLU": lambda a, x, slope=0.2: ops.leaky_relu(x, slope),
    "LeakyReLUExt": lambda a, x, slope=0.01: ops.leaky_relu(x, slope),
    "PReLU": _prelu,
    "Softplus": _plain(ops.softplus),
    "Mish": _plain(ops.mish),
    "SeLU": _plain(ops.selu),
    "SeLUExt": _plain(ops.selu),
    "LogSigmoid": _plain(ops.logsigmoid),
    "Softmax": _softmax,
    "LogSoftmax": lambda a, x, axis=-1: ops.log_softmax(x, axis),
    "Conv2D": _conv,
    "Conv2DBackpropInput": lambda a, dy, w, size: _conv_back(a, dy, w, size, "Input"),
    "Conv2DTranspose": lambda a, dy, w, size: _conv_back(a, dy, w, size, "Input"),
    "Conv2DBackpropFilter": lambda a, dy, x, size: _conv_back(a, dy, x, size, "Filter"),
    "MaxPool": lambda a, x: max_like(_pool(a, x.shape[2:]), 0, x),
    "MaxPoolGrad": lambda a, x, y, dy: max_like(_pool(a, x.shape[2:]), 1, x, y, dy),
    "AvgPool": _avg_pool,
    "AvgPool3D": _avg_pool_3d,
    "MaxPool3DWithArgmax": _max_pool_3d,
    "AdaptiveAvgPool2D": lambda a, x: ops.adaptive_avg_pool2d(x, a["output_size"]),
    "AdaptiveMaxPool2D": lambda a, x, size: ops.adaptive_max_pool2d(x, _ints(size), True),
    "Conv3D": _conv_3d,
    "GroupNorm": _group_norm,
    "ResizeNearestNeighborV2": _resize("nearest"),
    "ResizeBilinearV2": _resize("linear"),
    "Pad": lambda a, x: pad_pairs(x, a["paddings"]),
    "MirrorPad": _mirror_pad,
    "MaskedFill": lambda a, x, mask, value: ops.masked_fill(x, mask, value),
    "BCEWithLogitsLoss": _bce,
    "SparseSoftmaxCrossEntropyWithLogits": lambda a, x, y: (
        sparse_softmax_cross_entropy_with_logits(x, y, bool(a.get("is_grad")))
    ),
    "BatchNorm": _batch_norm,
    "LayerNorm": _layer_norm,
    "LSTM": _lstm,
    "Dropout": _dropout,
}  # fmt: skip
