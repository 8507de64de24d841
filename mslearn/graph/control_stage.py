"""Pieces of a function as graphs of their own: what a branch or a loop's round is captured into.

What a piece reads from around it becomes operands of the `Cond` or `WhileLoop` that runs it.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from mslearn.core.state import state
from mslearn.core.tensor import Abstract, NeedsNumbers, Tensor
from mslearn.graph.capture import Capture, Captured, Known, place, subgraph
from mslearn.graph.errors import CannotStage
from mslearn.graph.ir import Graph
from mslearn.graph.passes.base import Replacing
from mslearn.ops.families import cast

DEEPEST = 40  # branches inside branches; more are a recursion without end


class Raised(NeedsNumbers):
    """A branch ends with a `raise`: the exception is in the graph, its capture stops here."""


def staged(value: Any) -> bool:
    """Whether the truth of a value is known only when the graph runs."""
    capture = state.capture
    if not isinstance(value, Tensor) or not isinstance(capture, Capture):
        return False
    now = capture.read(value)
    return isinstance(now, Abstract) and not isinstance(now, Known)


def truth(value: Any) -> Tensor:
    """A tensor of one element as a bool scalar.

    Raises:
        ValueError: it has several elements.
    """
    if value.size != 1:
        raise ValueError(
            f"The truth value of a Tensor with several elements is ambiguous: its shape is "
            f"{list(value.shape)}. Use x.any(), x.all() or index the element that you mean."
        )
    flat = value if value.shape == () else value.reshape(())
    return flat if flat._value.dtype == np.bool_ else cast(flat, np.dtype(bool))


_counts: weakref.WeakKeyDictionary[Capture, int] = weakref.WeakKeyDictionary()


def _unique(name: str) -> str:
    """A name that no other piece of the outermost graph has; MindSpore marks branches so too."""
    top, depth = state.capture, 0
    while top.outer is not None:
        top, depth = top.outer, depth + 1
    if depth > DEEPEST:
        raise CannotStage(207, place())
    _counts[top] = _counts.get(top, 0) + 1
    return f"{name}{_counts[top]}_{top.graph.name}"


class Part:
    """A captured piece: its graph, and the outer value of each of its inputs."""

    def __init__(self, run: Callable[..., Any], operands: Sequence[Tensor], name: str) -> None:
        self.captured: Captured = subgraph(run, operands, _unique(name))
        self.graph: Graph = self.captured.graph
        self.own = len(operands)  # inputs that are no outer values
        self.outer: list[Any] = list(self.captured.free)
        self._parameters = {id(p): value for p, value in self.graph.parameters}
        for parameter, value in self.graph.parameters:
            self.graph.inputs.append(value)
            self.graph.input_names.append(parameter.name)
            self.outer.append(state.capture.read(parameter))
        self.graph.parameters, self.graph.updates = [], []

    def before(self, tensor: Tensor) -> Any:
        """The value, inside the piece, that a tensor had when the piece started."""
        if id(tensor) in self._parameters:
            return self._parameters[id(tensor)]
        value = state.capture.look(tensor)
        return self._inner(value) if isinstance(value, Abstract) else value

    def _inner(self, value: Any) -> Any:
        for outer, inner in zip(self.outer, self.graph.inputs[self.own :], strict=True):
            if outer is value:
                return inner
        new = Abstract(value.shape, value.dtype)
        self.graph.inputs.append(new)
        self.graph.input_names.append(f"free{len(self.outer) + 1}")
        self.outer.append(value)
        return new


def share_operands(parts: Sequence[Part]) -> list[Tensor]:
    """Give all pieces the same inputs in the same order; returns the outer tensors for them."""
    outer: list[Any] = []
    for part in parts:
        outer += [v for v in part.outer if not any(v is o for o in outer)]
    for part in parts:
        graph, mine = part.graph, part.graph.inputs[part.own :]
        names = graph.input_names[part.own :]
        inputs, labels = graph.inputs[: part.own], graph.input_names[: part.own]
        for i, value in enumerate(outer, 1):
            found = [k for k, o in enumerate(part.outer) if o is value]
            new = mine[found[0]] if found else Abstract(value.shape, value.dtype)
            for k in found[1:]:  # one value under two names (a Parameter and its value)
                _replace(graph, mine[k], new)
            inputs.append(new)
            labels.append(names[found[0]] if found else f"unused{i}")
        graph.inputs, graph.input_names, part.outer = inputs, labels, list(outer)
    return [Tensor.wrap(v) for v in outer]


def _replace(graph: Graph, old: Any, new: Any) -> None:
    now = Replacing()
    now.put(old, new)
    done = now.finish(graph, [now.node(n) for n in graph.nodes])
    graph.nodes, graph.outputs = done.nodes, done.outputs
