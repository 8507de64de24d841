"""`WaitedDSCallback`: a pipeline that waits for the training step that came before."""

from __future__ import annotations

import threading
from typing import Any

from mslearn.dataset import config
from mslearn.dataset.callbacks import DSCallback
from mslearn.train.callback import Callback


class WaitedDSCallback(Callback, DSCallback):
    """A callback of a pipeline that waits for the training step or epoch before it goes on.

    Give the same object to `map(callbacks=…)` and, as a callback, to `Model.train`. Override
    `sync_epoch_begin(train_run_context, ds_run_context)` and/or `sync_step_begin(…)`: the pipeline
    calls them when training has finished what came before.

    Raises:
        RuntimeError: training did not move on within `config.get_callback_timeout()` seconds.
    """

    def __init__(self, step_size: int = 1) -> None:
        super().__init__(step_size)
        self._moved = threading.Condition()
        self._epochs = self._steps = 0
        self._train: Any = None

    def sync_epoch_begin(self, train_run_context: Any, ds_run_context: Any) -> None:
        """Called before an epoch of the pipeline, after training's last epoch is complete."""

    def sync_step_begin(self, train_run_context: Any, ds_run_context: Any) -> None:
        """Called before a row, after training's last step is complete."""

    # Training's side: Model calls these by name.

    def __enter__(self) -> WaitedDSCallback:
        return self

    def __exit__(self, *error: object) -> None:
        self.end(None)

    def begin(self, run_context: Any) -> None:
        """Training begins."""
        self._train = run_context.original_args()

    def step_begin(self, run_context: Any) -> None:
        """A training step begins."""

    def step_end(self, run_context: Any) -> None:
        """A training step is complete: a waiting pipeline goes on."""
        self._move(run_context, steps=1)

    def epoch_begin(self, run_context: Any) -> None:
        """A training epoch begins."""

    def epoch_end(self, run_context: Any) -> None:
        """A training epoch is complete: a waiting pipeline goes on."""
        self._move(run_context, epochs=1)

    def end(self, run_context: Any) -> None:
        """Training is over: nothing waits any more."""
        self._move(run_context, epochs=2**31, steps=2**31)

    on_train_begin, on_train_end = begin, end
    on_train_epoch_begin, on_train_epoch_end = epoch_begin, epoch_end
    on_train_step_begin, on_train_step_end = step_begin, step_end

    def _nothing(self, run_context: Any) -> None:
        """Evaluation does not move the pipeline."""

    on_eval_begin = on_eval_end = on_eval_epoch_begin = on_eval_epoch_end = _nothing
    on_eval_step_begin = on_eval_step_end = _nothing

    def _move(self, run_context: Any, epochs: int = 0, steps: int = 0) -> None:
        with self._moved:
            if run_context is not None:
                self._train = run_context.original_args()
            self._epochs += epochs
            self._steps += steps
            self._moved.notify_all()

    def _wait(self, name: str, number: int) -> None:
        limit = config.get_callback_timeout()
        with self._moved:
            if not self._moved.wait_for(lambda: getattr(self, name) >= number, limit):
                raise RuntimeError(
                    f"{type(self).__name__}: training did not finish "
                    f"{name[1:-1]} {number} within {limit} s (config.set_callback_timeout). Was "
                    f"this callback given to Model.train too?"
                )

    # The pipeline's side.

    def ds_epoch_begin(self, ds_run_context: Any) -> None:
        if ds_run_context.cur_epoch_num > 1 and self._overridden("sync_epoch_begin"):
            self._wait("_epochs", ds_run_context.cur_epoch_num - 1)
            self.sync_epoch_begin(self._train, ds_run_context)

    def ds_step_begin(self, ds_run_context: Any) -> None:
        if ds_run_context.cur_step_num > self.step_size and self._overridden("sync_step_begin"):
            self._wait("_steps", (ds_run_context.cur_step_num - 1) // self.step_size)
            self.sync_step_begin(self._train, ds_run_context)

    def _overridden(self, name: str) -> bool:
        return getattr(type(self), name) is not getattr(WaitedDSCallback, name)
