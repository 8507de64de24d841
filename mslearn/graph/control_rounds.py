"""A loop on a tensor without a number becomes a `WhileLoop` node: its test and body are captured.

What the body changes (see `control_slots`) is carried from round to round.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from mslearn.core.primitive import apply
from mslearn.core.state import state
from mslearn.core.tensor import Abstract, Tensor
from mslearn.graph.control_join import NEVER, Carried, carried, widen
from mslearn.graph.control_prims import WhileLoop, draws_keys
from mslearn.graph.control_slots import (
    UNBOUND,
    Branches,
    Handle,
    Leaf,
    Slot,
    Variable,
    changed_handles,
    freeze,
    note,
    reachable,
    slots_of,
)
from mslearn.graph.control_stage import Part, Raised, share_operands, truth
from mslearn.graph.number import Kin, Number

ROUNDS = 12  # attempts until the form of a loop's variables settles


def loop(
    test: Callable[[], Any],
    body: Callable[[], Any],
    functions: Sequence[Any],
    names: Any,
    owned: Any = (),
    slots: Sequence[Slot] = (),
) -> None:
    """Run a loop whose test is a tensor that has no number yet.

    The first attempts only find out which variables change from round to round and what form
    they have; they are captured again until that settles.
    """
    every: list[Slot] = [*slots, *slots_of(functions, names, owned)]
    known = reachable(functions)
    trees = [freeze(s.get()) if s.needed else UNBOUND for s in every]
    restore = note(every)
    for _ in range(ROUNDS):
        side = Round(body, every, trees, known, "body")
        restore()
        more = [t for t, _ in side.handles.values() if not _has(every, t)]
        after = zip(every, trees, side.trees, strict=True)
        new = [widen(s, a, b) if s.needed else a for s, a, b in after]
        if not more and all(a is b for a, b in zip(new, trees, strict=True)):
            break
        trees = new + [carried(Leaf(Tensor.wrap(t._value), freeze(t).value)) for t in more]
        every += [Handle(t) for t in more]
        restore = note(every)
    else:
        widen(every[0], Carried((), np.dtype(bool), None), UNBOUND)
    check = Round(lambda: truth_of(test()), every, trees, known, "test")
    restore()
    _while(check, side, every, trees)


def truth_of(value: Any) -> Tensor:
    """A Python truth or a tensor of one element as a bool scalar tensor."""
    return truth(value) if isinstance(value, Tensor) else Tensor.wrap(np.asarray(bool(value)))


def _has(slots: Sequence[Slot], tensor: Tensor) -> bool:
    return any(isinstance(s, Handle) and s.tensor is tensor for s in slots)


class Round:
    """One attempt at a loop's body (or its test): the slots hold operands at its start."""

    def __init__(
        self,
        body: Callable[[], Any],
        slots: Sequence[Slot],
        trees: Sequence[Any],
        known: set[int],
        name: str,
    ) -> None:
        leaves = [leaf for tree in trees for leaf in carried_leaves(tree)]
        self.trees: list[Any] = []
        self.handles: dict[int, tuple[Tensor, Any]] = {}
        self.kin = Kin()
        self.value: Any = None

        def run(*operands: Tensor) -> tuple[()]:
            values = iter(operands)
            for slot, tree in zip(slots, trees, strict=True):
                slot.set(built(tree, values))
            state.capture.kin.join(Kin(), operands, [leaf.tensor for leaf in leaves])
            try:
                self.value = freeze(body())
                self.trees = [freeze(s.get()) if s.needed else UNBOUND for s in slots]
            except Raised:
                self.trees = [NEVER] * len(slots)
            look = state.capture.look
            self.handles = {id(t): (t, look(t)) for t in changed_handles(known)}
            self.kin = state.capture.kin.end(state.capture)
            return ()

        operands = [Tensor.wrap(Abstract(leaf.shape, leaf.dtype)) for leaf in leaves]
        with state.capture.kin.branch():
            self.part = Part(run, operands, name)
        labels = [s.label for s, t in zip(slots, trees, strict=True) for _ in carried_leaves(t)]
        self.part.graph.input_names[: len(labels)] = labels


def carried_leaves(tree: Any) -> list[Carried]:
    """The leaves of a tree that change from round to round."""
    if isinstance(tree, Branches):
        return [leaf for item in tree.items for leaf in carried_leaves(item)]
    return [tree] if isinstance(tree, Carried) else []


def built(tree: Any, tensors: Any) -> Any:
    """The value of a tree, with the next of `tensors` for each carried leaf."""
    if isinstance(tree, Carried):
        return Number.of(next(tensors)) if tree.weak else next(tensors)
    if isinstance(tree, Branches):
        if not carried_leaves(tree):
            return tree.origin
        return tree.build([built(item, tensors) for item in tree.items])
    return tree.tensor if isinstance(tree, Leaf) else tree


def _ends(tree: Any, after: Any, starts: Any) -> list[Any]:
    """The value of each carried leaf of `tree` at the end of a round."""
    if isinstance(tree, Carried):
        start = next(starts)
        if after is NEVER:
            return [start]
        if isinstance(after, Leaf):
            return [after.value]
        return [np.broadcast_to(np.asarray(after, tree.dtype), tree.shape)]
    if isinstance(tree, Branches) and carried_leaves(tree):
        items = after.items if isinstance(after, Branches) else [after] * len(tree.items)
        return [v for t, a in zip(tree.items, items, strict=True) for v in _ends(t, a, starts)]
    return []


def _while(check: Round, side: Round, slots: Sequence[Slot], trees: Sequence[Any]) -> None:
    leaves = [leaf for tree in trees for leaf in carried_leaves(tree)]
    body, cond = side.part.graph, check.part.graph
    cond.outputs = [check.value.value]
    own = iter(body.inputs[: len(leaves)])
    body.outputs = [
        v for tree, after in zip(trees, side.trees, strict=True) for v in _ends(tree, after, own)
    ]
    operands = share_operands([check.part, side.part])
    draws = "keep" if draws_keys(body) or draws_keys(cond) else ""
    attrs = {"cond": cond, "body": body, "n": len(leaves), "draws": draws}
    made = apply(WhileLoop, (*map(_start, leaves), *operands), attrs)
    outs = iter(made)
    for slot, tree in zip(slots, trees, strict=True):
        if carried_leaves(tree):
            slot.set(built(tree, outs))
        elif isinstance(slot, Variable) and not slot.needed:
            slot.set(UNBOUND)
    starts = [leaf.tensor for leaf in leaves]
    ends = [t for tree, a in zip(trees, side.trees, strict=True) for t in _last(tree, a)]
    state.capture.kin.join(Kin(), made, starts)
    state.capture.kin.join(side.kin, made, ends)


def _last(tree: Any, after: Any) -> list[Any]:
    """The tensor that held each carried leaf of `tree` at the end of a round."""
    if isinstance(tree, Branches) and isinstance(after, Branches):
        return [t for x, y in zip(tree.items, after.items, strict=True) for t in _last(x, y)]
    end = after.tensor if isinstance(after, Leaf) else None
    return [end] * len(carried_leaves(tree))


def _start(leaf: Carried) -> Tensor:
    if isinstance(leaf.start, Abstract | np.ndarray):
        return Tensor.wrap(leaf.start)
    return Tensor.wrap(np.full(leaf.shape, leaf.start, leaf.dtype))
