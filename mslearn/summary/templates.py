"""Records of numbers, a whole training's at once: thousands differ in a few bytes only.

A step's record holds the time (8 bytes), the step (a varint) and, for each tag, a float32 between
bytes that are the same in every step. One record is understood field by field; all others of its
length with the same bytes in between are then read as columns of a matrix.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from mslearn.common.wire import WireError, walk

MOST = 64  # kinds of records of one length; what is left is read one by one


class Group(NamedTuple):
    """Records that are alike: `rows` of the matrix; without `tags` they must be read one by one.

    `values` is float64 ``<records, tags>``.
    """

    rows: np.ndarray
    tags: list[str] | None
    steps: np.ndarray
    walls: np.ndarray
    values: np.ndarray


_NONE = np.zeros(0)


def alike(matrix: np.ndarray) -> Iterator[Group]:
    """Split records of equal length, uint8 ``<records, bytes>``, into groups."""
    left = np.arange(len(matrix))
    for _ in range(MOST):
        if not len(left):
            return
        first = matrix[left[0]]
        layout = _layout(first.tobytes())
        if layout is None:
            # Its kin are found by what tells kinds apart: the head of its contents.
            yield Group(left[:1], None, _NONE, _NONE, _NONE)
            left = left[1:]
            continue
        tags, step_at, floats = layout
        fixed = np.ones(matrix.shape[1], bool)
        fixed[1:9] = False
        fixed[step_at] = False
        for at in floats:
            fixed[at : at + 4] = False
        rest = matrix[left]
        same = (rest[:, fixed] == first[fixed]).all(axis=1)
        step_bytes = rest[:, step_at]
        more = np.arange(len(range(*step_at.indices(matrix.shape[1])))) < (
            step_at.stop - step_at.start - 1
        )
        same &= ((step_bytes >= 128) == more).all(axis=1)  # a varint of the same length
        rows = rest[same]
        yield Group(
            left[same], tags, _varints(rows[:, step_at]),
            rows[:, 1:9].copy().view("<f8").ravel(),
            np.stack([rows[:, at : at + 4].copy().view("<f4").ravel() for at in floats], axis=1)
            .astype(np.float64),
        )  # fmt: skip
        left = left[~same]
    if len(left):
        yield Group(left, None, _NONE, _NONE, _NONE)


def _varints(digits: np.ndarray) -> np.ndarray:
    value = np.zeros(len(digits), np.uint64)
    for k in range(digits.shape[1]):
        value |= (digits[:, k].astype(np.uint64) & np.uint64(127)) << np.uint64(7 * k)
    return value.view(np.int64)


def _layout(body: bytes) -> tuple[list[str], slice, list[int]] | None:
    """Tags, the place of the step, the places of the floats; None for any other record."""
    try:
        if body[:1] != b"\x09" or body[9:10] != b"\x10":  # wall time first, then the step
            return None
        at = 10
        while body[at] & 0x80:
            at += 1
        if at > 19 or body[at + 1 : at + 2] != b"\x2a":
            return None
        step = slice(10, at + 1)
        whole = memoryview(body)
        fields = list(walk(whole[at + 1 :]))
        if len(fields) != 1 or not isinstance(fields[0][1], memoryview):
            return None
        tags, floats = [], []
        for number, value in walk(fields[0][1]):
            if number != 1 or not isinstance(value, memoryview):
                return None
            (first, tag), (second, _) = walk(value)
            # A tag, then a float in the last five bytes.
            if (first, second) != (1, 3) or not isinstance(tag, memoryview):
                return None
            if value[-5] != 0x1D:
                return None
            tags.append(bytes(tag).decode())
            floats.append(_offset(whole, value) + len(value) - 4)
    except (WireError, ValueError, IndexError):
        return None
    return (tags, step, floats) if tags else None


def _offset(whole: memoryview, part: memoryview) -> int:
    start = np.frombuffer(part, np.uint8).ctypes.data
    return int(start - np.frombuffer(whole, np.uint8).ctypes.data)
