"""Sizes that may change, found by comparison: one function captured with two batch sizes.

What is equal in both graphs does not depend on the batch; a size that differs does, and becomes
-1 (the batch itself) or -2 (a size worked out from it, such as batch times steps). No shape
arithmetic is needed, and nothing can be missed: whatever depends on the batch differs. A number
that differs where a format cannot work it out at run time is refused with its line.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

from mslearn.core.tensor import Abstract
from mslearn.graph.ir import Graph, Node
from mslearn.interchange.refusal import ExportError

SIZES = ((5, 7), (11, 13), (17, 19), (23, 29))
"""For each free size: what stands for it in the first and in the second graph."""


def merged(first: Graph, second: Graph, simplified: Callable[[Graph], Graph]) -> Graph:
    """The first graph with -1 and -2 in the place of sizes that differ in the second.

    Args:
        first, second: the same function with two sizes, prepared for the format.
        simplified: prepares the graphs of branches and loops.

    Raises:
        ExportError: the two differ in more than sizes, e.g. in a loop's number of turns.
    """
    if [n.prim for n in first.nodes] != [n.prim for n in second.nodes]:
        raise ExportError(
            "For 'export', the network does other operations when a free size (None) changes, for "
            "example one for each step of a sequence. Fix that size, and leave only the batch free."
        )
    place: dict[int, Any] = {}
    wrong: list[str] = []

    def pair(a: Any, b: Any) -> Any:
        if isinstance(a, Abstract):
            if id(a) not in place:
                place[id(a)] = _sized(a, b)
            return place[id(a)]
        return a

    def check(node: Node, a: Any, b: Any) -> None:
        if isinstance(a, np.ndarray) and not (
            isinstance(b, np.ndarray) and a.shape == b.shape and np.array_equal(a, b)
        ):
            wrong.append(f"  {node.prim.name} ({node.source or '/'.join(node.scope)})")

    nodes = []
    for a, b in zip(first.nodes, second.nodes, strict=True):
        for x, y in zip(a.inputs, b.inputs, strict=True):
            check(a, x, y)
        attrs, fits = _attributes(a, b, simplified)
        if not fits:
            wrong.append(f"  {a.prim.name} ({a.source or '/'.join(a.scope)})")
        nodes.append(
            dataclasses.replace(
                a,
                inputs=tuple(map(pair, a.inputs, b.inputs)),
                outputs=tuple(map(pair, a.outputs, b.outputs)),
                attrs=attrs,
            )
        )
    if wrong:
        listed = "\n".join(dict.fromkeys(wrong))
        raise ExportError(
            f"For 'export', these operations use a free size (None) as a number, which would be "
            f"frozen into the file:\n{listed}\nFix the size, or write them without it (for "
            f"example x.mean() instead of x.sum() / x.shape[0], and -1 in a reshape)."
        )
    out = first.copy()
    out.nodes = nodes
    out.inputs = list(map(pair, first.inputs, second.inputs))
    out.parameters = [
        (p, pair(v, w)) for (p, v), (_, w) in zip(first.parameters, second.parameters, strict=True)
    ]
    out.outputs = list(map(pair, first.outputs, second.outputs))
    out.updates = [
        (p, pair(v, w)) for (p, v), (_, w) in zip(first.updates, second.updates, strict=True)
    ]
    return out


def _size(a: int, b: int) -> int:
    return a if a == b else -1 if (a, b) == SIZES[0] else -2


def _sized(a: Abstract, b: Abstract) -> Abstract:
    shape = tuple(_size(m, n) for m, n in zip(a.shape, b.shape, strict=True))
    return a if shape == a.shape else Abstract(shape, a.dtype)


def _attributes(
    a: Node, b: Node, simplified: Callable[[Graph], Graph]
) -> tuple[dict[str, Any], bool]:
    """The first node's attributes with free sizes in them, and whether a format can hold that."""
    inside = {
        k: merged(simplified(v), simplified(b.attrs[k]), simplified)
        for k, v in a.attrs.items()
        if isinstance(v, Graph)
    }
    if inside:
        plain = [{k: v for k, v in x.attrs.items() if k not in inside} for x in (a, b)]
        return {**a.attrs, **inside}, _same(*plain)
    if _same(a.attrs, b.attrs):
        return a.attrs, True
    others = [k for k in a.attrs if k != "shape" and not _same(a.attrs[k], b.attrs[k])]
    if others or a.prim.name not in ("Reshape", "BroadcastTo"):
        return a.attrs, False
    shape = tuple(_size(m, n) for m, n in zip(a.attrs["shape"], b.attrs["shape"], strict=True))
    free = [n for n in shape if n < 0]
    if a.prim.name == "Reshape":
        return {**a.attrs, "shape": tuple(max(n, -1) for n in shape)}, len(free) == 1
    return {**a.attrs, "shape": shape}, -2 not in free


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, np.ndarray):
        return isinstance(b, np.ndarray) and a.shape == b.shape and bool(np.array_equal(a, b))
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(_same(a[k], b[k]) for k in a)
    if isinstance(a, tuple | list):
        return len(a) == len(b) and all(map(_same, a, b))
    return bool(a == b) or (isinstance(a, float) and a != a and b != b)
