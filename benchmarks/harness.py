"""Shared pieces of the benchmarks: interleaved timing, medians, a table of ratios.

Contenders take turns in one process, so that a noisy neighbour slows all of them alike; the
median of the rounds is reported. Thread counts are set by environment variables, which must
stand before NumPy loads, so each thread count runs in a process of its own.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

THREAD_VARIABLES = (
    "OPENBLAS_NUM_THREADS",
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "MSLEARN_NUM_THREADS",
)


def measure(
    contenders: dict[str, Callable[[], object]], rounds: int = 15, seconds: float = 0.15
) -> dict[str, float]:
    """Median seconds of one call of each contender; the contenders take turns."""
    calls = {}
    for name, run in contenders.items():
        run()
        start = time.perf_counter()
        run()
        once = time.perf_counter() - start
        calls[name] = max(1, int(seconds / max(once, 1e-9)))
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, run in contenders.items():
            time.sleep(0.05)  # the threads of the one before spin on for a while
            start = time.perf_counter()
            for _ in range(calls[name]):
                run()
            times[name].append((time.perf_counter() - start) / calls[name])
    return {name: statistics.median(t) for name, t in times.items()}


def in_process(script: str, threads: int, *args: str) -> dict[str, float]:
    """Run ``script --child`` with a thread count; it prints its results as one JSON line."""
    env = dict(os.environ, **{name: str(threads) for name in THREAD_VARIABLES})
    root = str(Path(script).resolve().parent.parent)
    env["PYTHONPATH"] = os.pathsep.join([root, env.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    command = [sys.executable, script, "--child", str(threads), *args]
    out = subprocess.run(command, env=env, check=True, stdout=subprocess.PIPE, text=True).stdout
    return json.loads(out.strip().splitlines()[-1])


def table(title: str, rows: dict[str, float], base: str, unit: str = "ms") -> None:
    """Print times and their ratio to each other contender's."""
    scale = {"ms": 1e3, "us": 1e6}[unit]
    others = [name for name in rows if name != base]
    print(f"\n{title}")
    for name, seconds in rows.items():
        ratio = "" if name == base else f"   {base} takes {rows[base] / seconds:.2f} of it"
        print(f"  {name:<28}{seconds * scale:9.3f} {unit}{ratio}")
    if not others:
        print("  (install torch to compare: pip install torch)")
