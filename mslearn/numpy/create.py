"""Arrays from data, shapes and random numbers, as `mindspore.numpy` makes them."""

from __future__ import annotations

from typing import Any

import numpy as np

from mslearn import ops
from mslearn.core.dtype import FLOAT32, to_numpy
from mslearn.core.tensor import Tensor, as_tensor

__all__ = [
    "arange", "array", "asarray", "asfarray", "empty", "empty_like", "eye", "full", "full_like",
    "geomspace", "identity", "linspace", "logspace", "meshgrid", "ones", "ones_like", "rand",
    "randint", "randn", "tri", "tril", "triu", "zeros", "zeros_like",
]  # fmt: skip
INT32 = np.dtype("i4")


def array(obj: Any, dtype: Any = None, copy: bool = True, ndmin: int = 0) -> Tensor:
    """A tensor of the data; Python ints give int32, floats float32."""
    plain = not isinstance(obj, Tensor | np.ndarray)
    t = as_tensor(obj)
    if dtype is not None:
        t = ops.cast(t, dtype)
    elif plain and t._value.dtype.kind == "i":
        t = ops.cast(t, INT32)
    if t.ndim < ndmin:
        t = t.reshape((1,) * (ndmin - t.ndim) + t.shape)
    return t.copy() if copy and isinstance(obj, Tensor) else t


def asarray(a: Any, dtype: Any = None) -> Tensor:
    """A tensor of the data; a tensor of the right dtype is returned as it is."""
    return array(a, dtype, False)


def asfarray(a: Any, dtype: Any = FLOAT32) -> Tensor:
    """A tensor of floating numbers."""
    return array(a, dtype)


def zeros(shape: Any, dtype: Any = FLOAT32) -> Tensor:
    """Zeros."""
    return ops.zeros(shape, dtype)


def ones(shape: Any, dtype: Any = FLOAT32) -> Tensor:
    """Ones."""
    return ops.ones(shape, dtype)


def empty(shape: Any, dtype: Any = FLOAT32) -> Tensor:
    """A tensor whose numbers mean nothing (zeros here)."""
    return ops.zeros(shape, dtype)


def full(shape: Any, fill_value: Any, dtype: Any = None) -> Tensor:
    """`fill_value` in every place."""
    value = array(fill_value, dtype)
    size = (shape,) if isinstance(shape, int) else tuple(shape)
    return ops.broadcast_to(value, size)


def zeros_like(a: Any, dtype: Any = None, shape: Any = None) -> Tensor:
    """Zeros of the shape and dtype of `a`."""
    return full_like(a, 0, dtype, shape)


def ones_like(a: Any, dtype: Any = None, shape: Any = None) -> Tensor:
    """Ones of the shape and dtype of `a`."""
    return full_like(a, 1, dtype, shape)


def empty_like(prototype: Any, dtype: Any = None, shape: Any = None) -> Tensor:
    """A tensor of the shape and dtype of `prototype` whose numbers mean nothing."""
    return full_like(prototype, 0, dtype, shape)


def full_like(a: Any, fill_value: Any, dtype: Any = None, shape: Any = None) -> Tensor:
    """`fill_value` in the shape and dtype of `a`."""
    like = array(a)
    return full(like.shape if shape is None else shape, fill_value, dtype or like.dtype)


def arange(start: Any, stop: Any = None, step: Any = None, dtype: Any = None) -> Tensor:
    """Numbers from `start` to before `stop`: int32 for ints, else float32."""
    begin, end = (0, start) if stop is None else (start, stop)
    step = 1 if step is None else step
    whole = all(isinstance(v, int) for v in (begin, end, step))
    numbers = np.arange(begin, end, step)
    return Tensor.wrap(numbers.astype(to_numpy(dtype or (INT32 if whole else FLOAT32))))


def linspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, retstep: bool = False,
    dtype: Any = None, axis: int = 0,
) -> Any:  # fmt: skip
    """`num` evenly spaced numbers from `start` to `stop`."""
    out, step = np.linspace(start, stop, num, endpoint, True, axis=axis)
    t = Tensor.wrap(out.astype(to_numpy(dtype or FLOAT32)))
    return (t, as_tensor(float(step))) if retstep else t


def logspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, base: float = 10.0,
    dtype: Any = None, axis: int = 0,
) -> Tensor:  # fmt: skip
    """Powers of `base` with evenly spaced exponents."""
    out = np.logspace(start, stop, num, endpoint, base, axis=axis)
    return Tensor.wrap(out.astype(to_numpy(dtype or FLOAT32)))


def geomspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, dtype: Any = None, axis: int = 0
) -> Tensor:
    """`num` numbers from `start` to `stop` with equal ratios."""
    out = np.geomspace(start, stop, num, endpoint, axis=axis)
    return Tensor.wrap(out.astype(to_numpy(dtype or FLOAT32)))


def eye(N: int, M: int | None = None, k: int = 0, dtype: Any = FLOAT32) -> Tensor:
    """Ones on the diagonal `k`."""
    return Tensor.wrap(np.eye(N, M, k, to_numpy(dtype)))


def identity(n: int, dtype: Any = FLOAT32) -> Tensor:
    """The unit matrix."""
    return eye(n, dtype=dtype)


def tri(N: int, M: int | None = None, k: int = 0, dtype: Any = FLOAT32) -> Tensor:
    """Ones on and below the diagonal `k`."""
    return Tensor.wrap(np.tri(N, M, k, to_numpy(dtype)))


def tril(m: Any, k: int = 0) -> Tensor:
    """The lower triangle."""
    return ops.tril(array(m), k)


def triu(m: Any, k: int = 0) -> Tensor:
    """The upper triangle."""
    return ops.triu(array(m), k)


def meshgrid(*xi: Any, sparse: bool = False, indexing: str = "xy") -> list[Tensor]:
    """Coordinate grids of vectors, a list."""
    return list(ops.meshgrid(*[array(x) for x in xi], indexing=indexing))


def rand(*shape: int, dtype: Any = FLOAT32) -> Tensor:
    """Uniform numbers in [0, 1)."""
    return ops.rand(*shape, dtype=dtype)


def randn(*shape: int, dtype: Any = FLOAT32) -> Tensor:
    """Normal numbers with mean 0 and deviation 1."""
    return ops.randn(*shape, dtype=dtype)


def randint(
    minval: int, maxval: int | None = None, shape: Any = None, dtype: Any = INT32
) -> Tensor:
    """Integers from `minval` to before `maxval` (from 0 to before `minval` when it is None)."""
    low, high = (0, minval) if maxval is None else (minval, maxval)
    return ops.randint(low, high, () if shape is None else shape, dtype=dtype)
