"""`vmap`: a function of one example becomes a function of a batch.

Inside, a mapped tensor is a `Batched` value: it shows the shape of one example and holds the
whole batch, batch axis first. `Level` stands where a graph capture would stand: every operation
comes to it, runs once for the whole batch by its rule (`batching.py`) in the world outside the
level, and hands a Batched value on. So a tape inside the level differentiates each example, and
a tape outside sees ordinary operations on the batch.

Where a function asks for the numbers of one example (``if x.sum() > 0``), it runs example by
example, and the results are stacked.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from mslearn.core import random
from mslearn.core.parameter import Parameter
from mslearn.core.primitive import Primitive, apply
from mslearn.core.state import graphed, state
from mslearn.core.tensor import Abstract, NeedsNumbers, Tensor
from mslearn.gradtools.batching import broadcast_batch, one_example, run_batched, stack
from mslearn.gradtools.world import world
from mslearn.ops.shape import Transpose


class Batched(Abstract):
    """A value with one entry for each example; `whole` holds them all, batch axis first."""

    __slots__ = ("level", "whole")

    def __init__(self, level: Level, whole: Any) -> None:
        super().__init__(whole.shape[1:], whole.dtype)
        self.level = level
        self.whole = whole

    def numbers(self) -> np.ndarray:
        raise NeedsNumbers("vmap runs all examples at once: one example's numbers are not at hand")


class Level:
    """Takes every operation inside one vmap and runs it on the whole batch outside."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.outside = (state.observers, state.capture)
        self.parameters: dict[int, tuple[Parameter, Any]] = {}

    def read(self, tensor: Tensor) -> Any:
        """The value of a tensor; a Parameter's is kept, to be put back."""
        if isinstance(tensor, Parameter):
            if self.outside[1] is not None:
                self.outside[1].read(tensor)  # a graph outside binds the Parameter first
            self.parameters.setdefault(id(tensor), (tensor, tensor._value))
        return tensor._value

    def add(self, prim: type[Primitive], values: tuple[Any, ...], attrs: dict[str, Any]) -> Any:
        """Run an operation for all examples."""
        wholes = tuple(Tensor.wrap(v.whole) if self.holds(v) else None for v in values)
        with world(*self.outside):
            handles = tuple(map(Tensor.wrap, values))
            if all(w is None for w in wholes):
                out = apply(prim, handles, attrs)
                return _each(out, lambda t: _own(t._value, values))
            out = run_batched(prim, handles, wholes, attrs, self.size)
        return _each(out, lambda t: Batched(self, t._value))

    def rebind(self, tensor: Tensor, value: Any) -> Any:
        """A handle is about to get `value`."""
        self.read(tensor)
        return value

    def enter(self, cell: Any, run: Callable[..., Any]) -> Callable[..., Any]:
        """A Cell is about to run: what to call for its `run`."""
        around = self.outside[1]
        return run if around is None else around.enter(cell, run)

    def function(self, fn: Callable[..., Any]) -> Callable[..., Any]:
        """What to call for a function that another transformation takes."""
        around = self.outside[1]
        return fn if around is None else around.function(fn)

    def control(self) -> Any:
        """Loops run round by round: one example may need more rounds than another."""
        return None

    def draw(self) -> Any:
        """A random key: the same numbers for every example."""
        with world(*self.outside):
            return random.op_key()

    def position(self) -> Any:
        """Where the random numbers are, for `go_back`."""
        with world(*self.outside):
            return random.snapshot()

    def go_back(self, position: Any) -> None:
        """Draw the random numbers from `position` again."""
        with world(*self.outside):
            random.restore(position)

    def holds(self, value: Any) -> bool:
        """Whether `value` is batched by this very level (and not by one around it)."""
        return isinstance(value, Batched) and value.level is self

    def restore(self) -> bool:
        """Put Parameters back that were given a value for each example; True if there were any."""
        leaked = [(p, v) for p, v in self.parameters.values() if self.holds(p._value)]
        for parameter, value in leaked:
            parameter._value = value
        return bool(leaked)


def _own(value: Any, inputs: tuple[Any, ...]) -> Any:
    return value.view() if any(value is v for v in inputs) else value


def _each(out: Any, function: Callable[[Tensor], Any]) -> Any:
    return tuple(map(function, out)) if isinstance(out, tuple) else function(out)


def vmap(fn: Any, in_axes: Any = 0, out_axes: Any = 0) -> Callable[..., Any]:
    """A function that maps `fn` over an axis of its arguments, all examples at once.

    Args:
        fn: a function or Cell of one example; a CellList takes one Cell for each example.
        in_axes: the axis to map, an int for all arguments, or a tuple with an int or None (not
            mapped: the same for every example) for each argument; nested like the arguments.
        out_axes: where the mapped axis stands in the results, in the same form.

    Returns:
        A function of the batched arguments. Random operations give every example the same
        numbers. Nest it to map several axes; it mixes freely with `grad`, `jvp` and `vjp`.

    Raises:
        RuntimeError: sizes of the mapped axes differ, an axis is out of range, or nothing is
            mapped.

    >>> import mslearn as ms
    >>> rows, vector = ms.ops.ones((4, 3)), ms.Tensor([1.0, 2.0, 3.0])
    >>> print(ms.vmap(lambda a, b: (a * b).sum(), in_axes=(0, None))(rows, vector))
    [6. 6. 6. 6.]
    """
    cells = list(fn) if any(c.__name__ == "CellList" for c in type(fn).__mro__) else None
    if cells is None and not callable(fn):
        raise RuntimeError(
            f"For 'vmap', fn must be a function or Cell, but got '{type(fn).__name__}'."
        )
    for name, axes in (("in_axes", in_axes), ("out_axes", out_axes)):
        _check_axes(name, axes)
        if axes is None and cells is None:
            raise RuntimeError(f"For 'vmap', {name} cannot be a single None: nothing is mapped.")

    def run(*args: Any) -> Any:
        if isinstance(in_axes, tuple | list) and len(in_axes) != len(args):
            raise RuntimeError(
                f"For 'vmap', in_axes names {len(in_axes)} arguments, but the call has "
                f"{len(args)}. Give an int or None for each."
            )
        sizes: list[int] = []
        fronts = [_front(a, x, sizes) for a, x in zip(args, _spread(in_axes, args), strict=True)]
        if not sizes and cells is None:
            raise RuntimeError("For 'vmap', no argument is mapped: its in_axes are all None.")
        if len(set(sizes)) > 1:
            raise RuntimeError(
                f"For 'vmap', the mapped axes must have equal sizes, but got "
                f"{' and '.join(map(str, dict.fromkeys(sizes)))}. Check in_axes={in_axes}."
            )
        size = sizes[0] if sizes else len(cells or ())
        if cells is not None:
            if len(cells) != size:
                raise RuntimeError(
                    f"For 'vmap', the CellList has {len(cells)} Cells for {size} examples."
                )
            return _finish(_one_by_one(cells, fronts, size), out_axes, size)
        try:
            result = _together(fn, fronts, size)
        except NeedsNumbers:
            result = _one_by_one([fn] * size, fronts, size)
        return _finish(result, out_axes, size)

    return run


def _check_axes(name: str, axes: Any) -> None:
    if isinstance(axes, tuple | list):
        for axis in axes:
            _check_axes(name, axis)
    elif axes is not None and (isinstance(axes, bool) or not isinstance(axes, int)):
        raise RuntimeError(f"For 'vmap', {name} holds ints and None, but got {axes!r}.")


def _spread(axes: Any, items: Any) -> Any:
    return axes if isinstance(axes, tuple | list) else [axes] * len(items)


class _Mapped:
    """An argument's tensor with the mapped axis in front."""

    def __init__(self, tensor: Tensor) -> None:
        self.tensor = tensor


def _front(arg: Any, axis: Any, sizes: list[int]) -> Any:
    if isinstance(arg, tuple | list):
        if isinstance(axis, tuple | list) and len(axis) != len(arg):
            raise RuntimeError(f"For 'vmap', in_axes {axis} does not fit {len(arg)} items.")
        return type(arg)(_front(a, x, sizes) for a, x in zip(arg, _spread(axis, arg), strict=True))
    if axis is None:
        return arg
    if not isinstance(arg, Tensor):
        raise RuntimeError(
            f"For 'vmap', only tensors can be mapped, but in_axes gives axis {axis} to "
            f"'{type(arg).__name__}'. Use None for it."
        )
    at = _axis("in_axes", axis, arg.ndim)
    sizes.append(arg.shape[at])
    if at == 0:
        return _Mapped(arg)
    perm = (at, *(i for i in range(arg.ndim) if i != at))
    return _Mapped(apply(Transpose, (arg,), {"perm": perm}))


def _axis(name: str, axis: int, ndim: int) -> int:
    if not -ndim <= axis < ndim:
        raise RuntimeError(
            f"For 'vmap', the axis {axis} in {name} is out of bounds for {ndim} dimension(s): it "
            f"must be in [{-ndim}, {ndim})."
        )
    return axis % ndim


def _fill(front: Any, function: Callable[[Tensor], Tensor]) -> Any:
    if isinstance(front, tuple | list):
        return type(front)(_fill(f, function) for f in front)
    return function(front.tensor) if isinstance(front, _Mapped) else front


def _together(fn: Any, fronts: list[Any], size: int) -> Any:
    level = Level(size)
    args = [_fill(f, lambda t: Tensor.wrap(Batched(level, t._value))) for f in fronts]
    try:
        with world((), level):
            result = graphed(fn)(*args)
    except NeedsNumbers:
        level.restore()
        raise
    if level.restore():
        raise RuntimeError(
            "For 'vmap', the function assigns a value to a Parameter that differs from example "
            "to example. Return it instead and combine the examples outside."
        )

    def out(leaf: Any) -> Any:
        held = isinstance(leaf, Tensor) and level.holds(leaf._value)
        return _Mapped(Tensor.wrap(leaf._value.whole)) if held else leaf

    return _map_leaves(result, out)


def _map_leaves(result: Any, function: Callable[[Any], Any]) -> Any:
    if isinstance(result, tuple | list):
        return tuple(_map_leaves(r, function) for r in result)
    return function(result)


def _one_by_one(functions: list[Any], fronts: list[Any], size: int) -> Any:
    before = random.snapshot()
    results = []
    for i, function in enumerate(functions):
        random.restore(before)  # every example draws the same numbers, as when run together
        pick = functools.partial(one_example, i=i)
        results.append(graphed(function)(*[_fill(f, pick) for f in fronts]))
    return _join(results)


def _join(results: list[Any]) -> Any:
    first = results[0]
    if isinstance(first, tuple | list):
        return tuple(_join([r[i] for r in results]) for i in range(len(first)))
    if isinstance(first, Tensor):
        return _Mapped(stack(results))
    return first


def _finish(result: Any, axes: Any, size: int) -> Any:
    if isinstance(result, tuple):
        if isinstance(axes, tuple | list) and len(axes) != len(result):
            raise RuntimeError(
                f"For 'vmap', out_axes names {len(axes)} results, but the function returns "
                f"{len(result)}."
            )
        spread = _spread(axes, result)
        return tuple(_finish(r, a, size) for r, a in zip(result, spread, strict=True))
    if isinstance(axes, tuple | list):
        if len(axes) != 1:
            raise RuntimeError(f"For 'vmap', out_axes {axes} does not fit a single result.")
        axes = axes[0]
    if axes is None:
        if isinstance(result, _Mapped):
            raise RuntimeError("For 'vmap', a result that differs by example needs an out_axes.")
        return result
    if isinstance(result, bool | int | float | np.generic):
        result = Tensor(result)
    if isinstance(result, Tensor):
        result = _Mapped(broadcast_batch(result, size))
    if not isinstance(result, _Mapped):
        return result
    whole = result.tensor
    at = _axis("out_axes", axes, whole.ndim)
    if at == 0:
        return whole
    perm = (*range(1, at + 1), 0, *range(at + 1, whole.ndim))
    return apply(Transpose, (whole,), {"perm": perm})
