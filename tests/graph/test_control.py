"""The control-flow operations themselves: nodes, loops as functions, kernels, derivatives."""

from __future__ import annotations

import numpy as np
import pytest

import mslearn as ms
from mslearn import Tensor, nn, ops
from mslearn.core.primitive import registry
from mslearn.graph.capture import capture
from mslearn.graph.ir import Graph
from mslearn.graph.passes import check, optimize
from mslearn.graph.replay import replay
from mslearn.graph.rewrite import rewrite

# Files that an earlier test left open are closed whenever Python collects garbage, maybe here.
pytestmark = pytest.mark.filterwarnings("error", "ignore::ResourceWarning")
X = Tensor([1.0, 2.0, 3.0])


def graph_of(fn, *args):
    graph = capture(rewrite(fn), args, rewriting=True).graph
    check(graph)
    return graph


def names(graph):
    return [n.prim.name for n in graph.nodes]


def same(fn, *args, mode="ast"):
    """As a graph, and its gradient as a graph, equal eager code."""

    def total(*xs):
        out = fn(*xs)
        return sum(t.sum() for t in (out if isinstance(out, tuple) else (out,)))

    for run in (fn, ms.grad(total), ms.grad(lambda *xs: ms.grad(total)(*xs).sum())):
        eager, graph = run(*args), ms.jit(run, capture_mode=mode, fullgraph=True)(*args)
        pairs = zip(*(r if isinstance(r, tuple) else (r,) for r in (eager, graph)), strict=True)
        for a, b in pairs:
            np.testing.assert_allclose(a.asnumpy(), b.asnumpy(), rtol=1e-6)
            assert a.shape == b.shape and a.dtype == b.dtype


def power(x):
    return ops.while_loop(lambda v: v[0].sum() < 99, lambda v: (v[0] * v[1] + 1, v[1]), (x, x))[0]


def halves(x):
    return ops.fori_loop(0, x.sum().astype(ms.int32), lambda i, v: v * 0.5 + i * x, x)


def rounds(x):
    return ops.fori_loop(0, 5, lambda i, v: v * x + i, x, unroll=False)


def scanned(x):
    return ops.scan(lambda s, v: (s * v, s + v), x[0], x, unroll=False)


def scanned_with_a_branch(x):
    return ops.scan(lambda s, v: (s * v, s + v) if v > 1.5 else (s + v, s * v), x[0], x)


@pytest.mark.parametrize("mode", ["ast", "trace"])
@pytest.mark.parametrize("fn", [power, halves, rounds, scanned])
def test_loops_as_functions_are_one_node(fn, mode):
    same(fn, X, mode=mode)
    assert names(graph_of(fn, X)).count("WhileLoop") == 1


def test_unrolled_loops_have_no_node():
    same(scanned_with_a_branch, X)
    unrolled = graph_of(lambda x: ops.fori_loop(0, 3, lambda i, v: v * x + i, x), X)
    assert names(unrolled) == ["Mul", "Add"] * 3
    assert names(graph_of(lambda x: ops.fori_loop(2, 2, lambda i, v: v, x), X)) == []


def test_map_hypermap_and_multitype_functions_are_rewritten():
    add = ops.MultitypeFuncGraph("add")

    @add.register("Tensor", "Tensor")
    def tensors(a, b):
        return a + b if a.sum() > 0 else a - b

    def f(x):
        out = ops.HyperMap(add)((x, (x * 2, -x)), (x, (x, x)))
        return ops.Map()(lambda t: t if t.sum() > 0 else -t, (out[0], *out[1]))

    same(f, X)


def test_what_a_branch_reads_is_an_operand_and_what_it_changes_an_output():
    w = ms.Parameter(Tensor([2.0]), name="w")

    def f(x, y):
        z = y * 2
        if x.sum() > 0:
            ops.assign(w, w * z.sum())
            x = x + z
        else:
            x = x - 1
        return x

    graph = graph_of(f, X, X)
    (node,) = [n for n in graph.nodes if n.prim.name == "Cond"]
    then, els = node.attrs["then"], node.attrs["els"]
    assert not then.parameters and not then.updates
    assert len(node.inputs) == 1 + len(then.inputs) == 1 + len(els.inputs) == 4  # pred, z, w, x
    assert [v.shape for v in node.outputs] == [(3,), (1,)]
    assert [p.name for p, _ in graph.updates] == ["w"]
    assert [n.prim.name for n in els.nodes] == ["Sub"]
    assert "w" in then.input_names and "unused" not in " ".join(then.input_names)
    assert then.name.startswith("✓") and els.name.startswith("✗")


def test_a_loop_carries_only_what_changes():
    def f(x, scale):
        names_of_things, k = ["a", "b"], 2
        i = 0
        while i < x[0]:
            x = x * scale - k * len(names_of_things)
            last = x + 1  # noqa: F841
            i += 1
        return x

    graph = graph_of(f, X, Tensor(0.5))
    (node,) = [n for n in graph.nodes if n.prim.name == "WhileLoop"]
    assert node.attrs["n"] == 2 and len(node.inputs) == 3
    body, test = node.attrs["body"], node.attrs["cond"]
    assert sorted(body.input_names[:2]) == sorted(test.input_names[:2]) == ["i", "x"]
    assert [v.shape for v in test.outputs] == [()] and test.outputs[0].dtype == bool


def test_short_truths_need_no_branch():
    plain = graph_of(lambda x: x[0] > 0 and x[1] < 5 or not x[2] > 1, X)  # noqa: RUF021
    assert "Cond" not in names(plain) and names(plain)[-2:] == ["LogicalNot", "LogicalOr"]
    risky = graph_of(lambda x, i: i < 3 and x[i] > 0, X, Tensor(1))
    assert names(risky)[-1] == "Cond"
    sums = graph_of(lambda x: x.sum() > 0 and x.max() < 5, X)
    assert names(sums) == ["ReduceSum", "Greater", "ReduceMax", "Less", "LogicalAnd"]


def test_effects_stay_in_both_branches_and_without_results(capsys):
    def f(x):
        if x.sum() > 0:
            print("up")
        return x

    graph = optimize(graph_of(f, X))
    assert "Cond" in names(graph)
    jitted = ms.jit(f, fullgraph=True)
    jitted(X), jitted(-X)
    assert capsys.readouterr().out == "up\n"


def test_a_graph_with_control_flow_replays_and_goes_inside_another():
    def f(x):
        while x.sum() < 50:
            x = x * 2 if x[0] < 5 else x + 1
        return x

    graph = graph_of(f, X)
    np.testing.assert_array_equal(replay(graph, X)[0].asnumpy(), f(X).asnumpy())
    slope = ms.grad(lambda x: ops.sin(f(x)).sum())
    again = ms.grad(lambda x: ops.sin(replay(graph, x)[0]).sum())
    np.testing.assert_allclose(again(X).asnumpy(), slope(X).asnumpy(), rtol=1e-6)
    twice = [ms.grad(lambda x, g=g: g(x).sum())(X).asnumpy() for g in (slope, again)]
    np.testing.assert_allclose(*twice, rtol=1e-5)
    inner = ms.jit(f)
    outer = ms.jit(lambda x: inner(x) + 1 if x[0] > 0 else x, fullgraph=True)
    np.testing.assert_array_equal(outer(X).asnumpy(), f(X).asnumpy() + 1)


def test_vmap_of_a_branch_runs_example_by_example_inside_a_graph():
    def f(rows):
        return ms.vmap(lambda r: r * 2 if r.sum() > 0 else -r)(rows)

    rows = ops.stack([X, -X])
    np.testing.assert_array_equal(ms.jit(f, fullgraph=True)(rows).asnumpy(), f(rows).asnumpy())


def test_results_own_their_memory():
    def f(x):
        y = x * 1
        return (y if y.sum() > 0 else -y), y

    a, b = ms.jit(f, fullgraph=True)(X)
    a[0] = 99.0
    assert b[0] == 1 and X[0] == 1


def test_control_nodes_are_not_in_the_registry_and_hold_graphs():
    assert not {"Cond", "WhileLoop", "Call", "LoopGrad", "Print", "Raise"} & set(registry)
    node = graph_of(lambda x: x if x.sum() > 0 else -x, X).nodes[-1]
    assert isinstance(node.attrs["then"], Graph)


@pytest.mark.parametrize("kind", [nn.Momentum, nn.Adam])
def test_an_optimizer_in_a_branch(kind):
    logs = []
    for graph in (False, True):
        ms.set_seed(1)
        net = nn.SequentialCell(nn.Dense(3, 4), nn.ReLU(), nn.Dense(4, 1))
        more = {"momentum": 0.9} if kind is nn.Momentum else {}
        optimizer = kind(net.trainable_params(), learning_rate=0.05, **more)
        gradients = ms.value_and_grad(
            lambda x, y, net=net: ((net(x) - y) ** 2).mean(), None, net.trainable_params()
        )

        def step(x, y, gradients=gradients, optimizer=optimizer):
            loss, grads = gradients(x, y)
            if all(ops.isfinite(g).all() for g in grads):
                optimizer(grads)
            return loss

        if graph:
            step = ms.jit(step, fullgraph=True)
        rng, log = np.random.default_rng(0), []
        for k in range(8):
            x, y = rng.standard_normal((5, 3)), rng.standard_normal((5, 1))
            x[0, 0] = np.inf if k % 3 == 2 else x[0, 0]
            with np.errstate(invalid="ignore"):
                log.append(step(Tensor(x, ms.float32), Tensor(y, ms.float32)).asnumpy())
        logs.append([*log, *(p.asnumpy() for p in optimizer.get_parameters())])
    for a, b in zip(*logs, strict=True):
        np.testing.assert_allclose(a, b, rtol=2e-6, atol=1e-7)


def test_the_text_of_a_graph_names_the_pieces():
    from mslearn.graph.text import to_ir

    text = to_ir(graph_of(ms.grad(lambda x: power(x).sum()), X))
    assert "LoopGrad" in text and "gradient of body" in text and " at 0x" not in text


def test_graph_mode_of_cells(monkeypatch):
    class Net(nn.Cell):
        def construct(self, x):
            return x * 2 if x.sum() > 0 else -x

    ms.set_context(mode=ms.GRAPH_MODE)
    try:
        net = Net()
        assert [float(net(v * X).sum()) for v in (1, -1)] == [12, 6]
        assert names(net._jitted.graph)[-1] == "Cond"
    finally:
        ms.set_context(mode=ms.PYNATIVE_MODE)


def test_max_of_two_dtypes_and_a_table_filled_in_place():
    def distance(a, b):
        d = ops.zeros((4, 4), ms.int32)
        for i in range(4):
            d[i, 0] = i
            d[0, i] = i
        for i in range(1, 4):
            for j in range(1, 4):
                cost = 0 if a[i - 1] == b[j - 1] else 1
                d[i, j] = min(d[i - 1, j] + 1, d[i, j - 1] + 1, d[i - 1, j - 1] + cost)
        return d

    a, b = Tensor([1, 2, 3]), Tensor([1, 3, 3])
    graph = ms.jit(distance, fullgraph=True)(a, b)
    assert graph.dtype == ms.int32
    np.testing.assert_array_equal(graph.asnumpy(), distance(a, b).asnumpy())


def test_a_recurrent_net_over_lengths_that_a_tensor_gives():
    class Net(nn.Cell):
        def __init__(self):
            super().__init__()
            self.cell, self.out = nn.RNNCell(3, 4), nn.Dense(4, 1)

        def construct(self, xs, lengths):
            h, i = ops.zeros((2, 4)), 0
            while i < lengths.max():
                h = ops.where((i < lengths).reshape((-1, 1)), self.cell(xs[i], h), h)
                i += 1
            return self.out(h).sum()

    ms.set_seed(0)
    net, xs = Net(), ops.rand((5, 2, 3))
    both = ms.value_and_grad(net, None, net.trainable_params())
    graph = ms.jit(lambda a, b: both(a, b), fullgraph=True)
    for lengths in (Tensor([3, 5]), Tensor([1, 0])):
        eager, ours = both(xs, lengths), graph(xs, lengths)
        np.testing.assert_allclose(ours[0].asnumpy(), eager[0].asnumpy(), rtol=1e-6)
        for a, b in zip(ours[1], eager[1], strict=True):
            np.testing.assert_allclose(a.asnumpy(), b.asnumpy(), atol=1e-6)
    assert len(graph.compilations) == 1


def two_names_and_a_branch(x):
    table = {"a": x}
    if x.sum() > 0:
        x = x * 2
    x[0] = 9.0
    return table["a"] + 0


def two_names_and_the_old_one_changed(x):
    y, table = x + 0, [x + 1]
    y = table[0]
    if x.sum() > 0:
        y = y * 2
    table[0].add_(1)
    return y + 0


def two_names_and_a_loop(x):
    y = z = x + 0
    while y.sum() < 10:
        y = y * 2 + 1
    y[0] = 5.0
    return y + z


def changed_in_the_loop(x):
    y = z = x + 0
    while y.sum() < 10:
        y.add_(1)
        y = y * 2
    return y + z


@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize(
    "fn",
    [
        two_names_and_a_branch,
        two_names_and_the_old_one_changed,
        two_names_and_a_loop,
        changed_in_the_loop,
    ],
)
def test_a_change_that_another_name_may_see_is_never_lost(fn, sign):
    x = X * sign + 3.0
    with pytest.raises(ms.graph.errors.CannotStage, match=r"\[J208\].*two names"):
        ms.jit(fn, fullgraph=True)(x + 0)
    with pytest.warns(UserWarning, match="J208"):
        out = ms.jit(fn)(x + 0)
    np.testing.assert_array_equal(out.asnumpy(), fn(x + 0).asnumpy())


def test_one_tensor_under_two_names_stays_one_in_the_graph():
    def both(x):
        if x.sum() > 0:
            y = z = x * 2
        else:
            y = z = x * 3
        y[0] = 7.0
        return z + 0

    for x in (X, X * -1):
        out = ms.jit(both, fullgraph=True)(x)
        np.testing.assert_array_equal(out.asnumpy(), both(x).asnumpy())


def numbers_chosen(x):
    k = 1
    if x.sum() > 0:
        k = 2
    return x * k, ops.mul(x, k), k - x, x + k / 2


def numbers_counted(x, n):
    total, j = x * 0, 0
    for i in range(n):
        j = i
        i += 3
        total = total + x * i - j
    return total * j


def numbers_kept(x):
    k = j = 0
    while x.sum() < 50:
        j = k
        k += 2
        x = x + j
    return x


@pytest.mark.parametrize("dtype", [ms.int8, ms.int32, ms.float16, ms.float64])
def test_numbers_of_a_graph_take_the_dtype_of_the_tensor_they_meet(dtype):
    x = X.astype(dtype)
    cases = [(numbers_chosen, (x,)), (numbers_counted, (x, Tensor(3))), (numbers_kept, (x,))]
    for fn, args in cases:
        eager, graph = fn(*args), ms.jit(fn, fullgraph=True)(*args)
        pairs = zip(eager, graph, strict=True) if isinstance(eager, tuple) else [(eager, graph)]
        for a, b in pairs:
            assert a.dtype == b.dtype
            np.testing.assert_array_equal(a.asnumpy(), b.asnumpy())
