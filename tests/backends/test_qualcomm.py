"""LeNet trains on the Hexagon NPU's emulator, with ONNX Runtime's way back to the CPU shut.

These run in a process of their own (test_emulator.py).
"""

from __future__ import annotations

import importlib
import os
import warnings

import numpy as np
import pytest

import mslearn as ms
from mslearn import insight, nn, ops
from mslearn.backends.base import BackendError
from mslearn.backends.openvino_backend import OpenVinoBackend
from mslearn.models import LeNet5

pytestmark = pytest.mark.skipif(
    "MSLEARN_EMULATOR" not in os.environ, reason="test_emulator runs it"
)
TOLERANCE = 2e-3  # of the loss; float16 has 11 bits


def losses(backend, steps=8):
    ms.set_seed(3)
    net = LeNet5()
    optimizer = nn.Momentum(net.trainable_params(), 0.05, 0.9)
    loss_fn = nn.CrossEntropyLoss()
    grad_fn = ms.value_and_grad(lambda x, y: loss_fn(net(x), y), None, optimizer.parameters)

    @ms.jit(backend=backend)
    def step(x, y):
        loss, grads = grad_fn(x, y)
        optimizer(grads)
        return loss

    x = ms.Tensor(np.random.default_rng(0).random((4, 1, 28, 28), np.float32))
    y = ms.Tensor(np.array([1, 2, 3, 4], np.int32))
    return [float(step(x, y)) for _ in range(steps)], net, step


def test_lenet_trains_as_on_the_cpu():
    found, net, step = losses("Qualcomm")
    wanted, right, _ = losses("numpy")
    assert found == pytest.approx(wanted, abs=TOLERANCE)
    assert found[-1] < found[0] - 0.2
    for a, b in zip(net.get_parameters(), right.get_parameters(), strict=True):
        np.testing.assert_allclose(a.asnumpy(), b.asnumpy(), atol=TOLERANCE, err_msg=a.name)
        assert a.dtype == ms.float32
    executable = step.compilations[0].executable
    assert [s.device for s in executable.segments] == ["Qualcomm", "CPU"]
    names = {n.prim.name for n in executable.segments[1].graph.nodes}
    assert "ApplyMomentum" in names and not names & {"Conv2D", "MatMul", "MaxPoolGrad"}
    assert "float16" in step.code and "float32" in step.code
    providers = executable.segments[0].executable.session.get_providers()
    assert providers[0] == "QNNExecutionProvider"


def test_of_an_emulator_nothing_is_predicted():
    """Its time says nothing about the chip's; the host's part has a prediction."""
    _, net, step = losses("Qualcomm", steps=1)
    before = [p.asnumpy().copy() for p in net.get_parameters()]
    view = insight.placement(step, ms.Tensor(np.ones((4, 1, 28, 28), np.float32)),
                             ms.Tensor(np.array([1, 2, 3, 4], np.int32)))  # fmt: skip
    device, host = view.scene["segments"]
    assert device["predicted"] is None and device["measured"] > 0 and host["predicted"] > 0
    assert [d["why"] for d in view.scene["devices"]] == ["emulator", ""]
    assert "an emulator's time says nothing" in view.to_svg().replace("&#x27;", "'")
    for p, value in zip(net.get_parameters(), before, strict=True):
        np.testing.assert_array_equal(p.asnumpy(), value, err_msg=p.name)


def test_the_device_names_what_it_does_not_take():
    def f(x):
        return ops.relu(ops.erf(x)) + 1

    x = ms.Tensor(np.linspace(-1, 1, 8, dtype=np.float32))
    with pytest.raises(BackendError) as caught:
        ms.jit(f, backend="Qualcomm")(x)
    text = str(caught.value)
    assert "QNNExecutionProvider" in text and "Erf" in text and "test_qualcomm.py" in text
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        found = ms.jit(f, backend="Qualcomm", fallback="cpu")(x)
    assert any("lacks them: Erf" in str(w.message) for w in said)
    np.testing.assert_allclose(found.asnumpy(), f(x).asnumpy(), atol=2e-3)


def doubled(target, **options):
    run = ms.jit(lambda a: a * 2, backend=target, **options)
    run(ms.Tensor(np.ones(3, np.float32)))
    return run.compilations[0].executable


def test_settings_reach_the_runtimes():
    made = doubled("Qualcomm", provider_options={"htp_performance_mode": "burst", "soc_model": 57})
    found = made.session.get_provider_options()["QNNExecutionProvider"]
    assert (found["htp_performance_mode"], found["soc_model"]) == ("burst", "57")
    doubled("OpenVINO-CPU", provider_options={"PERFORMANCE_HINT": "LATENCY"})
    half = doubled("OpenVINO-CPU", provider_options={"INFERENCE_PRECISION_HINT": "bf16"})
    assert half.code.startswith("OpenVINO-CPU: OpenVINO CPU, bfloat16")
    with pytest.raises(BackendError, match="NO_SUCH"):
        doubled("OpenVINO-CPU", provider_options={"NO_SUCH": 1})


@pytest.mark.parametrize(("target", "device"), [("Intel", "NPU"), ("Intel-GPU", "GPU")])
def test_openvino_says_which_devices_it_lists(target, device):
    listed = importlib.import_module("openvino").Core().available_devices
    info = OpenVinoBackend().probe(target)
    assert info.available == any(d.startswith(device) for d in listed) == (not info.hint)
    if not info.available:
        assert f"lists no {device} device (it lists {', '.join(listed)})" in info.reason


def conv(stride, pad, group):
    def f(x, w):
        return ops.conv2d(x, w, None, stride, "pad", pad, 1, group)

    square = lambda x, w: (f(x, w) ** 2).mean()  # noqa: E731
    return lambda x, w: (f(x, w), *ms.grad(square, (0, 1))(x, w))


def rand(*shape):
    return ms.Tensor(np.random.default_rng(1).standard_normal(shape).astype(np.float32))


# QNN takes each of these and gives other numbers than ONNX defines, where it is written plainly.
WRONG = {
    "depthwise, output padding": (conv(2, 1, 4), rand(2, 4, 8, 8), rand(4, 1, 3, 3)),
    "windows in the padding": (conv(1, 2, 1), rand(1, 2, 5, 5), rand(3, 2, 2, 2)),
    "overlapping means": (ms.grad(lambda x: (ops.avg_pool2d(x, 3, 2) ** 2).sum()),
                          rand(2, 2, 6, 6)),
    "numbers as bool": (lambda x: (ops.logical_and(x, x), ops.logical_not(x), x.bool().all()),
                        ms.Tensor(np.array([2, 0, -6, 1], np.int32))),
    "one channel, wide stride": (conv(3, 0, 1), rand(1, 1, 5, 5), rand(1, 1, 2, 2)),
    "padded 1x1": (conv(2, 2, 1), rand(2, 4, 5, 5), rand(4, 4, 1, 1)),
    "infinity": (lambda x: (ops.isnan(x), ops.isfinite(x)),
                 ms.Tensor(np.array([1, np.inf, np.nan], np.float32))),
    "small integers": (lambda x: x // 2 + x, ms.Tensor(np.array([7, 5, 200], np.uint8))),
}  # fmt: skip
# Its library ends the process here, or does not say which operation it means.
FATAL = {
    "no rows": (lambda x: (ops.relu(x * 2), x.sum()), rand(0, 4)),
    "writing int64": (lambda x: ops.concat((x[:1] + 1, x[1:])),
                      ms.Tensor(np.arange(4, dtype=np.int64))),
    "int64": (lambda x: (x * x, x > 1, x // 2), ms.Tensor(np.arange(4, dtype=np.int64))),
    "float64": (lambda x: x * x + 1, ms.Tensor(np.arange(4.0))),
    "complex": (lambda x: x * x, ms.Tensor(np.arange(4, dtype=np.complex64))),
    "no inputs": (lambda x: ops.ones((2,)) * 3, rand(2)),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore:.*on the host:", "ignore:.*lacks them")
@pytest.mark.parametrize("name", [*WRONG, *FATAL])
def test_nothing_is_wrong_silently(name):
    function, *args = {**WRONG, **FATAL}[name]
    found = ms.jit(function, backend="Qualcomm", fallback="cpu")(*args)
    wanted = ms.jit(function)(*args)
    several = isinstance(wanted, tuple)
    for a, b in zip(*((v if several else (v,)) for v in (found, wanted)), strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_allclose(a.asnumpy(), b.asnumpy(), rtol=5e-3, atol=5e-3)


def test_a_device_that_does_not_answer_is_not_the_operations_fault():
    options = {"backend_path": "no_such_library.so"}
    for fallback in ("error", "cpu"):
        with pytest.raises(BackendError, match="takes not even a sum of two numbers") as caught:
            doubled("Qualcomm", provider_options=options, fallback=fallback)
        assert "no_such_library.so" in str(caught.value) and not caught.value.refused
    doubled("Qualcomm")  # and the next session is none the worse


def test_two_functions_with_other_settings_do_not_mix():
    made = [
        doubled("Qualcomm", provider_options={"htp_performance_mode": mode})
        for mode in ("burst", "balanced")
    ]
    for one, mode in zip(made, ("burst", "balanced"), strict=True):
        options = one.session.get_provider_options()["QNNExecutionProvider"]
        assert options["htp_performance_mode"] == mode


def test_configure_serves_the_npu_by_any_of_its_names():
    try:
        ms.backends.configure("NPU", provider_options={"htp_performance_mode": "burst"})
        made = doubled("NPU")
        options = made.session.get_provider_options()["QNNExecutionProvider"]
        assert options["htp_performance_mode"] == "burst"
        made = doubled("Qualcomm")
        assert "htp_performance_mode" not in str(made.session.get_provider_options())
    finally:
        ms.backends.configure("NPU")
