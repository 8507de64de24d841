"""`check_grad`: compare a gradient with what small steps in the input say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from mslearn.autodiff import grad
from mslearn.core import random
from mslearn.core.tensor import Tensor
from mslearn.gradtools.segment import leaves

Path = tuple[int, ...]


class GradCheck:
    """What `check_grad` found; true when every component agrees.

    Attributes: `ok`, `argument` and `index` of the worst component, its `exact` and `numeric`
    derivative, the `error` relative to what the tolerances allow (1 is the limit), `components`
    compared, and the `order` of the derivative.
    """

    def __init__(
        self, order: int, components: int, argument: int, index: Path, exact: float, numeric: float,
        error: float,
    ) -> None:  # fmt: skip
        self.order, self.components = order, components
        self.argument, self.index = argument, index
        self.exact, self.numeric, self.error = exact, numeric, error
        self.ok = error <= 1

    @property
    def relative_error(self) -> float:
        """The difference by the larger of the two."""
        size = max(abs(self.exact), abs(self.numeric))
        return abs(self.exact - self.numeric) / size if size else 0.0

    def __bool__(self) -> bool:
        return self.ok

    def __repr__(self) -> str:
        verdict = "agrees" if self.ok else "DIFFERS"
        what = "gradient" if self.order == 1 else f"derivative of order {self.order}"
        return (
            f"check_grad: the {what} {verdict} with small steps, {self.components} component(s)\n"
            f"worst: argument {self.argument}, index {list(self.index)}: exact {self.exact:.6g}, "
            f"numeric {self.numeric:.6g}, relative error {self.relative_error:.1e}"
        )


def check_grad(
    fn: Callable[..., Any],
    *args: Any,
    order: int = 1,
    eps: float = 1e-6,
    atol: float = 1e-6,
    rtol: float = 1e-4,
    verbose: bool = True,
) -> GradCheck:
    """Compare the exact gradient of `fn` with central differences, and print the worst component.

    Each element of each floating argument is moved by ±`eps`; ``(f(x+eps) - f(x-eps)) / 2 eps``
    is the numeric derivative. Arguments are computed in float64 where `fn` allows it; where `fn`
    insists on its own dtype (a network's float32 parameters), steps and tolerances are widened.

    Args:
        fn: a function or Cell of tensors; several output elements are summed with fixed weights.
        args: its arguments. Integer tensors and other values are passed on unchanged.
        order: 2 checks the derivative of the derivative, and so on.
        eps: the step.
        atol, rtol: a component agrees within ``atol + rtol * abs(numeric)``.
        verbose: print the result.

    Returns:
        A `GradCheck`, true when all components agree.

    Raises:
        TypeError: no argument is a floating tensor. ValueError: order below 1.

    >>> import mslearn as ms
    >>> bool(ms.check_grad(lambda x: x.sin() * x, ms.Tensor([0.5, 2.0]), verbose=False))
    True
    """
    if order < 1:
        raise ValueError(f"For 'check_grad', the order is 1 or more, but got {order}.")
    places = [i for i, a in enumerate(args) if isinstance(a, Tensor) and a._value.dtype.kind == "f"]
    if not places:
        raise TypeError(
            "For 'check_grad', at least one argument must be a Tensor of floats, for example "
            "check_grad(fn, mslearn.Tensor([0.5, 2.0]))."
        )
    arrays = [np.array(args[i]._value, np.float64) for i in places]
    draws = random.snapshot()  # dropout must not change between two evaluations

    def scalar(*xs: Tensor) -> Tensor:
        random.restore(draws)
        inputs = list(args)
        for place, x in zip(places, xs, strict=True):
            inputs[place] = x
        outs = leaves(fn(*inputs))
        return sum(((o * _weights(o)).sum() for o in outs[1:]), (outs[0] * _weights(outs[0])).sum())

    wide = _runs(scalar, arrays)
    if not wide:
        eps, atol, rtol = max(eps, 1e-2), max(atol, 1e-3), max(rtol, 2e-2)
    dtype = np.float64 if wide else np.float32
    function = scalar
    for _ in range(order - 1):
        function = _summed_gradient(function, len(places))
    tensors = [Tensor(a.astype(dtype)) for a in arrays]
    found = grad(function, tuple(range(len(places))))(*tensors)
    exact = [g.asnumpy() for g in (found if isinstance(found, tuple) else (found,))]
    worst: tuple[float, int, Path, float, float] = (-1.0, 0, (), 0.0, 0.0)
    for k, array in enumerate(arrays):
        for index in np.ndindex(array.shape):
            about = _difference(function, arrays, k, index, eps, dtype)
            here = float(exact[k][index])
            error = abs(here - about) / (atol + rtol * abs(about))
            error = error if np.isfinite(error) else np.inf
            if error > worst[0]:
                worst = (error, places[k], index, here, about)
    error, argument, index, here, about = worst
    components = sum(a.size for a in arrays)
    result = GradCheck(order, components, argument, index, here, about, max(error, 0.0))
    if verbose:
        print(result)
    return result


def _weights(out: Tensor) -> Tensor:
    """Different for every output element, so that no error can cancel another."""
    # A scalar keeps its own gradient, the number that the learner works out by hand.
    values = np.ones(out.shape) if out.size == 1 else np.cos(np.arange(out.size)) + 1.5
    values = values.reshape(out.shape)
    return Tensor(values.astype(out._value.dtype))


def _runs(scalar: Callable[..., Tensor], arrays: list[np.ndarray]) -> bool:
    """Whether the function takes float64 all the way."""
    try:
        return scalar(*map(Tensor, arrays))._value.dtype == np.float64
    except (TypeError, ValueError):
        return False


def _summed_gradient(fn: Callable[..., Tensor], count: int) -> Callable[..., Tensor]:
    def total(*xs: Tensor) -> Tensor:
        found = grad(fn, tuple(range(count)))(*xs)
        grads = found if isinstance(found, tuple) else (found,)
        first, *rest = ((g * _weights(g)).sum() for g in grads)
        return sum(rest, first)

    return total


def _difference(
    fn: Callable[..., Tensor], arrays: list[np.ndarray], k: int, index: Path, eps: float, dtype: Any
) -> float:
    values = []
    for step in (eps, -eps):
        moved = arrays[k].copy()
        moved[index] += step
        inputs = [*arrays[:k], moved, *arrays[k + 1 :]]
        values.append(float(fn(*[Tensor(a.astype(dtype)) for a in inputs])))
    return (values[0] - values[1]) / (2 * eps)
