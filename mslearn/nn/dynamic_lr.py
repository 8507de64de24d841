"""Learning rates as lists with one value a step, worked out beforehand.

    rates = nn.cosine_decay_lr(0.01, 0.1, total_step=6, step_per_epoch=2, decay_epoch=2)
    optimizer = nn.SGD(net.trainable_params(), learning_rate=rates)

In all of them the rate changes once an epoch (every `step_per_epoch` steps).
"""

from __future__ import annotations

import math
from collections.abc import Callable

from mslearn.nn.learning_rate_schedule import check_falling, check_positive, check_whole


def _by_epoch(total: int, step_per_epoch: int, rate: Callable[[int], float]) -> list[float]:
    return [rate(step // step_per_epoch) for step in range(total)]


def _decayed(
    owner: str, rate: float, decay: float, total: int, steps: int, epochs: int,
    is_stair: bool, formula: Callable[[float, int], float],
) -> list[float]:  # fmt: skip
    check_positive(owner, learning_rate=rate, decay_rate=decay)
    check_whole(owner, total_step=total, step_per_epoch=steps, decay_epoch=epochs)

    def at(epoch: int) -> float:
        share = epoch // epochs if is_stair else epoch / epochs
        return formula(share, epoch)

    return _by_epoch(total, steps, at)


def exponential_decay_lr(
    learning_rate: float, decay_rate: float, total_step: int, step_per_epoch: int,
    decay_epoch: int, is_stair: bool = False,
) -> list[float]:  # fmt: skip
    """learning_rate * decay_rate ** (epoch / decay_epoch); `is_stair` rounds the exponent down."""
    return _decayed(
        "exponential_decay_lr", learning_rate, decay_rate, total_step, step_per_epoch,
        decay_epoch, is_stair, lambda share, _: learning_rate * decay_rate**share,
    )  # fmt: skip


def natural_exp_decay_lr(
    learning_rate: float, decay_rate: float, total_step: int, step_per_epoch: int,
    decay_epoch: int, is_stair: bool = False,
) -> list[float]:  # fmt: skip
    """learning_rate * exp(-decay_rate * epoch); with `is_stair` it falls every decay_epoch."""

    def formula(share: float, epoch: int) -> float:
        return learning_rate * math.exp(-decay_rate * (share * decay_epoch if is_stair else epoch))

    return _decayed(
        "natural_exp_decay_lr", learning_rate, decay_rate, total_step, step_per_epoch,
        decay_epoch, is_stair, formula,
    )  # fmt: skip


def inverse_decay_lr(
    learning_rate: float, decay_rate: float, total_step: int, step_per_epoch: int,
    decay_epoch: int, is_stair: bool = False,
) -> list[float]:  # fmt: skip
    """learning_rate / (1 + decay_rate * epoch / decay_epoch); `is_stair` rounds the quotient."""
    return _decayed(
        "inverse_decay_lr", learning_rate, decay_rate, total_step, step_per_epoch,
        decay_epoch, is_stair, lambda share, _: learning_rate / (1 + decay_rate * share),
    )  # fmt: skip


def cosine_decay_lr(
    min_lr: float, max_lr: float, total_step: int, step_per_epoch: int, decay_epoch: int
) -> list[float]:
    """Half a cosine from `max_lr` to `min_lr` in `decay_epoch` epochs (Loshchilov & Hutter, 2017).

    >>> import mslearn as ms
    >>> [round(r, 3) for r in ms.nn.cosine_decay_lr(0.01, 0.1, 6, 2, 2)]
    [0.1, 0.1, 0.055, 0.055, 0.01, 0.01]
    """
    name = "cosine_decay_lr"
    check_positive(name, max_lr=max_lr)
    check_falling(name, "min_lr", min_lr, "max_lr", max_lr)
    check_whole(name, total_step=total_step, step_per_epoch=step_per_epoch, decay_epoch=decay_epoch)

    def at(epoch: int) -> float:
        share = min(epoch, decay_epoch) / decay_epoch
        return min_lr + 0.5 * (max_lr - min_lr) * (1 + math.cos(math.pi * share))

    return _by_epoch(total_step, step_per_epoch, at)


def piecewise_constant_lr(milestone: list[int], learning_rates: list[float]) -> list[float]:
    """``learning_rates[i]`` up to step ``milestone[i]``.

    >>> import mslearn as ms
    >>> ms.nn.piecewise_constant_lr([2, 3], [0.1, 0.05])
    [0.1, 0.1, 0.05]
    """
    name = "piecewise_constant_lr"
    if not isinstance(milestone, list | tuple) or not isinstance(learning_rates, list | tuple):
        raise TypeError(f"For '{name}', 'milestone' and 'learning_rates' must be lists.")
    if not milestone or len(milestone) != len(learning_rates):
        raise ValueError(
            f"For '{name}', 'milestone' and 'learning_rates' must have the same length, at least "
            f"1, but got {len(milestone)} and {len(learning_rates)}."
        )
    rates: list[float] = []
    for step, rate in zip(milestone, learning_rates, strict=True):
        check_whole(name, milestone=step)
        check_positive(name, learning_rates=rate)
        if step < len(rates):
            raise ValueError(f"For '{name}', 'milestone' must not fall, but got {milestone}.")
        rates += [rate] * (step - len(rates))
    return rates


def polynomial_decay_lr(
    learning_rate: float, end_learning_rate: float, total_step: int, step_per_epoch: int,
    decay_epoch: int, power: float, update_decay_epoch: bool = False,
) -> list[float]:  # fmt: skip
    """From `learning_rate` to `end_learning_rate` by (1 - epoch / decay_epoch) ** power.

    With `update_decay_epoch` it restarts over ever longer times.
    """
    name = "polynomial_decay_lr"
    check_positive(name, learning_rate=learning_rate, power=power)
    check_falling(name, "end_learning_rate", end_learning_rate, "learning_rate", learning_rate)
    check_whole(name, total_step=total_step, step_per_epoch=step_per_epoch, decay_epoch=decay_epoch)

    def at(epoch: int) -> float:
        epochs = decay_epoch
        if update_decay_epoch:
            epochs *= max(1, math.ceil(epoch / epochs))
        share = (1 - min(epoch, epochs) / epochs) ** power
        return (learning_rate - end_learning_rate) * share + end_learning_rate

    return _by_epoch(total_step, step_per_epoch, at)


def warmup_lr(
    learning_rate: float, total_step: int, step_per_epoch: int, warmup_epoch: int
) -> list[float]:
    """From 0 up to `learning_rate` in `warmup_epoch` epochs, then constant.

    >>> import mslearn as ms
    >>> ms.nn.warmup_lr(0.1, 6, 2, 2)
    [0.0, 0.0, 0.05, 0.05, 0.1, 0.1]
    """
    name = "warmup_lr"
    check_positive(name, learning_rate=learning_rate)
    check_whole(
        name, total_step=total_step, step_per_epoch=step_per_epoch, warmup_epoch=warmup_epoch
    )
    return _by_epoch(
        total_step, step_per_epoch,
        lambda epoch: learning_rate * min(epoch, warmup_epoch) / warmup_epoch,
    )  # fmt: skip
