"""A running pipeline: each node of the lazy tree opens a `Stream` that pulls from its children.

`read(n)` asks for up to n rows. A stage reads no more than it was asked for, so that user code
(a generator, a function in `map`) runs only for rows that are wanted. This is also the seam for
parallel execution: a stream that fills a queue from a thread has the same two methods and can
stand between any two stages.
"""

from __future__ import annotations

from collections.abc import Sequence

from mslearn.core.errors import did_you_mean
from mslearn.dataset.block import Block, join_blocks


class Stream:
    """One stage of a pipeline that is being iterated."""

    #: user code runs in this stage or before it: do not read ahead of the consumer
    runs_user_code = False

    def begin(self) -> None:
        """Start the next epoch."""
        raise NotImplementedError

    def read(self, n: int) -> Block | None:
        """Between 1 and n of the next rows, or None when the epoch is over."""
        raise NotImplementedError

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
        self.runs_user_code = child.runs_user_code

    def begin(self) -> None:
        self.child.begin()


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
