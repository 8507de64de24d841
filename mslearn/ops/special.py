"""Inverse hyperbolic, error and gamma functions, element by element, and relatives of theirs.

NumPy has none of the error and gamma functions. Those that Python's `math` has run element by
element; the others follow
- erfinv: M. Giles, "Approximating the erfinv function" (2010), then three steps of Newton's method;
- digamma, polygamma: recurrence and asymptotic series of Abramowitz & Stegun, "Handbook of
  Mathematical Functions", 6.3.18 and 6.4.11; reflection for x < 0 after 6.4.7.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from mslearn.core.dtype import FLOAT32
from mslearn.core.primitive import apply
from mslearn.core.tensor import Tensor, as_tensor
from mslearn.ops.elementwise import Exp, Log, Rsqrt
from mslearn.ops.families import Elementwise, cast, elementwise, floating
from mslearn.ops.indexing import where

__all__ = [
    "addcdiv", "addcmul", "cdist", "copysign", "deg2rad", "exp2", "float_power", "frac", "isclose",
    "lerp", "logaddexp2", "polygamma", "rad2deg", "sgn", "sinc", "zeta",
]  # fmt: skip


def _each(function: Callable[..., float], x: Any) -> Any:
    """`function` of Python floats on every element, in the dtype of `x`."""
    return np.asarray(np.frompyfunc(function, 1, 1)(x)).astype(x.dtype)


for _name, _kernel, _text, _slope in (
    ("Asinh", np.arcsinh, "The number whose hyperbolic sine is x.",
     lambda out, x: apply(Rsqrt, (x * x + 1,))),
    ("Acosh", np.arccosh, "The number >= 0 whose hyperbolic cosine is x (x >= 1).",
     lambda out, x: apply(Rsqrt, (x * x - 1,))),
    ("Atanh", np.arctanh, "The number whose hyperbolic tangent is x (between -1 and 1).",
     lambda out, x: 1 / (1 - x * x)),
):  # fmt: skip
    elementwise(_name, _name.lower(), _kernel, _text, floats=True, partials=(_slope,))


class Erfc(Elementwise):
    """1 - erf(x), exact also where erf(x) is nearly 1."""

    api, method = "erfc(input)", "erfc"
    floats = True

    def kernel(x):
        return _each(math.erfc, x)

    partials = (lambda out, x: -2 / math.sqrt(math.pi) * apply(Exp, (-x * x,)),)


# Giles (2010), table 5: central region, then tail; from the highest power down.
_CENTRE = (2.81022636e-08, 3.43273939e-07, -3.5233877e-06, -4.39150654e-06, 0.00021858087,
           -0.00125372503, -0.00417768164, 0.246640727, 1.50140941)  # fmt: skip
_TAIL = (-0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844, 0.00573950773,
         -0.0076224613, 0.00943887047, 1.00167406, 2.83297682)  # fmt: skip


class Erfinv(Elementwise):
    """The number whose error function is x (between -1 and 1)."""

    api, method = "erfinv(input)", "erfinv"
    floats = True

    def kernel(x):
        a = np.abs(x.astype(np.float64))
        inner = np.where(a < 1, a, 0.0)
        w = -np.log((1 - inner) * (1 + inner))
        y = inner * np.where(w < 5, np.polyval(_CENTRE, w - 2.5), np.polyval(_TAIL, np.sqrt(w) - 3))
        for _ in range(3):  # beyond 1/2 by the logarithm of erfc: erf would lose the digits
            low, rest = (
                np.asarray(np.frompyfunc(f, 1, 1)(y), float) for f in (math.erf, math.erfc)
            )
            low = low - inner
            high = rest * np.log((1 - inner) / rest)
            miss = np.where(inner < 0.5, low, high)
            y = y - miss * (math.sqrt(math.pi) / 2) * np.exp(y * y)
        y = np.where(a < 1, y, np.where(a == 1, np.inf, np.nan))
        return np.asarray(np.copysign(y, x), x.dtype)

    partials = (lambda out, x: math.sqrt(math.pi) / 2 * apply(Exp, (out * out,)),)


def _lgamma(x: float) -> float:
    try:
        return math.lgamma(x)
    except (ValueError, OverflowError):  # a pole, or too large for a float
        return math.inf


class Lgamma(Elementwise):
    """The logarithm of the absolute value of the gamma function."""

    api, method = "lgamma(input)", "lgamma"
    floats = True

    def kernel(x):
        return _each(_lgamma, x)

    partials = (lambda out, x: apply(Digamma, (x,)),)


_BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510)


def _polygamma(n: int, values: Any) -> Any:
    """The (n + 1)-th derivative of log gamma in float64."""
    given = values.astype(np.float64)
    x = np.where(given < 0, 1 - given, given)
    sign, total, reach = (-1) ** (n + 1), np.zeros_like(x), 12.0 + n
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        while (x < reach).any():
            low = x < reach
            total = np.where(low, total + sign * math.factorial(n) / x ** (n + 1), total)
            x = np.where(low, x + 1, x)
        series = -np.log(x) if n == 0 else math.factorial(n - 1) / x**n
        series = series + math.factorial(n) / (2 * x ** (n + 1))
        for k, b in enumerate(_BERNOULLI, 1):
            factor = math.factorial(2 * k + n - 1) / math.factorial(2 * k)
            series = series + b * factor / x ** (2 * k + n)
        total = total + sign * series
        cot = 1 / np.tan(np.pi * (given - np.round(given)))
        p = np.poly1d([1, 0])  # the derivatives of cot are polynomials in cot
        for _ in range(n):
            p = -np.poly1d([1, 0, 1]) * p.deriv()
        total = np.where(given < 0, (-1) ** n * total - np.pi ** (n + 1) * p(cot), total)
    pole = (given < 0) & (given == np.round(given))
    return np.where(pole, np.inf if n % 2 else np.nan, total)


class Digamma(Elementwise):
    """The derivative of lgamma."""

    api, method = "digamma(input)", "digamma"
    floats = True

    def kernel(x):
        return np.asarray(_polygamma(0, x), x.dtype)

    partials = (lambda out, x: apply(Polygamma, (x,), {"n": 1}),)


class Polygamma(Elementwise):
    """The n-th derivative of digamma."""

    params = {"n": 1}
    floats = True

    def kernel(x, n):
        return np.asarray(_polygamma(n, x), x.dtype)

    partials = (lambda out, x, n: apply(Polygamma, (x,), {"n": n + 1}),)


elementwise("Hypot", "hypot", np.hypot, "sqrt(x * x + y * y), without overflow.", ("x", "y"),
            floats=True, partials=(lambda out, x, y: x / out, lambda out, x, y: y / out),
            )  # fmt: skip


class Heaviside(Elementwise):
    """0 where x < 0, 1 where x > 0, `values` where x is 0."""

    api, method, inputs = "heaviside(input, values)", "heaviside", ("x", "values")

    def kernel(x, values):
        return np.heaviside(x, values).astype(x.dtype)

    partials = (0, lambda out, x, values: (x == 0).astype(out.dtype))


class Xlogy(Elementwise):
    """x * log(y), and 0 where x is 0 (unless y is NaN)."""

    api, method, inputs = "xlogy(input, other)", "xlogy", ("x", "y")
    floats = True

    def kernel(x, y):
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(np.where((x == 0) & ~np.isnan(y), 0, x * np.log(y)), x.dtype)

    partials = (lambda out, x, y: apply(Log, (y,)), lambda out, x, y: x / y)


class Zeta(Elementwise):
    """Hurwitz's zeta function: the sum of ``(q + k) ** -x`` over k >= 0, for x > 1 and q > 0.

    By Euler and Maclaurin's formula (Abramowitz & Stegun, 23.1.30); differentiable by q alone.
    """

    inputs = ("x", "q")
    floats = True

    def kernel(x, q):
        s, a = x.astype(np.float64), q.astype(np.float64)
        with np.errstate(divide="ignore", invalid="ignore"):
            total = sum((a + k) ** -s for k in range(12))
            n = a + 12
            total = total + n ** (1 - s) / (s - 1) + 0.5 * n**-s
            rising = s
            for k, b in enumerate(_BERNOULLI, 1):
                total = total + b / math.factorial(2 * k) * rising * n ** (1 - s - 2 * k)
                rising = rising * (s + 2 * k - 1) * (s + 2 * k)
        return np.where((s > 1) & (a > 0), total, np.where(s == 1, np.inf, np.nan)).astype(x.dtype)

    partials = (None, lambda out, x, q: -x * apply(Zeta, (x + 1, q)))


class Betainc(Elementwise):
    """The regularized incomplete beta function I_x(a, b) for a, b > 0 and x from 0 to 1.

    By the continued fraction 26.5.8 of Abramowitz & Stegun; differentiable by x alone, as in
    MindSpore.
    """

    inputs = ("a", "b", "x")
    floats = True

    def kernel(a, b, x):
        p, q, z = (v.astype(np.float64) for v in (a, b, x))
        turn = z > (p + 1) / (p + q + 2)  # there I_x(a, b) = 1 - I_(1-x)(b, a) converges faster
        p, q, z = np.where(turn, q, p), np.where(turn, p, q), np.where(turn, 1 - z, z)
        fraction = np.ones_like(z)
        for m in range(60 + int(2 * np.sqrt(max(p.max(initial=0), q.max(initial=0)))), -1, -1):
            even = (m + 1) * (q - m - 1) * z / ((p + 2 * m + 1) * (p + 2 * m + 2))
            odd = -(p + m) * (p + q + m) * z / ((p + 2 * m) * (p + 2 * m + 1))
            fraction = 1 + odd / (1 + even / fraction)
        with np.errstate(divide="ignore"):
            scale = p * np.log(z) + q * np.log1p(-z) - _each(_lgamma, p) - _each(_lgamma, q)
        part = np.exp(scale + _each(_lgamma, p + q)) / (p * fraction)
        return np.asarray(np.where(turn, 1 - part, part), x.dtype)

    partials = (None, None, lambda out, a, b, x: apply(Exp, (
        (a - 1) * apply(Log, (x,)) + (b - 1) * apply(Log, (1 - x,)) - apply(Lgamma, (a,))
        - apply(Lgamma, (b,)) + apply(Lgamma, (a + b,)),)))  # fmt: skip


def zeta(input, other):
    """Hurwitz's zeta function, the sum of ``(other + k) ** -input`` over k >= 0."""
    return Zeta()(input, other)


class LogAddExp(Elementwise):
    """log(exp(x) + exp(y)) without overflow."""

    api, method, inputs = "logaddexp(input, other)", "logaddexp", ("x", "y")
    floats = True
    kernel = np.logaddexp
    partials = (
        lambda out, x, y: apply(Exp, (x - out,)),
        lambda out, x, y: apply(Exp, (y - out,)),
    )


def polygamma(n, input):
    """The `n`-th derivative of digamma; `n` is an int or a tensor with one element, n >= 0.

    >>> import mslearn as ms
    >>> print(ms.ops.polygamma(1, ms.Tensor([1.0])))
    [1.644934]
    """
    order = int(n.item() if isinstance(n, Tensor) else n)
    if order < 0:
        raise ValueError(f"For 'polygamma', n must be >= 0, but got {order}.")
    if order == 0:
        return apply(Digamma, (floating(input),))
    return apply(Polygamma, (floating(input),), {"n": order})


def lerp(input, end, weight):
    """``input + weight * (end - input)``: `input` for weight 0, `end` for weight 1."""
    x = as_tensor(input)
    return x + weight * (as_tensor(end) - x)


def addcmul(input, tensor1, tensor2, value=1):
    """``input + value * tensor1 * tensor2``."""
    return as_tensor(input) + value * (as_tensor(tensor1) * tensor2)


def addcdiv(input, tensor1, tensor2, value=1):
    """``input + value * tensor1 / tensor2``."""
    return as_tensor(input) + value * (as_tensor(tensor1) / tensor2)


def isclose(input, other, rtol=1e-05, atol=1e-08, equal_nan=False):
    """Where ``|input - other| <= atol + rtol * |other|``; equal infinities are close."""
    x, y = as_tensor(input), as_tensor(other)
    x, y = (cast(t, FLOAT32) if t._value.dtype.kind == "b" else t for t in (x, y))
    apart, same = (x - y).abs(), x == y  # inf - inf is NaN, but equal
    near = same | ((apart <= atol + rtol * y.abs()) & (apart < math.inf))
    return near | ((x != x) & (y != y)) if equal_nan else near


def cdist(x1, x2, p=2.0):
    """The p-norm distance of every row of `x1` (…, P, M) to every row of `x2` (…, R, M).

    The shape is (…, P, R). Where two rows are equal the gradient is 0.
    """
    if p < 0:
        raise ValueError(f"For 'cdist', p must be >= 0, but got {p}.")
    a, b = floating(x1), floating(x2)
    d = (a.expand_dims(-2) - b.expand_dims(-3)).abs()
    if p == 0:
        return (d != 0).astype(d.dtype).sum(-1)
    if p == math.inf:
        return d.amax(-1)
    if p == 1:
        return d.sum(-1)
    total = (d * d if p == 2 else d**p).sum(-1)
    safe = where(total == 0, Tensor(np.ones((), total._value.dtype)), total)
    return (safe.sqrt() if p == 2 else safe ** (1 / p)) * (total != 0).astype(d.dtype)


def copysign(x, other):
    """The magnitude of `x` with the sign of `other`."""
    a, b = floating(x), as_tensor(other)
    return a.abs() * where(b < 0, Tensor(-1.0), Tensor(1.0)).astype(a.dtype)


def deg2rad(x):
    """Degrees as radians."""
    return floating(x) * (math.pi / 180)


def rad2deg(x):
    """Radians as degrees."""
    return floating(x) * (180 / math.pi)


def exp2(input):
    """2 to the power of `input`."""
    return 2 ** floating(input)


def float_power(input, exponent):
    """`input` to the power of `exponent`, computed in float64."""
    return as_tensor(input).astype("f8") ** as_tensor(exponent).astype("f8")


def frac(x):
    """What is behind the point, with the sign of `x`."""
    return as_tensor(x) - as_tensor(x).trunc()


def logaddexp2(input, other):
    """log2(2**input + 2**other) without overflow."""
    scaled = floating(input) * math.log(2), floating(other) * math.log(2)
    return apply(LogAddExp, scaled) / math.log(2)


def sgn(input):
    """The sign, as `sign`."""
    return as_tensor(input).sign()


def sinc(input):
    """sin(pi x) / (pi x), and 1 at 0."""
    x = floating(input) * math.pi
    safe = where(x == 0, Tensor(np.ones((), x._value.dtype)), x)
    return where(x == 0, Tensor(np.ones((), x._value.dtype)), safe.sin() / safe)
