"""Common subexpressions: an operation that has been done on the same inputs is not done again.

The forward pass and the gradient often ask for the same thing (``exp(x)``, a transpose); and a
learner's code does. Random keys and printing are never merged.
"""

from __future__ import annotations

from typing import Any

from mslearn.graph.ir import Graph
from mslearn.graph.passes.base import Replacing, attrs_key, constant_key, has_effect


def run(graph: Graph) -> Graph:
    """The graph in which equal nodes are one."""
    now = Replacing()
    seen: dict[Any, Any] = {}
    nodes = []
    for node in graph.nodes:
        node = now.node(node)
        if has_effect(node):
            nodes.append(node)
            continue
        key = (node.prim, tuple(map(constant_key, node.inputs)), attrs_key(node.attrs))
        first = seen.setdefault(key, node)
        if first is node:
            nodes.append(node)
            continue
        for old, new in zip(node.outputs, first.outputs, strict=True):
            now.put(old, new)
    return now.finish(graph, nodes)
