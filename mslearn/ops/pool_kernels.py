"""How pooling is computed: whole slices of images are combined, one window element at a time.

The element t of *all* windows is one strided slice of the image. A maximum or a sum over a window
of height h and width w needs no h * w slices: rows first, then columns, h + w slices, and the
rows (whole lines of memory) are the cheap ones.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from mslearn.ops.threads import over_batch
from mslearn.ops.windows import output_sizes

Sizes = tuple[int, ...]


def padded(x: np.ndarray, pad: Sizes, value: float) -> np.ndarray:
    """`x` with `value` around its spatial axes; itself without padding."""
    if not any(pad):
        return x
    rank = len(pad) // 2
    shape = [n + pad[2 * i] + pad[2 * i + 1] for i, n in enumerate(x.shape[2:])]
    out = np.full((*x.shape[:2], *shape), value, x.dtype)
    out[inside(x.shape[2:], pad, rank)] = x
    return out


def inside(size: Sizes, pad: Sizes, rank: int) -> tuple[Any, ...]:
    """The index of the image within its padding."""
    return (..., *(slice(pad[2 * i], pad[2 * i] + size[i]) for i in range(rank)))


def _slice(x: np.ndarray, axis: int, first: int, count: int, step: int) -> np.ndarray:
    return x[(*(slice(None),) * axis, slice(first, first + (count - 1) * step + 1, step))]


def combined(
    x: np.ndarray, ufunc: np.ufunc, kernel: Sizes, stride: Sizes, dilation: Sizes, out: Sizes
) -> np.ndarray:
    """`ufunc` (maximum or add) over every window of a padded batch."""
    for i, (k, s, d, n) in enumerate(zip(kernel, stride, dilation, out, strict=True)):
        if k == 1 and s == 1:
            continue
        parts = [_slice(x, 2 + i, t * d, n, s) for t in range(k)]
        x = ufunc(parts[0], parts[1]) if k > 1 else parts[0].copy()
        for part in parts[2:]:
            ufunc(x, part, out=x)
    return x


def taps(
    x: np.ndarray, kernel: Sizes, stride: Sizes, dilation: Sizes, out: Sizes
) -> Iterator[tuple[int, np.ndarray]]:
    """(number, slice) of every window element, in reading order."""
    for number, tap in enumerate(itertools.product(*map(range, kernel))):
        ends = zip(tap, stride, dilation, out, strict=True)
        index = (slice(t * d, t * d + (n - 1) * s + 1, s) for t, s, d, n in ends)
        yield number, x[(..., *index)]


def maximum(x: np.ndarray, kernel: Sizes, stride: Sizes, pad: Sizes, dilation: Sizes) -> np.ndarray:
    """The largest number of each window."""
    out = output_sizes("MaxPool", x.shape[2:], kernel, stride, pad, dilation)
    result = np.empty((*x.shape[:2], *out), x.dtype)

    def run(a: int, b: int) -> None:
        wide = padded(x[a:b], pad, -np.inf)
        result[a:b] = combined(wide, np.maximum, kernel, stride, dilation, out)

    over_batch(run, len(x), 4 * x.size)
    return result


def first_hits(
    x: np.ndarray, y: np.ndarray, kernel: Sizes, stride: Sizes, pad: Sizes, dilation: Sizes
) -> Iterator[tuple[int, np.ndarray]]:
    """For each window element in reading order: where it is the first to equal the maximum `y`.

    (A mask of the windows still without a maximum took 0.3 where writing the elements' numbers
    into an array took 1.2 ms: 64×6×24×24, 2×2.)
    """
    free = np.ones(y.shape, bool)
    wide = padded(x, pad, -np.inf)
    for number, part in taps(wide, kernel, stride, dilation, y.shape[2:]):
        hit = part == y
        hit &= free
        free ^= hit
        yield number, hit


def first_maximum(
    x: np.ndarray, y: np.ndarray, kernel: Sizes, stride: Sizes, pad: Sizes, dilation: Sizes
) -> np.ndarray:
    """The number of the first window element that equals the maximum `y`."""
    found = np.zeros(y.shape, np.int64)
    for number, hit in first_hits(x, y, kernel, stride, pad, dilation):
        np.copyto(found, number, where=hit)
    return found


def maximum_gradient(
    x: np.ndarray, y: np.ndarray, dy: np.ndarray, kernel: Sizes, stride: Sizes, pad: Sizes,
    dilation: Sizes,
) -> np.ndarray:  # fmt: skip
    """`dy` put where each window's first maximum stands; where windows overlap, summed."""
    result = np.empty(x.shape, dy.dtype)
    apart = all(s >= d * (k - 1) + 1 for k, s, d in zip(kernel, stride, dilation, strict=True))

    def run(a: int, b: int) -> None:
        shape = [n + pad[2 * i] + pad[2 * i + 1] for i, n in enumerate(x.shape[2:])]
        wide = np.zeros((b - a, x.shape[1], *shape), dy.dtype)
        places = taps(wide, kernel, stride, dilation, y.shape[2:])
        hits = first_hits(x[a:b], y[a:b], kernel, stride, pad, dilation)
        for (_, part), (_, hit) in zip(places, hits, strict=True):
            if apart:
                np.multiply(dy[a:b], hit, out=part)
            else:
                np.add(part, dy[a:b] * hit, out=part)
        result[a:b] = wide[inside(x.shape[2:], pad, len(kernel))]

    over_batch(run, len(x), 8 * x.size)
    return result


def at_first_maximum(
    x: np.ndarray, y: np.ndarray, t: np.ndarray, kernel: Sizes, stride: Sizes, pad: Sizes,
    dilation: Sizes,
) -> np.ndarray:  # fmt: skip
    """The number of `t` (shape of x) at each window's first maximum."""
    result = np.zeros(y.shape, t.dtype)
    places = taps(padded(t, pad, 0), kernel, stride, dilation, y.shape[2:])
    hits = first_hits(x, y, kernel, stride, pad, dilation)
    for (_, part), (_, hit) in zip(places, hits, strict=True):
        np.copyto(result, part, where=hit)
    return result


def positions(
    size: Sizes, where: np.ndarray, kernel: Sizes, stride: Sizes, pad: Sizes, dilation: Sizes
) -> np.ndarray:
    """Numbers of window elements as positions in the flattened image."""
    flat = np.zeros(where.shape, np.int64)
    elements = np.unravel_index(where, kernel)
    rank = len(kernel)
    for i in range(rank):
        start = np.arange(where.shape[2 + i]) * stride[i] - pad[2 * i]
        axis = start.reshape((-1,) + (1,) * (rank - 1 - i)) + elements[i] * dilation[i]
        flat = flat * size[i] + axis
    return flat


def counts(
    size: Sizes, kernel: Sizes, stride: Sizes, pad: Sizes, extra: Sizes, out: Sizes, include: bool
) -> Any:
    """How many numbers each window averages: an array over the output, or one number for all.

    Windows reach beyond the padding by `extra` in ceil mode; what is there never counts.
    """
    lengths = []
    for i, (n, k, s) in enumerate(zip(size, kernel, stride, strict=True)):
        start = np.arange(out[i]) * s
        low, high = (
            (0, n + pad[2 * i] + pad[2 * i + 1]) if include else (pad[2 * i], pad[2 * i] + n)
        )
        lengths.append(np.minimum(start + k, high) - np.maximum(start, low))
    if all((a == a[0]).all() for a in lengths):
        return math.prod(int(a[0]) for a in lengths)
    total = lengths[0]
    for a in lengths[1:]:
        total = total[..., None] * a
    return np.maximum(total, 1)


def window_sums(x: np.ndarray, kernel: Sizes, stride: Sizes, pad: Sizes) -> np.ndarray:
    """The sum of each window."""
    ones = (1,) * len(kernel)
    out = output_sizes("AvgPool", x.shape[2:], kernel, stride, pad, ones)
    result = np.empty((*x.shape[:2], *out), x.dtype)

    def run(a: int, b: int) -> None:
        result[a:b] = combined(padded(x[a:b], pad, 0), np.add, kernel, stride, ones, out)

    over_batch(run, len(x), 4 * x.size)
    return result


def spread_sums(
    dy: np.ndarray, size: Sizes, kernel: Sizes, stride: Sizes, pad: Sizes
) -> np.ndarray:
    """The adjoint of `window_sums`: each number added to its whole window; axis by axis."""
    for i, (k, s) in reversed(list(enumerate(zip(kernel, stride, strict=True)))):
        axis, count = 2 + i, dy.shape[2 + i]
        length = size[i] + pad[2 * i] + pad[2 * i + 1]
        wide = np.zeros((*dy.shape[:axis], length, *dy.shape[axis + 1 :]), dy.dtype)
        for t in range(k):
            part = _slice(wide, axis, t, count, s)
            np.add(part, dy, out=part)
        dy = wide
    return np.ascontiguousarray(dy[inside(size, pad, len(kernel))])
