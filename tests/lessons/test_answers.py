"""Each exercise does what the learner is told: starter, solution, every known wrong answer."""

import ast
import inspect
import re
import runpy
from pathlib import Path

import nbformat
import numpy as np
import pytest

import mslearn as ms
from mslearn import camp, nn, ops
from mslearn.camp import catalog
from mslearn.camp.attempt import FORGOT_RETURN
from mslearn.camp.freeze import thaw
from mslearn.camp.values import show

CHINESE = re.compile("[\u4e00-\u9fff]")
LESSONS = Path(__file__).resolve().parents[2] / "lessons"


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("MSLEARN_HOME", str(tmp_path))
    yield
    camp.set_language(None)


def test_the_catalog_lists_the_days_exercises(day, exercises):
    assert tuple(e.id for e in exercises) == catalog.day(day).exercise_ids


def test_the_starter_is_not_attempted(exercises):
    for exercise in exercises:
        assert exercise.judge(exercise.starter).outcome == "not attempted", exercise.id


def test_the_starter_in_the_notebook_is_that_starter(day, exercises, tmp_path):
    """What the learner first sees must count as not attempted, also after it has been run."""
    book = nbformat.read(LESSONS / catalog.day(day).path("en"), 4)
    code = {c.id: c.source for c in book.cells if c.cell_type == "code"}
    for exercise in exercises:
        tree = ast.parse(code[exercise.id.replace(".", "-")])
        (given,) = [n for n in tree.body if getattr(n, "name", "") == exercise.function]
        file = tmp_path / f"{exercise.function}.py"
        file.write_text(ast.unparse(given), "utf-8")
        names = runpy.run_path(str(file), {"ms": ms, "nn": nn, "np": np, "ops": ops})
        answer = names[exercise.function]
        for _ in range(20):  # CPython specialises a function's code while it runs
            exercise._run(answer, exercise.cases()[0])
        assert exercise.judge(answer).outcome == "not attempted"


def test_the_solution_passes_and_is_not_in_the_notebook(day, exercises):
    book = nbformat.read(LESSONS / catalog.day(day).path("en"), 4)
    notebook = "\n".join(c.source for c in book.cells)
    for exercise in exercises:
        assert exercise.judge(exercise.solution).outcome == "pass", exercise.id
        source = exercise.solution_source()
        assert source not in notebook
        imports = "import numpy as np\nimport mslearn as ms\nfrom mslearn import nn, ops\n"
        assert exercise.judge(thaw(imports + source, exercise.function)).outcome == "pass"


def test_every_listed_wrong_answer_fails_with_its_own_message(exercises):
    for exercise in exercises:
        messages = [m.message.en for m in exercise.mistakes]
        assert len(set(messages)) == len(messages) >= 3
        for mistake in exercise.mistakes:
            verdict = exercise.judge(mistake.answer)
            assert verdict.outcome == "fail", mistake.name
            assert verdict.mistake is mistake, mistake.name
            assert verdict.next_step is mistake.message


def test_slips_of_form_are_named(exercises):
    """No `return`, other arguments, another kind of result: each exercise says which it was."""
    for exercise in exercises:

        def runs_but_returns_nothing(*inputs, solution=exercise.solution):
            solution(*inputs)

        def takes_one_more(first, *rest, one_more):
            return first

        said = exercise.judge(runs_but_returns_nothing).next_step
        assert said is FORGOT_RETURN, (exercise.id, said)
        head = f"{exercise.function}{inspect.signature(exercise.starter)}"
        assert head in exercise.judge(takes_one_more).next_step.en, exercise.id
        for result in (lambda: 0, object(), (1,), np.array([None]), "text"):
            verdict = exercise.judge(lambda *inputs, result=result: result)
            assert verdict.outcome == "fail", (exercise.id, result)


def test_inputs_and_results_can_be_read(exercises):
    for exercise in exercises:
        for case in exercise.cases():
            shown = [case.show(), *map(show, exercise.observe(exercise.solution, case).values())]
            assert not any("an object of type" in text for text in shown), (exercise.id, shown)


def test_cases_rise_in_size_and_are_odd(exercises):
    for exercise in exercises:
        sizes = [case.size for case in exercise.cases()]
        assert len(sizes) >= 3 and sizes == sorted(sizes)


def test_hints_and_messages_are_in_both_languages(exercises):
    for exercise in exercises:
        texts = [*exercise.hints, *(m.message for m in exercise.mistakes)]
        texts += [exercise.title, exercise.untouched, exercise.praise]
        assert len(exercise.hints) >= 2
        for text in texts:
            assert not CHINESE.search(text.en) and CHINESE.search(text.zh)
            assert text.en.count("`") == text.zh.count("`")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_all_solutions_make_the_day_done(day, exercises, language):
    camp.set_language(language)
    desk = camp.day(day)
    assert "0" in repr(desk.status())
    for exercise in exercises:
        assert desk.exercise(exercise.id).check(exercise.solution)
    assert camp.progress.load()["days"][day]["done"] is True
    assert desk.status().tone == "pass"


def test_unknown_days_and_exercises_say_what_there_is():
    with pytest.raises(KeyError, match=r"d01\.e1, d01\.e2, d01\.e3, d01\.e4"):
        camp.day(1).exercise("d01.e9")
    with pytest.raises(NotImplementedError, match="not written yet"):
        camp.day(25)
