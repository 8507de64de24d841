"""Tensors from nothing but a shape, and random tensors."""

from __future__ import annotations

from typing import Any

import numpy as np

from mslearn.core import random
from mslearn.core.dtype import FLOAT32, INT64, dtype_of, to_numpy
from mslearn.core.errors import ShapeError
from mslearn.core.primitive import Primitive, apply
from mslearn.core.tensor import Tensor, as_tensor
from mslearn.ops.families import cast

__all__ = [
    "arange", "eye", "full", "full_like", "linspace", "normal", "ones", "ones_like", "rand",
    "randint", "randn", "randperm", "standard_normal", "tril", "triu", "uniform", "zeros",
    "zeros_like",
]  # fmt: skip


def _shape(size: Any) -> tuple[int, ...]:
    if isinstance(size, Tensor):
        size = size.tolist()
    shape = (size,) if isinstance(size, int | np.integer) else tuple(size)
    if any(n < 0 for n in shape):
        raise ValueError(f"A shape holds no negative sizes, but got {list(shape)}.")
    return tuple(int(n) for n in shape)


def zeros(size, dtype=None):
    """Zeros of the given shape; float32 unless `dtype` says otherwise."""
    return Tensor.wrap(np.zeros(_shape(size), to_numpy(dtype or FLOAT32)))


def ones(shape, dtype=None):
    """Ones of the given shape; float32 unless `dtype` says otherwise."""
    return Tensor.wrap(np.ones(_shape(shape), to_numpy(dtype or FLOAT32)))


def full(size, fill_value, *, dtype=None):
    """`fill_value` in every place of the given shape."""
    value = as_tensor(fill_value)._value
    return Tensor.wrap(np.full(_shape(size), value, to_numpy(dtype or value.dtype)))


def zeros_like(input, *, dtype=None):
    """Zeros of the shape (and dtype) of `input`."""
    v = as_tensor(input)._value
    return Tensor.wrap(np.zeros(v.shape, to_numpy(dtype or v.dtype)))


def ones_like(input, *, dtype=None):
    """Ones of the shape (and dtype) of `input`."""
    v = as_tensor(input)._value
    return Tensor.wrap(np.ones(v.shape, to_numpy(dtype or v.dtype)))


def full_like(input, fill_value, *, dtype=None):
    """`fill_value` in the shape (and dtype) of `input`."""
    v = as_tensor(input)._value
    return Tensor.wrap(np.full(v.shape, fill_value, to_numpy(dtype or v.dtype)))


def arange(start=0, end=None, step=1, *, dtype=None):
    """Numbers from `start` to before `end` in steps of `step`."""
    if end is None:
        start, end = 0, start
    start, end, step = (v.item() if isinstance(v, Tensor) else v for v in (start, end, step))
    if step == 0:
        raise ValueError("For 'arange', the step must not be 0.")
    whole = all(isinstance(v, int) for v in (start, end, step))
    default = INT64 if whole else FLOAT32
    return Tensor.wrap(np.arange(start, end, step).astype(to_numpy(dtype or default)))


def linspace(start, end, steps):
    """`steps` float32 numbers from `start` to `end`, both included."""
    start, end = (v.item() if isinstance(v, Tensor) else v for v in (start, end))
    return Tensor.wrap(np.linspace(start, end, int(steps)).astype(FLOAT32))


def eye(n, m=None, dtype=None):
    """Ones on the diagonal of an (n, m) matrix, zeros elsewhere."""
    return Tensor.wrap(np.eye(n, m, dtype=to_numpy(dtype or FLOAT32)))


def _matrix(name: str, input: Any) -> Tensor:
    x = as_tensor(input)
    if x.ndim < 2:
        raise ShapeError(
            f"For '{name}', the input needs at least two axes (…, rows, columns), but got shape "
            f"{list(x.shape)}."
        )
    return x


def tril(input, diagonal=0):
    """The lower triangle; zeros above the diagonal."""
    x = _matrix("tril", input)
    return x * Tensor.wrap(np.tri(*x.shape[-2:], diagonal, dtype=x._value.dtype))


def triu(input, diagonal=0):
    """The upper triangle; zeros below the diagonal."""
    x = _matrix("triu", input)
    return x * Tensor.wrap(1 - np.tri(*x.shape[-2:], diagonal - 1, dtype=x._value.dtype))


class NextKey(Primitive):
    """The key (seed, offset) of the next random operation: it moves the random stream on."""

    inputs = ()

    def kernel():
        return np.array(random.op_key(), np.uint64)

    def infer():
        return (2,), np.dtype(np.uint64)


class StandardNormal(Primitive):
    """Normal numbers with mean 0 and deviation 1; a function of its key."""

    inputs = ()
    params = {"shape": (), "key": (0, 0)}

    def kernel(shape, key):
        return random.generator(key).standard_normal(shape, np.float32)

    def infer(shape, key):
        return shape, FLOAT32


class UniformReal(Primitive):
    """Uniform numbers in [0, 1); a function of its key."""

    inputs = ()
    params = {"shape": (), "key": (0, 0)}

    def kernel(shape, key):
        return random.generator(key).random(shape, np.float32)

    def infer(shape, key):
        return shape, FLOAT32


class HostDraw(Primitive):
    """What a method of NumPy's generators makes; a function of its key."""

    inputs = ()
    params = {"how": "", "args": (), "shape": (), "dtype": FLOAT32, "key": (0, 0)}

    def kernel(how, args, shape, dtype, key):
        return np.asarray(getattr(random.generator(key), how)(*args), dtype).reshape(shape)

    def infer(how, args, shape, dtype, key):
        return shape, dtype


def draw(how, args, shape, dtype, seed=None):
    """Numbers of the distribution `how` with these arguments, e.g. ``("integers", (0, 9, (2,)))``.

    An operation of its own, so that a graph draws anew at every run."""
    attrs = {"how": how, "args": args, "shape": shape, "dtype": to_numpy(dtype), "key": _key(seed)}
    return apply(HostDraw, (), attrs)


def _key(seed: int | None) -> tuple[int, int]:
    return random.op_key() if seed is None else (int(seed), 0)


def standard_normal(shape, seed=None):
    """Normal numbers with mean 0 and deviation 1, float32."""
    return apply(StandardNormal, (), {"shape": _shape(shape), "key": _key(seed)})


def normal(shape, mean, stddev, seed=None):
    """Normal numbers with the given mean and deviation."""
    return standard_normal(shape, seed) * stddev + mean


def uniform(shape, minval, maxval, seed=None, dtype=FLOAT32):
    """Uniform numbers in [minval, maxval)."""
    u = apply(UniformReal, (), {"shape": _shape(shape), "key": _key(seed)})
    return cast(u * (maxval - minval) + minval, to_numpy(dtype))


def rand(*size, dtype=None, seed=None):
    """Uniform numbers in [0, 1): ``rand(2, 3)`` or ``rand((2, 3))``."""
    shape = size[0] if len(size) == 1 and not isinstance(size[0], int) else size
    u = apply(UniformReal, (), {"shape": _shape(shape), "key": _key(seed)})
    return u if dtype is None else cast(u, to_numpy(dtype))


def randn(*size, dtype=None, seed=None):
    """Normal numbers with mean 0 and deviation 1: ``randn(2, 3)`` or ``randn((2, 3))``."""
    shape = size[0] if len(size) == 1 and not isinstance(size[0], int) else size
    x = standard_normal(_shape(shape), seed)
    return x if dtype is None else cast(x, to_numpy(dtype))


def randint(low, high, size, seed=None, *, dtype=None):
    """Integers from `low` to before `high`."""
    if low >= high:
        raise ShapeError(f"For 'randint', low must be below high, but got {low} and {high}.")
    shape = _shape(size)
    return draw("integers", (low, high, shape), shape, dtype or dtype_of(INT64), seed)


def randperm(n, seed=None, offset=0, dtype=None):
    """The numbers 0 … n-1 in random order."""
    given = None if seed is None else seed + offset
    return draw("permutation", (n,), (n,), dtype or dtype_of(INT64), given)
