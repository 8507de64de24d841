"""Convolutions in blocks of channels give what the kernels give, shape by shape."""

from __future__ import annotations

import numpy as np
import onnxruntime as ort
import pytest

import mslearn as ms
from mslearn import nn, ops
from mslearn.backends import nchwc, onnx_fast
from mslearn.core.primitive import apply
from mslearn.core.tensor import Tensor
from mslearn.graph.capture import capture
from mslearn.interchange.onnx_model import onnx_model
from mslearn.ops.conv import Conv2D, Conv2DBackpropFilter, Conv2DBackpropInput

CONV, IN, OUT = (nchwc.DOMAIN + n for n in ("Conv", "ReorderInput", "ReorderOutput"))
pytestmark = pytest.mark.skipif(
    nchwc.block() == 0, reason="this processor's onnxruntime has no blocked operators"
)


def lowered(function, *arrays):
    """(what the session gives, the model's operators) for a function of tensors."""
    graph = capture(function, [Tensor(a) for a in arrays]).graph
    found = onnx_fast.Lowerings(graph)
    model = onnx_model(graph, rules=onnx_fast.RULES, lowerings=found, takes=found.takes)
    session = ort.InferenceSession(model.data)
    names = [i.name for i in session.get_inputs()]
    return session.run(None, dict(zip(names, arrays, strict=True))), model.operators


def random(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape, np.float32)


GEOMETRY = [  # image, filters, stride, padding, dilation, blocked: forward, by image, by filters
    ((16, 16, 8, 6), (32, 3, 3), 1, (1, 1, 1, 1), 1, True, True, True),
    ((16, 32, 9, 8), (16, 5, 2), 1, (2, 2, 0, 1), 1, True, True, True),
    ((16, 16, 8, 8), (32, 3, 3), 2, (1, 1, 1, 1), 1, True, True, True),
    ((16, 16, 9, 9), (16, 3, 3), 3, (0, 0, 0, 0), 1, True, True, True),
    ((16, 16, 9, 9), (16, 3, 3), 2, (0, 0, 0, 0), 1, True, False, True),  # 9 is odd
    ((16, 16, 8, 8), (16, 2, 3), 2, (0, 0, 1, 0), 1, True, True, True),
    ((16, 16, 9, 9), (16, 3, 3), 1, (2, 2, 2, 2), 2, True, True, True),
    ((16, 16, 6, 6), (16, 2, 2), 1, (3, 3, 3, 3), 1, True, False, True),  # beyond the filters
    ((4, 16, 8, 8), (16, 3, 3), 1, (1, 1, 1, 1), 1, True, True, False),  # 4 images are no block
    ((16, 3, 8, 8), (16, 3, 3), 1, (1, 1, 1, 1), 1, True, False, False),
    ((16, 6, 8, 8), (16, 3, 3), 2, (1, 1, 1, 1), 1, True, False, True),
    ((16, 16, 8, 8), (6, 3, 3), 1, (1, 1, 1, 1), 1, False, False, False),
    ((16, 24, 8, 8), (16, 3, 3), 1, (1, 1, 1, 1), 1, False, False, True),
    ((16, 16, 8, 8), (16, 1, 1), 1, (0, 0, 0, 0), 1, False, False, True),  # a plain product
]


@pytest.mark.parametrize("case", GEOMETRY, ids=str)
def test_convolution_and_its_gradients(case):
    image, (outs, *kernel), stride, pad, dilation, *blocked = case
    if nchwc.block() != 16 and 24 in image:
        blocked = [True] * 3
    x, w = random(*image), random(outs, image[1], *kernel, seed=1)
    attrs = {"stride": (stride,) * 2, "pad": pad, "dilation": (dilation,) * 2, "group": 1}
    y = Conv2D.kernel(x, w, **attrs)
    dy, by_image, by_filters = (
        random(*y.shape, seed=2),
        {**attrs, "size": image[2:]},
        {**attrs, "size": tuple(kernel)},
    )
    ways = [
        (lambda a, b: apply(Conv2D, (a, b), attrs), (x, w), y),
        (
            lambda a, b: apply(Conv2DBackpropInput, (a, b), by_image),
            (dy, w),
            Conv2DBackpropInput.kernel(dy, w, **by_image),
        ),
        (
            lambda a, b: apply(Conv2DBackpropFilter, (a, b), by_filters),
            (dy, x),
            Conv2DBackpropFilter.kernel(dy, x, **by_filters),
        ),
    ]
    for (function, arrays, wanted), expected in zip(ways, blocked, strict=True):
        (found,), operators = lowered(function, *arrays)
        np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=2e-4)
        assert (CONV in operators) == expected, operators


def test_a_block_is_what_the_runtime_reorders_to():
    size = nchwc.block()
    assert size in (8, 16)


class Block(nn.Cell):
    """Every way that values stay in blocks: bias, normalization, sums, activations, a way out."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 3, pad_mode="pad", padding=1, has_bias=True)
        self.conv2 = nn.Conv2d(16, 32, 3, 2, pad_mode="pad", padding=1)
        self.conv3 = nn.Conv2d(32, 32, 3, pad_mode="pad", padding=1)
        self.short = nn.Conv2d(16, 32, 1, 2, pad_mode="valid", has_bias=True)
        self.norms = nn.CellList([nn.BatchNorm2d(32), nn.BatchNorm2d(32)])

    def construct(self, x):
        x = ops.relu(self.conv1(x))
        y = ops.relu(self.norms[0](self.conv2(x)))
        y = self.norms[1](self.conv3(y)) + self.short(x)
        y = ops.tanh(y) * ops.sigmoid(y) + ops.relu(y) * 0.5
        return y.mean((2, 3)), (y * y).sum(), x.max()


def gradients(backend):
    ms.set_seed(2)
    net = Block().set_train()

    def loss(x):
        means, squares, most = net(x)
        return (means * means).sum() + 1e-3 * squares + most

    fn = ms.jit(ms.value_and_grad(loss, None, net.trainable_params()), backend=backend)
    value, grads = fn(ms.Tensor(random(16, 3, 8, 8) + 3))
    return fn, [value.asnumpy(), *(g.asnumpy() for g in grads), *(
        p.asnumpy() for p in net.get_parameters())]  # fmt: skip


def test_a_residual_block_agrees_and_stays_in_blocks():
    fn, found = gradients("onnxruntime")
    _, wanted = gradients("numpy")
    for a, b in zip(found, wanted, strict=True):
        np.testing.assert_allclose(a, b, rtol=2e-5, atol=2e-5 * np.abs(b).max())
    operators = fn.compilations[0].executable.model.operators
    assert "BatchNormalization" not in operators and "ConvTranspose" not in operators
    assert "Relu" in operators  # of a sum that others read, too: not within a convolution
    assert operators[OUT] <= 6, operators


def test_without_blocked_operators_the_plain_ones_are_used(monkeypatch):
    monkeypatch.setattr(onnx_fast, "block", lambda: 0)
    fn, found = gradients("onnxruntime")
    _, wanted = gradients("numpy")
    for a, b in zip(found, wanted, strict=True):
        np.testing.assert_allclose(a, b, rtol=2e-5, atol=2e-5 * np.abs(b).max())
    operators = fn.compilations[0].executable.model.operators
    assert not any(":" in kind for kind in operators)


def test_a_runtime_that_lacks_them_has_no_blocks(monkeypatch):
    class Session:
        def __init__(self, *args, **kwargs):
            raise RuntimeError("no kernel for com.microsoft.nchwc")

    monkeypatch.setattr(ort, "InferenceSession", Session)
    assert nchwc.block.__wrapped__() == 0


def test_values_of_branches_do_not_leave_them():
    """What is put into blocks within a branch has no name outside."""
    w = ms.Tensor(random(16, 16, 3, 3, seed=1))

    def step(x):
        if x.sum() > 0:
            y = ops.relu(ops.conv2d(x, w, padding=1, pad_mode="pad"))
        else:
            y = ops.conv2d(-x, w, padding=1, pad_mode="pad")
        return ops.relu(ops.conv2d(y + x, w))

    x = ms.Tensor(random(2, 16, 6, 6))
    for sign in (1, -1):
        a, b = (ms.jit(step, backend=k)(x * sign + sign) for k in ("numpy", "onnxruntime"))
        np.testing.assert_allclose(a.asnumpy(), b.asnumpy(), rtol=1e-5, atol=1e-3)
