"""Dropout of whole channels, and the table looked up by EmbeddingLookup."""

from __future__ import annotations

import numpy as np
import pytest

import mslearn as ms
from mslearn import nn


@pytest.mark.parametrize(
    ("kind", "shape", "spatial"),
    [
        (nn.Dropout1d, (40, 50, 3), 1), (nn.Dropout1d, (2000, 3), 1),
        (nn.Dropout2d, (40, 50, 2, 3), 2), (nn.Dropout3d, (40, 50, 2, 3, 2), 3),
    ],
)  # fmt: skip
def test_whole_channels_are_dropped_while_training(kind, shape, spatial):
    ms.set_seed(5)
    layer, x = kind(0.25), ms.Tensor(np.ones(shape, np.float32))
    assert layer(x) is x
    out = layer.set_train()(x).asnumpy()
    rows = out.reshape(-1, int(np.prod(shape[len(shape) - spatial :])))
    assert (rows == rows[:, :1]).all()
    np.testing.assert_allclose(np.unique(out), [0, 4 / 3], rtol=1e-6)
    assert (rows[:, 0] == 0).mean() == pytest.approx(0.25, abs=0.04)
    grad = ms.grad(lambda x: kind(1.0).set_train()(x).sum())(x).asnumpy()
    assert (grad == 0).all()


def test_channel_dropout_names_its_mistakes():
    with pytest.raises(ValueError, match="Dropout2d"):
        nn.Dropout2d(1.5)
    with pytest.raises(TypeError, match="float"):
        nn.Dropout2d(1)
    with pytest.raises(ValueError, match="4 axes"):
        nn.Dropout2d(0.5)(ms.Tensor(np.ones((2, 3), np.float32)))
    assert repr(nn.Dropout2d()) == "Dropout2d(p=0.5)" and repr(nn.Dropout1d()) == "Dropout1d()"


def test_embedding_lookup_finds_rows_and_limits_their_length():
    table = ms.Tensor([[3.0, 4.0], [0.3, 0.4], [0.0, 0.0]])
    ids = ms.Tensor([[0, 1], [2, 0]], ms.int32)
    net = nn.EmbeddingLookup(3, 2, table)
    assert [p.name for p in net.trainable_params()] == ["embedding_table"]
    np.testing.assert_allclose(net(ids).asnumpy(), table.asnumpy()[ids.asnumpy()])
    short = nn.EmbeddingLookup(3, 2, table, max_norm=1.0)(ids).asnumpy()
    np.testing.assert_allclose(short, [[[0.6, 0.8], [0.3, 0.4]], [[0, 0], [0.6, 0.8]]], rtol=1e-6)
    (grad,) = ms.grad(lambda i: net(i).sum(), None, net.trainable_params())(ids)
    np.testing.assert_allclose(grad.asnumpy(), [[2, 2], [1, 1], [1, 1]])
    with pytest.raises(ValueError, match="max_norm"):
        nn.EmbeddingLookup(3, 2, max_norm=-1.0)


def test_tensor_is_a_function_too():
    assert ms.tensor([1, 2]).dtype == ms.int64
    x = ms.tensor(1.5, ms.float16)
    assert x.dtype == ms.float16 and isinstance(x, ms.Tensor)
