"""What a learner sees: one small card, as plain text and as HTML with the same words.

Everything that comes from the learner's code is escaped. Colours are JupyterLab's own variables
with fallbacks, so the card follows the light and the dark theme and reads without a kernel.
"""

from __future__ import annotations

import html
import re
import textwrap
from dataclasses import dataclass

_COLOURS = {
    "pass": "var(--jp-success-color1, #2e7d32)",
    "fail": "var(--jp-error-color1, #c62828)",
    "not attempted": "var(--jp-border-color1, #9e9e9e)",
    "info": "var(--jp-info-color1, #0277bd)",
}
# JupyterLab gives `pre` a background and wraps it; a card's lines stay lines.
_PLAIN = "margin: 0; padding: 0; background: transparent; white-space: pre"
_MARKS = {"pass": "✓", "fail": "✗", "not attempted": "○", "info": "➜"}


@dataclass(frozen=True)
class Table:
    """Columns with a head; every cell is a text, which may have several lines."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def lines(self) -> list[str]:
        """The table in plain text, columns aligned."""
        every = [self.head, *self.rows]
        widths = [
            max(_columns(line) for row in every for line in row[k].splitlines() or [""])
            for k in range(len(self.head))
        ]
        out = []
        for row in every:
            parts = [cell.splitlines() or [""] for cell in row]
            for n in range(max(map(len, parts))):
                cells = [part[n] if n < len(part) else "" for part in parts]
                padded = [c + " " * (w - _columns(c)) for c, w in zip(cells, widths, strict=True)]
                out.append("  ".join(padded).rstrip())
        return out

    def html(self) -> str:
        left = 'style="text-align: left; vertical-align: top"'
        head = "".join(f'<th scope="col" {left}>{html.escape(cell)}</th>' for cell in self.head)
        body = "".join(
            f'<tr><th scope="row" {left}>{html.escape(row[0])}</th>'
            + "".join(
                f'<td {left}><pre style="{_PLAIN}">{html.escape(cell)}</pre></td>'
                for cell in row[1:]
            )
            + "</tr>"
            for row in self.rows
        )
        return f'<table style="margin: 0.4em 0"><tr>{head}</tr>{body}</table>'


@dataclass(frozen=True)
class Card:
    """A heading, paragraphs, labelled rows (input, got, expected), a table, code, a last line."""

    tone: str
    heading: str
    paragraphs: tuple[str, ...] = ()
    rows: tuple[tuple[str, str], ...] = ()
    table: Table | None = None
    code: str = ""
    footer: tuple[str, str] | None = None

    def __repr__(self) -> str:
        lines = [f"{_MARKS[self.tone]} {self.heading}"]
        for paragraph in self.paragraphs:
            lines += textwrap.wrap(paragraph, 96, initial_indent="  ", subsequent_indent="  ")
        width = max((_columns(label) for label, _ in self.rows), default=0)
        for label, value in self.rows:
            pad = " " * (width - _columns(label))
            first, *more = value.splitlines() or [""]
            lines.append(f"  {label}{pad}  {first}")
            lines += [" " * (width + 4) + line for line in more]
        if self.table:
            lines += ["  " + line for line in self.table.lines()]
        if self.code:
            lines += ["", textwrap.indent(self.code.rstrip(), "    "), ""]
        if self.footer:
            label, text = self.footer
            lines += textwrap.wrap(
                _labelled(label, text), 96, initial_indent="  ", subsequent_indent="  "
            )
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        style = (
            f"border-left: 4px solid {_COLOURS[self.tone]}; padding: 0.3em 1em; margin: 0.3em 0; "
            "line-height: 1.5; font-family: var(--jp-content-font-family, sans-serif)"
        )
        parts = [
            f'<div class="mslearn-card" style="{style}">',
            f"<div><strong>{_MARKS[self.tone]} {inline(self.heading)}</strong></div>",
        ]
        parts += [f"<div>{inline(paragraph)}</div>" for paragraph in self.paragraphs]
        if self.rows:
            parts.append('<table style="margin: 0.4em 0">')
            for label, value in self.rows:
                parts.append(
                    '<tr><th scope="row" style="text-align: left; vertical-align: top">'
                    f'{html.escape(label)}</th><td style="text-align: left">'
                    f'<pre style="{_PLAIN}">{html.escape(value)}</pre></td></tr>'
                )
            parts.append("</table>")
        if self.table:
            parts.append(self.table.html())
        if self.code:
            parts.append(
                f'<pre style="{_PLAIN}; margin: 0.6em 0; overflow-x: auto; '
                'font-size: var(--jp-code-font-size, 13px)">'
                f"{html.escape(self.code.rstrip())}</pre>"
            )
        if self.footer:
            label, text = self.footer
            strong = f"<strong>{html.escape(label)}</strong>"
            parts.append(f"<div>{_labelled(strong, inline(text), label)}</div>")
        return "\n".join([*parts, "</div>"])


def _labelled(shown: str, text: str, label: str = "") -> str:
    """A label and its text; a full-width colon brings its own space."""
    return shown + ("" if (label or shown).endswith("：") else " ") + text


def inline(text: str) -> str:
    """Escape, then turn `backticks` into code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text))


def _columns(text: str) -> int:
    """Width on a terminal: a Chinese character takes two columns."""
    return sum(2 if ord(character) > 0x2E7F else 1 for character in text)
