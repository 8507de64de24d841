"""Whether a node can be written in a format, found out by writing it alone."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np

from mslearn.core.primitive import registry
from mslearn.core.tensor import Abstract
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


def a_sum() -> Graph:
    """A graph of one sum, which every device takes that takes anything."""
    x = Abstract((2,), np.dtype(np.float32))
    return alone(Node(registry["Add"], (x, x), {}, (Abstract((2,), x.dtype),), False))


def unsupported(node: Node, write: Callable[[Graph], Any]) -> str:
    """Why `write` (`onnx_model` …) cannot express the node; "" when it can."""
    if node.prim.name == "NextKey":
        return ""  # the host draws for every target
    try:
        write(alone(node))
    except ExportError as error:
        lines = str(error).splitlines()
        return lines[1].partition(": ")[2] if len(lines) > 1 else str(error)
    except (ValueError, TypeError, KeyError, ArithmeticError) as error:
        return f"it cannot be written: {error}"
    return ""


def empty(node: Node) -> str:
    """A reason where a tensor has no elements: OpenVINO refuses that late, MindSpore sums nothing
    to 1, and QNN's library ends the process by a division by zero."""
    values = (*node.values(), *node.outputs)
    return "one of its tensors has no elements" if any(0 in v.shape for v in values) else ""


def said(error: Exception) -> str:
    """What a runtime's error says, without the places in its own source."""
    lines = [line for line in str(error).strip().splitlines() if not _PLACE.match(line)]
    return _CODE.sub("", "\n".join(lines) or str(error)).strip()


_PLACE = re.compile(r"Exception from \S+:\d+:$|Check '.*' failed at \S+:\d+:$")
_CODE = re.compile(r"^\[ONNXRuntimeError\] : \d+ : \w+ : ")


def without_kernel(graph: Graph, build: Callable[[Graph], Any]) -> dict[Node, str]:
    """The nodes that a runtime does not even take alone, each with what it says; `build` raises
    that. (A format may hold an operator for more dtypes than a runtime has kernels for.)"""
    found: dict[Node, str] = {}
    for node in graph.nodes:
        if node.prim.name == "NextKey" or ("key" in node.attrs and not node.inputs):
            continue  # the host draws for every target
        try:
            build(alone(node))
        except Exception as error:  # the runtimes have classes of their own
            found[node] = said(error).splitlines()[0]
    return found
