"""The intermediate representation: a `Graph` of `Node`s over immutable values.

A value inside a graph is an `Abstract` (shape and dtype, no numbers) that exactly one node or
input has made, or a `numpy.ndarray`, which is a constant. Values are told apart by identity. So
the graph is in static single assignment form by construction, and pure: Parameters that are read
are inputs, Parameters that are assigned are outputs (`updates`), committed when the run is over.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

from mslearn.core.parameter import Parameter
from mslearn.core.primitive import Primitive
from mslearn.core.tensor import Abstract

Value = Any
"""An `Abstract` or, for a constant, a `numpy.ndarray`."""


@dataclasses.dataclass(frozen=True)
class Source:
    """The line of the learner's code that caused a node."""

    file: str
    line: int
    function: str

    @property
    def place(self) -> str:
        """The file; for a notebook's cell, whose file has another name each time, ``<cell>``."""
        return "<cell>" if "ipykernel_" in self.file else self.file

    def __str__(self) -> str:
        return f"{self.place}:{self.line} in {self.function}"


@dataclasses.dataclass(eq=False)
class Node:
    """One operation.

    Attributes:
        prim: the primitive's class.
        inputs: values, in the order of the primitive's `inputs`.
        attrs: constructor and static arguments. A random operation's ``key`` is the Abstract that
            a `NextKey` node has made; a control node's subgraphs are Graphs.
        outputs: what it makes, one Abstract for each output.
        several: whether the primitive returns a tuple (perhaps of one).
        scope: the path of Cells, with ``"Gradients"`` in front for backward nodes.
        source: the line that caused it; a backward node has the line of its forward node.
    """

    prim: type[Primitive]
    inputs: tuple[Value, ...]
    attrs: dict[str, Any]
    outputs: tuple[Abstract, ...]
    several: bool = False
    scope: tuple[str, ...] = ("Default",)
    source: Source | None = None

    @property
    def backward(self) -> bool:
        """Whether the node stems from a gradient."""
        return "Gradients" in self.scope[:1]

    def values(self) -> Iterator[Value]:
        """All values that the node reads, a random key included."""
        yield from self.inputs
        for attr in self.attrs.values():
            if isinstance(attr, Abstract):
                yield attr


@dataclasses.dataclass(eq=False)
class Graph:
    """A pure function of inputs and Parameters.

    Attributes:
        name: for printing, the captured function's name.
        inputs: the values of its tensor arguments.
        input_names: their names, as many.
        parameters: each Parameter that is read or assigned, with the value it has at the start.
        nodes: in the order of execution.
        outputs: values that the function returns, flat.
        updates: each Parameter that is assigned, with its value at the end.
        output_names: of a branch, the variables that its outputs are ("" for others); else empty.
    """

    name: str = "graph"
    inputs: list[Abstract] = dataclasses.field(default_factory=list)
    input_names: list[str] = dataclasses.field(default_factory=list)
    parameters: list[tuple[Parameter, Abstract]] = dataclasses.field(default_factory=list)
    nodes: list[Node] = dataclasses.field(default_factory=list)
    outputs: list[Value] = dataclasses.field(default_factory=list)
    updates: list[tuple[Parameter, Value]] = dataclasses.field(default_factory=list)
    output_names: list[str] = dataclasses.field(default_factory=list)

    def copy(self) -> Graph:
        """A graph with its own lists around the same nodes and values."""
        lists = {
            f.name: list(getattr(self, f.name))
            for f in dataclasses.fields(self)
            if f.name != "name"
        }
        return Graph(self.name, **lists)

    def results(self) -> list[Value]:
        """All values that must be there at the end: outputs, then updates."""
        return [*self.outputs, *(value for _, value in self.updates)]

    def subgraphs(self) -> Iterator[Graph]:
        """The graphs inside control nodes, not nested further."""
        for node in self.nodes:
            for attr in node.attrs.values():
                if isinstance(attr, Graph):
                    yield attr
