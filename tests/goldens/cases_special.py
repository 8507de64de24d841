"""Special functions and element-wise relatives; see cases.py."""

from __future__ import annotations

import numpy as np
from shared import both

RNG = np.random.default_rng(23)
X = RNG.uniform(-0.9, 0.9, (2, 3)).astype(np.float32)
Y = RNG.uniform(0.5, 2.5, (2, 3)).astype(np.float32)
Z = RNG.uniform(0.5, 2.5, (3,)).astype(np.float32)
FAR = np.array([[0.2, 5.0, 20.0], [0.5, 1.0, 100.0]], np.float32)

cases = {
    "asinh": both(lambda o, x: o.asinh(x), X * 3),
    "acosh": both(lambda o, x: o.acosh(x), Y + 1),
    "atanh": both(lambda o, x: o.atanh(x), X),
    "erfc": both(lambda o, x: o.erfc(x), X * 3),
    "erfinv": both(lambda o, x: o.erfinv(x), X),
    "lgamma": lambda ms: ms.ops.lgamma(ms.Tensor(FAR)),
    "digamma": lambda ms: ms.ops.digamma(ms.Tensor(FAR)),
    "polygamma": lambda ms: ms.ops.polygamma(ms.Tensor(1), ms.Tensor(FAR)),
    "hypot": both(lambda o, x, y: o.hypot(x, y), X, Z),
    "heaviside": lambda ms: ms.ops.heaviside(
        ms.Tensor(np.array([-1.5, 0, 2], np.float32)), ms.Tensor(Z)
    ),
    "xlogy": both(lambda o, x, y: o.xlogy(x, y), X, Z),
    "logaddexp": both(lambda o, x, y: o.logaddexp(x, y), X, Z),
    "logaddexp2": lambda ms: ms.ops.logaddexp2(ms.Tensor(X), ms.Tensor(Z)),
    "lerp": both(lambda o, x, y: o.lerp(x, y, 0.3), X, Y),
    "lerp_tensor": both(lambda o, x, y, w: o.lerp(x, y, w), X, Y, X.copy()),
    "addcmul": both(lambda o, x, y, z: o.addcmul(x, y, z, 0.5), X, Y, Z),
    "addcdiv": both(lambda o, x, y, z: o.addcdiv(x, y, z, 0.5), X, Y, Z),
    "isclose": lambda ms: ms.ops.isclose(
        ms.Tensor(np.array([1, 2, np.inf, np.nan, 1e-9], np.float32)),
        ms.Tensor(np.array([1.000001, 2.1, np.inf, np.nan, 0], np.float32)),
        equal_nan=False,
    ),
    "cdist": both(lambda o, x, y: o.cdist(x, y), X, Y),
    "cdist_1": both(lambda o, x, y: o.cdist(x, y, 1.0), X, Y),
    "cdist_3": both(lambda o, x, y: o.cdist(x, y, 3.0), X, Y),
    "copysign": lambda ms: ms.ops.copysign(ms.Tensor(Y), ms.Tensor(X)),
    "deg2rad": lambda ms: ms.ops.deg2rad(ms.Tensor(Y)),
    "rad2deg": lambda ms: ms.ops.rad2deg(ms.Tensor(Y)),
    "exp2": lambda ms: ms.ops.exp2(ms.Tensor(X)),
    "frac": lambda ms: ms.ops.frac(ms.Tensor(X * 3)),
    "sinc": lambda ms: ms.ops.sinc(ms.Tensor(X)),
    "sgn": lambda ms: ms.ops.sgn(ms.Tensor(X)),
    "float_power": lambda ms: ms.ops.float_power(ms.Tensor(Y), ms.Tensor(Z)),
    "DepthToSpace": both(lambda o, x: o.DepthToSpace(2)(x), RNG.random((2, 8, 2, 3), np.float32)),
    "SpaceToDepth": both(lambda o, x: o.SpaceToDepth(2)(x), RNG.random((2, 3, 4, 2), np.float32)),
}
