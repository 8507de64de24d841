"""Primitives that learners write, and MindSpore's kernel language."""

from __future__ import annotations

import numpy as np
import pytest

import mslearn as ms
from mslearn import Tensor, ops


class Scaled(ops.PrimitiveWithInfer):
    """x to a power, times a factor."""

    @ops.prim_attr_register
    def __init__(self, factor, power=2):
        self.init_prim_io_names(inputs=["x"], outputs=["y"])

    def infer_shape(self, x):
        return x

    def infer_dtype(self, x):
        return x

    def vm_impl(self, x):
        return self.factor * x.asnumpy() ** self.power

    def get_bprop(self):
        def bprop(x, out, dout):
            return (self.factor * self.power * x ** (self.power - 1) * dout,)

        return bprop


def test_a_primitive_of_ones_own():
    cube = Scaled(2.0, power=3)
    x = Tensor([1.0, 2.0])
    assert cube(x).tolist() == [2, 16] and cube(x).dtype == ms.float32
    assert ms.grad(cube)(x).tolist() == [6, 24]
    assert ms.grad(ms.grad(lambda x: cube(x).sum()))(x).tolist() == [12, 24]
    assert repr(cube) == "Prim[Scaled]<factor=2.0, power=3>"
    assert cube.attrs == {"factor": 2.0, "power": 3} and cube.factor == 2.0
    with pytest.raises(TypeError, match=r"takes 1 inputs \['x'\], but got 2"):
        cube(x, x)


class Wrong(Scaled):
    def infer_shape(self, x):
        return [3, 3]


class NoGradient(ops.PrimitiveWithInfer):
    def vm_impl(self, x, y):
        return x + y, x.asnumpy() - y.asnumpy()


class NoKernel(ops.PrimitiveWithCheck):
    def __init__(self):
        super().__init__("Nothing")

    def check_shape(self, x):
        if len(x) != 1:
            raise ValueError("For 'Nothing', x has one axis.")

    def check_dtype(self, x):
        pass


def test_mistakes_have_words():
    with pytest.raises(ValueError, match=r"infer_shape says \[3, 3\], but vm_impl gave \[1\]"):
        Wrong(1.0)(Tensor([1.0]))
    a, b = NoGradient()(Tensor([3.0]), Tensor([1.0]))
    assert (a.tolist(), b.tolist()) == ([4], [2])
    with pytest.raises(RuntimeError, match="bprop of 'NoGradient' is not defined"):
        ms.grad(lambda x: NoGradient()(x, x)[0])(Tensor([1.0]))
    with pytest.raises(RuntimeError, match="Write a method vm_impl"):
        NoKernel()(Tensor([1.0]))
    with pytest.raises(ValueError, match="one axis"):
        NoKernel()(Tensor([[1.0]]))


@ops.kernel
def outer(a, b):
    c = output_tensor((a.shape[0], b.shape[0]), a.dtype)  # noqa: F821
    for i, j in grid(c.shape):  # noqa: F821
        c[i, j] = exp(a[i]) * b[j]  # noqa: F821
    return c


def test_a_kernel_of_loops():
    a, b = np.array([0.0, 1.0]), np.array([1.0, 2.0, 3.0])
    np.testing.assert_allclose(outer(a, b), np.exp(a)[:, None] * b)
    assert "grid" not in globals()
    run = ops.Custom(outer, func_type="hybrid")
    np.testing.assert_allclose(run(Tensor(a), Tensor(b)).asnumpy(), np.exp(a)[:, None] * b)
    assert ops.ms_kernel is ops.kernel and ops.kernel(reg_info=None)(outer)(a, b).shape == (2, 3)
    with pytest.raises(ValueError, match="func_type"):
        ops.Custom(outer, func_type="aot")


def test_descriptions_of_kernels_are_kept():
    info = (
        ops.CustomRegOp("add").input(0, "x").output(0, "y")
        .dtype_format(ops.DataType.F32_Default, ops.DataType.F32_Default).target("CPU")
        .get_op_info()
    )  # fmt: skip
    assert info["op_name"] == "add"
    assert info["dtype_format"] == [(("f32", "Default"), ("f32", "Default"))]
    for decorate in (ops.custom_info_register(info), ops.op_info_register(info)):
        assert decorate(outer) is outer
    for name in ("AiCPURegOp", "AkgAscendRegOp", "AkgGpuRegOp", "CpuRegOp", "TBERegOp"):
        assert getattr(ops, name)("x").get_op_info() == {"op_name": "x"}
