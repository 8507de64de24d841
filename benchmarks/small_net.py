"""Forward and gradient of a function of 61 operations on 4 by 4 matrices, against PyTorch eager.

    python benchmarks/small_net.py            (--profile: where mslearn's time goes)

The arithmetic is nothing, so this measures what one operation costs: 20 layers of
``tanh(x @ w + b)`` (60 operations) and the sum at the end, and the gradients by all 41 tensors.
"""

from __future__ import annotations

import contextlib
import json
import sys

import numpy as np
from harness import in_process, measure, peak_memory, peaks, profile, table

import mslearn as ms

LAYERS, SIZE = 20, 4


def arrays() -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    shapes = [(SIZE, SIZE)] + [(SIZE, SIZE), (SIZE,)] * LAYERS
    return [rng.standard_normal(s, np.float32) for s in shapes]


def mslearn_step():
    def net(x, *weights):
        for w, b in zip(weights[::2], weights[1::2], strict=True):
            x = (x @ w + b).tanh()
        return x.sum()

    tensors = [ms.Tensor(a) for a in arrays()]
    run = ms.value_and_grad(net, tuple(range(len(tensors))))

    def step():
        return run(*tensors)

    return step


def torch_step(threads: int):
    import torch

    torch.set_num_threads(threads)
    x, *weights = [torch.from_numpy(a).requires_grad_() for a in arrays()]

    def step():
        h = x
        for w, b in zip(weights[::2], weights[1::2], strict=True):
            h = (h @ w + b).tanh()
        value = h.sum()
        return value, torch.autograd.grad(value, [x, *weights])

    return step


CONTENDERS = {"PyTorch eager": torch_step, "mslearn": lambda threads: mslearn_step()}


def child(threads: int) -> dict[str, float]:
    steps = {}
    for name, make in CONTENDERS.items():
        with contextlib.suppress(ImportError):
            steps[name] = make(threads)
    found = [step() for step in steps.values()]
    for value, grads in found[1:]:
        assert abs(float(value) - found[0][0].item()) < 1e-4
        for a, b in zip(grads, found[0][1], strict=True):
            np.testing.assert_allclose(a.asnumpy(), b.numpy(), rtol=1e-3, atol=1e-4)
    return measure(steps)


def main() -> None:
    if "--child" in sys.argv:
        print(json.dumps(child(int(sys.argv[2]))))
    elif "--peak" in sys.argv:
        peak_memory(lambda name: CONTENDERS[name](1))
    elif "--profile" in sys.argv:
        profile({"61 operations": mslearn_step()})
    else:
        table("61 small operations and their gradient", in_process(__file__, 1), "mslearn")
        peaks(__file__, CONTENDERS)


if __name__ == "__main__":
    main()
