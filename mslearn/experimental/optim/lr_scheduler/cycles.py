"""Schedulers that go down and up: cosines and triangles."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from mslearn.experimental.optim.base import Optimizer
from mslearn.experimental.optim.lr_scheduler.base import LRScheduler, as_rate, check_optimizer


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
        check_optimizer(optimizer)
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
                group["lr"].set_data(as_rate(low))
        super().__init__(optimizer, last_epoch)
        self.base_lrs = [as_rate(low) for low in lows]

    def get_lr(self) -> list[Any]:
        now = self._now
        cycle = math.floor(1 + now / self._total)
        place, top = 1 + now / self._total - cycle, self._up / self._total
        height = place / top if place <= top else (1 - place) / (1 - top)
        height *= self._scale(cycle if self._of == "cycle" else now)
        pairs = zip(self.base_lrs, self.max_lrs, strict=True)
        return [float(low) + (high - float(low)) * height for low, high in pairs]
