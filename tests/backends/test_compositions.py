"""Compositions that random programs found wrong, as small as they could be made, and a few of the
random programs themselves (`random_programs`): every runtime computes what eager code computes."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from backends import random_programs
from backends.test_arrays import OnNumpy
from backends.test_mindspore import OurReader

import mslearn as ms
from mslearn import nn, ops
from mslearn.backends import BackendError, registry
from mslearn.core.random import set_seed

T = ms.Tensor
STAND_INS = {"arrays": OnNumpy, "our-reader": OurReader}
TARGETS = ["numpy", "onnxruntime", "openvino", *STAND_INS]


@pytest.fixture(autouse=True)
def stand_ins(monkeypatch):
    class Point:
        def __init__(self, name):
            self.name = name

        def load(self):
            return STAND_INS[self.name]

    for package in ("onnxruntime", "openvino"):
        pytest.importorskip(package)
    monkeypatch.setattr(registry, "entry_points", lambda group: [Point(n) for n in STAND_INS])
    registry.backend.cache_clear()
    yield
    registry.backend.cache_clear()


def same(found, wanted, tolerance=2e-5):
    """Equal shapes and dtypes, and numbers as close as float32 allows."""
    if isinstance(wanted, tuple | list):
        assert len(found) == len(wanted)
        for pair in zip(found, wanted, strict=True):
            same(*pair, tolerance)
        return
    found, wanted = found.asnumpy(), wanted.asnumpy()
    assert (found.dtype, found.shape) == (wanted.dtype, wanted.shape)
    tolerance = 4e-3 if wanted.dtype == np.float16 else tolerance
    np.testing.assert_allclose(found, wanted, rtol=tolerance, atol=tolerance)


def array(*shape, kind="f4"):
    return T(np.random.default_rng(1).standard_normal(shape).astype(kind))


X, V, SQUARE = array(3, 4), array(5), array(4, 4)
PLACES = T(np.array([2, 0, 2], np.int32))
FILTERS = array(2, 2, 3)
MASK = T(np.array([True, False, True]))
NOTHING = T(np.zeros((0, 3), np.float32))


def written(x, i):
    y = x * 1
    y[1:, i] = 2.0
    y[None, i, ..., 0] = x[0, :3].reshape(3, 1)
    return y


def written_number(v):
    one = v[1] * 1
    one[...] = 7
    return one, v.max() * 2


def written_with_nothing(x):
    y = x * 1
    y[-1, -6::-1] = 0
    return y


def collatz(n, x):
    while n > 1:
        if n % 2 == 0:
            n, x = n // 2, ops.tanh(x)
        else:
            n, x = 3 * n + 1, x * x + x[0]
    return x.sum()


def short(a):
    return (a + a, a * a, a - a * 2, -a, ops.abs(a), a**2, a.max(), a.argmin(), ops.cumsum(a, 0),
            ops.relu(a), ops.pad(a, (1, 1)), ops.where(a > 2, a, a + 1), a @ a.reshape(4, 1),
            ops.clamp(a, 1, 3), (a.astype(ms.int32) * 3).astype(a.dtype), a * 2 > a)  # fmt: skip


def grad(function):
    return ms.value_and_grad(lambda x: ops.tanh(function(x)).sum(), 0)


WHOLE = ()
NEEDS_ELEMENTS = ("openvino", "our-reader")
CASES = {
    "written at tensors among slices": (written, (X, PLACES), WHOLE),
    "read at tensors among slices": (grad(lambda x: x[1:, PLACES]), (X,), WHOLE),
    "read at tensors around a new axis": (grad(lambda x: x[None, PLACES, None, 1]), (X,), WHOLE),
    "a place that is one number": (lambda x: (x[T(-1), 1:], x[T(0), T(-2)]), (X,), WHOLE),
    "read by a known mask": (grad(lambda x: x[MASK, None, 1:] * x[MASK][:, :1]), (X,), WHOLE),
    "segments": (lambda x, i: ops.unsorted_segment_sum(x, i - 1, 2), (X, PLACES), WHOLE),
    "shifted bits": (
        lambda i: (ops.bitwise_left_shift(i, 2), ops.bitwise_right_shift(i - 5, 1)), (PLACES,),
        WHOLE,
    ),
    "places in eight bits": (lambda x, i: x[i], (X, T(np.array([0, 2], np.int8))), WHOLE),
    "the place in one number": (lambda x: (x[0, 0].argmax(), x[0, 0].argmin()), (X,), WHOLE),
    "half precision added up": (
        lambda x, i: ops.tensor_scatter_add(x, i.reshape(-1, 1), ops.ones((3, 4), x.dtype)),
        (X.astype(ms.float16), PLACES), WHOLE,
    ),
    "half precision is finite": (
        ops.isfinite, (T(np.array([1, np.inf, np.nan], np.float16)),), WHOLE,
    ),
    "integers are finite": (lambda i: (ops.isnan(i), ops.isinf(i)), (PLACES,), WHOLE),
    "bytes": (short, (T(np.array([200, 100, 3, 0], np.uint8)),), WHOLE),
    "signed bytes": (short, (T(np.array([100, -128, 127, 5], np.int8)),), WHOLE),
    "sixteen bits": (short, (T(np.array([300, -3, 127, 5], np.int16)),), WHOLE),
    "relu of long integers": (ops.relu, (PLACES.astype(ms.int64) - 1,), WHOLE),
    "truth chosen": (lambda x: ops.where(x > 0, x > 1, x < -1), (X,), WHOLE),
    "integers to negative powers": (lambda i: i ** (1 - i), (PLACES + 1,), WHOLE),
    "bits": (lambda i: (i & 3, i | 4, i ^ 1), (PLACES,), ("onnxruntime", "openvino", "our-reader")),
    "a number written to": (written_number, (V,), WHOLE),
    "written to a slice that holds nothing": (written_with_nothing, (X,), WHOLE),
    "a slice that holds nothing": (lambda x: (x + 1, x[-5::-1]), (X,), NEEDS_ELEMENTS),
    "the mean of nothing": (lambda x: x.mean(), (NOTHING,), NEEDS_ELEMENTS),
    "a product over nothing": (
        lambda x: (ops.matmul(x.T, x), ops.softmax(x), nn.LayerNorm((3,))(x)), (NOTHING,),
        NEEDS_ELEMENTS,
    ),
    "all and any of nothing": (
        lambda x: ((x > 0).all(), (x > 0).any(0), (x + 1).any()), (NOTHING,), NEEDS_ELEMENTS,
    ),
    "constants without elements": (lambda x: (x + 1, ops.ones((0, 2))), (X,), WHOLE),
    "equal numbers in order": (ops.sort, (T(np.ones((2, 40), np.float32)),), WHOLE),
    "running extremes of long integers": (
        lambda i: (ops.cummax(i, 0), ops.cummin(i, 0)), (PLACES.astype(ms.int64) - 5,), WHOLE,
    ),
    "a square constant, turned in the gradient": (grad(lambda x: x @ SQUARE), (X,), WHOLE),
    "constant filters, turned in the gradient": (
        grad(lambda x: ops.conv1d(x, FILTERS, pad_mode="pad", padding=1, stride=3)),
        (array(1, 2, 2),), WHOLE,
    ),
    "a product of vectors": (grad(lambda v: ops.matmul(v, v)), (V,), WHOLE),
    "a pooling of what was padded": (
        lambda x: ops.avg_pool2d(ops.pad(x, (1, 0, 2, 1)), 2, 1), (array(1, 2, 4, 4),), WHOLE,
    ),
    "branches in a loop": (collatz, (T(6, ms.int32), V), WHOLE),
    "the gradient of branches in a loop": (
        lambda n, x: ms.value_and_grad(collatz, 1)(n, x), (T(6, ms.int32), V), WHOLE,
    ),
}  # fmt: skip


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("name", CASES)
@pytest.mark.filterwarnings("ignore:Mean of empty slice", "ignore:invalid value")
def test_runtimes_compute_what_eager_code_computes(name, target):
    function, args, refused = CASES[name]
    if target in refused:
        with pytest.raises(BackendError, match=r"no elements|cannot be written"):
            ms.jit(function, backend=target)(*args)
        return
    found = ms.jit(function, backend=target)(*args)
    same(found, function(*args))


def test_openvino_says_where_its_integers_end():
    many = T(np.array([1 << 40], np.int64))
    with pytest.raises(BackendError, match="only up to 16777216"):
        ms.jit(lambda a: a + 1, backend="openvino")(many)
    with pytest.raises(BackendError, match="only up to 16777216") as caught:
        ms.jit(lambda a: a + many, backend="openvino")(PLACES)
    assert [n.prim.name for n in caught.value.refused] == ["Add"]


class Assigned(nn.Cell):
    """MindSpore's gradients: a Parameter's new value is where they end."""

    def __init__(self, way):
        super().__init__()
        self.way = way
        self.mean = ms.Parameter(ops.zeros((2,)), name="mean", requires_grad=False)

    def construct(self, x):
        if self.way == "index":
            self.mean[0] = x.mean()
        elif self.way == "add":
            ops.assign_add(self.mean, x.mean(0))
        elif self.way == "attribute":
            self.mean = x.mean(0)
        else:
            ops.assign(self.mean, x.mean(0))
        return (x * self.mean).sum()


@pytest.mark.parametrize("target", [None, *TARGETS])
@pytest.mark.parametrize(("way", "mean"), [
    ("index", [2.75, 0.0]), ("add", [2.0, 3.5]), ("attribute", [2.0, 3.5]), ("assign", [2.0, 3.5])
])  # fmt: skip
def test_no_gradient_goes_through_a_parameters_new_value(way, mean, target):
    """The numbers are those of MindSpore 2.10 (PyNative)."""
    net, x = Assigned(way), T(np.array([[1.0, 2], [3, 5]], np.float32))
    run = ms.value_and_grad(net, 0)
    value, slope = (run if target is None else ms.jit(run, backend=target))(x)
    assert float(value) == sum(a * b for a, b in zip(mean, (4, 7), strict=True))
    np.testing.assert_allclose(slope.asnumpy(), [mean, mean], rtol=1e-6)
    np.testing.assert_allclose(net.mean.asnumpy(), mean, rtol=1e-6)


class Attentive(nn.Cell):
    def __init__(self):
        super().__init__()
        self.first, self.attention = nn.Dense(4, 4), nn.MultiheadAttention(4, 1, batch_first=True)

    def construct(self, x):
        x = self.first(x)
        return (x + self.attention(x, x, x)[0]).reshape(1, -1)


@pytest.mark.parametrize("target", TARGETS)
def test_a_layer_before_attention_is_trained(target):
    """A compiler that joins operators may give up on it (OpenVINO's did, at batch 1)."""
    results = []
    for where in (None, target):
        set_seed(3)
        net = Attentive()
        optimizer = nn.SGD(net.trainable_params(), 0.1)
        run = ms.value_and_grad(lambda x, net=net: net(x).sum(), None, optimizer.parameters)

        def step(x, run=run, optimizer=optimizer):
            loss, grads = run(x)
            optimizer(grads)
            return loss

        step = step if where is None else ms.jit(step, backend=where)
        losses = [step(array(1, 4, 4)) for _ in range(2)]
        results.append((losses, net.trainable_params()))
    same(*results)


@pytest.mark.parametrize("seed", range(random_programs.COUNT))
def test_random_programs(seed, tmp_path):
    """Outputs and gradients; what a runtime lacks runs on the CPU, in parts."""
    program, args, floats = random_programs.program(seed, tmp_path)
    run = ms.value_and_grad(program, floats, has_aux=True)
    set_seed(1)
    wanted = run(*args)
    for target in TARGETS:
        set_seed(1)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*On the host for")
            found = ms.jit(run, backend=target, fallback="cpu")(*args)
        same(found, wanted, 2e-4)
