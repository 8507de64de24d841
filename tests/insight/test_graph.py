"""Scenes of the computation graph against what really ran, and their pictures."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from insight.graph_example import example
from waiting import LONG

import mslearn as ms
from mslearn import insight, nn, ops
from mslearn.core import observing
from mslearn.insight.graph_dot import dot_source
from mslearn.insight.graph_fold import first_unfolded, fold
from mslearn.insight.graph_recorder import Recorder
from mslearn.insight.graph_scene import build, scene
from mslearn.insight.graph_svg import counts, to_svg
from mslearn.insight.graph_values import summarise

HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def quick_start():
    net, loss_fn, images, labels = example()
    return net, loss_fn, images, labels, scene(net, images, labels, loss_fn=loss_fn)


def by_name(drawn, name):
    return next(n for n in drawn["nodes"] if n["name"] == name)


def test_operators_scopes_and_names_are_mindspores(quick_start):
    *_, drawn = quick_start
    ops_ = [n["name"] for n in drawn["nodes"] if n["kind"] == "op" and n["phase"] == "forward"]
    inside = "Default/network-Network/dense_relu_sequential-SequentialCell"
    assert ops_ == [
        "Default/network-Network/flatten-Flatten/Reshape-op0",
        f"{inside}/0-Dense/MatMul-op0",
        f"{inside}/0-Dense/BiasAdd-op0",
        f"{inside}/1-ReLU/ReLU-op0",
        f"{inside}/2-Dense/MatMul-op1",
        f"{inside}/2-Dense/BiasAdd-op1",
        f"{inside}/3-ReLU/ReLU-op1",
        f"{inside}/4-Dense/MatMul-op2",
        f"{inside}/4-Dense/BiasAdd-op2",
        "Default/network-CrossEntropyLoss/LogSoftmax-op0",
        "Default/network-CrossEntropyLoss/NLLLoss-op0",
    ]
    assert counts(drawn) == (11, 6, 10)
    kinds = {n["op"]: n["kind"] for n in drawn["nodes"] if n["kind"] != "op"}
    assert kinds["x"] == kinds["labels"] == "input"
    assert kinds["dense_relu_sequential.4.bias"] == "parameter"


def test_edges_follow_the_values(quick_start):
    *_, drawn = quick_start
    matmul = next(n for n in drawn["nodes"] if n["name"].endswith("0-Dense/MatMul-op0"))
    feeds = {(e[3], drawn["nodes"][e[0]]["op"]) for e in drawn["edges"] if e[2] == matmul["id"]}
    assert feeds == {(0, "Reshape"), (1, "dense_relu_sequential.0.weight")}
    assert matmul["outputs"][0]["shape"] == [8, 512]
    assert matmul["outputs"][0]["dtype"] == "Float32"
    assert matmul["attrs"] == {"transpose_b": "True"}
    assert matmul["source"]["text"] == "logits = self.dense_relu_sequential(x)"
    assert matmul["source"]["file"].endswith("graph_example.py")
    for source, output, target, _ in drawn["edges"]:
        assert source < target  # values are made before they are used
        assert output < len(drawn["nodes"][source]["outputs"])


def test_values_and_gradients_are_those_of_ms_grad(quick_start):
    net, loss_fn, images, labels, drawn = quick_start
    params = net.trainable_params()
    value, (by_image, by_weights) = ms.value_and_grad(lambda x: loss_fn(net(x), labels), 0, params)(
        images
    )
    assert drawn["loss"]["value"] == pytest.approx(float(value), rel=1e-5)
    for param, grad in zip(params, by_weights, strict=True):
        output = by_name(drawn, param.name)["outputs"][0]
        expect = grad.asnumpy().astype(np.float64)
        assert output["grad"]["norm"] == pytest.approx(np.linalg.norm(expect), rel=1e-6)
        assert output["grad"]["min"] == pytest.approx(expect.min(), rel=1e-6)
        assert output["grad"]["first"] == pytest.approx(expect.ravel()[:6], rel=1e-4)
        assert output["value"]["mean"] == pytest.approx(param.asnumpy().mean(), rel=1e-3)
    assert by_name(drawn, "x")["outputs"][0]["grad"]["norm"] == pytest.approx(
        np.linalg.norm(by_image.asnumpy()), rel=1e-5
    )
    assert by_name(drawn, "labels")["outputs"][0]["grad"] is None


def test_backward_nodes_know_what_caused_them(quick_start):
    *_, drawn = quick_start
    backward = [n for n in drawn["nodes"] if n["phase"] == "backward" and n["kind"] == "op"]
    grads = [n for n in backward if n["op"] == "ReluGrad"]
    assert [drawn["nodes"][n["cause"]]["op"] for n in grads] == ["ReLU", "ReLU"]
    assert all(n["name"].startswith("Gradients/Default/network-") for n in backward)
    assert all(n["cause"] is not None and n["source"] for n in backward)


def test_ways_to_ask_for_gradients():
    net, loss_fn, images, labels = example()
    forward = scene(net, images)
    assert forward["loss"] is None
    assert not any(o["grad"] for n in forward["nodes"] for o in n["outputs"])

    def forward_fn(data, label):
        logits = net(data)
        return loss_fn(logits, label), logits

    asked = [
        scene(net, images, labels, loss_fn=loss_fn),
        scene(net, images, loss_fn=lambda logits: loss_fn(logits, labels)),
        scene(forward_fn, images, labels),
    ]
    norms = [by_name(s, "dense_relu_sequential.0.weight")["outputs"][0]["grad"] for s in asked]
    assert norms[0] == norms[1] == norms[2]
    # A label that the lambda closes over is an input of that name, not an anonymous constant.
    assert by_name(asked[1], "labels")["kind"] == "input"
    assert {n["op"] for n in asked[2]["nodes"] if n["kind"] == "input"} == {"data", "label"}
    without = scene(forward_fn, images, labels, grads=False)
    assert without["loss"] is None
    assert all(n["phase"] == "forward" for n in without["nodes"])


def test_accumulated_gradient_and_shared_scope():
    x = ms.Tensor([3.0, -1.0])
    drawn = scene(lambda x: (x * x + x).sum(), x)
    assert by_name(drawn, "x")["outputs"][0]["grad"]["first"] == [7.0, -1.0]
    layer = nn.Dense(2, 2)
    shared = scene(lambda x: layer(ops.relu(layer(x))).sum(), ms.Tensor([[1.0, 2.0]]))
    ET.fromstring(to_svg(shared))  # a circle between folded scopes must still be drawn
    assert sum(n["kind"] == "parameter" for n in shared["nodes"]) == 2


def test_bad_calls_say_what_to_do():
    net, _, images, _ = example()
    with pytest.raises(TypeError, match="Cell or a function, but got 'Tensor'"):
        scene(images)
    with pytest.raises(TypeError, match="no operation ran"):
        scene(lambda x: 1, images)
    with pytest.raises(ValueError, match=r"one floating number .* got Float32\[8, 10\]"):
        scene(net, images, loss_fn=lambda logits: logits)


def test_summaries_are_strict_json():
    odd = summarise(np.array([[np.nan, 1.0], [np.inf, -3.0]], np.float32))
    assert odd["bad"] == 2 and odd["min"] == -3.0 and odd["max"] == 1.0
    assert odd["first"] == ["nan", 1.0, "inf", -3.0]
    assert odd["thumb"] == [[None, 1.0], [None, -3.0]]
    nothing = summarise(np.array([np.nan]))
    assert "mean" not in nothing
    for array in (np.zeros((0, 3)), np.array(True), np.arange(3), np.array([1j]), np.ones(70)):
        json.dumps(summarise(array), allow_nan=False)
    assert summarise(np.full(4, 1e300))["norm"] == pytest.approx(2e300)
    image = summarise(np.arange(2 * 28 * 28).reshape(2, 28, 28))
    assert np.shape(image["thumb"]) == (8, 8) and image["of"] == "[0, :, :]"
    plane = np.arange(16.0 * 16).reshape(16, 16)
    assert summarise(plane)["thumb"][0][0] == pytest.approx(plane[:2, :2].mean(), rel=1e-2)


def test_a_divergent_run_still_makes_a_scene():
    drawn = scene(lambda x: ops.log(x).sum(), ms.Tensor([0.0, -1.0, 2.0]))
    json.dumps(drawn, allow_nan=False)
    assert drawn["loss"]["value"] == "nan"
    ET.fromstring(to_svg(drawn))


def test_folding(quick_start):
    *_, drawn = quick_start
    names = {s["id"]: s["name"] for s in drawn["scopes"] if s["phase"] == "forward"}
    opened = set(first_unfolded(drawn))
    assert {names[k] for k in opened if k in names} == {
        "Default", "network-Network", "dense_relu_sequential-SequentialCell"
    }  # fmt: skip
    folded = fold(drawn, opened)
    assert len(folded.items) <= 40
    everything = fold(drawn, set(names), backward=False)
    nodes = [k for k in everything.items if k[0] == "n"]
    assert len(nodes) == sum(n["phase"] == "forward" for n in drawn["nodes"])
    closed = fold(drawn, set())
    assert {k for k in closed.items if k[0] == "s"} == {("s", 0)}


@pytest.mark.parametrize("backward", [False, True])
def test_svg_is_deterministic_and_nothing_overlaps(backward):
    def text():
        net, loss_fn, images, labels = example()
        return to_svg(scene(net, images, labels, loss_fn=loss_fn), backward=backward)

    first = text()
    assert first == text()
    root = ET.fromstring(first)
    words = {t.text for t in root.iter("{http://www.w3.org/2000/svg}text")}
    assert {"0-Dense", "1-ReLU", "network-Network", "64×784".replace("64", "8")} <= words
    assert ("Gradients" in words) == backward


def test_layout_has_no_overlaps(quick_start):
    from mslearn.insight.graph_layout import layout

    *_, drawn = quick_start
    folded = fold(drawn, {s["id"] for s in drawn["scopes"]}, backward=True)
    open_ = [k for k in folded.items if k[0] == "s"]
    sizes = {k: (90.0, 42.0) for k in folded.items if k[0] == "n"}
    boxes = layout(drawn, folded, sizes, dict.fromkeys(open_, 120.0)).boxes
    for a, frame in folded.items.items():
        if frame >= 0:
            outer, inner = boxes["s", frame], boxes[a]
            assert outer.x <= inner.x and inner.x + inner.w <= outer.x + outer.w + 1e-6
            assert outer.y + 20 <= inner.y and inner.y + inner.h <= outer.y + outer.h + 1e-6
        for b, other in folded.items.items():
            if a < b and frame == other:
                p, q = boxes[a], boxes[b]
                apart = p.x + p.w <= q.x or q.x + q.w <= p.x or p.y + p.h <= q.y or q.y + q.h <= p.y
                assert apart, (a, b)


def test_names_are_data_in_svg_and_dot():
    class Evil(nn.Cell):
        def __init__(self):
            super().__init__()
            self.w = ms.Parameter(ms.Tensor([1.0]), name=HOSTILE + '"\\N')

        def construct(self, x):
            return (x * self.w).sum()

    Evil.__name__ = HOSTILE
    drawn = scene(Evil(), ms.Tensor([2.0]))
    drawn["scopes"][-1]["name"] = HOSTILE
    text = to_svg(drawn, unfolded={s["id"] for s in drawn["scopes"]})
    assert "<img" not in text
    assert HOSTILE in "".join(ET.fromstring(text).itertext())
    source = dot_source(drawn)
    assert "\\\\N" in source and 'onerror=alert(1)>\\"' in source


def test_dot_is_read_by_graphviz(quick_start):
    import shutil

    *_, drawn = quick_start
    source = dot_source(drawn, backward=True)
    assert source.count("subgraph cluster_s") == len(drawn["scopes"])
    if shutil.which("dot") is None:
        pytest.skip("Graphviz is not installed")
    done = subprocess.run(
        ["dot", "-Tsvg"], input=source.encode(), capture_output=True, check=True, timeout=LONG
    )
    assert done.stdout.count(b'class="node"') == len(drawn["nodes"])
    assert b"Warning" not in done.stderr


def test_ten_times_the_nodes_take_about_ten_times_as_long():
    def seconds(blocks):
        """Of this thread alone: about 3 of them for 10,000 nodes."""
        recorder = Recorder()
        layers = [nn.SequentialCell(*[nn.ReLU() for _ in range(100)]) for _ in range(blocks)]
        net = nn.SequentialCell(*layers)
        x = ms.Tensor(np.ones((4, 4), np.float32))
        start = time.thread_time()
        with observing(recorder):
            net(x)
        drawn = build(recorder, inputs={id(x._value): "x"})
        assert sum(n["kind"] == "op" for n in drawn["nodes"]) == 100 * blocks
        text = to_svg(drawn)
        assert len(fold(drawn, set(first_unfolded(drawn))).items) <= 41
        assert len(text) < 100_000
        return time.thread_time() - start

    few = min(seconds(10) for _ in range(3))
    assert seconds(100) < 40 * few  # and not a hundred times


def test_the_scene_needs_no_jupyter():
    code = (
        "import sys, mslearn as ms\n"
        "from mslearn import insight\n"
        "s = insight.scene(lambda x: (x * x).sum(), ms.Tensor([1.0, 2.0]))\n"
        "from mslearn.insight.graph_svg import to_svg; to_svg(s)\n"
        "bad = {'anywidget', 'ipywidgets', 'traitlets', 'IPython'} & set(sys.modules)\n"
        "assert not bad, bad\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=LONG)


def test_view():
    from mslearn import insight

    net, loss_fn, images, labels = example()
    view = insight.graph(net, images, labels, loss_fn=loss_fn)
    assert repr(view) == "GraphView(11 operators, 6 parameters, 10 scopes)"
    bundle = view._repr_mimebundle_()
    assert bundle["image/svg+xml"] == view.to_svg()
    assert view.to_dot().source == dot_source(view.scene)
    json.dumps(view.scene, allow_nan=False)


def test_a_tuple_of_one_has_a_gradient() -> None:
    x = ms.Tensor([1.0, 2.0, 3.0])

    def whole(v):
        return (ops.split(v, 3)[0] ** 2).sum()

    leaf = next(n for n in scene(whole, x)["nodes"] if n["kind"] == "input")
    assert leaf["outputs"][0]["grad"]["first"] == [2.0, 4.0, 6.0]
    insight.gradient(whole, x)
