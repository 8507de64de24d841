"""Predictions, the recall quiz, links into the engine and the check-in, as a learner uses them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from browser.harness import WAIT_MS, Lab, RunningCamp
from playwright.sync_api import Locator, expect
from waiting import settled

from mslearn.camp.material import material

pytestmark = pytest.mark.browser


def index_of(lab: Lab, cell: str) -> int:
    return next(i for i, c in enumerate(lab.cells()) if c["id"] == cell)


def run(lab: Lab, *cells: str) -> None:
    for cell in cells:
        done = lab.run_cell(index_of(lab, cell))
        wrong = [o for o in done["outputs"] if o["output_type"] == "error"]
        assert not wrong, (cell, wrong)


def drawn(lab: Lab, cell: str, part: str = ".jp-Cell-outputArea") -> Locator:
    index = index_of(lab, cell)
    lab.scroll_to(index)
    front = lab.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)")
    shown = front.locator(f".jp-Notebook-cell[data-windowed-list-index='{index}']")
    expect(shown).to_be_attached(timeout=WAIT_MS)
    return shown.locator(part)


def progress(camp: RunningCamp) -> dict[str, Any]:
    path = camp.home / "mslearn-home" / "progress.json"
    day: dict[str, Any] = json.loads(path.read_text("utf-8"))["days"]["day01"]
    return day


def in_english(lab: Lab, camp: RunningCamp) -> None:
    camp.request("mslearn/language", b'{"language": "en"}')
    lab.wait_text(lab.day(1), "Quick start")
    lab.day(1).click()
    lab.wait_open("en/day01_quick_start.ipynb")
    lab.wait_idle()


def test_predictions_are_sealed_and_compared(lab: Lab, camp: RunningCamp) -> None:
    in_english(lab, camp)
    run(lab, "d01-imports", "d01-digits", "d01-pipeline")
    asked = drawn(lab, "d01-pipeline").locator(".ms-predict")
    field = asked.get_by_role("textbox")
    field.fill("thirty-two")
    field.press("Enter")
    expect(asked.get_by_role("status").first).to_contain_text("A shape looks like (32, 10)")
    field.fill("32 x 28 x 28")
    asked.get_by_role("button", name="Seal").click()
    expect(asked.get_by_role("status").first).to_contain_text("Sealed at")
    entry = progress(camp)["predictions"]["d01.p1"]
    assert entry["guess"] == [32, 28, 28] and len(entry["seal"]) == 64
    run(lab, "d01-batch")
    for text in ("Not as predicted", "(32, 28, 28)", "(32, 1, 28, 28)"):
        expect(drawn(lab, "d01-batch")).to_contain_text(text)
    assert progress(camp)["predictions"]["d01.p1"]["right"] is False

    # A choice by keyboard, and a drawn curve.
    run(lab, "d01-p3", "d01-p4")
    asked = drawn(lab, "d01-p3").locator(".ms-predict")
    asked.get_by_role("radio", name="smaller").focus()
    lab.page.keyboard.press("Space")
    asked.get_by_role("button", name="Seal").press("Enter")
    expect(asked.get_by_role("status").first).to_contain_text("smaller")
    board = drawn(lab, "d01-p4").locator(".ms-predict svg")
    box = settled(board.bounding_box)  # the notebook may still be drawing what is above it
    assert box is not None
    x, y, w, h = box["x"], box["y"], box["width"], box["height"]
    lab.page.mouse.move(x + 0.13 * w, y + 0.1 * h)
    lab.page.mouse.down()
    lab.page.mouse.move(x + 0.4 * w, y + 0.7 * h, steps=6)
    lab.page.mouse.move(x + 0.95 * w, y + 0.78 * h, steps=6)
    lab.page.mouse.up()
    asked = drawn(lab, "d01-p4").locator(".ms-predict")
    asked.get_by_role("button", name="Seal").click()
    expect(asked.get_by_role("status").first).to_contain_text("your curve")
    guess = progress(camp)["predictions"]["d01.p4"]["guess"]
    assert len(guess) == 21 and guess[0] > 1.5 > guess[10] > guess[-1]
    lab.screenshot("camp-predictions")
    assert lab.errors == []


def test_the_quiz_is_answered_with_the_keyboard_and_recorded(lab: Lab, camp: RunningCamp) -> None:
    in_english(lab, camp)
    run(lab, "d01-imports", "d01-quiz")
    quiz = drawn(lab, "d01-quiz").locator(".ms-quiz")
    expect(quiz.locator("fieldset")).to_have_count(len(material(1).quiz))

    short = quiz.locator("[data-question='dense-count']")
    short.get_by_role("textbox").fill("5,130")
    short.get_by_role("textbox").press("Enter")
    expect(short.locator(".ms-verdict")).to_have_attribute("data-right", "true")
    expect(short.locator(".ms-verdict")).to_contain_text("512 × 10 weights")

    choice = quiz.locator("[data-question='construct']")
    choice.get_by_role("radio", name="forward").focus()
    lab.page.keyboard.press("Space")
    lab.page.keyboard.press("Tab")
    lab.page.keyboard.press("Enter")
    expect(choice.locator(".ms-verdict")).to_have_attribute("data-right", "false")
    expect(choice.locator(".ms-option-right")).to_contain_text("construct")
    expect(quiz.locator(".ms-bar")).to_contain_text("1 of 9 right")
    stored = progress(camp)["quiz"]
    assert stored["dense-count"] == {"right": True, "tries": 1}
    assert stored["construct"] == {"right": False, "tries": 1}
    lab.screenshot("camp-quiz")

    lab.theme("JupyterLab Dark")
    lab.screenshot("camp-quiz-dark")
    lab.theme("JupyterLab Light")
    assert lab.errors == []


def test_a_link_opens_the_engines_source_at_the_definition(lab: Lab, camp: RunningCamp) -> None:
    in_english(lab, camp)
    drawn(lab, "d01-on-further", ".jp-RenderedMarkdown").get_by_role(
        "link", name="Dense", exact=True
    ).click()
    lab.wait_open("engine/nn/layers.py")
    lab.page.wait_for_function(
        "() => { const e = window.jupyterapp.shell.currentWidget.content.editor;"
        " return e.getLine(e.getCursorPosition().line)?.startsWith('class Dense('); }",
        timeout=WAIT_MS,
    )
    copied = camp.home / "mslearn-camp" / "engine" / "nn" / "layers.py"
    assert copied.stat().st_mode & 0o222 == 0, "to read, not to write"
    lab.screenshot("camp-source")
    lab.page.evaluate("window.jupyterapp.shell.currentWidget.close()")


def test_the_check_in_writes_a_page(lab: Lab, camp: RunningCamp) -> None:
    in_english(lab, camp)
    run(lab, "d01-imports")
    index = index_of(lab, "d01-checkin")
    lab.page.evaluate(
        "([i, text]) => window.jupyterapp.shell.currentWidget.content.model.cells.get(i)"
        ".sharedModel.setSource(text)",
        [index, 'day.checkin(notes="Softmax **twice**: never again.")'],
    )
    run(lab, "d01-checkin")
    assert "checkins/day01.md" in lab.output_text(index)
    page = (camp.home / "mslearn-camp" / "checkins" / "day01.md").read_text("utf-8")
    assert page.startswith("# Day 1 of 25 · Quick start") and "Softmax **twice**" in page
    assert lab.errors == []
