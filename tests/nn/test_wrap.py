"""The loss-scaled training step, whose operators real MindSpore has not on the CPU."""

from __future__ import annotations

import numpy as np
import pytest

import mslearn as ms
from mslearn import nn

X = np.linspace(-1, 1, 12, dtype=np.float32).reshape(4, 3)
Y = np.ones((4, 2), np.float32)


def pieces():
    net = nn.WithLossCell(nn.Dense(3, 2, "ones", "zeros"), nn.MSELoss())
    return net, nn.SGD(net.trainable_params(), 0.1)


def test_scaling_the_loss_changes_no_step():
    net, optimizer = pieces()
    other, theirs = pieces()
    step = nn.TrainOneStepWithLossScaleCell(net, optimizer, ms.Tensor(1024.0))
    plain = nn.TrainOneStepCell(other, theirs)
    for _ in range(5):
        loss, overflow, scale = step(ms.Tensor(X), ms.Tensor(Y))
        assert float(loss) == pytest.approx(float(plain(ms.Tensor(X), ms.Tensor(Y))), rel=1e-6)
        assert not bool(overflow)
        assert float(scale) == 1024.0
    mine, wanted = (n.backbone_network.weight.asnumpy() for n in (net, other))
    np.testing.assert_allclose(mine, wanted, rtol=1e-6)


def test_an_overflow_skips_the_step_and_halves_the_scale_which_grows_again():
    net, optimizer = pieces()
    manager = nn.DynamicLossScaleUpdateCell(8.0, scale_factor=2, scale_window=2)
    step = nn.TrainOneStepWithLossScaleCell(net, optimizer, manager)
    before = net.backbone_network.weight.asnumpy().copy()
    bad = X.copy()
    bad[0, 0] = np.inf
    _, overflow, scale = step(ms.Tensor(bad), ms.Tensor(Y))
    assert bool(overflow)
    assert float(scale) == 8.0
    np.testing.assert_array_equal(net.backbone_network.weight.asnumpy(), before)
    scales = [float(step(ms.Tensor(X), ms.Tensor(Y))[2]) for _ in range(4)]
    assert scales == [4.0, 4.0, 8.0, 8.0]
    fixed = nn.FixedLossScaleUpdateCell(16.0)
    assert float(nn.TrainOneStepWithLossScaleCell(net, optimizer, fixed).scale_sense) == 16.0


def test_wrong_arguments_are_refused():
    net, optimizer = pieces()
    with pytest.raises(TypeError, match="scale_sense"):
        nn.TrainOneStepWithLossScaleCell(net, optimizer, 8.0)
    with pytest.raises(TypeError, match="trainable_params"):
        nn.ForwardValueAndGrad(net, get_by_list=True)
    with pytest.raises(ValueError, match="scale_window"):
        nn.DynamicLossScaleUpdateCell(8.0, 2, 0)
