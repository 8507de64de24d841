"""The learner's desk for one day: `camp.day(1)`, its exercises, and how far they have come."""

from __future__ import annotations

import contextlib
import dataclasses
import importlib
import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from . import catalog, progress
from ._language import COMMA, Text, language
from .exercise import Exercise, Verdict
from .freeze import freeze
from .report import Card
from .values import show_both

if TYPE_CHECKING:
    from .quiz import Quiz

_UNSAVED = Text(
    "(Your progress could not be saved: {0}. The check itself is not affected.)",
    "（进度没能保存：{0}。检查结果不受影响。）",
)
_HEADINGS = {
    "pass": Text("Passed: {0}", "通过：{0}"),
    "fail": Text("Not right yet: {0}", "还不对：{0}"),
    "not attempted": Text("Not attempted yet: {0}", "还没有作答：{0}"),
}
_INPUT = Text("input", "输入")
_GOT = Text("got", "得到")
_EXPECTED = Text("expected", "应为")
_LINE = Text("line {0}", "第 {0} 行")
_NEXT = Text("Next step:", "下一步：")
_STUCK = Text(
    '{0} Stuck? `day.exercise("{1}").hint()` in a new cell gives a hint.',
    '{0}卡住了？新开一个单元格，运行 `day.exercise("{1}").hint()`，会得到一条提示。',
)
_HINT = Text("Hint {0} of {1}", "提示 {0}/{1}")
_MORE = Text(
    "Not enough? Call `.hint()` again for the next one.", "还不够？再调用一次 `.hint()` 看下一条。"
)
_LAST = Text(
    "That was the last hint; `.solution()` shows one right answer.",
    "这是最后一条提示；`.solution()` 会给出一份正确答案。",
)
_SOLUTION = Text("One right answer: {0}", "一份正确答案：{0}")
_EARLY = Text("The solution is ready, but try first: {0}", "答案已备好，不过先试一试吧：{0}")
_EARLY_STEP = Text(
    "A try costs nothing. If you want to read it now, call `.solution()` once more.",
    "试错不扣分。如果现在就想看，再调用一次 `.solution()` 即可。",
)
_NOTHING_AGAIN = Text("No prediction to put right", "没有需要重答的预测")
_NOTHING_AGAIN_STEP = Text(
    "What you predict wrongly on one day is asked here on a later one.",
    "某一天预测错了的问题，以后会在这里再问一遍。",
)
_AGAIN = Text("Predictions that were wrong on an earlier day. What would you say now?",
              "前几天预测错的问题。现在你会怎么答？")  # fmt: skip
_STATUS = Text("{0} of {1} exercises passed: {2}", "已通过 {0}/{1} 题：{2}")
_ALL_DONE = Text("The day is done. Well done!", "今天的练习全部完成，真棒！")
_TO_DO = Text("Still open: {0}", "尚未完成：{0}")


class Result:
    """The outcome of a check. Shown as a card; true in an `if` when the answer passed."""

    def __init__(self, verdict: Verdict, card: Card) -> None:
        self._verdict = verdict
        self._card = card

    @property
    def outcome(self) -> str:
        """``"pass"``, ``"fail"`` or ``"not attempted"``."""
        return self._verdict.outcome

    @property
    def mistake(self) -> str | None:
        """Name of the known mistake that was recognised, if one was."""
        return self._verdict.mistake.name if self._verdict.mistake else None

    def __bool__(self) -> bool:
        return self.outcome == "pass"

    def __repr__(self) -> str:
        return repr(self._card)

    def _repr_html_(self) -> str:
        return self._card._repr_html_()


class ExerciseDesk:
    """One exercise at work: `check(answer)`, `hint()`, `solution()`."""

    def __init__(self, day: catalog.Day, exercise: Exercise) -> None:
        self._day = day
        self._exercise = exercise
        self._hints_given = 0
        self._may_see_solution = False

    def __repr__(self) -> str:
        return f"{self._exercise.id}: {self._exercise.title}"

    def check(self, answer: Any) -> Result:
        """Check an answer; the result says pass, fail (with one next step) or not attempted.

        Args:
            answer: the function that you wrote, not its result.

        Example:
            >>> day.exercise("d01.e1").check(accuracy)  # doctest: +SKIP
        """
        verdict = self._exercise.judge(answer)
        note = ""
        if verdict.outcome != "not attempted":
            self._may_see_solution = True
            source = freeze(answer) if verdict.outcome == "pass" else None
            note = self._record(verdict.outcome, source)
        return Result(verdict, self._card(verdict, note))

    def hint(self, tier: int | None = None) -> Card:
        """The next hint, or the hint of this tier (1 is the gentlest).

        Raises:
            ValueError: there is no such tier; the message says how many there are.
        """
        hints = self._exercise.hints
        number = min(self._hints_given + 1, len(hints)) if tier is None else tier
        if not 1 <= number <= len(hints):
            raise ValueError(f"hint: this exercise has hints 1 to {len(hints)}, not {tier!r}")
        self._hints_given = max(self._hints_given, number)
        more = _MORE if number < len(hints) else _LAST
        heading = str(_HINT.format(number, len(hints)))
        return Card("info", heading, (str(hints[number - 1]), str(more)))

    def solution(self) -> Card:
        """One right answer, after a try, or when asked for twice."""
        title = self._exercise.title
        if not self._may_see_solution:
            self._may_see_solution = True
            return Card("info", str(_EARLY.format(title)), (str(_EARLY_STEP),))
        heading = str(_SOLUTION.format(title))
        return Card("info", heading, code=self._exercise.solution_source())

    def _record(self, outcome: str, source: str | None) -> str:
        """Save the attempt; what went wrong with saving, or nothing."""
        try:
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always", progress.ProgressWarning)
                progress.record(self._day.number, self._exercise.id, outcome, source)
            return "; ".join(str(w.message) for w in caught)
        except Exception as error:
            return str(_UNSAVED.format(f"{type(error).__name__}: {error}"))

    def _card(self, verdict: Verdict, note: str) -> Card:
        heading = str(_HEADINGS[verdict.outcome].format(self._exercise.title))
        rows: list[tuple[str, str]] = []
        if verdict.case is not None:
            quantity = self._exercise.quantities.get(verdict.quantity)
            label = f" · {quantity}" if quantity else ""
            rows.append((str(_INPUT), verdict.case.show()))
            if verdict.line:
                number, text = verdict.line
                rows.append((str(_LINE.format(number)), text))
            got, expected = show_both(verdict.got, verdict.expected)
            rows += [(f"{_GOT}{label}", got), (f"{_EXPECTED}{label}", expected)]
        notes = (note,) if note else ()
        step = str(verdict.next_step)
        if verdict.outcome == "fail":
            step = str(_STUCK.format(step, self._exercise.id))
            return Card("fail", heading, notes, tuple(rows), footer=(str(_NEXT), step))
        return Card(verdict.outcome, heading, (step, *notes))


def exercises_of(day: catalog.Day) -> tuple[Exercise, ...]:
    """The exercises of a day, none when it is not written yet."""
    if not day.exercises:
        return ()
    module = importlib.import_module(f".days.{day.id}", __package__)
    exercises: tuple[Exercise, ...] = module.EXERCISES
    return exercises


class DayDesk:
    """A day at work: `exercise(id)` and `status()`."""

    def __init__(self, number: int | str) -> None:
        self._day = catalog.day(number)
        self._desks = {e.id: ExerciseDesk(self._day, e) for e in exercises_of(self._day)}

    def __repr__(self) -> str:
        number = self._day.number
        return str(Text(f"Day {number}: {self._day.en}", f"第 {number} 天：{self._day.zh}"))

    def exercise(self, id: str) -> ExerciseDesk:
        """The exercise with this id, such as ``"d01.e1"``.

        Raises:
            KeyError: no such exercise; the message lists those there are.
        """
        if id not in self._desks:
            raise KeyError(
                f"{self._day.id} has no exercise {id!r}; it has {', '.join(self._desks)}"
            )
        return self._desks[id]

    def quiz(self) -> Quiz:
        """The day's recall questions as a widget.

        Raises:
            ImportError: the notebook parts (`pip install "mslearn[lab]"`) are not installed.
        """
        from .quiz import Quiz

        return Quiz(self._day.number)

    def again(self) -> Card | None:
        """Ask once more what was predicted wrongly on an earlier day; a card when nothing was."""
        from .predictions import wrong_before

        wrong = wrong_before(self._day.number)
        if not wrong:
            return Card("info", str(_NOTHING_AGAIN), (str(_NOTHING_AGAIN_STEP),))
        from IPython.display import display

        from .prediction_view import Predict

        display(Card("info", str(_AGAIN)))
        for task, _ in wrong[:5]:
            display(Predict(task, again=True))
        return None

    def on_mindspore(
        self, function: Callable[..., Any], *inputs: Any, seconds: float = 120
    ) -> Card:
        """Run ``function(ms, *inputs)`` here and on real MindSpore; see `mslearn.camp.oracle`."""
        from .oracle import on_mindspore

        return on_mindspore(self._day.number, function, *inputs, seconds=seconds)

    def checkin(self, notes: str = "", figures: Sequence[Any] = ()) -> Card:
        """Write the day's record as Markdown ready for a blog; see `mslearn.camp.check_in`.

        The card also tells the day's `status`.
        """
        from .check_in import checkin

        card, status = checkin(self._day.number, notes, figures), self.status()
        said = (*card.paragraphs, status.heading, *status.paragraphs)
        return dataclasses.replace(card, paragraphs=said)

    def status(self) -> Card:
        """How many of the day's exercises have passed, and which are still open."""
        days = progress.load()["days"]
        entries = days.get(self._day.id, {}).get("exercises", {})
        passed = [k for k in self._desks if entries.get(k, {}).get("outcome") == "pass"]
        still = [f"{k} {d._exercise.title}" for k, d in self._desks.items() if k not in passed]
        heading = str(_STATUS.format(len(passed), len(self._desks), self))
        line = str(_TO_DO.format(str(COMMA).join(still)) if still else _ALL_DONE)
        return Card("info" if still else "pass", heading, (line,))


def day(number: int | str) -> DayDesk:
    """Open a camp day: its exercises are checked and its widgets speak the notebook's language.

    Args:
        number: ``1`` or ``"day01"``.

    Raises:
        KeyError: no such day. NotImplementedError: the day is not written yet.

    Example:
        >>> exercise = day(1).exercise("d01.e1")  # doctest: +SKIP
    """
    entry = catalog.day(number)
    if not entry.exercises:
        raise NotImplementedError(f"camp.day({number!r}): “{entry.en}” is not written yet")
    from mslearn import insight

    from .slips import install

    install()
    insight.set_language(language())
    desk = DayDesk(number)
    with contextlib.suppress(OSError), progress.change(number):
        pass  # the clock of the day starts; a home that cannot be written is told at a check
    return desk
