"""Reductions: sums, means, extremes, and where the extremes stand."""

from __future__ import annotations

from typing import Any

import numpy as np

from mslearn.core.dtype import BOOL, FLOAT32, INT64, to_numpy
from mslearn.core.primitive import Primitive, apply, registry
from mslearn.core.tensor import Tensor, as_tensor
from mslearn.ops.families import (
    BroadcastTo,
    Linear,
    ReduceSum,
    Reshape,
    cast,
    normal_axes,
    reduced_shape,
    spread,
)
from mslearn.ops.shape import Transpose

__all__ = [
    "all", "amax", "amin", "any", "argmax", "argmin", "cumsum", "max", "mean", "min",
    "prod", "std", "sum", "var",
]  # fmt: skip


class _Reduce(Primitive, abstract=True):
    params = {"keep_dims": False}
    static = {"axis": ()}

    def __init_subclass__(cls, abstract: bool = False, **kwargs: Any) -> None:
        super().__init_subclass__(abstract=abstract, **kwargs)
        if not abstract and "infer" not in cls.__dict__:
            dtype = BOOL if cls.name in ("ReduceAll", "ReduceAny") else None
            cls.infer = staticmethod(
                lambda x, axis, keep_dims: (
                    reduced_shape(cls.name, x.shape, axis, keep_dims),
                    dtype or x.dtype,
                )
            )


def _all(axis: Any) -> Any:
    return None if axis == () else axis


def _count(shape: tuple[int, ...], axis: Any) -> int:
    return int(np.prod([shape[a] for a in normal_axes("ReduceMean", len(shape), axis)], dtype=int))


class ReduceMean(_Reduce, Linear):
    """The mean over the axes `axis` (all when empty)."""

    lower = {"onnx": "ReduceMean"}

    def kernel(x, axis, keep_dims):
        return x.mean(axis=_all(axis), keepdims=keep_dims).astype(x.dtype, copy=False)

    def vjp(ct, out, x, axis, keep_dims):
        return (spread(ct / _count(x._value.shape, axis), x._value.shape, axis),)


class ReduceProd(_Reduce):
    """The product over the axes `axis` (all when empty)."""

    def kernel(x, axis, keep_dims):
        return x.prod(axis=_all(axis), keepdims=keep_dims, dtype=x.dtype)

    # Through logarithms a zero would lose its gradient; the product of the *others* is exact.
    def vjp(ct, out, x, axis, keep_dims):
        return (spread(ct, x._value.shape, axis) * _product_of_others(x, axis),)

    def jvp(tangents, out, x, axis, keep_dims):
        terms = tangents[0] * _product_of_others(x, axis)
        return apply(ReduceSum, (terms,), {"axis": axis, "keep_dims": keep_dims})


def _product_of_others(x: Tensor, axis: Any) -> Tensor:
    shape = x._value.shape
    axes = normal_axes("ReduceProd", len(shape), axis)
    kept = [i for i in range(len(shape)) if i not in axes]
    flat = apply(Transpose, (x,), {"perm": (*kept, *axes)})
    n = int(np.prod([shape[a] for a in axes], dtype=int))
    rows = apply(Reshape, (flat,), {"shape": (*[shape[k] for k in kept], n, 1)})
    square = apply(BroadcastTo, (rows,), {"shape": (*[shape[k] for k in kept], n, n)})
    eye = Tensor.wrap(np.eye(n, dtype=x._value.dtype))
    others = square * (1 - eye) + eye  # column j holds every factor but the j-th
    product = apply(ReduceProd, (others,), {"axis": (len(kept),), "keep_dims": False})
    back = apply(
        Reshape, (product,), {"shape": tuple([shape[k] for k in kept] + [shape[a] for a in axes])}
    )
    return apply(Transpose, (back,), {"perm": tuple(int(i) for i in np.argsort([*kept, *axes]))})


class _Extreme(_Reduce, abstract=True):
    # Equal extremes share the gradient, as in MindSpore.
    def vjp(ct, out, x, axis, keep_dims):
        shape = x._value.shape
        hit = cast(x == spread(out, shape, axis), ct._value.dtype)
        share = apply(ReduceSum, (hit,), {"axis": axis, "keep_dims": keep_dims})
        return (spread(ct / share, shape, axis) * hit,)

    def jvp(tangents, out, x, axis, keep_dims):
        hit = cast(x == spread(out, x._value.shape, axis), out._value.dtype)
        attrs = {"axis": axis, "keep_dims": keep_dims}
        return apply(ReduceSum, (tangents[0] * hit,), attrs) / apply(ReduceSum, (hit,), attrs)


class ReduceMax(_Extreme):
    """The largest element over the axes `axis` (all when empty)."""

    lower = {"onnx": "ReduceMax"}

    def kernel(x, axis, keep_dims):
        return x.max(axis=_all(axis), keepdims=keep_dims)


class ReduceMin(_Extreme):
    """The smallest element over the axes `axis` (all when empty)."""

    lower = {"onnx": "ReduceMin"}

    def kernel(x, axis, keep_dims):
        return x.min(axis=_all(axis), keepdims=keep_dims)


class ReduceAll(_Reduce):
    """Whether all elements are true."""

    def kernel(x, axis, keep_dims):
        return x.all(axis=_all(axis), keepdims=keep_dims)


class ReduceAny(_Reduce):
    """Whether any element is true."""

    def kernel(x, axis, keep_dims):
        return x.any(axis=_all(axis), keepdims=keep_dims)


class Argmax(Primitive):
    """The index of the largest element along `axis`; of equal ones, the first."""

    params = {"axis": -1, "output_type": INT64}
    lower = {"onnx": "ArgMax"}

    def kernel(x, axis, output_type):
        return x.argmax(axis).astype(to_numpy(output_type))

    def infer(x, axis, output_type):
        return reduced_shape("Argmax (or Argmin)", x.shape, axis, False), to_numpy(output_type)


class Argmin(Argmax):
    """The index of the smallest element along `axis`; of equal ones, the first."""

    lower = {"onnx": "ArgMin"}

    def kernel(x, axis, output_type):
        return x.argmin(axis).astype(to_numpy(output_type))


class CumSum(Linear):
    """The running sum along `axis`."""

    params = {"exclusive": False, "reverse": False}
    static = {"axis": 0}

    def kernel(x, axis, exclusive=False, reverse=False):
        y = np.flip(x, axis) if reverse else x
        out = np.cumsum(y, axis, dtype=x.dtype)
        if exclusive:
            out = out - y
        return np.flip(out, axis) if reverse else out

    def infer(x, axis, exclusive=False, reverse=False):
        normal_axes("CumSum (or CumProd)", len(x.shape), axis)
        return x.shape, x.dtype

    def vjp(ct, out, x, axis, exclusive=False, reverse=False):
        attrs = {"axis": axis, "exclusive": exclusive, "reverse": not reverse}
        return (apply(CumSum, (ct,), attrs),)


def _axis(axis: Any) -> Any:
    return () if axis is None else tuple(axis) if isinstance(axis, list) else axis


def _reduce(prim: type[Primitive], x: Any, axis: Any, keep_dims: bool) -> Tensor:
    t = as_tensor(x)
    axis = _axis(axis)
    normal_axes(prim.name, t.ndim, axis)
    return apply(prim, (t,), {"axis": axis, "keep_dims": bool(keep_dims)})


def widened(input: Any, dtype: Any) -> Tensor:
    """The tensor in `dtype`; without one, bools and integers as int64."""
    x = as_tensor(input)
    if dtype is not None:
        return cast(x, to_numpy(dtype))
    return cast(x, INT64) if x._value.dtype.kind in "biu" else x


def sum(input, dim=None, keepdim=False, *, dtype=None):
    """The sum over `dim` (all axes when None). Bools and small integers are summed in int64."""
    return _reduce(ReduceSum, widened(input, dtype), dim, keepdim)


def mean(x, axis=None, keep_dims=False):
    """The mean over `axis` (all axes when None); bools have none, as in MindSpore."""
    t = as_tensor(x)
    if t._value.dtype.kind == "b":
        raise RuntimeError(
            f"For 'ReduceMean', bool is not supported (the input is {t.dtype}{list(t.shape)}). "
            f"Cast it first: x.astype(mslearn.float32).mean()."
        )
    return _reduce(ReduceMean, t, axis, keep_dims)


def prod(input, axis=None, keep_dims=False, dtype=None):
    """The product over `axis` (all axes when None)."""
    return _reduce(ReduceProd, widened(input, dtype), axis, keep_dims)


def _extreme(
    prim: type[Primitive], arg: type[Primitive], input: Any, axis: Any, keepdims: bool,
    initial: Any, where: Any,
) -> Any:  # fmt: skip
    x = as_tensor(input)
    if axis is None:
        return apply(prim, (x,), {"axis": (), "keep_dims": False}), Tensor.wrap(np.asarray(0))
    (at,) = normal_axes(prim.name, x.ndim, axis)
    x = _bounded(prim, x, initial, where)
    index = apply(arg, (x,), {"axis": axis, "output_type": INT64})
    if not x.ndim:
        return x, index
    wide = apply(Reshape, (index,), {"shape": (*x.shape[:at], 1, *x.shape[at + 1 :])})
    # Of several largest numbers the first gets the gradient, as its index says.
    values = apply(registry["GatherD"], (x, wide), {"dim": at})
    if keepdims:
        return values, wide
    return apply(Reshape, (values,), {"shape": index.shape}), index


def _bounded(prim: type[Primitive], x: Tensor, initial: Any, where: Any) -> Tensor:
    if where is not None:
        if initial is None:
            raise ValueError(f"For '{prim.name}', an initial value is needed beside where.")
        x = x.where(where, initial)  # type: ignore[attr-defined]
    if initial is None:
        return x
    return x.maximum(initial) if prim is ReduceMax else x.minimum(initial)


def max(input, axis=None, keepdims=False, *, initial=None, where=None):
    """The largest elements along `axis` and their indices; over everything when axis is None.

    Returns:
        (values, indices), two Tensors.
    """
    return _extreme(ReduceMax, Argmax, input, axis, keepdims, initial, where)


def min(input, axis=None, keepdims=False, *, initial=None, where=None):
    """The smallest elements along `axis` and their indices; over everything when axis is None.

    Returns:
        (values, indices), two Tensors.
    """
    return _extreme(ReduceMin, Argmin, input, axis, keepdims, initial, where)


def amax(input, axis=None, keepdims=False, *, initial=None, where=None):
    """The largest element over `axis` (all axes when None)."""
    x = _bounded(ReduceMax, as_tensor(input), initial, where)
    return _reduce(ReduceMax, x, axis, keepdims)


def amin(input, axis=None, keepdims=False, *, initial=None, where=None):
    """The smallest element over `axis` (all axes when None)."""
    x = _bounded(ReduceMin, as_tensor(input), initial, where)
    return _reduce(ReduceMin, x, axis, keepdims)


def all(input, axis=None, keep_dims=False):
    """Whether all elements over `axis` are true."""
    return _reduce(ReduceAll, input, axis, keep_dims)


def any(input, axis=None, keep_dims=False):
    """Whether any element over `axis` is true."""
    return _reduce(ReduceAny, input, axis, keep_dims)


def _arg(prim: type[Primitive], input: Any, axis: Any, keepdim: bool) -> Tensor:
    x = as_tensor(input)
    flat = x if axis is not None else apply(Reshape, (x,), {"shape": (-1,)})
    normal_axes(prim.name, flat.ndim, -1 if axis is None else axis)
    attrs = {"axis": -1 if axis is None else axis, "output_type": INT64}
    index = apply(prim, (flat,), attrs)
    if not keepdim:
        return index
    kept = reduced_shape(prim.name, x.shape, axis, True)
    return apply(Reshape, (index,), {"shape": kept})


def argmax(input, dim=None, keepdim=False):
    """The index of the largest element along `dim` (of the flattened tensor when None)."""
    return _arg(Argmax, input, dim, keepdim)


def argmin(input, axis=None, keepdims=False):
    """The index (int32, as in MindSpore) of the smallest element along `axis`, or of all."""
    return cast(_arg(Argmin, input, axis, keepdims), np.dtype("i4"))


def var(input, axis=None, ddof=0, keepdims=False):
    """The variance over `axis`, divided by (n - ddof)."""
    x = as_tensor(input)
    off = x - _reduce(ReduceMean, x, axis, True)
    n = _count(x.shape, _axis(axis))
    return _reduce(ReduceSum, off * off, axis, keepdims) / (n - int(ddof))


def std(input, axis=None, ddof=0, keepdims=False):
    """The standard deviation over `axis`: the root of `var`."""
    return var(input, axis, ddof, keepdims).sqrt()


def norm(A, ord=None, dim=None, keepdim=False, *, dtype=None):
    """The vector norm (2-norm by default) over `dim`; `ord` may be 1, 2, inf or another p."""
    x = as_tensor(A) if dtype is None else cast(as_tensor(A), to_numpy(dtype))
    x = cast(x, FLOAT32) if x._value.dtype.kind in "biu" else x
    p = 2 if ord in (None, "fro") else ord
    if not isinstance(p, int | float):
        raise ValueError(f"For 'norm', ord is None, 'fro' or a number, but got {ord!r}.")
    if p == 2:
        return _reduce(ReduceSum, x * x, dim, keepdim).sqrt()
    if p in (float("inf"), -float("inf")):
        return _reduce(ReduceMax if p > 0 else ReduceMin, x.abs(), dim, keepdim)
    if p == 1:
        return _reduce(ReduceSum, x.abs(), dim, keepdim)
    return _reduce(ReduceSum, x.abs() ** p, dim, keepdim) ** (1 / p)


def cumsum(x, axis, dtype=None):
    """The running sum along `axis`."""
    t = as_tensor(x)
    if dtype is not None:
        t = cast(t, to_numpy(dtype))
    return apply(CumSum, (t,), {"axis": axis})
