"""One operation as a line of NumPy.

`form(node)` says how the NumPy backend runs a node:

* ``view``: the result shares its input's memory (a reshape);
* ``out``: the result can be written into memory that is given (`out=`);
* ``call``: the primitive's own kernel, which makes its result's memory itself.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from mslearn.graph.ir import Node
from mslearn.ops.families import Elementwise
from mslearn.ops.linalg import _FEW_ROWS, _WIDE

VIEWS = {
    "Reshape", "Transpose", "BroadcastTo", "Identity", "StopGradient", "Depend", "Split",
    "MatrixDiagPart", "ReverseV2", "LARSUpdate", "Einsum",
}  # fmt: skip
"""Primitives whose kernels may return memory of their inputs; a test proves the list complete."""

WRITES = {"SetItem", "AddAt", "TensorScatterElements"}
"""Primitives whose kernels write into a copy of their first input."""

Lines = list[str]
Emitter = Callable[[Node, list[str], str, str], Lines]
"""(node, input names, name of the result, ``", out=…"`` or ``""``) -> lines of code."""


def form(node: Node) -> str:
    """``"view"``, ``"out"`` or ``"call"``."""
    name = node.prim.name
    if name in VIEWS:
        return "view"
    if name == "GetItem":
        return "call" if len(node.inputs) > 1 else "view"
    if name in OUT and (name not in _WHEN or _WHEN[name](node)):
        return "out"
    return "out" if _plain_ufunc(node) else "call"


def in_place(node: Node) -> bool:
    """Whether the result may be written over an input of the same shape and dtype."""
    return _plain_ufunc(node) or node.prim.name in ("BiasAdd", "ReLU", "ReluGrad", "Sigmoid")


def lines(node: Node, names: list[str], result: str, out: str | None) -> Lines | None:
    """The code of a node in ``out`` form; `out` names the memory, None makes new memory."""
    where = "" if out is None else f", out={out}"
    emitter = OUT.get(node.prim.name)
    if emitter is not None:
        return emitter(node, names, result, where)
    return [f"{result} = np.{node.prim.kernel.__name__}({', '.join(names)}{where})"]


def view(node: Node, names: list[str]) -> str | None:
    """The expression of a node in ``view`` form, where there is one plainer than its kernel."""
    name, x = node.prim.name, names[0] if names else ""
    if name == "Reshape":
        return f"{x}.reshape({tuple(node.outputs[0].shape)})"
    if name == "Transpose":
        perm = tuple(node.attrs["perm"])
        return f"{x}.T" if perm in ((1, 0), (-1, -2)) else f"{x}.transpose({perm})"
    if name in ("Identity", "StopGradient", "Depend"):
        return f"{x}.view()"
    if name == "GetItem":
        items = [_index(item) for item in node.attrs["template"]]
        if None not in items:
            return f"{x}[{', '.join(items)}]" if items else f"{x}.view()"  # type: ignore[arg-type]
    return None


def _index(item: Any) -> str | None:
    if item is Ellipsis:
        return "..."
    if item is None or isinstance(item, int):
        return repr(item)
    if isinstance(item, slice):
        ends = ["" if e is None else str(e) for e in (item.start, item.stop)]
        return ":".join(ends) + ("" if item.step is None else f":{item.step}")
    return None


def _plain_ufunc(node: Node) -> bool:
    kernel = getattr(node.prim, "kernel", None)
    if not any(v.dtype.kind == "V" for v in node.inputs):  # bfloat16 has kernels of its own
        kernel = getattr(kernel, "__wrapped__", kernel)
    if not issubclass(node.prim, Elementwise) or not isinstance(kernel, np.ufunc):
        return False
    try:
        found = kernel.resolve_dtypes((*(v.dtype for v in node.inputs), None))
    except TypeError:
        return False
    return bool(found[-1] == node.outputs[0].dtype)


def floats(node: Node) -> bool:
    """Whether all inputs are float32 or float64."""
    return all(v.dtype.kind == "f" and v.dtype.itemsize >= 4 for v in node.inputs)


def _matmul(node: Node, names: list[str], result: str, where: str) -> Lines:
    x, y = (
        f"{n}.T" if node.attrs.get(flag) else n
        for n, flag in zip(names, ("transpose_a", "transpose_b"), strict=True)
    )
    if turned(node):
        weight = names[1] if node.attrs.get("transpose_b") else f"{names[1]}.T"
        return [f"{result} = np.dot({weight}, {names[0]}.T{where}).T"]
    return [f"{result} = np.dot({x}, {y}{where})"]


def turned(node: Node) -> bool:
    """Whether the result is kept column by column: its memory has the transposed shape.

    Few rows against a wide weight: BLAS is faster on the transposed product of the forward pass
    (and no slower on the backward one), and what follows element by element finds all its inputs
    in the same order. Mixed orders cost a mask of 64 by 512 numbers four times as much.
    """
    if node.prim.name != "MatMul" or node.attrs.get("transpose_a"):
        return False
    return _few(node.outputs[0].shape)


def _few(shape: tuple[int, ...]) -> bool:
    """Whether a matrix has few rows, but long ones."""
    return bool(shape[0] <= _FEW_ROWS and shape[1] >= _WIDE)


def _batch_matmul(node: Node, names: list[str], result: str, where: str) -> Lines:
    x, y = (
        f"{n}.swapaxes(-1, -2)" if node.attrs.get(flag) else n
        for n, flag in zip(names, ("transpose_a", "transpose_b"), strict=True)
    )
    return [f"{result} = np.matmul({x}, {y}{where})"]


def _bias_add(node: Node, names: list[str], result: str, where: str) -> Lines:
    x, b = names
    ndim = len(node.inputs[0].shape)
    if ndim > 2:
        b = f"{b}.reshape({(-1,) + (1,) * (ndim - 2)})"
    return [f"{result} = np.add({x}, {b}{where})"]


def _reduce_sum(node: Node, names: list[str], result: str, where: str) -> Lines:
    axis: Any = node.attrs.get("axis", ())
    axis = None if axis == () or axis is None else axis
    axis = tuple(axis) if isinstance(axis, list) else axis
    keep = ", keepdims=True" if node.attrs.get("keep_dims") else ""
    x = node.inputs[0]
    if axis == (0,) and not keep and len(x.shape) == 2 and _few(x.shape):
        # A bias's gradient: such matrices are kept column by column, where reduce takes 15 us
        # for 64 by 512 numbers and a product 3.
        return [f"{result} = np.dot(np.ones({x.shape[0]}, np.{x.dtype}), {names[0]}{where})"]
    return [f"{result} = np.add.reduce({names[0]}, axis={axis}{keep}{where})"]


def _sigmoid(node: Node, names: list[str], result: str, where: str) -> Lines:
    return [
        f"{result} = np.multiply({names[0]}, 0.5{where})",
        f"{result} = np.tanh({result}, out={result})",
        f"{result} *= 0.5",
        f"{result} += 0.5",
    ]


def _concat(node: Node, names: list[str], result: str, where: str) -> Lines:
    axis = node.attrs["axis"]
    return [f"{result} = np.concatenate(({', '.join(names)},), axis={axis}{where})"]


OUT: dict[str, Emitter] = {
    "MatMul": _matmul,
    "BatchMatMul": _batch_matmul,
    "BiasAdd": _bias_add,
    "ReLU": lambda node, n, result, where: [f"{result} = np.clip({n[0]}, 0, np.inf{where})"],
    "ReluGrad": lambda node, n, result, where: [
        f"{result} = np.multiply({n[0]}, np.greater({n[1]}, 0){where})"
    ],
    "ReduceSum": _reduce_sum,
    "Sigmoid": _sigmoid,
    "Concat": _concat,
}
_WHEN: dict[str, Callable[[Node], bool]] = {
    "MatMul": floats,
    "BatchMatMul": floats,
    "BiasAdd": floats,
    "ReLU": floats,
    "ReluGrad": floats,
    "ReduceSum": floats,
    "Sigmoid": lambda node: floats(node) and math.prod(node.outputs[0].shape) > 1,
    "Concat": lambda node: len({v.dtype for v in node.inputs}) == 1,
}
