"""Convolution, pooling and normalization layers: initial values, modes, errors, training."""

from __future__ import annotations

import copy
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import mslearn as ms
from mslearn import nn, ops
from mslearn.dataset.config import cores

X = ms.Tensor(np.random.default_rng(3).standard_normal((2, 4, 7, 6)).astype(np.float32))


@pytest.mark.parametrize(
    ("layer", "shape", "fan_in"),
    [
        (lambda: nn.Conv2d(8, 64, 3, has_bias=True), (64, 8, 3, 3), 72),
        (lambda: nn.Conv2d(8, 64, 3, group=2, has_bias=True), (64, 4, 3, 3), 36),
        (lambda: nn.Conv1d(8, 64, 5, has_bias=True), (64, 8, 1, 5), 40),
        (lambda: nn.Conv3d(8, 64, 2, has_bias=True), (64, 8, 2, 2, 2), 64),
        (lambda: nn.Conv2dTranspose(8, 64, 3, has_bias=True), (8, 64, 3, 3), 576),
        (lambda: nn.Conv2dTranspose(8, 64, 3, group=2, has_bias=True), (8, 32, 3, 3), 288),
    ],
)
def test_initial_values_are_uniform_within_one_over_the_root_of_fan_in(layer, shape, fan_in):
    ms.set_seed(1)
    cell, bound = layer(), fan_in**-0.5
    weight, bias = cell.weight.asnumpy(), cell.bias.asnumpy()
    assert weight.shape == shape
    assert bias.shape == (64,)
    assert 0.95 * bound < np.abs(weight).max() <= bound * 1.000001
    assert weight.std() == pytest.approx(bound / 3**0.5, rel=0.05)
    assert 0.8 * bound < np.abs(bias).max() <= bound * 1.000001


def small(*shape):
    return ms.Tensor(np.ones(shape, np.float32))


@pytest.mark.parametrize(
    ("run", "kind", "words"),
    [
        (lambda: nn.Conv2d(3, 6, 3)(X), ValueError, "Conv2d.*in_channels = 3.*[2, 4, 7, 6]"),
        (lambda: nn.Conv2d(4, 6, 3)(X[0]), ValueError, "Conv2d.*expand_dims"),
        (lambda: nn.Conv2d(4, 6, 9, pad_mode="valid")(X), ValueError, "does not fit"),
        (lambda: nn.Conv2d(4, 6, 3)(X.astype(ms.int32)), TypeError, "same dtype"),
        (lambda: nn.Conv2d(4, 6, 3, padding=1), ValueError, "pad_mode='pad'"),
        (lambda: nn.Conv2d(4, 6, 3, group=3), ValueError, "multiples of group"),
        (lambda: nn.Conv2d(0, 6, 3), ValueError, "in_channels"),
        (lambda: nn.Conv2d(4, 6, 3, pad_mode="some"), ValueError, "pad_mode"),
        (lambda: nn.Conv2d(4, 6, 2.5), TypeError, "kernel_size"),
        (lambda: nn.Conv2d(4, 6, (3, 3, 3)), TypeError, "kernel_size"),
        (lambda: nn.Conv2d(4, 6, 0), ValueError, "kernel_size"),
        (lambda: nn.Conv2d(4, 6, 3, stride=0), ValueError, "stride"),
        (lambda: nn.Conv2d(4, 6, 3, pad_mode="pad", padding=(1, 2)), ValueError, "padding"),
        (lambda: nn.Conv2d(4, 6, 3, pad_mode="pad", padding=-1), ValueError, "padding"),
        (lambda: nn.Conv2d(4, 6, 3, data_format="NHWC"), ValueError, "transpose"),
        (lambda: nn.Conv1d(4, 6, (3, 3)), TypeError, "kernel_size"),
        (lambda: nn.Conv1d(4, 2, 3)(X), ValueError, r"\(N, C, L\)"),
        (lambda: nn.Conv3d(4, 2, 3)(X), ValueError, r"\(N, C, D, H, W\)"),
        (lambda: nn.Conv2dTranspose(3, 2, 3)(X), RuntimeError, "in_channels = 3"),
        (lambda: nn.Conv2dTranspose(4, 6, 3, 2, "pad", 1, 2)(X), ValueError, "output_padding"),
        (lambda: nn.MaxPool2d(9)(X), ValueError, "does not fit"),
        (lambda: nn.MaxPool2d(0), ValueError, "kernel_size"),
        (lambda: nn.MaxPool2d(3, 2, return_indices=True), ValueError, "return_indices"),
        (lambda: nn.MaxPool2d(2)(small(3)), ValueError, "axes"),
        (lambda: nn.AvgPool2d(3, padding=1), ValueError, "pad_mode"),
        (lambda: ops.adaptive_avg_pool1d(small(1, 1, 9), 2), ValueError, "multiple"),
        (lambda: nn.BatchNorm2d(3)(X), ValueError, "num_features = 3"),
        (lambda: nn.BatchNorm2d(4)(small(2, 4, 3)), ValueError, r"\(N, C, H, W\)"),
        (lambda: nn.BatchNorm1d(4)(X), ValueError, r"\(N, C\)"),
        (lambda: nn.BatchNorm3d(4)(X), ValueError, "N, C, D, H, W"),
        (lambda: nn.BatchNorm2d("a"), TypeError, "num_features"),
        (lambda: nn.BatchNorm2d(0), ValueError, "num_features"),
        (lambda: nn.BatchNorm2d(4, momentum=2), ValueError, "momentum"),
        (lambda: nn.LayerNorm(4), TypeError, "normalized_shape"),
        (lambda: nn.LayerNorm([]), ValueError, "normalized_shape"),
        (lambda: nn.LayerNorm([4])(X), ValueError, "normalized_shape"),
        (lambda: nn.GroupNorm(3, 4), ValueError, "num_groups"),
        (lambda: nn.GroupNorm(2, 4)(small(2, 3, 3)), ValueError, "channels"),
        (lambda: nn.InstanceNorm2d(3)(X), ValueError, "channels"),
        (lambda: ops.conv2d(X, small(6, 2, 3, 3)), RuntimeError, "4 channels came"),
        (lambda: ops.conv2d(X, small(6, 4, 3, 3), padding=1), ValueError, "pad_mode='pad'"),
        (lambda: ops.layer_norm(X, (7,)), ValueError, "normalized_shape"),
        (lambda: ops.group_norm(X, 3), ValueError, "num_groups"),
    ],
)
def test_errors_name_operation_cause_and_fix(run, kind, words):
    with pytest.raises(kind, match=words.replace("[2, 4, 7, 6]", r"\[2, 4, 7, 6\]")):
        run()


def test_batch_norm_follows_the_mode():
    cell = nn.SequentialCell(nn.BatchNorm2d(4))
    still = cell(X).asnumpy()
    np.testing.assert_allclose(still, X.asnumpy() / np.sqrt(1 + 1e-5), rtol=1e-5)
    assert not cell[0].moving_mean.asnumpy().any()
    cell.set_train()
    own = cell(X).asnumpy()
    np.testing.assert_allclose(own.mean((0, 2, 3)), 0, atol=1e-6)
    np.testing.assert_allclose(own.std((0, 2, 3)), 1, atol=1e-4)
    np.testing.assert_allclose(
        cell[0].moving_mean.asnumpy(), 0.1 * X.asnumpy().mean((0, 2, 3)), rtol=1e-4
    )
    assert [p.name for p in cell.trainable_params()] == ["0.gamma", "0.beta"]


def test_functional_batch_norm_moves_the_statistics_once():
    mean, var = ms.Parameter(ms.ops.zeros(4), "m"), ms.Parameter(ms.ops.ones(4), "v")
    ones, zeros = ms.ops.ones(4), ms.ops.zeros(4)
    ops.batch_norm(X, mean, var, ones, zeros, True, 0.1)
    np.testing.assert_allclose(mean.asnumpy(), 0.1 * X.asnumpy().mean((0, 2, 3)), rtol=1e-4)
    unbiased = X.asnumpy().var((0, 2, 3), ddof=1)
    np.testing.assert_allclose(var.asnumpy(), 0.9 + 0.1 * unbiased, rtol=1e-5)


def test_instance_norm_and_layer_norm_against_numpy():
    x = X.asnumpy()
    own = (x - x.mean((2, 3), keepdims=True)) / np.sqrt(x.var((2, 3), keepdims=True) + 1e-5)
    np.testing.assert_allclose(nn.InstanceNorm2d(4)(X).asnumpy(), own, atol=1e-5)
    last = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-5)
    np.testing.assert_allclose(ops.layer_norm(X, (6,)).asnumpy(), last, atol=1e-5)


def test_transposed_convolution_is_the_adjoint():
    """<conv(x), y> = <x, conv_transpose(y)> with the same weight."""
    rng = np.random.default_rng(0)
    w = ms.Tensor(rng.standard_normal((6, 4, 3, 3)))
    x = ms.Tensor(rng.standard_normal((2, 4, 9, 8)))
    y = ops.conv2d(x, w, stride=2, pad_mode="pad", padding=1)
    ct = ms.Tensor(rng.standard_normal(y.shape))
    back = ops.conv_transpose2d(ct, w, stride=2, padding=1, output_padding=(0, 1))
    assert back.shape == x.shape
    assert float((y * ct).sum()) == pytest.approx(float((x * back).sum()))


class Net(nn.Cell):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3, pad_mode="valid")
        self.norm = nn.BatchNorm2d(4)
        self.pool = nn.MaxPool2d(2, 2)
        self.head = nn.Dense(4 * 3 * 3, 2)

    def construct(self, x):
        x = self.pool(ops.relu(self.norm(self.conv(x))))
        return self.head(ops.flatten(x))


def test_a_convolutional_network_learns_and_is_saved(tmp_path):
    ms.set_seed(5)
    rng = np.random.default_rng(5)
    data = rng.standard_normal((32, 1, 8, 8)).astype(np.float32)
    data[16:, 0, 2:6, 2:6] += 1.5
    label = np.repeat([0, 1], 16).astype(np.int32)
    net, loss_fn = Net().set_train(), nn.CrossEntropyLoss()
    optimizer = nn.Momentum(net.trainable_params(), 0.05, 0.9)
    step = ms.value_and_grad(lambda x, y: loss_fn(net(x), y), None, optimizer.parameters)
    losses = []
    for _ in range(25):
        loss, grads = step(ms.Tensor(data), ms.Tensor(label))
        optimizer(grads)
        losses.append(float(loss))
    assert losses[-1] < 0.2 * losses[0]
    ms.save_checkpoint(net, str(tmp_path / "net.ckpt"))
    other = Net()
    missing, _ = ms.load_param_into_net(other, ms.load_checkpoint(str(tmp_path / "net.ckpt")))
    assert not missing
    net.set_train(False)
    x = ms.Tensor(data)
    np.testing.assert_array_equal(other(x).asnumpy(), net(x).asnumpy())
    assert repr(copy.deepcopy(net)) == repr(net)


THREADS = """
import numpy as np, mslearn as ms, sys
from mslearn import ops
from mslearn.core.threads import thread_count
rng = np.random.default_rng(0)
f = lambda *s: ms.Tensor(rng.standard_normal(s).astype(np.float32))
x, w = f(13, 16, 32, 32), f(16, 16, 3, 3)
def run(x, w):
    y = ops.conv2d(x, w, pad_mode="same")
    y = ops.batch_norm(y, None, None, None, None, True)
    return (ops.avg_pool2d(ops.max_pool2d(y, 2), 2, 2) * 1.5).sum((0, 2, 3))
each = ms.Tensor(np.arange(16, dtype=np.float32))
out, (gx, gw) = run(x, w), ms.grad(lambda x, w: run(x, w) * each, (0, 1))(x, w)
np.savez(sys.argv[1], out.asnumpy(), gx.asnumpy(), gw.asnumpy(), thread_count())
"""


def test_two_threads_give_the_numbers_of_one(tmp_path):
    found = []
    for threads in (1, 2):
        file = str(tmp_path / f"{threads}.npz")
        env = dict(os.environ, MSLEARN_NUM_THREADS=str(threads))
        env["PYTHONPATH"] = str(Path(__file__).parents[2])
        subprocess.run([sys.executable, "-c", THREADS, file], check=True, env=env)
        found.append(list(np.load(file).values()))
    assert (found[0].pop(), found[1].pop()) == (1, 2) or cores() == 1
    for one, two in zip(*found, strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-3, atol=1e-3)
