"""`Profiler`: which operations run, how often, and how long it took from each to the next."""

from __future__ import annotations

import csv
import os
import time
from pathlib import Path
from typing import Any

from mslearn.core.state import state


class Profiler:
    """Notes every operation of this thread from `start` to `stop`.

    The time of an operation is counted from the one before to its end, so the Python in front of
    it counts too. Graphs of `jit` are one step each and not looked into.

    Args:
        output_path: the folder for `analyse`'s table, ``operators.csv``.
        start_profile: start at once.
        **kwargs: MindSpore's further switches (profiler_level, activities, …), kept.

    >>> import mslearn as ms
    >>> profiler = ms.Profiler(start_profile=False)
    >>> with profiler:
    ...     y = ms.ops.relu(ms.Tensor([1.0])) + 1
    >>> sorted(row[:2] for row in profiler.rows())
    [('Add', 1), ('ReLU', 1)]
    """

    def __init__(
        self, output_path: str = "./data", start_profile: bool = True, **kwargs: Any
    ) -> None:
        self.output_path, self.options = Path(output_path), kwargs
        self.found: dict[str, list[float]] = {}
        self._last = 0.0
        self._running = False
        if start_profile:
            self.start()

    def start(self) -> None:
        """Begin to note.

        Raises:
            RuntimeError: it has begun already.
        """
        if self._running:
            raise RuntimeError("For 'Profiler', it runs already: call stop() first.")
        self._running = True
        state.observers = (self, *state.observers)
        state.active = True
        self._last = time.perf_counter()

    def stop(self) -> None:
        """Note no more.

        Raises:
            RuntimeError: it has not begun.
        """
        if not self._running:
            raise RuntimeError("For 'Profiler', it does not run: call start() first.")
        self._running = False
        state.observers = tuple(o for o in state.observers if o is not self)
        state.active = bool(state.observers) or state.capture is not None

    def on_op(self, prim: type, inputs: Any, attrs: Any, output: Any) -> None:
        """Called after each operation."""
        now = time.perf_counter()
        entry = self.found.setdefault(prim.name, [0, 0.0])  # type: ignore[attr-defined]
        entry[0] += 1
        entry[1] += now - self._last
        self._last = time.perf_counter()

    def rows(self) -> list[tuple[str, int, float]]:
        """(operation, how often, milliseconds), the longest first."""
        rows = [(name, int(n), 1e3 * seconds) for name, (n, seconds) in self.found.items()]
        return sorted(rows, key=lambda row: -row[2])

    def analyse(self, *_: Any, **__: Any) -> None:
        """Stop, and write the table to ``output_path/operators.csv``."""
        if self._running:
            self.stop()
        self.output_path.mkdir(parents=True, exist_ok=True)
        target = self.output_path / "operators.csv"
        temporary = target.with_suffix(".tmp")
        with temporary.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(("operation", "count", "milliseconds"))
            writer.writerows(self.rows())
        os.replace(temporary, target)

    def __enter__(self) -> Profiler:
        if not self._running:
            self.start()
        return self

    def __exit__(self, *_: Any) -> None:
        if self._running:
            self.stop()

    def __repr__(self) -> str:
        lines = [f"{'operation':<24}{'count':>8}{'ms':>12}"]
        lines += [f"{name:<24}{n:>8}{ms:>12.3f}" for name, n, ms in self.rows()]
        return "\n".join(lines)
