"""Stages with workers: several tasks at once, the results in the order of the rows.

Which pool a stage gets: worker processes where `python_multiprocessing` and more than one worker
are asked for, threads where library transforms take long (Pillow and NumPy release the interpreter
while they work), none where rows are cheap. Order and random numbers are the same in all cases:
each sample has a seed of its own.
"""

from __future__ import annotations

import time
import warnings
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Protocol

from mslearn.dataset import config
from mslearn.dataset.feed import BlockSize
from mslearn.dataset.processes import CannotStart, Handler, Workers

#: rows that take less are not worth handing to a thread
WORTH_A_THREAD = 100e-6


class Pool(Protocol):
    """Where tasks are worked on."""

    waiting: deque[Any]

    @property
    def full(self) -> bool: ...
    def send(self, task: Any, note: Any = None) -> None: ...
    def next(self) -> tuple[list[Any], Exception | None, float, Any]: ...
    def drain(self) -> None: ...
    def close(self) -> None: ...


class Threads:
    """Threads that answer tasks with `handler`."""

    def __init__(self, handler: Handler, count: int) -> None:
        self.handler, self.count = handler, count
        self.executor = ThreadPoolExecutor(count, "mslearn-map")
        self.waiting: deque[Any] = deque()

    @property
    def full(self) -> bool:
        """Whether as many tasks wait as may."""
        return len(self.waiting) >= 2 * self.count

    def send(self, task: Any, note: Any = None) -> None:
        """Give out a task; `note` comes back with its answer."""
        self.waiting.append((self.executor.submit(self._work, task), note))

    def _work(self, task: Any) -> tuple[list[Any], Exception | None, float]:
        start = time.perf_counter()
        rows, error = self.handler(task)
        return rows, error, time.perf_counter() - start

    def next(self) -> tuple[list[Any], Exception | None, float, Any]:
        """The answer to the oldest task, waiting for it: rows, error, its seconds, note."""
        future, note = self.waiting.popleft()
        return (*future.result(), note)

    def drain(self) -> None:
        """Throw away the answers that are still to come."""
        waiting: list[tuple[Future[Any], Any]] = list(self.waiting)
        self.waiting.clear()
        for future, _ in waiting:
            if not future.cancel():
                future.exception()

    def close(self) -> None:
        """End the threads; waits for them."""
        self.executor.shutdown(wait=True, cancel_futures=True)


def make_pool(handler: Handler, count: int, stage: str, processes: bool) -> Pool:
    """Worker processes, or threads where those cannot be had (with a warning)."""
    if processes:
        try:
            return Workers(handler, count, stage)
        except CannotStart as error:
            warnings.warn(
                f"{stage}: the functions cannot be sent to worker processes ({error}), so threads "
                f"run them. Under 'spawn' a function must be importable: define it at the top of a "
                f"module (.py file), not in a notebook cell, and not as a lambda.",
                RuntimeWarning,
                stacklevel=2,
            )
    return Threads(handler, count)


class Ordered:
    """Results of a pool in the order of the tasks, each sent before it is waited for.

    Args:
        pool: where the work is done.
        produce: makes the next task of up to n rows, as (task, note); None at the end.
    """

    def __init__(self, pool: Pool, produce: Callable[[int], tuple[Any, Any] | None]) -> None:
        self.pool, self.produce = pool, produce
        self.size = BlockSize(config.get_prefetch_size())
        self.over = False
        self.failed: Exception | None = None

    def begin(self) -> None:
        """Start anew; what is under way is thrown away."""
        self.pool.drain()
        self.over, self.failed = False, None

    def next(self) -> tuple[list[Any], Exception | None, Any] | None:
        """The next answer: rows, the error that came after them, and the note; None at the end."""
        while not self.over and not self.pool.full:
            try:
                made = self.produce(self.size.now)
            except Exception as raised:
                made, self.failed = None, raised  # of an earlier stage: what was sent comes first
            if made is None:
                self.over = True
            else:
                self.pool.send(*made)
        if not self.pool.waiting:
            if self.failed is not None:
                raise self.failed
            return None
        rows, error, seconds, note = self.pool.next()
        self.size.learn(len(rows), seconds)
        return rows, error, note

    def close(self) -> None:
        """End the pool."""
        self.pool.close()
