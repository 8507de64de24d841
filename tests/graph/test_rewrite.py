"""Python's control flow in a graph: each program gives as a graph what it gives eagerly.

Every warning is an error here, so a program that would silently run without a graph fails.
"""

# ruff: noqa: SIM108, RUF021 - the forms of `if` and of `and` are what is tested
from __future__ import annotations

import functools
import math

import numpy as np
import pytest

import mslearn as ms
from mslearn import Tensor, nn, ops
from mslearn.graph.tree import flatten

# Files that an earlier test left open are closed whenever Python collects garbage, maybe here.
pytestmark = pytest.mark.filterwarnings("error", "ignore::ResourceWarning")

PROGRAMS = []
UP, DOWN, MIXED, LARGE = [1.0, 2.0], [-1.0, -2.0], [3.0, -1.5], [40.0, 7.0]
ALL = (UP, DOWN, MIXED, LARGE)


def program(*inputs):
    def add(fn):
        PROGRAMS.append((fn, inputs or ALL))
        return fn

    return add


# -- if -----------------------------------------------------------------------------------------


@program()
def if_else(x):
    if x.sum() > 0:
        y = x * 2
    else:
        y = -x
    return y


@program()
def if_alone(x):
    if x.sum() > 0:
        x = x * 2
    return x


@program()
def elif_chain(x):
    if x.sum() > 10:
        y = x
    elif x.sum() > 0:
        y = x * 2
    elif x[0] < 0:
        y = x * 3
    else:
        y = x * 4
    return y


@program()
def early_returns(x):
    if x.sum() > 10:
        return x
    if x.sum() > 0:
        return x * 2
    return x * 3


@program()
def return_in_one_of_two_nested(x):
    if x[0] > 0:
        if x[1] > 0:
            return x + 1
        x = x * 7
    return x + 2


@program()
def several_partial_returns(x):
    if x[0] > 0:
        if x[1] > 3:
            return x + 1
        x = x * 7
    if x.sum() > 5:
        if x[1] > 0:
            return x + 3
        x = x - 1
    elif x[1] < -1:
        return x * 11
    return x + 2


@program()
def return_of_a_nest(x):
    if x.sum() > 0:
        return {"a": x, "b": (x + 1, [x * 2])}
    return {"a": -x, "b": (x - 1, [x / 2])}


@program()
def helpers_of_one_branch_only(x):
    if x.sum() > 0:
        name, scale = "up", 3
        y = x * scale + len(name)
    else:
        y = x
    return y


@program()
def numbers_that_differ(x):
    k = 1
    if x.sum() > 0:
        k = 2
        f = 0.5
        flag = True
    else:
        f = 1.5
        flag = False
    return x * k, k, f, flag


@program()
def number_beside_a_tensor(x):
    y = 0
    if x.sum() > 0:
        y = x.sum()
    return x + y


@program()
def nested_ifs(x):
    y = x
    if x[0] > 0:
        y = y + 1
        if x[1] > 0:
            y = y * 2
            if x.sum() > 20:
                y = y - 5
        else:
            y = y / 2
    return y


@program()
def python_truths_choose_at_once(x):
    if x.shape[0] == 2 and x.dtype == ms.float32:
        x = x + 1
    if x.ndim > 5:
        raise ValueError("never")
    return x if len(x) == 2 else None


@program()
def known_tensors_choose_at_once(x):
    limit = Tensor([1.0, 2.0]).sum()
    if limit > 2:
        out = [x, x]
    else:
        out = [x]
    return out


@program()
def containers_change_in_branches(x):
    d = {"a": x, "b": [x, x + 1]}
    out = []
    if x.sum() > 0:
        d["a"] = x * 5
        d["b"][1] = x * 9
        out.append(x)
    else:
        out.append(-x)
    return d["a"] + d["b"][1] + out[0]


@program()
def tensors_change_in_place(x):
    y = x * 1
    z = [y]
    if x.sum() > 3:
        y[1] = 100.0
        z[0] += 1
    else:
        y[0] = y[1] * 2
    return y, z[0]


@program()
def a_helper_tensor_changed_in_place(x):
    if x.sum() > 0:
        z = Tensor([0.0, 0.0])
        z[0] = x[1]
        x = x + z
    return x


@program()
def pass_and_docstring(x):
    """It does nothing in one branch."""
    if x.sum() > 0:
        pass
    else:
        x = x * 2
    return x


@program()
def tuples_unpacked(x):
    a, (b, *c) = x, (x + 1, x + 2, x + 3)
    if x.sum() > 0:
        a, b = b, a
    else:
        (a, b), c[0] = (a * 2, b * 3), x
    return a, b, c[0], c[1]


# -- expressions --------------------------------------------------------------------------------


@program()
def conditional_expression(x):
    return x if x.sum() > 0 else -x


@program()
def conditional_expressions_nested(x):
    return (x if x[0] > 2 else x * 2) if x.sum() > 0 else (x - 1 if x[1] < -1.8 else x + 1)


@program()
def and_or_not(x):
    if x[0] > 0 and x[1] > 0 or not x.sum() > -2:
        x = x * 10
    return x


@program()
def and_guards_what_follows(x):
    return x * 3 if x[0] > 0 and ops.log(x[0]) > 1 else x


@program()
def and_or_of_python_and_tensor(x):
    a = x.shape and x[0] > 0
    b = x.shape == (3,) or x[1] > 0
    c = x.sum() > 0 and len(x.shape) == 1
    return ops.stack([a, b, c])


@program()
def and_gives_values(x):
    first = (x * 2) if x.sum() > 0 and True else x
    return first, x[0] and x[1], x[0] > 0 or x[1] > 5


@program()
def comparisons_in_a_chain(x):
    return x * 2 if -5 < x[0] <= x[1] < 3 else x


@program()
def a_comparison_of_sides(x):
    if x[0] < x[1]:
        return x[1]
    return x[0]


@program()
def builtins_of_tensors(x):
    big, small = max(x[0], x[1]), min([x[0], x[1], x.sum()])
    some, every = any([x[0] > 0, x[1] > 0]), all(v > 0 for v in x)
    return big, small, some, every, bool(x.sum()), abs(x), sum([x, x])


@program()
def comprehensions(x):
    rows = [v * 2 if v > 0 else v for v in x]
    table = {str(i): r + i for i, r in enumerate(rows)}
    pairs = [(a, b) for a, b in zip(rows, x) if a.ndim == 0]  # noqa: B905
    return rows, table, pairs, sum(v for v in x)


@program()
def lambdas(x):
    absolute = lambda v: v if v.sum() > 0 else -v  # noqa: E731
    scaled, shifted = (lambda v: v * 2), (lambda v: v + 1 if v[0] > 1 else v)
    return absolute(x), scaled(x), shifted(x)


@program()
def star_arguments(x):
    def inner(a, *rest, scale=1, **more):
        if a.sum() > 0:
            return a * scale + sum(rest) + more["k"]
        return a

    return inner(x, *[x, x], **{"scale": 2, "k": 3})


# -- while --------------------------------------------------------------------------------------


@program()
def while_on_a_tensor(x):
    while x.sum() < 100 and x[0] > 0:
        x = x * 2
    return x


@program()
def while_with_a_counter(x):
    i = 0
    while i < x[0]:
        x = x - 0.5
        i += 1
    return x, i


@program()
def while_with_break(x):
    i = 0
    while i < 10:
        i += 1
        if x[0] * i > 5:
            break
        x = x + i
    return x


@program()
def while_with_continue(x):
    i, s = 0, x * 0
    while i < 6:
        i += 1
        if x[1] * i > 3:
            continue
        s = s + x * i
    return s


@program()
def while_true_and_break(x):
    while True:
        x = x + 1
        if x.sum() > 5:
            break
    return x


@program()
def while_true_and_return(x):
    while True:
        x = x + 1
        if x.sum() > 5:
            return x * 2


@program()
def while_break_continue_return(x):
    total = x * 0
    n = x * 0 + 1
    while n[0] < 12:
        n = n + 1
        if n[0] == 3:
            continue
        total = total + n * x
        if total.sum() > 300:
            return total * 100
        if total.sum() < -60:
            break
    return total


@program()
def while_in_while(x):
    s = x[0] * 0.0
    i = 0
    while i < 3:
        t = x * i
        while t.sum() < 5:
            t = t + x * x + 1
        s = s + t.sum()
        i = i + 1
    return s


@program()
def while_in_if(x):
    if x.sum() > 0:
        while x.sum() < 50:
            x = x * 1.5
    else:
        while x.sum() < 0:
            x = x + 1
    return x


@program()
def if_in_while(x):
    i = x[0] * 0
    while i < 5:
        if x[1] > 0:
            x = x - i
        elif x[0] > 0:
            x = x / 2
        else:
            x = x + 2 * i
        i = i + 1
    return x


@program()
def while_on_a_nest(x):
    carry = {"v": x, "log": [x.sum(), 0.0]}
    while carry["v"].sum() < 40 and carry["v"][0] > 0:
        carry = {"v": carry["v"] * 2, "log": [carry["v"].sum(), carry["log"][1] + 1.0]}
    return carry


@program()
def while_that_changes_in_place(x):
    y = x * 1
    n = x[0] * 0
    while n < 3:
        y[0] = y[1] + n
        y += 1
        n += 1
    return y


@program()
def while_with_a_helper_tensor(x):
    n = x[0] * 0
    while n < 3:
        z = Tensor([0.0, 1.0])
        z[0] = n
        x = x + z
        n = n + 1
    return x


@program()
def accumulators_start_as_numbers(x):
    s, p, n = 0, 1.0, 0
    while n < x[0]:
        s = s + x.sum()
        p = p * 2
        n = n + 1
    return s + p


@program()
def python_while_unrolls(x):
    n = 0
    while n < 3:
        x = x + n
        n += 1
    return x


# -- for ----------------------------------------------------------------------------------------


@program()
def for_over_a_range_unrolls(x):
    for i in range(4):
        x = x + i if i % 2 else x * i
    return x


@program()
def for_with_break(x):
    for i in range(6):
        if x.sum() > 10:
            break
        x = x * 2 + i
    return x


@program()
def for_with_continue_and_return(x):
    for i in range(5):
        if x[0] > 2:
            x = x - i
            continue
        x = x + 1
        if x.sum() > 6:
            return x * 100
    return x


@program()
def for_over_a_tensor(x):
    s = 0
    for v in x:
        if v > 0:
            s = s + v
        else:
            s = s - 2 * v
    return s


@program()
def for_over_zip_and_enumerate(x):
    out = []
    for i, (a, b) in enumerate(zip(x, [x + 1, x + 2], strict=True)):
        out.append(a * b if b.sum() > 3 else b + i)
    return out


@program()
def for_in_for(x):
    for i in range(3):
        for j in range(3):
            if x[0] * j > 4:
                break
            x = x + i * j
        if x[1] > 30:
            return x
    return x


@program(UP, LARGE, [0.0, 0.0])
def for_over_a_range_of_a_tensor(x):
    n = x.sum().astype(ms.int32)
    for i in range(n):
        x = x * 0.5 + i
    return x


@program(UP, LARGE)
def for_over_a_tensor_range_with_return(x):
    n = x.sum().astype(ms.int32)
    y = x
    for i in range(1, n, 2):
        y = y + i
        if y.sum() > 30:
            return y * 100
    return y


@program(UP, MIXED)
def for_over_a_range_going_down(x):
    y = x
    for i in range(x[0].astype(ms.int32) + 2, 0, -1):
        y = y * i
    return y


@program()
def for_over_dicts(x):
    weights = {"a": 1.0, "b": -2.0}
    for name, w in weights.items():
        x = x * w if x.sum() > 0 else x + len(name)
    return x


# -- functions ----------------------------------------------------------------------------------


def twice_if_positive(v, factor=2):
    if v.sum() > 0:
        return v * factor
    return v


@program()
def plain_functions_are_rewritten_too(x):
    return twice_if_positive(twice_if_positive(x, factor=3))


@program()
def nested_functions_see_live_variables(x):
    scale = 2.0

    def inner(v):
        return v * scale if v.sum() > 0 else v / scale

    scale = 4.0
    return inner(x)


def made_by(offset):
    def add(v):
        if v[0] > 1:
            return v + offset
        return v - offset

    return add


@program()
def closures(x):
    return made_by(3)(x) + made_by(5.0)(x)


@program()
def partials_and_map(x):
    double = functools.partial(twice_if_positive, factor=5)
    return list(map(double, [x, -x])), list(filter(lambda t: t.ndim == 1, [x]))


@program()
def recursion_over_python_values(x):
    def power(v, n):
        if n == 0:
            return v * 0 + 1
        return v * power(v, n - 1) if v.sum() > 0 else power(v, n - 1)

    return power(x, 3)


class Scaler:
    factor = 3

    def __init__(self, limit):
        self.__limit = limit

    def __call__(self, v):
        return v * self.factor if v.sum() > self.__limit else v


@program()
def objects_that_can_be_called(x):
    return Scaler(0)(x)


@program()
def the_math_module_and_other_libraries(x):
    return x * math.sqrt(4) + np.pi if x.sum() > 0 else x


@program()
def gradients_inside(x):
    def loss(v):
        if v.sum() > 0:
            return (v * v * v).sum()
        return v.sum()

    return ms.grad(loss)(x), ms.value_and_grad(loss)(x)


@program()
def vmap_inside(x):
    rows = ops.stack([x, -x, x * 2])
    return ms.vmap(lambda r: r.sum() * r)(rows) if x[0] > 0 else rows


@program()
def walrus_free_annotations(x):
    y: Tensor = x
    n: int
    if y.sum() > 0:
        n = 2
    else:
        n = 3
    return y * n


@program()
def with_a_context_manager(x):
    from_shape = x.shape
    if x.sum() > 0:
        x = x + from_shape[0]
    assert x.ndim == 1, "one axis"
    assert from_shape == (2,)
    return x


NAMES = [fn.__name__ for fn, _ in PROGRAMS]


def leaves(result):
    if isinstance(result, Tensor):
        return [result.asnumpy()]
    if isinstance(result, dict):
        return [leaf for v in result.values() for leaf in leaves(v)]
    if isinstance(result, tuple | list):
        return [leaf for v in result for leaf in leaves(v)]
    return [np.asarray(result)]


@pytest.mark.parametrize("name", NAMES)
def test_a_program_as_a_graph_gives_what_it_gives_eagerly(name):
    fn, inputs = PROGRAMS[NAMES.index(name)]
    jitted = ms.jit(fn, fullgraph=True)
    for data in inputs:
        eager = leaves(fn(Tensor(data)))
        graph = leaves(jitted(Tensor(data)))
        assert len(eager) == len(graph)
        for a, b in zip(eager, graph, strict=True):
            np.testing.assert_array_equal(a, b)
            assert a.shape == b.shape
            assert a.dtype.kind == b.dtype.kind
    assert len(jitted.compilations) == 1  # one graph for all of them: nothing was baked in


def test_there_are_enough_programs():
    assert len(PROGRAMS) >= 60


SMOOTH = [
    n
    for n in NAMES
    if n
    not in {
        # integers or truths come out, or finite differences meet a jump
        "and_or_of_python_and_tensor", "and_gives_values", "builtins_of_tensors",
        "numbers_that_differ", "while_with_a_counter", "partials_and_map", "gradients_inside",
        "accumulators_start_as_numbers",
    }
]  # fmt: skip


def scalar(fn):
    def total(x):
        out = flatten(fn(x * 1))[0]  # a value of its own: some programs change it in place
        return sum(((t * t).sum() + t.sum() * 3 for t in out[1:]), (out[0] * out[0]).sum())

    return total


@pytest.mark.parametrize("name", SMOOTH)
def test_gradients_to_second_order(name):
    fn, inputs = PROGRAMS[NAMES.index(name)]
    f = scalar(fn)
    weight = Tensor(np.array([0.7, -1.3]))

    def slope(x):
        return (ms.grad(f)(x) * weight).sum()

    first, second = ms.jit(ms.grad(f)), ms.jit(ms.grad(slope))
    for data in inputs:
        x = np.array(data)
        exact = ms.grad(f)(Tensor(x)).asnumpy()
        np.testing.assert_allclose(first(Tensor(x)).asnumpy(), exact, rtol=1e-12, atol=1e-12)
        eager = ms.grad(slope)(Tensor(x)).asnumpy()
        np.testing.assert_allclose(second(Tensor(x)).asnumpy(), eager, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", ["if_else", "while_on_a_tensor", "for_with_break", "if_in_while"])
def test_gradients_against_finite_differences(name):
    fn, _ = PROGRAMS[NAMES.index(name)]
    f = scalar(fn)
    graph, slope = ms.jit(f), ms.jit(ms.grad(f))
    x, eps = np.array([1.3, 2.1]), 1e-6
    for k in range(2):
        up, down = x.copy(), x.copy()
        up[k] += eps
        down[k] -= eps
        about = (float(graph(Tensor(up))) - float(graph(Tensor(down)))) / (2 * eps)
        np.testing.assert_allclose(slope(Tensor(x)).asnumpy()[k], about, rtol=1e-6)
        about = (slope(Tensor(up)).asnumpy() - slope(Tensor(down)).asnumpy()) / (2 * eps)
        row = ms.jit(ms.grad(lambda v, k=k: ms.grad(f)(v)[k]))(Tensor(x)).asnumpy()
        np.testing.assert_allclose(row, about, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", ["if_else", "while_in_while", "for_with_break", "if_in_while"])
def test_forward_mode_through_branches_and_loops(name):
    fn, inputs = PROGRAMS[NAMES.index(name)]
    f = scalar(fn)
    direction = Tensor(np.array([0.7, -1.3]))

    def push(x):
        return ms.jvp(f, x, direction)[1]

    def push_twice(x):
        return ms.jvp(push, x, direction)[1]

    for data in inputs:
        x = Tensor(np.array(data))
        for program_ in (push, push_twice):
            np.testing.assert_allclose(
                ms.jit(program_)(x).asnumpy(), program_(x).asnumpy(), rtol=1e-12, atol=1e-12
            )


# -- Cells --------------------------------------------------------------------------------------


class Block(nn.Cell):
    def __init__(self):
        super().__init__()
        self.fc = nn.Dense(2, 2)
        self.drop = nn.Dropout(p=0.5)
        self.seen = ms.Parameter(Tensor(0.0), name="seen", requires_grad=False)
        self.__hidden = 3

    def helper(self, x):
        if x.sum() > 0:
            self.seen += 1
            return self.drop(x) * self.__hidden
        return x

    def construct(self, x):
        for _ in range(2):
            x = self.helper(x)
        y = self.fc(x)
        if y.sum() > 0:
            ops.assign(self.seen, self.seen * 2)
        else:
            self.seen = self.seen + 100.0
            if self.drop(x).sum() > 1:
                y = self.drop(y)
        return y


class Child(Block):
    def construct(self, x):
        z = super().construct(x)
        rounds = 0
        while z.sum() < 3 and rounds < 4:
            z = z + self.drop(ops.ones_like(z))
            rounds += 1
        return z


class Net(nn.Cell):
    def __init__(self):
        super().__init__()
        self.blocks = nn.SequentialCell(Block(), nn.ReLU(), Child())

    def construct(self, x):
        return self.blocks(x) if x.max() > -9 else x


@pytest.mark.parametrize("kind", [Block, Child, Net])
def test_training_with_dropout_in_branches_equals_eager_code(kind):
    runs = []
    for graph in (False, True):
        ms.set_seed(5)
        net = kind().set_train()
        optimizer = nn.Momentum(net.trainable_params(), 0.001, 0.9)

        def loss(x, net=net):
            out = net(x)
            return (out * out).sum()

        gradients = ms.value_and_grad(loss, None, net.trainable_params())

        def step(x, gradients=gradients, optimizer=optimizer):
            value, grads = gradients(x)
            optimizer(grads)
            return value

        if graph:
            step = ms.jit(step, fullgraph=True)
        log = []
        for k in range(12):
            value = step(ops.ones((2, 2)) * (1 if k % 3 else -1))
            log += [value.asnumpy(), *(p.asnumpy().copy() for p in net.get_parameters())]
        log.append(ops.rand(3).asnumpy())  # the stream stands where it stands eagerly
        runs.append(log)
    for a, b in zip(*runs, strict=True):
        np.testing.assert_allclose(a, b, rtol=2e-6, atol=1e-7)
    np.testing.assert_array_equal(runs[0][-1], runs[1][-1])
