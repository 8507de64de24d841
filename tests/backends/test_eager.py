"""Eager code on a GPU, with an array module as strict as CuPy in its place (`strict_arrays.py`).

Where there is a GPU with CuPy all of this runs there, too.
"""

from __future__ import annotations

import contextlib
import copy
import gc
import pickle
import warnings
from types import SimpleNamespace

import numpy as np
import pytest
from backends.strict_arrays import close, strict

import mslearn as ms
from mslearn import insight, nn, ops
from mslearn.backends import conformance, eager
from mslearn.backends import registry as backends
from mslearn.backends.base import DeviceInfo
from mslearn.backends.cupy_backend import ArrayExecutable, CupyBackend
from mslearn.backends.device_array import DeviceArray
from mslearn.core import random
from mslearn.core.primitive import registry
from mslearn.graph.replay import replay

# -- training ------------------------------------------------------------------------------------


def dropping():
    return nn.SequentialCell(nn.Dense(12, 16), nn.Dropout(p=0.5), nn.GELU(), nn.Dense(16, 4),
                             nn.Dropout(p=0.2))  # fmt: skip


IMAGES, ROWS = conformance._data((4, 1, 16, 16)), conformance._data((8, 12))
SCHEDULE = nn.ExponentialDecayLR(0.1, 0.9, 4)
NETWORKS = {
    "mlp": (conformance._mlp, ROWS, lambda p: nn.Momentum(p, 0.05, 0.9)),
    "adam": (conformance._mlp, ROWS, lambda p: nn.Adam(p, 0.01)),
    "lenet": (conformance._LeNet, IMAGES, lambda p: nn.Momentum(p, 0.05, 0.9)),
    "residual": (conformance._Residual, IMAGES, lambda p: nn.AdamWeightDecay(p, 0.01)),
    "lstm": (conformance._Reader, conformance._data((4, 3), np.int32), lambda p: nn.Adam(p, 0.01)),
    "dropout": (dropping, ROWS, lambda p: nn.SGD(p, SCHEDULE, momentum=0.5, weight_decay=0.01)),
}


def trained(name, steps=5):
    """(losses, numbers of all Parameters, the Parameters, one more step)"""
    make, data, optimizer = NETWORKS[name]
    random.set_seed(11)
    net, loss = make().set_train(), nn.CrossEntropyLoss()
    update = optimizer(net.trainable_params())
    grad = ms.value_and_grad(lambda x, y: loss(net(x), y), None, update.parameters)

    def step():
        value, grads = grad(*data)
        update(grads)
        return value

    losses = [float(step()) for _ in range(steps)]
    parameters = [*net.get_parameters(), *update.get_parameters()]
    return losses, [p.asnumpy().copy() for p in parameters], parameters, step


@pytest.mark.parametrize("name", NETWORKS)
def test_five_steps_of_training(name, xp):
    losses, numbers, _, _ = trained(name)
    with eager.using(eager.Device(xp)) as device, warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        found, arrays, parameters, step = trained(name)
        np.testing.assert_allclose(found, losses, rtol=1e-6 if strict(xp) else 1e-4)
        for a, b in zip(arrays, numbers, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6 if strict(xp) else 1e-4)
        lying = [isinstance(p._value, DeviceArray) for p in parameters if p.shape]
        assert all(lying) and not device.on_host
        if strict(xp):
            xp.sent.clear()
            xp.back.clear()
            assert isinstance(step()._value, DeviceArray)
            weights = {p.shape for p in parameters if p.ndim > 1} - {(20, 6)}
            assert not weights & set(xp.sent)  # the zeros of the embedding's gradient are
            assert set(xp.back) <= {()}


def test_derivatives_of_derivatives_and_maps(xp):
    def f(x):
        return (ops.tanh(x) * x**3).sum()

    def all_of(x):
        rows = ms.Tensor(np.arange(6, dtype=np.float32).reshape(2, 3) / 5)
        return [
            ms.grad(lambda a: ms.grad(f)(a).sum())(x), ms.jvp(f, x, ops.ones_like(x))[1],
            ms.jacrev(lambda a: a * a)(x), ms.jacfwd(lambda a: ops.sin(a))(x),
            ms.vmap(lambda a: ops.softmax(a, 0) * x)(rows), ms.vmap(ms.grad(f))(rows),
        ]  # fmt: skip

    x = np.array([0.3, -0.7, 1.2], np.float32)
    wanted = [t.asnumpy() for t in all_of(ms.Tensor(x))]
    with eager.using(eager.Device(xp)) as device:
        found = all_of(ms.Tensor(x))
        assert all(isinstance(t._value, DeviceArray) for t in found) and not device.on_host
        for a, b in zip(found, wanted, strict=True):
            close(a.asnumpy(), b)


# -- ways home -----------------------------------------------------------------------------------


def test_whoever_asks_for_numbers_gets_them(device, tmp_path):
    x = ms.Tensor([[1.0, 2.0], [3.0, 4.0]]) * 2
    assert isinstance(x._value, DeviceArray)
    assert str(x) == "[[2. 4.]\n [6. 8.]]" and "2.0000" in repr(x) and "Float32" in repr(x)
    assert float(x.sum()) == 20 and int(x[0, 0]) == 2 and bool((x == x).all()) and len(x) == 2
    assert x.tolist() == [[2, 4], [6, 8]] and x[1, 1].item() == 8 and f"{x[0, 1]:.1f}" == "4.0"
    array = x.asnumpy()
    array[0, 0] = 9
    assert float(x[0, 0]) == 2 and np.asarray(x).sum() == 20
    assert [float(r.sum()) for r in x] == [6, 14]
    again = [copy.deepcopy(x), pickle.loads(pickle.dumps(x)), ms.Tensor(x), ms.Parameter(x)]
    for other in again:
        assert (other == x).all() and other.dtype == ms.float32
    x[0] = 5
    assert x.asnumpy().tolist() == [[5, 5], [6, 8]]
    net = nn.Dense(2, 2)
    net.weight.set_data(x)
    ms.save_checkpoint(net, str(tmp_path / "net.ckpt"))
    other = nn.Dense(2, 2)
    ms.load_checkpoint(str(tmp_path / "net.ckpt"), other)
    assert (other(x) == net(x)).all() and (other.weight == x).all()


def test_a_device_is_left_and_entered(xp):
    net, x = nn.Dense(3, 2), ms.Tensor(np.ones((1, 3), np.float32))
    wanted = net(x).asnumpy()
    with eager.using(eager.Device(xp)):
        out = net(x) + 0
        optimizer = nn.SGD(net.trainable_params(), 0.1)
        optimizer(tuple(ops.ones_like(p) for p in net.trainable_params()))
        assert isinstance(net.weight._value, DeviceArray)
    assert eager.present() is None and all(p.run is p.kernel for p in registry.values())
    assert type(net.weight._value) is type(out._value) is np.ndarray
    close(out.asnumpy(), wanted)
    close(net(x).asnumpy(), wanted - 0.4)


def test_what_was_sent_lives_as_long_as_the_host_s_array(device, xp):
    x = ms.Tensor(np.ones((4, 4), np.float32))
    x + 1
    x + 2
    if strict(xp):
        assert xp.sent.count((4, 4)) == 1
    assert len(device._sent) == 1
    del x
    gc.collect()
    assert not device._sent


# -- what it lacks -------------------------------------------------------------------------------


def test_what_it_lacks_runs_on_the_cpu_and_says_so_once(device):
    matrix = ms.Tensor(np.array([[2, 0], [0, 4]], np.float32))
    with pytest.warns(UserWarning, match=r"For 'Pinv'.*runs on the CPU.*cross: .*initial") as seen:
        first, _ = ops.pinv(matrix), ops.pinv(matrix * 2)
    assert len(seen) == 1 and isinstance(first._value, DeviceArray)
    close(first.asnumpy(), np.array([[0.5, 0], [0, 0.25]], np.float32))
    assert list(device.on_host) == ["Pinv"]


def test_bfloat16_stays_with_numpy(device):
    half = ms.Tensor([1.0, 2.0], ms.bfloat16)
    with pytest.warns(UserWarning, match="no dtype bfloat16"):
        assert (half + half).asnumpy().tolist() == [2, 4]


WRONG = {
    "shapes": lambda: ops.matmul(ops.ones((2, 3)), ops.ones((2, 3))),
    "broadcast": lambda: ops.ones((2, 3)) + ops.ones((4,)),
    "conv": lambda: ops.conv2d(ops.ones((1, 2, 4, 4)), ops.ones((3, 5, 3, 3))),
    "label": lambda: ops.nll_loss(ops.ones((2, 3)), ms.Tensor([0, 3], ms.int32)),
    "axis": lambda: ops.ones((2, 3)).sum(4),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_call_is_told_in_the_same_words(name, xp):
    with pytest.raises(Exception, match="For '") as at_home:
        WRONG[name]()
    with eager.using(eager.Device(xp)) as device, pytest.raises(at_home.type) as away:
        WRONG[name]()
    assert str(away.value) == str(at_home.value) and not device.on_host


def test_no_memory_on_the_device_is_no_reason_for_the_cpu(device, monkeypatch):
    def full(*_):
        raise MemoryError("Out of memory allocating 8 bytes")

    x = ms.Tensor([1.0, 2.0])
    monkeypatch.setattr(eager.Device, "_kernel", full)
    with pytest.raises(MemoryError, match="Out of memory"):
        ops.exp(x)


# -- graphs, and the setting ---------------------------------------------------------------------


def test_graphs_elsewhere_get_numbers_and_constants_come_home(device):
    x, w = ms.Tensor([1.0, 2.0]) * 1, ms.Parameter(ms.Tensor([3.0, 4.0]), name="w")
    w.set_data(w * 2)
    held = x + 10
    assert isinstance(w._value, DeviceArray)
    f = ms.jit(lambda a: a * w + held, backend="numpy")
    found = f(x)
    assert type(found._value) is type(w._value) is np.ndarray
    assert found.asnumpy().tolist() == [17, 28]


def test_what_the_host_overwrites_is_sent_again(xp):
    def step(a):
        optimizer(grad(a)[1])
        return a

    net, x = nn.Dense(3, 2), ms.Tensor(np.ones((1, 3), np.float32))
    optimizer = nn.SGD(net.trainable_params(), 0.1)
    grad = ms.value_and_grad(lambda a: net(a).sum(), None, optimizer.parameters)
    graph, start = ms.jit(step, backend="numpy"), net(x).asnumpy()
    with eager.using(eager.Device(xp)):
        for k in range(1, 4):
            graph(x)  # in place, since nobody else holds the weights
            close(net(x).asnumpy(), start - 0.4 * k)
        with eager.using(None):
            step(x)
            step(x)
        close(net(x).asnumpy(), start - 2)


def test_loops_that_hold_graphs_run_on_the_cpu_and_say_so(device):
    def power(x):
        while x.sum() < 50:
            x = x * x
        return x

    x = ms.Tensor([1.0, 2.0])
    graph = ms.jit(power, backend="numpy").compile((x,), {}).graph
    with pytest.warns(UserWarning, match="'WhileLoop'.*on NumPy"):
        (found,) = replay(graph, x * 1)
    assert isinstance(found._value, DeviceArray) and found.asnumpy().tolist() == [1, 256]
    slope = ms.jit(ms.grad(lambda x: power(x).sum()), backend="numpy")
    assert slope(x).asnumpy().tolist() == [8, 1024]  # its backward loop computes by operations


def test_pictures_are_made_on_the_cpu_and_training_goes_on(device):
    net, x = conformance._mlp(), ROWS[0] * 1
    optimizer = nn.Momentum(net.trainable_params(), 0.1, 0.9)
    grad = ms.value_and_grad(lambda a: net(a).sum(), None, optimizer.parameters)
    watcher = insight.watch(net, optimizer, gradients=1, histograms=1)
    optimizer(grad(x)[1])
    watcher.stop()
    assert insight.scene(net, x)["nodes"][5]["op"] == "ReLU"
    why = insight.gradient(lambda a: (a * a).sum(), ms.Tensor([1.0, 2.0]) * 1, language="en")
    assert why.why("a") == "The gradient arrives: at most 4, after 2 operations."
    assert eager.present() is device
    optimizer(grad(x)[1])
    assert isinstance(optimizer.parameters[0]._value, DeviceArray)


@pytest.fixture
def plugin(monkeypatch, xp):
    class Strict(CupyBackend):
        name = "strict"
        targets = ("Strict",)

        def probe(self, target):
            return DeviceInfo(target, self.name, True, "an array module as strict as CuPy")

        def array_module(self, target):
            return xp

        def compile(self, graph, target, **_):
            return ArrayExecutable(graph, xp)

    entry = SimpleNamespace(name="strict", load=lambda: Strict)
    monkeypatch.setattr(backends, "entry_points", lambda group: [entry])
    backends.backend.cache_clear()
    with contextlib.ExitStack() as after:
        after.callback(backends.backend.cache_clear)
        after.callback(ms.set_context, device_target="CPU")
        yield xp


class TestKit(conformance.Conformance):
    """Its graphs' programs are strict, too."""

    target = "strict"

    @pytest.fixture(autouse=True)
    def chosen(self, plugin):
        self.tolerance = 1e-6 if strict(plugin) else 1e-3


def test_one_setting_sends_eager_code_and_graphs(plugin):
    net, x = conformance._mlp(), ROWS[0]
    wanted = net(x).asnumpy()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ms.set_context(device_target="Strict")
        ms.set_context(device_target="Strict")
    device = eager.present()
    assert device is not None and device.target == "Strict"
    out = net(x)
    assert isinstance(out._value, DeviceArray)
    close(out.asnumpy(), wanted)
    graph = ms.jit(lambda a: net(a + 0))
    if strict(plugin):
        before = plugin.back.copy()
    close(graph(out[:, :1] * 0 + x).asnumpy(), wanted)
    if strict(plugin):
        assert plugin.back[len(before) :] == [(8, 4)]  # the result; arguments are there already
    ms.set_context(device_target="CPU")
    assert eager.present() is None and type(out._value) is np.ndarray


def test_a_target_for_graphs_alone_leaves_the_device(plugin, monkeypatch):
    ms.set_context(device_target="Strict")
    x = ms.Tensor([1.0, 2.0]) + 1
    monkeypatch.setattr(backends.backend("strict"), "array_module", lambda target: None)
    monkeypatch.setattr(backends, "_told", set())
    with pytest.warns(UserWarning, match="operation by operation stays on the CPU"):
        ms.set_context(device_target="strict")
    assert eager.present() is None and type(x._value) is np.ndarray


@pytest.mark.skipif(CupyBackend().probe("GPU").available, reason="there is a GPU with CuPy")
def test_a_gpu_that_is_absent_is_an_error_and_changes_nothing():
    with pytest.raises(ms.backends.BackendError, match="GPU by cupy"):
        ms.set_context(device_target="GPU")
    assert ms.get_context("device_target") == "CPU" and eager.present() is None
