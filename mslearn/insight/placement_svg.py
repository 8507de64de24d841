"""A placement as one SVG text: a lane a device, segments downwards, arrows where data cross."""

from __future__ import annotations

from typing import Any

from ._text import escape

PAPER, INK, DIM, LINE = "#ffffff", "#1f2328", "#59636e", "#7d858e"
COLOURS = ("#0067a5", "#c4500a", "#00805c", "#7b3fa0")
_LANE, _BETWEEN, _TOP, _MARGIN, _ROW = 400, 150, 76, 16, 20
_MOST = 14  # rows of a segment
_WORDS = {
    "title": {"en": "Where {0} runs", "zh": "{0} 在哪里运行"},
    "head": {"en": "target {0}, computes in {1}", "zh": "目标设备 {0}，计算精度 {1}"},
    "segment": {"en": "{0} operations, {1}", "zh": "{0} 个操作，{1}"},
    "times": {"en": "predicted {0}, measured {1}", "zh": "预测 {0}，实测 {1}"},
    "measured": {"en": "measured {0}, no prediction", "zh": "实测 {0}，不作预测"},
    "emulator": {
        "en": "No prediction for {0}: an emulator's time says nothing about the chip's.",
        "zh": "对 {0} 不作预测：模拟器的用时说明不了芯片的用时。",
    },
    "control": {
        "en": "No prediction for {0}: only the run knows how often a loop goes round.",
        "zh": "对 {0} 不作预测：循环几次、走哪个分支，运行时才知道。",
    },
    "refused": {
        "en": "No prediction for {0}: it takes no small graphs to measure it by.",
        "zh": "对 {0} 不作预测：它不接受用来测速的小计算图。",
    },
    "more": {"en": "+ {0} more", "zh": "还有 {0} 组"},
    "crossing": {"en": "{0} values, {1}", "zh": "{0} 个值，{1}"},
    "from": {"en": "in: {0}", "zh": "传入：{0}"},
    "to": {"en": "out: {0}", "zh": "传出：{0}"},
    "backward": {"en": "dashed: backward pass", "zh": "虚线：反向传播"},
}


def word(key: str, language: str, *values: object) -> str:
    """A text of the picture."""
    text = _WORDS[key][language].format(*values)
    one = language == "en" and values[:1] == (1,)
    return text.replace("s,", ",", 1) if one else text  # 1 operation, 1 value


def said(scene: dict[str, Any], segment: dict[str, Any], language: str) -> str:
    """The times of a segment, or why there is no prediction."""
    measured = seconds(segment["measured"])
    if segment["predicted"] is not None:
        return word("times", language, seconds(segment["predicted"]), measured)
    return word("measured", language, measured)


def seconds(value: float) -> str:
    """3.2 ms, 45 µs."""
    for unit, name in ((1, "s"), (1e-3, "ms")):
        if value >= unit:
            return f"{value / unit:.3g} {name}"
    return f"{value / 1e-6:.3g} µs"


def size(count: float) -> str:
    """506 KB, 1.2 MB."""
    for unit, name in ((1e9, "GB"), (1e6, "MB"), (1e3, "KB")):
        if count >= unit:
            return f"{count / unit:.3g} {name}"
    return f"{count:.0f} B"


def _chips(
    segment: dict[str, Any], language: str
) -> list[list[tuple[float, float, str, bool]]]:  # fmt: skip
    """Rows of (x, width, text, backward) that fit into a lane; of a long segment the first."""
    rows: list[list[tuple[float, float, str, bool]]] = [[]]
    x = 12.0
    for k, group in enumerate(segment["groups"]):
        names = ", ".join(n if k == 1 else f"{n}×{k}" for n, k in group["ops"])
        text = f"{group['cell']}: {names}" if group["cell"] else names
        room = int((_LANE - 44) / 6.6)
        text = text if len(text) <= room else text[: room - 1] + "…"
        width = 6.6 * len(text) + 14
        if len(rows) == _MOST and x + width > _LANE - 100:
            left = word("more", language, len(segment["groups"]) - k)
            rows[-1].append((x, 88, left, group["backward"]))
            break
        if x + width > _LANE - 12:
            rows.append([])
            x = 12.0
        rows[-1].append((x, width, text, group["backward"]))
        x += width + 6
    return rows


def to_svg(scene: dict[str, Any], language: str = "en") -> str:
    """The picture of a scene, the same bytes for the same scene."""
    devices, segments = scene["devices"], scene["segments"]
    width = 2 * _MARGIN + len(devices) * _LANE + max(len(devices) - 1, 0) * _BETWEEN
    beside = any(
        t["from"] >= 0 <= t["to"] and segments[t["to"]]["device"] == len(devices) - 1
        and segments[t["from"]]["device"] == len(devices) - 1 for t in scene["transfers"]
    )  # fmt: skip
    width += 110 if beside else 0  # lines in the last lane pass on its right
    title = word("title", language, scene["title"])
    head = word("head", language, scene["target"], scene["precision"])
    body: list[str] = []
    notes = [word(d["why"], language, d["name"]) for d in devices if d["why"]]
    top = _TOP + 18 * len(notes)
    y = float(top)
    boxes = []
    for segment in segments:
        x = _MARGIN + segment["device"] * (_LANE + _BETWEEN)
        rows = _chips(segment, language)
        high = 58 + len(rows) * (_ROW + 4)
        boxes.append((x, y, high))
        body.append(_segment(scene, segment, rows, x, y, high, language))
        y += high + 46
    taken: list[tuple[float, float]] = []
    for k, moved in enumerate(scene["transfers"]):
        body.append(_arrow(moved, boxes, k, language, taken))
    height = y + 8
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" '
        f'width="{width:.0f}" height="{height:.0f}" role="img" '
        f'aria-label="{escape(title)}: {escape(scene["report"] or head)}" '
        f'font-family="system-ui,sans-serif">',
        f'<rect width="100%" height="100%" rx="6" fill="{PAPER}"/>',
        f'<text x="{_MARGIN}" y="26" font-size="14" font-weight="600" fill="{INK}">'
        f"{escape(title)}</text>",
        f'<text x="{_MARGIN}" y="46" font-size="12" fill="{DIM}">{escape(head)} · '
        f"{escape(word('backward', language))}</text>",
    ]
    for k, note in enumerate(notes):
        y = 64 + 18 * k
        out.append(f'<text x="{_MARGIN}" y="{y}" font-size="12" fill="{INK}">{escape(note)}</text>')
    for k, device in enumerate(devices):
        x = _MARGIN + k * (_LANE + _BETWEEN)
        out.append(
            f'<text x="{x}" y="{top - 10}" font-size="12" font-weight="600" '
            f'fill="{COLOURS[k % len(COLOURS)]}">{escape(device["name"])}</text>'
        )
    return "".join([*out, *body, "</svg>"])


def _segment(
    scene: dict[str, Any], segment: dict[str, Any], rows: Any, x: float, y: float, high: float,
    language: str,
) -> str:  # fmt: skip
    colour = COLOURS[segment["device"] % len(COLOURS)]
    longest = max(max(s["predicted"] or 0, s["measured"]) for s in scene["segments"]) or 1
    name = scene["devices"][segment["device"]]["name"]
    out = [
        f'<rect x="{x:.0f}" y="{y:.0f}" width="{_LANE}" height="{high:.0f}" rx="6" '
        f'fill="{colour}" fill-opacity="0.08" stroke="{colour}" stroke-width="1.5"/>',
        f'<text x="{x + 12:.0f}" y="{y + 18:.0f}" font-size="12" fill="{INK}">'
        f"{escape(word('segment', language, segment['nodes'], name))}</text>",
    ]
    for r, row in enumerate(rows):
        for at, width, text, backward in row:
            top = y + 26 + r * (_ROW + 4)
            dash = ' stroke-dasharray="3 2"' if backward else ""
            out.append(
                f'<rect x="{x + at:.0f}" y="{top:.0f}" width="{width:.0f}" height="{_ROW}" rx="4" '
                f'fill="{PAPER}" stroke="{colour}"{dash}/><text x="{x + at + 7:.0f}" '
                f'y="{top + 14:.0f}" font-size="11" fill="{INK}">{escape(text)}</text>'
            )
    times = said(scene, segment, language)
    bottom = y + high
    out.append(
        f'<text x="{x + 12:.0f}" y="{bottom - 14:.0f}" font-size="11" fill="{DIM}">'
        f"{escape(times)}</text>"
    )
    for k, kind in enumerate(("predicted", "measured")):
        if segment[kind] is None:
            continue
        long = max(segment[kind] / longest * (_LANE - 24), 1)
        out.append(
            f'<rect x="{x + 12:.0f}" y="{bottom - 10 + 4 * k:.0f}" width="{long:.0f}" height="3" '
            f'fill="{colour}" fill-opacity="{(0.4, 1)[k]}"/>'
        )
    return "".join(out)


def _arrow(
    moved: dict[str, Any], boxes: list[Any], number: int, language: str,
    taken: list[tuple[float, float]],
) -> str:  # fmt: skip
    """From box to box; from or to the host's memory a short arrow beside the box. A label that
    would lie on another is left out."""
    a, b = moved["from"], moved["to"]
    label = word("crossing", language, moved["values"], size(moved["bytes"]))
    if a >= 0 and b >= 0:
        (ax, ay, ah), (bx, by, _) = boxes[a], boxes[b]
        side = -1 if ax > bx else 1  # down the gap beside the lanes
        start, end = ax + (_LANE if side > 0 else 0), bx + (_LANE if ax >= bx else 0)
        x, y1, y2 = start + side * (20 + 9 * (number % 6)), ay + ah - 14, by + 14
        into = 1 if end > x else -1
        at, up = x, (y1 + y2) / 2 + 4
        path = (
            f"M{start:.0f} {y1:.0f}H{x - 6 * side:.0f}Q{x:.0f} {y1:.0f} {x:.0f} {y1 + 6:.0f}"
            f"V{y2 - 6:.0f}Q{x:.0f} {y2:.0f} {x + 6 * into:.0f} {y2:.0f}H{end:.0f}"
        )
        head = f"M{end - 6 * into:.0f} {y2 - 4:.0f}L{end:.0f} {y2:.0f}"
        head += f"L{end - 6 * into:.0f} {y2 + 4:.0f}"
    else:
        x, y, high = boxes[max(a, b)]
        into = a < 0
        label = word("from" if into else "to", language, label)
        at, up = x + _LANE - 90, (y - 8) if into else (y + high + 15)
        start, end = (y - 22, y) if into else (y + high, y + high + 22)
        path = f"M{x + _LANE - 30:.0f} {start:.0f}V{end:.0f}"
        x2, y2 = x + _LANE - 30, end
        head = f"M{x2 - 4:.0f} {y2 - 6:.0f}L{x2:.0f} {y2:.0f}L{x2 + 4:.0f} {y2 - 6:.0f}"
    free = all(abs(up - y) > 13 or abs(at - x) > 130 for x, y in taken)
    taken.append((at, up))
    text = (
        f'<text x="{at:.0f}" y="{up:.0f}" font-size="11" text-anchor="middle" fill="{INK}" '
        f'stroke="{PAPER}" stroke-width="3" paint-order="stroke">{escape(label)}</text>'
    )
    return (
        f'<path d="{path}" fill="none" stroke="{LINE}" stroke-width="1.5"/>'
        f'<path d="{head}" fill="none" stroke="{LINE}" stroke-width="1.5"/>'
        f"{text if free else ''}"
    )
