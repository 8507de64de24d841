"""`padded_batch` and `bucket_batch_by_length`: batches of rows whose sizes differ."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

from mslearn.dataset.base import Dataset
from mslearn.dataset.batching import stack_rows
from mslearn.dataset.block import Block, Column
from mslearn.dataset.checks import check_bool, check_int, name_list
from mslearn.dataset.rowwork import call
from mslearn.dataset.stream import Piped, Stream, UserFunctionError, positions

#: column name: (shape, where None and -1 mean "as the largest row of the batch"; padding value)
PadInfo = dict[str, tuple[Any, Any]]


def check_pad_info(pad_info: Any, operation: str) -> PadInfo | None:
    """`pad_info` if it is what the operations want.

    Raises:
        TypeError: it is not a dict from column name to (shape or None, value).
    """
    if pad_info is None:
        return None
    if not isinstance(pad_info, dict):
        raise TypeError(f"For '{operation}', pad_info must be a dict, but got {pad_info!r}.")
    for name, entry in pad_info.items():
        if not isinstance(entry, tuple) or len(entry) != 2:
            raise TypeError(
                f"For '{operation}', pad_info['{name}'] must be (shape or None, padding value), "
                f"for example ([10], 0), but got {entry!r}."
            )
        if entry[0] is not None and not isinstance(entry[0], list | tuple):
            raise TypeError(
                f"For '{operation}', the shape in pad_info['{name}'] must be a list or None, but "
                f"got {entry[0]!r}."
            )
    return pad_info


def pad_rows(rows: list[np.ndarray], shape: Any, value: Any, name: str) -> list[np.ndarray]:
    """Rows brought to one shape: filled up with `value` at the end, cut off where too long.

    Raises:
        RuntimeError: numbers of axes differ.
    """
    rank = rows[0].ndim
    if any(r.ndim != rank for r in rows) or (shape is not None and len(shape) != rank):
        raise RuntimeError(
            f"For padding, all rows of column '{name}' and the shape in pad_info must have the "
            f"same number of axes, but got rows of rank {sorted({r.ndim for r in rows})} and the "
            f"shape {shape}."
        )
    wanted = [None if n in (None, -1) else int(n) for n in shape or [None] * rank]
    full = tuple(
        max(r.shape[i] for r in rows) if n is None else n for i, n in enumerate(wanted)
    )  # fmt: skip
    if all(r.shape == full for r in rows):
        return rows
    text = rows[0].dtype.kind in "US"
    fill = ("" if rows[0].dtype.kind == "U" else b"") if text and value in (0, None) else value
    padded = []
    for row in rows:
        new = np.full(full, 0 if fill is None else fill, None if text else row.dtype)
        if text:
            new = new.astype(np.result_type(new.dtype, row.dtype))
        part = tuple(slice(0, min(a, b)) for a, b in zip(row.shape, full, strict=True))
        new[part] = row[part]
        padded.append(new)
    return padded


def pad_columns(
    block: Block, names: list[str], pad_info: PadInfo | None, default: int | None = None
) -> list[np.ndarray]:
    """The columns of a block as stacked arrays, padded where asked.

    An empty dict pads every column to its largest row; `default` stands for sizes left open.
    """
    stacked = []
    for name, column in zip(names, block.columns, strict=True):
        rows = column.rows()
        if pad_info is not None and (not pad_info or name in pad_info):
            shape, value = pad_info.get(name, (None, 0))
            if default is not None:
                open_shape = [None] * rows[0].ndim if shape is None else shape
                shape = [default if n in (None, -1) else n for n in open_shape]
            rows = pad_rows(rows, shape, value, name)
        stacked.append(stack_rows(Column(rows), f"'{name}'"))
    return stacked


def _check_names(pad_info: PadInfo | None, known: list[str], operation: str) -> None:
    positions(list(pad_info or {}), known, operation)


class PaddedBatchDataset(Dataset):
    """See `Dataset.padded_batch`."""

    def __init__(
        self,
        input_dataset: Dataset,
        batch_size: int | Callable[..., int],
        drop_remainder: bool = False,
        num_parallel_workers: int | None = None,
        pad_info: PadInfo | None = None,
    ) -> None:
        if not callable(batch_size):
            check_int(batch_size, "batch_size", 1)
        check_bool(drop_remainder, "drop_remainder")
        super().__init__(input_dataset, num_parallel_workers)
        self.batch_size, self.drop_remainder = batch_size, drop_remainder
        self.pad_info = check_pad_info(pad_info, "padded_batch")

    def _columns(self) -> list[str]:
        known = self.children[0]._columns()
        _check_names(self.pad_info, known, "padded_batch")
        return known

    def _size(self) -> int | None:
        size = self.children[0]._size()
        if size is None or callable(self.batch_size):
            return None
        return size // self.batch_size if self.drop_remainder else -(-size // self.batch_size)

    def get_batch_size(self) -> int:
        return -1 if callable(self.batch_size) else self.batch_size

    def _open(self, seed: int) -> Stream:
        from mslearn.dataset.batching import BatchStream

        names = self._columns()
        return BatchStream(
            self.children[0]._start(seed), self.batch_size, self.drop_remainder, None, names,
            lambda block: pad_columns(block, names, self.pad_info),
        )  # fmt: skip


class BucketBatchByLengthDataset(Dataset):
    """See `Dataset.bucket_batch_by_length`."""

    def __init__(
        self,
        input_dataset: Dataset,
        column_names: list[str],
        bucket_boundaries: list[int],
        bucket_batch_sizes: list[int],
        element_length_function: Callable[..., Any] | None = None,
        pad_info: PadInfo | None = None,
        pad_to_bucket_boundary: bool = False,
        drop_remainder: bool = False,
    ) -> None:
        operation = "bucket_batch_by_length"
        super().__init__(input_dataset)
        self.column_names = name_list(column_names, "column_names")
        for name, value in (
            ("bucket_boundaries", bucket_boundaries),
            ("bucket_batch_sizes", bucket_batch_sizes),
        ):
            if not isinstance(value, list) or not value:
                raise TypeError(f"For '{operation}', {name} must be a list of ints, got {value!r}.")
            for number in value:
                check_int(number, name, 1)
        if any(a >= b for a, b in pairwise(bucket_boundaries)):
            raise ValueError(
                f"For '{operation}', bucket_boundaries must grow, but got {bucket_boundaries}."
            )
        if len(bucket_batch_sizes) != len(bucket_boundaries) + 1:
            raise ValueError(
                f"For '{operation}', bucket_batch_sizes must have one element more than "
                f"bucket_boundaries, but got {len(bucket_batch_sizes)} and "
                f"{len(bucket_boundaries)}."
            )
        if element_length_function is None and len(self.column_names) != 1:
            raise ValueError(
                f"For '{operation}', without element_length_function exactly one column gives the "
                f"length, but got {self.column_names}."
            )
        if element_length_function is not None and not callable(element_length_function):
            raise TypeError(f"For '{operation}', element_length_function must be a function.")
        self.boundaries, self.sizes = bucket_boundaries, bucket_batch_sizes
        self.length, self.pad_info = element_length_function, check_pad_info(pad_info, operation)
        self.to_boundary = check_bool(pad_to_bucket_boundary, "pad_to_bucket_boundary")
        self.drop_remainder = check_bool(drop_remainder, "drop_remainder")

    def _columns(self) -> list[str]:
        known = self.children[0]._columns()
        positions(self.column_names, known, "bucket_batch_by_length")
        _check_names(self.pad_info, known, "bucket_batch_by_length")
        return known

    def _size(self) -> int | None:
        return None

    def get_batch_size(self) -> int:
        return 1

    def _open(self, seed: int) -> Stream:
        return _BucketStream(self.children[0]._start(seed), self)


class _BucketStream(Piped):
    def __init__(self, child: Stream, dataset: BucketBatchByLengthDataset) -> None:
        super().__init__(child)
        self.dataset, self.names = dataset, dataset._columns()
        self.inputs = positions(dataset.column_names, self.names, "bucket_batch_by_length")

    def begin(self) -> None:
        super().begin()
        self.buckets: list[list[tuple[np.ndarray, ...]]] = [[] for _ in self.dataset.sizes]
        self.done = 0
        self.over = False

    def _length(self, row: tuple[np.ndarray, ...]) -> int:
        values = tuple(row[i] for i in self.inputs)
        if self.dataset.length is None:
            if values[0].ndim == 0:
                raise UserFunctionError(
                    f"bucket_batch_by_length: column '{self.dataset.column_names[0]}' holds "
                    f"single numbers, which have no length; give element_length_function."
                )
            return len(values[0])
        (answer,) = call(self.dataset.length, values, self.done, "bucket_batch_by_length")
        return int(answer.reshape(-1)[0])

    def read(self, n: int) -> Block | None:
        sizes = self.dataset.sizes
        while not self.over:
            block = self.child.read(1)
            if block is None:
                self.over = True
                break
            (row,) = block.rows()
            length = self._length(row)
            self.done += 1
            k = int(np.searchsorted(self.dataset.boundaries, length, "right"))
            self.buckets[k].append(row)
            if len(self.buckets[k]) == sizes[k]:
                return self._give(k)
        for k, rows in enumerate(self.buckets):
            if rows and not self.dataset.drop_remainder:
                return self._give(k)
        return None

    def _give(self, k: int) -> Block:
        rows, self.buckets[k] = self.buckets[k], []
        data = self.dataset
        last = k == len(data.boundaries)
        default = data.boundaries[k] - 1 if data.to_boundary and not last else None
        block = Block([Column(list(c)) for c in zip(*rows, strict=True)])
        # Rows of different lengths in one bucket are always padded.
        info = {} if data.pad_info is None else data.pad_info
        return Block([Column([a]) for a in pad_columns(block, self.names, info, default)])
