"""Graph mode: what `ms.jit` gains, and what compiling costs.

    python benchmarks/graph_mode.py

Training step of the MLP of mlp_step.py, forward and gradient of the 61 operations of small_net.py,
and a chain of ten element-wise operations on a million floats (and on eight million): jitted,
eager, PyTorch eager, and for the MLP its eight matrix products alone (nine with the gradient by
the data, which no step needs). Then the seconds of a first call: the MLP's step, and ResNet-50's
forward pass. Printed are the quiet rounds: a tenth of them took less.
"""

from __future__ import annotations

import contextlib
import json
import statistics
import sys
import time

import mlp_step
import numpy as np
import small_net
from harness import in_process, measure, table

import mslearn as ms
from mslearn import nn, ops

MILLION = 1_000_000


def mlp(jitted: bool):
    layers = [
        nn.Dense(w.shape[1], w.shape[0], weight_init=ms.Tensor(w), bias_init=ms.Tensor(b))
        for w, b in mlp_step.weights()
    ]
    net = nn.SequentialCell(layers[0], nn.ReLU(), layers[1], nn.ReLU(), layers[2])
    loss_fn = nn.CrossEntropyLoss()
    optimizer = nn.Momentum(net.trainable_params(), mlp_step.RATE, mlp_step.MOMENTUM)

    def forward_fn(data, label):
        logits = net(data)
        return loss_fn(logits, label), logits

    grad_fn = ms.value_and_grad(forward_fn, None, optimizer.parameters, has_aux=True)

    def step(data, label):
        (loss, _), grads = grad_fn(data, label)
        optimizer(grads)
        return loss

    x, y = mlp_step.batch()
    data, label = ms.Tensor(x), ms.Tensor(y)
    run = ms.jit(step) if jitted else step
    return (lambda: run(data, label)), run


def small(jitted: bool):
    def net(x, *weights):
        for w, b in zip(weights[::2], weights[1::2], strict=True):
            x = (x @ w + b).tanh()
        return x.sum()

    tensors = [ms.Tensor(a) for a in small_net.arrays()]
    run = ms.value_and_grad(net, tuple(range(len(tensors))))
    run = ms.jit(run) if jitted else run
    return lambda: run(*tensors)


def chain_of(library):
    def chain(x, y):
        a = x * 2.0 + y
        b = a - x * y
        c = library.abs(b) + 1.0
        return library.sqrt(c) * a - b / c

    return chain


def chain(jitted: bool, size: int = MILLION):
    rng = np.random.default_rng(0)
    x, y = (ms.Tensor(rng.random(size, np.float32)) for _ in range(2))
    run = ms.jit(chain_of(ops)) if jitted else chain_of(ops)
    return lambda: run(x, y)


def torch_chain():
    import torch

    rng = np.random.default_rng(0)
    x, y = (torch.from_numpy(rng.random(MILLION, np.float32)) for _ in range(2))
    run = chain_of(torch)
    return lambda: run(x, y)


def first_calls() -> dict[str, float]:
    """Median seconds of capturing and compiling."""
    from mslearn.models import resnet50

    def seconds(make, count):
        times = []
        for _ in range(count):
            jitted, args = make()
            start = time.perf_counter()
            jitted.compile(args, {})
            times.append(time.perf_counter() - start)
        return statistics.median(times)

    def mlp_step_():
        x, y = mlp_step.batch()
        return mlp(True)[1], (ms.Tensor(x), ms.Tensor(y))

    def resnet():
        return ms.jit(resnet50()), (ops.zeros((1, 3, 64, 64)),)

    return {"MLP step": seconds(mlp_step_, 7), "ResNet-50 forward": seconds(resnet, 3)}


def child(threads: int) -> dict[str, dict[str, float]]:
    groups = {
        "MLP training step": {
            "jit": mlp(True)[0], "eager": mlp(False)[0],
            "its eight products": mlp_step.products(), "nine products": mlp_step.products(True),
        },
        "61 operations, forward and gradient": {"jit": small(True), "eager": small(False)},
        "ten operations on 1 M floats": {"jit": chain(True), "eager": chain(False)},
        "ten operations on 8 M floats": {
            "jit": chain(True, 8 * MILLION), "eager": chain(False, 8 * MILLION),
        },
    }  # fmt: skip
    with contextlib.suppress(ImportError):
        groups["MLP training step"]["PyTorch eager"] = mlp_step.torch_step(threads)
        groups["61 operations, forward and gradient"]["PyTorch eager"] = small_net.torch_step(
            threads
        )
        groups["ten operations on 1 M floats"]["PyTorch eager"] = torch_chain()
    found = {title: measure(steps, 30, 0.03, 0.1) for title, steps in groups.items()}
    return {**found, "first call": first_calls()}


def main() -> None:
    if "--child" in sys.argv:
        print(json.dumps(child(int(sys.argv[2]))))
        return
    for threads in (1, 2):
        found = in_process(__file__, threads)
        compiling = found.pop("first call")
        for title, rows in found.items():
            table(f"{title}, {threads} thread(s)", rows, "jit")
        for name, seconds in compiling.items():
            print(f"\nFirst call of {name}: {seconds * 1e3:.1f} ms")


if __name__ == "__main__":
    main()
