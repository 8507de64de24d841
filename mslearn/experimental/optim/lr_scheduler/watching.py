"""SequentialLR, one scheduler after the other, and ReduceLROnPlateau, which watches a value."""

from __future__ import annotations

import math
from bisect import bisect_right
from typing import Any

import numpy as np

from mslearn.core.dtype import FLOAT32
from mslearn.core.parameter import Parameter
from mslearn.core.tensor import Tensor
from mslearn.experimental.optim.base import Optimizer
from mslearn.experimental.optim.lr_scheduler.base import (
    LRScheduler,
    as_rate,
    check_optimizer,
    present_rates,
)


class SequentialLR(LRScheduler):
    """One scheduler after the other: `schedulers[i]` until the epoch `milestones[i]`."""

    def __init__(
        self, optimizer: Optimizer, schedulers: list[LRScheduler], milestones: list[int],
        last_epoch: int = -1,
    ) -> None:  # fmt: skip
        check_optimizer(optimizer)
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

    def step(self) -> None:  # type: ignore[override]
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
        check_optimizer(optimizer)
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
        self._last_lr = present_rates(optimizer.param_groups)

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
                    group["lr"].set_data(as_rate(new))
            self.cooldown_counter, self.num_bad_epochs = self.cooldown, 0
        self._last_lr = present_rates(self.optimizer.param_groups)
