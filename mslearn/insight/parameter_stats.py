"""Numbers about parameters: statistics, histograms over time, small matrices. No Jupyter here."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mslearn.summary.values import Histogram

from .snapshots import Frame, Source

CELLS = 256  # most rows and columns of a heatmap that travel to the browser
BINS = 72  # of a ridge: all steps on one axis


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
            "insight.parameters wants a Cell (or a list of Parameters), what insight.watch "
            f"returned, or the folder of a recorded run; got a {type(net).__name__}."
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


def figures(value: np.ndarray | Histogram) -> dict[str, Any]:
    """Count, mean, standard deviation and extremes of the finite values, and how many are not.

    Of a histogram the standard deviation is estimated from the bins: ``about`` is then true.
    """
    if isinstance(value, Histogram):
        return _figures_of_bins(value)
    wide = _wide(value)
    finite = wide[np.isfinite(wide)]
    some = finite.size > 0
    return {
        "count": int(wide.size),
        "nan": int(np.isnan(wide).sum()),
        "inf": int(np.isinf(wide).sum()),
        "mean": float(finite.mean()) if some else math.nan,
        "std": float(finite.std()) if some else math.nan,
        "min": float(finite.min()) if some else math.nan,
        "max": float(finite.max()) if some else math.nan,
        "about": False,
    }


def _figures_of_bins(histogram: Histogram) -> dict[str, Any]:
    inside = int(histogram.counts.sum())
    mean = histogram.total / inside if inside else math.nan
    deviation = math.nan
    if inside:
        middles = histogram.lefts + histogram.widths / 2
        with np.errstate(all="ignore"):
            weights = histogram.counts / inside
            within = histogram.widths**2 / 12  # as if spread evenly over each bin
            deviation = float(np.sqrt(weights @ ((middles - weights @ middles) ** 2 + within)))
        deviation = 0.0 if histogram.lowest == histogram.highest else deviation
    return {
        "count": histogram.seen,
        "nan": histogram.nan,
        "inf": histogram.positive + histogram.negative,
        "mean": mean,
        "std": deviation,
        "min": histogram.lowest if inside else math.nan,
        "max": histogram.highest if inside else math.nan,
        "about": True,
    }


def row_of(source: Source, name: str) -> dict[str, Any]:
    """What a row of the table says: the latest that `source` knows of this parameter."""
    value = source.last(name)
    whole = isinstance(value, np.ndarray)
    numbers = figures(np.zeros(0) if value is None else value)
    return {
        "name": name,
        "shape": list(value.shape) if isinstance(value, np.ndarray) else None,
        "dtype": str(value.dtype) if isinstance(value, np.ndarray) else "",
        **numbers,
        "about": not whole,
        "norm": source.norms.get(name),
        "ratio": source.ratios.get(name),
    }


def spread(histogram: Histogram, edges: np.ndarray) -> np.ndarray:
    """The counts of a histogram on other bins, each count spread evenly over its own bin.

    >>> from mslearn.summary.values import histogram_of
    >>> spread(histogram_of(np.array([1.0, 1.0, 3.0])), np.array([0.0, 2.0, 4.0])).tolist()
    [1.5, 1.5]
    """
    if not len(histogram.counts):
        return np.zeros(len(edges) - 1)
    low, high = histogram.lowest, histogram.highest
    if low == high:  # all alike: a bin's width would be an invention
        place = min(int(np.searchsorted(edges, low, "right")) - 1, len(edges) - 2)
        out = np.zeros(len(edges) - 1)
        out[max(place, 0)] = histogram.counts.sum()
        return out
    corners = np.append(histogram.lefts, histogram.lefts[-1] + histogram.widths[-1])
    below = np.append(0, np.cumsum(histogram.counts))
    return np.diff(np.interp(edges, corners, below))


@dataclass(frozen=True)
class Ridges:
    """Histograms over time on one axis from `low` to `high`.

    `parts` (float32 <frames, bins>) are shares of the finite values, a row for each of `steps`.
    """

    steps: list[int]
    low: float
    high: float
    parts: np.ndarray


def ridges(frames: Sequence[Frame], bins: int = BINS) -> Ridges:
    """All frames on one axis that holds every one's lowest and highest value."""
    filled = [f.histogram for f in frames if len(f.histogram.counts)]
    low = min((h.lowest for h in filled), default=0.0)
    high = max((h.highest for h in filled), default=0.0)
    if low == high:
        low, high = low - 0.5, high + 0.5
    edges = np.linspace(low, high, bins + 1)
    rows = [spread(f.histogram, edges) / max(f.histogram.counts.sum(), 1) for f in frames]
    parts = np.array(rows, np.float32).reshape(len(frames), bins)
    return Ridges([f.step for f in frames], low, high, parts)


@dataclass(frozen=True)
class Matrix:
    """A look at an array of two axes. Each cell stands for a `block` of (rows, columns)."""

    cells: np.ndarray  # float32, at most CELLS x CELLS
    block: tuple[int, int]
    full: tuple[int, int]  # rows and columns before downsampling


def matrix(array: np.ndarray, limit: int = CELLS) -> Matrix:
    """An array of at most two axes, downsampled to at most `limit` rows and columns.

    A cell of a downsampled matrix is the value of largest magnitude in its block: a mean would
    hide the single large weight one is looking for.
    """
    flat = np.atleast_2d(_wide(array))
    rows, columns = flat.shape
    block = (max(-(-rows // limit), 1), max(-(-columns // limit), 1))
    if block == (1, 1):
        return Matrix(flat.astype(np.float32), block, (rows, columns))
    pad = (-rows % block[0], -columns % block[1])
    padded = np.pad(flat, ((0, pad[0]), (0, pad[1])))  # zeros never win over a real value
    high, wide = padded.shape[0] // block[0], padded.shape[1] // block[1]
    blocks = padded.reshape(high, block[0], wide, block[1]).swapaxes(1, 2).reshape(high, wide, -1)
    size = np.where(np.isnan(blocks), np.inf, np.abs(blocks))  # a NaN must not be overlooked
    cells = np.take_along_axis(blocks, size.argmax(axis=2)[..., None], axis=2)[..., 0]
    return Matrix(cells.astype(np.float32), block, (rows, columns))
