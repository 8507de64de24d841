"""Whether memory grows from step to step."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable


def growth(step: Callable[[], object], rounds: int = 4, steps: int = 250) -> int:
    """Bytes by which Python's memory grew over a round of steps: the least of all rounds.

    A leak grows in every round; a table of a cache that gets larger once, or what another thread
    holds just then, does not.
    """
    found = []
    tracemalloc.start()
    try:
        for _ in range(rounds):
            gc.collect()
            before = tracemalloc.get_traced_memory()[0]
            for _ in range(steps):
                step()
            gc.collect()
            found.append(tracemalloc.get_traced_memory()[0] - before)
    finally:
        tracemalloc.stop()
    return min(found)
