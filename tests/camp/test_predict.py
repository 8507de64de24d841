"""Predictions: read, sealed, compared, asked again."""

from __future__ import annotations

import json

import numpy as np
import pytest

import mslearn as ms
from mslearn import camp
from mslearn.camp import predictions, progress
from mslearn.camp._language import Text
from mslearn.camp.material import Prediction
from mslearn.camp.prediction_view import Predict
from mslearn.camp.session import DayDesk

SHAPE, NUMBER, CHOICE, CURVE = "d01.p1", "d01.p2", "d01.p3", "d01.p4"


def stored(id):
    return progress.load()["days"]["day01"]["predictions"][id]


def task(kind, **more):
    return Prediction("d01.p9", kind, Text("?", "？"), **more)


@pytest.mark.parametrize(
    ("kind", "given", "value"),
    [
        ("shape", "(32, 1, 28, 28)", [32, 1, 28, 28]),
        ("shape", "32x10", [32, 10]),
        ("shape", "（32，10）", [32, 10]),
        ("shape", "()", []),
        ("shape", (3, np.int64(4)), [3, 4]),
        ("shape", "[5]", [5]),
        ("number", "1,000", 1000.0),
        ("number", "−2.5e-1", -0.25),
        ("text", " float32 ", "float32"),
        ("curve", [0.0, 1.0], np.linspace(0, 1, 21).tolist()),
        ("curve", "2 0", np.linspace(2, 0, 21).tolist()),
    ],
)
def test_what_is_typed_is_understood(kind, given, value):
    assert (
        predictions.read_guess(task(kind), given) == pytest.approx(value)
        if kind == "curve"
        else (predictions.read_guess(task(kind), given) == value)
    )


@pytest.mark.parametrize(
    ("kind", "given"),
    [("shape", "thirty"), ("shape", ""), ("shape", (1.5,)), ("number", "many"), ("number", "inf"),
     ("text", " "), ("choice", "left"), ("curve", "1"), ("curve", "1, x"), ("curve", [1, np.nan])],
)  # fmt: skip
def test_what_is_no_prediction_is_refused_with_an_example(kind, given):
    with pytest.raises(ValueError):
        predictions.read_guess(task(kind, options=(("up", Text("up", "上")),)), given)


def test_sealed_then_compared():
    assert "Sealed: (32, 28, 28)" in repr(camp.predict(SHAPE, (32, 28, 28)))
    entry = stored(SHAPE)
    assert entry["seal"] == predictions.seal(SHAPE, [32, 28, 28], entry["sealed_at"])
    assert "right" not in entry
    card = camp.reveal(SHAPE, ms.Tensor(np.zeros((32, 1, 28, 28), np.float32)))
    text = repr(card)
    assert "Not as predicted" in text and "(32, 28, 28)" in text and "(32, 1, 28, 28)" in text
    assert stored(SHAPE)["right"] is False and stored(SHAPE)["truth"] == [32, 1, 28, 28]


def test_changing_ones_mind_counts_before_the_look_not_after():
    camp.predict(SHAPE, (1,))
    camp.predict(SHAPE, (32, 1, 28, 28))
    assert "You predicted it" in repr(camp.reveal(SHAPE, (32, 1, 28, 28)))
    assert "the first prediction counts" in repr(camp.predict(SHAPE, (2,)))
    assert stored(SHAPE)["guess"] == [32, 1, 28, 28]


def test_numbers_have_a_tolerance_and_a_gap():
    camp.predict(NUMBER, 700_000)
    assert "You predicted it" in repr(camp.reveal(NUMBER, 669_706))
    right, gap = predictions.compare(task("number"), 90.0, 100.0)
    assert right and gap == "-10 (-10 %)"
    assert predictions.compare(task("number"), 88.0, 100.0)[0] is False
    assert predictions.compare(task("number"), 0.0, 0.0) == (True, "+0")


def test_choices_and_chinese():
    camp.set_language("zh")
    camp.predict(CHOICE, "up")
    text = repr(camp.reveal(CHOICE, "down"))
    assert "和预测的不一样" in text and "变大" in text and "变小" in text


def test_a_curve_is_compared_by_its_mean_distance():
    camp.predict(CURVE, "2.3, 0.5, 0.3, 0.1, 0")
    card = camp.reveal(CURVE, 2.3 * np.exp(-np.linspace(0, 8, 1575)))
    assert "You predicted it" in repr(card)
    html = card._repr_html_()
    assert (
        html.count("<polyline") == 2
        and html == camp.reveal(CURVE, 2.3 * np.exp(-np.linspace(0, 8, 1575)))._repr_html_()
    )
    assert predictions.compare(task("curve", y=(0.0, 2.0)), [2.0] * 21, [0.0] * 21) == (
        False,
        "100 %",
    )


def test_without_a_prediction_the_output_is_shown_and_nothing_recorded(home):
    text = repr(camp.reveal(SHAPE, (32, 1, 28, 28)))
    assert "No prediction was sealed" in text and "(32, 1, 28, 28)" in text
    assert not home.exists()


def test_a_prediction_changed_behind_our_back_says_so():
    camp.predict(SHAPE, (1, 2))
    data = json.loads(progress.path().read_text("utf-8"))
    data["days"]["day01"]["predictions"][SHAPE]["guess"] = [32, 1, 28, 28]
    progress.path().write_text(json.dumps(data), "utf-8")
    assert "changed after sealing" not in repr(camp.reveal(SHAPE, (9,)))[:20]
    assert "seal" in repr(camp.reveal(SHAPE, (32, 1, 28, 28)))


def test_wrong_predictions_come_again_until_they_are_right():
    assert "No prediction to put right" in repr(predict_card())
    camp.predict(SHAPE, (1,))
    camp.reveal(SHAPE, (32, 1, 28, 28))
    camp.predict(CHOICE, "down")
    camp.reveal(CHOICE, "down")
    assert predictions.wrong_before(1) == []
    assert [t.id for t, _ in predictions.wrong_before(2)] == [SHAPE]
    widget = Predict(predictions.task_of(SHAPE), again=True)
    widget.seal("(2,)")
    assert widget.sealed["right"] is False and widget.sealed["output"] == "(32, 1, 28, 28)"
    widget.seal("(32, 1, 28, 28)")
    assert widget.sealed["right"] is True
    assert predictions.wrong_before(2) == [] and stored(SHAPE)["tries_later"] == 2


def predict_card():
    return DayDesk(2).again()


def test_the_widget_shows_what_became_of_it():
    widget = camp.predict(SHAPE)
    widget._on_message(widget, {"type": "seal", "guess": "nonsense"}, [])
    assert "A shape looks like" in widget.sealed["problem"]
    widget._on_message(widget, {"type": "seal", "guess": "(2, 3)"}, [])
    assert widget.sealed["shown"] == "(2, 3)" and stored(SHAPE)["guess"] == [2, 3]
    assert camp.predict(SHAPE).sealed["shown"] == "(2, 3)", "a page opened later knows it"
    assert "What shape has one batch" in widget.fallback()["text/html"]


@pytest.mark.parametrize("id", ["p1", "d01.e1", "d01.p99"])
def test_unknown_predictions_say_what_there_is(id):
    with pytest.raises(KeyError, match=r"d01\.p1"):
        camp.predict(id)


@pytest.mark.parametrize(
    ("id", "guess", "broken"),
    [(CURVE, [2.3, 0.1], [2.3, np.nan]), (CURVE, [2.3, 0.1], [2.3]), (NUMBER, 5, float("inf"))],
)
def test_a_run_that_blew_up_reveals_nothing(id, guess, broken):
    said = repr(camp.reveal(id, broken))
    assert "Nothing to compare yet" in said and "learning rate" in said
    camp.predict(id, guess)
    camp.reveal(id, broken)
    assert "right" not in stored(id)
    camp.reveal(id, [2.3, 0.1] if id == CURVE else 5.0)
    assert stored(id)["right"] is True
