"""Branches and loops in ONNX: If and Loop. A graph inside sees the values of the graph around.

The gradient of a loop is two Loops: one goes forward again and keeps what every round starts with
(scan outputs), the other goes back through the rounds.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from mslearn.core.tensor import Abstract
from mslearn.graph.control_prims import derivative
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
    return _forward(b, cond, body, n, node.inputs, xs, False)


TURN, GOING = Abstract((), INT64), Abstract((), BOOL)


def _entry(inner: Builder, values: Any) -> list[Port]:
    """The inputs of a Loop's body: the number of the turn, the condition, what is carried."""
    inputs = [Port(inner.fresh("turn"), TURN), Port(inner.fresh("going"), GOING)]
    return inputs + [Port(inner.fresh(f"carry.{i}"), v) for i, v in enumerate(values)]


def _forward(
    b: Builder, cond: Graph, body: Graph, n: int, values: Any, xs: Any, kept: bool
) -> list[str]:
    """The loop's results; with `kept` the number of rounds, then what each of them starts with."""
    carry, free = xs[:n], xs[n:]
    (first,) = b.inline(cond, xs)
    start = _truth(b, first, cond.outputs[0])
    inner = b.inside()
    inputs = _entry(inner, values[:n])
    held = [p.name for p in inputs[2:]]
    new = inner.inline(body, [*held, *free])
    (more,) = inner.inline(cond, [*new, *free])
    names = [_truth(inner, more, cond.outputs[0]), *new]
    types = [GOING, *body.outputs[:n]]
    if kept:  # the rounds are counted in a carried value, too
        inputs.append(Port(inner.fresh("count"), TURN))
        names += [inner.op("Add", inputs[-1].name, inner.constant(1, INT64)), *held]
        types += [TURN, *values[:n]]
        carry = (*carry, b.constant(0, INT64))
    inside = Inside(inner, inputs, _ports(inner, names, types))
    out = b.op("Loop", "", start, *carry, outputs=n + kept * (1 + n), body=inside)
    return ([out] if isinstance(out, str) else out)[n * kept :]


def _loop_grad(b: Builder, node: Node, *xs: str) -> list[str]:
    cond, body, n = node.attrs["program"].loop
    outs, ins = ([i for i, v in enumerate(vs) if v.dtype.kind in "fc"]
                 for vs in (body.outputs, body.inputs))  # fmt: skip
    k = len(outs)
    state, values = xs[k:], node.inputs[k:]
    count, *starts = _forward(b, cond, body, n, values, state, True)
    # What every round reads gets a share of the gradient from each: it is summed up from zero.
    zeros = [
        b.cast(b.op("ConstantOfShape", b.op("Shape", state[i])), values[i].dtype)
        for i in ins if i >= n
    ]  # fmt: skip
    inner = b.inside()
    inputs = _entry(inner, node.outputs)
    dys = dict(zip(ins, (p.name for p in inputs[2:]), strict=True))
    at = inner.op("Sub", inner.op("Sub", count, inputs[0].name), inner.constant(1, INT64))
    now = [inner.op("Gather", kept, at, axis=0) for kept in starts]
    parts = inner.inline(derivative(body, "pull"), [*(dys[i] for i in outs), *now, *state[n:]])
    new = [p if i < n else inner.op("Add", p, dys[i]) for i, p in zip(ins, parts, strict=True)]
    names = [inner.constant(True, BOOL), *new]
    inside = Inside(inner, inputs, _ports(inner, names, [GOING, *node.outputs]))
    out = b.op("Loop", count, "", *xs[:k], *zeros, outputs=len(ins), body=inside)
    return [out] if isinstance(out, str) else out


CONTROL: dict[str, Lowering] = {
    "Cond": _cond,
    "WhileLoop": _while,
    "LoopGrad": _loop_grad,
    "Call": lambda b, node, *xs: b.inline(node.attrs["graph"], xs),
}


def fits(node: Node) -> bool:
    """Random numbers inside would have to come from the host in every turn: not possible."""
    first = node.prim.name != "LoopGrad" or node.attrs["program"].loop is not None
    return first and not node.attrs.get("draws")


def writable(node: Node, own_draws: bool) -> bool:
    """Whether MindIR can hold a control node: its random numbers must not have to come twice."""
    return fits(node) or (own_draws and node.attrs["draws"] == "keep")
