"""`TFRecordDataset` and `TFRecordWriter`: TensorFlow's record files, without TensorFlow.

A record is a length (8 bytes), its checksum (4), the data, and the data's checksum (4): CRC-32C,
rotated by 15 bits, plus a constant. The data is a protocol buffer `tf.train.Example`: a map from
names to lists of bytes (field 1), floats (2) or whole numbers (3). Both are described in
TensorFlow's documentation, "TFRecord and tf.train.Example".
"""

from __future__ import annotations

import gzip
import os
import struct
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from mslearn.core.errors import did_you_mean
from mslearn.dataset.checks import check_bool, name_list
from mslearn.dataset.files import FileSource, Row, find_files
from mslearn.dataset.samplers import Shuffle
from mslearn.dataset.schema import Schema, as_schema

# CRC-32C (Castagnoli).


def _table() -> np.ndarray:
    table = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        table = np.where(table & 1, (table >> 1) ^ np.uint32(0x82F63B78), table >> 1)
    return table.astype(np.uint32)


_CRC = _table()
_CRC_LIST: list[int] = _CRC.tolist()
_LANE = 64


def _zeros_after() -> list[list[int]]:
    """For each byte of a checksum, what it becomes when _LANE zero bytes follow."""
    values = np.arange(256, dtype=np.uint64)[None] << (np.arange(4, dtype=np.uint64)[:, None] * 8)
    state = values.astype(np.uint32)
    for _ in range(_LANE):
        state = _CRC[state & 255] ^ (state >> 8)
    return [row.tolist() for row in state]


_SHIFT = _zeros_after()


def crc32c(data: bytes) -> int:
    """The CRC-32C of `data`.

    >>> hex(crc32c(b"123456789"))
    '0xe3069283'
    """
    crc = 0xFFFFFFFF
    whole = len(data) // _LANE if len(data) >= 16 * _LANE else 0
    if whole:
        # Every lane's checksum at once, then put together one after the other.
        lanes = np.frombuffer(data, np.uint8, whole * _LANE).reshape(whole, _LANE)
        state = np.zeros(whole, np.uint32)
        for k in range(_LANE):
            state = _CRC[(state ^ lanes[:, k]) & 255] ^ (state >> 8)
        a, b, c, d = _SHIFT
        for lane in state.tolist():
            crc = a[crc & 255] ^ b[crc >> 8 & 255] ^ c[crc >> 16 & 255] ^ d[crc >> 24] ^ lane
    for byte in data[whole * _LANE :]:
        crc = _CRC_LIST[(crc ^ byte) & 255] ^ (crc >> 8)
    return crc ^ 0xFFFFFFFF


def masked(data: bytes) -> int:
    """The checksum as record files store it."""
    crc = crc32c(data)
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


# tf.train.Example.


def _varint(number: int) -> bytes:
    number &= 2**64 - 1
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)


def _message(field: int, data: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(data)) + data


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        if at >= len(data) or shift > 63:
            raise ValueError("a number is cut short")
        byte = data[at]
        at += 1
        number |= (byte & 127) << shift
        if byte < 128:
            return number, at
        shift += 7


def _fields(data: bytes) -> Iterator[tuple[int, Any]]:
    """(field number, value) of a message: bytes for lengths, ints for the rest."""
    at = 0
    while at < len(data):
        key, at = _read_varint(data, at)
        kind = key & 7
        if kind == 0:
            value: Any
            value, at = _read_varint(data, at)
        elif kind in (1, 5):
            size = 8 if kind == 1 else 4
            value, at = data[at : at + size], at + size
        elif kind == 2:
            size, at = _read_varint(data, at)
            value, at = data[at : at + size], at + size
        else:
            raise ValueError(f"a field of the unknown kind {kind}")
        if at > len(data):
            raise ValueError("a field is longer than the record")
        yield key >> 3, value


def pack_example(row: dict[str, Any]) -> bytes:
    """A row as tf.train.Example: bytes, text, floats or whole numbers, alone or in arrays.

    Raises:
        TypeError: a value of another kind.
    """
    features = []
    for name, value in row.items():
        array = np.asarray(value)
        if array.dtype.kind in "SU" or isinstance(value, bytes | str):
            items = [value] if isinstance(value, bytes | str) else array.reshape(-1).tolist()
            held = b"".join(_message(1, v.encode() if isinstance(v, str) else v) for v in items)
            kind = 1
        elif array.dtype.kind == "f":
            held, kind = _message(1, array.astype("<f4").tobytes()), 2
        elif array.dtype.kind in "iub":
            held = _message(1, b"".join(map(_varint, array.reshape(-1).tolist())))
            kind = 3
        else:
            raise TypeError(
                f"TFRecord: the value of '{name}' must be bytes, text or numbers, but is "
                f"{array.dtype if array.dtype != object else type(value).__name__}."
            )
        entry = _message(1, str(name).encode()) + _message(2, _message(kind, held))
        features.append(_message(1, entry))
    return _message(1, b"".join(features))


def unpack_example(data: bytes) -> dict[str, list[bytes] | np.ndarray]:
    """From feature names to lists of bytes, or arrays of float32 or int64.

    Raises:
        ValueError: not tf.train.Example.
    """
    found: dict[str, list[bytes] | np.ndarray] = {}
    try:
        for number, features in _fields(data):
            for key, entry in _fields(features) if number == 1 else ():
                if key == 1:
                    parts = dict(_fields(entry))
                    name = parts.get(1, b"").decode()
                    found[name] = _feature(parts.get(2, b""))
    except (TypeError, AttributeError) as error:  # a number where a message should stand
        raise ValueError(f"a field is of the wrong kind: {error}") from error
    return found


def _feature(data: bytes) -> list[bytes] | np.ndarray:
    for kind, held in _fields(data):
        values = [value for number, value in _fields(held) if number == 1]
        if kind == 1:
            return values
        if kind == 2:  # packed, or each by itself
            return np.frombuffer(b"".join(values), "<f4").astype(np.float32)
        numbers: list[int] = []
        for value in values:
            if isinstance(value, int):
                numbers.append(value)
                continue
            at = 0
            while at < len(value):
                number, at = _read_varint(value, at)
                numbers.append(number)
        return np.array(numbers, np.uint64).astype(np.int64)
    return []


class TFRecordWriter:
    """Writes a TFRecord file, which appears when the `with` block ends well.

    >>> import os, tempfile
    >>> import mslearn.dataset as ds
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "words.tfrecord")
    ...     with ds.TFRecordWriter(path) as writer:
    ...         writer.write({"word": "ship", "length": 4})
    ...     data = ds.TFRecordDataset(path, columns_list=["length"])
    ...     [int(n[0]) for n, in data.create_tuple_iterator(output_numpy=True)]
    [4]
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        handle, self._temporary = tempfile.mkstemp(dir=self.path.parent, prefix=".tfrecord-")
        self._file = os.fdopen(handle, "wb")

    def write(self, row: dict[str, Any] | bytes) -> None:
        """Add a row (or a record that is packed already)."""
        data = row if isinstance(row, bytes) else pack_example(row)
        head = struct.pack("<Q", len(data))
        self._file.write(head + struct.pack("<I", masked(head)))
        self._file.write(data + struct.pack("<I", masked(data)))

    def __enter__(self) -> TFRecordWriter:
        return self

    def __exit__(self, kind: Any, *_: object) -> None:
        try:
            self._file.close()
            if kind is None:
                os.chmod(self._temporary, 0o644)
                os.replace(self._temporary, self.path)
        finally:
            Path(self._temporary).unlink(missing_ok=True)


def read_records(path: str, compression: str | None = None) -> Iterator[bytes]:
    """The records of a file, their checksums compared.

    Raises:
        RuntimeError: the file is damaged; the message has the record's number.
    """
    number = 0
    try:
        with _open(path, compression) as file:
            while head := file.read(12):
                if len(head) < 12:
                    raise ValueError("it is cut short")
                (size,) = struct.unpack_from("<Q", head)
                if masked(head[:8]) != struct.unpack_from("<I", head, 8)[0]:
                    raise ValueError("the checksum of its length is wrong")
                data = file.read(size + 4)
                if len(data) < size + 4:
                    raise ValueError("it is cut short")
                if masked(data[:-4]) != struct.unpack("<I", data[-4:])[0]:
                    raise ValueError("its checksum is wrong")
                yield data[:-4]
                number += 1
    except (OSError, ValueError, EOFError, zlib.error) as error:
        advice = (
            " Is it compressed? Use compression_type='GZIP' or 'ZLIB'."
            if number == 0 and compression is None
            else ""
        )
        raise RuntimeError(
            f"TFRecordDataset: record {number} of '{path}' is damaged: {error}.{advice}"
        ) from error


def _open(path: str, compression: str | None) -> Any:
    if compression == "GZIP":
        return gzip.open(path, "rb")
    if compression == "ZLIB":
        import io

        return io.BytesIO(zlib.decompress(Path(path).read_bytes()))
    return open(path, "rb")


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
