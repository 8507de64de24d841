"""Samples of the less common functions of single numbers, away from their kinks."""

from __future__ import annotations

import numpy as np

X = np.array([[5.3, -3.7, 2.2], [0.4, -1.9, 7.1]])
Y = np.array([1.7, 1.1, -0.9])
POS = np.array([0.3, 1.4, 2.9])
INTS = np.array([[12, 18, -7], [4, 9, 5]])
SAMPLES = {
    **{n: [((X, Y), {})] for n in (
        "Mod", "TruncateMod", "TruncateDiv", "Fmax", "Fmin", "Xdivy", "MulNoNan", "DivNoNan",
        "SquaredDifference", "NextAfter",
    )},
    **{n: [((INTS, np.array([8, 3, 2])), {})] for n in ("Gcd", "Lcm", "LeftShift", "RightShift")},
    **{n: [((X + 1j * Y,), {}), ((X,), {})] for n in ("Real", "Imag", "Conj")},
    "Complex": [((X, Y), {})],
    "FourierTransform": [
        ((X + 1j * Y,), {"dim": 0, "adjoint": False}), ((X + 1j * Y,), {"dim": 1, "adjoint": True})
    ],
    "SignBit": [((X,), {})], "PopulationCount": [((INTS,), {})],
    **{f"Bessel{n}": [((X / 3,), {})] for n in ("I0", "I1", "I0e", "I1e", "J0", "J1")},
    **{f"Bessel{n}": [((POS,), {})] for n in ("K0", "K1", "K0e", "K1e")},
    "Igamma": [((POS, np.array([0.9, 1.2, 4.0])), {})],
}  # fmt: skip
