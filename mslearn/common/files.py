"""Files that appear whole or not at all: a reader sees the old one or the new one.

What is written goes to a hidden file beside the target, which then takes the target's place in one
step. A killed program leaves at most the hidden file behind, a failed one (a full disk, Ctrl-C)
leaves nothing.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO


@contextlib.contextmanager
def replacing(
    path: str | os.PathLike[str], permissions: int = 0o666, durable: bool = True
) -> Iterator[BinaryIO]:
    """A file to write bytes to; it becomes `path` when the block ends without an error.

    Args:
        permissions: of the new file, less the umask.
        durable: wait until the disk has it, so that a power cut cannot leave it empty.

    >>> import os, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with replacing(os.path.join(folder, "a.txt")) as file:
    ...         _ = file.write(b"whole")
    ...     os.listdir(folder)
    ['a.txt']
    """
    target = Path(path)
    staged = target.with_name(f".{target.name[:40]}.{secrets.token_hex(6)}.tmp")
    try:
        # Made by os.open, the file has the umask of this moment without setting it for a moment.
        with open(staged, "xb", opener=lambda p, flags: os.open(p, flags, permissions)) as file:
            yield file
            if durable:
                file.flush()
                os.fsync(file.fileno())
        put_in_place(staged, target)
    except BaseException:
        with contextlib.suppress(OSError):
            staged.unlink()
        raise


def put_in_place(staged: Path, target: Path) -> None:
    """`os.replace`, repeated for a second on Windows, which refuses while a reader has it open."""
    for attempt in range(50):
        try:
            os.replace(staged, target)
            return
        except PermissionError:
            if os.name != "nt" or attempt == 49:
                raise
            time.sleep(0.02)


def write_whole(path: Path, content: Iterable[bytes], permissions: int = 0o666) -> None:
    """Write a file with `replacing`, from its parts; missing folders are made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path, permissions) as file:
        for part in content:
            file.write(part)
