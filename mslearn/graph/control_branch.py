"""An `if` on a tensor without a number becomes a `Cond` node: both branches are captured.

What the branches change (see `control_slots`) becomes the node's outputs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from mslearn.core.primitive import apply
from mslearn.core.state import state
from mslearn.core.tensor import Tensor
from mslearn.graph.control_join import NEVER, Build, Join
from mslearn.graph.control_prims import Cond, draws_keys
from mslearn.graph.control_slots import (
    Handle,
    Leaf,
    Slot,
    changed_handles,
    freeze,
    note,
    reachable,
    slots_of,
)
from mslearn.graph.control_stage import Part, Raised, share_operands, truth
from mslearn.graph.number import Kin
from mslearn.graph.passes.base import has_effect


class Side:
    """One branch, captured: what it returns and what it leaves in each slot."""

    def __init__(
        self, body: Callable[[], Any] | None, slots: Sequence[Slot], known: set[int], name: str
    ) -> None:
        self.result: Any = None
        self.trees: list[Any] = [NEVER] * len(slots)
        self.handles: dict[int, tuple[Tensor, Any]] = {}
        self.returns = True
        self.kin = Kin()

        def run() -> tuple[()]:
            try:
                value = None if body is None else body()
            except Raised:
                self.returns, self.result = False, NEVER
                return ()
            self.result = freeze(value)
            self.trees = [freeze(s.get()) if s.needed else None for s in slots]
            look = state.capture.look
            self.handles = {id(t): (t, look(t)) for t in changed_handles(known)}
            self.kin = state.capture.kin.end(state.capture)
            return ()

        restore = note(slots)
        try:
            with state.capture.kin.branch():
                self.part = Part(run, (), name)
        finally:
            restore()

    def handle(self, tensor: Tensor) -> Any:
        """The tree of a tensor that one of the branches changes in place."""
        if not self.returns:
            return NEVER
        value = self.handles[id(tensor)][1] if id(tensor) in self.handles else None
        return Leaf(Tensor.wrap(value), self.part.before(tensor) if value is None else value)


def branch(
    pred: Tensor,
    then: Callable[[], Any],
    els: Callable[[], Any] | None,
    functions: Sequence[Any] = (),
    names: Any = (),
    owned: Any = (),
) -> Any:
    """Run one of two functions, by a tensor that has no number yet.

    Args:
        pred: the predicate.
        then, els: what to run.
        functions: the generated functions behind them, whose variables they share.
        names, owned: what they assign, see `slots_of`.

    Returns:
        The joint result.
    """
    condition = truth(pred)
    slots = slots_of(functions, names, owned)
    known = reachable(functions)
    sides = [Side(then, slots, known, "✓"), Side(els, slots, known, "✗")]
    join = Join()
    result = join.join("", sides[0].result, sides[1].result)
    builds: list[tuple[Slot, Build]] = [
        (slot, join.slot(slot, a, b))
        for slot, a, b in zip(slots, sides[0].trees, sides[1].trees, strict=True)
        if slot.needed and not (a is NEVER and b is NEVER)
    ]
    moved = {k: t for side in sides for k, (t, _) in side.handles.items()}
    for tensor in moved.values():
        handle = Handle(tensor)
        builds.append((handle, join.slot(handle, *(side.handle(tensor) for side in sides))))
    outs = _cond(condition, sides, join)
    if not any(side.returns for side in sides):
        raise Raised("Whichever way this if goes, it raises an exception.")
    for slot, build in builds:
        slot.set(build(outs))
    for i, side in enumerate(sides):
        state.capture.kin.join(side.kin, outs, [handles[i] for handles in join.handles])
    return result(outs)


def _cond(condition: Tensor, sides: Sequence[Side], join: Join) -> list[Tensor]:
    graphs = [side.part.graph for side in sides]
    if not join.pairs:
        if not any(has_effect(n) for g in graphs for n in g.nodes):
            return []
        done = np.asarray(True)
        join.pairs.append((done, done))
        join.labels.append("")
    for graph, values in zip(graphs, zip(*join.pairs, strict=True), strict=True):
        graph.outputs, graph.output_names = list(values), join.labels
    operands = share_operands([side.part for side in sides])
    draws = "keep" if any(map(draws_keys, graphs)) else ""
    attrs = {"then": graphs[0], "els": graphs[1], "draws": draws}
    return list(apply(Cond, (condition, *operands), attrs))
