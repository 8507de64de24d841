"""Attention and resizing: what a table of goldens does not show."""

from __future__ import annotations

import numpy as np
import pytest

import mslearn as ms
from mslearn import nn, ops

RNG = np.random.default_rng(8)


def n(*shape):
    return ms.Tensor(RNG.standard_normal(shape).astype(np.float32))


def test_hidden_keys_change_nothing():
    cell, q, k = nn.MultiheadAttention(8, 2, batch_first=True), n(1, 3, 8), n(1, 4, 8)
    mask = ms.Tensor([[False, False, False, True]])
    out, weights = cell(q, k, k, mask)
    short, _ = cell(q, k[:, :3], k[:, :3])
    np.testing.assert_allclose(out.asnumpy(), short.asnumpy(), rtol=1e-5, atol=1e-6)
    assert not weights.asnumpy()[..., 3].any()


def test_dropout_of_weights_acts_while_training_only():
    cell, x = nn.MultiheadAttention(8, 2, dropout=0.5), n(6, 2, 8)
    np.testing.assert_array_equal(cell(x, x, x)[0].asnumpy(), cell(x, x, x)[0].asnumpy())
    cell.set_train()
    assert not np.array_equal(cell(x, x, x)[0].asnumpy(), cell(x, x, x)[0].asnumpy())


def test_interpolation_without_scale_keeps_the_image():
    x = n(1, 2, 4, 5)
    for mode in ("nearest", "bilinear", "bicubic"):
        np.testing.assert_array_equal(ops.interpolate(x, (4, 5), mode=mode).asnumpy(), x.asnumpy())


def test_trilinear_of_a_linear_volume_is_linear():
    grid = np.arange(3.0).reshape(1, 1, 3, 1, 1) + np.zeros((1, 1, 3, 2, 2))
    out = ops.interpolate(ms.Tensor(grid), (5, 2, 2), mode="trilinear", align_corners=True)
    np.testing.assert_allclose(out.asnumpy()[0, 0, :, 0, 0], [0, 0.5, 1, 1.5, 2])


@pytest.mark.parametrize(
    ("make", "error", "text"),
    [
        (lambda: nn.MultiheadAttention(8, 3), ValueError, "divisible by num_heads"),
        (lambda: nn.MultiheadAttention(8, 2)(n(3, 2, 7), *[n(3, 2, 8)] * 2), ValueError, "embed"),
        (
            lambda: nn.MultiheadAttention(8, 2)(*[n(3, 2, 8)] * 3, attn_mask=n(2, 2)),
            ValueError,
            r"attn_mask must have the shape \[3, 3\] or \[4, 3, 3\]",
        ),
        (lambda: ops.interpolate(n(1, 1, 3), 2, mode="bilinear"), ValueError, "does not go"),
        (lambda: ops.interpolate(n(1, 1, 3)), ValueError, "one of 'size'"),
        (lambda: ops.interpolate(n(1, 1, 3), (1, 2)), ValueError, "needs 1 size"),
        (lambda: ops.interpolate(n(1, 1, 3), 0), ValueError, "above 0"),
        (lambda: ops.interpolate(n(1, 1, 3), None, 2.0), ValueError, "recompute_scale_factor"),
        (lambda: ops.interpolate(n(1, 1, 3), None, 2, recompute_scale_factor=True), TypeError,
         "must be float"),
        (lambda: ops.interpolate(n(1, 1, 3), 2, align_corners=True), ValueError, "align_corners"),
        (lambda: ops.pixel_shuffle(n(1, 3, 2, 2), 2), ValueError, "divisible by its square"),
        (lambda: ops.pixel_unshuffle(n(1, 3, 3, 2), 2), ValueError, "H and W divisible"),
    ],
)  # fmt: skip
def test_errors_name_operation_got_and_wanted(make, error, text):
    with pytest.raises(error, match=text):
        make()
