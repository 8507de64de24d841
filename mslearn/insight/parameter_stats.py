"""Numbers about parameters: statistics, histograms, small matrices. No Jupyter here."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

CELLS = 256  # most rows and columns of a heatmap that travel to the browser
BINS = 40


@dataclass(frozen=True)
class Snapshot:
    """One parameter at one moment: its value, its gradient if given, its value at the last look."""

    name: str
    value: np.ndarray
    grad: np.ndarray | None
    previous: np.ndarray | None


def as_array(value: Any) -> np.ndarray:
    return np.asarray(value.asnumpy() if hasattr(value, "asnumpy") else value)


def parameters_of(net: Any) -> list[Any]:
    """The trainable parameters of a Cell, or the parameters in a given list or tuple."""
    if hasattr(net, "trainable_params"):
        found = list(net.trainable_params())
    elif isinstance(net, Sequence) and all(hasattr(p, "asnumpy") for p in net):
        found = list(net)
    else:
        raise TypeError(
            "insight.parameters wants a Cell (or a list of Parameters), "
            f"got a {type(net).__name__}."
        )
    if not found:
        raise ValueError(
            f"insight.parameters: {type(net).__name__} has no trainable parameters. Is it a Cell "
            "without layers, or were they set to requires_grad=False?"
        )
    return found


def match_gradients(params: Sequence[Any], grads: Any) -> dict[str, np.ndarray]:
    """Gradients by parameter name, from a dict or from the tuple that value_and_grad returns."""
    if grads is None:
        return {}
    shapes = {p.name: tuple(p.asnumpy().shape) for p in params}
    if isinstance(grads, Mapping):
        unknown = [str(name) for name in grads if name not in shapes]
        if unknown:
            raise ValueError(
                f"insight.parameters: grads has {unknown[0]!r}, which is no parameter of the "
                f"network. Its parameters: {', '.join(shapes)}."
            )
        pairs = list(grads.items())
    else:
        many = list(grads) if isinstance(grads, (tuple, list)) else [grads]
        if len(many) != len(shapes):
            raise ValueError(
                f"insight.parameters: got {len(many)} gradients for {len(shapes)} parameters. Pass "
                "the tuple from value_and_grad(fn, None, net.trainable_params()), or a dict "
                "{parameter name: gradient}."
            )
        pairs = list(zip(shapes, many, strict=True))
    out = {}
    for name, grad in pairs:
        if grad is None:
            continue
        array = as_array(grad)
        if tuple(array.shape) != shapes[name]:
            raise ValueError(
                f"insight.parameters: the gradient of {name!r} has shape {tuple(array.shape)}, the "
                f"parameter has {shapes[name]}. Are the gradients in the order of "
                "net.trainable_params()?"
            )
        out[name] = array.copy()
    return out


def _wide(array: np.ndarray) -> np.ndarray:
    return array.astype(np.float64) if array.dtype.kind != "c" else np.abs(array)


def statistics(snapshot: Snapshot) -> dict[str, Any]:
    """What a row of the table says. The update ratio is mean|w - w_before| / mean|w_before|."""
    value = _wide(snapshot.value)
    finite = value[np.isfinite(value)]
    some = finite.size > 0
    ratio = None
    if snapshot.previous is not None:
        before = _wide(snapshot.previous)
        with np.errstate(all="ignore"):
            ratio = float(np.abs(value - before).mean() / (np.abs(before).mean() + 1e-12))
    norm = None
    if snapshot.grad is not None:
        with np.errstate(all="ignore"):
            norm = float(np.linalg.norm(_wide(snapshot.grad).ravel()))
    return {
        "name": snapshot.name,
        "shape": list(snapshot.value.shape),
        "dtype": str(snapshot.value.dtype),
        "count": int(value.size),
        "bad": int(value.size - finite.size),
        "mean": float(finite.mean()) if some else math.nan,
        "std": float(finite.std()) if some else math.nan,
        "min": float(finite.min()) if some else math.nan,
        "max": float(finite.max()) if some else math.nan,
        "norm": norm,
        "ratio": ratio,
    }


def histogram(array: np.ndarray) -> tuple[float, float, np.ndarray]:
    """(lowest, highest, counts of BINS equal bins) of the finite values."""
    finite = _wide(array)[np.isfinite(array)]
    if not finite.size:
        return 0.0, 1.0, np.zeros(BINS)
    low, high = float(finite.min()), float(finite.max())
    if low == high:
        low, high = low - 0.5, high + 0.5
    counts, _ = np.histogram(finite, bins=BINS, range=(low, high))
    return low, high, counts.astype(np.float64)


@dataclass(frozen=True)
class Matrix:
    """A two-dimensional look at an array. Each cell stands for a `block` of (rows, columns)."""

    cells: np.ndarray  # float32, at most CELLS x CELLS
    block: tuple[int, int]
    full: tuple[int, int]  # rows and columns before downsampling


def matrix(array: np.ndarray, index: Sequence[int] = ()) -> Matrix:
    """The last two axes of `array` at `index` of the axes before them, downsampled.

    A cell of a downsampled matrix is the value of largest magnitude in its block: a mean would
    hide the single large weight one is looking for.
    """
    leading = array.shape[: max(array.ndim - 2, 0)]
    wanted = list(index) + [0] * (len(leading) - len(index))
    chosen = tuple(min(max(int(i), 0), n - 1) for i, n in zip(wanted, leading, strict=False))
    flat = np.atleast_2d(_wide(array)[chosen])
    rows, columns = flat.shape
    block = (max(-(-rows // CELLS), 1), max(-(-columns // CELLS), 1))
    if block == (1, 1):
        return Matrix(flat.astype(np.float32), block, (rows, columns))
    pad = (-rows % block[0], -columns % block[1])
    padded = np.pad(flat, ((0, pad[0]), (0, pad[1])))  # zeros never win over a real value
    high, wide = padded.shape[0] // block[0], padded.shape[1] // block[1]
    blocks = padded.reshape(high, block[0], wide, block[1]).swapaxes(1, 2).reshape(high, wide, -1)
    size = np.where(np.isnan(blocks), np.inf, np.abs(blocks))  # a NaN must not be overlooked
    cells = np.take_along_axis(blocks, size.argmax(axis=2)[..., None], axis=2)[..., 0]
    return Matrix(cells.astype(np.float32), block, (rows, columns))
