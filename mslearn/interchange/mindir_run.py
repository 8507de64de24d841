"""Running the graphs of a MindIR file: operations, calls, branches and loops (`mindir_control`).

Functions call each other; a loop is a function that its body calls at its end. Such a last call
replaces the present function, so that many rounds need no deep Python stack. Where a test has no
numbers, because a graph is being captured, a branch becomes `Cond` and a loop `WhileLoop`.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from mslearn.core.errors import ShapeError
from mslearn.core.parameter import Parameter
from mslearn.core.tensor import NeedsNumbers, Tensor
from mslearn.graph.control import choose, not_
from mslearn.graph.control_loops import while_loop
from mslearn.graph.control_stage import staged
from mslearn.interchange.mindir_adapt import Choice, Closure
from mslearn.interchange.mindir_load import LOAD
from mslearn.interchange.mindir_read import CALL, MindirError, MindirGraph, Operation

# What kernels raise when a damaged file hands them attributes that no graph would hold.
_UNFIT = (LookupError, AttributeError, TypeError, ValueError, ArithmeticError, MemoryError)
CALLS, DEPTH = 100_000, 32  # a damaged file may hold a loop without end


@dataclasses.dataclass
class Again:
    """A last call of the function at which `Runner.run` was to stop."""

    args: tuple[Any, ...]


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

    def run(self, target: Closure, stop: str = "", depth: int = 0) -> Any:
        """Call a function; `Again` where its last call is one of `stop`."""
        here, args = "", ()
        for _ in range(CALLS if depth < DEPTH else 0):
            while isinstance(target.function, Choice):
                if staged(target.function.test):
                    return self._staged(target.function, here, args, stop, depth + 1)
                target = target.function.arm(bool(target.function.test))
            here, args = target.function, target.args
            if here == stop:
                return Again(args)
            out = self._steps(here, args, depth)
            if not isinstance(out, Closure):
                return out
            target = out
        raise MindirError(
            f"For 'GraphCell', the function '{here or target.function}' of the file calls itself "
            f"without end: more than {CALLS} rounds, or {DEPTH} calls inside each other."
        )

    def _steps(self, name: str, args: tuple[Any, ...], depth: int) -> Any:
        """Run a function's operations; a last call is not made, but returned as a `Closure`."""
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
                value = self.run(value, depth=depth + 1)
            local[step.output] = value
            for n in over:
                del local[n]
        return local[graph.output] if graph.output in local else shared[graph.output]

    def _staged(
        self, choice: Choice, here: str, args: tuple[Any, ...], stop: str, depth: int
    ) -> Any:
        """A choice that is made when the graph runs: a loop, if one way leads back to `here`."""
        back = [self._reaches(c, here, stop) for c in (choice.then, choice.els)]
        if back[0] != back[1]:
            return self._loop(here, args, back[0], stop, depth)
        if any(back) or any(self._reaches(c, stop) for c in (choice.then, choice.els)):
            raise NeedsNumbers(
                f"The loop '{here}' of the MindIR file ends in several places: its rounds cannot "
                f"become part of another graph."
            )
        return choose(
            choice.test,
            lambda: self.run(choice.then, "", depth),
            lambda: self.run(choice.els, "", depth),
        )

    def _reaches(self, closure: Closure, wanted: str, around: str = "") -> bool:
        """Whether calls lead from a function to the function `wanted`, and not through `around`."""
        seen = {around}
        todo = [closure.function]
        while todo:
            name = todo.pop()
            if name in self.graphs and name not in seen:
                seen.add(name)
                todo += [n for step in self.graphs[name].operations for n in step.inputs]
        return wanted in seen - {around}

    def _loop(self, here: str, args: tuple[Any, ...], way: bool, stop: str, depth: int) -> Any:
        """Go round while the test of `here` is `way`; the Tensors among its arguments change."""
        places = [i for i, a in enumerate(args) if isinstance(a, Tensor)]
        places = [i for i in places if not isinstance(args[i], Parameter)]

        def choice(values: tuple[Any, ...]) -> Choice:
            now = list(args)
            for i, value in zip(places, values, strict=True):
                now[i] = value
            found: Choice = self._steps(here, tuple(now), depth).function
            return found

        def going(values: tuple[Any, ...]) -> Any:
            test = choice(values).test
            return test if way else not_(test)

        def turn(values: tuple[Any, ...]) -> tuple[Any, ...]:
            new = self.run(choice(values).arm(way), here, depth)
            return tuple(new.args[i] for i in places)

        end = while_loop(going, turn, tuple(args[i] for i in places))
        return self.run(choice(end).arm(not way), stop, depth)


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
