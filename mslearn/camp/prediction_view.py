"""The widget that takes a prediction: a text field, choices, or a pad to draw a curve on."""

from __future__ import annotations

import html
from typing import Any

import traitlets as t

from mslearn.insight.base import InsightWidget

from ._language import Text, language
from .material import Prediction
from .predictions import seal_guess, show, stored, try_again
from .report import inline

_WRITE = Text("Write your prediction down before you run on.", "先把你的预测写下来，再往下运行。")
_PREDICT = Text("Predict:", "先预测：")


def _pair(text: Text) -> dict[str, str]:
    return {"en": text.en, "zh": text.zh}


class Predict(InsightWidget):
    """Asks for one prediction and seals it; with ``again=True`` judges it at once.

    Args:
        task: what to predict.
        again: the output is known from an earlier day.
    """

    bundle = "predict"

    task = t.Dict().tag(sync=True)
    sealed = t.Dict().tag(sync=True)

    def __init__(self, task: Prediction, again: bool = False) -> None:
        self._task = task
        self._again = again
        entry = None if again else stored(task.id)
        super().__init__(
            task={
                "id": task.id,
                "kind": task.kind,
                "text": _pair(task.text),
                "options": [{"key": key, **_pair(text)} for key, text in task.options],
                "x": list(task.x),
                "y": list(task.y),
                "xLabel": _pair(task.x_label),
                "yLabel": _pair(task.y_label),
                "again": again,
            },
            sealed={} if entry is None else self._state(entry),
            language=language(),
        )
        self.on_msg(self._on_message)

    def __repr__(self) -> str:
        return f"Predict({self._task.id})"

    def _state(self, entry: dict[str, Any]) -> dict[str, Any]:
        return {
            "guess": entry["guess"],
            "shown": show(self._task, entry["guess"]),
            "at": entry["sealed_at"],
            "seen": "right" in entry,
        }

    def seal(self, given: Any) -> None:
        """Take what the learner typed, chose or drew; the widget shows what became of it."""
        try:
            if self._again:
                right, result = try_again(self._task.id, given)
                self.sealed = {
                    **result,
                    "shown": show(self._task, result["guess"]),
                    "output": show(self._task, result["truth"], exact=False),
                    "right": right,
                }
            else:
                self.sealed = self._state(seal_guess(self._task.id, given))
        except (ValueError, OSError) as error:
            self.sealed = {"problem": str(error)}

    def _on_message(self, _: Any, content: Any, buffers: Any) -> None:
        if isinstance(content, dict) and content.get("type") == "seal":
            self.seal(content.get("guess"))

    def fallback(self) -> dict[str, str]:
        items = "".join(f"<li>{inline(str(text))}</li>" for _, text in self._task.options)
        options = f'<ul style="list-style: circle">{items}</ul>' if items else ""
        return {
            "text/html": f"<div><strong>{html.escape(str(_PREDICT))}</strong> "
            f"{inline(str(self._task.text))}{options}<div><em>{_WRITE}</em></div></div>"
        }
