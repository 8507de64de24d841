"""The gradient microscope to read without a kernel: a table of steps, and the answers."""

from __future__ import annotations

from typing import Any

from ._text import escape, number

ROWS = 40

WORDS = {
    "title": {"en": "The gradient of {0}, step by step", "zh": "{0} 的梯度，一步一步地看"},
    "forward": {"en": "Forward mode: tangents", "zh": "前向模式：切向量"},
    "reverse": {"en": "Reverse mode: gradients", "zh": "反向模式：梯度"},
    "second": {"en": "Second order", "zh": "二阶导数"},
    "step": {"en": "step", "zh": "步"},
    "edge": {"en": "edge", "zh": "边"},
    "rule": {"en": "rule", "zh": "规则"},
    "upstream": {"en": "upstream", "zh": "上游"},
    "local": {"en": "local derivative", "zh": "局部导数"},
    "product": {"en": "product", "zh": "乘积"},
    "after": {"en": "sum so far", "zh": "累加到此"},
    "check": {"en": "small step", "zh": "小步验证"},
    "start": {"en": "start", "zh": "起点"},
    "more": {"en": "… and {0} more steps", "zh": "……还有 {0} 步"},
    "why": {"en": "What arrives, and why not", "zh": "梯度到了哪里，为什么没到"},
    "kink": {"en": "kink", "zh": "折点"},
}


def to_html(scene: dict[str, Any], language: str) -> str:
    """Self-contained HTML, the same bytes for the same data."""

    def word(key: str, *values: object) -> str:
        return escape(WORDS[key][language].format(*values))

    cell = "padding:2px 10px 2px 0;text-align:left;vertical-align:top;white-space:nowrap"
    mode = word(scene["mode"]) + (f" · {word('second')}" if scene["order"] == 2 else "")
    out = [f"<div><b>{word('title', scene['title'])}</b> · {mode}</div>",
           '<table style="border-collapse:collapse;font-size:12px"><thead><tr>']  # fmt: skip
    for key in ("step", "edge", "rule", "upstream", "local", "product", "after", "check"):
        out.append(f'<th style="{cell}">{word(key)}</th>')
    out.append("</tr></thead><tbody>")
    steps = scene["steps"]
    for k, step in enumerate(steps[:ROWS]):
        out.append(f'<tr><td style="{cell}">{k + 1}</td>')
        texts = _start(scene, step, word) if step["kind"] == "start" else _edge(
            scene, step, language, word)  # fmt: skip
        out += [f'<td style="{cell}">{text}</td>' for text in texts]
        out.append("</tr>")
    out.append("</tbody></table>")
    if len(steps) > ROWS:
        out.append(f"<div>{word('more', len(steps) - ROWS)}</div>")
    if scene["answers"]:
        out.append(f"<div><b>{word('why')}</b></div><ul>")
        for answer in scene["answers"]:
            mark = "∂" if answer["verdict"] == "flows" else "⚠"
            out.append(
                f"<li>{mark} <b>{escape(answer['name'])}</b>: {escape(answer['text'][language])}"
                "</li>"
            )
        out.append("</ul>")
    return f"<div>{''.join(out)}</div>"


def _start(scene: dict[str, Any], step: dict[str, Any], word: Any) -> list[str]:
    name = escape(scene["values"][step["to"]]["name"])
    return [f"{word('start')}: {name}", "", "", "", "", short(step["after"]), ""]


def _edge(scene: dict[str, Any], step: dict[str, Any], language: str, word: Any) -> list[str]:
    values = scene["values"]
    op = scene["ops"][step["op"]]["name"]
    name = f"{values[step['from']]['name']} → {values[step['to']]['name']}"
    rule = step["formula"]["rule"][language] or step["formula"]["value"][language]
    check = step["check"]
    said = ""
    if check is not None:
        sign = "✓" if check["ok"] else f"({word('kink')})" if check["kink"] else "✗"
        said = f"{_number(check['numeric'])} {sign}"
    total = short(step["after"]) if step["of"] > 1 else ""
    local = short(step["local"]) if step["local"] else ""
    return [
        f"{escape(name)} ({escape(op)})", escape(rule), short(step["upstream"]), local,
        short(step["product"]), total, said,
    ]  # fmt: skip


def short(look: dict[str, Any]) -> str:
    """An array in a cell: up to six numbers, else shape and norm."""
    data = look.get("data")
    if data is not None and len(data) <= 6:
        numbers = ", ".join(_number(v) for v in data)
        return numbers if not look["shape"] else f"[{numbers}]"
    shape = "×".join(map(str, look["shape"]))
    if data is not None:
        return f"{shape}: {', '.join(_number(v) for v in data[:4])}, …"
    norm = look["stats"].get("norm")
    return f"{shape}" + ("" if norm is None else f", ‖·‖ {number(norm, 3)}")


def _number(v: Any) -> str:
    return number(float(v), 4) if not isinstance(v, str) else escape(v)
