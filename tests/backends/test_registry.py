"""Targets, what is said of absent ones, refusals, and the way back to the CPU."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

import mslearn as ms
from mslearn import backends, nn, ops
from mslearn.backends import loading, providers, registry
from mslearn.backends.base import Backend, BackendError, DeviceInfo
from mslearn.graph.numpy_backend import Executable as NumpyProgram


@pytest.fixture
def bare(monkeypatch):
    """A machine without drivers, device files or packages of runtimes."""
    real = loading.importlib.util.find_spec
    names = ("onnxruntime", "onnxruntime_qnn", "onnxruntime_ep_openvino", "onnxruntime_ep_webgpu",
             "openvino", "mindspore", "cupy")  # fmt: skip
    for name in names:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setattr(
        loading.importlib.util, "find_spec", lambda n: None if n in names else real(n)
    )
    monkeypatch.setattr(loading.glob, "glob", lambda pattern: [])
    monkeypatch.setattr(providers.ctypes.util, "find_library", lambda name: None)


def test_absent_targets_raise_with_all_that_was_tried(bare):
    registry.backend.cache_clear()
    with pytest.raises(BackendError) as caught:
        ms.set_context(device_target="Ascend")
    text = str(caught.value)
    assert "Ascend by mindspore" in text and "Ascend by onnxruntime" in text
    assert "mslearn devices" in text and ms.get_context("device_target") == "CPU"
    with pytest.raises(BackendError) as caught:
        ms.set_context(device_target="NPU")
    for name in registry.NPU:
        assert f"{name} by" in str(caught.value)


def test_an_unknown_target_is_named():
    with pytest.raises(ValueError, match=r"no target 'Ascent'\. Did you mean 'Ascend'"):
        ms.set_context(device_target="Ascent")
    with pytest.raises(ValueError, match=r"no backend 'onnxruntim'\. Did you mean 'onnxruntime'"):
        registry.backend("onnxruntim")
    with pytest.raises(ValueError, match="fallback must be one of"):
        ms.jit(lambda x: x, fallback="gpu")


@pytest.mark.parametrize(
    ("there", "wanted"),
    [
        ({"AMD": False, "Intel": False}, "Intel"),
        ({"Qualcomm": True, "AMD": False}, "AMD"),  # an emulator only where there is no NPU
        ({"Qualcomm": True}, "Qualcomm"),
    ],
)
def test_npu_is_the_first_that_is_there(bare, monkeypatch, there, wanted):
    class Laptop(Backend):
        name, targets = "laptop", tuple(there)

        def probe(self, target):
            return DeviceInfo(target, self.name, True, "x", emulated=there[target])

    monkeypatch.setattr(registry, "entry_points", lambda group: [Point(Laptop)])
    registry.backend.cache_clear()
    assert registry.find("NPU")[1] == backends.first("Ascend", "NPU", "CPU") == wanted
    assert backends.first("Ascend", "CPU", "NPU") == "CPU"
    with pytest.raises(BackendError, match=r"(?s)'Ascend' cannot be reached.*'GPU' cannot"):
        backends.first("Ascend", "GPU")
    with pytest.raises(ValueError, match="no target 'Quallcomm'"):
        backends.first("Quallcomm", "CPU")
    registry.backend.cache_clear()


def test_the_table_and_the_command_list_every_target(capsys):
    text = backends.table()
    for info in backends.devices():
        assert info.target in text
    from mslearn.cli import main

    assert main(["devices", "--lang", "en"]) == 0
    assert capsys.readouterr().out.rstrip("\n") == text
    ms.run_check()
    assert text in capsys.readouterr().out


def test_nothing_is_imported_before_it_is_asked_for():
    code = (
        "import sys, mslearn, mslearn.backends as b; b.names(); "
        "print([m for m in ('onnxruntime', 'openvino', 'mindspore', 'cupy') if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


class Picky(Backend):
    """A device of a third party: it takes no Exp, and half precision is all that it has."""

    name = "picky"
    targets = ("Picky",)
    precision = "float32"

    def probe(self, target):
        return DeviceInfo(target, self.name, True, "in this file", "", self.precision)

    def supports(self, node, target):
        return "it has no exponentials" if node.prim.name == "Exp" else ""

    def compile(self, graph, target, **options):
        self.options = options
        if any(n.prim.name == "Exp" for n in graph.nodes):
            raise AssertionError("a refused node has arrived")
        return NumpyProgram(graph)


class Point:
    def __init__(self, made):
        self.name, self._made = made.name, made

    def load(self):
        return self._made


@pytest.fixture
def picky(monkeypatch):
    class Mine(Picky):
        pass

    monkeypatch.setattr(registry, "entry_points", lambda group: [Point(Mine)])
    registry.backend.cache_clear()
    yield Mine
    registry.backend.cache_clear()


def test_an_entry_point_adds_a_backend(picky):
    assert backends.find("picky")[1] == "Picky"
    assert "Picky" in backends.table()


def test_an_entry_point_that_fails_hides_nobody(monkeypatch):
    class Broken:
        name = "broken"

        def load(self):
            raise ImportError("no chip today")

    monkeypatch.setattr(registry, "entry_points", lambda group: [Broken()])
    registry.backend.cache_clear()
    found = {d.target: d for d in backends.devices()}
    assert "no chip today" in found["broken"].reason and found["CPU"].available


def test_options_reach_the_backend(picky):
    one = ops.ones((3,))
    chosen = {"threads": 2, "provider_options": {"device_id": 1}}
    ms.jit(lambda x: x + 1, backend="Picky", **chosen)(one)
    assert registry.backend("picky").options == chosen
    with pytest.raises(TypeError, match=r"provider_options must be a dict.*but got 'fast'"):
        ms.jit(lambda x: x + 1, backend="Picky", provider_options="fast")(one)
    with pytest.raises(ValueError, match=r"no option 'provider_option'. Did you mean"):
        ms.jit(lambda x: x + 1, backend="Picky", provider_option={})


def test_a_probe_that_raises_is_a_line_of_the_table(picky):
    def probe(self, target):
        raise OSError("the driver hangs")

    picky.probe = probe
    found = {d.target: d for d in backends.devices()}["Picky"]
    assert not found.available and found.reason == "probing failed: the driver hangs"
    with pytest.raises(BackendError, match="the driver hangs"):
        ms.set_context(device_target="Picky")


def test_refused_nodes_are_named_with_line_and_reason(picky):
    def f(x):
        return ops.exp(x + 1) * 2

    with pytest.raises(BackendError) as caught:
        ms.jit(f, backend="Picky")(ms.ops.ones((3,)))
    text = str(caught.value)
    assert "Exp" in text and "test_registry.py" in text and "no exponentials" in text
    assert 'fallback="cpu"' in text and [n.prim.name for n in caught.value.refused] == ["Exp"]


def test_falling_back_says_how_much_crosses(picky):
    def f(x, y):
        a = ops.exp(x + 1)
        b = ops.relu(y) * 2
        return a * b, ops.exp(b)

    x = ms.Tensor(np.arange(4, dtype=np.float32))
    step = ms.jit(f, backend="Picky", fallback="cpu")
    with pytest.warns(UserWarning, match="lacks them: Exp"):
        found = step(x, x)
    for a, b in zip(found, f(x, x), strict=True):
        np.testing.assert_allclose(a.asnumpy(), b.asnumpy(), rtol=1e-6)
    made = step.compilations[0].executable
    assert [s.device for s in made.segments] == ["Picky", "CPU", "Picky"]
    # In: x, y, exp(x + 1); out: x + 1, b, a * b; sixteen bytes each. (b is read where it is.)
    assert "4 nodes on Picky, 2 on the host, in 3 segments" in made.report
    crossing = sum(s.bytes_in + s.bytes_out for s in made.segments if s.device == "Picky")
    assert f"of {crossing} bytes cross" in made.report


def training(backend, **options):
    ms.set_seed(1)
    net = nn.SequentialCell(nn.Dense(4, 8), nn.BatchNorm1d(8), nn.Dropout(p=0.3), nn.Dense(8, 3))
    net.set_train()
    optimizer = nn.Adam(net.trainable_params(), 0.01, weight_decay=0.1)
    loss_fn = nn.CrossEntropyLoss()
    grad_fn = ms.value_and_grad(lambda x, y: loss_fn(net(x), y), None, optimizer.parameters)

    def step(x, y):
        loss, grads = grad_fn(x, y)
        optimizer(grads)
        return loss

    step = ms.jit(step, backend=backend, **options)
    x = ms.Tensor(np.random.default_rng(0).random((6, 4), np.float32))
    y = ms.Tensor(np.arange(6, dtype=np.int32) % 3)
    ms.set_seed(2)
    losses = [float(step(x, y)) for _ in range(4)]
    return losses, [p.asnumpy() for p in net.get_parameters()], step


@pytest.mark.filterwarnings("ignore:step")
@pytest.mark.parametrize("precision", ["float32", "float16"])
def test_a_partition_trains_as_the_whole(picky, precision):
    picky.precision = precision
    losses, weights, step = training("Picky", fallback="cpu")
    wanted, right, _ = training("numpy")
    assert losses == pytest.approx(wanted, rel=1e-6)
    for a, b in zip(weights, right, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
    if precision == "float16":
        updates = {"Adam", "AdamWeightDecay"}
        away = [s for s in step.compilations[0].executable.segments if s.device == "Picky"]
        names = {n.prim.name for s in away for n in s.graph.nodes}
        assert not names & updates and "MatMul" in names
        assert "keeps the weights in float32" in step.code


@pytest.mark.filterwarnings("ignore:Graphs go to")
def test_the_contexts_device_target_sends_graphs_there():
    x = ms.Tensor(np.arange(3, dtype=np.float32))
    run = ms.jit(lambda a: a * 2 + 1)
    try:
        ms.set_context(device_target="ONNX-CPU")
        found = run(x).asnumpy()
        assert (x + 1).asnumpy().tolist() == [1, 2, 3]  # eager code stays on NumPy
    finally:
        ms.set_context(device_target="CPU")
    np.testing.assert_array_equal(found, [1, 3, 5])
    assert run.code.startswith("ONNX-CPU: CPUExecutionProvider, float32")
    run(x)
    assert "the target is now CPU, before it was ONNX-CPU" in run.compilations[-1].cause
