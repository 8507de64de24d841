"""How graphs are written for OpenVINO, and what its CPU device computes otherwise than ONNX says.

Found with OpenVINO 2026.4 by random programs (the smallest are in
tests/backends/test_compositions.py). Its CPU adds up and compares integers as float32, which is
exact up to `EXACT`; short integers stop at their ends where NumPy's wrap around, so they are
computed in int32 and cut.
"""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

from mslearn.core.dtype import to_numpy
from mslearn.graph.ir import Graph, Node
from mslearn.interchange.onnx_builder import Builder, Lowering
from mslearn.interchange.onnx_kinds import SHORT, through
from mslearn.interchange.onnx_model import Model, onnx_model
from mslearn.interchange.onnx_ops import LOWERINGS as USUAL
from mslearn.interchange.onnx_ops import fits

EXACT = 1 << 24
LARGE = f"OpenVINO keeps integers exactly only up to {EXACT}"
INT32 = np.dtype("i4")


def cut(b: Builder, name: str, dtype: np.dtype[Any]) -> str:
    """An int32 in a short integer dtype: its lowest bits."""
    if dtype.kind not in "iu":
        return b.cast(name, dtype)
    count = 1 << (8 * dtype.itemsize)
    half = b.constant(count // 2 if dtype.kind == "i" else 0, INT32)
    low = b.op("Mod", b.op("Add", name, half), b.constant(count, INT32))
    return b.cast(b.op("Sub", low, half), dtype)


def _cast(b: Builder, node: Node, x: str) -> Any:
    old, new = node.inputs[0].dtype, to_numpy(node.attrs["dtype"])
    if (
        new.str[1:] in SHORT
        and new.kind in "iu"
        and (old.kind == "f" or old.itemsize > new.itemsize)
    ):
        return cut(b, b.cast(x, INT32) if old != INT32 else x, new)
    return USUAL["Cast"](b, node, x)


def _reshape(b: Builder, node: Node, x: str) -> Any:
    """A Reshape to no axes behind a product ends the process; a Squeeze does not."""
    if node.outputs[0].shape:
        return USUAL["Reshape"](b, node, x)
    return b.op("Squeeze", x, b.ints(*range(len(node.inputs[0].shape))))


LOWERINGS: dict[str, Lowering] = {
    **{
        name: through(USUAL[name], "i4", *SHORT, back=cut)
        for name in ("Add", "Sub", "Mul", "Neg", "Abs", "Pow", "CumSum", "ReduceSum", "ReduceProd",
                     "MatMul", "BatchMatMul")
    },
    "Cast": _cast,
    "Reshape": _reshape,
}  # fmt: skip
"""Operators in place of those for files."""


def model_of(graph: Graph) -> Model:
    """The graph as ONNX. Constants that several products or convolutions read in different ways
    are mixed up, so each operator gets its own."""
    return onnx_model(graph, parameters="inputs", lowerings=LOWERINGS, takes=fits, apart=True)


def stable(model: Any) -> Any:
    """Equal numbers stay in their order when they are sorted, as ONNX wants it."""
    new = importlib.import_module("openvino.opset11").topk
    for op in model.get_ops():
        if op.get_type_name() == "TopK":
            a, inputs = op.get_attributes(), [port.get_source_output() for port in op.inputs()]
            made = new(*inputs, a["axis"], a["mode"], a["sort"], a["index_element_type"], True)
            for old, output in zip(op.outputs(), made.outputs(), strict=True):
                for port in old.get_target_inputs():
                    port.replace_source_output(output)
    return model


def compiled_by(core: Any, data: bytes, device: str, settings: dict[str, str]) -> Any:
    """The compiled model. What joins element-wise operators into one ("snippets") gives up on some
    models; they work without it."""
    try:
        return core.compile_model(stable(core.read_model(data)), device, settings)
    except RuntimeError as error:
        if "Snippets" not in str(error):
            raise
    settings = {**settings, "SNIPPETS_MODE": "DISABLE"}
    return core.compile_model(stable(core.read_model(data)), device, settings)


def too_large(array: np.ndarray) -> bool:
    """Whether it holds integers that the device does not keep exactly."""
    if array.dtype.kind not in "iu" or array.dtype.itemsize < 4 or not array.size:
        return False
    return max(int(array.max()), -int(array.min())) > EXACT
