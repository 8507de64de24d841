"""MindSpore's primitives as they stand in MindIR files, in terms of our operations: one table.

Each entry takes the primitive's attributes (a dict) and its arguments: Tensors, numbers, tuples.
A graph is run by calling them one after the other, so tapes, captures and free batch sizes work
as they do for any network.
"""

from __future__ import annotations

from mslearn import ops
from mslearn.core.dtype import to_numpy
from mslearn.core.primitive import apply, registry
from mslearn.core.tensor import as_tensor
from mslearn.interchange import mindir_adapt as adapt
from mslearn.interchange.mindir_adapt import Entry
from mslearn.interchange.mindir_read import CALL
from mslearn.ops.arrange import pad_pairs
from mslearn.ops.families import Elementwise, cast
from mslearn.ops.losses_more import sparse_softmax_cross_entropy_with_logits
from mslearn.ops.pool import max_like

_PLAIN = {n for n, p in registry.items() if issubclass(p, Elementwise) and not p.params}
LOAD: dict[str, Entry] = {
    **{name: adapt.elementwise(name) for name in sorted(_PLAIN)},
    **{f"{n}Ext": adapt.scalar(n) for n in ("Add", "Sub")},
    **{f"{n}s": adapt.scalar(n) for n in ("Add", "Sub", "Mul", "Div")},
    **{f"{n}Scalar": adapt.scalar(n)
       for n in ("Equal", "NotEqual", "Greater", "GreaterEqual", "Less", "LessEqual")},
    **{f"Reduce{k}": adapt.reduce_of(f"Reduce{k}")
       for k in ("Sum", "Mean", "Max", "Min", "Prod", "All", "Any")},
    # functions
    CALL: adapt.partial,
    "Partial": adapt.partial,
    "Switch": adapt.switch,
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
    "StopGradient": adapt.plain(ops.stop_gradient),
    # random numbers: ours, from our stream
    "StandardNormal": lambda a, shape: ops.standard_normal(adapt.ints(shape)),
    "UniformReal": lambda a, shape: ops.rand(*adapt.ints(shape)),
    # shapes
    "Shape": lambda a, x: x.shape,
    "Cast": lambda a, x, kind: cast(as_tensor(x), to_numpy(adapt.kind_of(kind))),
    "Reshape": lambda a, x, shape: x.reshape(adapt.ints(shape)),
    "BroadcastTo": lambda a, x, shape: ops.broadcast_to(x, adapt.ints(shape)),
    "Transpose": lambda a, x, perm: ops.transpose(x, adapt.ints(perm)),
    "Flatten": adapt.plain(ops.flatten),
    "FlattenExt": lambda a, x, start=0, end=-1: ops.flatten(x, start_dim=start, end_dim=end),
    "ExpandDims": lambda a, x, axis: ops.expand_dims(x, adapt.ints(axis)[0]),
    "Squeeze": lambda a, x, axis=(): ops.squeeze(x, adapt.ints(axis) or None),
    "Concat": lambda a, xs, axis=0: ops.concat(xs, axis),
    "Stack": lambda a, xs, *axis: ops.stack(xs, axis[0] if axis else a["axis"]),
    "StackExt": lambda a, xs, axis=0: ops.stack(xs, axis),
    "Split": adapt.split_of,
    "Unstack": lambda a, x, *_: ops.unstack(x, a.get("axis", 0)),
    "SplitWithSize": lambda a, x, sizes, axis: ops.split(x, list(adapt.ints(sizes)), axis),
    "Tile": lambda a, x, dims: ops.tile(x, adapt.ints(dims)),
    "ReverseV2": lambda a, x, axis: ops.flip(x, adapt.ints(axis)),
    "StridedSlice": adapt.strided,
    "PadV3": adapt.pad_of,
    "ZerosLike": adapt.plain(ops.zeros_like),
    "OnesLike": adapt.plain(ops.ones_like),
    # picking and putting
    "Gather": adapt.gather,
    "GatherD": lambda a, x, dim, index: ops.gather_elements(x, adapt.ints(dim)[0], index),
    "GatherNd": adapt.plain(ops.gather_nd),
    "TensorScatterAdd": adapt.plain(ops.tensor_scatter_add),
    "TensorScatterUpdate": adapt.plain(ops.tensor_scatter_update),
    "TensorScatterElements": lambda a, x, i, u, axis=0, how=0: ops.tensor_scatter_elements(
        x, i, u, axis, ("none", "add")[how]
    ),
    "Select": adapt.plain(ops.where),
    "OneHot": adapt.one_hot,
    "Argmax": adapt.arg_of("Argmax"),
    "Argmin": adapt.arg_of("Argmin"),
    "TopK": adapt.top_k,
    "Sort": lambda a, x: ops.sort(x, a.get("axis", -1), a.get("descending", False)),
    "CumSum": lambda a, x, axis, exclusive=False, reverse=False: apply(
        registry["CumSum"], (x,),
        {"axis": adapt.ints(axis)[0], "exclusive": bool(exclusive), "reverse": bool(reverse)},
    ),
    # arithmetic in other words
    "Max": lambda a, x: x.amax(),
    "Min": lambda a, x: x.amin(),
    "SumExt": adapt.typed(ops.sum),
    "MeanExt": adapt.typed(ops.mean),
    "Round": lambda a, x, decimals=0: ops.round(x, decimals=decimals),
    "MatMul": lambda a, x, y, ta=False, tb=False: apply(
        registry["MatMul"], (x, y), {"transpose_a": bool(ta), "transpose_b": bool(tb)}
    ),
    "BatchMatMul": lambda a, x, y, ta=False, tb=False: apply(
        registry["BatchMatMul"], (x, y), {"transpose_a": bool(ta), "transpose_b": bool(tb)}
    ),
    "MatMulExt": adapt.plain(ops.matmul),
    "Dense": adapt.plain(ops.dense),
    "ProdExt": adapt.typed(lambda x, axis, keep: ops.prod(x, axis and axis[0], keep)),
    "AddN": lambda a, xs: ops.addn(list(xs)),
    "ClampScalar": lambda a, x, low=None, high=None: ops.clip_by_value(x, low, high),
    "ClampTensor": lambda a, x, low=None, high=None: ops.clip_by_value(x, low, high),
    "RemainderTensorScalar": lambda a, x, y: x % y,
    "RemainderTensorTensor": lambda a, x, y: x % y,
    "L2Normalize": adapt.l2_normalize,
    **{f"Arg{k}WithValue": adapt.extreme(pick) for k, pick in (("Max", max), ("Min", min))},
    "Tril": lambda a, x, diagonal=0: ops.tril(x, diagonal),
    "Triu": lambda a, x, diagonal=0: ops.triu(x, diagonal),
    # networks
    "BiasAdd": lambda a, x, b, *_: ops.bias_add(x, b),
    "BiasAddGrad": lambda a, dy, *_: dy.sum(tuple(i for i in range(dy.ndim) if i != 1)),
    "ReluGrad": lambda a, dy, x: apply(registry["ReluGrad"], (dy, x)),
    "GeLU": lambda a, x: ops.gelu(x, "tanh"),
    "FastGeLU": adapt.plain(ops.fast_gelu),
    "HShrink": lambda a, x, lambd=0.5: ops.hardshrink(x, lambd),
    "SoftShrink": lambda a, x, lambd=0.5: ops.softshrink(x, lambd),
    "CeLU": lambda a, x, alpha=1.0: ops.celu(x, alpha),
    "SiLU": adapt.plain(ops.silu),
    "Elu": lambda a, x, alpha=1.0: ops.elu(x, alpha),
    "LeakyReLU": lambda a, x, slope=0.2: ops.leaky_relu(x, slope),
    "LeakyReLUExt": lambda a, x, slope=0.01: ops.leaky_relu(x, slope),
    "PReLU": adapt.prelu,
    "Softplus": adapt.plain(ops.softplus),
    "Mish": adapt.plain(ops.mish),
    "SeLU": adapt.plain(ops.selu),
    "SeLUExt": adapt.plain(ops.selu),
    "LogSigmoid": adapt.plain(ops.logsigmoid),
    "Softmax": adapt.softmax,
    "LogSoftmax": lambda a, x, axis=-1: ops.log_softmax(x, axis),
    "Conv2D": adapt.conv,
    "Conv2DBackpropInput": lambda a, dy, w, size: adapt.conv_back(a, dy, w, size, "Input"),
    "Conv2DTranspose": lambda a, dy, w, size: adapt.conv_back(a, dy, w, size, "Input"),
    "Conv2DBackpropFilter": lambda a, dy, x, size: adapt.conv_back(a, dy, x, size, "Filter"),
    "MaxPool": lambda a, x: max_like(adapt.pool(a, x.shape[2:]), 0, x),
    "MaxPoolGrad": lambda a, x, y, dy: max_like(adapt.pool(a, x.shape[2:]), 1, x, y, dy),
    "AvgPool": adapt.avg_pool,
    "AvgPool3D": adapt.avg_pool_3d,
    "MaxPool3DWithArgmax": adapt.max_pool_3d,
    "AdaptiveAvgPool2D": lambda a, x: ops.adaptive_avg_pool2d(x, a["output_size"]),
    "AdaptiveMaxPool2D": lambda a, x, size: ops.adaptive_max_pool2d(x, adapt.ints(size), True),
    "Conv3D": adapt.conv_3d,
    "GroupNorm": adapt.group_norm,
    "ResizeNearestNeighborV2": adapt.resized("nearest"),
    "ResizeBilinearV2": adapt.resized("linear"),
    "Pad": lambda a, x: pad_pairs(x, a["paddings"]),
    "MirrorPad": adapt.mirror_pad,
    "MaskedFill": lambda a, x, mask, value: ops.masked_fill(x, mask, value),
    "BCEWithLogitsLoss": adapt.bce,
    "SparseSoftmaxCrossEntropyWithLogits": lambda a, x, y: (
        sparse_softmax_cross_entropy_with_logits(x, y, bool(a.get("is_grad")))
    ),
    "BatchNorm": adapt.batch_norm,
    "LayerNorm": adapt.layer_norm,
    "LSTM": adapt.lstm,
    "Dropout": adapt.dropout,
}  # fmt: skip
