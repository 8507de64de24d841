"""Work that may wait a moment, so that it is done for several steps at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class Pump:
    """Call `work` soon after poke(), at most once an interval, on a thread that ends when idle.

    Args:
        work: what to do; it runs on the pump's thread and must not raise.
        interval: seconds between two calls.
        name: the thread's.
    """

    def __init__(self, work: Callable[[], None], interval: float, name: str) -> None:
        self._work, self._interval, self._name = work, interval, name
        self._wanted = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def poke(self) -> None:
        """Ask for a call; any thread may, at no cost worth mentioning."""
        if self._wanted.is_set():
            return
        self._wanted.set()
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while True:
            if self._wanted.wait(2.0):
                self._wanted.clear()
                self._work()
                time.sleep(self._interval)
                continue
            with self._lock:
                if not self._wanted.is_set():
                    self._thread = None
                    return
