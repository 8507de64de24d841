"""A training step of a GPT of two blocks, compared with PyTorch eager.

    python benchmarks/gpt_step.py            (--profile: where mslearn's time goes)

16 texts of 64 tokens out of 256, width 128, 4 heads, two pre-norm blocks with causal attention
and a GELU between 128 and 512, the head, cross-entropy and plain gradient descent. PyTorch starts
from mslearn's weights and both must compute the same loss. It runs twice: with attention written
out as here, and with its fused `scaled_dot_product_attention`.
"""

from __future__ import annotations

import contextlib
import json
import math
import sys

import numpy as np
from harness import in_process, measure, peak_memory, peaks, profile, table

import mslearn as ms
from mslearn import nn, ops

WORDS, WIDTH, HEADS, LENGTH, BATCH, BLOCKS, RATE = 256, 128, 4, 64, 16, 2, 0.1


class Block(nn.Cell):
    def __init__(self) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm([WIDTH], epsilon=1e-5)
        self.norm2 = nn.LayerNorm([WIDTH], epsilon=1e-5)
        self.qkv, self.out = nn.Dense(WIDTH, 3 * WIDTH), nn.Dense(WIDTH, WIDTH)
        self.up, self.down = nn.Dense(WIDTH, 4 * WIDTH), nn.Dense(4 * WIDTH, WIDTH)
        self.act = nn.GELU()
        self.mask = ms.Tensor(np.triu(np.full((LENGTH, LENGTH), -1e9, np.float32), 1))

    def attend(self, x: ms.Tensor) -> ms.Tensor:
        n, t, _ = x.shape
        parts = self.qkv(x).reshape((n, t, 3, HEADS, -1)).transpose((2, 0, 3, 1, 4))
        q, k, v = ops.unstack(parts, 0)
        scores = ops.matmul(q * (1 / math.sqrt(WIDTH / HEADS)), k.swapaxes(-1, -2)) + self.mask
        mixed = ops.matmul(ops.softmax(scores, -1), v)
        return self.out(mixed.swapaxes(1, 2).reshape((n, t, WIDTH)))

    def construct(self, x: ms.Tensor) -> ms.Tensor:
        x = x + self.attend(self.norm1(x))
        return x + self.down(self.act(self.up(self.norm2(x))))


class GPT(nn.Cell):
    def __init__(self) -> None:
        super().__init__()
        self.words, self.places = nn.Embedding(WORDS, WIDTH), nn.Embedding(LENGTH, WIDTH)
        self.blocks = nn.CellList([Block() for _ in range(BLOCKS)])
        self.norm = nn.LayerNorm([WIDTH], epsilon=1e-5)
        self.head = nn.Dense(WIDTH, WORDS, has_bias=False)
        self.positions = ms.Tensor(np.arange(LENGTH, dtype=np.int32))

    def construct(self, tokens: ms.Tensor) -> ms.Tensor:
        x = self.words(tokens) + self.places(self.positions)
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x))


def made() -> tuple[GPT, np.ndarray]:
    ms.set_seed(1)
    tokens = np.random.default_rng(0).integers(0, WORDS, (BATCH, LENGTH + 1)).astype(np.int32)
    return GPT().set_train(), tokens


def mslearn_step():
    net, tokens = made()
    x, y = ms.Tensor(tokens[:, :-1]), ms.Tensor(tokens[:, 1:].ravel())
    loss_fn = nn.CrossEntropyLoss()
    optimizer = nn.SGD(net.trainable_params(), RATE)
    grad_fn = ms.value_and_grad(
        lambda d, t: loss_fn(net(d).reshape((-1, WORDS)), t), None, optimizer.parameters
    )

    def step():
        loss, grads = grad_fn(x, y)
        optimizer(grads)
        return loss

    return step


def torch_step(threads: int, fused: bool):
    import torch

    torch.set_num_threads(threads)
    functional = torch.nn.functional
    net, tokens = made()
    p = {
        name: torch.from_numpy(value.asnumpy().copy()).requires_grad_()
        for name, value in net.parameters_dict().items()
    }
    optimizer = torch.optim.SGD(p.values(), RATE)
    tokens = torch.from_numpy(tokens).long()
    x, y = tokens[:, :-1].contiguous(), tokens[:, 1:].reshape(-1)
    mask = torch.full((LENGTH, LENGTH), -1e9).triu(1)

    def linear(h, name):
        return functional.linear(h, p[f"{name}.weight"], p.get(f"{name}.bias"))

    def norm(h, name):
        return functional.layer_norm(h, (WIDTH,), p[f"{name}.gamma"], p[f"{name}.beta"], 1e-5)

    def attend(h, at):
        n, t, _ = h.shape
        q, k, v = linear(h, f"{at}.qkv").reshape(n, t, 3, HEADS, -1).permute(2, 0, 3, 1, 4)
        if fused:
            mixed = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        else:
            scores = (q * (1 / math.sqrt(WIDTH / HEADS))) @ k.transpose(-1, -2) + mask
            mixed = scores.softmax(-1) @ v
        return linear(mixed.transpose(1, 2).reshape(n, t, WIDTH), f"{at}.out")

    def forward():
        h = p["words.embedding_table"][x] + p["places.embedding_table"][: x.shape[1]]
        for k in range(BLOCKS):
            at = f"blocks.{k}"
            h = h + attend(norm(h, f"{at}.norm1"), at)
            up = functional.gelu(linear(norm(h, f"{at}.norm2"), f"{at}.up"), approximate="tanh")
            h = h + linear(up, f"{at}.down")
        return linear(norm(h, "norm"), "head").reshape(-1, WORDS)

    def step():
        optimizer.zero_grad()
        loss = functional.cross_entropy(forward(), y)
        loss.backward()
        optimizer.step()
        return loss.detach()

    return step


CONTENDERS = {
    "PyTorch eager": lambda threads: torch_step(threads, False),
    "PyTorch, fused attention": lambda threads: torch_step(threads, True),
    "mslearn": lambda threads: mslearn_step(),
}


def child(threads: int) -> dict[str, float]:
    steps = {}
    for name, make in CONTENDERS.items():
        with contextlib.suppress(ImportError):
            steps[name] = make(threads)
    for i in range(3):  # the third loss only agrees when the gradients do
        losses = [float(step()) for step in steps.values()]
        assert max(losses) - min(losses) < 1e-3, f"step {i}: losses {losses}"
    return measure(steps, 11, 0.2)


def main() -> None:
    if "--child" in sys.argv:
        print(json.dumps(child(int(sys.argv[2]))))
    elif "--peak" in sys.argv:
        peak_memory(lambda name: CONTENDERS[name](1))
    elif "--profile" in sys.argv:
        profile({"GPT": mslearn_step()})
    else:
        for threads in (1, 2):
            table(f"GPT, two blocks, {threads} thread(s)", in_process(__file__, threads), "mslearn")
        peaks(__file__, CONTENDERS)


if __name__ == "__main__":
    main()
