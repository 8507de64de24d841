"""Event files: records with checksums, whole as soon as they are written.

A record is a length (8 bytes), its checksum (4), the data, and the data's checksum (4). Each goes
to the operating system in one unbuffered write, so what was recorded before a process was killed
can be read; at worst the last record is cut off, which readers notice by its length.
"""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO

from mslearn.common.crc32c import masked
from mslearn.summary import messages, tensorboard
from mslearn.summary.values import Datum


def record(data: bytes) -> bytes:
    """`data` with its length and checksums around."""
    head = struct.pack("<Q", len(data))
    return b"".join((head, struct.pack("<I", masked(head)), data, struct.pack("<I", masked(data))))


class RecordFile:
    """Appends records to ``name(second)`` in a folder; a new file begins above `max_size` bytes.

    Args:
        folder: made when the first record comes, as is the file.
        name: from a time in whole seconds to a file's name; a name that is taken is not used.
        opening: the record that every file begins with, from the time of day; None: none.
        max_size: at most so many bytes a file, but for a single record that is larger.
    """

    def __init__(
        self,
        folder: Path,
        name: Callable[[int], str],
        opening: Callable[[float], bytes] | None = None,
        max_size: int | None = None,
    ) -> None:
        self._folder, self._name, self._opening, self._max = folder, name, opening, max_size
        self._file: IO[bytes] | None = None
        self._size = self._start = 0
        self._second = int(time.time())
        self._lock = threading.Lock()
        self.paths: list[Path] = []

    @property
    def path(self) -> Path:
        """The newest file, or the one that the first record will be written to."""
        return self.paths[-1] if self.paths else self._free()

    def _free(self) -> Path:
        while (path := self._folder / self._name(self._second)).exists():
            self._second += 1
        return path

    def append(self, data: bytes) -> None:
        """Write one record."""
        packed = record(data)
        with self._lock:
            full = self._max is not None and self._size + len(packed) > self._max
            if self._file is None or (full and self._size > self._start):
                self._open()
            assert self._file is not None
            # A raw file may take less than it is given.
            rest = memoryview(packed)
            while rest:
                rest = rest[self._file.write(rest) :]
            self._size += len(packed)

    def _open(self) -> None:
        self._close()
        self._folder.mkdir(parents=True, exist_ok=True)
        if self.paths:
            self._second = max(int(time.time()), self._second)
        while True:
            path = self._free()
            try:
                self._file = open(path, "xb", buffering=0)  # noqa: SIM115
                break
            except FileExistsError:  # another process was faster
                continue
        self.paths.append(path)
        first = b"" if self._opening is None else record(self._opening(time.time()))
        if first:
            self._file.write(first)
        self._size = self._start = len(first)

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def close(self) -> None:
        """Close the file; a later `append` begins a new one."""
        with self._lock:
            self._close()


class EventFiles:
    """A sink that writes what MindInsight opens: a folder's ``…_MS`` and ``…_lineage`` files."""

    def __init__(
        self, folder: Path, prefix: str = "events", suffix: str = "_MS", max_size: int | None = None
    ) -> None:
        host = "".join(c if c.isalnum() or c in "-." else "-" for c in socket.gethostname())

        def named(end: str) -> Callable[[int], str]:
            return lambda second: f"{prefix}.out.events.summary.{second}.0.{host}{end}"

        self.values = RecordFile(folder, named(suffix), messages.version_event, max_size)
        self.lineage = RecordFile(folder, named("_lineage"), None, max_size)

    def take(self, step: int, wall: float, data: Sequence[Datum]) -> None:
        for message in messages.events(step, wall, data):
            self.values.append(message)
        for datum in data:
            if datum.kind == "lineage":
                field, message = datum.value
                self.lineage.append(messages.lineage_event(wall, field, message))

    def close(self) -> None:
        self.values.close()
        self.lineage.close()


class TensorBoardFiles:
    """A sink that writes what TensorBoard opens, into the same folder."""

    def __init__(self, folder: Path, max_size: int | None = None) -> None:
        host = "".join(c if c.isalnum() or c in "-." else "-" for c in socket.gethostname())
        self.values = RecordFile(
            folder,
            lambda second: f"events.out.tfevents.{second}.{host}.mslearn",
            tensorboard.version_event,
            max_size,
        )

    def take(self, step: int, wall: float, data: Sequence[Datum]) -> None:
        for message in tensorboard.events(step, wall, data):
            self.values.append(message)

    def close(self) -> None:
        self.values.close()
