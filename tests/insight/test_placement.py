"""Where a function runs: the data, the picture, and that looking changes nothing."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator

import numpy as np
import pytest
from browser.harness import Lab
from insight.notebook_lab import notebook_lab
from playwright.sync_api import expect
from waiting import settled, until

import mslearn as ms
from mslearn import insight, nn, ops
from mslearn.backends import registry
from mslearn.backends.base import Backend, DeviceInfo
from mslearn.backends.cupy_backend import ArrayExecutable, CupyBackend
from mslearn.graph.numpy_backend import Executable
from mslearn.insight import placement_cost, placement_scene

EXAMPLE = """
import warnings

import numpy as np
from mslearn.backends import registry
from mslearn.backends.base import Backend, DeviceInfo
from mslearn.graph.numpy_backend import Executable
import mslearn as ms
from mslearn import insight, nn, ops

class Half(Backend):
    name, targets = "half", ("Half",)

    def probe(self, target):
        return DeviceInfo(target, self.name, True, "here", "", "float16")

    def supports(self, node, target):
        return "it has no exponentials" if node.prim.name == "Exp" else ""

    def compile(self, graph, target, **options):
        return Executable(graph)

class Point:
    name = "half"
    load = staticmethod(lambda: Half)

registry.entry_points = lambda group: [Point()]
warnings.simplefilter("ignore")
net = nn.SequentialCell(nn.Dense(4, 8), nn.ReLU(), nn.Dense(8, 3))
optimizer = nn.Momentum(net.trainable_params(), 0.1, 0.9)
grad_fn = ms.value_and_grad(lambda x: ops.exp(net(x)).sum(), None, optimizer.parameters)

@ms.jit(backend="Half", fallback="cpu")
def train_step(x):
    loss, grads = grad_fn(x)
    optimizer(grads)
    return loss

view = insight.placement(train_step, ops.ones((5, 4)))
view
"""


class Half(Backend):
    """A device in half precision that lacks Exp; NumPy computes for it."""

    name = "half"
    targets = ("Half",)

    def probe(self, target):
        return DeviceInfo(target, self.name, True, "in this file", "", "float16")

    def supports(self, node, target):
        return "it has no exponentials" if node.prim.name == "Exp" else ""

    def compile(self, graph, target, **options):
        return Executable(graph)


@pytest.fixture
def half(monkeypatch):
    class Point:
        name = "half"

        def load(self):
            return Half

    monkeypatch.setattr(registry, "entry_points", lambda group: [Point()])
    registry.backend.cache_clear()
    yield
    registry.backend.cache_clear()


def step_of(backend, **options):
    ms.set_seed(1)
    net = nn.SequentialCell(nn.Dense(4, 8), nn.Dropout(p=0.5), nn.ReLU(), nn.Dense(8, 3))
    net.set_train()
    optimizer = nn.Momentum(net.trainable_params(), 0.1, 0.9)
    grad_fn = ms.value_and_grad(
        lambda x: ops.exp(net(x)).sum(), None, optimizer.parameters
    )  # fmt: skip

    @ms.jit(backend=backend, **options)
    def train_step(x):
        loss, grads = grad_fn(x)
        optimizer(grads)
        return loss

    return train_step, net


X = ms.Tensor(np.ones((5, 4), np.float32))


@pytest.mark.filterwarnings("ignore:train_step")
def test_segments_transfers_and_times(half):
    step, _ = step_of("Half", fallback="cpu")
    view = insight.placement(step, X, runs=2)
    scene = json.loads(json.dumps(view.scene))
    names = [d["name"] for d in scene["devices"]]
    assert names == ["Half", "CPU"] and scene["precision"] == "float16"
    lanes = [names[s["device"]] for s in scene["segments"]]
    assert lanes[0] == "Half" and "CPU" in lanes
    on_host = [op for s in scene["segments"] if names[s["device"]] == "CPU"
               for g in s["groups"] for op, _ in g["ops"]]  # fmt: skip
    assert "Exp" in on_host and "ApplyMomentum" in on_host and "MatMul" not in on_host
    for segment in scene["segments"]:
        assert segment["predicted"] > 0 and segment["measured"] > 0
    for moved in scene["transfers"]:
        ends = {lanes[k] if k >= 0 else "CPU" for k in (moved["from"], moved["to"])}
        assert "Half" in ends and moved["bytes"] > 0
    # The argument (5, 4), and weights and biases, go to the device; the dropout's mask too.
    first = next(t for t in scene["transfers"] if (t["from"], t["to"]) == (-1, 0))
    assert first["bytes"] >= 4 * (20 + 32 + 8 + 24 + 3)
    assert "Half" in repr(view) and "CPU" in repr(view)


@pytest.mark.filterwarnings("ignore:train_step")
@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_picture_is_svg_and_shows_every_lane(half, language):
    step, _ = step_of("Half", fallback="cpu")
    view = insight.placement(step, X, runs=1)
    view.language = language
    text = view.to_svg()
    ElementTree.fromstring(text)
    assert view._repr_mimebundle_()["image/svg+xml"] == text
    assert "train_step" in text and "Half" in text and "Exp" in text
    assert ("predicted" in text) == (language == "en") and ("预测" in text) == (language == "zh")


def test_hostile_names_stay_text(half):
    def f(x):
        return x + 1

    f.__name__ = "<script>alert(1)</script>"
    text = insight.placement(ms.jit(f, backend="Half"), X, runs=1).to_svg()
    assert "<script" not in text and "&lt;script" in text


class OnArrays(CupyBackend):
    """The program for GPUs, on NumPy's arrays."""

    name = "arrays"
    targets = ("Arrays",)

    def probe(self, target):
        return DeviceInfo(target, self.name, True, "in this file")

    def compile(self, graph, target, **_):
        return ArrayExecutable(graph, np)


class Sleeper(Backend):
    """A device that takes 2 ms for a start, 8 ms for a product and 1 ms for anything else, by a
    clock of its own, that counts its runs, and that can be told to stop."""

    name = "sleeper"
    targets = ("Sleeper",)
    stops = False
    now, runs = 0.0, 0

    @classmethod
    def perf_counter(cls):
        return cls.now

    def probe(self, target):
        return DeviceInfo(target, self.name, True, "in this file")

    def supports(self, node, target):
        return ""

    def compile(self, graph, target, **options):
        return Asleep(graph)


class Asleep(Executable):
    def run(self, arrays):
        if Sleeper.stops:
            raise ms.backends.BackendError("The target 'Sleeper' stopped.")
        names = [n.prim.name for n in self.graph.nodes]
        Sleeper.now += 2e-3 + sum(8e-3 if n == "MatMul" else 1e-3 for n in names)
        Sleeper.runs += 1
        return super().run(arrays)


@pytest.fixture
def plugins(monkeypatch):
    class Point:
        def __init__(self, cls):
            self.name, self.load = cls.name, lambda: cls

    found = [Point(OnArrays), Point(Sleeper)]
    monkeypatch.setattr(registry, "entry_points", lambda group: found)
    monkeypatch.setattr(Sleeper, "stops", False)
    registry.backend.cache_clear()
    placement_scene._devices.clear()
    yield
    placement_scene._devices.clear()
    registry.backend.cache_clear()


def training(backend):
    """(jitted step of a network with batch norm, dropout and Adam, all of its state)"""
    ms.set_seed(1)
    net = nn.SequentialCell(
        nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Dropout(p=0.5), nn.Flatten(),
        nn.Dense(4 * 36, 3),
    ).set_train()  # fmt: skip
    optimizer = nn.Adam(net.trainable_params(), 0.1)
    grad_fn = ms.value_and_grad(lambda x: (net(x) ** 2).mean(), None, optimizer.parameters)

    @ms.jit(backend=backend)
    def train_step(x):
        loss, grads = grad_fn(x)
        optimizer(grads)
        return loss

    return train_step, [*net.get_parameters(), *optimizer.get_parameters()]


IMAGES = ms.Tensor(np.random.default_rng(0).random((5, 1, 6, 6), np.float32))


@pytest.mark.parametrize("backend", ["numpy", "onnxruntime", "openvino", "arrays", "sleeper"])
def test_looking_trains_nothing(plugins, backend):
    if backend == "openvino" and not registry.backend(backend).probe("OpenVINO-CPU").available:
        pytest.skip("openvino is not installed")
    step, state = training(backend)
    step(IMAGES)  # the moments are there, and the executable has Parameters of its own
    before = [p.asnumpy().copy() for p in state]
    ms.set_seed(9)
    view = insight.placement(step, IMAGES, runs=3)
    assert len(view.scene["segments"]) == 1 and view.scene["segments"][0]["predicted"] > 0
    for p, value in zip(state, before, strict=True):
        np.testing.assert_array_equal(p.asnumpy(), value, err_msg=p.name)
    after = ops.standard_normal((3,)).asnumpy()
    ms.set_seed(9)
    np.testing.assert_array_equal(after, ops.standard_normal((3,)).asnumpy())
    ms.set_seed(9)
    loss = float(step(IMAGES))  # and it goes on from where it was
    for p, value in zip(state, before, strict=True):
        p.set_data(ms.Tensor(value))
    ms.set_seed(9)
    assert float(step(IMAGES)) == loss
    assert any((p.asnumpy() != v).any() for p, v in zip(state, before, strict=True))


def test_a_run_that_fails_leaves_everything_too(plugins):
    step, state = training("sleeper")
    step(IMAGES)
    before = [p.asnumpy().copy() for p in state]
    ms.set_seed(9)
    Sleeper.stops = True
    with pytest.raises(ms.backends.BackendError, match="stopped"):
        insight.placement(step, IMAGES)
    for p, value in zip(state, before, strict=True):
        np.testing.assert_array_equal(p.asnumpy(), value, err_msg=p.name)
    after = ops.standard_normal((3,)).asnumpy()
    ms.set_seed(9)
    np.testing.assert_array_equal(after, ops.standard_normal((3,)).asnumpy())


def test_what_is_predicted_is_made_of_what_was_measured(plugins, monkeypatch):
    for module in (placement_cost, placement_scene):
        monkeypatch.setattr(module, "time", Sleeper)  # no other program can take its time
    w = ms.Tensor(np.ones((8, 8), np.float32))

    def f(x):
        for _ in range(3):
            x = ops.tanh(ops.matmul(x, w))
        return x

    view = insight.placement(ms.jit(f, backend="sleeper"), w, runs=2)
    (segment,), (device,) = view.scene["segments"], view.scene["devices"]
    assert segment["measured"] == pytest.approx(2e-3 + 3 * 9e-3)
    assert segment["predicted"] == pytest.approx(segment["measured"], rel=0.2)
    assert device["launch_seconds"] == pytest.approx(4e-3)  # with a sum, and a look at it
    assert device["operation_seconds"] == pytest.approx(1e-3)
    before = Sleeper.runs
    insight.placement(ms.jit(f, backend="sleeper"), w, runs=2)
    assert Sleeper.runs == before + 1 + 2  # nothing is measured twice


def test_what_cannot_be_predicted_is_said():
    def looped(x):
        while x.sum() < 9:
            x = x * 2
        return x

    view = insight.placement(ms.jit(looped), ms.Tensor([1.0]), runs=1)
    assert view.scene["segments"][0]["predicted"] is None
    assert view.scene["devices"][0]["why"] == "control"
    assert "how often a loop goes round" in view.to_svg()
    ElementTree.fromstring(view.to_svg())


def test_a_target_that_is_not_there_is_an_error():
    with pytest.raises(ms.backends.BackendError, match="cannot be reached"):
        insight.placement(ms.jit(lambda x: x + 1, backend="Ascend"), X)


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    home = tmp_path_factory.mktemp("placement")
    cells = [EXAMPLE, "view.language = 'zh'"]
    with notebook_lab(home, "placement", cells, size=(1400, 1000)) as opened:
        yield opened


@pytest.mark.browser
def test_a_segment_leads_to_its_lines_and_a_line_to_its_segment(lab: Lab):
    page = lab.page
    lab.wait_idle()
    lab.run_cell(0)
    widget = page.locator(".ms-place").first
    expect(widget).to_be_visible()
    boxes, rows = widget.locator(".ms-p-box"), widget.locator("tbody tr")
    until(lambda: boxes.count() >= 3)
    count = settled(boxes.count, 0.3)
    expect(rows).to_have_count(count)
    assert widget.locator(".ms-p-arrow").count() >= count - 1
    assert "B" in widget.locator(".ms-p-bytes").first.text_content()
    expect(boxes.first).to_contain_text("predicted")
    expect(boxes.first).to_contain_text("from the host's memory")
    rows.last.click()
    expect(boxes.last).to_have_attribute("aria-pressed", "true")
    expect(widget.locator(".ms-c-row.ms-c-on")).to_contain_text(["optimizer(grads)"])
    boxes.last.focus()
    page.keyboard.press("ArrowUp")
    expect(boxes.nth(count - 2)).to_be_focused()
    expect(rows.nth(count - 2)).to_have_class("ms-p-on")
    line = widget.locator(".ms-c-row[role=button]", has_text="optimizer(grads)")
    line.focus()
    page.keyboard.press("Enter")
    expect(widget.locator(".ms-p-box.ms-p-on").last).to_contain_text("ApplyMomentum")
    lab.screenshot("placement")
    page.set_viewport_size({"width": 900, "height": 1000})  # the notebook has about 600 of it
    until(lambda: widget.evaluate("e => e.scrollWidth - e.clientWidth") <= 0)
    lab.run_cell(1)
    expect(widget.locator("h3")).to_have_text("train_step 在哪里运行")
    expect(boxes.first).to_contain_text("来自主机内存")
    lab.screenshot("placement-narrow-zh")
