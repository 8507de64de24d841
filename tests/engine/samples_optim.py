"""Samples of the optimizers' update rules; see samples_base.py."""

from __future__ import annotations

import numpy as np

RNG = np.random.default_rng(3)


def r(n=3):
    return RNG.standard_normal((2, n))


def pos():
    return RNG.random((2, 3)) + 0.5


def n(*values):
    return tuple(map(np.asarray, values))


SAMPLES = {
    "ApplyAdagrad": [
        ((r(), pos(), *n(0.1), r()), {}),
        ((r(), pos(), *n(0.1), r()), {"update_slots": False}),
    ],
    "ApplyProximalAdagrad": [((r(), pos(), *n(0.1, 0.2, 0.3), r()), {})],
    "ApplyAdadelta": [((r(), pos(), pos(), *n(0.1, 0.9, 1e-6), r()), {})],
    "ApplyAdaMax": [((r(), r(), pos(), *n(0.9, 0.1, 0.9, 0.99, 1e-8), r()), {})],
    "ApplyAdamWithAmsgrad": [((r(), r(), pos(), pos(), *n(0.9, 0.99, 0.1), r()), {})],
    "AdamWeightDecay": [((r(), r(), pos(), *n(0.1, 0.9, 0.99, 1e-6, 0.1), r()), {})],
    "ApplyRMSProp": [((r(), pos(), r(), *n(0.1), r(), *n(0.9, 0.5, 1e-3)), {})],
    "ApplyCenteredRMSProp": [((r(), r(), 4 + pos(), r(), r(), *n(0.1, 0.9, 0.5, 1e-3)), {})],
    "ApplyFtrl": [((r(), pos(), r(), r(), *n(0.1, 0.2, 0.3, -0.5)), {})],
    "Rprop": [((r(), r(), pos(), r()), {})],
    "ASGD": [((r(), r(), *n(0.1, 0.5), r()), {"lambd": 0.01})],
    "Lamb": [((r(), r(), pos(), *n(0.1, 0.9, 0.99, 1e-6, 0.1), np.array([1]), r()), {})],
    "LARSUpdate": [
        ((r(), r(), *n(2.0, 3.0, 0.1, 0.5)), {}),
        ((r(), r(), *n(2.0, 0.0, 0.1, 0.5)), {"use_clip": True}),
    ],
    "ApplyGradientDescent": [((r(), *n(0.1), r()), {})],
    "ApplyProximalGradientDescent": [((r(), *n(0.1, 0.2, 0.3), r()), {})],
    "ApplyAdagradV2": [
        ((r(), pos(), *n(0.1), r()), {}),
        ((r(), pos(), *n(0.1), r()), {"update_slots": False, "epsilon": 0.1}),
    ],
    "ApplyAdagradDA": [((r(), r(), pos(), r(), *n(0.1, 0.2, 0.3, 2.0)), {})],
    "ApplyAddSign": [((r(), r(), *n(0.1, 1.5, 0.9, 0.8), r()), {})],
    "ApplyPowerSign": [((r(), r(), *n(0.1, 2.7, 0.9, 0.8), r()), {})],
    "ApplyKerasMomentum": [
        ((r(), r(), *n(0.1), r(), *n(0.9)), {}),
        ((r(), r(), *n(0.1), r(), *n(0.9)), {"use_nesterov": True}),
    ],
}
