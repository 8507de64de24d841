"""Whether a node can be written in a format, found out by writing it alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from mslearn.graph.ir import Graph, Node
from mslearn.interchange.refusal import ExportError


def alone(node: Node) -> Graph:
    """A graph of one node."""
    graph = Graph("one")
    seen = {id(v): v for v in node.inputs if not isinstance(v, np.ndarray)}
    graph.inputs = list(seen.values())
    graph.input_names = [f"x{i}" for i in range(len(graph.inputs))]
    graph.nodes, graph.outputs = [node], list(node.outputs)
    return graph


def unsupported(node: Node, write: Callable[[Graph], Any]) -> str:
    """Why `write` (`onnx_model` …) cannot express the node; "" when it can."""
    if node.prim.name == "NextKey":
        return ""  # the host draws for every target
    try:
        write(alone(node))
    except ExportError as error:
        lines = str(error).splitlines()
        return lines[1].partition(": ")[2] if len(lines) > 1 else str(error)
    except (ValueError, TypeError, KeyError) as error:
        return f"it cannot be written: {error}"
    return ""
