"""Streams by their older path."""

from __future__ import annotations

from mslearn.hal.old import old
from mslearn.runtime import stream
from mslearn.runtime.stream import Stream as Stream
from mslearn.runtime.stream import StreamCtx as StreamCtx

communication_stream = old(stream.communication_stream)
current_stream = old(stream.current_stream)
default_stream = old(stream.default_stream)
set_cur_stream = old(stream.set_cur_stream)
synchronize = old(stream.synchronize)
