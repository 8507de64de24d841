"""A chart that is fed by a thread, and what that costs the page: times of frames, memory."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from browser.harness import Lab
from insight.notebook_lab import notebook_lab
from playwright.sync_api import CDPSession, expect
from waiting import until

CELLS = [
    """
import threading, time
import numpy as np
from mslearn import insight
curves = insight.Curves(title="Stream", language="en")
small = insight.Curves(title="Few points", language="en")
streams = []
def stream(points, seconds, curves, noise=np.random.default_rng(0).normal(size=1 << 16)):
    "Two series, evenly over the time; catches up when the thread had no turn."
    begin, step, count = time.perf_counter(), 0, points // 2
    while step < count:
        due = min(count, int(count * (time.perf_counter() - begin) / seconds) + 1)
        for step in range(step, due):
            x = float(noise[step & 65535])
            curves.log(first + step, a=x + step / count, b=x * x + 1)
        step = due
        time.sleep(0.01)
first = 0
curves
""",
    "small",
]
POINTS = """() => document.querySelector(".ms-curves .ms-plots").dataset.x ?? "0" """
COLLECT = """() => {
    if (!window.counted) {
        const count = (type, name) => {
            const own = type.prototype[name];
            type.prototype[name] = function (...given) {
                window.counted[name]++;
                return own.apply(this, given);
            };
        };
        count(Path2D, 'lineTo');
        count(CanvasRenderingContext2D, 'clearRect');
    }
    window.counted = {lineTo: 0, clearRect: 0};
    const times = window.frameTimes = [];
    let last = performance.now();
    const next = now => {
        times.push(now - last);
        last = now;
        if (window.frameTimes === times) requestAnimationFrame(next);
    };
    requestAnimationFrame(now => { last = now; requestAnimationFrame(next); });
}"""
COLLECTED = """() => {
    const times = window.frameTimes;
    window.frameTimes = null;
    return [times, window.counted.clearRect, window.counted.lineTo];
}"""


class Page:
    """The notebook with the chart, and the browser's own meters."""

    def __init__(self, lab: Lab) -> None:
        self.lab, self.page = lab, lab.page
        self.devtools: CDPSession = lab.page.context.new_cdp_session(lab.page)
        self.devtools.send("Performance.enable")
        self._streams = 0

    def stream(self, points: int, seconds: float, first: int = 0, chart: str = "curves") -> None:
        """Start to log so many points in so many seconds."""
        self.lab.run_code(
            "for earlier in streams: earlier.join()\n"
            f"first, given = {first}, ({points}, {seconds}, {chart})\n"
            "streams.append(threading.Thread(target=stream, args=given, daemon=True))\n"
            "streams[-1].start()"
        )

    def last_step(self) -> int:
        """The step at the right end of the chart, to six digits; 0 while it is empty."""
        text = self.page.evaluate(POINTS).split(" ")[-1]
        return 0 if "inf" in text else int(float(text.replace("\u202f", "")))  # one point: "0.5"

    def wait_for_step(self, step: int) -> None:
        until(lambda: self.last_step() >= step * (1 - 1e-5))

    def frames(self, seconds: float) -> list[float]:
        """Milliseconds from frame to frame for a while."""
        return self.drawn(seconds)[0]

    def drawn(self, seconds: float) -> tuple[list[float], int, int]:
        """(milliseconds from frame to frame, how often a plot was painted, pieces of lines)"""
        self.page.evaluate(COLLECT)
        self.page.wait_for_timeout(1000 * seconds)
        times, painted, pieces = self.page.evaluate(COLLECTED)
        return times, painted, pieces

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
    """JupyterLab with an empty chart on the screen, and another for a few points."""
    with notebook_lab(home, "stream", CELLS, size=(1280, 1000)) as lab:
        lab.wait_idle()
        lab.run_cell(0)
        lab.run_cell(1)
        lab.scroll_to(0)
        expect(lab.page.locator(".ms-curves .ms-empty").first).to_be_visible()
        yield Page(lab)
