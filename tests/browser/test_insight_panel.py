"""The dashboard as a tab of JupyterLab, opened from the camp's sidebar."""

from __future__ import annotations

from pathlib import Path

import pytest
from browser.harness import launch_chromium, open_lab, running_camp
from playwright.sync_api import expect, sync_playwright

import mslearn as ms


@pytest.mark.browser
def test_the_dashboard_opens_in_a_tab_and_shows_runs(tmp_path: Path):
    with running_camp(tmp_path) as camp:
        with ms.SummaryRecord(str(tmp_path / "mslearn-camp" / "runs" / "first")) as written:
            for step in range(5):
                written.add_value("scalar", "loss", ms.Tensor(1 / (step + 1)))
                written.add_value("tensor", "w", ms.Tensor([[step, 0.5], [-1.0, 2.0]]))
                written.record(step)
        with sync_playwright() as playwright:
            browser = launch_chromium(playwright)
            with open_lab(camp, browser) as lab:
                lab.wait_open("en/day01_quick_start.ipynb")
                lab.click("button.mslearn-Camp-insight")
                frame = lab.page.frame_locator(".mslearn-Insight iframe")
                expect(frame.locator(".ms-d-runs")).to_contain_text("./runs/first")
                expect(frame.locator(".ms-d-card[data-tag='loss'] .u-over")).to_be_visible()
                lab.click("button.mslearn-Camp-insight")  # brings it to the front, opens no second
                expect(lab.page.locator(".mslearn-Insight")).to_have_count(1)
                lab.screenshot("insight-panel")
                with lab.page.expect_download() as waiting:  # files leave the frame as well
                    frame.locator(".ms-d-card[data-tag='loss'] [data-action=csv]").click()
                waiting.value.save_as(tmp_path / "loss.csv")
                assert len((tmp_path / "loss.csv").read_text().splitlines()) == 6
                frame.locator("[data-view=tensors]").click()
                cells = frame.locator(".ms-d-card[data-tag='w'] .ms-d-cells tbody td")
                expect(cells).to_have_text(["4.0000", "0.5000", "−1.0000", "2.0000"])
                frame.locator("[data-language=zh]").click()
                expect(frame.locator(".ms-d-main")).to_contain_text("切片")
                lab.screenshot("insight-panel-tensors-zh")
            browser.close()
