"""MindIR: a graph as the bytes of a file that real MindSpore loads and runs.

MindSpore 2.10's conventions, found by reading files that it wrote and by letting it read ours: a
node names its primitive (``REF::MatMul:4``), which stands once in a list; constants are nodes of
type "Constant"; primitives of kind 2 take every argument as an input (``MatMul(x, w, False,
True)``), those of kind 1 hold them as attributes (`Conv2D`); several outputs are a tuple, taken
apart by `TupleGetItem`; the graphs of branches and loops are functions (`mindir_control`). The
numbers of the fields are those of mind_ir.proto.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from mslearn.common import wire
from mslearn.core.dtype import dtype_of
from mslearn.graph.ir import Graph, Node, Value
from mslearn.interchange.dynamic import merged
from mslearn.interchange.onnx_builder import TYPES, Port
from mslearn.interchange.onnx_control import writable
from mslearn.interchange.onnx_model import refused, with_draws_as_inputs
from mslearn.interchange.refusal import refuse
from mslearn.interchange.rules import RULES
from mslearn.interchange.tracing import taken_apart

VERSION = "2.10.0"  # MindSpore reads no file without one
FLOAT, INT64, STRING, BOOL, TENSORS, TUPLE, LIST = 1, 7, 8, 9, 19, 20, 21
FUNCTION, OBJECT = 2, 1  # kinds of primitives

Lowering = Callable[..., Any]
"""``(builder, node, *references to the inputs) -> reference(s) to the outputs``."""


class Ref(str):
    """The name of a value in the file (a plain str is a constant)."""


@dataclasses.dataclass
class Mindir:
    """A MindIR file and what its inputs and outputs are; see `onnx_model.Model`."""

    data: bytes
    inputs: list[Port]
    outputs: list[Port]
    donate: list[tuple[str, str]]
    operators: dict[str, int]


def mindir_model(
    graph: Graph, *, parameters: str = "auto", resized: Graph | None = None,
    own_draws: bool = False,
) -> Mindir:  # fmt: skip
    """Lower a graph to MindIR; arguments and errors are those of `onnx_model`.

    Random numbers are inputs that the host makes; with `own_draws` those inside of branches and
    loops, which no host can foresee, come from MindSpore's generator instead of being refused.

    An updated Parameter is an input before and an output after the step, all others are in the
    file. Where the graph has several outputs the file has one, a tuple.
    """
    from mslearn.interchange.mindir_control import CONTROL, DRAWS
    from mslearn.interchange.mindir_ops import LOWERINGS, fits

    table = {**LOWERINGS, **CONTROL, **DRAWS}

    def keep(node: Node) -> bool:
        if node.prim.name in CONTROL:
            return writable(node, own_draws)
        return node.prim.name in DRAWS or (node.prim.name in LOWERINGS and fits(node))

    def simplified(inner: Graph) -> Graph:
        inner = taken_apart(inner, RULES, keep)
        refuse("MindIR", refused(inner, keep))
        return inner

    graph, draws = with_draws_as_inputs(graph)
    graph = simplified(graph)
    if resized is not None:
        graph = merged(graph, simplified(with_draws_as_inputs(resized)[0]), simplified)
    builder = Builder(graph.name, table, simplified)
    updated = {id(p) for p, _ in graph.updates}
    ports = [Port(n, v) for n, v in zip(graph.input_names, graph.inputs, strict=True)]
    for parameter, value in graph.parameters:
        if parameters == "inputs" or (parameters == "auto" and id(parameter) in updated):
            ports.append(Port(parameter.name, value, parameter))
        else:
            builder.parameter(parameter.name, value, parameter.asnumpy())
    ports += [Port(f"random.{i}", v, draw=n) for i, (v, n) in enumerate(draws)]
    for port in ports:
        port.name = builder.input(port.name, port.value)
    builder.lower(graph)
    outputs = [Port(f"output.{i}", v) for i, v in enumerate(graph.outputs)]
    outputs += [Port(f"{p.name}.new", v, p) for p, v in graph.updates]
    at = {id(p.parameter): p.name for p in ports if p.parameter is not None}
    donate = [(at[id(p)], f"{p.name}.new") for p, _ in graph.updates if id(p) in at]
    return Mindir(builder.model(outputs), ports, outputs, donate, builder.operators)


class Builder:
    """Collects nodes, primitives and constants; lowerings write into it."""

    def __init__(
        self, name: str, table: Mapping[str, Lowering], simplified: Callable[[Graph], Graph],
        around: Builder | None = None,
    ) -> None:  # fmt: skip
        self.graph = name
        self.table = table
        self.simplified = simplified  # prepares the graphs of branches and loops
        self.around = around
        self.operators: dict[str, int] = around.operators if around else {}
        self._primitives: dict[Any, tuple[str, bytes]] = around._primitives if around else {}
        self._taken: dict[str, int] = around._taken if around else {}
        self._functions: list[bytes] = around._functions if around else []
        self._count: Iterator[int] = around._count if around else itertools.count(1)
        self._nodes: list[bytes] = []
        self._parameters: list[bytes] = []
        self._inputs: list[bytes] = []
        self._constants: dict[Any, Ref] = {}
        self._names: dict[int, Ref] = {}
        self._held: list[Any] = []
        self._node: Node | None = None

    def _fresh(self, name: str) -> str:
        out = name
        while out in self._taken:
            self._taken[name] += 1
            out = f"{name}_{self._taken[name]}"
        self._taken[out] = 0
        return out

    def parameter(self, name: str, value: Value, array: np.ndarray) -> None:
        """A Parameter with its numbers."""
        name = self._fresh(name)
        self._names[id(value)] = Ref(f"{self.graph}:{name}")
        self._parameters.append(tensor(array, f"{self.graph}:{name}") + wire.block(13, name))

    def input(self, name: str, value: Value) -> str:
        """An input; returns its name."""
        name = self._fresh(name)
        self._names[id(value)] = Ref(f"{self.graph}:{name}")
        self._inputs.append(value_info(f"{self.graph}:{name}", value))
        return name

    def name(self, value: Value) -> Ref:
        """The reference to a value; a constant is written down first."""
        return self._constant(value) if isinstance(value, np.ndarray) else self._names[id(value)]

    def _constant(self, value: Any) -> Ref:
        data = constant(value)
        if data not in self._constants:
            name = Ref(f"ValueNode_{next(self._count)}")
            self._constants[data] = name
            head = wire.block(2, name) + wire.block(3, name) + wire.block(4, "Constant")
            self._nodes.append(head + wire.block(5, wire.block(1, "value") + data))
        return self._constants[data]

    def call(
        self, op: str, *args: Any, kind: int = FUNCTION, outputs: int = 1, **attrs: Any
    ) -> Any:
        """Add a node; arguments are references, or constants. Returns a reference, or a list of
        them for several outputs."""
        inputs = [a if isinstance(a, Ref) else self._constant(a) for a in args]
        body = b"".join(wire.block(3, wire.block(1, k) + constant(v)) for k, v in attrs.items())
        key = (op, kind, body)
        if key not in self._primitives:
            name = f"{op}:{len(self._primitives) + 1}"
            self._primitives[key] = (
                name, wire.block(1, name) + wire.block(2, op) + body + wire.integer(5, kind),
            )  # fmt: skip
        return self._add(op, self._primitives[key][0], inputs, outputs)

    def _add(self, op: str, reference: str, inputs: Sequence[Ref], outputs: int) -> Any:
        self.operators[op] = count = self.operators.get(op, 0) + 1
        ref = Ref(f"{self.graph}:CNode_{op}_{count}")
        scope = "/".join(self._node.scope) if self._node else "Default"
        self._nodes.append(
            b"".join(wire.block(1, i) for i in inputs)
            + wire.block(2, ref) + wire.block(3, ref)
            + wire.block(4, f"REF::{reference}")
            + wire.block(7, f"{scope}/{op}-op{count - 1}")
        )  # fmt: skip
        if outputs == 1:
            return ref
        return [self.call("TupleGetItem", ref, i, kind=OBJECT) for i in range(outputs)]

    # -- functions: the graphs of branches and loops --------------------------------------------

    def announce(self, word: str) -> Ref:
        """The name of a function that is still to be written."""
        return Ref(self._fresh(f"{self.graph}.{word}"))

    def function(
        self, name: str, inputs: Sequence[Value], outputs: Sequence[Value],
        fill: Callable[[Builder, list[Ref]], Any],
    ) -> Ref:  # fmt: skip
        """Write a function; ``fill(builder, inputs)`` gives the references to its results."""
        ref = name if isinstance(name, Ref) else self.announce(name)
        inner = Builder(ref, self.table, self.simplified, self)
        inner._node = self._node
        names = [inner.input(f"x{i}", v) for i, v in enumerate(inputs)]
        made = fill(inner, [Ref(f"{ref}:{n}") for n in names])
        self._functions.append(inner.encoded([made] if isinstance(made, Ref) else made, outputs))
        return ref

    def invoke(self, function: Ref, outputs: int, *args: Ref) -> Any:
        """Call a function by its name, or one that `Switch` has chosen."""
        return self._add("call", function, args, outputs)

    def inline(self, graph: Graph, inputs: Sequence[Ref]) -> list[Ref]:
        """Add a graph's nodes for these inputs; returns the references to its outputs."""
        graph = self.simplified(graph)
        node = self._node
        self._held.append(graph)
        self._names.update((id(v), r) for v, r in zip(graph.inputs, inputs, strict=True))
        self.lower(graph)
        self._node = node
        return [self.name(v) for v in graph.outputs]

    def object(self, op: str, *args: Any, outputs: int = 1, **attrs: Any) -> Any:
        """`call` of a primitive that holds its arguments as attributes."""
        return self.call(op, *args, kind=OBJECT, outputs=outputs, **attrs)

    def tuple(self, *refs: Ref) -> Ref:
        """Several values as one."""
        out: Ref = self.call("MakeTuple", *refs, kind=OBJECT)
        return out

    def lower(self, graph: Graph) -> None:
        """Add all nodes."""
        for node in graph.nodes:
            self._node = node
            out = self.table[node.prim.name](self, node, *map(self.name, node.inputs))
            refs = [out] if isinstance(out, Ref) else out
            for value, ref in zip(node.outputs, refs, strict=True):
                self._names[id(value)] = ref
                self._held.append(value)
        self._node = None

    def model(self, outputs: list[Port]) -> bytes:
        """The ModelProto."""
        values = [p.value for p in outputs]
        graph = self.encoded([self.name(v) for v in values], values)
        return b"".join([
            wire.block(1, "1.1"), wire.block(2, "MindSpore"), wire.block(5, VERSION),
            wire.block(7, graph), *(wire.block(8, f) for f in self._functions),
            wire.integer(10, 1),
            *(wire.block(12, data) for _, data in self._primitives.values()),
            wire.integer(13, 3),
        ])  # fmt: skip

    def encoded(self, refs: Sequence[Ref], values: Sequence[Value]) -> bytes:
        """The GraphProto that gives these results, or one reference to all as a tuple."""
        if len(refs) < len(values):
            result = tuple_info(refs[0], list(values))
        elif len(refs) == 1:
            own = refs[0].startswith(f"{self.graph}:CNode")
            made = refs[0] if own else self.call("Identity", refs[0])
            result = value_info(made, values[0])
        else:
            result = tuple_info(self.tuple(*refs), list(values))
        return b"".join([
            *(wire.block(1, n) for n in self._nodes),
            wire.block(2, self.graph),
            *(wire.block(3, p) for p in self._parameters),
            *(wire.block(5, i) for i in self._inputs),
            wire.block(6, result),
        ])  # fmt: skip


def _type(dtype: Any) -> int:
    return TYPES[str(dtype_of(dtype))]


def tensor(array: np.ndarray, name: str = "") -> bytes:
    """A TensorProto with numbers."""
    little = np.ascontiguousarray(array.astype(array.dtype.newbyteorder("<"), copy=False))
    dims = b"".join(wire.integer(1, n) for n in array.shape)
    head = dims + wire.integer(2, _type(array.dtype))
    return head + (wire.block(7, name) if name else b"") + wire.block(9, little.tobytes())


def _plain(value: Any) -> bytes:
    """A TensorProto of a shape and a dtype alone."""
    shape = (-1 if n < 0 else n for n in value.shape)
    return b"".join(wire.integer(1, n) for n in shape) + wire.integer(2, _type(value.dtype))


def value_info(name: str, value: Any) -> bytes:
    """A ValueInfoProto of a tensor."""
    return wire.block(1, name) + wire.block(2, _plain(value))


def tuple_info(name: str, values: list[Any]) -> bytes:
    """A ValueInfoProto of a tuple of tensors."""
    items = (wire.block(12, _plain(v)) + wire.integer(16, TENSORS) for v in values)
    whole = wire.integer(16, TUPLE) + b"".join(wire.block(17, i) for i in items)
    return wire.block(1, name) + wire.block(4, "Tuple") + wire.block(5, whole)


def constant(value: Any) -> bytes:
    """The content of an AttributeProto: a bool, number, text, tensor, or a sequence of these."""
    if isinstance(value, np.ndarray):
        return wire.block(12, tensor(value)) + wire.integer(16, TENSORS)
    if isinstance(value, tuple | list):
        kind = TUPLE if isinstance(value, tuple) else LIST
        return wire.integer(16, kind) + b"".join(wire.block(17, _item(v)) for v in value)
    if isinstance(value, bool):
        return wire.integer(3, int(value)) + wire.integer(16, BOOL)
    if isinstance(value, int | np.integer):
        return wire.integer(3, int(value)) + wire.integer(16, INT64)
    if isinstance(value, float):
        return wire.single(2, value) + wire.integer(16, FLOAT)
    return wire.block(5, value) + wire.integer(16, STRING)


def _item(value: Any) -> bytes:
    """An element of a sequence: numbers and texts stand in the repeated fields."""
    if isinstance(value, bool | tuple | list | np.ndarray):
        return constant(value)
    if isinstance(value, int | np.integer):
        return wire.integer(10, int(value)) + wire.integer(16, INT64)
    if isinstance(value, float):
        return wire.single(8, value) + wire.integer(16, FLOAT)
    return wire.block(11, value) + wire.integer(16, STRING)
