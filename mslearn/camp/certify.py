"""The certificate after 25 days, derived again: every kept answer is checked once more, offline."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any

from . import catalog, progress
from ._language import COMMA, Text, language
from ._lock import replace_text
from .check_in import folder
from .exercise import Exercise
from .freeze import thaw
from .report import Card
from .session import exercises_of

_NOT_YET = Text("No certificate yet: {0} of {1} days", "还不能发证书：已完成 {0} / {1} 天")
_UNWRITTEN = Text("{0}: this release does not have it yet", "{0}：这个版本还没有写好")
_OPEN = Text("{0}: open exercises {1}", "{0}：未完成的练习 {1}")
_FAILED = Text("{0}: checked again, {1} did not pass", "{0}：重新检查时，{1} 没有通过")
_NO_SOURCE = Text(
    "{0}: the answer to {1} was not kept; write it as a plain function with `def` and run its "
    "check again",
    "{0}：{1} 的答案没有留存；请用 `def` 写成普通函数，重新检查一次",
)
_GIVEN = Text("Certificate: {0} days, {1} exercises", "证书：{0} 天，{1} 道练习")
_WHERE = Text("Written to `{0}`.", "已写入 `{0}`。")
_TEXT = Text(
    "# Certificate\n\nAll {0} days of the MindSpore camp are done: {1} exercises, every answer "
    "checked again on {2}.\n\n| Day | | Done |\n|---|---|---|\n{3}\n",
    "# 结业证书\n\nMindSpore 打卡营 {0} 天全部完成，共 {1} 道练习，所有答案已于 {2} 重新检查。\n\n"
    "| 天 | | 完成日期 |\n|---|---|---|\n{3}\n",
)


def certificate(days: Sequence[catalog.Day] = catalog.DAYS) -> Card:
    """Check every kept answer again; write `certificate.md` when all of them pass.

    Example:
        >>> certificate()  # doctest: +SKIP
        ➜ No certificate yet: 2 of 25 days
    """
    learnt = progress.load()["days"]
    missing: list[str] = []
    rows: list[str] = []
    count = 0
    for day in days:
        entry = learnt.get(day.id, {})
        problem = check_day(day, entry)
        if problem is not None:
            missing.append(str(problem))
            continue
        count += day.exercises
        done = str(entry.get("done_at") or "")[:10]
        rows.append(f"| {day.number} | {getattr(day, language())} | {done} |")
    if missing:
        heading = str(_NOT_YET.format(len(days) - len(missing), len(days)))
        return Card("info", heading, tuple(missing))
    today = progress.now()[:10]
    text = str(_TEXT.format(len(days), count, today, "\n".join(rows)))
    replace_text(folder() / "certificate.md", text)
    where = str(_WHERE.format("checkins/certificate.md"))
    return Card("pass", str(_GIVEN.format(len(days), count)), (where,))


def check_day(day: catalog.Day, entry: dict[str, Any]) -> Text | None:
    """What a day lacks, or None when every one of its answers passes again."""
    name = Text(f"Day {day.number}, {day.en}", f"第 {day.number} 天，{day.zh}")
    exercises = exercises_of(day)
    if not exercises:
        return _name(_UNWRITTEN, name)
    stored = entry.get("exercises", {})
    still = [e.id for e in exercises if stored.get(e.id, {}).get("outcome") != "pass"]
    if still:
        return _name(_OPEN, name, str(COMMA).join(still))
    for exercise in exercises:
        source = stored[exercise.id].get("source")
        if not isinstance(source, str):
            return _name(_NO_SOURCE, name, exercise.id)
        if not _passes(exercise, source):
            return _name(_FAILED, name, exercise.id)
    return None


def _name(text: Text, name: Text, *more: str) -> Text:
    return Text(text.en.format(name.en, *more), text.zh.format(name.zh, *more))


def _passes(exercise: Exercise, source: str) -> bool:
    """Run the check on a kept answer: the learner's own code, in this process."""
    try:
        # `freeze` puts the answer last, behind its helpers.
        last = ast.parse(source).body[-1]
        name = last.name if isinstance(last, ast.FunctionDef) else exercise.function
        return exercise.judge(thaw(source, name)).outcome == "pass"
    except Exception:  # the kept source does not even run
        return False
