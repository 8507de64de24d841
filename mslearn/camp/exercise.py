"""One exercise: what is asked, which answers are wrong in a known way, and how it is checked.

The solution and every known mistake are ordinary functions. An answer is run on cases, smallest
first, and what can be *observed* (values, shapes, updated parameters) is compared with what the
solution gives. A wrong answer that behaves on all cases like a known mistake gets that mistake's
own message: behaviour is recognised, never text.
"""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import FunctionType
from typing import Any

import numpy as np

from ._language import Text
from .attempt import FORGOT_RETURN, WRONG_FORM, explain, explain_use, failing_line, is_untouched
from .values import Raised, as_array, same, show

Observation = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """Named inputs, as NumPy arrays; each run gets fresh copies."""

    inputs: Mapping[str, np.ndarray]

    @property
    def size(self) -> int:
        return sum(int(array.size) for array in self.inputs.values())

    def show(self) -> str:
        signs = {name: ":" if a.dtype.kind == "U" else " =" for name, a in self.inputs.items()}
        return "\n".join(show(a, f"{name}{signs[name]} ") for name, a in self.inputs.items())


@dataclass(frozen=True)
class Mistake:
    """A wrong answer that learners really give, and the one sentence that helps them on."""

    answer: Callable[..., Any]
    message: Text

    @property
    def name(self) -> str:
        return self.answer.__name__


@dataclass(frozen=True)
class Verdict:
    """The outcome of a check, free of language and looks."""

    outcome: str  # "pass", "fail" or "not attempted"
    mistake: Mistake | None = None
    case: Case | None = None
    quantity: str = ""
    got: Any = None
    expected: Any = None
    next_step: Text | None = None
    line: tuple[int, str] | None = None


@dataclass(frozen=True)
class Exercise:
    """Everything about one exercise.

    Args:
        id: ``"d01.e1"``.
        title: short name in both languages.
        starter, solution: the function as given and one that is right.
        mistakes: known wrong answers, the most specific first.
        hints: from a nudge to nearly the answer.
        cases: makes the test inputs, smallest first.
        observe: runs an answer on one case and returns named values; exceptions may escape.
        untouched: said when the answer is still the starter.
        praise: said on a pass: what the learner now can do, or a remark worth having.
        quantities: what the observed values are called, where there are several.
    """

    id: str
    title: Text
    starter: Callable[..., Any]
    solution: Callable[..., Any]
    mistakes: tuple[Mistake, ...]
    hints: tuple[Text, ...]
    cases: Callable[[], Sequence[Case]]
    observe: Callable[[Callable[..., Any], Case], Observation]
    untouched: Text
    praise: Text
    quantities: Mapping[str, Text] = field(default_factory=dict)

    @property
    def function(self) -> str:
        return self.solution.__name__

    def solution_source(self) -> str:
        return textwrap.dedent(inspect.getsource(self.solution))

    def judge(self, answer: Any) -> Verdict:
        """Run the answer on every case and say what to do next; never raises for its errors."""
        if is_untouched(answer, self.starter):
            return Verdict("not attempted", next_step=self.untouched)
        if not callable(answer):
            return Verdict("fail", got=answer, next_step=_NOT_A_FUNCTION.format(self.function))
        cases = list(self.cases())
        right = [self._run(self.solution, case) for case in cases]
        for observed in right:
            if ERROR in observed:  # never let two broken runs agree with each other
                raise RuntimeError(
                    f"exercise {self.id} is broken: its own solution fails. This is mslearn's "
                    "mistake, not yours; please report it."
                ) from observed[ERROR].error
        got = [self._run(answer, case) for case in cases]
        if all(_agree(g, r) for g, r in zip(got, right, strict=True)):
            return Verdict("pass", next_step=self.praise)
        if any(_is_not_implemented(g, answer) for g in got):
            return Verdict("not attempted", next_step=self.untouched)
        return self._explain_failure(answer, cases, got, right)

    def _explain_failure(
        self,
        answer: Any,
        cases: list[Case],
        got: list[Observation],
        right: list[Observation],
    ) -> Verdict:
        k = next(k for k, g in enumerate(got) if not _agree(g, right[k]))
        quantity = next(
            (q for q, value in right[k].items() if not same(got[k].get(q), value)), ERROR
        )
        wrong, expected = got[k].get(quantity), right[k].get(quantity)
        if ERROR in got[k]:
            wrong, (quantity, expected) = got[k][ERROR], next(iter(right[k].items()))
        mistake = self._recognise(cases, got)
        line = failing_line(wrong.error, answer) if isinstance(wrong, Raised) else None
        step = mistake.message if mistake else self._next_step(answer, wrong, expected, line)
        if not mistake and quantity == "dtype" and not isinstance(wrong, Raised):
            step = _WRONG_DTYPE
        return Verdict("fail", mistake, cases[k], quantity, wrong, expected, step, line)

    def _next_step(
        self, answer: Any, got: Any, expected: Any, line: tuple[int, str] | None
    ) -> Text:
        if isinstance(got, Raised):
            # No line of the learner's failed: the check could not call the function, or could not
            # use what it gave back.
            if line is None and isinstance(answer, FunctionType):
                head = f"{self.function}{inspect.signature(self.starter)}"
                return explain_use(got.error, answer.__qualname__, head)
            return explain(got.error)
        if got is None:
            return FORGOT_RETURN
        if as_array(got) is None and as_array(expected) is not None:
            return WRONG_FORM
        a, b = getattr(got, "shape", ()), getattr(expected, "shape", ())
        return _WRONG_VALUE if tuple(a) == tuple(b) else _WRONG_SHAPE

    def _recognise(self, cases: list[Case], got: list[Observation]) -> Mistake | None:
        if all(ERROR in g for g in got):
            return None  # nothing was computed, so nothing can be recognised
        for mistake in self.mistakes:
            if all(
                _agree(g, self._run(mistake.answer, case))
                for g, case in zip(got, cases, strict=True)
            ):
                return mistake
        return None

    def _run(self, answer: Callable[..., Any], case: Case) -> Observation:
        try:
            return self.observe(answer, case)
        except Exception as error:
            return {ERROR: Raised(error)}


ERROR = "error"


def _agree(a: Observation, b: Observation) -> bool:
    return a.keys() == b.keys() and all(same(a[name], b[name]) for name in a)


def _is_not_implemented(observation: Observation, answer: Any) -> bool:
    """`raise NotImplementedError` in the answer itself, not in something that it calls."""
    raised = observation.get(ERROR)
    if not isinstance(raised, Raised) or not isinstance(raised.error, NotImplementedError):
        return False
    line = failing_line(raised.error, answer)
    return line is not None and line[1].startswith("raise")


_NOT_A_FUNCTION = Text(
    "Hand over the function itself, without calling it: `check({0})`, not `check({0}(…))`.",
    "请把函数本身交给 check，不要调用它：写 `check({0})`，而不是 `check({0}(…))`。",
)
_WRONG_SHAPE = Text(
    "The shape differs from the expected one. Print the `.shape` of each intermediate value.",
    "形状与期望的不同。请逐个打印中间结果的 `.shape`。",
)
_WRONG_DTYPE = Text(
    "The numbers may be right, but their type is not. Convert them, with `.astype(…)` for example.",
    "数值也许是对的，类型却不对。请转换一下，例如用 `.astype(…)`。",
)
_WRONG_VALUE = Text(
    "Work the input above out by hand, on paper, and find the first intermediate value that "
    "differs.",
    "把上面的输入在纸上手算一遍，找出第一个对不上的中间结果。",
)
