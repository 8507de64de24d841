"""Twenty steps of every optimizer, with groups, weight decay and schedules; see cases.py."""

from __future__ import annotations

import numpy as np

RNG = np.random.default_rng(11)
GRADIENTS = RNG.standard_normal((20, 5)).astype(np.float32)
STEPS = 20


def parameters(ms):
    w = ms.Parameter(ms.Tensor(np.array([[1.0, -2.0, 0.3]], np.float32)), name="w")
    b = ms.Parameter(ms.Tensor(np.array([0.5, -0.5], np.float32)), name="beta")
    return w, b


def run(make):
    """The names of the state, then every Parameter of it after 20 steps."""

    def case(ms):
        w, b = parameters(ms)
        optimizer = make(ms.nn, [w, b])
        for g in GRADIENTS:
            optimizer((ms.Tensor(g[None, :3]), ms.Tensor(g[3:])))
        state = list(optimizer.get_parameters())
        return tuple(p.name for p in state), tuple(ms.Tensor(p.asnumpy().copy()) for p in state)

    return case


def by_group(p, lr=0.02, decay=0.3):
    return [{"params": p[:1], "lr": lr, "weight_decay": decay}, {"params": p[1:]}]


# MindSpore's CPU kernels ignore Adagrad's update_slots=False and take FTRL's l1 with a wrong sign
# where `linear` is negative, and there are none for Lamb and LARS; its FTRL decays "beta" too,
# against its documentation. tests/nn/test_optimizers.py checks these against their formulas.
OPTIONS = {
    "AdamWeightDecay": ({}, {"weight_decay": 0.1, "beta1": 0.8, "eps": 1e-3}),
    "AdaMax": ({}, {"weight_decay": 0.1, "beta2": 0.9, "loss_scale": 2.0}),
    "Adagrad": ({}, {"accum": 0.3, "weight_decay": 0.1}),
    "RMSProp": (
        {},
        {"decay": 0.5, "momentum": 0.4, "weight_decay": 0.1},
        {"centered": True, "momentum": 0.4, "epsilon": 1e-3},
    ),
    "Rprop": ({}, {"etas": (0.4, 1.5), "step_sizes": (0.01, 0.2), "weight_decay": 0.1}),
    "ASGD": ({}, {"lambd": 0.1, "alpha": 0.5, "t0": 4.0, "weight_decay": 0.1}),
    "Adadelta": ({}, {"rho": 0.5, "epsilon": 1e-3, "weight_decay": 0.1}),
    "FTRL": ({}, {"l2": 0.2}, {"lr_power": -0.3}),
    "LazyAdam": ({}, {"weight_decay": 0.1, "beta1": 0.5}),
    "ProximalAdagrad": ({}, {"l1": 0.1, "l2": 0.2, "weight_decay": 0.1, "accum": 0.2}),
    "Adam": ({"use_amsgrad": True, "weight_decay": 0.1}, {"use_lazy": True}),
    "AdamOffload": ({"weight_decay": 0.1},),
}
RATES = {
    "list": lambda nn: [0.1, 0.05, 0.03, 0.01, 0.02] * 4,
    "cosine": lambda nn: nn.CosineDecayLR(0.01, 0.1, 12),
    "warm_up": lambda nn: nn.WarmUpLR(0.1, 5),
}
PLAIN = ("AdamWeightDecay", "AdaMax", "RMSProp", "Adadelta", "LazyAdam", "Momentum", "SGD", "Adam")


def _options(name):
    return {"momentum": 0.9} if name == "Momentum" else {}


cases = {
    **{
        f"{name} {i}": run(
            lambda nn, p, name=name, o=o: getattr(nn, name)(p, learning_rate=0.1, **o)
        )
        for name, several in OPTIONS.items()
        for i, o in enumerate(several)
    },
    **{
        f"{name} {kind}": run(
            lambda nn, p, name=name, rate=rate: getattr(nn, name)(
                p, learning_rate=rate(nn), weight_decay=0.05, **_options(name)
            )
        )
        for name in PLAIN
        for kind, rate in RATES.items()
    },
    **{
        f"{name} groups": run(
            lambda nn, p, name=name: getattr(nn, name)(
                by_group(p), learning_rate=0.1, weight_decay=0.05, **_options(name)
            )
        )
        for name in (*PLAIN, "Rprop", "ASGD")
    },
    "Momentum groups list": run(
        lambda nn, p: nn.Momentum(by_group(p, [0.1, 0.05] * 10), 0.1, 0.9, weight_decay=0.1)
    ),
    "Momentum groups schedule": run(
        lambda nn, p: nn.Momentum(by_group(p, nn.ExponentialDecayLR(0.1, 0.9, 4)), 0.1, 0.9)
    ),
    "Momentum decay schedule": run(
        lambda nn, p: nn.Momentum(p, 0.1, 0.9, weight_decay=nn.ExponentialDecayLR(0.1, 0.9, 4))
    ),
    "Momentum order": run(
        lambda nn, p: nn.Momentum(
            [{"params": p[1:], "lr": 0.01}, {"params": p[:1]}, {"order_params": p}], 0.1, 0.9
        )
    ),
}
FACTORED = (
    {},
    {"warmup_init": True, "weight_decay": 0.1, "decay_rate": 0.5},
    {"learning_rate": 0.1, "scale_parameter": False, "relative_step": False, "beta1": 0.5},
    {"learning_rate": 0.1, "relative_step": False, "clip_threshold": 0.5, "eps": (1e-6, 0.9)},
)
cases.update(
    {f"AdaFactor {i}": run(lambda nn, p, o=o: nn.AdaFactor(p, **o)) for i, o in enumerate(FACTORED)}
)


def case(function):
    cases[function.__name__] = function
    return function


SCHEDULES = (
    lambda nn: nn.CosineDecayLR(0.01, 0.1, 4),
    lambda nn: nn.ExponentialDecayLR(0.1, 0.9, 4),
    lambda nn: nn.ExponentialDecayLR(0.1, 0.9, 4, True),
    lambda nn: nn.InverseDecayLR(0.1, 0.9, 4),
    lambda nn: nn.InverseDecayLR(0.1, 0.9, 4, True),
    lambda nn: nn.NaturalExpDecayLR(0.1, 0.9, 4),
    lambda nn: nn.NaturalExpDecayLR(0.1, 0.9, 4, True),
    lambda nn: nn.PolynomialDecayLR(0.1, 0.01, 4, 0.5),
    lambda nn: nn.PolynomialDecayLR(0.1, 0.01, 4, 2.0, True),
    lambda nn: nn.WarmUpLR(0.1, 4),
)


@case
def learning_rate_schedules(ms):
    return tuple(
        (str(make(ms.nn)), tuple(make(ms.nn)(ms.Tensor(i, ms.int32)) for i in range(10)))
        for make in SCHEDULES
    )


@case
def dynamic_rates(ms):
    nn = ms.nn
    lists = (
        nn.cosine_decay_lr(0.01, 0.1, 9, 2, 3),
        nn.exponential_decay_lr(0.1, 0.9, 9, 2, 3),
        nn.exponential_decay_lr(0.1, 0.9, 9, 2, 3, is_stair=True),
        nn.inverse_decay_lr(0.1, 0.9, 9, 2, 3),
        nn.inverse_decay_lr(0.1, 0.9, 9, 2, 3, True),
        nn.natural_exp_decay_lr(0.1, 0.9, 9, 2, 3),
        nn.natural_exp_decay_lr(0.1, 0.9, 9, 2, 3, True),
        nn.piecewise_constant_lr([2, 5, 9], [0.1, 0.05, 0.01]),
        nn.polynomial_decay_lr(0.1, 0.01, 9, 2, 3, 0.5),
        nn.polynomial_decay_lr(0.1, 0.01, 9, 2, 2, 2.0, True),
        nn.warmup_lr(0.1, 9, 2, 3),
        nn.dynamic_lr.warmup_lr(0.2, 4, 1, 2),
    )
    return tuple((type(rates).__name__, ms.Tensor(np.array(rates))) for rates in lists)


@case
def rates_of_an_optimizer(ms):
    nn = ms.nn
    w, b = parameters(ms)
    single = nn.Momentum([w, b], nn.CosineDecayLR(0.01, 0.1, 4), 0.9)
    listed = nn.Momentum([w, b], [0.3, 0.2], 0.9)
    grouped = nn.Momentum(by_group([w, b]), 0.1, 0.9)
    mixed = nn.Momentum(by_group([w, b], nn.WarmUpLR(0.1, 4)), 0.1, 0.9)
    return (
        single.get_lr(), listed.get_lr(), grouped.get_lr(), mixed.get_lr(),
        tuple(map(str, grouped.get_lr_parameter([w, b]))),
        str(listed.get_lr_parameter(w)), str(single), str(listed), str(grouped), str(mixed),
        tuple(n for n, _ in mixed.cells_and_names()), grouped.get_weight_decay(),
    )  # fmt: skip


@case
def rules_as_objects(ms):
    o = ms.ops

    def held(*values):
        return [
            ms.Parameter(ms.Tensor(np.array(v, np.float32)), name=f"p{i}")
            for i, v in enumerate(values)
        ]

    g = ms.Tensor(np.array([0.3, -0.4], np.float32))
    out = []
    for prim, state, rest in (
        (o.ApplyMomentum(), held([1, 2], [0.1, 0.2]), (0.1, g, 0.9)),
        (o.ApplyAdagrad(), held([1, 2], [0.1, 0.2]), (0.1, g)),
        (o.ApplyAdadelta(), held([1, 2], [0.1, 0.2], [0.2, 0.2]), (0.1, 0.5, 1e-6, g)),
        (o.ApplyRMSProp(), held([1, 2], [0.1, 0.2], [0, 0]), (0.1, g, 0.9, 0.5, 1e-3)),
        (o.ApplyProximalAdagrad(), held([1, 2], [0.1, 0.2]), (0.1, 0.2, 0.3, g)),
        (o.ApplyFtrl(), held([1, 2], [0.1, 0.2], [0, 0]), (g, 0.1, 0.0, 0.0, -0.5)),
    ):
        result = prim(*state, *rest)
        # The result of ApplyRMSProp is memory nobody has written in MindSpore's CPU build.
        shown = () if prim.name == "ApplyRMSProp" else result
        out.append((shown, tuple(ms.Tensor(p.asnumpy().copy()) for p in state)))
    return tuple(out)
