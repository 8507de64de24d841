"""The functional API and the Tensor methods, made from the primitives' own declarations."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

from mslearn.core.primitive import Primitive, registry
from mslearn.core.state import state
from mslearn.core.tensor import Tensor
from mslearn.ops import compare, control, creation, elementwise, indexing, linalg, neural
from mslearn.ops import reduce as reductions
from mslearn.ops import shape as shapes
from mslearn.ops import trigonometry as _trigonometry  # noqa: F401  (declares its primitives)
from mslearn.ops.families import Elementwise, binary, unary


def functional(prim: type[Primitive]) -> Callable[..., Any]:
    """The function that `prim.api` declares, e.g. ``tanh(input)``."""
    name, _, rest = prim.api.partition("(")
    signature = inspect.signature(_parse_signature(rest.rstrip(")")))
    tensors = len(prim.inputs)
    options = list(signature.parameters)[tensors:]
    run = unary if tensors == 1 else binary

    if not options:
        if tensors == 1:

            def function(input: Any) -> Any:
                return unary(prim, input, {})

        else:

            def function(input: Any, other: Any) -> Any:  # type: ignore[misc]
                return binary(prim, input, other)

        names = list(signature.parameters)
        if names != list(inspect.signature(function).parameters):
            function = _renamed(function, names)
    else:

        def function(*args: Any, **kwargs: Any) -> Any:  # type: ignore[misc]
            bound = signature.bind(*args, **kwargs)
            bound.apply_defaults()
            attrs = {o: bound.arguments[o] for o in options}
            return run(prim, *[bound.arguments[n] for n in names_of_tensors], attrs)

        names_of_tensors = list(signature.parameters)[:tensors]
    function.__name__ = function.__qualname__ = name
    function.__doc__ = prim.__doc__
    function.__module__ = "mslearn.ops"
    function.__signature__ = signature  # type: ignore[attr-defined]
    function.primitive = prim  # type: ignore[attr-defined]
    return function


def _parse_signature(parameters: str) -> Callable[..., Any]:
    return eval(f"lambda {parameters}: None")  # our own declaration, never outside text


def _renamed(function: Callable[..., Any], names: list[str]) -> Callable[..., Any]:
    """`function` with other argument names, so that they also work as keywords."""

    def renamed(*args: Any, **kwargs: Any) -> Any:
        if not kwargs and len(args) == len(names):
            return function(*args)
        given = dict(zip(names, args, strict=False))
        for key, value in kwargs.items():
            if key not in names or key in given:
                raise TypeError(f"The arguments are {names}, but got {key!r} too.")
            given[key] = value
        missing = [n for n in names if n not in given]
        if missing or len(args) > len(names):
            raise TypeError(f"The arguments are {names}, but got {len(args) + len(kwargs)}.")
        return function(*[given[n] for n in names])

    return renamed


def functions() -> dict[str, Callable[..., Any]]:
    """Every functional form that a primitive declares, by name."""
    declared = [p for p in registry.values() if p.__dict__.get("api")]
    return {p.api.partition("(")[0]: functional(p) for p in declared}


def _operator(prim: type[Elementwise], reflected: bool = False) -> Callable[..., Any]:
    if reflected:
        return lambda self, other: binary(prim, other, self)
    return lambda self, other: binary(prim, self, other)


def _comparison(prim: type[Elementwise], answer: bool | None = None) -> Callable[..., Any]:
    def compare(self: Tensor, other: Any) -> Any:
        if answer is not None and (other is None or isinstance(other, str)):
            return answer
        return binary(prim, self, other)

    return compare


def attach_methods(table: dict[str, Callable[..., Any]]) -> None:
    """Give Tensor its operators and methods."""
    e, c = elementwise, compare
    arithmetic = {
        "add": e.Add, "sub": e.Sub, "mul": e.Mul, "truediv": e.Div, "floordiv": e.FloorDiv,
        "mod": e.FloorMod, "pow": e.Pow, "and": c.BitwiseAnd, "or": c.BitwiseOr,
        "xor": c.BitwiseXor,
    }  # fmt: skip
    for name, prim in arithmetic.items():
        setattr(Tensor, f"__{name}__", _operator(prim))
        setattr(Tensor, f"__r{name}__", _operator(prim, reflected=True))
    for name, prim, answer in (
        ("eq", c.Equal, False), ("ne", c.NotEqual, True), ("lt", c.Less, None),
        ("le", c.LessEqual, None), ("gt", c.Greater, None), ("ge", c.GreaterEqual, None),
    ):  # fmt: skip
        setattr(Tensor, f"__{name}__", _comparison(prim, answer))
    Tensor.__neg__ = lambda self: unary(e.Neg, self, {})  # type: ignore[attr-defined]
    Tensor.__pos__ = lambda self: self  # type: ignore[attr-defined]
    Tensor.__abs__ = lambda self: unary(e.Abs, self, {})  # type: ignore[attr-defined]
    Tensor.__invert__ = lambda self: unary(c.LogicalNot, self, {})  # type: ignore[attr-defined]
    Tensor.__matmul__ = lambda self, other: linalg.matmul(self, other)  # type: ignore[attr-defined]
    Tensor.__rmatmul__ = lambda self, other: linalg.matmul(other, self)  # type: ignore[attr-defined]
    Tensor.__getitem__ = indexing.getitem  # type: ignore[attr-defined]
    Tensor.__setitem__ = indexing.setitem  # type: ignore[attr-defined]
    for prim in registry.values():
        if prim.__dict__.get("method"):
            setattr(Tensor, prim.method, table[prim.api.partition("(")[0]])
    methods = {
        "astype": shapes.cast, "to": shapes.cast, "reshape": shapes.reshape_method,
        "view": shapes.view, "transpose": shapes.transpose_method, "permute": _permute,
        "swapaxes": shapes.swapaxes, "flatten": _flatten, "expand_dims": shapes.expand_dims,
        "unsqueeze": shapes.unsqueeze, "squeeze": shapes.squeeze, "split": shapes.split,
        "chunk": shapes.chunk, "tile": shapes.tile, "flip": shapes.flip,
        "broadcast_to": shapes.broadcast_to, "matmul": linalg.matmul, "bmm": linalg.bmm,
        "mm": linalg.mm, "sum": _sum, "mean": reductions.mean, "prod": reductions.prod,
        "amax": reductions.amax, "amin": reductions.amin,
        "all": reductions.all, "any": reductions.any, "argmax": _argmax, "argmin": _argmin,
        "var": reductions.var, "std": reductions.std,
        "cumsum": _cumsum, "gather": indexing.gather,
        "masked_fill": indexing.masked_fill, "masked_select": indexing.masked_select,
        "where": lambda self, condition, y: indexing.where(condition, self, y),
        "clip": control.clip_by_value, "clamp": control.clip_by_value,
        "softmax": neural.softmax, "log_softmax": neural.log_softmax,
        "new_zeros": _new(creation.zeros), "new_ones": _new(creation.ones),
        "copy": shapes.identity, "tril": creation.tril, "triu": creation.triu,
    }  # fmt: skip
    Tensor.__round__ = lambda self: unary(table["round"].primitive, self, {})  # type: ignore
    Tensor.__contains__ = _contains  # type: ignore[attr-defined]
    Tensor.max = _extreme(reductions.max, reductions.amax)  # type: ignore[attr-defined]
    Tensor.min = _extreme(reductions.min, reductions.amin)  # type: ignore[attr-defined]
    add_methods(methods)
    for name in ("half", "float", "double", "int", "long", "bool"):
        kind = {"half": "f2", "float": "f4", "double": "f8", "int": "i4", "long": "i8", "bool": "?"}
        setattr(Tensor, name, _to(kind[name]))
    Tensor.data = property(lambda self: Tensor.wrap(self._value))  # type: ignore[attr-defined]
    Tensor.init = None  # type: ignore[attr-defined]  # what is to fill it later: nothing
    Tensor.T = property(shapes.transpose_method)  # type: ignore[attr-defined]


def add_methods(methods: dict[str, Callable[..., Any]]) -> None:
    """Give Tensor methods by name, with all spellings of axis and keepdims."""
    for name, method in methods.items():
        names = inspect.signature(method).parameters
        setattr(Tensor, name, _aliased(method) if {"axis", "dim"} & set(names) else method)


def _to(code: str) -> Callable[[Tensor], Tensor]:
    return lambda self: shapes.cast(self, code)


def _new(make: Callable[..., Tensor]) -> Callable[..., Tensor]:
    return lambda self, size, dtype=None: make(size, dtype or self.dtype)


def _permute(self, *axis):
    """The axes in the order `axis`."""
    return shapes.transpose_method(self, *axis)


def _flatten(self, order="C", *, start_dim=0, end_dim=-1):
    """The axes from `start_dim` to `end_dim` as one; the whole tensor by default."""
    return shapes.flatten(self, order, start_dim=start_dim, end_dim=end_dim)


def _sum(self, axis=None, keepdims=False, *, dtype=None, initial=None):
    """The sum over `axis` (all axes when None), plus `initial` if given."""
    total = reductions.sum(self, axis, keepdims, dtype=dtype)
    return total if initial is None else total + initial


def _cumsum(self, axis, dtype=None):
    """The running sum along `axis`; small integers are summed in int32."""
    small = dtype is None and self._value.dtype.str[1:] in ("i1", "u1", "i2", "u2")
    return reductions.cumsum(self, axis, "i4" if small else dtype)


def _contains(self, item):
    """Whether an element equals `item`."""
    same = self == item
    return bool(same.any()) if isinstance(same, Tensor) else same


def _extreme(both: Callable[..., Any], one: Callable[..., Any]) -> Callable[..., Any]:
    """``x.max(1)`` and ``x.max(dim=1)`` give (values, indices), ``x.max(axis=1)`` the values."""

    def method(
        self: Tensor, *dim: Any, axis: Any = None, keepdims: bool = False, initial: Any = None,
        where: Any = None, return_indices: bool = False, **alias: Any,
    ) -> Any:  # fmt: skip
        given = {"initial": initial, "where": where}
        if dim or "dim" in alias:
            at = dim[0] if dim else alias["dim"]
            keep = dim[1] if len(dim) > 1 else alias.get("keepdim", keepdims)
            found = both(self, at, keep, **given)
            return found if initial is None else found[0]
        unseen = not state.active and not return_indices  # no gradient by the first of equals
        if axis is None or isinstance(axis, tuple | list) or unseen:
            given = {} if axis is None else given
            return (both if return_indices else one)(self, axis, keepdims, **given)
        found = both(self, axis, keepdims, **given)
        return found if return_indices else found[0]

    method.__name__, method.__doc__ = both.__name__, one.__doc__
    return method


def _aliased(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function` that also takes ``axis`` as ``dim`` and the three spellings of ``keepdims``."""
    own = inspect.signature(function).parameters
    groups = (("axis", "dim"), ("keepdims", "keepdim", "keep_dims"))
    names = {a: n for group in groups for n in group if n in own for a in group}

    @functools.wraps(function)
    def method(self: Tensor, *args: Any, **kwargs: Any) -> Any:
        return function(self, *args, **{names.get(k, k): v for k, v in kwargs.items()})

    return method


def _argmax(self, axis=None, keepdims=False):
    """The index of the largest element along `axis`."""
    return reductions.argmax(self, axis, keepdims)


def _argmin(self, axis=None, keepdims=False):
    """The index of the smallest element along `axis`."""
    return reductions.argmin(self, axis, keepdims)
