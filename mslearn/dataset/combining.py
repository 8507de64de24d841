"""`zip`, `concat`, `project` and `rename`: data sets and columns side by side."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mslearn.dataset.base import Dataset
from mslearn.dataset.block import Block
from mslearn.dataset.checks import name_list
from mslearn.dataset.ordering import ShuffleStream
from mslearn.dataset.samplers import DistributedSampler, RandomSampler
from mslearn.dataset.stream import ColumnError, Piped, Stream, positions


def _check_datasets(datasets: Sequence[object], operation: str) -> list[Dataset]:
    for item in datasets:
        if not isinstance(item, Dataset):
            raise TypeError(
                f"For '{operation}', every part must be a Dataset, but one is "
                f"'{type(item).__name__}'."
            )
    return [d for d in datasets if isinstance(d, Dataset)]


class ZipDataset(Dataset):
    """See `Dataset.zip`."""

    def __init__(self, datasets: tuple[Dataset, ...]) -> None:
        if not isinstance(datasets, tuple):
            raise TypeError(
                f"For 'zip', datasets must be a tuple of data sets, but got {datasets!r}."
            )
        if len(datasets) < 2:
            raise ValueError(f"For 'zip', at least two data sets are wanted, not {len(datasets)}.")
        super().__init__(_check_datasets(datasets, "zip"))

    def _columns(self) -> list[str]:
        names = [n for c in self.children for n in c._columns()]
        twice = sorted({n for n in names if names.count(n) > 1})
        if twice:
            raise ColumnError(
                f"For 'zip', the columns {twice} appear in more than one data set. Rename them "
                f"first: dataset.rename('{twice[0]}', '{twice[0]}_2')."
            )
        return names

    def _size(self) -> int | None:
        # A part whose size only running tells is asked with get_dataset_size.
        return min(c.get_dataset_size() for c in self.children)

    def _open(self, seed: int) -> Stream:
        return _ZipStream([c._start(seed) for c in self.children])


class _ZipStream(Stream):
    def __init__(self, children: list[Stream]) -> None:
        self.children = self.sources = children

    def begin(self) -> None:
        for child in self.children:
            child.begin()
        self.over = False

    def read(self, n: int) -> Block | None:
        if self.over:
            return None
        parts = []
        for child in self.children:
            block = child.read_full(n)
            if block is None:
                self.over = True
                return None
            parts.append(block)
            n = min(n, len(block))
        return Block([c.slice(0, n) for p in parts for c in p.columns])


class ConcatDataset(Dataset):
    """See `Dataset.concat`."""

    def __init__(self, datasets: list[Dataset]) -> None:
        super().__init__(_check_datasets(datasets, "concat"))
        self._sampler: DistributedSampler | RandomSampler | None = None

    def use_sampler(self, sampler: DistributedSampler | RandomSampler) -> None:
        """Deal the rows of all parts to devices, or shuffle them together.

        Args:
            sampler: a DistributedSampler(…, shuffle=False), which takes every `num_shards`-th row
                counted over all parts, or a RandomSampler without replacement.

        Raises:
            TypeError: another sampler.
            ValueError: one that shuffles, replaces rows or has num_samples.
        """
        if not isinstance(sampler, DistributedSampler | RandomSampler):
            raise TypeError(
                f"For 'concat', use_sampler takes a DistributedSampler or a RandomSampler, but got "
                f"{type(sampler).__name__}. Give other samplers to the parts before concat."
            )
        dealt = isinstance(sampler, DistributedSampler)
        for name in ("num_samples", "shuffle" if dealt else "replacement"):
            if getattr(sampler, name):
                raise ValueError(
                    f"For 'concat', the parameter {name} of {type(sampler).__name__} must not be "
                    f"set, but it is {getattr(sampler, name)!r}."
                )
        self._sampler = sampler

    def is_shuffled(self) -> bool:
        return isinstance(self._sampler, RandomSampler) or super().is_shuffled()

    def is_sharded(self) -> bool:
        return isinstance(self._sampler, DistributedSampler) or super().is_sharded()

    def _columns(self) -> list[str]:
        names = self.children[0]._columns()
        for child in self.children[1:]:
            if child._columns() != names:
                raise ColumnError(
                    f"For 'concat', all parts must have the same columns in the same order, but "
                    f"got {names} and {child._columns()}. Use rename or project first."
                )
        return names

    def _size(self) -> int | None:
        rows = sum(c.get_dataset_size() for c in self.children)
        if isinstance(self._sampler, DistributedSampler):
            return len(range(self._sampler.shard_id, rows, self._sampler.num_shards))
        return rows

    def _open(self, seed: int) -> Stream:
        stream = _ConcatStream([c._start(seed) for c in self.children], self._columns())
        if isinstance(self._sampler, DistributedSampler):
            return _ShardStream(stream, self._sampler)
        if self._sampler is not None:
            rows = max(2, sum(c.get_dataset_size() for c in self.children))
            return ShuffleStream(stream, rows, seed, True, None)
        return stream


class _ShardStream(Piped):
    """Every so many rows of the child."""

    def __init__(self, child: Stream, sampler: DistributedSampler) -> None:
        super().__init__(child)
        self.shards, self.shard = sampler.num_shards, sampler.shard_id

    def begin(self) -> None:
        super().begin()
        self.row = 0

    def read(self, n: int) -> Block | None:
        while (block := self.child.read(n)) is not None:
            ids = np.arange(self.row, self.row + len(block)) % self.shards
            self.row += len(block)
            if (keep := np.flatnonzero(ids == self.shard)).size:
                return block.take(keep)
        return None


class _ConcatStream(Stream):
    def __init__(self, children: list[Stream], names: list[str]) -> None:
        self.children = self.sources = children
        self.names = names

    def begin(self) -> None:
        self.current = 0
        self.children[0].begin()
        self.types: list[str] | None = None

    def read(self, n: int) -> Block | None:
        while self.current < len(self.children):
            block = self.children[self.current].read(n)
            if block is not None:
                self._check(block)
                return block
            self.current += 1
            if self.current < len(self.children):
                self.children[self.current].begin()
        return None

    def _check(self, block: Block) -> None:
        types = [c.slice(0, 1).rows()[0].dtype for c in block.columns]
        kinds = ["text" if t.kind in "US" else str(t) for t in types]
        self.types = self.types or kinds
        for name, first, now in zip(self.names, self.types, kinds, strict=True):
            if first != now:
                raise RuntimeError(
                    f"For 'concat', column '{name}' must have one type in all parts, but got "
                    f"{first} and {now}. Convert with map(transforms.TypeCast(…), '{name}')."
                )


class ProjectDataset(Dataset):
    """See `Dataset.project`."""

    def __init__(self, input_dataset: Dataset, columns: str | list[str]) -> None:
        super().__init__(input_dataset)
        self.columns = name_list(columns, "columns")

    def _columns(self) -> list[str]:
        positions(self.columns, self.children[0]._columns(), "project")
        return self.columns

    def _open(self, seed: int) -> Stream:
        keep = positions(self.columns, self.children[0]._columns(), "project")
        return _ProjectStream(self.children[0]._start(seed), keep)


class _ProjectStream(Piped):
    def __init__(self, child: Stream, keep: list[int]) -> None:
        super().__init__(child)
        self.keep = keep

    def read(self, n: int) -> Block | None:
        block = self.child.read(n)
        return None if block is None else Block([block.columns[i] for i in self.keep], block.origin)


class RenameDataset(Dataset):
    """See `Dataset.rename`."""

    def __init__(
        self,
        input_dataset: Dataset,
        input_columns: str | list[str],
        output_columns: str | list[str],
    ) -> None:
        super().__init__(input_dataset)
        self.input_columns = name_list(input_columns, "input_columns")
        self.output_columns = name_list(output_columns, "output_columns")
        if len(self.input_columns) != len(self.output_columns):
            raise ValueError(
                f"For 'rename', input_columns {self.input_columns} and output_columns "
                f"{self.output_columns} must have the same length."
            )

    def _columns(self) -> list[str]:
        names = list(self.children[0]._columns())
        for i, new in zip(
            positions(self.input_columns, names, "rename"), self.output_columns, strict=True
        ):
            names[i] = new
        twice = sorted({n for n in names if names.count(n) > 1})
        if twice:
            raise ColumnError(f"For 'rename', {twice} would appear twice among {names}.")
        return names

    def _open(self, seed: int) -> Stream:
        return self.children[0]._start(seed)


def zip_datasets(datasets: tuple[Dataset, ...]) -> ZipDataset:
    """Columns of several data sets side by side (`mslearn.dataset.zip`)."""
    return ZipDataset(datasets)
