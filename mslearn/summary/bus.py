"""The bus: whoever measures something publishes it here, whoever wants it subscribes.

Producers (`SummaryRecord`, `SummaryCollector`, `insight.watch`) know nothing of files or charts;
sinks (event files, columns in memory, live charts) know nothing of networks.
"""

from __future__ import annotations

import atexit
import threading
import time
import warnings
import weakref
from collections import deque
from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np

from mslearn.summary.pump import Pump
from mslearn.summary.values import Datum

LATE = 0.1  # seconds between two deliveries to the sinks that may wait


class Sink(Protocol):
    """Takes what is published."""

    def take(self, step: int, wall: float, data: Sequence[Datum]) -> None:
        """The values of one step; `wall` is the time of day in seconds since 1970."""

    def close(self) -> None:
        """Nothing more will come."""


class Bus:
    """Hands each step's values to all sinks, one step at a time.

    A sink gets them in the publisher's thread, or, where it was subscribed as `late`, within
    `LATE` seconds on a thread of the bus: several steps in a row cost a training less than each
    by itself, whose code and data the step between has driven from the processor's caches.

    >>> bus, kept = Bus(), Columns()
    >>> bus.subscribe(kept)
    >>> bus.publish(1, [Datum("scalar", "loss", 0.5)])
    >>> kept.steps("loss").tolist(), kept.values("loss").tolist()
    ([1], [0.5])
    """

    def __init__(self) -> None:
        self._sinks: list[Sink] = []
        self._late: list[Sink] = []
        self._waiting: deque[tuple[int, float, Sequence[Datum]]] = deque()
        self._pump = Pump(self.flush, LATE, "mslearn-bus")
        self._lock = threading.RLock()
        _open.add(self)

    def subscribe(self, sink: Sink, late: bool = False) -> Callable[[], None]:
        """Add a sink; call the result to remove it again.

        A `late` sink that fails (its disk is full) is left out from then on, with a warning; what
        another sink raises is raised by `publish`.
        """
        sinks = self._late if late else self._sinks
        with self._lock:
            sinks.append(sink)

        def leave() -> None:
            with self._lock:
                if sink in sinks:
                    sinks.remove(sink)

        return leave

    def publish(self, step: int, data: Sequence[Datum], wall: float | None = None) -> None:
        """Give the values of one step to every sink."""
        if not data:
            return
        if wall is None:
            wall = time.time()
        if self._late:
            self._waiting.append((step, wall, data))
            self._pump.poke()
        if self._sinks:
            with self._lock:
                for sink in self._sinks:
                    sink.take(step, wall, data)

    def flush(self) -> None:
        """Deliver what waits for the late sinks."""
        with self._lock:
            while self._waiting:
                step, wall, data = self._waiting.popleft()
                for sink in tuple(self._late):
                    try:
                        sink.take(step, wall, data)
                    except Exception as error:
                        self._late.remove(sink)
                        warnings.warn(
                            f"Recording goes on without {type(sink).__name__}: "
                            f"{type(error).__name__}: {error}",
                            stacklevel=2,
                        )

    def close(self) -> None:
        """Close every sink."""
        with self._lock:
            self.flush()
            for sink in (*self._sinks, *self._late):
                sink.close()
            self._sinks.clear()
            self._late.clear()


_open: weakref.WeakSet[Bus] = weakref.WeakSet()


@atexit.register
def _flush_all() -> None:
    for bus in list(_open):
        bus.flush()


class Column:
    """A growing array: appending costs the same however long it is, `view` copies nothing."""

    __slots__ = ("_data", "size")

    def __init__(self, dtype: type = np.float64) -> None:
        self._data: np.ndarray = np.empty(64, dtype)
        self.size = 0

    def extend(self, values: np.ndarray | Sequence[float]) -> None:
        """Append several."""
        need = self.size + len(values)
        if need > len(self._data):
            larger = np.empty(max(need, 2 * len(self._data)), self._data.dtype)
            larger[: self.size] = self.view()
            self._data = larger
        self._data[self.size : need] = values
        self.size = need

    def append(self, value: float) -> None:
        """Append one."""
        if self.size == len(self._data):
            self.extend((value,))
        else:
            self._data[self.size] = value
            self.size += 1

    def view(self) -> np.ndarray:
        """What is in it."""
        return self._data[: self.size]


class Scalars:
    """The points of one tag: step (int64), time of day and value (float64)."""

    __slots__ = ("steps", "values", "walls")

    def __init__(self) -> None:
        self.steps, self.walls, self.values = Column(np.int64), Column(), Column()


class Columns:
    """A sink that keeps the numbers in memory, by tag; other kinds are let go."""

    def __init__(self) -> None:
        self.tags: dict[str, Scalars] = {}

    def take(self, step: int, wall: float, data: Sequence[Datum]) -> None:
        for kind, tag, value in data:
            if kind == "scalar":
                points = self.tags.get(tag) or self.tags.setdefault(tag, Scalars())
                points.steps.append(step)
                points.walls.append(wall)
                points.values.append(value)

    def close(self) -> None:
        return None

    def steps(self, tag: str) -> np.ndarray:
        """The steps at which `tag` was recorded (int64)."""
        return self.tags[tag].steps.view()

    def values(self, tag: str) -> np.ndarray:
        """The values of `tag` (float64)."""
        return self.tags[tag].values.view()
