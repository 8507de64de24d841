"""A graph as text: MindSpore's ``.ir`` notation, and DOT for graphviz."""

from __future__ import annotations

from typing import Any

import numpy as np

from mslearn.core.dtype import dtype_of
from mslearn.core.tensor import Abstract
from mslearn.graph.ir import Graph, Node, Value


def to_ir(graph: Graph) -> str:
    """The graph in the notation of MindSpore's ``.ir`` files.

    >>> import mslearn as ms
    >>> from mslearn.graph.capture import capture
    >>> def double(x):
    ...     return x + x
    >>> print(to_ir(capture(double, [ms.Tensor(1.0)]).graph).splitlines()[0])
    # IR entry: @double
    """
    nodes = sum(1 for _ in _all_nodes(graph))
    head = [f"# IR entry: @{graph.name}", f"# Total params: {len(_params(graph))}"]
    head += [f"# Total operations: {nodes}", ""]
    head += [f"{name} : {_type(value)}{note}" for value, name, note in _params(graph)]
    return "\n".join([*head, "", *_subgraph(graph, {}), ""])


def _all_nodes(graph: Graph) -> Any:
    for node in graph.nodes:
        yield node
        for inner in _graphs(node):
            yield from _all_nodes(inner)


def _graphs(node: Node) -> list[Graph]:
    return [a for a in node.attrs.values() if isinstance(a, Graph)]


def _params(graph: Graph) -> list[tuple[Any, str, str]]:
    found = [
        (v, f"%para{i}_{n}", "")
        for i, (v, n) in enumerate(zip(graph.inputs, graph.input_names, strict=True), 1)
    ]
    start = len(found) + 1
    for i, (parameter, value) in enumerate(graph.parameters, start):
        found.append((value, f"%para{i}_{parameter.name}", "  :  has_default"))
    return found


def _subgraph(graph: Graph, outer: dict[int, str]) -> list[str]:
    names = {**outer, **{id(v): n for v, n, _ in _params(graph)}}
    arguments = ", ".join(n for _, n, _ in _params(graph)) if outer else ""
    lines = [f"subgraph @{graph.name}({arguments}) {{"]
    inner: list[str] = []
    for count, node in enumerate(graph.nodes):
        inputs = ", ".join(_see(v, names) for v in node.inputs)
        first = f"%{count}"
        for k, out in enumerate(node.outputs):
            names[id(out)] = first if not node.several else f"{first}[{k}]"
        lines.append(
            f"  {first}({node.prim.name}) = {node.prim.name}({inputs}){_attrs(node, names)}"
        )
        types = ", ".join(map(_type, node.inputs))
        lines.append(f"      : ({types}) -> ({', '.join(map(_type, node.outputs))})")
        lines.append(
            f"      # Fullname with scope: ({'/'.join(node.scope)}/{node.prim.name}-op{count})"
        )
        if node.source is not None:
            lines.append(f"      # In file {node.source}")
        for found in _graphs(node):
            inner += ["", *_subgraph(found, {**names})]
    for parameter, value in graph.updates:
        lines.append(f"  Assign(%{parameter.name}, {_see(value, names)})")
    results = ", ".join(_see(v, names) for v in graph.outputs)
    lines += [f"  Return({results})", "}"]
    return lines + inner


def _see(value: Value, names: dict[int, str]) -> str:
    if isinstance(value, Abstract):
        return names.get(id(value), "%?")
    if value.size == 1:
        return f"{_type(value)}({value.reshape(-1)[0]})"
    return f"Constant{_type(value)}"


def _type(value: Value) -> str:
    return f"<Tensor[{dtype_of(np.dtype(value.dtype))}], ({', '.join(map(str, value.shape))})>"


def _attrs(node: Node, names: dict[int, str]) -> str:
    shown = []
    for key, value in node.attrs.items():
        if isinstance(value, Graph):
            shown.append(f"{key}: @{value.name}")
        elif isinstance(value, Abstract):
            shown.append(f"{key}: {names[id(value)]}")
        elif isinstance(value, np.ndarray):
            shown.append(f"{key}: {_see(value, names)}")
        else:
            shown.append(f"{key}: {value}")
    return f" {{{', '.join(shown)}}}" if shown else ""


def to_dot(graph: Graph) -> str:
    """The graph in the DOT language; names are quoted, whatever they hold.

    The graphs of branches and loops are boxes (clusters) of their own, tied to their node by a
    dashed line with what they are to it: ``then``, ``els``, ``cond`` or ``body``.
    """
    lines = ["digraph {", "  rankdir=TB; node [shape=box, style=rounded];"]
    return "\n".join([*lines, *_dot(graph, ""), "}", ""])


def _dot(graph: Graph, own: str) -> list[str]:
    """The lines of a graph; `own` stands before the names of its nodes."""
    names = {id(v): f"{own}in{i}" for i, (v, _, _) in enumerate(_params(graph))}
    lines = []
    for value, name, _ in _params(graph):
        lines.append(
            f"  {names[id(value)]} [label={_quote(name + ' ' + _type(value))}, shape=ellipse];"
        )
    for i, node in enumerate(graph.nodes):
        at = f"{own}n{i}"
        color = ", color=orange" if node.backward else ""
        lines.append(f"  {at} [label={_quote(node.prim.name)}{color}];")
        for value in node.inputs:
            if isinstance(value, Abstract):
                shape = _quote(str(tuple(value.shape)))
                lines.append(f"  {names[id(value)]} -> {at} [label={shape}];")
        names.update((id(out), at) for out in node.outputs)
        for key, inner in node.attrs.items():
            if isinstance(inner, Graph):
                inside = f"{at}_{key}_"
                title = _quote(f"{key}: @{inner.name}")
                lines += [f"  subgraph cluster_{inside} {{ label={title};", *_dot(inner, inside)]
                lines += ["  }", f"  {inside}return -> {at} [style=dashed, label={_quote(key)}];"]
    lines += [f"  {own}return [label=return, shape=ellipse];"]
    for value in graph.results():
        if id(value) in names:
            lines.append(f"  {names[id(value)]} -> {own}return;")
    return lines


def _quote(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
