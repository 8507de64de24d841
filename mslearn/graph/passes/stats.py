"""How big a graph is: nodes, floating-point operations, bytes moved, peak of live memory."""

from __future__ import annotations

import dataclasses
import math

from mslearn.core.tensor import Abstract
from mslearn.graph.ir import Graph, Node
from mslearn.graph.passes.base import nbytes


@dataclasses.dataclass(frozen=True)
class Statistics:
    """Counts of one run of a graph.

    Attributes:
        nodes: operations, those of subgraphs not counted.
        flops: floating-point operations; a multiplication with an addition counts as two.
        bytes_moved: bytes that the operations read and write.
        peak_bytes: the most bytes of values made by nodes that are alive at one time.
    """

    nodes: int
    flops: int
    bytes_moved: int
    peak_bytes: int


def statistics(graph: Graph) -> Statistics:
    """The counts of a graph."""
    moved = sum(
        nbytes(v) for n in graph.nodes for v in (*n.inputs, *n.outputs)
    )  # fmt: skip
    return Statistics(len(graph.nodes), sum(map(flops, graph.nodes)), moved, peak(graph))


def flops(node: Node) -> int:
    """Operations of one node: exact for products and convolutions, else one an output."""
    name, out = node.prim.name, math.prod(node.outputs[0].shape)
    if "MatMul" in name:
        x = node.inputs[0]
        inner = x.shape[-2] if node.attrs.get("transpose_a") else x.shape[-1]
        return int(2 * out * inner)
    if name.startswith("Conv") and len(node.inputs) >= 2:
        image, weight = node.outputs[0], node.inputs[1]
        if "Backprop" in name:  # by the images or by the filters: as much as the forward pass
            image = node.inputs[0]
            weight = weight if name.endswith("Input") else node.outputs[0]
        return int(2 * math.prod(image.shape) * math.prod(weight.shape[1:]))
    if name.startswith("Reduce"):
        return math.prod(node.inputs[0].shape)
    return out


def peak(graph: Graph) -> int:
    """The most bytes of node outputs alive at once: no plan of memory can need less.

    A value is alive from the node that makes it to the last node that reads it; results stay
    to the end.
    """
    last: dict[int, int] = {}
    for i, node in enumerate(graph.nodes):
        for value in node.values():
            last[id(value)] = i
    for value in graph.results():
        last[id(value)] = len(graph.nodes)
    dying: dict[int, int] = {}
    alive = most = 0
    for i, node in enumerate(graph.nodes):
        for out in node.outputs:
            if isinstance(out, Abstract):
                alive += nbytes(out)
                end = max(last.get(id(out), i), i)
                dying[end] = dying.get(end, 0) + nbytes(out)
        most = max(most, alive)
        alive -= dying.pop(i, 0)
    return most
