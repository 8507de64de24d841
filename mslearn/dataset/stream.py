"""A running pipeline: each node of the lazy tree opens a `Stream` that pulls from its children.

`read(n)` asks for up to n rows. Working ahead is the business of three places only: the pipeline's
end (`feed`), a `map` with workers (`parallel`) and worker processes (`processes`). All of them keep
the order of the rows, and `close` ends their threads and processes.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from mslearn.core.errors import did_you_mean
from mslearn.dataset.block import Block, join_blocks


class Stream:
    """One stage of a pipeline that is being iterated."""

    #: the stages that this one reads from
    sources: Sequence[Stream] = ()

    def begin(self) -> None:
        """Start the next epoch."""
        raise NotImplementedError

    def read(self, n: int) -> Block | None:
        """Between 1 and n of the next rows, or None when the epoch is over."""
        raise NotImplementedError

    def close(self) -> None:
        """End threads and processes of this stage and those before it; `begin` may follow."""
        for source in self.sources:
            source.close()

    def interrupt(self) -> None:
        """Wake a stage that waits for the user (`sync_wait`): the pipeline is about to stop."""
        for source in self.sources:
            source.interrupt()

    def read_full(self, n: int) -> Block | None:
        """n rows, or what is left of them, or None when the epoch is over."""
        block = self.read(n)
        if block is None or len(block) == n:
            return block
        parts, have = [block], len(block)
        while have < n:
            block = self.read(n - have)
            if block is None:
                break
            parts.append(block)
            have += len(block)
        return join_blocks(parts)


class Piped(Stream):
    """A stage with one child."""

    def __init__(self, child: Stream) -> None:
        self.child = child
        self.sources = (child,)

    def begin(self) -> None:
        self.child.begin()


class Ahead(Stream):
    """A stage whose workers choose how many rows they make at once: `read` gives as many of them as
    are wanted, and keeps the rest."""

    ready: Block | None = None

    def make(self, n: int) -> None:
        """Put the next rows, about n, into `ready`; None at the end of the epoch."""
        raise NotImplementedError

    def read(self, n: int) -> Block | None:
        if self.ready is None:
            self.make(n)
        block = self.ready
        if block is None or len(block) <= n:
            self.ready = None
            return block
        self.ready = block.slice(n, len(block))
        return block.slice(0, n)


class Meter:
    """What passed through one node of a pipeline (see `mslearn.insight.pipeline`)."""

    def __init__(self) -> None:
        self.rows = self.bytes = self.epochs = 0
        #: seconds in this stage and those that it read from in the same thread
        self.seconds = 0.0
        #: seconds that the loop waited for rows, in the meter of the last stage
        self.waited = 0.0
        #: rows that wait behind this stage, where it works ahead
        self.queued = 0
        self.sample: Block | None = None


class Metered(Piped):
    """A stage with its meter."""

    def __init__(self, child: Stream, meter: Meter) -> None:
        super().__init__(child)
        self.meter = meter

    def begin(self) -> None:
        self.meter.epochs += 1
        super().begin()

    def read(self, n: int) -> Block | None:
        meter = self.meter
        start = time.perf_counter()
        block = self.child.read(n)
        meter.seconds += time.perf_counter() - start
        if block is not None:
            meter.rows += len(block)
            meter.queued = getattr(self.child, "queued", 0)
            meter.sample = block.slice(0, 1)
        return block


class ColumnError(RuntimeError):
    """A pipeline names a column that is not there, twice, or in the wrong number.

    Wrong::

        dataset.map(op, "img")          # the columns are ['image', 'label']

    Right::

        dataset.map(op, "image")        # dataset.get_col_names() lists them
    """


class UserFunctionError(RuntimeError):
    """A function given to the pipeline raised an error: its own traceback is printed above.

    The message names the operation, the number of the sample in that stage and the cause, which
    is also `error.__cause__`.
    """


def positions(names: Sequence[str], known: Sequence[str], operation: str) -> list[int]:
    """Where the columns `names` stand among `known`.

    Raises:
        ColumnError: one of them is not there.
    """
    for name in names:
        if name not in known:
            raise ColumnError(
                f"For '{operation}', the column '{name}' does not exist. The columns here are "
                f"{list(known)}.{did_you_mean(name, known)}"
            )
    return [list(known).index(name) for name in names]
