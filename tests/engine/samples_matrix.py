"""Samples of linear algebra; matrices are well away from singular."""

from __future__ import annotations

import numpy as np

RNG = np.random.default_rng(13)


def r(*shape):
    return RNG.uniform(-1, 1, shape)


def good(*batch):
    return r(*batch, 2, 2) / 4 + np.eye(2)


SAMPLES = {
    "Einsum": [
        ((r(2, 3), r(3, 2)), {"equation": "ij,jk->ik"}),
        ((r(2, 3), r(3), r(2)), {"equation": "ij,j,i->"}),
        ((r(2, 3),), {"equation": "ij->ji"}),
        ((r(1, 2), r(3, 2)), {"equation": "bi,bi->b"}),
    ],
    "MatrixInverse": [((good(),), {}), ((good(2),), {}), ((good(),), {"adjoint": True})],
    "MatrixSolve": [((good(), r(2, 1)), {}), ((good(2), r(2, 2, 3)), {})],
    "MatrixDeterminant": [((good(),), {}), ((good(2),), {})],
    "LogMatrixDeterminant": [((good(),), {}), ((good(2),), {})],
    "Cholesky": [((good() + good().T,), {}), ((2 * good(2) + 2 * np.eye(2),), {})],
}
