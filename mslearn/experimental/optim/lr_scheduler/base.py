"""`LRScheduler`: counts epochs and sets the rates that `get_lr` gives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from mslearn.core.dtype import FLOAT32
from mslearn.core.parameter import Parameter
from mslearn.core.tensor import Tensor
from mslearn.experimental.optim.base import Optimizer


def as_rate(value: Any) -> Tensor:
    return Tensor(np.asarray(float(value), FLOAT32))


def present_rates(groups: list[dict[str, Any]]) -> list[Tensor]:
    return [as_rate(group["lr"]) for group in groups]


def check_optimizer(optimizer: Any) -> None:
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
        check_optimizer(optimizer)
        if isinstance(last_epoch, bool) or not isinstance(last_epoch, int) or last_epoch < -1:
            raise ValueError(f"Invalid last_epoch: {last_epoch}")
        self.optimizer = optimizer
        for group in optimizer.param_groups:
            group.setdefault("initial_lr", as_rate(group["lr"]))
        self.base_lrs = [group["initial_lr"] for group in optimizer.param_groups]
        self._last_lr = present_rates(optimizer.param_groups)
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

    def step(self, epoch: int | None = None) -> None:
        """Go one epoch (or whatever the schedule counts) on, or to `epoch`, and set the rates."""
        if epoch is None:
            self._go(self._now + 1)
            return
        self._put(self.base_lrs)
        for past in range(epoch + 1):  # `get_lr` may build on the rates of the epoch before
            self._go(past)

    def _go(self, epoch: int) -> None:
        self.last_epoch.set_data(Tensor(np.asarray(epoch, FLOAT32)))
        self._last_lr = present_rates(self.optimizer.param_groups)
        self._put(self.get_lr())

    def _put(self, rates: Sequence[Any]) -> None:
        for group, rate in zip(self.optimizer.param_groups, rates, strict=True):
            if isinstance(group["lr"], Parameter):
                group["lr"].set_data(as_rate(rate))
            else:  # someone put a plain number there
                group["lr"] = Parameter(np.asarray(float(rate), FLOAT32), name="learning_rate")
        self._last_lr = present_rates(self.optimizer.param_groups)
