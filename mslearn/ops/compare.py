"""Comparisons, logic and tests on numbers. Their results are bool and carry no gradient."""

from __future__ import annotations

import numpy as np

from mslearn.core.primitive import Primitive, broadcast_shape
from mslearn.ops.families import Elementwise, cast, sum_to


class _Compare(Elementwise, abstract=True):
    inputs = ("x", "y")
    result = "bool"


class Equal(_Compare):
    """x == y."""

    api, method = "equal(input, other)", "equal"
    lower = {"onnx": "Equal"}
    kernel = np.equal


class NotEqual(_Compare):
    """x != y."""

    api, method = "not_equal(input, other)", "not_equal"
    kernel = np.not_equal


class Greater(_Compare):
    """x > y."""

    api, method = "greater(input, other)", "greater"
    lower = {"onnx": "Greater"}
    kernel = np.greater


class GreaterEqual(_Compare):
    """x >= y."""

    api, method = "greater_equal(input, other)", "greater_equal"
    lower = {"onnx": "GreaterOrEqual"}
    kernel = np.greater_equal


class Less(_Compare):
    """x < y."""

    api, method = "less(input, other)", "less"
    lower = {"onnx": "Less"}
    kernel = np.less


class LessEqual(_Compare):
    """x <= y."""

    api, method = "less_equal(input, other)", "less_equal"
    lower = {"onnx": "LessOrEqual"}
    kernel = np.less_equal


class LogicalAnd(_Compare):
    """x and y, where every number but 0 is true."""

    api, method = "logical_and(input, other)", "logical_and"
    kernel = np.logical_and


class LogicalOr(_Compare):
    """x or y, where every number but 0 is true."""

    api, method = "logical_or(input, other)", "logical_or"
    kernel = np.logical_or


class LogicalXor(_Compare):
    """Either x or y, not both."""

    api, method = "logical_xor(input, other)", "logical_xor"
    kernel = np.logical_xor


class LogicalNot(Elementwise):
    """not x."""

    api, method = "logical_not(input)", "logical_not"
    result = "bool"
    kernel = np.logical_not


class BitwiseAnd(Elementwise):
    """x & y, bit by bit."""

    api, method, inputs = "bitwise_and(input, other)", "bitwise_and", ("x", "y")
    kernel = np.bitwise_and


class BitwiseOr(Elementwise):
    """x | y, bit by bit."""

    api, method, inputs = "bitwise_or(input, other)", "bitwise_or", ("x", "y")
    kernel = np.bitwise_or


class BitwiseXor(Elementwise):
    """x ^ y, bit by bit."""

    api, method, inputs = "bitwise_xor(input, other)", "bitwise_xor", ("x", "y")
    kernel = np.bitwise_xor


class IsNan(Elementwise):
    """Whether x is not a number."""

    api, method = "isnan(input)", "isnan"
    result = "bool"
    kernel = np.isnan


class IsInf(Elementwise):
    """Whether x is plus or minus infinity."""

    api, method = "isinf(input)", "isinf"
    result = "bool"
    kernel = np.isinf


class IsFinite(Elementwise):
    """Whether x is neither infinite nor NaN."""

    api, method = "isfinite(input)", "isfinite"
    result = "bool"
    kernel = np.isfinite


class Select(Primitive):
    """`x` where the condition holds, else `y`, with broadcasting."""

    inputs = ("condition", "x", "y")
    lower = {"onnx": "Where"}

    def kernel(condition, x, y):
        return np.where(condition, x, y)

    def infer(condition, x, y):
        return broadcast_shape("Select", condition.shape, x.shape, y.shape), x.dtype

    vjp = (
        None,
        lambda ct, out, c, x, y: _masked(ct, c, x),
        lambda ct, out, c, x, y: _masked(ct, ~c, y),
    )

    def jvp(tangents, out, condition, x, y):
        _, tx, ty = tangents
        mask = cast(condition, out._value.dtype)
        if ty is None:
            return tx * mask
        return ty * (1 - mask) if tx is None else tx * mask + ty * (1 - mask)


def _masked(ct, condition, like):
    return sum_to(ct * cast(condition, ct._value.dtype), like._value.shape)
