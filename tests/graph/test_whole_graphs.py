"""Functions made of several operations are graphs as a whole, with their gradients."""

from __future__ import annotations

import numpy as np
import pytest

import mslearn as ms
from mslearn import nn, ops

RNG = np.random.default_rng(3)
X = ms.Tensor(RNG.standard_normal((3, 4), np.float32))
IMAGE = ms.Tensor(RNG.standard_normal((2, 3, 5, 6), np.float32))
GRID = ms.Tensor(RNG.uniform(-1.2, 1.2, (2, 3, 4, 2)).astype(np.float32))

FUNCTIONS = {
    "logsumexp": lambda x: ops.logsumexp(x, 1),
    "logsumexp of two axes": lambda x: ops.logsumexp(x, (0, 1), True),
    "ReduceLogSumExp": nn.ReduceLogSumExp(1),
    "logcumsumexp": lambda x: ops.logcumsumexp(x, 1),
    "grid_sample": lambda x: ops.grid_sample(IMAGE, GRID * x.sum() * 0.1),
    "nearest": lambda x: ops.grid_sample(IMAGE * x.sum(), GRID, mode="nearest"),
    "border": lambda x: ops.grid_sample(IMAGE, GRID + x.sum(), padding_mode="border"),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_graph_and_its_gradient(name):
    function = FUNCTIONS[name]
    slope = ms.grad(lambda x: (function(x) ** 2).sum())
    for run in (function, slope):
        found = ms.jit(run, fullgraph=True, capture_mode="trace")(X)
        np.testing.assert_allclose(found.asnumpy(), run(X).asnumpy(), rtol=2e-5, atol=1e-5)
