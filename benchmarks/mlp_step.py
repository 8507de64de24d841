"""One training step of a 784-512-512-10 MLP at batch 64, momentum, cross-entropy.

    python benchmarks/mlp_step.py

compares mslearn with hand-written NumPy and, where it is installed, PyTorch eager, with one and
two threads, and prints the cost of dispatching one operation.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import sys

import numpy as np
from harness import in_process, measure, peak_memory, peaks, table

import mslearn as ms
from mslearn import nn

BATCH, SIZES, RATE, MOMENTUM = 64, (784, 512, 512, 10), 0.01, 0.9


def batch() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return (
        rng.random((BATCH, SIZES[0]), np.float32),
        rng.integers(0, SIZES[-1], BATCH).astype(np.int32),
    )


def weights() -> list[tuple[np.ndarray, np.ndarray]]:
    rng = np.random.default_rng(1)
    pairs = itertools.pairwise(SIZES)
    return [
        (
            (rng.standard_normal((b, a)) / np.sqrt(a)).astype(np.float32),
            np.zeros(b, np.float32),
        )
        for a, b in pairs
    ]


def mslearn_step():
    layers = [
        nn.Dense(w.shape[1], w.shape[0], weight_init=ms.Tensor(w), bias_init=ms.Tensor(b))
        for w, b in weights()
    ]
    net = nn.SequentialCell(layers[0], nn.ReLU(), layers[1], nn.ReLU(), layers[2])
    loss_fn = nn.CrossEntropyLoss()
    optimizer = nn.Momentum(net.trainable_params(), RATE, MOMENTUM)

    def forward_fn(data, label):
        logits = net(data)
        return loss_fn(logits, label), logits

    grad_fn = ms.value_and_grad(forward_fn, None, optimizer.parameters, has_aux=True)
    x, y = batch()
    data, label = ms.Tensor(x), ms.Tensor(y)

    def step() -> float:
        (loss, _), grads = grad_fn(data, label)
        optimizer(grads)
        return loss

    return step


def numpy_step():
    """What a careful person writes by hand: in-place updates, no framework."""
    params = [(w.copy(), b.copy()) for w, b in weights()]
    speed = [(np.zeros_like(w), np.zeros_like(b)) for w, b in params]
    x, y = batch()
    rows = np.arange(BATCH)

    def step() -> float:
        inputs, h = [], x
        for i, (w, b) in enumerate(params):
            inputs.append(h)
            h = h @ w.T
            h += b
            if i < len(params) - 1:
                np.maximum(h, 0, out=h)
        h -= h.max(1, keepdims=True)
        e = np.exp(h)
        total = e.sum(1, keepdims=True)
        loss = (np.log(total[:, 0]) - h[rows, y]).mean()
        e /= total
        e[rows, y] -= 1
        e /= BATCH
        d = e
        for i in reversed(range(len(params))):
            w, b = params[i]
            gw, gb = d.T @ inputs[i], d.sum(0)
            if i:
                d = d @ w
                d *= inputs[i] > 0
            for p, v, g in ((w, speed[i][0], gw), (b, speed[i][1], gb)):
                v *= MOMENTUM
                v += g
                np.multiply(v, RATE, out=g)
                p -= g
        return loss

    return step


def products(of_data: bool = False):
    """The step's eight matrix products alone: the floor under every contender with this BLAS.

    Three forward, three for the weights' gradients, two for the gradients of the hidden layers;
    nobody needs the ninth, the gradient by the data. (`of_data` computes that too.)
    """
    rng = np.random.default_rng(2)
    ws = [w for w, _ in weights()]
    hs = [rng.standard_normal((BATCH, n)).astype(np.float32) for n in SIZES]

    def step() -> None:
        for i, w in enumerate(ws):
            np.matmul(hs[i], w.T)
            np.matmul(hs[i + 1].T, hs[i])
            if i or of_data:
                np.matmul(hs[i + 1], w)

    return step


def torch_step(threads: int):
    import torch

    torch.set_num_threads(threads)
    layers = []
    for w, b in weights():
        layer = torch.nn.Linear(w.shape[1], w.shape[0])
        with torch.no_grad():
            layer.weight.copy_(torch.from_numpy(w))
            layer.bias.copy_(torch.from_numpy(b))
        layers += [layer, torch.nn.ReLU()]
    net = torch.nn.Sequential(*layers[:-1])
    optimizer = torch.optim.SGD(net.parameters(), RATE, MOMENTUM)
    loss_fn = torch.nn.CrossEntropyLoss()
    x, y = batch()
    data, label = torch.from_numpy(x), torch.from_numpy(y).long()

    def step():
        optimizer.zero_grad()
        loss = loss_fn(net(data), label)
        loss.backward()
        optimizer.step()
        return loss

    return step


def child(threads: int) -> dict[str, float]:
    steps = {"mslearn": mslearn_step(), "NumPy by hand": numpy_step(), "products": products()}
    with contextlib.suppress(ImportError):
        steps["PyTorch eager"] = torch_step(threads)
    losses = [
        float(getattr(loss := steps[n](), "detach", lambda: loss)())
        for n in steps
        if n != "products"
    ]
    assert max(losses) - min(losses) < 1e-4, f"the contenders compute different losses: {losses}"
    times = measure(steps)
    a, b = ms.Tensor([1.0, 2.0]), ms.Tensor([3.0, 4.0])
    x, y = a.asnumpy(), b.asnumpy()
    ops = measure({"x + y": lambda: a + b, "np.add": lambda: np.add(x, y)}, seconds=0.02)
    return {**times, **{f"dispatch {k}": v for k, v in ops.items()}}


PEAKS = {"PyTorch eager": lambda: torch_step(1), "mslearn": mslearn_step}


def main() -> None:
    if "--child" in sys.argv:
        print(json.dumps(child(int(sys.argv[2]))))
        return
    if "--peak" in sys.argv:
        return peak_memory(lambda name: PEAKS[name]())
    for threads in (1, 2):
        found = in_process(__file__, threads)
        steps = {k: v for k, v in found.items() if not k.startswith("dispatch")}
        table(f"MLP training step, {threads} thread(s)", steps, "mslearn")
        dispatch = {k[9:]: v for k, v in found.items() if k.startswith("dispatch")}
        table("One operation on 2 floats, no observer", dispatch, "x + y", "us")
    peaks(__file__, PEAKS)


if __name__ == "__main__":
    main()
