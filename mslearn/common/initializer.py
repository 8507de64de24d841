"""Initial values of parameters, with MindSpore's names and defaults.

``from mslearn.common.initializer import Normal`` is the path that MindSpore code uses.
"""

from __future__ import annotations

import contextlib
import math
import weakref
from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np

from mslearn.core import random
from mslearn.core.dtype import FLOAT32, to_numpy
from mslearn.core.errors import did_you_mean
from mslearn.core.tensor import Tensor


class Initializer:
    """Fills an array in place; subclasses say with what."""

    registry: ClassVar[dict[str, type[Initializer]]] = {}

    def __init_subclass__(cls) -> None:
        Initializer.registry[cls.__name__.lower()] = cls

    def __init__(self, **kwargs: Any) -> None:
        self._kwargs = kwargs

    def __call__(self, array: np.ndarray) -> None:
        array[...] = self.values(array.shape, random.host_generator())

    def values(self, shape: tuple[int, ...], rng: np.random.Generator) -> Any:
        """The numbers for an array of `shape`."""
        raise NotImplementedError


class Zero(Initializer):
    """Zeros."""

    def values(self, shape: tuple[int, ...], rng: np.random.Generator) -> Any:
        return 0


class One(Initializer):
    """Ones."""

    def values(self, shape: tuple[int, ...], rng: np.random.Generator) -> Any:
        return 1


class Constant(Initializer):
    """The same value everywhere."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def values(self, shape: tuple[int, ...], rng: np.random.Generator) -> Any:
        return self.value


class Uniform(Initializer):
    """Uniform in [-scale, scale]."""

    def __init__(self, scale: float = 0.07) -> None:
        self.scale = scale

    def values(self, shape: tuple[int, ...], rng: np.random.Generator) -> Any:
        return rng.uniform(-self.scale, self.scale, shape)


class Normal(Initializer):
    """Normal with the given mean and deviation `sigma`."""

    def __init__(self, sigma: float = 0.01, mean: float = 0.0) -> None:
        self.sigma, self.mean = sigma, mean

    def values(self, shape: tuple[int, ...], rng: np.random.Generator) -> Any:
        return rng.normal(self.mean, self.sigma, shape)


class TruncatedNormal(Initializer):
    """Normal, drawn again while outside [a, b] (in units of the values themselves)."""

    def __init__(
        self, sigma: float = 0.01, mean: float = 0.0, a: float = -2.0, b: float = 2.0
    ) -> None:
        self.sigma, self.mean, self.a, self.b = sigma, mean, a, b

    def values(self, shape: tuple[int, ...], rng: np.random.Generator) -> Any:
        x = rng.normal(self.mean, self.sigma, shape)
        while (outside := (x < self.a) | (x > self.b)).any():
            x[outside] = rng.normal(self.mean, self.sigma, int(outside.sum()))
        return x


class XavierUniform(Initializer):
    """Uniform with bound gain * sqrt(6 / (fan_in + fan_out)) (Glorot & Bengio, 2010)."""

    def __init__(self, gain: float = 1) -> None:
        self.gain = gain

    def values(self, shape: tuple[int, ...], rng: np.random.Generator) -> Any:
        bound = self.gain * math.sqrt(6 / sum(fans(shape)))
        return rng.uniform(-bound, bound, shape)


class XavierNormal(Initializer):
    """Normal with deviation gain * sqrt(2 / (fan_in + fan_out)) (Glorot & Bengio, 2010)."""

    def __init__(self, gain: float = 1) -> None:
        self.gain = gain

    def values(self, shape: tuple[int, ...], rng: np.random.Generator) -> Any:
        return rng.normal(0, self.gain * math.sqrt(2 / sum(fans(shape))), shape)


class _He(Initializer):
    def __init__(
        self,
        negative_slope: float = 0,
        mode: str = "fan_in",
        nonlinearity: str = "leaky_relu",
    ) -> None:
        if mode not in ("fan_in", "fan_out"):
            raise ValueError(f"mode must be 'fan_in' or 'fan_out', but got {mode!r}.")
        self.negative_slope, self.mode, self.nonlinearity = negative_slope, mode, nonlinearity

    def deviation(self, shape: tuple[int, ...]) -> float:
        fan_in, fan_out = fans(shape)
        gain = calculate_gain(self.nonlinearity, self.negative_slope)
        return gain / math.sqrt(fan_in if self.mode == "fan_in" else fan_out)


class HeUniform(_He):
    """Uniform with deviation gain / sqrt(fan) (He et al., 2015)."""

    def values(self, shape: tuple[int, ...], rng: np.random.Generator) -> Any:
        bound = math.sqrt(3) * self.deviation(shape)
        return rng.uniform(-bound, bound, shape)


class HeNormal(_He):
    """Normal with deviation gain / sqrt(fan) (He et al., 2015)."""

    def values(self, shape: tuple[int, ...], rng: np.random.Generator) -> Any:
        return rng.normal(0, self.deviation(shape), shape)


class VarianceScaling(Initializer):
    """Numbers whose variance is scale / fan: normal, truncated normal or uniform.

    Args:
        scale: the variance times fan.
        mode: which fan: ``"fan_in"``, ``"fan_out"`` or their mean, ``"fan_avg"``.
        distribution: ``"uniform"``, ``"truncated_normal"`` or ``"untruncated_normal"``.
    """

    def __init__(
        self, scale: float = 1.0, mode: str = "fan_in", distribution: str = "truncated_normal"
    ) -> None:
        kinds = ("uniform", "truncated_normal", "untruncated_normal")
        if scale <= 0 or mode not in ("fan_in", "fan_out", "fan_avg") or distribution not in kinds:
            raise ValueError(
                f"For 'VarianceScaling', scale must be above 0, mode fan_in, fan_out or fan_avg "
                f"and distribution one of {kinds}, but got {scale}, {mode!r}, {distribution!r}."
            )
        self.scale, self.mode, self.distribution = scale, mode, distribution

    def values(self, shape: tuple[int, ...], rng: np.random.Generator) -> Any:
        into, out = fans(shape)
        fan = {"fan_in": into, "fan_out": out, "fan_avg": (into + out) / 2}[self.mode]
        deviation = math.sqrt(self.scale / max(1, fan))
        if self.distribution == "uniform":
            return rng.uniform(-math.sqrt(3) * deviation, math.sqrt(3) * deviation, shape)
        if self.distribution == "untruncated_normal":
            return rng.normal(0, deviation, shape)
        sigma = deviation / 0.87962566103423978  # the deviation of a normal cut at ±2
        return TruncatedNormal(sigma, 0, -2 * sigma, 2 * sigma).values(shape, rng)


class Orthogonal(Initializer):
    """Rows (or columns, if there are fewer) that are orthonormal, times `gain`.

    (Saxe et al., 2014.) Axes after the first count as one.
    """

    def __init__(self, gain: float = 1.0) -> None:
        self.gain = gain

    def values(self, shape: tuple[int, ...], rng: np.random.Generator) -> Any:
        if len(shape) < 2:
            raise ValueError(f"For 'Orthogonal', at least 2 axes are needed, not {list(shape)}.")
        rows, cols = shape[0], math.prod(shape[1:])
        q, r = np.linalg.qr(rng.normal(0, 1, (max(rows, cols), min(rows, cols))))
        q = q * np.sign(np.diag(r))  # without this the directions would not be uniform
        return (q.T if rows < cols else q).reshape(shape) * self.gain


class Identity(Initializer):
    """The unit matrix, for a weight of 2 axes."""

    def values(self, shape: tuple[int, ...], rng: np.random.Generator) -> Any:
        if len(shape) != 2:
            raise ValueError(f"For 'Identity', a matrix is needed, but got shape {list(shape)}.")
        return np.eye(*shape)


class Dirac(Initializer):
    """Convolutions (3 to 5 axes) that pass their input on, channel by channel, in each group."""

    def __init__(self, groups: int = 1) -> None:
        self.groups = groups

    def values(self, shape: tuple[int, ...], rng: np.random.Generator) -> Any:
        if len(shape) not in (3, 4, 5) or shape[0] % self.groups:
            raise ValueError(
                f"For 'Dirac', 3 to 5 axes are needed, the first divisible by groups = "
                f"{self.groups}, but got {list(shape)}."
            )
        out, each = np.zeros(shape), shape[0] // self.groups
        middle = tuple(n // 2 for n in shape[2:])
        for group in range(self.groups):
            for channel in range(min(each, shape[1])):
                place = (group * each + channel, channel, *middle)
                out[place] = 1
        return out


class Sparse(Initializer):
    """Normal numbers in a matrix, of which the share `sparsity` of each column is 0."""

    def __init__(self, sparsity: float, sigma: float = 0.01) -> None:
        self.sparsity, self.sigma = sparsity, sigma

    def values(self, shape: tuple[int, ...], rng: np.random.Generator) -> Any:
        if len(shape) != 2:
            raise ValueError(f"For 'Sparse', a matrix is needed, but got shape {list(shape)}.")
        out = rng.normal(0, self.sigma, shape)
        for column in range(shape[1]):
            out[rng.permutation(shape[0])[: math.ceil(self.sparsity * shape[0])], column] = 0
        return out


del Initializer.registry["_he"]
_ALIASES: dict[str, type[Initializer]] = {
    "zeros": Zero, "ones": One, "xavier_uniform": XavierUniform, "xavier_normal": XavierNormal,
    "he_uniform": HeUniform, "he_normal": HeNormal, "truncatednormal": TruncatedNormal,
}  # fmt: skip
Initializer.registry.update(_ALIASES)


def fans(shape: tuple[int, ...]) -> tuple[int, int]:
    """(fan_in, fan_out) of a weight of shape (out, in, kernel…)."""
    if len(shape) < 2:
        raise ValueError(
            f"An initializer that uses fan_in needs a weight with at least 2 axes, but got shape "
            f"{list(shape)}. Use Uniform, Normal or zeros for vectors."
        )
    field = math.prod(shape[2:])
    return shape[1] * field, shape[0] * field


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """The factor that keeps the variance through a nonlinearity (He et al., 2015)."""
    if nonlinearity in ("linear", "sigmoid") or nonlinearity.startswith("conv"):
        return 1.0
    if nonlinearity == "tanh":
        return 5 / 3
    if nonlinearity == "relu":
        return math.sqrt(2)
    if nonlinearity == "leaky_relu":
        return math.sqrt(2 / (1 + (0.01 if param is None else param) ** 2))
    raise ValueError(f"For 'calculate_gain', the nonlinearity {nonlinearity!r} is not known.")


def initializer(
    init: str | float | Initializer | Tensor,
    shape: int | tuple[int, ...] | None = None,
    dtype: Any = FLOAT32,
) -> Tensor:
    """A Tensor with initial values.

    Args:
        init: an initializer or its name (``"normal"``, ``"zeros"``, ``"HeUniform"``), a number
            that fills everything, or a Tensor, which is returned after a check of its shape.
        shape: the wanted shape.
        dtype: the wanted dtype.
    """
    wanted = None if shape is None else (shape,) if isinstance(shape, int) else tuple(shape)
    if isinstance(init, Tensor):
        if wanted is not None and init.shape != wanted:
            raise ValueError(
                f"For 'initializer', the given Tensor has shape {list(init.shape)}, but "
                f"{list(wanted)} is wanted."
            )
        return init
    if wanted is None:
        raise ValueError(
            "For 'initializer', give the shape, for example initializer('ones', (2, 3))."
        )
    if isinstance(init, str):
        kind = Initializer.registry.get(init.lower())
        if kind is None:
            raise ValueError(
                f"For 'initializer', {init!r} is not known."
                f"{did_you_mean(init, Initializer.registry)}"
            )
        init = kind()
    elif isinstance(init, int | float):
        init = Constant(init)
    if not all(isinstance(n, int | np.integer) and n > 0 for n in wanted):
        raise ValueError(
            f"For 'initializer', all sizes must be positive ints, but got {list(wanted)}."
        )
    if _postponed.on:
        array = np.zeros(wanted, to_numpy(dtype))  # costs neither time nor memory until it is used
        key, waiting = id(array), _postponed.waiting
        waiting[key] = (weakref.ref(array, lambda _: waiting.pop(key, None)), init)
        return Tensor.wrap(array)
    array = np.empty(wanted, to_numpy(dtype))
    init(array)
    return Tensor.wrap(array)


class _Postponed:
    on = False
    waiting: dict[int, tuple[weakref.ref[np.ndarray], Initializer]] = {}


_postponed = _Postponed()


@contextlib.contextmanager
def no_init_parameters() -> Iterator[None]:
    """Cells made inside have Parameters of zeros, at no cost: their values will be loaded.

    What is not loaded gets its initial values by `Cell.init_parameters_data()`.

    >>> import mslearn as ms
    >>> with ms.nn.no_init_parameters():
    ...     net = ms.nn.Dense(3, 2)
    >>> print(net.weight.asnumpy().any())
    False
    """
    before, _postponed.on = _postponed.on, True
    try:
        yield
    finally:
        _postponed.on = before


def fill_postponed(array: np.ndarray) -> None:
    """Give an array that `no_init_parameters` left empty its initial values."""
    reference, init = _postponed.waiting.pop(id(array), (None, None))
    if reference is not None and init is not None and reference() is array:
        init(array)
