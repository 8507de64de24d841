"""`TFRecordDataset`: TensorFlow's record files, without TensorFlow."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

import numpy as np

from mslearn.core.errors import did_you_mean
from mslearn.dataset.checks import check_bool, name_list
from mslearn.dataset.files import FileSource, Row, find_files
from mslearn.dataset.samplers import Shuffle
from mslearn.dataset.schema import Schema, as_schema
from mslearn.dataset.tfformat import read_records, unpack_example


class TFRecordDataset(FileSource):
    """Rows of TFRecord files of tf.train.Example.

    Without a schema there is a column for each feature, in the order of their names: float32 and
    int64 vectors, and bytes as 1-D uint8.

    Args:
        dataset_files: a path, a pattern with ``*``, or a list of them; read in sorted order.
        schema: a Schema, or the path of one: which columns, their types and shapes.
        columns_list: the columns wanted, in this order.
        num_samples: how many rows; all by default.
        shuffle: True or Shuffle.GLOBAL (default) shuffles files and rows, Shuffle.FILES the files
            only, False nothing.
        num_shards, shard_id: read one of the parts into which the files are dealt.
        shard_equal_rows: deal rows instead, so that all parts are equally long.
        compression_type: "GZIP" or "ZLIB".

    Raises:
        ValueError: no file fits.
        RuntimeError: a record is damaged, or lacks a column.
    """

    def __init__(
        self,
        dataset_files: str | list[str],
        schema: Schema | str | None = None,
        columns_list: list[str] | None = None,
        num_samples: int | None = None,
        num_parallel_workers: int | None = None,
        shuffle: bool | Shuffle = Shuffle.GLOBAL,
        num_shards: int | None = None,
        shard_id: int | None = None,
        shard_equal_rows: bool = False,
        cache: object = None,
        compression_type: str | None = None,
    ) -> None:
        files = find_files(dataset_files, "TFRecordDataset")
        super().__init__(
            files, num_samples, num_parallel_workers, shuffle, num_shards, shard_id, cache
        )
        self.schema = None if schema is None else as_schema(schema)
        self.columns_list = (
            None if columns_list is None else name_list(columns_list, "columns_list")
        )
        self.shard_equal_rows = check_bool(shard_equal_rows, "shard_equal_rows")
        if compression_type not in (None, "", "GZIP", "ZLIB"):
            raise ValueError(
                f"compression_type must be 'GZIP', 'ZLIB' or None, but got {compression_type!r}."
            )
        self.compression = compression_type or None
        self._names: list[str] | None = None

    def _segments(self, order: list[int]) -> list[tuple[int, int, int]]:
        if self.num_shards == 1 or self.shard_equal_rows:
            return super()._segments(order)
        sizes = self._sizes()
        return [(k, 0, sizes[k]) for k in order[self.shard_id :: self.num_shards]]

    def _known(self) -> dict[str, dict[str, Any]]:
        return {c["name"]: c for c in self.schema.columns} if self.schema else {}

    def _columns(self) -> list[str]:
        if self._names is None:
            known = list(self._known())
            if not known:
                first = next(read_records(self.files[0], self.compression), None)
                if first is None:
                    raise RuntimeError(f"TFRecordDataset: '{self.files[0]}' holds no record.")
                known = sorted(self._parse(first, self.files[0], 0))
            for name in self.columns_list or []:
                if name not in known:
                    raise RuntimeError(
                        f"TFRecordDataset: there is no column '{name}' in '{self.files[0]}'; it "
                        f"has {known}.{did_you_mean(name, known)}"
                    )
            self._names = self.columns_list or known
        return self._names

    def _parse(self, data: bytes, path: str, number: int) -> dict[str, Any]:
        try:
            return unpack_example(data)
        except (ValueError, TypeError, struct.error) as error:
            raise RuntimeError(
                f"TFRecordDataset: record {number} of '{path}' is no tf.train.Example: {error}."
            ) from error

    def _count(self, path: str) -> int:
        return sum(1 for _ in read_records(path, self.compression))

    def _read(self, path: str) -> Iterator[Row]:
        names, known = self._columns(), self._known()
        for number, data in enumerate(read_records(path, self.compression)):
            row = self._parse(data, path, number)
            for name in names:
                if name not in row:
                    raise RuntimeError(
                        f"TFRecordDataset: record {number} of '{path}' has no feature '{name}'; it "
                        f"has {sorted(row)}.{did_you_mean(name, row)}"
                    )
            try:
                yield tuple(_column(row[name], known.get(name)) for name in names)
            except ValueError as error:
                raise RuntimeError(
                    f"TFRecordDataset: record {number} of '{path}' does not fit the schema: {error}"
                ) from error


def _column(value: list[bytes] | np.ndarray, column: dict[str, Any] | None) -> np.ndarray:
    """A feature as an array, of the type and shape that the schema says."""
    kind = column["type"] if column else None
    if isinstance(value, list):
        if kind == "string":
            array = np.array([v.decode() for v in value])
        else:
            # Several byte strings stand one after the other, each as long as the longest.
            longest = max(map(len, value), default=0)
            array = np.frombuffer(b"".join(v.ljust(longest) for v in value), np.uint8).copy()
    else:
        array = value.astype(kind) if kind and kind != "string" else value
    return array.reshape(column["shape"]) if column and "shape" in column else array
