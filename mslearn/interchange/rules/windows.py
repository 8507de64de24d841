"""Pooling and convolution gradients, and reading and writing by slices, in terms of simpler ones.

A window's element t over *all* windows is one strided slice (`_tap`); its adjoint puts numbers back
at every stride-th place (`_spread`): a reshape, a padding, a reshape.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from mslearn.core.primitive import apply
from mslearn.core.tensor import Tensor
from mslearn.ops import pool_kernels
from mslearn.ops.arrange import PadV3, pad_pairs
from mslearn.ops.conv import Conv2D, Conv2DBackpropInput, Conv3D, Conv3DBackpropInput
from mslearn.ops.elementwise import Add, Maximum
from mslearn.ops.families import BroadcastTo, Reshape, cast
from mslearn.ops.indexing import TENSOR, AddAt, GetItem, SetItem, where
from mslearn.ops.pool import widened
from mslearn.ops.shape import Transpose, concat

Sizes = tuple[int, ...]


def _reshape(x: Tensor, shape: Any) -> Tensor:
    return apply(Reshape, (x,), {"shape": tuple(shape)})


def _tap(x: Tensor, starts: Sizes, steps: Sizes, counts: Sizes) -> Tensor:
    """Every step-th element from `starts` on the last axes."""
    cut = tuple(
        slice(a, a + (n - 1) * s + 1, s) for a, s, n in zip(starts, steps, counts, strict=True)
    )
    return apply(GetItem, (x,), {"template": (Ellipsis, *cut)})


def _spread(x: Tensor, starts: Sizes, steps: Sizes, sizes: Sizes) -> Tensor:
    """The adjoint of `_tap`: zeros of `sizes` (last axes) with `x` at those places."""
    rank = len(sizes)
    lead, counts = x.shape[: x.ndim - rank], x.shape[x.ndim - rank :]
    if any(s > 1 for s in steps):
        pairs = [(0, 0)] + [p for s in steps for p in ((0, 0), (0, s - 1))]
        x = _reshape(x, (math.prod(lead), *(v for n in counts for v in (n, 1))))
        x = apply(PadV3, (x,), {"paddings": tuple(pairs), "value": 0})
        x = _reshape(x, (*lead, *(n * s for n, s in zip(counts, steps, strict=True))))
    around = [
        (a, size - a - n * s) for a, size, n, s in zip(starts, sizes, counts, steps, strict=True)
    ]
    return pad_pairs(x, [(0, 0)] * len(lead) + around)


def _taps(kernel: Sizes, dilation: Sizes) -> Iterator[tuple[int, Sizes]]:
    for number, tap in enumerate(itertools.product(*map(range, kernel))):
        yield number, tuple(t * d for t, d in zip(tap, dilation, strict=True))


def _padded(x: Tensor, pad: Sizes, value: float) -> Tensor:
    pairs = tuple((pad[i], pad[i + 1]) for i in range(0, len(pad), 2))
    if not any(pad):
        return x
    return apply(PadV3, (x,), {"paddings": ((0, 0), (0, 0), *pairs), "value": value})


def _first_hits(x: Tensor, y: Tensor, a: dict[str, Any]) -> Iterator[tuple[Sizes, Tensor]]:
    """(start, mask) of each window element: where it is the first that equals the maximum."""
    wide, taken = _padded(x, a["pad"], -math.inf), None
    for _, start in _taps(a["kernel_size"], a["dilation"]):
        hit = _tap(wide, start, a["strides"], y.shape[2:]) == y
        if taken is not None:
            hit, taken = hit & ~taken, hit | taken
        else:
            taken = hit
        yield start, hit


def max_pool(x: Tensor, **a: Any) -> Tensor:
    out = pool_kernels.output_sizes(
        "MaxPool", x.shape[2:], a["kernel_size"], a["strides"], a["pad"], a["dilation"]
    )
    wide, best = _padded(x, a["pad"], -math.inf), None
    for _, start in _taps(a["kernel_size"], a["dilation"]):
        part = _tap(wide, start, a["strides"], out)
        best = part if best is None else apply(Maximum, (best, part))
    assert best is not None
    return best


def max_pool_grad(x: Tensor, y: Tensor, dy: Tensor, **a: Any) -> Tensor:
    pad, kernel, size = a["pad"], a["kernel_size"], x.shape[2:]
    whole = tuple(n + pad[2 * i] + pad[2 * i + 1] for i, n in enumerate(size))
    zero = Tensor.wrap(np.zeros((), dy._value.dtype))
    parts = [(start, where(hit, dy, zero)) for start, hit in _first_hits(x, y, a)]
    if kernel == a["strides"] and set(a["dilation"]) == {1}:
        total = _side_by_side([part for _, part in parts], kernel)
        covered = total.shape[2:]
        total = pad_pairs(
            total, [(0, 0), (0, 0), *((0, n - c) for n, c in zip(whole, covered, strict=True))]
        )
    else:
        pieces = [_spread(part, start, a["strides"], whole) for start, part in parts]
        total = pieces[0]
        for piece in pieces[1:]:
            total = apply(Add, (total, piece))
    return pad_pairs(total, [(0, 0), (0, 0), *((-pad[2 * i], -pad[2 * i + 1]) for i in
                                               range(len(size)))])  # fmt: skip


def _side_by_side(parts: list[Tensor], kernel: Sizes) -> Tensor:
    """Windows that do not overlap: the elements' tensors interleaved to one image, axis by axis
    from the last (so no tensor has more than two axes beyond space: some devices take five)."""
    lead, counts = parts[0].shape[:2], parts[0].shape[2:]
    parts = [_reshape(p, (lead[0] * lead[1], *counts)) for p in parts]
    for axis in range(len(kernel) - 1, -1, -1):
        size, shape = kernel[axis], parts[0].shape
        inner = (*shape[: axis + 2], 1, *shape[axis + 2 :])
        merged = (*shape[: axis + 1], shape[axis + 1] * size, *shape[axis + 2 :])
        wide = [_reshape(p, inner) for p in parts]
        parts = [
            _reshape(concat(wide[i : i + size], axis + 2), merged)
            for i in range(0, len(wide), size)
        ]
    return _reshape(parts[0], (*lead, *parts[0].shape[1:]))


def max_pool_grad_grad(x: Tensor, y: Tensor, t: Tensor, **a: Any) -> Tensor:
    wide, total = _padded(t, a["pad"], 0), None
    zero = Tensor.wrap(np.zeros((), t._value.dtype))
    for start, hit in _first_hits(x, y, a):
        part = where(hit, _tap(wide, start, a["strides"], y.shape[2:]), zero)
        total = part if total is None else apply(Add, (total, part))
    assert total is not None
    return total


def max_pool_position(x: Tensor, y: Tensor, **a: Any) -> Tensor:
    size, kernel, out = x.shape[2:], a["kernel_size"], y.shape[2:]
    total = Tensor.wrap(np.zeros((), np.int64))
    for number, (_, hit) in enumerate(_first_hits(x, y, a)):
        here = pool_kernels.positions(
            size, np.full((1, 1, *out), number), kernel, a["strides"], a["pad"], a["dilation"]
        )
        total = where(hit, Tensor.wrap(here), total)
    return total


def _shares(
    size: Sizes, out: Sizes, dtype: Any, kernel_size: Sizes, strides: Sizes, pad: Sizes,
    extra: Sizes, count_include_pad: bool, divisor_override: int,
) -> Tensor:  # fmt: skip
    count = divisor_override or pool_kernels.counts(
        size, kernel_size, strides, pad, extra, out, count_include_pad
    )
    return Tensor.wrap(np.asarray(1 / np.asarray(count), dtype))


def avg_pool(x: Tensor, kernel_size: Sizes, strides: Sizes, pad: Sizes, extra: Sizes,
             count_include_pad: bool, divisor_override: int) -> Tensor:  # fmt: skip
    wide = widened(pad, extra)
    ones = (1,) * len(kernel_size)
    out = pool_kernels.output_sizes("AvgPool", x.shape[2:], kernel_size, strides, wide, ones)
    shares = _shares(x.shape[2:], out, x._value.dtype, kernel_size, strides, pad, extra,
                     count_include_pad, divisor_override)  # fmt: skip
    total = _padded(x, wide, 0)
    for axis, (k, s, n) in enumerate(zip(kernel_size, strides, out, strict=True)):
        more = (slice(None),) * (len(kernel_size) - 1 - axis)
        cuts = [slice(t, t + (n - 1) * s + 1, s) for t in range(k)]
        parts = [apply(GetItem, (total,), {"template": (Ellipsis, c, *more)}) for c in cuts]
        total = parts[0]
        for part in parts[1:]:
            total = apply(Add, (total, part))
    return total * shares


def avg_pool_grad(
    dy: Tensor, size: Sizes, kernel_size: Sizes, strides: Sizes, pad: Sizes, extra: Sizes,
    count_include_pad: bool, divisor_override: int,
) -> Tensor:  # fmt: skip
    rank, channels, wide = len(kernel_size), dy.shape[1], widened(pad, extra)
    shared = dy * _shares(size, dy.shape[2:], dy._value.dtype, kernel_size, strides, pad, extra,
                          count_include_pad, divisor_override)  # fmt: skip
    exact = all(n * k == m for n, k, m in zip(dy.shape[2:], kernel_size, size, strict=True))
    if kernel_size == strides and exact and not any(wide):
        lead, counts = dy.shape[:2], dy.shape[2:]
        shared = _reshape(shared, (*lead, *(v for n in counts for v in (n, 1))))
        full = (*lead, *(v for p in zip(counts, kernel_size, strict=True) for v in p))
        return _reshape(apply(BroadcastTo, (shared,), {"shape": full}), (*lead, *size))
    # The adjoint of sums over windows is that of a convolution with ones, channel by channel.
    ones = Tensor.wrap(np.ones((channels, 1, *kernel_size), dy._value.dtype))
    attrs = {"size": size, "stride": strides, "pad": wide, "dilation": (1,) * rank,
             "group": channels}  # fmt: skip
    return apply(Conv2DBackpropInput if rank == 2 else Conv3DBackpropInput, (shared, ones), attrs)


def filter_gradient(dy: Tensor, x: Tensor, size: Sizes, stride: Sizes, pad: Sizes,
                    dilation: Sizes, group: int) -> Tensor:  # fmt: skip
    """The gradient by the filters is a convolution in which the batch plays the channels: image
    channels are the batch, `dy` the filters; stride and dilation change places."""
    rank, (n, channels), space = len(size), x.shape[:2], x.shape[2:]
    swap = (1, 0, *range(2, rank + 2))
    if group == 1:
        image = apply(Transpose, (x,), {"perm": swap})
    else:  # (N, g, C/g, …) -> (C/g, g N, …)
        image = _reshape(x, (n, group, channels // group, *space))
        image = apply(Transpose, (image,), {"perm": (2, 1, 0, *range(3, rank + 3))})
        image = _reshape(image, (channels // group, group * n, *space))
    filters = apply(Transpose, (dy,), {"perm": swap})
    attrs = {"stride": dilation, "pad": pad, "dilation": stride, "group": group}
    out = apply(Conv2D if rank == 2 else Conv3D, (image, filters), attrs)
    if out.shape[2:] != size:  # windows that the stride left out would give more
        out = apply(GetItem, (out,), {"template": (Ellipsis, *(slice(0, k) for k in size))})
    return apply(Transpose, (out,), {"perm": swap})


def input_gradient(dy: Tensor, w: Tensor, size: Sizes, stride: Sizes, pad: Sizes,
                   dilation: Sizes, group: int) -> Tensor:  # fmt: skip
    """The gradient by the image is a convolution with the flipped filters, over `dy` put at every
    stride-th place with a filter's width of zeros around."""
    rank, kernel = len(size), w.shape[2:]
    spans = [d * (k - 1) for d, k in zip(dilation, kernel, strict=True)]
    starts = tuple(span - pad[2 * i] for i, span in enumerate(spans))
    wide = tuple(n + span for n, span in zip(size, spans, strict=True))
    image = _spread(dy, starts, stride, wide)
    out, inner = w.shape[0] // group, w.shape[1]
    cut = (slice(None),) * 2 + (slice(None, None, -1),) * rank
    flipped = apply(GetItem, (w,), {"template": cut})
    flipped = _reshape(flipped, (group, out, inner, *kernel))
    flipped = apply(Transpose, (flipped,), {"perm": (0, 2, 1, *range(3, rank + 3))})
    flipped = _reshape(flipped, (group * inner, out, *kernel))
    attrs = {"stride": (1,) * rank, "pad": (0,) * 2 * rank, "dilation": dilation, "group": group}
    return apply(Conv2D if rank == 2 else Conv3D, (image, flipped), attrs)


def _regular(template: Any, shape: Sizes) -> list[Any]:
    """A template of ints, slices and None with one entry for each axis of `shape`."""
    items = list(template)
    if not any(t is Ellipsis for t in items):
        items.append(Ellipsis)
    at = next(i for i, t in enumerate(items) if t is Ellipsis)
    missing = len(shape) - sum(t is not None and t is not Ellipsis for t in items)
    return items[:at] + [slice(None)] * missing + items[at + 1 :]


def placed(value: Tensor, shape: Sizes, template: Any) -> Tensor:
    """Zeros of `shape` with `value` at a place of ints and slices."""
    items = _regular(template, shape)
    if any(isinstance(t, bool) for t in items):
        raise ValueError("an index of bools")
    axes, flips, starts, steps, inner = iter(shape), [], [], [], []
    for item in items:
        if item is None:
            continue
        n = next(axes)
        if isinstance(item, slice):
            places = range(n)[item]
            count, step = len(places), abs(places.step)
            first = (places[0] if places.step > 0 else places[-1]) if count else 0
            if places.step < 0:
                flips.append(len(starts))
        else:
            first, step, count = item % n, 1, 1
        starts.append(first)
        steps.append(step)
        inner.append(count)
    whole = tuple(
        len(range(n)[t]) if isinstance(t, slice) else 1
        for t, n in zip([t for t in items if t is not None], shape, strict=True)
    )
    target = np.empty(shape, "?")[tuple(template)].shape
    full = apply(BroadcastTo, (value,), {"shape": target}) if value.shape != target else value
    full = full if full.shape == whole else _reshape(full, whole)
    if flips:
        cut = tuple(slice(None, None, -1 if i in flips else 1) for i in range(len(whole)))
        full = apply(GetItem, (full,), {"template": cut})
    return _spread(full, tuple(starts), tuple(steps), shape)


def _count(x: Tensor, template: Any) -> int:
    """How many elements an index of ints and slices picks."""
    return math.prod(np.empty(x.shape, "?")[tuple(template)].shape)


def _by_places(prim: Any, x: Tensor, value: Tensor, index: Any, template: Any) -> Tensor:
    """Index tensors among slices, ints and None: each element's number in x says where it goes."""
    size, dtype = math.prod(x.shape), x._value.dtype
    numbers = Tensor.wrap(np.arange(size, dtype=np.int64).reshape(x.shape))
    places = apply(GetItem, (numbers, *index), {"template": template})
    count = math.prod(places.shape)
    if not count:
        return x
    value = apply(BroadcastTo, (cast(value, dtype),), {"shape": places.shape})
    flat = (_reshape(v, (n,)) for v, n in ((x, size), (value, count), (places, count)))
    return _reshape(apply(prim, tuple(flat), {"template": (TENSOR,)}), x.shape)


def add_at(x: Tensor, value: Tensor, *index: Tensor, template: Any) -> Tensor:
    """Without index tensors a padding and a sum."""
    if index:
        return _by_places(AddAt, x, value, index, template)
    if not _count(x, template):
        return x
    there = placed(value, x.shape, template)
    zeros = isinstance(x._value, np.ndarray) and not x._value.any()
    return there if zeros else apply(Add, (x, there))


def set_item(x: Tensor, value: Tensor, *index: Tensor, template: Any) -> Tensor:
    """Without index tensors a padding and a choice by a mask that is known."""
    if index:
        return _by_places(SetItem, x, value, index, template)
    if not _count(x, template):
        return x
    mask = np.zeros(x.shape, bool)
    mask[tuple(template)] = True
    return where(Tensor.wrap(mask), placed(cast(value, x._value.dtype), x.shape, template), x)


def reverse(x: Tensor, axis: Any) -> Tensor:
    axes = {a % x.ndim for a in ((axis,) if isinstance(axis, int) else axis)}
    cut = tuple(slice(None, None, -1 if i in axes else None) for i in range(x.ndim))
    return apply(GetItem, (x,), {"template": cut})


def diagonal(x: Tensor, offset: int) -> Tensor:
    *lead, rows, cols = x.shape
    n = max(min(rows + min(offset, 0), cols - max(offset, 0)), 0)
    start = max(offset, 0) + max(-offset, 0) * cols
    flat = _reshape(x, (*lead, rows * cols))
    cut = slice(start, start + max((n - 1) * (cols + 1) + 1, 0), cols + 1)
    return apply(GetItem, (flat,), {"template": (Ellipsis, cut)})


RULES: dict[str, Any] = {
    **{f"MaxPool{d}": max_pool for d in ("", "3D")},
    **{f"MaxPool{d}Grad": max_pool_grad for d in ("", "3D")},
    **{f"MaxPool{d}GradGrad": max_pool_grad_grad for d in ("", "3D")},
    "MaxPoolPosition": max_pool_position,
    **{f"AvgPool{d}": avg_pool for d in ("", "3D")},
    **{f"AvgPool{d}Grad": avg_pool_grad for d in ("", "3D")},
    **{f"Conv{d}DBackpropInput": input_gradient for d in (2, 3)},
    "Conv2DBackpropFilter": filter_gradient,
    "Conv3DBackpropFilter": filter_gradient,
    "AddAt": add_at,
    "SetItem": set_item,
    "ReverseV2": reverse,
    "MatrixDiagPart": diagonal,
}
