"""Day 1 as a learner goes through it: run, watch, pause, look inside, do the exercises, be ticked.

One test a language: the steps follow each other in one notebook.
"""

from __future__ import annotations

import json
import re

import pytest
from browser.harness import WAIT_MS, Lab, RunningCamp
from playwright.sync_api import Locator, expect
from waiting import settled, until

from mslearn.camp.days.day01 import EXERCISES

pytestmark = pytest.mark.browser

# A training that is over before the page has shown its buttons could not be paused: until the file
# is there, every step waits a little.
UNHURRIED = """
def _unhurried():
    import os, time
    from mslearn.insight.training import Training
    own = Training._may_go
    def may_go(self):
        if not os.path.exists({!r}):
            time.sleep(0.05)
        return own(self)
    Training._may_go = may_go
_unhurried()
"""
WORDS = {
    "en": {"passed": "Passed", "file": "en/day01_quick_start.ipynb"},
    "zh": {"passed": "通过", "file": "zh/day01_quick_start.ipynb"},
}


def index_of(lab: Lab, cell: str) -> int:
    return next(i for i, c in enumerate(lab.cells()) if c["id"] == cell)


def output(lab: Lab, cell: str) -> Locator:
    """The drawn output of a cell, scrolled onto the screen."""
    index = index_of(lab, cell)
    lab.scroll_to(index)
    front = lab.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)")
    shown = front.locator(f".jp-Notebook-cell[data-windowed-list-index='{index}']")
    expect(shown).to_be_attached(timeout=WAIT_MS)
    return shown.locator(".jp-Cell-outputArea")


def replace_source(lab: Lab, cell: str, source: str) -> None:
    lab.page.evaluate(
        "([i, text]) => window.jupyterapp.shell.currentWidget.content.model.cells.get(i)"
        ".sharedModel.setSource(text)",
        [index_of(lab, cell), source],
    )


def steps(chart: Locator) -> int:
    return int(re.sub(r"\D", "", chart.locator(".ms-figures span").first.inner_text()))


@pytest.mark.parametrize("language", ["en", "zh"])
def test_day_1_from_opening_to_the_tick(lab: Lab, camp: RunningCamp, language: str) -> None:
    progress = camp.home / "mslearn-home" / "progress.json"
    progress.unlink(missing_ok=True)
    words = WORDS[language]
    assert (
        camp.request("mslearn/language", json.dumps({"language": language}).encode()).status == 200
    )
    expect(lab.day(1)).not_to_have_attribute("data-state", "done", timeout=WAIT_MS)
    if lab.open_path() != words["file"]:
        lab.day(1).click()
    lab.wait_open(words["file"])
    lab.wait_idle()

    paused = camp.home / f"paused-{language}"
    lab.run_code(UNHURRIED.format(str(paused)))

    # -- run everything; pause the training on the way ------------------------------------------
    train = index_of(lab, "d01-train")
    lab.command("notebook:run-all-cells")
    lab.page.wait_for_function(
        "i => window.jupyterapp.shell.currentWidget.content.model.cells.get(i)"
        ".outputs.length > 0 && window.jupyterapp.shell.currentWidget.content"
        ".model.cells.get(i).executionCount === null",
        arg=train,
        timeout=600_000,
    )
    chart = output(lab, "d01-train").locator(".ms-curves")
    expect(chart.locator(".ms-state")).to_have_attribute("data-state", "running", timeout=WAIT_MS)
    chart.locator("[data-action=pause]").click()
    expect(chart.locator(".ms-state")).to_have_attribute("data-state", "paused", timeout=WAIT_MS)
    paused.touch()
    held = settled(lambda: steps(chart), 3)  # Pause holds the training while its cell runs
    assert held > 0
    chart.locator("[data-action=step]").click()
    until(lambda: steps(chart) > held)
    assert settled(lambda: steps(chart), 3) == held + 1
    lab.screenshot(f"day01-{language}-paused")
    chart.locator("[data-action=resume]").click()
    lab.page.wait_for_function(
        "() => [...window.jupyterapp.shell.currentWidget.content.model.cells]"
        ".every(c => c.type !== 'code' || !c.sharedModel.getSource().trim() || c.executionCount)",
        timeout=600_000,
    )
    lab.wait_idle()
    output(lab, "d01-train")
    lab.screenshot(f"day01-{language}-trained")  # docs/images/day01.png is this picture
    for cell in lab.cells():
        wrong = [o for o in cell.get("outputs", []) if o.get("output_type") == "error"]
        assert not wrong, (cell["id"], wrong)
    accuracy = re.search(r"≈ ([\d.]+) %", lab.output_text(train))
    assert accuracy and float(accuracy[1]) >= 90.0

    # -- the graph: values and gradients on hover, folding ----------------------------------------
    graph = output(lab, "d01-graph").locator(".ms-graph")
    expect(graph).to_be_visible(timeout=WAIT_MS)
    nodes = graph.locator("g.ms-g-item")
    until(lambda: nodes.count() >= 4)
    before = settled(nodes.count, 0.3)
    graph.locator("g.ms-g-scope").first.evaluate(
        "e => e.dispatchEvent(new MouseEvent('dblclick', {bubbles: true}))"
    )
    until(lambda: nodes.count() != before, "a double click folds or unfolds a scope")
    operator = graph.locator("g.ms-g-op, g.ms-g-parameter").first
    operator.hover()
    card = graph.locator(".ms-g-card")
    expect(card).to_be_visible(timeout=WAIT_MS)
    expect(card.locator("[data-part=value]").first).to_be_visible()
    expect(card.locator("[data-part=grad]").first).to_be_visible()
    lab.screenshot(f"day01-{language}-graph")

    # -- the parameters: a row each, histogram and heatmap ----------------------------------------
    parameters = output(lab, "d01-parameters").locator(".ms-params")
    expect(parameters.locator("tbody tr")).not_to_have_count(0, timeout=WAIT_MS)
    rows = parameters.locator("tbody tr")
    until(lambda: rows.count() >= 4)
    expect(rows.first).to_contain_text("weight")
    expect(parameters.locator(".ms-hist").first).to_be_visible()
    expect(parameters.locator(".ms-heat canvas").first).to_be_visible()
    lab.screenshot(f"day01-{language}-parameters")

    # -- the confusion matrix: the pictures behind a cell -----------------------------------------
    confusion = output(lab, "d01-confusion").locator(".ms-i-predictions")
    expect(confusion.locator("td[data-cell]")).to_have_count(100, timeout=WAIT_MS)
    confusion.locator(".ms-i-pairs button").first.click()
    expect(confusion.locator(".ms-i-tile").first).to_contain_text("✗", timeout=WAIT_MS)
    lab.screenshot(f"day01-{language}-confusion")

    # -- the exercises: hint, then the right answers ----------------------------------------------
    expect(lab.day(1)).not_to_have_attribute("data-state", "done")
    for exercise in EXERCISES:
        cell = exercise.id.replace(".", "-")
        check = f'day.exercise("{exercise.id}").check({exercise.function})'
        replace_source(lab, cell, f"{exercise.solution_source()}\n\n{check}")
        done = lab.run_cell(index_of(lab, cell))
        assert words["passed"] in lab.output_text(index_of(lab, cell)), done["outputs"]

    # -- the tick ----------------------------------------------------------------------------------
    expect(lab.day(1)).to_have_attribute("data-state", "done", timeout=WAIT_MS)
    lab.screenshot(f"day01-{language}-done")
    assert json.loads(progress.read_text(encoding="utf-8"))["days"]["day01"]["done"] is True
    assert lab.errors == []
