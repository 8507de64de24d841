"""`ops.Custom`, `ops.Print` and vmap over no example at all."""

from __future__ import annotations

import numpy as np
import pytest

import mslearn as ms
from mslearn import ops


def test_custom_with_its_own_gradient():
    square = ops.Custom(np.square, lambda s: s, lambda d: d, bprop=lambda x, out, dout: (7 * dout,))
    x = ms.Tensor([1.0, 3.0])
    np.testing.assert_array_equal(square(x).asnumpy(), [1, 9])
    np.testing.assert_array_equal(ms.grad(lambda v: square(v).sum())(x).asnumpy(), [7, 7])


def test_custom_with_several_results_and_no_gradient():
    both = ops.Custom(lambda x, y: (x + y, x * y), ((2,), (2,)), (ms.float16, ms.float32))
    out = both(ms.Tensor([1.0, 2.0]), ms.Tensor([3.0, 4.0]))
    assert [o.dtype for o in out] == [ms.float16, ms.float32]
    grad = ms.grad(lambda x: both(x, x)[1].sum())(ms.Tensor([1.0, 2.0]))
    np.testing.assert_array_equal(grad.asnumpy(), [0, 0])


def test_custom_says_what_is_wrong():
    with pytest.raises(ValueError, match="pyfunc"):
        ops.Custom("kernel.so:add", (2,), ms.float32, func_type="aot")
    with pytest.raises(ms.ShapeError, match=r"\[1\], but out_shape says \[2\]"):
        ops.Custom(np.square, (2,))(ms.Tensor([1.0]))


def test_print(capsys):
    assert ops.Print()("loss", ms.Tensor([1.0])) is None
    ops.print_("end")
    lines = capsys.readouterr().out.splitlines()
    assert lines == ["loss", "Tensor(shape=[1], dtype=Float32, value= [ 1.00000000e+00])", "end"]


@pytest.mark.parametrize(
    ("function", "shape"),
    [(lambda x: x * 2, (0, 3, 3)), (lambda x: ops.sort(x)[0], (0, 3, 3)),
     (lambda x: ops.matmul(x, x).sum(), (0,)), (lambda x: ops.svd(x)[0], (0, 3)),
     (lambda x: ms.grad(lambda v: (v * v).sum())(x), (0, 3, 3))],
)  # fmt: skip
def test_vmap_over_no_example(function, shape):
    out = ms.vmap(function)(ms.Tensor(np.zeros((0, 3, 3), np.float32)))
    assert out.shape == shape and out.dtype == ms.float32
