"""Random operations: repeatable by seed, with the moments of their distributions."""

from __future__ import annotations

import numpy as np
import pytest

import mslearn as ms

N = (20000,)
ops = ms.ops
DRAWS = {
    "gamma": (lambda: ops.gamma(N, ms.Tensor(2.0), ms.Tensor(4.0)), 0.5, 0.125),
    "poisson": (lambda: ops.poisson(N, ms.Tensor(3.0)), 3.0, 3.0),
    "laplace": (lambda: ops.laplace(N, 1.0, 0.5), 1.0, 0.5),
    "bernoulli": (lambda: ops.bernoulli(ops.zeros(N), 0.3), 0.3, 0.21),
    "multinomial": (lambda: ops.multinomial(ms.Tensor([1.0, 3.0]), N[0]), 0.75, 0.1875),
    "rand_like": (lambda: ops.rand_like(ops.zeros(N)), 0.5, 1 / 12),
    "randn_like": (lambda: ops.randn_like(ops.zeros(N)), 0.0, 1.0),
    "categorical": (lambda: ops.random_categorical(ops.zeros((1, 2)), N[0]), 0.5, 0.25),
}


@pytest.mark.parametrize("name", DRAWS)
def test_repeatable_with_the_right_mean_and_variance(name):
    draw, mean, variance = DRAWS[name]
    ms.set_seed(3)
    first, second = draw().asnumpy(), draw().asnumpy()
    ms.set_seed(3)
    np.testing.assert_array_equal(draw().asnumpy(), first)
    assert not np.array_equal(first, second)
    assert first.mean() == pytest.approx(mean, abs=0.04)
    assert first.var() == pytest.approx(variance, rel=0.06)


def test_draws_without_replacement_are_distinct():
    drawn = ops.multinomial(ms.Tensor([[1.0, 2.0, 3.0]]), 3, False)
    assert sorted(drawn.tolist()[0]) == [0, 1, 2]
    with pytest.raises(ValueError, match="without replacement"):
        ops.multinomial(ms.Tensor([1.0, 0.0]), 2, False)


def test_shuffle_keeps_every_row():
    x = ms.Tensor(np.arange(20).reshape(10, 2))
    assert sorted(ops.shuffle(x).tolist()) == x.tolist()
