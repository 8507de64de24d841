"""Small trained networks that come with mslearn: `hub.load("lenet_mnist")`.

Weights are safetensors files, checked against the registry's SHA-256 before they are read; nothing
is downloaded or unpickled. `tools/train_hub.py` trains them again.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from mslearn import models
from mslearn.core.errors import did_you_mean
from mslearn.nn.cell import Cell
from mslearn.train.serialization import load_checkpoint

HERE = Path(__file__).parent


def registry() -> dict[str, dict[str, Any]]:
    """What is there: by name the model, its options, file, checksum, licence and measured score."""
    found: dict[str, dict[str, Any]] = json.loads((HERE / "registry.json").read_text("utf-8"))
    return found


def list_models() -> list[str]:
    """The names that `load` knows.

    >>> import mslearn as ms
    >>> "lenet_mnist" in ms.hub.list_models()
    True
    """
    return sorted(registry())


def info(name: str) -> dict[str, Any]:
    """What the registry says of a network.

    Raises:
        ValueError: there is none of that name.
    """
    entries = registry()
    if name not in entries:
        raise ValueError(
            f"For 'hub.load', there is no network {name!r}; there is {', '.join(sorted(entries))}."
            f"{did_you_mean(name, entries)}"
        )
    return entries[name]


def load(name: str, pretrained: bool = True) -> Cell:
    """A network of the registry, with its trained weights, ready to predict.

    Args:
        name: one of `list_models()`.
        pretrained: False gives the same network with random weights.

    Raises:
        ValueError: no such name, or a file that is not the one of the registry.

    >>> import mslearn as ms
    >>> net = ms.hub.load("lenet_mnist")
    >>> net(ms.ops.zeros((1, 1, 28, 28))).shape
    (1, 10)
    """
    entry = info(name)
    path = HERE / "weights" / entry["file"]
    if pretrained:
        found = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "no file"
        if found != entry["sha256"]:
            raise ValueError(
                f"For 'hub.load', {path.name} is not the file of the registry (SHA-256 "
                f"{entry['sha256'][:12]}… is wanted, got {found[:12]}…). Install mslearn again."
            )
    net = _build(entry)
    if pretrained:
        load_checkpoint(path, net, strict_load=True, format="safetensors")
    return net.set_train(False)


def _build(entry: dict[str, Any]) -> Cell:
    options = dict(entry["options"])
    if "config" in entry:
        options["config"] = getattr(models, entry["config"])(**options.pop("config"))
    net: Cell = getattr(models, entry["model"])(**options)
    return net
