"""Streams: queues of work for a device.

Here there is one on every target: its work is done when a call returns, or, on a GPU, when
`synchronize` does. On a CPU MindSpore 2.10 logs an error and returns None when one of these is
called for the first time, and works from the second call on; here they work from the first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mslearn.core.context import get_context
from mslearn.runtime.checking import hardware, instance

if TYPE_CHECKING:
    from mslearn.runtime.event import Event


class Stream:
    """A queue of work for a device.

    Args:
        priority: taken for MindSpore's sake; with one stream it changes nothing.
        kwargs: ``stream=``, another stream that this one is to be, or ``stream_id=``.

    Attributes:
        id: 0. device_name, device_id: where it stands, e.g. ``"CPU"`` and 0.

    Raises:
        TypeError: `priority` is no int. ValueError: there is no stream of that number.

    >>> stream = Stream()
    >>> stream.query(), stream == current_stream()
    (True, True)
    """

    def __init__(self, priority: int = 0, **kwargs: Any) -> None:
        if isinstance(priority, bool) or not isinstance(priority, int):
            raise TypeError(f"For 'Stream', priority must be an int, but got {priority!r}.")
        if kwargs.get("stream_id", 0) != 0:
            raise ValueError(f"For 'Stream', there is no stream {kwargs['stream_id']}, only 0.")
        self.id = self.stream_id = 0
        self.device_name, self.device_id = get_context("device_target"), get_context("device_id")

    def synchronize(self) -> None:
        """Wait until all work of the stream is done."""
        synchronize()

    def query(self) -> bool:
        """Whether all work is done."""
        synchronize()
        return True

    def record_event(self, event: Event | None = None) -> Event:
        """Note the present moment in an event, a new one by default, and return it."""
        from mslearn.runtime.event import Event

        event = Event() if event is None else event
        instance("record_event", "event", event, Event)
        event.record(self)
        return event

    def wait_event(self, event: Event) -> None:
        """Work of this stream comes after the event, as it does anyway."""
        from mslearn.runtime.event import Event

        instance("wait_event", "event", event, Event)

    def wait_stream(self, stream: Stream) -> None:
        """Work of this stream comes after the other's, as it does anyway."""
        instance("wait_stream", "stream", stream, Stream)

    def __eq__(self, other: object) -> bool:
        instance("__eq__", "other", other, Stream)
        return hash(self) == hash(other)

    def __hash__(self) -> int:
        return hash((self.device_name, self.device_id, self.id))

    def __repr__(self) -> str:
        return (
            f"Stream(device_name={self.device_name}, device_id:{self.device_id}, "
            f"stream id:{self.id})"
        )


class StreamCtx:
    """``with StreamCtx(stream):`` runs its body in a stream; None is the present one.

    Raises:
        TypeError: it is neither.
    """

    def __init__(self, ctx_stream: Stream | None) -> None:
        if ctx_stream is not None:
            instance("StreamCtx", "ctx_stream", ctx_stream, Stream)

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: Any) -> None:
        pass


def current_stream() -> Stream:
    """The stream in which operations run."""
    return Stream()


def default_stream() -> Stream:
    """The stream in which operations run unless another is chosen."""
    return Stream()


def communication_stream() -> Stream:
    """The stream in which messages between devices go; here the same."""
    return Stream()


def set_cur_stream(stream: Stream | None) -> None:
    """Choose the stream of the operations that follow; there is one.

    Raises:
        TypeError: it is neither a Stream nor None.
    """
    if stream is not None:
        instance("set_cur_stream", "stream", stream, Stream)


def synchronize() -> None:
    """Wait for the device: on the CPU every operation is done when its call returns.

    >>> synchronize()
    """
    for one in hardware():
        one.synchronize()
