"""Multi-head attention as real MindSpore computes it."""

from __future__ import annotations

import numpy as np

RNG = np.random.default_rng(20261125)


def n(*shape):
    return RNG.standard_normal(shape).astype(np.float32)


Q, K, V, K4, V3 = n(3, 2, 8), n(5, 2, 8), n(5, 2, 8), n(2, 5, 4), n(2, 5, 3)
PADDING = np.array([[0, 0, 0, 1, 1], [0, 0, 0, 0, 1]], bool)
CAUSAL = np.triu(np.ones((3, 5), bool), 1)
EACH = RNG.random((4, 3, 5)) < 0.3
SCORES = n(3, 5)

cases = {}


def case(function):
    cases[function.__name__] = function
    return function


def filled(ms, cell):
    """The layer with parameters that do not depend on chance."""
    for i, p in enumerate(cell.get_parameters()):
        size = int(np.prod(p.shape))
        value = np.sin(np.arange(size) * 1.7 + i).reshape(p.shape) * 0.6
        p.set_data(ms.Tensor(value.astype(np.float32)))
    return cell


def gradients(ms, cell, *arrays, **masks):
    params = ms.ParameterTuple(cell.trainable_params())
    xs = [ms.Tensor(a) for a in arrays]

    def weighted(*inputs):
        out = cell(*inputs, **masks)[0]
        weight = np.cos(np.arange(out.size)).reshape(out.shape).astype(np.float32)
        return (out * ms.Tensor(weight)).sum()

    return ms.grad(weighted, (0, 1, 2), weights=params)(*xs)


@case
def attention_plain(ms):
    cell, (q, k, v) = filled(ms, ms.nn.MultiheadAttention(8, 2)), map(ms.Tensor, (Q, K, V))
    t, names = ms.Tensor, [(p.name, list(p.shape)) for p in cell.get_parameters()]
    return (
        repr(cell), names, cell(q, k, v), cell(q, k, v, need_weights=False),
        cell(q, k, v, average_attn_weights=False), cell(q, k, v, t(PADDING)),
        cell(q, k, v, attn_mask=t(CAUSAL)), cell(q, k, v, t(PADDING), attn_mask=t(CAUSAL)),
        cell(q, k, v, attn_mask=t(EACH)), cell(q, k, v, attn_mask=t(SCORES)),
        cell(q[:, 0], k[:, 0], v[:, 0]), gradients(ms, cell, Q, K, V, attn_mask=t(CAUSAL)),
    )  # fmt: skip


@case
def attention_options(ms):
    nn = ms.nn
    wide = {"kdim": 4, "vdim": 3, "batch_first": True}
    both = filled(ms, nn.MultiheadAttention(8, 2, add_bias_kv=True, add_zero_attn=True, **wide))
    bare = filled(ms, nn.MultiheadAttention(8, 4, has_bias=False, **wide))
    x = [ms.Tensor(a) for a in (Q.swapaxes(0, 1), K4, V3)]
    return (
        [(p.name, list(p.shape)) for p in both.get_parameters()], both(*x),
        both(*x, ms.Tensor(PADDING)), bare(*x), [p.name for p in bare.get_parameters()],
        gradients(ms, both, Q.swapaxes(0, 1), K4, V3),
    )  # fmt: skip
