"""Order: sorting, the largest k, places in a sorted list, distinct values, running extremes."""

from __future__ import annotations

from typing import Any

import numpy as np

from mslearn.core.dtype import BOOL, FLOAT32, INT64, to_numpy
from mslearn.core.errors import DtypeError, ShapeError
from mslearn.core.primitive import Primitive, apply
from mslearn.core.tensor import Abstract, NeedsNumbers, Tensor, as_tensor
from mslearn.ops.families import cast, normal_axes
from mslearn.ops.gather_scatter import GatherD, TensorScatterElements
from mslearn.ops.shape import concat, split, swapaxes

__all__ = [
    "aminmax", "argsort", "argwhere", "bincount", "count_nonzero", "cummax", "cummin", "histc",
    "intopk", "median", "msort", "nonzero", "searchsorted", "sort", "top_k", "topk", "unique",
    "unique_consecutive", "unique_with_pad",
]  # fmt: skip
INT32 = np.dtype("i4")


class Counted(Primitive, abstract=True):
    """A primitive without gradient whose result's shape may depend on the numbers."""

    def __init_subclass__(cls, abstract: bool = False, **kwargs: Any) -> None:
        super().__init_subclass__(abstract=abstract, **kwargs)

        def infer(*xs: Any, **attrs: Any) -> Any:
            if any(isinstance(x, Abstract) for x in xs):
                raise NeedsNumbers(
                    f"For '{cls.name}', the shape of the result depends on the numbers, which a "
                    f"captured graph does not have. Call it outside of the jit function."
                )
            out = cls.kernel(*xs, **attrs)
            if isinstance(out, tuple):
                return tuple(o.shape for o in out), tuple(o.dtype for o in out)
            return out.shape, out.dtype

        if "infer" not in cls.__dict__:
            cls.infer = staticmethod(infer)


class _Picking(Primitive, abstract=True):
    """Outputs (values, indices along `axis`): the gradient goes to where the values came from."""

    def __init_subclass__(cls, abstract: bool = False, **kwargs: Any) -> None:
        def vjp(ct, out, x, **attrs):
            zeros = Tensor.wrap(np.zeros(x._value.shape, ct[0]._value.dtype))
            place = {"axis": attrs.get("axis", -1), "reduction": "add"}
            return (apply(TensorScatterElements, (zeros, out[1], ct[0]), place),)

        def jvp(tangents, out, x, **attrs):
            picked = apply(GatherD, (tangents[0], out[1]), {"dim": attrs.get("axis", -1)})
            return picked, Tensor.wrap(np.zeros(out[1].shape, out[1]._value.dtype))

        cls.vjp, cls.jvp = staticmethod(vjp), staticmethod(jvp)
        super().__init_subclass__(abstract=abstract, **kwargs)


def _order(x: np.ndarray, axis: int, descending: bool) -> np.ndarray:
    if not descending:
        return np.argsort(x, axis, kind="stable")
    n = x.shape[axis] if x.ndim else 1
    # Reversed twice, so that equal values stay in their order.
    return n - 1 - np.flip(np.argsort(np.flip(x, axis), axis, kind="stable"), axis)


class Sort(_Picking):
    """The values along `axis` in order, and where they stood; equal values keep their order."""

    params = {"axis": -1, "descending": False}

    def kernel(x, axis, descending):
        index = _order(x, axis, descending)
        return np.take_along_axis(x, index, axis), index.astype(INT32)

    def infer(x, axis, descending):
        normal_axes("Sort", len(x.shape), axis)
        return (x.shape, x.shape), (x.dtype, INT32)


class TopK(_Picking):
    """The k largest values of the last axis, largest first, and where they stood."""

    params = {"sorted": True}
    static = {"k": 1}
    lower = {"onnx": "TopK"}

    def kernel(x, k, sorted):
        index = _order(x, -1, True)[..., :k]
        return np.take_along_axis(x, index, -1), index.astype(INT32)

    def infer(x, k, sorted):
        if not x.shape or not 0 <= k <= x.shape[-1]:
            raise ShapeError(
                f"For 'TopK', k must be from 0 to the size of the last axis, but got k = {k} for "
                f"shape {list(x.shape)}."
            )
        shape = (*x.shape[:-1], k)
        return (shape, shape), (x.dtype, INT32)


class Cummax(_Picking):
    """The largest value so far along `axis`, and where it stood (of equal ones, the last)."""

    params = {"axis": 0}

    def kernel(x, axis):
        return _running(np.maximum, x, axis)

    def infer(x, axis):
        return (x.shape, x.shape), (x.dtype, INT64)


class Cummin(_Picking):
    """The smallest value so far along `axis`, and where it stood (of equal ones, the last)."""

    params = {"axis": 0}

    def kernel(x, axis):
        best, index = _running(np.minimum, x, axis)
        return best, index.astype(INT32)

    def infer(x, axis):
        return (x.shape, x.shape), (x.dtype, INT32)


def _running(ufunc: Any, x: np.ndarray, axis: int) -> tuple[np.ndarray, np.ndarray]:
    best = ufunc.accumulate(x, axis)
    steps = np.arange(x.shape[axis]).reshape(
        [-1 if i == axis % x.ndim else 1 for i in range(x.ndim)]
    )
    return best, np.maximum.accumulate(np.where(x == best, steps, 0), axis).astype(INT64)


class Unique(Counted):
    """The distinct values in the order in which they first occur, and the place of each element."""

    def kernel(x):
        values, first, index = np.unique(x, return_index=True, return_inverse=True)
        order = np.argsort(first)
        place = np.argsort(order)[index.reshape(x.shape)]
        return values[order], place.astype(INT64 if x.dtype == INT64 else INT32)


class SearchSorted(Primitive):
    """Where each value would go into the sorted last axis of `sorted_sequence`."""

    inputs = ("sorted_sequence", "values")
    params = {"dtype": INT64, "right": False}

    def kernel(sorted_sequence, values, dtype, right):
        side = "right" if right else "left"
        if sorted_sequence.ndim == 1:
            out = np.searchsorted(sorted_sequence, values, side)
        else:
            rows = sorted_sequence.reshape(-1, sorted_sequence.shape[-1])
            wanted = values.reshape(len(rows), -1)
            found = [np.searchsorted(r, w, side) for r, w in zip(rows, wanted, strict=True)]
            out = np.array(found).reshape(values.shape)
        return out.astype(to_numpy(dtype))

    def infer(sorted_sequence, values, dtype, right):
        if len(sorted_sequence.shape) != 1 and sorted_sequence.shape[:-1] != values.shape[:-1]:
            raise ShapeError(
                f"For 'SearchSorted', all axes but the last must be equal, but got "
                f"{list(sorted_sequence.shape)} and {list(values.shape)}."
            )
        return values.shape, to_numpy(dtype)


class NonZero(Counted):
    """The coordinates of the elements that are not 0, one row each."""

    def kernel(x):
        return np.argwhere(x).astype(INT64)


class Bincount(Counted):
    """How often each number from 0 occurs (or the sum of the weights of its places)."""

    params = {"minlength": 0}

    def kernel(x, *weights, minlength):
        out = np.bincount(x, *weights, minlength=minlength)
        return out.astype(weights[0].dtype if weights else FLOAT32)


def sort(input_x, axis=-1, descending=False):
    """The values along `axis` in order, and the index (int32) of each in `input_x`."""
    x = as_tensor(input_x)
    (at,) = normal_axes("sort", x.ndim, axis)
    return apply(Sort, (x,), {"axis": at, "descending": bool(descending)})


def argsort(input, axis=-1, descending=False):
    """The indices (int32) that put the values along `axis` in order."""
    return sort(input, axis, descending)[1]


def msort(input):
    """The values in order along the first axis."""
    return sort(input, 0)[0]


def topk(input, k, dim=None, largest=True, sorted=True):
    """The k largest (or smallest) values along `dim`, the last axis by default.

    Returns:
        (values, indices), the indices int32.

    >>> import mslearn as ms
    >>> print(ms.ops.topk(ms.Tensor([0.5, 0.1, 0.9]), 2)[0])
    [0.9 0.5]
    """
    x = as_tensor(input)
    axis = x.ndim - 1 if dim is None else normal_axes("topk", x.ndim, dim)[0]
    if not 0 <= int(k) <= x.shape[axis]:
        raise ValueError(f"For 'topk', k must be 0 to {x.shape[axis]} (axis {axis}), but got {k}.")
    moved = swapaxes(x, axis, -1) if axis != x.ndim - 1 else x
    values, index = apply(TopK, (moved if largest else -moved,), {"k": int(k), "sorted": sorted})
    values = values if largest else -values
    if axis != x.ndim - 1:
        values, index = swapaxes(values, axis, -1), swapaxes(index, axis, -1)
    return values, index


def top_k(input_x, k, sorted=True):
    """The k largest values of the last axis, and their indices (int32)."""
    return topk(input_x, k, None, True, sorted)


def unique(input):
    """The distinct values in order of first occurrence, and the place of each element in them."""
    return apply(Unique, (as_tensor(input),))


def unique_with_pad(x, pad_num):
    """As `unique`, the values filled up with `pad_num` to the length of `x`."""
    t = as_tensor(x)
    values, index = unique(t)
    fill = Tensor.wrap(np.full(t.size - values.size, pad_num, t._value.dtype))
    return concat([values, fill]), index


def unique_consecutive(input, return_inverse=False, return_counts=False, dim=None):
    """The values without immediate repetitions (flattened unless `dim` is given)."""
    x = as_tensor(input).asnumpy()
    rows = x.reshape(-1, 1) if dim is None else np.moveaxis(x, dim, 0).reshape(x.shape[dim], -1)
    new = np.ones(len(rows), bool)
    new[1:] = (rows[1:] != rows[:-1]).any(1)
    kept = x.ravel()[new] if dim is None else np.compress(new, x, dim)
    inverse = np.cumsum(new) - 1
    out = [kept]
    if return_inverse:
        out.append((inverse.reshape(x.shape) if dim is None else inverse).astype(INT64))
    if return_counts:
        out.append(np.bincount(inverse).astype(INT64))
    found = tuple(map(Tensor.wrap, out))
    return found if len(found) > 1 else found[0]


def searchsorted(sorted_sequence, values, *, out_int32=False, right=False, side=None, sorter=None):
    """Where each value would go into the ascending last axis of `sorted_sequence`."""
    if side not in (None, "left", "right"):
        raise ValueError(f"For 'searchsorted', side is 'left' or 'right', but got {side!r}.")
    x = as_tensor(sorted_sequence)
    if sorter is not None:
        x = apply(GatherD, (x, as_tensor(sorter)), {"dim": -1})
    attrs = {"dtype": INT32 if out_int32 else INT64, "right": right or side == "right"}
    return apply(SearchSorted, (x, as_tensor(values, x._value.dtype)), attrs)


def nonzero(input, *, as_tuple=False):
    """The coordinates of the elements that are not 0: (n, ndim) int64, or one vector an axis."""
    out = apply(NonZero, (as_tensor(input),))
    if not as_tuple:
        return out
    return tuple(p.reshape((-1,)) for p in split(out, 1, 1)) if out.shape[1] else ()


argwhere = nonzero


def bincount(input, weights=None, minlength=0):
    """How often each whole number occurs in a vector, or the sums of its weights."""
    x = as_tensor(input)
    if x._value.dtype.kind not in "iu":
        raise DtypeError(f"For 'bincount', the input must hold integers, but got {x.dtype}.")
    extra = () if weights is None else (as_tensor(weights),)
    return apply(Bincount, (x, *extra), {"minlength": int(minlength)})


def histc(input, bins=100, min=0.0, max=0.0):
    """How many numbers fall into each of `bins` equal intervals from `min` to `max`."""
    x = as_tensor(input).asnumpy()
    limits = (x.min(), x.max()) if min == max and x.size else (min, max)
    counts = np.histogram(x, bins, (float(limits[0]), float(limits[1])))[0]
    return Tensor.wrap(counts.astype(x.dtype))


def count_nonzero(x, axis=(), keep_dims=False, dtype=INT32):
    """How many elements along `axis` are not 0."""
    return (as_tensor(x) != 0).astype(dtype).sum(axis, keep_dims, dtype=dtype)


def cummax(input, axis):
    """The largest value so far along `axis` and its index (int64)."""
    return apply(Cummax, (as_tensor(input),), {"axis": int(axis)})


def cummin(input, axis):
    """The smallest value so far along `axis` and its index (int32)."""
    return apply(Cummin, (as_tensor(input),), {"axis": int(axis)})


def median(input, axis=-1, keepdims=False):
    """The middle value along `axis` (the lower of two) and its index (int64)."""
    x = as_tensor(input)
    values, index = sort(x, axis)
    index = cast(index, INT64)
    middle = Tensor.wrap(np.array([(x.shape[axis] - 1) // 2 if x.ndim else 0]))
    pair = [v.gather(middle, axis) for v in (values, index)]
    return tuple(pair) if keepdims else tuple(v.squeeze(axis) for v in pair)


def aminmax(input, *, axis=0, keepdims=False):
    """The smallest and the largest elements along `axis`."""
    x = as_tensor(input)
    return x.amin(axis, keepdims), x.amax(axis, keepdims)


def intopk(x1, x2, k):
    """For each row of `x1`, whether class ``x2[i]`` is among the k largest numbers."""
    scores, target = as_tensor(x1)._concrete(), as_tensor(x2)._concrete()
    own = scores[np.arange(len(scores)), target][:, None]
    return Tensor.wrap(np.asarray((scores > own).sum(1) < k, BOOL))
