"""Curves without a browser: SVG for saved notebooks, CSV, and a matplotlib figure."""

from __future__ import annotations

import csv
import io
import math
from typing import TYPE_CHECKING

import numpy as np

from ._text import escape, number
from .series import Series, decimate, panel_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# The same colours as the live chart on light paper; mid-tones, so that dark paper works as well.
COLOURS = ("#1f82c0", "#d9661f", "#0d9b72", "#bb5f9b", "#a5860f", "#6b7cd0")
GREY = "#808890"
_WIDTH, _LEFT, _RIGHT, _PANEL, _GAP = 640, 56, 14, 130, 26
_WORDS = {
    "step": {"en": "step", "zh": "步数"},
    "run": {"en": "run {0}", "zh": "第 {0} 次"},
    "bad": {"en": "{0} became {1} at step {2}", "zh": "{0} 在第 {2} 步变成 {1}"},
    "empty": {"en": "No values logged yet.", "zh": "还没有记录任何数值。"},
}


def word(key: str, language: str, *values: object) -> str:
    return _WORDS[key][language].format(*values)


def label(series: Series, runs: int, language: str) -> str:
    if runs < 2:
        return series.name
    return f"{series.name} · {word('run', language, series.run + 1)}"


def panels(all_series: list[Series]) -> dict[str, list[tuple[Series, str]]]:
    """Panel name to its series with their colours; one name keeps its colour in every run."""
    colours: dict[str, str] = {}
    grouped: dict[str, list[tuple[Series, str]]] = {}
    for series in all_series:
        colour = colours.setdefault(series.name, COLOURS[len(colours) % len(COLOURS)])
        grouped.setdefault(panel_of(series.name), []).append((series, colour))
    return grouped


def notes(all_series: list[Series], language: str) -> list[str]:
    """One line for every series that stopped being a number."""
    return [
        word("bad", language, s.name, number(s.first_bad[1]), number(s.first_bad[0], 12))
        for s in all_series
        if s.first_bad is not None
    ]


def ticks(low: float, high: float, count: int) -> list[float]:
    """Round numbers between low and high: steps of 1, 2 or 5 times a power of ten."""
    span = high - low or 1.0
    power = 10.0 ** math.floor(math.log10(span / count))
    step = next(power * m for m in (1, 2, 5, 10) if span / (power * m) <= count)
    first = math.ceil(low / step - 1e-9)
    return [round(k * step, 12) for k in range(first, math.floor(high / step + 1e-9) + 1)]


def to_svg(all_series: list[Series], title: str, language: str) -> str:
    """The whole chart as one self-contained SVG text, the same bytes for the same data."""
    grouped = panels(all_series)
    remarks = notes(all_series, language)
    top = 34 if title else 10
    height = top + len(grouped) * (_PANEL + _GAP) + 22 + 18 * len(remarks)
    if not grouped:
        height = top + 40
    described = escape(title or "curves")
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" '
        f'width="{_WIDTH}" height="{height}" role="img" aria-label="{described}" '
        'font-family="system-ui,sans-serif" font-size="12">'
    ]
    if title:
        out.append(
            f'<text x="{_LEFT}" y="20" fill="{GREY}" font-size="14" font-weight="600">'
            f"{escape(title)}</text>"
        )
    if not grouped:
        out.append(
            f'<text x="{_LEFT}" y="{top + 20}" fill="{GREY}">{word("empty", language)}</text>'
        )
    runs = max((s.run for s in all_series), default=0) + 1
    x_range = _range(np.concatenate([s.steps.view() for s in all_series]) if all_series else None)
    for members in grouped.values():
        out += _panel_svg(members, x_range, top, runs, language)
        top += _PANEL + _GAP
    if grouped:
        for tick in ticks(*x_range, 6):
            x = _scale(tick, x_range, _LEFT, _WIDTH - _RIGHT)
            out.append(
                f'<text x="{x:.1f}" y="{top - 8}" fill="{GREY}" text-anchor="middle">'
                f"{number(tick, 7)}</text>"
            )
        out.append(
            f'<text x="{(_LEFT + _WIDTH - _RIGHT) / 2:.0f}" y="{top + 8}" fill="{GREY}" '
            f'text-anchor="middle">{word("step", language)}</text>'
        )
    for k, remark in enumerate(remarks):
        out.append(
            f'<text x="{_LEFT}" y="{top + 28 + 18 * k}" fill="#c0392b">⚠ {escape(remark)}</text>'
        )
    out.append("</svg>")
    return "".join(out)


def _range(values: np.ndarray | None) -> tuple[float, float]:
    finite = values[np.isfinite(values)] if values is not None else np.empty(0)
    if not finite.size:
        return 0.0, 1.0
    low, high = float(finite.min()), float(finite.max())
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _scale(value: float, of: tuple[float, float], start: float, stop: float) -> float:
    return start + (value - of[0]) / (of[1] - of[0]) * (stop - start)


def _panel_svg(
    members: list[tuple[Series, str]],
    x_range: tuple[float, float],
    top: int,
    runs: int,
    language: str,
) -> list[str]:
    y_range = _range(np.concatenate([s.values.view() for s, _ in members]))
    margin = 0.05 * (y_range[1] - y_range[0])
    y_range = (y_range[0] - margin, y_range[1] + margin)
    low, high = top + _PANEL, top + 18
    out = []
    for tick in ticks(*y_range, 4):
        y = _scale(tick, y_range, low, high)
        out.append(
            f'<path d="M{_LEFT} {y:.1f}H{_WIDTH - _RIGHT}" stroke="{GREY}" stroke-opacity=".25"/>'
            f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" fill="{GREY}" text-anchor="end">'
            f"{number(tick)}</text>"
        )
    x = _LEFT
    for series, colour in members:
        newest = series.run == runs - 1
        faded = "" if newest else ' stroke-opacity=".45"'
        steps, values = decimate(series.steps.view(), series.values.view(), 1200)
        out.append(
            f'<path d="{_line(steps, values, x_range, y_range, low, high)}" fill="none" '
            f'stroke="{colour}" stroke-width="1.6" stroke-linejoin="round"{faded}/>'
        )
        finite = values[np.isfinite(values)]
        text = label(series, runs, language) + (f"  {number(finite[-1])}" if finite.size else "")
        out.append(
            f'<path d="M{x} {top + 4}h14" stroke="{colour}" stroke-width="3"{faded}/>'
            f'<text x="{x + 20}" y="{top + 8}" fill="{GREY}">{escape(text)}</text>'
        )
        x += 40 + 7 * len(text)
    return out


def _line(
    steps: np.ndarray,
    values: np.ndarray,
    x_range: tuple[float, float],
    y_range: tuple[float, float],
    low: float,
    high: float,
) -> str:
    """A path with a gap where a value is not finite; a lone point becomes a dot."""
    parts, pen_down = [], False
    for step, value in zip(steps, values, strict=True):
        if not math.isfinite(value):
            pen_down = False
            continue
        x = _scale(step, x_range, _LEFT, _WIDTH - _RIGHT)
        y = _scale(value, y_range, low, high)
        parts.append(f"{'L' if pen_down else 'M'}{x:.1f} {y:.1f}" + ("" if pen_down else "h.01"))
        pen_down = True
    return "".join(parts)


def to_csv(all_series: list[Series]) -> str:
    """``run,series,step,value`` lines, all points, numbers that read back exactly."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["run", "series", "step", "value"])
    for series in all_series:
        for step, value in zip(series.steps.view(), series.values.view(), strict=True):
            shown = int(step) if step == int(step) else float(step)
            writer.writerow([series.run + 1, series.name, shown, repr(float(value))])
    return text.getvalue()


def figure(all_series: list[Series], title: str, language: str) -> Figure:
    """The same panels as a matplotlib Figure, which the caller owns (no pyplot state)."""
    try:
        from matplotlib.figure import Figure
    except ModuleNotFoundError as error:
        raise ImportError(
            "curves.figure() draws with matplotlib, which is not installed. "
            'Install it with: pip install "mslearn[lab]"'
        ) from error
    grouped = panels(all_series)
    runs = max((s.run for s in all_series), default=0) + 1
    drawing = Figure(figsize=(7, 2.2 * max(len(grouped), 1) + 0.6), layout="constrained")
    if title:
        drawing.suptitle(title)
    axes = drawing.subplots(max(len(grouped), 1), 1, sharex=True, squeeze=False)[:, 0]
    for axis, (panel, members) in zip(axes, grouped.items(), strict=False):
        for series, colour in members:
            axis.plot(
                series.steps.view().copy(),
                series.values.view().copy(),
                color=colour,
                alpha=1 if series.run == runs - 1 else 0.45,
                label=label(series, runs, language).replace("$", r"\$").lstrip("_"),
            )
        axis.set_ylabel(panel)
        axis.grid(alpha=0.25)
        axis.legend(loc="best", frameon=False)
    axes[-1].set_xlabel(word("step", language))
    return drawing
