"""A data pipeline as one SVG text: stages from the sources down to the loop, with what they do."""

from __future__ import annotations

from typing import Any

from ._text import escape, number

PAPER, INK, DIM, LINE = "#ffffff", "#1f2328", "#59636e", "#7d858e"
_SOURCE, _STAGE, _SLOW = "#00805c", "#0067a5", "#c4500a"
_WIDTH, _HEIGHT, _ACROSS, _DOWN, _MARGIN = 340, 74, 24, 30, 16
_WORDS = {
    "title": {"en": "Data pipeline", "zh": "数据流水线"},
    "idle": {"en": "no rows yet: iterate over the data set", "zh": "还没有数据：请迭代该数据集"},
    "rows": {"en": "{0} rows", "zh": "{0} 行"},
    "rate": {"en": "{0} rows/s", "zh": "{0} 行/秒"},
    "share": {"en": "{0} % of the time", "zh": "占 {0} % 的时间"},
    "queued": {"en": "{0} tasks queued", "zh": "排队 {0} 个任务"},
    "slow": {"en": "bottleneck", "zh": "瓶颈"},
    "verdict": {
        "en": "Most time goes into {0} ({1} %). The loop waited {2} s for data; {3} rows ready.",
        "zh": "耗时最多的是 {0}（{1} %）。循环等待数据 {2} 秒；{3} 行已就绪。",
    },
}


def word(key: str, language: str, *values: object) -> str:
    """A text of the picture."""
    return _WORDS[key][language].format(*values)


def verdict(scene: dict[str, Any], language: str) -> str:
    """One sentence: where the time goes."""
    slow = scene["bottleneck"]
    if slow is None:
        return word("idle", language)
    node = scene["nodes"][slow]
    return word(
        "verdict", language, node["name"], f"{100 * node['share']:.0f}", number(scene["waited"], 2),
        scene["ready"],
    )  # fmt: skip


def _places(nodes: list[dict[str, Any]]) -> list[tuple[float, int]]:
    """(column, level) of each stage: sources beside each other, a stage below all it reads from."""
    places: list[tuple[float, int]] = []
    free = 0.0
    for node in nodes:
        below = [places[c] for c in node["children"]]
        if below:
            place = (sum(x for x, _ in below) / len(below), 1 + max(y for _, y in below))
        else:
            place = (free, 0)
            free += 1
        places.append(place)
    return places


def to_svg(scene: dict[str, Any], language: str = "en") -> str:
    """The picture of a scene, the same bytes for the same scene."""
    nodes = scene["nodes"]
    places = _places(nodes)
    columns = 1 + max(x for x, _ in places)
    levels = 1 + max(y for _, y in places)
    width = 2 * _MARGIN + columns * _WIDTH + (columns - 1) * _ACROSS
    sentence = verdict(scene, language)
    width = max(width, 2 * _MARGIN + 12 * _ems(sentence))
    height = 52 + levels * (_HEIGHT + _DOWN) + _MARGIN
    corners = [
        (_MARGIN + x * (_WIDTH + _ACROSS), 52 + _MARGIN + y * (_HEIGHT + _DOWN)) for x, y in places
    ]
    title = word("title", language)
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" '
        f'width="{width:.0f}" height="{height:.0f}" role="img" '
        f'aria-label="{escape(title)}: {escape(sentence)}" font-family="system-ui,sans-serif">',
        f'<rect width="100%" height="100%" rx="6" fill="{PAPER}"/>',
        f'<text x="{_MARGIN}" y="26" font-size="14" font-weight="600" fill="{INK}">{title}</text>',
        f'<text x="{_MARGIN}" y="46" font-size="12" fill="{DIM}">{escape(sentence)}</text>',
    ]
    for k, node in enumerate(nodes):
        x, y = corners[k]
        for child in node["children"]:
            cx, cy = corners[child]
            x1, y1, x2 = cx + _WIDTH / 2, cy + _HEIGHT, x + _WIDTH / 2
            out.append(
                f'<path d="M{x1:.0f} {y1:.0f}C{x1:.0f} {y1 + _DOWN / 2:.0f} {x2:.0f} '
                f'{y - _DOWN / 2:.0f} {x2:.0f} {y:.0f}" fill="none" stroke="{LINE}" '
                f'stroke-width="1.5"/>'
            )
    for k, node in enumerate(nodes):
        out.append(_box(node, *corners[k], k == scene["bottleneck"], language))
    return "".join([*out, "</svg>"])


def _short(rate: float) -> str:
    """14.9 M, 667 k, 54: a speed, roughly."""
    for unit, name in ((1e6, " M"), (1e3, " k")):
        if rate >= unit:
            return f"{rate / unit:.3g}{name}"
    return f"{rate:.3g}"


def _ems(text: str) -> float:
    """Roughly how wide a text is, in sizes of its font: Chinese letters are as wide as high."""
    return sum(1.0 if ord(c) >= 0x2E80 else 0.52 for c in text)


def _fit(text: str, ems: float) -> str:
    """The text, or its beginning and an ellipsis."""
    if _ems(text) <= ems:
        return text
    while _ems(text) > ems - 1:
        text = text[:-1]
    return text + "…"


def _box(node: dict[str, Any], x: float, y: float, slow: bool, language: str) -> str:
    colour = _SLOW if slow else _STAGE if node["children"] else _SOURCE
    head = node["name"] + (f" {node['detail']}" if node["detail"] else "")
    left = x + (62 if node["picture"] else 12)
    room = x + _WIDTH - left - 8
    facts = []
    if node["rows"]:
        facts.append(word("rows", language, f"{node['rows']:,}"))
        if node["rate"]:
            facts.append(word("rate", language, _short(node["rate"])))
        facts.append(word("share", language, f"{100 * node['share']:.0f}"))
    if node["queued"]:
        facts.append(word("queued", language, node["queued"]))
    lines = [
        (13, 600, INK, head, y + 21), (11, 400, DIM, ", ".join(node["columns"]), y + 40),
        (11, 400, INK, " · ".join(facts), y + 58),
    ]  # fmt: skip
    out = [
        f'<g><title>{escape(head)}</title><rect x="{x:.0f}" y="{y:.0f}" width="{_WIDTH}" '
        f'height="{_HEIGHT}" rx="6" fill="{PAPER}" stroke="{colour}" '
        f'stroke-width="{2.5 if slow else 1.5}"/>',
        f'<rect x="{x:.0f}" y="{y + _HEIGHT - 5:.0f}" width="{_WIDTH * node["share"]:.1f}" '
        f'height="5" rx="2" fill="{colour}"/>',
    ]
    if node["picture"]:
        out.append(
            f'<image x="{x + 10:.0f}" y="{y + 14:.0f}" width="44" height="44" '
            f'style="image-rendering:pixelated" href="{node["picture"]}"/>'
        )
    for size, weight, ink, text, line in lines:
        short = _fit(text, room / size / (1.26 if weight > 400 else 1))
        out.append(
            f'<text x="{left:.0f}" y="{line:.0f}" font-size="{size}" font-weight="{weight}" '
            f'fill="{ink}">{escape(short)}</text>'
        )
    if slow:
        out.append(
            f'<text x="{x + _WIDTH - 4:.0f}" y="{y - 6:.0f}" font-size="11" font-weight="600" '
            f'text-anchor="end" fill="{_SLOW}">{word("slow", language)}</text>'
        )
    return "".join([*out, "</g>"])
