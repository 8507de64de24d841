"""`Callback` and the context that a run hands to it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from typing import Any

HOOKS = (
    "on_train_begin", "on_train_epoch_begin", "on_train_step_begin", "on_train_step_end",
    "on_train_epoch_end", "on_train_end", "on_eval_begin", "on_eval_epoch_begin",
    "on_eval_step_begin", "on_eval_step_end", "on_eval_epoch_end", "on_eval_end",
)  # fmt: skip


class RunArgs(dict[str, Any]):
    """What is known about a run, as attributes or by `get`; e.g. ``cur_epoch_num``."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(
                f"The run has no '{name}' at this point. It has: {', '.join(sorted(self))}."
            ) from None

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value


class RunContext:
    """The run a callback belongs to.

    `original_args()` gives cur_epoch_num, cur_step_num, epoch_num, batch_num, net_outputs (the
    loss), network, train_network, optimizer, loss_fn, train_dataset, mode …
    """

    def __init__(self, original_args: dict[str, Any]) -> None:
        if not isinstance(original_args, dict):
            raise TypeError(
                f"The argument 'original_args' of RunContext should be dict type, but got "
                f"{type(original_args)}."
            )
        self._args = original_args
        self._stop = False

    def original_args(self) -> Any:
        """What is known about the run."""
        return self._args

    def request_stop(self) -> None:
        """Let the run end after this step or epoch."""
        self._stop = True

    def get_stop_requested(self) -> bool:
        """Whether somebody asked for the end."""
        return self._stop


class Callback:
    """Base class of callbacks: override any of the methods, each is given the RunContext.

    `begin`, `epoch_begin`, `step_begin`, `step_end`, `epoch_end`, `end` run while training and
    evaluating; `on_train_…` and `on_eval_…` in one of them and, unless overridden, call the others.
    Each is entered as a context manager for the run and left afterwards, also when the run fails.
    """

    def __enter__(self) -> Callback:
        return self

    def __exit__(self, *error: Any) -> None:
        return None

    def begin(self, run_context: RunContext) -> None:
        """Once, before the first epoch."""

    def epoch_begin(self, run_context: RunContext) -> None:
        """Before each epoch."""

    def epoch_end(self, run_context: RunContext) -> None:
        """After each epoch."""

    def step_begin(self, run_context: RunContext) -> None:
        """Before each step."""

    def step_end(self, run_context: RunContext) -> None:
        """After each step."""

    def end(self, run_context: RunContext) -> None:
        """Once, after the last epoch."""

    def on_train_begin(self, run_context: RunContext) -> None:
        """Once, before training."""
        self.begin(run_context)

    def on_train_epoch_begin(self, run_context: RunContext) -> None:
        """Before each epoch of training."""
        self.epoch_begin(run_context)

    def on_train_epoch_end(self, run_context: RunContext) -> None:
        """After each epoch of training."""
        self.epoch_end(run_context)

    def on_train_step_begin(self, run_context: RunContext) -> None:
        """Before each step of training."""
        self.step_begin(run_context)

    def on_train_step_end(self, run_context: RunContext) -> None:
        """After each step of training."""
        self.step_end(run_context)

    def on_train_end(self, run_context: RunContext) -> None:
        """Once, after training."""
        self.end(run_context)

    def on_eval_begin(self, run_context: RunContext) -> None:
        """Before an evaluation."""
        self.begin(run_context)

    def on_eval_epoch_begin(self, run_context: RunContext) -> None:
        """Before the data set is gone through."""
        self.epoch_begin(run_context)

    def on_eval_epoch_end(self, run_context: RunContext) -> None:
        """After the data set was gone through."""
        self.epoch_end(run_context)

    def on_eval_step_begin(self, run_context: RunContext) -> None:
        """Before each batch."""
        self.step_begin(run_context)

    def on_eval_step_end(self, run_context: RunContext) -> None:
        """After each batch."""
        self.step_end(run_context)

    def on_eval_end(self, run_context: RunContext) -> None:
        """After an evaluation."""
        self.end(run_context)


class LambdaCallback(Callback):
    """A callback made of functions, each given the RunContext.

    >>> import mslearn as ms
    >>> show = ms.train.LambdaCallback(
    ...     on_train_epoch_end=lambda run: print(run.original_args().cur_epoch_num))
    """

    def __init__(
        self,
        on_train_epoch_begin: Callable[[RunContext], Any] | None = None,
        on_train_epoch_end: Callable[[RunContext], Any] | None = None,
        on_train_step_begin: Callable[[RunContext], Any] | None = None,
        on_train_step_end: Callable[[RunContext], Any] | None = None,
        on_train_begin: Callable[[RunContext], Any] | None = None,
        on_train_end: Callable[[RunContext], Any] | None = None,
        on_eval_epoch_begin: Callable[[RunContext], Any] | None = None,
        on_eval_epoch_end: Callable[[RunContext], Any] | None = None,
        on_eval_step_begin: Callable[[RunContext], Any] | None = None,
        on_eval_step_end: Callable[[RunContext], Any] | None = None,
        on_eval_begin: Callable[[RunContext], Any] | None = None,
        on_eval_end: Callable[[RunContext], Any] | None = None,
    ) -> None:
        given = locals()
        for hook in HOOKS:
            setattr(self, hook, given[hook] or (lambda run_context: None))


class Callbacks:
    """Calls a hook of several callbacks in their order; an exception names its callback."""

    def __init__(self, callbacks: Any) -> None:
        if callbacks is None:
            self.all: list[Callback] = []
        elif isinstance(callbacks, Iterable):
            self.all = list(callbacks)
        else:
            self.all = [callbacks]
        for callback in self.all:
            if not isinstance(callback, Callback):
                raise TypeError(
                    f"When the 'callbacks' is a list, the elements in 'callbacks' must be Callback "
                    f"functions, but got '{type(callback).__name__}'. For example "
                    f"callbacks=[train.LossMonitor()]."
                )

    def custom(self) -> list[Callback]:
        """Those that also see the evaluations in `Model.fit`: one's own, and TimeMonitor."""
        ours = ("mslearn.train.callback.", "mslearn.summary.")
        return [
            c
            for c in self.all
            if type(c).__name__ == "TimeMonitor" or not type(c).__module__.startswith(ours)
        ]

    def __enter__(self) -> Callbacks:
        with ExitStack() as entering:
            for callback in self.all:
                entering.enter_context(callback)
            self._entered = entering.pop_all()
        return self

    def __exit__(self, *error: Any) -> None:
        self._entered.__exit__(*error)

    def __call__(self, hook: str, context: RunContext) -> None:
        for callback in self.all:
            try:
                getattr(callback, hook)(context)
            except Exception as error:
                _name(error, f"In callback '{type(callback).__name__}.{hook}'")
                raise


def _name(error: Exception, where: str) -> None:
    """Say in the exception, whose kind stays as it is, where it comes from."""
    if not getattr(error, "_named", False):
        if len(error.args) == 1 and isinstance(error.args[0], str):
            error.args = (f"{where}: {error.args[0]}",)
        else:
            error.args = (where, *error.args)
        error._named = True  # type: ignore[attr-defined]
