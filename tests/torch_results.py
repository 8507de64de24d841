"""What PyTorch answered: recorded once, compared ever after; PyTorch is too large for every run.

    MSLEARN_RECORD_TORCH=1 python -m pytest tests/nn/test_mint.py tests/nn/test_experimental.py

records again (with PyTorch installed); without the variable only the file is read.
"""

from __future__ import annotations

import atexit
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

FILE = Path(__file__).parent / "nn" / "torch_results.npz"
RECORDING = bool(os.environ.get("MSLEARN_RECORD_TORCH"))
_arrays: dict[str, np.ndarray] = {}
_forms: dict[str, Any] = {}


def recorded(key: str, compute: Callable[[], Any]) -> Any:
    """The recorded answer to `key`; tensors are NumPy arrays. `compute` asks PyTorch itself."""
    if RECORDING:
        _forms[key] = _store(compute(), key)
    elif not _forms:
        with np.load(FILE, allow_pickle=False) as stored:
            _arrays.update({k: stored[k] for k in stored.files if k != "forms"})
            _forms.update(json.loads(str(stored["forms"])))
    return _load(_forms[key])


def _store(value: Any, key: str) -> Any:
    if isinstance(value, tuple | list):
        return [_store(v, f"{key}/{i}") for i, v in enumerate(value)]
    if hasattr(value, "detach"):
        _arrays[key] = np.array(value.detach().numpy())
        return {"array": key}
    return {"plain": value}


def _load(form: Any) -> Any:
    if isinstance(form, list):
        return [_load(f) for f in form]
    return _arrays[form["array"]] if "array" in form else form["plain"]


def _write() -> None:
    if RECORDING and _forms:
        np.savez_compressed(FILE, forms=np.array(json.dumps(_forms)), **_arrays)


atexit.register(_write)
