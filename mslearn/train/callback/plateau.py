"""Callbacks that steer the run: EarlyStopping, ReduceLROnPlateau, LearningRateScheduler."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from mslearn.core.errors import did_you_mean
from mslearn.core.parameter import Parameter
from mslearn.core.tensor import Tensor
from mslearn.train.callback.base import Callback, RunContext
from mslearn.train.callback.monitors import loss_of

# Smaller is better, when mode is "auto"; of everything else more is better, as in MindSpore.
_SMALLER = (
    "eval_loss", "hausdorff_distance", "loss", "mae", "mean_surface_distance", "mse", "perplexity",
    "root_mean_square_distance",
)  # fmt: skip


def learning_rate(optimizer: Any, who: str) -> Any:
    """The Parameter that holds an optimizer's rate.

    Raises:
        ValueError: the rate follows a schedule, which a callback cannot change.
    """
    rate = getattr(optimizer, "learning_rate", None)
    if not isinstance(rate, Parameter):
        raise ValueError(
            f"For '{who}', the optimizer's learning_rate must be a number, but it is a schedule or "
            f"differs by group (or there is no such optimizer). Give the optimizer a number."
        )
    return rate


class LearningRateScheduler(Callback):
    """Set the learning rate before the next step: ``learning_rate_function(lr, step) -> lr``."""

    def __init__(self, learning_rate_function: Callable[[float, int], float]) -> None:
        self.learning_rate_function = learning_rate_function

    def on_train_step_end(self, run_context: RunContext) -> None:
        args = run_context.original_args()
        rate = learning_rate(args.optimizer, "LearningRateScheduler")
        new = self.learning_rate_function(float(rate.asnumpy()), args.cur_step_num)
        if isinstance(new, bool) or not isinstance(new, float | int | np.number):
            raise TypeError(
                f"For 'LearningRateScheduler', learning_rate_function must give a float, but got "
                f"'{type(new).__name__}'."
            )
        rate.set_data(Tensor(np.float32(new)))


class _Watch(Callback):
    """Waits for a monitored value to get better."""

    def __init__(
        self, monitor: str, min_delta: float, patience: int, verbose: bool, mode: str
    ) -> None:
        name = type(self).__name__
        if not isinstance(monitor, str):
            raise TypeError(f"For '{name}', monitor must be a str, but got {monitor!r}.")
        if mode not in ("auto", "min", "max"):
            raise ValueError(
                f"For '{name}', mode must be 'auto', 'min' or 'max', but got {mode!r}."
            )
        if isinstance(patience, bool) or not isinstance(patience, int) or patience < 0:
            raise ValueError(f"For '{name}', patience must be an int >= 0, but got {patience!r}.")
        self.monitor, self.patience, self.verbose = monitor, patience, verbose
        self.min_delta = abs(min_delta)
        self.mode = mode
        if mode == "auto":
            self.mode = "min" if monitor in _SMALLER else "max"
        self._restart()

    def _restart(self) -> None:
        self.wait = 0
        self.best = np.inf if self.mode == "min" else -np.inf

    def _better(self, value: float, than: float) -> bool:
        if self.mode == "min":
            return value < than - self.min_delta
        return value > than + self.min_delta

    def on_train_begin(self, run_context: RunContext) -> None:
        self._restart()

    def _value(self, run_context: RunContext) -> float | None:
        args = run_context.original_args()
        results = dict(args.get("eval_results") or {})
        if self.monitor in results:
            return float(np.mean(results[self.monitor]))
        if self.monitor == "loss":
            return loss_of(args.get("net_outputs"))
        known = ["loss", *results]
        warnings.warn(
            f"For '{type(self).__name__}', there is no '{self.monitor}' to watch."
            f"{did_you_mean(self.monitor, known)} There is: {', '.join(known)}. Metrics come from "
            f"Model(metrics=…) with fit.",
            stacklevel=2,
        )
        return None


class EarlyStopping(_Watch):
    """Stop when a value got no better for `patience` epochs.

    Args:
        monitor: ``"loss"``, or in `Model.fit` ``"eval_loss"`` or a metric's name.
        min_delta: what counts as better.
        patience: how many epochs may pass without that. With 0 the run ends after the first
            epoch that is judged, as in MindSpore.
        verbose: say when it stops.
        mode: ``"min"``, ``"max"``, or ``"auto"``: "min" for losses and distances, else "max".
        baseline: must be passed within `patience` epochs.
        restore_best_weights: when it stops, give the network (and the optimizer) the state of
            the best epoch.
    """

    def __init__(
        self,
        monitor: str = "eval_loss",
        min_delta: float = 0,
        patience: int = 0,
        verbose: bool = False,
        mode: str = "auto",
        baseline: float | None = None,
        restore_best_weights: bool = False,
    ) -> None:
        self.baseline, self.restore_best_weights = baseline, restore_best_weights
        super().__init__(monitor, min_delta, patience, verbose, mode)

    def _restart(self) -> None:
        super()._restart()
        self.stopped_epoch = 0
        self._best_state: dict[str, np.ndarray] = {}

    def on_train_epoch_end(self, run_context: RunContext) -> None:
        args = run_context.original_args()
        value = self._value(run_context)
        if value is None:
            return
        self.wait += 1
        better = self._better(value, self.best)
        if self.restore_best_weights and (better or not self._best_state):
            held = args.train_network.get_parameters()
            self._best_state = {p.name: p.asnumpy().copy() for p in held}
        if better:
            self.best = value
            if self.baseline is None or self._better(value, self.baseline):
                self.wait = 0
        if self.wait >= self.patience:
            self.stopped_epoch = args.cur_epoch_num
            run_context.request_stop()
            if self.restore_best_weights:
                if self.verbose:
                    print("Restoring model weights from the end of the best epoch.", flush=True)
                for param in args.train_network.get_parameters():
                    param.set_data(Tensor(self._best_state[param.name]))

    def on_train_end(self, run_context: RunContext) -> None:
        if self.stopped_epoch and self.verbose:
            print(f"Epoch {self.stopped_epoch:05d}: early stopping", flush=True)


class ReduceLROnPlateau(_Watch):
    """Multiply the learning rate by `factor` when a value got no better for `patience` epochs.

    Args:
        monitor, patience, verbose, mode, min_delta: as `EarlyStopping`.
        factor: below 1.
        cooldown: epochs after a reduction in which nothing is counted.
        min_lr: the rate goes no lower.
    """

    def __init__(
        self,
        monitor: str = "eval_loss",
        factor: float = 0.1,
        patience: int = 10,
        verbose: bool = False,
        mode: str = "auto",
        min_delta: float = 1e-4,
        cooldown: int = 0,
        min_lr: float = 0,
    ) -> None:
        if not 0 < factor < 1:
            raise ValueError(
                f"For 'ReduceLROnPlateau', factor must lie between 0 and 1, but got {factor}."
            )
        self.factor, self.cooldown, self.min_lr = factor, cooldown, min_lr
        super().__init__(monitor, min_delta, patience, verbose, mode)

    def _restart(self) -> None:
        super()._restart()
        self.cooldown_counter = 0

    def on_train_epoch_end(self, run_context: RunContext) -> None:
        args = run_context.original_args()
        rate = learning_rate(args.optimizer, "ReduceLROnPlateau")
        value = self._value(run_context)
        if value is None:
            return
        if self.cooldown_counter > 0:
            self.cooldown_counter -= 1
            self.wait = 0
        if self._better(value, self.best):
            self.best, self.wait = value, 0
        elif self.cooldown_counter <= 0:
            self.wait += 1
            old = rate.asnumpy()
            if self.wait >= self.patience and old > np.float32(self.min_lr):
                new = max(np.float32(old * np.float32(self.factor)), np.float32(self.min_lr))
                rate.set_data(Tensor(new))
                self.cooldown_counter, self.wait = self.cooldown, 0
                if self.verbose:
                    print(
                        f"Epoch {args.cur_epoch_num:05d}: ReduceLROnPlateau reducing learning rate "
                        f"to {new!s}.",
                        flush=True,
                    )
