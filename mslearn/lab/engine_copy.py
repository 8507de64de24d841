"""The engine's source in the learner's copy, to read: where the lessons' links lead.

JupyterLab opens files below its own folder only, so `engine/` holds a read-only copy of the
package, without the camp (its solutions are for after the exercise). A file that the learner has
edited is left alone.
"""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

from mslearn.common.files import replacing

HERE = Path(__file__).resolve().parents[1]
LEFT_OUT = {"camp", "lab", "static", "_lessons", "__pycache__"}
FOLDER = "engine"
# How a lesson's link looks in the repository, and in the copy.
LINK = (b"](../../mslearn/", b"](../engine/")


def localize(content: bytes) -> bytes:
    """A notebook whose links into the engine lead to `engine/`."""
    return content.replace(*LINK)


def engine_files(package: Path = HERE) -> dict[str, Path]:
    """The engine's Python files by their path below the package."""
    return {
        path.relative_to(package).as_posix(): path
        for path in sorted(package.rglob("*.py"))
        if not LEFT_OUT & set(path.relative_to(package).parts)
    }


def copy_engine(folder: Path, known: dict[str, str], package: Path = HERE) -> dict[str, str]:
    """Bring ``folder/engine`` up to date; returns the hashes of what is ours there.

    Args:
        folder: the working copy. known: the hashes that the last call returned.
    """
    ours: dict[str, str] = {}
    files = engine_files(package)
    for name, path in files.items():
        content = path.read_bytes()
        new, target = _hash(content), folder / FOLDER / name
        present = _hash(target.read_bytes()) if target.exists() else None
        if present != new:
            if present is not None and present != known.get(name):
                continue  # the learner's
            _replace(target, content)
        ours[name] = new
    for name in known.keys() - files.keys():
        target = folder / FOLDER / name
        if ".." not in name and target.exists() and _hash(target.read_bytes()) == known[name]:
            _writable(target)
            target.unlink()
    return ours


def _replace(target: Path, content: bytes) -> None:
    """Whole or not at all; without the wait for the disk that a learner's own work gets."""
    target.parent.mkdir(parents=True, exist_ok=True)
    _writable(target)
    with replacing(target, permissions=0o444, durable=False) as file:
        file.write(content)


def _writable(target: Path) -> None:
    if os.name == "nt" and target.exists():  # Windows neither replaces nor removes a read-only file
        target.chmod(stat.S_IWRITE)


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
