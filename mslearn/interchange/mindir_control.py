"""Branches and loops in MindIR: functions beside the main graph, `Partial`, `Switch` and calls.

As MindSpore writes them: ``Switch(test, Partial(f, x), Partial(g, x))`` gives a function without
arguments, and a node whose type is that value's name calls it. A loop is a function (its header)
that tests and then calls either its body, which calls the header again, or what comes after::

    header(x):  Switch(x > 0, Partial(body, x), Partial(after, x))()
    body(x):    header(x - 1)
    after(x):   x
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from mslearn.graph.ir import Graph, Node, Value
from mslearn.interchange.mindir_model import Builder, Lowering, Ref
from mslearn.interchange.mindir_ops import type_id


def _truth(b: Builder, ref: Ref, value: Value) -> Ref:
    """The first element as a bool of no axes."""
    if value.dtype != np.dtype("?"):
        ref = b.call("Cast", ref, type_id(np.dtype("?")))
    out: Ref = b.call("Reshape", ref, ()) if value.shape else ref
    return out


def _either(
    b: Builder, test: Ref, then: Ref, els: Ref, operands: Sequence[Ref], count: int = 1
) -> Any:
    """Call one of two functions with the operands; with `count`, take its results apart."""
    arms = [b.object("Partial", f, *operands, side_effect_propagate=1) for f in (then, els)]
    return b.invoke(b.object("Switch", test, *arms), count)


def _cond(b: Builder, node: Node, pred: Ref, *operands: Ref) -> Any:
    values = node.inputs[1:]

    def arm(word: str, graph: Graph) -> Ref:
        return b.function(word, values, graph.outputs, lambda f, xs: f.inline(graph, xs))

    then, els = arm("then", node.attrs["then"]), arm("else", node.attrs["els"])
    test = _truth(b, pred, node.inputs[0])
    return _either(b, test, then, els, operands, len(node.outputs))


def _while(b: Builder, node: Node, *xs: Ref) -> Any:
    cond, body, n = (node.attrs[k] for k in ("cond", "body", "n"))
    results = list(node.outputs)
    header = b.announce("loop")

    def again(f: Builder, refs: list[Ref]) -> Any:
        return f.invoke(header, 1, *f.inline(body, refs), *refs[n:])

    def start(f: Builder, refs: list[Ref]) -> Any:
        (test,) = f.inline(cond, refs)
        test = _truth(f, test, cond.outputs[0])
        arms = [
            f.function("body", node.inputs, results, again),
            f.function("after", node.inputs, results, lambda _, refs: refs[:n]),
        ]
        return _either(f, test, arms[0], arms[1], refs)

    b.function(header, node.inputs, results, start)
    return b.invoke(header, n, *xs)


def _call(b: Builder, node: Node, *xs: Ref) -> Any:
    graph: Graph = node.attrs["graph"]
    return b.inline(graph, list(xs))


CONTROL: dict[str, Lowering] = {"Cond": _cond, "WhileLoop": _while, "Call": _call}
