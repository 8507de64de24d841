"""A lesson source as cells. The format is described in `build_lessons.py`."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import lesson_material

from mslearn.camp import catalog

MARKER = re.compile(
    r"<!-- (?P<kind>text|code|quiz|predict) (?P<id>[a-z0-9-]+)"
    r"(?: (?P<lang>en|zh))?(?: (?P<what>shape|number|text|choice|curve))?"
    r"(?: tags=(?P<tags>\S+))? -->"
)
# `[text](engine:nn/layers.py#Dense)` leads to the engine's source, in a checkout and on GitHub as
# it stands there, in a learner's copy (see mslearn/lab/working_copy.py) to the copy in `engine/`.
SOURCE_LINK = re.compile(r"\]\(engine:")
SOURCE_ROOT = "../../mslearn/"


class LessonError(ValueError):
    """A source or a notebook breaks the rules; the message says where."""


@dataclass
class Cell:
    """A code cell (`code`) or a text cell in both languages (`text`).

    The code of a quiz or prediction is made here; `material` is what it asks.
    """

    id: str
    code: str | None = None
    text: dict[str, str] = field(default_factory=dict)
    tags: list[str] = field(default_factory=list)
    kind: str = "code"
    material: Any = None


def parse(source: str, name: str) -> list[Cell]:
    """The cells of a lesson source.

    Raises:
        LessonError: names the line and the rule.
    """
    cells: list[Cell] = []
    for number, match, lines in _parts(source, name):
        where = f"{name}:{number}"
        if match["kind"] == "text":
            _add_text(cells, match, "\n".join(lines).strip("\n"), where)
        elif match["lang"]:
            raise LessonError(
                f"{where}: {match['kind']} is shared by both languages; drop the name"
            )
        elif match["kind"] == "code":
            cells.append(_code(match, "\n".join(lines).strip(), where))
        else:
            asked = _asked(match, lines, where)
            if match["kind"] == "predict" and cells and cells[-1].kind == "code":
                code = cells.pop()  # asked below what that cell does
                asked.id, asked.tags = code.id, code.tags
                asked.code = f"{code.code}\n\n{asked.code}"
            cells.append(asked)
    for cell in cells:
        if cell.code is None and not all(cell.text.get(lang) for lang in catalog.LANGUAGES):
            raise LessonError(f"{name}: text {cell.id} lacks a language")
    ids = [cell.id for cell in cells]
    if repeated := {i for i in ids if ids.count(i) > 1}:
        raise LessonError(f"{name}: ids used twice: {', '.join(sorted(repeated))}")
    prefix = f"d{name[3:5]}-"
    if strange := [i for i in ids if not i.startswith(prefix) or len(i) > 64]:
        raise LessonError(f"{name}: ids must begin with {prefix}: {', '.join(strange)}")
    return cells


def _parts(source: str, name: str) -> list[tuple[int, re.Match[str], list[str]]]:
    """Line number, marker and lines of each part."""
    parts: list[tuple[int, re.Match[str], list[str]]] = []
    for number, line in enumerate(source.splitlines(), 1):
        if re.match(r"<!-- (text|code|quiz|predict)\b", line):
            match = MARKER.fullmatch(line.strip())
            if not match or (match["what"] and match["kind"] != "predict"):
                raise LessonError(f"{name}:{number}: marker not understood: {line}")
            parts.append((number, match, []))
        elif parts:
            parts[-1][2].append(line)
    return parts


def _add_text(cells: list[Cell], match: re.Match[str], body: str, where: str) -> None:
    body = SOURCE_LINK.sub(f"]({SOURCE_ROOT}", body.strip())
    if match["lang"] == "en":
        cells.append(Cell(match["id"], text={"en": body}, kind="text"))
    elif match["lang"] == "zh":
        if not cells or cells[-1].id != match["id"] or set(cells[-1].text) != {"en"}:
            raise LessonError(f"{where}: a zh text follows the en text of the same id at once")
        cells[-1].text["zh"] = body
    else:
        raise LessonError(f"{where}: a text needs its language, en or zh")


def _code(match: re.Match[str], body: str, where: str) -> Cell:
    block = re.fullmatch(r"```python\n(.*?)\n```", body, re.DOTALL)
    if not block or "\n```" in block[1]:
        raise LessonError(f"{where}: a code part holds exactly one ```python block")
    return Cell(match["id"], code=block[1], tags=_tags(match))


def _asked(match: re.Match[str], lines: list[str], where: str) -> Cell:
    """A quiz or a prediction: one line of code, and what it asks."""
    try:
        if match["kind"] == "quiz":
            asked: Any = lesson_material.parse_quiz(lines, where)
            code = "day.quiz()"
        else:
            asked = lesson_material.parse_prediction(match["id"], match["what"], lines, where)
            code = f'camp.predict("{asked["id"]}")'
    except lesson_material.MaterialError as error:
        raise LessonError(str(error)) from error
    return Cell(match["id"], code=code, tags=_tags(match), kind=match["kind"], material=asked)


def _tags(match: re.Match[str]) -> list[str]:
    return match["tags"].split(",") if match["tags"] else []


def material(cells: list[Cell]) -> dict[str, Any]:
    """All that a day's quiz and predictions ask, as its data file holds it."""
    return {
        "quiz": [question for cell in cells if cell.kind == "quiz" for question in cell.material],
        "predictions": [cell.material for cell in cells if cell.kind == "predict"],
    }
