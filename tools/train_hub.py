"""Train the networks of `mslearn.hub` and write their weights and the registry.

    python tools/train_hub.py [NAME …]

Takes a minute each on a laptop and gives the same weights again on the same machine.
"""

from __future__ import annotations

import hashlib
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

import mslearn as ms
from mslearn import hub, models, nn
from mslearn.dataset import MnistDataset, prepare

ADDITION = "0123456789+="


def mnist(part: str) -> tuple[np.ndarray, np.ndarray]:
    """The bundled digits as float32 (N, 1, 28, 28) from 0 to 1, and their labels."""
    with tempfile.TemporaryDirectory() as folder:
        prepare("mnist", folder)
        rows = list(MnistDataset(f"{folder}/{part}", shuffle=False).create_tuple_iterator(
            output_numpy=True, num_epochs=1))  # fmt: skip
    images = np.stack([r[0] for r in rows]).transpose(0, 3, 1, 2).astype(np.float32) / 255
    return images, np.array([r[1] for r in rows]).astype(np.int32).reshape(-1)


def lenet_mnist() -> tuple[nn.Cell, float]:
    """LeNet-5 on the 2,000 bundled digits, moved about by up to two pixels."""
    images, labels = mnist("train")
    rng = np.random.default_rng(0)
    net = models.LeNet5().set_train()
    epochs, batch = 40, 50
    rates = nn.cosine_decay_lr(1e-5, 2e-3, epochs * 40, 40, epochs)
    optimizer = nn.AdamWeightDecay(net.trainable_params(), rates, weight_decay=0.02)
    loss_fn = nn.CrossEntropyLoss(label_smoothing=0.05)
    step = ms.value_and_grad(lambda x, y: loss_fn(net(x), y), None, optimizer.parameters)
    for _ in range(epochs):
        for rows in rng.permutation(len(images)).reshape(-1, batch):
            down, right = rng.integers(-2, 3, 2)
            moved = np.roll(images[rows], (down, right), (2, 3))
            _, grads = step(ms.Tensor(moved), ms.Tensor(labels[rows]))
            optimizer(grads)
    net.set_train(False)
    images, labels = mnist("test")
    right = net(ms.Tensor(images)).asnumpy().argmax(1) == labels
    return net, float(right.mean())


def sums(numbers: np.ndarray) -> np.ndarray:
    """Pairs (N, 2) below 100 as texts (N, 9) like "27+48=570": the sum is written backwards."""
    texts = [f"{a:02}+{b:02}={f'{a + b:03}'[::-1]}" for a, b in numbers]
    return np.array([[ADDITION.index(c) for c in text] for text in texts], np.int32)


def gpt_addition() -> tuple[nn.Cell, float]:
    """A GPT that adds two-digit numbers; one pair in ten is kept for the test."""
    rng = np.random.default_rng(0)
    pairs = rng.permutation(np.stack(np.mgrid[:100, :100], -1).reshape(-1, 2))
    train, test = sums(pairs[1000:]), sums(pairs[:1000])
    net = models.GPT(models.GPTConfig(len(ADDITION), 8, 2, 4, 48, 0.0)).set_train()
    steps, batch = 4000, 128
    waves = 0.5 + 0.5 * np.cos(np.pi * np.arange(steps) / steps)
    rates = [4e-3 * wave * min(1, (i + 1) / 100) for i, wave in enumerate(waves)]
    optimizer = nn.AdamWeightDecay(net.trainable_params(), rates, weight_decay=0.01)
    loss_fn = nn.CrossEntropyLoss()

    def loss(x: ms.Tensor) -> ms.Tensor:
        scores = net(x[:, :-1])[:, 5:]  # only the sum can be known
        return loss_fn(scores.reshape((-1, len(ADDITION))), x[:, 6:].reshape((-1,)))

    step = ms.value_and_grad(loss, None, optimizer.parameters)
    for i in range(steps):
        value, grads = step(ms.Tensor(train[rng.integers(0, len(train), batch)]))
        optimizer(grads)
        if i % 500 == 0:
            print(f"  step {i}: loss {float(value):.4f}")
    net.set_train(False)
    found = net.generate(ms.Tensor(test[:, :6]), 3).asnumpy()
    return net, float((found == test).all(1).mean())


RECIPES: dict[str, tuple[Any, dict[str, Any]]] = {
    "lenet_mnist": (
        lenet_mnist,
        {
            "about": "LeNet-5 for digits (N, 1, 28, 28) from 0 to 1",
            "data": "2,000 digits carved from MNIST's training images, as bundled",
            "model": "LeNet5",
            "options": {},
            "score": "share of the 500 bundled test digits that are right",
        },
    ),
    "gpt_addition": (
        gpt_addition,
        {
            "about": f"GPT that goes on with '27+48=' (the sum backwards); words {ADDITION!r}",
            "data": "9,000 of the 10,000 pairs of numbers below 100",
            "model": "GPT",
            "config": "GPTConfig",
            "options": {
                "config": {
                    "vocab_size": len(ADDITION), "block_size": 8, "num_layers": 2, "num_heads": 4,
                    "embed_dim": 48, "dropout": 0.0,
                }
            },
            "score": "share of the other 1,000 pairs whose sum is right",
        },
    ),
}  # fmt: skip


def main() -> None:
    place = hub.HERE / "registry.json"
    entries = json.loads(place.read_text()) if place.exists() else {}
    for name in sys.argv[1:] or RECIPES:
        train, entry = RECIPES[name]
        print(name)
        ms.set_seed(0)
        net, score = train()
        path = hub.HERE / "weights" / f"{name}.safetensors"
        ms.save_checkpoint(net, path, format="safetensors")
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        entries[name] = {
            **entry, "accuracy": round(score, 4), "file": path.name, "sha256": digest,
            "license": "Apache-2.0", "trained_by": f"{Path(__file__).parent.name}/train_hub.py",
        }  # fmt: skip
        print(f"  {score:.2%}, {path.stat().st_size:,} bytes")
    text = json.dumps(dict(sorted(entries.items())), indent=2, ensure_ascii=False)
    place.write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    main()
