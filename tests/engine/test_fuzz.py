"""Broadcasting, indexing, reductions and einsum agree with NumPy on random shapes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import mslearn as ms

PROFILE = settings(max_examples=120, derandomize=True, deadline=None, database=None)
SHAPES = hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4)


def numbers(shape, seed=0):
    return np.random.default_rng(seed).uniform(-2, 2, shape)


@PROFILE
@given(hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=4, max_side=4))
def test_broadcasting_forward_and_backward(shapes):
    a, b = numbers(shapes.input_shapes[0]), numbers(shapes.input_shapes[1], 1)
    out, (da, db) = ms.value_and_grad(lambda x, y: (x * y + x).sum(), (0, 1))(
        ms.Tensor(a), ms.Tensor(b)
    )
    np.testing.assert_allclose(out.asnumpy(), (a * b + a).sum(), atol=1e-12)
    ones = np.ones(np.broadcast_shapes(a.shape, b.shape))
    wanted_a, wanted_b = ones * (b + 1), ones * a
    for found, wanted, like in ((da, wanted_a, a), (db, wanted_b, b)):
        lead = wanted.ndim - like.ndim
        summed = wanted.sum(tuple(range(lead)))
        axes = tuple(i for i, n in enumerate(like.shape) if n == 1)
        np.testing.assert_allclose(found.asnumpy(), summed.sum(axes, keepdims=True), atol=1e-12)


@PROFILE
@given(st.data(), SHAPES)
def test_basic_indexing_reads_and_writes(data, shape):
    index = data.draw(hnp.basic_indices(shape, allow_newaxis=True))
    a = numbers(shape)
    x = ms.Tensor(a)
    np.testing.assert_array_equal(x[index].asnumpy(), a[index])
    grad = ms.grad(lambda t: (t[index] * 3).sum())(x)
    wanted = np.zeros_like(a)
    wanted[index] += 3
    np.testing.assert_array_equal(grad.asnumpy(), wanted)
    x[index] = 7.0
    a[index] = 7.0
    np.testing.assert_array_equal(x.asnumpy(), a)


@PROFILE
@given(st.data(), hnp.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=4))
def test_integer_and_boolean_indexing(data, shape):
    a = numbers(shape)
    rows = data.draw(
        hnp.integer_array_indices(shape[:1], result_shape=hnp.array_shapes(max_dims=2))
    )
    mask = a > data.draw(st.floats(-2, 2))
    for index in (rows[0], mask):
        x = ms.Tensor(a)
        np.testing.assert_array_equal(x[ms.Tensor(index)].asnumpy(), a[index])
        grad = ms.grad(lambda t, i=index: (t[ms.Tensor(i)] * 2).sum())(x)
        wanted = np.zeros_like(a)
        np.add.at(wanted, index, 2.0)
        np.testing.assert_array_equal(grad.asnumpy(), wanted)


@PROFILE
@given(st.data(), hnp.array_shapes(min_dims=1, max_dims=4, min_side=1, max_side=4))
def test_reductions(data, shape):
    a = numbers(shape)
    axis = data.draw(st.none() | hnp.valid_tuple_axes(len(shape), min_size=1))
    keep = data.draw(st.booleans())
    x = ms.Tensor(a)
    for ours, theirs in (
        (ms.ops.sum, np.sum), (ms.ops.mean, np.mean), (ms.ops.prod, np.prod),
        (ms.ops.amax, np.max), (ms.ops.amin, np.min),
    ):  # fmt: skip
        found = ours(x, axis, keep)
        if axis is None and keep:
            continue
        np.testing.assert_allclose(found.asnumpy(), theirs(a, axis, keepdims=keep), rtol=1e-10)


@PROFILE
@given(hnp.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=5), st.data())
def test_order_and_rearrangement(shape, data):
    a = np.round(numbers(shape), 1)
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    shift = data.draw(st.integers(-7, 7))
    x = ms.Tensor(a)
    values, index = x.sort(axis)
    np.testing.assert_array_equal(values.asnumpy(), np.sort(a, axis))
    np.testing.assert_array_equal(index.asnumpy(), np.argsort(a, axis, kind="stable"))
    np.testing.assert_array_equal(ms.ops.roll(x, shift, axis).asnumpy(), np.roll(a, shift, axis))
    np.testing.assert_array_equal(ms.ops.moveaxis(x, axis, 0).asnumpy(), np.moveaxis(a, axis, 0))


@pytest.mark.parametrize(
    ("equation", "shapes"),
    [
        ("ij,jk->ik", [(2, 3), (3, 4)]), ("ij->j", [(2, 3)]), ("ij", [(2, 3)]), ("ji", [(2, 3)]),
        ("ii->i", [(3, 3)]), ("ii", [(3, 3)]), ("i,j->ij", [(2,), (3,)]),
        ("ij,kj->", [(2, 3), (2, 3)]),
        ("...ij,...jk->...ik", [(4, 2, 3), (3, 2)]), ("bij,b->ij", [(2, 3, 4), (2,)]),
        ("...i->...", [(2, 3, 4)]), ("ijk,jil->kl", [(2, 3, 4), (3, 2, 5)]),
    ],
)  # fmt: skip
def test_einsum(equation, shapes):
    arrays = [numbers(s, i) for i, s in enumerate(shapes)]
    out = ms.ops.einsum(equation, *map(ms.Tensor, arrays))
    np.testing.assert_allclose(out.asnumpy(), np.einsum(equation, *arrays), rtol=1e-10)
    grads = ms.grad(lambda *xs: ms.ops.einsum(equation, *xs).sum(), tuple(range(len(arrays))))(
        *map(ms.Tensor, arrays)
    )
    for i, g in enumerate(grads if isinstance(grads, tuple) else (grads,)):
        step = numbers(shapes[i], 9)
        moved = [a + 1e-6 * step if k == i else a for k, a in enumerate(arrays)]
        slope = (np.einsum(equation, *moved).sum() - np.einsum(equation, *arrays).sum()) / 1e-6
        np.testing.assert_allclose((g.asnumpy() * step).sum(), slope, rtol=1e-4, atol=1e-5)
