"""Adaptive pooling: the windows follow from the size of the output.

Output i of n inputs and m outputs covers the inputs from floor(i n / m) to ceil((i + 1) n / m), so
windows may overlap and differ by one in size.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from mslearn.core.primitive import apply
from mslearn.core.tensor import Tensor, as_tensor
from mslearn.ops.families import Reshape
from mslearn.ops.indexing import TENSOR, GetItem
from mslearn.ops.linalg import matmul
from mslearn.ops.pooling import max_pooling, with_batch
from mslearn.ops.reduce import ReduceMean
from mslearn.ops.shape import swapaxes
from mslearn.ops.windows import numbers

__all__ = [
    "adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d", "adaptive_max_pool1d",
    "adaptive_max_pool2d", "adaptive_max_pool3d",
]  # fmt: skip


def _sizes(name: str, x: Tensor, output_size: Any, rank: int) -> tuple[int, ...]:
    with_batch(name, x, rank)
    given = tuple(output_size) if isinstance(output_size, tuple | list) else (output_size,) * rank
    own = x.shape[-rank:]
    filled = [n if o is None else o for o, n in zip(given, own, strict=len(given) == rank)]
    return numbers(name, "output_size", tuple(filled), rank)


def _edges(n: int, m: int) -> tuple[np.ndarray, np.ndarray]:
    i = np.arange(m)
    return i * n // m, -(-(i + 1) * n // m)


def _adaptive_avg(name: str, input: Any, output_size: Any, rank: int) -> Tensor:
    x = as_tensor(input)
    for at, m in enumerate(_sizes(name, x, output_size, rank)):
        axis, n = x.ndim - rank + at, x.shape[x.ndim - rank + at]
        if n == m:
            continue
        if n % m == 0:  # equal windows: a mean over an axis of their own
            shape = (*x.shape[:axis], m, n // m, *x.shape[axis + 1 :])
            x = apply(Reshape, (x,), {"shape": shape})
            x = apply(ReduceMean, (x,), {"axis": (axis + 1,), "keep_dims": False})
        else:  # a mean is a product with a matrix of weights
            x = mean_over(x, axis, *_edges(n, m))
    return x


def along(x: Tensor, axis: int, weights: np.ndarray) -> Tensor:
    """The product of `weights` (new, old) with one axis of x."""
    matrix = Tensor.wrap(weights.T.astype(x._value.dtype))
    if axis == x.ndim - 1:
        return matmul(x, matrix)
    return swapaxes(matmul(swapaxes(x, axis, -1), matrix), axis, -1)


def mean_over(x: Tensor, axis: int, start: np.ndarray, stop: np.ndarray) -> Tensor:
    """The means of windows along an axis, from the places `start` to those before `stop`."""
    at = np.arange(x.shape[axis])
    share = (at >= start[:, None]) & (at < stop[:, None])
    return along(x, axis, share / (stop - start)[:, None])


def _divisible(name: str, input: Any, output_size: Any) -> None:
    n = as_tensor(input).shape[-1]
    m = output_size[0] if isinstance(output_size, tuple | list) else output_size
    if isinstance(m, int) and m > 0 and n % m:
        raise ValueError(
            f"For '{name}', the length of the input must be a multiple of the output_size, but "
            f"got {n} and {m}. Pad the input, or choose another output_size."
        )


def adaptive_avg_pool1d(input, output_size):
    """Means over `output_size` equal parts of the last axis; input (N, C, L), or without N."""
    _divisible("adaptive_avg_pool1d", input, output_size)
    return _adaptive_avg("adaptive_avg_pool1d", input, output_size, 1)


def adaptive_avg_pool2d(input, output_size):
    """Means over windows chosen so that the output is `output_size` = (height, width) large.

    A None in `output_size` keeps that axis; input (N, C, H, W), or without N.

    >>> import mslearn as ms
    >>> ms.ops.adaptive_avg_pool2d(ms.ops.ones((1, 3, 7, 5)), (2, None)).shape
    (1, 3, 2, 5)
    """
    return _adaptive_avg("adaptive_avg_pool2d", input, output_size, 2)


def adaptive_avg_pool3d(input, output_size):
    """Means over windows that make the output `output_size` = (depth, height, width) large."""
    return _adaptive_avg("adaptive_avg_pool3d", input, output_size, 3)


def _adaptive_max(name: str, input: Any, output_size: Any, rank: int, indices: bool) -> Any:
    x = as_tensor(input)
    wanted = _sizes(name, x, output_size, rank)
    return max_over(name, x, list(map(_edges, x.shape[-rank:], wanted)), indices)


def max_over(name: str, x: Tensor, edges: list[tuple[Any, Any]], indices: bool) -> Any:
    """The maxima of windows along the last axes, given where they start and stop."""
    rank = len(edges)
    lead, size = x.ndim - rank, x.shape[x.ndim - rank :]
    kernel, maps = [], []
    for at, (start, stop) in enumerate(edges):
        longest = int((stop - start).max())
        kernel.append(longest)
        # Windows of one size: a shorter one repeats its last element, which changes no maximum.
        index = np.minimum(start[:, None] + np.arange(longest), stop[:, None] - 1).ravel()
        maps.append(index)
        if size[at] != len(index):
            template = (*(slice(None),) * (lead + at), TENSOR)
            x = apply(GetItem, (x, Tensor.wrap(index)), {"template": template})
    window = tuple(kernel)
    out = max_pooling(name, x, rank, window, window, "valid", 0, 1, indices, False)
    if not indices:
        return out
    places = np.unravel_index(out[1]._value, x.shape[lead:])
    own = [m[p] for m, p in zip(maps, places, strict=True)]
    return out[0], Tensor.wrap(np.ravel_multi_index(own, size).astype(np.int64))


def adaptive_max_pool1d(input, output_size):
    """Maxima over `output_size` equal parts of the last axis; input (N, C, L), or without N."""
    _divisible("adaptive_max_pool1d", input, output_size)
    return _adaptive_max("adaptive_max_pool1d", input, output_size, 1, False)


def adaptive_max_pool2d(input, output_size, return_indices=False):
    """Maxima over windows that make the output `output_size` large; positions too on demand."""
    return _adaptive_max("adaptive_max_pool2d", input, output_size, 2, return_indices)


def adaptive_max_pool3d(input, output_size, return_indices=False):
    """Maxima over windows that make the output `output_size` (D, H, W) large; positions too."""
    return _adaptive_max("adaptive_max_pool3d", input, output_size, 3, return_indices)
