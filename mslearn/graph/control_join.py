"""Two branches become one value; a value goes round a loop.

`Join` compares the trees of two branches leaf by leaf: what is the same stays a constant, what
differs becomes an output of the node. `widen` does the same for a loop's start and the end of a
round: what changes becomes carried.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

from mslearn.core.dtype import dtype_of
from mslearn.core.tensor import Tensor
from mslearn.graph.capture import place
from mslearn.graph.control_slots import UNBOUND, Branches, Leaf, Slot
from mslearn.graph.errors import CannotStage, JoinTypeError, JoinUnboundError
from mslearn.graph.number import Number
from mslearn.graph.rewrite_jumps import PREFIX

NEVER: Any = type("Never", (), {"__repr__": lambda self: "<never reached>"})()
"""The result of a branch that raises: it takes the other branch's form."""
Build = Callable[[list[Tensor]], Any]
"""Makes a value of the node's outputs."""


def number(value: Any) -> bool:
    """Whether a Python number can become a tensor of the graph."""
    return isinstance(value, bool | int | float) and not isinstance(value, np.generic)


def number_dtype(*values: Any) -> np.dtype[Any]:
    """The dtype that MindSpore gives Python numbers."""
    if any(isinstance(v, float) for v in values):
        return np.dtype(np.float32)
    return np.dtype(bool if all(isinstance(v, bool) for v in values) else np.int64)


def fits(value: Any, dtype: np.dtype[Any]) -> bool:
    """Whether a Python number may stand beside tensors of this dtype."""
    kinds = "fc" if isinstance(value, float) else "b" if isinstance(value, bool) else "iufc"
    return dtype.kind in kinds


def described(value: Any) -> str:
    """A leaf in words, for messages."""
    if isinstance(value, Leaf):
        return f"{dtype_of(value.value.dtype)}{list(value.value.shape)}"
    if isinstance(value, Branches):
        return f"a {type(value.origin).__name__} of {len(value.items)}"
    return repr(value)


@dataclasses.dataclass
class Join:
    """The pairs of outputs of two branches, as they are found.

    Attributes:
        pairs: for each output of the node the value in each branch.
        handles: the tensors that held them, or None for numbers and zeros.
        labels: the variables' names, "" for values without one.
        words: what the two sides are called in messages.
    """

    pairs: list[tuple[Any, Any]] = dataclasses.field(default_factory=list)
    handles: list[tuple[Any, Any]] = dataclasses.field(default_factory=list)
    labels: list[str] = dataclasses.field(default_factory=list)
    words: tuple[str, str] = ("one branch", "the other")

    def slot(self, slot: Slot, a: Any, b: Any) -> Build:
        """Join what the branches have left in a slot."""
        return self.join(slot.label, a, b, slot.lines)

    def join(self, label: str, a: Any, b: Any, lines: tuple[int, int] = (0, 0)) -> Build:
        """How to make the joint value of the trees `a` and `b`."""
        if a is NEVER or b is NEVER:
            return self._one(label, b if a is NEVER else a, a is NEVER)
        if a is b or (isinstance(a, Leaf) and isinstance(b, Leaf) and a.tensor is b.tensor):
            return _constant(a)
        if a is UNBOUND or b is UNBOUND:
            if label.startswith(PREFIX):  # read only where it has been set
                return self._one(label, b if a is UNBOUND else a, a is UNBOUND)
            raise JoinUnboundError(204, place(), self._both(label, a, b, lines))
        if isinstance(a, Branches) and isinstance(b, Branches):
            return self._nest(label, a, b, lines)
        leaves = [x for x in (a, b) if isinstance(x, Leaf)]
        if leaves or (number(a) and number(b)):
            return self._leaf(label, a, b, leaves, lines)
        if type(a) is type(b) and _equal(a, b):
            return _constant(a)
        structure = any(isinstance(x, Leaf | Branches) or number(x) or x is None for x in (a, b))
        raise CannotStage(203 if structure else 205, place(), self._both(label, a, b, lines))

    def _nest(self, label: str, a: Branches, b: Branches, lines: tuple[int, int]) -> Build:
        if a.origin is b.origin:
            return _constant(a)
        if type(a.origin) is not type(b.origin) or a.keys != b.keys or len(a.items) != len(b.items):
            raise CannotStage(203, place(), self._both(label, a, b, lines))
        builds = [
            self.join(f"{label}[{k!r}]", x, y, lines)
            for k, x, y in zip(a.keys or range(len(a.items)), a.items, b.items, strict=True)
        ]
        return lambda outs: a.build([build(outs) for build in builds])

    def _leaf(self, label: str, a: Any, b: Any, leaves: list[Leaf], lines: Any) -> Build:
        if not leaves and type(a) is type(b) and a == b:
            return _constant(a)
        shape = leaves[0].value.shape if leaves else ()
        dtype = leaves[0].value.dtype if leaves else number_dtype(a, b)
        values = []
        for x in (a, b):
            if isinstance(x, Leaf):
                values.append(x.value)
            elif not number(x):
                raise CannotStage(203, place(), self._both(label, a, b, lines))
            elif not fits(x, dtype) and leaves:
                raise JoinTypeError(202, place(), self._both(label, a, b, lines))
            else:
                values.append(np.asarray(x, dtype))
        if any(v.shape != shape for v in values):
            raise CannotStage(201, place(), self._both(label, a, b, lines))
        if any(v.dtype != dtype for v in values):
            raise JoinTypeError(202, place(), self._both(label, a, b, lines))
        weak = all(leaf.tensor.weak for leaf in leaves)
        return self._output(label, values[0], values[1], (_handle(a), _handle(b)), weak)

    def _one(self, label: str, tree: Any, second: bool) -> Build:
        """The value that only one side has; the other gives zeros that nobody looks at."""
        if isinstance(tree, Branches):
            builds = [self._one(label, item, second) for item in tree.items]
            return lambda outs: tree.build([build(outs) for build in builds])
        if not isinstance(tree, Leaf):
            return _constant(tree)
        zeros = np.zeros(tree.value.shape, tree.value.dtype)
        a, b = (zeros, tree.value) if second else (tree.value, zeros)
        handles = (None, tree.tensor) if second else (tree.tensor, None)
        return self._output(label, a, b, handles, tree.tensor.weak)

    def _output(self, label: str, a: Any, b: Any, handles: tuple[Any, Any], weak: bool) -> Build:
        twins = (None not in handles) * [
            i for i, h in enumerate(self.handles) if h[0] is handles[0] and h[1] is handles[1]
        ]
        if not twins:  # one tensor under two names stays one
            self.pairs.append((a, b))
            self.handles.append(handles)
            self.labels.append("" if label.startswith(PREFIX) else label)
        at = twins[0] if twins else len(self.pairs) - 1
        return lambda outs: Number.of(outs[at]) if weak else outs[at]

    def _both(self, label: str, a: Any, b: Any, lines: tuple[int, int]) -> str:
        name = "The result" if label.startswith(PREFIX) or not label else f"'{label}'"
        at = [f" (line {line})" if line else "" for line in lines]
        one, other = self.words
        return f"{name} is {described(a)} in {one}{at[0]} and {described(b)} in {other}{at[1]}."


def _handle(tree: Any) -> Any:
    return tree.tensor if isinstance(tree, Leaf) else None


def _constant(tree: Any) -> Build:
    if isinstance(tree, Leaf):
        return lambda outs: tree.tensor
    if isinstance(tree, Branches):
        return lambda outs: tree.origin
    return lambda outs: tree


def _equal(a: Any, b: Any) -> bool:
    try:
        return bool(a == b)
    except Exception:
        return False


# -- loops --------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Carried:
    """A leaf that changes from round to round; `start` is what it is before the loop.

    `tensor` held that value; `weak` tells whether it stays a Python number in every round.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    start: Any
    tensor: Any = None
    weak: bool = False


def widen(slot: Slot, now: Any, after: Any) -> Any:
    """The tree of a slot, with what a round changes as `Carried`.

    Args:
        slot: for messages.
        now: its tree at the start of the round.
        after: its tree at the end of the round.

    Raises:
        CannotStage, JoinTypeError, JoinUnboundError: a round gives it another form.
    """
    return _widen(slot, slot.label, now, after)


def _widen(slot: Slot, label: str, now: Any, after: Any) -> Any:
    if after is NEVER or now is after:
        return now
    if isinstance(now, Carried):
        return _again(slot, label, now, after)
    if now is UNBOUND:
        if label.startswith(PREFIX):
            return _from_zero(after)
        raise JoinUnboundError(204, place(), _change(slot, label, now, after))
    if isinstance(now, Branches) and isinstance(after, Branches):
        if now.origin is after.origin:
            return now
        same = type(now.origin) is type(after.origin) and now.keys == after.keys
        if not same or len(now.items) != len(after.items):
            raise CannotStage(206, place(), _change(slot, label, now, after))
        items = [
            _widen(slot, f"{label}[{k!r}]", x, y)
            for k, x, y in zip(
                now.keys or range(len(now.items)), now.items, after.items, strict=True
            )
        ]
        if all(x is y for x, y in zip(items, now.items, strict=True)):
            return now
        return Branches(now.origin, now.keys, tuple(items))
    if isinstance(now, Leaf):
        if isinstance(after, Leaf) and after.tensor is now.tensor:
            return now
        return _again(slot, label, carried(now), after)
    if number(now):
        if number(after):
            same = type(now) is type(after) and now == after
            return now if same else Carried((), number_dtype(now, after), now, None, True)
        if isinstance(after, Leaf) and fits(now, after.value.dtype):
            return Carried(after.value.shape, after.value.dtype, now, None, after.tensor.weak)
    elif type(now) is type(after) and _equal(now, after):
        return now
    raise CannotStage(206, place(), _change(slot, label, now, after))


def carried(leaf: Leaf) -> Carried:
    """A tensor that changes from round to round."""
    return Carried(leaf.value.shape, leaf.value.dtype, leaf.value, leaf.tensor, leaf.tensor.weak)


def _again(slot: Slot, label: str, now: Carried, after: Any) -> Carried:
    weak = number(now.start)
    if number(after):
        if fits(after, now.dtype) and (not now.shape or weak):
            return now
        if weak:
            return Carried(now.shape, number_dtype(now.start, after), now.start, None, True)
    elif isinstance(after, Leaf):
        value, both = after.value, now.weak and after.tensor.weak
        if (value.shape, value.dtype) == (now.shape, now.dtype):
            return now if both == now.weak else dataclasses.replace(now, weak=False)
        if weak and fits(now.start, value.dtype):  # a number takes the form that it grows into
            return Carried(value.shape, value.dtype, now.start, None, both)
        if value.shape == now.shape:
            raise JoinTypeError(202, place(), _change(slot, label, now, after))
    raise CannotStage(206, place(), _change(slot, label, now, after))


def _from_zero(after: Any) -> Any:
    if isinstance(after, Leaf):
        value = after.value
        return Carried(value.shape, value.dtype, np.zeros(value.shape, value.dtype))
    if isinstance(after, Branches):
        return Branches(after.origin, after.keys, tuple(map(_from_zero, after.items)))
    return after


def _change(slot: Slot, label: str, now: Any, after: Any) -> str:
    line = f" (line {slot.lines[0]})" if slot.lines[0] else ""
    if isinstance(now, Carried):
        before = f"{dtype_of(now.dtype)}{list(now.shape)}"
    else:
        before = described(now)
    return f"'{label}' is {before} before a round and {described(after)} after it{line}."
