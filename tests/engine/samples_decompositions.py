"""Samples of factorisations; singular values and eigenvalues are well apart."""

from __future__ import annotations

import numpy as np

RNG = np.random.default_rng(29)


def full(*shape):
    """Matrices with singular values near 1, 2, 3 …"""
    u, _, vt = np.linalg.svd(RNG.standard_normal(shape), full_matrices=False)
    return (u * np.arange(1.0, u.shape[-1] + 1)) @ vt


SAMPLES = {
    "Qr": [((full(3, 2),), {"full_matrices": False}), ((full(2, 2, 2),), {"full_matrices": False})],
    "Svd": [((full(*shape),), {"full_matrices": False}) for shape in ((3, 2), (2, 3), (2, 2, 2))],
    "Eigh": [((full(3, 3),), {}), ((full(2, 2, 2) + np.diag([0, 3]),), {})],
    "Pinv": [
        ((full(*shape),), {"atol": 0.0, "rtol": 1e-9}) for shape in ((3, 2), (2, 3), (2, 2, 2))
    ],
}
