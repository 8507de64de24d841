"""What the engine is doing right now, per thread.

One thread's tape, capture or scope must never be seen by another (a live chart trains in a
worker thread while the notebook goes on), so everything that is "current" lives here and
nowhere else.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol


class Observer(Protocol):
    """Anything that wants to be told of every operation: a tape, a recorder, a profiler."""

    def on_op(
        self, prim: type, inputs: tuple[Any, ...], attrs: dict[str, Any], output: Any
    ) -> None:
        """Called after `prim` has turned the values `inputs` into `output`.

        Values are immutable: `numpy.ndarray`, or `Abstract` while a graph is captured. Their
        identity is `id(value)`; whoever uses ids must keep the values alive. `output` is a
        tuple of values when the primitive has several outputs.
        """


class _State(threading.local):
    # Class attributes are the defaults that every new thread starts from.
    observers: tuple[Observer, ...] = ()
    capture: Any = None
    scope: tuple[str, ...] = ("Default",)
    origin: Any = None  # during a backward pass: the forward output that is being differentiated
    active: bool = False  # observers or capture: the one truth test of the fast path


state = _State()

LOCK = threading.RLock()
"""Held while Parameters' handles hold no numbers, or others: a graph is being captured, or an
executable fills or empties them. One for all, since two executables may ask each other; no run
waits inside of it."""


class _Revision:
    """What captured graphs depend on besides their arguments: attributes of Cells, and which
    Parameters want gradients. As long as `mark` is the same object, all of it is as it was."""

    mark = object()

    def advance(self) -> None:
        """Say that something of that kind has just been set."""
        self.mark = object()  # a counter could miss one of two threads


revision = _Revision()


@contextmanager
def observing(*observers: Observer) -> Iterator[None]:
    """Let `observers` see every operation of this thread inside the `with` block.

    Observers nest. While observer *k* handles an operation only the observers outside *k*
    (entered earlier) are active, so a tape's own backward arithmetic is seen by an outer tape
    and by nobody inside: that one rule gives derivatives of derivatives.

    >>> class Count:
    ...     n = 0
    ...     def on_op(self, prim, inputs, attrs, output): self.n += 1
    >>> import mslearn as ms
    >>> count = Count()
    >>> with observing(count):
    ...     y = ms.Tensor([1.0]) + 1
    >>> count.n
    1
    """
    before = state.observers
    state.observers = before + observers
    state.active = True
    try:
        yield
    finally:
        state.observers = before
        state.active = bool(before) or state.capture is not None


@contextmanager
def scoped(*names: str) -> Iterator[None]:
    """Append `names` to the scope path that observers record for each operation."""
    before = state.scope
    state.scope = before + names
    try:
        yield
    finally:
        state.scope = before


def graphed(fn: Any) -> Any:
    """`fn` as the graph that is being captured wants it: with its control flow as operators."""
    return fn if state.capture is None else state.capture.function(fn)


def current_scope() -> tuple[str, ...]:
    """The path of nested Cells that is running, e.g. ``("Default", "network-Net", "fc-Dense")``.

    During a backward pass it starts with ``"Gradients"``. Kept only while somebody observes.
    """
    return state.scope
