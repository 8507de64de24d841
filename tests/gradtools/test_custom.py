"""Hand-written gradients, hooks and recomputation beyond what the goldens record."""

from __future__ import annotations

import gc
import tracemalloc

import numpy as np
import pytest

import mslearn as ms
from mslearn import nn, ops
from mslearn.autodiff.tape import value_hooks
from mslearn.core import observing
from mslearn.core.tensor import Tensor

X = Tensor(np.linspace(-1, 1, 6, dtype=np.float32).reshape(2, 3))


class Clipped(nn.Cell):
    def construct(self, x):
        return x * x

    def bprop(self, x, out, dout):
        return ops.clip_by_value(dout * 2 * x, -1.0, 1.0)


def block():
    ms.set_seed(3)
    return nn.SequentialCell(nn.Dense(3, 4), nn.Tanh(), nn.Dropout(p=0.5), nn.Dense(4, 2))


def loss_and_grads(net, run):
    ms.set_seed(7)
    fn = ms.value_and_grad(lambda x: (run(x) ** 2).sum(), 0, net.trainable_params())
    loss, (by_x, by_w) = fn(X)
    return [loss, by_x, *by_w]


def test_bprop_inside_other_derivatives():
    cell = Clipped()
    np.testing.assert_allclose(ms.grad(cell)(Tensor([0.2, 3.0])).asnumpy(), [0.4, 1.0])
    per_row = ms.vmap(ms.grad(lambda r: cell(r).sum()))(X).asnumpy()
    np.testing.assert_allclose(per_row, np.clip(2 * X.asnumpy(), -1, 1), rtol=1e-6)
    with pytest.raises(NotImplementedError, match="CustomBprop"):
        ms.jvp(cell, X, X)


def test_bprop_of_nested_arguments_and_messages():
    class Pair(nn.Cell):
        def construct(self, pair, scale=1.0):
            return pair[0] * pair[1] * scale

        def bprop(self, pair, scale, out, dout):
            return (dout * 10, None), None

    pair = Pair()
    found = ms.grad(lambda a, b: pair((a, b), scale=2.0), (0, 1))(X, X)
    np.testing.assert_allclose(found[0].asnumpy(), np.full((2, 3), 10.0))
    np.testing.assert_allclose(found[1].asnumpy(), np.zeros((2, 3)))

    class Nothing(Clipped):
        def construct(self, x):
            x * 2

    with pytest.raises(TypeError, match="return statement"):
        ms.grad(Nothing())(X)


@pytest.mark.parametrize("way", ["function", "cell", "inner cells"])
def test_recomputed_gradients_are_equal_bit_for_bit(way):
    """Dropout draws the same mask in both runs, and what follows draws the same numbers."""
    plain, again = block().set_train(), block().set_train()
    wanted = loss_and_grads(plain, lambda x: ops.dropout(plain(x), 0.5, True))
    run = again
    if way == "function":
        run = lambda x: ms.recompute(again, x)  # noqa: E731
    elif way == "cell":
        again.recompute()
    else:
        for cell in again:
            cell.recompute()
    found = loss_and_grads(again, lambda x: ops.dropout(run(x), 0.5, True))
    for f, w in zip(found, wanted, strict=True):
        np.testing.assert_array_equal(f.asnumpy(), w.asnumpy())


def test_recompute_to_second_order_and_nested():
    net = nn.SequentialCell(nn.Dense(3, 3), nn.Tanh())
    f = lambda x: ms.grad(lambda y: ms.recompute(net, y).sum())(x).sum()  # noqa: E731
    g = lambda x: ms.grad(lambda y: net(y).sum())(x).sum()  # noqa: E731
    np.testing.assert_allclose(ms.grad(f)(X).asnumpy(), ms.grad(g)(X).asnumpy(), rtol=1e-6)
    before = ms.grad(lambda y: net(y).sum(), None, net.trainable_params())(X)
    net[0].recompute()
    net.recompute()
    after = ms.grad(lambda y: net(y).sum(), None, net.trainable_params())(X)
    for a, b in zip(after, before, strict=True):
        np.testing.assert_array_equal(a.asnumpy(), b.asnumpy())


def test_state_inside_a_recomputed_block_moves_once():
    class Counting(nn.Cell):
        def __init__(self):
            super().__init__()
            self.calls = ms.Parameter(Tensor(0.0), name="calls", requires_grad=False)

        def construct(self, x):
            ops.assign(self.calls, self.calls + 1)
            return x * x

    cell = Counting()
    ms.grad(lambda x: ms.recompute(cell, x).sum())(X)
    assert float(cell.calls) == 1.0


def test_recompute_keeps_less_memory():
    layers = [nn.SequentialCell(*[nn.Tanh() for _ in range(10)]) for _ in range(5)]
    net = nn.SequentialCell(*layers)
    x = ops.ones((256, 1024))  # 1 MiB

    def peak():
        gc.collect()
        tracemalloc.start()
        ms.grad(lambda v: net(v).sum())(x)
        top = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return top / x.nbytes

    plain = peak()
    for layer in layers:
        layer.recompute()
    saved = peak()
    assert plain > 50  # one array for every layer
    assert saved < 22  # the five inputs, and the inside of one block at a time


def test_hooks_are_seen_by_every_order_and_leave_nothing_behind():
    def fn(x):
        z = x * x
        z.register_hook(lambda g: g * 2)
        return (z * x).sum()

    # d/dx x^3 with the part through z doubled: x*2x*2 + x^2 = 5 x^2, and again by the tape outside
    gc.collect()
    before = len(value_hooks)
    np.testing.assert_allclose(ms.grad(fn)(X).asnumpy(), 5 * X.asnumpy() ** 2, rtol=1e-6)
    second = ms.grad(lambda x: ms.grad(fn)(x).sum())(X)
    assert second.shape == X.shape
    gc.collect()
    assert len(value_hooks) == before


def test_a_hook_inside_vmap_sees_each_example_s_gradient():
    seen = []

    def fn(x):
        z = x * 2
        z.register_hook(lambda g: seen.append(g.shape) or g * 10)
        return z.sum()

    np.testing.assert_allclose(ms.vmap(ms.grad(fn))(X).asnumpy(), np.full((2, 3), 20.0))
    assert seen == [(3,)]


def test_cells_without_hooks_pay_nothing():
    assert nn.Dense(2, 2)._extras is None
    net = nn.SequentialCell(nn.Dense(3, 2))
    handle = net.register_backward_hook(lambda cell, gi, go: None)
    names = []

    class Names:
        def on_op(self, prim, inputs, attrs, output):
            names.append(prim.name)

    with observing(Names()):
        net(X)
        handle.remove()
        seen = names.count("HookBackward")
        net(X)
    assert seen == 1 == names.count("HookBackward")  # the output's; nobody follows the input
    handle.remove()


def test_what_graphs_show_holds_no_addresses():
    shown = []

    class Attributes:
        def on_op(self, prim, inputs, attrs, output):
            shown.append(f"{prim.name} {attrs}")

    net = nn.SequentialCell(nn.Dense(3, 2), Clipped(), nn.Tanh())
    net[0].register_backward_hook(lambda cell, gi, go: None)
    net[2].recompute()
    with observing(Attributes()):
        ms.grad(lambda x: net(x).sum())(X)
    text = "\n".join(shown)
    assert "0x" not in text
    assert all(n in text for n in ("HookBackward", "CustomBprop", "Recompute"))
