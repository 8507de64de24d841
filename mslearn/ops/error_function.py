"""The error function of float32 arrays, which NumPy does not have."""

from __future__ import annotations

import numpy as np

_BLOCK = 1 << 16  # elements that stay in the cache over all passes; fewer pay for more calls

# Eigen's and XLA's approximation of erf in float32 (its error is a few units in the last place):
# x times a polynomial of x² over another one, for |x| <= 4; beyond that erf is 1 in float32.
_TOP = (
    -2.72614225801306e-10, 2.77068142495902e-08, -2.10102402082508e-06, -5.69250639462346e-05,
    -7.34990630326855e-04, -2.95459980854025e-03, -1.60960333262415e-02,
)  # fmt: skip
_BOTTOM = (
    -1.45660718464996e-05, -2.13374055278905e-04, -1.68282697438203e-03, -7.37332916720468e-03,
    -1.42647390514189e-02,
)  # fmt: skip


def erf32(x: np.ndarray) -> np.ndarray:
    """erf of a float32 array."""

    flat, out = x.reshape(-1), np.empty(x.size, np.float32)
    for i in range(0, x.size, _BLOCK):
        z = np.clip(flat[i : i + _BLOCK], -4, 4)
        square, above, below = z * z, np.full_like(z, _TOP[0]), np.full_like(z, _BOTTOM[0])
        for part, coefficients in ((above, _TOP), (below, _BOTTOM)):
            for c in coefficients[1:]:
                part *= square
                part += np.float32(c)
        above *= z
        above /= below
        np.clip(above, -1, 1, out=out[i : i + _BLOCK])
    return out.reshape(x.shape)
