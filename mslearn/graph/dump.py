"""`save_graphs`: numbered stages of a compilation as files, as MindSpore writes them."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from mslearn.graph.text import to_dot, to_ir

if TYPE_CHECKING:
    from mslearn.graph.compilation import Compilation


def save(compiled: Compilation, folder: str | os.PathLike[str]) -> list[Path]:
    """Write ``00_capture_0000.ir`` and its kin, a ``.dot`` beside each, and the program.

    Returns:
        The files, in the order of the stages.
    """
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    number = 0
    while (target / f"00_capture_{number:04d}.ir").exists():
        number += 1
    files = []
    for i, stage in enumerate(compiled.snapshots):
        stem = f"{i:02d}_{stage.name}_{number:04d}"
        files.append(_write(target / f"{stem}.ir", to_ir(stage.graph)))
        files.append(_write(target / f"{stem}.dot", to_dot(stage.graph)))
    last = len(compiled.snapshots)
    return [
        *files,
        _write(target / f"{last:02d}_execute_{number:04d}.py", compiled.executable.code),
    ]


def _write(path: Path, text: str) -> Path:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    Path(name).replace(path)
    return path
