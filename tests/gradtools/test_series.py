"""`derivative`, `jet` and `linearize`: numbers recorded from MindSpore 2.10 (float32)."""

from __future__ import annotations

import numpy as np
import pytest

import mslearn as ms
from mslearn import Tensor, nn, ops


class One(nn.Cell):
    def construct(self, x):
        return ops.sin(x) * x


class Two(nn.Cell):
    def construct(self, x, y):
        return ops.sin(x) * y


X, Y = Tensor([1.0, 2.0]), Tensor([3.0, 4.0])


def near(found, wanted):
    for f, w in zip(found, wanted, strict=True):
        np.testing.assert_allclose(f.asnumpy(), w, rtol=2e-6)


def test_derivative():
    near(ops.derivative(One(), X, 1), ([0.8414710, 1.8185948], [1.3817732, 0.0770037]))
    near(ops.derivative(One(), X, 2), ([0.8414710, 1.8185948], [0.2391336, -2.6508884]))
    near(ops.derivative(Two(), (X, Y), 2), ([2.5244129, 3.6371896], [-1.4438083, -4.4694834]))
    assert ops.derivative(lambda x: x**3, Tensor([0.0]), 3)[1].item() == pytest.approx(6)
    with pytest.raises(ValueError, match="order"):
        ops.derivative(One(), X, 0)


def test_jet():
    series = Tensor([[1.0, 1.0], [0.5, 0.0], [0.3, 0.2]])
    near(ops.jet(One(), X, series), ([0.8414710, 1.8185948], [
        [1.3817732, 0.0770037], [0.9300202, -2.6508884], [-2.2914829, -1.8801978],
    ]))  # fmt: skip
    pair = Tensor([[1.0, 1.0], [0.5, 0.0]]), Tensor([[1.0, 2.0], [0.5, 0.0]])
    near(ops.jet(Two(), (X, Y), pair), ([2.5244129, 3.6371896], [
        [2.4623778, 0.1540074], [-0.2126194, -5.3017769],
    ]))  # fmt: skip
    with pytest.raises(ValueError, match="jet"):
        ops.jet(One(), X, Tensor([[1.0], [2.0]]))
    with pytest.raises(TypeError, match="floating"):
        ops.jet(One(), Tensor([1, 2]), series)


def test_linearize():
    out, push = ops.linearize(One(), X)
    near((out, push(Tensor([1.0, 3.0]))), ([0.8414710, 1.8185948], [1.3817732, 0.2310112]))
    out, push = ops.linearize(Two(), (X, Tensor([1.0, 1.0])))
    near((push((Tensor([1.0, 3.0]), Tensor([1.0, 0.0]))),), ([1.3817732, -1.2484405],))


def test_these_are_the_functions_of_the_package():
    for name in ("grad", "value_and_grad", "jvp", "vjp", "jacfwd", "jacrev", "vmap", "get_grad"):
        assert getattr(ops, name) is getattr(ms, name)


def test_a_power_has_all_its_derivatives_at_zero():
    f = lambda x: x**2  # noqa: E731
    third = ms.grad(ms.grad(ms.grad(f)))
    assert third(Tensor(0.0)).item() == 0
    assert ms.grad(ms.grad(f))(Tensor(0.0)).item() == 2
