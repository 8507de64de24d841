"""The same training steps in real MindSpore (PyNative mode, CPU) and in mslearn.

    MSLEARN_ORACLE=path/to/mindspore-venv/bin/python python benchmarks/pynative.py

Each program runs this file in a process of its own, one thread each, with nothing changed but the
name of the module.
"""

from __future__ import annotations

import importlib
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MSLEARN_NUM_THREADS")


def steps(ms):
    nn, ops, rng = ms.nn, ms.ops, np.random.default_rng(0)

    def trained(net, x, y, loss):
        optimizer = nn.Momentum(net.trainable_params(), 0.01, 0.9)
        run = ms.value_and_grad(lambda a, b: loss(net(a), b), None, optimizer.parameters)

        def step():
            value, grads = run(x, y)
            optimizer(grads)
            return value.asnumpy()

        return step

    def batch(*shape):
        labels = rng.integers(0, 10, shape[0]).astype(np.int32)
        return ms.Tensor(rng.standard_normal(shape).astype(np.float32)), ms.Tensor(labels)

    mlp = nn.SequentialCell(
        nn.Dense(784, 512), nn.ReLU(), nn.Dense(512, 512), nn.ReLU(), nn.Dense(512, 10)
    )
    lenet = nn.SequentialCell(
        nn.Conv2d(1, 6, 5, pad_mode="valid", has_bias=True), nn.ReLU(), nn.MaxPool2d(2, 2),
        nn.Conv2d(6, 16, 5, pad_mode="valid", has_bias=True), nn.ReLU(), nn.MaxPool2d(2, 2),
        nn.Flatten(), nn.Dense(256, 120), nn.ReLU(), nn.Dense(120, 84), nn.ReLU(), nn.Dense(84, 10),
    )  # fmt: skip
    lstm, sequence = nn.LSTM(128, 128), batch(50, 32, 128)[0]

    def small(x, w):
        for _ in range(20):
            x = ops.tanh(ops.matmul(x, w) + w[0])
        return x.sum()

    grad = ms.value_and_grad(small, (0, 1))
    a, b = (ms.Tensor(rng.standard_normal((4, 4)).astype(np.float32)) for _ in range(2))
    return {
        "MLP": trained(mlp, *batch(64, 784), nn.CrossEntropyLoss()),
        "LeNet": trained(lenet, *batch(64, 1, 28, 28), nn.CrossEntropyLoss()),
        "LSTM": trained(lstm, sequence, sequence, lambda out, y: ((out[0] - y) ** 2).mean()),
        "small operations": lambda: grad(a, b)[0].asnumpy(),
    }


def child(module: str) -> dict[str, float]:
    ms, found = importlib.import_module(module), {}
    ms.set_context(mode=ms.PYNATIVE_MODE, device_target="CPU")
    for name, step in steps(ms).items():
        for _ in range(3):
            step()
        times = []
        for _ in range(15):
            start = time.perf_counter()
            step()
            times.append(time.perf_counter() - start)
        found[name] = statistics.median(times)
    return found


def main() -> None:
    if "--child" in sys.argv:
        print(json.dumps(child(sys.argv[-1])))
        return
    oracle, root = os.environ.get("MSLEARN_ORACLE"), str(Path(__file__).parent.parent)
    if not oracle:
        sys.exit("set MSLEARN_ORACLE to the Python of an environment with mindspore")
    env = dict(os.environ, PYTHONPATH=root, GLOG_v="3", **dict.fromkeys(THREADS, "1"))
    rows = {}
    for module, python in (("mindspore", oracle), ("mslearn", sys.executable)):
        command = [python, __file__, "--child", module]
        out = subprocess.run(command, env=env, check=True, capture_output=True, text=True).stdout
        rows[module] = json.loads(out.strip().splitlines()[-1])
    for name, theirs in rows["mindspore"].items():
        ours = rows["mslearn"][name]
        print(f"  {name:<18} MindSpore {theirs * 1e3:8.2f} ms   mslearn {ours * 1e3:8.2f} ms "
              f"({ours / theirs:.2f} of it)")  # fmt: skip


if __name__ == "__main__":
    main()
