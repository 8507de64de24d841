"""A file lock between processes, and a file replacement that readers never see half done.

`fcntl.flock` and `msvcrt.locking` both bind the lock to the open handle, so it also excludes two
threads of one process, and the system drops it when a process dies: no stale locks to clean up.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from mslearn.common.files import write_whole


class LockTimeout(TimeoutError):
    """Another process held the lock for longer than we wait."""


if sys.platform == "win32":
    import msvcrt

    def _try_lock(fd: int) -> bool:
        try:
            os.lseek(fd, 0, os.SEEK_SET)
            msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)
            return True
        except OSError:
            return False

    def _unlock(fd: int) -> None:
        os.lseek(fd, 0, os.SEEK_SET)
        msvcrt.locking(fd, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _try_lock(fd: int) -> bool:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            return False

    def _unlock(fd: int) -> None:
        fcntl.flock(fd, fcntl.LOCK_UN)


@contextlib.contextmanager
def locked(path: Path, timeout: float = 20.0) -> Iterator[None]:
    """Hold an exclusive lock on ``path`` (an empty file beside the data; never deleted).

    Raises:
        LockTimeout: after ``timeout`` seconds, naming the file.
        OSError: the lock file cannot be created (for example a read-only home).
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        deadline = time.monotonic() + timeout
        while not _try_lock(fd):
            if time.monotonic() > deadline:
                raise LockTimeout(
                    f"{path} is locked by another process for more than {timeout:g} s. "
                    "Close other notebooks that are saving progress, then try again."
                )
            time.sleep(0.01)
        try:
            yield
        finally:
            _unlock(fd)
    finally:
        os.close(fd)


def replace_text(path: Path, text: str) -> None:
    """Write ``text`` as UTF-8; see `replace_bytes`."""
    replace_bytes(path, text.encode("utf-8"))


def replace_bytes(path: Path, content: bytes) -> None:
    """Write ``content`` to ``path``, for its owner's eyes, whole or not at all."""
    write_whole(path, [content], permissions=0o600)
