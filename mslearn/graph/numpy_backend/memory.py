"""Memory: which values live in one reused block, where in it, and what is written in place.

Values that leave the graph get memory of their own. All others that an operation can write where
it is told (`out=`) share one block, the arena. Two values may overlap there when they are not
alive at the same time. An element-wise operation writes over an input that dies with it.
Places are given greedily, the biggest value first, each at the lowest place that is free
(Pisarchyk and Lee, 2020, "Efficient memory management for deep neural net inference").
"""

from __future__ import annotations

import dataclasses
from typing import Any

from mslearn.core.tensor import Abstract
from mslearn.graph.ir import Graph, Node
from mslearn.graph.numpy_backend import emit
from mslearn.graph.passes.base import nbytes

ALIGN = 64  # bytes: a cache line


@dataclasses.dataclass
class Buffer:
    """A stretch of the arena: who lives in it, from which node to which."""

    size: int
    first: int
    last: int
    offset: int = -1


@dataclasses.dataclass
class Plan:
    """Where each value lives.

    Attributes:
        buffers: the buffer of a value, by id; values without one have memory of their own.
        over: for a value written in place, the value that it is written over, by id.
        size: bytes of the arena.
        bound: the most bytes of buffers alive at once; no arena can be smaller.
        last: the node at which a value is read for the last time, by id of its root.
        root: the value whose memory a value shares, by id.
    """

    buffers: dict[int, Buffer]
    over: dict[int, Any]
    size: int
    bound: int
    last: dict[int, int]
    root: dict[int, int]


def plan(graph: Graph) -> Plan:
    """Decide for every value of the graph."""
    root: dict[int, int] = {}
    for node in graph.nodes:
        shares = emit.form(node) == "view"
        for out in node.outputs:
            source = node.inputs[0] if shares and node.inputs else out
            root[id(out)] = root.get(id(source), id(source))
    last: dict[int, int] = {}
    for i, node in enumerate(graph.nodes):
        for value in node.values():
            last[root.get(id(value), id(value))] = i
    for node in graph.nodes:  # a kernel with several views keeps all its inputs
        if emit.form(node) == "view" and len(node.inputs) > 1:
            for value in node.inputs[1:]:
                last[root.get(id(value), id(value))] = len(graph.nodes)
    leaving = {root.get(id(v), id(v)) for v in graph.results()}
    buffers: dict[int, Buffer] = {}
    over: dict[int, Any] = {}
    for i, node in enumerate(graph.nodes):
        out = node.outputs[0]
        if emit.form(node) != "out" or id(out) in leaving or not nbytes(out):
            continue
        end = last.get(id(out), i)
        victim = _victim(node, i, buffers, last, root)
        if victim is None:
            buffers[id(out)] = Buffer(nbytes(out), i, end)
        else:
            over[id(out)] = victim
            buffers[id(out)] = shared = buffers[id(victim)]
            shared.last = max(shared.last, end)
    places = list({id(b): b for b in buffers.values()}.values())
    return Plan(buffers, over, _place(places), _bound(places), last, root)


def _victim(node: Node, i: int, buffers: Any, last: Any, root: Any) -> Any:
    if not emit.in_place(node):
        return None
    out = node.outputs[0]
    for value in node.inputs:
        if (
            isinstance(value, Abstract)
            and id(value) in buffers
            and last[root[id(value)]] == i
            and buffers[id(value)].last == i
            and value.shape == out.shape
            and value.dtype == out.dtype
        ):
            return value
    return None


def _place(buffers: list[Buffer]) -> int:
    """Give every buffer its offset; returns the arena's size."""
    placed: list[Buffer] = []
    for buffer in sorted(buffers, key=lambda b: -b.size):
        size = -(-buffer.size // ALIGN) * ALIGN
        at = 0
        for other in sorted(placed, key=lambda b: b.offset):
            if other.last < buffer.first or buffer.last < other.first:
                continue  # never alive together
            if at + size <= other.offset:
                break
            at = max(at, -(-(other.offset + other.size) // ALIGN) * ALIGN)
        buffer.offset = at
        placed.append(buffer)
    return max((b.offset + b.size for b in buffers), default=0)


def _bound(buffers: list[Buffer]) -> int:
    changes: dict[int, int] = {}
    for b in buffers:
        changes[b.first] = changes.get(b.first, 0) + b.size
        changes[b.last + 1] = changes.get(b.last + 1, 0) - b.size
    alive = most = 0
    for i in sorted(changes):
        alive += changes[i]
        most = max(most, alive)
    return most
