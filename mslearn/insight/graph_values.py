"""A value in a few numbers: what a card of the computation graph shows of an array. No Jupyter."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

SIDE = 8  # a heatmap in a card has at most SIDE x SIDE cells
FIRST = 6


def jsonable(x: float) -> float | str:
    """A float as JSON can carry it: the three numbers that JSON lacks become words."""
    if math.isfinite(x):
        return float(x)
    return "nan" if math.isnan(x) else "inf" if x > 0 else "-inf"


def summarise(array: np.ndarray) -> dict[str, Any]:
    """Statistics, a small heatmap and the first numbers of `array`.

    Returns:
        ``{"min", "max", "mean", "std", "norm"}`` over the finite elements (floats; absent for an
        array without any), ``"zeros"`` (share of exact zeros, 0 … 1), ``"bad"`` (count of NaN and
        infinities, when there are any), ``"thumb"`` (rows of at most 8 x 8 block means, None for
        a block without finite elements), ``"of"`` (the slice the thumb shows, as text) and
        ``"first"`` (up to 6 elements in C order).

    >>> summarise(np.array([3.0, 4.0]))["norm"]
    5.0
    """
    flat = np.asarray(array).reshape(-1)
    first = [_element(v) for v in flat[:FIRST]]
    if flat.dtype.kind not in "fiub" or not flat.size:
        return {"first": first} if flat.dtype.kind != "c" else {"first": [str(v) for v in first]}
    x = flat.astype(np.float64)
    finite = np.isfinite(x)
    bad = int(x.size - finite.sum())
    out: dict[str, Any] = {"first": first}
    if bad:
        out["bad"] = bad
    good = x[finite] if bad else x
    if good.size:
        top = float(np.abs(good).max())
        # Scaled, because the square of a large float64 overflows.
        norm = top * math.sqrt(float(np.square(good / top).sum())) if top else 0.0
        out.update(
            min=float(good.min()),
            max=float(good.max()),
            mean=float(good.mean()),
            std=float(good.std()),
            norm=norm,
            zeros=float((good == 0).mean()),
        )
    if x.size > 1:
        out["thumb"], out["of"] = _thumb(x.reshape(np.shape(array)))
    return out


def _element(v: Any) -> Any:
    if isinstance(v, np.bool_):
        return bool(v)
    if isinstance(v, np.integer):
        return int(v)
    return jsonable(float(f"{float(v):.6g}")) if not np.iscomplexobj(v) else v


def _thumb(x: np.ndarray) -> tuple[list[list[float | None]], str]:
    """Block means of the last two axes; of the axes before them only index 0 is shown."""
    lead = x.ndim - 2
    text = f"[{', '.join(['0'] * lead)}, :, :]" if lead > 0 else ""
    plane = x[(0,) * lead] if lead > 0 else x.reshape(1, -1) if x.ndim < 2 else x
    mask = np.isfinite(plane)
    total = _blocks(np.where(mask, plane, 0.0))
    count = _blocks(mask.astype(float))
    rows = [
        [float(f"{t / c:.3g}") if c else None for t, c in zip(ts, cs, strict=True)]
        for ts, cs in zip(total, count, strict=True)
    ]
    return rows, text


def _blocks(plane: np.ndarray) -> np.ndarray:
    for axis in (0, 1):
        n = plane.shape[axis]
        if n > SIDE:
            starts = [k * n // SIDE for k in range(SIDE)]
            plane = np.add.reduceat(plane, starts, axis=axis)
    return plane
