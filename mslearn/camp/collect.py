"""Notebooks as students hand them in, made into what nbgrader grades.

    mslearn camp collect COURSE FOLDER

nbgrader finds a notebook by its file name and a cell by its metadata, and gives no points without
a word where either is lost: a renamed file, a deleted check, a notebook that went through another
editor, or the plain lesson of `mslearn lab`. Here exercises are recognised by what they check.
"""

from __future__ import annotations

import copy
import json
import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import catalog
from ._lock import replace_text
from .classroom import ClassroomError
from .exercise import Exercise
from .session import exercises_of

_CHECK = re.compile(r"""^.*\.exercise\(\s*["'](d\d\d\.e\d+)["']\s*\)\.check\(.*$""", re.MULTILINE)
MARKS = "nbgrader's marks put back"
Cell = dict[str, Any]


@dataclass
class HandedIn:
    """One notebook: whose it is, of which day, and what had to be put right or is wrong."""

    student: str
    file: str
    day: str = ""
    notes: list[str] = field(default_factory=list)


def collect(course: Path, folder: Path) -> list[HandedIn]:
    """Put every notebook of ``folder`` into ``course/submitted``.

    Args:
        course: what `new_class` made.
        folder: ``STUDENT/any name.ipynb`` (also in folders below), or ``STUDENT.ipynb``. Of
            several for one day the newest counts.

    Raises:
        ClassroomError: no such course or folder, or nothing in it.
    """
    if not (course / "source").is_dir():
        raise ClassroomError(f"mslearn camp collect: {course} is no course; see camp new-class")
    paths = [p for p in folder.rglob("*.ipynb") if ".ipynb_checkpoints" not in p.parts]
    if not paths:
        raise ClassroomError(f"mslearn camp collect: no notebooks in {folder}")
    taken: dict[tuple[str, str], HandedIn] = {}
    handed_in = []
    for path in sorted(paths, key=lambda p: (-p.stat().st_mtime, str(p))):
        relative = path.relative_to(folder)
        student = relative.parts[0] if len(relative.parts) > 1 else path.stem
        one = HandedIn(student, str(relative))
        handed_in.append(one)
        try:
            book = json.loads(path.read_text("utf-8"))
            one.day = _day(book)
            first = taken.setdefault((student, one.day), one)
            if first is one:
                _put(course, one, path.name, book)
            else:
                one.notes.append(f"not used: {first.file} is newer")
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            one.notes.append(f"not used: {str(error) or type(error).__name__}"[:200])
    return sorted(handed_in, key=lambda one: (one.student, one.day, one.file))


def _text(cell: Cell) -> str:
    source = cell["source"]
    return source if isinstance(source, str) else "".join(source)


def _day(book: dict[str, Any]) -> str:
    """The day that most of the checks in a notebook belong to."""
    found = Counter(
        match[1][:3] for cell in book["cells"] for match in _CHECK.finditer(_text(cell))
    )
    if not found:
        raise ValueError("it checks no exercise of the camp")
    return catalog.day(int(found.most_common(1)[0][0][1:])).id


def _put(course: Path, one: HandedIn, name: str, book: dict[str, Any]) -> None:
    """Mend a notebook and write it where nbgrader looks."""
    (source,) = (course / "source" / one.day).glob("*.ipynb")
    if name != source.name:
        one.notes.append("renamed")
    graded = {c["id"]: c for c in json.loads(source.read_text("utf-8"))["cells"]}
    cells: list[Cell] = []
    for cell in book["cells"]:
        cells += _parts(cell)
    for exercise in exercises_of(catalog.day(one.day)):
        _restore(cells, exercise, graded, one)
    target = course / "submitted" / one.student / one.day / source.name
    text = json.dumps({**book, "cells": cells}, ensure_ascii=False, indent=1)
    replace_text(target, text + "\n")


def _parts(cell: Cell) -> list[Cell]:
    """A lesson's cell holds answer and check; nbgrader wants two."""
    match = _CHECK.search(_text(cell)) if cell["cell_type"] == "code" else None
    before = _text(cell)[: match.start()].rstrip() if match else ""
    if not re.search(r"^(def|@|\w+\s*=\s*lambda)", before, re.MULTILINE):
        return [copy.deepcopy(cell)]
    answer = {**copy.deepcopy(cell), "source": before, "outputs": [], "execution_count": None}
    return [answer, {**copy.deepcopy(answer), "id": "", "source": match[0] if match else ""}]


def _restore(cells: list[Cell], exercise: Exercise, graded: dict[str, Cell], one: HandedIn) -> None:
    """Give the answer and the check of one exercise the metadata and the words of the course."""
    solve = graded[exercise.id.replace(".", "-")]
    check = graded[f"{solve['id']}-check"]
    checks = [k for k, c in enumerate(cells) if exercise.id in _CHECK.findall(_text(c))]
    if not checks:
        one.notes.append(f"{exercise.id}: check put back")
        cells.append(copy.deepcopy(check))
        checks = [len(cells) - 1]
    starts = re.compile(rf"^(def {exercise.function}\(|{exercise.function}\s*=)", re.MULTILINE)
    places = [k for k, c in enumerate(cells[: checks[-1]]) if starts.search(_text(c))]
    same_id = [k for k, c in enumerate(cells[: checks[-1]]) if c.get("id") == solve["id"]]
    if not (places or same_id):
        one.notes.append(f"{exercise.id}: no answer")
        cells.insert(checks[-1], {**copy.deepcopy(solve), "source": ""})
        places, checks = [checks[-1]], [checks[-1] + 1]
    answer, last = (places or same_id)[-1], checks[-1]
    for k, cell in enumerate(cells):  # nbgrader wants each name once
        if cell.get("id") in (solve["id"], check["id"]) and k not in (answer, last):
            cell["id"] = f"{cell['id']}-copy-{k}"
        grade_id = cell["metadata"].get("nbgrader", {}).get("grade_id")
        if grade_id in (solve["id"], check["id"]) and k not in (answer, last):
            del cell["metadata"]["nbgrader"]
    for k, model in ((answer, solve), (last, check)):
        cell, marks = cells[k], model["metadata"]["nbgrader"]
        if cell["metadata"].get("nbgrader", {}).get("grade_id") != marks["grade_id"]:
            if MARKS not in one.notes:
                one.notes.append(MARKS)
            cell["metadata"] = {**cell["metadata"], "nbgrader": marks}
        cells[k] = {**cell, "id": model["id"]}
    cells[last] |= {"source": check["source"], "outputs": [], "execution_count": None}


def as_text(handed_in: list[HandedIn]) -> str:
    """The list for a terminal."""
    from .report import Table

    rows = [(one.student, one.day, one.file, ", ".join(one.notes)) for one in handed_in]
    return "\n".join(Table(("student", "day", "notebook", "notes"), tuple(rows)).lines())
