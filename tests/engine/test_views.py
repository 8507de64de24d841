"""Views beyond what MindSpore's recorded answers say (tests/goldens/cases_views.py)."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest

import mslearn as ms
from mslearn import ops
from mslearn.ops import views

RNG = np.random.default_rng(0)


def tensor(*shape: int) -> ms.Tensor:
    return ms.Tensor(RNG.standard_normal(shape))


def through_windows(x: ms.Tensor) -> ms.Tensor:
    y = x * 2
    row, turned = y[1], y.T
    row[0] = x[0, 1] ** 2
    turned[2] = turned[2] * x[0, 0]
    left, right = y.reshape(6).split(3)
    right[1:] = left[1:] * 3
    return (y * y).sum() + row.sum()


def through_copies(x: ms.Tensor) -> ms.Tensor:
    y = x * 2
    part = y[[1, 0]]
    part[0] = x[0] ** 2  # writes itself back
    wide = ops.broadcast_to(y[:1], (3, 3))
    wide[1, 0] = x[1, 1] * 3  # one element at three places
    y[0, 1:] = x[0, 1:] * wide[2, 0]
    return (y * y).sum() + (wide * wide).sum() + ops.diagonal(y).sum()


def test_copies_that_write_back_and_repeated_elements_have_gradients_too() -> None:
    x = tensor(2, 3)
    assert ms.check_grad(through_copies, x)
    np.testing.assert_allclose(ms.jit(through_copies)(x).asnumpy(), through_copies(x).asnumpy())
    np.testing.assert_allclose(
        ms.grad(ms.jit(through_copies))(x).asnumpy(), ms.grad(through_copies)(x).asnumpy()
    )


def test_a_chain_of_picks_keeps_no_history() -> None:
    x, order = ops.ones(4), ms.Tensor([3, 2, 1, 0])
    first = weakref.ref(x)
    for _ in range(3):
        x = x[order]
    gc.collect()
    assert first() is None


def test_gradients_agree_with_small_steps() -> None:
    x = tensor(2, 3)
    assert ms.check_grad(through_windows, x)
    step = ms.Tensor(1e-5)
    second = ms.grad(lambda v: (ms.grad(through_windows)(v) * v).sum())(x)
    for place in np.ndindex(2, 3):
        moved = [x.copy(), x.copy()]
        for sign, m in zip((1, -1), moved, strict=True):
            m[place] = m[place] + sign * step
        slope = [(ms.grad(through_windows)(m) * m).sum() for m in moved]
        assert float(second[place]) == pytest.approx(float(slope[0] - slope[1]) / 2e-5, rel=1e-4)


def test_a_graph_does_what_eager_code_does() -> None:
    x = tensor(2, 3)
    np.testing.assert_allclose(ms.jit(through_windows)(x).asnumpy(), through_windows(x).asnumpy())
    np.testing.assert_allclose(
        ms.grad(ms.jit(through_windows))(x).asnumpy(), ms.grad(through_windows)(x).asnumpy()
    )


def test_each_example_of_a_batch_has_windows_of_its_own() -> None:
    xs = tensor(4, 2, 3)
    np.testing.assert_allclose(
        ms.vmap(through_windows)(xs).asnumpy(), [float(through_windows(x)) for x in xs]
    )


def test_the_caller_sees_what_a_function_wrote() -> None:
    def clear(row: ms.Tensor) -> None:
        row[:] = 0

    x = ops.ones((2, 3))
    clear(x[1])
    assert x.asnumpy().tolist() == [[1, 1, 1], [0, 0, 0]]


def test_a_new_value_from_elsewhere_cuts_the_connection() -> None:
    p = ms.Parameter(ops.ones((2, 2)), name="p")
    row = p[0]
    p.set_data(ops.zeros((2, 2)))
    assert row.asnumpy().tolist() == [1, 1]
    p[0] = 7
    assert row.asnumpy().tolist() == [1, 1]


def test_earlier_values_stay_what_they_were() -> None:
    x = ops.ones((2, 2))
    before = x * 1
    y = before[0]
    kept = before.copy()
    y[0] = 9
    assert kept.asnumpy().tolist() == [[1, 1], [1, 1]]
    assert x.asnumpy().tolist() == [[1, 1], [1, 1]]


def test_windows_leave_nothing_behind() -> None:
    gc.collect()
    before = len(views._windows), len(views._onto)
    x = ops.ones((50, 4))
    rows = [row.reshape(2, 2) for row in x]
    rows[3][0, 0] = 5
    assert float(x[3, 0]) == 5 and len(views._windows) > before[0]
    del rows, x
    gc.collect()
    assert (len(views._windows), len(views._onto)) == before
