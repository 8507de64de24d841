"""Record what MindSpore itself computes with our files: run it with a Python that has MindSpore.

PYTHONPATH=. python tests/backends/record_mindspore.py
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from mslearn.backends import conformance
from mslearn.core import random

FILE = Path(__file__).parent / "data" / "mindspore.json"
STEPS = 5
CASES: dict[str, tuple[Callable[[], Any], tuple[int, ...], Any, bool]] = {
    "mlp": (conformance._mlp, (8, 12), np.float32, True),
    "convolutional": (conformance._LeNet, (4, 1, 16, 16), np.float32, False),
    "residual": (conformance._Residual, (4, 1, 16, 16), np.float32, False),
    "recurrent": (conformance._Reader, (4, 3), np.int32, True),
}
"""Network, shape and dtype of a batch, whether Adam trains it."""


def trained(name: str, target: str) -> dict[str, Any]:
    """Losses of five steps, and the sum of each Parameter after them."""
    make, shape, kind, adam = CASES[name]
    one = conformance.Training(make, target, adam)
    random.set_seed(5)
    losses = [float(one.step(*conformance._data(shape, kind))) for _ in range(STEPS)]
    sums = {n: float(a.sum(dtype=np.float64)) for n, a in one.numbers(False).items()}
    return {"losses": losses, "sums": sums}


if __name__ == "__main__":
    import mindspore

    found = {"mindspore": mindspore.__version__}
    found.update({name: trained(name, "MindSpore-CPU") for name in CASES})
    draft = FILE.with_suffix(".new")
    draft.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    os.replace(draft, FILE)
