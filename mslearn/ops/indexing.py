"""Reading and writing by index, gather and scatter, one-hot codes."""

from __future__ import annotations

from typing import Any

import numpy as np

from mslearn.core.dtype import INT64, dtype_of, promote
from mslearn.core.errors import DtypeError, ShapeError
from mslearn.core.primitive import Primitive, apply, broadcast_shape
from mslearn.core.tensor import Abstract, NeedsNumbers, Tensor, as_tensor
from mslearn.ops.compare import Select
from mslearn.ops.families import cast, normal_axes, sum_to
from mslearn.ops.views import BACK, link, view_of, write

__all__ = [
    "gather", "masked_fill", "masked_select", "one_hot", "where",
]  # fmt: skip

TENSOR = "<tensor>"
"""Stands in an index template for the next index tensor."""


class PlaceError(IndexError, ValueError, RuntimeError):
    """A place that does not exist. (MindSpore raises one or the other of these.)"""


def _fill(template: tuple[Any, ...], tensors: tuple[Any, ...]) -> tuple[Any, ...]:
    rest = iter(tensors)
    return tuple(next(rest) if item is TENSOR else item for item in template)


def _infer_index(x: Any, tensors: tuple[Any, ...], template: tuple[Any, ...]) -> tuple[int, ...]:
    # A zero-stride stand-in costs no memory and lets NumPy apply its own indexing rules.
    stand_in = np.broadcast_to(np.zeros((), x.dtype), x.shape)
    if any(isinstance(t, Abstract) and t.dtype.kind == "b" for t in tensors):
        raise NeedsNumbers(
            "For 'Tensor.__getitem__', the shape of x[mask] depends on the mask's numbers, which a "
            "captured graph does not have. Use ops.select or ops.where, or x * mask."
        )
    for t in tensors:
        if t.dtype.kind not in "iub":
            raise DtypeError(
                f"For 'Tensor.__getitem__' (also behind gather, scatter and embedding), the places "
                f"must be integers or booleans, but got {dtype_of(t.dtype)}. Use index.astype("
                f"mslearn.int32)."
            )
    filled = [t if isinstance(t, np.ndarray) else np.zeros(t.shape, np.intp) for t in tensors]
    try:
        return stand_in[_fill(template, tuple(filled))].shape
    except IndexError as error:
        raise PlaceError(
            f"For 'Tensor.__getitem__' (also behind gather, scatter and embedding), the index does "
            f"not fit shape {list(x.shape)}: {error}. Places count from 0 (an embedding needs a "
            f"row for every token number)."
        ) from None


class GetItem(Primitive):
    """``x[index]``; the index is a template of ints, slices, ... and places for index tensors."""

    params = {"template": ()}

    def kernel(x, *index, template):
        return x[_fill(template, index)]

    def infer(x, *index, template):
        return _infer_index(x, index, template), x.dtype

    def vjp(ct, out, x, *index, template):
        zeros = Tensor.wrap(np.zeros(x._value.shape, ct._value.dtype))
        return (
            apply(AddAt, (zeros, ct, *index), {"template": template}),
            *[None] * len(index),
        )

    def jvp(tangents, out, x, *index, template):
        return apply(GetItem, (tangents[0], *index), {"template": template})


class AddAt(Primitive):
    """A copy of `x` with `value` added at an index; equal places add up."""

    inputs = ("x", "value")
    params = {"template": ()}

    def kernel(x, value, *index, template):
        out = x.copy()
        if template == (TENSOR,) and index[0].dtype.kind in "iu" and _many_rows(x, value, index[0]):
            _add_rows(out, value, index[0])
        elif index:
            np.add.at(out, _fill(template, index), value)
        else:
            out[template] += value
        return out

    def infer(x, value, *index, template):
        broadcast_shape("AddAt", _infer_index(x, index, template), value.shape)
        return x.shape, x.dtype

    def vjp(ct, out, x, value, *index, template):
        picked = apply(GetItem, (ct, *index), {"template": template})
        return (ct, sum_to(picked, value._value.shape), *[None] * len(index))

    def jvp(tangents, out, x, value, *index, template):
        tx, tv = tangents[:2]
        base = tx if tx is not None else Tensor.wrap(np.zeros(x.shape, x._value.dtype))
        if tv is None:
            return base
        return apply(AddAt, (base, tv, *index), {"template": template})


def _many_rows(x: Any, value: Any, index: Any) -> bool:
    return x.ndim > 1 and value.size > 4096 and value.shape == index.shape + x.shape[1:]


def _add_rows(out: np.ndarray, value: np.ndarray, index: np.ndarray) -> None:
    """``np.add.at(out, index, value)``, three times as fast: rows of equal index stand together."""
    flat = index.reshape(-1) % len(out)
    order = np.argsort(flat, kind="stable")
    places = flat[order]
    first = np.flatnonzero(np.append(True, places[1:] != places[:-1]))
    rows = value.reshape(-1, *out.shape[1:])[order]
    out[places[first]] += np.add.reduceat(rows, first, axis=0)


class SetItem(Primitive):
    """A copy of `x` with `value` written at an index."""

    inputs = ("x", "value")
    params = {"template": ()}

    def kernel(x, value, *index, template):
        out = x.copy()
        out[_fill(template, index)] = value
        return out

    def infer(x, value, *index, template):
        place = _infer_index(x, index, template)
        if broadcast_shape("Tensor.__setitem__", place, value.shape) != place:
            raise ShapeError(
                f"For 'Tensor.__setitem__', a value of shape {list(value.shape)} does not fit "
                f"into the place of shape {list(place)}."
            )
        return x.shape, x.dtype

    def vjp(ct, out, x, value, *index, template):
        attrs = {"template": template}
        zero = Tensor.wrap(np.zeros((), ct._value.dtype))
        picked = apply(GetItem, (ct, *index), attrs)
        return (
            apply(SetItem, (ct, zero, *index), attrs),
            sum_to(picked, value._value.shape),
            *[None] * len(index),
        )

    def jvp(tangents, out, x, value, *index, template):
        tx, tv = tangents[:2]
        base = tx if tx is not None else Tensor.wrap(np.zeros(x.shape, x._value.dtype))
        put = tv if tv is not None else Tensor.wrap(np.zeros((), x._value.dtype))
        return apply(SetItem, (base, put, *index), {"template": template})


BACK[GetItem] = lambda base, view, attrs, k, *index: apply(SetItem, (base, view, *index), attrs)


def _parse(index: Any) -> tuple[tuple[Any, ...], tuple[Tensor, ...]]:
    """Split an index into a template and the index tensors that fill it."""
    items = index if isinstance(index, tuple) else (index,)
    template: list[Any] = []
    tensors: list[Tensor] = []
    for item in items:
        if isinstance(item, list | tuple | np.ndarray):
            item = Tensor(item) if len(item) else Tensor(np.zeros(0, np.int64))
        if isinstance(item, Tensor):
            if item._value.dtype.kind not in "iub":
                raise IndexError(
                    f"For indexing, a tensor must hold integers or bools, but got {item.dtype}."
                )
            template.append(TENSOR)
            tensors.append(item)
        elif isinstance(item, np.integer):
            template.append(int(item))
        elif item is None or item is Ellipsis or isinstance(item, bool | int):
            template.append(item)
        elif isinstance(item, slice):
            template.append(slice(*(_bound(b) for b in (item.start, item.stop, item.step))))
        else:
            raise IndexError(
                f"For indexing, use ints, slices, ..., None, bools and tensors, but got "
                f"'{type(item).__name__}'."
            )
    return tuple(template), tuple(tensors)


def _bound(b: Any) -> int | None:
    return None if b is None else b.__index__()


def getitem(self, index):
    """``x[index]`` with NumPy's rules for ints, slices, ``...``, None, bool and int tensors."""
    if index is Ellipsis:
        return self
    template, tensors = _parse(index)
    if not tensors:  # ints, slices, ... and None share their elements with the tensor
        return view_of(GetItem, self, {"template": template})
    picked = apply(GetItem, (self, *tensors), {"template": template})
    return link(picked, self, GetItem, {"template": template}, index=tensors)


def setitem(self, index, value):
    """``x[index] = value``: the handle takes a new value (tapes still see the old one), and so do
    the tensors that share elements with it."""
    template, tensors = _parse(index)
    whole = index is None or index is Ellipsis or isinstance(index, bool)
    in_place = not tensors and not whole
    in_place &= not (isinstance(index, tuple) and isinstance(value, list | tuple))
    v = cast(as_tensor(value, self._value.dtype), self._value.dtype)
    if template == (TENSOR,) and tensors[0]._value.dtype.kind == "b" and v.size == 1:
        mask = tensors[0]  # a choice by element, whose shape does not depend on the numbers
        if mask.shape == self.shape[: mask.ndim]:
            mask = mask.reshape(mask.shape + (1,) * (self.ndim - mask.ndim))
            write(self, apply(Select, (mask, v.reshape(()), self)), False)
            return
    write(self, apply(SetItem, (self, v, *tensors), {"template": template}), in_place)


def gather(input_params, input_indices, axis, batch_dims=0):
    """The slices of `input_params` along `axis` that the index tensor names."""
    if isinstance(input_indices, int) and isinstance(axis, Tensor):
        raise TypeError(
            "For 'gather', the index tensor comes before the axis: gather(x, index, axis). "
            "PyTorch's gather, one number at a time, is gather_elements(x, dim, index)."
        )
    x, index = as_tensor(input_params), as_tensor(input_indices)
    (at,) = normal_axes("gather", x.ndim, int(axis))
    if batch_dims:
        raise ValueError("For 'gather', batch_dims other than 0 is not supported yet.")
    template = (*[slice(None)] * at, TENSOR)
    return apply(GetItem, (x, index), {"template": template})


def masked_select(input, mask):
    """The elements where `mask` is true, as a vector."""
    x, m = as_tensor(input), as_tensor(mask)
    shape = broadcast_shape("masked_select", x.shape, m.shape)
    x, m = x.broadcast_to(shape), m.broadcast_to(shape)
    return apply(GetItem, (x, m), {"template": (TENSOR,)})


def where(condition, input, other):
    """`input` where the condition holds, else `other`, with broadcasting."""
    c = as_tensor(condition)
    if c._value.dtype.kind != "b":
        raise DtypeError(
            f"For 'where' and 'masked_fill', the condition must be bool, but got {c.dtype}. "
            f"Compare first, for example x != 0."
        )
    if isinstance(input, Tensor):
        x, y = input, as_tensor(other, input._value.dtype)
    elif isinstance(other, Tensor):
        x, y = as_tensor(input, other._value.dtype), other
    else:
        x, y = as_tensor(input), as_tensor(other)
    meet = promote(x._value.dtype, y._value.dtype)
    return apply(Select, (c, cast(x, meet), cast(y, meet)))


def one_hot(indices, depth, on_value=1, off_value=0, axis=-1):
    """Vectors of length `depth` with `on_value` at the index and `off_value` elsewhere."""
    index = as_tensor(indices)
    if depth < 0:
        raise ValueError(f"For 'one_hot', the depth must be >= 0, but got {depth}.")
    if index._value.dtype.kind not in "iu":
        raise TypeError(f"For 'one_hot', the indices must be integers, but got {index.dtype}.")
    classes = Tensor.wrap(np.arange(depth, dtype=INT64))
    place = index.ndim if axis == -1 else axis
    hit = index.expand_dims(place) == classes.reshape((-1,) + (1,) * (index.ndim - place))
    on, off = as_tensor(on_value), as_tensor(off_value)
    return where(hit, on, off)


def masked_fill(input_x, mask, value):
    """`value` where the mask is true, `input_x` elsewhere."""
    x = as_tensor(input_x)
    return where(mask, as_tensor(value, x._value.dtype), x)
