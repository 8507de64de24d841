from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from browser.harness import Lab, NoChromium, RunningCamp, launch_chromium, open_lab, running_camp
from playwright.sync_api import Browser, sync_playwright


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A headless Chromium; without one the tests fail and say how to get it.

    One for each file: Playwright's event loop, as long as it lives, stands in the way of other
    tests' `asyncio.run`.
    """
    with sync_playwright() as playwright:
        try:
            browser = launch_chromium(playwright)
        except NoChromium as error:
            pytest.fail(str(error), pytrace=False)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def camp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCamp]:
    """`mslearn lab` for the tests of one file, with empty folders of its own."""
    with running_camp(tmp_path_factory.mktemp("camp")) as running:
        yield running


@pytest.fixture
def lab(request: pytest.FixtureRequest, camp: RunningCamp, chromium: Browser) -> Iterator[Lab]:
    """A JupyterLab page on Day 1; a failing test leaves a screenshot of it in test-results/."""
    with open_lab(camp, chromium) as opened:
        yield opened
        report = getattr(request.node, "report_call", None)
        if report is not None and report.failed:
            path = opened.screenshot(f"failed-{request.node.name}")
            print(f"screenshot: {path}\nconsole: {opened.errors}\nlog: {_tail(camp.log)}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    report = yield
    if report.when == "call":
        item.report_call = report
    return report


def _tail(log: Path, characters: int = 3000) -> str:
    return log.read_text(encoding="utf-8", errors="replace")[-characters:]
