"""Branches and loops in MindIR: functions beside the main graph, `Partial`, `Switch` and calls.

As MindSpore writes them: ``Switch(test, Partial(f, x), Partial(g, x))`` gives a function without
arguments, and a node whose type is that value's name calls it. A loop is a function (its header)
that tests and then calls either its body, which calls the header again, or what comes after::

    header(x):  Switch(x > 0, Partial(body, x), Partial(after, x))()
    body(x):    header(x - 1)
    after(x):   x

A loop's gradient goes forward round by round in calls inside each other, and back as they return
(no list of all rounds is needed, and the numbers of a round are there when it is left)::

    backward(dy, x):  Switch(x > 0, Partial(round, dy, x), Partial(end, dy, x))()
    round(dy, x):     pull(backward(dy, step(x)), x)
    end(dy, x):       dy

Random numbers inside are drawn by MindSpore's own primitives, at every run and in every round.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from mslearn.core.tensor import Abstract
from mslearn.graph.control_prims import derivative
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
    return _all(node, _either(b, test, then, els, operands, len(node.attrs["then"].outputs)))


def _all(node: Node, made: Any) -> list[Ref]:
    """The results, and for the position in our random stream, which no file has, nothing."""
    return ([made] if isinstance(made, Ref) else list(made)) + [NOTHING] * bool(node.attrs["draws"])


def _while(b: Builder, node: Node, *xs: Ref) -> Any:
    cond, body, n = (node.attrs[k] for k in ("cond", "body", "n"))
    results = list(node.outputs[:n])
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
    return _all(node, b.invoke(header, n, *xs))


def _loop_grad(b: Builder, node: Node, *xs: Ref) -> Any:
    cond, body, n = node.attrs["program"].loop
    outs, ins = ([i for i, v in enumerate(vs) if v.dtype.kind in "fc"]
                 for vs in (body.outputs, body.inputs))  # fmt: skip
    pull, k = derivative(body, "pull"), len(outs)
    header = b.announce("backward")

    def back(f: Builder, refs: list[Ref]) -> Any:
        dys, state = refs[:k], refs[k:]
        made = f.invoke(header, len(ins), *dys, *f.inline(body, state), *state[n:])
        later = dict(zip(ins, [made] if isinstance(made, Ref) else made, strict=True))
        parts = f.inline(pull, [*(later[i] for i in outs), *state])
        # What every round reads gets a share of the gradient from each.
        return [p if i < n else f.call("Add", p, later[i]) for i, p in zip(ins, parts, strict=True)]

    def end(f: Builder, refs: list[Ref]) -> Any:
        return [refs[outs.index(i)] if i < n else f.call("ZerosLike", refs[k + i]) for i in ins]

    def start(f: Builder, refs: list[Ref]) -> Any:
        (test,) = f.inline(cond, refs[k:])
        test = _truth(f, test, cond.outputs[0])
        arms = [
            f.function(word, node.inputs, node.outputs, fill)
            for word, fill in (("round", back), ("end", end))
        ]
        return _either(f, test, arms[0], arms[1], refs)

    b.function(header, node.inputs, node.outputs, start)
    return b.invoke(header, len(ins), *xs)


def _call(b: Builder, node: Node, *xs: Ref) -> Any:
    graph: Graph = node.attrs["graph"]
    return b.inline(graph, list(xs))


# -- random numbers inside ----------------------------------------------------------------------

NOTHING = Ref("")  # stands for keys and positions of our random stream


def _drawn(b: Builder, node: Node) -> Ref:
    """Numbers of a key that is known are a constant; others MindSpore draws."""
    name, attrs = node.prim.name, node.attrs
    if not isinstance(attrs["key"], Abstract):
        return b.name(np.asarray(node.prim.kernel(**attrs)))
    kind = "StandardNormal" if name == "StandardNormal" else "UniformReal"
    out: Ref = b.object(
        kind, tuple(map(int, attrs["shape"])), seed=0, seed2=0, input_names=["shape"],
        output_names=["output"], side_effect_hidden=True, random_cache=False,
    )  # fmt: skip
    if name != "DropoutMask":
        return out
    keep = b.call("GreaterEqual", out, np.asarray(attrs["p"], np.float32))
    scale = np.asarray(1 / (1 - attrs["p"]), attrs["dtype"])
    out = b.call("Mul", b.call("Cast", keep, type_id(attrs["dtype"])), scale)
    return out


DRAWS: dict[str, Lowering] = {
    "NextKey": lambda b, node: NOTHING,
    **dict.fromkeys(("StandardNormal", "UniformReal", "DropoutMask"), _drawn),
}
CONTROL: dict[str, Lowering] = {
    "Cond": _cond, "WhileLoop": _while, "Call": _call, "LoopGrad": _loop_grad
}  # fmt: skip
