"""Random numbers that are a function of (seed, offset): counter-based Philox.

A random operation is a pure function of its key: the seed, and how many draws came before. So
equal keys give equal numbers whatever ran in between, and a run can be repeated from any point.
"""

from __future__ import annotations

import secrets
from typing import Any

import numpy as np

from mslearn.core.state import state

_seed: int | None = None
# Counts calls of set_seed, so that the data pipeline sees which of two seeds came later.
seed_calls = 0


class _Stream:
    """Seed and number of draws so far; host-side randomness (initialisers, shuffles) uses it."""

    def __init__(self) -> None:
        self.seed = secrets.randbits(32)
        self.draws = 0

    def next(self) -> tuple[int, int]:
        self.draws += 1
        return self.seed, self.draws


_ops = _Stream()
_host = _Stream()


def set_seed(seed: int) -> None:
    """Make everything random that follows repeatable: initialisers, dropout, shuffles, ops.

    Args:
        seed: an int >= 0.

    Raises:
        TypeError, ValueError: not an int, or negative.
    """
    global _seed, seed_calls
    if isinstance(seed, bool) or not isinstance(seed, int):
        raise TypeError(
            f"For 'set_seed', the seed must be an int, but got '{type(seed).__name__}'."
        )
    if seed < 0:
        raise ValueError(f"For 'set_seed', the seed must be >= 0, but got {seed}.")
    _seed = seed
    seed_calls += 1
    for stream in (_ops, _host):
        stream.seed, stream.draws = seed, 0


def get_seed() -> int | None:
    """The seed given to `set_seed`, or None."""
    return _seed


def op_key() -> Any:
    """(seed, offset) for the next random operation; a symbol of it while a graph is captured."""
    return _ops.next() if state.capture is None else state.capture.draw()


def generator(key: tuple[int, int]) -> np.random.Generator:
    """The generator that belongs to a key; equal keys give equal numbers."""
    seed, offset = key
    return np.random.Generator(np.random.Philox(key=seed, counter=[0, 0, 0, offset]))


def host_generator() -> np.random.Generator:
    """A generator for work outside the graph: initial values of parameters, shuffles."""
    seed, offset = _host.next()
    return np.random.Generator(np.random.Philox(key=seed ^ (1 << 63), counter=[0, 0, 0, offset]))


def snapshot() -> Any:
    """The present position of both streams, for `restore`."""
    if state.capture is not None:
        return state.capture.position()
    return (_seed, (_ops.seed, _ops.draws), (_host.seed, _host.draws))


def restore(position: Any) -> None:
    """Go back to a `snapshot`."""
    global _seed
    if state.capture is not None:
        return state.capture.go_back(position)
    _seed, (_ops.seed, _ops.draws), (_host.seed, _host.draws) = position
