"""Shared pieces of the benchmarks: interleaved timing, medians, a table of ratios.

Contenders take turns in one process, so that a noisy neighbour slows all of them alike; the
median of the rounds is reported. Thread counts are set by environment variables, which must
stand before NumPy loads, so each thread count runs in a process of its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # mslearn need not be installed

THREAD_VARIABLES = (
    "OPENBLAS_NUM_THREADS",
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "MSLEARN_NUM_THREADS",
)


def measure(
    contenders: dict[str, Callable[[], object]],
    rounds: int = 15,
    seconds: float = 0.15,
    quantile: float = 0.5,
) -> dict[str, float]:
    """Seconds of one call of each contender, the median by default; the contenders take turns."""
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
    return {name: sorted(t)[int(quantile * len(t))] for name, t in times.items()}


def in_process(script: str, threads: int, *args: str, child: bool = True) -> Any:
    """Run ``script --child`` with a thread count; it prints its results as one JSON line."""
    env = dict(os.environ, **{name: str(threads) for name in THREAD_VARIABLES})
    root = str(Path(script).resolve().parent.parent)
    env["PYTHONPATH"] = os.pathsep.join([root, env.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    command = [sys.executable, script, *(["--child", str(threads)] if child else []), *args]
    out = subprocess.run(command, env=env, check=True, stdout=subprocess.PIPE, text=True).stdout
    return json.loads(out.strip().splitlines()[-1])


def _status(name: str) -> float:
    """A figure of /proc/self/status in MiB: VmRSS (resident now) or VmHWM (its peak)."""
    line = next(x for x in Path("/proc/self/status").read_text().splitlines() if x.startswith(name))
    return int(line.split()[1]) / 1024


def peak_memory(make: Callable[[str], Callable[[], object]], steps: int = 5) -> None:
    """``script --peak NAME``: print the peak of resident memory, whole and above the start."""
    run = make(sys.argv[sys.argv.index("--peak") + 1])
    Path("/proc/self/clear_refs").write_text("5")  # the peak counts from here
    before = _status("VmRSS")
    for _ in range(steps):
        run()
    print(json.dumps([_status("VmHWM"), _status("VmHWM") - before]))


def peaks(script: str, names: Iterable[str]) -> None:
    """Peak resident memory of each contender, in a process of its own (Linux only)."""
    if not Path("/proc/self/clear_refs").exists():
        return
    print("\nPeak resident memory: the process, and what the steps added to the loaded model")
    for name in names:
        try:
            whole, added = in_process(script, 1, "--peak", name, child=False)
        except subprocess.CalledProcessError:
            continue  # this library is not installed
        print(f"  {name:<28}{whole:9.1f} MiB {added:9.1f} MiB")


class _Profile:
    """An observer that adds up the time between operations, by primitive."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = {}
        self.calls: dict[str, int] = {}
        self.last = time.perf_counter()

    def on_op(self, prim, inputs, attrs, output) -> None:
        now = time.perf_counter()
        key = f"{prim.name} {getattr(inputs[0], 'shape', ()) if inputs else ()}"
        self.spent[key] = self.spent.get(key, 0) + now - self.last
        self.calls[key] = self.calls.get(key, 0) + 1
        self.last = time.perf_counter()


def profile(steps: dict[str, Callable[[], object]], rounds: int = 20) -> None:
    """Print where the time of each step goes, by primitive and shape."""
    from mslearn.core import observing

    for title, step in steps.items():
        step()
        seen = _Profile()
        with observing(seen):
            for _ in range(rounds):
                step()
        total = sum(seen.spent.values())
        print(f"\n{title}: {total / rounds * 1e3:.2f} ms")
        for key, seconds in sorted(seen.spent.items(), key=lambda kv: -kv[1])[:24]:
            calls = seen.calls[key] // rounds
            print(f"  {seconds / total:6.1%}  {seconds / rounds * 1e3:8.3f} ms  {calls:3} x {key}")


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
