"""Branches and loops in a program of arrays: Python's own, which look at one number on the device.

A part is (function, its constants): one for each graph inside of an operation (`ArrayProgram`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from mslearn.graph.control_prims import derivative
from mslearn.graph.ir import Graph, Node

Part = tuple[Callable[..., list[Any]], list[Any]]


def call(xp: Any, part: Part, operands: Sequence[Any]) -> list[Any]:
    """What the part's function makes of the operands."""
    run, constants = part
    return run(xp, *operands, *constants)


def branch(xp: Any, test: Any, then: Part, els: Part, operands: Sequence[Any]) -> list[Any]:
    """One of two parts."""
    return call(xp, then if bool(test.reshape(-1)[0]) else els, operands)


def rounds(xp: Any, n: int, cond: Part, body: Part, xs: Sequence[Any]) -> Iterator[list[Any]]:
    """What each round of a loop starts with, then the results; all but the first n never change."""
    carry, free = list(xs[:n]), list(xs[n:])
    yield carry
    while bool(call(xp, cond, [*carry, *free])[0].reshape(-1)[0]):
        carry = call(xp, body, [*carry, *free])[:n]
        yield carry


def loop(xp: Any, n: int, cond: Part, body: Part, xs: Sequence[Any]) -> list[Any]:
    """``while cond(carry): carry = body(carry)``."""
    return deque(rounds(xp, n, cond, body, xs), maxlen=1).pop()


def loop_grad(
    xp: Any, n: int, places: Sequence[int], count: int, cond: Part, body: Part, pull: Part,
    xs: Sequence[Any],
) -> list[Any]:  # fmt: skip
    """The gradients by the inputs at `places`, of which `count` are carried: forward once more,
    then back through the rounds. What every round reads sums up its shares."""
    dys, free = list(xs[:count]), list(xs[count + n :])
    *starts, _ = rounds(xp, n, cond, body, xs[count:])
    dys += [xp.zeros_like(xs[count + i]) for i in places[count:]]
    for start in reversed(starts):
        shares = call(xp, pull, [*dys[:count], *start, *free])
        added = (s + dy for s, dy in zip(shares[count:], dys[count:], strict=True))
        dys = [*shares[:count], *added]
    return dys


def graphs(node: Node) -> list[Graph]:
    """The graphs that a control node runs, in the order of its helper's parts."""
    if node.prim.name == "LoopGrad":
        cond, body, _ = node.attrs["program"].loop
        return [cond, body, derivative(body, "pull")]
    words = {"Cond": ("then", "els"), "WhileLoop": ("cond", "body"), "Call": ("graph",)}
    return [node.attrs[k] for k in words[node.prim.name]]


def expression(node: Node, parts: str, names: Sequence[str]) -> str:
    """The call of the helper."""
    kind = node.prim.name
    if kind == "Cond":
        return f"branch(xp, {names[0]}, {parts}, [{', '.join(names[1:])}])"
    xs = f"[{', '.join(names)}]"
    if kind == "Call":
        return f"call(xp, {parts}, {xs})"
    if kind == "WhileLoop":
        return f"loop(xp, {node.attrs['n']}, {parts}, {xs})"
    _, body, n = node.attrs["program"].loop
    places = [i for i, v in enumerate(body.inputs) if v.dtype.kind == "f"]
    return f"loop_grad(xp, {n}, {places}, {sum(i < n for i in places)}, {parts}, {xs})"


HELPERS = {"branch": branch, "call": call, "loop": loop, "loop_grad": loop_grad}
KINDS = ("Cond", "WhileLoop", "LoopGrad", "Call")
