"""Scheduling: an optimizer's update runs as soon as its gradient is there.

The gradient is still in the processor's cache then, and its memory is free for the next one. The
update must wait for every other operation that reads the Parameter's old value.
"""

from __future__ import annotations

from mslearn.graph.ir import Graph, Node
from mslearn.ops.optimizer import UpdateRule


def run(graph: Graph) -> Graph:
    """The graph with its updates as early as they may be."""
    updates = [n for n in graph.nodes if issubclass(n.prim, UpdateRule)]
    if not updates:
        return graph
    rest = [n for n in graph.nodes if not issubclass(n.prim, UpdateRule)]
    made = {id(o): i for i, n in enumerate(rest) for o in n.outputs}
    read: dict[int, int] = {}
    for i, node in enumerate(rest):
        for value in node.values():
            read[id(value)] = i
    chained = {id(o) for n in updates for o in n.outputs}
    after: dict[int, list[Node]] = {}
    for node in updates:
        if any(id(v) in chained for v in node.values()):
            return graph  # one update feeds another: leave the program's order
        place = max((made.get(id(v), -1) for v in node.values()), default=-1)
        place = max([place, *(read.get(id(node.inputs[i]), -1) for i in _state(node))])
        after.setdefault(place, []).append(node)
    used_by_rest = {id(v) for n in rest for v in n.values()}
    if used_by_rest & chained:
        return graph
    new = graph.copy()
    new.nodes = list(after.get(-1, ()))
    for i, node in enumerate(rest):
        new.nodes += [node, *after.get(i, ())]
    return new


def _state(node: Node) -> list[int]:
    return [node.prim.inputs.index(name) for name in node.prim.state]  # type: ignore[attr-defined]
