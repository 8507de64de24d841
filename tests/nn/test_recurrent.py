"""Recurrent layers: derivatives of both orders, initial values, dropout, errors, learning."""

from __future__ import annotations

import numpy as np
import pytest

import mslearn as ms
from mslearn import nn, ops
from mslearn.core import observing

RNG = np.random.default_rng(5)


class Silent:
    def on_op(self, prim, inputs, attrs, output):
        pass


def n(*shape):
    return ms.Tensor(RNG.standard_normal(shape).astype(np.float32))


@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU, nn.RNN])
def test_watched_and_unwatched_gradients_are_the_same(kind):
    net, x = kind(3, 4, 2, bidirectional=True), n(5, 2, 3)
    grad = ms.grad(lambda v: (net(v)[0] ** 2).sum(), None, net.trainable_params())
    plain = grad(x)
    with observing(Silent()):
        watched = grad(x)
    for a, b in zip(plain, watched, strict=True):
        np.testing.assert_allclose(a.asnumpy(), b.asnumpy(), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU, nn.RNN])
def test_second_derivatives_are_differences_of_the_first(kind):
    net, x, d = kind(2, 3, dtype=ms.float64), ms.Tensor(RNG.standard_normal((4, 1, 2))), 1e-5
    first = ms.grad(lambda v: (net(v)[0] ** 2).sum())
    along = ms.Tensor(RNG.standard_normal((4, 1, 2)))
    second = ms.grad(lambda v: (first(v) * along).sum())(x)
    steps = (first(x + d * along) - first(x - d * along)) / (2 * d)
    np.testing.assert_allclose(second.asnumpy(), steps.asnumpy(), rtol=1e-5, atol=1e-7)


def test_a_layer_is_its_cell_repeated():
    net, cell, x = nn.LSTM(3, 4), nn.LSTMCell(3, 4), n(5, 2, 3)
    for p, q in zip(cell.get_parameters(), net.get_parameters(), strict=True):
        p.set_data(q)
    h = c = ops.zeros((2, 4))
    outputs, (last, _) = net(x)
    for t in range(5):
        h, c = cell(x[t], (h, c))
        np.testing.assert_allclose(outputs[t].asnumpy(), h.asnumpy(), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(last[0].asnumpy(), h.asnumpy(), rtol=1e-5, atol=1e-6)


def test_dropout_acts_between_the_layers_while_training():
    net, x = nn.GRU(3, 8, 2, dropout=0.5), n(5, 2, 3)
    np.testing.assert_array_equal(net(x)[0].asnumpy(), net(x)[0].asnumpy())
    net.set_train()
    assert not np.array_equal(net(x)[0].asnumpy(), net(x)[0].asnumpy())


def test_initial_values_are_uniform_within_one_over_the_root_of_hidden_size():
    for p in nn.LSTM(10, 64).get_parameters():
        assert 0.9 / 8 < np.abs(p.asnumpy()).max() <= 1.000001 / 8, p.name


@pytest.mark.parametrize(
    ("make", "error", "text"),
    [
        (lambda: nn.LSTM(2.0, 3), TypeError, "'input_size' must be an int"),
        (lambda: nn.GRU(0, 3), ValueError, "at least 1"),
        (lambda: nn.GRU(2, 3, has_bias=1), TypeError, "'has_bias' must be True or False"),
        (lambda: nn.LSTM(2, 3, dropout=1.0), ValueError, r"in \[0, 1\)"),
        (lambda: nn.RNN(2, 3, nonlinearity="x"), ValueError, "nonlinearity"),
        (lambda: nn.LSTM(2, 3)(n(4, 3)), ValueError, r"\(T, N, C\) with input_size = 2"),
        (lambda: nn.LSTM(2, 3)(n(4, 1, 2), n(1, 1, 3)), TypeError, r"tuple \(h, c\)"),
        (lambda: nn.GRU(2, 3)(n(4, 1, 2), n(2, 1, 3)), ValueError, r"\[1, 1, 3\]"),
        (lambda: nn.GRUCell(2, 3)(n(4, 5), n(4, 3)), ValueError, "input_size = 2"),
        (lambda: nn.LSTMCell(2, 3)(n(4, 2), None), TypeError, r"tuple \(h, c\)"),
    ],
)
def test_errors_name_layer_got_and_wanted(make, error, text):
    with pytest.raises(error, match=text):
        make()


def test_an_lstm_learns_to_remember_the_first_number():
    ms.set_seed(3)
    net, head = nn.LSTM(1, 8), nn.Dense(8, 1)
    x = ms.Tensor(np.random.default_rng(0).standard_normal((6, 32, 1), np.float32))
    params = net.trainable_params() + head.trainable_params()
    optimizer = nn.Adam(params, 0.03)
    step = ms.value_and_grad(lambda: ((head(net(x)[0][-1]) - x[0]) ** 2).mean(), None, params)
    losses = []
    for _ in range(120):
        loss, grads = step()
        optimizer(grads)
        losses.append(float(loss))
    assert losses[-1] < 0.1 * losses[0]
