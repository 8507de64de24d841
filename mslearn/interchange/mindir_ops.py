"""Which of MindSpore's primitives stand for ours in MindIR: one table, by our primitive's name."""

from __future__ import annotations

from typing import Any

import numpy as np

from mslearn.core.dtype import dtype_of, to_numpy
from mslearn.graph.ir import Node
from mslearn.interchange import mindir_index
from mslearn.interchange.mindir_model import Builder, Lowering, Ref
from mslearn.ops.families import normal_axes

TYPE_IDS = {
    "Bool": 30, "Int8": 32, "Int16": 33, "Int32": 34, "Int64": 35, "UInt8": 37, "UInt16": 38,
    "UInt32": 39, "UInt64": 40, "Float16": 42, "Float32": 43, "Float64": 44, "BFloat16": 45,
}  # fmt: skip


def _same(name: str) -> Lowering:
    return lambda b, node, *refs: b.call(name, *refs)


def _object(name: str) -> Lowering:
    return lambda b, node, *refs: b.object(name, *refs)


def _through(b: Builder, node: Node, *refs: Ref) -> Ref:
    return refs[0]


def type_id(dtype: Any) -> int:
    """MindSpore's number of a dtype."""
    return TYPE_IDS[str(dtype_of(to_numpy(dtype)))]


def _reduce(name: str, *more: Any) -> Lowering:
    def lower(b: Builder, node: Node, x: Ref) -> Ref:
        axes = normal_axes(name, len(node.inputs[0].shape), node.attrs["axis"])
        if not axes:
            return x
        out: Ref = b.call(name, x, axes, bool(node.attrs["keep_dims"]), *more)
        return out

    return lower


def _split(b: Builder, node: Node, x: Ref) -> list[Ref]:
    sizes, axis = node.attrs["sizes"], int(node.attrs["axis"]) % len(node.inputs[0].shape)
    out, start = [], 0
    for n in sizes:
        cut = (*[slice(None)] * axis, slice(start, start + n))
        out.append(mindir_index.strided_slice(b, x, cut, node.inputs[0].shape))
        start += n
    return out


def _matmul(b: Builder, node: Node, x: Ref, y: Ref) -> Ref:
    how = (bool(node.attrs.get(k, False)) for k in ("transpose_a", "transpose_b"))
    leads = [tuple(v.shape[:-2]) for v in node.inputs]
    common = tuple(node.outputs[0].shape[:-2])
    if common != leads[0] or common != leads[1]:  # MindSpore wants equal batches on both sides
        pair = zip((x, y), node.inputs, leads, strict=True)
        x, y = (
            r if lead == common else b.call("BroadcastTo", r, (*common, *v.shape[-2:]))
            for r, v, lead in pair
        )
    out: Ref = b.call(node.prim.name, x, y, *how)
    return out


def _window(node: Node, w: Any) -> dict[str, Any]:
    """The attributes that MindSpore's convolutions hold."""
    a = node.attrs
    pad = tuple(a["pad"])
    return {
        "kernel_size": tuple(int(n) for n in w[2:]), "mode": 1, "out_channel": int(w[0]),
        "pad": pad, "pad_mode": "pad" if any(pad) else "valid", "format": "NCHW",
        "pad_list": pad, "groups": int(a["group"]), "group": int(a["group"]),
    }  # fmt: skip


def _conv(b: Builder, node: Node, x: Ref, w: Ref) -> Ref:
    a = node.attrs
    out: Ref = b.object(
        "Conv2D", x, w, **_window(node, node.inputs[1].shape), stride=(1, 1, *a["stride"]),
        dilation=(1, 1, *a["dilation"]), input_names=["x", "w"], output_names=["output"],
    )  # fmt: skip
    return out


def _conv_3d(b: Builder, node: Node, x: Ref, w: Ref) -> Ref:
    a = node.attrs
    stride, dilation = tuple(a["stride"]), tuple(a["dilation"])
    out: Ref = b.object(
        "Conv3D", x, w, **{**_window(node, node.inputs[1].shape), "format": "NCDHW"}, offset_x=0,
        stride=stride, strides=(1, 1, *stride), dilation=dilation, dilations=(1, 1, *dilation),
        input_names=["x", "w"], output_names=["output"],
    )  # fmt: skip
    return out


def _conv_input(b: Builder, node: Node, dy: Ref, w: Ref) -> Ref:
    a = node.attrs
    out: Ref = b.object(
        "Conv2DBackpropInput", dy, w, tuple(node.outputs[0].shape),
        **_window(node, node.inputs[1].shape), stride=(1, 1, *a["stride"]),
        dilation=(1, 1, *a["dilation"]),
        input_names=["out_backprop", "filter", "input_sizes"], output_names=["output"],
    )  # fmt: skip
    return out


def _conv_filter(b: Builder, node: Node, dy: Ref, x: Ref) -> Ref:
    a, shape = node.attrs, tuple(node.outputs[0].shape)
    out: Ref = b.object(
        "Conv2DBackpropFilter", dy, x, shape, **_window(node, shape), stride=(1, 1, *a["stride"]),
        dilation=(1, 1, *a["dilation"]),
        input_names=["out_backprop", "input", "filter_sizes"], output_names=["output"],
    )  # fmt: skip
    return out


def _pooling(node: Node) -> dict[str, Any]:
    a = node.attrs
    return {
        "kernel_size": (1, 1, *a["kernel_size"]), "strides": (1, 1, *a["strides"]),
        "pad_mode": "VALID", "format": "NCHW",
    }  # fmt: skip


def _max_pool(b: Builder, node: Node, x: Ref) -> Ref:
    out: Ref = b.object("MaxPool", x, **_pooling(node), input_names=["x"], output_names=["output"])
    return out


def _max_pool_grad(b: Builder, node: Node, x: Ref, y: Ref, dy: Ref) -> Ref:
    out: Ref = b.object(
        "MaxPoolGrad", x, y, dy, **_pooling(node), input_names=["x_origin", "out_origin", "grad"],
        output_names=["output"],
    )  # fmt: skip
    return out


def _avg_pool(b: Builder, node: Node, x: Ref) -> Ref:
    a = node.attrs
    out: Ref = b.call("AvgPool", x, tuple(a["kernel_size"]), tuple(a["strides"]), 2, 0)
    return out


def _layer_norm(b: Builder, node: Node, x: Ref, scale: Ref, bias: Ref) -> list[Ref]:
    axis = node.attrs["axis"]
    out: list[Ref] = b.call(
        "LayerNorm", x, scale, bias, axis, axis, float(node.attrs["epsilon"]), outputs=3
    )
    return out


def _pad(b: Builder, node: Node, x: Ref) -> Ref:
    pairs, dtype = node.attrs["paddings"], node.inputs[0].dtype
    if not pairs:
        return x
    value = np.asarray(node.attrs["value"], dtype)
    flat = tuple(int(n) for pair in reversed(pairs) for n in pair)
    out: Ref = b.object(
        "PadV3", x, flat, value, mode="constant", paddings_contiguous=True,
        input_names=["x", "paddings", "value"], output_names=["y"],
    )  # fmt: skip
    return out


def _sorted(b: Builder, node: Node, x: Ref) -> list[Ref]:
    a = node.attrs
    out: list[Ref] = b.object(
        "Sort", x, axis=int(a["axis"]), descending=bool(a["descending"]), input_names=["x"],
        output_names=["y1", "y2"], outputs=2,
    )  # fmt: skip
    return out


def _top_k(b: Builder, node: Node, x: Ref) -> list[Ref]:
    out: list[Ref] = b.object(
        "TopK", x, int(node.attrs["k"]), sorted=True, input_names=["input", "k"],
        output_names=["values", "indices"], outputs=2,
    )  # fmt: skip
    return out


SAME = (
    "Add", "Sub", "Mul", "Div", "RealDiv", "FloorDiv", "FloorMod", "Pow", "Maximum", "Minimum",
    "Neg", "Abs", "Sign", "Exp", "Expm1", "Log", "Log1p", "Sqrt", "Rsqrt", "Square", "Reciprocal",
    "Tanh", "Sigmoid", "Floor", "Ceil", "Trunc", "Erf", "Erfc", "Sin", "Cos", "Tan", "Asin",
    "ACos", "Atan", "Atan2", "Sinh", "Cosh", "Asinh", "Acosh", "Atanh", "ReLU", "ReluGrad",
    "Equal", "NotEqual", "Greater", "GreaterEqual", "Less", "LessEqual", "LogicalAnd",
    "LogicalOr", "LogicalXor", "LogicalNot", "IsFinite", "IsInf", "Select", "HSigmoid", "HSwish",
)  # fmt: skip

LOWERINGS: dict[str, Lowering] = {
    **{name: _same(name) for name in SAME},
    "IsNan": _object("IsNan"),
    "Round": lambda b, node, x: b.call("Round", x, int(node.attrs.get("decimals", 0))),
    **dict.fromkeys(("Identity", "StopGradient", "Depend"), _through),
    "Cast": lambda b, node, x: b.call("Cast", x, type_id(node.attrs["dtype"])),
    "Reshape": lambda b, node, x: b.call("Reshape", x, tuple(node.attrs["shape"])),
    "BroadcastTo": lambda b, node, x: b.call("BroadcastTo", x, tuple(node.attrs["shape"])),
    "Transpose": lambda b, node, x: b.call("Transpose", x, tuple(node.attrs["perm"])),
    "Concat": lambda b, node, *xs: b.call("Concat", b.tuple(*xs), int(node.attrs["axis"])),
    "Split": _split,
    "Tile": lambda b, node, x: b.call("Tile", x, tuple(node.attrs["multiples"])),
    "ReverseV2": lambda b, node, x: b.call(
        "ReverseV2", x, normal_axes("ReverseV2", len(node.inputs[0].shape), node.attrs["axis"])
    ),
    "ReduceSum": _reduce("ReduceSum", False),
    **{f"Reduce{k}": _reduce(f"Reduce{k}") for k in ("Mean", "Max", "Min", "Prod", "All", "Any")},
    **{
        name: lambda b, node, x, name=name: b.call(
            name, x, int(node.attrs["axis"]), type_id(node.attrs["output_type"])
        )
        for name in ("Argmax", "Argmin")
    },
    "CumSum": lambda b, node, x: b.call(
        "CumSum",
        x,
        int(node.attrs["axis"]),
        bool(node.attrs.get("exclusive", False)),
        bool(node.attrs.get("reverse", False)),
    ),
    "MatMul": _matmul,
    "BatchMatMul": _matmul,
    "BiasAdd": lambda b, node, x, bias: b.call("BiasAdd", x, bias, 0),
    "Softmax": lambda b, node, x: b.call("Softmax", x, (int(node.attrs["axis"]),)),
    "LogSoftmax": lambda b, node, x: b.call("LogSoftmax", x, int(node.attrs["axis"])),
    "Conv2D": _conv,
    "Conv3D": _conv_3d,
    "Conv2DBackpropInput": _conv_input,
    "Conv2DBackpropFilter": _conv_filter,
    "MaxPool": _max_pool,
    "MaxPoolGrad": _max_pool_grad,
    "AvgPool": _avg_pool,
    "LayerNorm": _layer_norm,
    "PadV3": _pad,
    "Sort": _sorted,
    "TopK": _top_k,
    "TensorScatterElements": lambda b, node, x, index, updates: b.call(
        "TensorScatterElements",
        x,
        index,
        updates,
        int(node.attrs["axis"]),
        {"none": 0, "add": 1}[node.attrs["reduction"]],
    ),
    "GatherD": lambda b, node, x, index: b.call("GatherD", x, int(node.attrs["dim"]), index),
    "GetItem": mindir_index.get_item,
    "SetItem": mindir_index.scatter,
    "AddAt": mindir_index.scatter,
}


def fits(node: Node) -> bool:
    """Whether MindSpore's primitive takes this node; otherwise our rule is used."""
    name, a = node.prim.name, node.attrs
    if any(v.dtype.kind == "c" for v in (*node.inputs, *node.outputs)):
        return False
    if name.startswith("Logical") or name in ("ReduceAll", "ReduceAny"):
        return all(v.dtype.kind == "b" for v in node.inputs)
    if name in ("Conv2D", "Conv2DBackpropInput", "Conv2DBackpropFilter"):
        return len(a["stride"]) == 2
    if name in ("MaxPool", "MaxPoolGrad"):
        return not any(a["pad"]) and set(a["dilation"]) == {1}
    if name == "AvgPool":
        return not any((*a["pad"], *a["extra"], a["divisor_override"]))
    if name in ("GetItem", "SetItem", "AddAt"):
        return mindir_index.fits(node)
    return True
