"""Element-wise mathematics: one class a function, with its partial derivatives."""

from __future__ import annotations

import math

import numpy as np

from mslearn.core.dtype import FLOAT32
from mslearn.core.primitive import apply
from mslearn.core.tensor import Abstract, Tensor
from mslearn.ops.error_function import erf32
from mslearn.ops.families import Elementwise, cast, conj, elementwise


def _where(condition: Tensor, like: Tensor) -> Tensor:
    return cast(condition, like._value.dtype)


class Add(Elementwise):
    """x + y."""

    api, method, inputs = "add(input, other)", "add", ("x", "y")
    lower = {"onnx": "Add"}
    kernel = np.add
    partials = (1, 1)


class Sub(Elementwise):
    """x - y."""

    api, method, inputs = "sub(input, other)", "sub", ("x", "y")
    lower = {"onnx": "Sub"}
    kernel = np.subtract
    partials = (1, -1)


class Mul(Elementwise):
    """x * y."""

    api, method, inputs = "mul(input, other)", "mul", ("x", "y")
    lower = {"onnx": "Mul"}
    kernel = np.multiply
    partials = (lambda out, x, y: y, lambda out, x, y: x)


class Div(Elementwise):
    """x / y; integers are divided in float32."""

    api, method, inputs = "div(input, other)", "div", ("x", "y")
    lower = {"onnx": "Div"}
    floats = True
    kernel = np.true_divide
    partials = (lambda out, x, y: 1 / y, lambda out, x, y: -out / y)


class RealDiv(Div):
    """x / y."""

    api, method = "", ""
    kernel = np.true_divide
    partials = Div.partials


class FloorDiv(Elementwise):
    """The largest integer that is at most x / y. Its derivative is zero almost everywhere."""

    api, method, inputs = "floor_div(input, other)", "floor_divide", ("x", "y")
    kernel = np.floor_divide


class FloorMod(Elementwise):
    """The remainder of x / y with the sign of y."""

    api, method, inputs = "floor_mod(x, y)", "", ("x", "y")
    kernel = np.mod
    partials = (1, lambda out, x, y: -apply(FloorDiv, (x, y)))


class Pow(Elementwise):
    """x to the power y."""

    api, method, inputs = "pow(input, exponent)", "pow", ("x", "y")
    lower = {"onnx": "Pow"}

    def kernel(x, y):
        if x.dtype.kind in "iu" and np.any(y < 0):  # MindSpore truncates 5 ** -1 to 0
            return np.power(x.astype(np.float64), y).astype(x.dtype)
        return np.power(x, y)

    partials = (
        lambda out, x, y: y * apply(Pow, (x, _less_one(y))),
        lambda out, x, y: out * apply(Log, (_above_zero(x),)),
    )


def _less_one(y: Tensor) -> Tensor:
    """y - 1, but 1 where y is 0: there the slope is 0, not 0 times infinity, at x = 0 too."""
    if not isinstance(y._value, Abstract) and not y._value.all():
        return y - 1 + 2 * cast(y == 0, y._value.dtype)
    return y - 1


def _above_zero(x: Tensor) -> Tensor:
    if x._value.dtype.kind == "c":
        return x
    tiny = np.asarray(6e-5 if x._value.dtype == np.float16 else 1e-37, x._value.dtype)
    return apply(Maximum, (x, Tensor.wrap(tiny)))


class Maximum(Elementwise):
    """The larger of x and y; equal values share the gradient by halves, as in MindSpore."""

    api, method, inputs = "maximum(input, other)", "maximum", ("x", "y")
    lower = {"onnx": "Max"}
    kernel = np.maximum
    partials = (
        lambda out, x, y: _where(x > y, out) + 0.5 * _where(x == y, out),
        lambda out, x, y: _where(y > x, out) + 0.5 * _where(x == y, out),
    )


class Minimum(Elementwise):
    """The smaller of x and y; equal values share the gradient by halves, as in MindSpore."""

    api, method, inputs = "minimum(input, other)", "minimum", ("x", "y")
    lower = {"onnx": "Min"}
    kernel = np.minimum
    partials = (
        lambda out, x, y: _where(x < y, out) + 0.5 * _where(x == y, out),
        lambda out, x, y: _where(y < x, out) + 0.5 * _where(x == y, out),
    )


class Neg(Elementwise):
    """-x."""

    api, method = "neg(input)", "neg"
    lower = {"onnx": "Neg"}
    kernel = np.negative
    partials = (-1,)


class Abs(Elementwise):
    """The absolute value; its derivative at 0 is taken as 0."""

    api, method = "abs(input)", "abs"
    lower = {"onnx": "Abs"}
    kernel = np.absolute
    partials = (
        lambda out, x: (
            apply(Sign, (x,)) if x._value.dtype.kind != "c" else conj(x) / (out + (out == 0))
        ),
    )

    @classmethod
    def infer_values(cls, x):
        return x.shape, np.empty(0, x.dtype).real.dtype if x.dtype.kind == "c" else x.dtype


Square = elementwise("Square", "square", np.square, "x * x.", partials=(lambda out, x: 2 * x,))
Reciprocal = elementwise("Reciprocal", "reciprocal", np.reciprocal, "1 / x.", onnx="Reciprocal",
                         floats=True, partials=(lambda out, x: -out * out,))  # fmt: skip
Sign = elementwise("Sign", "sign", np.sign, "-1, 0 or 1.", onnx="Sign", partials=(0,))
Floor = elementwise("Floor", "floor", np.floor, "Rounded down.", partials=(0,))
Ceil = elementwise("Ceil", "ceil", np.ceil, "Rounded up.", partials=(0,))
Trunc = elementwise("Trunc", "trunc", np.trunc, "Rounded towards zero.", partials=(0,))
Expm1 = elementwise("Expm1", "expm1", np.expm1, "exp(x) - 1, exact near 0.", floats=True,
                    partials=(lambda out, x: out + 1,))  # fmt: skip
Log1p = elementwise("Log1p", "log1p", np.log1p, "log(1 + x), exact near 0.", floats=True,
                    partials=(lambda out, x: 1 / (1 + x),))  # fmt: skip
Log2 = elementwise("Log2", "log2", np.log2, "The logarithm to base 2.", floats=True,
                   partials=(lambda out, x: 1 / (x * math.log(2)),))  # fmt: skip
Log10 = elementwise("Log10", "log10", np.log10, "The logarithm to base 10.", floats=True,
                    partials=(lambda out, x: 1 / (x * math.log(10)),))  # fmt: skip


class Exp(Elementwise):
    """e to the power x."""

    api, method = "exp(input)", "exp"
    lower = {"onnx": "Exp"}
    floats = True
    kernel = np.exp
    partials = (lambda out, x: out,)


class Log(Elementwise):
    """The natural logarithm."""

    api, method = "log(input)", "log"
    lower = {"onnx": "Log"}
    floats = True
    kernel = np.log
    partials = (lambda out, x: 1 / x,)


class Sqrt(Elementwise):
    """The square root."""

    api, method = "sqrt(x)", "sqrt"
    lower = {"onnx": "Sqrt"}
    floats = True
    kernel = np.sqrt
    partials = (lambda out, x: 0.5 / out,)


class Rsqrt(Elementwise):
    """1 / sqrt(x)."""

    api, method = "rsqrt(input)", "rsqrt"
    floats = True

    def kernel(x):
        return 1 / np.sqrt(x)

    partials = (lambda out, x: -0.5 * out * out * out,)


class Tanh(Elementwise):
    """The hyperbolic tangent."""

    api, method = "tanh(input)", "tanh"
    lower = {"onnx": "Tanh"}
    floats = True
    kernel = np.tanh
    partials = (lambda out, x: 1 - out * out,)


class Sigmoid(Elementwise):
    """1 / (1 + exp(-x)), computed without overflow through tanh."""

    api, method = "sigmoid(input)", "sigmoid"
    lower = {"onnx": "Sigmoid"}
    floats = True

    def kernel(x):
        out = np.tanh(x * x.dtype.type(0.5))
        out = np.asarray(out)
        out *= x.dtype.type(0.5)
        out += x.dtype.type(0.5)
        return out

    partials = (lambda out, x: out * (1 - out),)


class Round(Elementwise):
    """Rounded to the nearest integer, halves to the even one."""

    api, method = "round(input, *, decimals=0)", "round"
    params = {"decimals": 0}

    def kernel(x, decimals=0):
        return np.round(x, decimals)

    partials = (0,)


class Erf(Elementwise):
    """The error function, 2/sqrt(pi) times the integral of exp(-t*t) from 0 to x.

    NumPy has no erf: float32 has its own approximation, for other dtypes Python's exact `math.erf`
    runs element by element.
    """

    api, method = "erf(input)", "erf"
    lower = {"onnx": "Erf"}
    floats = True

    def kernel(x):
        return erf32(x) if x.dtype == FLOAT32 else np.asarray(_erf(x)).astype(x.dtype)

    partials = (lambda out, x: 2 / math.sqrt(math.pi) * apply(Exp, (-x * x,)),)


_erf = np.frompyfunc(math.erf, 1, 1)
