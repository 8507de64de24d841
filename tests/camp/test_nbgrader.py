"""nbgrader itself makes an assignment of our course and grades two students."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
from pathlib import Path

from summary.viewers import python_of

from mslearn.camp import catalog, classroom, collect

DAY = catalog.day("day02")


def test_nbgrader_grades_a_solved_and_an_untouched_notebook(tmp_path):
    programs = Path(python_of("nbgrader")).parent
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"  # it calls `alembic` by name
    environment = {**os.environ, "HOME": str(tmp_path / "home"), "PATH": path}

    def nbgrader(*arguments: str) -> None:
        done = subprocess.run(
            [str(programs / "nbgrader"), *arguments],
            cwd=course,
            env=environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr

    course = tmp_path / "course"
    classroom.new_class(course)
    nbgrader("generate_assignment", DAY.id, "--create")
    name = Path(DAY.path("en")).name
    released = course / "release" / DAY.id / name
    assert "BEGIN SOLUTION" not in released.read_text("utf-8")
    solved = course / "source" / DAY.id / name
    for student, handed_in in (("ann", solved), ("bob", released)):
        folder = course / "submitted" / student / DAY.id
        folder.mkdir(parents=True)
        shutil.copy(handed_in, folder)
    stripped = json.loads(solved.read_text("utf-8"))
    for cell in stripped["cells"]:
        cell["metadata"] = {}
    (tmp_path / "in" / "张伟").mkdir(parents=True)
    (tmp_path / "in" / "张伟" / "作业 2.ipynb").write_text(json.dumps(stripped), "utf-8")
    collect.collect(course, tmp_path / "in")
    nbgrader("autograde", DAY.id)
    nbgrader("export", "--to=grades.csv")
    with (course / "grades.csv").open(encoding="utf-8") as file:
        scores = {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}
    assert scores == {"ann": DAY.exercises, "bob": 0, "张伟": DAY.exercises}
