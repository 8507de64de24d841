"""Pictures and predictions to read without a kernel: HTML with the pictures inside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ._text import escape, number
from .image_arrays import data_uri, finite_range, shrunk, sprite

if TYPE_CHECKING:
    from .image_predictions import Kept, Tally
    from .image_view import ImagesView

STEPS, ACROSS, SIDE, ALONE = 4, 10, 64, 160

WORDS = {
    "images": {"en": "Images", "zh": "图像"},
    "step": {"en": "step {0}", "zh": "第 {0} 步"},
    "range": {"en": "black = {0}, white = {1}", "zh": "黑 = {0}，白 = {1}"},
    "each": {"en": "each picture from its own smallest to its largest value",
             "zh": "每幅图各自从最小值到最大值"},
    "size": {"en": "{0} pictures {1}, {2}", "zh": "{0} 幅 {1}，{2}"},
    "one": {"en": "1 picture {1}, {2}", "zh": "1 幅 {1}，{2}"},
    "more": {"en": "… and {0} more", "zh": "……还有 {0} 幅"},
    "channel": {"en": "channel {0} of {1}", "zh": "第 {0} 个通道，共 {1} 个"},
    "bad": {"en": "⚠ {0} pixels are NaN or infinite", "zh": "⚠ 有 {0} 个像素是 NaN 或无穷大"},
    "picture": {"en": "picture {0}", "zh": "第 {0} 幅"},
    "predictions": {"en": "Predictions", "zh": "预测结果"},
    "right": {"en": "{0} of {1} right ({2} %)", "zh": "{1} 个样本，预测对 {0} 个（{2} %）"},
    "left_out": {"en": "⚠ {0} samples whose scores are not finite are left out",
                 "zh": "⚠ {0} 个样本的分数不是有限数，没有计入"},
    "true": {"en": "true", "zh": "真实"},
    "predicted": {"en": "predicted", "zh": "预测"},
    "recall": {"en": "recall", "zh": "召回率"},
    "precision": {"en": "precision", "zh": "精确率"},
    "some": {"en": "The {0} classes with the most mistakes, of {1}.",
             "zh": "共 {1} 类，这里是错得最多的 {0} 类。"},
    "worst": {"en": "The worst mistakes: ✗ predicted ← true", "zh": "错得最离谱的：✗ 预测 ← 真实"},
    "first": {"en": "Mistakes: ✗ predicted ← true", "zh": "预测错的：✗ 预测 ← 真实"},
    "none": {"en": "No mistakes.", "zh": "没有预测错的。"},
}  # fmt: skip

_IMAGE = "image-rendering:pixelated;border:1px solid #8888"
_CELL = "padding:2px 7px;text-align:right;white-space:nowrap"


def word(key: str, language: str, *values: object) -> str:
    """A text with names and numbers in it, ready for HTML."""
    return escape(WORDS[key][language].format(*values))


def _opened(label: str) -> str:
    return f'<section aria-label="{label}" style="font:13px system-ui,sans-serif">'


# -- pictures over steps -------------------------------------------------------------------------


def steps_html(view: ImagesView, language: str) -> str:
    """A few steps of each tag, one row of pictures for each."""
    label = escape(view._title) or word("images", language)
    out = [_opened(label), f"<div><b>{label}</b></div>"]
    for tag, series in view._series.items():
        last = len(series.steps) - 1
        if len(view._series) > 1 or view._run is not None:
            out.append(f"<div>{escape(tag)}</div>")
        for k in sorted({round(last * i / (STEPS - 1)) for i in range(STEPS)}):
            at = word("step", language, series.steps[k]) if last else ""
            try:
                out.append(_row(view, series, k, at, language))
            except ValueError as error:
                out.append(f"<div>⚠ {escape(error)}</div>")
    return "".join([*out, "</section>"])


def _row(view: ImagesView, series: Any, k: int, at: str, language: str) -> str:
    pictures = series.load(k)
    ask = {"scale": view._scale}
    side = ALONE if len(pictures.array) == 1 else SIDE
    facts, sheet = view.sheet(series, pictures, ask, ACROSS, side)
    high, wide = facts["tile"]
    tiles = []
    for i in range(facts["tiles"]):
        row, column = divmod(i, facts["columns"])
        tile = sheet[row * high : (row + 1) * high, column * wide : (column + 1) * wide]
        zoom = side / max(high, wide)
        alt = f"{at + ', ' if at else ''}{word('picture', language, i)}"
        tiles.append(_img(tile, zoom, alt))
    height, width, channels = facts["size"]
    size = f"{height}×{width}" + (f"×{channels}" if channels > 1 else "")
    key = "one" if facts["count"] == 1 else "size"
    text = [at, word(key, language, facts["count"], size, facts["dtype"])]
    if facts["channel"] >= 0 and channels > 1:
        text.append(word("channel", language, facts["channel"], channels))
    low, top = facts["low"], facts["high"]
    same = len(set(low)) == len(set(top)) == 1
    text.append(
        word("range", language, number(low[0]), number(top[0])) if same else word("each", language)
    )
    if facts["count"] > facts["tiles"]:
        text.append(word("more", language, facts["count"] - facts["tiles"]))
    if bad := sum(facts["bad"]):
        text.append(word("bad", language, bad))
    return (
        f'<div style="margin-top:6px">{" · ".join(filter(None, text))}</div>'
        f'<div style="display:flex;flex-wrap:wrap;gap:4px">{"".join(tiles)}</div>'
    )


def _img(tile: np.ndarray, zoom: float, alt: str) -> str:
    high, wide = (round(n * zoom) for n in tile.shape[:2])
    # What is transparent is no number: it shows the pattern behind.
    behind = (
        ";background:repeating-linear-gradient(45deg,#dc0096 0 3px,#fff 3px 6px)"
        if tile.ndim == 3 and tile.shape[2] == 4 and not tile[..., 3].all()
        else ""
    )
    return (
        f'<img alt="{alt}" src="{data_uri(tile)}" width="{wide}" height="{high}" '
        f'style="{_IMAGE}{behind}">'
    )


# -- predictions ---------------------------------------------------------------------------------


def predictions_html(tally: Tally, worst: list[Kept], language: str) -> str:
    """The confusion matrix with precision and recall, and the worst mistakes."""
    label = word("predictions", language)
    share = number(100 * tally.right / tally.seen, 3) if tally.seen else "–"
    out = [
        _opened(label),
        f"<div><b>{label}</b> · {word('right', language, tally.right, tally.seen, share)}</div>",
    ]
    if tally.left_out:
        out.append(f"<div>{word('left_out', language, tally.left_out)}</div>")
    out += [_matrix(tally, language), _mistakes(tally, worst, language)]
    return "".join([*out, "</section>"])


def _matrix(tally: Tally, language: str) -> str:
    shown = tally.shown()
    names = [escape(tally.name(c)) for c in shown]
    counts = tally.matrix(shown)
    rows, columns = tally.row_sums(), tally.column_sums()
    # Right answers are many, mistakes few: each kind is shaded against its own largest.
    right = np.eye(len(shown), dtype=bool)
    most = [max(1, int(counts[right == kind].max(initial=0))) for kind in (False, True)]
    axes = f"{word('true', language)} ↓ · {word('predicted', language)} →"
    table = "border-collapse:collapse;font-size:12px;color:inherit;margin:6px 0"
    out = [f'<table style="{table}"><thead><tr><th style="{_CELL}">{axes}</th>']
    out += [f'<th scope="col" style="{_CELL}">{name}</th>' for name in names]
    out.append(f'<th scope="col" style="{_CELL}">{word("recall", language)}</th>')
    out.append("</tr></thead><tbody>")
    for i, c in enumerate(shown):
        out.append(f'<tr><th scope="row" style="{_CELL}">{names[i]}</th>')
        for j in range(len(shown)):
            n = int(counts[i, j])
            hue = "31,130,192" if i == j else "200,90,0"
            tint = (
                f";background:rgba({hue},{0.15 + 0.45 * n / most[i == j]:.2f})"
                if n
                else ";opacity:.45"
            )
            bold = ";font-weight:600" if n and i != j else ""
            out.append(f'<td style="{_CELL}{tint}{bold}">{n}</td>')
        out.append(f'<td style="{_CELL}">{_percent(counts[i, i], rows[c])}</td></tr>')
    out.append(f'<tr><th scope="row" style="{_CELL}">{word("precision", language)}</th>')
    for j, c in enumerate(shown):
        out.append(f'<td style="{_CELL}">{_percent(counts[j, j], columns[c])}</td>')
    out.append("<td></td></tr></tbody></table>")
    if len(shown) < tally.classes:
        out.append(f"<div>{word('some', language, len(shown), tally.classes)}</div>")
    return "".join(out)


def _percent(part: float, whole: float) -> str:
    return f"{100 * part / whole:.0f} %" if whole else "–"


def _mistakes(tally: Tally, worst: list[Kept], language: str) -> str:
    if not worst:
        return f"<div>{word('none', language)}</div>"
    heading = word("worst" if tally.scored else "first", language)
    out = [f"<div>{heading}</div>", '<div style="display:flex;flex-wrap:wrap;gap:8px">']
    for kept in worst:
        picture = shrunk(kept.picture[None], SIDE)
        if picture.shape[3] not in (1, 3):
            picture = picture[..., :3] if picture.shape[3] == 4 else picture[..., :1]
        low, high = tally.range or finite_range(picture) or (0.0, 1.0)
        tile = sprite(picture, np.array([low]), np.array([high]), 1)
        said, meant = (escape(tally.name(c)) for c in (kept.predicted, kept.true))
        sure = f"<br>{100 * kept.confidence:.0f} %" if tally.scored else ""
        out.append(
            '<figure style="margin:0;text-align:center">'
            f"{_img(tile, SIDE / max(tile.shape[:2]), f'✗ {said} ← {meant}')}"
            f'<figcaption style="font-size:12px">✗ {said} ← {meant}{sure}</figcaption></figure>'
        )
    return "".join([*out, "</div>"])
