"""A training step of an LSTM, compared with PyTorch eager.

    python benchmarks/lstm_step.py            (--profile: where mslearn's time goes)

50 steps, 32 sequences, 128 numbers in and 128 in the state; the mean square of the outputs,
plain gradient descent; with one and two threads. PyTorch starts from mslearn's weights, and both
must compute the same loss.
"""

from __future__ import annotations

import contextlib
import json
import sys

import numpy as np
from harness import in_process, measure, peak_memory, peaks, profile, table

import mslearn as ms
from mslearn import nn

STEPS, BATCH, SIZE, RATE = 50, 32, 128, 0.1


def mslearn_step(net: nn.Cell, x: np.ndarray):
    optimizer = nn.SGD(net.trainable_params(), RATE)

    def forward(data):
        out, _ = net(data)
        return (out * out).mean()

    grad_fn = ms.value_and_grad(forward, None, optimizer.parameters)
    data = ms.Tensor(x)

    def step():
        loss, grads = grad_fn(data)
        optimizer(grads)
        return loss

    return step


def torch_step(net: nn.Cell, x: np.ndarray, threads: int):
    import torch

    torch.set_num_threads(threads)
    module = torch.nn.LSTM(SIZE, SIZE)
    with torch.no_grad():
        for p in net.get_parameters():
            getattr(module, p.name).copy_(torch.from_numpy(p.asnumpy()))
    optimizer = torch.optim.SGD(module.parameters(), RATE)
    data = torch.from_numpy(x)

    def step():
        optimizer.zero_grad()
        out, _ = module(data)
        loss = (out * out).mean()
        loss.backward()
        optimizer.step()
        return loss.detach()

    return step


def made() -> tuple[nn.Cell, np.ndarray]:
    ms.set_seed(1)
    x = np.random.default_rng(0).standard_normal((STEPS, BATCH, SIZE), np.float32)
    return nn.LSTM(SIZE, SIZE).set_train(), x


CONTENDERS = {
    "PyTorch eager": lambda threads: torch_step(*made(), threads),
    "mslearn": lambda threads: mslearn_step(*made()),
}


def child(threads: int) -> dict[str, float]:
    contenders = {}
    for name, make in CONTENDERS.items():
        with contextlib.suppress(ImportError):
            contenders[name] = make(threads)
    for i in range(3):  # the third loss only agrees when the gradients do
        losses = [float(step()) for step in contenders.values()]
        assert max(losses) - min(losses) < 1e-5, f"step {i}: losses {losses}"
    return measure(contenders, 11, 0.1)


def main() -> None:
    if "--child" in sys.argv:
        print(json.dumps(child(int(sys.argv[2]))))
        return
    if "--peak" in sys.argv:
        return peak_memory(lambda name: CONTENDERS[name](1))
    if "--profile" in sys.argv:
        return profile({"LSTM": mslearn_step(*made())})
    for threads in (1, 2):
        title = f"LSTM, {STEPS} steps, batch {BATCH}, hidden {SIZE}, {threads} thread(s)"
        table(title, in_process(__file__, threads), "mslearn")
    peaks(__file__, CONTENDERS)


if __name__ == "__main__":
    main()
