"""All runs below a folder: which there are, and what is new in them."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

from mslearn.summary.reader import Run, is_event_file

MAX_DEPTH = 6
MAX_FOLDERS = 20_000
MAX_RUNS = 2_000
SCAN_SECONDS = 3.0
_LEFT_OUT = {"node_modules", "__pycache__", "site-packages"}


class Runs:
    """The runs below `base`, by their path relative to it (``"."`` for `base` itself).

    Only what was found by listing folders below `base` is ever opened; links that lead out of it
    are not followed. `refresh` may be called from any thread.

    >>> runs = Runs(Path("summaries"))                     # doctest: +SKIP
    >>> runs.refresh()
    >>> list(runs.all)
    ['./first', './second']
    """

    def __init__(self, base: Path) -> None:
        self.base = base.expanduser().resolve()
        self.all: dict[str, Run] = {}
        self.complete = True  # whether all folders could be looked through
        self.lock = threading.RLock()
        self._names: dict[str, list[str]] = {}
        self._pause = SCAN_SECONDS
        self._scanned = -self._pause

    def refresh(self, scan: bool = False) -> None:
        """Read what is new; new folders are looked for every few seconds, or now with `scan`."""
        with self.lock:
            now = time.monotonic()
            if scan or now - self._scanned >= self._pause:
                self._scan()
                self._scanned = time.monotonic()
                # A folder that takes long to look through is looked through less often.
                self._pause = max(SCAN_SECONDS, 20 * (self._scanned - now))
            for name, run in self.all.items():
                run.refresh(self._names[name])

    def _scan(self) -> None:
        found: dict[str, list[str]] = {}
        seen: set[tuple[int, int]] = set()
        waiting = [(self.base, 0)]
        visited = 0
        self.complete = True
        while waiting:
            folder, depth = waiting.pop()
            visited += 1
            if visited > MAX_FOLDERS or len(found) >= MAX_RUNS:
                self.complete = False
                break
            try:
                with os.scandir(folder) as entries:
                    listed = sorted(entries, key=lambda e: e.name)
            except OSError:
                continue
            files = [e.name for e in listed if is_event_file(e.name) and self._own(e, file=True)]
            if files:
                relative = folder.relative_to(self.base).as_posix()
                found["." if relative == "." else f"./{relative}"] = files
            if depth >= MAX_DEPTH:
                continue
            for entry in reversed(listed):
                if entry.name.startswith(".") or entry.name in _LEFT_OUT:
                    continue
                if self._own(entry, file=False):
                    try:
                        status = entry.stat()
                    except OSError:  # removed just now
                        continue
                    if (status.st_dev, status.st_ino) not in seen or not status.st_ino:
                        seen.add((status.st_dev, status.st_ino))
                        waiting.append((Path(entry.path), depth + 1))
        self._names = dict(sorted(found.items()))
        self.all = {name: self.all.get(name) or Run(self.base / name) for name in self._names}

    def _own(self, entry: os.DirEntry[str], file: bool) -> bool:
        """Whether an entry is a file (or folder) that lies below `base` indeed."""
        try:
            if not (entry.is_file() if file else entry.is_dir()):
                return False
            return not entry.is_symlink() or Path(entry.path).resolve().is_relative_to(self.base)
        except OSError:
            return False

    def __getitem__(self, name: str) -> Run:
        """The run of this name.

        Raises:
            KeyError: no run of this name was found.
        """
        return self.all[name]
