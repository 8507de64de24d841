"""Reading and writing by index in ONNX: slices, gathers and scatters.

An index is NumPy's: ints, slices, None and ``...``, and integer tensors that broadcast against one
another. Slices become one Slice; one index tensor a Gather; several a GatherND on the axes moved
to the front. NumPy puts the tensors' axes where the first of them stands when they are
neighbours, else to the front; an int beside index tensors is one of them.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from mslearn.core.tensor import Abstract
from mslearn.graph.ir import Node
from mslearn.interchange.onnx_builder import Builder
from mslearn.ops.indexing import TENSOR


def items_of(node: Node) -> list[Any]:
    """The template with ``...`` written out: one entry an axis, and the Nones."""
    template = node.attrs["template"]
    items = list(template) if isinstance(template, tuple) else [template]
    used = sum(t is not None and t is not Ellipsis for t in items)
    missing = [slice(None)] * (len(node.inputs[0].shape) - used)
    if Ellipsis not in [t for t in items if t is Ellipsis]:
        return items + missing
    at = next(i for i, t in enumerate(items) if t is Ellipsis)
    return items[:at] + missing + items[at + 1 :]


def tensors_of(node: Node) -> tuple[Any, ...]:
    """The index tensors of a GetItem, SetItem or AddAt."""
    return node.inputs[1 if node.prim.name == "GetItem" else 2 :]


def fits(node: Node) -> bool:
    """Masks must be known, and only be read by; writing by slices alone is left to its rule."""
    if any(t.dtype.kind not in "iu" for t in tensors_of(unmasked(node))):
        return False
    template = node.attrs["template"]
    items = template if isinstance(template, tuple) else (template,)
    if any(isinstance(t, bool) for t in items):
        return False
    if node.prim.name == "GetItem":
        return True
    whole = all(t is TENSOR or t is Ellipsis or everything(t) for t in items)
    return bool(tensors_of(node)) and whole


def unmasked(node: Node) -> Node:
    """The same GetItem with the places that its known masks choose instead of them."""
    if node.prim.name != "GetItem" or all(t.dtype.kind != "b" for t in tensors_of(node)):
        return node
    items: list[Any] = []
    given, found = iter(tensors_of(node)), []
    for item in node.attrs["template"]:
        values: Any = (next(given),) if isinstance(item, str) else ()
        if values and values[0].dtype.kind == "b" and isinstance(values[0], np.ndarray):
            values = np.nonzero(values[0])
        items += [TENSOR] * len(values) if isinstance(item, str) else [item]
        found += values
    attrs = {**node.attrs, "template": tuple(items)}
    return dataclasses.replace(node, inputs=(node.inputs[0], *found), attrs=attrs)


def everything(item: Any) -> bool:
    """Whether it is ``:``."""
    return isinstance(item, slice) and item in (slice(None), slice(None, None, 1))


def get_item(b: Builder, node: Node, x: str, *index: str) -> str:
    """Slices first, then gathers, then axes of size 1 away or added."""
    plain = unmasked(node)
    if plain is not node:
        return get_item(b, plain, x, *map(b.name, plain.inputs[1:]))
    items = items_of(node)
    shape = list(node.inputs[0].shape)
    by_tensor = TENSOR in [i for i in items if isinstance(i, str)]
    axes = [i for i in items if i is not None]
    cuts = [(k, i) for k, i in enumerate(axes) if isinstance(i, slice) and not everything(i)]
    if not by_tensor:
        cuts += [(k, _one(i, shape[k])) for k, i in enumerate(axes) if isinstance(i, int)]
    x = _slice(b, x, cuts, shape)
    if not by_tensor:
        gone = [k for k, i in enumerate(axes) if isinstance(i, int)]
        if gone:
            x = b.op("Squeeze", x, b.ints(*gone))
        kept = [i for i in items if not isinstance(i, int)]
        added = [k for k, i in enumerate(kept) if i is None]
        return b.op("Unsqueeze", x, b.ints(*added)) if added else x
    return _gather(b, node, x, items, list(index))


def _one(i: int, n: int) -> slice:
    at = i % n if n > 0 else i
    return slice(at, at + 1 if at != -1 else None, 1)


def _slice(b: Builder, x: str, cuts: list[tuple[int, slice]], shape: list[int]) -> str:
    if not cuts:
        return x
    starts, ends, steps = [], [], []
    far = (1 << 31) - 1
    for axis, cut in cuts:
        step = 1 if cut.step is None else cut.step
        n = shape[axis]
        if n < 0:  # a size that may change: NumPy's own numbers, which ONNX reads alike
            start, stop = cut.start, cut.stop
            starts.append((0 if step > 0 else far) if start is None else start)
            ends.append((far if step > 0 else -far) if stop is None else stop)
        elif not range(n)[cut]:  # NumPy's numbers of an empty slice may mean others in ONNX
            starts.append(0)
            ends.append(0)
            step = 1
        else:
            start, stop, _ = cut.indices(n)
            starts.append(start)
            ends.append(stop if stop >= 0 else -far)
        steps.append(step)
    parts = (starts, ends, [a for a, _ in cuts], steps)
    out: str = b.op("Slice", x, *(b.ints(*p) for p in parts))
    return out


def _gather(b: Builder, node: Node, x: str, items: list[Any], index: list[str]) -> str:
    advanced = [i for i in items if isinstance(i, int | str)]
    if len(advanced) == 1 and None not in items:
        axis = next(k for k, i in enumerate(items) if isinstance(i, str))
        out: str = b.op("Gather", x, places(b, index[0], tensors_of(node)[0]), axis=axis)
        return out
    axes: list[int] = []
    rest: list[int] = []
    at = 0
    for item in items:
        if item is None:
            continue
        (axes if isinstance(item, int | str) else rest).append(at)
        at += 1
    given, names = iter(index), []
    values = iter(tensors_of(node))
    shapes = []
    for item in advanced:
        if isinstance(item, str):
            names.append(next(given))
            shapes.append(next(values).shape)
        else:
            names.append(b.constant(item, np.int64))
            shapes.append(())
    common = np.broadcast_shapes(*shapes)
    coordinates = _coordinates(b, names, shapes, common)
    n = len(node.inputs[0].shape)
    if axes != list(range(len(axes))):
        x = b.op("Transpose", x, perm=(*axes, *rest))
    out = b.op("GatherND", x, coordinates)
    return _in_numpys_order(b, out, items, len(common), n - len(axes))


def places(b: Builder, name: str, index: Any) -> str:
    """An index tensor in a dtype that ONNX counts places in."""
    return name if index.dtype.str[1:] in ("i4", "i8") else b.cast(name, np.dtype("i8"))


def _coordinates(b: Builder, names: list[str], shapes: list[Any], common: Any) -> str:
    """The index tensors beside one another on a new last axis."""
    wide = []
    for name, shape in zip(names, shapes, strict=True):
        name = b.cast(name, np.dtype("i8"))
        name = b.op("Expand", name, b.ints(*common)) if tuple(shape) != tuple(common) else name
        wide.append(b.op("Unsqueeze", name, b.ints(-1)))
    out: str = b.op("Concat", *wide, axis=-1) if len(wide) > 1 else wide[0]
    return out


def numpys_order(items: list[Any], depth: int, rest: int) -> list[int]:
    """For NumPy's result (without Nones): which axis of (index axes, other axes) stands where."""
    flat = [i for i in items if i is not None]
    where = [k for k, i in enumerate(flat) if isinstance(i, int | str)]
    # Anything between them, even None, makes NumPy put the tensors' axes to the front.
    raw = [k for k, i in enumerate(items) if isinstance(i, int | str)]
    neighbours = raw == list(range(raw[0], raw[0] + len(raw)))
    before = where[0] if neighbours else 0
    return [*range(depth, depth + before), *range(depth), *range(depth + before, depth + rest)]


def _in_numpys_order(b: Builder, x: str, items: list[Any], depth: int, rest: int) -> str:
    order = numpys_order(items, depth, rest)
    if order != sorted(order):
        x = b.op("Transpose", x, perm=order)
    if None not in items:
        return x
    raw = [k for k, i in enumerate(items) if isinstance(i, int | str)]
    neighbours = raw == list(range(raw[0], raw[0] + len(raw)))
    layout: list[Any] = [] if neighbours else ["index"]
    for k, item in enumerate(items):
        if isinstance(item, int | str):
            layout += ["index"] if neighbours and k == raw[0] else []
        else:
            layout.append(item)
    added, at = [], 0
    for item in layout:
        if item is None:
            added.append(at)
        at += depth if item == "index" else 1
    out: str = b.op("Unsqueeze", x, b.ints(*added))
    return out


def scatter(b: Builder, node: Node, x: str, value: str, *index: str) -> str:
    """AddAt and SetItem at index tensors and whole axes: a ScatterND on axes moved to the front."""
    items = items_of(node)
    given: list[Abstract] = list(tensors_of(node))
    shape = node.inputs[0].shape
    axes = [k for k, i in enumerate(items) if isinstance(i, str)]
    rest = [k for k in range(len(items)) if k not in axes]
    common = np.broadcast_shapes(*(t.shape for t in given))
    coordinates = _coordinates(b, list(index), [t.shape for t in given], common)
    order = numpys_order(items, len(common), len(rest))
    front = (*common, *(shape[k] for k in rest))
    place = tuple(front[k] for k in order)
    if tuple(node.inputs[1].shape) != place:
        value = b.op("Expand", value, b.ints(*place))
    if order != sorted(order):
        value = b.op("Transpose", value, perm=[order.index(k) for k in range(len(order))])
    perm = (*axes, *rest)
    moved = perm != tuple(range(len(shape)))
    x = b.op("Transpose", x, perm=perm) if moved else x
    how = "add" if node.prim.name == "AddAt" else "none"
    out: str = b.op("ScatterND", x, coordinates, value, reduction=how)
    back = [perm.index(k) for k in range(len(perm))]
    return b.op("Transpose", out, perm=back) if moved else out
