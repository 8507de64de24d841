"""The official quick start's loop, optimizers, checkpoints: used as a learner uses them."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from leaks import growth

import mslearn as mindspore
from mslearn import nn, ops
from mslearn.core import observing


class Network(nn.Cell):
    def __init__(self):
        super().__init__()
        self.flatten = nn.Flatten()
        self.dense_relu_sequential = nn.SequentialCell(
            nn.Dense(28 * 28, 32), nn.ReLU(), nn.Dense(32, 10)
        )

    def construct(self, x):
        x = self.flatten(x)
        logits = self.dense_relu_sequential(x)
        return logits


def loop(model, optimizer, steps=30):
    loss_fn = nn.CrossEntropyLoss()

    def forward_fn(data, label):
        logits = model(data)
        loss = loss_fn(logits, label)
        return loss, logits

    grad_fn = mindspore.value_and_grad(forward_fn, None, optimizer.parameters, has_aux=True)
    rng = np.random.default_rng(0)
    data = mindspore.Tensor(rng.random((16, 1, 28, 28), np.float32))
    label = mindspore.Tensor(rng.integers(0, 10, 16).astype(np.int32))
    losses = []
    for _ in range(steps):
        (loss, _), grads = grad_fn(data, label)
        optimizer(grads)
        losses.append(float(loss.asnumpy()))
    return losses


@pytest.mark.parametrize(
    "make",
    [
        lambda p: nn.SGD(p, 1e-1),
        lambda p: nn.SGD(p, 1e-1, momentum=0.9),
        lambda p: nn.Momentum(p, 3e-2, 0.9),
        lambda p: nn.Adam(p, 1e-2),
    ],
)
def test_training_reduces_the_loss_and_repeats_with_the_seed(make):
    runs = []
    for _ in range(2):
        mindspore.set_seed(1)
        model = Network()
        runs.append(loop(model, make(model.trainable_params())))
    assert runs[0] == runs[1]
    assert runs[0][-1] < 0.5 * runs[0][0]


def test_one_step_equals_numpy_by_hand():
    mindspore.set_seed(3)
    net = nn.Dense(4, 3)
    w, b = net.weight.asnumpy().copy(), net.bias.asnumpy().copy()
    x = np.random.default_rng(0).standard_normal((5, 4)).astype(np.float32)
    y = np.array([0, 2, 1, 1, 0], np.int32)
    optimizer = nn.SGD(net.trainable_params(), 0.5)
    grad_fn = mindspore.value_and_grad(
        lambda d, t: ops.cross_entropy(net(d), t), None, optimizer.parameters
    )
    loss, grads = grad_fn(mindspore.Tensor(x), mindspore.Tensor(y))
    optimizer(grads)
    z = x @ w.T + b
    p = np.exp(z - z.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    assert float(loss) == pytest.approx(-np.log(p[range(5), y]).mean(), rel=1e-6)
    p[range(5), y] -= 1
    np.testing.assert_allclose(net.weight.asnumpy(), w - 0.5 * (p.T @ x) / 5, rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(net.bias.asnumpy(), b - 0.5 * p.mean(0), rtol=1e-5, atol=1e-7)


def test_updates_in_place_never_reach_arrays_that_others_hold():
    net = nn.Dense(2, 2)
    optimizer = nn.Momentum(net.trainable_params(), 0.1, 0.9)
    grads = tuple(ops.ones_like(p) for p in net.trainable_params())
    optimizer(grads)
    held = net.weight.asnumpy()
    before = held.copy()
    optimizer(grads)
    np.testing.assert_array_equal(held, before)
    where = net.weight._value.ctypes.data
    del held
    gc.collect()
    optimizer(grads)
    assert net.weight._value.ctypes.data == where  # and alone it is updated where it stands


def test_a_recorder_sees_forward_backward_and_scopes():
    class Recorder:
        ops: list = []

        def on_op(self, prim, inputs, attrs, output):
            from mslearn.core import current_scope

            self.ops.append((prim.name, current_scope()))

    net = Network()
    optimizer = nn.SGD(net.trainable_params(), 0.1)
    recorder = Recorder()
    with observing(recorder):
        loop(net, optimizer, steps=1)
    scope = ("Default", "network-Network", "dense_relu_sequential-SequentialCell", "0-Dense")
    assert ("MatMul", scope) in recorder.ops
    assert ("MatMul", ("Gradients", *scope)) in recorder.ops


@pytest.mark.parametrize("as_graph", [False, True])
def test_training_holds_memory_flat_also_after_errors(as_graph):
    net = nn.SequentialCell(nn.Dense(8, 8), nn.ReLU(), nn.Dense(8, 2))
    optimizer = nn.Adam(net.trainable_params(), 1e-3)
    x, y = mindspore.Tensor(np.ones((4, 8), np.float32)), mindspore.Tensor([0, 1, 0, 1])
    grad_fn = mindspore.value_and_grad(
        lambda d: ops.cross_entropy(net(d), y), None, optimizer.parameters
    )

    def update(x):
        _, grads = grad_fn(x)
        optimizer(grads)

    def fail(x):
        return grad_fn(x)

    if as_graph:
        update, fail = mindspore.jit(update, fullgraph=True), mindspore.jit(fail)

    def step():
        update(x)
        with pytest.raises(ValueError):
            fail(mindspore.Tensor(np.ones((4, 5), np.float32)))

    for _ in range(50):
        step()
    assert growth(step, steps=250) < 12_500


# -- messages ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "parts"),
    [
        (
            lambda: nn.Dense(3, 4)(ops.ones((2, 5))),
            ["Dense", "in_channels = 3", "[2, 5]", "nn.Dense(5, 4)"],
        ),
        (
            lambda: nn.CrossEntropyLoss()(ops.ones((2, 5)), mindspore.Tensor([0.0, 1.0])),
            ["CrossEntropyLoss", "Int32", "float32", "astype(mslearn.int32)", "TypeCast"],
        ),
        (
            lambda: nn.CrossEntropyLoss()(ops.ones((2, 5)), ops.ones((3,), mindspore.int32)),
            ["[2, 5]", "[3]", "one class number"],
        ),
        (
            lambda: nn.CrossEntropyLoss()(
                ops.ones((2, 5)), mindspore.Tensor([0, 5], mindspore.int32)
            ),
            ["from 0 to 4", "got 5"],
        ),
        (lambda: nn.Dense(4, 2).wieght, ["wieght", "Did you mean 'weight'"]),
        (lambda: nn.Dense(4, 2)(ops.ones((1, 4), mindspore.int32)), ["Dense", "Int32", "float32"]),
        (lambda: nn.Momentum(nn.ReLU().trainable_params(), 0.1, 0.9), ["empty", "parameters"]),
        (lambda: nn.Cell()(1), ["construct", "Cell"]),
        (
            lambda: nn.SGD(nn.Dense(2, 2).trainable_params(), 0.1)((ops.ones((2, 2)),)),
            ["2 parameters", "1 gradients"],
        ),
    ],
)
def test_messages_name_operation_got_wanted_and_fix(wrong, parts):
    with pytest.raises((TypeError, ValueError, AttributeError, RuntimeError)) as info:
        wrong()
    assert all(p in str(info.value) for p in parts), str(info.value)


def test_forgotten_super_init_is_explained():
    class Bad(nn.Cell):
        def __init__(self):
            self.fc = nn.Dense(2, 2)

    with pytest.raises(AttributeError, match=r"super\(\).__init__\(\)"):
        Bad()


# -- checkpoints ---------------------------------------------------------------------------------


def test_checkpoint_round_trip(tmp_path):
    mindspore.set_seed(1)
    a, b = Network(), Network()
    file = tmp_path / "model.ckpt"
    mindspore.save_checkpoint(a, str(file), append_dict={"epoch": 3})
    found = mindspore.load_checkpoint(str(file))
    assert int(found["epoch"]) == 3
    missing, unused = mindspore.load_param_into_net(b, found)
    assert (missing, unused) == ([], ["epoch"])
    for p, q in zip(a.get_parameters(), b.get_parameters(), strict=True):
        np.testing.assert_array_equal(p.asnumpy(), q.asnumpy())
    assert not [f for f in os.listdir(tmp_path) if f != "model.ckpt"]


def test_reads_what_real_mindspore_wrote():
    """mindspore_2_10.ckpt was written by MindSpore 2.10 (tests/goldens/record_ckpt.py)."""
    found = mindspore.load_checkpoint(Path(__file__).parent / "mindspore_2_10.ckpt")
    assert {n: (str(p.dtype), p.shape) for n, p in found.items()} == {
        "weight": ("Float32", (2, 3)),
        "half": ("Float16", (2,)),
        "steps": ("Int32", ()),
        "big": ("Int64", (1,)),
        "flag": ("Bool", (2,)),
        "double": ("Float64", (1, 2)),
        "bytes": ("UInt8", (3,)),
    }
    assert found["weight"].tolist() == [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]
    assert found["steps"].tolist() == 7 and found["flag"].tolist() == [True, False]


@pytest.mark.parametrize("cut", [1, 10, 100, 1000, -1, -7])
def test_truncated_checkpoint_gives_one_clear_error(tmp_path, cut):
    file = tmp_path / "a.ckpt"
    mindspore.save_checkpoint(Network(), file)
    file.write_bytes(file.read_bytes()[:cut])
    with pytest.raises(ValueError, match=r"Failed to read the checkpoint file.*corrupted"):
        mindspore.load_checkpoint(file)


def test_hostile_bytes_never_do_more_than_raise(tmp_path):
    file = tmp_path / "a.ckpt"
    mindspore.save_checkpoint(nn.Dense(3, 2), file)
    good = bytearray(file.read_bytes())
    rng = np.random.default_rng(0)
    refused = 0
    for _ in range(500):
        bad = bytearray(good)
        for _ in range(rng.integers(1, 5)):
            bad[rng.integers(len(bad))] = rng.integers(256)
        file.write_bytes(bad)
        try:
            mindspore.load_checkpoint(file)
        except ValueError:
            refused += 1
    assert refused > 100


def test_wrong_shapes_change_nothing(tmp_path):
    file = tmp_path / "a.ckpt"
    mindspore.save_checkpoint(nn.SequentialCell(nn.Dense(3, 2), nn.Dense(4, 4)), file)
    net = nn.SequentialCell(nn.Dense(3, 2), nn.Dense(4, 5))
    before = net[0].weight.asnumpy().copy()
    with pytest.raises(RuntimeError, match=r"1.weight.*\(5, 4\).*\(4, 4\)"):
        mindspore.load_param_into_net(net, mindspore.load_checkpoint(file))
    np.testing.assert_array_equal(net[0].weight.asnumpy(), before)


def test_missing_file_is_named_with_a_near_one(tmp_path):
    mindspore.save_checkpoint(nn.Dense(2, 2), tmp_path / "model.ckpt")
    with pytest.raises(ValueError, match=r"does not exist.*Did you mean 'model.ckpt'"):
        mindspore.load_checkpoint(tmp_path / "modle.ckpt")


@pytest.mark.skipif(os.name == "nt", reason="kill -9 is a POSIX signal")
def test_killing_a_save_keeps_the_old_file(tmp_path):
    file = tmp_path / "a.ckpt"
    mindspore.save_checkpoint(nn.Dense(3, 2), file)
    old = file.read_bytes()
    code = (
        "import sys, mslearn as ms\n"
        "net = ms.nn.Dense(2000, 2000)\n"
        "print('go', flush=True)\n"
        "while True: ms.save_checkpoint(net, sys.argv[1] + '/big.ckpt')\n"
        "\n"
    )
    for _ in range(3):
        process = subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True
        )
        process.stdout.readline()
        while not (tmp_path / "big.ckpt").exists() and process.poll() is None:
            pass
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        assert mindspore.load_checkpoint(tmp_path / "big.ckpt")["weight"].shape == (2000, 2000)
    assert file.read_bytes() == old
