"""ONNX: a graph as the bytes of an ONNX model, without the `onnx` package.

Operator set 17 (IR version 8): it has LayerNormalization, and scatters that add (16), which
embedding gradients need; and runtimes of 2022 and later read it. Newer sets move attributes to
inputs but add nothing that is needed here, and the providers for NPUs follow late.

Field numbers are those of onnx.proto3 (github.com/onnx/onnx).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from mslearn.common import wire
from mslearn.core.dtype import dtype_of
from mslearn.core.parameter import Parameter
from mslearn.core.tensor import Abstract
from mslearn.graph.ir import Graph, Node, Value
from mslearn.interchange.dynamic import merged
from mslearn.interchange.refusal import refuse
from mslearn.interchange.rules import RULES
from mslearn.interchange.tracing import Rule, taken_apart

OPSET, IR_VERSION = 17, 8
TYPES = {
    "Float32": 1, "UInt8": 2, "Int8": 3, "UInt16": 4, "Int16": 5, "Int32": 6, "Int64": 7,
    "Bool": 9, "Float16": 10, "Float64": 11, "UInt32": 12, "UInt64": 13, "Complex64": 14,
    "Complex128": 15,
}  # fmt: skip
LIMIT = (1 << 31) - 1  # protobuf's, and so ONNX's, for one file

Lowering = Callable[..., Any]
"""``(builder, node, *names of the inputs) -> name, or names, of the outputs``."""


@dataclasses.dataclass
class Port:
    """An input or output of a model.

    Attributes:
        name: in the file.
        value: shape and dtype; -1 stands for a size that may change.
        parameter: the Parameter whose value it is, before (input) or after the step (output).
        draw: for an input of random numbers, the node that makes them:
            ``draw.prim.kernel(**{**draw.attrs, "key": key})`` on the host.
    """

    name: str
    value: Any
    parameter: Parameter | None = None
    draw: Node | None = None


@dataclasses.dataclass
class Model:
    """An ONNX model and what its inputs and outputs are.

    Attributes:
        data: the bytes.
        inputs: the graph's inputs, then Parameters, then random numbers.
        outputs: the graph's outputs, then updated Parameters.
        donate: (input, output) names of each Parameter that is updated: feed the output of one
            run as input of the next (in another buffer: runtimes write while they read).
        operators: how often each ONNX operator occurs.
    """

    data: bytes
    inputs: list[Port]
    outputs: list[Port]
    donate: list[tuple[str, str]]
    operators: dict[str, int]


def onnx_model(
    graph: Graph,
    *,
    parameters: str = "auto",
    rules: Mapping[str, Rule] | None = None,
    lowerings: Mapping[str, Lowering] | None = None,
    without: Sequence[str] = (),
    resized: Graph | None = None,
) -> Model:
    """Lower a graph to ONNX.

    Args:
        graph: from `mslearn.graph.capture`, or by hand.
        parameters: ``"constants"`` writes Parameters into the file (initializers), ``"inputs"``
            makes each an input, ``"auto"`` an input only where the graph updates it.
        rules: further or other ways to take primitives apart, by the primitive's name.
        lowerings: further or other operators for primitives, by the primitive's name.
        without: primitives that must not use their own operator but be taken apart by a rule,
            e.g. ``("LayerNorm",)`` for a runtime without LayerNormalization.
        resized: the same function captured with another batch size (`dynamic.SIZES`): sizes
            that differ are left free in the model.

    Raises:
        ExportError: with the list of all nodes that ONNX has no operators for.

    >>> import mslearn as ms
    >>> from mslearn.graph.capture import capture
    >>> graph = capture(lambda x: ms.ops.relu(x) * 2, [ms.Tensor([1.0])]).graph
    >>> onnx_model(graph).operators
    {'Relu': 1, 'Mul': 1}
    """
    from mslearn.interchange.onnx_ops import LOWERINGS, fits

    table = {**LOWERINGS, **(lowerings or {})}
    for name in without:
        table.pop(name, None)

    def keep(node: Node) -> bool:
        return node.prim.name in table and (node.prim.name in (lowerings or {}) or fits(node))

    def simplified(inner: Graph) -> Graph:
        inner = taken_apart(inner, every, keep)
        refuse("ONNX", refused(inner, keep))
        return inner

    graph, draws = with_draws_as_inputs(graph)
    every = {**RULES, **(rules or {})}
    graph = simplified(graph)
    if resized is not None:
        graph = merged(graph, simplified(with_draws_as_inputs(resized)[0]))
    builder = Builder(table, simplified)
    ports = _bind(builder, graph, parameters, draws)
    builder.lower(graph)
    outputs, donate = _results(builder, graph, ports)
    builder.prune()
    data = builder.model(graph.name, ports, outputs)
    if len(data) > LIMIT:
        raise ValueError(
            f"For 'export', the ONNX model would have {len(data)} bytes, and the format takes at "
            f"most {LIMIT}. Use file_format='MINDIR', or half precision with net.to_float(float16)."
        )
    counts: dict[str, int] = {}
    for op in builder.all_ops():
        counts[op.kind] = counts.get(op.kind, 0) + 1
    return Model(data, ports, outputs, donate, counts)


def with_draws_as_inputs(graph: Graph) -> tuple[Graph, list[tuple[Abstract, Node]]]:
    """The graph with its random numbers as further inputs, and the nodes that made them."""
    draws, nodes = [], []
    for node in graph.nodes:
        if "key" in node.attrs and not node.inputs:
            draws.append((node.outputs[0], node))
        elif node.prim.name != "NextKey":
            nodes.append(node)
    out = graph.copy()
    out.nodes = nodes
    return out, draws


def refused(graph: Graph, keep: Callable[[Node], bool]) -> list[Node]:
    """The nodes that are not kept, in the graphs of branches and loops too."""
    found = [n for n in graph.nodes if not keep(n)]
    for inner in graph.subgraphs():
        found += [n for n in taken_apart(inner, RULES, keep).nodes if not keep(n)]
    return found


def _bind(
    builder: Builder, graph: Graph, parameters: str, draws: list[tuple[Abstract, Node]]
) -> list[Port]:
    if parameters not in ("auto", "constants", "inputs"):
        raise ValueError(
            f"For 'onnx_model', parameters is 'auto', 'constants' or 'inputs', but got "
            f"{parameters!r}."
        )
    updated = {id(p) for p, _ in graph.updates}
    ports = [Port(n, v) for n, v in zip(graph.input_names, graph.inputs, strict=True)]
    held = []
    for parameter, value in graph.parameters:
        if parameters == "inputs" or (parameters == "auto" and id(parameter) in updated):
            held.append(Port(parameter.name, value, parameter))
        else:
            name = builder.fresh(parameter.name)
            builder.names[id(value)] = name
            builder.initializer(name, parameter.asnumpy())
    ports += held + [Port(f"random.{i}", v, draw=n) for i, (v, n) in enumerate(draws)]
    for port in ports:
        port.name = builder.fresh(port.name)
        builder.names[id(port.value)] = port.name
        if -1 in port.value.shape and not builder.batch[0]:
            builder.batch = (port.name, port.value.shape.index(-1))
    return ports


def _results(
    builder: Builder, graph: Graph, inputs: list[Port]
) -> tuple[list[Port], list[tuple[str, str]]]:
    outputs = []
    several = len(graph.outputs) > 1
    for i, value in enumerate(graph.outputs):
        outputs.append(Port(builder.result(value, f"output.{i}" if several else "output"), value))
    donate = []
    at = {id(p.parameter): p.name for p in inputs if p.parameter is not None}
    for parameter, value in graph.updates:
        port = Port(builder.result(value, f"{parameter.name}.new"), value, parameter)
        outputs.append(port)
        if id(parameter) in at:
            donate.append((at[id(parameter)], port.name))
    return outputs, donate


@dataclasses.dataclass
class Op:
    """One ONNX operator."""

    kind: str
    inputs: list[str]
    outputs: list[str]
    attrs: dict[str, Any]
    node: Node | None


class Builder:
    """Collects operators and constants; lowerings write into it."""

    def __init__(
        self,
        table: Mapping[str, Lowering],
        simplified: Callable[[Graph], Graph],
        outer: Builder | None = None,
    ) -> None:
        self.table = table
        self.simplified = simplified
        self.ops: list[Op] = []
        self.outer = outer
        self.names: dict[int, str] = {} if outer is None else dict(outer.names)
        self.held: list[Any] = []  # ids are names: keep the values alive
        self._taken: set[str] = set() if outer is None else outer._taken
        self._initializers: dict[str, bytes] = {} if outer is None else outer._initializers
        self._constants: dict[Any, str] = {} if outer is None else outer._constants
        self._public: dict[str, str] = {}
        self._node: Node | None = None
        self.batch: tuple[str, int] = (
            ("", 0) if outer is None else outer.batch
        )  # an input and its batch axis

    def fresh(self, name: str) -> str:
        """`name`, with a number behind it where it is taken."""
        out, i = name, 1
        while out in self._taken:
            out, i = f"{name}_{i}", i + 1
        self._taken.add(out)
        return out

    def name(self, value: Value) -> str:
        """The name of a value; a constant is written down first."""
        if isinstance(value, np.ndarray):
            return self.constant(value)
        return self.names[id(value)]

    def constant(self, value: Any, dtype: Any = None) -> str:
        """The name of a constant; equal ones are written once."""
        array = np.asarray(value, dtype)
        key = (array.dtype.str, array.shape, array.tobytes())
        if key not in self._constants:
            self._constants[key] = self.fresh(f"constant.{len(self._constants)}")
            self.initializer(self._constants[key], array)
        return self._constants[key]

    def ints(self, *values: int) -> str:
        """A constant vector of int64, as shapes and axes are."""
        return self.constant(values, np.int64)

    def initializer(self, name: str, array: np.ndarray) -> None:
        self._initializers[name] = tensor(array, name)

    def op(self, kind: str, *inputs: str, outputs: int = 1, **attrs: Any) -> Any:
        """Add an operator; returns the name of its output, or a list of names."""
        node = self._node
        base = "/".join([*(node.scope if node else ()), kind])
        names = [self.fresh(base if i == 0 else f"{base}.{i}") for i in range(outputs)]
        self.ops.append(Op(kind, list(inputs), names, attrs, node))
        return names[0] if outputs == 1 else names

    def batch_shape(self, shape: Sequence[int]) -> str:
        """A shape whose size -1 is the batch's at run time."""
        whole = self.op("Shape", self.batch[0])
        size = self.op("Slice", whole, *(self.ints(n) for n in (self.batch[1], self.batch[1] + 1)))
        parts = [size if n < 0 else self.ints(n) for n in shape]
        out: str = self.op("Concat", *parts, axis=0)
        return out

    def cast(self, name: str, dtype: Any) -> str:
        """`name` in another dtype."""
        out: str = self.op("Cast", name, to=elem_type(dtype))
        return out

    def lower(self, graph: Graph) -> None:
        """Add the operators of all nodes."""
        for node in graph.nodes:
            self._node = node
            out = self.table[node.prim.name](self, node, *map(self.name, node.inputs))
            names = [out] if isinstance(out, str) else out
            for value, name in zip(node.outputs, names, strict=True):
                self.names[id(value)] = name
                self.held.append(value)
        self._node = None

    def inline(self, graph: Graph, inputs: Sequence[str]) -> list[str]:
        """Add a graph's operators for these inputs; returns the names of its outputs."""
        graph = self.simplified(graph)
        self.held.append(graph)
        node = self._node
        self.names.update((id(v), n) for v, n in zip(graph.inputs, inputs, strict=True))
        self.lower(graph)
        self._node = node
        return [self.name(v) for v in graph.outputs]

    def inside(self) -> Builder:
        """A builder for a graph inside an operator; it sees all that is made here."""
        return Builder(self.table, self.simplified, self)

    def result(self, value: Value, wanted: str) -> str:
        """Give a value the name of an output; an input, a constant or an output is copied."""
        return self.publish(self.name(value), wanted)

    def publish(self, name: str, wanted: str) -> str:
        """Let what is called `name` be an output called `wanted`."""
        public = self.fresh(wanted)
        made = any(name in op.outputs for op in self.ops)
        if not made or name in self._public:  # an input, a constant, or an output already
            copy = self.fresh(f"copy.{public}")
            self.ops.append(Op("Identity", [name], [copy], {}, None))
            name = copy
        self._public[name] = public
        return public

    def prune(self) -> None:
        """Leave out operators and constants that nothing needs."""
        needed, kept = set(self._public), []
        for op in reversed(self.ops):
            if needed.intersection(op.outputs):
                kept.append(op)
                needed.update(op.inputs)
                for inside in op.attrs.values():
                    if isinstance(inside, Inside):
                        inside.builder.prune()
                        needed.update(n for o in inside.builder.all_ops() for n in o.inputs)
        self.ops = kept[::-1]
        if self.outer is None:
            for name in set(self._initializers) - needed:
                del self._initializers[name]

    def all_ops(self) -> list[Op]:
        """The operators, those in the graphs of operators too."""
        inner = [v for op in self.ops for v in op.attrs.values() if isinstance(v, Inside)]
        return self.ops + [op for v in inner for op in v.builder.all_ops()]

    def message(
        self, name: str, inputs: Sequence[Port], outputs: Sequence[Port],
        renamed: Mapping[str, str] | None = None,
    ) -> bytes:  # fmt: skip
        """The GraphProto; `renamed` are outputs of the graph around it."""
        names = {**(renamed or {}), **self._public}

        def called(n: str) -> str:
            return names.get(n, n)

        parts = []
        for op in self.ops:
            body = b"".join(wire.block(1, called(i)) for i in op.inputs)
            body += b"".join(wire.block(2, called(o)) for o in op.outputs)
            body += wire.block(3, op.outputs[0]) + wire.block(4, op.kind)
            body += b"".join(wire.block(5, attribute(k, v, names)) for k, v in op.attrs.items())
            if op.node is not None and op.node.source is not None:
                body += wire.block(6, str(op.node.source.line))
            parts.append(wire.block(1, body))
        parts.append(wire.block(2, name))
        if renamed is None:
            parts += [wire.block(5, data) for data in self._initializers.values()]
        parts += [wire.block(11, value_info(p.name, p.value)) for p in inputs]
        parts += [wire.block(12, value_info(p.name, p.value)) for p in outputs]
        return b"".join(parts)

    def model(self, name: str, inputs: list[Port], outputs: list[Port]) -> bytes:
        """The ModelProto."""
        return b"".join([
            wire.integer(1, IR_VERSION),
            wire.block(2, "mslearn"),
            wire.block(7, self.message(name, inputs, outputs)),
            wire.block(8, wire.block(1, "") + wire.integer(2, OPSET)),
        ])  # fmt: skip


def elem_type(dtype: Any) -> int:
    """ONNX's number of a dtype."""
    return TYPES[str(dtype_of(dtype))]


def tensor(array: np.ndarray, name: str = "") -> bytes:
    """A TensorProto."""
    little = np.ascontiguousarray(array.astype(array.dtype.newbyteorder("<"), copy=False))
    return b"".join([
        *(wire.integer(1, n) for n in array.shape),
        wire.integer(2, elem_type(array.dtype)),
        wire.block(8, name) if name else b"",
        wire.block(9, little.tobytes()),
    ])  # fmt: skip


def value_info(name: str, value: Any) -> bytes:
    """A ValueInfoProto; the size -1 becomes the name ``batch``, -2 an unknown size."""
    names = {-1: wire.block(2, "batch"), -2: b""}
    sizes = (names[n] if n < 0 else wire.integer(1, n) for n in value.shape)
    dims = b"".join(wire.block(1, size) for size in sizes)
    kind = wire.integer(1, elem_type(value.dtype)) + wire.block(2, dims)
    return wire.block(1, name) + wire.block(2, wire.block(1, kind))


@dataclasses.dataclass
class Inside:
    """A graph as an attribute: what a branch or a loop does."""

    builder: Builder
    inputs: list[Port]
    outputs: list[Port]


def attribute(name: str, value: Any, names: Mapping[str, str]) -> bytes:
    """An AttributeProto of an int, a float, a text, numbers, a tensor or a graph."""
    head = wire.block(1, name)
    if isinstance(value, Inside):
        body = value.builder.message(name, value.inputs, value.outputs, names)
        return head + wire.block(6, body) + wire.integer(20, 5)
    if isinstance(value, np.ndarray):
        return head + wire.block(5, tensor(value)) + wire.integer(20, 4)
    if isinstance(value, str):
        return head + wire.block(4, value) + wire.integer(20, 3)
    if isinstance(value, float):
        return head + wire.single(2, value) + wire.integer(20, 1)
    if isinstance(value, int):
        return head + wire.integer(3, int(value)) + wire.integer(20, 2)
    if any(isinstance(v, float) for v in value):
        return head + b"".join(wire.single(7, v) for v in value) + wire.integer(20, 6)
    return head + b"".join(wire.integer(8, int(v)) for v in value) + wire.integer(20, 7)
