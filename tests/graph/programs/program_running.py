"""Runs the programs of programs_*.py as graphs, in MindSpore and here.

`record_programs.py` keeps what MindSpore gives, test_programs.py compares.
"""

from __future__ import annotations

import functools
import importlib
import warnings

import numpy as np


def tensors(ms, value):
    """Numbers and lists of numbers as Tensors; None, texts, and what a tuple holds stay."""
    if isinstance(value, list):
        return ms.Tensor(np.array(value, np.float32))
    return ms.Tensor(value) if isinstance(value, int) and not isinstance(value, bool) else value


def kinds(error):
    """The built-in classes of an error, the nearest first."""
    return "/".join(c.__name__ for c in type(error).__mro__ if c.__module__ == "builtins")


def plain(value):
    """What JSON holds: dicts as pairs. A tensor is computed now: here its error is caught."""
    if hasattr(value, "asnumpy"):
        value.asnumpy()
        return value
    if isinstance(value, dict):
        return tuple((k, plain(v)) for k, v in value.items())
    if isinstance(value, tuple | list):
        return tuple(map(plain, value))
    known = value is None or isinstance(value, bool | int | float | str)
    return value if known else type(value).__name__


class Programs:
    """``program(*inputs)`` above a function makes it a case.

    The first case of a family runs all its programs without `jit`: where MindSpore's graph mode
    fails, or keeps a constant that an earlier call changed in place, that is what we must give.
    It comes first because a compilation that failed leaves MindSpore's eager mode broken.
    """

    def __init__(self, cases, family):
        self.cases, self.family = cases, family
        self.programs = {}
        cases[f"{family}, without jit"] = lambda ms: tuple(
            (name, run(ms, (*program[:2], False, program[3]), lambda f: f))
            for name, program in self.programs.items()
        )

    def __call__(self, *inputs, slopes=False, host=False):
        """A case: the function is called with each of the inputs (a tuple: several arguments).

        With `slopes` its first and second derivatives by the first argument belong to it. A
        `host` program is no graph itself: its first argument is what it makes graphs with.
        """

        def add(function):
            name = f"{self.family} {function.__name__}"
            assert name not in self.cases, name
            self.programs[name] = program = (function, inputs or ([1.0, -2.0, 3.0],), slopes, host)
            self.cases[name] = lambda ms: run(ms, program, ms.jit)
            return function

        return add


def run(ms, program, compiled):
    """What a program gives for each of its inputs."""
    function, inputs, slopes, host = program
    mint = importlib.import_module(f"{ms.__name__}.mint")
    function.__globals__.update(ms=ms, ops=ms.ops, nn=ms.nn, mint=mint, Tensor=ms.Tensor)

    def total(*args):
        out = function(*args)
        return (out[0] if isinstance(out, tuple) else out).sum()

    def slope(x):
        return ms.grad(total)(x)

    def sum_of_slopes(x):
        return slope(x).sum()

    def curvature(x):
        return ms.grad(sum_of_slopes)(x)

    if host:
        made = [functools.partial(function, compiled)]
    else:
        made = map(compiled, (function, slope, curvature) if slopes else (function,))
    return tuple(
        attempt(f, [tensors(ms, v) for v in (given if isinstance(given, tuple) else (given,))])
        for f in made
        for given in inputs
    )


def attempt(function, args):
    """The result, or the kinds of the error."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return plain(function(*args))
        except Exception as error:
            return f"error: {kinds(error)}"
