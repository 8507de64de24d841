"""Less common functions of single numbers: remainders, whole numbers, signs, incomplete gamma."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from mslearn.core.primitive import apply
from mslearn.core.tensor import Tensor, as_tensor
from mslearn.ops.families import Elementwise, cast, elementwise, floating
from mslearn.ops.indexing import where
from mslearn.ops.special import _polygamma, polygamma

__all__ = [
    "approximate_equal", "eps", "igamma", "igammac",
    "invert", "is_complex", "is_floating_point", "is_nonzero", "isneginf", "isposinf", "isreal",
    "ldexp", "mvlgamma", "type_as",
]  # fmt: skip


class Mod(Elementwise):
    """The remainder of x / y with the sign of x (C's fmod)."""

    api, method, inputs = "fmod(input, other)", "fmod", ("x", "y")

    def kernel(x, y):
        return x - np.trunc(x / y) * y if x.dtype.kind == "f" else np.fmod(x, y)

    partials = (1, lambda out, x, y: -(x / y).trunc())


class TruncateMod(Mod):
    """The remainder of x / y with the sign of x."""

    api, method = "truncate_mod(x, y)", ""
    kernel = np.fmod
    partials = Mod.partials


class TruncateDiv(Elementwise):
    """x / y rounded towards zero; its derivative is zero almost everywhere."""

    api, inputs = "truncate_div(x, y)", ("x", "y")

    def kernel(x, y):
        if x.dtype.kind in "iu":
            return np.abs(x) // np.abs(y) * np.sign(x) * np.sign(y)
        return np.trunc(x / y)


def _other_than_nan(name: str, api: str, kernel: Any, larger: bool, text: str) -> None:
    def share(own: Tensor, other: Tensor, ties: bool) -> Tensor:
        wins = own > other if larger else own < other
        wins = wins | (own == other) if ties else wins
        return cast(wins | other.isnan(), own._value.dtype)

    slopes = (lambda out, x, y: share(x, y, True), lambda out, x, y: share(y, x, False))
    elementwise(name, api, kernel, text, inputs=("x", "y"), partials=slopes)


_other_than_nan("Fmax", "fmax", np.fmax, True, "The larger; where one is NaN, the other.")
_other_than_nan("Fmin", "fmin", np.fmin, False, "The smaller; where one is NaN, the other.")


class Xdivy(Elementwise):
    """x / y, and 0 where x is 0."""

    api, method, inputs = "xdivy(x, y)", "xdivy", ("x", "y")
    floats = True

    def kernel(x, y):
        return np.where(
            x == 0, np.zeros((), y.dtype), x / np.where(x == 0, np.ones((), y.dtype), y)
        )

    partials = (
        lambda out, x, y: cast(x != 0, out._value.dtype) / where(x == 0, 1.0, y),
        lambda out, x, y: -out / where(x == 0, 1.0, y),
    )


class MulNoNan(Elementwise):
    """x * y, and 0 where y is 0, even if x is infinite or NaN."""

    inputs = ("x", "y")

    def kernel(x, y):
        return np.where(y == 0, np.zeros((), x.dtype), x * y)

    partials = (lambda out, x, y: y, lambda out, x, y: x)


class DivNoNan(Elementwise):
    """x / y, and 0 where y is 0."""

    inputs = ("x", "y")
    floats = True

    def kernel(x, y):
        return np.where(
            y == 0, np.zeros((), x.dtype), x / np.where(y == 0, np.ones((), y.dtype), y)
        )

    partials = (
        lambda out, x, y: cast(y != 0, out._value.dtype) / where(y == 0, 1.0, y),
        lambda out, x, y: -out / where(y == 0, 1.0, y),
    )


class SquaredDifference(Elementwise):
    """(x - y) squared."""

    inputs = ("x", "y")

    def kernel(x, y):
        d = x - y
        return d * d

    partials = (lambda out, x, y: 2 * (x - y), lambda out, x, y: 2 * (y - x))


for _name, _api, _kernel, _text in (
    ("NextAfter", "nextafter", np.nextafter, "The next floating number after x on the way to y."),
    ("Gcd", "gcd", np.gcd, "The greatest common divisor of integers."),
    ("Lcm", "lcm", np.lcm, "The least common multiple of integers."),
    ("LeftShift", "bitwise_left_shift", np.left_shift, "The bits of x moved left by y places."),
    ("RightShift", "bitwise_right_shift", np.right_shift, "The bits of x moved right by y places."),
):
    elementwise(_name, _api, _kernel, _text, inputs=("x", "y"), floats=_name == "NextAfter")
elementwise("SignBit", "signbit", np.signbit, "Whether the sign bit is set: for -1 and -0.0.",
            result="bool")  # fmt: skip


class PopulationCount(Elementwise):
    """How many bits of an integer are 1, uint8."""

    api = "population_count(input_x)"

    def kernel(x):
        bits = np.unpackbits(np.ascontiguousarray(x).reshape(-1, 1).view(np.uint8), axis=1)
        return bits.sum(1, dtype=np.uint8).reshape(x.shape)

    @classmethod
    def infer_values(cls, x):
        return x.shape, np.dtype("u1")


def _lower_gamma(a: float, x: float) -> float:
    """The regularised lower incomplete gamma function (Press et al., Numerical Recipes, 6.2)."""
    if not (a > 0 and x >= 0):
        return math.nan
    if x == 0 or math.isinf(x):
        return float(x > 0)
    front = math.exp(a * math.log(x) - x - math.lgamma(a))
    if x < a + 1:  # the series 6.2.5
        term = total = 1 / a
        n = a
        while abs(term) > abs(total) * 1e-17:
            n += 1
            term *= x / n
            total += term
        return total * front
    b = x + 1 - a  # the continued fraction 6.2.7 by Lentz's method
    c, d = 1e300, 1 / b
    h = d
    for i in range(1, 10_000):
        an = -i * (i - a)
        b += 2
        d, c = 1 / (an * d + b), b + an / c
        h *= d * c
        if abs(d * c - 1) < 1e-16:
            break
    return 1 - front * h


def _bell(order: int, terms: Any) -> Any:
    """The complete Bell polynomial: the `order`-th derivative of exp(f), over exp(f).

    `terms(k)` is the (k + 1)-th derivative of f.
    """
    found: list[Any] = [1.0]
    for n in range(order):
        parts = (math.comb(n, k) * found[n - k] * terms(k) for k in range(n + 1))
        found.append(sum(parts, 0.0))
    return found[order]


class IgammaGradA(Elementwise):
    """The `order`-th derivative of `Igamma` by its first argument.

    From the series ``sum(x ** (a + n) exp(-x) / gamma(a + n + 1))`` (Abramowitz & Stegun, 6.5.29),
    term by term.
    """

    inputs, params = ("a", "x"), {"order": 1}
    floats = True

    def kernel(a, x, order=1):
        wide = np.broadcast_arrays(a.astype(np.float64), x.astype(np.float64))
        a1, x1 = (np.where(v > 0, v, 1.0) for v in wide)
        top = float(np.nan_to_num(x1, posinf=0).max(initial=1.0))
        n = np.arange(int(top + 12 * math.sqrt(top) + 40)) + a1[..., None]
        log = np.log(x1)[..., None]
        factorial = np.frompyfunc(math.lgamma, 1, 1)(n + 1).astype(np.float64)
        size = np.exp(n * log - x1[..., None] - factorial)
        slope = _bell(order, lambda k: (log if k == 0 else 0) - _polygamma(k, n + 1))
        return np.where((wide[0] > 0) & (wide[1] > 0), (size * slope).sum(-1), 0.0).astype(x.dtype)

    partials = (
        lambda out, a, x, order=1: apply(IgammaGradA, (a, x), {"order": order + 1}),
        lambda out, a, x, order=1: _density(a, x) * _bell(order, lambda k: (
            x.log() - a.digamma() if k == 0 else -polygamma(k, a))),
    )  # fmt: skip


def _density(a: Tensor, x: Tensor) -> Tensor:
    return ((a - 1) * x.log() - x - a.lgamma()).exp()


class Igamma(Elementwise):
    """The regularised lower incomplete gamma function P(a, x)."""

    api, method, inputs = "", "", ("a", "x")
    floats = True

    def kernel(a, x):
        return np.asarray(np.frompyfunc(_lower_gamma, 2, 1)(a, x)).astype(x.dtype)

    partials = (
        lambda out, a, x: apply(IgammaGradA, (a, x), {"order": 1}),
        lambda out, a, x: _density(a, x),
    )


def igamma(input, other):
    """The regularised lower incomplete gamma function P(input, other)."""
    return Igamma()(input, other)


def igammac(input, other):
    """1 - igamma: the regularised upper incomplete gamma function."""
    return 1 - igamma(input, other)


def mvlgamma(input, p):
    """The logarithm of the multivariate gamma function of dimension `p`."""
    x = floating(input)
    total = Tensor.wrap(np.asarray(p * (p - 1) / 4 * math.log(math.pi), x._value.dtype))
    for j in range(int(p)):
        total = total + (x - j / 2).lgamma()
    return total


def ldexp(x, other):
    """x times 2 to the power `other`."""
    return as_tensor(x) * as_tensor(2.0) ** as_tensor(other)


def isposinf(input):
    """Where the input is +infinity."""
    return as_tensor(input) == math.inf


def isneginf(input):
    """Where the input is -infinity."""
    return as_tensor(input) == -math.inf


def isreal(input):
    """Where the imaginary part is 0."""
    x = as_tensor(input)
    return x.imag() == 0 if is_complex(x) else x == x


def is_complex(input):
    """Whether the dtype is a complex one."""
    return as_tensor(input)._value.dtype.kind == "c"


def is_floating_point(input):
    """Whether the dtype is a floating one."""
    return as_tensor(input)._value.dtype.kind in "fV"


def is_nonzero(input):
    """Whether the one element is not 0."""
    return bool(as_tensor(input) != 0)


def approximate_equal(x, y, tolerance=1e-05):
    """Where |x - y| is below the tolerance."""
    return (as_tensor(x) - as_tensor(y)).abs() < tolerance


def invert(x):
    """The bits of integers turned over."""
    return -as_tensor(x) - 1


def eps(x):
    """A tensor like `x`, filled with the machine epsilon of its dtype."""
    t = as_tensor(x)
    return Tensor.wrap(np.full(t.shape, np.finfo(t._value.dtype).eps, t._value.dtype))


def type_as(input, other):
    """The input in the dtype of `other`."""
    return cast(as_tensor(input), as_tensor(other)._value.dtype)
