"""Algebraic simplification: x*1, x+0, a transpose of a transpose … become what they equal.

Only rules that keep every number (up to rounding of the last bit) are used: ``x * 0`` stays,
because it is NaN where x is.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np

from mslearn.core.primitive import registry
from mslearn.core.tensor import Abstract
from mslearn.graph.ir import Graph, Node, Value
from mslearn.graph.passes.base import Replacing, only_number, same_kind

Makers = dict[int, Node]
Rule = Callable[[Node, Makers], "Node | Value | None"]
PASS_THROUGH = {"Identity", "StopGradient", "Depend"}
"""They mattered for gradients and order; both are settled when the graph stands."""


def run(graph: Graph) -> Graph:
    """The graph after all rules, which see the nodes in order of execution."""
    now = Replacing()
    makers: Makers = {}
    nodes = []
    for node in graph.nodes:
        node = now.node(node)
        while isinstance(found := _simpler(node, makers), Node):
            node = found
        if found is not None:
            now.put(node.outputs[0], found)
            continue
        for out in node.outputs:
            makers[id(out)] = node
        nodes.append(node)
    return now.finish(graph, nodes)


def _simpler(node: Node, makers: Makers) -> Node | Value | None:
    if node.prim.name in PASS_THROUGH:
        return node.inputs[0]
    rule = RULES.get(node.prim.name)
    found = rule(node, makers) if rule is not None else None
    if found is not None and not isinstance(found, Node):
        out = node.outputs[0]
        if not same_kind(found, out.shape, out.dtype):
            return None  # the operation also broadcast or changed the dtype
    return found


def _neutral(number: float, both: bool) -> Rule:
    """``x op number`` is x (and ``number op x`` too, when `both`)."""

    def rule(node: Node, makers: Makers) -> Value | None:
        x, y = node.inputs
        if only_number(y) == number:
            return x
        return y if both and only_number(x) == number else None

    return rule


def _maker(value: Value, name: str, makers: Makers) -> Node | None:
    node = makers.get(id(value)) if isinstance(value, Abstract) else None
    return node if node is not None and node.prim.name == name else None


def _twice(node: Node, makers: Makers) -> Value | None:
    inner = _maker(node.inputs[0], node.prim.name, makers)
    return None if inner is None else inner.inputs[0]


def _cast(node: Node, makers: Makers) -> Value | None:
    return node.inputs[0]  # `_simpler` keeps it unless the dtype is the same


def _reshape(node: Node, makers: Makers) -> Node | Value | None:
    x = node.inputs[0]
    if same_kind(x, node.outputs[0].shape, x.dtype):
        return x
    inner = _maker(x, "Reshape", makers)
    return None if inner is None else dataclasses.replace(node, inputs=inner.inputs)


def _transpose(node: Node, makers: Makers) -> Node | Value | None:
    x, perm = node.inputs[0], node.attrs["perm"]
    perm = [p % len(perm) for p in perm]
    if perm == list(range(len(perm))):
        return x
    inner = _maker(x, "Transpose", makers)
    if inner is None:
        return None
    first = [p % len(perm) for p in inner.attrs["perm"]]
    attrs = {"perm": tuple(first[p] for p in perm)}
    return dataclasses.replace(node, inputs=inner.inputs, attrs=attrs)


def _matmul(node: Node, makers: Makers) -> Node | None:
    """The product of a transposed matrix: BLAS transposes on the way, for nothing."""
    inputs, attrs = list(node.inputs), dict(node.attrs)
    for i, flag in enumerate(("transpose_a", "transpose_b")):
        inner = _maker(inputs[i], "Transpose", makers)
        if inner is not None and len(inner.attrs["perm"]) == 2:
            inputs[i] = inner.inputs[0]
            attrs[flag] = not attrs.get(flag, False)
    if all(a is b for a, b in zip(inputs, node.inputs, strict=True)):
        return None
    return dataclasses.replace(node, inputs=tuple(inputs), attrs=attrs)


def _pow(node: Node, makers: Makers) -> Node | Value | None:
    x, exponent = node.inputs[0], only_number(node.inputs[1])
    out = node.outputs[0]
    if exponent == 1.0:
        return x
    if exponent == 2.0 and same_kind(x, out.shape, out.dtype):
        return dataclasses.replace(node, prim=registry["Square"], inputs=(x,), attrs={})
    return None


def _broadcast(node: Node, makers: Makers) -> Value | None:
    return node.inputs[0]


def _sum(node: Node, makers: Makers) -> Node | None:
    """A sum that is only there to undo a broadcast of size 1 is a reshape."""
    x, out = node.inputs[0], node.outputs[0]
    if int(np.prod(x.shape)) != int(np.prod(out.shape)) or x.dtype != out.dtype:
        return None
    return dataclasses.replace(node, prim=registry["Reshape"], attrs={"shape": tuple(out.shape)})


RULES: dict[str, Rule] = {
    "Mul": _neutral(1.0, both=True),
    "Add": _neutral(0.0, both=True),
    "Sub": _neutral(0.0, both=False),
    "Div": _neutral(1.0, both=False),
    "RealDiv": _neutral(1.0, both=False),
    "Neg": _twice,
    "Cast": _cast,
    "Reshape": _reshape,
    "Transpose": _transpose,
    "MatMul": _matmul,
    "BroadcastTo": _broadcast,
    "ReduceSum": _sum,
    "Pow": _pow,
}
