"""Comparisons, logic and tests on numbers. Their results are bool and carry no gradient."""

from __future__ import annotations

import numpy as np

from mslearn.core.primitive import Primitive, broadcast_shape
from mslearn.ops.families import cast, elementwise, sum_to

_TWO = {"inputs": ("x", "y"), "result": "bool"}
Equal = elementwise("Equal", "equal", np.equal, "x == y.", onnx="Equal", **_TWO)
NotEqual = elementwise("NotEqual", "not_equal", np.not_equal, "x != y.", **_TWO)
Greater = elementwise("Greater", "greater", np.greater, "x > y.", onnx="Greater", **_TWO)
GreaterEqual = elementwise(
    "GreaterEqual", "greater_equal", np.greater_equal, "x >= y.", onnx="GreaterOrEqual", **_TWO
)
Less = elementwise("Less", "less", np.less, "x < y.", onnx="Less", **_TWO)
LessEqual = elementwise(
    "LessEqual", "less_equal", np.less_equal, "x <= y.", onnx="LessOrEqual", **_TWO
)
LogicalAnd = elementwise(
    "LogicalAnd",
    "logical_and",
    np.logical_and,
    "x and y, where every number but 0 is true.",
    **_TWO,
)
LogicalOr = elementwise(
    "LogicalOr", "logical_or", np.logical_or, "x or y, where every number but 0 is true.", **_TWO
)
LogicalXor = elementwise(
    "LogicalXor", "logical_xor", np.logical_xor, "Either x or y, not both.", **_TWO
)
LogicalNot = elementwise("LogicalNot", "logical_not", np.logical_not, "not x.", result="bool")
BitwiseAnd = elementwise(
    "BitwiseAnd", "bitwise_and", np.bitwise_and, "x & y, bit by bit.", inputs=("x", "y")
)
BitwiseOr = elementwise(
    "BitwiseOr", "bitwise_or", np.bitwise_or, "x | y, bit by bit.", inputs=("x", "y")
)
BitwiseXor = elementwise(
    "BitwiseXor", "bitwise_xor", np.bitwise_xor, "x ^ y, bit by bit.", inputs=("x", "y")
)
IsNan = elementwise("IsNan", "isnan", np.isnan, "Whether x is not a number.", result="bool")
IsInf = elementwise(
    "IsInf", "isinf", np.isinf, "Whether x is plus or minus infinity.", result="bool"
)
IsFinite = elementwise(
    "IsFinite", "isfinite", np.isfinite, "Whether x is neither infinite nor NaN.", result="bool"
)


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
