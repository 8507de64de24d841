"""Constant folding: what depends on constants alone is computed now, once, and not every step.

Example: ``1 / ops.sqrt(ms.Tensor(64.0))`` inside a step becomes the number 0.125. Very large
results (a million zeros) are left as operations: they are cheaper to make than to keep.
"""

from __future__ import annotations

import numpy as np

from mslearn.graph.ir import Graph
from mslearn.graph.passes.base import Replacing, has_effect, nbytes

LARGEST = 1 << 20  # bytes


def run(graph: Graph) -> Graph:
    """The graph without the nodes whose inputs are all constants."""
    now = Replacing()
    nodes = []
    for node in graph.nodes:
        node = now.node(node)
        constant = all(isinstance(v, np.ndarray) for v in node.values())
        if (
            not constant
            or has_effect(node)
            or any(isinstance(a, Graph) for a in node.attrs.values())
            or sum(map(nbytes, node.outputs)) > LARGEST
        ):
            nodes.append(node)
            continue
        out = node.prim.kernel(*node.inputs, **node.attrs)
        for value, array in zip(node.outputs, out if node.several else (out,), strict=True):
            now.put(value, np.asarray(array))
    return now.finish(graph, nodes)
