"""Samples of the special functions, away from poles and the ends of domains."""

from __future__ import annotations

import numpy as np

RNG = np.random.default_rng(23)


def r(*shape, low=-0.8, high=0.8):
    return RNG.uniform(low, high, shape)


NEGATIVE = np.array([-0.4, -1.6, -3.3])

SAMPLES = {
    "Asinh": [((r(3) * 3,), {})],
    "Acosh": [((r(3) + 2.5,), {})],
    "Atanh": [((r(2, 2),), {})],
    "Erfc": [((r(3) * 2,), {})],
    "Erfinv": [((r(3),), {}), ((np.array([0.97, -0.9, 0.3]),), {})],
    "Lgamma": [((r(3) + 2.0,), {}), ((NEGATIVE,), {})],
    "Digamma": [((r(3) + 2.0,), {}), ((NEGATIVE,), {})],
    "Polygamma": [((r(3) + 2.0,), {"n": 1}), ((r(3) + 2.0,), {"n": 3}), ((NEGATIVE,), {"n": 2})],
    "Hypot": [((r(2, 3) + 1.5, r(3) - 1.5), {})],
    "Heaviside": [((np.array([-1.0, 0.7, 2.0]), r(3)), {})],
    "Xlogy": [((r(2, 3) + 1.0, r(3) + 1.5), {})],
    "Zeta": [((r(2, 3) + 2.5, r(3) + 1.5), {})],
    "Betainc": [((r(2, 3) + 2.5, r(3) + 1.5, r(2, 3) / 2 + 0.5), {})],
    "IgammaGradA": [((r(3) + 1.5, r(2, 3) + 2.0), {"order": n}) for n in (1, 2)],
    "BesselY0": [((np.array([0.3, 1.7, 6.5]),), {})],
    "BesselY1": [((np.array([0.3, 1.7, 6.5]),), {})],
    "LogAddExp": [((r(2, 3), r(3)), {})],
}
