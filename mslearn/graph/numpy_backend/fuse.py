"""Fusion: a chain of element-wise operations on big arrays runs block by block.

Each operation by itself would read and write the whole array through main memory. Over a block
that fits into the processor's cache, all operations of the chain run before the next block.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from mslearn.core.primitive import Primitive
from mslearn.core.tensor import Abstract
from mslearn.graph.ir import Graph, Node
from mslearn.graph.numpy_backend import emit

BLOCK = 1 << 14  # elements: 64 KB of float32, half of a common second-level cache with two inputs
WORTH = 1 << 17  # elements: below this the arrays are in the cache anyway


class Fused(Primitive, abstract=True):
    """A chain of element-wise operations; `attrs["nodes"]` holds them in order."""

    name = "Fused"

    @staticmethod
    def infer(*values: Any, nodes: Any, results: Any) -> Any:
        return tuple(tuple(r.shape) for r in results), tuple(r.dtype for r in results)


def run(graph: Graph) -> Graph:
    """The graph with neighbouring element-wise operations of one big shape as one node."""
    nodes: list[Node] = []
    chain: list[Node] = []
    for node in graph.nodes:
        if chain and not (_fits(node) and node.outputs[0].shape == chain[0].outputs[0].shape):
            nodes += _fuse(chain, graph)
            chain = []
        (chain if _fits(node) else nodes).append(node)
    nodes += _fuse(chain, graph)
    new = graph.copy()
    new.nodes = nodes
    return new


def _fits(node: Node) -> bool:
    if len(node.outputs) != 1 or not emit.in_place(node) or node.prim.name == "BiasAdd":
        return False
    shape = node.outputs[0].shape
    return math.prod(shape) >= WORTH and all(
        v.shape == shape or math.prod(v.shape) == 1 for v in node.inputs
    )


def _fuse(chain: list[Node], graph: Graph) -> list[Node]:
    if len(chain) < 2:
        return chain
    inside = {id(n.outputs[0]) for n in chain}
    outside: set[int] = {id(v) for v in graph.results()}
    members = {id(n) for n in chain}
    for node in graph.nodes:
        if id(node) not in members:
            outside.update(id(v) for v in node.values())
    inputs: dict[int, Any] = {}
    for node in chain:
        inputs.update((id(v), v) for v in node.inputs if id(v) not in inside)
    results = tuple(n.outputs[0] for n in chain if id(n.outputs[0]) in outside)
    last = chain[-1]
    attrs = {"nodes": tuple(chain), "results": results}
    return [
        Node(Fused, tuple(inputs.values()), attrs, results, True, last.scope, last.source)
    ]  # fmt: skip


def compiled(node: Node) -> Callable[..., tuple[np.ndarray, ...]]:
    """The function that runs a Fused node, block by block."""
    code, space = source(node)
    exec(compile(code, "<mslearn fused chain>", "exec"), space)
    function = space["chain"]
    function.code = code
    return function  # type: ignore[no-any-return]


def source(node: Node) -> tuple[str, dict[str, Any]]:
    """The Python of a Fused node, and the names that it needs."""
    chain, results = node.attrs["nodes"], node.attrs["results"]
    shape = tuple(results[0].shape)
    names = {id(v): f"x{i}" for i, v in enumerate(node.inputs)}
    whole = [v for v in node.inputs if v.shape == shape]
    last: dict[int, int] = {}
    for i, inner in enumerate(chain):
        last.update((id(v), i) for v in inner.inputs)
    free: dict[Any, list[str]] = {}
    temporaries: list[tuple[str, Any]] = []
    where: dict[int, str] = {}  # of a value inside: the temporary that it lives in
    body = []
    for i, inner in enumerate(chain):
        out = inner.outputs[0]
        if any(out is r for r in results):
            place = f"r{next(k for k, r in enumerate(results) if r is out)}[s]"
        elif free.get(out.dtype):
            place = free[out.dtype].pop()
        else:
            place = f"t{len(temporaries)}"
            temporaries.append((place, out.dtype))
        inputs = [_block(names[id(v)], v, shape, where) for v in inner.inputs]
        size = "" if place.endswith("]") else "[:n]"
        names[id(out)] = place + size
        where[id(out)] = place
        lines = emit.lines(inner, inputs, "v", place + size)
        body += lines or []
        for value in inner.inputs:
            place = where.get(id(value), "")
            if last[id(value)] == i and place.startswith("t"):
                held = free.setdefault(value.dtype, [])
                if place not in held:
                    held.append(place)
    space: dict[str, Any] = {"np": np, "BLOCK": BLOCK}
    lines = [f"def chain({', '.join(f'x{i}' for i in range(len(node.inputs)))}):"]
    for i, value in enumerate(node.inputs):
        if any(value is w for w in whole):
            lines.append(f"    x{i} = x{i}.reshape(-1)")
        elif math.prod(value.shape) == 1 and value.shape:
            lines.append(f"    x{i} = x{i}.reshape(())")
    count = math.prod(shape)
    for i, result in enumerate(results):
        space[f"d{i}"] = result.dtype
        lines.append(f"    r{i} = np.empty({count}, d{i})")
    for name, dtype in temporaries:
        space[f"d{name}"] = dtype
        lines.append(f"    {name} = np.empty(BLOCK, d{name})")
    lines.append(f"    for start in range(0, {count}, BLOCK):")
    lines.append(f"        s, n = slice(start, start + BLOCK), min(BLOCK, {count} - start)")
    lines += ["        " + line for line in body]
    back = ", ".join(f"r{i}.reshape({shape})" for i in range(len(results)))
    lines.append(f"    return ({back},)")
    return "\n".join([*lines, ""]), space


def _block(name: str, value: Any, shape: tuple[int, ...], where: dict[int, str]) -> str:
    if not isinstance(value, Abstract | np.ndarray) or id(value) in where:
        return name
    return f"{name}[s]" if value.shape == shape else name
