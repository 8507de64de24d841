"""The dashboard with 100 runs and a million numbers: until the first curves stand, and live.

    python benchmarks/dashboard.py

A server of its own in a process of its own, headless Chromium; each round a fresh server, which has
read nothing yet. "first curves": from the page's request until a chart is drawn. "all read": until
the page counts the whole million. "new point": from writing a step of one run until its number is
on the page, which asks once a second. "a look": one answer to the page's question when nothing is
new. Aims: first curves within 2 s, and an update every second.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ROUNDS = 5
NAME = "events.out.events.summary.1000000000.0.host_MS"


def write_runs(base: Path, runs: int = 100, steps: int = 1000, tags: int = 10) -> None:
    from mslearn.summary import messages
    from mslearn.summary.values import Datum
    from mslearn.summary.writer import record

    for r in range(runs):
        out = [record(messages.version_event(1e9))]
        for step in range(steps):
            data = [Datum("scalar", f"tag{k}", step * 0.01 + k + r) for k in range(tags)]
            out += [record(e) for e in messages.events(step, 1e9 + step, data)]
        folder = base / f"run{r:03d}"
        folder.mkdir(parents=True)
        (folder / NAME).write_bytes(b"".join(out))


def add_step(base: Path, step: int, value: float) -> None:
    from mslearn.summary import messages
    from mslearn.summary.values import Datum
    from mslearn.summary.writer import record

    (event,) = messages.events(step, time.time(), [Datum("scalar", "tag0", value)])
    with (base / "run000" / NAME).open("ab") as file:
        file.write(record(event))


def main() -> None:
    sys.path.insert(0, str(ROOT))
    sys.path.insert(0, str(ROOT / "tests"))
    from browser.harness import launch_chromium
    from insight.dashboard_server import serving
    from playwright.sync_api import expect, sync_playwright

    times: dict[str, list[float]] = {}

    def took(name: str, since: float) -> None:
        times.setdefault(name, []).append(time.perf_counter() - since)

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        base = Path(folder) / "runs"
        write_runs(base)
        browser = launch_chromium(playwright)
        for number in range(ROUNDS):
            with serving(base, Path(folder)) as server:
                page = browser.new_page(viewport={"width": 1280, "height": 860})
                begin = time.perf_counter()
                page.goto(f"{server.url}/mslearn/insight?token={server.token}")
                page.locator(".ms-d-card .u-over").first.wait_for()
                took("first curves", begin)
                expect(page.locator("#counts")).to_contain_text("1\u202f000\u202f", timeout=30_000)
                took("all read", begin)
                page.locator("#run-filter").fill("run000")
                card = page.locator(".ms-d-card[data-tag='tag0'] li").first
                for k in range(4):
                    step = 1000 + 4 * number + k
                    begin = time.perf_counter()
                    add_step(base, step, 1e6 + step)
                    expect(card).to_contain_text(f"step 1\u202f{step % 1000:03d}", timeout=30_000)
                    took("new point", begin)
                for _ in range(5):
                    time.sleep(0.6)
                    begin = time.perf_counter()
                    assert server.api("runs")[0] == 200
                    took("a look", begin)
                page.close()
        browser.close()
    for name, taken in times.items():
        ends = f"{min(taken):.2f} to {max(taken):.2f}"
        print(f"{name:14} {statistics.median(taken):6.2f} s  ({ends})")


if __name__ == "__main__":
    main()
