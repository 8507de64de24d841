"""Logged values in columns: growing NumPy arrays for each series and run. No Jupyter here."""

from __future__ import annotations

import math
import re
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

_WORD = re.compile(r"[^a-z0-9]+")
_SPLITS = {"train", "training", "val", "valid", "validation", "test", "testing", "eval", "dev"}
_SAME = {"acc": "accuracy", "lr": "learning_rate"}


def panel_of(name: str) -> str:
    """Which small chart a series belongs to: what is measured, whatever it is measured on.

    Example:
        >>> panel_of("val_loss"), panel_of("train/loss"), panel_of("test acc")
        ('loss', 'loss', 'accuracy')
    """
    words = [w for w in _WORD.split(name.lower()) if w and w not in _SPLITS]
    last = words[-1] if words else name
    if last in ("loss", "accuracy", "acc"):
        return _SAME.get(last, last)
    panel = "_".join(words) or name
    return _SAME.get(panel, panel)


def as_number(name: str, value: Any) -> float:
    """A logged value as a float, or an error that says which series got what."""
    if isinstance(value, (float, int)):
        return float(value)
    got = type(value).__name__
    if not isinstance(value, (str, bytes)):
        try:
            array = np.asarray(value.asnumpy() if hasattr(value, "asnumpy") else value)
        except Exception as error:
            raise TypeError(_not_a_number(name, got)) from error
        if array.dtype.kind in "fiub" and array.size == 1:
            return float(array.reshape(()))
        if array.dtype.kind in "fiub":
            raise ValueError(
                f"curves.log: series {name!r} got a {got} of shape {array.shape}; it wants one "
                f"number a step. Reduce it first, e.g. {name}=value.mean()."
            )
    shown = f"{got} {value!r}" if isinstance(value, (str, bytes)) else got
    raise TypeError(_not_a_number(name, shown))


def _not_a_number(name: str, got: str) -> str:
    return (
        f"curves.log: series {name!r} got a {got}; it wants one number: a Python or NumPy "
        "scalar, or a Tensor with one element."
    )


class Column:
    """A growing float64 array: appending is O(1) on average, reading is a view."""

    __slots__ = ("_data", "size")

    def __init__(self) -> None:
        self._data = np.empty(256)
        self.size = 0

    def append(self, value: float) -> None:
        if self.size == len(self._data):
            self._data = np.concatenate([self._data, np.empty(len(self._data))])
        self._data[self.size] = value
        self.size += 1

    def view(self, start: int = 0) -> np.ndarray:
        return self._data[start : self.size]


@dataclass
class Series:
    """The points of one name in one run."""

    name: str
    run: int
    steps: Column = field(default_factory=Column)
    values: Column = field(default_factory=Column)
    walls: Column = field(default_factory=Column)  # seconds since 1970
    first_bad: tuple[float, float] | None = None  # (step, NaN or inf)

    def append(self, step: float, value: float, wall: float) -> None:
        if self.first_bad is None and not math.isfinite(value):
            self.first_bad = (step, value)
        self.steps.append(step)
        self.values.append(value)
        self.walls.append(wall)


class SeriesStore:
    """All series of a chart. Any thread may log; readers get copies.

    A step smaller than the last one starts a new run: training again from step 0 draws a second
    curve beside the first, it does not scribble over it.
    """

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.run = 0
        self.version = 0
        self._series: dict[tuple[int, str], Series] = {}

    def log(self, step: float, values: dict[str, Any], wall: float | None = None) -> None:
        numbers = {name: as_number(name, value) for name, value in values.items()}
        step = float(step)
        if not math.isfinite(step):
            raise ValueError(f"curves.log: step must be a finite number, got {step}.")
        wall = time.time() if wall is None else wall
        with self.lock:
            for name in numbers:
                column = self._series.get((self.run, name))
                if column is not None and step < column.steps.view()[-1]:
                    self.run += 1
                    break
            for name, number in numbers.items():
                series = self._series.get((self.run, name))
                if series is None:
                    series = self._series[self.run, name] = Series(name, self.run)
                series.append(step, number, wall)
            self.version += 1

    def new_run(self) -> None:
        with self.lock:
            if any(run == self.run for run, _ in self._series):
                self.run += 1
                self.version += 1

    def clear(self) -> None:
        with self.lock:
            self._series.clear()
            self.run = 0
            self.version += 1

    def __iter__(self) -> Iterator[Series]:
        with self.lock:
            return iter(list(self._series.values()))

    def current(self) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """{name: (steps, values)} of the newest run, as copies."""
        with self.lock:
            return {
                name: (series.steps.view().copy(), series.values.view().copy())
                for (run, name), series in self._series.items()
                if run == self.run
            }

    def points(self) -> int:
        with self.lock:
            return sum(series.steps.size for series in self._series.values())

    def tail(self, sent: dict[tuple[int, str], int]) -> list[tuple[Series, int, int]]:
        """(series, start, stop) of what is new since `sent`, which is moved on."""
        with self.lock:
            new = []
            for key, series in self._series.items():
                start, stop = sent.get(key, 0), series.steps.size
                if stop > start:
                    new.append((series, start, stop))
                    sent[key] = stop
            return new


def decimate(steps: np.ndarray, values: np.ndarray, limit: int) -> tuple[np.ndarray, np.ndarray]:
    """At most `limit` points that draw the same line: the lowest and highest of every bucket."""
    keep = kept(values, limit)
    return steps[keep], values[keep]


def kept(values: np.ndarray, limit: int) -> np.ndarray | slice:
    """Which points `decimate` keeps, as an index."""
    size = len(values)
    if size <= limit:
        return slice(None)
    width = -(-size // (limit // 2))  # points a bucket, rounded up
    # The last bucket is filled up with its own last value.
    block = np.concatenate([values, np.repeat(values[-1], -size % width)]).reshape(-1, width)
    base = np.arange(len(block)) * width
    # A NaN must not hide the finite values beside it; a bucket of nothing else stays a gap.
    low = np.where(np.isnan(block), np.inf, block).argmin(axis=1)
    high = np.where(np.isnan(block), -np.inf, block).argmax(axis=1)
    picked = np.concatenate([[0], base + low, base + high, [size - 1]])
    return np.unique(np.minimum(picked, size - 1))
