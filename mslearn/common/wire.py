"""Protobuf's wire format, written and read byte by byte; ONNX, MindIR and `.ckpt` are made of it.

A message is a row of fields. A field is a key (number and kind) and a value: a varint (seven bits
a byte, lowest first), four or eight bytes, or a length and as many bytes: a text, raw numbers, or
a message again. (Source: protobuf.dev, "Encoding".)

The reader trusts nothing: numbers, lengths, depth and count of the fields are bounded, nothing is
copied before it is asked for, and no file can make it do more than walk once through its bytes.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

MAX_DEPTH = 64
MAX_FIELDS = 2_000_000
_VARINT, _EIGHT, _BYTES, _FOUR = 0, 1, 2, 5


class WireError(ValueError):
    """The bytes are no complete message."""


def varint(n: int) -> bytes:
    """A whole number; a negative one as 64 bits in two's complement."""
    n &= (1 << 64) - 1
    out = bytearray()
    while n > 0x7F:
        out.append(n & 0x7F | 0x80)
        n >>= 7
    out.append(n)
    return bytes(out)


def integer(number: int, value: int) -> bytes:
    """Field `number` with a whole number."""
    return varint(number << 3 | _VARINT) + varint(value)


def single(number: int, value: float) -> bytes:
    """Field `number` with a float32."""
    return varint(number << 3 | _FOUR) + struct.pack("<f", value)


def double(number: int, value: float) -> bytes:
    """Field `number` with a float64."""
    return varint(number << 3 | _EIGHT) + struct.pack("<d", value)


def block(number: int, value: bytes | str) -> bytes:
    """Field `number` with a text, raw bytes or a message."""
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | _BYTES) + varint(len(data)) + data


def signed(value: int) -> int:
    """The int64 that a varint's 64 bits stand for."""
    return value - (1 << 64) if value >> 63 else value


class Message:
    """The fields of a message by number, in the order of the file.

    Accessors take the last value of a number, as protobuf does, or a default where there is none;
    one of another kind than asked for is a `WireError`.

    >>> Message(integer(1, 7) + block(2, "text")).text(2)
    'text'
    """

    def __init__(self, data: bytes | memoryview, depth: int = 0, budget: list[int] | None = None):
        if depth > MAX_DEPTH:
            raise WireError(f"messages are nested more than {MAX_DEPTH} deep")
        self._depth = depth
        self._budget = [MAX_FIELDS] if budget is None else budget
        self.fields: dict[int, list[Any]] = {}
        for number, value in walk(memoryview(data)):
            self._budget[0] -= 1
            if self._budget[0] < 0:
                raise WireError(f"there are more than {MAX_FIELDS} fields")
            self.fields.setdefault(number, []).append(value)

    def _last(self, number: int, kind: type, default: Any) -> Any:
        found = self.fields.get(number)
        if not found:
            return default
        if not isinstance(found[-1], kind):
            raise WireError(f"field {number} is of another kind")
        return found[-1]

    def integer(self, number: int, default: int = 0) -> int:
        """A whole number (int64)."""
        return signed(self._last(number, int, default & (1 << 64) - 1))

    def number(self, number: int, default: float = 0.0) -> float:
        """A float32 or float64."""
        value: float = self._last(number, float, default)
        return value

    def raw(self, number: int) -> memoryview:
        """Bytes, not copied; empty where there are none."""
        value: memoryview = self._last(number, memoryview, memoryview(b""))
        return value

    def text(self, number: int) -> str:
        """A text; empty where there is none."""
        return _decoded(self.raw(number))

    def texts(self, number: int) -> list[str]:
        """All texts of a repeated field."""
        return [_decoded(v) for v in self._blocks(number)]

    def message(self, number: int) -> Message | None:
        """A message inside this one, or None."""
        if number not in self.fields:
            return None
        return Message(self.raw(number), self._depth + 1, self._budget)

    def messages(self, number: int) -> list[Message]:
        """All messages of a repeated field."""
        return [Message(v, self._depth + 1, self._budget) for v in self._blocks(number)]

    def integers(self, number: int) -> list[int]:
        """All whole numbers of a repeated field, one by one or packed."""
        out: list[int] = []
        for value in self.fields.get(number, []):
            if isinstance(value, int):
                out.append(signed(value))
            elif isinstance(value, memoryview):
                at = 0
                while at < len(value):
                    n, at = _varint(value, at)
                    out.append(signed(n))
            else:
                raise WireError(f"field {number} is of another kind")
        return out

    def numbers(self, number: int) -> list[float]:
        """All float32s of a repeated field, one by one or packed."""
        out: list[float] = []
        for value in self.fields.get(number, []):
            if isinstance(value, float):
                out.append(value)
            elif isinstance(value, memoryview) and len(value) % 4 == 0:
                out.extend(struct.unpack(f"<{len(value) // 4}f", value))
            else:
                raise WireError(f"field {number} is of another kind")
        return out

    def _blocks(self, number: int) -> list[memoryview]:
        found = self.fields.get(number, [])
        if any(not isinstance(v, memoryview) for v in found):
            raise WireError(f"field {number} is of another kind")
        return found


def walk(data: memoryview) -> Iterator[tuple[int, int | float | memoryview]]:
    """(number, value) of each field of one message: int for a varint, float, or bytes."""
    at, end = 0, len(data)
    while at < end:
        key, at = _varint(data, at)
        number, kind = key >> 3, key & 7
        if not 0 < number < 1 << 29:
            raise WireError(f"{number} is no field number")
        if kind == _VARINT:
            value, at = _varint(data, at)
            yield number, value
            continue
        size = 4
        if kind == _BYTES:
            size, at = _varint(data, at)
        elif kind == _EIGHT:
            size = 8
        elif kind != _FOUR:
            raise WireError(f"an unknown wire type {kind}")
        if size > end - at:
            raise WireError("a field is longer than the file")
        part = data[at : at + size]
        at += size
        yield (
            number,
            part if kind == _BYTES else struct.unpack("<f" if size == 4 else "<d", part)[0],
        )


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(data) or shift > 63:
            raise WireError("a number is cut off")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & (1 << 64) - 1, at
        shift += 7


def _decoded(data: memoryview) -> str:
    try:
        return bytes(data).decode()
    except UnicodeDecodeError:
        raise WireError("a name that is no text") from None
