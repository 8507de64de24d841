"""Runs of real MindSpore, watched while they grow: its files in pieces, and MindSpore itself."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
from pathlib import Path

import pytest
from browser.harness import RESULTS, launch_chromium
from insight.dashboard_server import REAL, Server, new_page, serving
from playwright.sync_api import expect, sync_playwright
from waiting import LONG, until

from mslearn.summary import Run

WRITER = """
import sys, time
import numpy as np
import mindspore as ms

if __name__ == "__main__":
    with ms.SummaryRecord(sys.argv[1]) as written:
        for step in range(1, 5):
            written.add_value("scalar", "loss", ms.Tensor(10.0 / step, ms.float32))
            written.add_value("histogram", "w", ms.Tensor(np.arange(9, dtype=np.float32) * step))
            written.record(step)
            written.flush()
            sys.stdin.readline()
"""


@pytest.mark.browser
def test_a_file_of_mindspore_in_pieces(tmp_path: Path) -> None:
    source = REAL / "events.out.events.summary.1795254140.0.vm_MS"
    whole = source.read_bytes()
    read = Run(REAL)
    read.refresh()
    steps = [int(s) for s in read.scalars["loss/auto"].steps.view()]
    folder = tmp_path / "runs" / "real"
    folder.mkdir(parents=True)
    target = folder / source.name
    with serving(tmp_path / "runs", tmp_path) as server, sync_playwright() as playwright:
        browser = launch_chromium(playwright)
        page = new_page(browser)
        page.goto(f"{server.url}/mslearn/insight?token={server.token}")
        row = page.locator(".ms-d-card[data-tag='loss/auto'] li")
        seen, ends = [], [int(part * len(whole)) for part in (0, 0.4, 0.7, 0.9)]
        for begin, end in itertools.pairwise(ends):  # anywhere, also within a record
            with target.open("ab") as file:
                file.write(whole[begin:end])
            here = Run(folder)
            here.refresh()
            last = int(here.scalars["loss/auto"].steps.view()[-1])
            expect(row).to_contain_text(f"step {last} ".strip())
            expect(page.locator(".ms-d-main .ms-note")).to_have_count(0)
            seen.append(last)
        with target.open("ab") as file:
            file.write(whole[ends[-1] :])
        target.chmod(0o400)  # as MindSpore leaves it
        expect(row).to_contain_text(f"step {steps[-1]}")
        assert seen == sorted(seen) and seen[0] < steps[-1], "it grew before the page's eyes"
        listed = json.loads(server.api("runs")[1])["runs"][0]
        assert not listed["skipped"] and listed["scalars"]["loss/auto"][0] == len(steps)
        RESULTS.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=RESULTS / "dashboard-growing.png")
        browser.close()


@pytest.mark.skipif("MSLEARN_ORACLE" not in os.environ, reason="MSLEARN_ORACLE names no Python")
def test_mindspore_itself(tmp_path: Path) -> None:
    script = tmp_path / "writer.py"
    script.write_text(WRITER, encoding="utf-8")
    base = tmp_path / "runs"
    base.mkdir()
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    with (
        serving(base, tmp_path) as server,
        subprocess.Popen(
            [os.environ["MSLEARN_ORACLE"], str(script), str(base / "real")],
            env=environment, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        ) as writer,
    ):  # fmt: skip
        assert writer.stdin is not None
        for step in range(1, 5):
            until(lambda step=step: last(server) == step)
            writer.stdin.write("\n")
            writer.stdin.flush()
        assert writer.wait(LONG) == 0


def last(server: Server) -> int | None:
    """How many steps of the loss the dashboard has of the only run."""
    for run in json.loads(server.api("runs")[1])["runs"]:
        assert not run["skipped"]
        if "loss" in run["scalars"]:
            return int(run["scalars"]["loss"][0])
    return None
