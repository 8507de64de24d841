"""What the passes share: replacing values, comparing attributes, counting a graph's size."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from mslearn.core.tensor import Abstract
from mslearn.graph.ir import Graph, Node, Value

EFFECTS = {
    "HistogramSummary", "ImageSummary", "NextKey", "Print", "Raise", "ScalarSummary",
    "TensorSummary", "Watch",
}  # fmt: skip


def has_effect(node: Node) -> bool:
    """Whether an operation does more than make values: such nodes stay, and stay in order."""
    if node.prim.name in EFFECTS:
        return True
    graphs = (a for a in node.attrs.values() if isinstance(a, Graph))
    return any(has_effect(inner) for graph in graphs for inner in graph.nodes)


class Replacing:
    """A map from values to the values that stand for them from now on."""

    def __init__(self) -> None:
        self._now: dict[int, tuple[Value, Value]] = {}  # the key's value is kept alive too

    def __bool__(self) -> bool:
        return bool(self._now)

    def put(self, old: Abstract, new: Value) -> None:
        """From now on `new` stands for `old`."""
        self._now[id(old)] = (old, self(new))

    def __call__(self, value: Value) -> Value:
        found = self._now.get(id(value))
        return value if found is None else found[1]

    def node(self, node: Node) -> Node:
        """The node with its inputs replaced; the same object when nothing changes."""
        inputs = tuple(map(self, node.inputs))
        attrs = node.attrs
        if any(isinstance(a, Abstract) and self(a) is not a for a in attrs.values()):
            attrs = {k: self(a) if isinstance(a, Abstract) else a for k, a in attrs.items()}
        same = attrs is node.attrs and all(
            a is b for a, b in zip(inputs, node.inputs, strict=True)
        )  # fmt: skip
        return node if same else dataclasses.replace(node, inputs=inputs, attrs=attrs)

    def finish(self, graph: Graph, nodes: list[Node]) -> Graph:
        """The graph with these nodes and its results replaced."""
        new = graph.copy()
        new.nodes = nodes
        new.outputs = list(map(self, graph.outputs))
        new.updates = [(p, self(v)) for p, v in graph.updates]
        return new


def attrs_key(attrs: dict[str, Any]) -> Any:
    """Attributes in a form that can be compared and hashed."""
    return tuple((name, _key(value)) for name, value in sorted(attrs.items()))


def _key(value: Any) -> Any:
    if isinstance(value, tuple | list):
        return (type(value).__name__, tuple(map(_key, value)))
    if isinstance(value, bool | int | float | str | np.dtype | slice | type(None)):
        return (type(value).__name__, repr(value))
    return id(value)


def constant_key(value: Value) -> Any:
    """Equal for equal small constants; identity for everything else."""
    if isinstance(value, np.ndarray) and value.size <= 16:
        return ("constant", value.shape, value.dtype.str, value.tobytes())
    return id(value)


def nbytes(value: Value) -> int:
    """The bytes that a value takes."""
    return int(math.prod(value.shape) * value.dtype.itemsize)


def uses(graph: Graph) -> dict[int, int]:
    """How often each value is read, by id; a result counts once more."""
    counts: dict[int, int] = {}
    for values in (*(node.values() for node in graph.nodes), graph.results()):
        for value in values:
            counts[id(value)] = counts.get(id(value), 0) + 1
    return counts


def only_number(value: Value) -> float | None:
    """The number that every element of a constant is, if there is one such number."""
    if not isinstance(value, np.ndarray) or value.dtype.kind not in "iuf" or not value.size:
        return None
    first = value.reshape(-1)[0]
    if value.size > 4096 or not (value == first).all():
        return None  # long constants are not worth a look at every number
    return float(first)


def same_kind(a: Value, shape: Iterable[int], dtype: Any) -> bool:
    """Whether a value has this shape and dtype."""
    return tuple(a.shape) == tuple(shape) and a.dtype == dtype
