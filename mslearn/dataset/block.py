"""Rows on their way through a pipeline: a block of them at a time, column by column.

Working on one row at a time costs a microsecond of Python for every step and row. Stages therefore
hand each other *blocks* of rows. A column of a block stays a list of row numbers into the source
for as long as nobody needs its values: shuffling, taking and skipping images moves integers only.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np


class Column:
    """Some rows of one column: an array or list of rows, and optionally which of them.

    `base` is an ndarray whose leading axis counts rows, or a list of arrays (rows may then differ
    in shape). `index`, if given, picks and orders rows of `base`.
    """

    __slots__ = ("base", "index")

    def __init__(self, base: Any, index: np.ndarray | None = None) -> None:
        self.base = base
        self.index = index

    def __len__(self) -> int:
        return len(self.base) if self.index is None else len(self.index)

    def take(self, index: np.ndarray) -> Column:
        """The rows numbered `index`, in that order."""
        if self.index is not None:
            return Column(self.base, self.index[index])
        return Column(self.base, index)

    def slice(self, start: int, stop: int) -> Column:
        """Rows `start` to `stop`; shares memory."""
        if self.index is not None:
            return Column(self.base, self.index[start:stop])
        return Column(self.base[start:stop])

    def array(self) -> np.ndarray | None:
        """All rows stacked in one array, or None when their shapes or dtypes differ."""
        if isinstance(self.base, np.ndarray):
            if self.index is not None:
                # take() is about twice as quick as base[index] on images.
                self.base, self.index = self.base.take(self.index, axis=0), None
            return self.base
        rows = self.rows()
        first = rows[0]
        shape, dtype = first.shape, first.dtype
        if any(r.shape != shape or r.dtype != dtype for r in rows):
            return None
        return np.stack(rows) if len(rows) > 1 else first[None]

    def rows(self) -> list[np.ndarray]:
        """Each row as an array (0-d arrays for scalars), never views of the source's own data."""
        if isinstance(self.base, np.ndarray):
            data = self.array()
            assert data is not None
            return [data[i, ...] for i in range(len(data))]
        if self.index is not None:
            self.base, self.index = [self.base[i] for i in self.index.tolist()], None
        rows: list[np.ndarray] = self.base
        return rows


def join(parts: Sequence[Column]) -> Column:
    """Columns one after the other, without touching the values where that is possible."""
    if len(parts) == 1:
        return parts[0]
    base = parts[0].base
    if all(p.base is base and p.index is not None for p in parts):
        return Column(base, np.concatenate([p.index for p in parts if p.index is not None]))
    return Column([row for p in parts for row in p.rows()])


class Block:
    """A run of rows: columns of equal length.

    `origin`, if known, holds the file that each row came from: errors name it.
    """

    __slots__ = ("columns", "origin")

    def __init__(self, columns: list[Column], origin: Column | None = None) -> None:
        self.columns = columns
        self.origin = origin

    def __len__(self) -> int:
        return len(self.columns[0])

    def take(self, index: np.ndarray) -> Block:
        """The rows numbered `index`."""
        return Block([c.take(index) for c in self.columns], self.origin and self.origin.take(index))

    def slice(self, start: int, stop: int) -> Block:
        """Rows `start` to `stop`."""
        origin = self.origin and self.origin.slice(start, stop)
        return Block([c.slice(start, stop) for c in self.columns], origin)

    def rows(self) -> list[tuple[np.ndarray, ...]]:
        """The rows as tuples of arrays."""
        return list(zip(*(c.rows() for c in self.columns), strict=True))


def join_blocks(blocks: Sequence[Block]) -> Block:
    """Blocks one after the other."""
    if len(blocks) == 1:
        return blocks[0]
    origins = [b.origin for b in blocks if b.origin is not None]
    return Block(
        [join(c) for c in zip(*(b.columns for b in blocks), strict=True)],
        join(origins) if len(origins) == len(blocks) else None,
    )
