"""A network, its data and its training step, for the tests of everyday programs."""

from __future__ import annotations

import numpy as np

import mslearn as ms
from mslearn import nn

T = ms.Tensor
STEPS = 5


def rng():
    return np.random.default_rng(0)


def data(rows=5):
    x, y = rng().random((rows, 6), np.float32), np.arange(rows, dtype=np.int32) % 3
    return T(x), T(y)


def mlp():
    return nn.SequentialCell(nn.Dense(6, 8), nn.ReLU(), nn.Dense(8, 3))


def weights(*cells):
    return {f"{i}.{p.name}": p.asnumpy() for i, c in enumerate(cells) for p in c.get_parameters()}


def stepper(net, optimizer, target, change=lambda grads: grads, **options):
    loss_fn = nn.CrossEntropyLoss()
    grad_fn = ms.value_and_grad(lambda x, y: loss_fn(net(x), y), None, optimizer.parameters)

    def step(x, y):
        loss, grads = grad_fn(x, y)
        optimizer(change(grads))
        return loss

    return ms.jit(step, backend=target, **options)


def trained(net, optimizer, target, batches=None, change=lambda grads: grads):
    step = stepper(net, optimizer, target, change)
    losses = [float(step(*(batches or [data()] * STEPS)[i])) for i in range(STEPS)]
    return losses, weights(net, optimizer)


def agree(found, wanted, where=""):
    if isinstance(wanted, dict):
        assert found.keys() == wanted.keys()
        for key in wanted:
            agree(found[key], wanted[key], f"{where} {key}")
    elif isinstance(wanted, tuple | list):
        assert len(found) == len(wanted)
        for i, pair in enumerate(zip(found, wanted, strict=True)):
            agree(*pair, f"{where}[{i}]")
    else:
        a, b = (np.asarray(v.asnumpy() if isinstance(v, T) else v) for v in (found, wanted))
        assert a.dtype == b.dtype, where
        np.testing.assert_allclose(a, b, rtol=2e-6, atol=1e-6, err_msg=where)
