"""Writing down what Tensor code does as nodes of a graph: how `rules` take primitives apart."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from mslearn.core.primitive import Primitive
from mslearn.core.state import state
from mslearn.core.tensor import Abstract, Tensor
from mslearn.graph.ir import Graph, Node, Value

Rule = Callable[..., Any]
"""Takes a node's inputs as Tensors and its attributes; returns its outputs as Tensors."""


DEPTH = 8
"""How often the parts of a node may be taken apart again: a rule may not lead back to itself."""


class Tracer:
    """Stands as `state.capture`: operations become nodes, those of constants alone are computed."""

    def __init__(self, like: Node) -> None:
        self.like = like
        self.nodes: list[Node] = []

    def read(self, tensor: Tensor) -> Value:
        return tensor._value

    def add(self, prim: type[Primitive], values: tuple[Value, ...], attrs: dict[str, Any]) -> Any:
        if prim.name != "BroadcastTo" and all(isinstance(v, np.ndarray) for v in values):
            out = prim.kernel(*values, **attrs)
            several = isinstance(out, tuple)
            return tuple(map(np.asarray, out)) if several else np.asarray(out)
        shapes, dtypes = prim.infer(*values, **attrs)
        several = isinstance(dtypes, tuple)
        pairs = zip(shapes, dtypes, strict=True) if several else [(shapes, dtypes)]
        outputs = tuple(Abstract(tuple(s), np.dtype(d)) for s, d in pairs)
        like = self.like
        self.nodes.append(
            Node(prim, values, dict(attrs), outputs, several, like.scope, like.source)
        )
        return outputs if several else outputs[0]


@contextmanager
def _traced(tracer: Tracer) -> Iterator[None]:
    before = state.capture, state.observers, state.active
    state.capture, state.observers, state.active = tracer, (), True
    try:
        yield
    finally:
        state.capture, state.observers, state.active = before


def expanded(node: Node, rule: Rule) -> tuple[list[Node], list[Value]]:
    """The nodes that compute `node` by `rule`, and the values that take its outputs' places."""
    tracer = Tracer(node)
    with _traced(tracer):
        out = rule(*map(Tensor.wrap, node.inputs), **node.attrs)
    return tracer.nodes, [t._value for t in (out if isinstance(out, tuple) else (out,))]


def taken_apart(
    graph: Graph,
    rules: Mapping[str, Rule],
    keep: Callable[[Node], bool],
    roots: dict[int, Node] | None = None,
) -> Graph:
    """`graph` with every node that `keep` does not want replaced by its rule's nodes, again and
    again, until all are kept or have no rule. Dead nodes are left out. `roots` gets, by the id of
    each node's first output, the node of `graph` that it stems from."""
    place: dict[int, Value] = {}
    alive: list[Node] = []  # an id stands for a value only as long as the value is there

    def now(value: Value) -> Value:
        while id(value) in place:
            value = place[id(value)]
        return value

    out = graph.copy()
    out.nodes = []
    todo = [(node, 0, node) for node in reversed(graph.nodes)]
    while todo:
        node, depth, root = todo.pop()
        alive.append(node)
        node = dataclasses.replace(
            node,
            inputs=tuple(map(now, node.inputs)),
            attrs={k: now(v) if isinstance(v, Abstract) else v for k, v in node.attrs.items()},
        )
        if _known(node):
            result = node.prim.kernel(*node.inputs, **node.attrs)
            arrays = result if isinstance(result, tuple) else (result,)
            place.update((id(o), np.asarray(a)) for o, a in zip(node.outputs, arrays, strict=True))
            continue
        rule = rules.get(node.prim.name)
        parts = None
        if rule is not None and not keep(node) and depth < DEPTH:
            parts = expanded(node, rule)
        if parts is None or not _same_kinds(parts[1], node.outputs):
            out.nodes.append(node)  # what is left over is refused later
            if roots is not None:
                roots[id(node.outputs[0])] = root
            continue
        nodes, values = parts
        place.update((id(o), v) for o, v in zip(node.outputs, values, strict=True) if o is not v)
        todo.extend((new, depth + 1, root) for new in reversed(nodes))
    out.outputs = [now(v) for v in graph.outputs]
    out.updates = [(p, now(v)) for p, v in graph.updates]
    return without_dead(out)


def _same_kinds(found: list[Value], wanted: tuple[Value, ...]) -> bool:
    """Whether a rule gave what its node gives: some are right for floating numbers only."""
    kinds = [[(v.shape, v.dtype) for v in values] for values in (found, wanted)]
    return kinds[0] == kinds[1]


def _known(node: Node) -> bool:
    """Whether a node is computed now: constants go in, nothing is random, controlled, or an
    expansion (which would only make the file large, and fix the batch's size in it)."""
    return (
        all(isinstance(v, np.ndarray) for v in node.inputs)
        and "key" not in node.attrs
        and node.prim.name not in ("NextKey", "BroadcastTo")
        and not any(isinstance(a, Abstract | Graph) for a in node.attrs.values())
    )


def without_dead(graph: Graph) -> Graph:
    """`graph` without the nodes that nothing needs."""
    needed = {id(v) for v in graph.results()}
    kept = []
    for node in reversed(graph.nodes):
        if any(id(o) in needed for o in node.outputs):
            kept.append(node)
            needed.update(map(id, node.values()))
            for inner in node.attrs.values():
                if isinstance(inner, Graph):
                    needed.update(map(id, inner.inputs))
    graph.nodes = kept[::-1]
    return graph
