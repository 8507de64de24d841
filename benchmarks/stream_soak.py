"""The page's memory while points stream into a chart for minutes: does it stay flat?

    python benchmarks/stream_soak.py [--minutes 10] [--rate 2000]

First a million points come at once, as after a long training; then `rate` points a second. Measured
after two garbage collections each time: JavaScript's heap, what typed arrays hold beside it (that
is where the points are), nodes and listeners of the page.
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


def main() -> None:
    from insight.streaming import open_stream

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--rate", type=int, default=2000, help="points a second")
    parser.add_argument("--samples", type=int, default=20)
    given = parser.parse_args()
    seconds = 60 * given.minutes
    with tempfile.TemporaryDirectory() as home, open_stream(Path(home)) as page:
        page.stream(1_000_000, 20)
        page.wait_for_step(499_999)
        rows = []
        page.stream(int(given.rate * seconds), seconds, first=500_000)
        for k in range(given.samples + 1):
            rows.append(page.memory() | {"points": 2 * page.last_step()})
            print(f"{k * given.minutes / given.samples:5.1f} min",
                  *(f"{name} {value:,.1f}".removesuffix(".0") for name, value in rows[-1].items()),
                  sep="  ", flush=True)  # fmt: skip
            if k < given.samples:
                page.page.wait_for_timeout(1000 * seconds / given.samples)
        for name in ("heap", "arrays", "nodes", "listeners"):
            values = [row[name] for row in rows]
            slope = np.polyfit(np.linspace(0, given.minutes, len(values)), values, 1)[0]
            print(f"{name}: from {values[0]:,.1f} to {values[-1]:,.1f}, between {min(values):,.1f} "
                  f"and {max(values):,.1f}, {slope:+.2f} a minute")  # fmt: skip


if __name__ == "__main__":
    main()
