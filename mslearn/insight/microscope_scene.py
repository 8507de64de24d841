"""A differentiated function as plain data: the graph, the steps, and the answers.

    {"version": 1, "title", "mode": "reverse" | "forward", "order": 1 | 2,
     "graph": scene of `graph_scene` (each node has "values": its values' numbers),
     "values": [{"name", "kind", "look", "node"}, …],
     "ops": [{"name", "inputs", "outputs", "node", "doc", "source"}, …],
     "steps": [{"kind": "start", "to", "after"},
               {"kind": "edge", "op", "slot", "from", "to", "formula", "upstream", "local",
                "product", "summed" (over broadcast axes), "before", "after", "nth", "of",
                "check"}, …],
     "answers": see `microscope_why.explain`, with "gradient" (a look or None) and "check"}

A *look* is an array for the page: ``{"shape", "dtype", "data"}`` with all numbers of a small one,
or ``{"shape", "dtype", "stats", "pick": [index, value]}`` of a large one (the pick is its largest
element). In reverse mode a step goes *from* an operation's output *to* one of its inputs.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from mslearn.core.dtype import dtype_of

from .graph_values import jsonable, summarise
from .microscope_formulas import formula
from .microscope_trace import Edge, Trace, check_edge, check_leaf
from .microscope_why import explain

VERSION = 1
FULL = 36  # elements of a tensor that is shown whole
CHECKED = 200  # steps that get a small-step check when the view is made; later ones on demand


def look(array: np.ndarray) -> dict[str, Any]:
    """An array for the page; see the module's text."""
    array = np.asarray(array)
    out: dict[str, Any] = {"shape": list(array.shape), "dtype": str(dtype_of(array.dtype))}
    if array.size <= FULL:
        return {**out, "data": [_plain(v) for v in array.reshape(-1)]}
    summary = summarise(array)
    keys = ("min", "max", "mean", "norm", "zeros", "bad", "thumb", "of")
    out["stats"] = {k: summary[k] for k in keys if k in summary}
    index = largest(array)
    return {**out, "pick": [list(index), _plain(array[index])]}


def largest(array: np.ndarray) -> tuple[int, ...]:
    """The index of the element of largest magnitude."""
    if not array.size:
        return (0,) * array.ndim
    flat = np.abs(np.nan_to_num(array.reshape(-1).astype(np.float64), nan=np.inf))
    return tuple(int(i) for i in np.unravel_index(int(flat.argmax()), array.shape))


def _plain(v: Any) -> Any:
    return jsonable(float(f"{float(v):.6g}")) if np.asarray(v).dtype.kind != "c" else str(v)


def microscope_scene(trace: Trace, title: str, mode: str, order: int) -> tuple[Any, list[Edge]]:
    """The scene and the edges behind its steps (step k + 1 is edge k)."""
    back, gradients = trace.reverse()
    edges, _ = (back, gradients) if mode == "reverse" else trace.forward()
    graph, node_of_value, node_of_op = _graph(trace)
    values = [
        {"name": name, "kind": trace.kind(k), "look": look(value), "node": node_of_value[k]}
        for k, (name, value) in enumerate(zip(trace.names, trace.values, strict=True))
    ]
    ops = [
        {
            "name": op.prim.name,
            "inputs": [trace.number[id(v)] for v in op.inputs],
            "outputs": [trace.number[id(v)] for v in op.outputs],
            "node": node_of_op[k],
            "source": vars(op.source).copy() if op.source is not None else None,
        }
        for k, op in enumerate(trace.ops)
    ]
    start = trace.output if mode == "reverse" else next(
        (trace.ops[e.op].inputs[e.slot] for e in edges), trace.output)  # fmt: skip
    first = {"kind": "start", "to": trace.number[id(start)], "after": look(np.ones_like(start))}
    answers = explain(trace, back, gradients)
    for answer in answers:
        gradient = gradients.get(answer["value"])
        answer["gradient"] = None if gradient is None else look(gradient)
        answer["check"] = None
        if gradient is not None and gradient.size and len(answers) <= 40:
            at = largest(gradient)
            found = check_leaf(trace, trace.values[answer["value"]], at, float(gradient[at]))
            answer["check"] = found and {"index": list(at), **_finite(found)}
    scene = {
        "version": VERSION, "title": title, "mode": mode, "order": order, "graph": graph,
        "values": values, "ops": ops, "steps": [first, *_steps(trace, edges, mode)],
        "answers": answers, "result": trace.number[id(trace.output)],
    }  # fmt: skip
    return scene, edges


def _steps(trace: Trace, edges: list[Edge], mode: str) -> list[dict[str, Any]]:
    ends = []
    for edge in edges:
        op = trace.ops[edge.op]
        source = trace.number[id(op.inputs[edge.slot])]
        out = trace.number[id(op.outputs[edge.output])]
        ends.append((out, source) if mode == "reverse" else (source, out))
    total = Counter(to for _, to in ends)
    seen: Counter[int] = Counter()
    steps: list[dict[str, Any]] = []
    for edge, (start, to) in zip(edges, ends, strict=True):
        op = trace.ops[edge.op]
        seen[to] += 1
        steps.append(
            {
                "kind": "edge", "op": edge.op, "slot": edge.slot, "from": start, "to": to,
                "formula": formula(op.prim, edge.slot, op.attrs),
                "upstream": look(edge.upstream),
                "local": None if edge.local is None else look(edge.local),
                "product": look(edge.product),
                "before": None if edge.before is None else look(edge.before),
                "after": look(edge.after),
                "summed": edge.local is not None and edge.local.shape != edge.product.shape,
                "nth": seen[to], "of": total[to],
                "check": element(trace, edge, mode) if len(steps) < CHECKED else None,
            }
        )  # fmt: skip
    return steps


def element(
    trace: Trace, edge: Edge, mode: str, index: tuple[int, ...] | None = None
) -> dict[str, Any] | None:
    """One element of an edge's product and its small-step check; the largest by default."""
    at = largest(edge.product) if index is None else index
    if not edge.product.size:
        return None
    found = check_edge(trace.ops[edge.op], edge, at, mode)
    return found and {"index": list(at), **_finite(found)}


def _finite(found: dict[str, Any]) -> dict[str, Any]:
    return {k: v if isinstance(v, bool) else jsonable(v) for k, v in found.items()}


def _graph(trace: Trace) -> tuple[dict[str, Any], list[int], list[int]]:
    """The operations as a scene of `insight.graph`, and the nodes of values and operations."""
    nodes: list[dict[str, Any]] = []
    edges: list[list[int]] = []
    node_of = [-1] * len(trace.values)
    place = [0] * len(trace.values)
    node_of_op: list[int] = []

    def add(kind: str, op: str, name: str, values: list[int], phase: str) -> int:
        node = len(nodes)
        outputs: list[dict[str, Any]] = [
            {"shape": list(trace.values[v].shape), "dtype": str(dtype_of(trace.values[v].dtype)),
             "value": {"first": []}, "grad": None} for v in values
        ]  # fmt: skip
        nodes.append({"id": node, "kind": kind, "op": op, "name": name, "scope": -1,
                      "phase": phase, "outputs": outputs, "attrs": {}, "doc": "", "source": None,
                      "cause": None})  # fmt: skip
        for k, v in enumerate(values):
            node_of[v], place[v] = node, k
        return node

    for op in trace.ops:
        phase = "backward" if op.scope[:1] == ("Gradients",) else "forward"
        inputs = [trace.number[id(v)] for v in op.inputs]
        for v in inputs:
            if node_of[v] < 0:
                add(trace.kind(v), trace.names[v], trace.names[v], [v], phase)
        outs = [trace.number[id(v)] for v in op.outputs]
        node = add("op", op.prim.name, trace.names[outs[0]], outs, phase)
        node_of_op.append(node)
        edges += [[node_of[v], place[v], node, slot] for slot, v in enumerate(inputs)]
    for v, node in enumerate(node_of):
        if node < 0:
            add(trace.kind(v), trace.names[v], trace.names[v], [v], "forward")
    scene = {"version": 1, "title": "", "scopes": [], "nodes": nodes, "edges": edges, "loss": None}
    return scene, node_of, node_of_op
