"""What recording costs: Day 1's training bare, watched by default, and with every step's gradients.

    python benchmarks/insight_overhead.py

Also: how long the dashboard's reader takes for 100 runs with a million numbers, and to see what is
new in them.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from harness import in_process, measure


def contenders(folder: Path):
    import mslearn as ms
    from mslearn import insight, nn

    def trained(**watching):
        ms.set_seed(0)
        rng = np.random.default_rng(0)
        net = nn.SequentialCell(
            nn.Flatten(), nn.Dense(784, 512), nn.ReLU(), nn.Dense(512, 512), nn.ReLU(),
            nn.Dense(512, 10),
        )  # fmt: skip
        loss_fn = nn.CrossEntropyLoss()
        optimizer = nn.SGD(net.trainable_params(), 1e-2)
        grad_fn = ms.value_and_grad(lambda x, y: loss_fn(net(x), y), None, optimizer.parameters)
        x = ms.Tensor(rng.standard_normal((64, 1, 28, 28)).astype(np.float32))
        y = ms.Tensor(rng.integers(0, 10, 64).astype(np.int32))
        if watching:
            insight.watch(net, optimizer, loss_fn, **watching)

        def steps():
            for _ in range(100):
                loss, grads = grad_fn(x, y)
                optimizer(grads)
            return loss

        return steps

    return {
        "bare": trained(),
        "watch, default": trained(summary_dir=folder / "default"),
        "gradients every step": trained(gradients=1, summary_dir=folder / "every"),
        "bare again": trained(),
    }


def child() -> None:
    folder = Path(tempfile.mkdtemp())
    try:
        print(json.dumps(measure(contenders(folder), rounds=9)))
    finally:
        shutil.rmtree(folder)


def reading() -> None:
    from mslearn.summary import messages
    from mslearn.summary.runs import Runs
    from mslearn.summary.values import Datum
    from mslearn.summary.writer import record

    base = Path(tempfile.mkdtemp())
    try:
        for r in range(100):
            out = [record(messages.version_event(1e9))]
            for step in range(1000):
                data = [Datum("scalar", f"tag{k}", step * 0.01 + k + r) for k in range(10)]
                out += [record(e) for e in messages.events(step, 1e9 + step, data)]
            folder = base / f"run{r:03d}"
            folder.mkdir()
            name = "events.out.events.summary.1000000000.0.host_MS"
            (folder / name).write_bytes(b"".join(out))
        runs = Runs(base)
        begin = time.perf_counter()
        runs.refresh()
        loaded = time.perf_counter() - begin
        points = sum(s.values.size for r in runs.all.values() for s in r.scalars.values())
        with (base / "run050" / name).open("ab") as file:
            for step in range(1000, 1010):
                file.write(record(messages.events(step, 1e9, [Datum("scalar", "tag0", 1.0)])[0]))
        begin = time.perf_counter()
        runs.refresh()
        again = time.perf_counter() - begin
        print(f"{len(runs.all)} runs, {points:,} numbers: loaded in {loaded:.2f} s; "
              f"looking for news: {1000 * again:.1f} ms")  # fmt: skip
    finally:
        shutil.rmtree(base)


def main() -> None:
    if "--child" in sys.argv:
        child()
        return
    times = in_process(__file__, 1)
    bare = min(times["bare"], times["bare again"])
    for name, seconds in times.items():
        print(f"{name:22} {10 * seconds:7.2f} ms a step  {100 * (seconds / bare - 1):+6.1f} %")
    reading()


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    main()
