"""`DSCallback`: a user's methods called while a `map` runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mslearn.dataset.checks import check_int


class DSCallback:
    """Methods that a `map` calls: override those that you want.

    Args:
        step_size: call the step methods every so many rows.

    Each method gets a run context with ``cur_epoch_num`` and ``cur_step_num`` (from 1) and
    ``cur_step_num_in_epoch``.

    >>> import mslearn.dataset as ds
    >>> callback = ds.DSCallback()
    >>> callback.ds_epoch_begin = lambda context: print("epoch", context.cur_epoch_num)
    >>> data = ds.NumpySlicesDataset([1, 2], ["x"], shuffle=False)
    >>> _ = list(data.map(lambda x: x, "x", callbacks=[callback]))
    epoch 1
    """

    def __init__(self, step_size: int = 1) -> None:
        self.step_size = check_int(step_size, "step_size", 1)

    def ds_begin(self, ds_run_context: Any) -> None:
        """Called once, before the first epoch."""

    def ds_epoch_begin(self, ds_run_context: Any) -> None:
        """Called before each epoch."""

    def ds_epoch_end(self, ds_run_context: Any) -> None:
        """Called after each epoch."""

    def ds_step_begin(self, ds_run_context: Any) -> None:
        """Called before each row (each `step_size`-th one)."""

    def ds_step_end(self, ds_run_context: Any) -> None:
        """Called after each row (each `step_size`-th one)."""


class RunContext:
    """Where a `map` is, for its callbacks."""

    def __init__(self) -> None:
        self.cur_epoch_num = self.cur_step_num = self.cur_step_num_in_epoch = 0


def check_callbacks(callbacks: Any) -> list[DSCallback]:
    """The callbacks of a `map` as a list.

    Raises:
        TypeError: something that is no DSCallback.
    """
    if callbacks is None:
        return []
    found = list(callbacks) if isinstance(callbacks, list | tuple) else [callbacks]
    for item in found:
        if not isinstance(item, DSCallback):
            raise TypeError(f"For 'map', each callback must be a DSCallback, but got {item!r}.")
    return found


class CallbackRun:
    """Calls the callbacks of one running `map`."""

    def __init__(self, callbacks: Sequence[DSCallback]) -> None:
        self.callbacks, self.context = callbacks, RunContext()

    def epoch_begin(self) -> None:
        """Before an epoch."""
        self.context.cur_epoch_num += 1
        self.context.cur_step_num_in_epoch = 0
        for callback in self.callbacks:
            if self.context.cur_epoch_num == 1:
                callback.ds_begin(self.context)
            callback.ds_epoch_begin(self.context)

    def epoch_end(self) -> None:
        """After an epoch."""
        for callback in self.callbacks:
            callback.ds_epoch_end(self.context)

    def step_begin(self) -> None:
        """Before a row."""
        self.context.cur_step_num += 1
        self.context.cur_step_num_in_epoch += 1
        self._step("ds_step_begin")

    def step_end(self) -> None:
        """After a row."""
        self._step("ds_step_end")

    def _step(self, name: str) -> None:
        for callback in self.callbacks:
            if (self.context.cur_step_num - 1) % callback.step_size == 0:
                getattr(callback, name)(self.context)
