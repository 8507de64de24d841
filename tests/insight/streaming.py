"""A chart that is fed by a thread, and what that costs the page: times of frames, memory."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from browser.harness import Lab
from insight.notebook_lab import notebook_lab
from playwright.sync_api import CDPSession, expect

CELLS = [
    """
import threading, time
import numpy as np
from mslearn import insight
curves = insight.Curves(title="Stream", language="en")
going = threading.Event()
def stream(points, seconds, noise=np.random.default_rng(0).normal(size=1 << 16)):
    "Two series, evenly over the time; catches up when the thread had no turn."
    going.set()
    begin, step, count = time.perf_counter(), 0, points // 2
    while step < count and going.is_set():
        due = min(count, int(count * (time.perf_counter() - begin) / seconds) + 1)
        for step in range(step, due):
            x = float(noise[step & 65535])
            curves.log(first + step, a=x + step / count, b=x * x + 1)
        step = due
        time.sleep(0.01)
    going.clear()
first = 0
curves
""",
]
POINTS = """() => [...document.querySelectorAll(".ms-curves .ms-plots")].at(-1).dataset.x ?? "0" """
COLLECT = """() => {
    const times = window.frameTimes = [];
    let last = performance.now();
    const next = now => {
        times.push(now - last);
        last = now;
        if (window.frameTimes === times) requestAnimationFrame(next);
    };
    requestAnimationFrame(now => { last = now; requestAnimationFrame(next); });
}"""
COLLECTED = "() => { const times = window.frameTimes; window.frameTimes = null; return times; }"


class Page:
    """The notebook with the chart, and the browser's own meters."""

    def __init__(self, lab: Lab) -> None:
        self.lab, self.page = lab, lab.page
        self.devtools: CDPSession = lab.page.context.new_cdp_session(lab.page)
        self.devtools.send("Performance.enable")
        self._streams = 0

    def run(self, code: str) -> None:
        """Run code in the kernel, silently, so that the notebook does not grow."""
        self.page.evaluate(
            """async code => {
                const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
                const done = await kernel.requestExecute({code, silent: true}).done;
                if (done.content.status !== 'ok') throw new Error(done.content.evalue);
            }""",
            code,
        )

    def stream(self, points: int, seconds: float, first: int = 0) -> None:
        """Start to log so many points in so many seconds."""
        self.run(
            f"first = {first}\n"
            f"threading.Thread(target=stream, args=({points}, {seconds}), daemon=True).start()"
        )

    def last_step(self) -> int:
        """The step at the right end of the chart; 0 while it is empty."""
        text = self.page.evaluate(POINTS).split(" ")[-1]
        return 0 if "inf" in text else int(float(text.replace("\u202f", "")))  # one point: "0.5"

    def wait_for_step(self, step: int, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while self.last_step() < step:
            assert time.monotonic() < deadline, f"the chart ends at step {self.last_step()}"
            self.page.wait_for_timeout(100)

    def frames(self, seconds: float) -> list[float]:
        """Milliseconds from frame to frame for a while."""
        self.page.evaluate(COLLECT)
        self.page.wait_for_timeout(1000 * seconds)
        return list(self.page.evaluate(COLLECTED))

    def memory(self) -> dict[str, float]:
        """MiB of the page after a garbage collection, and counts of what may leak.

        ``heap`` is JavaScript's, ``arrays`` what typed arrays hold beside it.
        """
        for _ in range(2):
            self.devtools.send("HeapProfiler.collectGarbage")
        usage = self.devtools.send("Runtime.getHeapUsage")
        metrics: dict[str, Any] = {
            m["name"]: m["value"] for m in self.devtools.send("Performance.getMetrics")["metrics"]
        }
        return {
            "heap": metrics["JSHeapUsedSize"] / 2**20,
            "arrays": usage.get("backingStorageSize", 0.0) / 2**20,
            "nodes": metrics["Nodes"],
            "listeners": metrics["JSEventListeners"],
        }


@contextlib.contextmanager
def open_stream(home: Path) -> Iterator[Page]:
    """JupyterLab with an empty chart on the screen."""
    with notebook_lab(home, "stream", CELLS, size=(1280, 1000)) as lab:
        lab.wait_idle()
        lab.run_cell(0)
        expect(lab.page.locator(".ms-curves .ms-empty")).to_be_visible()
        yield Page(lab)
