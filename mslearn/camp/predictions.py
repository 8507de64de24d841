"""Predict, run, explain the gap: a prediction is sealed before its output appears.

    camp.predict("d01.p1")               # asks; the learner's answer is sealed in the progress file
    camp.reveal("d01.p1", images.shape)  # shows prediction, output and gap, and records them

Sealing stores the prediction with its time and the SHA-256 of both; `reveal` compares the hash, so
a prediction that was changed afterwards says so. Only the first look counts. What was wrong is
asked again on a later day (`day.again()`), until it is right.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from . import progress
from ._language import Text, language
from .curve_card import CurveCard
from .material import Prediction, as_number, material, plain
from .report import Card
from .values import as_array

CURVE_POINTS = 21

_WANTED = {
    "shape": Text(
        "A shape looks like (32, 10), and () is one number.",
        "形状要写成 (32, 10)；单独一个数是 ()。",
    ),
    "number": Text("A number, please, such as 0.25 or 1e-3.", "请写一个数，例如 0.25 或 1e-3。"),
    "text": Text("One word or short text, please.", "请写一个词或短语。"),
    "choice": Text("Choose one of the answers.", "请选一个答案。"),
    "curve": Text(
        "A curve is drawn, or typed as at least two numbers: 2.3, 1, 0.5.",
        "请画出曲线，或者写出至少两个数：2.3, 1, 0.5。",
    ),
}
_SEALED = Text("Sealed: {0}", "已封存：{0}")
_SEALED_STEP = Text("Now run on, and see.", "接着往下运行，看看结果。")
_LATE = Text(
    "You have seen this output already; the first prediction counts. If it was wrong, a later day "
    "asks again.",
    "这个结果你已经看过了，以第一次的预测为准。预测错了的，以后哪一天会再问一遍。",
)
_NONE = Text("No prediction was sealed: {0}", "没有封存预测：{0}")
_RIGHT = Text("You predicted it: {0}", "预测对了：{0}")
_WRONG = Text("Not as predicted: {0}", "和预测的不一样：{0}")
_AGAIN = Text(
    "What made the difference? This question comes again on a later day.",
    "差在哪里？以后哪一天，这个问题还会再问一遍。",
)
_BROKEN = Text(
    "(The stored prediction does not carry its own seal: it was changed after sealing.)",
    "（存下来的预测和封条对不上：封存之后被改动过。）",
)
_YOURS = Text("you", "你的预测")
_OUTPUT = Text("the output", "实际结果")
_GAP = Text("gap", "差距")


def read_guess(task: Prediction, given: Any) -> Any:
    """What was typed, drawn or chosen, as the JSON-able value that is stored.

    Raises:
        ValueError: it is no prediction of this kind; the message says what one looks like.
    """
    value: Any = None
    if task.kind == "shape":
        value = _shape(given)
    elif task.kind == "number":
        value = as_number(str(given))
    elif task.kind == "text":
        value = str(given).strip()[:80] or None
    elif task.kind == "choice":
        value = given if given in dict(task.options) else None
    elif task.kind == "curve":
        value = _curve(given)
    if value is None:
        raise ValueError(str(_WANTED[task.kind]))
    return value


def _shape(given: Any) -> list[int] | None:
    if isinstance(given, (tuple, list)):
        numbers = list(given)
    else:
        text = str(given).translate(str.maketrans("（），×x", "(),,,"))
        if not re.fullmatch(r"\s*[(\[]?[\d,\s]*[)\]]?\s*", text):
            return None
        numbers = [int(part) for part in re.findall(r"\d+", text)]
        if not numbers and text.strip() not in ("()", "[]"):
            return None
    return (
        [int(n) for n in numbers]
        if all(isinstance(n, (int, np.integer)) for n in numbers)
        else None
    )


def _curve(given: Any) -> list[float] | None:
    if isinstance(given, str):
        given = [as_number(part) for part in re.split(r"[,，;；\s]+", given.strip())]
    try:
        values = np.asarray(given, np.float64).ravel()
    except (TypeError, ValueError):
        return None
    if len(values) < 2 or not np.isfinite(values).all():
        return None
    return [round(float(v), 6) for v in _resample(values)]


def _resample(values: np.ndarray) -> np.ndarray:
    places = np.linspace(0, len(values) - 1, CURVE_POINTS)
    return np.asarray(np.interp(places, np.arange(len(values)), values))


def read_truth(task: Prediction, value: Any) -> Any:
    """The output in the form in which predictions of this kind are stored; None when it has NaN."""
    if task.kind in ("shape", "number", "curve"):
        array = as_array(value)
        if task.kind == "shape":
            return [int(n) for n in (value if isinstance(value, (tuple, list)) else value.shape)]
        if array is None:
            raise TypeError(f"camp.reveal({task.id!r}): a {task.kind} wanted, got {value!r}")
        if task.kind == "curve":
            return _curve(array)
        return float(array) if np.isfinite(array).all() else None
    return str(value)


def compare(task: Prediction, guess: Any, truth: Any) -> tuple[bool, str]:
    """Whether a prediction was right, and the gap in words (empty where there is none to tell)."""
    if task.kind == "number":
        gap = guess - truth
        relative = f" ({100 * gap / abs(truth):+.0f} %)" if truth else ""
        return abs(gap) <= task.tolerance * abs(truth) + 1e-12, f"{gap:+.4g}{relative}"
    if task.kind == "curve":
        apart = float(np.abs(np.subtract(guess, truth)).mean() / (task.y[1] - task.y[0]))
        return apart <= task.tolerance, f"{100 * apart:.0f} %"
    if task.kind == "shape":
        return list(guess) == list(truth), ""
    return plain(str(guess)) == plain(str(truth)), ""


def show(task: Prediction, value: Any, exact: bool = True) -> str:
    """A stored prediction or output as the learner reads it."""
    if task.kind == "shape":
        return str(tuple(value))
    if task.kind == "number":
        return f"{value:g}" if exact or float(value).is_integer() else f"≈ {value:.4g}"
    if task.kind == "choice":
        return str(dict(task.options).get(value, value))
    return str(value)


def seal(id: str, guess: Any, time: str) -> str:
    """SHA-256 over prediction and time."""
    return hashlib.sha256(json.dumps([id, guess, time]).encode()).hexdigest()


def stored(id: str) -> dict[str, Any] | None:
    """What the progress file holds for a prediction."""
    day = progress.load()["days"].get(day_of(id), {})
    entry = day.get("predictions", {}).get(id)
    return (
        entry
        if isinstance(entry, dict) and {"guess", "sealed_at", "seal"} <= entry.keys()
        else None
    )


def day_of(id: str) -> str:
    """``"day01"`` for ``"d01.p1"``.

    Raises:
        KeyError: not the form of a prediction's id.
    """
    if not re.fullmatch(r"d\d\d\.p\d+", str(id)):
        raise KeyError(f"a prediction's id looks like 'd01.p1', got {id!r}")
    return f"day{id[1:3]}"


def task_of(id: str) -> Prediction:
    return material(day_of(id)).prediction(id)


def seal_guess(id: str, given: Any) -> dict[str, Any]:
    """Store a prediction with its time and hash; one whose output was seen stays as it is.

    Raises:
        ValueError: not a prediction of this kind. OSError: it could not be stored.
    """
    guess = read_guess(task_of(id), given)
    with progress.change(day_of(id)) as day:
        entries = day.setdefault("predictions", {})
        if "right" not in entries.get(id, {}):
            time = progress.now()
            entries[id] = {"guess": guess, "sealed_at": time, "seal": seal(id, guess, time)}
        entry: dict[str, Any] = entries[id]
    return entry


def predict(id: str, guess: Any = None) -> Any:
    """Ask for a prediction, or seal the one given.

    Args:
        id: ``"d01.p1"``.
        guess: where there is no widget, the prediction itself: a shape, a number, a text, the key
            of a choice, or the heights of a curve at equal distances. ``None`` shows the widget.

    Raises:
        KeyError: no such prediction. ValueError: not a prediction of this kind.

    Example:
        >>> camp.predict("d01.p1", (32, 1, 28, 28))  # doctest: +SKIP
    """
    task = task_of(id)
    if guess is None or guess is Ellipsis:
        from .prediction_view import Predict

        return Predict(task)
    entry = seal_guess(id, guess)
    if "right" in entry:
        return Card("info", str(_SEALED.format(show(task, entry["guess"]))), (str(_LATE),))
    return Card("info", str(_SEALED.format(show(task, entry["guess"]))), (str(_SEALED_STEP),))


_NO_OUTPUT = Text("Nothing to compare yet: {0}", "还没有可比的结果：{0}")
_NO_OUTPUT_STEP = Text(
    "The output holds NaN or infinity, or fewer than two values. A run that blows up has too large "
    "a learning rate, most often. Run it again; a sealed prediction stays sealed until then.",
    "结果里有 NaN 或无穷大，或者不足两个值。训练发散，多半是学习率太大。请重新运行一遍；"
    "封存的预测会一直保留到那时。",
)


def reveal(id: str, truth: Any) -> Card | CurveCard:
    """Show the sealed prediction beside what came out, with the gap; record both.

    Args:
        id: ``"d01.p1"``.
        truth: the output: a shape (or a tensor, whose shape is meant), a number, a text, the key of
            a choice, or a sequence of heights.

    Raises:
        KeyError: no such prediction. TypeError: ``truth`` is not of its kind.
    """
    task = task_of(id)
    value = read_truth(task, truth)
    if value is None:  # a run that broke says nothing about the prediction: it stays sealed
        return Card("info", str(_NO_OUTPUT.format(task.text)), (str(_NO_OUTPUT_STEP),))
    entry = stored(id)
    if entry is not None and "right" not in entry:
        right, gap = compare(task, entry["guess"], value)
        with progress.change(day_of(id)) as day:
            entry = day["predictions"][id]
            entry.update(truth=value, right=right, gap=gap, revealed_at=progress.now())
    return card(task, entry, value)


def card(task: Prediction, entry: dict[str, Any] | None, truth: Any) -> Card | CurveCard:
    """Prediction, output and gap, side by side."""
    rows = [(str(_OUTPUT), show(task, truth, exact=False))]
    notes: tuple[str, ...] = ()
    if entry is None:
        tone, heading, gap = "not attempted", _NONE, ""
    else:
        right, gap = compare(task, entry["guess"], truth)
        tone, heading = ("pass", _RIGHT) if right else ("info", _WRONG)
        rows.insert(0, (str(_YOURS), show(task, entry["guess"])))
        rows += [(str(_GAP), gap)] if gap and not right else []
        notes = () if right else (str(_AGAIN),)
        if entry["seal"] != seal(task.id, entry["guess"], entry["sealed_at"]):
            notes += (str(_BROKEN),)
    title = str(heading.format(task.text))
    if task.kind == "curve":
        guess: Sequence[float] | None = entry["guess"] if entry else None
        words = (str(_YOURS), str(_OUTPUT))
        return CurveCard(Card(tone, title, notes), task, guess, truth, words, language())
    return Card(tone, title, notes, tuple(rows))


def wrong_before(day: int) -> list[tuple[Prediction, dict[str, Any]]]:
    """Predictions of earlier days that were wrong and not put right since."""
    found = []
    for name, entry in sorted(progress.load()["days"].items()):
        if not re.fullmatch(r"day\d\d", name) or int(name[3:]) >= day:
            continue
        for id, prediction in sorted(entry.get("predictions", {}).items()):
            if prediction.get("right") is False and not prediction.get("right_later"):
                known = [p for p in material(name).predictions if p.id == id]
                found += [(known[0], prediction)] if known and "truth" in prediction else []
    return found


def try_again(id: str, given: Any) -> tuple[bool, dict[str, Any]]:
    """A later prediction of what was wrong: judged at once against the output of that day.

    Raises:
        ValueError: not a prediction of this kind. OSError: it could not be stored.
    """
    task = task_of(id)
    guess = read_guess(task, given)
    with progress.change(day_of(id)) as day:
        entry = day["predictions"][id]
        right, gap = compare(task, guess, entry["truth"])
        entry["tries_later"] = int(entry.get("tries_later", 0)) + 1
        if right:
            entry["right_later"] = progress.now()
    return right, {"guess": guess, "gap": gap, "truth": entry["truth"]}
