"""MindSpore's `.ckpt` file: a protobuf message `Checkpoint`, written and read byte by byte.

    Checkpoint  { repeated Value value = 1 }
    Value       { string tag = 1; TensorProto tensor = 2 }
    TensorProto { repeated int64 dims = 1; string tensor_type = 2; bytes tensor_content = 3 }

and, where asked for, behind it ``crc_num`` and the CRC-32 of all before it in ten bytes.

(Found by reading files of MindSpore 2.10; real MindSpore reads what is written here and the
other way round.) No code of a file is ever executed; a damaged file gives `CheckpointError`.
"""

from __future__ import annotations

import binascii
from collections.abc import Iterator

import numpy as np

from mslearn.ops.brain_float import bfloat16
from mslearn.core.dtype import dtype_of, to_numpy
from mslearn.core.errors import DtypeError

_VARINT, _BYTES = 0, 2
_CRC = b"crc_num"


class CheckpointError(ValueError):
    """The bytes are not a complete checkpoint."""


def _varint(n: int) -> bytes:
    out = bytearray()
    while n > 0x7F:
        out.append(n & 0x7F | 0x80)
        n >>= 7
    out.append(n)
    return bytes(out)


def _field(number: int, data: bytes) -> bytes:
    return _varint(number << 3 | _BYTES) + _varint(len(data)) + data


def encode(named: list[tuple[str, np.ndarray]], crc_check: bool = False) -> Iterator[bytes]:
    """The bytes of a checkpoint, one chunk for each array."""
    crc = 0
    for name, array in named:
        dims = b"".join(_varint(1 << 3 | _VARINT) + _varint(n) for n in array.shape)
        if array.dtype.kind == "U":  # a text of `append_dict`
            dims, kind = _varint(1 << 3 | _VARINT) + _varint(0), "str"
            content = str(array).encode("utf-32-le")
        else:
            kind = str(dtype_of(array.dtype))
            little = array.astype(array.dtype.newbyteorder("<"), copy=False)
            content = np.ascontiguousarray(little).tobytes()
        tensor = dims + _field(2, kind.encode()) + _field(3, content)
        chunk = _field(1, _field(1, name.encode()) + _field(2, tensor))
        crc = binascii.crc32(chunk, crc)
        yield chunk
    if crc_check:
        yield _CRC + crc.to_bytes(10, "big")


class _Reader:
    def __init__(self, data: memoryview) -> None:
        self.data, self.at = data, 0

    def varint(self) -> int:
        value = shift = 0
        while True:
            if self.at >= len(self.data) or shift > 63:
                raise CheckpointError("a number is cut off")
            byte = self.data[self.at]
            self.at += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7

    def fields(self) -> Iterator[tuple[int, int | memoryview]]:
        while self.at < len(self.data):
            key = self.varint()
            if key & 7 == _VARINT:
                yield key >> 3, self.varint()
            elif key & 7 == _BYTES:
                size = self.varint()
                if size > len(self.data) - self.at:
                    raise CheckpointError("a field is longer than the file")
                yield key >> 3, self.data[self.at : self.at + size]
                self.at += size
            else:
                raise CheckpointError(f"an unknown wire type {key & 7}")


def decode(data: bytes, crc_check: bool = False) -> tuple[dict[str, np.ndarray], bool]:
    """The arrays of a checkpoint by name, and whether a checksum was checked.

    Raises:
        CheckpointError: truncated, foreign or damaged bytes.
    """
    out: dict[str, np.ndarray] = {}
    has_crc = data[-17:-10] == _CRC
    if has_crc:
        data, stored = data[:-17], int.from_bytes(data[-10:], "big")
        if crc_check and binascii.crc32(data) != stored:
            raise CheckpointError("its CRC-32 checksum is wrong")
    for number, value in _Reader(memoryview(data)).fields():
        if number != 1 or not isinstance(value, memoryview):
            raise CheckpointError("an entry that is no parameter")
        name, tensor = "", None
        for part, content in _Reader(value).fields():
            if part == 1 and isinstance(content, memoryview):
                name = _text(content)
            elif part == 2 and isinstance(content, memoryview):
                tensor = content
        if not name or tensor is None:
            raise CheckpointError("a parameter without a name or without data")
        array = _tensor(name, tensor)
        if name in out:  # a large parameter is written in slices along the first axis
            try:
                array = np.concatenate([out[name], array])
            except ValueError:
                raise CheckpointError(f"the slices of '{name}' do not fit together") from None
        out[name] = array
    return out, crc_check and has_crc


def _text(content: memoryview, encoding: str = "utf-8") -> str:
    try:
        return bytes(content).decode(encoding)
    except UnicodeDecodeError:
        raise CheckpointError("a name or value that is no text") from None


def _tensor(name: str, data: memoryview) -> np.ndarray:
    dims: list[int] = []
    kind, content = "", memoryview(b"")
    for number, value in _Reader(data).fields():
        if number == 1 and isinstance(value, int):
            dims.append(value)
        elif number == 1 and isinstance(value, memoryview):  # packed
            packed = _Reader(value)
            while packed.at < len(value):
                dims.append(packed.varint())
        elif number == 2 and isinstance(value, memoryview):
            kind = _text(value)
        elif number == 3 and isinstance(value, memoryview):
            content = value
    if kind == "str":
        return np.array(_text(content, "utf-32-le"))
    try:
        dtype = bfloat16().numpy if kind == "BFloat16" else to_numpy(kind)
    except DtypeError:
        raise CheckpointError(f"parameter '{name}' has the unknown dtype '{kind}'") from None
    size = int(np.prod(dims, dtype=object)) if dims else 1
    if len(content) != size * dtype.itemsize:
        raise CheckpointError(
            f"parameter '{name}' ({kind}{dims}) needs {size * dtype.itemsize} bytes but has "
            f"{len(content)}"
        )
    array = np.frombuffer(content, dtype.newbyteorder("<")).astype(dtype)
    try:
        return array.reshape(dims)
    except (OverflowError, ValueError):  # no elements, but axes longer than any array's
        raise CheckpointError(f"parameter '{name}' has the impossible shape {dims}") from None
