"""Every day opens, runs, takes the right answers and is ticked, in a real browser.

    make test ARGS=tests/browser/test_days.py                        # one day, both languages
    MSLEARN_DAYS=all make test ARGS=tests/browser/test_days.py       # all of them
    MSLEARN_DAYS=day02,day05 …                                       # some

Which day a plain run takes changes with the date, so that all are visited within days.
"""

from __future__ import annotations

import datetime
import json
import os
from typing import Any

import pytest
from browser.harness import WAIT_MS, Lab, RunningCamp
from playwright.sync_api import expect

from mslearn.camp import catalog
from mslearn.camp.exercise import Exercise
from mslearn.camp.session import exercises_of

pytestmark = pytest.mark.browser

WRITTEN = [day.id for day in catalog.DAYS if day.exercises]
PASSED = {"en": "Passed", "zh": "通过"}


def chosen() -> list[str]:
    wanted = os.environ.get("MSLEARN_DAYS", "")
    if wanted == "all":
        return WRITTEN
    if wanted:
        return wanted.split(",")
    others = [day for day in WRITTEN if day != "day01"] or WRITTEN  # Day 1 has a test of its own
    return [others[datetime.date.today().toordinal() % len(others)]]


def solved(exercise: Exercise) -> str:
    """An exercise's cell with the right answer."""
    check = f'day.exercise("{exercise.id}").check({exercise.function})'
    return f"{exercise.solution_source()}\n\n{check}"


def index_of(lab: Lab, cell: str) -> int:
    return next(i for i, c in enumerate(lab.cells()) if c["id"] == cell)


@pytest.mark.parametrize("language", catalog.LANGUAGES)
@pytest.mark.parametrize("name", chosen())
def test_a_day_from_opening_to_the_tick(
    lab: Lab, camp: RunningCamp, name: str, language: str
) -> None:
    day = catalog.day(name)
    progress = camp.home / "mslearn-home" / "progress.json"
    progress.unlink(missing_ok=True)
    camp.request("mslearn/language", json.dumps({"language": language}).encode())
    lab.wait_text(lab.day(day.number), getattr(day, language))
    lab.day(day.number).click()
    lab.wait_open(day.path(language))
    lab.wait_idle()
    for cell in lab.run_all_cells():
        assert not _errors(cell), (cell["id"], cell["outputs"])

    for exercise in exercises_of(day):
        cell = index_of(lab, exercise.id.replace(".", "-"))
        lab.page.evaluate(
            "([i, text]) => window.jupyterapp.shell.currentWidget.content.model.cells.get(i)"
            ".sharedModel.setSource(text)",
            [cell, solved(exercise)],
        )
        done = lab.run_cell(cell)
        assert PASSED[language] in lab.output_text(cell), (exercise.id, done["outputs"])
        lab.scroll_to(cell)
    lab.screenshot(f"{name}-{language}-exercises")
    expect(lab.day(day.number)).to_have_attribute("data-state", "done", timeout=WAIT_MS)

    lab.run_cell(index_of(lab, f"d{day.number:02d}-checkin"))
    assert (camp.home / "mslearn-camp" / "checkins" / f"{name}.md").exists()
    assert lab.errors == []


def _errors(cell: dict[str, Any]) -> list[Any]:
    return [o for o in cell["outputs"] if o.get("output_type") == "error"]
