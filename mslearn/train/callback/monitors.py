"""Callbacks that print or remember: LossMonitor, TimeMonitor, History."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from mslearn.core.tensor import Tensor
from mslearn.train.callback.base import Callback, RunContext


def loss_of(outputs: Any) -> float | None:
    """The loss in what a training network gave: itself, or the first of several."""
    if isinstance(outputs, tuple | list) and outputs:
        outputs = outputs[0]
    if isinstance(outputs, Tensor):
        outputs = outputs.asnumpy()
    if isinstance(outputs, np.ndarray | np.generic) and outputs.size:
        return float(np.mean(outputs))
    return outputs if isinstance(outputs, float | int) else None


class LossMonitor(Callback):
    """Print the loss every `per_print_times` steps (0: at the end of each epoch only).

    In `Model.fit` the results of the evaluations are printed too.

    Raises:
        ValueError: the loss becomes NaN or infinite; training ends.
    """

    def __init__(self, per_print_times: int = 1) -> None:
        if isinstance(per_print_times, bool) or not isinstance(per_print_times, int):
            raise TypeError(
                f"For 'LossMonitor', per_print_times must be an int, but got "
                f"'{type(per_print_times).__name__}'."
            )
        if per_print_times < 0:
            raise ValueError(
                f"The input value must be int and must >= 0, but got '{per_print_times}' with type "
                f"'int'."
            )
        self._every = per_print_times
        self._last = 0

    def step_end(self, run_context: RunContext) -> None:
        args = run_context.original_args()
        if args.get("mode") == "eval":
            return
        loss = loss_of(args.net_outputs)
        if loss is None:
            return
        step = (args.cur_step_num - 1) % args.batch_num + 1
        where = f"epoch: {args.cur_epoch_num} step: {step}"
        if not np.isfinite(loss):
            raise ValueError(
                f"{where}. Invalid loss, terminating training. The loss is {loss}: a smaller "
                f"learning rate helps most often."
            )
        if args.cur_step_num <= self._last:  # another run
            self._last = 0
        if self._every and args.cur_step_num - self._last >= self._every:
            self._last = args.cur_step_num
            print(f"{where}, loss is {loss}", flush=True)

    def on_train_epoch_end(self, run_context: RunContext) -> None:
        args = run_context.original_args()
        if args.get("metrics"):
            print(f"Eval result: epoch {args.cur_epoch_num}, metrics: {args.metrics}", flush=True)


class TimeMonitor(Callback):
    """Print how long each epoch and each step took, in milliseconds.

    Args:
        data_size: the steps of an epoch; by default those of the data set.
        data_time: also print how long the steps waited for data.
    """

    def __init__(self, data_size: int | None = None, data_time: bool = False) -> None:
        self.data_size, self.data_time = data_size, data_time
        self._start = self._step_end = time.perf_counter()
        self._waited = 0.0

    def epoch_begin(self, run_context: RunContext) -> None:
        self._start = self._step_end = time.perf_counter()
        self._waited = 0.0

    def step_begin(self, run_context: RunContext) -> None:
        self._waited += time.perf_counter() - self._step_end

    def step_end(self, run_context: RunContext) -> None:
        self._step_end = time.perf_counter()

    def epoch_end(self, run_context: RunContext) -> None:
        args = run_context.original_args()
        spent = (time.perf_counter() - self._start) * 1000
        steps = self.data_size or args.get("batch_num") or 1
        mode = str(args.get("mode", "train")).title()
        text = f"{mode} epoch time: {spent:5.3f} ms, per step time: {spent / steps:5.3f} ms"
        if self.data_time:
            text += f" (data time: {self._waited * 1000:5.3f} ms)"
        print(text, flush=True)


class History(Callback):
    """Remember the last loss of every epoch and, in `Model.fit`, the metrics.

    ``history.epoch`` is ``{"epoch": [1, 2, …]}``; ``history.history`` holds ``"net_output"`` and
    the metrics' names.
    """

    def __init__(self) -> None:
        self.history: dict[str, list[Any]] = {}
        self.epoch: dict[str, list[int]] = {"epoch": []}

    def begin(self, run_context: RunContext) -> None:
        self.epoch = {"epoch": []}

    def epoch_end(self, run_context: RunContext) -> None:
        args = run_context.original_args()
        self.epoch["epoch"].append(args.get("cur_epoch_num", 1))
        loss = loss_of(args.get("net_outputs"))
        if loss is not None:
            self.history.setdefault("net_output", []).append(np.float32(loss))
        for name, value in (args.get("metrics") or {}).items():
            self.history.setdefault(name, []).append(value)
