"""Branches and loops, for the computation graph: what stands inside a `Cond` or a `WhileLoop`.

A jitted function that decides by numbers is run as the graph that `ms.jit` captures of it
(`ControlRecorder`), so an ``if`` or ``while`` is one operator. `Unfolding` then takes that
operator apart: the operators of its graphs stand in scopes of their own (``then`` and ``else``;
``condition`` and ``body``; of a loop's gradient also ``back``), with *ports* for the values that
a branch hands out or a loop carries. Numbers are those of the branch that was taken, or of a
loop's last round.
"""

from __future__ import annotations

import contextlib
import dataclasses
import io
import linecache
from collections.abc import Callable, Iterator
from typing import Any

from mslearn.core import random
from mslearn.core.primitive import Primitive, apply
from mslearn.core.state import state
from mslearn.core.tensor import Abstract, NeedsNumbers, Tensor
from mslearn.graph.capture import capture
from mslearn.graph.control_prims import derivative, runner
from mslearn.graph.ir import Graph, Node
from mslearn.graph.passes import dce
from mslearn.graph.passes.base import EFFECTS
from mslearn.graph.replay import replay
from mslearn.graph.tree import fill, flatten

from .graph_recorder import Op, Recorder, Source, _short

PARTS = {
    "then": "then", "els": "else", "cond": "condition", "body": "body", "graph": "body",
    "pull": "back",
}  # fmt: skip
KINDS = {"Cond": "branch", "WhileLoop": "loop", "Call": "call", "LoopGrad": "loop"}
REPEATABLE = {"NextKey", "Print", "Raise"}  # effects that do no harm when they come once more


@dataclasses.dataclass
class Frame:
    """A scope that stands for control flow.

    Attributes:
        kind: ``"branch"``, ``"loop"`` or ``"call"``; of what is inside one of `PARTS`.
        owner: the full name of the operator.
        text: its source line.
        runs: how often this part ran (of a loop, its rounds); None where that is not known.
    """

    kind: str
    owner: str
    text: str = ""
    runs: int | None = None


@dataclasses.dataclass
class Port(Op):
    """A value that a branch hands out, or that a loop carries; `label` is the variable's name."""

    label: str = ""


class ControlRecorder(Recorder):
    """A `Recorder` for which the branches and loops of jitted functions are operators."""

    def on_jitted(self, function: Any, args: Any, kwargs: Any) -> Any:
        """Run a jitted function: operator by operator where its way depends on numbers."""
        try:
            captured = capture(function, args, kwargs, rewriting=True, strict=True)
        except NeedsNumbers:  # it has no graph
            return function(*args, **kwargs)
        graph = dce.run(captured.graph)
        if not any(node.prim.name in KINDS for node in graph.nodes):
            return function(*args, **kwargs)
        before = state.scope

        def at(node: Node) -> None:
            state.scope, self.place = node.scope, line_of(node)

        try:
            made = replay(graph, *flatten((tuple(args), kwargs))[0], before=at)
        finally:
            state.scope, self.place = before, None
        return fill(captured.pattern, iter(made))


def line_of(node: Node) -> Source | None:
    """The learner's line that a node of a graph comes from."""
    if node.source is None:
        return None
    file, line = node.source.file, node.source.line
    return Source(_short(file), line, linecache.getline(file, line).strip()[:200])


class Unfolding:
    """Takes control operators apart.

    Args:
        number: makes the name of an operator in its scope.
        numbers: whether what is inside may be run once more, to show its numbers.

    Attributes:
        frames: the scopes that stand for control flow, by path.
        names: full names of control operators, by ``id`` of their `Op`.
        nodes: the graph's nodes behind the operators inside, by ``id`` of the `Op`.
    """

    def __init__(self, number: Callable[[str], str], numbers: bool = True) -> None:
        self.number, self.numbers = number, numbers
        self.frames: dict[tuple[str, ...], Frame] = {}
        self.names: dict[int, str] = {}
        self.nodes: dict[int, Node] = {}

    def __call__(self, op: Op) -> Iterator[Op]:
        """The operators inside `op`, then `op` itself; just `op` where nothing is inside."""
        kind = KINDS.get(op.prim.name)
        derived = op.prim.name == "LoopGrad"
        if kind is None or (derived and op.attrs["program"].loop is None):
            yield op
            return
        own = (*op.scope, self.number(op.prim.name))
        name = "/".join(own)
        self.frames[own] = Frame(kind, name, op.source.text.removesuffix(":") if op.source else "")
        draws, operands = op.attrs.get("draws", ""), op.inputs
        start = op.outputs[-1] if draws == "keep" else None
        if draws == "again":
            at = 1 if kind == "branch" else 0
            start, operands = operands[at], operands[:at] + operands[at + 1 :]
        with _again_from(start):
            if derived:
                inner, reads = self._loop_grad(op, own, operands)
            elif kind == "loop":
                inner, reads = self._loop(op, own, operands)
            else:
                inner, reads = self._branches(op, own, operands)
        yield from inner
        outputs = op.outputs[:-1] if draws == "keep" else op.outputs
        shown = dataclasses.replace(op, inputs=tuple(reads), outputs=outputs, scope=own)
        self.names[id(shown)] = name
        yield shown

    def _branches(self, op: Op, own: tuple[str, ...], operands: Any) -> Any:
        graphs = {k: a for k, a in op.attrs.items() if isinstance(a, Graph)}
        heads = 1 if op.prim.name == "Cond" else 0
        known = self.numbers and bool(operands) and not isinstance(operands[0], Abstract)
        taken = None
        if known:
            taken = ("then" if operands[0].reshape(-1)[0] else "els") if heads else "graph"
        found: list[Op] = []
        reads = list(operands[:heads])
        for key, graph in graphs.items():
            path = self._part(own, key, int(key == taken) if known else None)
            numbers: Any = {} if key == taken and _repeatable(graph) else None
            inner, results = self._inside(graph, operands[heads:], path, op, numbers)
            ports = [
                self._port(value, label, path, op)
                for value, label in zip(results, _labels(graph), strict=True)
            ]
            found += [*inner, *ports]
            reads += [port.outputs[0] for port in ports]
        return found, reads

    def _loop(self, op: Op, own: tuple[str, ...], operands: Any) -> Any:
        cond, body, n = (op.attrs[k] for k in ("cond", "body", "n"))
        rounds, last, position = None, None, None
        known = self.numbers and not any(isinstance(v, Abstract) for v in operands)
        if known and _repeatable(cond, body):
            rounds, last, position = _turns(cond, body, operands, n)
        names = body.input_names[:n]
        carried = [
            self._port(value, name, own, op, end)
            for value, name, end in zip(operands[:n], names, op.outputs, strict=False)
        ]
        found: list[Op] = [*carried]
        given = [port.outputs[0] for port in carried] + list(operands[n:])
        path = self._part(own, "cond", None if rounds is None else rounds + 1)
        inner, (test,) = self._inside(cond, given, path, op, None if rounds is None else {})
        found += inner
        path = self._part(own, "body", rounds)
        numbers = None if last is None else dict(zip(map(id, given), last, strict=False))
        with _again_from(position):
            inner, results = self._inside(body, given, path, op, numbers)
        found += inner
        found += [
            self._port(v, f"{name} ↺", path, op) for v, name in zip(results, names, strict=True)
        ]
        self.frames[own].runs = self.frames[path].runs
        return found, [test, *given[:n]]

    def _loop_grad(self, op: Op, own: tuple[str, ...], operands: Any) -> Any:
        """A loop's gradient: its rounds once more, and the way back through one of them."""
        cond, body, n = op.attrs["program"].loop
        outs, ins = ([i for i, v in enumerate(vs) if v.dtype.kind in "fc"]
                     for vs in (body.outputs, body.inputs))  # fmt: skip
        names, k = body.input_names, len(outs)
        slopes = [
            self._port(v, f"∂{names[i]}", own, op) for v, i in zip(operands[:k], outs, strict=True)
        ]
        state = operands[k:]
        carried = [self._port(v, name, own, op) for v, name in zip(state[:n], names, strict=False)]
        given = [port.outputs[0] for port in carried] + list(state[n:])
        dys = [port.outputs[0] for port in slopes]
        found: list[Op] = [*slopes, *carried]
        inner, (test,) = self._inside(cond, given, self._part(own, "cond", None), op, None)
        found += inner
        pull = derivative(body, "pull")
        for key, graph, values, labels in (
            ("body", body, given, names[:n]),
            ("pull", pull, [*dys, *given], [f"∂{names[i]}" for i in ins]),
        ):
            path = self._part(own, key, None)
            inner, results = self._inside(graph, values, path, op, None)
            found += inner
            found += [
                self._port(v, f"{name} ↺", path, op)
                for v, name in zip(results, labels, strict=True)
            ]
        return found, [test, *dys]

    def _idle(self, path: tuple[str, ...]) -> bool:
        """Whether a path stands in a part that did not run."""
        parts = (self.frames.get(path[:k]) for k in range(1, len(path) + 1))
        return any(part is not None and part.runs == 0 for part in parts)

    def _part(self, own: tuple[str, ...], key: str, runs: int | None) -> tuple[str, ...]:
        path = (*own, PARTS[key])
        runs = 0 if self._idle(own) else runs
        self.frames[path] = Frame(PARTS[key], self.frames[own].owner, runs=runs)
        return path

    def _port(
        self, value: Any, label: str, path: tuple[str, ...], op: Op, shown: Any = None
    ) -> Port:
        made = value if shown is None else shown
        new = _placeholder(made) if isinstance(made, Abstract) else made.view()
        return Port(op.prim, (value,), {}, (new,), path, op.source, op.cause, label=label)

    def _inside(
        self, graph: Graph, given: Any, path: tuple[str, ...], op: Op, numbers: Any
    ) -> tuple[list[Op], list[Any]]:
        """A graph's operators and results; `numbers` are those of values by id, None for none."""
        at = {id(v): g for v, g in zip(graph.inputs, given, strict=True)}
        found: list[Op] = []
        backward = op.scope[:1] == ("Gradients",)
        for node in dce.run(graph).nodes:
            if backward and node.prim.name == "Identity":  # it only keeps values apart for a tape
                at[id(node.outputs[0])] = at.get(id(node.inputs[0]), node.inputs[0])
                continue
            inputs = tuple(at.get(id(v), v) for v in node.inputs)
            attrs = {
                k: at.get(id(a), a) if isinstance(a, Abstract) else a for k, a in node.attrs.items()
            }
            outputs = None if numbers is None else _run(node, inputs, attrs, numbers)
            if outputs is None:
                outputs = tuple(map(_placeholder, node.outputs))
            at.update(zip(map(id, node.outputs), outputs, strict=True))
            scope = path + _below(op.scope, node.scope)
            source = op.source if backward else line_of(node) or op.source
            made = Op(node.prim, inputs, attrs, outputs, scope, source, op.cause)
            inner = list(self(made))
            self.nodes[id(inner[-1])] = node
            found += inner
        return found, [at.get(id(v), v) for v in graph.outputs]


def _labels(graph: Graph) -> list[str]:
    """Names for a branch's results: those of variables, where they are known."""
    count = len(graph.outputs)
    known = graph.output_names if len(graph.output_names) == count else [""] * count
    return [n or ("out" if count == 1 else f"out {k}") for k, n in enumerate(known)]


def _below(outer: tuple[str, ...], inner: tuple[str, ...]) -> tuple[str, ...]:
    """The Cells of a path that are not in the path around it."""
    away = ("Gradients", "Default")
    outer, inner = (tuple(s for s in path if s not in away) for path in (outer, inner))
    k = 0
    while k < min(len(outer), len(inner)) and outer[k] == inner[k]:
        k += 1
    return inner[k:]


def _placeholder(value: Any) -> Abstract:
    return Abstract(tuple(value.shape), value.dtype)


# -- numbers ------------------------------------------------------------------------------------


def _repeatable(*graphs: Graph) -> bool:
    """Whether running graphs once more, unseen, does nothing that anybody could notice."""
    return all(
        node.prim.name not in EFFECTS - REPEATABLE and _repeatable(*_graphs(node))
        for graph in graphs
        for node in graph.nodes
    )


def _graphs(node: Node) -> list[Graph]:
    return [a for a in node.attrs.values() if isinstance(a, Graph)]


@contextlib.contextmanager
def _again_from(start: Any) -> Iterator[None]:
    """Run without printing, with random numbers as they came from the position `start` on."""
    before = random.snapshot()
    if start is not None and not isinstance(start, Abstract):
        random.restore((before[0], tuple(map(int, start)), before[2]))
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            yield
    finally:
        random.restore(before)


def _run(node: Node, inputs: Any, attrs: dict[str, Any], numbers: Any) -> Any:
    """What a node gives for these inputs; None where one of them is not known."""
    now = [numbers.get(id(v), v) for v in inputs]
    if any(isinstance(v, Abstract) for v in (*now, *attrs.values())):
        return None
    prim: type[Primitive] = node.prim
    made = apply(prim, tuple(map(Tensor.wrap, now)), attrs)
    values = [t._value for t in (made if node.several else (made,))]
    return tuple(v.view() if any(v is x for x in now) else v for v in values)


def _turns(cond: Graph, body: Graph, operands: Any, n: int) -> tuple[int, Any, Any]:
    """(rounds, what the last one started with or None, its position in the random stream)."""
    carry, free = tuple(operands[:n]), tuple(operands[n:])
    rounds, last, position = 0, None, None
    while runner(cond)((*carry, *free))[0].reshape(-1)[0]:
        # Copies: the program of the body may write into what it was given.
        last, position = tuple(v.copy() for v in carry), random.snapshot()[1]
        carry = runner(body)((*carry, *free))
        rounds += 1
    return rounds, last, position
