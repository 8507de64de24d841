"""Samples of factorisations; singular values and eigenvalues are well apart."""

from __future__ import annotations

import numpy as np

RNG = np.random.default_rng(29)


def full(*shape):
    """Matrices with singular values near 1, 2, 3 …"""
    u, _, vt = np.linalg.svd(RNG.standard_normal(shape), full_matrices=False)
    return (u * np.arange(1.0, u.shape[-1] + 1)) @ vt


def real_eigen(*shape):
    """Matrices, not symmetric, with eigenvalues 1, 2, 3 …"""
    v = RNG.standard_normal(shape) + 2 * np.eye(shape[-1])
    return v @ (np.arange(1.0, shape[-1] + 1)[:, None] * np.linalg.inv(v))


def mixed(*shape):
    """Complex matrices that are easy to invert."""
    x = RNG.standard_normal(shape) + 1j * RNG.standard_normal(shape)
    return x + 3 * np.eye(shape[-1])


SAMPLES = {
    "Eig": [((real_eigen(3, 3),), {}), ((real_eigen(2, 2, 2),), {})],
    "Geqrf": [((full(3, 2),), {}), ((full(2, 2, 3),), {})],
    "Qr": [((full(3, 2),), {"full_matrices": False}), ((full(2, 2, 2),), {"full_matrices": False})],
    "Svd": [((full(*shape),), {"full_matrices": False}) for shape in ((3, 2), (2, 3), (2, 2, 2))],
    "Eigh": [((full(3, 3),), {}), ((full(2, 2, 2) + np.diag([0, 3]),), {})],
    "Pinv": [
        ((full(*shape),), {"atol": 0.0, "rtol": 1e-9}) for shape in ((3, 2), (2, 3), (2, 2, 2))
    ],
}
# Complex ones stand apart: the formats that graphs are exported to have no complex numbers.
COMPLEX = {
    "MatrixInverse": [((mixed(2, 2),), {}), ((mixed(2, 2),), {"adjoint": True})],
    "MatrixSolve": [((mixed(2, 2), mixed(2, 2)), {})],
    "MatrixDeterminant": [((mixed(2, 2),), {})],
    "LogMatrixDeterminant": [((mixed(2, 2),), {})],
    "MatMul": [((mixed(2, 2), mixed(2, 2)), {"transpose_a": a}) for a in (False, True)],
    "BatchMatMul": [((mixed(2, 2, 2), mixed(2, 2)), {})],
    "Einsum": [((mixed(2, 2), mixed(2, 2)), {"equation": "ij,kj->ik"})],
    "Mul": [((mixed(2, 2), mixed(2, 2)), {})],
    "Div": [((mixed(2, 2), mixed(2, 2)), {})],
    "Pow": [((mixed(2, 2) / 5, mixed(2, 2) / 5), {})],
    "Square": [((mixed(2, 2),), {})],
    "Reciprocal": [((mixed(2, 2),), {})],
    **{name: [((mixed(2, 2) / 5,), {})] for name in (
        "Exp", "Log", "Sqrt", "Sin", "Cos", "Tan", "Sinh", "Cosh", "Tanh", "Abs", "Conj", "Real",
        "Imag", "Neg",
    )},
}  # fmt: skip
