"""Samples of padding, diagonals and running products."""

from __future__ import annotations

import numpy as np

RNG = np.random.default_rng(12)


def r(*shape):
    return RNG.uniform(0.3, 1.5, shape)


SAMPLES = {
    "PadV3": [
        ((r(2, 3),), {"paddings": ((1, 0), (0, 2)), "value": 0}),
        ((r(0, 3),), {"paddings": ((1, 1), (0, 0)), "value": 0.5}),
        ((r(),), {"paddings": (), "value": 0}),
    ],
    "CumProd": [
        ((r(2, 3),), {"axis": 1}),
        ((r(3, 2),), {"axis": 0, "exclusive": True, "reverse": True}),
    ],
    "MatrixDiagPart": [
        ((r(3, 3),), {"offset": 0}),
        ((r(2, 3, 4),), {"offset": 1}),
        ((r(3, 2),), {"offset": -1}),
    ],
}
