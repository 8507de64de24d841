"""The teacher's side: a course in nbgrader's conventions, and a report of a class."""

from __future__ import annotations

import ast
import csv
import io
import json
import linecache
import re

import pytest

from mslearn.camp import catalog, classroom, progress
from mslearn.camp.session import exercises_of
from mslearn.cli import main

DAYS = [day for day in catalog.DAYS if day.exercises]


def cells(path):
    return {c["id"]: c for c in json.loads(path.read_text("utf-8"))["cells"]}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_course_for_nbgrader(tmp_path, language):
    written = classroom.new_class(tmp_path, language)
    assert "nbgrader_config.py" in written
    ast.parse((tmp_path / "nbgrader_config.py").read_text("utf-8"))
    for day in DAYS:
        book = cells(tmp_path / "source" / day.id / catalog.day(day.id).path("en").split("/")[1])
        for exercise in exercises_of(day):
            id = exercise.id.replace(".", "-")
            solve, check = book[id], book[f"{id}-check"]
            graded = solve["metadata"]["nbgrader"]
            assert graded == {"grade_id": id, "schema_version": 3, "task": False,
                              "grade": False, "locked": False, "solution": True}  # fmt: skip
            graded = check["metadata"]["nbgrader"]
            assert (graded["grade"], graded["locked"], graded["points"]) == (True, True, 1)
            assert not graded["solution"] and graded["grade_id"] == f"{id}-check"
            assert "assert result" in check["source"]
            ast.parse(check["source"])


def test_a_course_that_is_there_is_not_overwritten(tmp_path):
    classroom.new_class(tmp_path)
    (tmp_path / "nbgrader_config.py").write_text("# mine")
    assert classroom.new_class(tmp_path) == []
    assert (tmp_path / "nbgrader_config.py").read_text() == "# mine"


def run(text, name, names):
    """A cell, with its source where `inspect` finds it, as in a notebook: `ms.jit` reads it."""
    file = f"<cell {name}>"
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    exec(compile(text, file, "exec"), names)


@pytest.mark.parametrize("solved", [True, False])
def test_checks_pass_with_the_solution_and_fail_without(tmp_path, solved):
    """What nbgrader does: run the cells; a test that raises nothing earns its point."""
    classroom.new_class(tmp_path)
    shown = []
    for day in DAYS:
        from mslearn import camp

        names: dict = {"day": camp.day(day.number), "display": shown.append}
        exec("import numpy as np\nimport mslearn as ms\nfrom mslearn import nn, ops", names)
        (path,) = (tmp_path / "source" / day.id).glob("*.ipynb")
        book = cells(path)
        for exercise in exercises_of(day):
            id = exercise.id.replace(".", "-")
            text = book[id]["source"]
            if not solved:  # what generate_assignment makes of it
                text = re.sub(r"(?s)### BEGIN SOLUTION\n.*?### END SOLUTION", "# yours", text)
                assert exercise.solution_source().rstrip() not in text
            run(text, id, names)
            if solved:
                exec(book[f"{id}-check"]["source"], names)
            else:
                with pytest.raises(AssertionError):
                    exec(book[f"{id}-check"]["source"], names)
    assert shown


def test_no_lessons_is_an_error(tmp_path):
    with pytest.raises(classroom.ClassroomError, match="no lessons"):
        classroom.new_class(tmp_path / "course", source=tmp_path)


@pytest.fixture
def students(tmp_path, monkeypatch):
    """Three students by different ways of collecting files, and two damaged files."""
    folder = tmp_path / "class"
    folder.mkdir()
    for name, file in (("ann", "ann.json"), ("bo", "bo/progress.json")):
        monkeypatch.setenv("MSLEARN_HOME", str(tmp_path / "home" / name))
        progress.record(1, "d01.e1", "pass")
        if name == "bo":
            progress.record(1, "d01.e2", "fail")
        (folder / file).parent.mkdir(exist_ok=True)
        (folder / file).write_bytes(progress.path().read_bytes())
    (folder / "cut.json").write_text('{"version": 1, "langu')
    (folder / "=evil.json").write_text('{"version": 1, "language": "en", "days": {"day01": 3}}')
    (folder / "deep.json").write_text("[" * 100_000)
    return folder


def test_a_report_survives_broken_files(students):
    rows = classroom.table(classroom.report(students))
    assert rows[0] == ["name", "days done", "minutes", "day01", "problem"]
    by_name = {row[0]: row[1:] for row in rows[1:]}
    of = len(catalog.day(1).exercise_ids)
    assert by_name["ann"] == ["0", "0", f"1/{of}", ""] and by_name["bo"][2] == f"1/{of}"
    assert "not JSON" in by_name["cut"][-1] or "Unterminated" in by_name["cut"][-1]
    assert "days.day01" in by_name["=evil"][-1] and by_name["deep"][-1]


def test_csv_is_safe_to_open_in_a_spreadsheet(students):
    rows = list(csv.reader(io.StringIO(classroom.as_csv(classroom.report(students)))))
    assert {len(row) for row in rows} == {5}
    assert any(row[0] == "'=evil" for row in rows)


def test_the_command_line(students, tmp_path, capsys):
    assert main(["camp", "report", str(students)]) == 0
    assert "ann" in capsys.readouterr().out
    assert main(["camp", "report", str(students), "--csv"]) == 0
    assert capsys.readouterr().out.startswith("\ufeffname,days done,minutes,day01,problem\n")
    assert main(["camp", "report", str(tmp_path / "nowhere")]) == 1
    assert "there is no folder" in capsys.readouterr().err
    (tmp_path / "empty").mkdir()
    assert main(["camp", "report", str(tmp_path / "empty")]) == 1
    assert "no progress files" in capsys.readouterr().err
    assert main(["camp", "new-class", str(tmp_path / "course"), "--lang", "zh"]) == 0
    assert "generate_assignment" in capsys.readouterr().out
