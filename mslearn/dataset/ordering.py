"""`shuffle`, `repeat`, `take` and `skip`: which rows come, and when."""

from __future__ import annotations

from typing import Any

import numpy as np

from mslearn.dataset.base import Dataset
from mslearn.dataset.block import Block, Column
from mslearn.dataset.checks import INT32_MAX, check_int
from mslearn.dataset.mersenne import twister64
from mslearn.dataset.stream import Piped, Stream


class ShuffleDataset(Dataset):
    """See `Dataset.shuffle`."""

    def __init__(self, input_dataset: Dataset, buffer_size: int) -> None:
        check_int(buffer_size, "buffer_size", 2)
        super().__init__(input_dataset)
        self.buffer_size = buffer_size
        self.reshuffle_each_epoch = True
        self.fixed_seed: int | None = None

    def is_shuffled(self) -> bool:
        return True

    def _open(self, seed: int) -> Stream:
        own = seed if self.fixed_seed is None else self.fixed_seed
        child = self.children[0]
        return ShuffleStream(
            child._start(seed), self.buffer_size, own, self.reshuffle_each_epoch, child._size()
        )


class _Pool:
    """One column of the shuffle buffer: row numbers while rows are picks from one array."""

    def __init__(self) -> None:
        self.base: Any = None
        self.rows: list[Any] = []

    def add(self, column: Column) -> list[Any]:
        """The column's rows in the form in which the pool holds them."""
        if column.index is not None and (self.base is None or self.base is column.base):
            self.base = column.base
            ids: list[Any] = column.index.tolist()
            return ids
        if self.base is not None:
            # Another source begins: from here on the pool holds the values themselves.
            self.rows = Column(self.base, np.array(self.rows, np.int64)).rows() if self.rows else []
            self.base = None
        return list(column.rows())

    def column(self, rows: list[Any]) -> Column:
        if self.base is not None:
            return Column(self.base, np.array(rows, np.int64))
        return Column(rows)


def _parts(block: Block) -> list[Column]:
    """The columns, and the rows' files where they are known."""
    return block.columns if block.origin is None else [*block.columns, block.origin]


class ShuffleStream(Piped):
    def __init__(
        self, child: Stream, size: int, seed: int, reshuffle: bool, rows: int | None
    ) -> None:
        super().__init__(child)
        self.size, self.seed, self.reshuffle, self.rows = size, seed, reshuffle, rows
        self.draw = twister64(seed)
        self.started = False
        self.drawn = 0

    def begin(self) -> None:
        super().begin()
        if self.started and not self.reshuffle:
            self.draw = twister64(self.seed)
        elif self.started and self.rows is not None:
            # MindSpore runs an epoch to its end even if `take` wants no more of it: the numbers
            # that it would have drawn are used up.
            for _ in range(self.rows - self.drawn):
                self.draw()
        self.started = True
        self.drawn = 0
        self.pools: list[_Pool] | None = None
        self.filling = True

    def _fetch(self, n: int) -> list[list[Any]]:
        """Up to n rows of the child, column by column; fewer only at the end of the epoch."""
        block = self.child.read_full(n) if self.filling and n else None
        if block is None or len(block) < n:
            self.filling = False
        if block is None:
            return []
        assert self.pools is not None
        return [p.add(c) for p, c in zip(self.pools, _parts(block), strict=True)]

    def read(self, n: int) -> Block | None:
        if self.pools is None:
            return self._fill_pools(n)
        return self._give(n)

    def _fill_pools(self, n: int) -> Block | None:
        block = self.child.read_full(self.size)
        if block is None:
            self.pools, self.filling = [], False
            return None
        self.filling = len(block) == self.size
        parts = _parts(block)
        self.pools, self.width = [_Pool() for _ in parts], len(block.columns)
        for pool, column in zip(self.pools, parts, strict=True):
            pool.rows = pool.add(column)
        return self._give(n)

    def _give(self, n: int) -> Block | None:
        pools = self.pools
        if not pools or not pools[0].rows:
            return None
        length = len(pools[0].rows)
        n = min(n, length)
        # One new row enters for each that leaves, as long as there are any.
        fresh = self._fetch(n)
        draw = self.draw
        self.drawn += n
        out: list[list[Any]] = [[] for _ in pools]
        arrived = len(fresh[0]) if fresh else 0
        last = length - 1
        for k in range(n):
            slot = draw() % (last + 1)
            for c, pool in enumerate(pools):
                rows = pool.rows
                out[c].append(rows[slot])
                rows[slot] = rows[last]
                if k < arrived:
                    rows[last] = fresh[c][k]
                else:
                    rows.pop()
            if k >= arrived:
                last -= 1
        made = [p.column(rows) for p, rows in zip(pools, out, strict=True)]
        return Block(made[: self.width], made[self.width] if len(made) > self.width else None)


class RepeatDataset(Dataset):
    """See `Dataset.repeat`."""

    def __init__(self, input_dataset: Dataset, count: int | None = None) -> None:
        count = -1 if count is None else count
        if count != -1:
            check_int(count, "count", 1)
        super().__init__(input_dataset)
        self.count = count

    def _size(self) -> int | None:
        size = self.children[0]._size()
        return size if size is None or self.count == -1 else size * self.count

    def get_dataset_size(self) -> int:
        size = self.children[0].get_dataset_size()
        return size if self.count == -1 else size * self.count

    def get_repeat_count(self) -> int:
        return self.count

    def _open(self, seed: int) -> Stream:
        return _RepeatStream(self.children[0]._start(seed), self.count)


class _RepeatStream(Piped):
    def __init__(self, child: Stream, count: int) -> None:
        super().__init__(child)
        self.count = count

    def begin(self) -> None:
        super().begin()
        self.round = 1
        self.rows = 0

    def read(self, n: int) -> Block | None:
        block = self.child.read(n)
        while block is None:
            # An empty data set repeated for ever would never end.
            if self.round == self.count or (self.count == -1 and not self.rows):
                return None
            self.round += 1
            self.child.begin()
            block = self.child.read(n)
        self.rows += len(block)
        return block


class TakeDataset(Dataset):
    """See `Dataset.take`."""

    def __init__(self, input_dataset: Dataset, count: int = -1) -> None:
        if count != -1:
            check_int(count, "count", 1)
        super().__init__(input_dataset)
        self.count = count

    def _size(self) -> int | None:
        size = self.children[0]._size()
        return size if size is None or self.count == -1 else min(size, self.count)

    def _open(self, seed: int) -> Stream:
        child = self.children[0]._start(seed)
        return child if self.count == -1 else _TakeStream(child, self.count)


class _TakeStream(Piped):
    def __init__(self, child: Stream, count: int) -> None:
        super().__init__(child)
        self.count = count

    def begin(self) -> None:
        super().begin()
        self.left = self.count

    def read(self, n: int) -> Block | None:
        block = self.child.read(min(n, self.left)) if self.left else None
        self.left -= len(block) if block is not None else 0
        return block


class SkipDataset(Dataset):
    """See `Dataset.skip`."""

    def __init__(self, input_dataset: Dataset, count: int) -> None:
        check_int(count, "count", 0, INT32_MAX)
        super().__init__(input_dataset)
        self.count = count

    def _size(self) -> int | None:
        size = self.children[0]._size()
        return None if size is None else max(0, size - self.count)

    def _open(self, seed: int) -> Stream:
        return _SkipStream(self.children[0]._start(seed), self.count)


class _SkipStream(Piped):
    def __init__(self, child: Stream, count: int) -> None:
        super().__init__(child)
        self.count = count

    def begin(self) -> None:
        super().begin()
        self.left = self.count

    def read(self, n: int) -> Block | None:
        while self.left:
            block = self.child.read(min(self.left, 256))
            if block is None:
                return None
            self.left -= len(block)
        return self.child.read(n)
