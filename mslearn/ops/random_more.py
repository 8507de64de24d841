"""Random numbers of many distributions, all repeatable through `mslearn.set_seed`."""

from __future__ import annotations

from typing import Any

import numpy as np

from mslearn.core import random
from mslearn.core.dtype import FLOAT32, INT64, to_numpy
from mslearn.core.tensor import Tensor, as_tensor
from mslearn.ops.creation import _key, _shape, draw, rand, randint, randn, randperm

__all__ = [
    "bernoulli", "gamma", "laplace", "multinomial", "multinomial_with_replacement", "poisson",
    "rand_like", "randint_like", "randn_like", "random_categorical", "random_gamma",
    "random_poisson", "shuffle", "standard_laplace",
]  # fmt: skip
INT32 = np.dtype("i4")


def _numbers(values: Any, dtype: Any = FLOAT32) -> Tensor:
    return Tensor.wrap(np.asarray(values).astype(to_numpy(dtype)))


def _draw(seed: int | None) -> np.random.Generator:
    return random.generator(_key(seed))


def _array(x: Any) -> np.ndarray:
    return as_tensor(x)._concrete()


def multinomial(input, num_samples, replacement=True, seed=None):
    """Indices drawn with probabilities proportional to the rows of `input`, int32.

    Raises:
        ValueError: more draws than positive weights, without replacement.
    """
    weights = _array(input).astype(np.float64)
    rows = weights.reshape(-1, weights.shape[-1])
    if not replacement and num_samples > (rows > 0).sum(1).min():
        raise ValueError(
            f"For 'multinomial', {num_samples} draws without replacement need as many positive "
            f"weights in each row, but a row has {(rows > 0).sum(1).min()}."
        )
    drawn, generator = [], _draw(seed)
    for p in rows:
        drawn.append(generator.choice(len(p), num_samples, replacement, p / p.sum()))
    return _numbers(np.reshape(drawn, (*weights.shape[:-1], num_samples)), INT32)


def multinomial_with_replacement(x, seed, offset, numsamples, replacement=False):
    """`multinomial` with replacement, by its older name; int64."""
    return multinomial(x, numsamples, True, (int(seed) + int(offset)) or None).astype(INT64)


def random_categorical(logits, num_sample, seed=0, dtype=INT64):
    """Classes drawn with probabilities softmax(logits), (rows, num_sample)."""
    x = _array(logits)
    p = np.exp(x - x.max(-1, keepdims=True))
    return multinomial(Tensor.wrap(p), num_sample, True, seed or None).astype(to_numpy(dtype))


def bernoulli(input, p=0.5, seed=None):
    """0 or 1 in the shape and dtype of `input`, 1 with probability `p` (a number or tensor)."""
    x = as_tensor(input)
    chance = _array(p)
    if chance.min() < 0 or chance.max() > 1:
        raise ValueError("For 'bernoulli', every p must be in [0, 1].")
    uniform = draw("random", (x.shape,), x.shape, np.dtype("f8"), seed)
    return (uniform < Tensor.wrap(chance)).astype(x._value.dtype)


def gamma(shape, alpha, beta, seed=None):
    """Gamma-distributed numbers with shape `alpha` and rate `beta`; shape + their shape."""
    a, b = np.broadcast_arrays(_array(alpha), _array(beta))
    return _numbers(_draw(seed).gamma(a, 1 / b, (*_shape(shape), *a.shape)))


def random_gamma(shape, alpha, seed=None):
    """Gamma-distributed numbers with rate 1."""
    return gamma(shape, alpha, 1.0, seed)


def poisson(shape, mean, seed=None):
    """Poisson-distributed counts, int32; shape + the shape of `mean`."""
    m = _array(mean)
    return _numbers(_draw(seed).poisson(m, (*_shape(shape), *m.shape)), INT32)


def random_poisson(shape, rate, seed=None, dtype=FLOAT32):
    """Poisson-distributed counts in `dtype`."""
    return poisson(shape, rate, seed).astype(to_numpy(dtype))


def standard_laplace(shape, seed=None):
    """Laplace-distributed numbers with location 0 and scale 1."""
    return draw("laplace", (0.0, 1.0, _shape(shape)), _shape(shape), FLOAT32, seed)


def laplace(shape, mean, lambda_param, seed=None):
    """Laplace-distributed numbers with the given location and scale."""
    return standard_laplace(shape, seed) * lambda_param + mean


def shuffle(x, seed=None):
    """The slices along axis 0 in random order."""
    t = as_tensor(x)
    return t[randperm(t.shape[0], seed)]


def rand_like(input, seed=None, *, dtype=None):
    """Uniform numbers in [0, 1) in the shape (and dtype) of `input`."""
    x = as_tensor(input)
    return rand(*x.shape, dtype=dtype or x.dtype, seed=seed) if x.ndim else rand((), seed=seed)


def randn_like(input, seed=None, *, dtype=None):
    """Normal numbers in the shape (and dtype) of `input`."""
    x = as_tensor(input)
    return randn(*x.shape, dtype=dtype or x.dtype, seed=seed) if x.ndim else randn((), seed=seed)


def randint_like(input, low, high, seed=None, *, dtype=None):
    """Integers from `low` to before `high` in the shape (and dtype) of `input`."""
    x = as_tensor(input)
    return randint(low, high, x.shape, seed, dtype=dtype or x.dtype)
