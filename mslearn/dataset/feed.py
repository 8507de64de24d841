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
from queue import SimpleQueue

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
    """Rows between the thread that makes them and the loop that takes them.

    Ctrl-C stops the loop's thread anywhere, even between taking a lock and the `with` that would
    give it back, so the two sides share no lock: each tells the other through a `SimpleQueue`, and
    what only one of them may do falls to the side that is the first to write its name down.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.closed = False
        self.put_rows = self.taken_rows = 0  # each is written by one side only
        self._blocks: SimpleQueue[list[Row] | BaseException | None] = SimpleQueue()
        self._taken: SimpleQueue[None] = SimpleQueue()  # a word for each block that was taken
        self._sizes: deque[tuple[int, int]] = deque()  # rows and bytes of the blocks that wait
        self._first: dict[str, str] = {}  # setdefault is one step, which nothing interrupts

    # The thread's side.

    def begins(self) -> bool:
        """Whether the thread may read from the stream; False if it was closed before it began."""
        return self._first.setdefault("begin", "thread") == "thread"

    def put(self, rows: list[Row]) -> bool:
        """Wait for room and add rows; False when nobody wants them any more."""
        size = sum(value.nbytes for row in rows for value in row)
        while not self.closed and self._sizes and self._full(len(rows), size):
            self._taken.get()
            self._sizes.popleft()
        if self.closed:
            return False
        self._sizes.append((len(rows), size))
        self.put_rows += len(rows)
        self._blocks.put(rows)
        return True

    def _full(self, rows: int, size: int) -> bool:
        rows += sum(r for r, _ in self._sizes)
        size += sum(s for _, s in self._sizes)
        return rows > self.limit or size > MAX_BYTES

    def finish(self, error: BaseException | None) -> bool:
        """No more rows will come; True when the stream is the thread's to close."""
        self._blocks.put(error)
        return self._first.setdefault("end", "thread") == "loop"

    # The loop's side.

    @property
    def waits(self) -> bool:
        """Whether `get` would wait."""
        return self._blocks.empty()

    def get(self) -> list[Row] | None:
        """Wait for rows; None at the end. Raises what the pipeline raised."""
        rows = self._blocks.get()
        self._taken.put(None)
        if isinstance(rows, BaseException):
            raise rows
        if rows is not None:
            self.taken_rows += len(rows)
        return rows

    def close(self) -> bool:
        """Let the thread end; True if it never began, and now will not."""
        self.closed = True
        self._taken.put(None)  # it may be waiting for room
        return self._first.setdefault("begin", "loop") == "loop"

    def leave(self) -> bool:
        """Leave the stream to the thread, to close when it ends; False if it has ended."""
        return self._first.setdefault("end", "loop") == "loop"


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
    if not queue.begins():
        return
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


class _State:
    """What a feed has under way; the stream is None once it is the thread's to close."""

    def __init__(self, stream: Stream) -> None:
        self.stream: Stream | None = stream
        self.queue: _Queue | None = None
        self.thread: threading.Thread | None = None

    def halt(self, patience: float | None) -> None:
        """End the thread, waiting so long; one that is busy for longer gets the stream."""
        queue, thread = self.queue, self.thread
        if self.stream is None or queue is None or thread is None:
            return
        never_began = queue.close()
        self.stream.interrupt()
        if not never_began:
            if patience != 0:  # with 0 it may be that very thread, collecting garbage
                thread.join(patience)
            if thread.is_alive() and queue.leave():
                self.stream = None
        self.queue = self.thread = None

    def close(self, patience: float) -> None:
        """Halt, and let go of everything that the stages hold."""
        self.halt(patience)
        if self.stream is not None:
            self.stream.close()


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
        self._taken = 0
        self._state = _State(stream)
        # Who forgets a feed does not wait for its thread: that may need the lock he holds.
        self._finalizer = weakref.finalize(self, self._state.close, 0)

    @property
    def ready(self) -> int:
        """Rows that wait for the loop."""
        queue = self._state.queue
        return 0 if queue is None else queue.put_rows - queue.taken_rows

    def begin(self) -> None:
        """Start the next epoch.

        Raises:
            RuntimeError: a user's function that was running at `close` still is.
        """
        self._state.halt(None)
        if self._state.stream is None:
            raise RuntimeError(
                "This iterator was stopped while a function of its pipeline was running, and the "
                "function has not come back yet. Make a new iterator."
            )
        self._taken = 0
        self.stream.begin()

    def rows(self) -> list[Row] | None:
        """The next rows (at least one), or None at the end of the epoch."""
        state = self._state
        if state.queue is None and (self._taken == 0 or not self.ahead):
            self._taken += 1
            start = time.perf_counter()
            block = self.stream.read(1)
            self.meter.waited += time.perf_counter() - start
            return None if block is None else block.rows()
        if state.queue is None:
            queue = _Queue(self.depth)
            state.thread = threading.Thread(
                target=_fill, args=(queue, self.stream), name="mslearn-feed", daemon=True
            )
            state.queue = queue  # from here on `halt` ends the thread, however far it has come
            state.thread.start()
        queue = state.queue
        if not queue.waits:
            return queue.get()
        start = time.perf_counter()
        try:
            return queue.get()
        finally:
            self.meter.waited += time.perf_counter() - start

    def halt(self) -> None:
        """End the thread, if there is one, and wait for it; the stream stays open."""
        self._state.halt(None)

    def close(self) -> None:
        """End the thread and let go of everything that the stages hold."""
        self._state.close(_PATIENCE)
