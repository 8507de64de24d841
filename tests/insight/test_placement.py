"""Where a function runs: the data, the picture, and that looking changes nothing."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

import mslearn as ms
from mslearn import insight, nn, ops
from mslearn.backends import registry
from mslearn.backends.base import Backend, DeviceInfo
from mslearn.graph.numpy_backend import Executable


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


@pytest.mark.parametrize("backend", ["numpy", "onnxruntime"])
def test_looking_trains_nothing(backend):
    step, net = step_of(backend)
    weights = [p.asnumpy().copy() for p in net.get_parameters()]
    ms.set_seed(9)
    view = insight.placement(step, X)
    assert len(view.scene["segments"]) == 1
    for p, w in zip(net.get_parameters(), weights, strict=True):
        np.testing.assert_array_equal(p.asnumpy(), w)
    after = ops.standard_normal((3,)).asnumpy()
    ms.set_seed(9)
    np.testing.assert_array_equal(after, ops.standard_normal((3,)).asnumpy())


def test_a_target_that_is_not_there_is_an_error():
    with pytest.raises(ms.backends.BackendError, match="cannot be reached"):
        insight.placement(ms.jit(lambda x: x + 1, backend="Ascend"), X)
