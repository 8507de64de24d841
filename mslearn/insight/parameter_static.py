"""Parameters without a browser: HTML with pictures for saved notebooks, and a matplotlib figure."""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from mslearn.common.png import png

from . import parameter_format
from ._text import escape, number
from .parameter_slice import numbers, parse, written
from .parameter_stats import Ridges, matrix, ridges
from .snapshots import Frame, Source

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_COLUMNS = ("name", "shape", "count", "mean", "std", "min", "max", "norm", "ratio")
_WORDS = {
    "name": {"en": "parameter", "zh": "参数"},
    "shape": {"en": "shape", "zh": "形状"},
    "count": {"en": "count", "zh": "个数"},
    "mean": {"en": "mean", "zh": "均值"},
    "std": {"en": "std", "zh": "标准差"},
    "min": {"en": "min", "zh": "最小"},
    "max": {"en": "max", "zh": "最大"},
    "norm": {"en": "gradient norm", "zh": "梯度范数"},
    "ratio": {"en": "update ratio", "zh": "更新比"},
    "weight": {"en": "{0}", "zh": "{0}"},
    "gradient": {"en": "gradient of {0}", "zh": "{0} 的梯度"},
    "steps": {"en": ", steps {0} to {1}", "zh": "，第 {0} 步到第 {1} 步"},
    "heat": {"en": "{0}[{1}]", "zh": "{0}[{1}]"},
    "at": {"en": ", step {0}", "zh": "，第 {0} 步"},
    "bad": {"en": "{0}: NaN {1}, infinite {2}", "zh": "{0}：NaN {1} 个，无穷大 {2} 个"},
    "more": {"en": "… and {0} more parameters", "zh": "……还有 {0} 个参数"},
    "step": {"en": "step", "zh": "步"},
}
_BAR, _GRAD, _GREY = "#1f82c0", "#d9661f", "#808890"
PICTURES = 6  # parameters with pictures in a saved notebook
RIDGES, RIDGE_BINS, HEAT, VALUES = 12, 40, 48, (6, 6)


def word(key: str, language: str, *values: object) -> str:
    return _WORDS[key][language].format(*values)


def bar_lengths(norms: Sequence[float | None]) -> list[float]:
    """Lengths from 0 to 1 on a log scale that spans the norms, at least two decades."""
    logs = [math.log10(n) if n is not None and 0 < n < math.inf else None for n in norms]
    known = [x for x in logs if x is not None]
    if not known:
        return [0.0 for _ in norms]
    high = max(known)
    low = min(min(known), high - 2)
    return [0.0 if x is None else 0.08 + 0.92 * (x - low) / (high - low) for x in logs]


def to_html(rows: Sequence[Mapping[str, Any]], source: Source, language: str) -> str:
    """The table and the pictures as self-contained HTML, the same bytes for the same data."""
    out = [_table(rows, language)]
    out += [_pictures(source, row["name"], language) for row in rows[:PICTURES]]
    if len(rows) > PICTURES:
        out.append(f"<div>{word('more', language, len(rows) - PICTURES)}</div>")
    return "".join(out)


def _table(rows: Sequence[Mapping[str, Any]], language: str) -> str:
    cell = "padding:2px 12px 2px 0;text-align:right;white-space:nowrap"
    left = cell.replace("right", "left")
    out = ['<table style="border-collapse:collapse;font-size:12px">', "<thead><tr>"]
    for k, key in enumerate(_COLUMNS):
        out.append(f'<th style="{left if k < 2 else cell}">{word(key, language)}</th>')
    out.append("</tr></thead><tbody>")
    for row, length in zip(rows, bar_lengths([r["norm"] for r in rows]), strict=True):
        shape = "–" if row["shape"] is None else "×".join(map(str, row["shape"])) or "()"
        out.append(f'<tr><td style="{left}">{escape(row["name"])}</td>')
        out.append(f'<td style="{left}">{shape}</td><td style="{cell}">{row["count"]}</td>')
        for key in ("mean", "std", "min", "max"):
            about = "≈ " if row["about"] and key == "std" else ""
            out.append(f'<td style="{cell}">{about}{number(row[key], 3)}</td>')
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


def _pictures(source: Source, name: str, language: str) -> str:
    """One parameter: ridges of values and gradients, the last values as a heatmap and as text."""
    parts = []
    for kind, ink in (("weight", _BAR), ("gradient", _GRAD)):
        frames = source.frames(kind, name)
        if frames:
            title = word(kind, language, name)
            if len(frames) > 1:
                title += word("steps", language, frames[0].step, frames[-1].step)
            parts.append(ridge_svg(ridges(_some(frames), RIDGE_BINS), ink, title, language))
    found = source.array("weight", name, None)
    if found is not None:
        step, array = found
        index = parse("", array.shape)
        title = word("heat", language, name, written(index))
        if len(source.frames("weight", name)) > 1:
            title += word("at", language, step)
        parts += [heat_image(array[index], title), _values(array, language)]
    bad = [
        word("bad", language, f"{word('step', language)} {f.step}", h.nan, h.positive + h.negative)
        for f in source.frames("weight", name)
        if (h := f.histogram).nan or h.positive or h.negative
    ]
    remarks = f'<div style="flex-basis:100%">⚠ {escape("; ".join(bad[:3]))}</div>' if bad else ""
    if not parts:
        return ""
    return (
        f'<details style="margin-top:8px;font-size:12px"><summary>{escape(name)}</summary>'
        '<div style="display:flex;flex-wrap:wrap;gap:16px;align-items:flex-start;padding:6px 0">'
        f"{''.join(parts)}{remarks}</div></details>"
    )


def _some(frames: Sequence[Frame]) -> list[Frame]:
    if len(frames) <= RIDGES:
        return list(frames)
    return [frames[round(k)] for k in np.linspace(0, len(frames) - 1, RIDGES)]


def ridge_svg(found: Ridges, ink: str, title: str, language: str) -> str:
    """Histograms one behind the other, the earliest at the back, as SVG."""
    width, gap, tall = 300, 10, 44
    left = 52 if len(found.steps) > 1 else 8
    height = tall + gap * len(found.steps) + 20
    across = (width - left - 8) / found.parts.shape[1]
    most = float(found.parts.max(initial=0)) or 1.0
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" role="img" aria-label="{escape(title)}" '
        'font-family="system-ui,sans-serif" font-size="11">'
        f"<title>{escape(title)}</title>"
    ]
    last = len(found.steps) - 1
    for k, (step, row) in enumerate(zip(found.steps, found.parts, strict=True)):
        base = tall + gap * k
        points = "".join(
            f"L{left + across * (x + 0.5):.4g} {base - tall * part / most:.3g}"
            for x, part in enumerate(row)
        )
        out.append(
            f'<path d="M{left} {base}{points}L{width - 8} {base}Z" fill="{ink}" '
            f'fill-opacity="{0.25 + 0.5 * k / max(last, 1):.2f}" stroke="{ink}"/>'
        )
        if last and k in (0, last):
            label = f"{word('step', language)} {step}"
            out.append(f'<text x="2" y="{base}" fill="{_GREY}">{label}</text>')
    for x, anchor, value in ((left, "start", found.low), (width - 8, "end", found.high)):
        out.append(
            f'<text x="{x}" y="{height - 4}" text-anchor="{anchor}" fill="{_GREY}">'
            f"{number(value, 3)}</text>"
        )
    return "".join(out) + "</svg>"


def heat_image(array: np.ndarray, title: str, side: int = 180) -> str:
    """An array of one or two axes as a picture: blue below zero, orange above, white at zero."""
    look = matrix(array, HEAT)
    cells = np.where(np.isfinite(look.cells), look.cells, 0)
    top = float(np.abs(cells).max(initial=0)) or 1.0
    share = np.sqrt(np.abs(cells) / top)[..., None]
    ends = np.where(cells[..., None] < 0, np.array([5, 80, 160]), np.array([190, 85, 0]))
    colours = 250 + (ends - 250) * share
    colours[~np.isfinite(look.cells)] = (220, 0, 150)
    data = base64.b64encode(png(np.rint(colours).astype(np.uint8))).decode("ascii")
    high, wide = look.full
    scale = min(side / max(high, wide), 24)
    return (
        f'<figure style="margin:0"><img alt="{escape(title)}" '
        f'src="data:image/png;base64,{data}" style="display:block;image-rendering:pixelated;'
        f'width:{max(scale * wide, 12):.0f}px;height:{max(scale * high, 12):.0f}px">'
        f"<figcaption>{escape(title)}<br>−{number(top, 3)} … {number(top, 3)}</figcaption></figure>"
    )


def _values(array: np.ndarray, language: str) -> str:
    index = parse("", array.shape)
    shown = np.atleast_2d(array[index])
    texts = parameter_format.table(shown, "decimal", 4, VALUES)
    free = [(part, n) for part, n in zip(index, array.shape, strict=True) if part == slice(None)]
    columns = list(numbers(*free[-1]))[: VALUES[1]] if free else [0]
    cell = "padding:1px 8px 1px 0;text-align:right"
    head = "".join(f'<th style="{cell}">{c}</th>' for c in columns)
    body = "".join(
        f'<tr><th style="{cell}">{r}</th>'
        + "".join(f'<td style="{cell}">{text.replace("-", "−")}</td>' for text in row)
        + "</tr>"
        for r, row in enumerate(texts)
    )
    return (
        f'<table style="border-collapse:collapse;font-size:11px"><thead><tr><td></td>{head}</tr>'
        f"</thead><tbody>{body}</tbody></table>"
    )


def figure(source: Source, names: Sequence[str], limit: int = 8) -> Figure:
    """Histogram and heatmap of the first `limit` parameters as a matplotlib Figure."""
    try:
        from matplotlib.figure import Figure
    except ModuleNotFoundError as error:
        raise ImportError(
            "ParametersView.figure() draws with matplotlib, which is not installed. "
            'Install it with: pip install "mslearn[lab]"'
        ) from error
    shown = list(names)[:limit]
    drawing = Figure(figsize=(8, 1.9 * max(len(shown), 1)), layout="constrained")
    axes = drawing.subplots(max(len(shown), 1), 2, squeeze=False)
    for (left, right), name in zip(axes, shown, strict=False):
        frames = source.frames("weight", name)
        last = frames[-1].histogram if frames else None
        if last is not None and len(last.counts):
            edges = np.append(last.lefts, last.lefts[-1] + last.widths[-1])
            left.stairs(last.counts, edges, fill=True, color=_BAR)
        left.set_title(name.replace("$", r"\$"), fontsize=9, loc="left")
        found = source.array("weight", name, None)
        if found is None:
            right.set_axis_off()
            continue
        look = matrix(found[1][parse("", found[1].shape)])
        top = float(np.nanmax(np.abs(look.cells), initial=0)) or 1.0
        # PuOr reversed: two hues that every kind of colour vision tells apart, white at zero.
        image = right.imshow(
            look.cells, cmap="PuOr_r", vmin=-top, vmax=top, aspect="auto", interpolation="nearest"
        )
        drawing.colorbar(image, ax=right)
    return drawing
