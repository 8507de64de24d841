"""The quiz and predict parts of a lesson source, read into the day's data file.

    <!-- quiz d01-quiz -->
    ? batch-shape: What shape has a batch? || 一个批次是什么形状？     a question and its id
    + `(32, 1, 28, 28)`                                    a right option; same in both
    - any shape || 随便什么形状                           a wrong option
    ! Batch first. || 批次在最前。                        said after answering
    ? count: How many numbers has Dense(512, 10)? || Dense(512, 10) 有多少个数？
    = 5130                                                a short answer; one line per accepted form
    = 2.3 ± 0.05                                          … a number with a tolerance
    ! 512 × 10 + 10. || 512 × 10 + 10。

    <!-- predict d01-p1 shape -->                         kinds: shape number text choice curve
    ? What shape has one batch? || 一个批次是什么形状？
    - up: larger || 变大                                  choice: an option with its key
    x 0 1575 step || 步数                                 curve: an axis, from, to, label
    y 0 2.5 loss || 损失
    ~ 0.2                                                 number, curve: how far off is still right

A text that is the same in both languages stands alone, else `English || 中文`.
"""

from __future__ import annotations

import random
import re
from typing import Any

from mslearn.camp.material import KINDS, as_number


class MaterialError(ValueError):
    """A quiz or predict part breaks the rules above; the message says where."""


def pair(text: str, where: str) -> dict[str, str]:
    en, bar, zh = (part.strip() for part in text.partition("||"))
    if not en or (bar and not zh):
        raise MaterialError(f"{where}: a text is `English || 中文`, got {text.strip()!r}")
    return {"en": en, "zh": zh or en}


def parse_quiz(lines: list[str], where: str) -> list[dict[str, Any]]:
    """The questions of one quiz part.

    Raises:
        MaterialError: names the place and the rule.
    """
    questions: list[dict[str, Any]] = []
    for line in filter(None, map(str.strip, lines)):
        mark, _, rest = line.partition(" ")
        if mark == "?":
            name, colon, text = rest.partition(":")
            if not colon or not re.fullmatch(r"[a-z0-9-]+", name.strip()):
                raise MaterialError(f"{where}: a question begins `? its-id: text`, got {line!r}")
            questions.append({"id": name.strip(), "text": pair(text, where)})
            continue
        if not questions or mark not in ("+", "-", "=", "!"):
            raise MaterialError(f"{where}: not understood: {line!r}")
        question = questions[-1]
        if mark == "!":
            question["why"] = pair(rest, where)
        elif mark == "=":
            question.setdefault("accept", []).append(rest.strip())
        else:
            question.setdefault("options", []).append({**pair(rest, where), "right": mark == "+"})
    for question in questions:
        _finish(question, f"{where}, {question['id']}")
    if repeated := _repeated(questions):
        raise MaterialError(f"{where}: question ids used twice: {repeated}")
    return questions


def _finish(question: dict[str, Any], where: str) -> None:
    if "why" not in question:
        raise MaterialError(f"{where}: lacks its explanation, a line `! …`")
    options = question.get("options")
    if bool(options) == ("accept" in question):
        raise MaterialError(f"{where}: give options (+ and -) or short answers (=)")
    if options:
        random.Random(question["id"]).shuffle(options)  # the right one is not always the first
        question["right"] = [k for k, option in enumerate(options) if option.pop("right")]
        if not question["right"] or len(options) < 2:
            raise MaterialError(f"{where}: at least two options, at least one of them right (+)")


def _repeated(entries: list[dict[str, Any]]) -> str:
    ids = [entry["id"] for entry in entries]
    return ", ".join(sorted({i for i in ids if ids.count(i) > 1}))


def parse_prediction(cell: str, kind: str, lines: list[str], where: str) -> dict[str, Any]:
    """One predict part; cell ``d01-p1`` asks prediction ``d01.p1``.

    Raises:
        MaterialError: names the place and the rule.
    """
    if kind not in KINDS or not re.fullmatch(r"d\d\d-p\d+", cell):
        raise MaterialError(f"{where}: write `predict d01-p1 KIND`, KIND one of {', '.join(KINDS)}")
    entry: dict[str, Any] = {"id": cell.replace("-", "."), "kind": kind}
    for line in filter(None, map(str.strip, lines)):
        mark, _, rest = line.partition(" ")
        if mark == "?":
            entry["text"] = pair(rest, where)
        elif mark == "-" and kind == "choice":
            key, _, text = rest.partition(":")
            entry.setdefault("options", []).append({"key": key.strip(), **pair(text, where)})
        elif mark in ("x", "y") and kind == "curve":
            low, high, label = [*rest.split(" ", 2), "", ""][:3]
            if as_number(low) is None or as_number(high) is None or float(low) >= float(high):
                raise MaterialError(f"{where}: an axis is `{mark} FROM TO label`, got {line!r}")
            entry[mark] = {"from": float(low), "to": float(high), "label": pair(label, where)}
        elif mark == "~" and kind in ("number", "curve") and as_number(rest) is not None:
            entry["tolerance"] = float(rest)
        else:
            raise MaterialError(f"{where}: not understood for a {kind}: {line!r}")
    if "text" not in entry:
        raise MaterialError(f"{where}: lacks its question, a line `? …`")
    if kind == "choice" and len(entry.get("options", ())) < 2:
        raise MaterialError(f"{where}: a choice needs options, lines `- key: text`")
    if kind == "curve" and not {"x", "y"} <= entry.keys():
        raise MaterialError(f"{where}: a curve needs both axes, lines `x …` and `y …`")
    return entry
