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

from mslearn.common import wire
from mslearn.core.dtype import dtype_of, to_numpy
from mslearn.core.errors import DtypeError
from mslearn.ops.brain_float import bfloat16

_CRC = b"crc_num"


class CheckpointError(ValueError):
    """The bytes are not a complete checkpoint."""


def encode(named: list[tuple[str, np.ndarray]], crc_check: bool = False) -> Iterator[bytes]:
    """The bytes of a checkpoint, one chunk for each array."""
    crc = 0
    for name, array in named:
        dims = b"".join(wire.integer(1, n) for n in array.shape)
        if array.dtype.kind == "U":  # a text of `append_dict`
            dims, kind = wire.integer(1, 0), "str"
            content = str(array).encode("utf-32-le")
        else:
            kind = str(dtype_of(array.dtype))
            little = array.astype(array.dtype.newbyteorder("<"), copy=False)
            content = np.ascontiguousarray(little).tobytes()
        tensor = dims + wire.block(2, kind) + wire.block(3, content)
        chunk = wire.block(1, wire.block(1, name) + wire.block(2, tensor))
        crc = binascii.crc32(chunk, crc)
        yield chunk
    if crc_check:
        yield _CRC + crc.to_bytes(10, "big")


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
    try:
        for number, value in wire.walk(memoryview(data)):
            if number != 1 or not isinstance(value, memoryview):
                raise CheckpointError("an entry that is no parameter")
            name, array = _parameter(wire.Message(value))
            if name in out:  # a large parameter is written in slices along the first axis
                try:
                    array = np.concatenate([out[name], array])
                except ValueError:
                    raise CheckpointError(f"the slices of '{name}' do not fit together") from None
            out[name] = array
    except wire.WireError as error:
        raise CheckpointError(str(error)) from None
    return out, crc_check and has_crc


def _parameter(value: wire.Message) -> tuple[str, np.ndarray]:
    name, tensor = value.text(1), value.message(2)
    if not name or tensor is None:
        raise CheckpointError("a parameter without a name or without data")
    return name, _array(name, tensor.integers(1), tensor.text(2), tensor.raw(3))


def _array(name: str, dims: list[int], kind: str, content: memoryview) -> np.ndarray:
    if kind == "str":
        try:
            return np.array(bytes(content).decode("utf-32-le"))
        except UnicodeDecodeError:
            raise CheckpointError(f"the value of '{name}' is no text") from None
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
