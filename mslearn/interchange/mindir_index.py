"""Reading and writing by index in MindIR; `onnx_index` says how NumPy's rules are met."""

from __future__ import annotations

from typing import Any

import numpy as np

from mslearn.graph.ir import Node
from mslearn.interchange.mindir_model import Builder, Ref
from mslearn.interchange.onnx_index import (
    everything,
    fits,
    items_of,
    numpys_order,
    tensors_of,
    unmasked,
)

__all__ = ["fits", "get_item", "scatter", "strided_slice"]


def strided_slice(b: Builder, x: Ref, cut: tuple[Any, ...], shape: tuple[int, ...]) -> Ref:
    """``x[cut]`` for slices; masks say which ends are open."""
    begins, ends, steps, begin_mask, end_mask = [], [], [], 0, 0
    if all(everything(c) for c in cut):
        return x
    for k, item in enumerate(cut):
        step = 1 if item.step is None else item.step
        n = shape[k]
        start, stop = (item.start, item.stop) if n < 0 else item.indices(n)[:2]
        if n >= 0 and not range(n)[item]:
            start, stop, step = 0, 0, 1
        elif n >= 0 and stop < 0:
            stop = None
        begin_mask |= (start is None) << k
        end_mask |= (stop is None) << k
        begins.append(0 if start is None else int(start))
        ends.append(0 if stop is None else int(stop))
        steps.append(int(step))
    out: Ref = b.call(
        "StridedSlice", x, tuple(begins), tuple(ends), tuple(steps), begin_mask, end_mask, 0, 0, 0
    )
    return out


def _shaped(b: Builder, x: Ref, shape: tuple[int, ...]) -> Ref:
    out: Ref = b.call("Reshape", x, tuple(-1 if n < 0 else n for n in shape))
    return out


def get_item(b: Builder, node: Node, x: Ref, *index: Ref) -> Ref:
    """Slices, then gathers, then the shape."""
    plain = unmasked(node)
    if plain is not node:
        return get_item(b, plain, x, *map(b.name, plain.inputs[1:]))
    items, shape = items_of(node), node.inputs[0].shape
    axes = [i for i in items if i is not None]
    tensors = bool(tensors_of(node))
    cut = tuple(
        i if isinstance(i, slice) else slice(None) if tensors else _one(i, shape[k])
        for k, i in enumerate(axes)
    )
    x = strided_slice(b, x, cut, shape)
    if not tensors:
        changed = any(not isinstance(i, slice) for i in items)
        return _shaped(b, x, node.outputs[0].shape) if changed else x
    x = _gather(b, node, x, [i for i in axes if not isinstance(i, slice)], axes, list(index))
    return _shaped(b, x, node.outputs[0].shape) if None in items else x


def _one(i: int, n: int) -> slice:
    at = i % n if n > 0 else i
    return slice(at, at + 1 if at != -1 else None, 1)


def _gather(
    b: Builder, node: Node, x: Ref, advanced: list[Any], axes: list[Any], index: list[Ref]
) -> Ref:
    if len(advanced) == 1:
        axis = next(k for k, i in enumerate(axes) if isinstance(i, str))
        n = node.inputs[0].shape[axis]
        out: Ref = b.call("Gather", x, _positive(b, index[0], tensors_of(node)[0], n), axis, 0)
        return out
    values, places, refs, shapes = iter(tensors_of(node)), iter(index), [], []
    spots = [k for k, i in enumerate(axes) if not isinstance(i, slice)]
    for k, item in zip(spots, advanced, strict=True):
        if isinstance(item, str):
            value = next(values)
            refs.append(_positive(b, next(places), value, node.inputs[0].shape[k]))
            shapes.append(value.shape)
        else:
            refs.append(b.name(np.asarray(item % node.inputs[0].shape[k], np.int64)))
            shapes.append(())
    common = np.broadcast_shapes(*shapes)
    rest = [k for k, i in enumerate(axes) if isinstance(i, slice)]
    order = (*spots, *rest)
    if order != tuple(range(len(axes))):
        x = b.call("Transpose", x, order)
    out = b.call("GatherNd", x, _coordinates(b, refs, common))
    perm = numpys_order(items_of(node), len(common), len(rest))
    return b.call("Transpose", out, tuple(perm)) if perm != sorted(perm) else out


def _positive(b: Builder, index: Ref, value: Any, n: int) -> Ref:
    """int64 indices counted from the front; MindSpore's kernels take no negative ones."""
    if isinstance(value, np.ndarray):
        return b.name(np.asarray(value % n, np.int64))
    index = b.call("Cast", index, 35)
    out: Ref = b.call("FloorMod", index, np.asarray(n, np.int64))
    return out


def _coordinates(b: Builder, refs: list[Ref], common: tuple[int, ...]) -> Ref:
    wide = [_shaped(b, b.call("BroadcastTo", r, common), (*common, 1)) for r in refs]
    out: Ref = b.call("Concat", b.tuple(*wide), -1) if len(wide) > 1 else wide[0]
    return out


def scatter(b: Builder, node: Node, x: Ref, value: Ref, *index: Ref) -> Ref:
    """AddAt and SetItem at index tensors and whole axes."""
    items, shape = items_of(node), node.inputs[0].shape
    axes = [k for k, i in enumerate(items) if isinstance(i, str)]
    rest = [k for k in range(len(items)) if k not in axes]
    given = tensors_of(node)
    common = np.broadcast_shapes(*(t.shape for t in given))
    refs = [_positive(b, r, t, shape[k]) for r, t, k in zip(index, given, axes, strict=True)]
    order = numpys_order(items, len(common), len(rest))
    front = (*common, *(shape[k] for k in rest))
    place = tuple(front[k] for k in order)
    if tuple(node.inputs[1].shape) != place:
        value = b.call("BroadcastTo", value, place)
    if order != sorted(order):
        value = b.call("Transpose", value, tuple(order.index(k) for k in range(len(order))))
    perm = (*axes, *rest)
    moved = perm != tuple(range(len(shape)))
    x = b.call("Transpose", x, perm) if moved else x
    where = _coordinates(b, refs, common)
    if node.prim.name == "AddAt":
        out = b.call("TensorScatterAdd", x, where, value)
    else:
        out = b.object("TensorScatterUpdate", x, where, value)
    back = tuple(perm.index(k) for k in range(len(perm)))
    result: Ref = b.call("Transpose", out, back) if moved else out
    return result
