"""Schedulers that multiply the present rates, or the first ones, by a factor of the epoch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from mslearn.experimental.optim.base import Optimizer
from mslearn.experimental.optim.lr_scheduler.base import LRScheduler, check_optimizer


class _Factor(LRScheduler):
    """The present rate times a factor of the epoch."""

    def factor(self, epoch: int) -> float:
        raise NotImplementedError

    def get_lr(self) -> list[Any]:
        factor = self.factor(self._now)
        return [float(rate) * factor for rate in self._last_lr]


class StepLR(_Factor):
    """Multiply by `gamma` every `step_size` epochs.

    >>> import mslearn as ms
    >>> from mslearn.experimental import optim
    >>> optimizer = optim.SGD(ms.nn.Dense(2, 1).trainable_params(), lr=0.5)
    >>> scheduler = optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.5)
    >>> rates = []
    >>> for _ in range(4):
    ...     scheduler.step()
    ...     rates.append(float(scheduler.get_last_lr()[0]))
    >>> rates
    [0.5, 0.25, 0.25, 0.125]
    """

    def __init__(
        self, optimizer: Optimizer, step_size: int, gamma: float = 0.1, last_epoch: int = -1
    ) -> None:
        if isinstance(step_size, bool) or not isinstance(step_size, int) or step_size < 1:
            raise ValueError(f"For 'StepLR', step_size must be an int above 0, not {step_size!r}.")
        self.step_size, self.gamma = step_size, gamma
        super().__init__(optimizer, last_epoch)

    def factor(self, epoch: int) -> float:
        return self.gamma if epoch and epoch % self.step_size == 0 else 1.0


class MultiStepLR(_Factor):
    """Multiply by `gamma` at each of the `milestones`."""

    def __init__(
        self, optimizer: Optimizer, milestones: list[int], gamma: float = 0.1, last_epoch: int = -1
    ) -> None:
        if not isinstance(milestones, list) or not all(isinstance(m, int) for m in milestones):
            raise TypeError(f"For 'MultiStepLR', milestones must be ints, but got {milestones!r}.")
        self.milestones, self.gamma = Counter(milestones), gamma
        super().__init__(optimizer, last_epoch)

    def factor(self, epoch: int) -> float:
        return self.gamma ** self.milestones[epoch]


class ExponentialLR(_Factor):
    """Multiply by `gamma` every epoch."""

    def __init__(self, optimizer: Optimizer, gamma: float, last_epoch: int = -1) -> None:
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def factor(self, epoch: int) -> float:
        return self.gamma if epoch else 1.0


class ConstantLR(_Factor):
    """The rates times `factor` for `total_iters` epochs, then as they are."""

    def __init__(
        self, optimizer: Optimizer, factor: float = 1 / 3, total_iters: int = 5,
        last_epoch: int = -1,
    ) -> None:  # fmt: skip
        if not 0 <= factor <= 1:
            raise ValueError(f"For 'ConstantLR', factor must lie from 0 to 1, but got {factor}.")
        self._share, self.total_iters = factor, total_iters
        super().__init__(optimizer, last_epoch)

    def factor(self, epoch: int) -> float:
        if epoch == 0:
            return self._share
        return 1 / self._share if epoch == self.total_iters else 1.0


class LinearLR(_Factor):
    """A factor that goes from `start_factor` to `end_factor` in `total_iters` epochs."""

    def __init__(
        self, optimizer: Optimizer, start_factor: float = 1 / 3, end_factor: float = 1.0,
        total_iters: int = 5, last_epoch: int = -1,
    ) -> None:  # fmt: skip
        if not 0 < start_factor <= 1:
            raise ValueError(
                f"For 'LinearLR', start_factor must lie above 0 and be at most 1, not "
                f"{start_factor}."
            )
        if not 0 <= end_factor <= 1:
            raise ValueError(f"For 'LinearLR', end_factor must lie from 0 to 1, not {end_factor}.")
        self.start_factor, self.end_factor = start_factor, end_factor
        self.total_iters = total_iters
        super().__init__(optimizer, last_epoch)

    def _share(self, epoch: int) -> float:
        return self.start_factor + (self.end_factor - self.start_factor) * epoch / self.total_iters

    def factor(self, epoch: int) -> float:
        if epoch == 0:
            return self.start_factor
        return 1.0 if epoch > self.total_iters else self._share(epoch) / self._share(epoch - 1)


class PolynomialLR(_Factor):
    """To 0 by (1 - epoch / total_iters) ** power."""

    def __init__(
        self, optimizer: Optimizer, total_iters: int = 5, power: float = 1.0, last_epoch: int = -1
    ) -> None:
        self.total_iters, self.power = total_iters, power
        super().__init__(optimizer, last_epoch)

    def factor(self, epoch: int) -> float:
        if epoch == 0 or epoch > self.total_iters:
            return 1.0
        total = self.total_iters
        return float(((total - epoch) / (total - epoch + 1)) ** self.power)


class _Functions(LRScheduler):
    def __init__(self, optimizer: Optimizer, lr_lambda: Any, last_epoch: int = -1) -> None:
        check_optimizer(optimizer)
        groups = len(optimizer.param_groups)
        several = isinstance(lr_lambda, list | tuple)
        self.lr_lambdas: list[Callable[[int], Any]] = (
            list(lr_lambda) if several else [lr_lambda] * groups
        )
        if len(self.lr_lambdas) != groups:
            raise ValueError(
                f"Expected {groups} lr_lambdas, one for each group, but got {len(self.lr_lambdas)}."
            )
        super().__init__(optimizer, last_epoch)


class LambdaLR(_Functions):
    """The first rates times ``lr_lambda(epoch)``; a list holds a function for each group."""

    def get_lr(self) -> list[Any]:
        now = self._now
        pairs = zip(self.lr_lambdas, self.base_lrs, strict=True)
        return [float(base) * float(f(now)) for f, base in pairs]


class MultiplicativeLR(_Functions):
    """The present rates times ``lr_lambda(epoch)``, from the second epoch on."""

    def step(self, epoch: int | None = None) -> None:
        """Go one epoch on, or to `epoch`; either way the rates are multiplied once."""
        self._go(self._now + 1 if epoch is None else epoch)

    def get_lr(self) -> list[Any]:
        now = self._now
        pairs = zip(self.lr_lambdas, self._last_lr, strict=True)
        return [float(rate) * (float(f(now)) if now else 1.0) for f, rate in pairs]
