"""Networks whose way depends on numbers: branches and loops, for MindIR and ONNX.

Each is written against a module `ms` that is mslearn or real MindSpore, with several inputs so
that every way is gone.
"""

from __future__ import annotations

import numpy as np

try:
    from export.nets import fill
except ModuleNotFoundError:  # in MindSpore's Python, beside this file
    from nets import fill

ROWS = ([[5.0, 1.0, 2.0]], [[2.0, -1.0, 0.5]], [[0.1, 0.2, 0.3]], [[-3.0, 1.0, -2.0]])


def build(ms):
    """{name: network} in the framework `ms`; all take a float32 array of shape (1, 3)."""
    nn = ms.nn

    class Branch(nn.Cell):
        def construct(self, x):
            if x.sum() > 3:
                y = x * 2
            elif x.max() > 1:
                y = -x
            else:
                y = x
            return y, x + y

    class Layers(nn.Cell):
        def __init__(self):
            super().__init__()
            self.left, self.right = nn.Dense(3, 4), nn.Dense(3, 4)
            self.last = nn.Dense(4, 2)

        def construct(self, x):
            h = self.left(x) if x.sum() > 0 else ms.ops.relu(self.right(x))
            return self.last(h)

    class Same(nn.Cell):
        def construct(self, x):
            if x.sum() > 0:
                return x
            return x * 2

    class Halved(nn.Cell):
        def construct(self, x):
            turns = ms.ops.zeros((), ms.float32)
            while x.sum() > 1:
                x = x / 2
                if x.max() < 0.5:
                    x = x - 0.01
                turns = turns + 1
            return x, turns

    class Deep(nn.Cell):
        def __init__(self):
            super().__init__()
            self.step = nn.Dense(3, 3)

        def construct(self, x):
            n = ms.Tensor(0, ms.int32)
            while n < 4:
                if x[0, 0] > 0.2:
                    x = self.step(x) + 0.3
                else:
                    m = ms.Tensor(0, ms.int32)
                    while m < n:
                        x = x * 1.5
                        m = m + 1
                    x = x + 0.25
                n = n + 1
            return x

    class Early(nn.Cell):
        def construct(self, x):
            n = ms.Tensor(0, ms.int32)
            while n < 5:
                x = x * 1.5
                if x.max() > 4:
                    break
                n = n + 1
            return x, n

    nets = {c.__name__.lower(): c() for c in (Branch, Layers, Same, Halved, Deep, Early)}
    for net in nets.values():
        net.set_train(False)
        fill(ms, net)
    return nets


def inputs():
    return [np.array(row, np.float32) for row in ROWS]
