"""For teachers: a course for nbgrader made of the lessons, and a table of a class's progress.

    mslearn camp new-class FOLDER
    mslearn camp report FOLDER --csv

Needs neither nbgrader nor Jupyter; nbgrader reads what `new_class` writes.
"""

from __future__ import annotations

import copy
import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import catalog, progress
from ._lock import replace_text
from .exercise import Exercise
from .session import exercises_of

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"

# The starter stays: nbgrader replaces the solution behind it by this line, not by an error.
CONFIG = '''"""Course of the mslearn camp, mslearn {version}. Made by `mslearn camp new-class`.

    nbgrader generate_assignment day01     # source/ -> release/, without the solutions
    nbgrader autograde day01               # submitted/ -> autograded/
"""

c = get_config()  # noqa: F821
c.CourseDirectory.course_id = "mslearn-camp"
c.ClearSolutions.code_stub = {{"python": "# Write your answer into the function above."}}
c.ClearSolutions.begin_solution_delimeter = "BEGIN SOLUTION"
c.ClearSolutions.end_solution_delimeter = "END SOLUTION"
c.ClearOutput.enabled = False
# Seconds on a busy machine: for a cell, for its outputs to arrive, and for a kernel's start.
c.Execute.timeout = 120  # nbgrader's 30 are short for a training
c.Execute.iopub_timeout = 60  # after the 4 of nbgrader a cell counts as failed
c.Execute.startup_timeout = 240
'''


class ClassroomError(OSError):
    """The course or the report cannot be made."""


def new_class(folder: Path, language: str = "en", source: Path | None = None) -> list[str]:
    """Write an nbgrader course of all lessons of this release into ``folder``.

    Args:
        folder: is made; a file that is there already stays as it is.
        language: ``"en"`` or ``"zh"``.
        source: the lessons; default those of this mslearn.

    Returns:
        The files written, relative, with forward slashes.

    Raises:
        ClassroomError: there are no lessons, or ``folder`` cannot be written.
    """
    from mslearn import __version__

    source = catalog.lessons_root() if source is None else source
    files = {"nbgrader_config.py": CONFIG.format(version=__version__)}
    for day in catalog.DAYS:
        path = source / day.path(language)
        if path.is_file():
            book = json.loads(path.read_text("utf-8"))
            text = json.dumps(instructor(book, exercises_of(day)), ensure_ascii=False, indent=1)
            files[f"source/{day.id}/{path.name}"] = text + "\n"
    if len(files) == 1:
        raise ClassroomError(f"mslearn: no lessons in {source}. Reinstall mslearn.")
    written = []
    for name, text in files.items():
        target = folder / name
        try:
            if not target.exists():
                replace_text(target, text)
                target.chmod(0o644)
                written.append(name)
        except OSError as error:
            raise ClassroomError(f"mslearn: {target} cannot be written ({error})") from error
    return written


def instructor(book: dict[str, Any], exercises: Sequence[Exercise]) -> dict[str, Any]:
    """The teacher's version of a lesson: solutions behind the starters, checks that can fail.

    In the lesson an exercise is one cell, its last paragraph the check. nbgrader wants two, a cell
    to solve and a locked one that tests; it counts a test as passed when its cell raises nothing.
    """
    known = {exercise.id.replace(".", "-"): exercise for exercise in exercises}
    cells: list[dict[str, Any]] = []
    for cell in copy.deepcopy(book["cells"]):
        exercise = known.get(cell["id"])
        cells += [cell] if exercise is None else _graded(cell, exercise)
    return {**book, "cells": cells}


def _graded(cell: dict[str, Any], exercise: Exercise) -> list[dict[str, Any]]:
    """The cell to solve, and the cell that tests it for one point."""
    source = cell["source"] if isinstance(cell["source"], str) else "".join(cell["source"])
    starter, _, check = source.rstrip().rpartition("\n\n")
    *before, check = check.splitlines()
    solve = f"{starter}\n\n{BEGIN}\n{exercise.solution_source().rstrip()}\n{END}"
    verdict = [f"result = {check}", "display(result)", "assert result, result.outcome"]
    made = []
    for id, text, points in (
        (cell["id"], solve, {}),
        (f"{cell['id']}-check", "\n".join([*before, *verdict]), {"points": 1}),
    ):
        tests = bool(points)
        kind = {"grade": tests, "locked": tests, "solution": not tests, "task": False, **points}
        metadata = {**cell["metadata"], "nbgrader": {"grade_id": id, "schema_version": 3, **kind}}
        blank: dict[str, Any] = {"id": id, "source": text, "outputs": [], "execution_count": None}
        made.append({**cell, **blank, "metadata": metadata})
    return made


@dataclass
class Learner:
    """One line of a report: figures from a progress file, or what is wrong with the file."""

    name: str
    days: dict[str, tuple[int, int]] = field(default_factory=dict)  # passed, of
    done: int = 0
    minutes: int = 0
    problem: str = ""


def report(folder: Path) -> list[Learner]:
    """Read every progress file in ``folder``: `*.json`, or `NAME/progress.json`.

    A file that cannot be read becomes a line that says why; the others are not affected.

    Raises:
        ClassroomError: there is no such folder, or nothing in it.
    """
    if not folder.is_dir():
        raise ClassroomError(f"mslearn camp report: there is no folder {folder}")
    paths = sorted({*folder.glob("*.json"), *folder.glob("*/progress.json"),
                    *folder.glob("*/.mslearn/progress.json")})  # fmt: skip
    if not paths:
        raise ClassroomError(
            f"mslearn camp report: no progress files in {folder}. Collect each student's "
            "~/.mslearn/progress.json as NAME.json, or as NAME/progress.json"
        )
    return [_learner(path, folder) for path in paths]


def _learner(path: Path, folder: Path) -> Learner:
    relative = path.relative_to(folder)
    learner = Learner(relative.parts[0] if len(relative.parts) > 1 else path.stem)
    try:
        data = progress.validate(json.loads(path.read_text("utf-8")))
    except (OSError, ValueError, RecursionError) as error:
        learner.problem = f"{path.name}: {str(error) or type(error).__name__}"[:200]
        return learner
    for day in catalog.DAYS:
        entry = data["days"].get(day.id)
        if entry is None:
            continue
        results = entry["exercises"]
        passed = sum(results.get(k, {}).get("outcome") == "pass" for k in day.exercise_ids)
        learner.days[day.id] = (passed, day.exercises)
        learner.done += bool(entry["done"])
        learner.minutes += round(entry.get("seconds", 0) / 60)
    return learner


def table(learners: Sequence[Learner]) -> list[list[str]]:
    """Rows of text, the first the head: a column for each day that anybody has begun."""
    days = sorted({day for learner in learners for day in learner.days})
    rows = [["name", "days done", "minutes", *days, "problem"]]
    for learner in learners:
        shown = ["{}/{}".format(*learner.days[d]) if d in learner.days else "" for d in days]
        rows.append(
            [learner.name, str(learner.done), str(learner.minutes), *shown, learner.problem]
        )
    return rows


def as_csv(learners: Sequence[Learner]) -> str:
    """The table for a spreadsheet. A text that a spreadsheet would take for a formula is quoted."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    for row in table(learners):
        writer.writerow([f"'{cell}" if cell[:1] in ("=", "+", "-", "@") else cell for cell in row])
    return out.getvalue()


def as_text(learners: Sequence[Learner]) -> str:
    """The table for a terminal."""
    from .report import Table

    head, *rows = table(learners)
    return "\n".join(Table(tuple(head), tuple(map(tuple, rows))).lines())
