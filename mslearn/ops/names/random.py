"""Classes of MindSpore that draw random numbers; see classes.py.

A constructor's seed is MindSpore's: 0 means the seed of `set_seed`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from mslearn import ops as o  # complete but for the classes: this file is loaded late
from mslearn.core.dtype import FLOAT32, INT64, to_numpy
from mslearn.ops.names.classes import declare
from mslearn.ops.names.classes_rare import INT32, _array, _made
from mslearn.ops.random_more import _draw, _numbers

_SEEDS = {"seed": 0, "seed2": 0}


def _rng(seed: int, seed2: int = 0) -> np.random.Generator:
    return _draw((seed * 31 + seed2) or None)


def _truncated(rng: np.random.Generator, shape: Any, low: Any = -2.0, high: Any = 2.0) -> Any:
    """Normal numbers between bounds: what falls outside is drawn again."""
    x = rng.standard_normal(shape)
    while (bad := (x < low) | (x > high)).any():
        x = np.where(bad, rng.standard_normal(shape), x)
    return x


def _bounded(shape, mean, stdevs, minimum, maximum, seed, seed2):
    first = _array(mean).reshape((-1, *(1,) * (len(_array(shape)) - 1)))
    m, s, low, high = (np.broadcast_to(_array(v).reshape(-1), (first.size,)).reshape(first.shape)
                       for v in (mean, stdevs, minimum, maximum))  # fmt: skip
    drawn = _truncated(_rng(seed, seed2), tuple(_array(shape)), (low - m) / s, (high - m) / s)
    return _numbers(drawn * s + m)


def _choose_places(input_x, count, seed, seed2):
    """`count` places of a mask that are True, in random order; False beside what is missing."""
    places = np.argwhere(_array(input_x))
    chosen = _rng(seed, seed2).permutation(places)[:count].astype(INT32)
    missing = count - len(chosen)
    index = np.concatenate([chosen, np.zeros((missing, places.shape[1]), INT32)])
    return _made(index), _made(np.arange(count) < len(chosen))


def _candidates(chances: Any) -> Any:
    def run(true_classes, num_true, num_sampled, unique, range_max, seed, **_):
        """Drawn classes, and how often to expect the true and the drawn ones among them."""
        p = chances(range_max)
        if unique and num_sampled > range_max:
            raise ValueError(
                f"For a candidate sampler, {num_sampled} different classes cannot be drawn of "
                f"{range_max}."
            )
        drawn = _rng(seed).choice(range_max, num_sampled, not unique, p)
        expected = -np.expm1(num_sampled * np.log1p(-p)) if unique else p * num_sampled
        pair = (expected[_array(true_classes)], expected[drawn])
        return _made(drawn, INT64), *(_numbers(e) for e in pair)

    return run


_steps = lambda n: np.log(np.arange(2.0, n + 2) / np.arange(1.0, n + 1)) / math.log(n + 1)  # noqa: E731
declare("UniformCandidateSampler", _candidates(lambda n: np.full(n, 1 / n)), num_true=1,
        num_sampled=1, unique=True, range_max=1, seed=0, remove_accidental_hits=False)  # fmt: skip
declare("LogUniformCandidateSampler", _candidates(_steps), num_true=1, num_sampled=5, unique=True,
        range_max=5, seed=0)  # fmt: skip
declare("RandomChoiceWithMask", _choose_places, count=256, **_SEEDS)
declare("TruncatedNormal", lambda shape, dtype, seed, seed2: _numbers(_truncated(
    _rng(seed, seed2), tuple(_array(shape))), dtype), dtype=FLOAT32, **_SEEDS)  # fmt: skip
declare("ParameterizedTruncatedNormal", _bounded, **_SEEDS)
declare("LogNormalReverse", lambda input, mean, std: _numbers(
    _draw(None).lognormal(mean, std, input.shape), input.dtype), mean=1.0, std=2.0)  # fmt: skip
declare("NonDeterministicInts", lambda shape, dtype: _numbers(_draw(None).integers(
    np.iinfo(to_numpy(dtype)).min, np.iinfo(to_numpy(dtype)).max, tuple(_array(shape))), dtype),
    dtype=INT64)  # fmt: skip
declare("Cauchy", lambda size, median, sigma: _numbers(_draw(None).standard_cauchy(
    tuple(size)) * sigma + median), size=(), median=0.0, sigma=1.0)  # fmt: skip
declare("Bernoulli", lambda x, p, seed, offset: o.bernoulli(x, p, None if seed < 0 else seed),
        seed=-1, offset=0)  # fmt: skip
declare("RandomGamma", lambda shape, alpha, seed, seed2: o.random_gamma(
    shape, alpha, seed or None), **_SEEDS)  # fmt: skip
declare("Gamma", lambda shape, alpha, beta, seed, seed2: o.gamma(
    shape, alpha, beta, seed or None), **_SEEDS)  # fmt: skip
declare("Poisson", lambda shape, mean, seed, seed2: o.poisson(shape, mean, seed or None), **_SEEDS)
declare("RandomPoisson", lambda shape, rate, seed, seed2, dtype: o.random_poisson(
    shape, rate, seed or None, dtype), **_SEEDS, dtype=INT64)  # fmt: skip
declare("RandomCategorical", lambda logits, num_sample, seed=0, *, dtype: o.random_categorical(
    logits, num_sample, seed, dtype), dtype=INT64)  # fmt: skip
declare("StandardLaplace", lambda shape, seed, seed2: o.standard_laplace(shape, seed or None),
        **_SEEDS)  # fmt: skip
declare("RandomShuffle", lambda x, seed, seed2: o.shuffle(x, seed or None), **_SEEDS)
declare("MultinomialWithReplacement", lambda x, seed, offset, numsamples, replacement: (
    o.multinomial_with_replacement(x, seed, offset, numsamples, replacement)), numsamples=1,
    replacement=False)  # fmt: skip
