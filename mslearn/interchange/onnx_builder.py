"""The operators, constants and names of an ONNX model, and its protobuf messages.

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
from mslearn.graph.ir import Graph, Node, Value

OPSET, IR_VERSION = 17, 8
TYPES = {
    "Float32": 1, "UInt8": 2, "Int8": 3, "UInt16": 4, "Int16": 5, "Int32": 6, "Int64": 7,
    "Bool": 9, "Float16": 10, "Float64": 11, "UInt32": 12, "UInt64": 13, "Complex64": 14,
    "Complex128": 15, "BFloat16": 16,
}  # fmt: skip

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
        apart: bool = False,
    ) -> None:
        self.table = table
        self.simplified = simplified
        self.ops: list[Op] = []
        self.outer = outer
        self.apart: bool = apart if outer is None else outer.apart
        self.names: dict[int, str] = {} if outer is None else dict(outer.names)
        self.held: list[Any] = []  # ids are names: keep the values alive
        self._taken: dict[str, int] = {} if outer is None else outer._taken
        self._initializers: dict[str, bytes] = {} if outer is None else outer._initializers
        self._constants: dict[Any, str] = {} if outer is None else outer._constants
        self._public: dict[str, str] = {}
        self._node: Node | None = None
        self.batch: tuple[str, int] = (
            ("", 0) if outer is None else outer.batch
        )  # an input and its batch axis

    def fresh(self, name: str) -> str:
        """`name`, with a number behind it where it is taken."""
        out = name
        while out in self._taken:
            self._taken[name] += 1
            out = f"{name}_{self._taken[name]}"
        self._taken[out] = 0
        return out

    def name(self, value: Value) -> str:
        """The name of a value; a constant is written down first."""
        if isinstance(value, np.ndarray):
            return self.constant(value)
        return self.names[id(value)]

    def constant(self, value: Any, dtype: Any = None) -> str:
        """The name of a constant; equal ones are written once (arrays not if `apart`)."""
        array = np.asarray(value, dtype)
        if self.apart and array.ndim > 1:
            name = self.fresh("constant")
            self.initializer(name, array)
            return name
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
        """Add an operator; returns the name of its output, or a list of names.

        `kind` is a name of ONNX's own, or ``domain:Name``.
        """
        node = self._node
        base = "/".join([*(node.scope if node else ()), kind.rpartition(":")[2]])
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
            if node.outputs and all(0 in v.shape and -1 not in v.shape for v in node.outputs):
                out: Any = [self.constant(np.zeros(v.shape, v.dtype)) for v in node.outputs]
            else:
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
            domain, _, kind = op.kind.rpartition(":")
            body += wire.block(3, op.outputs[0]) + wire.block(4, kind)
            body += b"".join(wire.block(5, attribute(k, v, names)) for k, v in op.attrs.items())
            body += wire.block(7, domain) if domain else b""
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
        domains = sorted({op.kind.rpartition(":")[0] for op in self.all_ops()} - {""})
        versions = [("", OPSET), *((domain, 1) for domain in domains)]
        return b"".join([
            wire.integer(1, IR_VERSION),
            wire.block(2, "mslearn"),
            wire.block(7, self.message(name, inputs, outputs)),
            *(wire.block(8, wire.block(1, d) + wire.integer(2, v)) for d, v in versions),
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
