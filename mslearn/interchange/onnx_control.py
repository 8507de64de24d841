"""Branches and loops in ONNX: If and Loop. A graph inside sees the values of the graph around."""

from __future__ import annotations

from typing import Any

import numpy as np

from mslearn.core.tensor import Abstract
from mslearn.graph.ir import Graph, Node
from mslearn.interchange.onnx_builder import Builder, Inside, Lowering, Port

BOOL, INT64 = np.dtype("?"), np.dtype("i8")


def _truth(b: Builder, name: str, value: Any) -> str:
    """The first element as a bool of no axes."""
    name = name if value.dtype == BOOL else b.cast(name, BOOL)
    out: str = b.op("Reshape", name, b.ints()) if value.shape else name
    return out


def _ports(b: Builder, names: list[str], values: Any) -> list[Port]:
    return [
        Port(b.publish(n, f"result.{i}"), v)
        for i, (n, v) in enumerate(zip(names, values, strict=True))
    ]


def _branch(b: Builder, graph: Graph, operands: tuple[str, ...]) -> Inside:
    inner = b.inside()
    return Inside(inner, [], _ports(inner, inner.inline(graph, operands), graph.outputs))


def _cond(b: Builder, node: Node, pred: str, *operands: str) -> Any:
    then, els = (_branch(b, node.attrs[k], operands) for k in ("then", "els"))
    out = b.op(
        "If", _truth(b, pred, node.inputs[0]), outputs=len(node.outputs), then_branch=then,
        else_branch=els,
    )  # fmt: skip
    return [out] if isinstance(out, str) else out


def _while(b: Builder, node: Node, *xs: str) -> Any:
    """The condition stands before the loop, for the first turn, and at the end of the body."""
    cond, body, n = (node.attrs[k] for k in ("cond", "body", "n"))
    carry, free = xs[:n], xs[n:]
    (first,) = b.inline(cond, xs)
    inner = b.inside()
    turn, going = Abstract((), INT64), Abstract((), BOOL)
    inputs = [Port(inner.fresh("turn"), turn), Port(inner.fresh("going"), going)]
    inputs += [Port(inner.fresh(f"carry.{i}"), v) for i, v in enumerate(node.inputs[:n])]
    new = inner.inline(body, [*(p.name for p in inputs[2:]), *free])
    (more,) = inner.inline(cond, [*new, *free])
    names = [_truth(inner, more, cond.outputs[0]), *new]
    inside = Inside(inner, inputs, _ports(inner, names, [going, *body.outputs]))
    start = _truth(b, first, cond.outputs[0])
    out = b.op("Loop", "", start, *carry, outputs=n, body=inside)
    return [out] if isinstance(out, str) else out


CONTROL: dict[str, Lowering] = {
    "Cond": _cond,
    "WhileLoop": _while,
    "Call": lambda b, node, *xs: b.inline(node.attrs["graph"], xs),
}


def fits(node: Node) -> bool:
    """Random numbers inside would have to come from the host in every turn: not possible."""
    return not node.attrs.get("draws")
