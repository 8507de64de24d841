"""Programs that choose their target by `set_context`: settings, changes, what is said, copies."""

from __future__ import annotations

import copy
import pickle
import warnings

import numpy as np
import pytest
from backends.programs import T, agree, data, mlp, weights

import mslearn as ms
from mslearn import amp, backends, nn, ops
from mslearn.backends.base import BackendError
from mslearn.train import Model

pytest.importorskip("onnxruntime")
X = T(np.random.default_rng(0).random((3, 4), np.float32))


@pytest.fixture
def graph_mode():
    yield lambda target: ms.set_context(mode=ms.GRAPH_MODE, device_target=target)
    ms.set_context(mode=ms.PYNATIVE_MODE, device_target="CPU", runtime_num_threads=1)
    for name in ("ONNX-CPU", "onnxruntime"):
        backends.configure(name)


class Solver(nn.Cell):
    """A network with an operation that ONNX does not have."""

    def __init__(self):
        super().__init__()
        self.dense = nn.Dense(6, 3)

    def construct(self, x):
        return self.dense(x) * ops.cholesky(ops.diag(x[0, :2] + 1)).sum()


def fitted(target=None):
    ms.set_seed(0)
    net = Solver()
    optimizer = nn.Momentum(net.trainable_params(), 0.1, 0.9)
    batches = ms.dataset.NumpySlicesDataset(
        (data(10)[0].asnumpy(), data(10)[1].asnumpy()), ["x", "y"], shuffle=False
    )
    Model(net, nn.CrossEntropyLoss(), optimizer).train(2, batches.batch(4), dataset_sink_mode=False)
    return weights(net)


def test_set_context_with_settings_of_a_target(graph_mode):
    """A program that was written for MindSpore has no @jit to carry them."""
    wanted = fitted()
    graph_mode("ONNX-CPU")
    with pytest.raises(BackendError, match=r"(?s)Cholesky.*configure\("):
        fitted()
    backends.configure("ONNX-CPU", fallback="cpu")
    with pytest.warns(UserWarning, match="lacks them: Cholesky"):
        agree(fitted(), wanted)


@pytest.mark.filterwarnings("ignore:invalid value")
def test_model_scales_the_loss_inside_of_a_graph(graph_mode):
    """The manager is a Python object; the second batch overflows, and its step is left out."""
    x, y = (t.asnumpy() for t in data(12))
    x[4:8] = np.inf
    found = []
    for target in ("CPU", "ONNX-CPU"):
        graph_mode(target)
        if target == "CPU":
            ms.set_context(mode=ms.PYNATIVE_MODE)
        ms.set_seed(0)
        net, manager = mlp(), amp.DynamicLossScaleManager(1024, 2, 3)
        optimizer = nn.Momentum(net.trainable_params(), 0.1, 0.9)
        model = Model(net, nn.CrossEntropyLoss(), optimizer, loss_scale_manager=manager)
        batches = ms.dataset.NumpySlicesDataset((x, y), ["x", "y"], shuffle=False).batch(4)
        with warnings.catch_warnings():
            warnings.simplefilter("error", UserWarning)
            model.train(2, batches, dataset_sink_mode=False)
        found.append((weights(net, optimizer), manager.get_loss_scale()))
        assert not any("loss_scale" in p.name for p in model.train_network.get_parameters())
    assert len(model.train_network._jitted.compilations) == 1
    agree(*found[::-1])


def test_changed_settings_make_a_new_graph_that_says_why(graph_mode):
    graph_mode("ONNX-CPU")
    run = ms.jit(lambda x: x * 2 + 1)
    changes = [
        (lambda: None, "it is the first call"),
        (lambda: backends.configure("ONNX-CPU", threads=2), "is now ONNX-CPU: threads=2"),
        (lambda: backends.configure("onnxruntime", threads=3), "is now onnxruntime: threads=3"),
        (lambda: backends.configure("ONNX-CPU"), "is now ONNX-CPU: as at first"),
        (lambda: ms.set_context(runtime_num_threads=2), "'runtime_num_threads' of Context is now"),
    ]
    for change, cause in changes:
        change()
        agree([run(X), run(X)], [X * 2 + 1] * 2)
        assert cause in run.compilations[-1].cause
    threads = [c.executable.session.get_session_options().intra_op_num_threads
               for c in run.compilations]  # fmt: skip
    assert threads == [1, 2, 2, 3, 3]
    ms.set_context(runtime_num_threads=1)
    run(X)
    assert len(run.compilations) == len(changes)  # as it has been once


def test_what_jit_says_is_stronger(graph_mode):
    backends.configure("onnxruntime", fallback="cpu", threads=2)
    x = T(np.eye(3, dtype=np.float32))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ms.jit(ops.cholesky, backend="ONNX-CPU")(x)
    with pytest.raises(BackendError, match="Cholesky"):
        ms.jit(ops.cholesky, backend="ONNX-CPU", fallback="error")(x)
    run = ms.jit(lambda x: x * 2, backend="onnxruntime", threads=1)
    run(x)
    session = run.compilations[0].executable.session
    assert session.get_session_options().intra_op_num_threads == 1


@pytest.mark.filterwarnings("ignore:Graphs go to")
def test_set_device_is_set_context(graph_mode):
    ms.set_device("ONNX-CPU", 0)
    assert ms.get_current_device() == ("ONNX-CPU", 0)
    with pytest.raises(ValueError, match="Did you mean 'Ascend'"):
        ms.set_device("Ascent")
    with pytest.raises(TypeError, match="A target is a str"):
        ms.set_device(3)
    for number in (-1, "0", 5000):
        with pytest.raises(ValueError, match="device_id must be an int from 0 to 4095"):
            ms.set_context(device_id=number)
    assert ms.get_current_device() == ("ONNX-CPU", 0)


def test_what_cannot_be_a_graph_says_that_it_stays_on_the_cpu():
    run = ms.jit(lambda x: x * float(x.sum().asnumpy()), backend="ONNX-CPU")
    with pytest.warns(UserWarning, match="without a graph, on the CPU and not on 'ONNX-CPU'"):
        agree(run(X), X * float(X.sum()))


def test_a_gradient_from_outside_is_not_silent(graph_mode, monkeypatch):
    """`ms.grad` of a jitted function follows it operation by operation, on NumPy."""
    monkeypatch.setattr(backends.registry, "_told", set())
    run = ms.jit(lambda x: (x * x).sum(), backend="ONNX-CPU")
    with pytest.warns(UserWarning, match=r"on the CPU and not on 'ONNX-CPU', since it is diff"):
        agree(ms.grad(run)(X), X * 2)
    graph_mode("ONNX-CPU")
    net, (x, _) = mlp(), data()
    loss = ms.value_and_grad(lambda x: net(x).sum(), None, net.trainable_params())
    with pytest.warns(UserWarning, match="'SequentialCell' runs operation by operation"):
        outside = loss(x)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # said once; and a step that is a graph has nothing to say
        ms.grad(run)(X)
        agree(ms.jit(loss)(x), outside)


def test_a_network_can_be_copied_after_it_has_run_as_a_graph(graph_mode):
    graph_mode("ONNX-CPU")
    net, (x, _) = mlp(), data()
    before = net(x).asnumpy()
    twin, file = copy.deepcopy(net), pickle.loads(pickle.dumps(net))
    for p in net.get_parameters():
        p.set_data(p * 0)
    agree([twin(x), file(x)], [before, before])
    run = ms.jit(net, backend="ONNX-CPU")
    run(x)
    other = copy.deepcopy(run)
    assert other.function is not net and not other.compilations
    agree(other(x), run(x))
