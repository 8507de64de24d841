"""The format of TFRecord files: records with checksums, and `tf.train.Example` inside them.

A record is a length (8 bytes), its checksum (4), the data, and the data's checksum (4): CRC-32C,
rotated by 15 bits, plus a constant. The data is a protocol buffer `tf.train.Example`: a map from
names to lists of bytes (field 1), floats (2) or whole numbers (3). Both are described in
TensorFlow's documentation, "TFRecord and tf.train.Example".
"""

from __future__ import annotations

import gzip
import io
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from mslearn.common.crc32c import crc32c as crc32c
from mslearn.common.crc32c import masked as masked
from mslearn.common.files import replacing

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
        self._replacing = replacing(self.path)
        self._file = self._replacing.__enter__()

    def write(self, row: dict[str, Any] | bytes) -> None:
        """Add a row (or a record that is packed already)."""
        data = row if isinstance(row, bytes) else pack_example(row)
        head = struct.pack("<Q", len(data))
        self._file.write(head + struct.pack("<I", masked(head)))
        self._file.write(data + struct.pack("<I", masked(data)))

    def __enter__(self) -> TFRecordWriter:
        return self

    def __exit__(self, *error: Any) -> None:
        self._replacing.__exit__(*error)


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
        return io.BytesIO(zlib.decompress(Path(path).read_bytes()))
    return open(path, "rb")
