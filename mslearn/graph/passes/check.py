"""Type checker: a graph is well formed, and every node's output is what its primitive infers.

It runs after each pass. A pass that breaks a graph is a bug of the engine; the checker finds it
at the pass that made it, not as a wrong number ten passes later.
"""

from __future__ import annotations

from typing import Any

from mslearn.core.tensor import Abstract
from mslearn.graph.ir import Graph, Node


class GraphError(RuntimeError):
    """A graph that is not well formed: a bug of a pass, not of the learner."""


def check(graph: Graph, after: str = "capture") -> None:
    """Raise GraphError unless every value is made once, before it is read, with its inferred type.

    >>> import mslearn as ms
    >>> from mslearn.graph.capture import capture
    >>> check(capture(lambda x: x + 1, [ms.Tensor(1.0)]).graph)
    """
    made = {id(v) for v in graph.inputs} | {id(v) for _, v in graph.parameters}
    for node in graph.nodes:
        for value in node.values():
            if isinstance(value, Abstract) and id(value) not in made:
                raise GraphError(f"After '{after}': {_name(node)} reads a value before it is made.")
        _check_types(node, after)
        for out in node.outputs:
            if id(out) in made:
                raise GraphError(f"After '{after}': {_name(node)} makes a value a second time.")
            made.add(id(out))
    for value in graph.results():
        if isinstance(value, Abstract) and id(value) not in made:
            raise GraphError(f"After '{after}': a result of '{graph.name}' is never made.")


def _check_types(node: Node, after: str) -> None:
    shape, dtype = node.prim.infer(*node.inputs, **node.attrs)
    several = isinstance(dtype, tuple)
    pairs: list[Any] = list(zip(shape, dtype, strict=True)) if several else [(shape, dtype)]
    have = [(tuple(o.shape), o.dtype) for o in node.outputs]
    if have != [(tuple(s), d) for s, d in pairs]:
        raise GraphError(f"After '{after}': {_name(node)} has {have}, but infers {pairs}.")


def _name(node: Node) -> str:
    return f"{node.prim.name} ({node.source})"
