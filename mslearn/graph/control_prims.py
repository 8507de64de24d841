"""Primitives whose attributes are graphs: `Cond`, `WhileLoop`, `Call`.

Their gradients are graphs as well. `pull(graph)` is the graph that runs `graph` once more under
a tape and goes back, so `Cond`'s gradient is a `Cond` over the branches' pulls, and derivatives
of any order follow. A loop's gradient cannot be one graph (how many rounds?): it is a `Derived`,
a primitive that runs a Python program of tensors when the numbers are there.

Random operations inside draw their keys when they run, and only in the branch that is taken. A
control node then also gives the position of the random stream at its start (``draws="keep"``),
and its gradient draws from there again (``draws="again"``).
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from mslearn.autodiff.forward import Forward
from mslearn.autodiff.tape import Tape, zeros_for
from mslearn.core import random
from mslearn.core.primitive import Primitive, apply
from mslearn.core.state import observing, state
from mslearn.core.tensor import Abstract, Tensor
from mslearn.gradtools.world import world
from mslearn.graph.capture import subgraph
from mslearn.graph.ir import Graph
from mslearn.graph.replay import replay
from mslearn.ops.shape import identity

Program = Callable[..., Sequence[Tensor]]
POSITION = ((2,), np.dtype(np.uint64))


def draws_keys(graph: Graph) -> bool:
    """Whether running the graph moves the random stream on."""
    return any(
        n.prim.name == "NextKey"
        or (n.attrs.get("draws") != "again" and any(map(draws_keys, _graphs(n))))
        for n in graph.nodes
    )


def _graphs(node: Any) -> list[Graph]:
    return [a for a in node.attrs.values() if isinstance(a, Graph)]


# -- running ------------------------------------------------------------------------------------

_executables: weakref.WeakKeyDictionary[Graph, Any] = weakref.WeakKeyDictionary()


def runner(graph: Graph) -> Callable[[Sequence[Any]], tuple[np.ndarray, ...]]:
    """A function from the graph's inputs to its outputs: its compiled form, made once."""
    executable = _executables.get(graph)
    if executable is None:
        from mslearn.graph.numpy_backend import Executable
        from mslearn.graph.passes import optimize

        executable = _executables[graph] = Executable(optimize(graph))
    run = executable.run
    return lambda arrays: tuple(run(arrays)[0])


def _own(outputs: Sequence[Any], arrays: Sequence[Any]) -> tuple[np.ndarray, ...]:
    # Whoever runs a control node may reuse its inputs' memory: results have memory of their own.
    def shares(o: np.ndarray) -> bool:
        return any(isinstance(a, np.ndarray) and np.may_share_memory(o, a) for a in arrays)

    return tuple(o.copy() if shares(o) else o for o in map(np.asarray, outputs))


def _drawing(draws: str, operands: Sequence[Any], run: Callable[[Sequence[Any]], Any]) -> Any:
    """Run with the random stream where it should be; see the module's text."""
    if not draws:
        return _own(run(operands), operands)
    if draws == "keep":
        start = np.array(random.snapshot()[1], np.uint64)
        return (*_own(run(operands), operands), start)
    seed, _, host = before = random.snapshot()
    try:
        random.restore((seed, tuple(int(part) for part in operands[0]), host))
        return _own(run(operands[1:]), operands)
    finally:
        random.restore(before)


def _infer(outputs: Sequence[Any], draws: str) -> Any:
    pairs = [(tuple(v.shape), v.dtype) for v in outputs] + [POSITION] * (draws == "keep")
    return tuple(s for s, _ in pairs), tuple(d for _, d in pairs)


# -- derivatives of programs --------------------------------------------------------------------


def _smooth(values: Sequence[Any]) -> list[int]:
    return [i for i, v in enumerate(values) if v.dtype.kind in "fc"]


def _fresh(xs: Sequence[Tensor]) -> list[Tensor]:
    return [identity(x) if state.active else Tensor.wrap(x._value.view()) for x in xs]


def _or_zeros(tensor: Tensor | None, value: Any) -> Tensor:
    return zeros_for(value) if tensor is None else tensor


def pulled(run: Program, outs: Sequence[int], ins: Sequence[int]) -> Program:
    """The program ``(cotangents of outs, inputs) -> cotangents of ins`` of a program."""

    def back(*args: Tensor) -> list[Tensor]:
        cotangents, xs = args[: len(outs)], _fresh(args[len(outs) :])
        tape = Tape()
        for i in ins:
            tape.watch(xs[i])
        starts = [xs[i]._value for i in ins]
        with observing(tape):
            results = list(run(*xs))
        found = tape.gradients([results[i] for i in outs], cotangents)
        return [_or_zeros(found.get(id(v)), v) for v in starts]

    return back


def pushed(run: Program, outs: Sequence[int], ins: Sequence[int]) -> Program:
    """The program ``(tangents of ins, inputs) -> tangents of outs`` of a program."""

    def forth(*args: Tensor) -> list[Tensor]:
        tangents, xs = args[: len(ins)], _fresh(args[len(ins) :])
        forward = Forward()
        for i, tangent in zip(ins, tangents, strict=True):
            forward.set(xs[i]._value, tangent)
        with observing(forward):
            results = list(run(*xs))
        values = [results[i]._value for i in outs]
        return [_or_zeros(forward.tangents.get(id(v)), v) for v in values]

    return forth


_derivatives: weakref.WeakKeyDictionary[Graph, dict[str, Graph]] = weakref.WeakKeyDictionary()


def derivative(graph: Graph, kind: str) -> Graph:
    """The graph of a graph's `pulled` or `pushed` program, made once."""
    made = _derivatives.setdefault(graph, {})
    if kind not in made:
        outs, ins = _smooth(graph.outputs), _smooth(graph.inputs)
        wrap = pulled if kind == "pull" else pushed
        program = wrap(lambda *xs: replay(graph, *xs), outs, ins)
        given = (graph.outputs, outs) if kind == "pull" else (graph.inputs, ins)
        first = [given[0][i] for i in given[1]]
        values = [Abstract(v.shape, v.dtype) for v in (*first, *graph.inputs)]
        with world():
            captured = subgraph(program, list(map(Tensor.wrap, values)), f"{graph.name}_{kind}")
        made[kind] = captured.graph
    return made[kind]


def _split(draws: str, out: Any, operands: Sequence[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
    """(the position to draw from again, the operands proper)."""
    if draws == "keep":
        return [out[-1]], list(operands)
    return (list(operands[:1]), list(operands[1:])) if draws else ([], list(operands))


class Controlled(Primitive, abstract=True):
    """What `Cond` and `Call` share: their derivatives run the derivatives of their graphs."""

    heads = 0  # inputs in front of the operands

    @classmethod
    def differentiate(
        cls, kind: str, given: Sequence[Any], out: Any, xs: Sequence[Tensor], attrs: dict[str, Any]
    ) -> tuple[list[Tensor], list[int], list[int]]:
        """(the derivatives, places of smooth outputs, places of smooth operands among `xs`)."""
        draws = attrs["draws"]
        head, (position, operands) = xs[: cls.heads], _split(draws, out, xs[cls.heads :])
        graphs = {k: g for k, g in attrs.items() if isinstance(g, Graph)}
        graph = next(iter(graphs.values()))
        outs, ins = _smooth(graph.outputs), _smooth(graph.inputs)
        skipped = len(xs) - len(operands)
        if kind == "pull":
            first = [given[i] for i in outs]
        else:
            first = [_or_zeros(given[i + skipped], operands[i]._value) for i in ins]
        if not (first and (ins if kind == "pull" else outs)):
            return [], outs, [i + skipped for i in ins]
        new = {k: derivative(g, kind) for k, g in graphs.items()}
        new_attrs = {**attrs, **new, "draws": "again" if position else ""}
        made = apply(cls, (*head, *position, *first, *operands), new_attrs)
        return list(made), outs, [i + skipped for i in ins]


def _scatter(values: Sequence[Any], places: Sequence[int], size: int) -> tuple[Any, ...]:
    out: list[Any] = [None] * size
    for place, value in zip(places, values, strict=False):
        out[place] = value
    return tuple(out)


class Cond(Controlled, abstract=True):
    """One of two graphs, chosen by the truth of the first input when the graph runs."""

    name = "Cond"
    inputs = ("pred", "operands")
    params = {"then": None, "els": None, "draws": ""}
    heads = 1

    @staticmethod
    def kernel(pred: Any, *operands: Any, then: Any, els: Any, draws: Any = "") -> Any:
        chosen = then if pred.reshape(-1)[0] else els
        return _drawing(draws, operands, runner(chosen))

    @staticmethod
    def infer(pred: Any, *operands: Any, then: Any, els: Any, draws: Any = "") -> Any:
        return _infer(then.outputs, draws)

    @staticmethod
    def vjp(ct: Any, out: Any, *xs: Any, **attrs: Any) -> Any:
        made, _, ins = Cond.differentiate("pull", ct, out, xs, attrs)
        return _scatter(made, ins, len(xs))

    @staticmethod
    def jvp(tangents: Any, out: Any, *xs: Any, **attrs: Any) -> Any:
        made, outs, _ = Cond.differentiate("push", tangents, out, xs, attrs)
        return _scatter(made, outs, len(out))


class Call(Controlled, abstract=True):
    """A graph as one operation: one round of a loop, for the tape."""

    name = "Call"
    inputs = ("operands",)
    params = {"graph": None, "draws": ""}

    @staticmethod
    def kernel(*operands: Any, graph: Any, draws: Any = "") -> Any:
        return _drawing(draws, operands, runner(graph))

    @staticmethod
    def infer(*operands: Any, graph: Any, draws: Any = "") -> Any:
        return _infer(graph.outputs, draws)

    @staticmethod
    def vjp(ct: Any, out: Any, *xs: Any, **attrs: Any) -> Any:
        made, _, ins = Call.differentiate("pull", ct, out, xs, attrs)
        return _scatter(made, ins, len(xs))

    @staticmethod
    def jvp(tangents: Any, out: Any, *xs: Any, **attrs: Any) -> Any:
        made, outs, _ = Call.differentiate("push", tangents, out, xs, attrs)
        return _scatter(made, outs, len(out))


class WhileLoop(Primitive, abstract=True):
    """``while cond(carry): carry = body(carry)``; the inputs after the first `n` never change."""

    name = "WhileLoop"
    inputs = ("carry", "free")
    params = {"cond": None, "body": None, "n": 0, "draws": ""}

    @staticmethod
    def kernel(*xs: Any, cond: Any, body: Any, n: Any, draws: Any = "") -> Any:
        def run(xs: Any) -> Any:
            carry, free = tuple(xs[:n]), tuple(xs[n:])
            test, step = runner(cond), runner(body)
            while test((*carry, *free))[0]:
                carry = step((*carry, *free))
            return carry

        return _drawing(draws, xs, run)

    @staticmethod
    def infer(*xs: Any, cond: Any, body: Any, n: Any, draws: Any = "") -> Any:
        return _infer(body.outputs, draws)

    @staticmethod
    def vjp(ct: Any, out: Any, *xs: Any, cond: Any, body: Any, n: Any, draws: Any = "") -> Any:
        position, operands = _split(draws, out, xs)
        skipped = len(xs) - len(operands)
        outs, ins = _smooth(body.outputs), _smooth(operands_of(operands))
        if not (outs and ins):
            return (None,) * len(xs)
        back = pulled(_rounds(cond, body, n), outs, ins)
        program = Named(back, f"gradient of {body.name}", (cond, body, n))
        types = tuple((operands[i].shape, operands[i]._value.dtype) for i in ins)
        made = _derived(program, types, position, [*(ct[i] for i in outs), *operands])
        return _scatter(made, [i + skipped for i in ins], len(xs))

    @staticmethod
    def jvp(
        tangents: Any, out: Any, *xs: Any, cond: Any, body: Any, n: Any, draws: Any = ""
    ) -> Any:
        position, operands = _split(draws, out, xs)
        skipped = len(xs) - len(operands)
        outs, ins = _smooth(body.outputs), _smooth(operands_of(operands))
        given = [_or_zeros(tangents[i + skipped], operands[i]._value) for i in ins]
        if not (outs and ins):
            return (None,) * len(out)
        program = Named(pushed(_rounds(cond, body, n), outs, ins), f"tangents of {body.name}")
        types = tuple((out[i].shape, out[i]._value.dtype) for i in outs)
        return _scatter(_derived(program, types, position, [*given, *operands]), outs, len(out))


def operands_of(tensors: Sequence[Tensor]) -> list[Any]:
    """Their values."""
    return [t._value for t in tensors]


def _rounds(cond: Graph, body: Graph, n: int) -> Program:
    """The loop as a program: each round is one operation for whoever watches."""
    draws = "keep" if draws_keys(body) else ""

    def run(*xs: Tensor) -> tuple[Tensor, ...]:
        carry, free, test = xs[:n], xs[n:], runner(cond)
        while test(operands_of((*carry, *free)))[0]:
            carry = apply(Call, (*carry, *free), {"graph": body, "draws": draws})[:n]
        return carry

    return run


class Named:
    """A program with words for it, as graphs print it.

    `loop` is (condition, body, number of carried values) of a program that is the first gradient
    of a loop, so that files can hold it; else None.
    """

    def __init__(self, run: Program, words: str, loop: Any = None) -> None:
        self.run, self.words, self.loop = run, words, loop

    def __call__(self, *tensors: Tensor) -> Sequence[Tensor]:
        return self.run(*tensors)

    def __repr__(self) -> str:
        return self.words


def _derived(program: Program, types: Any, position: Any, tensors: Sequence[Tensor]) -> Any:
    attrs = {"program": program, "types": types, "draws": "again" if position else ""}
    return apply(Derived, (*position, *tensors), attrs)


class Derived(Primitive, abstract=True):
    """A program of tensors as one operation: derivatives of loops, of any order."""

    name = "LoopGrad"
    inputs = ("operands",)
    params = {"program": None, "types": (), "draws": ""}

    @staticmethod
    def kernel(*xs: Any, program: Any, types: Any, draws: Any = "") -> Any:
        def run(xs: Any) -> Any:
            with world():
                return operands_of(program(*map(Tensor.wrap, xs)))

        return _drawing(draws, xs, run)

    @staticmethod
    def infer(*xs: Any, program: Any, types: Any, draws: Any = "") -> Any:
        return tuple(s for s, _ in types), tuple(d for _, d in types)

    @staticmethod
    def vjp(ct: Any, out: Any, *xs: Any, program: Any, types: Any, draws: Any = "") -> Any:
        position, operands = _split(draws, out, xs)
        skipped = len(xs) - len(operands)
        outs, ins = list(range(len(types))), _smooth(operands_of(operands))
        pairs = tuple((operands[i].shape, operands[i]._value.dtype) for i in ins)
        back = Named(pulled(program, outs, ins), f"gradient of {program}")
        made = _derived(back, pairs, position, [*ct, *operands])
        return _scatter(made, [i + skipped for i in ins], len(xs))

    @staticmethod
    def jvp(tangents: Any, out: Any, *xs: Any, program: Any, types: Any, draws: Any = "") -> Any:
        position, operands = _split(draws, out, xs)
        skipped = len(xs) - len(operands)
        outs, ins = list(range(len(types))), _smooth(operands_of(operands))
        given = [_or_zeros(tangents[i + skipped], operands[i]._value) for i in ins]
        forth = Named(pushed(program, outs, ins), f"tangents of {program}")
        return tuple(_derived(forth, types, position, [*given, *operands]))
