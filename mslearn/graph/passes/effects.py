"""Auto-monad: operations with an effect keep the order in which the program wrote them.

A pure operation may run whenever its inputs are there. Drawing a random key, printing and
assigning a Parameter may not change places. MindSpore threads a "monad" value through them; here
the list of nodes is their order, and Parameters assigned are results at the end. This pass draws
the random keys first, in their order (they need no input), as far as the first operation that
may draw keys of its own.
"""

from __future__ import annotations

from mslearn.graph.ir import Graph, Node
from mslearn.graph.passes.base import has_effect


def run(graph: Graph) -> Graph:
    """The graph with its random keys in front."""
    keys: list[Node] = []
    rest: list[Node] = []
    for i, node in enumerate(graph.nodes):
        if has_effect(node) and node.prim.name != "NextKey":
            rest += graph.nodes[i:]
            break
        (keys if node.prim.name == "NextKey" else rest).append(node)
    new = graph.copy()
    new.nodes = keys + rest
    return new
