"""The folded computation graph as one SVG text: what a saved notebook shows without a kernel."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from ._text import escape, number
from .graph_fold import PARTS, Folded, Key, first_unfolded, fold, operators, shape_text
from .graph_layout import Box, layout

# On a white sheet of its own, so that it reads on light and on dark pages alike.
PAPER, INK, DIM, LINE = "#ffffff", "#1f2328", "#59636e", "#7d858e"
COLOURS = {
    "op": "#0067a5",
    "parameter": "#c4500a",
    "input": "#00805c",
    "constant": "#6e7781",
    "scope": "#4a5aa8",
    "port": "#2b7a86",
    "backward": "#a3457f",
}
_WORDS = {
    "op": {"en": "operator", "zh": "算子"},
    "parameter": {"en": "parameter", "zh": "参数"},
    "input": {"en": "input", "zh": "输入"},
    "constant": {"en": "constant", "zh": "常量"},
    "scope": {"en": "folded scope", "zh": "折叠的作用域"},
    "port": {"en": "value of a branch or loop", "zh": "分支或循环的值"},
    "then": {"en": "then", "zh": "成立时"},
    "else": {"en": "else", "zh": "否则"},
    "condition": {"en": "condition", "zh": "条件"},
    "body": {"en": "body", "zh": "循环体"},
    "back": {"en": "back through a round", "zh": "往回一轮"},
    "taken": {"en": "taken", "zh": "走了这一支"},
    "idle": {"en": "not taken", "zh": "没有走"},
    "tests": {"en": "tested {0}×", "zh": "判断了 {0} 次"},
    "round": {"en": "1 round", "zh": "1 轮"},
    "rounds": {"en": "{0} rounds", "zh": "{0} 轮"},
    "graph": {"en": "Computation graph of {0}", "zh": "{0} 的计算图"},
    "one": {"en": "1 operator", "zh": "1 个算子"},
    "many": {"en": "{0} operators", "zh": "{0} 个算子"},
    "counts": {
        "en": "{0} operators, {1} parameters, {2} scopes",
        "zh": "{0} 个算子，{1} 个参数，{2} 个作用域",
    },
}
_MARGIN, _TOP = 16, 46


def counts(scene: dict[str, Any]) -> tuple[int, int, int]:
    """Numbers of forward operators, of parameters, and of forward scopes."""
    nodes = scene["nodes"]
    return (
        sum(n["kind"] == "op" and n["phase"] == "forward" for n in nodes),
        sum(n["kind"] == "parameter" for n in nodes),
        sum(s["phase"] == "forward" for s in scene["scopes"]),
    )


def to_svg(
    scene: dict[str, Any],
    language: str = "en",
    unfolded: set[int] | None = None,
    backward: bool = False,
    apart: Collection[int] = (),
) -> str:
    """The picture of `scene` with the scopes `unfolded` open (a readable choice by default).

    Identical neighbours are drawn once, with their number; see `graph_fold.fold` for `apart`.
    """
    opened = set(first_unfolded(scene)) if unfolded is None else unfolded
    folded = fold(scene, opened, backward, apart)
    inside = operators(scene)
    texts = {k: _texts(scene, k, inside, language, folded.times) for k in folded.items}
    sizes, titles = {}, {}
    for key, (first, second) in texts.items():
        if _is_frame(key, folded):
            titles[key] = _width(first, 12)
        else:
            slant = 26 if _kind(scene, key) in ("op", "scope") else 40
            wide = max(_width(first, 13) + slant, _width(second, 11) + slant, 72)
            sizes[key] = (wide, 42.0 if second else 28.0)
    placed = layout(scene, folded, sizes, titles)
    boxes, w, h = placed.boxes, placed.w, placed.h
    title = _word("graph", language, scene["title"] or "?")
    legend, legend_width = _legend(scene, language)
    width = max(w, legend_width, _width(title, 14)) + 2 * _MARGIN
    height = h + _TOP + 2 * _MARGIN + 22
    shift = (width - w) / 2
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" '
        f'width="{width:.0f}" height="{height:.0f}" role="img" aria-label="{escape(title)}" '
        'font-family="system-ui,sans-serif">',
        f'<rect width="100%" height="100%" rx="6" fill="{PAPER}"/>',
        f'<text x="{_MARGIN}" y="24" font-size="14" font-weight="600" fill="{INK}">'
        f"{escape(title)}</text>",
        f'<text x="{_MARGIN}" y="42" font-size="11" fill="{DIM}">'
        f"{escape(_summary(scene, language))}</text>",
        f'<g transform="translate({shift:.1f} {_TOP + _MARGIN})">',
    ]
    for key, box in boxes.items():
        if _is_frame(key, folded):
            out.append(_frame(box, texts[key][0], scene["scopes"][key[1]].get("control")))
    labels: dict[int, list[_Label]] = {}
    for (a, b), bundle in folded.bundles.items():
        line, x, y = _edge(boxes[a], boxes[b], placed.lanes[a, b], bundle.count)
        out.append(line)
        _add_label(labels, _Label(x, y, _width(bundle.label, 10) + 6, bundle.label))
    out += [_label(label) for row in labels.values() for label in row]
    for key, box in boxes.items():
        if not _is_frame(key, folded):
            out.append(_node(scene, key, box, texts[key]))
    out.append(f'</g><g transform="translate({_MARGIN} {height - 22:.0f})">{legend}</g></svg>')
    return "".join(out)


def _summary(scene: dict[str, Any], language: str) -> str:
    text = _word("counts", language, *counts(scene))
    loss = scene["loss"]
    if loss is None:
        return text
    value = loss["value"] if isinstance(loss["value"], str) else number(loss["value"])
    return f"{text} · {'loss' if language == 'en' else '损失'} {value}"


def _word(key: str, language: str, *values: object) -> str:
    # Not str.format on the result: a title may itself hold braces.
    return _WORDS[key][language].format(*values)


def _is_frame(key: Key, folded: Folded) -> bool:
    return key[0] == "s" and key[1] in folded.unfolded


def _kind(scene: dict[str, Any], key: Key) -> str:
    return "scope" if key[0] == "s" else scene["nodes"][key[1]]["kind"]


def _texts(
    scene: dict[str, Any], key: Key, inside: list[int], language: str, times: dict[Key, int]
) -> tuple[str, str]:
    if key[0] == "s":
        n = inside[key[1]]
        name = scope_title(scene["scopes"][key[1]], language)
        return f"{name} ×{times[key]}" if key in times else name, (
            _word("one", language) if n == 1 else _word("many", language, n)
        )
    node = scene["nodes"][key[1]]
    output = node["outputs"][0]
    name = node["op"].rsplit(".", 1)[-1] if node["kind"] == "parameter" else node["op"]
    if output["shape"]:
        return name, shape_text(output["shape"])
    first = output["value"]["first"][:1]
    if node["kind"] == "constant" or not first:
        return name, ""
    value = first[0]
    plain = isinstance(value, str | bool)
    return name, f"= {value if plain else number(value)}"


def scope_title(scope: dict[str, Any], language: str = "en") -> str:
    """A scope's name; a branch or loop has its line of code, its parts say how often they ran.

    >>> part = {"name": "then", "control": {"kind": "then", "text": "", "runs": 1, "node": 7}}
    >>> scope_title(part)
    'then · taken'
    """
    control = scope.get("control")
    if control is None:
        return str(scope["name"])
    kind, runs = control["kind"], control["runs"]
    if kind not in PARTS:
        text = control["text"]
        op = scope["name"].rsplit("-op", 1)[0]
        return f"{op} · {text if len(text) <= 44 else text[:43] + '…'}" if text else op
    name = _word(kind, language)
    if runs is None:
        return name
    if kind in ("then", "else"):
        ran = _word("taken" if runs else "idle", language)
    elif kind == "condition":
        ran = _word("tests", language, runs)
    else:
        ran = _word("round", language) if runs == 1 else _word("rounds", language, runs)
    return f"{name} · {ran}"


def _width(text: str, size: float) -> float:
    # Without a font at hand: wide characters are as wide as the font is high, others 0.6 of it.
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in text)
    return size * (0.6 * (len(text) - wide) + wide)


def _frame(box: Box, title: str, control: Any = None) -> str:
    colour = COLOURS["port"] if control else LINE
    idle = ' stroke-dasharray="5 4"' if control and control["runs"] == 0 else ""
    back = _turn(box, colour) if control and control["kind"] == "loop" else ""
    return (
        f'<rect x="{box.x:.1f}" y="{box.y:.1f}" width="{box.w:.1f}" height="{box.h:.1f}" rx="8" '
        f'fill="#59636e" fill-opacity=".06" stroke="{colour}" stroke-opacity=".6"{idle}/>{back}'
        f'<text x="{box.x + 10:.1f}" y="{box.y + 16:.1f}" font-size="12" font-weight="600" '
        f'fill="{DIM}">{escape(title)}</text>'
    )


def _turn(box: Box, colour: str) -> str:
    """The way back of a loop: an arrow along its left border, from the end to the beginning."""
    x, top, bottom = box.x + 7, box.y + 30, box.y + box.h - 12
    return (
        f'<path d="M{x + 7:.1f} {bottom:.1f}Q{x:.1f} {bottom:.1f} {x:.1f} {bottom - 8:.1f}'
        f'V{top:.1f}" fill="none" stroke="{colour}" stroke-width="1.6"/>'
        f'<path d="M{x - 4:.1f} {top:.1f}H{x + 4:.1f}L{x:.1f} {top - 7:.1f}Z" fill="{colour}"/>'
    )


@dataclass
class _Label:
    x: float  # the middle
    y: float
    w: float
    text: str


def _add_label(labels: dict[int, list[_Label]], new: _Label) -> None:
    """Keep a label unless it would lie on another: lines that leave one box carry one shape."""
    if new.text == "·":
        return
    row = labels.setdefault(round(new.y), [])
    if all(abs(new.x - old.x) > (new.w + old.w) / 2 for old in row):
        row.append(new)


def _label(label: _Label) -> str:
    return (
        f'<rect x="{label.x - label.w / 2:.1f}" y="{label.y - 7:.1f}" width="{label.w:.1f}" '
        f'height="13" rx="3" fill="{PAPER}" fill-opacity=".85"/><text x="{label.x:.1f}" '
        f'y="{label.y + 3.5:.1f}" font-size="10" text-anchor="middle" fill="{DIM}">'
        f"{escape(label.text)}</text>"
    )


def _edge(a: Box, b: Box, lanes: list[tuple[float, float]], count: int) -> tuple[str, float, float]:
    """A line with its arrow head, and the place for its label."""
    x1, x2 = a.x + a.w / 2, b.x + b.w / 2
    y1, y2 = a.y + a.h, b.y
    if y2 < y1:  # against the flow: a scope that is used twice
        y1, y2 = a.y, b.y + b.h
    # The ends lean towards where the line goes, which keeps lines at one box apart.
    x1 += max(-a.w / 3, min(a.w / 3, ((lanes[0][0] if lanes else x2) - x1) / 3))
    x2 += max(-b.w / 3, min(b.w / 3, ((lanes[-1][0] if lanes else x1) - x2) / 3))
    tip = y2 - 6 if y2 >= y1 else y2 + 6
    x, y = x1, y1
    d = f"M{x:.1f} {y:.1f}"
    for px, py in [*lanes, (x2, tip)]:
        if px == x:
            d += f"V{py:.1f}"
        else:
            m = (y + py) / 2
            d += f"C{x:.1f} {m:.1f} {px:.1f} {m:.1f} {px:.1f} {py:.1f}"
        x, y = px, py
    width = 1.2 + min(count - 1, 6) * 0.6
    line = (
        f'<path d="{d}" fill="none" stroke="{LINE}" stroke-width="{width:.1f}"/>'
        f'<path d="M{x2 - 4:.1f} {tip:.1f}H{x2 + 4:.1f}L{x2:.1f} {y2:.1f}Z" fill="{LINE}"/>'
    )
    return line, x1, y1 + (14 if y2 >= y1 else -14)


def outline(kind: str, x: float, y: float, w: float, h: float) -> str:
    """The path of a kind: slanted inputs, parameters with cut corners, round constants."""
    r, b = x + w, y + h
    if kind == "port":  # a signpost
        return (
            f"M{x:.1f} {y:.1f}H{r - 10:.1f}L{r:.1f} {(y + b) / 2:.1f}L{r - 10:.1f} {b:.1f}H{x:.1f}Z"
        )
    if kind == "input":
        return f"M{x + 10:.1f} {y:.1f}H{r:.1f}L{r - 10:.1f} {b:.1f}H{x:.1f}Z"
    c = min(9, h / 3)
    if kind == "parameter":
        return (
            f"M{x + c:.1f} {y:.1f}H{r - c:.1f}L{r:.1f} {y + c:.1f}V{b - c:.1f}L{r - c:.1f} {b:.1f}"
            f"H{x + c:.1f}L{x:.1f} {b - c:.1f}V{y + c:.1f}Z"
        )
    c = h / 2 if kind == "constant" else min(8, h / 3) if kind == "scope" else min(5, h / 3)
    return (
        f"M{x + c:.1f} {y:.1f}H{r - c:.1f}A{c} {c} 0 0 1 {r:.1f} {y + c:.1f}V{b - c:.1f}"
        f"A{c} {c} 0 0 1 {r - c:.1f} {b:.1f}H{x + c:.1f}A{c} {c} 0 0 1 {x:.1f} {b - c:.1f}"
        f"V{y + c:.1f}A{c} {c} 0 0 1 {x + c:.1f} {y:.1f}Z"
    )


def _shape(kind: str, colour: str, x: float, y: float, w: float, h: float, stroke: float) -> str:
    out = ""
    paint = f'fill="{{}}" stroke="{colour}" stroke-width="{stroke}"'
    if kind == "scope":
        d = outline(kind, x + 3.5, y + 3.5, w, h)
        out = f'<path d="{d}" {paint.format(_tint(colour, 0.3))}/>'
    return out + f'<path d="{outline(kind, x, y, w, h)}" {paint.format(_tint(colour, 0.13))}/>'


def _tint(colour: str, strength: float) -> str:
    parts = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    return "#" + "".join(f"{round(255 - (255 - p) * strength):02x}" for p in parts)


def _node(scene: dict[str, Any], key: Key, box: Box, texts: tuple[str, str]) -> str:
    kind = _kind(scene, key)
    item = scene["scopes" if key[0] == "s" else "nodes"][key[1]]
    colour = COLOURS["backward" if item["phase"] == "backward" else kind]
    is_loss = key[0] == "n" and scene["loss"] is not None and scene["loss"]["node"] == key[1]
    first, second = texts
    middle = box.x + box.w / 2
    full = item["name"]
    out = [
        f"<g><title>{escape(full)}</title>",
        _shape(kind, colour, box.x, box.y, box.w, box.h, 3 if is_loss else 1.3),
        f'<text x="{middle:.1f}" y="{box.y + (18 if second else box.h / 2 + 4.5):.1f}" '
        f'font-size="13" font-weight="600" text-anchor="middle" fill="{INK}">'
        f"{escape(first)}</text>",
    ]
    if second:
        out.append(
            f'<text x="{middle:.1f}" y="{box.y + 33:.1f}" font-size="11" text-anchor="middle" '
            f'fill="{DIM}">{escape(second)}</text>'
        )
    out.append("</g>")
    return "".join(out)


def _legend(scene: dict[str, Any], language: str) -> tuple[str, float]:
    out, x = [], 0.0
    ports = any(node["kind"] == "port" for node in scene["nodes"])
    for kind in ("op", "parameter", "input", "constant", "scope", *ports * ("port",)):
        text = _word(kind, language)
        out.append(
            _shape(kind, COLOURS[kind], x, 0, 24, 12, 1.2)
            + f'<text x="{x + 32:.1f}" y="10" font-size="11" fill="{DIM}">{text}</text>'
        )
        x += 32 + _width(text, 11) + 18
    return "".join(out), x - 18
