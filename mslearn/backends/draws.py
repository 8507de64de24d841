"""Random numbers that the host makes for a graph on a device: the same on every target."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from mslearn.core import random
from mslearn.graph.ir import Graph, Node


class Draws:
    """Makes a graph's random numbers as eager code would: one key for each draw, in its order.

    Args:
        graph: as it was before its draws became inputs.
        nodes: the random operations whose numbers are wanted.
    """

    def __init__(self, graph: Graph, nodes: Sequence[Node]) -> None:
        self.nodes = list(nodes)
        self._graph = graph  # keeps the keys alive: an id is a name only as long as they live
        self._keys = [id(n.outputs[0]) for n in graph.nodes if n.prim.name == "NextKey"]

    def keys(self) -> dict[int, tuple[int, int]]:
        """The next keys, by the id of the value that stands for them in the graph."""
        return {key: random.op_key() for key in self._keys}

    def make(self) -> list[np.ndarray]:
        """The numbers of each node."""
        keys = self.keys()
        return [numbers(node, keys) for node in self.nodes]


def numbers(node: Node, keys: dict[int, Any]) -> np.ndarray:
    """What a random operation without inputs makes with these keys."""
    key = node.attrs["key"]
    return np.asarray(node.prim.kernel(**{**node.attrs, "key": keys.get(id(key), key)}))
