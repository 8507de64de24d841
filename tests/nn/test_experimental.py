"""experimental.optim: what MindSpore's CPU build leaves out, groups, errors; see also goldens."""

from __future__ import annotations

import numpy as np
import pytest
from torch_results import recorded

import mslearn as ms
from mslearn import nn, ops
from mslearn.experimental import optim

RNG = np.random.default_rng(3)
GRADIENTS = RNG.standard_normal((20, 4)).astype(np.float32)
START = np.array([1.0, -2.0, 0.3, 0.5], np.float32)


def param(name="w"):
    return ms.Parameter(ms.Tensor(START.copy()), name=name)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("Adam", {"amsgrad": True, "weight_decay": 0.1, "betas": (0.8, 0.9)}),
        ("AdamW", {"amsgrad": True, "weight_decay": 0.1, "betas": (0.8, 0.9), "maximize": True}),
        ("NAdam", {"momentum_decay": 0.1, "betas": (0.8, 0.9)}),
        ("RAdam", {"betas": (0.8, 0.9)}),
    ],
)
def test_agrees_with_torch(name, options):
    own = param()
    optimizer = getattr(optim, name)([own], lr=0.1, **options)
    for g in GRADIENTS:
        optimizer((ms.Tensor(g),))

    def ask_torch():
        import torch

        other = torch.nn.Parameter(torch.tensor(START))
        reference = getattr(torch.optim, name)([other], lr=0.1, **options)
        for g in GRADIENTS:
            other.grad = torch.tensor(g)
            reference.step()
        return other

    wanted = recorded(f"experimental.{name}.{sorted(options.items())}", ask_torch)
    np.testing.assert_allclose(own.asnumpy(), wanted, rtol=1e-5, atol=1e-5)


def test_a_group_may_come_later_and_options_may_change():
    first, second = param("a"), param("b")
    optimizer = optim.SGD([first], lr=0.1, momentum=0.9)
    g = ms.Tensor(GRADIENTS[0])
    optimizer((g,))
    optimizer.add_param_group({"params": second, "lr": 0.5})
    ops.assign(optimizer.param_groups[0]["lr"], ms.Tensor(0.0))
    before = first.asnumpy().copy()
    optimizer((g, g))
    np.testing.assert_array_equal(first.asnumpy(), before)
    np.testing.assert_allclose(second.asnumpy(), START - 0.5 * GRADIENTS[0], rtol=1e-6)
    optimizer.param_groups[1]["lr"] = 0.0  # a plain number works, too
    before = second.asnumpy().copy()
    optimizer((g, g))
    np.testing.assert_array_equal(second.asnumpy(), before)
    assert [float(r) for r in optimizer.lrs] == [0.0, 0.0]


def test_a_network_learns_with_a_scheduler():
    ms.set_seed(0)
    net = nn.Dense(3, 1)
    x = ms.Tensor(RNG.standard_normal((64, 3)).astype(np.float32))
    y = (x * ms.Tensor(np.array([1.0, -2.0, 3.0], np.float32))).sum(1, keepdims=True)
    optimizer = optim.AdamW(net.trainable_params(), lr=0.1)
    scheduler = optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=100)
    step = ms.value_and_grad(lambda: nn.MSELoss()(net(x), y), None, optimizer.parameters)
    losses = []
    for _ in range(100):
        loss, grads = step()
        optimizer(grads)
        scheduler.step()
        losses.append(float(loss))
    assert losses[-1] < 1e-2 * losses[0]


def test_wrong_arguments_say_what_is_wrong():
    for make, kind, text in (
        (lambda: optim.SGD([param()], lr=-1.0), ValueError, "Invalid learning rate: -1.0"),
        (lambda: optim.SGD([param()], lr="a"), TypeError, "the type of 'lr'"),
        (lambda: optim.SGD([param()], lr=0.1, nesterov=True), ValueError, "nesterov"),
        (lambda: optim.Adam([param()], betas=(1.0, 0.9)), ValueError, "beta parameter at index 0"),
        (lambda: optim.Adam([param()], eps=-1.0), ValueError, "Invalid epsilon value"),
        (lambda: optim.Rprop([param()], etas=(2.0, 1.0)), ValueError, "etas"),
        (lambda: optim.Adam([]), ValueError, "must not be empty"),
        (lambda: optim.Adam(param()), TypeError, "must be a list"),
        (lambda: optim.SGD([{"params": [param()]}, param()], 0.1), TypeError, "must be a dict"),
        (lambda: optim.SGD([param()], 0.1)((1, 2)), RuntimeError, "1 parameters but 2"),
        (lambda: optim.lr_scheduler.StepLR(nn.SGD([param()]), 2), TypeError, "not an Optimizer"),
        (lambda: optim.lr_scheduler.StepLR(optim.SGD([param()], 0.1), 0), ValueError, "step_size"),
    ):
        with pytest.raises(kind, match=text):
            make()


def test_one_parameter_is_in_one_group():
    shared = param()
    with pytest.raises(ValueError, match="more than one parameter group"):
        optim.SGD([{"params": [shared]}, {"params": [shared]}], lr=0.1)


def test_an_optimizer_of_ones_own():
    class Signs(optim.Optimizer):
        def __init__(self, params, lr=0.1):
            super().__init__(params, {"lr": lr})

        def construct(self, gradients):
            at = iter(gradients)
            for group in self.param_groups:
                for p in group["params"]:
                    ops.assign(p, p - group["lr"] * ops.sign(next(at)))
            return True

    w = param()
    optimizer = Signs([w])
    optim.lr_scheduler.StepLR(optimizer, 1, 0.5).step()
    optimizer((ms.Tensor(GRADIENTS[0]),))
    np.testing.assert_allclose(w.asnumpy(), START - 0.05 * np.sign(GRADIENTS[0]), rtol=1e-6)
    with pytest.raises(NotImplementedError, match="write construct"):
        optim.Optimizer([param()], {"lr": 0.1})((ms.Tensor(GRADIENTS[0]),))


@pytest.mark.parametrize("name", ["SGD", "Adam", "AdamW", "RMSprop", "RAdam", "NAdam", "ASGD"])
def test_a_compiled_step_gives_the_same_numbers(name):
    data = ms.Tensor(RNG.standard_normal((8, 3)).astype(np.float32))

    def train(compiled):
        net = nn.Dense(3, 1, weight_init="ones", bias_init="zeros")
        optimizer = getattr(optim, name)(net.trainable_params(), lr=0.05)
        scheduler = optim.lr_scheduler.ExponentialLR(optimizer, 0.9)

        def forward(x):
            return ops.square(net(x) - 1).mean()

        grad = ms.value_and_grad(forward, None, optimizer.parameters)

        def step(x):
            loss, grads = grad(x)
            optimizer(grads)
            return loss

        run = ms.jit(step) if compiled else step
        losses = []
        for _ in range(8):
            losses.append(float(run(data)))
            scheduler.step()
        return losses, net.weight.asnumpy()

    for found, wanted in zip(train(True), train(False), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)
