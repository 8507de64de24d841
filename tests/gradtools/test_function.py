"""`_Function`: forward and backward by hand, as MindSpore runs them."""

from __future__ import annotations

import numpy as np
import pytest

import mslearn as ms
from mslearn import Tensor
from mslearn.common._grad_function import _Function

X = Tensor([1.0, 2.0])


class Scaled(_Function):
    @staticmethod
    def forward(ctx, x, k=2):
        ctx.save_for_backward(x)
        ctx.k = k
        return x * x * k

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        assert ctx.needs_input_grad == (True, False)
        return grad * 2 * x * ctx.k * 10, None  # ten times too much, to be told apart


class Both(_Function):
    @staticmethod
    def forward(x, y):
        return x * y, x + y

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs, output[0])

    @staticmethod
    def backward(ctx, product, total):
        x, y, out = ctx.saved_tensors
        np.testing.assert_array_equal(out.asnumpy(), (x * y).asnumpy())
        return product * y + total, product * x + total


class Cube(_Function):
    @staticmethod
    def forward(ctx, x):
        sign = (x > 0).astype(ms.float32)
        ctx.save_for_backward(x)
        ctx.mark_non_differentiable(sign)
        return x**3, sign

    @staticmethod
    def backward(ctx, grad, _):
        return 3 * ctx.saved_tensors[0] ** 2 * grad


def test_the_gradient_is_what_backward_says():
    assert ms._Function is _Function
    assert Scaled.apply(X).tolist() == [2, 8]
    assert ms.grad(lambda x: Scaled.apply(x, 3).sum())(X).tolist() == [60, 120]  # as in MindSpore
    dx, dy = ms.grad(lambda x, y: Both.apply(x, y)[0].sum(), (0, 1))(X, X * 3)
    assert (dx.tolist(), dy.tolist()) == ([3, 6], [1, 2])


@pytest.mark.parametrize("mode", ["eager", "graph"])
def test_saved_tensors_belong_to_the_tape(mode):
    def second(x):
        return ms.grad(lambda t: ms.grad(lambda v: Cube.apply(v)[0].sum())(t).sum())(x)

    run = ms.jit(second, fullgraph=True) if mode == "graph" else second
    assert run(X).tolist() == [6, 12]
    assert ms.grad(lambda x: Cube.apply(x)[1].sum())(X).tolist() == [0, 0]


def test_what_is_missing_or_refused():
    class Empty(_Function):
        pass

    with pytest.raises(NotImplementedError, match=r"forward\(ctx"):
        Empty.apply(X)
    with pytest.raises(NotImplementedError, match="Return new tensors"):
        Empty().mark_dirty(X)
