"""What `ms.jit` does, pass by pass: source, graph and program side by side."""

from __future__ import annotations

from typing import Any

import traitlets as t

from mslearn.graph.jit import Jitted, jit

from ._text import escape
from .base import InsightWidget
from .compile_scene import compile_scene, packed
from .graph_svg import to_svg

_WORDS = {
    "title": {"en": "How {0} is compiled", "zh": "{0} 是怎样编译的"},
    "source": {"en": "Source", "zh": "源代码"},
    "pass": {"en": "after", "zh": "经过"},
    "nodes": {"en": "operations", "zh": "操作数"},
    "flops": {"en": "floating-point operations", "zh": "浮点运算次数"},
    "bytes_moved": {"en": "bytes read and written", "zh": "读写字节数"},
    "peak_bytes": {"en": "most bytes alive", "zh": "同时存活的最多字节数"},
    "program": {"en": "The program that runs", "zh": "实际运行的程序"},
}


class CompileView(InsightWidget):
    """Three panes kept in step, and a slider through the passes; see `compile_view`.

    Attributes:
        scene: the compilation as plain data (see `mslearn.insight.compile_scene`).
        stage: the number of the pass that is shown, from 0.
        language: "en" or "zh".
    """

    bundle = "compile"

    scene = t.Dict().tag(sync=True, to_json=lambda scene, _: packed(scene))
    stage = t.Int(0).tag(sync=True)

    def fallback(self) -> dict[str, str]:
        return {"text/html": _html(self.scene, self.language)}

    def __repr__(self) -> str:
        stages = self.scene["stages"]
        first, last = stages[0]["counts"]["nodes"], stages[-1]["counts"]["nodes"]
        most = max(s["counts"]["nodes"] for s in stages)
        return (
            f"CompileView({len(stages)} stages, {first} operations captured, {most} at most, "
            f"{last} in the program)"
        )


def compile_view(fn: Any, *args: Any, **kwargs: Any) -> CompileView:
    """Compile a function (or Cell, or what `ms.jit` returned) and show how.

    Args:
        fn: what to compile; it does not run.
        args, kwargs: what it would be called with; only shapes and dtypes of tensors matter.

    Returns:
        A view to put at the end of a notebook cell: source on the left, the graph in the middle,
        its text (at last the generated program) on the right, and a slider through the passes.

    >>> insight.compile_view(train_step, images, labels)            # doctest: +SKIP
    """
    jitted = fn if isinstance(fn, Jitted) else jit(fn)
    compiled = jitted.compile(args, kwargs)
    function = jitted.function
    title = type(function).__name__ if hasattr(function, "construct") else jitted.__name__
    return CompileView(scene=compile_scene(compiled, function, title))


def _html(scene: dict[str, Any], language: str) -> str:
    """The same to read without a kernel: source, what each pass left, and the program."""

    def word(key: str, *values: object) -> str:
        return escape(_WORDS[key][language].format(*values))

    pre = (
        'style="margin:4px 0;padding:6px;overflow-x:auto;font:12px/1.35 monospace;white-space:pre"'
    )
    parts = [f"<b>{word('title', scene['title'])}</b>"]
    for block in scene["source"]:
        lines = "\n".join(f"{n:4d}  {escape(text)}" for n, text in block["lines"])
        parts.append(
            f"<div>{word('source')}: {escape(block['file'])}</div><pre {pre}>{lines}</pre>"
        )
    graph = scene["stages"][0]["graph"]
    if graph["scopes"]:  # branches and loops are easier to see than to read
        parts.append(to_svg(graph, language, set(graph["unfolded"]), backward=True))
    kinds = ("nodes", "flops", "bytes_moved", "peak_bytes")
    head = "".join(f'<th style="text-align:right">{word(k)}</th>' for k in kinds)
    rows = [f'<tr><th style="text-align:left">{word("pass")}</th>{head}</tr>']
    for stage in scene["stages"]:
        cells = "".join(f'<td style="text-align:right">{stage["counts"][k]:,}</td>' for k in kinds)
        teaches = escape(stage["teaches"][language])
        first = f'<td style="text-align:left" title="{teaches}">{escape(stage["name"])}</td>'
        rows.append(f"<tr>{first}{cells}</tr>")
    parts.append(f"<table>{''.join(rows)}</table>")
    program = "\n".join(escape(line) for line, _ in scene["stages"][-1]["text"])
    parts.append(f"<div>{word('program')}</div><pre {pre}>{program}</pre>")
    return f"<div>{''.join(parts)}</div>"
