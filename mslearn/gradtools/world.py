"""Who watches and who captures, for the time of a `with` block."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from mslearn.core.state import state


@contextmanager
def world(observers: tuple[Any, ...] = (), capture: Any = None) -> Iterator[None]:
    """Run with exactly these observers and this capture; with none, unseen."""
    before = state.observers, state.capture
    state.observers, state.capture = observers, capture
    state.active = bool(observers) or capture is not None
    try:
        yield
    finally:
        state.observers, state.capture = before
        state.active = bool(before[0]) or before[1] is not None
