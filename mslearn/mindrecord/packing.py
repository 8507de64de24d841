"""How MindRecord packs one row: scalars as MessagePack, everything else as a run of bytes.

The layout was read off files written by MindSpore 2.10 (tests/mindrecord holds some). Scalars go to
"raw" pages as a MessagePack map; bytes and arrays ("blob fields", sorted by name) go to "blob"
pages. Arrays of whole numbers are shortened: two bits for each number say whether it takes 1, 2, 4
or 8 bytes.
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np

from mslearn.mindrecord.errors import MRMFetchDataError

Schema = dict[str, dict[str, Any]]
ARRAYS = {"int32": np.int32, "int64": np.int64, "float32": np.float32, "float64": np.float64}
_WIDTHS = (np.int8, np.int16, np.int32, np.int64)


def is_blob(field: dict[str, Any]) -> bool:
    """Whether a field lies in the blob pages."""
    return field["type"] == "bytes" or "shape" in field


# Scalars: the part of MessagePack that is used.


def pack_scalars(values: dict[str, Any]) -> bytes:
    """A MessagePack map with sorted keys."""
    out = bytearray()
    if len(values) < 16:
        out.append(0x80 | len(values))
    else:
        out += b"\xde" + struct.pack(">H", len(values))
    for key in sorted(values):
        out += _pack(key) + _pack(values[key])
    return bytes(out)


def _pack(value: Any) -> bytes:
    if isinstance(value, str):
        data = value.encode()
        n = len(data)
        if n < 32:
            return bytes([0xA0 | n]) + data
        for code, form, limit in ((0xD9, ">B", 2**8), (0xDA, ">H", 2**16), (0xDB, ">I", 2**32)):
            if n < limit:
                return bytes([code]) + struct.pack(form, n) + data
    if isinstance(value, float):
        with np.errstate(over="ignore"):
            short = float(np.float32(value)) == value
        return b"\xca" + struct.pack(">f", value) if short else b"\xcb" + struct.pack(">d", value)
    if 0 <= value < 128 or -32 <= value < 0:
        return struct.pack(">B", value & 0xFF)
    forms = (
        ((0xCC, ">B", 2**8), (0xCD, ">H", 2**16), (0xCE, ">I", 2**32), (0xCF, ">Q", 2**64))
        if value >= 0
        else ((0xD0, ">b", 2**7), (0xD1, ">h", 2**15), (0xD2, ">i", 2**31), (0xD3, ">q", 2**63))
    )
    code, form = next((c, f) for c, f, limit in forms if -limit <= value < limit)
    return bytes([code]) + struct.pack(form, value)


_NUMBERS = {
    0xCA: ">f", 0xCB: ">d", 0xCC: ">B", 0xCD: ">H", 0xCE: ">I", 0xCF: ">Q",
    0xD0: ">b", 0xD1: ">h", 0xD2: ">i", 0xD3: ">q",
}  # fmt: skip
_TEXTS = {0xD9: ">B", 0xDA: ">H", 0xDB: ">I"}
_CONSTANTS = {0xC0: None, 0xC2: False, 0xC3: True}


def unpack_scalars(data: bytes) -> dict[str, Any]:
    """The map that `pack_scalars` made.

    Raises:
        MRMFetchDataError: it is none.
    """
    try:
        code = data[0]
        if 0x80 <= code < 0x90:
            count, at = code & 15, 1
        elif code == 0xDE:
            count, at = struct.unpack_from(">H", data, 1)[0], 3
        else:
            raise ValueError(f"byte 0x{code:02x} begins no map")
        values = {}
        for _ in range(count):
            key, at = _unpack(data, at)
            values[key], at = _unpack(data, at)
        return values
    except (IndexError, struct.error, ValueError) as error:
        raise MRMFetchDataError(f"The scalars of a row are damaged: {error}") from error


def _unpack(data: bytes, at: int) -> tuple[Any, int]:
    code = data[at]
    at += 1
    if code < 0x80 or code >= 0xE0:
        return (code if code < 0x80 else code - 256), at
    if code in _NUMBERS:
        form = _NUMBERS[code]
        return struct.unpack_from(form, data, at)[0], at + struct.calcsize(form)
    if code in _CONSTANTS:
        return _CONSTANTS[code], at
    if 0xA0 <= code < 0xC0:
        n = code & 31
    elif code in _TEXTS:
        n = struct.unpack_from(_TEXTS[code], data, at)[0]
        at += struct.calcsize(_TEXTS[code])
    else:
        raise ValueError(f"byte 0x{code:02x} is of a type that MindRecord does not use")
    if at + n > len(data):
        raise ValueError("a text is longer than the row")
    return data[at : at + n].decode(), at + n


# Whole numbers.


def pack_integers(array: np.ndarray) -> bytes:
    """A count, two bits a number (the first number in the highest bits), and the numbers."""
    flat = np.ascontiguousarray(array).reshape(-1).astype(np.int64)
    kinds = np.zeros(flat.size, np.uint8)
    for kind, width in enumerate(_WIDTHS[:3], 1):
        limit = 2 ** (8 * np.dtype(width).itemsize - 1)
        kinds[(flat < -limit) | (flat >= limit)] = kind
    padded = np.zeros(-(-flat.size // 4) * 4, np.uint8)
    padded[: flat.size] = kinds
    control = (padded.reshape(-1, 4) << np.array([6, 4, 2, 0], np.uint8)).sum(1).astype(np.uint8)
    # Each number's low bytes, as many as its kind says.
    columns = np.arange(8)
    taken = columns < (1 << kinds.astype(np.int64))[:, None]
    data = flat.astype("<i8").view(np.uint8).reshape(-1, 8)[taken]
    return bytes(struct.pack(">I", flat.size) + control.tobytes() + data.tobytes())


def unpack_integers(data: bytes, dtype: Any) -> np.ndarray:
    """The numbers that `pack_integers` made.

    Raises:
        MRMFetchDataError: the bytes do not fit together.
    """
    if len(data) < 4:
        raise MRMFetchDataError("An array of integers is cut short.")
    (count,) = struct.unpack_from(">I", data)
    length = -(-count // 4)
    control = np.frombuffer(data, np.uint8, min(length, len(data) - 4), 4)
    kinds = ((control[:, None] >> np.array([6, 4, 2, 0], np.uint8)) & 3).reshape(-1)[:count]
    sizes = 1 << kinds.astype(np.int64)
    rest = np.frombuffer(data, np.uint8, offset=4 + len(control))
    if len(control) < length or sizes.sum() != rest.size:
        raise MRMFetchDataError("An array of integers is cut short or damaged.")
    starts = np.cumsum(sizes) - sizes
    out = np.zeros(count, np.int64)
    for kind, width in enumerate(_WIDTHS):
        where = np.flatnonzero(kinds == kind)
        index = starts[where][:, None] + np.arange(1 << kind)
        out[where] = rest[index].copy().view(np.dtype(width).newbyteorder("<")).reshape(-1)
    return out.astype(dtype)


# Blobs.


def pack_blobs(row: dict[str, Any], names: list[str], schema: Schema) -> bytes:
    """The blob fields of a row in one piece (without the length that stands before it)."""
    parts = []
    for name in names:
        value = row[name]
        if schema[name]["type"] == "bytes":
            parts.append(bytes(value))
        elif schema[name]["type"] in ("int32", "int64"):
            parts.append(pack_integers(value))
        else:
            parts.append(np.ascontiguousarray(value).tobytes())
    if not parts:
        return b"\0\0\0\0"
    if len(parts) == 1:
        return parts[0]
    return b"".join(struct.pack(">Q", len(p)) + p for p in parts)


def unpack_blobs(data: bytes, names: list[str], schema: Schema) -> dict[str, Any]:
    """The blob fields of a row.

    Raises:
        MRMFetchDataError: the lengths do not fit.
    """
    if not names:
        return {}
    if len(names) == 1:
        return {names[0]: _blob(data, schema[names[0]], names[0])}
    values, at = {}, 0
    for name in names:
        size = struct.unpack_from(">Q", data, at)[0] if at + 8 <= len(data) else -1
        at += 8
        if size < 0 or at + size > len(data):
            raise MRMFetchDataError(f"The field '{name}' of a row is cut short.")
        values[name] = _blob(data[at : at + size], schema[name], name)
        at += size
    return values


def _blob(data: bytes, field: dict[str, Any], name: str) -> Any:
    kind = field["type"]
    if kind == "bytes":
        return data
    if kind not in ARRAYS:
        raise MRMFetchDataError(f"The field '{name}' has the unknown type '{kind}'.")
    dtype = np.dtype(ARRAYS[kind])
    try:
        whole = kind in ("int32", "int64")
        flat = unpack_integers(data, dtype) if whole else np.frombuffer(data, dtype).copy()
        return flat.reshape(field["shape"])
    except ValueError as error:
        raise MRMFetchDataError(
            f"The field '{name}' does not have the shape {field['shape']}: {error}"
        ) from error
