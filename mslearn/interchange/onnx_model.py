"""ONNX: a graph as the bytes of an ONNX model, without the `onnx` package.

Operator set 17 (IR version 8): it has LayerNormalization, and scatters that add (16), which
embedding gradients need; and runtimes of 2022 and later read it. Newer sets move attributes to
inputs but add nothing that is needed here, and the providers for NPUs follow late.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence

from mslearn.core.tensor import Abstract
from mslearn.graph.ir import Graph, Node
from mslearn.interchange.dynamic import merged
from mslearn.interchange.onnx_builder import Builder as Builder
from mslearn.interchange.onnx_builder import Lowering as Lowering
from mslearn.interchange.onnx_builder import Port as Port
from mslearn.interchange.refusal import refuse
from mslearn.interchange.rules import RULES
from mslearn.interchange.tracing import Rule, taken_apart

LIMIT = (1 << 31) - 1  # protobuf's, and so ONNX's, for one file


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
        origins: the graph's node that each operator, by its name in the file, stems from.
    """

    data: bytes
    inputs: list[Port]
    outputs: list[Port]
    donate: list[tuple[str, str]]
    operators: dict[str, int]
    origins: dict[str, Node] = dataclasses.field(default_factory=dict)


def onnx_model(
    graph: Graph,
    *,
    parameters: str = "auto",
    rules: Mapping[str, Rule] | None = None,
    lowerings: Mapping[str, Lowering] | None = None,
    takes: Callable[[Node], bool] = lambda node: True,
    without: Sequence[str] = (),
    resized: Graph | None = None,
    apart: bool = False,
) -> Model:
    """Lower a graph to ONNX.

    Args:
        graph: from `mslearn.graph.capture`, or by hand.
        parameters: ``"constants"`` writes Parameters into the file (initializers), ``"inputs"``
            makes each an input, ``"auto"`` an input only where the graph updates it.
        rules: further or other ways to take primitives apart, by the primitive's name.
        lowerings: further or other operators for primitives, by the primitive's name.
        takes: whether `lowerings` take a node of a primitive that they name. Of others they get
            only those that ONNX has an operator for; the rest is taken apart.
        without: primitives that must not use their own operator but be taken apart by a rule,
            e.g. ``("LayerNorm",)`` for a runtime without LayerNormalization.
        resized: the same function captured with another batch size (`dynamic.SIZES`): sizes
            that differ are left free in the model.
        apart: every operator gets constant arrays of its own.

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
        name = node.prim.name
        if name in (lowerings or {}) and takes(node):
            return True
        return name in LOWERINGS and name not in without and fits(node)

    def simplified(inner: Graph) -> Graph:
        inner = taken_apart(inner, every, keep, roots)
        refuse("ONNX", refused(inner, keep))
        return inner

    roots: dict[int, Node] = {}
    graph, draws = with_draws_as_inputs(graph)
    every = {**RULES, **(rules or {})}
    graph = simplified(graph)
    if resized is not None:
        graph = merged(graph, simplified(with_draws_as_inputs(resized)[0]), simplified)
    builder = Builder(table, simplified, apart=apart)
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
    origins = {
        op.outputs[0]: roots.get(id(op.node.outputs[0]), op.node)
        for op in builder.all_ops()
        if op.node is not None
    }
    return Model(data, ports, outputs, donate, counts, origins)


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
