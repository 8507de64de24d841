"""Parameters without a browser: an HTML table for saved notebooks and a matplotlib figure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ._text import escape, number
from .parameter_stats import BINS, Snapshot, histogram, matrix, statistics

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_HEAD = {
    "en": (
        "parameter",
        "shape",
        "count",
        "mean",
        "std",
        "min",
        "max",
        "gradient norm",
        "update ratio",
    ),
    "zh": ("参数", "形状", "个数", "均值", "标准差", "最小", "最大", "梯度范数", "更新比"),
}
_BAR = "#1f82c0"


def bar_lengths(norms: Sequence[float | None]) -> list[float]:
    """Lengths from 0 to 1 on a log scale that spans the norms, at least two decades."""
    logs = [math.log10(n) if n is not None and 0 < n < math.inf else None for n in norms]
    known = [x for x in logs if x is not None]
    if not known:
        return [0.0 for _ in norms]
    high = max(known)
    low = min(min(known), high - 2)
    return [0.0 if x is None else 0.08 + 0.92 * (x - low) / (high - low) for x in logs]


def to_html(snapshots: Sequence[Snapshot], language: str) -> str:
    """The table as self-contained HTML, the same bytes for the same data."""
    rows: list[dict[str, Any]] = [statistics(s) for s in snapshots]
    cell = "padding:2px 12px 2px 0;text-align:right;white-space:nowrap"
    left = cell.replace("right", "left")
    out = ['<table style="border-collapse:collapse;font-size:12px">', "<thead><tr>"]
    for k, head in enumerate(_HEAD[language]):
        out.append(f'<th style="{left if k < 2 else cell}">{head}</th>')
    out.append("</tr></thead><tbody>")
    for row, length in zip(rows, bar_lengths([r["norm"] for r in rows]), strict=True):
        shape = "×".join(map(str, row["shape"])) or "()"
        out.append(f'<tr><td style="{left}">{escape(row["name"])}</td>')
        out.append(f'<td style="{left}">{shape}</td><td style="{cell}">{row["count"]}</td>')
        for key in ("mean", "std", "min", "max"):
            out.append(f'<td style="{cell}">{number(row[key], 3)}</td>')
        norm = "–" if row["norm"] is None else number(row["norm"], 3)
        bar = (
            f'<div style="width:{60 * length:.0f}px;height:4px;background:{_BAR}"></div>'
            if length
            else ""
        )
        out.append(f'<td style="{cell}">{norm}{bar}</td>')
        ratio = "–" if row["ratio"] is None else number(row["ratio"], 3)
        out.append(f'<td style="{cell}">{ratio}</td></tr>')
    out.append("</tbody></table>")
    return "".join(out)


def figure(snapshots: Sequence[Snapshot], limit: int = 8) -> Figure:
    """Histogram and heatmap of the first `limit` parameters as a matplotlib Figure."""
    try:
        from matplotlib.figure import Figure
    except ModuleNotFoundError as error:
        raise ImportError(
            "ParametersView.figure() draws with matplotlib, which is not installed. "
            'Install it with: pip install "mslearn[lab]"'
        ) from error
    shown = list(snapshots)[:limit]
    drawing = Figure(figsize=(8, 1.9 * len(shown)), layout="constrained")
    axes = drawing.subplots(len(shown), 2, squeeze=False)
    for (left, right), snapshot in zip(axes, shown, strict=True):
        low, high, counts = histogram(snapshot.value)
        edges = np.linspace(low, high, BINS + 1)
        left.stairs(counts, edges, fill=True, color=_BAR)
        left.set_title(snapshot.name.replace("$", r"\$"), fontsize=9, loc="left")
        look = matrix(snapshot.value)
        top = float(np.nanmax(np.abs(look.cells), initial=0)) or 1.0
        # PuOr reversed: two hues that every kind of colour vision tells apart, white at zero.
        image = right.imshow(
            look.cells, cmap="PuOr_r", vmin=-top, vmax=top, aspect="auto", interpolation="nearest"
        )
        drawing.colorbar(image, ax=right)
    return drawing
