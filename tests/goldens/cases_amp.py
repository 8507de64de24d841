"""Mixed precision: which Cell computes in what. The numbers are exact in float16; see cases.py."""

from __future__ import annotations

import importlib

import numpy as np

W = np.array([[1, -2, 3, 0.5], [0, 4, -1, 2], [2, 1, 1, -3]], np.float32)
X = np.array([[1, 2, -1, 4], [3, 0, 2, -2]], np.float32)


def network(ms, seen):
    nn, ops = ms.nn, ms.ops

    class Net(nn.Cell):
        def __init__(self):
            super().__init__()
            self.first = nn.SequentialCell(nn.Dense(4, 3, ms.Tensor(W), "ones"), nn.ReLU())
            self.norm = nn.BatchNorm1d(3)
            self.last = nn.Dense(3, 2, ms.Tensor(W[:2, :3]), "zeros")

        def construct(self, x):
            a = self.first(x)
            b = self.norm(a)
            c = self.last(ops.round(b))
            seen.extend(str(t.dtype) for t in (a, b, c))
            return c

    return Net()


def amp_of(ms):
    return importlib.import_module(f"{ms.__name__}.amp")


def names(net):
    return tuple((p.name, str(p.dtype)) for p in net.get_parameters())


def level(name):
    def case(ms):
        seen = []
        net = amp_of(ms).auto_mixed_precision(network(ms, seen), name)
        out = net(ms.Tensor(X))
        return (
            out,
            tuple(seen),
            names(net),
            tuple(type(c).__name__ for _, c in net.cells_and_names()),
        )

    return case


def lists(**options):
    def case(ms):
        seen = []
        given = {k: [getattr(ms.nn, n) for n in v] for k, v in options.items()}
        net = amp_of(ms).custom_mixed_precision(network(ms, seen), **given)
        return net(ms.Tensor(X)), tuple(seen), names(net)

    return case


cases = {f"amp {name}": level(name) for name in ("O0", "O2", "O3")}
cases["amp black list"] = lists(black_list=["Dense"])
cases["amp empty black list"] = lists(black_list=["LayerNorm"])


def case(function):
    cases[f"amp {function.__name__}"] = function
    return function


@case
def the_lists(ms):
    amp = amp_of(ms)
    white, black = amp.get_white_list(), amp.get_black_list()
    white.clear()  # a list of one's own
    return (
        tuple(c.__name__ for c in amp.get_white_list() if issubclass(c, ms.nn.Cell)),
        tuple(c.__name__ for c in black),
    )


@case
def built_networks(ms):
    amp, nn = amp_of(ms), ms.nn
    out = []
    for options in (
        {},
        {"level": "O3"},
        {"level": "O0", "cast_model_type": ms.float16, "keep_batchnorm_fp32": True},
        {"loss_scale_manager": amp.FixedLossScaleManager(4.0, drop_overflow_update=False)},
    ):
        net = nn.Dense(4, 3, ms.Tensor(W), "ones")
        optimizer = nn.Momentum(net.trainable_params(), 0.25, 0.5)
        step = amp.build_train_network(net, optimizer, nn.MAELoss(reduction="sum"), **options)
        losses = [step(ms.Tensor(X), ms.Tensor(X[:, :3])) for _ in range(2)]
        out.append((type(step).__name__, tuple(losses), tuple(net.get_parameters())))
    return tuple(out)


@case
def kinds(ms):
    amp, nn = amp_of(ms), ms.nn
    out = []
    for make in (
        lambda: amp.auto_mixed_precision(nn.Dense(1, 1), "O4"),
        lambda: amp.auto_mixed_precision(3, "O1"),
        lambda: amp.auto_mixed_precision(nn.Dense(1, 1), "O1", ms.float32),
        lambda: amp.custom_mixed_precision(nn.Dense(1, 1)),
        lambda: amp.custom_mixed_precision(
            nn.Dense(1, 1), white_list=[nn.Dense], black_list=[nn.Conv2d]
        ),
        lambda: amp.custom_mixed_precision(nn.Dense(1, 1), white_list=nn.Dense),
        lambda: amp.custom_mixed_precision(nn.Dense(1, 1), black_list=[3]),
        lambda: amp.build_train_network(nn.Dense(1, 1), None, bad=1),
    ):
        try:
            make()
        except (TypeError, ValueError) as error:
            out.append(type(error).__name__)
    return tuple(out)
