"""A file's branches and loops inside a graph that is being captured: `Cond` and `WhileLoop`.

In a file a loop is a header that tests and calls on, and what it calls leads either back to the
header or away, from one place or, after a ``break``, from several. A `WhileLoop` has one place
to leave, its condition. So the way of one round is gone in three kinds of passes from the header:
*going*, which only asks whether it leads back; *turn*, which gives what the header is called with
next; and *end*, which is gone once, after the loop, from the round that leaves.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from mslearn.core.parameter import Parameter
from mslearn.core.tensor import NeedsNumbers, Tensor
from mslearn.graph.control import choose, not_
from mslearn.graph.control_loops import VALUE
from mslearn.graph.control_rounds import loop
from mslearn.interchange.mindir_adapt import Choice
from mslearn.interchange.mindir_read import CALL

if TYPE_CHECKING:
    from mslearn.interchange.mindir_run import Runner


@dataclasses.dataclass(frozen=True)
class Pass:
    """One way from a loop's header; see the module's text.

    Attributes:
        header: the function.
        args: what it is called with in this round.
        want: ``"going"``, ``"turn"`` or ``"end"``.
        outer: the pass of the loop around, which goes on where this loop ends.
    """

    header: str
    args: tuple[Any, ...]
    want: str
    outer: Pass | None = None

    def headers(self) -> set[str]:
        """The headers of this loop and of those around."""
        return {self.header} | (self.outer.headers() if self.outer else set())

    def reached(self, name: str, args: tuple[Any, ...]) -> tuple[Any] | None:
        """What the pass gives, in a tuple, if the function `name` is where it ends."""
        if name == self.header:
            if self.want == "end":
                raise NeedsNumbers(f"The loop '{name}' of the MindIR file never ends in one way.")
            return (_truth(True) if self.want == "going" else args,)
        if self.want == "end":
            return self.outer.reached(name, args) if self.outer else None
        return (self._away(),) if self.outer and name in self.outer.headers() else None

    def returned(self, value: Any) -> Any:
        """What the pass gives where a function returns a value: it leads away."""
        if self.want == "end":
            return value if self.outer is None else self.outer.returned(value)
        return self._away()

    def _away(self) -> Any:
        # A turn that leads away is not gone: `going` was false. Any values of its form will do.
        return _truth(False) if self.want == "going" else self.args


class Entered(NeedsNumbers):
    """A loop that has been entered, its first test having had numbers, is to be captured whole."""

    def __init__(self, header: str) -> None:
        super().__init__(f"The loop '{header}' of the MindIR file cannot be captured.")
        self.header = header


def _truth(value: bool) -> Tensor:
    return Tensor.wrap(np.asarray(value))


class Loops:
    """Captures the choices that are made when the graph runs."""

    def __init__(self, runner: Runner) -> None:
        self.runner = runner
        self.open: list[str] = []  # the functions whose choices are being captured

    def staged(
        self, choice: Choice, here: str, args: tuple[Any, ...], now: Pass | None, depth: int
    ) -> Any:
        """Go on from a choice at the end of the function `here`."""
        around = now.headers() if now else set()
        if any(self._ways(arm.function, here, around)[0] for arm in (choice.then, choice.els)):
            header = self._entry(here, around)
            if header != here:
                raise Entered(header)
            return self.loop(here, args, now, depth)
        with self._opened(here):
            if now is not None:
                return self._decide(choice, now, depth)
            run = self.runner.run
            return choose(
                choice.test,
                lambda: run(choice.then, None, depth),
                lambda: run(choice.els, None, depth),
            )

    @contextlib.contextmanager
    def _opened(self, here: str) -> Iterator[None]:
        if here in self.open:
            raise NeedsNumbers(
                f"The function '{here}' of the MindIR file goes on after calling itself (as the "
                f"gradient of a loop does): how often is not known before its numbers are."
            )
        self.open.append(here)
        try:
            yield
        finally:
            self.open.pop()

    def _decide(self, choice: Choice, now: Pass, depth: int) -> Any:
        around = now.outer.headers() if now.outer else set()
        arms = (choice.then, choice.els)
        ways = [self._ways(arm.function, now.header, around) for arm in arms]

        def follow(k: int) -> Any:
            if now.want == "going" and ways[k][0] != ways[k][1]:
                return _truth(ways[k][0])
            leaves = now.want == "end" and not ways[k][0]
            return self.runner.run(arms[k], now.outer if leaves else now, depth)

        if now.want == "going":
            if ways == [(True, False), (False, True)]:
                return choice.test
            if ways == [(False, True), (True, False)]:
                return not_(choice.test)
        else:  # a way that does not end where this pass does is not gone in it
            fit = [k for k in (0, 1) if ways[k][now.want == "end"]]
            if len(fit) == 1:
                return follow(fit[0])
        return choose(choice.test, lambda: follow(0), lambda: follow(1))

    def loop(self, here: str, args: tuple[Any, ...], outer: Pass | None, depth: int) -> Any:
        """Capture a loop from its header; the Tensors among its arguments may change."""
        places = [i for i, a in enumerate(args) if isinstance(a, Tensor)]
        places = [i for i in places if not isinstance(args[i], Parameter)]

        def go(want: str, values: tuple[Any, ...]) -> Any:
            now = list(args)
            for i, value in zip(places, values, strict=True):
                now[i] = value
            found: Choice = self.runner.last_call(here, tuple(now), depth).function
            return self._decide(found, Pass(here, tuple(now), want, outer), depth)

        value = tuple(args[i] for i in places)

        def going() -> Any:
            return go("going", value)

        def turn() -> None:
            nonlocal value
            new = go("turn", value)
            value = tuple(new[i] for i in places)

        with self._opened(here):
            loop(going, turn, (going, turn), VALUE)
        return go("end", value)

    def _entry(self, name: str, around: set[str]) -> str:
        """The header of the loop that a function is in: the one that is called from outside."""
        inside = {
            n for n in self.runner.graphs
            if n not in around and self._ways(n, name, around)[0]
            and self._ways(name, n, around | {""})[0]
        }  # fmt: skip
        called = {
            n for other, graph in self.runner.graphs.items() if other not in inside
            for step in graph.operations for n in step.inputs if n in inside
        }  # fmt: skip
        return called.pop() if len(called) == 1 else name

    def _ways(self, name: str, header: str, around: set[str]) -> tuple[bool, bool]:
        """Whether last calls from a function lead to the header, and whether elsewhere."""
        back = away = False
        seen, todo = set(), [name]
        while todo:
            name = todo.pop()
            if name == header:
                back = True
            elif name in around:
                away = True
            elif name not in seen:
                seen.add(name)
                calls = self._last_calls(name)
                away = away or not calls
                todo += calls
        return back, away

    def _last_calls(self, name: str) -> list[str]:
        """The functions that a function may call at its end; none if it returns a value."""
        graph = self.runner.graphs[name]
        makers = {step.output: step for step in graph.operations}
        last = makers.get(graph.output)
        if last is None or last.op != CALL:
            return []
        found, todo = [], [last.inputs[0]]
        while todo:
            ref = todo.pop()
            step = makers.get(ref)
            if step is None:
                found += [ref] if ref in self.runner.graphs else []
            else:
                todo += step.inputs[1:3] if step.op == "Switch" else step.inputs[:1]
        return found
