"""What a graph depends on besides its arguments: when it is another, there is another graph."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import mslearn as ms
from mslearn import nn, ops

X = ms.Tensor(np.arange(6, dtype=np.float32).reshape(2, 3))


def ones(rows):
    return nn.Dense(3, rows, weight_init="ones", bias_init="zeros")


class Net(nn.Cell):
    def __init__(self):
        super().__init__()
        self.first, self.layers = ones(3), nn.SequentialCell(ones(3), nn.ReLU())
        self.more = nn.CellDict({"a": nn.ReLU()})
        self.scale, self.act, self.shift = 0.5, ops.relu, ms.Tensor(np.float32(1))
        self.bias = ms.Parameter(ms.Tensor(np.ones(3, np.float32)), name="bias")
        self.note = "nobody reads this"

    def construct(self, x):
        x = self.layers(self.first(x)) + self.bias
        for layer in self.more.values():
            x = layer(x)
        return self.finish(x)

    def finish(self, x):
        return self.act(x) * self.scale + self.shift


def write(net):
    net.shift += 5


def write_in_place(net):
    net.shift.add_(5)


CHANGES = {
    "a number": lambda net: setattr(net, "scale", 3.0),
    "a function": lambda net: setattr(net, "act", ops.tanh),
    "a layer": lambda net: setattr(net, "first", nn.Tanh()),
    "a Parameter": lambda net: setattr(net, "bias", ms.Parameter(ms.Tensor(np.zeros(3, "f")))),
    "the Parameter of a layer": lambda net: setattr(
        net.first, "weight", ms.Parameter(ms.Tensor(np.zeros((3, 3), "f")), name="w")),
    "a tensor": lambda net: setattr(net, "shift", ms.Tensor(np.float32(9))),
    "a tensor's numbers": write,
    "a tensor's numbers in place": write_in_place,
    "a layer of a sequence": lambda net: net.layers.__setitem__(0, ones(3).set_train()),
    "one layer more": lambda net: net.layers.append(nn.Tanh()),
    "one layer less": lambda net: net.layers.__delitem__(1),
    "a layer of a dict": lambda net: net.more.update({"a": nn.Tanh()}),
    "a dict with fewer": lambda net: net.more.clear(),
    "by hand": lambda net: net._cells.__setitem__("first", nn.Tanh()),
}  # fmt: skip


@pytest.mark.parametrize("backend", ["numpy", "onnxruntime"])
@pytest.mark.parametrize("change", CHANGES)
def test_a_change_makes_a_new_graph(change, backend):
    if backend != "numpy":
        pytest.importorskip(backend)
    net = Net()
    run = ms.jit(net, backend=backend)
    for _ in range(3):
        run(X)
    assert len(run.compilations) == 1
    CHANGES[change](net)
    for _ in range(3):
        np.testing.assert_allclose(run(X).asnumpy(), net(X).asnumpy(), rtol=1e-5)
    assert len(run.compilations) == 2
    assert run.compilations[1].cause not in ("it is the first call", "the arguments changed")


def test_hooks_and_dtypes_that_come_and_go_make_new_graphs():
    net = Net()
    run = ms.jit(net)
    plain = run(X).asnumpy()
    hook = net.first.register_forward_hook(lambda cell, args, out: out * 2)
    doubled = run(X).asnumpy()
    assert not np.array_equal(plain, doubled)
    more = net.first.register_forward_hook(lambda cell, args, out: out * 0)
    np.testing.assert_array_equal(run(X).asnumpy(), net(X).asnumpy())
    more.remove()
    np.testing.assert_array_equal(run(X).asnumpy(), doubled)
    hook.remove()
    np.testing.assert_array_equal(run(X).asnumpy(), plain)
    net.to_float(ms.float16)
    x = X + 1e-4
    assert not np.array_equal(run(x).asnumpy(), Net()(x).asnumpy())
    np.testing.assert_array_equal(run(x).asnumpy(), net(x).asnumpy())


def test_causes_are_told():
    net = Net()
    run = ms.jit(net)
    run(X)
    net.scale = 3.0
    run(X)
    net.first = ones(3)
    run(X)
    assert [c.cause for c in run.compilations[1:]] == [
        "'scale' of Net is now 3.0", "a Cell, Parameter or hook was added, removed or replaced",
    ]  # fmt: skip


def test_what_changes_nothing_makes_no_graph():
    net = Net()
    run = ms.jit(net)
    run(X)
    net.note = "still nobody"
    net.scale = float("0.5")  # equal, but another object
    net.bias = ms.Tensor(np.full(3, 2, np.float32))  # new numbers of the same Parameter
    net.bias.set_data(ms.Tensor(np.full(3, 3, np.float32)))
    np.testing.assert_allclose(run(X).asnumpy(), net(X).asnumpy(), rtol=1e-5)
    assert len(run.compilations) == 1
    net.scale = 3.0
    run(X)
    net.scale = 0.5
    run(X)
    assert len(run.compilations) == 2  # the first one fits again


def test_a_step_sees_a_layer_that_was_replaced():
    """MindSpore goes on with the layer that was there, in GRAPH_MODE without a word."""
    net = nn.SequentialCell(ones(3), nn.ReLU(), ones(2))
    optimizer = nn.SGD(net[0].trainable_params(), 0.01)
    grad_fn = ms.value_and_grad(lambda x: net(x).sum(), None, optimizer.parameters)

    def step(x):
        loss, grads = grad_fn(x)
        optimizer(grads)
        return loss

    fast = ms.jit(step)
    fast(X)
    net[2] = nn.Dense(3, 4, weight_init="zeros", bias_init="ones")
    assert float(fast(X)) == 8.0


def test_arrays_among_the_arguments_are_compared_by_their_numbers():
    array = np.ones((2, 3), np.float32)
    run = ms.jit(lambda a: ms.Tensor(a) * 2)
    run(array)
    array[:] = 4
    assert float(run(array).sum()) == 48
    assert float(run(np.ones((2, 3), np.float32)).sum()) == 12 and len(run.compilations) == 2


@pytest.mark.parametrize("again", [copy.deepcopy, lambda net: pickle.loads(pickle.dumps(net))])
def test_copies_depend_on_their_own_layers(again):
    net = Net()
    net.act = abs
    run = ms.jit(net)
    before = run(X).asnumpy()
    other = again(net)
    other.first = nn.Tanh()
    np.testing.assert_array_equal(run(X).asnumpy(), before)
    assert len(run.compilations) == 1
    run = ms.jit(other)
    run(X)
    other.layers = nn.Tanh()
    np.testing.assert_allclose(run(X).asnumpy(), other(X).asnumpy(), rtol=1e-6)


def test_arguments_in_bfloat16():
    pytest.importorskip("ml_dtypes")
    run = ms.jit(lambda x: ops.relu(x) * 2)
    for _ in range(2):
        assert run(X.astype(ms.bfloat16)).dtype == ms.bfloat16
    run(X)
    assert len(run.compilations) == 2 and "has dtype Float32" in run.compilations[1].cause
