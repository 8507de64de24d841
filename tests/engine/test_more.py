"""Operations and methods for which MindSpore 2.10 has no CPU kernel, held to NumPy."""

from __future__ import annotations

import numpy as np
import pytest

import mslearn as ms
from mslearn import ops

RNG = np.random.default_rng(8)
A, B = RNG.standard_normal((2, 3, 4))
V, SQUARE = RNG.standard_normal(4), RNG.standard_normal((3, 3)) + 3 * np.eye(3)
HOLES = np.where(A > 1, np.nan, A)
FLAGS, ROWS = A > 0, np.array([2, 0])
PLACE = np.array([[0, 3], [1, 1], [2, 0]])
t = ms.Tensor


def written(index, value, base=A):
    out = base.copy()
    out[index] = value
    return out


def added(index, value, base=A):
    out = base.copy()
    np.add.at(out, index, value)
    return out


COLUMNS = (np.arange(3)[:, None], PLACE)
CASES = {
    "fmin": (lambda: ops.fmin(t(HOLES), t(B)), np.fmin(HOLES, B)),
    "quantile": (lambda: ops.quantile(t(A), 0.3), np.quantile(A, 0.3)),
    "quantile_method": (lambda: t(A).quantile(t([0.1, 0.75]), 1), np.quantile(A, [0.1, 0.75], 1)),
    "quantile_keep": (lambda: ops.quantile(t(A), 0.5, 0, True),
                      np.quantile(A, 0.5, 0, keepdims=True)),
    "nanquantile": (lambda: t(HOLES).nanquantile(0.6, 1), np.nanquantile(HOLES, 0.6, 1)),
    "Quantile": (lambda: ops.Quantile(1)(t(A), 0.25), np.quantile(A, 0.25, 1)),
    "rms_norm": (lambda: ops.rms_norm(t(A), t(V))[0],
                 A / np.sqrt((A * A).mean(1, keepdims=True) + 1e-6) * V),
    "swiglu": (lambda: ops.swiglu(t(A)), A[:, :2] / (1 + np.exp(-A[:, :2])) * A[:, 2:]),
    "embedding": (lambda: ops.embedding(t(ROWS), t(A)), A[ROWS]),
    "rotary": (lambda: ops.rotary_position_embedding(t(A), t(np.cos(V)), t(np.sin(V))),
               A * np.cos(V) + np.concatenate((-A[:, 2:], A[:, :2]), 1) * np.sin(V)),
    "angle": (lambda: t(A + 1j * B).angle(), np.angle(A + 1j * B)),
    "real": (lambda: ops.real(t(A + 1j * B)), A), "imag": (lambda: ops.imag(t(A + 1j * B)), B),
    "conj": (lambda: ops.conj(t(A + 1j * B)), A - 1j * B),
    "polar": (lambda: ops.polar(t(np.abs(A)), t(B)), np.abs(A) * np.exp(1j * B)),
    "view_as_real": (lambda: ops.view_as_real(t(A + 1j * B)), np.stack((A, B), -1)),
    "adjoint": (lambda: ops.adjoint(t(A + 1j * B)), (A - 1j * B).T),
    "relu": (lambda: t(A).relu(), np.maximum(A, 0)),
    "addcdiv": (lambda: t(A).addcdiv(t(A), t(B), 0.5), A + 0.5 * A / B),
    "roll": (lambda: t(A).roll(1, 0), np.roll(A, 1, 0)),
    "diag_embed": (lambda: t(V).diag_embed(), np.diag(V)),
    "unflatten": (lambda: t(A).unflatten(1, (2, 2)), A.reshape(3, 2, 2)),
    "mv": (lambda: t(A).mv(t(V)), A @ V), "dot": (lambda: t(V).dot(t(B[0])), V @ B[0]),
    "log_softmax": (lambda: t(A).log_softmax(1).exp().sum(1), np.ones(3)),
    "unique": (lambda: t([3, 1, 3]).unique(return_inverse=True)[1], [1, 0, 1]),
    "sum_to_size": (lambda: t(A).sum_to_size((3, 1)), A.sum(1, keepdims=True)),
    "clone": (lambda: t(A).clone(), A), "new_full": (lambda: t(A).new_full((2,), 3.0), [3, 3]),
    "new_empty": (lambda: t(A).new_empty((2,)) * 0, [0, 0]),
    "kthvalue": (lambda: t(A).kthvalue(2)[0], np.sort(A)[:, 1]),
    "scatter_add": (lambda: t(A).scatter_add(1, t(PLACE), t(B[:, :2])), added(COLUMNS, B[:, :2])),
    "reverse": (lambda: t(A).reverse(0), A[::-1]), "pinv": (lambda: t(A).pinv(), np.linalg.pinv(A)),
    "choose": (lambda: t([0, 1, 5]).choose([t(V[:3]), t(B[0, :3])]), [V[0], B[0, 1], B[0, 2]]),
    "mT": (lambda: t(A).mT, A.T), "mH": (lambda: t(A).mH, A.T), "H": (lambda: t(A).H, A.T),
    "bitwise_not": (lambda: t([0, 5]).bitwise_not(), [-1, -6]),
    "index_put": (lambda: t(A).index_put((t(ROWS),), t(V), True), added(ROWS, V)),
    "expand": (lambda: t(V).expand(2, 4), [V, V]),
    "fill": (lambda: t(A).fill(2.0), np.full((3, 4), 2.0)),
    "max_unpool1d": (lambda: ops.max_unpool1d(t([[[5.0, 7.0]]]), t([[[1, 2]]]), 2),
                     [[[0, 5, 7, 0]]]),
    "nms": (lambda: ops.nms(t([[0.0, 0, 9, 9], [1, 1, 9, 9], [20, 20, 30, 30]]), t([0.5, 0.9, 0.8]),
                            0.5), [1, 2]),
    "CTCLossV2": (lambda: ops.CTCLossV2()(t(np.log([[[0.4, 0.6]]])), t([[1]]), t([1]), t([1]))[0],
                  [-np.log(0.6)]),
    "ctc_impossible": (lambda: ops.ctc_loss(t(np.log([[[0.4, 0.6]]])), t([[1, 1]]), t([1]), t([2]),
                                            zero_infinity=True)[0], 0.0),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_equals_numpy(name):
    run, wanted = CASES[name]
    np.testing.assert_allclose(run().asnumpy(), wanted, rtol=1e-6, atol=1e-7)


SMALL = np.clip(A / 4, -0.9, 0.9)
IN_PLACE = {
    "add_": ((t(B),), A + B), "sub_": ((t(B),), A - B), "mul_": ((t(B),), A * B),
    "div_": ((t(B),), A / B), "floor_divide_": ((t(B),), A // B), "remainder_": ((t(B),), A % B),
    "exp_": ((), np.exp(A)), "floor_": ((), np.floor(A)), "tanh_": ((), np.tanh(A)),
    "sigmoid_": ((), 1 / (1 + np.exp(-A))), "sign_": ((), np.sign(A)), "zero_": ((), A * 0),
    "fill_": ((2.5,), A * 0 + 2.5), "copy_": ((t(B),), B),
    "clamp_": ((-0.5, 0.5), A.clip(-0.5, 0.5)),
    "masked_fill_": ((t(FLAGS), 1.5), np.where(FLAGS, 1.5, A)),
    "masked_scatter_": ((t(FLAGS), t(B)), written(FLAGS, B.ravel()[: FLAGS.sum()])),
    "index_add_": ((0, t(ROWS), t(B[:2])), added(ROWS, B[:2])),
    "index_copy_": ((0, t(ROWS), t(B[:2])), written(ROWS, B[:2])),
    "index_put_": (((t(ROWS),), t(V)), written(ROWS, V)),
    "index_fill_": ((0, t(ROWS), 2.0), written(ROWS, 2.0)),
    "scatter_": ((1, t(PLACE), t(B[:, :2])), written(COLUMNS, B[:, :2])),
    "scatter_add_": ((1, t(PLACE), t(B[:, :2])), added(COLUMNS, B[:, :2])),
    "fill_diagonal_": ((2.0,), written((range(3), range(3)), 2.0)),
    "put_": ((t(ROWS), t(V[:2])), written(([0, 0], ROWS), V[:2])),
    "addmm_": ((t(SQUARE), t(B)), A + SQUARE @ B),
}  # fmt: skip


@pytest.mark.parametrize("name", IN_PLACE)
def test_in_place_methods_change_the_handle_and_not_the_value(name):
    arguments, wanted = IN_PLACE[name]
    x, before = t(A), A.copy()
    value = x._value
    assert getattr(x, name)(*arguments) is x
    np.testing.assert_allclose(x.asnumpy(), wanted, rtol=1e-6)
    np.testing.assert_array_equal(value, before)


def test_in_place_functions_of_other_ranges():
    np.testing.assert_allclose(t(np.abs(A)).log_().asnumpy(), np.log(np.abs(A)))
    np.testing.assert_allclose(t(SMALL).erfinv_().erf().asnumpy(), SMALL, rtol=1e-6)


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [("uniform_", 0, 1), ("random_", 0, 2**24), ("bernoulli_", 0, 1), ("exponential_", 0, 99),
     ("normal_", -9, 9), ("uniform", 0, 1), ("log_normal", 0, 1e9)],
)  # fmt: skip
def test_tensors_of_random_numbers(name, low, high):
    ms.set_seed(4)
    x = ops.zeros((1000,))
    out = getattr(x, name)().asnumpy()
    assert out.shape == (1000,) and low <= out.min() < out.max() <= high
    ms.set_seed(4)
    np.testing.assert_array_equal(getattr(ops.zeros((1000,)), name)().asnumpy(), out)


def test_dropping_whole_channels():
    ms.set_seed(1)
    for rank, drop in ((1, ops.dropout1d), (2, ops.dropout2d), (3, ops.dropout3d)):
        out = drop(ops.ones((4, 50, *[2] * rank)), 0.5).asnumpy().reshape(200, -1)
        assert set(np.unique(out)) == {0, 2} and (out == out[:, :1]).all()
    out, mask = ops.Dropout2D(0.5)(ops.ones((4, 50, 2, 2)))
    np.testing.assert_array_equal(out.asnumpy() != 0, mask.asnumpy())


def test_padding_row_of_an_embedding_gets_no_gradient():
    grad = ms.grad(lambda w: ops.embedding(t([0, 2, 0]), w, padding_idx=2).sum())(t(A))
    np.testing.assert_array_equal(grad.asnumpy(), np.array([[2.0], [0], [0]]) * np.ones(4))


@pytest.mark.parametrize(
    ("run", "text"),
    [
        (lambda: ops.topk(t(A), 9), r"k must be 0 to 4 \(axis 1\), but got 9"),
        (lambda: t(A)[7], "Places count from 0"),
        (lambda: ops.quantile(t(A), 1.5), r"values in \[0, 1\]"),
        (lambda: ops.grid_sample(t(A), t(A)), "needs a grid"),
        (
            lambda: ops.ctc_loss(t(A[:, None]), t([[1]]), t([1.0]), t([1])),
            "lengths must be integers",
        ),
        (lambda: ops.iou(t(A), t(A[:, :3])), r"boxes are \(N, 4\)"),
        (lambda: ops.cross(t(A), t(B), 1), "3 elements along dim 1"),
        (lambda: ops.unsorted_segment_sum(t(A), t([0, 1]), 2), "first axes of x"),
    ],
)
def test_messages_name_what_is_wrong(run, text):
    with pytest.raises((ValueError, IndexError, TypeError), match=text):
        run()
