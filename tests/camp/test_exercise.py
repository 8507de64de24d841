"""How a check behaves, on a small exercise of our own: the mean of a row of numbers."""

import numpy as np
import pytest

from mslearn import camp
from mslearn.camp import catalog, progress
from mslearn.camp._language import Text
from mslearn.camp.exercise import Case, Exercise, Mistake
from mslearn.camp.session import ExerciseDesk


def starter(numbers):
    total = ...
    return total / len(numbers)


def mean(numbers):
    return numbers.mean()


def the_sum(numbers):
    return numbers.sum()


def the_median(numbers):
    return np.median(numbers)


EXERCISE = Exercise(
    id="d01.e1",
    title=Text("the mean", "平均值"),
    starter=starter,
    solution=mean,
    mistakes=(
        Mistake(the_sum, Text("This is the sum.", "这是总和。")),
        Mistake(the_median, Text("This is the median.", "这是中位数。")),
    ),
    hints=(Text("Add.", "先加。"), Text("Add, then divide.", "先加后除。")),
    cases=lambda: [
        Case({"numbers": np.array([2.0], np.float32)}),
        Case({"numbers": np.array([1.0, 2.0, 6.0], np.float32)}),
    ],
    observe=lambda answer, case: {"": answer(case.inputs["numbers"].copy())},
    untouched=Text("Fill the holes.", "把空填上。"),
    praise=Text("Well done.", "做得好。"),
)


@pytest.fixture
def desk():
    return ExerciseDesk(catalog.day(1), EXERCISE)


def entry():
    return progress.load()["days"].get("day01", {}).get("exercises", {}).get("d01.e1")


# --- not attempted


def empty(numbers):
    """Only a docstring."""


def passes(numbers):
    pass


def returns_hole(numbers):
    return ...


def raises_not_implemented(numbers):
    raise NotImplementedError


def hole_inside(numbers):
    def inner():
        total = ...
        return total

    return inner()


@pytest.mark.parametrize(
    "answer",
    [None, ..., starter, empty, passes, returns_hole, raises_not_implemented, hole_inside],
)
def test_not_attempted(desk, answer):
    result = desk.check(answer)
    assert result.outcome == "not attempted" and not result
    assert "Fill the holes." in repr(result)
    assert entry() is None


def ellipsis_as_index(numbers):
    numbers[...] = numbers[..., :] * 1
    return numbers[...].mean()


def test_an_ellipsis_in_an_index_is_not_a_hole(desk):
    assert desk.check(ellipsis_as_index).outcome == "pass"


# --- pass and fail


@pytest.mark.parametrize("answer", [mean, lambda numbers: float(sum(numbers)) / len(numbers)])
def test_any_right_way_passes(desk, answer):
    result = desk.check(answer)
    assert result.outcome == "pass" and result
    assert "Well done." in repr(result)
    assert entry()["outcome"] == "pass"


def test_a_known_mistake_is_told_by_behaviour(desk):
    result = desk.check(lambda numbers: numbers[0] * 0 + sum(numbers))
    assert (result.outcome, result.mistake) == ("fail", "the_sum")
    text = repr(result)
    assert "numbers = [1., 2., 6.]" in text  # the smallest case that fails, not the first
    assert "got       9.0" in text and "expected  3.0" in text
    assert "Next step: This is the sum." in text
    assert entry() == {"outcome": "fail", "attempts": 1, "first_pass": None}


def test_an_unknown_mistake_still_gets_one_next_step(desk):
    result = desk.check(lambda numbers: numbers.mean() + 0.001)
    assert (result.outcome, result.mistake) == ("fail", None)
    assert repr(result).count("Next step") == 1


def test_rounding_is_forgiven_a_thousandth_is_not(desk):
    assert desk.check(lambda numbers: np.float32(numbers.mean()) * np.float32(1.00001))
    assert desk.check(lambda numbers: np.float16(numbers.mean()))
    assert not desk.check(lambda numbers: numbers.mean() * 1.001)


def forgets_return(numbers):
    numbers.mean()


def test_forgotten_return(desk):
    assert "without `return`" in repr(desk.check(forgets_return))


def test_wrong_shape(desk):
    text = repr(desk.check(lambda numbers: numbers[:, None] * np.ones(2)))
    assert "shape differs" in text


def divides_by_nothing(numbers):
    wrong = nunbers  # noqa: F821
    return wrong


def test_an_exception_is_a_fail_with_its_line_not_a_crash(desk):
    text = repr(desk.check(divides_by_nothing))
    assert "wrong = nunbers" in text
    assert "NameError" in text and "does not know this name" in text


@pytest.mark.parametrize("error", [IndexError, TypeError, ValueError, AttributeError, OSError])
def test_every_exception_is_explained(desk, error):
    def answer(numbers):
        raise error("<b>bold</b>")

    result = desk.check(answer)
    assert result.outcome == "fail" and error.__name__ in repr(result)
    assert "<b>" not in result._repr_html_() and "&lt;b&gt;" in result._repr_html_()


def test_a_learner_who_stops_a_loop_is_obeyed(desk):
    def answer(numbers):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        desk.check(answer)


def test_the_result_instead_of_the_function(desk):
    assert "`check(mean)`" in repr(desk.check(3.0))


def changes_its_input(numbers):
    result = numbers.mean()
    numbers[:] = 0
    return result


def test_changing_the_input_harms_no_other_run(desk):
    assert desk.check(changes_its_input)
    assert desk.check(mean)


# --- hints, solution, language, looks


def test_hints_rise_and_stay_at_the_last(desk):
    assert ["Add." in repr(desk.hint()), "then divide" in repr(desk.hint())] == [True, True]
    assert "last hint" in repr(desk.hint())
    assert "Hint 1 of 2" in repr(desk.hint(1))
    with pytest.raises(ValueError, match="1 to 2"):
        desk.hint(3)


def test_solution_after_a_try_or_when_asked_twice(desk):
    assert "numbers.mean()" not in repr(desk.solution())
    assert "numbers.mean()" in repr(desk.solution())
    fresh = ExerciseDesk(catalog.day(1), EXERCISE)
    fresh.check(the_sum)
    assert "return numbers.mean()" in repr(fresh.solution())


def test_chinese(desk):
    camp.set_language("zh")
    result = desk.check(the_sum)
    assert "还不对：平均值" in repr(result) and "这是总和。" in repr(result)
    assert "提示 1/2" in repr(desk.hint())
    assert desk.check(starter)._repr_html_().count("还没有作答") == 1


def test_cards_are_stable_and_say_the_same_in_both_forms(desk):
    first, second = desk.check(the_sum), desk.check(the_sum)
    assert repr(first) == repr(second) and first._repr_html_() == second._repr_html_()
    assert "0x" not in repr(first)
    for words in ("Not right yet", "This is the sum.", "1., 2., 6."):
        assert words in repr(first) and words in first._repr_html_()


def test_a_failing_progress_write_does_not_cost_the_check(desk, home):
    home.parent.mkdir(exist_ok=True)
    home.write_text("a file where the folder should be")
    result = desk.check(mean)
    assert result.outcome == "pass" and "could not be saved" in repr(result)
