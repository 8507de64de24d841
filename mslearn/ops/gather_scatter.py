"""Gathering and scattering by index tensors: new tensors, and Parameters in place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from mslearn.core.dtype import INT64
from mslearn.core.errors import ShapeError
from mslearn.core.primitive import Primitive, apply
from mslearn.core.tensor import Tensor, as_tensor
from mslearn.ops.control import assign
from mslearn.ops.families import Linear, cast, normal_axes
from mslearn.ops.indexing import TENSOR, AddAt, GetItem, SetItem, gather, where
from mslearn.ops.shape import broadcast_to, expand_dims

__all__ = [
    "gather_d", "gather_elements", "gather_nd", "index_add", "index_fill", "index_select",
    "masked_scatter", "repeat_elements", "repeat_interleave", "scatter", "scatter_add",
    "scatter_div", "scatter_max", "scatter_min", "scatter_mul", "scatter_nd", "scatter_nd_add",
    "scatter_nd_div", "scatter_nd_max", "scatter_nd_min", "scatter_nd_mul", "scatter_nd_sub",
    "scatter_nd_update", "scatter_sub", "scatter_update", "slice", "strided_slice", "take",
    "tensor_scatter_add", "tensor_scatter_div", "tensor_scatter_elements", "tensor_scatter_max",
    "tensor_scatter_min", "tensor_scatter_mul", "tensor_scatter_sub", "tensor_scatter_update",
]  # fmt: skip


class GatherD(Linear):
    """``out[i][j] = x[index[i][j]][j]`` for dim 0: one element for every place of `index`."""

    inputs = ("x", "index")
    static = {"dim": 0}
    lower = {"onnx": "GatherElements"}

    def kernel(x, index, dim):
        # An index may be smaller than x on the other axes: look only at that part of x.
        part = tuple(
            np.s_[:] if i == dim % x.ndim else np.s_[:n] for i, n in enumerate(index.shape)
        )
        return np.take_along_axis(x[part], index, dim)

    def infer(x, index, dim):
        (at,) = normal_axes("GatherD", len(x.shape), dim)
        small = [i for i, (n, m) in enumerate(zip(index.shape, x.shape, strict=False)) if n > m]
        if len(x.shape) != len(index.shape) or [i for i in small if i != at]:
            raise ShapeError(
                f"For 'GatherD', the index needs as many axes as x, none longer except axis {dim}, "
                f"but got x {list(x.shape)} and index {list(index.shape)}."
            )
        return index.shape, x.dtype

    def vjp(ct, out, x, index, dim):
        zeros = Tensor.wrap(np.zeros(x._value.shape, ct._value.dtype))
        attrs = {"axis": dim, "reduction": "add"}
        return apply(TensorScatterElements, (zeros, index, ct), attrs), None

    def __call__(self, x: Any, dim: int, index: Any) -> Any:
        return apply(GatherD, (as_tensor(x), as_tensor(index)), {"dim": int(dim)})


class TensorScatterElements(Primitive):
    """A copy of x with ``out[indices[i][j]][j]`` replaced by (or increased by) ``updates[i][j]``.

    `axis` says which coordinate the indices stand for; `reduction` is ``"none"`` or ``"add"``.
    """

    inputs = ("input_x", "indices", "updates")
    params = {"axis": 0, "reduction": "none"}
    lower = {"onnx": "ScatterElements"}

    def kernel(x, indices, updates, axis, reduction):
        out = x.copy()
        place = list(np.indices(indices.shape, sparse=True))
        place[axis] = indices
        if reduction == "add":
            np.add.at(out, tuple(place), updates)
        else:
            out[tuple(place)] = updates
        return out

    def infer(x, indices, updates, axis, reduction):
        if indices.shape != updates.shape or len(x.shape) != len(indices.shape):
            raise ShapeError(
                f"For 'TensorScatterElements', indices and updates need equal shapes with as many "
                f"axes as x, but got x {list(x.shape)}, indices {list(indices.shape)}, updates "
                f"{list(updates.shape)}."
            )
        return x.shape, x.dtype

    def vjp(ct, out, x, indices, updates, axis, reduction):
        kept = ct
        if reduction == "none":
            zeros = Tensor.wrap(np.zeros(updates._value.shape, ct._value.dtype))
            kept = apply(
                TensorScatterElements,
                (ct, indices, zeros),
                {"axis": axis, "reduction": reduction},
            )
        return kept, None, apply(GatherD, (ct, indices), {"dim": axis})

    def jvp(tangents, out, x, indices, updates, axis, reduction):
        tx, _, tu = (
            t if t is not None else Tensor.wrap(np.zeros(v.shape, out._value.dtype))
            for t, v in zip(tangents, (x, indices, updates), strict=True)
        )
        attrs = {"axis": axis, "reduction": reduction}
        return apply(TensorScatterElements, (tx, indices, tu), attrs)


def gather_elements(input, dim, index):
    """``out[i][j] = input[index[i][j]][j]`` for dim 0, and so on for other axes."""
    return apply(GatherD, (as_tensor(input), as_tensor(index)), {"dim": int(dim)})


def gather_d(x, dim, index):
    """`gather_elements` by its older name."""
    return gather_elements(x, dim, index)


def tensor_scatter_elements(input_x, indices, updates, axis=0, reduction="none"):
    """A copy with single elements replaced (or, for ``reduction="add"``, increased)."""
    x, index = as_tensor(input_x), as_tensor(indices)
    new = cast(as_tensor(updates), x._value.dtype)
    attrs = {"axis": int(axis), "reduction": reduction}
    return apply(TensorScatterElements, (x, index, new), attrs)


def scatter(input, axis, index, src):
    """A copy with ``src[i][j]`` written to ``out[index[i][j]][j]`` (axis 0)."""
    i = as_tensor(index)
    return tensor_scatter_elements(input, i, broadcast_to(as_tensor(src), i.shape), axis)


def _place(indices: Any) -> tuple[dict[str, Any], tuple[Tensor, ...]]:
    """The last axis of `indices` holds coordinates: a template and one index tensor for each."""
    i = as_tensor(indices)
    if i._value.dtype.kind not in "iu":
        raise TypeError(f"For scattering by coordinates, indices are integers, not {i.dtype}.")
    depth = i.shape[-1]
    return {"template": (TENSOR,) * depth}, tuple(i[..., k] for k in range(depth))


def gather_nd(input_x, indices):
    """The elements (or slices) at the coordinates in the last axis of `indices`."""
    x, (attrs, index) = as_tensor(input_x), _place(indices)
    if len(index) > x.ndim:
        raise ShapeError(
            f"For 'gather_nd', the last axis of indices holds {len(index)} coordinates, but x has "
            f"only {x.ndim} axes (shape {list(x.shape)})."
        )
    return apply(GetItem, (x, *index), attrs)


def _rounds(index: tuple[Tensor, ...]) -> list[tuple[Tensor, ...]]:
    """The places split so that none occurs twice in one round (mostly there is one round)."""
    flat = np.stack([i._concrete().ravel() for i in index], 1)
    _, which = np.unique(flat, axis=0, return_inverse=True)
    order = np.argsort(which.ravel(), kind="stable")
    ordered = which.ravel()[order]
    starts = np.searchsorted(ordered, ordered)
    rank = np.empty(len(order), int)
    rank[order] = np.arange(len(order)) - starts
    return [np.flatnonzero(rank == k) for k in range(rank.max(initial=0) + 1)]


def _combine(name: str, combine: Callable[[Tensor, Tensor], Tensor]) -> Callable[..., Tensor]:
    def function(input_x, indices, updates):
        x, (attrs, index) = as_tensor(input_x), _place(indices)
        new = cast(as_tensor(updates), x._value.dtype)
        if name == "add":
            return apply(AddAt, (x, new, *index), attrs)
        if name == "sub":
            return apply(AddAt, (x, -new, *index), attrs)
        if name == "update":
            return apply(SetItem, (x, new, *index), attrs)
        rows = new.reshape((-1, *new.shape[index[0].ndim :]))
        for kept in _rounds(index):
            at = tuple(i.reshape((-1,))[Tensor(kept)] for i in index)
            old = apply(GetItem, (x, *at), attrs)
            x = apply(SetItem, (x, combine(old, rows[Tensor(kept)]), *at), attrs)
        return x

    function.__name__ = f"tensor_scatter_{name}"
    function.__doc__ = (
        f"A copy of `input_x` with `updates` put in by '{name}' at the coordinates in the last "
        f"axis of `indices`; equal coordinates count one after the other."
    )
    return function


_RULES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "update": lambda old, new: new,
    "add": lambda old, new: old + new,
    "sub": lambda old, new: old - new,
    "mul": lambda old, new: old * new,
    "div": lambda old, new: old / new,
    "max": lambda old, new: old.maximum(new),
    "min": lambda old, new: old.minimum(new),
}
_COPIES = {name: _combine(name, rule) for name, rule in _RULES.items()}
tensor_scatter_update, tensor_scatter_add = _COPIES["update"], _COPIES["add"]
tensor_scatter_sub, tensor_scatter_mul = _COPIES["sub"], _COPIES["mul"]
tensor_scatter_div, tensor_scatter_max = _COPIES["div"], _COPIES["max"]
tensor_scatter_min = _COPIES["min"]


def _in_place(name: str, nd: bool) -> Callable[..., Tensor]:
    def function(input_x, indices, updates, use_locking=False):
        i = as_tensor(indices)
        return assign(input_x, _COPIES[name](input_x, i if nd else expand_dims(i, -1), updates))

    function.__name__ = f"scatter_nd_{name}" if nd else f"scatter_{name}"
    where_to = "coordinates in the last axis of `indices`" if nd else "rows `indices`"
    function.__doc__ = f"A Parameter with `updates` put in by '{name}' at the {where_to}."
    return function


scatter_update, scatter_nd_update = _in_place("update", False), _in_place("update", True)
scatter_add, scatter_nd_add = _in_place("add", False), _in_place("add", True)
scatter_sub, scatter_nd_sub = _in_place("sub", False), _in_place("sub", True)
scatter_mul, scatter_nd_mul = _in_place("mul", False), _in_place("mul", True)
scatter_div, scatter_nd_div = _in_place("div", False), _in_place("div", True)
scatter_max, scatter_nd_max = _in_place("max", False), _in_place("max", True)
scatter_min, scatter_nd_min = _in_place("min", False), _in_place("min", True)


def scatter_nd(indices, updates, shape):
    """Zeros of `shape` with `updates` added at the coordinates in the last axis of `indices`."""
    new = as_tensor(updates)
    size = tuple(shape.tolist()) if isinstance(shape, Tensor) else tuple(shape)
    return tensor_scatter_add(Tensor.wrap(np.zeros(size, new._value.dtype)), indices, new)


def _along(x: Tensor, axis: int, index: Any) -> tuple[dict[str, Any], Tensor]:
    (at,) = normal_axes("index", x.ndim, axis)
    places = (*[np.s_[:]] * at, TENSOR)
    return {"template": places}, as_tensor(index)


def index_select(input, axis, index):
    """The slices of `input` along `axis` that the vector `index` names."""
    return gather(input, as_tensor(index), axis)


def take(input, index, axis=None, mode="clip"):
    """The elements of the flattened tensor (or the slices along `axis`) that `index` names."""
    x = as_tensor(input)
    x, axis = (x.reshape((-1,)), 0) if axis is None else (x, axis)
    i, n = as_tensor(index), x.shape[axis]
    if mode == "raise" and bool(((i >= n) | (i < -n)).any()):
        raise IndexError(f"For 'take', an index is out of range for axis {axis} of size {n}.")
    if mode == "wrap":
        i = i % n
    return gather(x, i if mode == "raise" else i.clip(-n, n - 1), axis)


def index_add(x, indices, y, axis, use_lock=True, check_index_bound=True):
    """`x` with the slices of `y` added along `axis`; a Parameter takes the new value."""
    attrs, index = _along(as_tensor(x), axis, indices)
    out = apply(AddAt, (as_tensor(x), as_tensor(y), index), attrs)
    return assign(x, out) if hasattr(x, "requires_grad") else out


def index_fill(x, axis, index, value):
    """A copy of `x` with `value` in the slices along `axis` that `index` names."""
    t = as_tensor(x)
    attrs, places = _along(t, axis, index)
    return apply(SetItem, (t, cast(as_tensor(value), t._value.dtype), places), attrs)


def masked_scatter(input, mask, source):
    """A copy with the elements where `mask` is true replaced by those of `source`, in order."""
    x = as_tensor(input)
    m = broadcast_to(as_tensor(mask), x.shape)
    rank = (m.reshape((-1,)).astype(INT64).cumsum(0) - 1).clip(0, None).reshape(x.shape)
    return where(m, as_tensor(source).reshape((-1,))[rank], x)


def repeat_interleave(input, repeats, axis=None):
    """Each element (or slice along `axis`) repeated `repeats` times, an int or one number each."""
    x = as_tensor(input)
    x, axis = (x.reshape((-1,)), 0) if axis is None else (x, axis)
    times = repeats.tolist() if isinstance(repeats, Tensor) else repeats
    index = np.repeat(np.arange(x.shape[axis]), times)
    return gather(x, Tensor.wrap(index), axis)


def repeat_elements(x, rep, axis=0):
    """Each slice along `axis` repeated `rep` times."""
    return repeat_interleave(x, rep, axis)


def slice(input_x, begin, size):
    """The part that starts at `begin` and has shape `size` (-1: up to the end)."""
    x = as_tensor(input_x)
    begin, size = (tuple(map(int, v)) for v in (begin, size))
    ends = [n if s == -1 else b + s for n, b, s in zip(x.shape, begin, size, strict=True)]
    if any(b < 0 or e > n for n, b, e in zip(x.shape, begin, ends, strict=True)):
        raise ShapeError(
            f"For 'slice', begin {list(begin)} and size {list(size)} leave shape {list(x.shape)}."
        )
    return x[tuple(np.s_[b:e] for b, e in zip(begin, ends, strict=True))]


def strided_slice(
    input_x, begin, end, strides, begin_mask=0, end_mask=0, ellipsis_mask=0, new_axis_mask=0,
    shrink_axis_mask=0,
):  # fmt: skip
    """``x[begin[0]:end[0]:strides[0], …]``; bit i of a mask changes the meaning of entry i."""
    index: list[Any] = []
    for i, (b, e, s) in enumerate(zip(begin, end, strides, strict=True)):
        bit = 1 << i
        if ellipsis_mask & bit:
            index.append(Ellipsis)
        elif new_axis_mask & bit:
            index.append(None)
        elif shrink_axis_mask & bit:
            index.append(int(b))
        else:
            index.append(np.s_[None if begin_mask & bit else int(b) :: int(s)])
            if not end_mask & bit:
                index[-1] = np.s_[index[-1].start : int(e) : int(s)]
    return as_tensor(input_x)[tuple(index)]
