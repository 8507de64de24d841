"""Optimizers of one's own, with all that MindSpore's base class offers them."""

from __future__ import annotations

import importlib

import numpy as np

RNG = np.random.default_rng(28)
SHAPES = {"conv.weight": (2, 1, 2, 2), "conv.bias": (2,), "bn.gamma": (2,), "fc.weight": (3, 2)}
VALUES = {name: RNG.standard_normal(shape).astype(np.float32) for name, shape in SHAPES.items()}
GRADS = [
    [RNG.standard_normal(s).astype(np.float32) for s in SHAPES.values()] for _ in range(4)
]  # fmt: skip
NOTED = (
    "decay_flags", "dynamic_lr", "dynamic_weight_decay", "exec_weight_decay", "is_group",
    "is_group_lr", "is_group_params_ordered", "loss_scale", "need_scale", "param_length",
    "reciprocal_scale",
)  # fmt: skip
cases = {}


def case(function):
    cases[f"own optimizer {function.__name__}"] = function
    return function


def parameters(ms):
    return [ms.Parameter(ms.Tensor(v), name=n) for n, v in VALUES.items()]


def told(optimizer):
    held = [p.name for p in optimizer.get_parameters()]
    return [getattr(optimizer, n) for n in NOTED], held, repr(optimizer)


def sign_descent(ms):
    """Sign descent with decay, written with the base class's tools."""
    ops = ms.ops
    rule = ops.MultitypeFuncGraph("rule")

    @rule.register("Tensor", "Tensor", "Tensor", "Tensor", "Bool")
    def _rule(rate, decay, param, grad, decays):
        step = rate * ops.sign(grad)
        if decays:
            step = step + rate * decay * param
        return ops.assign(param, param - step)

    class SignDescent(ms.nn.Optimizer):
        def __init__(self, params, learning_rate, **options):
            super().__init__(learning_rate, params, **options)
            self.beta = ms.Parameter(ms.Tensor(0.5, ms.float32), name="beta")
            self.moments = self.parameters.clone(prefix="moment", init="zeros")

        def construct(self, gradients):
            gradients = self.scale_grad(gradients)
            rates, decay = self.get_lr(), self.get_weight_decay()
            self.assignadd(self.global_step, self.global_step_increase_tensor)
            if self.is_group:
                return self.hyper_map(
                    rule, rates if self.is_group_lr else (rates,) * self.param_length, decay,
                    self.parameters, gradients, self.decay_flags,
                )  # fmt: skip
            return self.map_(
                ops.partial(rule, rates, decay), self.parameters, gradients, self.decay_flags
            )

    return SignDescent


def run(ms, groups_of, rate, **options):
    optimizer = sign_descent(ms)(groups_of(parameters(ms)), rate, **options)
    order = list(SHAPES)
    for grads in GRADS:
        optimizer(tuple(ms.Tensor(grads[order.index(p.name)]) for p in optimizer.parameters))
    values = [ms.Tensor(p.asnumpy().copy()) for p in optimizer.parameters]
    return *told(optimizer), optimizer.global_step, values


@case
def plain(ms):
    return run(ms, lambda p: p, 0.1)


@case
def decayed_and_scaled(ms):
    return run(ms, lambda p: p, [0.1, 0.05, 0.02, 0.01], weight_decay=0.1, loss_scale=4.0)


@case
def in_ordered_groups(ms):
    return run(
        ms,
        lambda p: [
            {"params": p[:2], "lr": [0.3, 0.2, 0.1, 0.05], "weight_decay": 0.2},
            {"params": p[2:]},
            {"order_params": p[::-1]},
        ],
        ms.nn.PolynomialDecayLR(0.1, 0.01, 3, 0.5),
        weight_decay=0.05,
    )


@case
def in_groups_with_one_rate(ms):
    return run(ms, lambda p: [{"params": p[:3]}, {"params": p[3:], "weight_decay": 0.3}], 0.1)


@case
def adam_in_groups_tells(ms):
    p = parameters(ms)
    groups = [{"params": p[:1], "lr": ms.nn.ExponentialDecayLR(0.1, 0.9, 2)}, {"params": p[1:]}]
    return told(ms.nn.Adam(groups, 0.01, loss_scale=2.0))


@case
def groups_of_options_keep_their_order(ms):
    optim = importlib.import_module(f"{ms.__name__}.experimental.optim")
    p = parameters(ms)
    groups = [{"params": p[:2], "weight_decay": 0.1}, {"lr": 0.2, "params": p[2:]}]
    return [list(g) for g in optim.AdamW(groups, lr=0.1).param_groups]
