"""What graph mode refuses, drops or prints, with its numbers, lines and fixes; sources."""

from __future__ import annotations

import asyncio
import linecache
import textwrap
import traceback
import warnings

import numpy as np
import pytest

import mslearn as ms
from mslearn import Tensor, nn, ops
from mslearn.graph.errors import RULES, CannotStage, GraphSyntaxError, GraphWarning
from mslearn.graph.rewrite import rewrite

X = Tensor([1.0, 2.0])


def cell(text, name="f", number=[0]):  # noqa: B006
    """A function from text, as a notebook's cell defines it."""
    number[0] += 1
    file = f"/tmp/ipykernel_1/{number[0]}.py"
    text = textwrap.dedent(text)
    linecache.cache[file] = (len(text), None, text.splitlines(True), file)
    space = {"ms": ms, "ops": ops, "Tensor": Tensor, "nn": nn}
    exec(compile(text, file, "exec"), space)
    return space[name]


REFUSED = {
    101: ("try:\n    y = x\nexcept ValueError:\n    y = -x", "'Try'"),
    102: ("class A:\n    pass", "'ClassDef'"),
    103: ("if (n := x.shape[0]) > 1:\n    x = x * n", "'NamedExpr'"),
    104: ("with open('name') as file:\n    pass", "open"),
    105: ("global z\nz = 1", "'Global'"),
    106: ("k = 1\ndef g():\n    nonlocal k\n    k = 2", "'Nonlocal'"),
    107: ("yield x", "'Yield'"),
    108: ("async def g():\n    return 1", "async"),
    109: ("match x.shape:\n    case (2,):\n        x = x + 1", "'Match'"),
    110: ("y = x\ndel y", "'Delete'"),
    111: ("import math", "'Import'"),
    112: ("s = {1, 2}", "'Set'"),
    113: ("while x.sum() < 3:\n    x = x + 1\nelse:\n    x = x", "'else'"),
    114: ("with ms.context:\n    if x.sum() > 0:\n        return x", "'with'"),
}


@pytest.mark.parametrize("number", REFUSED)
def test_what_mindspore_refuses_is_refused_with_line_reason_and_fix(number):
    body, words = REFUSED[number]
    f = cell("def f(x):\n    x = x * 2\n" + textwrap.indent(body, "    ") + "\n    return x\n")
    with pytest.raises(GraphSyntaxError) as caught:
        ms.jit(f)(X)
    text = str(caught.value)
    assert text.startswith(f"[J{number}] ") and words in text
    assert f"Reason: {RULES[number].why}." in text and f"Fix: {RULES[number].fix}." in text
    assert caught.value.number == number
    assert caught.value.place.function == "f"
    line = caught.value.place.line
    assert line >= 3 and f"line {line}:\n    {body.splitlines()[line - 3].strip()}" in text


def test_what_is_refused_is_refused_again_and_a_global_may_be_read():
    f = cell(
        "def f(x):\n    while x.sum() < 3:\n        x = x + 1\n    else:\n        x = -x\n"
        "    return x"
    )
    jitted = ms.jit(f)
    for _ in range(2):
        with pytest.raises(GraphSyntaxError, match="J113"):
            jitted(X)
    f = cell("k = 3\ndef f(x):\n    global k\n    if x.sum() > 0:\n        x = x * k\n    return x")
    assert ms.jit(f, fullgraph=True)(X).asnumpy().tolist() == [3, 6]


def test_helpers_are_checked_too_and_library_functions_are_not():
    f = cell(
        """
        def helper(v):
            try:
                return v
            finally:
                pass

        def f(x):
            return helper(x)
        """
    )
    with pytest.raises(GraphSyntaxError, match=r"J101.*in 'helper'"):
        ms.jit(f)(X)
    assert rewrite(np.mean) is np.mean and rewrite(ops.relu) is ops.relu
    assert rewrite(textwrap.dedent) is textwrap.dedent and rewrite(len) is len
    assert rewrite(asyncio.run) is asyncio.run


def fails(body, error, *parts, fullgraph=True):
    f = cell("def f(x):\n" + textwrap.indent(textwrap.dedent(body), "    "))
    with pytest.raises(error) as caught:
        ms.jit(f, fullgraph=fullgraph)(X)
    for part in parts:
        assert part in str(caught.value), str(caught.value)


def test_branches_of_different_dtype_name_variable_lines_and_fix():
    fails(
        "if x.sum() > 0:\n    y = x\nelse:\n    y = x.astype(ms.int32)\nreturn y",
        TypeError, "[J202]", "Type Join Failed", "line 2:\n    if x.sum() > 0:",
        "'y' is Float32[2] in one branch (line 3) and Int32[2] in the other (line 5).", ".astype",
        fullgraph=False,
    )  # fmt: skip
    fails(
        "k = x[0].astype(ms.int32)\nif x.sum() > 0:\n    k = 0.5\nreturn k",
        TypeError,
        "0.5",
        "J202",
    )


def test_a_variable_of_one_branch_that_is_needed_afterwards():
    fails(
        "if x.sum() > 0:\n    y = x\nreturn y",
        UnboundLocalError, "[J204]", "'y' is Float32[2] in one branch (line 3) and <no value>",
        "before the if", fullgraph=False,
    )  # fmt: skip
    fails(
        "while x.sum() < 9:\n    x = x + 1\n    y = x\nreturn y", UnboundLocalError, "J204", "'y'"
    )


def test_shapes_structures_and_objects_that_do_not_agree():
    fails("return x if x.sum() > 0 else x.sum()", RuntimeError, "J201", "Float32[2]", "Float32[]")
    fails("if x.sum() > 0:\n    return x", RuntimeError, "J203", "None")
    fails("y = []\nif x.sum() > 0:\n    y.append(x)\nreturn y", RuntimeError, "J203", "list of 1")
    fails("if x.sum() > 0:\n    y = 'a'\nelse:\n    y = 'b'\nreturn x, y", RuntimeError, "J205")
    fails(
        "while x.sum() < 9:\n    x = ops.concat([x, x])\nreturn x",
        RuntimeError,
        "J206",
        "Float32[4]",
    )
    fails(
        "y = []\nwhile x.sum() < 9:\n    x = x + 1\n    y.append(x)\nreturn y", RuntimeError, "J206"
    )
    fails("k = x[0]\nwhile k < 9:\n    k = k.astype(ms.float64) + 1\nreturn k", TypeError, "J202")
    fails("if x > 0:\n    return x\nreturn -x", ValueError, "several elements is ambiguous")


@pytest.mark.parametrize("body", [
    "return x if x.sum() > 0 else x.sum()",
    "if x.sum() > 0:\n    return x",
    "y = []\nwhile x.sum() < 9:\n    x = x + 1\n    y.append(x)\nreturn y[-1]",
    "return x * float(x.sum())",
    "return x * int(x.asnumpy()[0])",
])  # fmt: skip
def test_what_no_graph_can_hold_runs_eagerly_with_a_warning_that_names_the_line(body):
    f = cell("def f(x):\n" + textwrap.indent(body, "    "))
    jitted = ms.jit(f)
    with pytest.warns(UserWarning, match="'f' runs without a graph: (?s:.)*<cell> line [2345]"):
        out = jitted(X)
    np.testing.assert_array_equal(out.asnumpy(), f(X).asnumpy())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        jitted(X)  # once is enough
    with pytest.raises(RuntimeError):
        ms.jit(f, fullgraph=True)(X)


def test_changes_of_outer_objects_are_dropped_with_a_warning():
    f = cell(
        """
        history, table = [], {"n": 0}

        def f(x):
            history.append(x.sum())
            table["n"] += 1
            mine = [x]
            mine.append(history[-1])
            return mine[1]
        """
    )
    jitted = ms.jit(f)
    with pytest.warns(GraphWarning) as caught:
        assert float(jitted(X)) == 3
    assert [w.lineno for w in caught] == [5, 6]
    assert all("[J301]" in str(w.message) and "dropped" in str(w.message) for w in caught)
    assert f.__globals__["history"] == [] and f.__globals__["table"] == {"n": 0}
    assert float(jitted(X)) == 3


class Remembers(nn.Cell):
    def __init__(self):
        super().__init__()
        self.last, self.calls = None, []

    def construct(self, x):
        self.last = x * 2
        self.calls.append(1)
        return self.last + 1


def test_a_cell_that_sets_its_attributes_runs_eagerly_with_a_warning():
    """MindSpore keeps what a construct stores in its Cell; so do we, though not in the graph."""
    net = Remembers()
    with pytest.warns(UserWarning, match=r"J209.*\n.*\n.*'Remembers.last'"):
        np.testing.assert_array_equal(ms.jit(net)(X).asnumpy(), [3, 5])
    assert net.last.asnumpy().tolist() == [2, 4] and net.calls == [1]
    with pytest.raises(CannotStage, match="make it a Parameter"):
        ms.jit(net, fullgraph=True)(X)


def test_attributes_of_any_argument_are_not_the_functions_own():
    class Counter(nn.Cell):
        def __init__(this):
            super().__init__()
            this.total = ops.zeros((2,))

        def construct(this, x):
            this.total = this.total + x
            return this.total * 2

    net = Counter()
    with pytest.warns(UserWarning, match=r"J209.*\n.*\n.*'Counter.total'"):
        ms.jit(net)(X)
    assert net.total.asnumpy().tolist() == [1, 2]


def test_attributes_are_put_back_after_a_look_at_the_graph():
    net = Remembers()
    with pytest.warns(GraphWarning, match="J301") as caught:
        jitted = ms.jit(net)
        jitted.compile((X,), {})
    assert len(caught) == 2
    assert net.last is None and net.calls == []
    with pytest.warns(UserWarning, match="J209"):
        jitted(X)  # a look does not change what a call does
    assert net.last.asnumpy().tolist() == [2, 4]


class Deep(nn.Cell):
    def __init__(self):
        super().__init__()
        self.child = Remembers()
        self.log, self.table = [None], {}

    def construct(self, x):
        if x.sum() > 0:
            self.child.last = x * 2
            self.log[0] = x
            self.table["a"] = x + 1
            self.child.calls.append(x)
        else:
            self.child.last = x
            self.log[0] = -x
            self.table["a"] = x - 1
            self.child.calls.append(-x)
        return self.child.last + self.log[0] + self.table["a"] + self.child.calls[0]


def test_attributes_and_their_lists_in_branches():
    net = Deep()
    with pytest.warns(GraphWarning, match="J301"):
        graph = ms.jit(net).compile((X,), {})
    assert graph.run([X]).asnumpy().tolist() == [6, 11]
    assert graph.run([-X]).asnumpy().tolist() == [-1, -1]
    assert (net.child.last, net.log, net.table, net.child.calls) == (None, [None], {}, [])


def test_a_range_of_a_tensor_is_for_loops():
    f = cell("def f(x):\n    return [x * i for i in range(x[0].astype(ms.int32) + 1)]")
    with pytest.warns(UserWarning, match="range is a tensor"):
        assert len(ms.jit(f)(X)) == 2


def test_a_recursion_that_a_tensor_should_end():
    f = cell("def f(x):\n    return x * 0 + 1 if x < 1 else x * f(x - 1)")
    with pytest.warns(UserWarning, match="J207"):
        assert float(ms.jit(f)(Tensor(4.0))) == 24


# -- effects ------------------------------------------------------------------------------------


def test_print_prints_at_each_run_what_eager_code_prints(capsys):
    f = cell(
        """
        def f(x):
            print("x is", x, x.shape, 3, sep="|")
            print(f"{x.sum()} {x[0]:.3f} {x!r} {'text':>6}", end=".")
            if x.sum() > 0:
                print(f"up {x.sum()}")
            else:
                print("down")
            n = x[0] * 0
            while n < 2:
                print("round", n)
                n = n + 1
            print([x, {"a": x}], str(x[1]) + "!", "{:.1f}/{}".format(x[0], "b"))
            print("%s and %.2f" % (x, x[1]), "{a}".format(a=x), repr(x), "%d" % 3)
            return x
        """
    )
    jitted = ms.jit(f, fullgraph=True)
    for data in ([1.0, 2.0], [-1.0, -2.5], [5.0, 6.0]):
        f(Tensor(data))
        eager = capsys.readouterr().out
        jitted(Tensor(data))
        assert capsys.readouterr().out == eager
    assert len(jitted.compilations) == 1


def test_assert_and_raise_happen_when_the_graph_runs():
    f = cell(
        """
        def f(x):
            assert x.sum() < 100, f"too large: {x.sum()}"
            if x.sum() > 10:
                raise ValueError(f"sum is {x.sum()}", 7)
            elif x.sum() < -10:
                raise KeyError("small")
            assert x[0] < 5
            return x * 2
        """
    )
    jitted = ms.jit(f, fullgraph=True)
    for data in ([1.0, 2.0], [200.0, 0.0], [20.0, 0.0], [-20.0, 0.0], [6.0, 0.0], [2.0, 2.0]):
        try:
            expected = f(Tensor(data)).asnumpy()
        except Exception as error:
            with pytest.raises(type(error)) as caught:
                jitted(Tensor(data))
            assert str(caught.value) == str(error) and caught.value.args == error.args
        else:
            np.testing.assert_array_equal(jitted(Tensor(data)).asnumpy(), expected)
    assert len(jitted.compilations) == 1


def test_a_raise_on_python_values_happens_while_compiling():
    f = cell("def f(x):\n    if x.ndim != 2:\n        raise ValueError('two axes')\n    return x\n")
    with pytest.raises(ValueError, match="two axes"):
        ms.jit(f)(X)
    g = cell(
        "def f(x):\n    if x.sum() > 0:\n        raise ValueError('yes')\n    raise TypeError\n"
    )
    with pytest.warns(UserWarning, match="always ends"), pytest.raises(ValueError, match="yes"):
        ms.jit(g)(X)


# -- sources ------------------------------------------------------------------------------------


def test_cells_of_a_notebook_and_their_lines():
    f = cell(
        """
        scale = 2

        @ms.jit
        def f(x,
              factor=3):
            if x.sum() > 0:
                y = x * scale
            else:
                y = x
            return y * factor
        """
    )
    assert f(X).asnumpy().tolist() == [6, 12]
    f.function.__globals__["scale"] = 5
    assert f(Tensor([1.0, 2.0, 3.0])).asnumpy()[0] == 15  # globals are live
    lines = {n.source.line for n in f.graph.nodes}
    assert lines == {7, 11}
    branches = next(n for n in f.graph.nodes if n.prim.name == "Cond").attrs
    assert {(n.source.line, n.source.function) for n in branches["then"].nodes} == {(8, "f")}


def test_tracebacks_show_the_learners_line():
    f = cell(
        """
        def f(x):
            if x.sum() > 0:
                y = ops.matmul(x.reshape((1, 2)),
                               x.reshape((1, 2)))
            else:
                y = x
            return y
        """
    )
    with pytest.raises(ValueError) as caught:
        ms.jit(f)(X)
    frames = [
        s for s in traceback.extract_tb(caught.value.__traceback__) if "ipykernel" in s.filename
    ]
    assert [(s.name, s.lineno) for s in frames] == [("f", 3), ("f", 4)]


def test_a_function_without_source_runs_as_it_is_with_a_warning():
    space = {}
    exec("def f(x):\n    return x * 2\ndef g(x):\n    return x if x.sum() > 0 else -x", space)
    with pytest.warns(GraphWarning, match=r"J302.*source"):
        assert ms.jit(space["f"])(X).asnumpy().tolist() == [2, 4]
    with pytest.warns(GraphWarning, match="J302"), pytest.warns(UserWarning, match="numbers are"):
        assert ms.jit(space["g"])(X).asnumpy().tolist() == [1, 2]


def test_recursion_to_a_global_of_its_own_name_and_several_lambdas_on_a_line():
    f = cell(
        """
        def f(x, n=2):
            return x if n == 0 else f(x * 2 if x.sum() > 0 else x, n - 1)

        def pair(k):
            return [lambda v: v if v.sum() > k else -v, lambda v: -v if v.sum() > k else v]
        """
    )
    assert ms.jit(f)(X).asnumpy().tolist() == [4, 8]
    first, second = f.__globals__["pair"](0)
    assert ms.jit(first, fullgraph=True)(X).asnumpy().tolist() == [1, 2]
    assert ms.jit(second, fullgraph=True)(X).asnumpy().tolist() == [-1, -2]


def test_rewritten_code_is_made_once_and_cells_stay_live():
    made = []
    for offset in (1.0, 2.0):

        def add(v, offset=offset, made=made):
            assert made is not None
            return v + offset if v.sum() > 0 else v

        made.append(rewrite(add))
    assert made[0].__code__ is made[1].__code__
    assert made[0](X).asnumpy().tolist() == [2, 3] and made[1](X).asnumpy().tolist() == [3, 4]
    assert rewrite(made[0]) is made[0]


def test_functions_under_trace_follow_one_path():
    f = cell("def f(x):\n    if x.shape[0] == 2:\n        return x * 2\n    return x\n")
    assert ms.jit(f, capture_mode="trace")(X).asnumpy().tolist() == [2, 4]
    g = cell("def f(x):\n    return x if x.sum() > 0 else -x\n")
    with pytest.warns(UserWarning, match="runs without a graph"):
        ms.jit(g, capture_mode="trace")(X)


def test_parameters_updated_in_branches_and_loops():
    w = ms.Parameter(Tensor([1.0, 1.0]), name="w")
    count = ms.Parameter(Tensor(0, ms.int32), name="count")

    @ms.jit(fullgraph=True)
    def f(x):
        while x.sum() < 10:
            ops.assign_add(count, Tensor(1, ms.int32))
            x = x * 2
            if count % 2 == 0:
                ops.assign(w, w + x)
        return x + w

    expected = [1.0, 1.0]
    out = f(Tensor([1.0, 1.0]))
    expected = (np.array(expected) + 4).tolist()
    assert int(count) == 3 and w.asnumpy().tolist() == expected
    assert out.asnumpy().tolist() == [8 + expected[0], 8 + expected[1]]
    f(Tensor([100.0, 1.0]))
    assert int(count) == 3 and w.asnumpy().tolist() == expected


def test_random_numbers_in_branches_are_those_of_eager_code():
    def f(x):
        y = ops.rand(2)
        if x.sum() > 0:
            y = y + ops.dropout(x, 0.5) + ops.randn(2)
        n = x[0] * 0
        while n < x[1]:
            y = y + ops.rand(2) if x[0] > 1 else y
            n = n + 1
        return y + ops.rand(2)

    def slope(x):
        return ms.grad(f)(x)

    for run in (f, slope, ms.grad(lambda x: slope(x).sum())):
        jitted = ms.jit(run, fullgraph=True)
        for data in ([1.0, 3.0], [2.0, 2.0], [-1.0, 2.0], [2.0, -5.0]):
            ms.set_seed(3)
            eager, after = run(Tensor(data)).asnumpy(), ops.rand(2).asnumpy()
            ms.set_seed(3)
            graph, later = jitted(Tensor(data)).asnumpy(), ops.rand(2).asnumpy()
            np.testing.assert_array_equal(eager, graph)
            np.testing.assert_array_equal(after, later)


def test_a_parameters_numbers_do_not_become_constants(capsys):
    w = ms.Parameter(Tensor(2.0), name="w")

    def f(x):
        print(w, f"{w:.1f}", w.value())
        return x * 2 if w > 3 else x

    def g(x):
        return x * float(w)

    jitted, bare = ms.jit(f, fullgraph=True), ms.jit(g)
    for value in (2.0, 5.0):
        w.set_data(Tensor(value))
        np.testing.assert_array_equal(jitted(X).asnumpy(), f(X).asnumpy())
        graph, eager = capsys.readouterr().out.splitlines()
        assert graph == eager and f"{value} {value}" in graph
    with pytest.warns(UserWarning, match=r"numbers are needed in 'g'"):
        np.testing.assert_array_equal(bare(X).asnumpy(), [5, 10])
    w.set_data(Tensor(1.0))
    np.testing.assert_array_equal(bare(X).asnumpy(), [1, 2])
