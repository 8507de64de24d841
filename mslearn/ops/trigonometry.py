"""Angles and hyperbolic functions, element by element."""

from __future__ import annotations

import numpy as np

from mslearn.core.primitive import apply
from mslearn.ops.elementwise import Rsqrt
from mslearn.ops.families import Elementwise, elementwise


class Atan2(Elementwise):
    """The angle of the point (y, x), in radians."""

    api, method, inputs = "atan2(input, other)", "atan2", ("x", "y")
    floats = True
    kernel = np.arctan2
    partials = (lambda out, x, y: y / (x * x + y * y), lambda out, x, y: -x / (x * x + y * y))


def _one(name, api, kernel, text, slope, onnx=""):
    return elementwise(name, api, kernel, text, onnx=onnx, floats=True, partials=(slope,))


Sin = _one("Sin", "sin", np.sin, "The sine of x radians.", lambda out, x: apply(Cos, (x,)), "Sin")
Cos = _one(
    "Cos", "cos", np.cos, "The cosine of x radians.", lambda out, x: -apply(Sin, (x,)), "Cos"
)
Tan = _one("Tan", "tan", np.tan, "The tangent of x radians.", lambda out, x: 1 + out * out, "Tan")
Asin = _one("Asin", "asin", np.arcsin, "The angle in radians whose sine is x.",
            lambda out, x: apply(Rsqrt, (1 - x * x,)))  # fmt: skip
ACos = _one("ACos", "acos", np.arccos, "The angle in radians whose cosine is x.",
            lambda out, x: -apply(Rsqrt, (1 - x * x,)))  # fmt: skip
Atan = _one("Atan", "atan", np.arctan, "The angle in radians whose tangent is x.",
            lambda out, x: 1 / (1 + x * x))  # fmt: skip
Sinh = _one("Sinh", "sinh", np.sinh, "The hyperbolic sine.", lambda out, x: apply(Cosh, (x,)))
Cosh = _one("Cosh", "cosh", np.cosh, "The hyperbolic cosine.", lambda out, x: apply(Sinh, (x,)))
