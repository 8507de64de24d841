"""A new release meets the learner's notebook: merged by cell id, nothing of the learner's lost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mslearn.lab.engine_copy import copy_engine, engine_files
from mslearn.lab.merge import cell_hashes, merge, read
from mslearn.lab.working_copy import update

LESSON = "en/day01_quick_start.ipynb"


def cell(id: str, source: str, kind: str = "code", **more: Any) -> dict[str, Any]:
    made = {"cell_type": kind, "id": id, "metadata": {}, "source": source, **more}
    if kind == "code":
        made.setdefault("outputs", [])
        made.setdefault("execution_count", None)
    return made


def book(*cells: dict[str, Any], language: str = "en") -> dict[str, Any]:
    metadata = {"mslearn": {"day": 1, "language": language}}
    return {"cells": list(cells), "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def outline(merged: dict[str, Any]) -> list[tuple[str, str]]:
    return [(c["id"], c["source"]) for c in merged["cells"]]


GIVEN = book(cell("a", "1"), cell("b", "2"), cell("c", "3"))


def merged(mine: dict[str, Any], new: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    return merge(mine, new, cell_hashes(GIVEN))


def test_each_side_keeps_what_it_alone_changed() -> None:
    mine = book(cell("a", "mine"), cell("b", "2"), cell("c", "3"))
    new = book(cell("a", "1"), cell("b", "new"), cell("c", "3"), cell("d", "4"))
    result, both = merged(mine, new)
    assert outline(result) == [("a", "mine"), ("b", "new"), ("c", "3"), ("d", "4")]
    assert both == []


@pytest.mark.parametrize(("language", "word"), [("en", "New in this release"), ("zh", "新版本")])
def test_what_both_changed_is_kept_twice_the_learners_first(language: str, word: str) -> None:
    mine = book(cell("a", "mine"), cell("b", "2"), cell("c", "3"))
    graded = {"nbgrader": {"grade_id": "a"}}
    new = book(cell("a", "new", metadata=graded), cell("b", "2"), cell("c", "3"), language=language)
    result, both = merged(mine, new)
    assert both == ["a"]
    first, second = result["cells"][:2]
    assert (first["id"], first["source"]) == ("a", "mine")
    assert second["id"] == "a-new" and second["source"].endswith("new") and word in second["source"]
    assert second["metadata"] == {"tags": ["mslearn-new"]}
    compile(second["source"], "cell", "exec")


def test_the_learners_own_cells_stay_where_they_were() -> None:
    mine = book(cell("top", "t"), cell("a", "1"), cell("x", "own"), cell("b", "2"), cell("c", "3"))
    new = book(cell("a", "1"), cell("n", "between"), cell("b", "2b"), cell("c", "3"))
    result, _ = merged(mine, new)
    assert [i for i, _ in outline(result)] == ["top", "a", "x", "n", "b", "c"]


def test_removed_cells() -> None:
    # The release drops b and c; the learner had worked in c, and had deleted a.
    mine = book(cell("b", "2"), cell("c", "mine"))
    assert outline(merged(mine, book(cell("a", "1")))[0]) == [("c", "mine")]
    # A cell that the learner deleted comes back only when it says something new.
    assert outline(merged(mine, book(cell("a", "new")))[0]) == [("c", "mine"), ("a", "new")]


def test_outputs_of_unchanged_code_are_kept() -> None:
    shown = [{"output_type": "stream", "name": "stdout", "text": "hi"}]
    mine = book(cell("a", "1", outputs=shown, execution_count=3), cell("b", "2", outputs=shown))
    result, _ = merged(mine, book(cell("a", "1"), cell("b", "2 + 2")))
    assert result["cells"][0]["outputs"] == shown and result["cells"][1]["outputs"] == []


def test_a_second_conflict_gets_a_name_of_its_own() -> None:
    mine = book(cell("a", "mine"), cell("a-new", "from the last release"), cell("b", "2"))
    result, both = merged(mine, book(cell("a", "newer"), cell("b", "2")))
    assert both == ["a"]
    assert [i for i, _ in outline(result)][:3] == ["a", "a-new-2", "a-new"]


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b'{"cells": 3}', b'{"cells": [{"id": 1}]}', b'{"cells": [{"source": "x"}]}',
     b'{"cells": [{"id": "a"}, {"id": "a"}]}'],
)  # fmt: skip
def test_what_is_no_notebook_with_ids_is_not_merged(content: bytes) -> None:
    assert read(content) is None


def write(folder: Path, name: str, made: dict[str, Any]) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(json.dumps(made), "utf-8")


def test_the_working_copy_merges_and_keeps_a_backup(tmp_path: Path) -> None:
    source, camp = tmp_path / "source", tmp_path / "camp"
    write(source, LESSON, GIVEN)
    update(camp, source)
    write(camp, LESSON, book(cell("a", "mine"), cell("b", "2"), cell("c", "3")))
    write(source, LESSON, book(cell("a", "new"), cell("b", "new"), cell("c", "3")))
    report = update(camp, source)
    assert report.merged == {LESSON: ["a"]} and not report.beside
    assert any("both versions kept of a" in note for note in report.notes())
    now = json.loads((camp / LESSON).read_text("utf-8"))
    assert [c["id"] for c in now["cells"]] == ["a", "a-new", "b", "c"]
    backup = json.loads((camp / ".mslearn" / "backup" / LESSON).read_text("utf-8"))
    assert backup["cells"][0]["source"] == "mine"
    assert update(camp, source).notes() == [], "merged once"

    write(source, LESSON, book(cell("a", "new"), cell("b", "newer"), cell("c", "3")))
    assert update(camp, source).merged == {LESSON: []}
    now = json.loads((camp / LESSON).read_text("utf-8"))
    assert now["cells"][0]["source"] == "mine"
    assert now["cells"][2]["source"] == "newer"


def test_links_into_the_engine_lead_into_the_copy(tmp_path: Path) -> None:
    source, camp = tmp_path / "source", tmp_path / "camp"
    link = "[Dense](../../mslearn/nn/layers.py#Dense)"
    write(source, LESSON, book(cell("t", link, "markdown")))
    update(camp, source)
    text = json.loads((camp / LESSON).read_text("utf-8"))["cells"][0]["source"]
    assert text == "[Dense](../engine/nn/layers.py#Dense)"
    copied = camp / "en" / "../engine/nn/layers.py"
    assert copied.read_bytes() == engine_files()["nn/layers.py"].read_bytes()
    assert copied.stat().st_mode & 0o222 == 0, "to read, not to write"
    assert not (camp / "engine" / "camp").exists(), "no solutions in it"


def test_the_engines_copy_follows_and_leaves_edited_files_alone(tmp_path: Path) -> None:
    package, camp = tmp_path / "package", tmp_path / "copy"
    for name in ("a.py", "b.py", "gone.py"):
        (package / name).parent.mkdir(exist_ok=True)
        (package / name).write_text(f"# {name}")
    known = copy_engine(camp, {}, package)
    (camp / "engine/b.py").chmod(0o644)
    (camp / "engine/b.py").write_text("# mine")
    for name in ("a.py", "b.py"):
        (package / name).write_text("# second")
    (package / "gone.py").unlink()
    known = copy_engine(camp, known, package)
    assert (camp / "engine/a.py").read_text() == "# second"
    assert (camp / "engine/b.py").read_text() == "# mine"
    assert not (camp / "engine/gone.py").exists()
    assert known.keys() == {"a.py"}
