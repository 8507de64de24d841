"""Loops as functions: values, gradients through every round, errors."""

from __future__ import annotations

import numpy as np
import pytest

import mslearn as ms
from mslearn import ops

X = ms.Tensor([1.0, 2.0, 3.0])


def test_while_loop_runs_until_its_condition_fails():
    out = ops.while_loop(lambda v: v.sum() < 100, lambda v: v * v + 1, X)
    np.testing.assert_allclose(out.asnumpy(), [5, 26, 101])
    assert ops.WhileLoop()(lambda v: v < 0, lambda v: v / 0, ms.Tensor(1.0)) == 1


def test_the_gradient_of_while_loop_goes_through_every_round():
    def f(x):
        return ops.while_loop(lambda v: v[0] < 10, lambda v: (v[0] * v[1], v[1]), (x, x))[0]

    assert float(f(ms.Tensor(3.0))) == 27
    assert float(ms.grad(f)(ms.Tensor(3.0))) == 27  # 3 * x**2: two rounds
    assert float(ms.grad(f)(ms.Tensor(2.0))) == 32  # 4 * x**3: three rounds
    assert float(ms.grad(ms.grad(f))(ms.Tensor(2.0))) == 48


def test_fori_loop_counts_and_differentiates():
    def f(x):
        return ops.fori_loop(1, 4, lambda i, v: v * x + i, x).sum()

    np.testing.assert_allclose(float(f(X)), sum(x**4 + x**2 + 2 * x + 3 for x in (1, 2, 3)))
    np.testing.assert_allclose(
        ms.grad(f)(X).asnumpy(), [4 * x**3 + 2 * x + 2 for x in (1, 2, 3)], rtol=1e-6
    )
    assert ops.ForiLoop()(3, 3, lambda i, v: v / 0, X, unroll=False) is X


def test_scan_carries_a_state_and_collects():
    state, ys = ops.scan(lambda s, x: (s + x, s * x), ms.Tensor(1.0), X)
    assert float(state) == 7
    np.testing.assert_allclose(ys.asnumpy(), [1, 4, 12])
    state, ys = ops.Scan()(lambda s, x: (s * 2, s), ms.Tensor(1.0), None, 3)
    assert float(state) == 8 and [float(y) for y in ys] == [1, 2, 4]
    assert ops.scan(lambda s, x: (s, x), 5, []) == (5, [])


def test_the_gradient_of_scan_by_state_and_sequence():
    def f(s, xs):
        state, ys = ops.scan(lambda c, x: (c * x, c + x), s, xs)
        return state + ys.sum()  # s*abc + (s + a) + (s*a + b) + (s*a*b + c)

    by_state, by_sequence = ms.grad(f, (0, 1))(ms.Tensor(2.0), X)
    assert float(by_state) == 6 + 1 + 1 + 2
    np.testing.assert_allclose(by_sequence.asnumpy(), [12 + 1 + 2 + 4, 6 + 1 + 2, 4 + 1])


def test_mistakes_in_loop_functions_are_errors():
    with pytest.raises((TypeError, ValueError)):
        ops.scan(lambda s, x: s, ms.Tensor(1.0), X)  # one result instead of two
    with pytest.raises(TypeError):
        ops.fori_loop(0, 2, lambda v: v, X)  # the function needs the counter too
    with pytest.raises(ValueError):
        ops.while_loop(lambda v: v > 0, lambda v: v, X)  # three conditions at once
