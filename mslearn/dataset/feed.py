"""`Feed`: the end of a running pipeline, which works ahead of the loop in a thread of its own.

The first row of an epoch is made in the caller's own thread: looking at one row starts nothing.
From the second on a thread fills a queue of rows; the queue's limit in rows and bytes is all the
memory that working ahead can take. The thread ends with the epoch, with an error, and when the
iterator is stopped or forgotten (a `break` out of a loop).
"""

from __future__ import annotations

import threading
import time
import weakref
from collections import deque

import numpy as np

from mslearn.dataset.stream import Meter, Stream

Row = tuple[np.ndarray, ...]
#: bytes that rows waiting in one queue may hold (one block of rows is always let in)
MAX_BYTES = 256 * 2**20
# A block of rows should take about so long: short enough to hand on, long enough to be worth it.
_BLOCK_SECONDS = 0.002
# Ctrl-C and `stop` wait so long for a user's function that is running.
_PATIENCE = 2.0


class _Queue:
    """Rows between the thread that makes them and the loop that takes them."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.changed = threading.Condition()
        self.blocks: deque[tuple[list[Row], int]] = deque()
        self.rows = self.bytes = 0
        self.closed = self.done = self.orphaned = False
        self.error: BaseException | None = None

    def put(self, rows: list[Row]) -> bool:
        """Wait for room and add rows; False when nobody wants them any more."""
        size = sum(value.nbytes for row in rows for value in row)
        with self.changed:
            while self.blocks and (
                self.rows + len(rows) > self.limit or self.bytes + size > MAX_BYTES
            ):
                if self.closed:
                    return False
                self.changed.wait()
            self.blocks.append((rows, size))
            self.rows += len(rows)
            self.bytes += size
            self.changed.notify_all()
            return not self.closed

    def get(self) -> list[Row] | None:
        """Wait for rows; None at the end. Raises what the pipeline raised."""
        with self.changed:
            while not self.blocks:
                if self.error is not None:
                    error, self.error = self.error, None
                    raise error
                if self.done:
                    return None
                self.changed.wait()
            rows, size = self.blocks.popleft()
            self.rows -= len(rows)
            self.bytes -= size
            self.changed.notify_all()
            return rows

    def finish(self, error: BaseException | None) -> bool:
        """No more rows will come; True when the stream is the thread's to close."""
        with self.changed:
            self.done, self.error = True, error
            self.changed.notify_all()
            return self.orphaned

    def close(self, orphan: bool = False) -> bool:
        """Let the thread end; True when it has ended already."""
        with self.changed:
            self.closed, self.orphaned = True, orphan
            self.changed.notify_all()
            return self.done


class BlockSize:
    """How many rows to ask for at once: more while rows come quickly, one while they are slow."""

    def __init__(self, most: int) -> None:
        self.most, self.now = most, 1

    def learn(self, rows: int, seconds: float) -> None:
        """Note that `rows` rows took so long."""
        if seconds * 2 < _BLOCK_SECONDS:
            self.now = min(self.most, self.now * 2)
        elif seconds > _BLOCK_SECONDS:
            self.now = max(1, self.now // 2)


def _fill(queue: _Queue, stream: Stream) -> None:
    """The thread: move rows from the stream into the queue until the epoch ends."""
    error: BaseException | None = None
    size = BlockSize(max(1, queue.limit))
    try:
        while not queue.closed:
            start = time.perf_counter()
            block = stream.read(size.now)
            if block is None:
                break
            rows = block.rows()
            size.learn(len(rows), time.perf_counter() - start)
            if not queue.put(rows):
                break
    except BaseException as raised:
        error = raised
    if queue.finish(error):
        stream.close()


def _forget(state: dict[str, _Queue | None], stream: Stream) -> None:
    queue = state["queue"]
    stream.interrupt()
    if queue is None or queue.close(orphan=True):
        stream.close()


class Feed:
    """Rows of a stream, epoch by epoch, made ahead of the caller.

    Args:
        stream: the last stage of the pipeline.
        depth: rows that may wait (`config.set_prefetch_size`).
        ahead: False runs every stage in the caller's thread, in step with it.
        meter: told how long the caller waited for rows.
    """

    def __init__(
        self, stream: Stream, depth: int, ahead: bool = True, meter: Meter | None = None
    ) -> None:
        self.stream, self.depth, self.ahead = stream, depth, ahead
        self.meter = meter or Meter()
        self._thread: threading.Thread | None = None
        self._state: dict[str, _Queue | None] = {"queue": None}
        self._taken = 0
        self._finalizer = weakref.finalize(self, _forget, self._state, stream)

    @property
    def ready(self) -> int:
        """Rows that wait for the loop."""
        queue = self._state["queue"]
        return 0 if queue is None else queue.rows

    def begin(self) -> None:
        """Start the next epoch."""
        self.halt()
        self._taken = 0
        self.stream.begin()

    def rows(self) -> list[Row] | None:
        """The next rows (at least one), or None at the end of the epoch."""
        queue = self._state["queue"]
        if queue is None and (self._taken == 0 or not self.ahead):
            self._taken += 1
            start = time.perf_counter()
            block = self.stream.read(1)
            self.meter.waited += time.perf_counter() - start
            return None if block is None else block.rows()
        if queue is None:
            queue = self._state["queue"] = _Queue(self.depth)
            self._thread = threading.Thread(
                target=_fill, args=(queue, self.stream), name="mslearn-feed", daemon=True
            )
            self._thread.start()
        if queue.blocks:
            return queue.get()
        start = time.perf_counter()
        try:
            return queue.get()
        finally:
            self.meter.waited += time.perf_counter() - start

    def halt(self, patience: float | None = None) -> bool:
        """End the thread, if there is one; the stream stays open.

        Returns False if the thread is still busy with a user's function after `patience` seconds:
        then it closes the stream itself when it comes back.
        """
        queue, thread = self._state["queue"], self._thread
        self._state["queue"] = self._thread = None
        if queue is None or thread is None:
            return True
        queue.close()
        self.stream.interrupt()
        thread.join(patience)
        return not thread.is_alive() or queue.close(orphan=True)

    def close(self) -> None:
        """End the thread and let go of everything that the stages hold."""
        if self.halt(_PATIENCE):
            self.stream.close()
