"""Layers for which MindSpore's CPU build has no kernel, against NumPy."""

from __future__ import annotations

import numpy as np
import pytest

import mslearn as ms
from mslearn import nn

RNG = np.random.default_rng(31)


def n(*shape):
    return RNG.standard_normal(shape).astype(np.float32)


def close(found, wanted):
    np.testing.assert_allclose(found.asnumpy(), wanted, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("layer", "axes"), [(nn.InstanceNorm1d, 1), (nn.InstanceNorm3d, 3)])
def test_instance_norm(layer, axes):
    x = n(2, 3, *(4, 2, 5)[:axes])
    over = tuple(range(2, x.ndim))
    mean, var = x.mean(over, keepdims=True), x.var(over, keepdims=True)
    close(layer(3)(ms.Tensor(x)), (x - mean) / np.sqrt(var + 1e-5))


def test_rrelu_draws_slopes_for_the_negative():
    x = n(40, 50)
    slopes = nn.RReLU(0.1, 0.3)(ms.Tensor(x)).asnumpy() / x
    assert (slopes[x > 0] == 1).all()
    drawn = slopes[x < 0]
    assert drawn.min() >= 0.0999 and drawn.max() <= 0.3001
    assert abs(drawn.mean() - 0.2) < 0.01


REDUCE = {"none": lambda a: a, "mean": np.mean, "sum": np.sum}


@pytest.mark.parametrize("reduction", REDUCE)
def test_margin_losses(reduction):
    x, y, z = n(3, 4), np.sign(n(3, 4)), n(3, 4)
    losses = np.log1p(np.exp(-x * y))
    close(nn.SoftMarginLoss(reduction)(ms.Tensor(x), ms.Tensor(y)), REDUCE[reduction](losses))

    def distance(a, b, p):
        return (np.abs(a - b + 1e-6) ** p).sum(1) ** (1 / p)

    for p in (1, 2):
        for swap in (False, True):
            far = distance(x, z, p)
            far = np.minimum(far, distance(y, z, p)) if swap else far
            wanted = np.maximum(distance(x, y, p) - far + 0.5, 0)
            loss = nn.TripletMarginLoss(p, swap, 1e-6, reduction, 0.5)
            close(loss(*map(ms.Tensor, (x, y, z))), REDUCE[reduction](wanted))


def test_names_with_ext_are_those_of_mint():
    image, rows = ms.Tensor(n(1, 2, 4, 4)), ms.Tensor(n(3, 4))
    windows = image.asnumpy().reshape(1, 2, 2, 2, 2, 2)
    close(nn.AvgPool2dExt(2)(image), windows.mean((3, 5)))
    close(nn.MaxPool2dExt(2, 2)(image), windows.max((3, 5)))
    close(
        nn.AvgPool3dExt(2)(image.reshape((1, 1, 2, 4, 4))), windows.mean((1, 3, 5))[:, None, None]
    )
    close(nn.L1LossExt()(rows, rows * 2), np.abs(rows.asnumpy()).mean())
    data = rows.asnumpy()
    wanted = (data - data.mean(1, keepdims=True)) / np.sqrt(data.var(1, keepdims=True) + 1e-5)
    close(nn.LayerNormExt((4,))(rows), wanted)
    close(nn.LogSoftmaxExt(1)(rows), data - np.log(np.exp(data).sum(1, keepdims=True)))
    close(nn.PReLUExt()(rows), np.where(data > 0, data, 0.25 * data))
    close(nn.Dropout2dExt(0.5).set_train(False)(image), image.asnumpy())
    table = n(5, 3)
    found = nn.EmbeddingExt(5, 3, _weight=ms.Tensor(table))(ms.Tensor([1, 4]))
    close(found, table[[1, 4]])
    line = n(1, 2, 6)
    close(nn.AvgPool1dExt(2)(ms.Tensor(line)), line.reshape(1, 2, 3, 2).mean(3))
