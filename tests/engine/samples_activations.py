"""Samples of the activations with a kernel of their own, away from their kinks."""

from __future__ import annotations

import numpy as np

X = np.array([[-4.0, -1.2, -0.3], [0.2, 1.7, 7.1]])
SAMPLES = {
    **{n: [((X,), {}), ((X[0],), {})] for n in ("ReLU6", "HSigmoid", "HSwish", "Softsign")},
    **{n: [((X,), {"lambd": 0.5})] for n in ("HShrink", "SoftShrink")},
    "GeLU": [((X / 3,), {}), ((X[0] / 3,), {}), ((X[:0],), {})],
    "GeLUGrad": [((X / 4, np.sin(X)), {})],
    "SoftmaxGrad": [((np.sin(X), np.cos(X)), {"axis": a}) for a in (-1, 0)],
}
