"""How graphs are written for devices behind ONNX Runtime, and what those compute wrongly.

Found with the emulator of `onnxruntime-qnn` 2.7 by running every primitive's samples on it
(tests/backends/test_qualcomm.py does so again): a provider may take an operator, say nothing, and
give other numbers than ONNX defines, or end the process.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from mslearn.backends.lowering import empty
from mslearn.core.dtype import to_numpy
from mslearn.graph.ir import Node
from mslearn.interchange.onnx_model import Builder
from mslearn.interchange.onnx_ops import LOWERINGS as USUAL

QUALCOMM = {
    "IsNan": "it has neither infinities nor NaN: numbers end at 131008",
    "Conv3DBackpropInput": "its results are wrong there",
    "AvgPool3DGrad": "its results are wrong there",
}
KINDS = ("float32", "float16", "int32", "int64", "bool")


def unfit(node: Node, target: str) -> str:
    """Why the device must not be given a node that it would take; "" when it may be."""
    if node.prim.name == "NextKey" or ("key" in node.attrs and not node.inputs):
        return ""  # the host draws for every target
    why = empty(node)
    if why or target != "Qualcomm":
        return why
    name = node.prim.name
    if name in QUALCOMM:
        return QUALCOMM[name]
    kinds = {str(v.dtype) for v in (*node.values(), *node.outputs)}
    if name != "Cast" and not kinds <= set(KINDS):
        return f"it does not compute with {', '.join(sorted(kinds - set(KINDS)))}"
    if name in ("SetItem", "AddAt") and node.inputs[0].dtype == np.int64:
        return "it does not write into int64"  # its library ends the process
    if name == "Conv2D" and max(node.attrs["stride"]) > 2:
        x, w = (v.shape for v in node.inputs)
        if x[1] == w[0] == 1:
            return "its results are wrong there for one channel and strides above 2"
    if name == "Conv2DBackpropFilter":
        kernel = node.outputs[0].shape[2:]
        if any(p >= kernel[i // 2] for i, p in enumerate(node.attrs["pad"])):
            return "its results are wrong there where whole windows lie in the padding"
    return ""


def product(b: Builder, node: Node, x: str, y: str) -> str:
    """A plain MatMul: QNN's Gemm does not take every operand that is turned."""
    if node.attrs.get("transpose_a"):
        x = b.op("Transpose", x, perm=(1, 0))
    if node.attrs.get("transpose_b"):
        y = b.op("Transpose", y, perm=(1, 0))
    return str(b.op("MatMul", x, y))


def converted(b: Builder, node: Node, x: str) -> Any:
    """A Cast; to bool by comparing with 0, since QNN's keeps the number's lowest byte."""
    kind = node.inputs[0].dtype
    if to_numpy(node.attrs["dtype"]) != np.bool_ or kind == np.bool_:
        return USUAL["Cast"](b, node, x)
    return b.op("Not", b.op("Equal", x, b.constant(0, kind)))


def windowed(b: Builder, node: Node, x: str, w: str) -> Any:
    """A convolution; where whole windows lie in the padding, which QNN gets wrong, the padding is
    an operator of its own."""
    a, kernel = node.attrs, node.inputs[1].shape[2:]
    pads = (*a["pad"][0::2], *a["pad"][1::2])
    if any(p >= k for p, k in zip(pads, (*kernel, *kernel), strict=True)):
        half = len(pads) // 2
        amounts = b.ints(0, 0, *pads[:half], 0, 0, *pads[half:])
        x = b.op("Pad", x, amounts, b.constant(0, node.inputs[0].dtype))
        pads = (0,) * len(pads)
    return b.op(
        "Conv", x, w, strides=a["stride"], pads=pads, dilations=a["dilation"], group=a["group"],
        kernel_shape=kernel,
    )  # fmt: skip


def spread(b: Builder, node: Node, dy: str, w: str) -> Any:
    """A transposed convolution without output padding, which QNN gets wrong where every channel
    has a filter of its own: what it adds is cut off less, or is zero."""
    a, kernel = node.attrs, node.inputs[1].shape[2:]
    ends, zeros = list(a["pad"][1::2]), []
    for i, (n, k) in enumerate(zip(node.inputs[0].shape[2:], kernel, strict=True)):
        natural = (n - 1) * a["stride"][i] + a["dilation"][i] * (k - 1) + 1
        more = a["size"][i] - natural + a["pad"][2 * i] + ends[i]
        cut = min(more, ends[i])
        ends[i] -= cut
        zeros.append(more - cut)
    out = b.op(
        "ConvTranspose", dy, w, strides=a["stride"], pads=(*a["pad"][0::2], *ends),
        dilations=a["dilation"], group=a["group"], kernel_shape=kernel,
    )  # fmt: skip
    if any(zeros):
        amounts = b.ints(0, 0, *(0 for _ in zeros), 0, 0, *zeros)
        out = b.op("Pad", out, amounts, b.constant(0, node.outputs[0].dtype))
    return out


LOWERINGS: dict[str, Any] = {
    "MatMul": product, "Cast": converted, "Conv2D": windowed, "Conv2DBackpropInput": spread,
}  # fmt: skip
"""Operators for devices, in place of those for files."""
