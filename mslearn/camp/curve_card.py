"""A predicted curve and the real one in one picture, with a card's words around it."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .material import Prediction
from .report import Card

_W, _H, _LEFT, _TOP = 420, 200, 48, 12
_RIGHT, _BOTTOM = 12, 34


@dataclass(frozen=True)
class CurveCard:
    """`card`, and below it the prediction (dashed, if there is one) and the output (solid)."""

    card: Card
    task: Prediction
    guess: Sequence[float] | None
    truth: Sequence[float]
    words: tuple[str, str]
    language: str

    def __repr__(self) -> str:
        values = ", ".join(f"{v:.3g}" for v in self.truth[:: max(1, len(self.truth) // 5)])
        return f"{self.card!r}\n  {self.words[1]} ≈ {values}"

    def _repr_html_(self) -> str:
        return f"{self.card._repr_html_()}\n{self.svg()}"

    def svg(self) -> str:
        """The picture, readable on light and on dark paper."""
        (x0, x1), (y0, y1) = self.task.x, self.task.y
        label = [getattr(text, self.language) for text in (self.task.x_label, self.task.y_label)]
        out = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_W} {_H}" width="{_W}" '
            f'height="{_H}" role="img" data-camp="curve" aria-label="{html.escape(label[1])}" '
            'font-family="system-ui,sans-serif" font-size="12" fill="#808890">',
            f'<path d="M{_LEFT} {_TOP}V{_H - _BOTTOM}H{_W - _RIGHT}" fill="none" '
            'stroke="#808890"/>',
            f'<text x="{_LEFT}" y="{_H - _BOTTOM + 14}">{x0:g}</text>',
            f'<text x="{_W - _RIGHT}" y="{_H - _BOTTOM + 14}" text-anchor="end">{x1:g}</text>',
            f'<text x="{_LEFT - 6}" y="{_H - _BOTTOM}" text-anchor="end">{y0:g}</text>',
            f'<text x="{_LEFT - 6}" y="{_TOP + 9}" text-anchor="end">{y1:g}</text>',
            f'<text x="{(_LEFT + _W) / 2}" y="{_H - 4}" text-anchor="middle">'
            f"{html.escape(label[0])} → {html.escape(label[1])}</text>",
        ]
        lines = [(self.guess, "#d9661f", "6 4", 0), (self.truth, "#1f82c0", "none", 1)]
        for values, colour, dashes, row in lines:
            if values is not None:
                out.append(
                    f'<polyline points="{self._points(values)}" fill="none" stroke="{colour}" '
                    f'stroke-width="2" stroke-dasharray="{dashes}"/>'
                )
                out.append(
                    f'<text x="{_W - _RIGHT}" y="{_TOP + 12 + 16 * row}" fill="{colour}" '
                    f'text-anchor="end">{html.escape(self.words[row])}</text>'
                )
        return "\n".join([*out, "</svg>"])

    def _points(self, values: Sequence[float]) -> str:
        low, high = self.task.y
        xs = np.linspace(_LEFT, _W - _RIGHT, len(values))
        share = np.clip((np.asarray(values) - low) / (high - low), -0.02, 1.02)
        ys = _H - _BOTTOM - share * (_H - _BOTTOM - _TOP)
        return " ".join(f"{x:.1f},{y:.1f}" for x, y in zip(xs, ys, strict=True))
