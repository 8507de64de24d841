"""What graph mode cannot do: numbered errors with the line, the reason and the fix.

Numbers from J101 are about syntax, J201 about branches and loops that do not fit together, J301
about effects that a graph drops (warnings).
"""

from __future__ import annotations

import linecache
import warnings
from pathlib import Path
from typing import NamedTuple

from mslearn.core.tensor import NeedsNumbers
from mslearn.graph.ir import Source

ENGINE = str(Path(__file__).parent.parent)


class Place(NamedTuple):
    """A line of the learner's code."""

    file: str
    line: int
    function: str

    def __str__(self) -> str:
        text = linecache.getline(self.file, self.line).strip()
        file = Source(self.file, self.line, self.function).place
        return f"in '{self.function}', {file} line {self.line}" + (f":\n    {text}" * bool(text))


def place_of(error: BaseException) -> Place | None:
    """The learner's line from which an error stems: the innermost outside mslearn."""
    found, trace = None, error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        if not code.co_filename.startswith((ENGINE, "<mslearn", "<frozen")):
            found = Place(code.co_filename, trace.tb_lineno, code.co_name)
        trace = trace.tb_next
    return found


class Rule(NamedTuple):
    """What a number stands for."""

    what: str
    why: str
    fix: str


RULES: dict[int, Rule] = {
    101: Rule(
        "Unsupported statement 'Try'",
        "a graph has no exceptions: it runs to its end or fails as a whole",
        "put the try around the call of the jit function, or test the condition with if",
    ),
    102: Rule(
        "Unsupported statement 'ClassDef'",
        "a graph holds operations on tensors, no classes",
        "define the class outside the function",
    ),
    103: Rule(
        "Unsupported expression 'NamedExpr' (:=)",
        "an assignment inside an expression has no place in a graph",
        "assign on a line of its own before the expression",
    ),
    104: Rule(
        "Unsupported statement 'With' (with open)",
        "files are opened while the graph is compiled, not when it runs",
        "read the file outside and pass what it holds as an argument",
    ),
    105: Rule(
        "Unsupported statement 'Global'",
        "a graph is a function of its inputs and Parameters; it cannot set module variables",
        "return the value and assign it outside, or keep it in a Parameter",
    ),
    106: Rule(
        "Unsupported statement 'Nonlocal'",
        "a nested function of a graph cannot set variables of the function around it",
        "return the value from the nested function",
    ),
    107: Rule(
        "Unsupported expression 'Yield'",
        "a graph runs from start to end and cannot pause",
        "collect the values in a list and return it",
    ),
    108: Rule(
        "Unsupported 'async' code",
        "a graph runs from start to end and cannot wait",
        "write an ordinary function",
    ),
    109: Rule(
        "Unsupported statement 'Match'",
        "patterns cannot be matched against tensors without numbers",
        "use if and elif",
    ),
    110: Rule(
        "Unsupported statement 'Delete'",
        "values of a graph are freed by themselves as soon as nothing needs them",
        "leave the del out; for a dict build one without the key",
    ),
    111: Rule(
        "Unsupported statement 'Import'",
        "imports belong to the module, not to the graph",
        "import at the top of the file",
    ),
    112: Rule(
        "Unsupported expression 'Set'",
        "a set has no order, so its tensors cannot be told apart",
        "use a tuple or a list",
    ),
    113: Rule(
        "Unsupported 'else' of a loop",
        "MindSpore's graph mode has no while…else and for…else",
        "set a flag before the break and test it after the loop",
    ),
    114: Rule(
        "Unsupported return, break or continue inside 'with'",
        "the block must be left at its end, in every branch of the graph",
        "store the result in a variable and return it after the with block",
    ),
    201: Rule(
        "The shapes do not agree",
        "the result of a branch on a tensor must have one shape, whichever way the graph goes",
        "give both sides the same shape, for example with reshape, expand or ops.zeros_like",
    ),
    202: Rule(
        "Type Join Failed: the dtypes do not agree",
        "the result of a branch on a tensor must have one dtype, whichever way the graph goes",
        "cast one side, for example with .astype(ms.float32)",
    ),
    203: Rule(
        "The structures do not agree",
        "whichever way the graph goes, there must be equally many tensors in the same places",
        "give both sides the same nesting: the same length, the same keys, a tensor where the "
        "other has one (return a value on both sides, append on both sides)",
    ),
    204: Rule(
        "The local variable is not defined in both branches",
        "its value is needed later, and the graph must have one, whichever way it goes",
        "give the variable a value before the if or the loop",
    ),
    205: Rule(
        "Something that is no tensor depends on a tensor",
        "a graph can choose between numbers, but not between other Python objects",
        "compute both results and choose between the tensors with ops.where or if",
    ),
    206: Rule(
        "The loop does not settle",
        "each round of a loop on a tensor must leave every variable with the shape it had before",
        "set the variables to their final shape and dtype before the loop",
    ),
    207: Rule(
        "Branches on tensors are nested too deeply",
        "a function that calls itself, and ends by the number of a tensor, has no end in a graph",
        "write a while loop, or let a Python number count the calls",
    ),
    208: Rule(
        "A tensor with two names is changed in place",
        "one way through an if or a loop gives a name an existing tensor, the other a new one, so "
        "nobody can know whether the change under one name is seen under the other",
        "make a copy where you want two tensors (y = x.copy()), or write y = y + 1 for y += 1",
    ),
    209: Rule(
        "An attribute that is no Parameter is set",
        "when it runs, a graph changes nothing but Parameters",
        "make it a Parameter (in __init__: self.count = ms.Parameter(ms.Tensor(0), name='count')), "
        "or return the value and set the attribute outside",
    ),
    301: Rule(
        "The change of an outer object is dropped",
        "it would happen once, while the graph is compiled, and not when the graph runs",
        "return the value and change the object outside, or keep the value in a Parameter",
    ),
    302: Rule(
        "The function runs as it is: its source is not at hand",
        "without its source its if and while cannot become part of the graph",
        "define the function in a file or a notebook cell",
    ),
}


def message(number: int, place: Place | None, detail: str = "") -> str:
    """The text for a number: what, where, why and the fix."""
    rule = RULES[number]
    where = f" {place}" if place else ""
    extra = f"\n{detail}" if detail else ""
    return f"[J{number}] {rule.what}{where}{extra}\nReason: {rule.why}.\nFix: {rule.fix}."


def warn(number: int, place: Place | None, detail: str = "") -> None:
    """Warn, at the learner's line."""
    text = message(number, place, detail)
    if place is None:
        warnings.warn(text, GraphWarning, stacklevel=3)
    else:
        warnings.warn_explicit(text, GraphWarning, place.file, place.line)


class _Numbered(Exception):
    """An error that knows its number and its line."""

    def __init__(self, number: int, place: Place | None = None, detail: str = "") -> None:
        super().__init__(message(number, place, detail))
        self.number, self.place = number, place


class GraphSyntaxError(_Numbered, RuntimeError):
    """A statement that MindSpore's graph mode does not have.

    Wrong::

        @ms.jit
        def f(x):
            try:
                return x / 0
            except ZeroDivisionError:
                return x

    Right: the ``try`` stands around the call ``f(x)``.
    """


class JoinTypeError(_Numbered, TypeError):
    """Two branches, or two rounds of a loop, give a variable different dtypes.

    Wrong::

        if x.sum() > 0:
            y = x
        else:
            y = x.astype(ms.int32)

    Right: ``y = x.astype(ms.int32).astype(x.dtype)``
    """


class JoinUnboundError(_Numbered, UnboundLocalError):
    """A variable gets its value in one branch only, but is needed after both.

    Wrong::

        if x.sum() > 0:
            y = x
        return y

    Right: ``y = ops.zeros_like(x)`` before the ``if``.
    """


class CannotStage(_Numbered, NeedsNumbers):
    """Code that no graph can hold; without ``fullgraph=True`` the function runs eagerly instead.

    Wrong::

        if x.sum() > 0:
            out.append(x)

    Right: append on both sides, a tensor of the same shape.
    """


class GraphWarning(UserWarning):
    """Something in a function works differently once it is a graph.

    Wrong::

        @ms.jit
        def step(x):
            losses.append(x.sum())      # happens while compiling, not in each step

    Right: return the sum, and append it outside.
    """
