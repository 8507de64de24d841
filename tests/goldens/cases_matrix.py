"""Linear algebra; see cases.py. Left out: einsum, which has no CPU kernel."""

from __future__ import annotations

import numpy as np
from shared import both

RNG = np.random.default_rng(6)
A = RNG.standard_normal((2, 3)).astype(np.float32)
B = RNG.standard_normal((3, 2)).astype(np.float32)
S = (RNG.standard_normal((3, 3)) / 4 + np.eye(3)).astype(np.float32)
SPD = (S @ S.T).astype(np.float32)
C1 = RNG.standard_normal((2, 2, 3)).astype(np.float32)
C2 = RNG.standard_normal((2, 3, 2)).astype(np.float32)
V, W = A[0], A[1]

cases = {
    "inv": both(lambda o, x: o.inv(x), S + 3),
    "inverse": both(lambda o, x: o.inverse(x), S),
    "det": both(lambda o, x: o.det(x), S),
    "slogdet": lambda ms: ms.ops.slogdet(ms.Tensor(S)),
    "cholesky": lambda ms: ms.ops.cholesky(ms.Tensor(SPD)),
    "cholesky_upper": lambda ms: ms.ops.cholesky(ms.Tensor(SPD), True),
    "matrix_solve": lambda ms: ms.ops.matrix_solve(ms.Tensor(S), ms.Tensor(B)),
    "outer": both(lambda o, x, y: o.outer(x, y), V, W),
    "inner": both(lambda o, x, y: o.inner(x, y), A, S),
    "dot": both(lambda o, x, y: o.dot(x, y), A, B),
    "tensor_dot": both(lambda o, x, y: o.tensor_dot(x, y, ((1,), (1,))), A, C2),
    "addmm": both(lambda o, x, a, b: o.addmm(x, a, b, beta=0.5, alpha=2.0), S[:2, :2].copy(), A, B),
    "baddbmm": both(lambda o, x, a, b: o.baddbmm(x, a, b), S[:2, :2].copy(), C1, C2),
    "mv": both(lambda o, a, v: o.mv(a, v), A, V),
    "kron": both(lambda o, a, b: o.kron(a, b), A, B),
}  # fmt: skip
