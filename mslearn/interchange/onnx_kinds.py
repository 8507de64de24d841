"""The dtypes that ONNX or its runtimes leave out: an operator then works in a wider one.

Integers wrap around in the wider dtype's lowest bits as they would in their own.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

from mslearn.core.tensor import Abstract
from mslearn.graph.ir import Node
from mslearn.interchange.onnx_builder import Builder, Lowering

SHORT = ("b1", "i1", "u1", "i2", "u2")

NO_KERNELS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(
        ("CumSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd", "Argmax", "Argmin", "Sort",
         "TopK", "Maximum", "Minimum", "Neg", "Abs", "Sign", "Pow", "Select", "PadV3", "ReLU",
         "MatMul", "BatchMatMul"), ("i4", *SHORT)),
    **dict.fromkeys(("AddAt", "TensorScatterElements"), ("f4", "f2")),
}  # fmt: skip
"""By primitive: the dtype to work in, and those that are missing."""


def through(
    lower: Lowering, wide: str, *missing: str, back: Callable[..., str] = Builder.cast
) -> Lowering:
    """`lower`, with a node of numbers of the dtypes `missing` computed in the dtype `wide`;
    ``back(builder, name, dtype)`` turns its results into their own."""
    own = np.dtype(wide)

    def lower_wide(b: Builder, node: Node, *names: str) -> Any:
        first = 1 if node.prim.name == "Select" else 0  # behind the condition
        dtype = node.inputs[first].dtype
        if dtype.str[1:] not in missing:
            return lower(b, node, *names)

        def widened(values: Any) -> tuple[Any, ...]:
            return tuple(Abstract(v.shape, own) if v.dtype == dtype else v for v in values)

        narrow = [k >= first and v.dtype == dtype for k, v in enumerate(node.inputs)]
        given = [b.cast(n, own) if turn else n for n, turn in zip(names, narrow, strict=True)]
        inputs = (*node.inputs[:first], *widened(node.inputs[first:]))
        inner = dataclasses.replace(node, inputs=inputs, outputs=widened(node.outputs))
        found = lower(b, inner, *given)
        several = [found] if isinstance(found, str) else found
        return [
            back(b, n, dtype) if v.dtype == dtype else n
            for n, v in zip(several, node.outputs, strict=True)
        ]

    return lower_wide
