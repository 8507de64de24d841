"""What a recorded function's arguments are called, and which values are Parameters."""

from __future__ import annotations

import gc
import inspect
from typing import Any

from mslearn.core import Parameter, Tensor
from mslearn.nn import Cell

from .graph_recorder import Op


def arity(fn: Any) -> int:
    """How many positional arguments `fn` insists on."""
    try:
        signature = inspect.signature(fn.construct if isinstance(fn, Cell) else fn)
    except (TypeError, ValueError):
        return 1
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return sum(p.kind in kinds and p.default is p.empty for p in signature.parameters.values())


def named_arguments(fn: Any, args: tuple[Any, ...], skip: int = 0) -> dict[str, Tensor]:
    """The tensors among a call's arguments, by the names of `fn` without its first `skip`."""
    names: list[str] = []
    try:
        signature = inspect.signature(fn.construct if isinstance(fn, Cell) else fn)
        for p in signature.parameters.values():
            if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD):
                names.append(p.name)
    except (TypeError, ValueError):
        pass
    names = names[skip:]
    named = {}
    for k, arg in enumerate(args):
        if isinstance(arg, Tensor) and not isinstance(arg, Parameter):
            named[names[k] if k < len(names) else f"input{k}"] = arg
    return named


def outside_tensors(fn: Any) -> dict[str, Tensor]:
    """Tensors that a function uses from outside, such as the labels in a lambda, by name."""
    try:
        found = inspect.getclosurevars(fn)
    except TypeError:
        return {}
    outside = {**found.globals, **found.nonlocals}
    return {
        n: t for n, t in outside.items() if isinstance(t, Tensor) and not isinstance(t, Parameter)
    }


def leaves_of(ops: list[Op]) -> list[Any]:
    """The values that operations read and none of them made."""
    made: set[int] = set()
    leaves: dict[int, Any] = {}
    for op in ops:
        for value in op.inputs:
            if id(value) not in made:
                leaves[id(value)] = value
        made.update(map(id, op.outputs))
    return list(leaves.values())


def parameters_of(leaves: list[Any]) -> dict[int, Parameter]:
    """The Parameters among `leaves`, by id(value).

    Observers see values, not the handles that hold them. Who holds a value is asked of the
    garbage collector, so that weights are found in whatever Cell, list or closure they live.
    """
    wanted = {id(v) for v in leaves}
    holders = [h for h in gc.get_referrers(*leaves) if isinstance(h, Parameter)]
    return {id(p._value): p for p in holders if id(p._value) in wanted}
