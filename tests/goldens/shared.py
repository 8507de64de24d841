"""What the tables of golden cases share."""

from __future__ import annotations

import numpy as np


def both(function, *arrays):
    """A case that gives the function's result and its gradients by `arrays`.

    `function` takes the module `ops` and tensors; of several results the first is
    differentiated, weighted so that every element counts differently.
    """

    def run(ms):
        xs = [ms.Tensor(a) for a in arrays]
        out = function(ms.ops, *xs)
        first = out[0] if isinstance(out, tuple) else out
        weight = np.linspace(0.5, 1.5, first.size).reshape(first.shape).astype(np.float32)

        def weighted(*inputs):
            value = function(ms.ops, *inputs)
            return ((value[0] if isinstance(value, tuple) else value) * ms.Tensor(weight)).sum()

        return out, ms.grad(weighted, tuple(range(len(xs))))(*xs)

    return run


def like(x, data):
    """A tensor of the program that `x` belongs to."""
    return type(x)(np.array(data))
