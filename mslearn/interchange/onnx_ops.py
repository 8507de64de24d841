"""Which ONNX operators stand for a primitive: one table, by the primitive's name."""

from __future__ import annotations

from typing import Any

import numpy as np

from mslearn.core.dtype import to_numpy
from mslearn.graph.ir import Node
from mslearn.interchange import onnx_control, onnx_index
from mslearn.interchange.onnx_builder import Builder, Lowering
from mslearn.interchange.onnx_kinds import NO_KERNELS, through
from mslearn.ops.families import normal_axes


def _plain(kind: str, **attrs: Any) -> Lowering:
    """The operator `kind` on the same inputs."""
    return lambda b, node, *names: b.op(kind, *names, **attrs)


def _first(b: Builder, node: Node, *names: str) -> str:
    out: str = b.op("Identity", names[0])
    return out


def _cast(b: Builder, node: Node, x: str) -> str:
    kind = node.inputs[0].dtype
    target = to_numpy(node.attrs["dtype"])
    if target.kind == "u" and target.itemsize == 1 and kind.kind == "f":
        x = b.cast(x, np.dtype("i4"))  # NumPy wraps -1.0 to 255; runtimes saturate
    return b.cast(x, target)


def _reshape(b: Builder, node: Node, x: str) -> str:
    out: str = b.op("Reshape", x, b.ints(*node.attrs["shape"]), allowzero=1)
    return out


def _expand(b: Builder, node: Node, x: str) -> str:
    shape = node.attrs["shape"]
    if -1 not in shape:
        return b.op("Expand", x, b.ints(*shape))  # type: ignore[no-any-return]
    return b.op("Expand", x, b.batch_shape(shape))  # type: ignore[no-any-return]


def _axes(node: Node) -> tuple[int, ...]:
    return normal_axes(node.prim.name, len(node.inputs[0].shape), node.attrs["axis"])


def _reduce_sum(b: Builder, node: Node, x: str) -> str:
    axes = _axes(node)
    if not axes:
        return _first(b, node, x)
    out: str = b.op("ReduceSum", x, b.ints(*axes), keepdims=int(node.attrs["keep_dims"]))
    return out


def _reduce(kind: str) -> Lowering:
    def lower(b: Builder, node: Node, x: str) -> str:
        axes = _axes(node)
        if not axes:
            return _first(b, node, x)
        if kind == "ReduceMean" and 0 in node.inputs[0].shape and -1 not in node.outputs[0].shape:
            dtype = node.outputs[0].dtype  # ONNX Runtime says 0
            return b.constant(np.full(node.outputs[0].shape, np.nan).astype(dtype))
        out: str = b.op(kind, x, axes=axes, keepdims=int(node.attrs["keep_dims"]))
        return out

    return lower


def _arg(kind: str) -> Lowering:
    def lower(b: Builder, node: Node, x: str) -> str:
        if not node.inputs[0].shape:
            return b.constant(0, node.outputs[0].dtype)
        out: str = b.op(kind, x, axis=int(node.attrs["axis"]), keepdims=0)
        return b.cast(out, node.outputs[0].dtype) if node.outputs[0].dtype != np.int64 else out

    return lower


def _along(kind: str) -> Lowering:
    return lambda b, node, *names: b.op(kind, *names, axis=int(node.attrs["axis"]))


def _split(b: Builder, node: Node, x: str) -> Any:
    sizes = node.attrs["sizes"]
    out = b.op("Split", x, b.ints(*sizes), outputs=len(sizes), axis=int(node.attrs["axis"]))
    return [out] if len(sizes) == 1 else out


def _tile(b: Builder, node: Node, x: str) -> str:
    times, shape = tuple(node.attrs["multiples"]), node.inputs[0].shape
    if len(times) > len(shape):
        x = b.op("Reshape", x, b.ints(*(1,) * (len(times) - len(shape)), *shape), allowzero=1)
    out: str = b.op("Tile", x, b.ints(*(1,) * (len(shape) - len(times)), *times))
    return out


def _cumsum(b: Builder, node: Node, x: str) -> str:
    how = {k: int(node.attrs.get(k, False)) for k in ("exclusive", "reverse")}
    out: str = b.op("CumSum", x, b.constant(node.attrs["axis"], np.int64), **how)
    return out


def _pad(b: Builder, node: Node, x: str) -> str:
    pairs = node.attrs["paddings"]
    if not pairs:
        return _first(b, node, x)
    amounts = b.ints(*(p for p, _ in pairs), *(p for _, p in pairs))
    value = b.constant(node.attrs["value"], node.inputs[0].dtype)
    out: str = b.op("Pad", x, amounts, value)
    return out


def _matmul(b: Builder, node: Node, x: str, y: str) -> str:
    shape = node.outputs[0].shape
    if 0 in node.inputs[0].shape and -1 not in shape:  # ONNX Runtime leaves such sums unwritten
        return b.constant(np.zeros(shape, node.outputs[0].dtype))
    ta, tb = (node.attrs.get(k, False) for k in ("transpose_a", "transpose_b"))
    if node.prim.name == "MatMul" and (ta or tb) and node.outputs[0].dtype.kind == "f":
        out: str = b.op("Gemm", x, y, transA=int(ta), transB=int(tb))
        return out

    def turned(name: str, value: Any) -> str:
        n = len(value.shape)
        turn: str = b.op("Transpose", name, perm=(*range(n - 2), n - 1, n - 2))
        return turn

    x = turned(x, node.inputs[0]) if ta else x
    y = turned(y, node.inputs[1]) if tb else y
    product: str = b.op("MatMul", x, y)
    return product


def _einsum(b: Builder, node: Node, *xs: str) -> str:
    """NumPy lets a size of 1 stand for any size; ONNX does not: such an axis is summed away."""
    inputs, result = node.attrs["equation"].split("->")
    terms = inputs.split(",")
    sizes: dict[str, int] = {}
    for term, value in zip(terms, node.inputs, strict=True):
        for letter, n in zip(term, value.shape, strict=True):
            sizes[letter] = max(n, sizes.get(letter, 1))
    names = []
    for i, (term, value) in enumerate(zip(terms, node.inputs, strict=True)):
        gone = [k for k, n in enumerate(value.shape) if n == 1 < sizes[term[k]]]
        names.append(b.op("Squeeze", xs[i], b.ints(*gone)) if gone else xs[i])
        terms[i] = "".join(c for k, c in enumerate(term) if k not in gone)
    out: str = b.op("Einsum", *names, equation=",".join(terms) + "->" + result)
    return out


def _pads(pad: tuple[int, ...]) -> tuple[int, ...]:
    """(before, after) for each axis as ONNX wants it: all before, then all after."""
    return (*pad[0::2], *pad[1::2])


def _conv(b: Builder, node: Node, x: str, w: str) -> str:
    a = node.attrs
    out: str = b.op(
        "Conv", x, w, strides=a["stride"], pads=_pads(a["pad"]), dilations=a["dilation"],
        group=a["group"], kernel_shape=node.inputs[1].shape[2:],
    )  # fmt: skip
    return out


def _conv_transpose(b: Builder, node: Node, dy: str, w: str) -> str:
    a, kernel = node.attrs, node.inputs[1].shape[2:]
    more = []
    for i, (n, k) in enumerate(zip(node.inputs[0].shape[2:], kernel, strict=True)):
        natural = (n - 1) * a["stride"][i] + a["dilation"][i] * (k - 1) + 1
        more.append(a["size"][i] - natural + a["pad"][2 * i] + a["pad"][2 * i + 1])
    out: str = b.op(
        "ConvTranspose", dy, w, strides=a["stride"], pads=_pads(a["pad"]),
        dilations=a["dilation"], group=a["group"], kernel_shape=kernel, output_padding=more,
    )  # fmt: skip
    return out


def _max_pool(b: Builder, node: Node, x: str) -> str:
    a = node.attrs
    out: str = b.op(
        "MaxPool", x, kernel_shape=a["kernel_size"], strides=a["strides"], pads=_pads(a["pad"]),
        dilations=a["dilation"],
    )  # fmt: skip
    return out


def _avg_pool(b: Builder, node: Node, x: str) -> str:
    a = node.attrs
    out: str = b.op(
        "AveragePool", x, kernel_shape=a["kernel_size"], strides=a["strides"],
        pads=_pads(a["pad"]), count_include_pad=int(a["count_include_pad"]),
    )  # fmt: skip
    return out


def _layer_norm(b: Builder, node: Node, x: str, scale: str, bias: str) -> tuple[str, str, str]:
    """Mean and variance, which only gradients need; unused operators are left out."""
    axis, epsilon = node.attrs["axis"], float(node.attrs["epsilon"])
    y = b.op("LayerNormalization", x, scale, bias, axis=axis, epsilon=epsilon)
    axes = tuple(range(axis, len(node.inputs[0].shape)))
    mean = b.op("ReduceMean", x, axes=axes, keepdims=1)
    apart = b.op("Sub", x, mean)
    square = b.op("Mul", apart, apart)
    return y, mean, b.op("ReduceMean", square, axes=axes, keepdims=1)


def _top_k(b: Builder, node: Node, x: str) -> Any:
    values, index = b.op("TopK", x, b.ints(node.attrs["k"]), outputs=2, axis=-1)
    return values, b.cast(index, np.dtype("i4"))


def _sort(b: Builder, node: Node, x: str) -> Any:
    axis = node.attrs["axis"]
    n = node.inputs[0].shape[axis] if node.inputs[0].shape else 1
    descending = int(node.attrs["descending"])
    values, index = b.op("TopK", x, b.ints(n), outputs=2, axis=int(axis), largest=descending)
    return values, b.cast(index, np.dtype("i4"))


def _scatter_elements(b: Builder, node: Node, x: str, index: str, updates: str) -> str:
    a = node.attrs
    index = onnx_index.places(b, index, node.inputs[1])
    out: str = b.op(
        "ScatterElements", x, index, updates, axis=int(a["axis"]), reduction=a["reduction"]
    )
    return out


def _gather_elements(b: Builder, node: Node, x: str, index: str) -> str:
    index = onnx_index.places(b, index, node.inputs[1])
    out: str = b.op("GatherElements", x, index, axis=int(node.attrs["dim"]))
    return out


def _relu(b: Builder, node: Node, x: str) -> str:
    dtype = node.inputs[0].dtype
    out: str = b.op("Relu", x) if dtype.kind == "f" else b.op("Max", x, b.constant(0, dtype))
    return out


SAME = {
    "Add": "Add", "Sub": "Sub", "Mul": "Mul", "Div": "Div", "RealDiv": "Div", "Pow": "Pow",
    "Maximum": "Max", "Minimum": "Min", "Neg": "Neg", "Abs": "Abs", "Sign": "Sign", "Exp": "Exp",
    "Log": "Log", "Sqrt": "Sqrt", "Reciprocal": "Reciprocal", "Tanh": "Tanh",
    "Sigmoid": "Sigmoid", "Floor": "Floor", "Ceil": "Ceil", "Round": "Round", "Erf": "Erf",
    "Sin": "Sin", "Cos": "Cos", "Tan": "Tan", "Asin": "Asin", "ACos": "Acos", "Atan": "Atan",
    "Sinh": "Sinh", "Cosh": "Cosh", "Softsign": "Softsign", "HSwish": "HardSwish",
    "Equal": "Equal", "Greater": "Greater", "GreaterEqual": "GreaterOrEqual", "Less": "Less",
    "LessEqual": "LessOrEqual", "LogicalAnd": "And", "LogicalOr": "Or", "LogicalXor": "Xor",
    "LogicalNot": "Not", "IsNan": "IsNaN", "IsInf": "IsInf", "Select": "Where",
    "Identity": "Identity", "MatrixDeterminant": "Det",
}  # fmt: skip

LOWERINGS: dict[str, Lowering] = {
    **{name: _plain(kind) for name, kind in SAME.items()},
    "StopGradient": _first,
    "Depend": _first,
    "ReLU": _relu,
    "HSigmoid": _plain("HardSigmoid", alpha=1 / 6, beta=0.5),
    "Cast": _cast,
    "Reshape": _reshape,
    "BroadcastTo": _expand,
    "Transpose": lambda b, node, x: b.op(
        "Transpose", x, perm=[p % max(len(node.inputs[0].shape), 1) for p in node.attrs["perm"]]
    ),
    "Concat": _along("Concat"),
    "Split": _split,
    "Tile": _tile,
    "ReduceSum": _reduce_sum,
    **{f"Reduce{k}": _reduce(f"Reduce{k}") for k in ("Mean", "Max", "Min", "Prod")},
    "Argmax": _arg("ArgMax"),
    "Argmin": _arg("ArgMin"),
    "CumSum": _cumsum,
    "PadV3": _pad,
    "MatMul": _matmul,
    "BatchMatMul": _matmul,
    "Einsum": _einsum,
    "Softmax": _along("Softmax"),
    "LogSoftmax": _along("LogSoftmax"),
    **{f"Conv{d}D": _conv for d in (2, 3)},
    **{f"Conv{d}DBackpropInput": _conv_transpose for d in (2, 3)},
    **{f"MaxPool{d}": _max_pool for d in ("", "3D")},
    **{f"AvgPool{d}": _avg_pool for d in ("", "3D")},
    "LayerNorm": _layer_norm,
    "TopK": _top_k,
    "Sort": _sort,
    "GatherD": _gather_elements,
    "TensorScatterElements": _scatter_elements,
    "GetItem": onnx_index.get_item,
    "SetItem": onnx_index.scatter,
    "AddAt": onnx_index.scatter,
    **onnx_control.CONTROL,
}
LOWERINGS.update((n, through(LOWERINGS[n], *kinds)) for n, kinds in NO_KERNELS.items())

_BOOLS = {"LogicalAnd", "LogicalOr", "LogicalXor", "LogicalNot"}


def _average_fits(a: dict[str, Any]) -> bool:
    """Whether ONNX counts as we do: no override, nothing beyond the padding."""
    narrow = all(p < a["kernel_size"][i // 2] for i, p in enumerate(a["pad"]))
    return not (a["divisor_override"] or any(a["extra"])) and bool(narrow)


def fits(node: Node) -> bool:
    """Whether a primitive's own operator takes this node; otherwise its rule is used."""
    name, a = node.prim.name, node.attrs
    kinds = {v.dtype.kind for v in node.inputs}
    if any(v.dtype.kind == "c" for v in (*node.inputs, *node.outputs)):
        return False
    if name in onnx_control.CONTROL:
        return onnx_control.fits(node)
    if name in _BOOLS:
        return kinds == {"b"}
    if name == "LayerNorm":
        return 0 not in node.inputs[0].shape
    if name in ("IsNan", "IsInf"):
        return kinds == {"f"} and (name == "IsNan" or node.inputs[0].dtype.itemsize > 2)
    if name == "Round":
        return bool(a.get("decimals", 0) == 0)
    if name in ("MaxPool", "MaxPool3D"):
        return all(p < a["kernel_size"][i // 2] for i, p in enumerate(a["pad"]))
    if name in ("AvgPool", "AvgPool3D"):
        return _average_fits(a)
    if name in ("GetItem", "SetItem", "AddAt"):
        return onnx_index.fits(node)
    return True
