"""The fast lowerings for ONNX Runtime's CPU give what the kernels give, shape by shape."""

from __future__ import annotations

import numpy as np
import onnxruntime as ort
import pytest

import mslearn as ms
from mslearn import nn, ops
from mslearn.backends import conformance, onnx_fast
from mslearn.core.primitive import apply
from mslearn.core.tensor import Tensor
from mslearn.graph.capture import capture
from mslearn.interchange.onnx_model import onnx_model
from mslearn.ops.conv import Conv2DBackpropFilter
from mslearn.ops.normalization import BatchNorm, BatchNormGrad
from mslearn.ops.pool import MaxPool, MaxPoolGrad


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


@pytest.mark.parametrize(
    ("image", "outs", "kernel", "stride", "pad", "way"),
    [
        ((2, 1, 12, 12), 3, (5, 5), (1, 1), (0, 0, 0, 0), "rows"),
        ((2, 3, 9, 8), 4, (1, 4), (1, 1), (0, 0, 1, 1), "columns"),
        ((2, 3, 9, 8), 4, (3, 3), (2, 2), (1, 1, 1, 1), "columns"),
        ((2, 3, 9, 8), 4, (3, 2), (2, 1), (1, 0, 0, 1), "columns"),
        ((2, 4, 8, 8), 5, (1, 1), (2, 2), (0, 0, 0, 0), "columns"),
        ((1, 16, 24, 22), 3, (3, 3), (1, 1), (1, 1, 1, 1), "rows"),
        ((1, 9, 20, 30), 2, (5, 3), (1, 1), (2, 1, 0, 1), "rows"),
        ((1, 128, 24, 24), 2, (1, 1), (1, 1), (0, 0, 0, 0), "columns"),
        ((2, 3, 9, 7), 4, (3, 1), (1, 1), (1, 1, 0, 0), "rows"),
        ((2, 3, 2, 5), 4, (7, 3), (1, 1), (4, 4, 2, 1), "rows"),
    ],
)
def test_the_gradient_by_the_filters(image, outs, kernel, stride, pad, way):
    space = [
        (n + a + b - k) // s + 1
        for n, a, b, k, s in zip(image[2:], pad[::2], pad[1::2], kernel, stride, strict=True)
    ]
    x, dy = random(*image), random(image[0], outs, *space, seed=1)
    attrs = {"size": kernel, "stride": stride, "pad": pad, "dilation": (1, 1), "group": 1}
    (found,), operators = lowered(lambda a, b: apply(Conv2DBackpropFilter, (a, b), attrs), dy, x)
    wanted = Conv2DBackpropFilter.kernel(dy, x, **attrs)
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-4)
    assert "Conv" not in operators
    assert (operators["MatMul"] > 1) == (way == "rows")


def test_groups_and_dilation_take_the_portable_way():
    x, dy = random(2, 4, 9, 9), random(2, 4, 5, 5, seed=1)
    attrs = {"size": (3, 3), "stride": (1, 1), "pad": (0, 0, 0, 0), "dilation": (2, 2), "group": 2}
    (found,), operators = lowered(lambda a, b: apply(Conv2DBackpropFilter, (a, b), attrs), dy, x)
    np.testing.assert_allclose(found, Conv2DBackpropFilter.kernel(dy, x, **attrs), atol=1e-4)
    assert "Conv" in operators


@pytest.mark.parametrize(
    ("shape", "kernel", "by"),
    [((2, 3, 8, 6), 2, "Split"), ((2, 2, 9, 9), 3, "MaxUnpool"), ((2, 2, 7, 5), 2, "MaxUnpool")],
)
def test_pooling_and_its_gradient_choose_the_first_of_equals(shape, kernel, by):
    x = np.round(random(*shape))  # many equal numbers
    x[x == 0] = 0  # no negative zeros
    sizes = [n // kernel for n in shape[2:]]
    dy = random(*shape[:2], *sizes, seed=1)
    attrs = {
        "kernel_size": (kernel, kernel), "strides": (kernel, kernel), "pad": (0, 0, 0, 0),
        "dilation": (1, 1),
    }  # fmt: skip

    def both(a, b):
        y = apply(MaxPool, (a,), attrs)
        return y, apply(MaxPoolGrad, (a, y, b), attrs)

    (y, dx), operators = lowered(both, x, dy)
    wanted = MaxPool.kernel(x, **attrs)
    np.testing.assert_array_equal(y, wanted)
    np.testing.assert_array_equal(dx, MaxPoolGrad.kernel(x, wanted, dy, **attrs))
    assert by in operators


def test_normalization_and_its_gradient_with_several_of_them():
    x, scale, bias, dy = (
        random(8, 4, 5, 5) * 2 + 3,
        random(4, seed=1),
        random(4, seed=2),
        random(8, 4, 5, 5, seed=3),
    )
    attrs = {"axis": None, "epsilon": 1e-5}

    def both(a, s, b, d):
        first = apply(BatchNorm, (a, s, b), attrs)
        second = apply(BatchNorm, (a + a, s, b), attrs)  # the operator's memory is not shared
        return (*first, *second, *apply(BatchNormGrad, (d, a, s), attrs))

    found, operators = lowered(both, x, scale, bias, dy)
    wanted = [
        *BatchNorm.kernel(x, scale, bias, **attrs), *BatchNorm.kernel(x + x, scale, bias, **attrs),
        *BatchNormGrad.kernel(dy, x, scale, **attrs),
    ]  # fmt: skip
    for a, b in zip(found, wanted, strict=True):
        np.testing.assert_allclose(a, b, rtol=2e-5, atol=2e-5)
    assert operators["BatchNormalization"] == 2


def step_of(nesterov=False):
    net = nn.Dense(6, 5, weight_init=ms.Tensor(random(5, 6)), bias_init="zeros")
    optimizer = nn.Momentum(net.trainable_params(), 0.01, 0.9, use_nesterov=nesterov)
    grad_fn = ms.value_and_grad(lambda x: (net(x) ** 2).sum(), None, optimizer.parameters)

    def step(x):
        loss, grads = grad_fn(x)
        optimizer(grads)
        return loss

    return step, net, optimizer


@pytest.mark.parametrize("nesterov", [False, True])
def test_a_changed_momentum_makes_the_model_anew(nesterov):
    x = ms.Tensor(random(4, 6, seed=4))
    weights = []
    for backend in ("numpy", "onnxruntime"):
        step, net, optimizer = step_of(nesterov)
        jitted = ms.jit(step, backend=backend)
        for momentum in (0.9, 0.9, 0.5, 0.5):
            optimizer.momentum.set_data(ms.Tensor(np.float32(momentum)))
            jitted(x)
        assert len(jitted.compilations) == 1
        weights.append(net.weight.asnumpy())
    np.testing.assert_allclose(weights[1], weights[0], rtol=1e-5)


def test_arrays_are_bound_once_and_change_places():
    x, y = conformance._data((8, 12))
    one = conformance.Training(conformance._mlp, "onnxruntime", False)
    weight = one.net.trainable_params()[0]
    one.step(x, y)
    seen = []
    for _ in range(6):
        one.step(x, y)
        seen.append(weight._value.__array_interface__["data"][0])
    assert len(set(seen)) == 2 and seen[0] == seen[2] == seen[4]
    held = weight.asnumpy()  # from now on this array is the holder's
    copy = held.copy()
    for _ in range(4):
        one.step(x, y)
    np.testing.assert_array_equal(held, copy)
    assert weight._value is not held


def test_keys_are_drawn_in_the_graphs_order():
    def noise(x):
        first = ops.standard_normal((4,))
        return x + first * 0, ops.standard_normal((4,))

    found = []
    for backend in ("numpy", "onnxruntime"):
        ms.set_seed(3)
        _, second = ms.jit(noise, backend=backend)(ms.ops.zeros((4,)))
        found.append((second.asnumpy().tolist(), ops.standard_normal((2,)).asnumpy().tolist()))
    assert found[0] == found[1]
