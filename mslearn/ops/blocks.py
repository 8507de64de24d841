"""Parts of tensors: bands and diagonals of matrices, blocks of space, segments of rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from mslearn.core.errors import ShapeError
from mslearn.core.primitive import apply
from mslearn.core.tensor import Tensor, as_tensor
from mslearn.ops.arrange import diag_embed, pad_around, pad_pairs
from mslearn.ops.control import assign
from mslearn.ops.families import cast, normal_axes
from mslearn.ops.gather_scatter import gather_elements
from mslearn.ops.indexing import TENSOR, AddAt, gather, where
from mslearn.ops.shape import stack

__all__ = [
    "batch_to_space_nd", "channel_shuffle", "diagonal_scatter",
    "dsplit", "expand", "inplace_add", "inplace_index_add", "inplace_sub",
    "inplace_update", "matrix_band_part", "matrix_diag",
    "matrix_diag_part", "matrix_set_diag",
    "mirror_pad", "padding", "reverse_sequence", "slice_scatter",
    "space_to_batch_nd", "sparse_segment_mean", "t", "unsorted_segment_max",
    "unsorted_segment_min", "unsorted_segment_prod", "unsorted_segment_sum",
]  # fmt: skip


def matrix_band_part(x, lower, upper):
    """Matrices with `lower` diagonals below and `upper` above the main one kept (-1: all)."""
    x = as_tensor(x)
    rows, cols = np.indices(x.shape[-2:], sparse=True)
    low, up = int(lower), int(upper)
    keep = ((low < 0) | (rows - cols <= low)) & ((up < 0) | (cols - rows <= up))
    return x * Tensor.wrap(keep.astype(x._value.dtype))


def _diagonals(name: str, k: Any, rows: int, cols: int) -> tuple[int, int]:
    low, high = (int(v) for v in np.broadcast_to(np.asarray(k), (2,)))
    if not -rows < low <= high < cols:
        raise ValueError(
            f"For '{name}', the diagonals k must be in ({-rows}, {cols}), lowest first, but got "
            f"{k} for matrices of {rows} by {cols}."
        )
    return low, high


def _places(shape: Any, low: int, high: int, align: str) -> tuple[np.ndarray, ...]:
    """For each (diagonal, position) of the packed form: row, column, and whether it exists."""
    rows, cols = shape
    longest = min(rows + min(high, 0), cols - max(low, 0))
    r, c, real = (np.zeros((high - low + 1, longest), np.int64) for _ in range(3))
    above, below = align.split("_")
    for i, d in enumerate(range(high, low - 1, -1)):
        n = min(rows + min(d, 0), cols - max(d, 0))
        shift = longest - n if (above if d >= 0 else below) == "RIGHT" else 0
        steps = np.arange(n)
        r[i, shift : shift + n], c[i, shift : shift + n] = steps - min(d, 0), steps + max(d, 0)
        real[i, shift : shift + n] = 1
    return r, c, real.astype(bool)


def matrix_diag_part(x, k=0, padding_value=0, align="RIGHT_LEFT"):
    """The diagonals k (an int, or the lowest and the highest) of matrices, the highest first.

    Shorter diagonals are filled with `padding_value`; `align` says on which side the superdiagonals
    and the subdiagonals stand.
    """
    x = as_tensor(x)
    low, high = _diagonals("matrix_diag_part", k, *x.shape[-2:])
    r, c, real = _places(x.shape[-2:], low, high, align)
    out = where(Tensor.wrap(real), x[..., Tensor.wrap(r), Tensor.wrap(c)], padding_value)
    return out if high > low else out.squeeze(-2)


def matrix_set_diag(x, diagonal, k=0, align="RIGHT_LEFT"):
    """Matrices with their diagonals k replaced; `diagonal` as `matrix_diag_part` gives it."""
    x, d = as_tensor(x), as_tensor(diagonal)
    low, high = _diagonals("matrix_set_diag", k, *x.shape[-2:])
    r, c, real = _places(x.shape[-2:], low, high, align)
    d = d if high > low else d.expand_dims(-2)
    template = (Ellipsis, TENSOR, TENSOR)
    index = (Tensor.wrap(r[real]), Tensor.wrap(c[real]))
    mask = np.zeros(x.shape[-2:], bool)
    mask[r[real], c[real]] = True
    base = where(Tensor.wrap(mask), x * 0, x)
    return apply(AddAt, (base, d[..., Tensor.wrap(real)], *index), {"template": template})


def matrix_diag(x, k=0, num_rows=-1, num_cols=-1, padding_value=0, align="RIGHT_LEFT"):
    """Matrices with the diagonals k given (an int, or the lowest and the highest), else padding."""
    x = as_tensor(x)
    low, high = (int(v) for v in np.broadcast_to(np.asarray(k), (2,)))
    least = (x.shape[-1] - min(high, 0), x.shape[-1] + max(low, 0))
    rows, cols = int(num_rows), int(num_cols)
    if rows < 0 and cols < 0:
        rows = cols = max(least)
    rows, cols = (given if given > 0 else n for given, n in zip((rows, cols), least, strict=True))
    lead = x.shape[: x.ndim - (2 if high > low else 1)]
    empty = Tensor.wrap(np.full((*lead, rows, cols), 0, x._value.dtype)) + padding_value
    return matrix_set_diag(cast(empty, x._value.dtype), x, k, align)


def diagonal_scatter(input, src, offset=0, dim1=0, dim2=1):
    """A copy of the input with `src` on its diagonal (the axes dim1 and dim2 make the matrices)."""
    x, new = as_tensor(input), as_tensor(src)
    mask = diag_embed(new * 0 + 1, offset, dim1, dim2)
    placed = diag_embed(new, offset, dim1, dim2)
    pairs = tuple((0, n - m) for n, m in zip(x.shape, placed.shape, strict=True))
    placed, mask = pad_pairs(placed, pairs), pad_pairs(mask, pairs)
    return where(mask != 0, placed, x)


def slice_scatter(input, src, axis=0, start=None, end=None, step=1):
    """A copy of the input with `src` written to ``[start:end:step]`` of `axis`."""
    x = as_tensor(input)
    out = x + 0
    out[(*[np.s_[:]] * (axis % x.ndim), slice(start, end, step))] = as_tensor(src)
    return out


def channel_shuffle(x, groups):
    """(N, C, …) with the channels of each group spread over all groups (Zhang et al., 2018)."""
    x = as_tensor(x)
    n, c = x.shape[:2]
    if groups < 1 or c % groups:
        raise ShapeError(f"For 'channel_shuffle', groups {groups} must divide the {c} channels.")
    return x.reshape((n, groups, c // groups, -1)).swapaxes(1, 2).reshape(x.shape)


def _block(name: str, block: Any, pairs: Any) -> tuple[list[int], list[list[int]]]:
    pairs = np.asarray(pairs).tolist()
    sizes = [int(block)] * len(pairs) if isinstance(block, int) else [int(b) for b in block]
    if len(sizes) != len(pairs) or min(sizes) < 1:
        raise ValueError(f"For '{name}', one block size >= 1 for each pair, not {block}, {pairs}.")
    return sizes, pairs


def space_to_batch_nd(input_x, block_size, paddings):
    """Blocks of space become batches: the last axes are padded and divided by the block sizes."""
    x = as_tensor(input_x)
    sizes, pairs = _block("space_to_batch_nd", block_size, paddings)
    lead = x.ndim - len(sizes)
    x = pad_pairs(x, [(0, 0)] * lead + [tuple(p) for p in pairs])
    shape, order = list(x.shape[:lead]), list(range(lead))
    for i, (n, b) in enumerate(zip(x.shape[lead:], sizes, strict=True)):
        shape += [n // b, b]
        order.insert(i, lead + 2 * i + 1)
    order += [lead + 2 * i for i in range(len(sizes))]
    out = x.reshape(tuple(shape)).transpose(tuple(order))
    return out.reshape((-1, *out.shape[len(sizes) + 1 :]))


def batch_to_space_nd(input_x, block_shape, crops):
    """The reverse of `space_to_batch_nd`; `crops` are cut from both ends of each axis."""
    x = as_tensor(input_x)
    sizes, pairs = _block("batch_to_space_nd", block_shape, crops)
    k, lead = len(sizes), x.ndim - len(sizes)
    out = x.reshape((*sizes, -1, *x.shape[1:]))
    order = list(range(k, k + lead))
    for i in range(k):
        order += [k + lead + i, i]
    out = out.transpose(tuple(order))
    spread = tuple(n * b for n, b in zip(x.shape[lead:], sizes, strict=True))
    out = out.reshape((*out.shape[:lead], *spread))
    return out[(Ellipsis, *(slice(a, n - b) for n, (a, b) in zip(spread, pairs, strict=True)))]


def reverse_sequence(x, seq_lengths, seq_dim, batch_dim=0):
    """The first ``seq_lengths[i]`` elements along `seq_dim` turned round, for each sample i."""
    x, lengths = as_tensor(x), as_tensor(seq_lengths)._concrete()
    t, b = (normal_axes("reverse_sequence", x.ndim, a)[0] for a in (seq_dim, batch_dim))
    steps = np.arange(x.shape[t])[None]
    n = lengths.reshape(-1, 1)
    index = np.where(steps < n, n - 1 - steps, steps)  # (batch, time)
    index = index if b < t else index.T
    shape = tuple(m if i in (t, b) else 1 for i, m in enumerate(x.shape))
    full = np.broadcast_to(index.reshape(shape), x.shape).astype(np.int64)
    return gather_elements(x, t, Tensor.wrap(full))


def _segments(x, segment_ids, num_segments):
    x, ids = as_tensor(x), as_tensor(segment_ids)
    if x.shape[: ids.ndim] != ids.shape:
        raise ShapeError(
            f"For 'unsorted_segment', segment_ids {list(ids.shape)} must be the first axes of x "
            f"{list(x.shape)}."
        )
    return x.reshape((-1, *x.shape[ids.ndim :])), ids.reshape((-1,)), int(num_segments)


def unsorted_segment_sum(input_x, segment_ids, num_segments):
    """The sum of the rows of each segment; a negative id leaves its row out."""
    x, ids, n = _segments(input_x, segment_ids, num_segments)
    counted = (ids >= 0).reshape((-1,) + (1,) * (x.ndim - 1))
    empty = Tensor.wrap(np.zeros((n, *x.shape[1:]), x._value.dtype))
    return apply(AddAt, (empty, where(counted, x, 0), ids.maximum(0)), {"template": (TENSOR,)})


def _segment_fold(pick, x, segment_ids, num_segments, nothing):
    x, ids, n = _segments(x, segment_ids, num_segments)
    rows = []
    for k in range(n):
        at = np.flatnonzero(ids._concrete() == k)
        part = gather(x, Tensor.wrap(at), 0) if at.size else None
        rows.append((gather(x, Tensor.wrap(np.zeros(1, int)), 0) * 0 + nothing)[0]
                    if part is None else pick(part))  # fmt: skip
    return cast(stack(rows, 0), x._value.dtype)


def _limit(x: Any, largest: bool) -> Any:
    dtype = as_tensor(x)._value.dtype
    info = np.finfo(dtype) if dtype.kind == "f" else np.iinfo(dtype)
    return (info.max if largest else info.min).item() if dtype.kind == "f" else info.max


def unsorted_segment_max(x, segment_ids, num_segments):
    """The largest of each segment; the dtype's smallest number where there is none."""
    return _segment_fold(lambda p: p.amax(0), x, segment_ids, num_segments, _limit(x, False))


def unsorted_segment_min(x, segment_ids, num_segments):
    """The smallest of each segment; the dtype's largest number where there is none."""
    return _segment_fold(lambda p: p.amin(0), x, segment_ids, num_segments, _limit(x, True))


def unsorted_segment_prod(x, segment_ids, num_segments):
    """The product of each segment; 1 where there is none."""
    return _segment_fold(lambda p: p.prod(0), x, segment_ids, num_segments, 1)


def sparse_segment_mean(x, indices, segment_ids):
    """The mean of the rows `indices` of x in each segment (0 where there is none)."""
    ids = as_tensor(segment_ids)
    rows = gather(as_tensor(x), as_tensor(indices), 0)
    n = int(ids.max()) + 1 if ids.size else 0
    count = np.bincount(ids._concrete(), minlength=n).clip(1).astype(rows._value.dtype)
    total = unsorted_segment_sum(rows, ids, n)
    return total / Tensor.wrap(count.reshape((-1,) + (1,) * (rows.ndim - 1)))


def _rows(change, x, v, indices):
    x, v = as_tensor(x), as_tensor(v)
    at = np.asarray(indices if isinstance(indices, tuple | list) else [int(indices)])
    out = x + 0
    out[Tensor.wrap(at)] = change(gather(x, Tensor.wrap(at), 0), v)
    return out


def inplace_update(x, v, indices):
    """A copy of x with the rows `indices` replaced by `v`."""
    return _rows(lambda old, new: new, x, v, indices)


def inplace_add(x, v, indices):
    """A copy of x with `v` added to the rows `indices`."""
    return _rows(lambda old, new: old + new, x, v, indices)


def inplace_sub(x, v, indices):
    """A copy of x with `v` subtracted from the rows `indices`."""
    return _rows(lambda old, new: old - new, x, v, indices)


def inplace_index_add(var, indices, updates, axis):
    """The Parameter `var` with `updates` added at `indices` of `axis`, in place."""
    return assign(var, as_tensor(var).index_add(axis, indices, updates))


def mirror_pad(input_x, paddings, mode):
    """x continued at its borders: ``"REFLECT"`` leaves the border out, ``"SYMMETRIC"`` repeats."""
    pairs = np.asarray(as_tensor(paddings)._concrete()).tolist()
    return pad_around(as_tensor(input_x), [tuple(p) for p in pairs], mode.lower())


def padding(x, pad_dim_size=8):
    """Zeros behind the one element of the last axis, up to `pad_dim_size`."""
    x = as_tensor(x)
    return pad_pairs(x, [(0, 0)] * (x.ndim - 1) + [(0, pad_dim_size - x.shape[-1])])


def dsplit(input, indices_or_sections):
    """Parts along axis 2."""
    return as_tensor(input).tensor_split(indices_or_sections, 2)


def t(input):
    """The transpose of a matrix; a vector or number as it is."""
    x = as_tensor(input)
    return x.T if x.ndim == 2 else x


def expand(input_x, size):
    """The input repeated to `size`; -1 keeps an axis."""
    x = as_tensor(input_x)
    sizes = tuple(int(n) for n in np.asarray(as_tensor(size)._concrete()).reshape(-1))
    return x.broadcast_to(sizes)
