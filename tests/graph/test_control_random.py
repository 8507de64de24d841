"""Random structured programs: as graphs they give what they give eagerly, and their gradients."""

from __future__ import annotations

import itertools
import linecache
import warnings

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import mslearn as ms
from mslearn import Tensor

NAMES = ("a", "b", "c")
variable = st.sampled_from(NAMES)
number = st.sampled_from(("0.5", "1.0", "-1.5", "2.0"))
term = st.one_of(variable, variable, number, st.just("i"))
value = st.one_of(
    term,
    st.tuples(term, st.sampled_from("+-*"), term).map(" ".join),
    st.tuples(variable, variable, variable).map(lambda t: f"{t[0]} if {t[1]} > 0 else -{t[2]}"),
    st.tuples(variable).map(lambda t: f"ms.ops.tanh({t[0]})"),
    st.tuples(variable, variable).map(lambda t: f"max({t[0]}, {t[1]})"),
)
test = st.recursive(
    st.tuples(variable, st.sampled_from(("<", ">")), term).map(" ".join),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(("and", "or")), inner).map(lambda t: f"({' '.join(t)})"),
        inner.map(lambda t: f"not {t}"),
        st.tuples(variable, variable).map(lambda t: f"-1 < {t[0]} <= {t[1]} < 9"),
    ),
    max_leaves=3,
)


def indent(body):
    return [f"    {line}" for line in body]


def blocks(statements):
    return st.lists(statements, min_size=1, max_size=3).map(
        lambda parts: list(itertools.chain(*parts))
    )


def compound(inner):
    body = blocks(inner)
    return st.one_of(
        st.tuples(test, body).map(lambda t: [f"if {t[0]}:", *indent(t[1])]),
        st.tuples(test, body, body).map(
            lambda t: [f"if {t[0]}:", *indent(t[1]), "else:", *indent(t[2])]
        ),
        # `n` counts the rounds of all loops, so that every program ends
        st.tuples(test, body).map(
            lambda t: [f"while n < 6 and {t[0]}:", "    n += 1", *indent(t[1])]
        ),
        st.tuples(st.sampled_from((2, 3)), body).map(
            lambda t: [f"for i in range({t[0]}):", *indent(t[1])]
        ),
        st.tuples(test, body).map(
            lambda t: ["for i in range(3):", f"    if {t[0]}:", "        break", *indent(t[1])]
        ),
        st.tuples(test, body).map(
            lambda t: ["for i in range(2):", f"    if {t[0]}:", "        continue", *indent(t[1])]
        ),
        st.tuples(test, value).map(lambda t: [f"if {t[0]}:", f"    return {t[1]} + a * 0"]),
    )


assign = st.one_of(
    st.tuples(variable, value).map(lambda t: [f"{t[0]} = {t[1]}"]),
    st.tuples(variable, st.sampled_from("+-*"), term).map(lambda t: [f"{t[0]} {t[1]}= {t[2]}"]),
)
programs = blocks(st.recursive(assign, compound, max_leaves=7))
count = 0


def made(body):
    global count
    count += 1
    file = f"<random program {count}>"
    # Every variable is a float64 tensor of its own, whatever a statement gives it.
    head = ["def f(a, b, c):", "    i = n = 0"]
    fixed = []
    for line in body:
        name, _, rest = line.lstrip().partition(" = ")
        if rest and name in NAMES:
            line = f"{line[: len(line) - len(line.lstrip())]}{name} = fixed({rest})"
        fixed.append(line)
    text = "\n".join([*head, *indent(fixed), "    return a + 2.0 * b - 0.5 * c"]) + "\n"
    linecache.cache[file] = (len(text), None, text.splitlines(True), file)
    space = {"ms": ms, "fixed": lambda v: v * ONE}
    exec(compile(text, file, "exec"), space)
    return space["f"], text


ONE = Tensor(np.array(1.0))
INPUTS = [(0.3, -0.7, 1.1), (-1.2, 2.0, 0.4), (3.0, 1.5, -2.0)]


def numbers(result):
    parts = result if isinstance(result, tuple) else (result,)
    return np.array([float(p) for p in parts])


@settings(max_examples=150, deadline=None, derandomize=True)
@given(programs)
def test_random_programs(body):
    fn, text = made(body)

    def slopes(*xs):
        return ms.grad(lambda *v: fn(*[t * 1.0 for t in v]), (0, 1, 2))(*xs)

    graph, backward = ms.jit(fn, fullgraph=True), ms.jit(slopes, fullgraph=True)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("error", UserWarning)
        for data in INPUTS:
            xs = [Tensor(np.array(v)) for v in data]
            fresh = [Tensor(np.array(v)) for v in data]
            np.testing.assert_array_equal(numbers(graph(*fresh)), numbers(fn(*xs)), err_msg=text)
            xs = [Tensor(np.array(v)) for v in data]
            eager, ours = numbers(slopes(*xs)), numbers(backward(*xs))
            np.testing.assert_allclose(ours, eager, rtol=1e-10, atol=1e-12, err_msg=text)
