"""Evaluate a graph operation by operation through `apply`, in sight of tapes and captures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mslearn.core.primitive import apply
from mslearn.core.tensor import Abstract, Tensor
from mslearn.graph.ir import Graph, Node


def replay(
    graph: Graph, *tensors: Tensor, before: Callable[[Node], None] | None = None
) -> tuple[Tensor, ...]:
    """The graph's outputs for these inputs; its Parameters are read and assigned.

    `before` is told of each node that is about to run.

    >>> import mslearn as ms
    >>> from mslearn.graph.capture import capture
    >>> graph = capture(lambda x: x * x, [ms.Tensor(3.0)]).graph
    >>> print(replay(graph, ms.Tensor(5.0))[0])
    25.0
    """
    if len(tensors) != len(graph.inputs):
        raise TypeError(
            f"The graph '{graph.name}' takes {len(graph.inputs)} tensor(s), but got {len(tensors)}."
        )
    at: dict[int, Any] = {id(v): t for v, t in zip(graph.inputs, tensors, strict=True)}
    at.update((id(value), parameter) for parameter, value in graph.parameters)

    def now(value: Any) -> Any:
        return at[id(value)] if isinstance(value, Abstract) else Tensor.wrap(value)

    for node in graph.nodes:
        attrs = {k: now(v)._value if isinstance(v, Abstract) else v for k, v in node.attrs.items()}
        if before is not None:
            before(node)
        out = apply(node.prim, tuple(map(now, node.inputs)), attrs)
        for value, tensor in zip(node.outputs, out if node.several else (out,), strict=True):
            at[id(value)] = tensor
    for parameter, value in graph.updates:
        parameter.assign_value(now(value)._value)
    return tuple(now(v) for v in graph.outputs)
