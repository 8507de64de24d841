"""Branches and loops on tensors without numbers become `Cond` and `WhileLoop` nodes.

Every branch, and a loop's test and body, is captured as a graph of its own. What they read from
around them becomes operands of the node; what they change (see `control_slots`) becomes its
outputs.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from mslearn.core.primitive import apply
from mslearn.core.state import state
from mslearn.core.tensor import Abstract, NeedsNumbers, Tensor
from mslearn.graph.capture import Capture, Captured, Known, place, subgraph
from mslearn.graph.control_join import NEVER, Build, Carried, Join, carried, widen
from mslearn.graph.control_prims import Cond, WhileLoop, draws_keys
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
from mslearn.graph.errors import CannotStage
from mslearn.graph.ir import Graph
from mslearn.graph.number import Kin, Number
from mslearn.graph.passes.base import has_effect
from mslearn.ops.families import cast

DEEPEST = 40  # branches inside branches; more are a recursion without end
ROUNDS = 12  # attempts until the form of a loop's variables settles


class Raised(NeedsNumbers):
    """A branch ends with a `raise`: the exception is in the graph, its capture stops here."""


def staged(value: Any) -> bool:
    """Whether the truth of a value is known only when the graph runs."""
    capture = state.capture
    if not isinstance(value, Tensor) or not isinstance(capture, Capture):
        return False
    now = capture.read(value)
    return isinstance(now, Abstract) and not isinstance(now, Known)


def truth(value: Any) -> Tensor:
    """A tensor of one element as a bool scalar.

    Raises:
        ValueError: it has several elements.
    """
    if value.size != 1:
        raise ValueError(
            f"The truth value of a Tensor with several elements is ambiguous: its shape is "
            f"{list(value.shape)}. Use x.any(), x.all() or index the element that you mean."
        )
    flat = value if value.shape == () else value.reshape(())
    return flat if flat._value.dtype == np.bool_ else cast(flat, np.dtype(bool))


# -- subgraphs and their operands ---------------------------------------------------------------


_counts: weakref.WeakKeyDictionary[Capture, int] = weakref.WeakKeyDictionary()


def _unique(name: str) -> str:
    """A name that no other piece of the outermost graph has; MindSpore marks branches so too."""
    top, depth = state.capture, 0
    while top.outer is not None:
        top, depth = top.outer, depth + 1
    if depth > DEEPEST:
        raise CannotStage(207, place())
    _counts[top] = _counts.get(top, 0) + 1
    return f"{name}{_counts[top]}_{top.graph.name}"


class Part:
    """A captured piece: its graph, and the outer value of each of its inputs."""

    def __init__(self, run: Callable[..., Any], operands: Sequence[Tensor], name: str) -> None:
        self.captured: Captured = subgraph(run, operands, _unique(name))
        self.graph: Graph = self.captured.graph
        self.own = len(operands)  # inputs that are no outer values
        self.outer: list[Any] = list(self.captured.free)
        self._parameters = {id(p): value for p, value in self.graph.parameters}
        for parameter, value in self.graph.parameters:
            self.graph.inputs.append(value)
            self.graph.input_names.append(parameter.name)
            self.outer.append(state.capture.read(parameter))
        self.graph.parameters, self.graph.updates = [], []

    def before(self, tensor: Tensor) -> Any:
        """The value, inside the piece, that a tensor had when the piece started."""
        if id(tensor) in self._parameters:
            return self._parameters[id(tensor)]
        value = state.capture.look(tensor)
        return self._inner(value) if isinstance(value, Abstract) else value

    def _inner(self, value: Any) -> Any:
        for outer, inner in zip(self.outer, self.graph.inputs[self.own :], strict=True):
            if outer is value:
                return inner
        new = Abstract(value.shape, value.dtype)
        self.graph.inputs.append(new)
        self.graph.input_names.append(f"free{len(self.outer) + 1}")
        self.outer.append(value)
        return new


def share_operands(parts: Sequence[Part]) -> list[Tensor]:
    """Give all pieces the same inputs in the same order; returns the outer tensors for them."""
    outer: list[Any] = []
    for part in parts:
        outer += [v for v in part.outer if not any(v is o for o in outer)]
    for part in parts:
        graph, mine = part.graph, part.graph.inputs[part.own :]
        names = graph.input_names[part.own :]
        inputs, labels = graph.inputs[: part.own], graph.input_names[: part.own]
        for i, value in enumerate(outer, 1):
            found = [k for k, o in enumerate(part.outer) if o is value]
            new = mine[found[0]] if found else Abstract(value.shape, value.dtype)
            for k in found[1:]:  # one value under two names (a Parameter and its value)
                _replace(graph, mine[k], new)
            inputs.append(new)
            labels.append(names[found[0]] if found else f"unused{i}")
        graph.inputs, graph.input_names, part.outer = inputs, labels, list(outer)
    return [Tensor.wrap(v) for v in outer]


def _replace(graph: Graph, old: Any, new: Any) -> None:
    from mslearn.graph.passes.base import Replacing

    now = Replacing()
    now.put(old, new)
    done = now.finish(graph, [now.node(n) for n in graph.nodes])
    graph.nodes, graph.outputs = done.nodes, done.outputs


# -- branches -----------------------------------------------------------------------------------


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
    for graph, values in zip(graphs, zip(*join.pairs, strict=True), strict=True):
        graph.outputs = list(values)
    operands = share_operands([side.part for side in sides])
    draws = "keep" if any(map(draws_keys, graphs)) else ""
    attrs = {"then": graphs[0], "els": graphs[1], "draws": draws}
    return list(apply(Cond, (condition, *operands), attrs))


# -- loops --------------------------------------------------------------------------------------


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
