"""How many cores of an Ascend device may be used: kept and read back; other devices have none."""

from __future__ import annotations

from typing import Any

from mslearn.runtime.checking import instance
from mslearn.runtime.stream import Stream

_NONE = {"cube_core_num": 0, "vector_core_num": 0}
_limits: dict[Any, dict[str, int]] = {}


def _set(function: str, place: Any, cube_num: int, vector_num: int) -> None:
    instance(function, "cube_num", cube_num, int)
    instance(function, "vector_num", vector_num, int)
    wanted = {"cube_core_num": cube_num, "vector_core_num": vector_num}
    _limits[place] = {**_limits.get(place, _NONE), **{k: v for k, v in wanted.items() if v >= 0}}


def get_device_limit(device: int) -> dict[str, int]:
    """The numbers that `set_device_limit` has set for a device; 0 for none.

    >>> get_device_limit(0)
    {'cube_core_num': 0, 'vector_core_num': 0}
    """
    instance("get_device_limit", "device", device, int)
    return dict(_limits.get(device, _NONE))


def set_device_limit(device: int, cube_num: int = -1, vector_num: int = -1) -> None:
    """Let a device use so many of its cube and vector cores; -1 leaves a number as it is."""
    instance("set_device_limit", "device", device, int)
    _set("set_device_limit", device, cube_num, vector_num)


def get_stream_limit(stream: Stream) -> dict[str, int]:
    """The numbers that `set_stream_limit` has set for a stream; 0 for none."""
    instance("get_stream_limit", "stream", stream, Stream)
    return dict(_limits.get(("stream", stream.id), _NONE))


def set_stream_limit(stream: Stream, cube_num: int = -1, vector_num: int = -1) -> None:
    """Let a stream use so many cube and vector cores; -1 leaves a number as it is."""
    instance("set_stream_limit", "stream", stream, Stream)
    _set("set_stream_limit", ("stream", stream.id), cube_num, vector_num)


def reset_stream_limit(stream: Stream) -> None:
    """Take back what `set_stream_limit` has set."""
    instance("reset_stream_limit", "stream", stream, Stream)
    _limits.pop(("stream", stream.id), None)


class StreamLimitCtx:
    """``with StreamLimitCtx(stream, cube_num, vector_num):`` sets limits for its body."""

    def __init__(self, stream: Stream, cube_num: int = -1, vector_num: int = -1) -> None:
        instance("StreamLimitCtx", "stream", stream, Stream)
        self._wanted = stream, cube_num, vector_num

    def __enter__(self) -> None:
        set_stream_limit(*self._wanted)

    def __exit__(self, *_: Any) -> None:
        reset_stream_limit(self._wanted[0])
