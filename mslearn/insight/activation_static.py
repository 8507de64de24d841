"""Dead and saturated units without a browser: HTML for saved notebooks."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np

from mslearn.common.png import png

from ._text import escape, number
from .activation_trace import Layer, Record, Sample

_WORDS = {
    "layer": {"en": "layer", "zh": "层"},
    "op": {"en": "function", "zh": "激活函数"},
    "units": {"en": "units", "zh": "神经元"},
    "dead": {"en": "dead", "zh": "死亡"},
    "saturated": {"en": "saturated", "zh": "饱和"},
    "share": {"en": "live share", "zh": "工作占比"},
    "before": {"en": "{0} (before: {1})", "zh": "{0}（之前：{1}）"},
    "map": {
        "en": "{0}: the live share of each unit; {1} never live",
        "zh": "{0}：每个神经元的工作占比；{1} 个从不工作",
    },
    "failed": {"en": "never live: units {0}", "zh": "从不工作的神经元：{0}"},
    "closest": {
        "en": "unit {0} is dead; these inputs come closest to waking it",
        "zh": "第 {0} 个神经元死亡；这些输入最接近唤醒它",
    },
    "drive": {
        "en": "the inputs that drive unit {0} furthest into saturation",
        "zh": "把第 {0} 个神经元推得最饱和的输入",
    },
    "excite": {
        "en": "the inputs that unit {0}, the least often live, answers most strongly",
        "zh": "让第 {0} 个神经元（工作得最少的）反应最强的输入",
    },
    "sample": {"en": "sample {0}", "zh": "样本 {0}"},
    "samples": {"en": "{0} samples", "zh": "{0} 个样本"},
}
_LIVE, _FAILED = "#1f82c0", "#c2185b"
NUMBERS = 24  # of failed units, by number
SHOWN = 6  # samples


def word(key: str, language: str, *values: object) -> str:
    return _WORDS[key][language].format(*values)


def to_html(record: Record, table: dict[str, Any], language: str) -> str:
    """The layers, their units as a strip, and the inputs of the worst unit of each layer."""
    cell = "padding:2px 12px 2px 0;text-align:right;white-space:nowrap"
    left = cell.replace("right", "left")
    out = ['<table style="border-collapse:collapse;font-size:12px"><thead><tr>']
    for k, key in enumerate(("layer", "op", "units", "dead", "saturated", "share")):
        out.append(f'<th style="{left if k < 2 else cell}">{word(key, language)}</th>')
    out.append("</tr></thead><tbody>")
    for row in table["rows"]:
        failed = str(row["failed"])
        if row["before"] is not None:
            failed = word("before", language, failed, row["before"])
        counts = [failed if row["fails"] == kind else "–" for kind in ("dead", "saturated")]
        out.append(
            f'<tr><td style="{left}">{escape(row["name"])}</td><td style="{left}">{row["op"]}</td>'
            f'<td style="{cell}">{row["units"]}</td>'
            + "".join(f'<td style="{cell}">{text}</td>' for text in counts)
            + f'<td style="{cell}">{100 * row["share"]:.0f} %</td></tr>'
        )
    told = word("samples", language, table["samples"])
    out.append(f'</tbody></table><div style="font-size:12px">{told}</div>')
    out += [_layer(layer, record.samples, language) for layer in record.layers]
    return "".join(out)


def _layer(layer: Layer, samples: list[Sample], language: str) -> str:
    name = f"{layer.name} · {layer.op}"
    failed = layer.failed
    unit = int(failed[0]) if len(failed) else int(layer.share.argmin())
    key = "excite" if not len(failed) else "closest" if layer.fails == "dead" else "drive"
    out = [f'<details style="margin-top:6px;font-size:12px"><summary>{escape(name)}</summary>',
           strip_svg(layer, word("map", language, name, len(failed)))]  # fmt: skip
    if len(failed):
        named = ", ".join(map(str, failed[:NUMBERS])) + (" …" if len(failed) > NUMBERS else "")
        out.append(f"<div>{word('failed', language, named)}</div>")
    out.append(f"<div>{word(key, language, unit)}</div>")
    out.append('<div style="display:flex;flex-wrap:wrap;gap:8px;padding:4px 0">')
    for rank, k in enumerate(layer.samples[unit, :SHOWN].tolist()):
        sample = samples[k]
        told = word("sample", language, k) + (f" · {sample.label}" if sample.label else "")
        numbers = f"{number(layer.inputs[unit, rank], 3)} → {number(layer.outputs[unit, rank], 3)}"
        out.append(f'<figure style="margin:0">{_picture(sample, told)}'
                   f"<figcaption>{escape(told)}<br>{numbers}</figcaption></figure>")  # fmt: skip
    return "".join(out) + "</div></details>"


def _picture(sample: Sample, told: str) -> str:
    if sample.picture is None:
        return f"<code>{escape(sample.text)}</code>"
    data = base64.b64encode(png(sample.picture)).decode("ascii")
    return (
        f'<img alt="{escape(told)}" src="data:image/png;base64,{data}" width="56" '
        'style="display:block;image-rendering:pixelated">'
    )


def strip_svg(layer: Layer, title: str, limit: int = 1024) -> str:
    """A square for each unit, filled from below by its live share; failed ones are crossed."""
    shares = layer.share[:limit]
    across = min(len(shares), 64)
    side = 9
    width, height = across * side, -(-len(shares) // across) * side
    bars = ["", ""]
    for k, share in enumerate(shares):
        x, y = k % across * side, k // across * side
        tall = round(float(share) * (side - 1), 1)
        if share:
            bars[0] += f"M{x} {y + side - 1}v{-tall}h{side - 1}v{tall}z"
        else:
            bars[1] += f"M{x + 1} {y + 1}l{side - 3} {side - 3}m0 {3 - side}l{3 - side} {side - 3}"
    frame = "".join(
        f"M{k % across * side} {k // across * side}h{side - 1}v{side - 1}h{1 - side}z"
        for k in np.arange(len(shares)).tolist()
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="-0.5 -0.5 {width} {height}" role="img" aria-label="{escape(title)}">'
        f'<title>{escape(title)}</title><path d="{bars[0]}" fill="{_LIVE}"/>'
        f'<path d="{frame}" fill="none" stroke="#808890" stroke-opacity="0.4"/>'
        f'<path d="{bars[1]}" fill="none" stroke="{_FAILED}" stroke-width="1.5"/></svg>'
    )
