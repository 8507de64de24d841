"""Run a training loop that the learner can pause, step and stop.

The loop runs in a worker thread, because a message from the browser reaches Python only while the
cell that trains gives the event loop a turn: measured, a plain training cell hears 0 to 1 of 40
clicks, a cell that awaits a thread all 40.

What is set per thread in mslearn (observers, the context) does not follow into the worker: write
``with observing(...)`` inside the loop. Context variables (NumPy's errstate, the cell that prints
belong to) are copied into it.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import threading
import time
import warnings
from collections.abc import Callable, Coroutine, Generator, Iterator
from dataclasses import dataclass
from typing import Any

ACTIVE = ("running", "paused")


@dataclass(frozen=True)
class TrainResult:
    """What ``await curves.train(loop)`` gives back: how many steps ran, and whether Stop ended it.

    Example:
        >>> TrainResult(steps=160, stopped=False)
        TrainResult(steps=160, stopped=False)
    """

    steps: int
    stopped: bool


class Training:
    """One run of a loop, steered from other threads by pause(), resume(), step() and stop().

    `on_values` gets every yielded value, on the thread that runs the loop; `on_change` is called
    after each change of `state`: "ready", then "running", "paused", and at the end "finished",
    "stopped" or "failed".
    """

    def __init__(
        self,
        loop: Iterator[Any],
        on_values: Callable[[Any], None],
        on_change: Callable[[], None] = lambda: None,
    ) -> None:
        self._loop = loop
        self._on_values = on_values
        self._on_change = on_change
        self._turn = threading.Condition()
        self._allowed = 0
        self._stopping = False
        self._since: float | None = None
        self._spent = 0.0
        self.state = "ready"
        self.steps = 0
        self.error: BaseException | None = None

    @property
    def active(self) -> bool:
        return self.state in ACTIVE

    @property
    def elapsed(self) -> float:
        """Seconds of training, without the pauses."""
        since = self._since
        return self._spent + (time.monotonic() - since if since is not None else 0.0)

    @property
    def message(self) -> str:
        """The first line of the exception that ended the loop, or an empty text."""
        if self.state != "failed" or self.error is None:
            return ""
        first = (str(self.error).splitlines() or [""])[0]
        name = type(self.error).__name__
        return f"{name}: {first}" if first else name

    def pause(self) -> None:
        self._steer(lambda: self._set("paused") if self.state == "running" else None)

    def resume(self) -> None:
        self._steer(lambda: self._set("running") if self.state == "paused" else None)

    def step(self) -> None:
        """Run one more step and hold again; a running loop is held first."""

        def one() -> None:
            if self.active:
                self._allowed += 1
                self._set("paused")

        self._steer(one)

    def stop(self) -> None:
        """End the loop after the step that is under way; its ``finally`` blocks run."""

        def end() -> None:
            self._stopping = True

        self._steer(end)

    def run(self) -> None:
        """Run the loop to its end on this thread. Never raises: see `state` and `error`."""
        __tracebackhide__ = True
        with self._turn:
            self._set("running")
        self._on_change()
        outcome = "failed"
        try:
            while self._may_go():
                try:
                    values = next(self._loop)
                except StopIteration:
                    outcome = "finished"
                    break
                self.steps += 1
                self._on_values(values)
            else:
                outcome = "stopped"
        except BaseException as error:  # KeyboardInterrupt too: run() may be on the main thread
            self.error = error
            if isinstance(error, KeyboardInterrupt):
                outcome = "stopped"
        try:
            if isinstance(self._loop, Generator):
                self._loop.close()
        except BaseException as error:
            self.error = self.error or error
            outcome = "failed"
        with self._turn:
            self._set(outcome)
        self._on_change()

    def _may_go(self) -> bool:
        """Wait while paused; False when it is time to stop."""
        with self._turn:
            while self.state == "paused" and not self._allowed and not self._stopping:
                self._turn.wait()
            if self.state == "paused" and self._allowed:
                self._allowed -= 1
            return not self._stopping

    def _set(self, state: str) -> None:
        now = time.monotonic()
        if self._since is not None:
            self._spent += now - self._since
        self._since = now if state == "running" else None
        if state == "running":
            self._allowed = 0
        self.state = state

    def _steer(self, change: Callable[[], None]) -> None:
        with self._turn:
            change()
            self._turn.notify_all()
        self._on_change()


def as_loop(loop: Any) -> Iterator[Any]:
    """A generator or another iterator, or an error that says how to make one."""
    if isinstance(loop, Iterator):
        return loop
    name = getattr(loop, "__name__", type(loop).__name__)
    if callable(loop):
        raise TypeError(
            f"curves.train wants a generator that yields once a step, got the function {name!r}. "
            f"Call it: await curves.train({name}())."
        )
    if hasattr(loop, "__iter__") and not isinstance(loop, (str, bytes, dict)):
        return iter(loop)
    raise TypeError(
        f"curves.train wants a generator that yields once a step, got a {name}. Write a function "
        'with `yield {"loss": loss}` in its loop and pass its call.'
    )


async def run_in_thread(training: Training) -> None:
    """Run `training` on a worker thread and wait for it; leave no thread behind when cancelled."""
    __tracebackhide__ = True  # IPython: a learner's traceback shows the learner's code
    events = asyncio.get_running_loop()
    done = asyncio.Event()
    context = contextvars.copy_context()

    def work() -> None:
        try:
            context.run(training.run)
        finally:
            # A closed event loop means that nobody waits any more.
            with contextlib.suppress(RuntimeError):
                events.call_soon_threadsafe(done.set)

    worker = threading.Thread(target=work, name="mslearn-training", daemon=True)
    worker.start()

    beat = events.call_later(0.1, lambda: look_around())

    def look_around() -> None:
        # Kernel > Interrupt cancels us from a signal handler, which does not wake an event loop
        # that sleeps; without this the training went on until the next message came.
        nonlocal beat
        beat = events.call_later(0.1, look_around)

    try:
        await done.wait()
    except BaseException:  # cancelled: Kernel > Interrupt, or the task's own cancel()
        training.stop()
        # A step may be long; give it a while, then let the daemon thread end by itself.
        worker.join(timeout=10)
        raise
    finally:
        beat.cancel()


class TrainTask:
    """What ``curves.train(loop)`` returns: nothing runs until it is awaited."""

    def __init__(
        self, start: Callable[[], Coroutine[Any, Any, TrainResult]], language: str
    ) -> None:
        self._start = start
        self._language = language
        self._awaited = False

    def __await__(self) -> Generator[Any, None, TrainResult]:
        self._awaited = True
        return self._start().__await__()

    def __repr__(self) -> str:
        if self._awaited:
            return "<training>"
        if self._language == "zh":
            return "训练还没有开始：请在前面加上 await，写成 `await curves.train(loop)`。"
        return "Training has not started: add `await`, as in `await curves.train(loop)`."

    def __getattr__(self, name: str) -> Any:
        if name in ("steps", "stopped"):
            raise AttributeError(repr(self))
        raise AttributeError(f"'TrainTask' object has no attribute {name!r}")

    def __del__(self) -> None:
        if not self.__dict__.get("_awaited", True):
            warnings.warn(repr(self), RuntimeWarning, stacklevel=2)
