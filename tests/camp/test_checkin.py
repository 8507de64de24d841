"""Check-in and certificate: the learner's own record, and one that is derived again."""

from __future__ import annotations

import matplotlib
import numpy as np
import pytest

from mslearn import camp
from mslearn.camp import catalog, progress
from mslearn.camp.certify import certificate
from mslearn.camp.freeze import freeze, thaw
from mslearn.camp.session import DayDesk, exercises_of

matplotlib.use("agg")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    (tmp_path / "camp" / "en").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "camp" / "en")
    return tmp_path / "camp" / "checkins"


def test_nothing_done_is_nothing_to_check_in(folder):
    assert "Nothing to check in yet" in repr(camp.checkin(1))
    assert not folder.exists()


def test_a_page_ready_for_a_blog(folder):
    first, second = exercises_of(catalog.day(1))[:2]
    desk = DayDesk(1)
    desk.exercise(first.id).check(first.solution)
    desk.exercise(second.id).check(second.mistakes[0].answer)
    desk.exercise(second.id).check(second.solution)
    camp.predict("d01.p1", (32, 1, 28, 28))
    camp.reveal("d01.p1", (32, 1, 28, 28))
    from matplotlib.figure import Figure

    picture = b"\x89PNG\r\n\x1a\n"
    card = desk.checkin("Softmax **twice**.", [Figure(), picture])
    assert card.tone == "pass" and "checkins/day01.md" in repr(card)
    page = (folder / "day01.md").read_text("utf-8")
    assert page.startswith("# Day 1 of 25 · Quick start\n")
    assert "| Exercises | 2 of 4 |" in page and "| Predictions | 1 of 4 |" in page
    assert "passed at the first attempt" in page and "passed after 2 attempts" in page
    assert "still open" in page and "Softmax **twice**." in page
    assert "![Figure 1](day01/figure-1.png)" in page
    assert (folder / "day01" / "figure-1.png").read_bytes().startswith(b"\x89PNG")
    assert (folder / "day01" / "figure-2.png").read_bytes() == picture
    assert progress.load()["days"]["day01"]["checkin_at"]


def test_in_chinese(folder):
    camp.set_language("zh")
    camp.checkin(1, notes="很有意思。")
    page = (folder / "day01.md").read_text("utf-8")
    assert "25 天打卡 · 第 1 天：快速入门" in page and "## 我的笔记" in page


def test_again_replaces_ours_but_never_what_was_edited(folder):
    camp.checkin(1, notes="first")
    camp.checkin(1, notes="second")
    path = folder / "day01.md"
    assert "second" in path.read_text("utf-8") and not (folder / "day01-2.md").exists()
    path.write_text(path.read_text("utf-8").replace("second", "mine"), "utf-8")
    assert "stays as it is" in repr(camp.checkin(1, notes="third"))
    assert "mine" in path.read_text("utf-8")
    assert "third" in (folder / "day01-2.md").read_text("utf-8")


def test_a_figure_that_is_none_is_refused_before_anything_is_written(folder):
    with pytest.raises(TypeError, match="matplotlib Figure"):
        camp.checkin(1, notes="x", figures=[3])
    assert not folder.exists()


# --- an answer kept and run again

SCALE = 2.0


def helper(x):
    return np.asarray(x) * SCALE


def answer(x):
    return helper(x).sum() + (answer(x[1:]) if len(x) > 3 else 0)


def run(source: str, name: str):
    return thaw(source, name)


def test_an_answer_is_kept_with_all_that_it_uses():
    source = freeze(answer)
    assert source is not None
    again = thaw(source, "answer")
    assert again(np.arange(5.0)) == answer(np.arange(5.0))
    assert again.__globals__ is not answer.__globals__


def test_what_cannot_be_written_down_is_not_kept():
    def inside(x):
        return x

    state = object()

    def closure(x):
        return state

    assert freeze(lambda x: x) is None and freeze(closure) is None and freeze(3) is None
    assert freeze(inside) is not None


def pass_day(day: catalog.Day) -> None:
    """All exercises of a day solved by answers that are a learner's, not the package's own."""
    for exercise in exercises_of(day):
        source = "import numpy as np\nimport mslearn as ms\nfrom mslearn import nn, ops\n"
        progress.record(day.number, exercise.id, "pass", source + exercise.solution_source())


def test_the_certificate_names_what_is_missing(folder):
    pass_day(catalog.day(1))
    text = repr(certificate())
    assert "No certificate yet: 1 of 25 days" in text
    assert "Day 25" in text and "this release does not have it yet" in text
    assert "Day 1," not in text and not folder.exists()


def test_the_certificate_checks_every_answer_again(folder):
    days = [catalog.day(1)]
    pass_day(days[0])
    card = certificate(days)
    assert card.tone == "pass" and "4 exercises" in repr(card)
    assert "Quick start" in (folder / "certificate.md").read_text("utf-8")

    wrong = "def accuracy(logits, labels):\n    return 1.0\n"
    progress.record(1, "d01.e1", "pass", wrong)
    assert "d01.e1 did not pass" in repr(certificate(days))
    progress.record(1, "d01.e1", "pass", "def accuracy(")
    assert "d01.e1 did not pass" in repr(certificate(days))


def test_a_pass_without_its_answer_is_no_proof():
    for exercise in exercises_of(catalog.day(1)):
        progress.record(1, exercise.id, "pass")
    assert "was not kept" in repr(certificate([catalog.day(1)]))
