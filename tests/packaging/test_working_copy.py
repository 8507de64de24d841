"""The learner's copy of the lessons: new ones arrive, the learner's work stays."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from pathlib import Path

import pytest

from mslearn.camp._lock import locked
from mslearn.lab import working_copy
from mslearn.lab.working_copy import WorkingCopyError, update

LESSON = "en/day01_quick_start.ipynb"
NEW = "en/day01_quick_start.new.ipynb"
NEW_2 = "en/day01_quick_start.new-2.ipynb"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return release(tmp_path / "source", "first")


@pytest.fixture
def camp(tmp_path: Path) -> Path:
    return tmp_path / "camp"


def release(folder: Path, text: str) -> Path:
    """Lessons as a wheel carries them."""
    for language in ("en", "zh"):
        (folder / language).mkdir(parents=True, exist_ok=True)
        (folder / language / "day01_quick_start.ipynb").write_text(f"{text} {language}")
    return folder


def notebook(source: object, outputs: list, metadata: dict) -> str:
    cell = {"cell_type": "code", "id": "a", "metadata": metadata, "source": source,
            "execution_count": 1, "outputs": outputs}  # fmt: skip
    return json.dumps({"cells": [cell], "metadata": metadata, "nbformat": 4, "nbformat_minor": 5})


def test_a_fresh_copy_holds_every_lesson(source: Path, camp: Path) -> None:
    (source / "en" / "images").mkdir()
    (source / "en" / "images" / "net.png").write_bytes(b"\x89PNG\r\n")
    (source / "en" / ".ipynb_checkpoints").mkdir()
    (source / "en" / ".ipynb_checkpoints" / "x.ipynb").write_text("")
    report = update(camp, source)
    assert sorted(report.added) == [
        "en/day01_quick_start.ipynb",
        "en/images/net.png",
        "zh/day01_quick_start.ipynb",
    ]
    assert (camp / LESSON).read_text() == "first en"
    assert (camp / "en/images/net.png").read_bytes() == b"\x89PNG\r\n"
    assert report.notes() == ["3 files new"]
    assert update(camp, source).notes() == []


def test_an_untouched_lesson_follows_the_release(source: Path, camp: Path) -> None:
    update(camp, source)
    report = update(camp, release(source, "second"))
    assert sorted(report.updated) == [LESSON, "zh/day01_quick_start.ipynb"]
    assert (camp / LESSON).read_text() == "second en"


def test_the_learners_work_is_never_overwritten(source: Path, camp: Path) -> None:
    update(camp, source)
    (camp / LESSON).write_text("my answer")
    assert update(camp, source).notes() == [], "nothing new, nothing to say"

    report = update(camp, release(source, "second"))
    assert (camp / LESSON).read_text() == "my answer"
    assert (camp / NEW).read_text() == "second en"
    assert report.beside == {LESSON: NEW}
    assert any(LESSON in note and NEW in note for note in report.notes())

    # Said once; a new version beside it that the learner removed stays removed.
    (camp / NEW).unlink()
    assert update(camp, source).notes() == []
    assert not (camp / NEW).exists()


def test_a_later_release_replaces_an_untouched_new_version(source: Path, camp: Path) -> None:
    update(camp, source)
    (camp / LESSON).write_text("my answer")
    update(camp, release(source, "second"))
    update(camp, release(source, "third"))
    assert (camp / NEW).read_text() == "third en"
    assert not (camp / NEW_2).exists()


def test_work_in_the_new_version_is_kept_as_well(source: Path, camp: Path) -> None:
    update(camp, source)
    (camp / LESSON).write_text("my answer")
    update(camp, release(source, "second"))
    (camp / NEW).write_text("my second answer")
    report = update(camp, release(source, "third"))
    assert (camp / NEW).read_text() == "my second answer"
    assert (camp / NEW_2).read_text() == "third en"
    assert report.beside == {LESSON: NEW_2}


def test_a_lesson_taken_over_from_the_new_version_is_ours_again(source: Path, camp: Path) -> None:
    update(camp, source)
    (camp / LESSON).write_text("my answer")
    update(camp, release(source, "second"))
    os.replace(camp / NEW, camp / LESSON)
    update(camp, source)
    assert update(camp, release(source, "third")).updated.count(LESSON) == 1
    assert (camp / LESSON).read_text() == "third en"


def test_opening_a_lesson_does_not_make_it_the_learners(source: Path, camp: Path) -> None:
    shown = [{"output_type": "stream", "name": "stdout", "text": "2\n4\n"}]
    (source / LESSON).write_text(notebook("a = 1\nprint(a)", shown, {}))
    update(camp, source)
    # What JupyterLab saves when a notebook was only opened: other metadata, other line splitting.
    same = [{"output_type": "stream", "name": "stdout", "text": ["2\n", "4\n"]}]
    opened = notebook(["a = 1\n", "print(a)"], same, {"language_info": {"version": "3.12"}})
    (camp / LESSON).write_text(opened)
    (source / LESSON).write_text(notebook("a = 2", [], {}))
    assert update(camp, source).updated == [LESSON]

    # An output of the learner's own, on the other hand, is work: merged, and kept in the backup.
    (camp / LESSON).write_text(notebook("a = 2", shown, {}))
    (source / LESSON).write_text(notebook("a = 3", [], {}))
    assert update(camp, source).merged == {LESSON: []}
    assert json.loads((camp / ".mslearn" / "backup" / LESSON).read_text())["cells"][0]["outputs"]


def test_a_deleted_lesson_comes_back_fresh(source: Path, camp: Path) -> None:
    update(camp, source)
    (camp / LESSON).write_text("a mess")
    (camp / LESSON).unlink()
    report = update(camp, source)
    assert report.restored == [LESSON]
    assert (camp / LESSON).read_text() == "first en"


def test_the_learners_own_files_are_left_alone(source: Path, camp: Path) -> None:
    update(camp, source)
    (camp / "en" / "notes.ipynb").write_text("mine")
    update(camp, release(source, "second"))
    assert (camp / "en" / "notes.ipynb").read_text() == "mine"


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"files": 3}', '{"files": {"a": 1}}'])
def test_without_a_manifest_every_file_counts_as_the_learners(
    source: Path, camp: Path, damage: str
) -> None:
    update(camp, source)
    manifest = camp / ".mslearn" / "manifest.json"
    manifest.write_text(damage)
    update(camp, release(source, "second"))
    assert (camp / LESSON).read_text() == "first en"
    assert (camp / NEW).read_text() == "second en"
    assert json.loads(manifest.read_text())["version"] == 1


def test_no_half_written_file_is_left(source: Path, camp: Path) -> None:
    update(camp, source)
    names = {p.relative_to(camp).as_posix() for p in camp.rglob("*") if p.is_file()}
    assert not [name for name in names if name.endswith(".tmp")]
    names = {name for name in names if not name.startswith("engine/")}
    assert names == {
        LESSON,
        "zh/day01_quick_start.ipynb",
        ".mslearn/manifest.json",
        ".mslearn/lock",
    }


def test_no_lessons_is_an_error_that_says_so(tmp_path: Path, camp: Path) -> None:
    with pytest.raises(WorkingCopyError, match=r"no lessons in .*Reinstall mslearn"):
        update(camp, tmp_path / "nowhere")


def test_a_folder_that_cannot_be_written_is_named(source: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(WorkingCopyError, match=r"cannot be written.*--dir FOLDER"):
        update(tmp_path / "file" / "camp", source)


def test_a_second_start_waits_for_the_first_and_says_so(
    source: Path, camp: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def second() -> None:
        done.append(update(camp, source))

    done: list[object] = []
    thread = threading.Thread(target=second)
    with locked(camp / ".mslearn" / "lock"):
        with monkeypatch.context() as short:
            short.setattr(working_copy, "PATIENCE", 0.05)
            with pytest.raises(WorkingCopyError, match=r"another program .*more than 0\.05 s"):
                update(camp, source)
        thread.start()
        time.sleep(0.1)
        assert done == []
    thread.join()
    assert len(done) == 1


def test_the_default_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MSLEARN_CAMP_DIR", str(tmp_path))
    assert working_copy.camp_folder() == tmp_path
    monkeypatch.delenv("MSLEARN_CAMP_DIR")
    monkeypatch.setenv("USERPROFILE" if sys.platform == "win32" else "HOME", str(tmp_path))
    assert working_copy.camp_folder() == tmp_path / "mslearn-camp"
