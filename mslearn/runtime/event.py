"""Events: marks between operations, to measure how long a device takes."""

from __future__ import annotations

from time import perf_counter

from mslearn.runtime.checking import instance
from mslearn.runtime.stream import Stream, synchronize


class Event:
    """A mark in a stream of work.

    The time between two is measured here even on a CPU, where MindSpore 2.10 gives 0.0, and with
    ``enable_timing=False``.

    Args:
        enable_timing: whether to measure times.
        blocking: whether `synchronize` sleeps while it waits; it changes nothing here.

    Raises:
        TypeError: an argument that is no bool.

    >>> start, end = Event(enable_timing=True), Event(enable_timing=True)
    >>> start.record()
    >>> end.record()
    >>> start.elapsed_time(end) >= 0
    True
    """

    def __init__(self, enable_timing: bool = False, blocking: bool = False) -> None:
        instance("Event", "enable_timing", enable_timing, bool)
        instance("Event", "blocking", blocking, bool)
        self._kind = f"enable_timing={enable_timing:d}, blocking:{blocking:d}"
        self._at: float | None = None

    def record(self, stream: Stream | None = None) -> None:
        """Mark the present moment: all work so far is waited for."""
        if stream is not None:
            instance("record", "stream", stream, Stream)
        synchronize()
        self._at = perf_counter()

    def wait(self, stream: Stream | None = None) -> None:
        """Let a stream's further work come after this mark, as it does anyway."""
        if stream is not None:
            instance("wait", "stream", stream, Stream)

    def synchronize(self) -> None:
        """Wait until everything before the mark is done, which it is."""

    def query(self) -> bool:
        """Whether everything before the mark is done."""
        return True

    def elapsed_time(self, end_event: Event) -> float:
        """Milliseconds from this mark to another.

        Raises:
            TypeError: it is no Event. RuntimeError: one of the two has not been recorded.
        """
        instance("elapsed_time", "end_event", end_event, Event)
        if self._at is None or end_event._at is None:
            raise RuntimeError(
                "For 'elapsed_time', both events must have been recorded: call record() where "
                "the measured work begins, and another's where it ends."
            )
        return (end_event._at - self._at) * 1000

    def __repr__(self) -> str:
        return f"Event({self._kind}, is_created:{self._at is not None:d}, event:0)"
