"""How convolution is computed with matrix products (im2col; Chellapilla et al., 2006).

The windows of an image become the columns of a matrix, and the filters the rows of another: one
product does all the sums. Everything here works for any number of spatial axes.

Where the time goes is copying windows, so the choices below are about memory. Measured on one
core (AMD EPYC, float32, milliseconds; the ratio to PyTorch's oneDNN is in benchmarks/):

* Windows *with stride 1* need not be cut out row by row: in the flattened padded image, the
  window element (i, j) of all positions is one long run that starts at i * width + j. Copying
  such runs (the few positions between rows are computed too and thrown away) took 2.8 where
  exact windows took 3.5 (32×16×32×32, 3×3), and 3.0 where they took 5.0 (32×32×16×16).
  Images so small that more than a third of the positions would be thrown away have exact windows
  when there are many filters (8×512×2×2, 512 filters: 3.1 against 7.0).
* A few samples at a time, so that their columns stay in the processor's second-level cache:
  the columns of a whole batch took up to twice as long (5.4 against 2.8). But as many columns as
  weights: many weights are slow to read, and each block reads them all (2.5 against 3.1).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import as_strided

from mslearn.ops.threads import over_batch

Sizes = tuple[int, ...]
CACHE_NUMBERS = 1 << 17  # columns of a block: half a megabyte in float32
MOST_WASTE, MANY_FILTERS = 1.6, 64  # so many positions of long runs for a wanted one, from 64 on


class Geometry(NamedTuple):
    """Sizes of one convolution, a number for each spatial axis."""

    size: Sizes  # of the image
    kernel: Sizes
    stride: Sizes
    dilation: Sizes
    before: Sizes  # padding
    padded: Sizes  # size of the padded image
    out: Sizes
    flat: bool  # whether long runs stand for windows (see above)

    @property
    def taps(self) -> int:
        return math.prod(self.kernel)


def geometry(size: Sizes, kernel: Sizes, stride: Sizes, pad: Sizes, dilation: Sizes) -> Geometry:
    """The sizes of a convolution; `pad` holds (before, after) for each axis, one after the other.

    An axis of the output may come out as 0 or less: the caller says what is wrong then.
    """
    padded = tuple(n + pad[2 * i] + pad[2 * i + 1] for i, n in enumerate(size))
    out = tuple(
        (p - d * (k - 1) - 1) // s + 1
        for p, d, k, s in zip(padded, dilation, kernel, stride, strict=True)
    )
    flat = all(s == 1 for s in stride)
    return Geometry(size, kernel, stride, dilation, pad[::2], padded, out, flat)


def _laid_out(g: Geometry, filters: int) -> Geometry:
    """The geometry with exact windows where long runs would cost many filters too much."""
    wasteful = filters >= MANY_FILTERS and math.prod(g.padded) > MOST_WASTE * math.prod(g.out)
    return g._replace(flat=False) if wasteful else g


class Block:
    """Scratch memory for a few samples: the padded images and their windows as columns."""

    def __init__(self, g: Geometry, channels: int, samples: int, dtype: np.dtype[Any]) -> None:
        self.g, self.samples = g, samples
        image = np.zeros((channels, samples, *g.padded), dtype)
        self.image = image
        self.inner = image[(..., *(slice(b, b + n) for b, n in zip(g.before, g.size, strict=True)))]
        channel, sample, *axes = image.strides
        taps = [d * s for d, s in zip(g.dilation, axes, strict=True)]
        if g.flat:  # a position of the output stands where its window begins in the image
            ends = sum((o - 1) * s // image.itemsize for o, s in zip(g.out, axes, strict=True))
            self.positions = (samples - 1) * math.prod(g.padded) + 1 + ends
            where, steps = (self.positions,), [image.itemsize]
            self.places = [s // image.itemsize for s in (sample, *axes)]
        else:
            where = (samples, *g.out)
            steps = [sample, *(d * s for d, s in zip(g.stride, axes, strict=True))]
            self.positions = math.prod(where)
            self.places = [math.prod(where[i + 1 :]) for i in range(len(where))]
        self.windows = as_strided(
            image, (channels, *g.kernel, *where), (channel, *taps, *steps), writeable=True
        )
        self.columns = np.empty(self.windows.shape, dtype)
        self.matrix = self.columns.reshape(channels * g.taps, self.positions)

    def load(self, x: np.ndarray) -> None:
        """Cut the windows of samples `x` (samples, channels, …) into columns."""
        self.inner[...] = x.swapaxes(0, 1)
        self.columns[...] = self.windows

    def unload(self, out: np.ndarray) -> None:
        """Add the columns to the places that they were cut from, and put the images into `out`."""
        self.image.fill(0)
        for tap in itertools.product(*map(range, self.g.kernel)):
            place = self.windows[(slice(None), *tap)]
            np.add(place, self.columns[(slice(None), *tap)], out=place)
        out.swapaxes(0, 1)[...] = self.inner

    def results(self, channels: int, across: bool = False) -> tuple[np.ndarray, np.ndarray]:
        """A matrix (channels, positions), and a view (samples, channels, *out) on its results.

        With `across` the matrix lies in memory position by position, as its transpose.
        """
        rows = np.zeros((channels, self.positions), self.image.dtype, "F" if across else "C")
        sample, *axes = [s * rows.strides[1] for s in self.places]
        shape = (self.samples, channels, *self.g.out)
        return rows, as_strided(rows, shape, (sample, rows.strides[0], *axes))


def _blocks(
    g: Geometry, channels: int, start: int, stop: int, weights: int, numbers: int = CACHE_NUMBERS
) -> Iterator[tuple[int, int]]:
    each = channels * g.taps * math.prod(g.padded if g.flat else g.out)
    samples = max(1, min(max(numbers, weights) // max(each, 1), stop - start))
    for a in range(start, stop, samples):
        yield a, min(a + samples, stop)


def forward(x: np.ndarray, w: np.ndarray, g: Geometry, group: int) -> np.ndarray:
    """Convolution: x (N, C, *size), w (O, C/group, *kernel) -> (N, O, *out)."""
    n, channels, filters = len(x), x.shape[1], len(w)
    g = _laid_out(g, filters)
    rows = w.reshape(group, filters // group, -1)
    out = np.empty((n, filters, *g.out), x.dtype)
    if out.size == 0 or x.size == 0:
        out.fill(0)
        return out
    if g.taps == 1 and g.flat and g.padded == g.size:  # 1×1: the image is its own columns
        wide = x.reshape(n, group, channels // group, -1)
        np.matmul(rows, wide, out=out.reshape(n, *rows.shape[:2], -1))
        return out

    def run(start: int, stop: int) -> None:
        block = None
        for a, b in _blocks(g, channels, start, stop, w.size):
            if block is None or block.samples != b - a:
                block = Block(g, channels, b - a, x.dtype)
                matrix = block.matrix.reshape(group, -1, block.positions)
                result, view = block.results(filters)
            block.load(x[a:b])
            np.matmul(rows, matrix, out=result.reshape(*rows.shape[:2], -1))
            out[a:b] = view

    over_batch(run, n, out.size * rows.shape[-1])
    return out


def input_gradient(dy: np.ndarray, w: np.ndarray, g: Geometry, group: int) -> np.ndarray:
    """The adjoint of `forward` in x: dy (N, O, *out), w (O, C/group, *kernel) -> (N, C, *size)."""
    n, filters = dy.shape[:2]
    channels = w.shape[1] * group
    g = _laid_out(g, filters)
    shape = (n, channels, *g.size)
    if dy.size == 0 or w.size == 0:
        return np.zeros(shape, dy.dtype)
    around = [
        (d * (k - 1) - b, s - o + b)
        for d, k, b, s, o in zip(g.dilation, g.kernel, g.before, g.size, g.out, strict=True)
    ]
    # Few filters make few columns: then the convolution of dy with turned filters is cheaper than
    # adding up what each output gives back (32×16×32×32, 3×3: 2.8 against 3.2).
    if g.flat and filters <= channels and all(p >= 0 for pair in around for p in pair):
        turned = np.flip(w, tuple(range(2, w.ndim))).reshape(group, filters // group, -1, *g.kernel)
        turned = turned.swapaxes(1, 2).reshape(channels, -1, *g.kernel)
        back = geometry(g.out, g.kernel, g.stride, tuple(itertools.chain(*around)), g.dilation)
        return forward(dy, turned, back, group)
    columns = w.reshape(group, filters // group, -1).swapaxes(1, 2)
    out = np.empty(shape, dy.dtype)

    def run(start: int, stop: int) -> None:
        block = None
        # Larger blocks here: adding up goes tap by tap, a NumPy call each (1.1 against 1.8).
        for a, b in _blocks(g, channels, start, stop, w.size, 4 * CACHE_NUMBERS):
            if block is None or block.samples != b - a:
                block = Block(g, channels, b - a, dy.dtype)
                matrix = block.matrix.reshape(group, -1, block.positions)
                result, view = block.results(filters)
            view[...] = dy[a:b]
            np.matmul(columns, result.reshape(group, -1, block.positions), out=matrix)
            block.unload(out[a:b])

    over_batch(run, n, dy.size * columns.shape[1])
    return out


def filter_gradient(dy: np.ndarray, x: np.ndarray, g: Geometry, group: int) -> np.ndarray:
    """The adjoint of `forward` in w: dy (N, O, *out), x (N, C, *size) -> (O, C/group, *kernel)."""
    n, filters, channels = len(x), dy.shape[1], x.shape[1]
    g = _laid_out(g, filters)
    shape = (filters, channels // group, *g.kernel)
    if dy.size == 0 or x.size == 0:
        return np.zeros(shape, x.dtype)

    def run(start: int, stop: int) -> np.ndarray:
        total: Any = 0
        block = None
        for a, b in _blocks(g, channels, start, stop, math.prod(shape)):
            if block is None or block.samples != b - a:
                block = Block(g, channels, b - a, x.dtype)
                matrix = block.matrix.reshape(group, -1, block.positions)
                result, view = block.results(filters, across=True)
            block.load(x[a:b])
            view[...] = dy[a:b]
            # dy transposed is what BLAS likes: 2.1 where dy times columns transposed took 5.5.
            rows = result.T.reshape(block.positions, group, -1).swapaxes(0, 1)
            pair = (rows.swapaxes(1, 2), matrix.swapaxes(1, 2)) if straight else (matrix, rows)
            total = total + np.matmul(*pair)
        return total

    # Many weights are computed as they shall lie in memory, though that product is slower: turning
    # 512×4608 of them afterwards, wherever they are used, takes 38 where all the rest takes 3.
    straight = math.prod(shape) > 1 << 18
    first, *others = over_batch(run, n, dy.size * math.prod(shape[1:]))
    total = sum(others, first)
    return (total if straight else total.swapaxes(1, 2)).reshape(shape)
