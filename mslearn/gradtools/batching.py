"""How each primitive runs on a whole batch: the rules behind `vmap`.

A rule gets the tensors (`xs`, as one example sees them) and, where they are batched, the whole
batch with the batch axis first (`ws`, else None). It applies primitives to the wholes and returns
the whole result. A primitive without a rule runs example by example and is stacked: slower, never
wrong. `run_batched` compares each rule's result with the shape that the primitive infers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from mslearn.core.primitive import Primitive, apply
from mslearn.core.tensor import Tensor
from mslearn.ops.elementwise import Add
from mslearn.ops.families import BroadcastTo, Elementwise, Reshape
from mslearn.ops.indexing import TENSOR, GetItem
from mslearn.ops.linalg import BatchMatMul
from mslearn.ops.shape import Concat

Attrs = dict[str, Any]
Wholes = tuple[Tensor | None, ...]
SAME_ATTRS = {"Identity", "Cast", "StopGradient", "ReluGrad", "Select"}
AXIS = {
    "ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceAll", "ReduceAny",
    "Softmax", "LogSoftmax", "CumSum", "Argmax", "Argmin", "ReverseV2", "Split",
}  # fmt: skip
"""Primitives of one tensor whose attribute `axis` counts that tensor's axes."""


def one_example(whole: Tensor, i: int) -> Tensor:
    """Entry `i` of a batch."""
    out: Tensor = apply(GetItem, (whole,), {"template": (i,)})
    return out


def stack(tensors: list[Tensor]) -> Tensor:
    """Equal shapes joined along a new first axis."""
    rows = [apply(Reshape, (t,), {"shape": (1, *t.shape)}) for t in tensors]
    out: Tensor = apply(Concat, tuple(rows), {"axis": 0})
    return out


def broadcast_batch(x: Tensor, size: int) -> Tensor:
    """`x` repeated along a new first axis."""
    out: Tensor = apply(BroadcastTo, (x,), {"shape": (size, *x.shape)})
    return out


def run_batched(
    prim: type[Primitive], xs: tuple[Tensor, ...], ws: Wholes, attrs: Attrs, size: int
) -> Any:
    """Run `prim` for all examples; the result has the batch axis first."""
    rule = _rule(prim)
    try:
        shapes, _ = prim.infer(*[x._value for x in xs], **attrs)
    except Exception:  # wrong shapes, or numbers needed: one example by itself says it best
        rule = None
    out = rule(prim, xs, ws, attrs, size) if rule is not None else None
    if out is not None:
        several = isinstance(out, tuple)
        wanted = [(size, *s) for s in (shapes if several else (shapes,))]
        if [o.shape for o in (out if several else (out,))] == wanted:
            return out
    return _example_by_example(prim, xs, ws, attrs, size)


def _example_by_example(
    prim: type[Primitive], xs: tuple[Tensor, ...], ws: Wholes, attrs: Attrs, size: int
) -> Any:
    if not size:  # no example to try: the shapes say it
        shapes, dtypes = prim.infer(*[x._value for x in xs], **attrs)
        if type(dtypes) is not tuple:
            return Tensor.wrap(np.zeros((0, *shapes), dtypes))
        pairs_of = zip(shapes, dtypes, strict=True)
        return tuple(Tensor.wrap(np.zeros((0, *shape), kind)) for shape, kind in pairs_of)
    pairs = list(zip(xs, ws, strict=True))
    outs = [
        apply(prim, tuple(x if w is None else one_example(w, i) for x, w in pairs), attrs)
        for i in range(size)
    ]
    if isinstance(outs[0], tuple):
        return tuple(stack([o[k] for o in outs]) for k in range(len(outs[0])))
    return stack(outs)


def _rule(prim: type[Primitive]) -> Callable[..., Any] | None:
    if issubclass(prim, Elementwise) or prim.name in SAME_ATTRS:
        return _elementwise
    return _along_axis if prim.name in AXIS else RULES.get(prim.name)


def _align(w: Tensor, ndim: int) -> Tensor:
    """Axes of size 1 after the batch axis, so that an example has `ndim` axes."""
    extra = ndim + 1 - w.ndim
    if extra <= 0:
        return w
    out: Tensor = apply(Reshape, (w,), {"shape": (w.shape[0], *[1] * extra, *w.shape[1:])})
    return out


def _elementwise(prim: Any, xs: Any, ws: Wholes, attrs: Attrs, size: int) -> Any:
    ndim = max(x.ndim for x in xs)
    ready = tuple(x if w is None else _align(w, ndim) for x, w in zip(xs, ws, strict=True))
    return apply(prim, ready, attrs)


def _along_axis(prim: Any, xs: Any, ws: Any, attrs: Attrs, size: int) -> Any:
    ndim, axis = xs[0].ndim, attrs["axis"]
    if ndim == 0:
        return None
    if axis is None or axis == () or axis == []:
        moved: Any = tuple(range(1, ndim + 1))
    elif isinstance(axis, tuple | list):
        moved = tuple(a % ndim + 1 for a in axis)
    else:
        moved = axis % ndim + 1
    return apply(prim, ws, {**attrs, "axis": moved})


def _concat(prim: Any, xs: Any, ws: Wholes, attrs: Attrs, size: int) -> Any:
    ready = tuple(broadcast_batch(x, size) if w is None else w for x, w in zip(xs, ws, strict=True))
    return apply(prim, ready, {"axis": attrs["axis"] % xs[0].ndim + 1})


def _reshape(prim: Any, xs: Any, ws: Any, attrs: Attrs, size: int) -> Any:
    shape, _ = Reshape.infer(xs[0]._value, attrs["shape"])
    return apply(Reshape, ws, {"shape": (size, *shape)})


def _transpose(prim: Any, xs: Any, ws: Any, attrs: Attrs, size: int) -> Any:
    return apply(prim, ws, {"perm": (0, *(p % xs[0].ndim + 1 for p in attrs["perm"]))})


def _broadcast_to(prim: Any, xs: Any, ws: Any, attrs: Attrs, size: int) -> Any:
    shape, _ = BroadcastTo.infer(xs[0]._value, attrs["shape"])
    return apply(BroadcastTo, (_align(ws[0], len(shape)),), {"shape": (size, *shape)})


def _tile(prim: Any, xs: Any, ws: Any, attrs: Attrs, size: int) -> Any:
    multiples = tuple(attrs["multiples"])
    multiples = (1,) * (xs[0].ndim - len(multiples)) + multiples
    return apply(prim, (_align(ws[0], len(multiples)),), {"multiples": (1, *multiples)})


def _matmul(prim: Any, xs: Any, ws: Wholes, attrs: Attrs, size: int) -> Any:
    ndim = max(x.ndim for x in xs)
    ready = tuple(x if w is None else _align(w, ndim) for x, w in zip(xs, ws, strict=True))
    return apply(BatchMatMul, ready, attrs)


def _bias_add(prim: Any, xs: Any, ws: Wholes, attrs: Attrs, size: int) -> Any:
    if xs[0].ndim != 2:
        return None
    ready = tuple(x if w is None else _align(w, 2) for x, w in zip(xs, ws, strict=True))
    return apply(Add, ready)


def _stays_in_place(template: tuple[Any, ...]) -> bool:
    # NumPy puts the axes of index arrays first when a slice stands between them.
    if not any(item is TENSOR for item in template):
        return True
    arrays = [i for i, t in enumerate(template) if t is TENSOR or isinstance(t, int)]
    return arrays == list(range(arrays[0], arrays[-1] + 1))


def _index(template: tuple[Any, ...]) -> Attrs:
    return {"template": (slice(None), *template)}


def _get_item(prim: Any, xs: Any, ws: Wholes, attrs: Attrs, size: int) -> Any:
    if any(w is not None for w in ws[1:]) or not _stays_in_place(attrs["template"]):
        return None
    return apply(prim, (ws[0], *xs[1:]), _index(attrs["template"]))  # type: ignore[arg-type]


def _write(prim: Any, xs: Any, ws: Wholes, attrs: Attrs, size: int) -> Any:
    if any(w is not None for w in ws[2:]) or not _stays_in_place(attrs["template"]):
        return None
    picked, _ = GetItem.infer(xs[0]._value, *[x._value for x in xs[2:]], **attrs)
    base = broadcast_batch(xs[0], size) if ws[0] is None else ws[0]
    value = xs[1] if ws[1] is None else _align(ws[1], len(picked))
    return apply(prim, (base, value, *xs[2:]), _index(attrs["template"]))


RULES: dict[str, Callable[..., Any]] = {
    "Concat": _concat, "Reshape": _reshape, "Transpose": _transpose, "Tile": _tile,
    "BroadcastTo": _broadcast_to, "MatMul": _matmul, "BatchMatMul": _matmul,
    "BiasAdd": _bias_add, "GetItem": _get_item, "AddAt": _write, "SetItem": _write,
}  # fmt: skip
