"""Labels without a class are an error on every target, as they are on NumPy."""

from __future__ import annotations

import numpy as np
import pytest
from backends.test_keeping import DATA, in_memory, on_numpy, our_reader, same, target  # noqa: F401

import mslearn as ms
from mslearn import ops
from mslearn.backends.conformance import Training, _mlp

X = ms.Tensor(np.random.default_rng(0).random((4, 3), np.float32))


@pytest.mark.parametrize("wrong", [50, -1, 2**31 - 1])
def test_a_step_with_a_wrong_label_is_refused_and_changes_nothing(target, wrong):  # noqa: F811
    one, other = (Training(_mlp, target, False) for _ in range(2))
    for each in (one, other):
        each.step(*DATA)
    labels = DATA[1].asnumpy().copy()
    labels[2] = wrong
    for _ in range(2):
        with pytest.raises(RuntimeError, match=f"For 'NLLLoss', a label must be .* got {wrong}"):
            one.step(DATA[0], ms.Tensor(labels))
    for each in (one, other):
        each.step(*DATA)
    same(one.numbers(True), other.numbers(True))


def reshaped(x, y):
    return ops.cross_entropy(x, y.reshape(-1).astype(ms.int32))


def made_inside(x, y):
    return ops.cross_entropy(x, (y * 0).astype(ms.int32))


@pytest.mark.parametrize("dtype", [np.int64, np.int32, np.int8, np.uint8])
def test_labels_are_found_behind_casts_and_reshapes(target, dtype):  # noqa: F811
    run = ms.jit(reshaped, backend=target)
    good = ms.Tensor(np.array([[0, 1], [2, 2]], dtype))
    np.testing.assert_allclose(run(X, good).asnumpy(), reshaped(X, good).asnumpy(), 1e-5)
    with pytest.raises(RuntimeError, match="but got 9"):
        run(X, ms.Tensor(np.array([[0, 1], [9, 2]], dtype)))
    ms.jit(made_inside, backend=target)(X, ms.Tensor(np.full(4, 9, dtype)))


def test_ignored_labels_are_no_mistake(target):  # noqa: F811
    def loss(x, y):
        return ops.cross_entropy(x, y, ignore_index=-7)

    ms.Tensor([1.0], ms.bfloat16)  # from then on kernels want their attributes by name
    run = ms.jit(loss, backend=target)
    y = ms.Tensor(np.array([0, -7, 2, -7], np.int32))
    np.testing.assert_allclose(run(X, y).asnumpy(), loss(X, y).asnumpy(), 1e-5)
    with pytest.raises(RuntimeError, match="but got -100"):
        run(X, ms.Tensor(np.array([0, -100, 2, -7], np.int32)))


def test_each_of_two_losses_is_looked_at(target):  # noqa: F811
    def both(x, y, z):
        return ops.cross_entropy(x, y) + ops.cross_entropy(x, z)

    run = ms.jit(both, backend=target)
    good, ignored, wrong = (
        ms.Tensor(np.array([0, 1, n, 2], np.int32)) for n in (1, -100, 5)
    )  # fmt: skip
    np.testing.assert_allclose(run(X, ignored, good).asnumpy(), both(X, ignored, good), 1e-5)
    with pytest.raises(RuntimeError, match="but got 5"):
        run(X, ignored, wrong)
