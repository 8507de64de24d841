"""What of mindspore.numpy has no golden: `piecewise`, and the gradients of what is made of ops."""

from __future__ import annotations

import numpy as np
import pytest

import mslearn as ms
import mslearn.numpy as mnp

A = np.random.default_rng(5).uniform(0.5, 2.0, (3, 4))


def test_piecewise():
    x = ms.Tensor([-2.0, 1.0, 3.0])
    out = mnp.piecewise(x, [x < 0, x >= 2], [-1.0, lambda v: v * v, 7.0])
    np.testing.assert_array_equal(out.asnumpy(), [-1, 7, 9])


@pytest.mark.parametrize(
    "function",
    [
        lambda x: mnp.polyval(ms.Tensor([3.0, 0.0, 1.0], ms.float64), x),
        lambda x: mnp.nanstd(x, 1),
        lambda x: mnp.gradient(x)[0], lambda x: mnp.cross(x[:, :3], x[:, 1:]), mnp.ptp, mnp.trapz,
        lambda x: mnp.kron(x, x[:1]), lambda x: mnp.polymul(x[0], x[1]), mnp.cbrt,
        lambda x: mnp.multi_dot([x, x.T, x]), mnp.nancumsum, lambda x: mnp.vander(x[0], 3),
        lambda x: mnp.apply_along_axis(lambda v: v * v.sum(), 1, x),
    ],
)  # fmt: skip
def test_gradients(function):
    assert ms.check_grad(lambda x: function(x).sum(), ms.Tensor(A)).ok


def test_unknown_names_are_suggested():
    with pytest.raises(AttributeError, match="Did you mean 'concatenate'"):
        _ = mnp.concatenat
