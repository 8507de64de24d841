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
from mslearn.graph.ir import Graph, Node
from mslearn.graph.numpy_backend import emit
from mslearn.ops.threads import over_batch

BLOCK = 1 << 15  # elements: 128 KB of float32; half as many lose to the cost of NumPy's calls
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
    """The Python of a Fused node, and the names that it needs.

    ``block`` is the chain on one block; ``chain`` hands it the blocks, the shorter last one too.
    """
    chain, results = node.attrs["nodes"], node.attrs["results"]
    shape = tuple(results[0].shape)
    count = math.prod(shape)
    inputs = {id(v): f"x{i}" for i, v in enumerate(node.inputs)}
    outputs = {id(v): f"r{i}" for i, v in enumerate(results)}
    body, temporaries = _body(chain, {**inputs, **outputs})
    cut = [inputs[id(v)] for v in node.inputs if v.shape == shape] + list(outputs.values())
    numbers = [inputs[id(v)] for v in node.inputs if v.shape != shape]
    arguments = ", ".join([*cut, *numbers, *temporaries])
    space: dict[str, Any] = {"np": np, "over_batch": over_batch}
    lines = [f"def block({arguments}):", *(f"    {line}" for line in body), ""]
    lines += [f"def chain({', '.join(inputs.values())}):"]
    lines += [f"    {name} = {name}.reshape(())" for name in numbers]
    for name, value in zip(outputs.values(), results, strict=True):
        space[f"d_{name}"] = value.dtype
        lines.append(f"    {name} = np.empty({count}, d_{name})")
    lines += [f"    {name} = {name}.reshape(-1)" for name in cut if name[0] == "x"]
    for name, value in temporaries.items():
        space[f"d_{name}"] = value.dtype
    whole = count // BLOCK * BLOCK
    if whole:  # the blocks may be shared between threads, each with temporaries of its own
        rows = ", ".join(f"{name}[:{whole}].reshape(-1, {BLOCK})[i:j]" for name in cut)
        made = [f"np.empty({BLOCK}, d_{name})" for name in temporaries]
        lines.append("    def blocks(i, j):")
        lines += [f"        {n} = {new}" for n, new in zip(temporaries, made, strict=True)]
        lines.append(f"        for row in zip({rows}):")
        lines.append(f"            block({', '.join(['*row', *numbers, *temporaries])})")
        lines.append(f"    over_batch(blocks, {whole // BLOCK}, {count * len(chain) * 4})")
    if count > whole:
        ends = [f"{name}[{whole}:]" for name in cut]
        short = [f"np.empty({count - whole}, d_{name})" for name in temporaries]
        lines.append(f"    block({', '.join([*ends, *numbers, *short])})")
    back = ", ".join(f"{name}.reshape({shape})" for name in outputs.values())
    lines.append(f"    return ({back},)")
    return "\n".join([*lines, ""]), space


def _body(chain: tuple[Node, ...], names: dict[int, str]) -> tuple[list[str], dict[str, Any]]:
    """The lines on one block, and its temporaries with a value of each one's dtype."""
    last = {id(v): i for i, node in enumerate(chain) for v in node.inputs}
    free: dict[Any, list[str]] = {}
    temporaries: dict[str, Any] = {}
    body: list[str] = []
    for i, node in enumerate(chain):
        out = node.outputs[0]
        for value in {id(v): v for v in node.inputs}.values():
            place = names[id(value)]
            if last[id(value)] == i and place[0] == "t":  # dies here: may be written over
                free.setdefault(value.dtype, []).append(place)
        inputs = [names[id(v)] for v in node.inputs]
        if id(out) not in names:
            if free.get(out.dtype):
                names[id(out)] = free[out.dtype].pop()
            else:
                names[id(out)] = f"t{len(temporaries)}"
                temporaries[names[id(out)]] = out
        place = names[id(out)]
        body += emit.lines(node, inputs, place, place) or []
    return body, temporaries
