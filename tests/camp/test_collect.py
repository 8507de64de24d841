"""Notebooks as students hand them in, renamed, stripped, torn, become what nbgrader grades."""

from __future__ import annotations

import json
import os

import pytest

from mslearn.camp import catalog, classroom, collect
from mslearn.camp.session import exercises_of
from mslearn.cli import main

DAY = catalog.day("day02")
NAME = DAY.path("en").split("/")[1]
IDS = [e.id.replace(".", "-") for e in exercises_of(DAY)]


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    folder = tmp_path_factory.mktemp("course")
    classroom.new_class(folder)
    return folder


@pytest.fixture
def solved(course):
    return json.loads((course / "source" / DAY.id / NAME).read_text("utf-8"))


@pytest.fixture
def hand_in(tmp_path, course):
    def go(path, book):
        target = tmp_path / "in" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        text = book if isinstance(book, str) else json.dumps(book)
        target.write_text(text, "utf-8")
        return target

    go.folder = tmp_path / "in"
    return go


def graded(course, student):
    book = json.loads((course / "submitted" / student / DAY.id / NAME).read_text("utf-8"))
    assert len({c["id"] for c in book["cells"]}) == len(book["cells"])
    marked = [c for c in book["cells"] if "nbgrader" in c["metadata"]]
    assert [c["metadata"]["nbgrader"]["grade_id"] for c in marked if "-check" in c["id"]] == [
        f"{id}-check" for id in IDS
    ]
    assert sorted(c["id"] for c in marked) == sorted([*IDS, *(f"{id}-check" for id in IDS)])
    return {c["id"]: c["source"] for c in marked}


def test_a_renamed_notebook_without_marks_and_ids(course, solved, hand_in):
    for cell in solved["cells"]:
        cell["metadata"] = {}
        del cell["id"]
    hand_in("张伟/作业 (1).ipynb", solved)
    (one,) = collect.collect(course, hand_in.folder)
    assert one.student == "张伟" and one.notes == ["renamed", collect.MARKS]
    book = json.loads((course / "submitted/张伟" / DAY.id / NAME).read_text("utf-8"))
    made = {c["id"]: c["source"] for c in book["cells"] if c.get("id")}
    source = {
        c["id"]: c["source"]
        for c in json.loads((course / "source" / DAY.id / NAME).read_text("utf-8"))["cells"]
    }
    for id in IDS:
        assert made[id] == source[id] and made[f"{id}-check"] == source[f"{id}-check"]


def test_the_plain_lesson_of_the_camp(course, hand_in):
    lesson = json.loads((catalog.lessons_root() / DAY.path("en")).read_text("utf-8"))
    for cell in lesson["cells"]:
        for exercise in exercises_of(DAY):
            if cell["id"] == exercise.id.replace(".", "-"):
                check = f'day.exercise("{exercise.id}").check({exercise.function})'
                cell["source"] = f"{exercise.solution_source()}\n{check}"
    hand_in(f"ann/{NAME}", lesson)
    collect.collect(course, hand_in.folder)
    made = graded(course, "ann")
    for exercise in exercises_of(DAY):
        id = exercise.id.replace(".", "-")
        assert made[id] == exercise.solution_source().rstrip()
        assert "assert result" in made[f"{id}-check"]


def test_deleted_copied_and_changed_cells(course, solved, hand_in):
    cells = [c for c in solved["cells"] if c["id"] not in (IDS[1], f"{IDS[1]}-check")]
    (answer,) = [c for c in cells if c["id"] == IDS[0]]
    (check,) = [c for c in cells if c["id"] == f"{IDS[0]}-check"]
    check["source"] = check["source"].split("result")[0] + "print('all right')"
    cells.insert(0, {**answer, "source": answer["source"] + "\n# first try"})
    hand_in("bob/a.ipynb", {**solved, "cells": cells})
    (one,) = collect.collect(course, hand_in.folder)
    assert any("no answer" in note for note in one.notes)
    assert any("check put back" in note for note in one.notes)
    made = graded_any_order(course, "bob")
    assert "first try" not in made[IDS[0]] and made[IDS[1]] == ""
    assert "assert result" in made[f"{IDS[0]}-check"]


def graded_any_order(course, student):
    book = json.loads((course / "submitted" / student / DAY.id / NAME).read_text("utf-8"))
    assert len({c["id"] for c in book["cells"]}) == len(book["cells"])
    marked = [c for c in book["cells"] if "nbgrader" in c["metadata"]]
    assert sorted(c["id"] for c in marked) == sorted([*IDS, *(f"{id}-check" for id in IDS)])
    return {c["id"]: c["source"] for c in marked}


def test_the_newest_counts_and_what_cannot_be_read_is_told(course, solved, hand_in, capsys):
    old = hand_in("cid/old.ipynb", solved)
    os.utime(old, (1, 1))
    hand_in(f"cid/deep/{NAME}", solved)
    hand_in("dan.ipynb", "{nope")
    hand_in("eve/other.ipynb", {"cells": []})
    assert main(["camp", "collect", str(course), str(hand_in.folder)]) == 0
    said = capsys.readouterr().out
    assert "is newer" in said and "checks no exercise" in said and "dan" in said
    assert not (course / "submitted" / "dan").exists()
    graded(course, "cid")
    with pytest.raises(classroom.ClassroomError, match="is no course"):
        collect.collect(hand_in.folder, hand_in.folder)
