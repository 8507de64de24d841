"""Reading MindIR files: bytes in, a list of operations by name out. Nothing of a file is executed.

Everything is checked while it is read: every name must have been made by an earlier line, every
tensor must have as many bytes as its shape needs, every operation must be one that we have.
"""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np

from mslearn.common.wire import Message, WireError
from mslearn.core.dtype import to_numpy
from mslearn.interchange.onnx_builder import TYPES
from mslearn.ops.brain_float import bfloat16

_BFLOAT16 = TYPES["BFloat16"]
_DTYPES = {n: to_numpy(name) for name, n in TYPES.items() if n != _BFLOAT16}
_FLOAT, _INTS, _STRING, _BOOL, _DOUBLE, _NONE = 1, (2, 3, 4, 5, 6, 7, 12, 13), 8, 9, 11, 25
_TENSOR, _TENSORS, _TUPLE, _LIST, _MONADS = 18, 19, 20, 21, (23, 24)
CALL = "call"  # an operation that calls the function which its first input names
_DEPTH = 8  # tuples in tuples; networks have two or three levels


class MindirError(ValueError):
    """The file is no MindIR that can be loaded: damaged, of another kind, or with operations
    that mslearn does not have. The message says which."""


@dataclasses.dataclass
class Operation:
    """One line of the file: ``output = op(*inputs, **attrs)``."""

    op: str
    inputs: list[str]
    output: str
    attrs: dict[str, Any]
    scope: str


@dataclasses.dataclass
class MindirGraph:
    """What `load` returns and `nn.GraphCell` runs.

    Attributes:
        name: the graph's name.
        inputs: (name, shape, NumPy dtype) of each input; -1 is a size that may change.
        parameters: name in the file -> (name of the Parameter, its numbers).
        constants: name -> value.
        operations: in the order of execution.
        output: the name of the result.
        functions: the graphs of branches and loops, by name.
    """

    name: str
    inputs: list[tuple[str, tuple[int, ...], np.dtype[Any]]]
    parameters: dict[str, tuple[str, np.ndarray]]
    constants: dict[str, Any]
    operations: list[Operation]
    output: str
    functions: dict[str, MindirGraph] = dataclasses.field(default_factory=dict)

    def __repr__(self) -> str:
        takes = ", ".join(f"{n.split(':')[-1]}: {d}{list(s)}" for n, s, d in self.inputs)
        return (
            f"<MindIR graph {self.name}({takes}): {len(self.operations)} operations, "
            f"{len(self.parameters)} parameters>"
        )


def decode(data: bytes) -> MindirGraph:
    """The graph in a MindIR file.

    Raises:
        MindirError: not a complete MindIR file.
    """
    try:
        return _model(Message(data))
    except WireError as error:
        raise MindirError(f"it is damaged, or no MindIR file: {error}") from None


def _model(model: Message) -> MindirGraph:
    graph = model.message(7)
    if graph is None or not model.text(2):
        raise MindirError("it holds no graph: it is no MindIR file")
    primitives = {}
    for p in model.messages(12):
        attrs = {a.text(1): _value(a) for a in p.messages(3)}
        primitives[p.text(1)] = (p.text(2), attrs)
    functions = {g.text(2): g for g in model.messages(8)}
    known = set(functions)
    out = _graph(graph, primitives, known, False)
    if out.name in functions or len(functions) != len(model.messages(8)):
        raise MindirError("two of its functions have one name")
    for name, inner in functions.items():
        made = _graph(inner, primitives, known, True)
        out.functions[name] = made
        out.constants.update(made.constants)
        out.parameters.update(made.parameters)
    return out


def _graph(graph: Message, primitives: Any, known: set[str], inner: bool) -> MindirGraph:
    """A GraphProto; `known` are the names of functions and of all that has been made."""
    out = MindirGraph(graph.text(2), [], {}, {}, [], "")

    def make(name: str) -> str:
        if not name or name in known:
            raise MindirError(f"the name {name!r} is made twice")
        known.add(name)
        return name

    for p in graph.messages(3):
        name = make(p.text(7))
        if p.message(12) is not None:
            raise MindirError("its parameters stand in other files; export it below 1 GB")
        out.parameters[name] = (p.text(13) or name.split(":")[-1], _array(p))
    for i in graph.messages(5):
        tensor = i.message(2)
        if tensor is None and not inner:
            raise MindirError(f"input {i.text(1)!r} is no tensor")
        if tensor is None:  # functions also take tuples, and the order of effects
            out.inputs.append((make(i.text(1)), (), np.dtype(bool)))
        else:
            shape = tuple(tensor.integers(1))
            out.inputs.append((make(i.text(1)), shape, _dtype(tensor)))
    for node in graph.messages(1):
        outputs = node.texts(2)
        if len(outputs) != 1:
            raise MindirError("a node must have one output")
        op, inputs = node.text(4), node.texts(1)
        if op == "Constant":
            values = [a for a in node.messages(5) if a.text(1) == "value"]
            out.constants[make(outputs[0])] = _value(values[0]) if values else None
            continue
        missing = [n for n in inputs if n not in known]
        if missing:
            raise MindirError(f"{outputs[0]!r} takes {missing[0]!r}, which nothing has made")
        if not op.startswith("REF::") or (op[5:] not in primitives and op[5:] not in known):
            raise MindirError(f"the operation {op!r} is not among the file's primitives")
        if op[5:] not in primitives:
            inputs = [op[5:], *inputs]
        kind, attrs = primitives.get(op[5:], (CALL, {}))
        attrs = {**attrs, **{a.text(1): _value(a) for a in node.messages(8)}}
        out.operations.append(Operation(kind, inputs, make(outputs[0]), attrs, node.text(7)))
    results = graph.messages(6)
    if len(results) != 1 or results[0].text(1) not in known:
        raise MindirError("a graph must have one output, and a node must make it")
    out.output = results[0].text(1)
    return out


def _dtype(tensor: Message) -> np.dtype[Any]:
    number = tensor.integer(2)
    if number == _BFLOAT16:
        return bfloat16().numpy
    if number not in _DTYPES:
        raise MindirError(f"a tensor's dtype has the unknown number {number}")
    return _DTYPES[number]


def _array(tensor: Message) -> np.ndarray:
    dtype, dims, raw = _dtype(tensor), tensor.integers(1), tensor.raw(9)
    if any(n < 0 for n in dims) or len(dims) > 32:
        raise MindirError(f"a tensor's shape {dims[:8]} cannot be")
    if tensor.integer(16):
        raise MindirError("its tensors are compressed (quantized), which cannot be loaded")
    if len(raw) != math.prod(dims) * dtype.itemsize:
        raise MindirError(
            f"a tensor of shape {dims} needs {math.prod(dims) * dtype.itemsize} bytes, but "
            f"{len(raw)} are there"
        )
    return np.frombuffer(raw, dtype.newbyteorder("<")).astype(dtype).reshape(dims)


def _value(attr: Message, depth: int = 0) -> Any:
    """The value of an AttributeProto."""
    kind = attr.integer(16)
    if depth > _DEPTH:
        raise MindirError("tuples are nested too deep")
    if kind == _FLOAT:
        return (attr.numbers(8) or [attr.number(2)])[-1]
    if kind == _DOUBLE:
        return attr.number(4)
    if kind in _INTS:
        return (attr.integers(10) or [attr.integer(3)])[-1]
    if kind == _BOOL:
        return bool((attr.integers(10) or [attr.integer(3)])[-1])
    if kind == _STRING:
        return (attr.texts(11) or [attr.text(5)])[-1]
    if kind in (_TUPLE, _LIST):
        items = [_value(v, depth + 1) for v in attr.messages(17)]
        return tuple(items) if kind == _TUPLE else items
    if kind in (_TENSOR, _TENSORS):
        tensors = attr.messages(12) or attr.messages(6)
        return _array(tensors[0]) if tensors and tensors[0].raw(9) else None
    return None  # monads (the order of effects), types, None


def unknown(graph: MindirGraph, table: Any) -> list[str]:
    """The operations of a graph that `table` does not have, with how often each occurs."""
    counts: dict[str, int] = {}
    every = [o for g in (graph, *graph.functions.values()) for o in g.operations]
    for operation in every:
        if operation.op not in table:
            counts[operation.op] = counts.get(operation.op, 0) + 1
    return [f"{op} ({n} times)" if n > 1 else op for op, n in sorted(counts.items())]
