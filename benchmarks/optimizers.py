"""Adam's update of ten million parameters, against PyTorch's Adam without fusion.

    python benchmarks/optimizers.py

The parameters lie in 20 weights of 512 x 1024, about what a small Transformer has.
"""

from __future__ import annotations

import contextlib
import json
import sys

import numpy as np
from harness import in_process, measure, table

import mslearn as ms
from mslearn import nn

SHAPES = [(512, 1024)] * 20


def arrays(seed: int) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [rng.standard_normal(s, np.float32) for s in SHAPES]


def mslearn_update(name: str = "Adam"):
    params = [ms.Parameter(ms.Tensor(a), name=f"w{i}") for i, a in enumerate(arrays(0))]
    optimizer = getattr(nn, name)(params, learning_rate=1e-3)
    grads = tuple(map(ms.Tensor, arrays(1)))
    return lambda: optimizer(grads)


def torch_update(threads: int, foreach: bool | None = None):
    import torch

    torch.set_num_threads(threads)
    params = [torch.nn.Parameter(torch.from_numpy(a)) for a in arrays(0)]
    for param, grad in zip(params, arrays(1), strict=True):
        param.grad = torch.from_numpy(grad)
    optimizer = torch.optim.Adam(params, lr=1e-3, fused=False, foreach=foreach)
    return optimizer.step


def child(threads: int) -> None:
    contenders = {"mslearn Adam": mslearn_update()}
    with contextlib.suppress(ImportError):
        contenders["PyTorch Adam, fused=False"] = torch_update(threads)
    print(json.dumps(measure(contenders, rounds=9, seconds=0.0)))


def main() -> None:
    for threads in (1, 2):
        rows = in_process(__file__, threads)
        table(f"Adam, 10.5 million parameters, {threads} thread(s)", rows, "mslearn Adam")


if __name__ == "__main__":
    child(int(sys.argv[2])) if "--child" in sys.argv else main()
