"""Training steps of two small convolutional networks, compared with PyTorch eager.

    python benchmarks/conv_steps.py            (--profile: where mslearn's time goes)

LeNet on 64 images of 28×28, and ResNet-8 (16-32-64 channels, batch norm) on 32 images of 32×32;
cross-entropy, momentum; with one and two threads. PyTorch starts from mslearn's weights, and both
must compute the same loss.
"""

from __future__ import annotations

import contextlib
import json
import sys

import numpy as np
from harness import in_process, measure, peak_memory, peaks, profile, table

import mslearn as ms
from mslearn import nn, ops

RATE, MOMENTUM = 0.01, 0.9


class LeNet(nn.Cell):
    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 5, pad_mode="valid", has_bias=True)
        self.conv2 = nn.Conv2d(6, 16, 5, pad_mode="valid", has_bias=True)
        self.pool = nn.MaxPool2d(2, 2)
        self.fc1, self.fc2, self.fc3 = nn.Dense(256, 120), nn.Dense(120, 84), nn.Dense(84, 10)

    def construct(self, x: ms.Tensor) -> ms.Tensor:
        x = self.pool(ops.relu(self.conv1(x)))
        x = self.pool(ops.relu(self.conv2(x)))
        x = ops.relu(self.fc1(ops.flatten(x)))
        return self.fc3(ops.relu(self.fc2(x)))


class Block(nn.Cell):
    def __init__(self, channels: int, out: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, out, 3, stride, "pad", 1)
        self.norm1 = nn.BatchNorm2d(out)
        self.conv2 = nn.Conv2d(out, out, 3, 1, "pad", 1)
        self.norm2 = nn.BatchNorm2d(out)
        self.short = None
        if stride != 1 or channels != out:
            self.short = nn.SequentialCell(
                nn.Conv2d(channels, out, 1, stride, "valid"), nn.BatchNorm2d(out)
            )

    def construct(self, x: ms.Tensor) -> ms.Tensor:
        y = self.norm2(self.conv2(ops.relu(self.norm1(self.conv1(x)))))
        return ops.relu(y + (x if self.short is None else self.short(x)))


class ResNet8(nn.Cell):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 16, 3, 1, "pad", 1)
        self.norm = nn.BatchNorm2d(16)
        self.block1, self.block2, self.block3 = Block(16, 16, 1), Block(16, 32, 2), Block(32, 64, 2)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.head = nn.Dense(64, 10)

    def construct(self, x: ms.Tensor) -> ms.Tensor:
        x = ops.relu(self.norm(self.conv(x)))
        x = self.block3(self.block2(self.block1(x)))
        return self.head(ops.flatten(self.pool(x)))


def torch_net(net: nn.Cell):
    """The same network in PyTorch, with the weights of `net`."""
    import torch

    functional = torch.nn.functional

    def module(cell: nn.Cell) -> torch.nn.Module:
        if isinstance(cell, nn.Conv2d):
            made = torch.nn.Conv2d(
                cell.in_channels, cell.out_channels, cell.kernel_size, cell.stride,
                cell.padding, bias=cell.has_bias,
            )  # fmt: skip
        elif isinstance(cell, nn.Dense):
            made = torch.nn.Linear(cell.in_channels, cell.out_channels)
        elif isinstance(cell, nn.BatchNorm2d):
            return torch.nn.BatchNorm2d(cell.num_features)
        else:
            made = torch.nn.Module()
            for name, child in cell.name_cells().items():
                setattr(made, "m" + name, module(child))
            return made
        with torch.no_grad():
            made.weight.copy_(torch.from_numpy(cell.weight.asnumpy()))
            if made.bias is not None:
                made.bias.copy_(torch.from_numpy(cell.bias.asnumpy()))
        return made

    def block(m, x):
        y = m.mnorm2(m.mconv2(m.mnorm1(m.mconv1(x)).relu()))
        return (y + (m.mshort.m1(m.mshort.m0(x)) if hasattr(m, "mshort") else x)).relu()

    def resnet(m, x):
        x = m.mnorm(m.mconv(x)).relu()
        x = block(m.mblock3, block(m.mblock2, block(m.mblock1, x)))
        return m.mhead(functional.adaptive_avg_pool2d(x, 1).flatten(1))

    def lenet(m, x):
        x = functional.max_pool2d(m.mconv1(x).relu(), 2)
        x = functional.max_pool2d(m.mconv2(x).relu(), 2)
        return m.mfc3(m.mfc2(m.mfc1(x.flatten(1)).relu()).relu())

    made, forward = module(net), lenet if isinstance(net, LeNet) else resnet
    return made, lambda x: forward(made, x)


def mslearn_step(net: nn.Cell, x: np.ndarray, y: np.ndarray):
    loss_fn = nn.CrossEntropyLoss()
    optimizer = nn.Momentum(net.trainable_params(), RATE, MOMENTUM)
    grad_fn = ms.value_and_grad(lambda d, t: loss_fn(net(d), t), None, optimizer.parameters)
    data, label = ms.Tensor(x), ms.Tensor(y)

    def step():
        loss, grads = grad_fn(data, label)
        optimizer(grads)
        return loss

    return step


def torch_step(net: nn.Cell, x: np.ndarray, y: np.ndarray, threads: int):
    import torch

    torch.set_num_threads(threads)
    module, forward = torch_net(net)
    optimizer = torch.optim.SGD(module.parameters(), RATE, MOMENTUM)
    loss_fn = torch.nn.CrossEntropyLoss()
    data, label = torch.from_numpy(x), torch.from_numpy(y).long()

    def step():
        optimizer.zero_grad()
        loss = loss_fn(forward(data), label)
        loss.backward()
        optimizer.step()
        return loss

    return step


def _plain(loss) -> object:
    return loss.detach() if hasattr(loss, "detach") else loss


NETS = {
    "LeNet, batch 64": (LeNet, (64, 1, 28, 28)),
    "ResNet-8, batch 32": (ResNet8, (32, 3, 32, 32)),
}


def contender(title: str, library: str, threads: int):
    make, shape = NETS[title]
    ms.set_seed(1)
    rng = np.random.default_rng(0)
    x = rng.standard_normal(shape, np.float32)
    y = rng.integers(0, 10, shape[0]).astype(np.int32)
    net = make().set_train()
    if library == "mslearn":
        return mslearn_step(net, x, y)
    return torch_step(net, x, y, threads)


def steps(threads: int) -> dict[str, dict[str, object]]:
    found = {}
    for title in NETS:
        contenders = {}
        for library in ("PyTorch eager", "mslearn"):
            with contextlib.suppress(ImportError):
                contenders[library] = contender(title, library, threads)
        for i in range(3):  # the third loss only agrees when gradients and statistics do
            losses = [float(_plain(step())) for step in contenders.values()]
            assert max(losses) - min(losses) < 2e-3, f"{title}, step {i}: losses {losses}"
        found[title] = contenders
    return found


def child(threads: int) -> dict[str, dict[str, float]]:
    return {title: measure(c, 11, 0.1) for title, c in steps(threads).items()}


def main() -> None:
    if "--child" in sys.argv:
        print(json.dumps(child(int(sys.argv[2]))))
        return
    if "--profile" in sys.argv:
        return profile({title: contender(title, "mslearn", 1) for title in NETS})
    if "--peak" in sys.argv:
        return peak_memory(lambda name: contender(*name.split(": "), 1))
    for threads in (1, 2):
        for title, times in in_process(__file__, threads).items():
            table(f"{title}, {threads} thread(s)", times, "mslearn")
    peaks(__file__, [f"{title}: {name}" for title in NETS for name in ("PyTorch eager", "mslearn")])


if __name__ == "__main__":
    main()
