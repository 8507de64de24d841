"""Values and gradients that PyTorch 2 computed (float64), where MindSpore's CPU build has none.

Each constant is torch.nn.functional's (or torch's) result for X; the gradient is that of the
result weighted with linspace(0.5, 1.5). PyTorch is not needed to run this.
"""

from __future__ import annotations

import numpy as np
import pytest

import mslearn as ms
from mslearn import ops

X = ms.Tensor(np.array([[0.1, 0.8, -0.3], [1.2, -0.5, 0.4]]))
TARGET = ms.Tensor(np.array([0, 2]))
WEIGHT = ms.Tensor(np.array([0.5, 1.0, 2.0]))

CASES = {
    "multi_margin_mean": (
        lambda x: ops.multi_margin_loss(x, TARGET),
        [0.7],
        [-0.1666667, 0.0833333, 0.0833333, 0.0833333, 0.0833333, -0.1666667],
    ),
    "multi_margin_square_weighted": (
        lambda x: ops.multi_margin_loss(x, TARGET, 2, 0.5, WEIGHT, "sum"),
        [1.3683333],
        [-0.2166667, 0.2, 0.0166667, 0.8666667, 0.0, -0.8666667],
    ),
    "multi_margin_none": (
        lambda x: ops.multi_margin_loss(x, TARGET, reduction="none"),
        [0.7666667, 0.6333333],
        [-0.3333333, 0.1666667, 0.1666667, 0.5, 0.5, -1.0],
    ),
    "logcumsumexp_1": (
        lambda x: ops.logcumsumexp(x, 1),
        [0.1, 1.203186, 1.4040189, 1.2, 1.367786, 1.6898139],
        [0.9765634, 0.9596809, 0.1637557, 3.1183058, 0.3687112, 0.412983],
    ),
    "logcumsumexp_0": (
        lambda x: ops.logcumsumexp(x, 0),
        [0.1, 0.8, -0.3, 1.4873353, 1.0410085, 0.803186],
        [0.7747139, 1.7215855, 1.3977183, 0.8252861, 0.2784145, 1.0022817],
    ),
    "rrelu_fixed_slope": (
        lambda x: ops.rrelu(x, 0.2, 0.2),
        [0.1, 0.8, -0.06, 1.2, -0.1, 0.4],
        [0.5, 0.7, 0.18, 1.1, 0.26, 1.5],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_value_and_gradient(name):
    function, value, gradient = CASES[name]

    def weighted(x):
        out = function(x)
        n = int(np.prod(out.shape))
        # Of a single number linspace is its start, as in PyTorch.
        return (out * ms.Tensor(np.linspace(0.5, 1.5, n).reshape(out.shape))).sum()

    np.testing.assert_allclose(function(X).asnumpy().ravel(), value, atol=1e-6)
    found = ms.grad(weighted)(X).asnumpy().ravel()
    np.testing.assert_allclose(found, gradient, atol=2e-6)


def test_histc_counts_like_pytorch():
    assert ops.histc(X, 4, -0.5, 1.0).asnumpy().tolist() == [2, 1, 1, 1]
    assert ops.histc(X, 3).asnumpy().tolist() == [2, 2, 2]
    assert ops.histc(X, 2, 2.0, 3.0).asnumpy().tolist() == [0, 0]


def test_rrelu_draws_a_slope_for_every_negative_number():
    ms.set_seed(3)
    x = ms.Tensor(-np.ones(2000, np.float32))
    slopes = -ops.rrelu(x, 0.1, 0.3).asnumpy()
    assert slopes.min() >= 0.1 and slopes.max() <= 0.3
    assert slopes.mean() == pytest.approx(0.2, abs=0.01)
    assert slopes.std() == pytest.approx(0.2 / 12**0.5, abs=0.005)


def test_gumbel_softmax_picks_by_the_probabilities():
    ms.set_seed(4)
    logits = np.log(np.tile(np.array([0.2, 0.5, 0.3], np.float32), (4000, 1)))
    hard = ops.gumbel_softmax(ms.Tensor(logits), hard=True).asnumpy()
    np.testing.assert_allclose(np.sort(hard, 1), np.tile([0.0, 0, 1], (4000, 1)), atol=1e-6)
    np.testing.assert_allclose(hard.mean(0), [0.2, 0.5, 0.3], atol=0.03)
    soft = ops.gumbel_softmax(ms.Tensor(logits), tau=0.5).asnumpy()
    np.testing.assert_allclose(soft.sum(1), 1, rtol=1e-5)
    assert soft.min() > 0 and soft.max() <= 1


def test_gradients_that_do_not_exist_are_errors():
    wide, tall = ms.Tensor(np.eye(2, 3)), ms.Tensor(np.eye(3, 2))
    with pytest.raises(ValueError, match="as many rows"):
        ms.grad(lambda x: ops.qr(x)[1].sum())(wide)
    with pytest.raises(ValueError, match="full_matrices"):
        ms.grad(lambda x: ops.svd(x, full_matrices=True)[1].sum())(tall)
    assert ops.svd(tall, full_matrices=True)[1].shape == (3, 3)
    assert ops.qr(tall, "complete")[0].shape == (3, 3)
    with pytest.raises(ValueError, match="mode"):
        ops.qr(tall, "economic")
    with pytest.raises(ValueError, match="square"):
        ops.cond(tall, 1)


def test_equal_singular_values_have_a_finite_gradient():
    x = ms.Tensor(np.eye(3))
    grad = ms.grad(lambda x: ops.svd(x, compute_uv=False).sum())(x).asnumpy()
    np.testing.assert_allclose(grad, np.eye(3), atol=1e-12)
    grad = ms.grad(lambda x: ops.cdist(x, x).sum())(x).asnumpy()
    assert np.isfinite(grad).all()


def test_special_functions_to_the_last_digits():
    """Against torch.special in float64, and at poles and ends."""
    found = ops.erfinv(ms.Tensor(np.array([0.3, 0.9999, 1.0, -1.0, 1.5]))).asnumpy()
    assert found[0] == pytest.approx(0.27246271472675443, rel=1e-14)
    assert found[1] == pytest.approx(2.751063905712061, rel=1e-12)
    assert found[2] == np.inf and found[3] == -np.inf and np.isnan(found[4])
    found = ops.digamma(ms.Tensor(np.array([1.0, 0.0, -2.0]))).asnumpy()
    assert found[0] == pytest.approx(-0.5772156649015329, rel=1e-14)
    assert found[1] == -np.inf and np.isnan(found[2])
    found = ops.polygamma(1, ms.Tensor(np.array([1.0, 0.5]))).asnumpy()
    np.testing.assert_allclose(found, [np.pi**2 / 6, np.pi**2 / 2], rtol=1e-14)
    assert ops.lgamma(ms.Tensor([0.0, -3.0])).asnumpy().tolist() == [np.inf, np.inf]
    close = ops.isclose(ms.Tensor([1.0, np.inf, np.nan]), ms.Tensor([np.inf, np.inf, np.nan]))
    assert close.asnumpy().tolist() == [False, True, False]
    assert ops.isclose(ms.Tensor([np.nan]), ms.Tensor([np.nan]), equal_nan=True).asnumpy().all()
