"""Factorisations and norms; see cases.py. Signs of vectors are free: products are compared."""

from __future__ import annotations

import numpy as np
from shared import both

RNG = np.random.default_rng(29)
A = RNG.standard_normal((4, 3)).astype(np.float32)
S = (RNG.standard_normal((3, 3)) / 4 + np.eye(3)).astype(np.float32)
L = np.linalg.cholesky(S @ S.T + np.eye(3)).astype(np.float32)
B = RNG.standard_normal((3, 2)).astype(np.float32)
INF = float("inf")


def rebuilt(ms):
    s, u, v = ms.ops.svd(ms.Tensor(A))
    return s, (u * s) @ v.swapaxes(0, 1)


def rebuilt_qr(ms):
    q, r = ms.ops.qr(ms.Tensor(A))
    return q @ r, q.swapaxes(0, 1) @ q


cases = {
    "svd": rebuilt,
    "svd_values": both(lambda o, x: o.svd(x, compute_uv=False), A),
    "qr": rebuilt_qr,
    "pinv": lambda ms: ms.ops.pinv(ms.Tensor(A)),
    "lstsq": lambda ms: ms.ops.lstsq(ms.Tensor(A), ms.Tensor(A[:, :2] + 1)),
    "cholesky_solve": lambda ms: ms.ops.cholesky_solve(ms.Tensor(B), ms.Tensor(L)),
    **{
        f"matrix_norm_{p}": lambda ms, p=p: ms.ops.matrix_norm(ms.Tensor(A), p)
        for p in ("fro", "nuc", 2, -2, 1, -1, INF, -INF)
    },
    "matrix_norm_axes": lambda ms: ms.ops.matrix_norm(ms.Tensor(A[None]), 1, (0, 2), True),
    **{
        f"vector_norm_{p}": lambda ms, p=p: ms.ops.vector_norm(ms.Tensor(A), p, 1)
        for p in (0, 1, 2, 3, INF)
    },
    **{
        f"cond_{p}": lambda ms, p=p: ms.ops.cond(ms.Tensor(S), p)
        for p in (None, "fro", "nuc", 2, -2, 1, INF)
    },
}
