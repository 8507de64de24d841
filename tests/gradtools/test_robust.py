"""Long runs, deep graphs, errors halfway, and threads: nothing grows, nothing stays open."""

from __future__ import annotations

import gc
import threading

import numpy as np
import pytest
from leaks import growth

import mslearn as ms
from mslearn import nn, ops
from mslearn.autodiff.tape import value_hooks
from mslearn.core.state import state
from mslearn.core.tensor import Tensor

X = Tensor(np.linspace(-1, 1, 8, dtype=np.float32).reshape(4, 2))


class Failure(Exception):
    pass


def fail(*_):
    raise Failure


def make_step():
    net = nn.SequentialCell(nn.Dense(2, 4), nn.Tanh(), nn.Dense(4, 1))
    net[1].recompute()
    net[0].register_backward_hook(lambda cell, gi, go: None)
    net[2].weight.register_hook(lambda g: g * 1.0)
    optimizer = nn.Adam(net.trainable_params(), 1e-3)

    def loss(x):
        z = net(x)
        z.register_hook(lambda g: g * 2)
        return (z**2).sum()

    train = ms.value_and_grad(loss, None, optimizer.parameters)

    def hooked_failure(x):
        z = x * 2
        z.register_hook(fail)
        return z.sum()

    def late_failure(x):
        return fail(x.sum())

    broken = (
        lambda: ms.grad(late_failure)(X),
        lambda: ms.grad(hooked_failure)(X),
        lambda: ms.vmap(late_failure)(X),
        lambda: ms.vmap(ms.grad(hooked_failure))(X),
        lambda: ms.jvp(late_failure, X, X),
        lambda: ms.grad(lambda x: ms.grad(late_failure)(x).sum())(X),
    )

    def step():
        optimizer(train(X)[1])
        ms.vmap(ms.grad(loss))(X)
        ms.jvp(lambda x: (x**3).sum(), X, X)
        for call in broken:
            with pytest.raises(Failure):
                call()
            assert not state.active and state.scope == ("Default",)

    return step


def test_memory_stays_flat_over_1000_steps_of_everything_also_after_errors():
    gc.collect()
    hooks, step = len(value_hooks), make_step()
    for _ in range(20):
        step()
    assert growth(step, steps=250) < 5_000
    assert len(value_hooks) <= hooks + 1  # the Parameter's present value


def test_10000_operations_in_a_row_need_no_recursion():
    def chain(x):
        for _ in range(10_000):
            x = x * 1.0001
        return x.sum()

    x = ops.ones((2,))
    wanted = 1.0001**10_000
    np.testing.assert_allclose(ms.grad(chain)(x).asnumpy(), [wanted] * 2, rtol=1e-3)
    _, tangent = ms.jvp(chain, x, x)
    np.testing.assert_allclose(float(tangent), 2 * wanted, rtol=1e-3)
    np.testing.assert_allclose(ms.vmap(ms.grad(lambda v: chain(v)))(x.reshape((1, 2))).asnumpy(),
                               [[wanted] * 2], rtol=1e-3)  # fmt: skip


def test_gradient_through_a_loop_of_1000_steps():
    """x <- x - 0.1 sin(x): the derivative is the product of 1 - 0.1 cos(x) along the way."""

    def run(x):
        for _ in range(1000):
            x = x - 0.01 * x.sin()
        return x

    x, slope = 1.0, 1.0
    for _ in range(1000):
        slope *= 1 - 0.01 * np.cos(x)
        x -= 0.01 * np.sin(x)
    start = Tensor(1.0, ms.float64)
    value, first = ms.value_and_grad(run)(start)
    assert float(value) == pytest.approx(x, rel=1e-9)
    assert float(first) == pytest.approx(slope, rel=1e-9)
    assert ms.check_grad(run, start, verbose=False)


def test_threads_have_levels_tapes_and_hooks_of_their_own():
    failures = []

    def work(seed):
        try:
            x = Tensor(np.full((3, 2), float(seed), np.float32))
            for _ in range(50):
                got = ms.vmap(ms.grad(lambda v: (v**2).sum()))(x).asnumpy()
                np.testing.assert_array_equal(got, np.full((3, 2), 2.0 * seed))
                seen = []

                def fn(v, seen=seen):
                    z = v * 2
                    z.register_hook(lambda g: seen.append(float(g.sum())))
                    return z.sum()

                ms.grad(fn)(x)
                assert seen == [6.0]
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
