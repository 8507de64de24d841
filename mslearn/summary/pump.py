"""Work that may wait a moment, so that it is done for several steps at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from queue import Empty, SimpleQueue


class Pump:
    """Call `work` soon after poke(), at most once an interval, on a thread that ends when idle.

    Ctrl-C may stop a poke anywhere: nothing of it is a lock that both sides need, and the next poke
    starts the thread that this one did not.

    Args:
        work: what to do; it runs on the pump's thread and must not raise.
        interval: seconds between two calls.
        name: the thread's.
    """

    def __init__(self, work: Callable[[], None], interval: float, name: str) -> None:
        self._work, self._interval, self._name = work, interval, name
        self._wanted: SimpleQueue[None] = SimpleQueue()
        self._runs: dict[str, object] = {}  # setdefault is one step: one thread at a time

    def poke(self) -> None:
        """Ask for a call; any thread may, at no cost worth mentioning."""
        if self._wanted.empty():
            self._wanted.put(None)
        if not self._runs:
            threading.Thread(target=self._run, name=self._name, daemon=True).start()

    def _run(self) -> None:
        me = object()
        while self._runs.setdefault("thread", me) is me:
            try:
                self._wanted.get(timeout=2.0)
            except Empty:
                self._runs.clear()  # first: who pokes from here on starts a thread, or is seen
                if self._wanted.empty():
                    return
            else:
                self._work()
                time.sleep(self._interval)
