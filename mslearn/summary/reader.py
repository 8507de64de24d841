"""One run's event files, read while they grow: numbers into columns, everything else by its place.

Nothing in a file is trusted. A record whose checksum or contents are wrong is left out and counted;
after a wrong length the next whole record is looked for; a record that is not there yet is waited
for. Pictures, histograms, tensors and graphs stay in the file until somebody looks.
"""

from __future__ import annotations

import re
import struct
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from mslearn.common.crc32c import masked, masked_rows
from mslearn.common.wire import Message, WireError
from mslearn.summary.bus import Scalars
from mslearn.summary.decoding import lineage_of
from mslearn.summary.templates import alike

PATTERN = re.compile(r"summary\.\d+")
CHUNK = 1 << 25
MAX_RECORD = 1 << 29
BATCH = 4096  # records between two looks at the checksums of their lengths
MAX_ERRORS = 1000  # wrong lengths, then a file is left alone
MAX_TAGS = 5_000
MAX_PLACES = 100_000  # of one tag
KINDS = {4: "image", 8: "tensor", 9: "histogram"}  # by field number in Summary.Value


class Place(NamedTuple):
    """Where a value is: step, time of day, file, and its record's data in the file."""

    step: int
    wall: float
    file: int
    start: int
    size: int


def is_event_file(name: str) -> bool:
    """Whether MindInsight's rule takes a file of this name for event data."""
    return PATTERN.search(name) is not None and not name.endswith(".pb")


class _File:
    def __init__(self, path: Path) -> None:
        self.path, self.at, self.errors = path, 0, 0
        self.lineage = path.name.endswith("_lineage")


class Run:
    """What one folder's event files hold so far.

    Attributes:
        scalars: `Scalars` (steps, walls, values) by tag, in the order of the files.
        places: kind ("histogram", "image", "tensor") to tag to `Place`s.
        graphs: `Place`s of graphs.
        lineage: what the run was made with, by topic (see `decoding.lineage_of`).
        skipped: what was left out and why: reason to count.
        waiting: bytes at the end of files that are no whole record yet.
        version: moves on whenever something new was read.

    >>> run = Run(Path("summary_dir"))                      # doctest: +SKIP
    >>> run.refresh()
    True
    >>> run.scalars["loss/auto"].values.view()
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files: list[_File] = []
        self.scalars: dict[str, Scalars] = {}
        self.places: dict[str, dict[str, list[Place]]] = {kind: {} for kind in KINDS.values()}
        self.graphs: list[Place] = []
        self.lineage: dict[str, Any] = {}
        self.skipped: Counter[str] = Counter()
        self.waiting = 0
        self.version = 0
        self.updated = 0.0
        self.size = 0
        self.first_wall = float("inf")

    def refresh(self, names: list[str] | None = None) -> bool:
        """Read what is new in the folder's files; returns whether anything was.

        Args:
            names: the event files in the folder, where the caller has just listed it.
        """
        known = {file.path.name for file in self.files}
        if names is None:
            try:
                names = [p.name for p in self.folder.iterdir() if is_event_file(p.name)]
            except OSError:
                return False
        self.files += [_File(self.folder / name) for name in sorted(set(names) - known)]
        before, self.waiting = self.version, 0
        total = 0
        for number, file in enumerate(self.files):
            try:
                status = file.path.stat()
                total += status.st_size
                if status.st_size < file.at:  # written anew: what was read stays, read the rest
                    file.at = 0
                    self.skipped["file became shorter"] += 1
                self.updated = max(self.updated, status.st_mtime)
                if status.st_size > file.at:
                    self._read(number, file, status.st_size)
            except OSError:
                self.skipped["file cannot be read"] += 1
        self.size = total
        return self.version != before

    def _read(self, number: int, file: _File, size: int) -> None:
        with file.path.open("rb") as stream:
            while file.at < size:
                stream.seek(file.at)
                want = min(CHUNK, size - file.at)
                while True:
                    data = stream.read(want)
                    starts, sizes, end = self._frames(file, data)
                    # A record larger than the chunk: once more with all that it needs.
                    need = _needed(data, end)
                    if end or need <= len(data) or file.at + need > size:
                        break
                    stream.seek(file.at)
                    want = need
                if len(starts):
                    self._take(number, file, data, starts, sizes)
                if not end:
                    self.waiting += len(data)
                    return
                file.at += end

    def _frames(self, file: _File, data: bytes) -> tuple[np.ndarray, np.ndarray, int]:
        """Start and size of each whole record's data, and where the first that is not begins."""
        starts: list[int] = []
        sizes: list[int] = []
        at, end, checked = 0, len(data), 0
        unpack = struct.Struct("<Q").unpack_from
        raw, before = np.frombuffer(data, np.uint8), -1
        while True:
            stuck = at + 12 > end
            while not stuck and len(starts) - checked < BATCH:
                (size,) = unpack(data, at)
                stuck = at + 16 + size > end or size > MAX_RECORD
                if not stuck:
                    # Most records are as long as the one before: such runs are taken at once.
                    room = BATCH - len(starts) + checked
                    count = _equal(raw, at, size, room) if size == before else 1
                    starts += range(at + 12, at + 12 + count * (16 + size), 16 + size)
                    sizes += [size] * count
                    at += count * (16 + size)
                    before = size
                    stuck = at + 12 > end
            wrong = _first_wrong(data, starts, checked)
            if wrong < len(starts):
                at = starts[wrong] - 12
                del starts[wrong:], sizes[wrong:]
            elif stuck and (at + 12 > end or _waits(data, at)):
                break
            elif not stuck:
                checked = len(starts)
                continue
            checked = len(starts)
            self.skipped["wrong length"] += 1
            file.errors += 1
            if file.errors > MAX_ERRORS:
                self.skipped["file given up"] += 1
                at = end
                break
            at = _next_head(data, at + 1)
        return np.array(starts, np.int64), np.array(sizes, np.int64), at

    def _take(
        self, number: int, file: _File, data: bytes, starts: np.ndarray, sizes: np.ndarray
    ) -> None:
        raw = np.frombuffer(data, np.uint8)
        rest: list[int] = []
        found: dict[str, list[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]]] = {}
        if file.lineage:
            rest = list(range(len(starts)))
        else:
            for length in np.unique(sizes):
                rows = np.flatnonzero(sizes == length)
                if len(rows) < 4 or length > 1 << 16 or len(rows) * length > 1 << 28:
                    rest += rows.tolist()
                    continue
                matrix = raw[starts[rows][:, None] + np.arange(length + 4)]
                body = matrix[:, :length]
                right = masked_rows(body) == matrix[:, length:].copy().view("<u4").ravel()
                if not right.all():
                    self.skipped["wrong checksum"] += int((~right).sum())
                    rows, body = rows[right], body[right]
                for group in alike(body):
                    if group.tags is None:
                        rest += rows[group.rows].tolist()
                        continue
                    order = rows[group.rows]
                    for k, tag in enumerate(group.tags):
                        found.setdefault(tag, []).append(
                            (order, group.steps, group.walls, group.values[:, k])
                        )
        for row in sorted(rest):
            body = data[starts[row] : starts[row] + sizes[row]]
            (crc,) = struct.unpack_from("<I", data, starts[row] + sizes[row])
            if masked(body) != crc:
                self.skipped["wrong checksum"] += 1
                continue
            place = (number, file.at + int(starts[row]), int(sizes[row]))
            try:
                for tag, step, wall, value in self._one(file, body, place):
                    one = (np.array([row]), np.array([step]), np.array([wall]), np.array([value]))
                    found.setdefault(tag, []).append(one)
            except WireError:
                self.skipped["wrong contents"] += 1
        for tag, parts in found.items():
            self._append(tag, parts)
        self.version += 1

    def _append(self, tag: str, parts: Sequence[tuple[np.ndarray, ...]]) -> None:
        points = self.scalars.get(tag)
        if points is None:
            if len(self.scalars) >= MAX_TAGS:
                self.skipped["too many tags"] += sum(len(p[0]) for p in parts)
                return
            points = self.scalars[tag] = Scalars()
        order, steps, walls, values = (np.concatenate(c) for c in zip(*parts, strict=True))
        if len(parts) > 1:
            place = np.argsort(order, kind="stable")
            steps, walls, values = steps[place], walls[place], values[place]
        points.steps.extend(steps)
        points.walls.extend(walls)
        points.values.extend(values)

    def _one(
        self, file: _File, body: bytes, place: tuple[int, int, int]
    ) -> Iterator[tuple[str, int, float, float]]:
        """Understand one record; scalars are given out, other values are put in their places."""
        event = Message(body)
        wall, step = event.number(1), event.integer(2)
        self.first_wall = min(self.first_wall, wall)
        if file.lineage:
            topic, content = lineage_of(event)
            if topic == "custom":
                self.lineage.setdefault(topic, {}).update(content)
            elif topic:
                self.lineage[topic] = content
            return
        if 4 in event.fields:
            event.raw(4)
            if len(self.graphs) < MAX_TAGS:
                self.graphs.append(Place(step, wall, *place))
        summary = event.message(5)
        for value in summary.messages(1) if summary is not None else ():
            tag = value.text(1)
            if 3 in value.fields:
                yield tag, step, wall, value.number(3)
            for field, kind in KINDS.items():
                if field in value.fields:
                    value.raw(field)
                    tags = self.places[kind]
                    if tag not in tags and len(tags) >= MAX_TAGS:
                        self.skipped["too many tags"] += 1
                    elif len(places := tags.setdefault(tag, [])) < MAX_PLACES:
                        places.append(Place(step, wall, *place))
                    else:
                        self.skipped["too many values of a tag"] += 1

    def value(self, kind: str, tag: str, place: Place) -> Message:
        """The message of a histogram, picture or tensor.

        Raises:
            WireError, OSError: the file has changed since it was read.
        """
        summary = self._event(place).message(5)
        field = next(f for f, k in KINDS.items() if k == kind)
        for value in summary.messages(1) if summary is not None else ():
            found = value.message(field) if value.text(1) == tag else None
            if found is not None:
                return found
        raise WireError(f"there is no {kind} {tag!r} in this record")

    def graph(self, number: int = -1) -> Message:
        """A graph's message (GraphProto)."""
        found = self._event(self.graphs[number]).message(4)
        if found is None:
            raise WireError("there is no graph in this record")
        return found

    def _event(self, place: Place) -> Message:
        with self.files[place.file].path.open("rb") as stream:
            stream.seek(place.start)
            return Message(stream.read(place.size))


def _equal(raw: np.ndarray, at: int, size: int, most: int) -> int:
    """How many records of this size, one at least, whole and at most `most`, begin at `at`."""
    stride, found, ask = 16 + size, 1, 16
    most = min(most, (len(raw) - at) // stride)
    while found < most:
        count = min(ask, most - found)
        begin = at + found * stride
        rows = raw[begin : begin + count * stride].reshape(count, stride)
        other = np.flatnonzero(rows[:, :8].copy().view("<u8")[:, 0] != size)
        if len(other):
            return found + int(other[0])
        found, ask = found + count, 4 * ask
    return found


def _first_wrong(data: bytes, starts: list[int], since: int) -> int:
    """The first of the records from `since` on whose length has a wrong checksum."""
    if since >= len(starts):
        return len(starts)
    heads = np.array(starts[since:], np.int64) - 12
    rows = np.frombuffer(data, np.uint8)[heads[:, None] + np.arange(12)]
    right = masked_rows(rows[:, :8]) == rows[:, 8:].copy().view("<u4").ravel()
    return since + (int(np.argmin(right)) if not right.all() else len(right))


def _waits(data: bytes, at: int) -> bool:
    """Whether a record begins here whose end is still to come."""
    return _head_is_right(data, at) and struct.unpack_from("<Q", data, at)[0] <= MAX_RECORD


def _head_is_right(data: bytes, at: int) -> bool:
    return bool(masked(data[at : at + 8]) == struct.unpack_from("<I", data, at + 8)[0])


def _needed(data: bytes, at: int) -> int:
    """Bytes of the record that begins at `at`, when its length is there and right."""
    if at or len(data) < 12 or not _head_is_right(data, 0):
        return 0
    size: int = struct.unpack_from("<Q", data)[0]
    return 16 + size if size <= MAX_RECORD else 0


def _next_head(data: bytes, at: int) -> int:
    """Where, from `at` on, a length with the right checksum begins; near the end if nowhere."""
    raw = np.frombuffer(data, np.uint8)
    width = 1 << 10
    while at + 12 <= len(data):
        windows = np.lib.stride_tricks.sliding_window_view(raw[at : at + width + 11], 12)
        stored = windows[:, 8:].copy().view("<u4").ravel()
        # A length that fits the file has its upper half zero: few windows are worth a checksum.
        likely = np.flatnonzero((windows[:, 4:8] == 0).all(axis=1))
        right = likely[masked_rows(windows[likely, :8]) == stored[likely]]
        if len(right):
            return at + int(right[0])
        at += len(windows)
        width = min(2 * width, 1 << 18)
    return max(at, len(data) - 11)
