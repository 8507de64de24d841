"""A training ported from PyTorch, line by line: same weights, same batches, same losses.

docs/from-pytorch.md tells what is written otherwise, and why; each trap there is a test here.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from torch_results import recorded

import mslearn as ms
import mslearn.dataset as ds
from mslearn import nn, ops

STEPS, BATCH = 12, 8
RNG = np.random.default_rng(10)
IMAGES = RNG.normal(size=(4 * BATCH, 3, 12, 12)).astype(np.float32)
LABELS = RNG.integers(0, 4, 4 * BATCH)


def start(shapes: list[tuple[int, ...]]) -> list[np.ndarray]:
    """First weights for both networks: scales near 1, the others small."""
    rng = np.random.default_rng(1)
    return [
        (rng.normal(size=s) * (0.2 if len(s) > 1 else 0.1) + (len(s) == 1)).astype(np.float32)
        for s in shapes
    ]


def torch_losses(optimizer: str) -> list[float]:
    """The original: a residual network, clipping, a cosine, label smoothing, weight decay."""
    import torch
    from torch import nn
    from torch.nn import functional as F

    class Block(nn.Module):
        def __init__(self, cin: int, cout: int, stride: int) -> None:
            super().__init__()
            self.conv1 = nn.Conv2d(cin, cout, 3, stride, 1, bias=False)
            self.bn1 = nn.BatchNorm2d(cout)
            self.conv2 = nn.Conv2d(cout, cout, 3, 1, 1, bias=False)
            self.bn2 = nn.BatchNorm2d(cout)
            self.short = nn.Sequential(nn.Conv2d(cin, cout, 1, stride, bias=False))

        def forward(self, x: Any) -> Any:
            y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
            return F.relu(y + self.short(x))

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.stem = nn.Sequential(
                nn.Conv2d(3, 6, 3, 1, 1, bias=False), nn.BatchNorm2d(6), nn.ReLU(), nn.MaxPool2d(2)
            )
            self.layers = nn.Sequential(Block(6, 6, 1), Block(6, 8, 2))
            self.fc = nn.Linear(8, 4)

        def forward(self, x: Any) -> Any:
            return self.fc(self.layers(self.stem(x)).mean((2, 3)))

    net = Net()
    with torch.no_grad():
        params = list(net.parameters())
        for p, value in zip(params, start([tuple(p.shape) for p in params]), strict=True):
            p.copy_(torch.tensor(value))
    if optimizer == "sgd":
        opt = torch.optim.SGD(net.parameters(), 0.1, momentum=0.9, weight_decay=0.05)
    else:
        opt = torch.optim.AdamW(net.parameters(), 0.01, weight_decay=0.1)
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, STEPS)
    loss_fn = nn.CrossEntropyLoss(label_smoothing=0.1)
    losses = []
    for k in range(STEPS):
        part = slice(k % 4 * BATCH, k % 4 * BATCH + BATCH)
        opt.zero_grad()
        loss = loss_fn(net(torch.tensor(IMAGES[part])), torch.tensor(LABELS[part]))
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        opt.step()
        sched.step()
        losses.append(loss.item())
    net.eval()
    losses.append(loss_fn(net(torch.tensor(IMAGES)), torch.tensor(LABELS)).item())
    return losses


class Block(nn.Cell):
    def __init__(self, cin: int, cout: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(cin, cout, 3, stride, pad_mode="pad", padding=1)
        self.bn1 = nn.BatchNorm2d(cout)
        self.conv2 = nn.Conv2d(cout, cout, 3, 1, pad_mode="pad", padding=1)
        self.bn2 = nn.BatchNorm2d(cout)
        self.short = nn.SequentialCell(nn.Conv2d(cin, cout, 1, stride, pad_mode="valid"))

    def construct(self, x: Any) -> Any:
        y = self.bn2(self.conv2(ops.relu(self.bn1(self.conv1(x)))))
        return ops.relu(y + self.short(x))


class Net(nn.Cell):
    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.SequentialCell(
            nn.Conv2d(3, 6, 3, 1, pad_mode="pad", padding=1),
            nn.BatchNorm2d(6),
            nn.ReLU(),
            nn.MaxPool2d(2, 2),
        )
        self.layers = nn.SequentialCell(Block(6, 6, 1), Block(6, 8, 2))
        self.fc = nn.Dense(8, 4)

    def construct(self, x: Any) -> Any:
        return self.fc(self.layers(self.stem(x)).mean((2, 3)))


class Samples:
    """A data set as PyTorch's are written: it may return a list."""

    def __len__(self) -> int:
        return len(LABELS)

    def __getitem__(self, k: int) -> list[Any]:
        return [IMAGES[k], np.int32(LABELS[k])]


def cosine(peak: float) -> list[float]:
    """What CosineAnnealingLR gives, as the list that MindSpore's optimizers take."""
    return [peak * (1 + np.cos(np.pi * k / STEPS)) / 2 for k in range(STEPS)]


def losses_of(make: Any, jit: bool = False) -> np.ndarray:
    net = Net()
    params = net.trainable_params()
    for p, value in zip(params, start([p.shape for p in params]), strict=True):
        p.set_data(ms.Tensor(value))
    optimizer, loss_fn = make(params), nn.CrossEntropyLoss(label_smoothing=0.1)

    def forward(x: Any, y: Any) -> Any:  # with a name: MindSpore's jit does not take a lambda here
        return loss_fn(net(x), y)

    grad_fn = ms.value_and_grad(forward, None, params)

    def step(x: Any, y: Any) -> Any:
        loss, grads = grad_fn(x, y)
        optimizer(ops.clip_by_global_norm(grads, 1.0))
        return loss

    run = ms.jit(step) if jit else step
    data = ds.GeneratorDataset(Samples(), ["image", "label"], shuffle=False).batch(BATCH)
    net.set_train()
    losses = [float(run(*row)) for _ in range(STEPS // 4) for row in data.create_tuple_iterator()]
    net.set_train(False)
    labels = ms.Tensor(LABELS.astype(np.int32))
    return np.array([*losses, float(loss_fn(net(ms.Tensor(IMAGES)), labels))])


def all_decayed(params: list[Any]) -> Any:
    groups = [{"params": params, "weight_decay": 0.05}]
    return nn.SGD(groups, cosine(0.1), momentum=0.9)


class AdamW:
    """experimental.optim.AdamW with its schedule: both have PyTorch's names."""

    def __init__(self, params: list[Any]) -> None:
        optim = ms.experimental.optim
        self.rule = optim.AdamW(params, 0.01, weight_decay=0.1)
        self.schedule = optim.lr_scheduler.CosineAnnealingLR(self.rule, STEPS)

    def __call__(self, grads: Any) -> None:
        self.rule(grads)
        self.schedule.step()


def original(optimizer: str) -> np.ndarray:
    return np.array(recorded(f"port {optimizer}", lambda: torch_losses(optimizer)))


@pytest.mark.parametrize("jit", [False, True])
def test_sgd_with_a_cosine_equals_pytorch(jit):
    np.testing.assert_allclose(losses_of(all_decayed, jit), original("sgd"), atol=1e-4)


def test_adamw_equals_pytorch():
    np.testing.assert_allclose(losses_of(AdamW), original("adamw"), atol=1e-4)


def test_a_plain_weight_decay_passes_over_gamma_and_beta():
    def plain(params: list[Any]) -> Any:
        return nn.SGD(params, cosine(0.1), momentum=0.9, weight_decay=0.05)

    assert np.abs(losses_of(plain) - original("sgd")).max() > 1e-3


def test_adam_weight_decay_is_no_adamw():
    def plain(params: list[Any]) -> Any:
        return nn.AdamWeightDecay(params, cosine(0.01), weight_decay=0.1)

    assert np.abs(losses_of(plain) - original("adamw")).max() > 1e-2


def test_traps_of_layers():
    x = ops.ones((1, 3, 8, 8))
    assert nn.Conv2d(3, 4, 3)(x).shape == (1, 4, 8, 8)  # pad_mode="same"; PyTorch gives 6 × 6
    assert nn.Conv2d(3, 4, 3, pad_mode="valid")(x).shape == (1, 4, 6, 6)
    assert nn.MaxPool2d(2)(x).shape == (1, 3, 7, 7)  # stride 1; PyTorch takes the kernel's size
    assert nn.MaxPool2d(2, 2)(x).shape == (1, 3, 4, 4)
    assert nn.BatchNorm2d(3).momentum == 0.9  # of the old value; PyTorch's 0.1 is of the new one
    assert nn.LayerNorm((4,)).epsilon == 1e-7  # PyTorch's is 1e-5
    assert not nn.Conv2d(3, 4, 3).has_bias and nn.Dense(3, 4).has_bias
    assert x[0].transpose(1, 2).shape == (3, 8, 8)
