"""Twenty steps of every experimental optimizer and of every scheduler; see cases.py."""

from __future__ import annotations

import importlib

import numpy as np
from cases_optim import GRADIENTS, parameters


def optim_of(ms):
    return importlib.import_module(f"{ms.__name__}.experimental").optim


def steps(ms, optimizer, each=lambda i: None):
    for i, g in enumerate(GRADIENTS):
        optimizer((ms.Tensor(g[None, :3]), ms.Tensor(g[3:])))
        each(i)
    state = list(optimizer.get_parameters())
    return (
        str(optimizer),
        tuple(p.name for p in state),
        tuple(ms.Tensor(p.asnumpy().copy()) for p in state),
    )


def run(name, options, groups=False):
    def case(ms):
        params = list(parameters(ms))
        if groups:
            params = [
                {"params": params[:1], "lr": 0.02, "weight_decay": 0.3},
                {"params": params[1:]},
            ]
        return steps(ms, getattr(optim_of(ms), name)(params, **options))

    return case


# MindSpore's CPU kernel of Adam ignores amsgrad; tests/nn/test_experimental.py checks it.
OPTIONS = {
    "SGD": (
        {"momentum": 0.9, "dampening": 0.1, "weight_decay": 0.1},
        {"momentum": 0.9, "nesterov": True, "maximize": True},
    ),
    "Adam": (
        {"weight_decay": 0.1, "betas": (0.8, 0.9), "eps": 1e-3},
        {"maximize": True, "betas": (0.8, 0.9)},
    ),
    "AdamW": ({"weight_decay": 0.1, "betas": (0.8, 0.9), "eps": 1e-3}, {"amsgrad": True}),
    "Adadelta": ({"rho": 0.5, "eps": 1e-3, "weight_decay": 0.1}, {"maximize": True}),
    "Adagrad": (
        {"lr_decay": 0.1, "weight_decay": 0.1, "initial_accumulator_value": 0.3},
        {"maximize": True, "eps": 1e-3},
    ),
    "ASGD": ({"lambd": 0.1, "alpha": 0.5, "t0": 4.0, "weight_decay": 0.1}, {"maximize": True}),
    "Adamax": ({"betas": (0.8, 0.9), "weight_decay": 0.1}, {"maximize": True}),
    "RMSprop": (
        {"alpha": 0.5, "momentum": 0.4, "weight_decay": 0.1},
        {"centered": True, "momentum": 0.4, "eps": 1e-3, "maximize": True},
    ),
    "Rprop": ({"etas": (0.4, 1.5), "step_sizes": (0.01, 0.2)}, {"maximize": True}),
    "RAdam": ({"betas": (0.8, 0.9), "weight_decay": 0.1},),
    "NAdam": ({"betas": (0.8, 0.9), "weight_decay": 0.1, "momentum_decay": 0.1},),
}

cases = {
    f"experimental {name} {i}": run(name, {"lr": 0.1, **options})
    for name, several in OPTIONS.items()
    for i, options in enumerate(({}, *several))
}
cases.update(
    {
        f"experimental {name} groups": run(name, {"lr": 0.1}, groups=True)
        for name in OPTIONS
        if name != "Rprop"
    }
)

SCHEDULERS = {
    "StepLR": {"step_size": 3, "gamma": 0.5},
    "MultiStepLR": {"milestones": [2, 5, 5], "gamma": 0.5},
    "ExponentialLR": {"gamma": 0.9},
    "ConstantLR": {"factor": 0.5, "total_iters": 4},
    "LinearLR": {"start_factor": 0.25, "end_factor": 0.75, "total_iters": 6},
    "PolynomialLR": {"total_iters": 12, "power": 2.0},
    "LambdaLR": {"lr_lambda": lambda epoch: 0.9**epoch},
    "MultiplicativeLR": {"lr_lambda": lambda epoch: 0.9},
    "CosineAnnealingLR": {"T_max": 6, "eta_min": 0.01},
    "CosineAnnealingWarmRestarts": {"T_0": 3, "T_mult": 2, "eta_min": 0.01},
    "CyclicLR": {"base_lr": 0.01, "max_lr": 0.1, "step_size_up": 3, "step_size_down": 2},
}
CYCLES = ("triangular2", "exp_range")


def schedule(make):
    """The rates of two groups over twenty epochs."""

    def case(ms):
        optim = optim_of(ms)
        w, b = parameters(ms)
        optimizer = optim.SGD([{"params": [w], "lr": 0.4}, {"params": [b]}], lr=0.1)
        scheduler = make(optim.lr_scheduler, optimizer)
        rows = [[float(r) for r in scheduler.get_last_lr()]]
        for _ in range(20):
            scheduler.step()
            rows.append([float(r) for r in scheduler.get_last_lr()])
        held = [float(group["lr"].asnumpy()) for group in optimizer.param_groups]
        return ms.Tensor(np.array(rows, np.float32)), ms.Tensor(np.array(held, np.float32))

    return case


cases.update(
    {
        f"experimental {name}": schedule(
            lambda space, optimizer, name=name, o=o: getattr(space, name)(optimizer, **o)
        )
        for name, o in SCHEDULERS.items()
    }
)
cases.update(
    {
        f"experimental CyclicLR {mode}": schedule(
            lambda space, optimizer, mode=mode: space.CyclicLR(
                optimizer, [0.1, 0.02], 0.5, 2, mode=mode, gamma=0.9
            )
        )
        for mode in CYCLES
    }
)
cases["experimental SequentialLR"] = schedule(
    lambda space, optimizer: space.SequentialLR(
        optimizer,
        [
            space.ConstantLR(optimizer, 0.1, 2),
            space.ExponentialLR(optimizer, 0.9),
            space.StepLR(optimizer, 2, 0.5),
        ],
        [4, 9],
    )
)


def case(function):
    cases[f"experimental {function.__name__}"] = function
    return function


@case
def training_with_a_schedule(ms):
    optim = optim_of(ms)
    optimizer = optim.Adam(list(parameters(ms)), 0.1)
    scheduler = optim.lr_scheduler.StepLR(optimizer, 3, 0.5)
    return steps(ms, optimizer, lambda i: scheduler.step())


@case
def plateau(ms):
    optim = optim_of(ms)
    out = []
    for options in (
        {"factor": 0.5, "patience": 1},
        {"mode": "max", "factor": 0.5, "patience": 1, "cooldown": 2},
        {"factor": 0.5, "patience": 0, "threshold": 0.3, "threshold_mode": "abs", "min_lr": 0.03},
    ):
        optimizer = optim.SGD(list(parameters(ms)), 0.1)
        scheduler = optim.lr_scheduler.ReduceLROnPlateau(optimizer, **options)
        rates = []
        for value in (1.0, 0.9, 0.95, 0.93, 0.92, 0.5, 0.6, 0.7, 0.4, 0.41, 0.42, 0.43):
            scheduler.step(ms.Tensor(value, ms.float32))
            rates.append(float(optimizer.param_groups[0]["lr"].asnumpy()))
        out.append(ms.Tensor(np.array(rates, np.float32)))
    return tuple(out)


@case
def own_scheduler(ms):
    """The documentation's way to write a scheduler."""
    optim = optim_of(ms)

    class Halving(optim.lr_scheduler.LRScheduler):
        def __init__(self, optimizer, share=0.5, total_iters=3, last_epoch=-1):
            self.share = share
            self.total_iters = total_iters
            super().__init__(optimizer, last_epoch)

        def get_lr(self):
            if self.last_epoch == 0:
                return [lr * self.share for lr in self._last_lr]
            if self.last_epoch != self.total_iters:
                return [lr * 1.0 for lr in self._last_lr]
            return [lr / self.share for lr in self._last_lr]

    optimizer = optim.SGD(list(parameters(ms)), 0.01)
    scheduler = Halving(optimizer)
    out = []
    for _ in range(6):
        scheduler.step()
        out.append(scheduler.get_last_lr()[0].asnumpy().item())
    return ms.Tensor(np.array(out, np.float32))


@case
def schedulers_go_to_an_epoch(ms):
    optim = optim_of(ms)
    schedules = optim.lr_scheduler
    out = []
    for name, arguments in (
        ("StepLR", (2,)), ("LinearLR", ()), ("ExponentialLR", (0.5,)), ("PolynomialLR", ()),
        ("LambdaLR", (lambda epoch: 0.9**epoch,)), ("MultiplicativeLR", (lambda epoch: 0.9,)),
        ("ConstantLR", ()), ("CosineAnnealingLR", (6,)), ("CyclicLR", (0.1, 0.5, 2)),
    ):  # fmt: skip
        weight = ms.Parameter(ms.Tensor(np.ones(2, np.float32)), name="w")
        scheduler = getattr(schedules, name)(optim.SGD([weight], 0.1), *arguments)
        rates = []
        for epoch in (None, None, 5, None, 3, 0, None):
            scheduler.step(epoch)
            rates.append(ms.Tensor(np.float32(float(scheduler.get_last_lr()[0]))))
        out.append(tuple(rates))
    return tuple(out)
