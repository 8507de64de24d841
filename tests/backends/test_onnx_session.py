"""What a session is given and gives back: nothing that somebody holds is ever written again."""

from __future__ import annotations

import numpy as np

import mslearn as ms
from mslearn import ops


def doubled():
    return ms.jit(lambda x: (x * 2, x.sum()), backend="onnxruntime")


def test_results_that_somebody_holds_stay():
    step = doubled()
    held = [step(ms.Tensor(np.full((2, 3), i, np.float32))) for i in range(6)]
    for i, (twice, total) in enumerate(held):
        np.testing.assert_array_equal(twice.asnumpy(), np.full((2, 3), 2 * i))
        assert float(total) == 6 * i


def test_views_of_results_stay():
    step = doubled()
    views = [step(ms.Tensor(np.full(4, i, np.float32)))[0].asnumpy()[1:] for i in range(6)]
    assert [v.tolist() for v in views] == [[2.0 * i] * 3 for i in range(6)]


def test_results_that_nobody_holds_are_used_again():
    step = doubled()
    x = ms.Tensor(np.ones(4, np.float32))
    places = {step(x)[0].asnumpy().ctypes.data for _ in range(10)}
    assert len(places) == 2


def test_numbers_that_change_in_place_are_seen():
    for array in (np.zeros((4, 6), np.float32), np.zeros((6, 4), np.float32).T):
        step, x = doubled(), ms.Tensor.from_numpy(array)
        for i in range(5):
            array[...] = i
            assert float(step(x)[1]) == 24 * i


def test_inputs_that_take_turns():
    step, rng = doubled(), np.random.default_rng(0)
    batches = [ms.Tensor(rng.standard_normal((3, 3), np.float32)) for _ in range(3)]
    for i in (0, 0, 0, 1, 2, 1, 0, 0, 1, 1, 2, 2, 0):
        np.testing.assert_array_equal(step(batches[i])[0].asnumpy(), batches[i].asnumpy() * 2)


def test_random_masks_are_new_at_each_step():
    step = ms.jit(lambda x: ops.dropout(x, 0.5, training=True), backend="onnxruntime")
    x = ms.Tensor(np.ones((8, 8), np.float32))
    found = [step(x).asnumpy().tobytes() for _ in range(6)]
    assert len(set(found)) == 6


def test_empty_and_single_numbers():
    step = doubled()
    assert step(ms.Tensor(np.zeros((0, 3), np.float32)))[0].shape == (0, 3)
    assert [float(step(ms.Tensor(np.float32(i)))[1]) for i in range(4)] == [0, 1, 2, 3]
