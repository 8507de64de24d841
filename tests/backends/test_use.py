"""A learner's programs on another target: Model, loops, files, mistakes."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

import mslearn as ms
from mslearn import nn, ops
from mslearn.backends import registry
from mslearn.backends.base import BackendError
from mslearn.train import Model

pytest.importorskip("onnxruntime")
X = ms.Tensor(np.arange(4, dtype=np.float32))


@pytest.fixture
def context():
    yield ms.set_context
    ms.set_context(device_target="CPU", mode=ms.PYNATIVE_MODE)


def batches():
    rng = np.random.default_rng(0)
    x = rng.random((70, 12), np.float32)  # the last batch is smaller
    data = (x, (x.sum(1) > 6).astype(np.int32))
    return ms.dataset.NumpySlicesDataset(data, ["x", "y"], shuffle=False).batch(32)


def fitted():
    ms.set_seed(0)
    net = nn.SequentialCell(nn.Dense(12, 16), nn.ReLU(), nn.Dropout(p=0.3), nn.Dense(16, 2))
    optimizer = nn.Adam(net.trainable_params(), 0.01)
    model = Model(net, nn.CrossEntropyLoss(), optimizer, metrics={"acc"})
    model.train(3, batches(), dataset_sink_mode=False)
    return net, model.eval(batches(), dataset_sink_mode=False), model.train_network


def test_model_trains_and_evaluates_on_the_target(context, tmp_path):
    right, wanted, _ = fitted()
    context(device_target="ONNX-CPU", mode=ms.GRAPH_MODE)
    net, found, step = fitted()
    assert found == wanted
    for a, b in zip(net.get_parameters(), right.get_parameters(), strict=True):
        np.testing.assert_allclose(a.asnumpy(), b.asnumpy(), atol=1e-6)
    made = step._jitted.compilations
    assert len(made) == 2 and all(c.executable.code.startswith("ONNX-CPU") for c in made)
    ms.save_checkpoint(net, str(tmp_path / "net.ckpt"))
    again = nn.SequentialCell(nn.Dense(12, 16), nn.ReLU(), nn.Dropout(p=0.3), nn.Dense(16, 2))
    ms.load_param_into_net(again, ms.load_checkpoint(str(tmp_path / "net.ckpt")))
    for a, b in zip(again.get_parameters(), net.get_parameters(), strict=True):
        np.testing.assert_array_equal(a.asnumpy(), b.asnumpy())


def test_eager_code_on_a_target_is_not_silent(context, monkeypatch):
    monkeypatch.setattr(registry, "_told", set())
    with pytest.warns(UserWarning, match="stays on the CPU. To train on 'ONNX-CPU', put @ms.jit"):
        context(device_target="ONNX-CPU")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        context(device_target="ONNX-CPU")  # once is enough
        registry._told.clear()
        context(device_target="CPU")
        context(device_target="ONNX-CPU", mode=ms.GRAPH_MODE)


def losses(targets, context):
    ms.set_seed(1)
    net = nn.Dense(4, 3)
    optimizer = nn.Momentum(net.trainable_params(), 0.02, 0.9)
    grad_fn = ms.value_and_grad(lambda x: (net(x) ** 2).mean(), None, optimizer.parameters)

    @ms.jit
    def step(x):
        loss, grads = grad_fn(x)
        optimizer(grads)
        return loss

    x = ms.Tensor(np.random.default_rng(0).random((5, 4), np.float32))
    found = []
    for target in targets:
        context(device_target=target)
        found.append(float(step(x)))
    return found


@pytest.mark.filterwarnings("ignore:Graphs go to")
def test_targets_may_change_between_steps(context):
    found = losses(["CPU", "ONNX-CPU", "CPU", "CPU", "ONNX-CPU", "ONNX-CPU"], context)
    assert found == pytest.approx(losses(["CPU"] * 6, context), rel=1e-6)
    assert found[-1] < found[0] / 2


@pytest.mark.parametrize("backend", ["numpy", "onnxruntime"])
def test_a_parameter_of_another_dtype_or_shape_makes_a_new_graph(backend):
    p = ms.Parameter(ms.Tensor(np.ones(4, np.float32)), name="p")
    run = ms.jit(lambda x: x * p, backend=backend)
    assert run(X).dtype == ms.float32
    p.set_dtype(ms.float64)
    assert run(X).dtype == ms.float64
    assert "another shape or dtype" in run.compilations[-1].cause
    p.set_data(ms.Tensor(np.ones((2, 4))), slice_shape=True)
    assert run(X).shape == (2, 4)


def test_what_fails_in_the_runtime_names_operation_and_line():
    count = ms.Parameter(ms.Tensor(np.float32(0)), name="count")

    def pick(x, i):
        ops.assign_add(count, ms.Tensor(np.float32(1)))
        return x[i]

    run = ms.jit(pick, backend="onnxruntime")
    assert float(run(X, ms.Tensor(np.int32(2)))) == 2
    with pytest.raises(BackendError, match=r"stopped in GetItem \(.*test_use.py.*idx=9") as caught:
        run(X, ms.Tensor(np.int32(9)))
    assert 'backend="numpy"' in str(caught.value) and float(count) == 1
    assert float(run(X, ms.Tensor(np.int32(3)))) == 3 and float(count) == 2


def test_mistakes_in_the_function_are_told_as_in_eager_code():
    with pytest.raises(ValueError, match="inner sizes must be equal"):
        ms.jit(lambda x: ops.matmul(x, ops.ones((5, 5))), backend="onnxruntime")(X)


def test_other_arguments_after_the_usual_ones():
    run = ms.jit(lambda x, k: x * k, backend="onnxruntime")
    two = ms.Tensor(np.float32(2))
    for arguments in ((X, two), (X, two), (X, 3), (X, two), (X, X), (X, two)):
        np.testing.assert_array_equal(
            run(*arguments).asnumpy(), X.asnumpy() * np.asarray(arguments[1])
        )
    np.testing.assert_array_equal(run(X, k=two).asnumpy(), X.asnumpy() * 2)
    assert run(ms.Tensor(np.arange(4)), two).dtype == ms.float32
    with pytest.raises(TypeError):
        run(X)


SIGNAL = """
import gc, os, signal
import mslearn as ms
x = ms.Tensor([1.0, 2.0])
settings = {"backend": "OpenVINO-CPU", "capture_mode": "trace"}
first, second = (ms.jit(lambda x, k=k: x * k, **settings) for k in (2, 3))
for one in (first, second):
    one(x)
del one, first
gc.collect()
del second
gc.collect()
got = []
signal.signal(signal.SIGUSR1, lambda *_: got.append(1))
os.kill(os.getpid(), signal.SIGUSR1)
print(got)
"""


def test_signals_arrive_after_openvino_has_gone():
    """Two of its Cores that ended in their order left a stack for signals that was gone."""
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run([sys.executable, "-c", SIGNAL], env=env, capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip()) == (0, "[1]"), done.stderr
