"""Waiting for what other threads, processes and pages do, however slow the machine is."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

LONG = 120  # seconds; reached only where something is broken
T = TypeVar("T")


def until(true: Callable[[], object], what: str = "waited in vain") -> None:
    """Look again and again until it is true.

    Raises:
        AssertionError: it did not become true.
    """
    deadline = time.monotonic() + LONG
    while not true():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def settled(read: Callable[[], T], seconds: float = 1.0) -> T:
    """What `read` says once it has said the same for a while: what was under way has arrived.

    Raises:
        AssertionError: it goes on changing.
    """
    deadline = time.monotonic() + LONG
    value, since = read(), time.monotonic()
    while time.monotonic() - since < seconds:
        time.sleep(0.05)
        if (now := read()) != value:
            assert time.monotonic() < deadline, f"it goes on changing: {value}, {now}"
            value, since = now, time.monotonic()
    return value
