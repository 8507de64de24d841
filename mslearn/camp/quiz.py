"""The recall quiz of a day as a widget: answered in the browser, judged and recorded here.

The right answers stay in Python until a question is answered. A saved notebook shows every question
with its answer folded away, so it can also be used without a kernel.
"""

from __future__ import annotations

import html
from typing import Any

import traitlets as t

from mslearn.insight.base import InsightWidget

from . import progress
from ._language import Text, language
from .material import Question, material
from .report import inline

_ADVICE = Text("Answer from memory, then open.", "先凭记忆回答，再点开看。")


class Quiz(InsightWidget):
    """The recall questions of one day.

    Args:
        day: ``1`` or ``"day01"``.

    Example:
        >>> Quiz(1)  # doctest: +SKIP
        Quiz(day01: 9 questions)
    """

    bundle = "quiz"

    questions: Any = t.List().tag(sync=True)
    results = t.Dict().tag(sync=True)

    def __init__(self, day: int | str) -> None:
        from . import catalog

        self._day = catalog.day(day)
        self._questions = {question.id: question for question in material(day).quiz}
        super().__init__(
            questions=[_public(question) for question in self._questions.values()],
            language=language(),
        )
        self.on_msg(self._on_message)

    def __repr__(self) -> str:
        return f"Quiz({self._day.id}: {len(self._questions)} questions)"

    def answer(self, id: str, given: str | list[int]) -> bool:
        """Judge and record an answer: a text, or the chosen options' numbers from 0.

        Raises:
            KeyError: the quiz has no such question.
        """
        question = self._questions[id]
        right = question.is_right(given)
        note = ""
        try:
            with progress.change(self._day.number) as entry:
                stored = entry.setdefault("quiz", {}).setdefault(id, {"right": False, "tries": 0})
                stored["tries"] = int(stored.get("tries", 0)) + 1
                stored["right"] = right
        except OSError as error:
            note = f"{type(error).__name__}: {error}"
        result = {
            "right": right,
            "given": given,
            "answer": {lang: question.answer(lang) for lang in ("en", "zh")},
            "why": {"en": question.why.en, "zh": question.why.zh},
            "rightOptions": list(question.right),
            "unsaved": note,
        }
        self.results = {**self.results, id: result}
        return right

    def _on_message(self, _: Any, content: Any, buffers: Any) -> None:
        if not isinstance(content, dict) or content.get("type") != "answer":
            return
        id, given = content.get("id"), content.get("given")
        if isinstance(given, list):
            given = [k for k in given if isinstance(k, int)]
        if isinstance(id, str) and id in self._questions and isinstance(given, (str, list)):
            self.answer(id, given)

    def fallback(self) -> dict[str, str]:
        out = [f'<div class="mslearn-quiz"><p><em>{html.escape(str(_ADVICE))}</em></p><ol>']
        for question in self._questions.values():
            out.append(f"<li>{inline(str(question.text))}")
            if question.options:
                items = "".join(f"<li>{inline(str(option))}</li>" for option in question.options)
                out.append(f'<ul style="list-style: circle">{items}</ul>')
            answer = question.answer(language())
            out.append(
                f"<details><summary>…</summary><strong>{inline(answer)}</strong><br>"
                f"{inline(str(question.why))}</details></li>"
            )
        return {"text/html": "\n".join([*out, "</ol></div>"])}


def _public(question: Question) -> dict[str, Any]:
    """What the browser gets before the answer: no sign of which option is right."""
    return {
        "id": question.id,
        "text": {"en": question.text.en, "zh": question.text.zh},
        "options": [{"en": option.en, "zh": option.zh} for option in question.options],
        "several": len(question.right) > 1,
    }
