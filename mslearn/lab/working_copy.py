"""The learner's own copy of the lessons: new lessons arrive, the learner's work stays.

`.mslearn/manifest.json` in the copy remembers the hash of every file that mslearn put there. A file
that still has that hash is ours to update; any other belongs to the learner. (A notebook's hash is
that of its cells and outputs: opening one without running it does not make it the learner's.) When
a release changes a notebook that the learner has changed too, the two are merged by cell id (see
`merge`), and the learner's version is kept in `.mslearn/backup/`. What cannot be merged is put
beside the learner's file as `name.new.ipynb`, once.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mslearn.camp import catalog
from mslearn.camp._lock import LockTimeout, locked, replace_bytes, replace_text

from .engine_copy import copy_engine, localize
from .merge import cell_hashes, merge, read

MANIFEST_VERSION = 1
PATIENCE = 120.0  # seconds for another start that copies: some hundred files, to a slow disk
FOLDERS = (*catalog.LANGUAGES, "code")


class WorkingCopyError(OSError):
    """The working copy cannot be made or brought up to date."""


@dataclass
class Update:
    """What one update did; the paths are relative, with forward slashes."""

    folder: Path
    added: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    restored: list[str] = field(default_factory=list)
    beside: dict[str, str] = field(default_factory=dict)
    merged: dict[str, list[str]] = field(default_factory=dict)  # cells kept in both versions

    def written(self) -> list[str]:
        """Every file that is now as we made it."""
        return [*self.added, *self.updated, *self.restored, *self.beside.values()]

    def notes(self) -> list[str]:
        """The update in lines for the learner; empty when nothing changed."""
        lines = []
        for names, what in (
            (self.added, "new"),
            (self.updated, "updated"),
            (self.restored, "missing, put back"),
        ):
            if names:
                lines.append(f"{len(names)} {'file' if len(names) == 1 else 'files'} {what}")
        for yours, both in self.merged.items():
            doubled = f"; both versions kept of {', '.join(both)}" if both else ""
            lines.append(f"{yours}: updated around your changes{doubled}")
        for yours, new in self.beside.items():
            lines.append(f"{yours}: you changed it, so it stays; the new version is {new}")
        return lines


def camp_folder() -> Path:
    """Where the learner's copy lives: ``$MSLEARN_CAMP_DIR``, else ``~/mslearn-camp``."""
    chosen = os.environ.get("MSLEARN_CAMP_DIR")
    return Path(chosen).expanduser() if chosen else Path.home() / "mslearn-camp"


def update(folder: Path, source: Path | None = None) -> Update:
    """Bring ``folder`` up to date with the lessons in ``source`` (default: this mslearn's).

    A lesson that the learner deleted comes back: deleting is how one starts a lesson afresh.

    Raises:
        WorkingCopyError: no lessons in ``source``, or ``folder`` cannot be written.

    Example:
        >>> update(Path("camp")).notes()  # doctest: +SKIP
        ['2 files new']
    """
    source = catalog.lessons_root() if source is None else source
    lessons = lesson_files(source)
    if not lessons:
        raise WorkingCopyError(
            f"mslearn: no lessons in {source}. Reinstall mslearn: "
            'pip install --force-reinstall "mslearn[lab]"'
        )
    try:
        with locked(folder / ".mslearn" / "lock", PATIENCE):
            return _update(folder, lessons)
    except LockTimeout:
        raise WorkingCopyError(
            f"mslearn: another program has been writing the lessons to {folder} for more than "
            f"{PATIENCE:g} s. Wait until it is done (or end it), then start again."
        ) from None
    except OSError as error:
        raise WorkingCopyError(
            f"mslearn: the lessons cannot be written to {folder} ({error}). "
            "Choose another folder: mslearn lab --dir FOLDER"
        ) from error


def lesson_files(source: Path) -> dict[str, Path]:
    """Relative path to file, for everything that the lessons of all languages consist of."""
    return {
        path.relative_to(source).as_posix(): path
        for language in FOLDERS
        for path in sorted((source / language).rglob("*"))
        if path.is_file() and not any(part.startswith(".") for part in path.parts[-2:])
    }


def _update(folder: Path, lessons: dict[str, Path]) -> Update:
    known, engine = _read_manifest(folder)
    report = Update(folder)
    for name, lesson in lessons.items():
        content = localize(lesson.read_bytes()) if name.endswith(".ipynb") else lesson.read_bytes()
        entry = known.setdefault(name, {})
        _update_one(folder, name, content, entry, report)
    engine = copy_engine(folder, engine)
    manifest = {"version": MANIFEST_VERSION, "files": known, "engine": engine}
    replace_text(_manifest(folder), json.dumps(manifest, indent=1, sort_keys=True) + "\n")
    return report


def _update_one(
    folder: Path, name: str, content: bytes, entry: dict[str, Any], report: Update
) -> None:
    """Update one file and its manifest entry: ``given`` is the hash of what we last put there,
    ``cells`` the hash of each of its cells, ``offered`` the hash of a newer version that stands
    beside the learner's own."""
    target, new = folder / name, _fingerprint(name, content)
    if not target.exists():
        (report.restored if "given" in entry else report.added).append(name)
        replace_bytes(target, content)
    elif (present := _print(target)) == new:
        pass
    elif present == entry.get("given"):
        report.updated.append(name)
        replace_bytes(target, content)
    elif new in (entry.get("given"), entry.get("offered")):
        return
    elif not _merge(folder, name, content, entry, report):
        beside = _free_name(target, entry.get("offered"))
        replace_bytes(beside, content)
        report.beside[name] = beside.relative_to(folder).as_posix()
        entry["offered"] = new
        return
    entry.clear()
    entry["given"] = new
    if book := read(content):
        entry["cells"] = cell_hashes(book)


def _merge(folder: Path, name: str, content: bytes, entry: dict[str, Any], report: Update) -> bool:
    """Merge a new release into a notebook that the learner has changed, if that can be done."""
    before = (folder / name).read_bytes()
    mine, new, given = read(before), read(content), entry.get("cells")
    if mine is None or new is None or not isinstance(given, dict):
        return False
    merged, both = merge(mine, new, given)
    replace_bytes(folder / ".mslearn" / "backup" / name, before)
    replace_bytes(folder / name, (json.dumps(merged, ensure_ascii=False, indent=1) + "\n").encode())
    report.merged[name] = both
    return True


def _free_name(target: Path, offered: str | None) -> Path:
    """``name.new.ipynb``, or ``name.new-2.ipynb`` … where the learner has worked in that too."""
    number = 1
    while True:
        mark = "new" if number == 1 else f"new-{number}"
        path = target.with_name(f"{target.stem}.{mark}{target.suffix}")
        if not path.exists() or _print(path) == offered:
            return path
        number += 1


def _manifest(folder: Path) -> Path:
    return folder / ".mslearn" / "manifest.json"


def _read_manifest(folder: Path) -> tuple[dict[str, dict[str, Any]], dict[str, str]]:
    """What we gave so far: lessons, and the engine's files. Without a readable manifest every file
    counts as the learner's."""
    try:
        data: Any = json.loads(_manifest(folder).read_text(encoding="utf-8"))
        files = data["files"]
        known: dict[str, dict[str, Any]] = {}
        for name, entry in files.items():
            known[str(name)] = {k: str(entry[k]) for k in ("given", "offered") if k in entry}
            if isinstance(entry.get("cells"), dict):
                known[str(name)]["cells"] = {str(k): str(v) for k, v in entry["cells"].items()}
        return known, {str(k): str(v) for k, v in data.get("engine", {}).items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}, {}


def _print(path: Path) -> str:
    return _fingerprint(path.name, path.read_bytes())


def _fingerprint(name: str, content: bytes) -> str:
    """Hash of a file; of a notebook, of what its cells say and show.

    JupyterLab rewrites a notebook's metadata and line splitting as soon as it is opened, and that
    is not yet the learner's work.
    """
    if name.endswith(".ipynb"):
        try:
            cells = [
                [cell.get(key) for key in ("cell_type", "source", "execution_count", "outputs")]
                for cell in json.loads(content)["cells"]
            ]
            content = json.dumps(_joined(cells), sort_keys=True).encode()
        except (ValueError, KeyError, TypeError, AttributeError):
            pass  # not a notebook: its bytes count
    return hashlib.sha256(content).hexdigest()


def _joined(value: Any) -> Any:
    """The same JSON with every list of lines made one string, as notebooks allow either."""
    if isinstance(value, dict):
        return {key: _joined(item) for key, item in value.items()}
    if isinstance(value, list):
        if value and all(isinstance(item, str) for item in value):
            return "".join(value)
        return [_joined(item) for item in value]
    return value
