"""Recall questions: what counts as right, what is recorded, what a reader without a kernel sees."""

from __future__ import annotations

import pytest

from mslearn import camp
from mslearn.camp import progress
from mslearn.camp._language import Text
from mslearn.camp.material import Question, material
from mslearn.camp.quiz import Quiz

WHY = Text("Because.", "因为。")
NO = Text("", "")


def short(*accept: str) -> Question:
    return Question("q", NO, WHY, accept=accept)


@pytest.mark.parametrize(
    ("accept", "given", "right"),
    [
        (("5130",), "5,130", True),
        (("5130",), "５１３０", True),
        (("5130",), "5131", False),
        (("2.3 ± 0.05",), "2.34", True),
        (("2.3 ± 0.05",), "2.36", False),
        (("90",), "90 %", True),
        (("float32",), "`Float32`。", True),
        (("(2, 3)",), "(2,3)", True),
        (("yes", "是"), "是", True),
        (("-1",), "−1", True),
        (("1",), "", False),
        (("1",), "nan", False),
        (("1",), "inf", False),
    ],
)
def test_short_answers(accept, given, right):
    assert short(*accept).is_right(given) is right


def test_choices_are_right_only_as_a_whole():
    question = Question("q", NO, WHY, options=(NO, NO, NO), right=(0, 2))
    assert question.is_right([2, 0]) and question.is_right([0, 2, 2])
    assert not question.is_right([0]) and not question.is_right([0, 1, 2])
    assert not question.is_right("0")


def test_answers_are_recorded_and_nothing_is_given_away_before():
    quiz = Quiz(1)
    hidden = str(quiz.questions)
    assert "5130" not in hidden and "'right'" not in hidden and "accept" not in hidden
    assert quiz.answer("dense-count", "5131") is False
    assert quiz.answer("dense-count", "5130") is True
    assert progress.load()["days"]["day01"]["quiz"]["dense-count"] == {"right": True, "tries": 2}
    assert quiz.results["dense-count"]["why"]["zh"]


@pytest.mark.parametrize(
    "message",
    [
        None,
        {"type": "other"},
        {"type": "answer", "id": "no such question", "given": "1"},
        {"type": "answer", "id": "dense-count", "given": {"a": 1}},
        {"type": "answer", "id": ["dense-count"], "given": "5130"},
    ],
)
def test_messages_that_make_no_sense_are_ignored(message):
    quiz = Quiz(1)
    quiz._on_message(quiz, message, [])
    assert quiz.results == {}


def test_a_failing_write_does_not_cost_the_answer(home):
    home.parent.mkdir(exist_ok=True)
    home.write_text("a file where the folder should be")
    quiz = Quiz(1)
    assert quiz.answer("dense-count", "5130")
    assert quiz.results["dense-count"]["unsaved"]


@pytest.mark.parametrize(("language", "word"), [("en", "batch"), ("zh", "批次")])
def test_without_a_kernel_the_questions_can_be_read(language, word):
    camp.set_language(language)
    html = Quiz(1).fallback()["text/html"]
    assert html == Quiz(1).fallback()["text/html"]
    assert html.count("<details>") == len(material(1).quiz) == 9
    assert word in html and "5130" in html
    assert repr(Quiz(1)) == "Quiz(day01: 9 questions)"
