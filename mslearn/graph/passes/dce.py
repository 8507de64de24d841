"""Dead code: what no result needs is not computed.

Effects (drawing a random key, printing) stay: leaving out a draw would give every later dropout
other numbers than eager code gives it.
"""

from __future__ import annotations

from mslearn.graph.ir import Graph
from mslearn.graph.passes.base import has_effect


def run(graph: Graph) -> Graph:
    """The graph without nodes that lead to no result."""
    needed = {id(v) for v in graph.results()}
    kept = []
    for node in reversed(graph.nodes):
        if has_effect(node) or any(id(o) in needed for o in node.outputs):
            needed.update(id(v) for v in node.values())
            kept.append(node)
    new = graph.copy()
    new.nodes = kept[::-1]
    return new
