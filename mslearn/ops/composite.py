"""Functions of functions: Map, HyperMap, MultitypeFuncGraph, partial; loops and branches."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Any

from mslearn.core.state import graphed, state
from mslearn.core.tensor import Tensor
from mslearn.ops.joining import unbind
from mslearn.ops.shape import stack

__all__ = [
    "ForiLoop", "HyperMap", "Map", "MultitypeFuncGraph", "Partial", "Scan", "WhileLoop",
    "constexpr", "fori_loop", "identity", "partial", "scan", "while_loop",
]  # fmt: skip


def identity(x: Any) -> Any:
    """The argument itself."""
    return x


class MultitypeFuncGraph:
    """One name for several functions, chosen by the types of the arguments.

    >>> import mslearn as ms
    >>> add = ms.ops.MultitypeFuncGraph("add")
    >>> @add.register("Number", "Number")
    ... def add_numbers(x, y):
    ...     return x + y
    >>> add(1, 2)
    3
    """

    _KINDS: dict[str, Any] = {
        "Tensor": Tensor, "Number": (int, float), "Int": int, "Float": float, "Bool": bool,
        "Tuple": tuple, "List": list, "Dict": dict, "String": str, "None": type(None),
        "Function": Callable,
    }  # fmt: skip

    def __init__(self, name: str, read_value: bool = False) -> None:
        self.name = name
        self.entries: list[tuple[tuple[Any, ...], Callable[..., Any]]] = []

    def register(self, *type_names: Any) -> Callable[..., Any]:
        """A decorator: use the function for arguments of these types, such as ``"Tensor"``."""

        def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
            self.entries.append((type_names, function))
            return function

        return decorate

    def _fits(self, kind: Any, value: Any) -> bool:
        if kind == "Number" and isinstance(value, bool):
            return False
        wanted = self._KINDS.get(kind, kind)
        return isinstance(value, wanted) if not isinstance(wanted, str) else wanted in str(value)

    def __call__(self, *args: Any) -> Any:
        for kinds, function in self.entries:
            if len(kinds) == len(args) and all(map(self._fits, kinds, args)):
                return graphed(function)(*args)
        got = ", ".join(type(a).__name__ for a in args)
        known = "; ".join(", ".join(map(str, kinds)) for kinds, _ in self.entries)
        raise TypeError(
            f"For 'MultitypeFuncGraph', '{self.name}' has no function for ({got}). It has: {known}."
        )

    def __repr__(self) -> str:
        return f"MultitypeFuncGraph[{self.name}]"


class Map:
    """A function applied to the items of one or several sequences, position by position.

    Args:
        ops: the function; when None it is the first argument of the call.
        reverse: go from the last item to the first.
    """

    _deep = False

    def __init__(self, ops: Callable[..., Any] | None = None, reverse: bool = False) -> None:
        self.ops, self.reverse = ops, reverse

    def __call__(self, *args: Any) -> Any:
        function, lists = (args[0], args[1:]) if self.ops is None else (self.ops, args)
        return self._over(graphed(function), lists)

    def _over(self, function: Callable[..., Any], lists: tuple[Any, ...]) -> Any:
        if len({len(s) for s in lists}) != 1:
            raise ValueError(
                f"For '{type(self).__name__}', the sequences must be equally long, but got "
                f"lengths {[len(s) for s in lists]}."
            )
        rows = list(zip(*lists, strict=True))
        out = [
            self._over(function, row)
            if self._deep and isinstance(row[0], tuple | list)
            else function(*row)
            for row in (reversed(rows) if self.reverse else rows)
        ]
        return tuple(reversed(out)) if self.reverse else tuple(out)


class HyperMap(Map):
    """As `Map`, and into nested tuples and lists."""

    _deep = True

    def _over(self, function: Callable[..., Any], lists: tuple[Any, ...]) -> Any:
        return (
            super()._over(function, lists)
            if isinstance(lists[0], tuple | list)
            else function(*lists)
        )


class Partial:
    """``Partial()(f, a)`` is `f` with its first argument fixed to `a`."""

    def __call__(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        return functools.partial(function, *args, **kwargs)


partial = Partial()


def constexpr(fn: Any = None, get_instance: bool = True, name: str | None = None, **_: Any) -> Any:
    """MindSpore 1.x's mark of functions that run while a graph is built; here the function."""
    warnings.warn(
        "ops.constexpr is an old spelling: a plain function (or jit with constants) does it now.",
        DeprecationWarning,
        stacklevel=2,
    )
    return fn if callable(fn) else lambda function: function


def _or_in_graph(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function`, or while a graph is captured the function of its name for graphs."""

    @functools.wraps(function)
    def run(*args: Any, **kwargs: Any) -> Any:
        graph = state.capture and state.capture.control()
        return getattr(graph, function.__name__, function)(*args, **kwargs)

    return run


@_or_in_graph
def while_loop(cond_func: Any, loop_func: Any, init_val: Any) -> Any:
    """``while cond_func(value): value = loop_func(value)``, differentiable by the value."""
    value = init_val
    while bool(cond_func(value)):
        value = loop_func(value)
    return value


@_or_in_graph
def fori_loop(lower: int, upper: int, loop_func: Any, init_val: Any, unroll: bool = True) -> Any:
    """``for i in range(lower, upper): value = loop_func(i, value)``.

    In a graph the rounds are written out, or with ``unroll=False`` are one loop node.
    """
    value = init_val
    for i in range(int(lower), int(upper)):
        value = loop_func(i, value)
    return value


@_or_in_graph
def scan(
    loop_func: Callable[[Any, Any], tuple[Any, Any]],
    init: Any,
    xs: Any,
    length: int | None = None,
    unroll: bool = True,
) -> tuple[Any, Any]:
    """Carry a state through `xs`: ``state, y = loop_func(state, x)`` for each x.

    Returns:
        The last state, and the ys (a stacked tensor when `xs` is a tensor, else a list).
    """
    items = unbind(xs) if isinstance(xs, Tensor) else [None] * (length or 0) if xs is None else xs
    state, ys = init, []
    for x in items:
        state, y = loop_func(state, x)
        ys.append(y)
    joined = isinstance(xs, Tensor) and ys and isinstance(ys[0], Tensor)
    return state, stack(ys) if joined else ys


def _as_class(function: Callable[..., Any], name: str) -> type:
    body = {"__doc__": function.__doc__, "__call__": lambda self, *a, **k: function(*a, **k)}
    return type(name, (), body)


WhileLoop = _as_class(while_loop, "WhileLoop")
ForiLoop = _as_class(fori_loop, "ForiLoop")
Scan = _as_class(scan, "Scan")

ALIASES = {
    "absolute": "abs", "arccos": "acos", "arccosh": "acosh", "arcsin": "asin",
    "arcsinh": "asinh", "arctan": "atan", "arctan2": "atan2", "arctanh": "atanh",
    "clamp": "clip_by_value", "clip": "clip_by_value", "divide": "div", "eq": "equal",
    "floor_divide": "floor_div", "ge": "greater_equal", "gt": "greater", "le": "less_equal",
    "lt": "less", "multiply": "mul", "ne": "not_equal", "negative": "neg", "remainder": "floor_mod",
    "select": "where", "subtract": "sub", "tensor_add": "add", "true_divide": "div",
    "floordiv": "floor_div", "floormod": "floor_mod", "positive": "identity",
    "soft_shrink": "softshrink", "row_stack": "vstack",
    "log_matrix_determinant": "slogdet",
    "tensor_mul": "mul", "tensor_sub": "sub", "tensor_div": "div", "tensor_pow": "pow",
    "tensor_exp": "exp", "tensor_expm1": "expm1", "tensor_floordiv": "floor_div",
    "tensor_ge": "greater_equal", "tensor_gt": "greater", "tensor_le": "less_equal",
    "tensor_lt": "less", "tensor_mod": "floor_mod", "tensor_muls": "mul", "reduce_max": "amax",
    "reduce_mean": "mean", "reduce_min": "amin", "reduce_sum": "sum",
}  # fmt: skip
"""Second names of functions, as valid as the first."""
OLD = {
    "TensorAdd": "Add", "Pack": "Stack", "Unpack": "Unstack", "Gelu": "GeLU",
    "FastGelu": "FastGeLU", "GatherV2": "Gather", "SparseGatherV2": "Gather", "TensorPow": "Pow",
    "ResizeBilinear": "ResizeBilinearV2", "pack": "stack", "unpack": "unstack",
    "control_depend": "depend", "ControlDepend": "Depend",
}  # fmt: skip
"""Names of MindSpore 1.x, each with the present one."""


def __getattr__(name: str) -> Any:
    """`mindspore.ops.composite` is an older path to functions: what else is asked for is there."""
    from mslearn import ops

    if name.startswith("__"):
        raise AttributeError(name)
    return getattr(ops, name)
