"""Samples of recurrent steps."""

from __future__ import annotations

import numpy as np

RNG = np.random.default_rng(12)


def r(*shape):
    return RNG.uniform(-1.5, 1.5, shape)


SAMPLES = {
    "LSTMStep": [((r(2, 12), r(2, 3)), {}), ((r(1, 4), r(1, 1)), {}), ((r(0, 8), r(0, 2)), {})],
    "LSTMSequence": [
        ((r(3, 2, 8), r(2, 2), r(2, 2), r(8, 2)), {}),
        ((r(1, 1, 4), r(1, 1), r(1, 1), r(4, 1)), {}),
    ],
}
