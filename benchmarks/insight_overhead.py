"""What recording costs: Day 1's training bare, watched by default, and with every step's gradients.

    python benchmarks/insight_overhead.py [--rounds 12]

Eagerly and as a graph. One network takes all turns (another one lies elsewhere in memory, which
alone is worth some per cent): ten steps bare, ten watched, and so on through the 250 steps after
which `watch` repeats itself. Of the rounds the quiet quarter counts, place by place.

Also: how long the dashboard's reader takes for 100 runs with a million numbers, and to see what is
new in them.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from harness import in_process

CYCLE, TURN = 250, 10  # steps


def training(jitted: bool):
    import mslearn as ms
    from mslearn import nn

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

    def step(x, y):
        loss, grads = grad_fn(x, y)
        optimizer(grads)
        return loss

    def steps(run):
        for _ in range(TURN):
            run(x, y)

    return net, optimizer, loss_fn, (lambda: ms.jit(step)) if jitted else (lambda: step), steps


def turns(jitted: bool, rounds: int, folder: Path) -> dict[str, float]:
    """Seconds a step by contender."""
    from mslearn import insight

    net, optimizer, loss_fn, compiled, steps = training(jitted)
    options = {
        "bare": None,
        "watch, default": {"summary_dir": folder / "default"},
        "gradients every step": {"summary_dir": folder / "every", "gradients": 1},
        "after stop": None,
    }
    watchers, runs = {}, {}
    for name, chosen in options.items():
        watchers[name] = (
            None if chosen is None else insight.watch(net, optimizer, loss_fn, **chosen)
        )
        runs[name] = compiled()
        steps(runs[name])  # a graph is made with the watcher in it
        if watchers[name] is not None:
            watchers[name].detach()
    times = {name: np.zeros((rounds, CYCLE // TURN)) for name in options}
    names = list(options)
    for k in range(rounds):
        for place in range(CYCLE // TURN):
            first = (k + place) % len(names)
            for name in names[first:] + names[:first]:
                if watchers[name] is not None:
                    watchers[name].attach(loss_fn)
                begin = time.perf_counter()
                steps(runs[name])
                times[name][k, place] = time.perf_counter() - begin
                if watchers[name] is not None:
                    watchers[name].detach()
    return {name: float(np.quantile(t, 0.25, axis=0).sum() / CYCLE) for name, t in times.items()}


def child(rounds: int) -> None:
    folder = Path(tempfile.mkdtemp())
    try:
        print(json.dumps({
            mode: turns(mode == "graph", rounds, folder / mode) for mode in ("eager", "graph")
        }))  # fmt: skip
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
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--child", type=int)
    given = parser.parse_args()
    if given.child:
        child(given.rounds)
        return
    for mode, times in in_process(__file__, 1, "--rounds", str(given.rounds)).items():
        bare = times["bare"]
        for name, seconds in times.items():
            print(f"{mode:6} {name:22} {1e3 * seconds:7.3f} ms a step  "
                  f"{100 * (seconds / bare - 1):+6.1f} %")  # fmt: skip
    reading()


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    main()
