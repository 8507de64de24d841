"""Learning rates as Cells that map the step number to a rate.

schedule = nn.CosineDecayLR(min_lr=0.001, max_lr=0.1, decay_steps=100)
optimizer = nn.Momentum(net.trainable_params(), learning_rate=schedule, momentum=0.9)
"""

from __future__ import annotations

import math
from typing import Any

from mslearn import ops
from mslearn.core.dtype import FLOAT32, FLOAT64
from mslearn.core.tensor import Tensor, as_tensor
from mslearn.nn.cell import Cell


class LearningRateSchedule(Cell):
    """Base class: a subclass's `construct` takes the step (a 0-d integer Tensor)."""

    def construct(self, global_step: Tensor) -> Tensor:
        """The rate at a step; a subclass writes it."""
        raise NotImplementedError(
            f"For '{type(self).__name__}', write def construct(self, global_step): … that returns "
            f"the rate as a Tensor."
        )


class _Schedule(LearningRateSchedule):
    """A schedule whose rate is a formula of the step, worked out in float64 operations."""

    def rate(self, step: Tensor) -> Tensor:
        """The rate at a step (0-d, float64)."""
        raise NotImplementedError

    def construct(self, global_step: Any) -> Tensor:
        step = ops.cast(as_tensor(global_step), FLOAT64).reshape(())
        return ops.cast(self.rate(step), FLOAT32)


def check_positive(owner: str, **numbers: Any) -> None:
    """Raise unless every number is one, and above 0."""
    for name, value in numbers.items():
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise TypeError(
                f"For '{owner}', the argument '{name}' must be a number, but got "
                f"'{type(value).__name__}'."
            )
        if not value > 0:
            raise ValueError(f"For '{owner}', the argument '{name}' must be above 0, not {value}.")


def check_whole(owner: str, **numbers: Any) -> None:
    """Raise unless every number is a whole one, and above 0."""
    for name, value in numbers.items():
        if isinstance(value, bool) or not isinstance(value, int):
            raise TypeError(
                f"For '{owner}', the argument '{name}' must be an int, but got "
                f"'{type(value).__name__}'."
            )
    check_positive(owner, **numbers)


def check_falling(owner: str, low_name: str, low: Any, high_name: str, high: float) -> None:
    """Raise unless 0 <= low < high."""
    if isinstance(low, bool) or not isinstance(low, float):
        raise TypeError(
            f"For '{owner}', the argument '{low_name}' must be a float, but got "
            f"'{type(low).__name__}'."
        )
    if not 0 <= low < high:
        raise ValueError(
            f"For '{owner}', '{low_name}' must be at least 0 and less than '{high_name}', but got "
            f"{low} and {high}."
        )


class _Decay(_Schedule):
    def __init__(
        self, learning_rate: float, decay_rate: float, decay_steps: int, is_stair: bool = False
    ) -> None:
        super().__init__()
        name = type(self).__name__
        check_positive(name, learning_rate=learning_rate, decay_rate=decay_rate)
        check_whole(name, decay_steps=decay_steps)
        self.learning_rate, self.decay_rate = learning_rate, decay_rate
        self.decay_steps, self.is_stair = decay_steps, is_stair

    def share(self, step: Tensor) -> Tensor:
        """How many times `decay_steps` have passed; whole with `is_stair`."""
        return step // self.decay_steps if self.is_stair else step / self.decay_steps


class ExponentialDecayLR(_Decay):
    """learning_rate * decay_rate ** (step / decay_steps).

    With `is_stair` the exponent is rounded down, so the rate falls in stairs.

    >>> import mslearn as ms
    >>> print(ms.nn.ExponentialDecayLR(0.5, 0.5, 1)(ms.Tensor(2, ms.int32)))
    0.125
    """

    def rate(self, step: Tensor) -> Tensor:
        return self.learning_rate * self.decay_rate ** self.share(step)


class NaturalExpDecayLR(_Decay):
    """learning_rate * exp(-decay_rate * step); with `is_stair` the step counts by decay_steps."""

    def rate(self, step: Tensor) -> Tensor:
        if self.is_stair:
            step = step // self.decay_steps * self.decay_steps
        return self.learning_rate * ops.exp(-self.decay_rate * step)


class InverseDecayLR(_Decay):
    """learning_rate / (1 + decay_rate * step / decay_steps); `is_stair` rounds the quotient."""

    def rate(self, step: Tensor) -> Tensor:
        return self.learning_rate / (1 + self.decay_rate * self.share(step))


class CosineDecayLR(_Schedule):
    """Half a cosine from `max_lr` down to `min_lr` (Loshchilov & Hutter, 2017), then `min_lr`."""

    def __init__(self, min_lr: float, max_lr: float, decay_steps: int) -> None:
        super().__init__()
        check_positive("CosineDecayLR", max_lr=max_lr)
        check_whole("CosineDecayLR", decay_steps=decay_steps)
        check_falling("CosineDecayLR", "min_lr", min_lr, "max_lr", max_lr)
        self.min_lr, self.max_lr, self.decay_steps = min_lr, max_lr, decay_steps

    def rate(self, step: Tensor) -> Tensor:
        share = ops.minimum(step, self.decay_steps) / self.decay_steps
        return self.min_lr + 0.5 * (self.max_lr - self.min_lr) * (1 + ops.cos(math.pi * share))


class PolynomialDecayLR(_Schedule):
    """From `learning_rate` to `end_learning_rate` by (1 - step / decay_steps) ** power.

    After `decay_steps` it stays; with `update_decay_steps` it restarts over ever longer times.
    """

    def __init__(
        self, learning_rate: float, end_learning_rate: float, decay_steps: int, power: float,
        update_decay_steps: bool = False,
    ) -> None:  # fmt: skip
        super().__init__()
        name = "PolynomialDecayLR"
        check_positive(name, learning_rate=learning_rate, power=power)
        check_whole(name, decay_steps=decay_steps)
        check_falling(name, "end_learning_rate", end_learning_rate, "learning_rate", learning_rate)
        self.learning_rate, self.end_learning_rate = learning_rate, end_learning_rate
        self.decay_steps, self.power = decay_steps, power
        self.update_decay_steps = update_decay_steps

    def rate(self, step: Tensor) -> Tensor:
        steps: Any = self.decay_steps
        if self.update_decay_steps:
            steps = ops.maximum(ops.ceil(step / steps), 1.0) * steps
        share = (1 - ops.minimum(step, steps) / steps) ** self.power
        return (self.learning_rate - self.end_learning_rate) * share + self.end_learning_rate


class WarmUpLR(_Schedule):
    """From 0 up to `learning_rate` in `warmup_steps` steps, then constant."""

    def __init__(self, learning_rate: float, warmup_steps: int) -> None:
        super().__init__()
        check_positive("WarmUpLR", learning_rate=learning_rate)
        check_whole("WarmUpLR", warmup_steps=warmup_steps)
        self.learning_rate, self.warmup_steps = learning_rate, warmup_steps

    def rate(self, step: Tensor) -> Tensor:
        return self.learning_rate * ops.minimum(step, self.warmup_steps) / self.warmup_steps
