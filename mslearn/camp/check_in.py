"""Check-in (打卡): the learner's own record of a day, as Markdown ready for a blog.

    day.checkin(notes="Softmax twice: never again.", figures=[curves])

writes `checkins/day01.md` beside the lessons' folders, and its figures into `checkins/day01/`. A
record that the learner has edited since is never overwritten: the new one is `day01-2.md`, and so
on. Every file appears whole or not at all.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from . import catalog, progress
from ._language import Text, language
from ._lock import replace_bytes, replace_text
from .material import material
from .report import Card

_SIGNED = re.compile(r"<!-- mslearn check-in ([0-9a-f]{16}) -->\n\Z")

_EMPTY = Text("Nothing to check in yet", "现在还没有可打卡的内容")
_EMPTY_STEP = Text(
    "Pass an exercise, answer a question, or write `notes=\"…\"`; then run this cell again.",
    "先做对一道练习、答一道题，或者写上 `notes=\"…\"`，再运行这个单元格。",
)  # fmt: skip
_DONE = Text("Checked in: {0}", "打卡完成：{0}")
_WRITTEN = Text(
    "Your record is in `{0}`, ready for a blog.", "记录已写入 `{0}`，可以直接发到博客。"
)
_KEPT = Text(
    "You have edited an earlier record; it stays as it is.", "之前的记录你改过，原样保留。"
)
_WORDS = {
    "title": Text("Day {0} of 25 · {1}", "25 天打卡 · 第 {0} 天：{1}"),
    "date": Text("Date", "日期"),
    "time": Text("Time spent", "用时"),
    "minutes": Text("{0} minutes", "{0} 分钟"),
    "exercises": Text("Exercises", "练习"),
    "quiz": Text("Recall questions", "回忆题"),
    "predictions": Text("Predictions", "预测"),
    "of": Text("{0} of {1}", "{0} / {1}"),
    "attempts": Text("{0}: passed after {1} attempts", "{0}：第 {1} 次通过"),
    "first": Text("{0}: passed at the first attempt", "{0}：一次通过"),
    "open": Text("{0}: still open", "{0}：尚未完成"),
    "notes": Text("My notes", "我的笔记"),
    "figure": Text("Figure {0}", "图 {0}"),
    "made": Text(
        "Made with mslearn, a small MindSpore to learn from.", "用 mslearn 学 MindSpore。"
    ),
}


def folder() -> Path:
    """Where the records go: beside the `en` and `zh` that the notebook is in, else in the camp."""
    here = Path.cwd()
    if here.name in (*catalog.LANGUAGES, "code"):
        return here.parent / "checkins"
    chosen = os.environ.get("MSLEARN_CAMP_DIR")
    return (Path(chosen).expanduser() if chosen else Path.home() / "mslearn-camp") / "checkins"


def checkin(day: int | str, notes: str = "", figures: Sequence[Any] = ()) -> Card:
    """Write the learner's record of a day and note it in the progress.

    Args:
        day: ``1`` or ``"day01"``.
        notes: the learner's own words, in Markdown.
        figures: matplotlib figures, widgets of `insight`, or PNG bytes.

    Raises:
        KeyError: no such day. TypeError: a figure that cannot be drawn. OSError: not written.
    """
    entry = catalog.day(day)
    done = progress.load()["days"].get(entry.id, {})
    worked = done.get("exercises") or done.get("quiz") or done.get("predictions")
    if not notes.strip() and not worked:
        return Card("info", str(_EMPTY), (str(_EMPTY_STEP),))
    place = folder()
    path, kept = _free(place, entry.id)
    pictures = [_picture(figure) for figure in figures]
    links = []
    for number, (content, suffix) in enumerate(pictures, 1):
        picture = place / path.stem / f"figure-{number}.{suffix}"
        replace_bytes(picture, content)
        links.append(f"![{_WORDS['figure'].format(number)}]({path.stem}/{picture.name})")
    with progress.change(entry.number) as stored:
        stored["checkin_at"] = progress.now()
        text = render(entry, dict(stored), notes, links)
    replace_text(path, text + f"<!-- mslearn check-in {_digest(text)} -->\n")
    shown = f"checkins/{path.name}"
    extra = (str(_KEPT),) if kept else ()
    return Card("pass", str(_DONE.format(_name(entry))), (str(_WRITTEN.format(shown)), *extra))


def render(day: catalog.Day, done: dict[str, Any], notes: str, links: Sequence[str]) -> str:
    """The record as Markdown, in the language in force."""
    from .session import exercises_of

    exercises = {e.id: str(e.title) for e in exercises_of(day)}
    entries = done.get("exercises", {})
    passed = [k for k in exercises if entries.get(k, {}).get("outcome") == "pass"]
    asked = material(day.number)
    facts = [
        ("date", done["checkin_at"][:10]),
        ("time", _say("minutes", max(1, round(done.get("seconds", 0) / 60)))),
        ("exercises", _say("of", len(passed), len(exercises))),
        ("quiz", _say("of", _right(done.get("quiz")), len(asked.quiz))),
        ("predictions", _say("of", _right(done.get("predictions")), len(asked.predictions))),
    ]
    lines = [f"# {_say('title', day.number, getattr(day, language()))}", "", "| | |", "|---|---|"]
    lines += [f"| {_WORDS[key]} | {value} |" for key, value in facts]
    lines += ["", f"## {_WORDS['exercises']}", ""]
    for id, title in exercises.items():
        tries = entries.get(id, {}).get("attempts", 0)
        key = "open" if id not in passed else "first" if tries == 1 else "attempts"
        lines.append(f"- {_say(key, title, tries)}")
    if notes.strip():
        lines += ["", f"## {_WORDS['notes']}", "", notes.strip()]
    for link in links:
        lines += ["", link]
    return "\n".join([*lines, "", f"*{_WORDS['made']}*", ""])


def _say(key: str, *values: object) -> str:
    return str(_WORDS[key].format(*values))


def _name(day: catalog.Day) -> str:
    return _say("title", day.number, getattr(day, language()))


def _right(entries: Any) -> int:
    return sum(1 for e in (entries or {}).values() if e.get("right") or e.get("right_later"))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _free(place: Path, stem: str) -> tuple[Path, bool]:
    """The first name that is free or holds a record as we wrote it; was one passed over?"""
    number = 1
    while True:
        path = place / (f"{stem}.md" if number == 1 else f"{stem}-{number}.md")
        if not path.exists():
            return path, number > 1
        text = path.read_text(encoding="utf-8", errors="replace")
        signed = _SIGNED.search(text)
        if signed and signed[1] == _digest(text[: signed.start()]):
            return path, number > 1
        number += 1


def _picture(figure: Any) -> tuple[bytes, str]:
    """A figure as bytes, and the suffix of its file."""
    if isinstance(figure, bytes) and figure.startswith(b"\x89PNG"):
        return figure, "png"
    if hasattr(figure, "savefig"):
        out = io.BytesIO()
        figure.savefig(out, format="png", dpi=144, bbox_inches="tight", metadata={"Software": None})
        return out.getvalue(), "png"
    drawn = figure.fallback() if hasattr(figure, "fallback") else {}
    if "image/svg+xml" in drawn:
        return drawn["image/svg+xml"].encode(), "svg"
    raise TypeError(
        f"checkin: a figure is a matplotlib Figure, a chart of insight or PNG bytes, "
        f"got a {type(figure).__name__}"
    )
