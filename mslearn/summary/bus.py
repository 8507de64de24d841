"""The bus: whoever measures something publishes it here, whoever wants it subscribes.

Producers (`SummaryRecord`, `SummaryCollector`, `insight.watch`) know nothing of files or charts;
sinks (event files, columns in memory, live charts) know nothing of networks.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np

from mslearn.summary.values import Datum


class Sink(Protocol):
    """Takes what is published."""

    def take(self, step: int, wall: float, data: Sequence[Datum]) -> None:
        """The values of one step; `wall` is the time of day in seconds since 1970."""

    def close(self) -> None:
        """Nothing more will come."""


class Bus:
    """Hands each step's values to all sinks, in the publisher's thread, one step at a time.

    >>> bus, kept = Bus(), Columns()
    >>> bus.subscribe(kept)
    >>> bus.publish(1, [Datum("scalar", "loss", 0.5)])
    >>> kept.steps("loss").tolist(), kept.values("loss").tolist()
    ([1], [0.5])
    """

    def __init__(self) -> None:
        self._sinks: list[Sink] = []
        self._lock = threading.RLock()

    def subscribe(self, sink: Sink) -> Callable[[], None]:
        """Add a sink; call the result to remove it again."""
        with self._lock:
            self._sinks.append(sink)

        def leave() -> None:
            with self._lock:
                if sink in self._sinks:
                    self._sinks.remove(sink)

        return leave

    def publish(self, step: int, data: Sequence[Datum], wall: float | None = None) -> None:
        """Give the values of one step to every sink."""
        if not data:
            return
        with self._lock:
            for sink in self._sinks:
                sink.take(step, time.time() if wall is None else wall, data)

    def close(self) -> None:
        """Close every sink."""
        with self._lock:
            for sink in self._sinks:
                sink.close()
            self._sinks.clear()


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
