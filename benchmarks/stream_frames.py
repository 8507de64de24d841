"""Frame times of a real Chromium while a million points stream into a chart, and afterwards.

    python benchmarks/stream_frames.py [--points 1000000] [--seconds 30]

Needs `pip install ".[lab,dev]"` and a Chromium, like the browser tests. A frame is what lies
between two calls of requestAnimationFrame: 16.7 ms where nothing is in the way; the aim is 33.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "tests" / "insight")]
os.environ["PYTHONPATH"] = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])


def report(title: str, times: list[float]) -> None:
    middle, most, worst = np.quantile(times, [0.5, 0.95, 1])
    late = 100 * np.mean(np.array(times) > 33.4)
    print(f"{title:32} {len(times):5} frames, median {middle:5.1f} ms, 95 % within {most:5.1f}, "
          f"worst {worst:6.1f}, over 33 ms: {late:4.1f} %", flush=True)  # fmt: skip


def main() -> None:
    from insight.streaming import open_stream

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--points", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=30)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as home, open_stream(Path(home)) as page:
        report("nothing to draw", page.frames(3))
        page.stream(given.points, given.seconds)
        for part in range(3):
            report(f"streaming, part {part + 1} of 3", page.frames(given.seconds / 3))
        page.wait_for_step(given.points // 2 - 1)
        report("all there, at rest", page.frames(3))
        page.stream(20_000, 10, first=given.points // 2)
        report("all there, 2,000 points a second", page.frames(10))


if __name__ == "__main__":
    main()
