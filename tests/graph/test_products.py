"""Sums and products into place: right for every layout, and joined in graphs where they may be."""

from __future__ import annotations

import numpy as np
import pytest

import mslearn as ms
from mslearn import nn, ops
from mslearn.ops import blas

LAYOUTS = {
    "rows": np.ascontiguousarray,
    "columns": np.asfortranarray,
    "gaps": lambda a: np.repeat(a, 2, 1)[:, ::2],
    "backwards": lambda a: np.ascontiguousarray(a[::-1])[::-1],
}
KINDS = [np.float32, np.float64, np.float16]


@pytest.fixture(params=["BLAS", "NumPy"], autouse=True)
def library(request, monkeypatch):
    """Both ways: by BLAS where NumPy brings one that is known, and by NumPy's own operations."""
    if request.param == "NumPy":
        monkeypatch.setattr(blas, "_routine", lambda name, dtype: None)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [(3, 4), (0, 4), (), (90, 70)])
def test_sums_into_place(kind, size):
    rng = np.random.default_rng(0)
    y, x = (rng.standard_normal(size).astype(kind) for _ in range(2))
    y, x = np.asarray(y), np.asarray(x)
    for beta, alpha in [(0.9, 1.0), (1.0, -0.5), (0.0, 2.0)]:
        want = kind(beta) * y + kind(alpha) * x
        for given in (x, np.asfortranarray(x), x.reshape(-1)):
            held = y.copy()
            blas.add_into(held, beta, given, alpha)
            np.testing.assert_allclose(held, want, rtol=1e-6 if kind != np.float16 else 2e-3,
                                       atol=1e-6 if kind != np.float16 else 2e-3)  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "sizes", [(3, 4, 5), (1, 1, 1), (1, 7, 1), (0, 3, 2), (2, 0, 3), (70, 9, 80)]
)
def test_products_into_place(kind, sizes):
    m, k, n = sizes
    rng = np.random.default_rng(1)
    x, y, c = (rng.standard_normal(s).astype(kind) for s in ((m, k), (k, n), (m, n)))
    tolerance = {np.float16: 2e-2, np.float32: 1e-5, np.float64: 1e-12}[kind]
    for to_x in LAYOUTS.values():
        for to_y in LAYOUTS.values():
            held = c.copy()
            blas.product_into(held, 0.9, to_x(x), to_y(y), 0.5)
            want = 0.9 * c.astype(float) + 0.5 * (x.astype(float) @ y.astype(float))
            np.testing.assert_allclose(held, want, rtol=tolerance, atol=tolerance)


def test_what_does_not_fit_is_refused_before_anything_is_written():
    held = np.ones((90, 70), np.float32)
    with pytest.raises(ValueError, match="reshape"):
        blas.add_into(held, 0.5, np.ones((90, 69), np.float32))
    with pytest.raises(ValueError, match="mismatch"):
        blas.product_into(held, 0.5, np.ones((90, 3), np.float32), np.ones((4, 70), np.float32))
    with pytest.raises(ValueError, match="reshape"):
        blas.product_into(held, 0.5, np.ones((90, 3), np.float32), np.ones((3, 60), np.float32))
    assert (held == 1).all()
    held.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        blas.add_into(held, 0.5, held)


def trained(jitted, kind=nn.Momentum, **options):
    """The weights and the losses of four steps, and the step."""
    rng = np.random.default_rng(2)
    net = nn.SequentialCell(nn.Dense(200, 130), nn.ReLU(), nn.Dense(130, 140), nn.Dense(140, 3))
    for p in net.trainable_params():
        p.set_data(ms.Tensor(rng.standard_normal(p.shape).astype(np.float32) / 12))
    optimizer = kind(net.trainable_params(), 0.005, **options)
    run = ms.value_and_grad(lambda x, y: ((net(x) - y) ** 2).mean(), None, optimizer.parameters)

    def step(x, y):
        loss, grads = run(x, y)
        optimizer(grads)
        return loss

    run_step = ms.jit(step) if jitted else step
    x, y = (ms.Tensor(rng.standard_normal(s).astype(np.float32)) for s in ((16, 200), (16, 3)))
    losses = [float(run_step(x, y)) for _ in range(4)]
    return losses, [p.asnumpy() for p in net.trainable_params()], run_step


@pytest.mark.parametrize(
    ("kind", "options", "joined"),
    [
        (nn.Momentum, {"momentum": 0.9}, "MatMulApplyMomentum"),
        (nn.Momentum, {"momentum": 0.9, "weight_decay": 0.1}, ""),
        (nn.Momentum, {"momentum": 0.9, "use_nesterov": True}, ""),
        (nn.Momentum, {"momentum": 0.9, "loss_scale": 2.0}, ""),
        (nn.SGD, {}, "MatMulSGD"),
        (nn.SGD, {"momentum": 0.9}, "MatMulSGD"),
        (nn.SGD, {"momentum": 0.9, "dampening": 0.3}, "MatMulSGD"),
        (nn.SGD, {"momentum": 0.9, "nesterov": True}, ""),
        (nn.SGD, {"weight_decay": 0.1}, ""),
    ],
)
def test_optimizers_take_products_where_nothing_else_reads_them(kind, options, joined):
    losses, weights, _ = trained(False, kind, **options)
    got, found, step = trained(True, kind, **options)
    # The last layer's gradient is too small to be worth it.
    assert step.code.count("= MatMul") == (2 if joined else 0)
    assert step.code.count(f"= {joined}(") == (2 if joined else 0)
    overwritten = step.compilations[-1].executable._overwritten
    assert len(overwritten) >= 12  # six weights and biases, with a state or two each
    assert all(p._value.flags.owndata for p in overwritten)
    np.testing.assert_allclose(got, losses, rtol=1e-6)
    for a, b in zip(found, weights, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_arrays_that_somebody_holds_are_not_overwritten():
    weight = ms.Parameter(ops.ones((130, 140)))
    optimizer = nn.Momentum([weight], 0.1, 0.9)
    run = ms.value_and_grad(lambda x: ops.matmul(x, weight).sum(), None, optimizer.parameters)

    @ms.jit
    def step(x):
        loss, grads = run(x)
        optimizer(grads)
        return loss

    step(ops.ones((4, 130)))
    assert "MatMulApplyMomentum" in step.code
    held = weight.asnumpy()
    copied = held.copy()
    step(ops.ones((4, 130)))
    np.testing.assert_array_equal(held, copied)
    np.testing.assert_allclose(weight.asnumpy(), copied - 0.1 * 1.9 * 4, rtol=1e-5)


@pytest.mark.parametrize("kind", [nn.SGD, lambda p, lr: nn.Momentum(p, lr, 0.0)])
def test_a_weight_that_its_own_gradient_reads_is_not_overwritten_too_early(kind):
    def run(jitted):
        rng = np.random.default_rng(3)
        w = ms.Parameter(ms.Tensor(rng.standard_normal((140, 130)).astype(np.float32)))
        a = ms.Tensor(rng.standard_normal((140, 140)).astype(np.float32))
        optimizer = kind([w], 1e-3)
        grad = ms.value_and_grad(lambda a: (ops.matmul(a, w) * w).sum(), None, optimizer.parameters)

        def step(a):
            loss, grads = grad(a)
            optimizer(grads)
            return loss

        step = ms.jit(step) if jitted else step
        for _ in range(3):
            step(a)
        return w.asnumpy()

    np.testing.assert_allclose(run(True), run(False), rtol=1e-5, atol=1e-5)


def test_two_weights_in_one_product():
    def run(jitted):
        rng = np.random.default_rng(4)
        v, w = (
            ms.Parameter(ms.Tensor(rng.standard_normal((130, 130)).astype(np.float32) / 9), name=n)
            for n in "vw"
        )
        optimizer = nn.SGD([v, w], 1e-2)
        grad = ms.value_and_grad(lambda x: (x @ (v @ w) ** 2).mean(), None, optimizer.parameters)

        def step(x):
            loss, grads = grad(x)
            optimizer(grads)
            return loss

        step = ms.jit(step) if jitted else step
        for _ in range(3):
            step(ops.ones((5, 130)))
        return v.asnumpy(), w.asnumpy()

    for a, b in zip(run(True), run(False), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
