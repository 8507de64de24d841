"""Optimizers where real MindSpore has no CPU kernel or a wrong one, against their formulas."""

from __future__ import annotations

import numpy as np
import pytest

import mslearn as ms
from mslearn import nn, ops

W = np.array([[0.5, 0.8, 0.2], [0.6, 0.4, 0.2]], np.float32)
G = np.array([[0.4, 0.4, 0.5], [0.2, 0.4, 0.3]], np.float32)


def parameter(value, name="w"):
    return ms.Parameter(ms.Tensor(np.array(value, np.float32)), name=name)


def test_lars_update_gives_the_numbers_of_mindspores_documentation():
    squares = float((W * W).sum()), float((G * G).sum())
    out = ops.LARSUpdate()(ms.Tensor(W), ms.Tensor(G), *squares, 0.0, 1.0).asnumpy()
    wanted = [[0.0005265, 0.0005265, 0.00065813], [0.00026325, 0.0005265, 0.00039488]]
    np.testing.assert_allclose(out, wanted, rtol=1e-4)


def test_lars_rescales_what_its_filter_lets_through():
    w, bias = parameter(W), parameter(W[0], "bias")
    lars = nn.LARS(nn.Momentum([w, bias], 0.1, 0.9, weight_decay=0.2), coefficient=0.5)
    lars((ms.Tensor(G), ms.Tensor(G[0])))
    ratio = 0.5 * np.linalg.norm(W) / (np.linalg.norm(G) + 0.2 * np.linalg.norm(W) + 1e-5)
    np.testing.assert_allclose(w.asnumpy(), W - 0.1 * ratio * (G + 0.2 * W), rtol=1e-5)
    np.testing.assert_allclose(bias.asnumpy(), W[0] - 0.1 * G[0], rtol=1e-5)
    assert int(lars.opt.global_step.asnumpy()[0]) == 1


def test_lamb_follows_the_paper():
    w = parameter(W)
    lamb = nn.Lamb([w], 0.1, weight_decay=0.05)
    x, m, v = W.astype(np.float64), 0.0, 0.0
    for t in range(1, 21):
        lamb((ms.Tensor(G * t),))
        m, v = 0.9 * m + 0.1 * G * t, 0.999 * v + 0.001 * (G * t) ** 2
        r = m / (1 - 0.9**t) / (np.sqrt(v / (1 - 0.999**t)) + 1e-6) + 0.05 * x
        x = x - 0.1 * np.linalg.norm(x) / np.linalg.norm(r) * r
    np.testing.assert_allclose(w.asnumpy(), x, rtol=2e-5)
    assert [p.name for p in lamb.get_parameters()][-2:] == ["lamb_m.w", "lamb_v.w"]


def test_adagrad_may_keep_its_sum_of_squares():
    w = parameter(W)
    nn.Adagrad([w], accum=0.25, learning_rate=0.1, update_slots=False)((ms.Tensor(G),))
    np.testing.assert_allclose(w.asnumpy(), W - 0.1 * G / 0.5, rtol=1e-6)


def test_ftrl_pushes_small_weights_to_zero():
    w = parameter([1.0, -2.0, 0.01])
    accum, g = np.full(3, 0.25), np.array([0.3, -0.4, 0.1])
    nn.FTRL([w], initial_accum=0.25, learning_rate=0.1, l1=0.5)((ms.Tensor(g, ms.float32),))
    grown = np.sqrt(accum + g * g)
    linear = g - (grown - 0.5) / 0.1 * np.array([1.0, -2.0, 0.01])
    wanted = np.where(abs(linear) > 0.5, (np.sign(linear) * 0.5 - linear) / (grown / 0.1), 0)
    np.testing.assert_allclose(w.asnumpy(), wanted, rtol=1e-5)
    assert w.asnumpy()[2] == 0


def test_gradient_centralization_takes_the_mean_off_convolutions_only():
    kernel, dense = parameter(np.zeros((2, 2, 1, 2)), "kernel"), parameter(np.zeros((2, 2)))
    g = np.arange(8, dtype=np.float32).reshape(2, 2, 1, 2)
    group = {"params": [kernel, dense], "grad_centralization": True}
    nn.SGD([group], 1.0)((ms.Tensor(g), ms.Tensor(g[0, :, 0])))
    np.testing.assert_allclose(kernel.asnumpy(), g.mean((1, 2, 3), keepdims=True) - g)
    np.testing.assert_allclose(dense.asnumpy(), -g[0, :, 0])


def test_adam_of_a_large_weight_reaches_every_block():
    n = 1_234_567
    w, g = parameter(np.zeros(n)), np.linspace(0.5, 1.5, n, dtype=np.float32)
    adam = nn.Adam([w], 0.1)
    adam((ms.Tensor(g),))
    np.testing.assert_allclose(w.asnumpy(), np.full(n, -0.1), rtol=1e-4)
    np.testing.assert_allclose(adam.moment2[0].asnumpy(), 0.001 * g * g, rtol=1e-4, atol=1e-12)


@pytest.mark.parametrize("share", [False, True])
def test_arrays_that_a_learner_holds_are_never_overwritten(share):
    for make in (nn.RMSProp, nn.FTRL, nn.Adadelta, nn.LazyAdam, nn.AdamWeightDecay):
        w = parameter(W)
        before = w.asnumpy() if share else W
        make([w], learning_rate=0.1)((ms.Tensor(G),))
        np.testing.assert_array_equal(before, W)
        assert not np.array_equal(w.asnumpy(), W)


def test_a_custom_optimizer_as_mindspores_documentation_writes_it():
    class Umomentum(nn.Optimizer):
        def __init__(self, params, learning_rate, momentum=0.9):
            super().__init__(learning_rate, params)
            self.momentum = ms.Parameter(ms.Tensor(momentum, ms.float32), name="momentum")
            self.moments = self.parameters.clone(prefix="moments", init="zeros")
            self.assign = ops.Assign()

        def construct(self, gradients):
            lr = self.get_lr()
            params = self.parameters
            for i in range(len(params)):
                self.assign(self.moments[i], self.moments[i] * self.momentum + gradients[i])
                update = params[i] - self.moments[i] * lr
                self.assign(params[i], update)
            return params

    w, other = parameter(W), parameter(W)
    mine, theirs = Umomentum([w], 0.1), nn.Momentum([other], 0.1, 0.9)
    for _ in range(3):
        mine((ms.Tensor(G),))
        theirs((ms.Tensor(G),))
    np.testing.assert_allclose(w.asnumpy(), other.asnumpy(), rtol=1e-6)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda p: nn.Adagrad(p, accum=-1.0),
        lambda p: nn.FTRL(p, lr_power=0.5),
        lambda p: nn.Rprop(p, etas=(1.5, 1.2)),
        lambda p: nn.CosineDecayLR(0.1, 0.01, 4),
        lambda p: nn.WarmUpLR(0.1, 0),
        lambda p: nn.piecewise_constant_lr([2, 1], [0.1, 0.2]),
    ],
)
def test_wrong_values_are_refused(wrong):
    with pytest.raises(ValueError, match="For '"):
        wrong([parameter(W)])


def test_a_schedule_of_ones_own():
    class Halving(nn.LearningRateSchedule):
        def construct(self, global_step):
            return 0.5 ** ops.cast(global_step, ms.float32)

    w = parameter([1.0])
    optimizer = nn.SGD([w], Halving())
    for _ in range(3):
        optimizer((ms.Tensor([1.0]),))
    assert float(w.asnumpy()[0]) == pytest.approx(1 - 1 - 0.5 - 0.25)
    with pytest.raises(NotImplementedError, match="global_step"):
        nn.LearningRateSchedule()(ms.Tensor(0))


def test_adafactor_learns_and_checks_its_arguments():
    net = nn.Dense(3, 1, weight_init="zeros", bias_init="zeros")
    x = np.random.default_rng(0).standard_normal((64, 3)).astype(np.float32)
    y = x @ np.array([[1.0], [-2.0], [0.5]], np.float32)
    optimizer = nn.AdaFactor(
        net.trainable_params(), 0.05, relative_step=False, scale_parameter=False, beta1=0.0
    )
    step = nn.TrainOneStepCell(nn.WithLossCell(net, nn.MSELoss()), optimizer)
    losses = [float(step(ms.Tensor(x), ms.Tensor(y))) for _ in range(100)]
    assert losses[-1] < 0.01 * losses[0] and not hasattr(optimizer, "exp_avg")
    for options in (
        {"learning_rate": 0.1},
        {"relative_step": False},
        {"learning_rate": 0.1, "relative_step": False, "warmup_init": True},
    ):
        with pytest.raises(ValueError, match="AdaFactor"):
            nn.AdaFactor(net.trainable_params(), **options)


def test_thor_is_refused_with_a_reason():
    with pytest.raises(NotImplementedError, match="Ascend or GPU"):
        nn.thor(nn.Dense(2, 1), ms.Tensor([0.1]), ms.Tensor([0.03]), 0.9)
