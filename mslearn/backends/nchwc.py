"""ONNX Runtime's operators on blocks of channels, and whether they are there.

They are the runtime's own and nowhere promised. So `block` tries them once in a process, on
numbers; where they are missing (another processor, another version) nothing else changes.
"""

from __future__ import annotations

import functools
import importlib
from typing import Any

import numpy as np

from mslearn.core.tensor import Abstract
from mslearn.interchange.onnx_builder import Builder, Port

DOMAIN = "com.microsoft.nchwc:"
Sizes = tuple[int, ...]


def scaled(b: Builder, channels: int, x: str, *more: str, **attrs: Any) -> str:
    """x times a number a channel, plus one (and plus an image): a convolution in which every
    channel is a group of its own."""
    return str(b.op(DOMAIN + "Conv", x, *more, **windows((1, 1)), group=channels, **attrs))


def windows(
    kernel: Sizes, stride: Sizes = (1, 1), pads: Sizes = (0, 0, 0, 0), dilation: Sizes = (1, 1)
) -> dict[str, Any]:
    """The attributes of a convolution; pads are all before, then all after."""
    return {"kernel_shape": kernel, "strides": stride, "pads": pads, "dilations": dilation}


@functools.cache
def block() -> int:
    """How many channels a block has in the runtime that is installed here; 0 where it has no such
    operators for this processor, or they do not what is relied on here."""
    ort = importlib.import_module("onnxruntime")
    rng, count = np.random.default_rng(0), 64
    x = rng.standard_normal((1, count, 2, 2), np.float32)
    arrays = {"x": x, "scale": rng.random((count, 1, 1, 1), "f"), "shift": rng.random(count, "f")}
    b = Builder({}, lambda graph: graph)
    ports = [Port(b.fresh(n), Abstract(a.shape, a.dtype)) for n, a in arrays.items()]
    inside = b.op(DOMAIN + "ReorderInput", "x")
    y = scaled(b, count, inside, "scale", "shift", inside, activation="Relu")
    names = inside, b.op(DOMAIN + "ReorderOutput", y, channels=count)
    results = [Port(b.publish(n, f"y{i}"), ports[0].value) for i, n in enumerate(names)]
    settings = ort.SessionOptions()
    settings.log_severity_level = 4
    data = b.model("trial", ports, results)
    try:
        session = ort.InferenceSession(data, settings, providers=["CPUExecutionProvider"])
        blocked, found = session.run(None, arrays)
    except Exception:  # the runtime's own classes
        return 0
    size = int(np.argmax(blocked.reshape(-1) == x[0, 0, 0, 1]))
    if not size or count % size:
        return 0
    order = x.reshape(count // size, size, 4).transpose(0, 2, 1)
    wanted = np.maximum(x * arrays["scale"][:, 0] + arrays["shift"].reshape(-1, 1, 1) + x, 0)
    fine = np.array_equal(blocked.ravel(), order.ravel()) and np.allclose(found, wanted, 1e-5)
    return size if fine else 0
