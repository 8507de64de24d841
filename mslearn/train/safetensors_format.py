"""The `safetensors` file: a JSON header and the raw values, read and written by hand.

    8 bytes: length of the header, little-endian
    header:  {"name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [begin, end]}, …,
              "__metadata__": {text: text}}, padded with spaces
    data:    little-endian, in C order, without gaps

(https://huggingface.co/docs/safetensors describes it.) Nothing of a file is ever executed.
"""

from __future__ import annotations

import binascii
import json
from collections.abc import Iterator
from typing import Any

import numpy as np

from mslearn.ops.brain_float import bfloat16
from mslearn.train.checkpoint_format import CheckpointError

_DTYPES = {
    "BOOL": "?", "U8": "u1", "U16": "u2", "U32": "u4", "U64": "u8", "I8": "i1", "I16": "i2",
    "I32": "i4", "I64": "i8", "F16": "f2", "F32": "f4", "F64": "f8", "C64": "c8",
}  # fmt: skip
_CODES = {np.dtype(code): name for name, code in _DTYPES.items()}
_LONGEST_HEADER = 100_000_000  # the format's own limit


def encode(named: list[tuple[str, np.ndarray]], crc_check: bool = False) -> Iterator[bytes]:
    """The bytes of a file, one chunk for the header and one for each array.

    Raises:
        TypeError: a dtype that the format does not have. ValueError: a name twice.
    """
    if len({name for name, _ in named}) < len(named):
        raise ValueError("For 'save_checkpoint', a parameter's name appears twice.")
    for name, array in named:
        if not _code(array):
            raise TypeError(
                f"For 'save_checkpoint', safetensors has no type for '{name}', which is "
                f"{array.dtype}. Save it with format='ckpt'."
            )
    # wide types first, so that every array is aligned
    order = sorted(named, key=lambda item: -item[1].dtype.itemsize)
    metadata = {}
    if crc_check:
        metadata["crc_num"] = str(_checksum({n: _bytes(a) for n, a in named}))
    metadata["format"] = "ms"
    header: dict[str, Any] = {"__metadata__": metadata}
    at = 0
    for name, array in order:
        end = at + array.nbytes
        header[name] = {
            "dtype": _code(array),
            "shape": list(array.shape),
            "data_offsets": [at, end],
        }
        at = end
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    yield len(text).to_bytes(8, "little") + text
    for _, array in order:
        yield _bytes(array)


def _code(array: np.ndarray) -> str | None:
    return "BF16" if array.dtype.name == "bfloat16" else _CODES.get(array.dtype)


def _bytes(array: np.ndarray) -> bytes:
    return array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes()


def _checksum(content: dict[str, Any]) -> int:
    """CRC-32 over names and values, by name in order: what MindSpore stores as crc_num."""
    crc = 0
    for name in sorted(content):
        crc = binascii.crc32(content[name], binascii.crc32(name.encode(), crc))
    return crc


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    out = dict(pairs)
    if len(out) < len(pairs):
        raise CheckpointError("a name appears twice in the header")
    return out


def decode(data: bytes, crc_check: bool = False) -> tuple[dict[str, np.ndarray], bool]:
    """The arrays of a file by name, in the header's order, and whether a checksum was checked.

    Without `ml_dtypes` bfloat16 values are given as float32, which holds every one of them exactly.

    Raises:
        CheckpointError: truncated, foreign or damaged bytes.
    """
    if len(data) < 8:
        raise CheckpointError("it is too short")
    size = int.from_bytes(data[:8], "little")
    if size > min(len(data) - 8, _LONGEST_HEADER):
        raise CheckpointError("the header is longer than the file")
    try:
        header = json.loads(data[8 : 8 + size].decode(), object_pairs_hook=_once)
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError):
        raise CheckpointError("the header is no JSON text") from None
    except ValueError as error:  # a number too long to read, a name twice
        raise CheckpointError(str(error)) from None
    if not isinstance(header, dict):
        raise CheckpointError("the header is no JSON object")
    metadata = header.pop("__metadata__", {})
    body = memoryview(data)[8 + size :]
    parts: dict[str, memoryview] = {}
    out = {name: _tensor(name, entry, body, parts) for name, entry in header.items()}
    at = 0
    for begin, end in sorted(tuple(e["data_offsets"]) for e in header.values()):
        if begin != at:
            raise CheckpointError("its values overlap or leave a gap")
        at = end
    if at != len(body):
        raise CheckpointError(f"{at} bytes of values are announced, but {len(body)} are there")
    stored = metadata.get("crc_num") if isinstance(metadata, dict) else None
    if crc_check and stored is not None and str(_checksum(parts)) != stored:
        raise CheckpointError("its CRC-32 checksum is wrong")
    return out, crc_check and stored is not None


def _tensor(name: str, entry: Any, body: memoryview, parts: dict[str, memoryview]) -> np.ndarray:
    def is_count(n: Any) -> bool:
        return isinstance(n, int) and not isinstance(n, bool) and n >= 0

    if not isinstance(entry, dict):
        raise CheckpointError(f"parameter '{name}' has no description")
    kind, shape, place = (entry.get(key) for key in ("dtype", "shape", "data_offsets"))
    if not isinstance(shape, list) or not all(map(is_count, shape)) or len(shape) > 32:
        raise CheckpointError(f"parameter '{name}' has the impossible shape {str(shape)[:80]}")
    if not isinstance(place, list) or len(place) != 2 or not all(map(is_count, place)):
        raise CheckpointError(f"parameter '{name}' has no place in the file")
    begin, end = place
    if begin > end or end > len(body):
        raise CheckpointError(f"parameter '{name}' lies outside the file")
    if not isinstance(kind, str) or (kind not in _DTYPES and kind != "BF16"):
        raise CheckpointError(f"parameter '{name}' has the unknown dtype '{str(kind)[:20]}'")
    dtype = np.dtype("u2" if kind == "BF16" else _DTYPES[kind])
    wanted = int(np.prod(shape, dtype=object)) * dtype.itemsize if shape else dtype.itemsize
    parts[name] = body[begin:end]
    if end - begin != wanted:
        raise CheckpointError(
            f"parameter '{name}' ({kind}{shape}) needs {wanted} bytes but has {end - begin}"
        )
    array = np.frombuffer(parts[name], dtype.newbyteorder("<")).astype(dtype)
    if kind == "BF16":
        try:
            array = array.view(bfloat16().numpy)
        except ImportError:
            array = (array.astype(np.uint32) << 16).view(np.float32)
    try:
        return array.reshape(shape)
    except ValueError:
        raise CheckpointError(f"parameter '{name}' has the impossible shape {shape}") from None
