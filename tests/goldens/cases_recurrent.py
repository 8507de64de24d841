"""Recurrent networks as real MindSpore computes them, with parameters set to known values."""

from __future__ import annotations

import numpy as np

RNG = np.random.default_rng(20261123)


def n(*shape):
    return RNG.standard_normal(shape).astype(np.float32)


X, LENGTHS = n(4, 3, 2), np.array([4, 2, 3], np.int32)
H, C, H4, C4 = n(4, 3, 3), n(4, 3, 3), n(1, 4, 3), n(1, 4, 3)

cases = {}


def case(function):
    cases[function.__name__] = function
    return function


def filled(ms, cell):
    """The layer with parameters that do not depend on chance."""
    for i, p in enumerate(cell.get_parameters()):
        size = int(np.prod(p.shape))
        value = np.sin(np.arange(size) * 1.7 + i).reshape(p.shape) * 0.6
        p.set_data(ms.Tensor(value, p.dtype))
    return cell


def flat(out):
    if isinstance(out, tuple | list):
        return [t for part in out for t in flat(part)]
    return [out]


def run(ms, cell, *arrays, lengths=None):
    """Results, gradients by the input, the states and the parameters, printed form and names."""
    filled(ms, cell)
    lstm = type(cell).__name__.startswith("LSTM")
    more = () if lengths is None else (ms.Tensor(lengths),)

    def call(x, *states):
        if not states:
            return cell(x, None, *more) if more else cell(x)
        return cell(x, tuple(states) if lstm else states[0], *more)

    def weighted(*inputs):
        total = 0
        for k, out in enumerate(flat(call(*inputs))):
            weight = np.cos(np.arange(out.size) + k).reshape(out.shape).astype(np.float32)
            total = total + (out * ms.Tensor(weight)).sum()
        return total

    params = cell.trainable_params()
    xs = [ms.Tensor(a, params[0].dtype) for a in arrays]
    by = tuple(range(len(xs)))
    grads = ms.grad(weighted, by, weights=ms.ParameterTuple(params))(*xs)
    return call(*xs), grads, repr(cell), [(p.name, list(p.shape)) for p in params]


@case
def recurrent_lstm(ms):
    lstm = ms.nn.LSTM
    return (
        run(ms, lstm(2, 3), X, H[:1], C[:1]),
        run(ms, lstm(2, 3, 2, bidirectional=True), X, H, C),
        run(ms, lstm(2, 3, has_bias=False, batch_first=True), X, H4, C4),
        run(ms, lstm(2, 3, bidirectional=True), X, H[:2], C[:2], lengths=LENGTHS),
        run(ms, lstm(2, 3, 2), X),
    )  # fmt: skip


@case
def recurrent_gru(ms):
    gru = ms.nn.GRU
    return (
        run(ms, gru(2, 3), X, H[:1]),
        run(ms, gru(2, 3, 2, bidirectional=True), X, H),
        run(ms, gru(2, 3, has_bias=False, batch_first=True), X, H4),
        run(ms, gru(2, 3, bidirectional=True), X, H[:2], lengths=LENGTHS),
    )


@case
def recurrent_rnn(ms):
    # MindSpore's float32 tanh is off by 1e-5: that one in whole thousandths, the rest with ReLU.
    rnn, relu = ms.nn.RNN, {"nonlinearity": "relu"}
    out, h = filled(ms, rnn(2, 3, 2))(ms.Tensor(X))
    return (
        ms.ops.round(out * 1000),
        ms.ops.round(h * 1000),
        run(ms, rnn(2, 3, **relu), X, H[:1]),
        run(ms, rnn(2, 3, 2, bidirectional=True, **relu), X, H),
        run(ms, rnn(2, 3, has_bias=False, batch_first=True, **relu), X, H4),
        run(ms, rnn(2, 3, bidirectional=True, **relu), X, H[:2], lengths=LENGTHS),
    )


@case
def recurrent_cells(ms):
    nn = ms.nn
    return (
        run(ms, nn.LSTMCell(2, 3), X[0], H[0], C[0]),
        run(ms, nn.LSTMCell(2, 3, has_bias=False), X[0], H[0], C[0]),
        run(ms, nn.GRUCell(2, 3), X[0], H[0]),
        run(ms, nn.GRUCell(2, 3, has_bias=False), X[0], H[0]),
        ms.ops.round(filled(ms, nn.RNNCell(2, 3))(ms.Tensor(X[0]), ms.Tensor(H[0])) * 1000),
        run(ms, nn.RNNCell(2, 3, nonlinearity="relu"), X[0], H[0]),
    )
