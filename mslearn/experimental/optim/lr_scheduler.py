"""Schedulers: each `step()` sets the learning rates of an experimental optimizer's groups.

    scheduler = optim.lr_scheduler.StepLR(optimizer, step_size=10, gamma=0.5)
    for epoch in range(epochs):
        …                       # the steps of the epoch
        scheduler.step()

Rates follow from the present rates (`_last_lr`), so that schedulers can be chained and a rate may
be changed by hand in between.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from mslearn.core.dtype import FLOAT32
from mslearn.core.parameter import Parameter
from mslearn.core.tensor import Tensor
from mslearn.experimental.optim.base import Optimizer

__all__ = [
    "ConstantLR", "CosineAnnealingLR", "CosineAnnealingWarmRestarts", "CyclicLR", "ExponentialLR",
    "LRScheduler", "LambdaLR", "LinearLR", "MultiStepLR", "MultiplicativeLR", "PolynomialLR",
    "ReduceLROnPlateau", "SequentialLR", "StepLR",
]  # fmt: skip


def _rate(value: Any) -> Tensor:
    return Tensor(np.asarray(float(value), FLOAT32))


def _rates(groups: list[dict[str, Any]]) -> list[Tensor]:
    return [_rate(group["lr"]) for group in groups]


def _check_optimizer(optimizer: Any) -> None:
    if not isinstance(optimizer, Optimizer):
        raise TypeError(
            f"{type(optimizer).__name__} is not an Optimizer of mslearn.experimental.optim. Those "
            f"of nn take a schedule as their learning_rate instead."
        )


class LRScheduler:
    """Base class: a subclass writes `get_lr`, the list of the groups' rates at `last_epoch`.

    Args:
        optimizer: of `experimental.optim` (or `mint.optim`).
        last_epoch: the number of the last epoch; -1 to begin with.
    """

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        _check_optimizer(optimizer)
        if isinstance(last_epoch, bool) or not isinstance(last_epoch, int) or last_epoch < -1:
            raise ValueError(f"Invalid last_epoch: {last_epoch}")
        self.optimizer = optimizer
        for group in optimizer.param_groups:
            group.setdefault("initial_lr", _rate(group["lr"]))
        self.base_lrs = [group["initial_lr"] for group in optimizer.param_groups]
        self._last_lr = _rates(optimizer.param_groups)
        self.last_epoch = Parameter(
            np.asarray(last_epoch, FLOAT32), name=f"last_epoch_{type(self).__name__}"
        )
        self.step()

    @property
    def _now(self) -> int:
        return int(float(self.last_epoch))

    def get_last_lr(self) -> list[Tensor]:
        """The rates that the last `step` set."""
        return self._last_lr

    def get_lr(self) -> list[Any]:
        """The rates of the present `last_epoch`; a subclass writes it."""
        raise NotImplementedError(f"Write get_lr(self) in {type(self).__name__}.")

    def step(self) -> None:
        """Go one epoch (or whatever the schedule counts) on and set the rates."""
        self._go(self._now + 1)

    def _go(self, epoch: int) -> None:
        self.last_epoch.set_data(Tensor(np.asarray(epoch, FLOAT32)))
        self._last_lr = _rates(self.optimizer.param_groups)
        self._put(self.get_lr())

    def _put(self, rates: Sequence[Any]) -> None:
        for group, rate in zip(self.optimizer.param_groups, rates, strict=True):
            if isinstance(group["lr"], Parameter):
                group["lr"].set_data(_rate(rate))
            else:  # someone put a plain number there
                group["lr"] = Parameter(np.asarray(float(rate), FLOAT32), name="learning_rate")
        self._last_lr = _rates(self.optimizer.param_groups)


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
        _check_optimizer(optimizer)
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

    def get_lr(self) -> list[Any]:
        now = self._now
        pairs = zip(self.lr_lambdas, self._last_lr, strict=True)
        return [float(rate) * (float(f(now)) if now else 1.0) for f, rate in pairs]


class CosineAnnealingLR(LRScheduler):
    """Half a cosine from the first rates to `eta_min` in `T_max` epochs, and up again.

    (Loshchilov & Hutter, 2017, without restarts.)
    """

    def __init__(
        self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0, last_epoch: int = -1
    ) -> None:
        if isinstance(T_max, bool) or not isinstance(T_max, int) or T_max < 1:
            raise ValueError(f"For 'CosineAnnealingLR', T_max must be an int above 0: {T_max!r}.")
        self.T_max, self.eta_min = T_max, eta_min
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[Any]:
        now, low = self._now, self.eta_min
        if now == 0:
            return list(self._last_lr)

        def height(epoch: int) -> float:
            return 1 + math.cos(math.pi * epoch / self.T_max)

        if (now - 1 - self.T_max) % (2 * self.T_max) == 0:  # from the bottom there is no ratio
            return [
                float(rate) + (float(base) - low) * (1 - math.cos(math.pi / self.T_max)) / 2
                for rate, base in zip(self._last_lr, self.base_lrs, strict=True)
            ]
        return [(float(r) - low) * height(now) / height(now - 1) + low for r in self._last_lr]


class CosineAnnealingWarmRestarts(LRScheduler):
    """Half a cosine to `eta_min`, again and again (Loshchilov & Hutter, 2017).

    Args:
        T_0: epochs until the first restart.
        T_mult: each time lasts so many times longer than the one before.
        eta_min: the lowest rate.
    """

    def __init__(
        self, optimizer: Optimizer, T_0: int, T_mult: int = 1, eta_min: float = 0,
        last_epoch: int = -1,
    ) -> None:  # fmt: skip
        for name, value in (("T_0", T_0), ("T_mult", T_mult)):
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise ValueError(f"{name} should be an integer >= 1, but got {value!r}.")
        self.T_0, self.T_mult, self.eta_min = T_0, T_mult, eta_min
        super().__init__(optimizer, last_epoch)

    def step(self, epoch: int | None = None) -> None:
        """Go one epoch on, or to `epoch` (which may be a fraction)."""
        if epoch is not None and epoch < 0:
            raise ValueError(f"Expected non-negative epoch, but got {epoch}.")
        at = self._now + 1 if epoch is None else epoch
        start, length = 0.0, float(self.T_0)
        while at - start >= length:
            start, length = start + length, length * self.T_mult
        self._place = (at - start) / length
        self._go(math.floor(at))

    def get_lr(self) -> list[Any]:
        share = (1 + math.cos(math.pi * self._place)) / 2
        return [self.eta_min + (float(base) - self.eta_min) * share for base in self.base_lrs]


class CyclicLR(LRScheduler):
    """Between `base_lr` and `max_lr` up and down (Smith, 2017); a step is a batch, not an epoch.

    Args:
        base_lr, max_lr: the bounds, or lists with one for each group.
        step_size_up, step_size_down: steps upwards, and downwards (as many by default).
        mode: ``"triangular"``; ``"triangular2"``: half as high each time; ``"exp_range"``: times
            gamma ** step.
        scale_fn, scale_mode: a function of its own instead of `mode`, of the number of the
            ``"cycle"`` (from 1) or of ``"iterations"``.
    """

    def __init__(
        self, optimizer: Optimizer, base_lr: Any, max_lr: Any, step_size_up: int = 2000,
        step_size_down: int | None = None, mode: str = "triangular", gamma: float = 1.0,
        scale_fn: Callable[[float], float] | None = None, scale_mode: str = "cycle",
        last_epoch: int = -1,
    ) -> None:  # fmt: skip
        _check_optimizer(optimizer)
        scales = {
            "triangular": (lambda x: 1.0, "cycle"),
            "triangular2": (lambda x: 0.5 ** (x - 1), "cycle"),
            "exp_range": (lambda x: gamma**x, "iterations"),
        }
        if scale_fn is None and mode not in scales:
            raise ValueError(f"mode must be one of {sorted(scales)}, but got {mode!r}.")
        self._scale: Callable[[float], float]
        self._scale, self._of = scales[mode] if scale_fn is None else (scale_fn, scale_mode)
        groups = optimizer.param_groups

        def by_group(name: str, value: Any) -> list[float]:
            values = list(value) if isinstance(value, list | tuple) else [value] * len(groups)
            if len(values) != len(groups):
                raise ValueError(f"{name} must have {len(groups)} values, but got {len(values)}.")
            return [float(v) for v in values]

        lows = by_group("base_lr", base_lr)
        self.max_lrs = by_group("max_lr", max_lr)
        self._up = float(step_size_up)
        self._total = self._up + float(step_size_up if step_size_down is None else step_size_down)
        if last_epoch == -1:
            for group, low in zip(groups, lows, strict=True):
                group["lr"].set_data(_rate(low))
        super().__init__(optimizer, last_epoch)
        self.base_lrs = [_rate(low) for low in lows]

    def get_lr(self) -> list[Any]:
        now = self._now
        cycle = math.floor(1 + now / self._total)
        place, top = 1 + now / self._total - cycle, self._up / self._total
        height = place / top if place <= top else (1 - place) / (1 - top)
        height *= self._scale(cycle if self._of == "cycle" else now)
        pairs = zip(self.base_lrs, self.max_lrs, strict=True)
        return [float(low) + (high - float(low)) * height for low, high in pairs]


class SequentialLR(LRScheduler):
    """One scheduler after the other: `schedulers[i]` until the epoch `milestones[i]`."""

    def __init__(
        self, optimizer: Optimizer, schedulers: list[LRScheduler], milestones: list[int],
        last_epoch: int = -1,
    ) -> None:  # fmt: skip
        _check_optimizer(optimizer)
        if len(milestones) != len(schedulers) - 1:
            raise ValueError(
                f"SequentialLR needs one milestone less than schedulers, but got "
                f"{len(schedulers)} schedulers and {len(milestones)} milestones."
            )
        for i, scheduler in enumerate(schedulers):
            if scheduler.optimizer is not optimizer:
                raise ValueError(f"The scheduler at index {i} has another optimizer.")
        self.optimizer, self.milestones = optimizer, milestones
        self._schedulers = schedulers
        self.base_lrs = schedulers[0].base_lrs
        name = f"last_epoch_{type(self).__name__}"
        self.last_epoch = Parameter(np.asarray(last_epoch + 1, FLOAT32), name=name)
        self._put(self.base_lrs)
        schedulers[0]._go(0)
        self._last_lr = schedulers[0].get_last_lr()

    def step(self) -> None:
        """Go one epoch on."""
        now = self._now + 1
        self.last_epoch.set_data(Tensor(np.asarray(now, FLOAT32)))
        place = bisect_right(self.milestones, now)
        scheduler = self._schedulers[place]
        if place and self.milestones[place - 1] == now:  # it begins with the first rates
            scheduler._put(scheduler.base_lrs)
            scheduler._go(0)
        else:
            scheduler.step()
        self._last_lr = scheduler.get_last_lr()


class ReduceLROnPlateau:
    """Multiply by `factor` when a value got no better for `patience` steps.

    Args:
        optimizer: of `experimental.optim`.
        mode: ``"min"`` when smaller is better, or ``"max"``.
        factor: below 1.
        patience: so many steps without progress are borne.
        threshold, threshold_mode: what counts as progress, relative (``"rel"``) or ``"abs"``.
        cooldown: steps after a reduction in which nothing is counted.
        min_lr: no lower; a list holds one for each group.
        eps: smaller changes of a rate are left out.
    """

    def __init__(
        self, optimizer: Optimizer, mode: str = "min", factor: float = 0.1, patience: int = 10,
        threshold: float = 1e-4, threshold_mode: str = "rel", cooldown: int = 0, min_lr: Any = 0,
        eps: float = 1e-8,
    ) -> None:  # fmt: skip
        _check_optimizer(optimizer)
        if factor >= 1.0:
            raise ValueError("Factor should be < 1.0.")
        if mode not in ("min", "max"):
            raise ValueError(f"`mode` should be 'min' or 'max', but got {mode}.")
        if threshold_mode not in ("rel", "abs"):
            raise ValueError(
                f"`threshold mode` should be 'rel' or 'abs', but got {threshold_mode}."
            )
        groups = len(optimizer.param_groups)
        self.min_lrs = list(min_lr) if isinstance(min_lr, list | tuple) else [min_lr] * groups
        if len(self.min_lrs) != groups:
            raise ValueError(f"expected {groups} min_lrs, got {len(self.min_lrs)}")
        self.optimizer, self.mode, self.factor, self.patience = optimizer, mode, factor, patience
        self.threshold, self.threshold_mode = threshold, threshold_mode
        self.cooldown, self.eps = cooldown, eps
        self.best = math.inf if mode == "min" else -math.inf
        self.cooldown_counter = self.num_bad_epochs = self.last_epoch = 0
        self._last_lr = _rates(optimizer.param_groups)

    @property
    def in_cooldown(self) -> bool:
        """Whether nothing is counted now."""
        return self.cooldown_counter > 0

    def get_last_lr(self) -> list[Tensor]:
        """The present rates."""
        return self._last_lr

    def is_better(self, a: float, best: float) -> bool:
        """Whether `a` is progress over `best`."""
        sign = 1 if self.mode == "max" else -1
        if not math.isfinite(best):
            return sign * a > sign * best
        edge = abs(best) if best >= 0 else -abs(best)
        step = edge * self.threshold if self.threshold_mode == "rel" else self.threshold
        return sign * a > sign * (best + sign * step)

    def step(self, metrics: Any) -> None:
        """Look at a value after an epoch, and reduce the rates when it is time."""
        value = float(metrics)
        self.last_epoch += 1
        if self.is_better(value, self.best):
            self.best, self.num_bad_epochs = value, 0
        else:
            self.num_bad_epochs += 1
        if self.in_cooldown:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        if self.num_bad_epochs > self.patience:
            for group, low in zip(self.optimizer.param_groups, self.min_lrs, strict=True):
                old = float(group["lr"])
                new = max(old * self.factor, float(low))
                if old - new > self.eps:
                    group["lr"].set_data(_rate(new))
            self.cooldown_counter, self.num_bad_epochs = self.cooldown, 0
        self._last_lr = _rates(self.optimizer.param_groups)
