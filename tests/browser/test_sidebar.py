"""The camp's sidebar, as a learner sees it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

import pytest
from browser.harness import Lab, RunningCamp
from playwright.sync_api import APIResponse, Route, expect
from waiting import settled

pytestmark = pytest.mark.browser

DAY1 = {"en": "en/day01_quick_start.ipynb", "zh": "zh/day01_quick_start.ipynb"}


@pytest.fixture(autouse=True)
def in_english(camp: RunningCamp) -> None:
    body = json.dumps({"language": "en"}).encode()
    assert camp.request("mslearn/language", body).status == 200


def record(camp: RunningCamp, exercise: str) -> None:
    """What a passed check does, from a process of its own, as a kernel would."""
    code = f"from mslearn.camp import progress; progress.record(1, {exercise!r}, 'pass')"
    environment = os.environ | {"MSLEARN_HOME": str(camp.home / "mslearn-home")}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)


def test_start_shows_the_camp_and_day_1(lab: Lab) -> None:
    expect(lab.sidebar).to_be_visible()
    lab.wait_open(DAY1["en"])
    buttons = lab.sidebar.locator("button[data-day]")
    expect(buttons).to_have_count(25)
    expect(lab.day(1)).to_be_enabled()
    expect(lab.day(1)).to_contain_text("Quick start")
    expect(lab.day(1)).to_have_attribute("aria-current", "page")
    bar = lab.sidebar.get_by_role("progressbar", name="0 of 25 days done")
    expect(bar).to_have_attribute("aria-valuenow", "0")
    assert not lab.page.locator(".jp-Dialog, .jp-toast").count(), "nothing may cover the lesson"
    lab.wait_idle()
    lab.screenshot("sidebar-en")
    assert lab.errors == []


def test_days_to_come_say_so_and_cannot_be_opened(lab: Lab) -> None:
    expect(lab.day(25)).to_have_attribute("data-state", "coming")
    coming = lab.sidebar.locator("button[data-state='coming']")
    for button in coming.all():
        expect(button).to_be_disabled()
        expect(button).to_contain_text("coming soon")


def test_the_language_switch_changes_list_and_lesson_and_stays(lab: Lab, camp: RunningCamp) -> None:
    lab.wait_open(DAY1["en"])
    lab.sidebar.get_by_role("button", name="中文").click()
    lab.wait_text(lab.day(1), "快速入门")
    expect(lab.sidebar.get_by_role("heading")).to_have_text("MindSpore 打卡营")
    expect(lab.sidebar.get_by_role("button", name="中文")).to_have_attribute("aria-pressed", "true")
    lab.day(1).click()
    lab.wait_open(DAY1["zh"])
    lab.wait_idle()
    lab.screenshot("sidebar-zh")
    assert json.load(camp.request("mslearn/camp"))["language"] == "zh"

    lab.page.goto(f"{camp.url}lab?reset")
    lab.wait_restored()
    lab.wait_text(lab.day(1), "快速入门")


def test_an_answer_that_the_choice_has_overtaken_changes_nothing(lab: Lab) -> None:
    late: list[tuple[Route, APIResponse]] = []

    def hold(route: Route) -> None:
        if late or "if-none-match" in route.request.headers:  # the latter hears of nothing new
            route.continue_()
        else:
            late.append((route, route.fetch()))

    lab.wait_text(lab.day(1), "Quick start")
    lab.page.route("**/mslearn/camp*", hold)
    lab.sidebar.get_by_role("button", name="中文").click()
    lab.wait_text(lab.day(1), "快速入门")
    while not late:
        lab.page.wait_for_timeout(50)  # the next poll, which knows Chinese
    lab.sidebar.get_by_role("button", name="English").click()
    lab.wait_text(lab.day(1), "Quick start")
    lab.page.evaluate(NAMES)
    route, answer = late[0]
    route.fulfill(response=answer)
    with lab.page.expect_response("**/mslearn/camp*"):
        pass  # the poll after it
    lab.wait_text(lab.day(1), "Quick start")
    assert lab.page.evaluate("() => window.names.filter(name => !/Quick start/.test(name))") == []


NAMES = """() => {
    window.names = [];
    const first = document.querySelector("#mslearn-camp button[data-day='day01']");
    new MutationObserver(() => window.names.push(first.textContent))
        .observe(first, {subtree: true, childList: true, characterData: true});
}"""


def test_a_passed_exercise_shows_without_a_reload(lab: Lab, camp: RunningCamp) -> None:
    expect(lab.day(1)).to_have_attribute("data-state", re.compile("available|started"))
    first, *others = json.loads(
        subprocess.run(
            [
                sys.executable,
                "-c",
                "import json; from mslearn.camp import catalog; "
                "print(json.dumps(catalog.day(1).exercise_ids))",
            ],
            capture_output=True,
            check=True,
        ).stdout
    )
    record(camp, first)
    expect(lab.day(1)).to_have_attribute("data-state", "started")
    lab.wait_text(lab.day(1), "in progress")
    for exercise in others:
        record(camp, exercise)
    expect(lab.day(1)).to_have_attribute("data-state", "done")
    expect(lab.sidebar.locator("[aria-live=polite]")).to_contain_text("Day 1 done")
    expect(lab.sidebar.get_by_role("progressbar", name="1 of 25 days done")).to_be_visible()
    lab.theme("JupyterLab Dark")
    lab.screenshot("sidebar-dark")
    assert lab.errors == []


DRAWN = """() => [document.activeElement?.className,
    document.querySelectorAll('.jp-NotebookPanel .cm-content, .jp-NotebookPanel .jp-MarkdownOutput')
        .length]"""
IN_NOTEBOOK = "() => !!document.activeElement?.closest('.jp-NotebookPanel')"


def test_the_keyboard_reaches_language_and_days(lab: Lab, camp: RunningCamp) -> None:
    lab.wait_open(DAY1["en"])
    lab.wait_idle()
    settled(lambda: lab.page.evaluate(DRAWN), 2)
    for _ in range(8):
        lab.sidebar.get_by_role("button", name="English").focus()
        lab.page.keyboard.press("Tab")
        lab.page.keyboard.press("Enter")
        lab.page.wait_for_timeout(1000)
        # A notebook that still draws its cells takes the focus once more: JupyterLab's doing. Only
        # then is there another try; focus that the sidebar itself loses fails below.
        if not lab.page.evaluate(IN_NOTEBOOK):
            break
        camp.request("mslearn/language", b'{"language": "en"}')
        lab.wait_text(lab.day(1), "Quick start")
    lab.wait_text(lab.day(1), "快速入门")
    expect(lab.sidebar.get_by_role("button", name="中文")).to_be_focused()
    lab.page.keyboard.press("Tab")
    expect(lab.sidebar.locator(".mslearn-Camp-insight")).to_be_focused()  # opens the dashboard
    lab.page.keyboard.press("Tab")
    expect(lab.day(1)).to_be_focused()
    lab.page.keyboard.press("Enter")
    lab.wait_open(DAY1["zh"])


def test_a_deleted_lesson_is_explained(lab: Lab, camp: RunningCamp) -> None:
    lesson = camp.home / "mslearn-camp" / DAY1["zh"]
    kept = lesson.read_bytes()
    lab.sidebar.get_by_role("button", name="中文").click()
    lab.wait_text(lab.day(1), "快速入门")
    lesson.unlink()
    try:
        lab.day(1).click()
        note = lab.sidebar.get_by_role("alert")
        lab.wait_text(note, DAY1["zh"])
        lab.page.wait_for_timeout(3000)  # the next poll must not wipe it away
        expect(note).to_contain_text("mslearn lab")
    finally:
        lesson.write_bytes(kept)


def test_without_the_server_extension_the_sidebar_says_what_to_do(lab: Lab) -> None:
    lab.page.route("**/mslearn/camp*", lambda route: route.fulfill(status=404, body="{}"))
    lab.page.reload()
    lab.wait_restored()
    note = lab.sidebar.get_by_role("alert")
    lab.wait_text(note, "does not run the mslearn server extension")
    lab.wait_text(note, 'pip install "mslearn[lab]"')
