"""Branches and loops in ONNX Runtime: nested, many values, scans, no rounds, gradients."""

from __future__ import annotations

import warnings

import numpy as np
import onnx
import pytest
from export.control_nets import derived, inputs
from export.record_mindspore import flat
from export.test_onnx_ops import session

import mslearn as ms
from mslearn import nn, ops


def if_in_while_in_if(x):
    if x[0] > 0:
        n = x.sum() * 0
        while n < 4:
            if x.max() > 2:
                if x.min() < 0:
                    x = x * 0.5
                    x = x + n
                else:
                    x = x - 1
            else:
                m = n
                while m < 6:
                    x = x * 1.25
                    m = m + 2
            n = n + 1
    else:
        x = -x
    return x


def many_values_of_many_kinds(x):
    total, count, best = ops.zeros((2, 2)), 0, x.max()
    flag, last, half = x.sum() > 0, x, x.astype(ms.float16)
    state = {"a": x * 2, "b": [x[0], ops.ones((3,), ms.int32)]}
    while count < x.sum():
        total = total + best
        count = count + 1
        best = ops.maximum(best, last.sum())
        flag = ops.logical_not(flag)
        last = x / (count + 1)
        half = half * 0.5
        state["a"] = state["a"] + last
        state["b"][1] = state["b"][1] + count
    return total, count, best, flag, last, half, state["a"], state["b"][0], state["b"][1]


def swapped(x):
    """What is carried changes places, so that no value may be overwritten before it is read."""
    a, b, c = x, x * 2, x * 3
    while a.sum() < 50:
        a, b, c = b, c + 1, a + b
    return a, b, c


def outer_value(x):
    y, z = x * 3, x + 1
    if x.sum() > 0:
        out, other = y, z
    else:
        out, other = z, x
    return out, other, y


def constant_branch(x):
    if x.sum() > 0:
        out = ops.ones((3,))
        k = 1
    else:
        out = x
        k = 2
    return out, k


def never_entered(x):
    turns, seen = 0, x * 0
    while x.sum() > 1e6:
        x = x * 2
        seen = seen + x
        turns = turns + 1
    return x, seen, turns


def scanned(x):
    def cell(h, row):
        h = ops.tanh(h * 0.5 + row)
        return h, h * 2

    rows = ops.stack([x, x + 1, x - 1, x * 2])
    return ops.scan(cell, ops.zeros((3,)), rows, unroll=False)


def looped(x):
    y = ops.while_loop(lambda v: v.sum() < 30, lambda v: v * 1.5 + 1, x * x)
    return ops.fori_loop(0, ops.cast(x[0] + 6, ms.int32), lambda i, v: v + i, y, False)


def with_break(x):
    n = x.sum() * 0
    while n < 8:
        n = n + 1
        if x.sum() > 20:
            break
        if n % 2 == 0:
            continue
        x = x * 2
    return x, n


def counted(x):
    n = ops.cast(x[0] + 5, ms.int32)
    for i in range(n):
        x = x + i
        x[1] = x[1] - 1
    return x


class Recurrent(nn.Cell):
    """Weights inside of a loop, and in one branch only."""

    def __init__(self):
        super().__init__()
        self.step, self.out = nn.Dense(3, 3), nn.Dense(3, 2)
        self.norm = nn.LayerNorm((3,))

    def construct(self, x):
        h, n = x.reshape((1, 3)), x.sum() * 0
        while n < 3:
            h = ops.tanh(self.step(h))
            n = n + 1
        h = self.norm(h) if x[0] > 0 else h
        return self.out(h)


FUNCTIONS = (
    if_in_while_in_if, many_values_of_many_kinds, swapped, outer_value, constant_branch,
    never_entered, scanned, looped, with_break, counted, Recurrent(),
)  # fmt: skip
ROWS = ([1.0, 2.0, 3.5], [-4.0, 1.0, 0.5], [0.25, -0.5, 2.5], [0.0, 0.0, 0.0])


def name_of(function):
    return getattr(function, "__name__", type(function).__name__)


def exported(function, example, path):
    ms.export(function, ms.Tensor(example), file_name=path / "f", file_format="ONNX")
    data = (path / "f.onnx").read_bytes()
    onnx.checker.check_model(data, full_check=True)
    return session(data)


def check(run, function, x):
    found, wanted = run.run(None, {"x": x}), flat(function(ms.Tensor(x)))
    for f, w in zip(found, wanted, strict=True):
        w = np.asarray(w.asnumpy() if isinstance(w, ms.Tensor) else w)
        assert f.shape == w.shape and (f.dtype == w.dtype or w.dtype == np.int64)
        np.testing.assert_allclose(f, w, rtol=2e-6, atol=2e-6)


@pytest.mark.parametrize("function", FUNCTIONS, ids=name_of)
def test_onnxruntime_goes_every_way(function, tmp_path):
    run = exported(function, np.asarray(ROWS[0], np.float32), tmp_path)
    for row in ROWS:
        check(run, function, np.asarray(row, np.float32))


@pytest.mark.parametrize("name", [n for n in derived(ms) if n.startswith("grad")])
def test_gradients_of_loops(name, tmp_path):
    function = derived(ms)[name]
    run = exported(function, inputs()[0], tmp_path)
    for x in inputs():
        check(run, function, x)


@pytest.mark.parametrize("function", [swapped, never_entered, with_break, counted], ids=name_of)
def test_gradients_of_these_loops(function, tmp_path):
    slope = ms.grad(lambda x: flat(function(x))[0].sum())
    run = exported(slope, np.asarray(ROWS[0], np.float32), tmp_path)
    for row in ROWS:
        check(run, slope, np.asarray(row, np.float32))


def test_a_free_batch_runs_through_branches_and_loops(tmp_path):
    def halved(x):
        while x.max() > 1:
            x = x * 0.25 if x.min() < -1 else x / 2
        return x, x.sum(1)

    free = ms.Tensor(shape=[None, 3], dtype=ms.float32)
    ms.export(halved, free, file_name=tmp_path / "f", file_format="ONNX")
    run = session((tmp_path / "f.onnx").read_bytes())
    for n in (1, 2, 5):
        x = np.linspace(-3, 5, 3 * n, dtype=np.float32).reshape(n, 3)
        check(run, halved, x)


def test_a_training_step_with_a_loop_runs_on_onnxruntime():
    net = Recurrent()
    optimizer = nn.SGD(net.trainable_params(), 0.1)
    loss = ms.value_and_grad(lambda x: (net(x) ** 2).sum(), None, optimizer.parameters)

    def step(x):
        value, grads = loss(x)
        optimizer(grads)
        return value

    start = [p.asnumpy().copy() for p in net.trainable_params()]
    x = ms.Tensor(ROWS[0])
    curves = []
    for target in ("", "ONNX-CPU"):
        for p, array in zip(net.trainable_params(), start, strict=True):
            p.set_data(ms.Tensor(array))
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # it would say that it runs elsewhere
            jitted = ms.jit(step, backend=target)
            curves.append([float(jitted(x)) for _ in range(5)])
    assert curves[0][-1] < curves[0][0] / 2
    np.testing.assert_allclose(curves[1], curves[0], rtol=1e-5, atol=1e-8)
