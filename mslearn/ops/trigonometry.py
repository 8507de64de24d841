"""Angles and hyperbolic functions, element by element."""

from __future__ import annotations

import numpy as np

from mslearn.core.primitive import apply
from mslearn.ops.elementwise import Rsqrt
from mslearn.ops.families import Elementwise


class Atan2(Elementwise):
    """The angle of the point (y, x), in radians."""

    api, method, inputs = "atan2(input, other)", "atan2", ("x", "y")
    floats = True
    kernel = np.arctan2
    partials = (lambda out, x, y: y / (x * x + y * y), lambda out, x, y: -x / (x * x + y * y))


class Sin(Elementwise):
    """The sine of x radians."""

    api, method = "sin(input)", "sin"
    lower = {"onnx": "Sin"}
    floats = True
    kernel = np.sin
    partials = (lambda out, x: apply(Cos, (x,)),)


class Cos(Elementwise):
    """The cosine of x radians."""

    api, method = "cos(input)", "cos"
    lower = {"onnx": "Cos"}
    floats = True
    kernel = np.cos
    partials = (lambda out, x: -apply(Sin, (x,)),)


class Tan(Elementwise):
    """The tangent of x radians."""

    api, method = "tan(input)", "tan"
    lower = {"onnx": "Tan"}
    floats = True
    kernel = np.tan
    partials = (lambda out, x: 1 + out * out,)


class Asin(Elementwise):
    """The angle in radians whose sine is x."""

    api, method = "asin(input)", "asin"
    floats = True
    kernel = np.arcsin
    partials = (lambda out, x: apply(Rsqrt, (1 - x * x,)),)


class ACos(Elementwise):
    """The angle in radians whose cosine is x."""

    api, method = "acos(input)", "acos"
    floats = True
    kernel = np.arccos
    partials = (lambda out, x: -apply(Rsqrt, (1 - x * x,)),)


class Atan(Elementwise):
    """The angle in radians whose tangent is x."""

    api, method = "atan(input)", "atan"
    floats = True
    kernel = np.arctan
    partials = (lambda out, x: 1 / (1 + x * x),)


class Sinh(Elementwise):
    """The hyperbolic sine."""

    api, method = "sinh(input)", "sinh"
    floats = True
    kernel = np.sinh
    partials = (lambda out, x: apply(Cosh, (x,)),)


class Cosh(Elementwise):
    """The hyperbolic cosine."""

    api, method = "cosh(input)", "cosh"
    floats = True
    kernel = np.cosh
    partials = (lambda out, x: apply(Sinh, (x,)),)
