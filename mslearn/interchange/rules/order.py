"""Running products and extremes, and places in sorted rows, in terms of simpler operations."""

from __future__ import annotations

from typing import Any

import numpy as np

from mslearn.core.primitive import Primitive, apply
from mslearn.core.tensor import Tensor
from mslearn.ops.arrange import PadV3
from mslearn.ops.compare import Less, LessEqual
from mslearn.ops.elementwise import Maximum, Minimum, Mul
from mslearn.ops.families import ReduceSum, Reshape, cast
from mslearn.ops.indexing import GetItem, where
from mslearn.ops.shape import concat

INT32, INT64 = np.dtype("i4"), np.dtype("i8")


def _shifted(x: Tensor, axis: int, by: int, value: Any) -> Tensor:
    """x moved on by `by` places along `axis`, `value` in front."""
    at = axis % x.ndim
    cut = (*[slice(None)] * at, slice(0, x.shape[at] - by))
    pairs = tuple((by if i == at else 0, 0) for i in range(x.ndim))
    short = apply(GetItem, (x,), {"template": cut})
    return apply(PadV3, (short,), {"paddings": pairs, "value": value})


def _scan(prim: type[Primitive], x: Tensor, axis: int) -> Tensor:
    """What `prim` makes of all elements so far, in log2(n) steps (Hillis & Steele, 1986)."""
    step, lead = 1, [slice(None)] * (axis % max(x.ndim, 1))
    while x.ndim and step < x.shape[axis]:
        first, later, before = (
            apply(GetItem, (x,), {"template": (*lead, cut)})
            for cut in (slice(0, step), slice(step, None), slice(0, -step))
        )
        x = concat((first, apply(prim, (later, before))), axis)
        step *= 2
    return x


def cum_prod(x: Tensor, axis: int, exclusive: bool = False, reverse: bool = False) -> Tensor:
    back = (*[slice(None)] * (axis % x.ndim), slice(None, None, -1))
    y = apply(GetItem, (x,), {"template": back}) if reverse else x
    y = _shifted(y, axis, 1, 1) if exclusive else y
    out = _scan(Mul, y, axis)
    return apply(GetItem, (out,), {"template": back}) if reverse else out


def _running(prim: type[Primitive], dtype: np.dtype[Any]) -> Any:
    def rule(x: Tensor, axis: int) -> tuple[Tensor, Tensor]:
        best = _scan(prim, x, axis)
        shape = [-1 if i == axis % x.ndim else 1 for i in range(x.ndim)]
        steps = Tensor.wrap(np.arange(x.shape[axis], dtype=INT32).reshape(shape))
        found = where(x == best, steps, Tensor.wrap(np.zeros((), INT32)))
        return best, cast(_scan(Maximum, found, axis), dtype)

    return rule


def search_sorted(sorted_sequence: Tensor, values: Tensor, dtype: Any, right: bool) -> Tensor:
    rows = sorted_sequence
    if rows.ndim > 1:
        rows = apply(Reshape, (rows,), {"shape": (*rows.shape[:-1], 1, rows.shape[-1])})
    each = apply(Reshape, (values,), {"shape": (*values.shape, 1)})
    before = apply(LessEqual if right else Less, (rows, each))
    attrs = {"axis": (-1,), "keep_dims": False}
    total = apply(ReduceSum, (cast(before, INT32),), attrs)
    return cast(total, np.dtype(getattr(dtype, "numpy", dtype)))


RULES: dict[str, Any] = {
    "CumProd": cum_prod,
    "Cummax": _running(Maximum, INT64),
    "Cummin": _running(Minimum, INT32),
    "SearchSorted": search_sorted,
}
