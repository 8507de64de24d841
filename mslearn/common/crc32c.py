"""CRC-32C (Castagnoli), the checksum of record files: TFRecord's, TensorBoard's, MindSpore's."""

from __future__ import annotations

import numpy as np


def _table() -> np.ndarray:
    table = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        table = np.where(table & 1, (table >> 1) ^ np.uint32(0x82F63B78), table >> 1)
    return table.astype(np.uint32)


_CRC = _table()
_PAIRS = np.arange(1 << 16, dtype=np.uint32)  # the same for two bytes at once
for _ in range(2):
    _PAIRS = _CRC[_PAIRS & 255] ^ (_PAIRS >> 8)
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


def masked_rows(rows: np.ndarray) -> np.ndarray:
    """The stored checksum of each row of a uint8 matrix, all rows at once, as uint32."""
    crc = np.full(len(rows), 0xFFFFFFFF, np.uint32)
    even = rows.shape[1] & ~1
    pairs = np.ascontiguousarray(rows[:, :even]).view("<u2").T
    for column in np.ascontiguousarray(pairs):
        crc = _PAIRS[(crc ^ column) & 0xFFFF] ^ (crc >> 16)
    if even < rows.shape[1]:
        crc = _CRC[(crc ^ rows[:, even]) & 255] ^ (crc >> 8)
    crc ^= np.uint32(0xFFFFFFFF)
    stored: np.ndarray = ((crc >> 15) | (crc << 17)) + np.uint32(0xA282EAD8)
    return stored
