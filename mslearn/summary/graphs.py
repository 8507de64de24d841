"""A captured graph as MindSpore's GraphProto (anf_ir.proto), and as TensorBoard's needs it."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from mslearn.common.wire import block, integer
from mslearn.core.dtype import dtype_of
from mslearn.graph.ir import Graph
from mslearn.summary.messages import attribute_value, tensor_message, tensor_type

_DATA = 0  # the kind of an input
_SMALL = 64  # constants with more numbers are told by their type alone


class RecordedGraph:
    """A graph ready to be written: `described` is plain data, `message` the GraphProto."""

    def __init__(self, graph: Graph) -> None:
        self.described = describe(graph)

    @cached_property
    def message(self) -> bytes:
        return graph_proto(self.described)


def describe(graph: Graph) -> dict[str, Any]:
    """Names, kinds, inputs and types of what is in a graph.

    ``nodes`` holds inputs and Parameters (op "Parameter"), constants (op "Const") and operations,
    each with ``name`` as MindSpore numbers it, ``full`` (the path of scopes and the operation),
    ``scope``, ``op``, ``inputs``, ``full_inputs``, ``shape``, ``dtype``, ``attrs``, ``value``.
    """
    nodes: list[dict[str, Any]] = []
    named: dict[int, dict[str, Any]] = {}
    used: dict[str, int] = {}

    def add(value: Any, name: str, op: str, scope: str, /, **more: Any) -> dict[str, Any]:
        node = {
            "name": name, "op": op, "scope": scope, "inputs": [], "full_inputs": [], "attrs": {},
            "full": f"{scope}/{name}" if scope else name, "shape": list(value.shape),
            "dtype": str(dtype_of(value.dtype)).lower(), "value": None,
        } | more  # fmt: skip
        nodes.append(node)
        named[id(value)] = node
        return node

    def unique(name: str) -> str:
        count = used[name] = used.get(name, -1) + 1
        return name if not count else f"{name}.{count}"

    for value, name in zip(graph.inputs, graph.input_names, strict=True):
        add(value, unique(name or "input"), "Parameter", "")
    for parameter, value in graph.parameters:
        add(value, unique(parameter.name or "parameter"), "Parameter", "")
    for k, node in enumerate(graph.nodes):
        scope = "/".join(node.scope)
        inputs = []
        for value in node.values():
            if id(value) not in named and isinstance(value, np.ndarray):
                add(value, unique("cst"), "Const", scope, value=value)
            if id(value) in named:
                inputs.append(named[id(value)])
        attrs = {name: a for name, a in node.attrs.items() if not isinstance(a, Graph)}
        made = add(
            node.outputs[0], str(k + 1), node.prim.name, scope,
            full=f"{scope}/{node.prim.name}-op{k}", attrs=attrs,
            inputs=[i["name"] for i in inputs], full_inputs=[i["full"] for i in inputs],
        )  # fmt: skip
        for value in node.outputs[1:]:
            named[id(value)] = made
    outputs = [named[id(v)]["name"] for v in graph.outputs if id(v) in named]
    return {"name": graph.name, "nodes": nodes, "outputs": outputs}


def graph_proto(described: dict[str, Any]) -> bytes:
    """A GraphProto."""
    operations = parameters = constants = b""
    by_name = {node["name"]: node for node in described["nodes"]}
    for node in described["nodes"]:
        kind = tensor_type(node["shape"], node["dtype"])
        if node["op"] == "Parameter":
            parameters += block(3, block(1, node["name"]) + block(2, kind))
        elif node["op"] == "Const":
            array = node["value"]
            shown = array if array.size <= _SMALL else array.ravel()[:0]
            tensor = integer(1, 14) + block(8, tensor_message(shown))
            constants += block(5, block(1, node["name"]) + block(2, tensor))
        else:
            operations += block(
                1,
                b"".join(block(1, block(1, i) + integer(2, _DATA)) for i in node["inputs"])
                + block(2, node["name"]) + block(3, node["op"]) + block(4, node["scope"])
                + b"".join(block(5, block(1, k) + block(2, attribute_value(v)))
                           for k, v in node["attrs"].items())
                + block(6, kind) + block(8, node["full"]),
            )  # fmt: skip
    outputs = b"".join(
        block(4, block(1, n) + block(2, tensor_type(by_name[n]["shape"], by_name[n]["dtype"])))
        for n in described["outputs"]
    )
    return operations + block(2, described["name"]) + parameters + outputs + constants
