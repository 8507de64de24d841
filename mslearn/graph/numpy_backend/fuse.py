"""Fusion: a chain of element-wise operations on big arrays runs block by block.

Each operation by itself would read and write the whole array through main memory. Over a block
that fits into the processor's cache, all operations of the chain run before the next block. Blocks
are of one size and even in number, for two threads; smaller ones lose to the cost of NumPy's calls,
and two threads then wait for each other at Python's lock (with 64 K elements they gained nothing).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from mslearn.core.primitive import Primitive
from mslearn.graph.ir import Graph, Node
from mslearn.graph.numpy_backend import emit
from mslearn.ops.threads import share

BLOCK = 1 << 18  # elements, at most: five such arrays are 5 MB, which the last cache holds
NEAR = 16  # operations that are looked at for the next one
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
    attrs = {"nodes": _ordered(chain, results), "results": results}
    return [
        Node(Fused, tuple(inputs.values()), attrs, results, True, last.scope, last.source)
    ]  # fmt: skip


def _ordered(chain: list[Node], results: tuple[Any, ...]) -> tuple[Node, ...]:
    """The same operations with few temporaries at a time: the next one is what frees the most.

    Written over an operand that nobody reads any more, an operation moves two arrays, not three.
    """
    kept, inside = {id(v) for v in results}, {id(n.outputs[0]) for n in chain}
    readers: dict[int, int] = {}
    for node in chain:
        for key in {id(v) for v in node.inputs} & inside:
            readers[key] = readers.get(key, 0) + 1
    waiting, made, order = list(chain), set[int](), list[Node]()

    def grows(node: Node) -> int:
        ends = sum(readers[k] == 1 and k not in kept for k in {id(v) for v in node.inputs} & inside)
        return (id(node.outputs[0]) not in kept) - ends

    while waiting:
        ready = [n for n in waiting[:NEAR] if {id(v) for v in n.inputs} & inside <= made]
        node = min(ready, key=grows)
        for key in {id(v) for v in node.inputs} & inside:
            readers[key] -= 1
        made.add(id(node.outputs[0]))
        waiting.remove(node)
        order.append(node)
    return tuple(order)


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
    space: dict[str, Any] = {"np": np, "share": share}
    lines = [f"def block({', '.join([*cut, *numbers, *temporaries])}):"]
    lines += [f"    {line}" for line in body]
    lines += ["", f"def chain({', '.join(inputs.values())}):"]
    lines += [f"    {name} = {name}.reshape(())" for name in numbers]
    lines += [f"    {name} = {name}.reshape(-1)" for name in cut if name[0] == "x"]
    for name, value in zip(outputs.values(), results, strict=True):
        space[f"d_{name}"] = value.dtype
        lines.append(f"    {name} = np.empty({count}, d_{name})")
    size = -(-count // (-(-count // (2 * BLOCK)) * 2)) if count > BLOCK else count
    lines.append("    def blocks(starts):")  # for each thread, with temporaries of its own
    for name, value in temporaries.items():
        space[f"d_{name}"] = value.dtype
        lines.append(f"        {name} = np.empty({size}, d_{name})")
    lines.append("        for i in starts:")
    lines.append(f"            j = i + {size}")
    if count % size:  # the last block is shorter
        shorter = [f"{name} = {name}[:{count % size}]" for name in temporaries]
        lines.append(f"            if j > {count}: {'; '.join([f'j = {count}', *shorter])}")
    given = [*(f"{name}[i:j]" for name in cut), *numbers, *temporaries]
    lines.append(f"            block({', '.join(given)})")
    lines.append(f"    share(blocks, range(0, {count}, {size}), {count * len(chain) * 4})")
    back = ", ".join(f"{name}.reshape({shape})" for name in outputs.values())
    lines.append(f"    return ({back},)")
    return "\n".join([*lines, ""]), space


def _body(chain: tuple[Node, ...], names: dict[int, str]) -> tuple[list[str], dict[str, Any]]:
    """The lines on one block, and its temporaries with a value of each one's dtype.

    Until a result is written, its block serves as a temporary: fewer blocks fill the cache.
    """
    last = {id(v): i for i, node in enumerate(chain) for v in node.inputs}
    written = {names[id(n.outputs[0])]: i for i, n in enumerate(chain) if id(n.outputs[0]) in names}
    free = [
        (names[id(n.outputs[0])], n.outputs[0].dtype) for n in chain if id(n.outputs[0]) in names
    ]
    named = set(names)
    temporaries: dict[str, Any] = {}
    body: list[str] = []
    for i, node in enumerate(chain):
        out = node.outputs[0]
        for value in {id(v): v for v in node.inputs}.values():
            if last[id(value)] == i and id(value) not in named:  # dies here: may be written over
                free.append((names[id(value)], value.dtype))
        inputs = [names[id(v)] for v in node.inputs]
        if id(out) not in names:
            until = last.get(id(out), i)
            fit = [f for f in free if f[1] == out.dtype and until <= written.get(f[0], until)]
            if fit:
                free.remove(fit[-1])
                names[id(out)] = fit[-1][0]
            else:
                names[id(out)] = f"t{len(temporaries)}"
                temporaries[names[id(out)]] = out
        place = names[id(out)]
        body += emit.lines(node, inputs, place, place) or []
    return body, temporaries
