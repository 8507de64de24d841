"""Quantiles, distances, covariances, normalisations: reductions that are made of others."""

from __future__ import annotations

import itertools
import math

import numpy as np

from mslearn.core.errors import ShapeError
from mslearn.core.tensor import Tensor, as_tensor
from mslearn.ops.arrange import diff, pad_pairs
from mslearn.ops.control import stop_gradient
from mslearn.ops.families import cast, floating, normal_axes
from mslearn.ops.indexing import gather, where
from mslearn.ops.joining import nansum
from mslearn.ops.linalg import matmul
from mslearn.ops.matrix import einsum
from mslearn.ops.neural import silu
from mslearn.ops.shape import broadcast_to, concat, split, stack
from mslearn.ops.sorting import sort

__all__ = [
    "batch_dot", "bidense", "cartesian_prod", "combinations",
    "cov", "cross", "dist", "embedding", "lrn", "nanmean", "nanmedian", "nanquantile", "pdist",
    "quantile", "renorm", "rms_norm", "rotary_position_embedding", "swiglu", "trapz", "vander",
]  # fmt: skip


def nanmean(input, axis=None, keepdims=False, *, dtype=None):
    """The mean over `axis` of what is not NaN."""
    x = floating(input)
    count = cast(x.isnan() == False, x._value.dtype).sum(axis, keepdims)  # noqa: E712
    out = nansum(x, axis, keepdims) / count
    return out if dtype is None else out.astype(dtype)


def _quantile(name, input, q, axis, keepdims, ignore_nan):
    x = floating(input)
    shares = np.asarray(q.asnumpy() if isinstance(q, Tensor) else q, np.float64)
    if shares.ndim > 1 or (shares.size and not 0 <= shares.min() <= shares.max() <= 1):
        raise ValueError(
            f"For '{name}', q must be a number or vector with values in [0, 1], but got {q}."
        )
    lead = (1,) * x.ndim
    if axis is None:
        x, at = x.reshape((-1,)), 0
    else:
        (at,) = normal_axes(name, x.ndim, axis)
        lead = tuple(1 if i == at else n for i, n in enumerate(x.shape))
    values = sort(x, at)[0]
    nan = x.isnan()
    count = cast(nan == False, x._value.dtype).sum(at, True)._value  # noqa: E712
    n = count if ignore_nan else np.full_like(count, x.shape[at])
    parts = []
    for share in shares.reshape(-1):
        place = share * np.maximum(n - 1, 0)
        below = np.floor(place)
        low, high = (
            values.gather_elements(at, Tensor.wrap(p.astype(np.int64)))
            for p in (below, np.minimum(below + 1, np.maximum(n - 1, 0)))
        )
        out = low + (high - low) * Tensor.wrap((place - below).astype(x._value.dtype))
        lost = Tensor.wrap(np.asarray(count == 0)) if ignore_nan else nan.any(at, True)
        out = where(lost, math.nan, out)
        parts.append(out.reshape(lead) if keepdims else out.squeeze(at))
    return stack(parts, 0) if shares.ndim else parts[0]


def quantile(input, q, axis=None, keepdims=False):
    """The values below which the shares `q` of the elements lie, linear between two elements.

    Args:
        q: a number or a vector in [0, 1]; a vector's results lie along a new first axis.
        axis: an int, or None for all elements.

    >>> import mslearn as ms
    >>> print(ms.ops.quantile(ms.Tensor([1.0, 2.0, 4.0]), 0.75))
    3.0
    """
    return _quantile("quantile", input, q, axis, keepdims, False)


def nanquantile(input, q, axis=None, keepdims=False):
    """`quantile` of what is not NaN."""
    return _quantile("nanquantile", input, q, axis, keepdims, True)


def nanmedian(input, axis=-1, keepdims=False):
    """The middle value along `axis` (the lower of two) of what is not NaN, and its index."""
    x = as_tensor(input)
    values, index = sort(x, axis)
    count = (x.isnan() == False).astype("i8").sum(axis, True)  # noqa: E712
    place = ((count - 1) // 2).maximum(0)
    pair = [v.gather_elements(axis, place) for v in (values, index.astype("i8"))]
    return tuple(pair) if keepdims else tuple(v.squeeze(axis) for v in pair)


def cov(input, *, correction=1, fweights=None, aweights=None):
    """The covariances of the rows of a matrix: each row a variable, each column an observation."""
    x = floating(input)
    x = x.reshape((1, -1)) if x.ndim < 2 else x
    w = None
    for given in (fweights, aweights):
        if given is not None:
            one = cast(as_tensor(given), x._value.dtype)
            w = one if w is None else w * one
    if w is None:
        total, mean = float(x.shape[1]), x.mean(1, True)
        norm = total - correction
    else:
        total = w.sum()
        mean = (x * w).sum(1, True) / total
        share = total if aweights is None else (w * as_tensor(aweights)).sum()
        norm = total - correction * (share / total)
        norm = total - correction if aweights is None else norm
    d = x - mean
    out = matmul(d if w is None else d * w, d.T) / norm
    return out.squeeze() if out.shape == (1, 1) else out


def dist(input, other, p=2):
    """The p-norm of input - other."""
    d = (floating(input) - other).abs()
    if p == 0:
        return cast(d != 0, d._value.dtype).sum()
    return d.max() if math.isinf(p) else (d**p).sum() ** (1 / p)


def pdist(input, p=2.0):
    """The p-norm distances between all pairs of rows: (0, 1), (0, 2), …, (n - 2, n - 1)."""
    x = floating(input)
    if x.ndim < 2:
        raise ShapeError(f"For 'pdist', rows (…, N, M) are needed, but got {list(x.shape)}.")
    i, j = (Tensor.wrap(v) for v in np.triu_indices(x.shape[-2], 1))
    d = (gather(x, i, x.ndim - 2) - gather(x, j, x.ndim - 2)).abs()
    if p == 0:
        return cast(d != 0, d._value.dtype).sum(-1)
    if math.isinf(p):
        return d.amax(-1)
    return (d * d).sum(-1).sqrt() if p == 2 else (d**p).sum(-1) ** (1 / p)


def cross(input, other, dim=None):
    """The vector product along an axis of 3 elements (the first such axis when `dim` is None)."""
    x, y = as_tensor(input), as_tensor(other)
    if dim is None:
        dim = next((i for i, n in enumerate(x.shape) if n == 3), 0)
    if x.ndim == 0 or x.shape[dim] != 3 or y.shape[dim] != 3:
        raise ShapeError(
            f"For 'cross', both inputs need 3 elements along dim {dim}, but got shapes "
            f"{list(x.shape)} and {list(y.shape)}."
        )
    one, two = (Tensor.wrap(np.array(order)) for order in ([1, 2, 0], [2, 0, 1]))
    at = dim % x.ndim
    return gather(x, one, at) * gather(y, two, at) - gather(x, two, at) * gather(y, one, at)


def renorm(input, p, axis, maxnorm):
    """Slices along `axis` whose p-norm exceeds `maxnorm`, scaled down to it."""
    x = floating(input)
    (at,) = normal_axes("renorm", x.ndim, axis)
    others = tuple(i for i in range(x.ndim) if i != at)
    size = (x.abs() ** p).sum(others, True) ** (1 / p)
    return x * where(size > maxnorm, maxnorm / (size + 1e-7), 1.0)


def rms_norm(x, gamma, epsilon=1e-06):
    """x divided by the root of the mean of its squares over gamma's axes (Zhang & Sennrich, 2019).

    Returns:
        The normalized x times gamma, and 1 over the root.
    """
    x, g = floating(x), as_tensor(gamma)
    axes = tuple(range(x.ndim - g.ndim, x.ndim))
    r = ((x * x).mean(axes, True) + epsilon).rsqrt()
    return x * r * g, r


def lrn(x, depth_radius=5, bias=1.0, alpha=1.0, beta=0.5, norm_region="ACROSS_CHANNELS"):
    """Local response normalization: x over (bias + alpha * squares of near channels) ** beta.

    x is (N, C, H, W); near are the channels at most `depth_radius` away (Krizhevsky et al., 2012).
    """
    x = floating(x)
    if norm_region != "ACROSS_CHANNELS" or x.ndim != 4:
        raise ValueError(
            f"For 'lrn', norm_region must be 'ACROSS_CHANNELS' and x (N, C, H, W), but got "
            f"{norm_region!r} and shape {list(x.shape)}."
        )
    r, c = int(depth_radius), x.shape[1]
    wide = pad_pairs(x * x, ((0, 0), (r, r), (0, 0), (0, 0)))
    total = wide[:, :c]
    for k in range(1, 2 * r + 1):
        total = total + wide[:, k : k + c]
    return x / (bias + alpha * total) ** beta


def trapz(y, x=None, *, dx=1.0, dim=-1):
    """The integral of `y` along `dim` by the trapezoidal rule, at the points x or dx apart."""
    y = floating(y)
    (at,) = normal_axes("trapz", y.ndim, dim)
    front = tuple(np.s_[:] for _ in range(at))
    middle = (y[(*front, np.s_[1:])] + y[(*front, np.s_[:-1])]) / 2
    if x is None:
        return (middle * dx).sum(at)
    points = as_tensor(x)
    if points.ndim == 1:
        points = points.reshape((-1,) + (1,) * (y.ndim - at - 1))
        return (middle * diff(points, axis=0)).sum(at)
    return (middle * diff(points, axis=at)).sum(at)


def vander(x, N=None):
    """The matrix of powers of a vector, the highest first: columns x**(N-1), …, x, 1."""
    t = as_tensor(x)
    count = t.shape[0] if N is None else N
    columns = [t * 0 + 1]
    for _ in range(count - 1):
        columns.insert(0, columns[0] * t)
    return stack(columns[:count], 1) if count else t.reshape((-1, 1))[:, :0]


def batch_dot(x1, x2, axes=None):
    """For each sample the product of x1 and x2, summed over one axis of each.

    Args:
        axes: the two axes (an int means the same for both); the last of x1 and the one before
            the last of x2 when None.
    """
    a, b = as_tensor(x1), as_tensor(x2)
    if axes is None:
        axes = (a.ndim - 1, max(b.ndim - 2, 1))
    pair = (axes, axes) if isinstance(axes, int) else tuple(axes)
    i, j = pair[0] % a.ndim, pair[1] % b.ndim
    if i == 0 or j == 0 or a.shape[i] != b.shape[j] or a.shape[0] != b.shape[0]:
        raise ShapeError(
            f"For 'batch_dot', axis {i} of {list(a.shape)} and axis {j} of {list(b.shape)} must be "
            f"equal and not the batch axis, and the batches equally large."
        )
    one, two = "abcdefghi"[: a.ndim], "a" + "jklmnopqr"[: b.ndim - 1]
    two = two[:j] + one[i] + two[j + 1 :]
    kept = "a" + one[1:].replace(one[i], "") + two[1:].replace(one[i], "")
    out = einsum(f"{one},{two}->{kept}", a, b)
    return out.reshape((-1, 1)) if out.ndim == 1 else out


def bidense(input1, input2, weight, bias=None):
    """``y[k] = input1 @ weight[k] @ input2 + bias[k]`` for each sample."""
    out = einsum("...i,kij,...j->...k", floating(input1), as_tensor(weight), as_tensor(input2))
    return out if bias is None else out + bias


def swiglu(input, dim=-1):
    """silu of the first half along `dim` times the second half (Shazeer, 2020)."""
    x = floating(input)
    first, second = split(x, x.shape[dim] // 2, dim)
    return silu(first) * second


def rotary_position_embedding(x, cos, sin, mode=0):
    """x turned by angles that grow with the position (Su et al., 2021).

    `mode` 0 pairs element i with i + n/2, `mode` 1 pairs neighbours.
    """
    x = as_tensor(x)
    if mode == 0:
        first, second = split(x, x.shape[-1] // 2, -1)
        turned = concat((-second, first), -1)
    else:
        turned = stack((-x[..., 1::2], x[..., ::2]), -1).reshape(x.shape)
    return x * cos + turned * sin


def embedding(input, weight, padding_idx=None, max_norm=None, norm_type=2.0,
              scale_grad_by_freq=False):  # fmt: skip
    """The rows of `weight` that `input` names; row `padding_idx` gets no gradient.

    With `max_norm`, rows whose norm is larger are scaled down to it first (in the result).
    """
    table, index = as_tensor(weight), as_tensor(input)
    rows = gather(table, index, 0)
    if max_norm is not None:
        size = (rows.abs() ** norm_type).sum(-1, True) ** (1 / norm_type)
        rows = rows * where(size > max_norm, max_norm / (size + 1e-7), 1.0)
    if padding_idx is None:
        return rows
    fixed = (index == padding_idx % table.shape[0]).expand_dims(-1)
    return where(fixed, stop_gradient(rows), rows)


def combinations(input, r=2, with_replacement=False):
    """All choices of `r` elements of a vector, in order, as rows."""
    x = as_tensor(input)
    choose = itertools.combinations_with_replacement if with_replacement else itertools.combinations
    rows = np.array(list(choose(range(x.shape[0]), r)), np.int64).reshape(-1, r)
    return gather(x, Tensor.wrap(rows), 0)


def cartesian_prod(*inputs):
    """All tuples with one element of each vector, as rows (a vector for one input)."""
    xs = [as_tensor(x) for x in inputs]
    if len(xs) == 1:
        return xs[0]
    sizes = tuple(x.shape[0] for x in xs)
    grids = [
        broadcast_to(x.reshape((-1,) + (1,) * (len(xs) - i - 1)), sizes) for i, x in enumerate(xs)
    ]
    return stack([g.reshape((-1,)) for g in grids], 1)
