"""A day's recall questions and predictions, as `tools/build_lessons.py` wrote them from its source.

Nothing here imports the engine or Jupyter. A question is multiple choice (`options`, `right`) or a
short answer (`accept`); a prediction is of one of the kinds in `KINDS`.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from . import catalog
from ._language import Text

KINDS = ("shape", "number", "text", "choice", "curve")
NO_TEXT = Text("", "")
FOLDER = Path(__file__).parent / "data"


@dataclass(frozen=True)
class Question:
    """One recall question.

    Args:
        id: unique in its day; progress hangs on it.
        options, right: the choices and the indices of the right ones; empty for a short answer.
        accept: right short answers; a number as text may carry a tolerance, ``"2.3 ± 0.01"``.
        why: said after answering.
    """

    id: str
    text: Text
    why: Text
    options: tuple[Text, ...] = ()
    right: tuple[int, ...] = ()
    accept: tuple[str, ...] = ()

    def is_right(self, given: str | Sequence[int]) -> bool:
        """Whether a typed text, or a list of chosen options, is the right answer.

        Example:
            >>> Question("a", Text("", ""), Text("", ""), accept=("5130",)).is_right(" 5,130 ")
            True
        """
        if self.options:
            return not isinstance(given, str) and sorted(set(given)) == sorted(self.right)
        return isinstance(given, str) and any(_matches(given, answer) for answer in self.accept)

    def answer(self, language: str) -> str:
        """The right answer in words."""
        if self.options:
            return "; ".join(getattr(self.options[k], language) for k in self.right)
        return self.accept[0]


@dataclass(frozen=True)
class Prediction:
    """Something to predict before its output appears; see `mslearn.camp.predictions`."""

    id: str
    kind: str
    text: Text
    options: tuple[tuple[str, Text], ...] = ()
    tolerance: float = 0.1
    x: tuple[float, float] = (0.0, 1.0)
    y: tuple[float, float] = (0.0, 1.0)
    x_label: Text = NO_TEXT
    y_label: Text = NO_TEXT


@dataclass(frozen=True)
class Material:
    """All of one day's questions and predictions."""

    quiz: tuple[Question, ...] = ()
    predictions: tuple[Prediction, ...] = ()

    def prediction(self, id: str) -> Prediction:
        """The prediction with this id, such as ``"d01.p1"``.

        Raises:
            KeyError: no such prediction; the message lists those there are.
        """
        for entry in self.predictions:
            if entry.id == id:
                return entry
        known = ", ".join(p.id for p in self.predictions) or "none"
        raise KeyError(f"there is no prediction {id!r}; this day has {known}")


@cache
def material(day: int | str) -> Material:
    """The questions and predictions of a day; empty when its source has none.

    Raises:
        KeyError: no such day.
    """
    path = FOLDER / f"{catalog.day(day).id}.json"
    return decode(json.loads(path.read_text("utf-8"))) if path.exists() else Material()


def decode(data: dict[str, Any]) -> Material:
    """A day's data file as objects."""
    return Material(
        tuple(_question(entry) for entry in data["quiz"]),
        tuple(_prediction(entry) for entry in data["predictions"]),
    )


def plain(text: str) -> str:
    """A typed answer without what does not matter: case, width, spaces, quotes, a final stop.

    Example:
        >>> plain(" ｆloat32。")
        'float32'
    """
    text = unicodedata.normalize("NFKC", text).casefold().replace("−", "-")
    return "".join(text.split()).strip("`'\"。.,")


def as_number(text: str) -> float | None:
    """The number that a learner typed: ``1,000``, ``90 %``, ``1e-3``; None when it is none."""
    try:
        value = float(plain(text).replace(",", "").rstrip("%"))
    except ValueError:
        return None
    return value if abs(value) != float("inf") else None


def _matches(given: str, answer: str) -> bool:
    wanted, _, tolerance = answer.partition("±")
    a, b = as_number(given), as_number(wanted)
    if a is not None and b is not None:
        return abs(a - b) <= (as_number(tolerance) or 0.0) + 1e-9 * abs(b)
    return bool(plain(given)) and plain(given) == plain(answer)


def _text(pair: dict[str, str]) -> Text:
    return Text(pair["en"], pair["zh"])


def _question(entry: dict[str, Any]) -> Question:
    return Question(
        entry["id"],
        _text(entry["text"]),
        _text(entry["why"]),
        tuple(_text(option) for option in entry.get("options", ())),
        tuple(entry.get("right", ())),
        tuple(entry.get("accept", ())),
    )


def _prediction(entry: dict[str, Any]) -> Prediction:
    more = {key: entry[key] for key in ("tolerance",) if key in entry}
    for axis in ("x", "y"):
        if axis in entry:
            more[axis] = (float(entry[axis]["from"]), float(entry[axis]["to"]))
            more[f"{axis}_label"] = _text(entry[axis]["label"])
    options = tuple((option["key"], _text(option)) for option in entry.get("options", ()))
    return Prediction(entry["id"], entry["kind"], _text(entry["text"]), options, **more)
