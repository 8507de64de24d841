"""Running the graphs of a MindIR file: operations, calls, branches and loops (`mindir_control`).

Functions call each other; a loop is a function, its header, that its body calls at its end. Such a
last call replaces the present function, and other calls wait on a list, so that neither many
rounds nor deep calls need a deep Python stack. Where a test has no numbers, because a graph is
being captured, a branch becomes `Cond` and a loop `WhileLoop` (`mindir_loops` says how).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Generator
from typing import Any

from mslearn.core.errors import ShapeError
from mslearn.core.tensor import NeedsNumbers
from mslearn.graph.control_stage import staged
from mslearn.interchange.mindir_adapt import Choice, Closure
from mslearn.interchange.mindir_load import LOAD
from mslearn.interchange.mindir_loops import Entered, Loops, Pass
from mslearn.interchange.mindir_read import CALL, MindirError, MindirGraph, Operation

# What kernels raise when a damaged file hands them attributes that no graph would hold.
_UNFIT = (LookupError, AttributeError, TypeError, ValueError, ArithmeticError, MemoryError)
CALLS, WAITING, DEPTH = 100_000, 10_000, 32  # a damaged file may hold a loop without end


class Runner:
    """Runs a file's graph and its functions.

    Args:
        graph: what `decode` gave.
        known: name -> value of all constants and Parameters.
    """

    def __init__(self, graph: MindirGraph, known: dict[str, Any]) -> None:
        self.graphs = {n: _with_last_call(g) for n, g in graph.functions.items()}
        self.graphs[graph.name] = graph
        self.known = {**{name: Closure(name) for name in graph.functions}, **known}
        self.steps = {name: _with_ends(g) for name, g in self.graphs.items()}
        self.loops = Loops(self)

    def run(self, target: Closure, now: Pass | None = None, depth: int = 0) -> Any:
        """Call a function; inside a `Pass` of a loop that is being captured, its result."""
        here, args = "", ()
        waiting: list[Generator[Closure, Any, Any]] = []  # for the result of a call
        entered: list[dict[str, Any]] = [{}]  # functions since each call, with their arguments
        for _ in range(CALLS if depth < DEPTH else 0):
            value: Any = None
            if isinstance(target.function, Choice) and staged(target.function.test):
                inner = now if not waiting else None
                try:
                    value = self.loops.staged(target.function, here, args, inner, depth + 1)
                except Entered as error:
                    start = entered[len(waiting)].get(error.header)
                    if start is None:
                        raise
                    value = self.loops.loop(error.header, start, inner, depth + 1)
                if not waiting:
                    return value
            else:
                while isinstance(target.function, Choice):
                    target = target.function.arm(bool(target.function.test))
                here, args = target.function, target.args
                stop = now and not waiting and now.reached(here, args)
                if stop:
                    return stop[0]
                entered[len(waiting)].setdefault(here, args)
                waiting.append(self.steps_of(here, args))
            found = _go_on(waiting, entered, value)
            if not isinstance(found, Closure):
                return found if now is None else now.returned(found)
            target = found
            if len(waiting) > WAITING:
                break
        raise MindirError(
            f"For 'GraphCell', the function '{here or target.function}' of the file calls itself "
            f"without end: more than {CALLS} rounds, or {WAITING} calls inside each other."
        )

    def steps_of(self, name: str, args: tuple[Any, ...]) -> Generator[Closure, Any, Any]:
        """Run a function's operations: asks for the results of calls by yielding them, and returns
        the value, or its last call as a `Closure`."""
        graph, shared = self.graphs[name], self.known
        if len(args) != len(graph.inputs):
            raise MindirError(
                f"For 'GraphCell', the function '{name}' of the file takes {len(graph.inputs)} "
                f"values, but is called with {len(args)}."
            )
        local = {n: x for (n, *_), x in zip(graph.inputs, args, strict=True)}
        for step, over in self.steps[name]:
            try:
                given = [local[n] if n in local else shared[n] for n in step.inputs]
                value = LOAD[step.op](step.attrs, *given)
            except (ShapeError, NeedsNumbers):  # of the input too: its size may be free
                raise
            except _UNFIT as error:
                raise MindirError(
                    f"For 'GraphCell', the operation '{step.op}' ({step.scope}) of the file has "
                    f"arguments that it cannot be run with: {type(error).__name__} {error}."
                ) from error
            if step.op == CALL:
                if step is graph.operations[-1] and step.output == graph.output:
                    return value
                value = yield value
            local[step.output] = value
            for n in over:
                del local[n]
        return local[graph.output] if graph.output in local else shared[graph.output]

    def last_call(self, name: str, args: tuple[Any, ...], depth: int) -> Any:
        """Run a function's operations up to its last call, which is returned."""
        steps = self.steps_of(name, args)
        value: Any = None
        while True:
            try:
                value = self.run(steps.send(value), depth=depth + 1)
            except StopIteration as end:
                return end.value


def _go_on(
    waiting: list[Generator[Closure, Any, Any]], entered: list[dict[str, Any]], value: Any
) -> Any:
    """Hand a result to the function that waits for it: the next call, or the value of all."""
    while waiting:
        try:
            call = waiting[-1].send(value)
            entered[len(waiting) :] = [{}]
            return call
        except StopIteration as end:
            waiting.pop()
            value = end.value
            if isinstance(value, Closure):
                return value
    return value


def _with_last_call(graph: MindirGraph) -> MindirGraph:
    """A function without the order of effects: its last call may stand before a `Depend`."""
    makers = {step.output: step for step in graph.operations}
    output = graph.output
    while output in makers and makers[output].op == "Depend":
        output = makers[output].inputs[0]
    needed, kept = {output}, []
    for step in reversed(graph.operations):
        if step.output in needed:
            # What comes after the value of a Depend only says what has to happen before.
            needed.update(step.inputs[:1] if step.op in ("Depend", "Load") else step.inputs)
            kept.append(step)
    return dataclasses.replace(graph, operations=kept[::-1], output=output)


def _with_ends(graph: MindirGraph) -> list[tuple[Operation, list[str]]]:
    """Each operation with the values that nothing needs after it, so that memory is given back."""
    last = {name: k for k, step in enumerate(graph.operations) for name in step.inputs}
    made = {step.output for step in graph.operations}
    ends: list[list[str]] = [[] for _ in graph.operations]
    for name, k in last.items():
        if name in made and name != graph.output:
            ends[k].append(name)
    return list(zip(graph.operations, ends, strict=True))
