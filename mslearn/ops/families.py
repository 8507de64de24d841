"""The families of primitives: what a declaration inherits instead of writing.

`Elementwise` needs a kernel and the partial derivatives; shapes, dtypes, vjp, jvp and the adjoint
of broadcasting follow. `Linear` and `Multilinear` need a vjp; the jvp is the operation itself
applied to the tangents.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from mslearn.core.dtype import BOOL, FLOAT32, number_as, promote, promote_number
from mslearn.core.errors import DtypeError, ShapeError
from mslearn.core.primitive import Primitive, apply, broadcast_shape, registry
from mslearn.core.tensor import Abstract, Tensor, array_from

_NUMBERS = (bool, int, float, complex, np.float64)


class Elementwise(Primitive, abstract=True):
    """One number out for one number in, with broadcasting.

    `partials` holds for each input the derivative of the output by that input: a function
    ``(out, *inputs, **attrs) -> Tensor``, a plain number where it is constant, or None where
    there is none.
    """

    partials: ClassVar[tuple[Any, ...]] = ()
    result: ClassVar[str] = "same"  # dtype of the result: "same", "bool"
    floats: ClassVar[bool] = False  # integer inputs are computed in float32

    def __init_subclass__(cls, abstract: bool = False, **kwargs: Any) -> None:
        partials = cls.__dict__.get("partials")
        if partials and "vjp" not in cls.__dict__:
            cls.vjp = tuple(_pull(i, p) for i, p in enumerate(partials))
        super().__init_subclass__(abstract=abstract, **kwargs)
        cls.infer = staticmethod(lambda *xs, **attrs: cls.infer_values(*xs))
        cls.jvp = staticmethod(
            lambda tangents, out, *xs, **attrs: push_elementwise(cls, tangents, out, *xs, **attrs)
        )

    def __call__(self, *args: Any) -> Any:
        if len(self.inputs) == 2 and len(args) >= 2:
            return binary(type(self), args[0], args[1], self.attrs)
        return super().__call__(*args)

    @classmethod
    def infer_values(cls, *xs: Any) -> tuple[tuple[int, ...], np.dtype[Any]]:
        shape = xs[0].shape
        if len(xs) > 1:
            shape = broadcast_shape(cls.name, *[x.shape for x in xs])
        dtype = xs[0].dtype
        for x in xs[1:]:
            dtype = promote(dtype, x.dtype)
        return shape, BOOL if cls.result == "bool" else dtype


def elementwise(
    name: str, api: str, kernel: Any, text: str, inputs: tuple[str, ...] = ("x",), onnx: str = "",
    **rules: Any,
) -> type[Elementwise]:  # fmt: skip
    """A primitive of one line: its function and method are both called `api`."""
    body = {"__doc__": text, "kernel": kernel, "inputs": inputs, "method": api, **rules}
    body["api"] = f"{api}({'input, other' if len(inputs) == 2 else 'input'})"
    return type(name, (Elementwise,), {**body, "lower": {"onnx": onnx} if onnx else {}})


def _pull(i: int, partial: Any) -> Callable[..., Any] | None:
    if partial is None:
        return None

    def vjp(ct: Tensor, out: Tensor, *xs: Tensor, **attrs: Any) -> Tensor:
        d = partial(out, *xs, **attrs) if callable(partial) else partial
        if isinstance(d, Tensor) and d._value.dtype.kind == "c":
            d = conj(d)  # the convention: see complex_numbers.py
        return sum_to(scale(ct, d), xs[i]._value.shape)

    return vjp


def push_elementwise(
    prim: type[Elementwise], tangents: tuple[Any, ...], out: Tensor, *xs: Tensor, **attrs: Any
) -> Tensor | None:
    """The jvp of every element-wise primitive: the sum of tangent times partial derivative."""
    total = None
    for tangent, partial in zip(tangents, prim.partials, strict=True):
        if tangent is None or partial is None:
            continue
        d = partial(out, *xs, **attrs) if callable(partial) else partial
        term = scale(tangent, d)
        total = term if total is None else total + term
    if total is not None and total._value.dtype.kind == "c" != out._value.dtype.kind:
        total = cast(total, out._value.dtype)  # the length of a complex number is real
    if total is not None and total.shape != out.shape:
        total = apply(BroadcastTo, (total,), {"shape": out.shape})
    return total


def scale(ct: Tensor, d: Any) -> Tensor:
    """``ct * d`` where `d` is a Tensor or a plain number, without work for 1 and -1."""
    if isinstance(d, Tensor):
        return ct * d
    return ct if d == 1 else -ct if d == -1 else ct * d


def sum_to(x: Tensor, shape: tuple[int, ...]) -> Tensor:
    """The adjoint of broadcasting `shape` to ``x.shape``: sum over the axes it repeated."""
    have = x._value.shape
    if have == shape:
        return x
    lead = len(have) - len(shape)
    axes = tuple(range(lead)) + tuple(
        lead + i for i, n in enumerate(shape) if n == 1 and have[lead + i] != 1
    )
    if axes:
        x = apply(ReduceSum, (x,), {"axis": axes, "keep_dims": False})
    return x if x._value.shape == shape else apply(Reshape, (x,), {"shape": shape})


def conj(x: Tensor) -> Tensor:
    """The complex conjugate; real numbers themselves."""
    return apply(registry["Conj"], (x,)) if x._value.dtype.kind == "c" else x


class Linear(Primitive, abstract=True):
    """Linear in its one tensor: the tangent goes through the operation itself."""

    def __init_subclass__(cls, abstract: bool = False, **kwargs: Any) -> None:
        super().__init_subclass__(abstract=abstract, **kwargs)
        if not abstract and "jvp" not in cls.__dict__:
            cls.jvp = staticmethod(
                lambda tangents, out, *xs, **attrs: apply(cls, (tangents[0], *xs[1:]), attrs)
            )


class Multilinear(Primitive, abstract=True):
    """Linear in each tensor: the tangent is a sum, one tensor replaced by its tangent at a time."""

    def __init_subclass__(cls, abstract: bool = False, **kwargs: Any) -> None:
        super().__init_subclass__(abstract=abstract, **kwargs)

        def jvp(tangents: Any, out: Tensor, *xs: Tensor, **attrs: Any) -> Any:
            total = None
            for i, tangent in enumerate(tangents):
                if tangent is not None:
                    term = apply(cls, (*xs[:i], tangent, *xs[i + 1 :]), attrs)
                    total = term if total is None else total + term
            return total

        if not abstract and "jvp" not in cls.__dict__:
            cls.jvp = staticmethod(jvp)


def cast(x: Tensor, dtype: np.dtype[Any]) -> Tensor:
    """`x` in a NumPy dtype; itself when it already is."""
    return x if x._value.dtype == dtype else apply(Cast, (x,), {"dtype": dtype})


def floating(x: Any) -> Tensor:
    """`x` as a Tensor of a floating dtype: integers and bools become float32."""
    t = x if isinstance(x, Tensor) else Tensor.wrap(array_from(x))
    return t if t._value.dtype.kind in "fVc" else cast(t, FLOAT32)


def unary(prim: type[Elementwise], x: Any, attrs: dict[str, Any]) -> Tensor:
    """Apply a one-input element-wise primitive to anything that can become a Tensor."""
    if prim.floats:
        return apply(prim, (floating(x),), attrs)
    return apply(prim, (x if isinstance(x, Tensor) else Tensor.wrap(array_from(x)),), attrs)


def binary(prim: type[Elementwise], x: Any, y: Any, attrs: dict[str, Any] | None = None) -> Tensor:
    """Apply a two-input element-wise primitive after MindSpore's implicit type promotion."""
    if isinstance(x, Tensor):
        if not isinstance(y, Tensor):
            x, y = _with_number(prim, x, y)
    elif isinstance(y, Tensor):
        y, x = _with_number(prim, y, x)
    else:
        x, y = Tensor.wrap(array_from(x)), Tensor.wrap(array_from(y))
    a, b = x._value.dtype, y._value.dtype
    if a is not b:
        meet = promote(a, b) if x.weak is y.weak else _meet_weak(*((y, x) if x.weak else (x, y)))
        x, y, a = cast(x, meet), cast(y, meet), meet
    if a.kind == "b" and prim.name == "Sub":
        prim = registry["NotEqual"]
    if prim.floats and a.kind not in "fVc":
        x, y = cast(x, FLOAT32), cast(y, FLOAT32)
    return apply(prim, (x, y), attrs or {})


def _meet_weak(x: Tensor, number: Tensor) -> np.dtype[Any]:
    return promote_number(x._value.dtype, number._value.dtype.type(0).item())


def _with_number(prim: type[Primitive], x: Tensor, other: Any) -> tuple[Tensor, Tensor]:
    if type(other) in _NUMBERS:
        meet = promote_number(x._value.dtype, other)
        return cast(x, meet), Tensor.wrap(number_as(meet, other))
    try:
        return x, Tensor.wrap(array_from(other))
    except DtypeError as error:
        raise DtypeError(
            f"For '{prim.name}', both inputs must be tensors or numbers, but got Tensor "
            f"({x.dtype}{list(x.shape)}) and '{type(other).__name__}'. Convert the second with "
            f"mslearn.Tensor(…)."
        ) from error


class Cast(Linear):
    """Another dtype, element by element."""

    static = {"dtype": None}
    lower = {"onnx": "Cast"}

    def kernel(x, dtype):
        real = x.dtype.kind == "c" and dtype.kind not in "cb"
        return (x.real if real else x).astype(dtype)

    def infer(x, dtype):
        return x.shape, dtype

    def vjp(ct, out, x, dtype):
        return (None if x._value.dtype.kind == "b" else cast(ct, x._value.dtype),)


class Reshape(Linear):
    """The same elements, in C order, in another shape."""

    static = {"shape": ()}
    lower = {"onnx": "Reshape"}

    def kernel(x, shape):
        return x.reshape(shape)

    def infer(x, shape):
        shape = tuple(shape)
        known = int(np.prod([n for n in shape if n >= 0], dtype=int))
        if shape.count(-1) == 1 and known and Abstract(x.shape, x.dtype).size % known == 0:
            filled = Abstract(x.shape, x.dtype).size // known
            return tuple(filled if n == -1 else n for n in shape), x.dtype
        if -1 in shape or known != Abstract(x.shape, x.dtype).size:
            raise _bad_reshape(x, shape)
        return shape, x.dtype

    def vjp(ct, out, x, shape):
        return (apply(Reshape, (ct,), {"shape": x._value.shape}),)


def _bad_reshape(x: Any, shape: tuple[int, ...]) -> Exception:
    size = Abstract(x.shape, x.dtype).size
    return ShapeError(
        f"For 'Reshape', the shape {list(x.shape)} has {size} elements, which do not fit into "
        f"{list(shape)}. The products must be equal; one size may be -1, to be worked out."
    )


class BroadcastTo(Linear):
    """Repeat along new axes and along axes of size 1."""

    params = {"shape": ()}
    lower = {"onnx": "Expand"}

    def kernel(x, shape):
        return np.broadcast_to(x, shape)

    def infer(x, shape):
        broadcast_shape("BroadcastTo", x.shape, tuple(shape))
        return tuple(shape), x.dtype

    def vjp(ct, out, x, shape):
        return (sum_to(ct, x._value.shape),)


class ReduceSum(Linear):
    """The sum over the axes `axis` (all when empty)."""

    params = {"keep_dims": False}
    static = {"axis": ()}
    lower = {"onnx": "ReduceSum"}

    def kernel(x, axis, keep_dims):
        return x.sum(axis=axis if axis != () else None, keepdims=keep_dims, dtype=x.dtype)

    def infer(x, axis, keep_dims):
        return reduced_shape("ReduceSum", x.shape, axis, keep_dims), x.dtype

    def vjp(ct, out, x, axis, keep_dims):
        return (spread(ct, x._value.shape, axis),)


def normal_axes(name: str, ndim: int, axis: Any) -> tuple[int, ...]:
    """`axis` (None, int or tuple; empty means all) as sorted non-negative ints."""
    if axis is None or axis == () or axis == []:
        return tuple(range(ndim))
    axes = tuple(axis) if isinstance(axis, tuple | list) else (axis,)
    for a in axes:
        if not isinstance(a, int | np.integer) or isinstance(a, bool):
            raise TypeError(f"For '{name}', an axis must be an int, but got '{type(a).__name__}'.")
        if not -max(ndim, 1) <= a < max(ndim, 1):
            raise ValueError(
                f"For '{name}', the axis must be in [{-max(ndim, 1)}, {max(ndim, 1)}) for a "
                f"{ndim}-dimensional tensor, but got {a}."
            )
    return tuple(sorted({int(a) % ndim for a in axes})) if ndim else ()


def reduced_shape(name: str, shape: tuple[int, ...], axis: Any, keep_dims: bool) -> tuple[int, ...]:
    """The shape that remains after reducing `axis`."""
    gone = normal_axes(name, len(shape), axis)
    if keep_dims:
        return tuple(1 if i in gone else n for i, n in enumerate(shape))
    return tuple(n for i, n in enumerate(shape) if i not in gone)


def spread(ct: Tensor, shape: tuple[int, ...], axis: Any) -> Tensor:
    """Undo a reduction's shape: put the reduced axes back and repeat along them."""
    kept = reduced_shape("reduction", shape, axis, True)
    if ct._value.shape != kept:
        ct = apply(Reshape, (ct,), {"shape": kept})
    return ct if kept == shape else apply(BroadcastTo, (ct,), {"shape": shape})
