"""Whole networks and training steps in onnxruntime, against our own engine."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from export.cases import step_of, zoo
from export.nets import build
from export.test_onnx_ops import session

import mslearn as ms
from mslearn import nn, ops
from mslearn.graph.capture import capture
from mslearn.interchange.files import captured
from mslearn.interchange.onnx_model import onnx_model

NETS = ("mlp", "lenet", "resnet", "reader")


@pytest.mark.parametrize("name", NETS)
def test_networks_and_free_batches(name, tmp_path):
    net, x = build(ms)[name]
    free = ms.Tensor(shape=[None, *x.shape[1:]], dtype=ms.Tensor(x).dtype)
    for example, rows in ((ms.Tensor(x), (2,)), (free, (1, 5))):
        ms.export(net, example, file_name=tmp_path / name, file_format="ONNX")
        data = (tmp_path / f"{name}.onnx").read_bytes()
        onnx.checker.check_model(data, full_check=True)
        run = session(data)
        assert [i.name for i in run.get_inputs()] == ["input_data" if name == "mlp" else "x"]
        for n in rows:
            part = np.concatenate([x] * 3)[:n]
            (got,) = run.run(None, {run.get_inputs()[0].name: part})
            np.testing.assert_allclose(got, net(ms.Tensor(part)).asnumpy(), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("name", ["resnet8", "vit", "gpt", "lstm"])
def test_the_model_zoo(name):
    net, x = zoo()[name]
    model = onnx_model(captured(net, [ms.Tensor(x)])[0])
    onnx.checker.check_model(model.data, full_check=True)
    (got,) = session(model.data).run(None, {model.inputs[0].name: x})
    np.testing.assert_allclose(got, net(ms.Tensor(x)).asnumpy(), rtol=1e-5, atol=1e-5)


OPTIMIZERS = {
    "Momentum": lambda p: nn.Momentum(p, 0.05, 0.9, weight_decay=0.01),
    "SGD": lambda p: nn.SGD(p, 0.05, momentum=0.9, nesterov=True),
    "Adam": lambda p: nn.Adam(p, 0.01),
    "AdamWeightDecay": lambda p: nn.AdamWeightDecay(p, 0.01, weight_decay=0.1),
    "RMSProp": lambda p: nn.RMSProp(p, 0.01, momentum=0.5, centered=True),
    "Adagrad": lambda p: nn.Adagrad(p, learning_rate=0.01),
}


@pytest.mark.parametrize(
    ("name", "optimizer"),
    [*((n, "Momentum") for n in NETS), *(("mlp", o) for o in OPTIMIZERS if o != "Momentum"),
     ("lenet", "Adam"), ("resnet", "SGD")],
)  # fmt: skip
def test_training_steps(name, optimizer):
    """Five steps of forward, backward and update as one model, its outputs fed back."""
    step, inputs = step_of(name, OPTIMIZERS[optimizer])
    model = onnx_model(capture(step, inputs).graph)
    onnx.checker.check_model(model.data, full_check=True)
    run, feeds = session(model.data), {}
    for port in model.inputs:
        feeds[port.name] = port.parameter.asnumpy().copy() if port.parameter is not None else None
    for port, x in zip(model.inputs, inputs, strict=False):
        feeds[port.name] = x.asnumpy()
    names = [p.name for p in model.outputs]
    assert len(model.donate) == len([p for p in model.outputs if p.parameter is not None])
    for _ in range(5):
        out = dict(zip(names, run.run(names, feeds), strict=True))
        assert float(out["output"]) == pytest.approx(float(step(*inputs)), abs=2e-6)
        feeds.update((old, out[new]) for old, new in model.donate)
    for port in model.inputs:
        if port.parameter is not None:
            np.testing.assert_allclose(
                feeds[port.name], port.parameter.asnumpy(), rtol=1e-5, atol=1e-5
            )


def test_parameters_as_constants_or_inputs():
    net, x = build(ms)["mlp"]
    graph = capture(net, [ms.Tensor(x)]).graph
    inside, outside = (onnx_model(graph, parameters=p) for p in ("constants", "inputs"))
    assert [p.name for p in inside.inputs] == ["input_data"]
    assert [p.name for p in outside.inputs][1:] == ["0.weight", "0.bias", "1.weight", "1.bias"]
    feeds = {p.name: p.parameter.asnumpy() for p in outside.inputs[1:]}
    got = [
        session(inside.data).run(None, {"input_data": x})[0],
        session(outside.data).run(None, {"input_data": x, **feeds})[0],
    ]
    np.testing.assert_array_equal(*got)
    with pytest.raises(ValueError, match="parameters is"):
        onnx_model(graph, parameters="some")


def test_random_numbers_are_inputs_from_the_host():
    graph = capture(lambda x: ops.dropout(x, 0.5), [ops.ones((4, 3))]).graph
    model = onnx_model(graph)
    assert [p.name for p in model.inputs] == ["x" if len(graph.input_names[0]) == 1 else
                                              graph.input_names[0], "random.0"]  # fmt: skip
    draw = model.inputs[1].draw
    mask = draw.prim.kernel(**{**draw.attrs, "key": (7, 1)})
    feeds = {model.inputs[0].name: np.ones((4, 3), np.float32), "random.0": mask}
    np.testing.assert_array_equal(session(model.data).run(None, feeds)[0], mask)


def test_other_rules_and_operators_can_be_given():
    """As an adapter for a device without an operator does."""
    graph = capture(lambda x: ops.softmax(x), [ops.ones((2, 3))]).graph
    assert onnx_model(graph).operators == {"Softmax": 1}
    apart = onnx_model(graph, without=("Softmax",)).operators
    assert apart == {"ReduceMax": 1, "Sub": 1, "Exp": 1, "ReduceSum": 1, "Div": 1}
    other = onnx_model(graph, lowerings={"Softmax": lambda b, node, x: b.op("Hardmax", x, axis=-1)})
    assert other.operators == {"Hardmax": 1}
    rule = onnx_model(graph, rules={"Softmax": lambda x, axis: x * 2}, without=("Softmax",))
    assert rule.operators == {"Mul": 1}


def test_one_value_twice_and_inputs_as_outputs():
    graph = capture(lambda x: (x, x * 2), [ops.ones((2,))]).graph
    graph.outputs.append(graph.outputs[1])
    model = onnx_model(graph)
    onnx.checker.check_model(model.data, full_check=True)
    got = session(model.data).run(None, {model.inputs[0].name: np.array([1, 3], np.float32)})
    assert [g.tolist() for g in got] == [[1, 3], [2, 6], [2, 6]]


def test_nodes_have_scopes_and_lines():
    net, x = build(ms)["lenet"]
    model = onnx.load_from_string(onnx_model(capture(net, [ms.Tensor(x)]).graph).data)
    names = [n.name for n in model.graph.node]
    assert any("conv1-Conv2d/Conv" in n for n in names)
    assert all(n.doc_string.isdigit() for n in model.graph.node)
    assert [i.name for i in model.graph.initializer][:2] == ["conv1.weight", "conv2.weight"]


def clipped(x):
    if x.sum() > 3:
        y = x * 2
    elif x.max() > 1:
        y = -x
    else:
        y = x
    return y, x


def halved(x):
    turns = ops.zeros(())
    while x.sum() > 1:
        x = x / 2
        if x.max() < 0.5:
            x = x - 0.01
        turns = turns + 1
    return x, turns


@pytest.mark.parametrize("function", [clipped, halved])
def test_branches_and_loops(function, tmp_path):
    ms.export(function, ops.ones((3,)), file_name=tmp_path / "f", file_format="ONNX")
    data = (tmp_path / "f.onnx").read_bytes()
    onnx.checker.check_model(data, full_check=True)
    kinds = {n.op_type for n in onnx.load_from_string(data).graph.node}
    assert ("Loop" if function is halved else "If") in kinds
    run = session(data)
    for values in ([5.0, 1.0, 2.0], [2.0, -1.0, 0.5], [0.1, 0.2, 0.3]):
        got = run.run(None, {"x": np.array(values, np.float32)})
        for g, want in zip(got, function(ms.Tensor(values)), strict=True):
            np.testing.assert_allclose(g, want.asnumpy(), rtol=1e-6)
