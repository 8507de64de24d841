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

    class Nested(nn.Cell):
        def construct(self, x):
            n = ms.Tensor(0, ms.int32)
            while n < 4:
                m = ms.Tensor(0, ms.int32)
                while m < 5:
                    x = x * 1.25
                    if x.max() > 3:
                        break
                    m = m + 1
                if x.sum() < -2:
                    x = x + 1.5
                    n = n + 1
                    continue
                if x.max() > 6:
                    x = x - 0.5
                    break
                n = n + 1
                x = x + 0.125
            return x, n

    class Returns(nn.Cell):
        def construct(self, x):
            n = ms.Tensor(0, ms.float32)
            while n < 6:
                x = x * 1.5 + 0.1
                if x.max() > 8:
                    return x, n
                if x.sum() < -20:
                    break
                n = n + 1
            return x - 1, n * 2

    class Counted(nn.Cell):
        def construct(self, x):
            y = x
            n = ms.ops.cast(x[0, 0], ms.int32)
            k = ms.Tensor(0, ms.int32)
            for i in range(3):
                if x.sum() > i:
                    y = y * 2
                    continue
                y = y + 1
            while k < n:
                if y[0, 1] > 20:
                    break
                y = y + x
                k = k + 1
            return y, k

    kinds = (Branch, Layers, Same, Halved, Deep, Early, Nested, Returns, Counted)
    nets = {c.__name__.lower(): c() for c in kinds}
    for net in nets.values():
        net.set_train(False)
        fill(ms, net)
    return nets


def derived(ms):
    """{name: function} of gradients through loops, and of random numbers inside whose results are
    the same whatever is drawn; written by us, run by MindSpore and ONNX Runtime."""
    ops = ms.ops
    layer = ms.nn.Dense(3, 3)
    fill(ms, layer)

    def halved(x):
        while x.sum() > 1:
            x = ops.sin(x) * 0.8
            if x.max() > 0.6:
                x = x - x * x / 4
        return (x * x).sum()

    def layered(x):
        n = x.sum() * 0
        while n < 12:
            x = ops.tanh(layer(x))
            n = n + 1
        return x.sum()

    def nested(x):
        n = x.sum() * 0
        if x.max() > 0.15:
            while n < 3:
                m = x.sum() * 0
                while m < n + 1:
                    x = ops.sin(x * 1.5)
                    m = m + 1
                n = n + 1
        return (x * x).sum()

    def drawn(x):
        if x.sum() > 0:
            y = x + ops.floor(ops.rand(1, 3))
            y = y + ops.isnan(ops.randn(1, 3))
        else:
            y = x
        while y.sum() < 9:
            y = y + ops.ceil(ops.dropout(ops.ones_like(x), 0.5, True) / 8) * 0 + 1
        return y

    return {
        "grad_halved": ms.value_and_grad(halved),
        "grad_layered": ms.value_and_grad(layered, 0, layer.trainable_params()),
        "grad_nested": ms.grad(nested),
        "drawn": drawn,
    }


def inputs():
    return [np.array(row, np.float32) for row in ROWS]
