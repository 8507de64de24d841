"""Each pass does what its text says; the plan of memory is tight; broken graphs are caught."""

from __future__ import annotations

import dataclasses
import re
import shutil
import threading

import graphviz
import numpy as np
import pytest

import mslearn as ms
from mslearn import nn, ops
from mslearn.core.tensor import Abstract
from mslearn.core.threads import set_threads, thread_count
from mslearn.graph.capture import capture
from mslearn.graph.numpy_backend import Executable, fuse
from mslearn.graph.passes import GraphError, check, cse, dce, effects, fold, optimize, simplify
from mslearn.graph.passes.stats import flops, statistics
from mslearn.graph.text import to_dot, to_ir
from mslearn.ops.threads import share

X = ms.Tensor(np.linspace(-2, 3, 12, dtype=np.float32).reshape(3, 4))


def graph_of(fn, *args):
    return capture(fn, args or (X,)).graph


def names(graph):
    return [n.prim.name for n in graph.nodes]


def value(graph, *tensors):
    out, _ = Executable(graph).run([t._value for t in tensors or (X,)])
    return out


def test_folding_computes_what_is_constant():
    graph = graph_of(lambda x: x * (1 / ops.sqrt(ms.Tensor(64.0))))
    assert len(graph.nodes) == 3
    folded = fold.run(graph)
    assert names(folded) == ["Mul"]
    np.testing.assert_allclose(value(folded)[0], X.asnumpy() / 8)


def test_big_constants_are_not_kept():
    graph = graph_of(lambda x: x.sum() + ops.ones((1,)).broadcast_to((1000, 1000)).sum())
    assert "BroadcastTo" in names(fold.run(graph))


@pytest.mark.parametrize(
    ("fn", "left"),
    [
        (lambda x: x * 1, []),
        (lambda x: 1 * x + 0, []),
        (lambda x: (x - 0) / 1, []),
        (lambda x: ops.neg(ops.neg(x)), []),
        (lambda x: x.T.T, []),
        (lambda x: x.reshape((12,)).reshape((2, 6)), ["Reshape"]),
        (lambda x: x.reshape((3, 4)), []),
        (lambda x: x.astype(ms.float32), []),
        (lambda x: x**2, ["Square"]),
        (lambda x: ops.matmul(x, x.T), ["MatMul"]),
        (lambda x: x * 0, ["Mul"]),
        (lambda x: x + ms.Tensor(0.0, ms.float64), ["Cast"]),
    ],
)
def test_simplification(fn, left):
    graph = dce.run(simplify.run(graph_of(fn)))
    assert names(graph) == left
    np.testing.assert_allclose(value(optimize(graph))[0], fn(X).asnumpy(), rtol=1e-6)


def test_products_of_transposed_matrices_lose_the_transpose():
    graph = optimize(graph_of(lambda x: ops.matmul(x, x.T)))
    assert names(graph) == ["MatMul"]
    assert graph.nodes[0].attrs["transpose_b"]


def test_equal_operations_are_one_but_random_draws_are_not():
    graph = cse.run(graph_of(lambda x: ops.exp(x) * ops.exp(x) + ops.rand(3, 4) + ops.rand(3, 4)))
    assert names(graph).count("Exp") == 1
    assert names(graph).count("UniformReal") == 2


def test_dead_code_goes_but_draws_stay():
    def fn(x):
        ops.exp(x)
        ops.rand(3)
        return x + 1

    graph = dce.run(graph_of(fn))
    assert names(graph) == ["NextKey", "Add"]


def test_random_keys_come_first_in_their_order():
    graph = graph_of(lambda x: x.exp() * ops.rand(3, 4) + ops.randn(3, 4))
    keys = [n.outputs[0] for n in graph.nodes if n.prim.name == "NextKey"]
    moved = effects.run(graph)
    assert names(moved)[:2] == ["NextKey", "NextKey"]
    assert [n.outputs[0] for n in moved.nodes[:2]] == keys
    check(moved)


def test_the_checker_finds_broken_graphs():
    graph = graph_of(lambda x: x.exp().sum())
    turned = graph.copy()
    turned.nodes = graph.nodes[::-1]
    with pytest.raises(GraphError, match=r"After 'turning': ReduceSum .* before it is made"):
        check(turned, "turning")
    wrong = graph.copy()
    node = wrong.nodes[0]
    bad = Abstract((7,), node.outputs[0].dtype)
    wrong.nodes = [dataclasses.replace(node, outputs=(bad,))]
    wrong.outputs = [bad]
    with pytest.raises(GraphError, match="infers"):
        check(wrong)
    lost = graph.copy()
    lost.nodes = []
    with pytest.raises(GraphError, match="never made"):
        check(lost)


def training_graph(net, *args):
    optimizer = nn.Adam(net.trainable_params())
    run = ms.value_and_grad(lambda *a: (net(*a) ** 2).mean(), None, optimizer.parameters)

    def step(*a):
        loss, grads = run(*a)
        optimizer(grads)
        return loss

    net.set_train()
    return capture(step, args).graph


NETS = {
    "mlp": lambda: training_graph(
        nn.SequentialCell(
            nn.Dense(64, 256), nn.ReLU(), nn.Dense(256, 128), nn.Tanh(), nn.Dense(128, 10)
        ),
        ops.ones((32, 64)),
    ),
    "conv": lambda: training_graph(
        nn.SequentialCell(
            nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2, 2),
            nn.Conv2d(8, 16, 3), nn.BatchNorm2d(16), nn.ReLU(), nn.Flatten(), nn.Dense(16 * 64, 10),
        ),
        ops.ones((4, 3, 16, 16)),
    ),
    "attention": lambda: training_graph(
        nn.TransformerEncoderLayer(16, 4, 32, 0.0), ops.ones((2, 6, 16))
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", sorted(NETS))
def test_the_plan_of_memory_is_near_its_bound_and_nothing_overlaps(kind):
    executable = Executable(optimize(NETS[kind]()))
    plan = executable.plan
    assert plan.bound <= plan.size <= 1.2 * plan.bound
    buffers = list({id(b): b for b in plan.buffers.values()}.values())
    for i, a in enumerate(buffers):
        for b in buffers[:i]:
            together = a.first <= b.last and b.first <= a.last
            assert not together or a.offset + a.size <= b.offset or b.offset + b.size <= a.offset


@pytest.mark.parametrize("kind", sorted(NETS))
def test_every_pass_leaves_a_smaller_or_equal_graph_and_says_what_it_does(kind):
    stages = []
    optimize(NETS[kind](), stages)
    assert [s.name for s in stages] == [
        "capture", "gradient", "auto_monad", "constant_folding", "algebraic_simplification",
        "common_subexpressions", "dead_code",
    ]  # fmt: skip
    sizes = [s.statistics.nodes for s in stages[1:]]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] < sizes[0]
    assert all(len(s.teaches) > 40 for s in stages)
    assert stages[0].statistics.nodes < stages[1].statistics.nodes


def test_statistics_count_products_exactly():
    graph = graph_of(lambda x: ops.matmul(x, ops.ones((4, 5))))
    found = statistics(graph)
    assert found.flops == 2 * 3 * 4 * 5
    assert found.peak_bytes == 3 * 5 * 4


def test_statistics_count_convolutions_exactly():
    """By the images and by the filters as much as forward: one product for each tap and output."""
    x, w = ops.ones((2, 3, 8, 8)), ops.ones((5, 3, 3, 3))
    forward = 2 * (2 * 5 * 6 * 6) * (3 * 3 * 3)
    graph = graph_of(lambda x, w: ops.conv2d(x, w), x, w)
    assert statistics(graph).flops == forward
    both = ms.grad(lambda x, w: ops.conv2d(x, w).sum(), (0, 1))
    counted = [flops(n) for n in graph_of(both, x, w).nodes if "Backprop" in n.prim.name]
    assert counted == [forward, forward]


@pytest.mark.parametrize("size", [fuse.WORTH, fuse.WORTH + 17, 3 * fuse.BLOCK + 1 + fuse.WORTH])
def test_long_chains_are_fused_and_equal(size):
    def chain(x, y):
        a = x * 2 + y
        b = (a - x * y).abs() + 1
        return (b.sqrt() * a - b / (a + 9)).tanh(), b

    rng = np.random.default_rng(1)
    x, y = (ms.Tensor(rng.random(size, np.float32)) for _ in range(2))
    graph = optimize(capture(chain, [x, y]).graph)
    executable = Executable(graph)
    assert len(executable.graph.nodes) == 1
    before = thread_count()
    for threads in (1, 2, 3):  # who takes which block makes no difference
        set_threads(threads)
        try:
            got, _ = executable.run([x._value, y._value])
        finally:
            set_threads(before)
        for g, w in zip(got, chain(x, y), strict=True):
            np.testing.assert_array_equal(g, w.asnumpy())


def test_a_chain_is_ordered_so_that_results_take_the_place_of_operands():
    def chain(x):
        b = x * x
        c = ops.abs(b) + 1
        return ops.sqrt(c) * x - b / c  # the root last: it may overwrite c

    x = ms.Tensor(np.linspace(1, 2, fuse.WORTH, dtype=np.float32))
    [node] = Executable(optimize(capture(chain, [x]).graph)).graph.nodes
    assert [n.prim.name for n in node.attrs["nodes"]] == [
        "Mul", "Abs", "Add", "Div", "Sqrt", "Mul", "Sub",
    ]  # fmt: skip
    code = fuse.source(node)[0]
    assert "t0" in code and "t1" not in code  # the result's own block is the second temporary


@pytest.mark.parametrize("seed", range(12))
def test_any_chain_is_fused_right(seed):
    rng = np.random.default_rng(seed)
    picks = rng.integers(0, 7, 14), rng.integers(0, 50, (14, 2))

    def chain(x, y):
        values = [x, y]
        for kind, (i, j) in zip(*picks, strict=True):
            a, b = values[i % len(values)], values[j % len(values)]
            values.append([a + b, a * b, a - b, ops.abs(a) + 1, ops.tanh(a), ops.relu(a),
                           ops.sigmoid(b)][kind] * 0.5)  # fmt: skip
        return values[-1], values[-1] + values[-2], values[5] * 2, values[9].exp()

    x, y = (ms.Tensor(rng.random(fuse.WORTH + 3, np.float32)) for _ in range(2))
    executable = Executable(optimize(capture(chain, [x, y]).graph))
    assert "Fused" in {n.prim.name for n in executable.graph.nodes}
    got, _ = executable.run([x._value, y._value])
    for g, w in zip(got, chain(x, y), strict=True):
        np.testing.assert_array_equal(g, w.asnumpy())


def test_a_failure_in_another_thread_is_not_lost():
    other = threading.Event()

    def run(parts):
        for _ in parts:
            if threading.current_thread() is not threading.main_thread():
                other.set()
                raise ArithmeticError("in the other thread")
            assert other.wait(120)

    before = thread_count()
    set_threads(2)
    try:
        if thread_count() == 2:  # a machine with one core has no other thread
            with pytest.raises(ArithmeticError, match="other thread"):
                share(run, range(4), 1e9)
    finally:
        set_threads(before)


def test_text_and_dot_show_every_node_its_types_and_its_line():
    graph = graph_of(ms.grad(lambda x: ops.relu(x).sum()))
    text = to_ir(graph)
    for node in graph.nodes:
        assert f"({node.prim.name}) = {node.prim.name}(" in text
    assert text.count("# In file") == len(graph.nodes)
    assert "%para1_x : <Tensor[Float32], (3, 4)>" in text
    dot = to_dot(graph)
    assert dot.count('label="ReLU"') == 1
    if shutil.which("dot") is None:
        pytest.skip("Graphviz is not installed")
    assert graphviz.Source(dot).pipe(format="svg").startswith(b"<?xml")


def test_dot_shows_branches_and_loops_as_boxes():
    def steered(x):
        while x.sum() < 9:
            x = x * 2 if x.max() > 1 else x + 1
        return x

    graph = ms.jit(steered).compile((ops.ones((2,)),), {}).graph
    dot = to_dot(graph)
    titles = re.findall(r'subgraph cluster_(\w+) \{ label="(\w+): @', dot)
    assert [t for _, t in titles] == ["cond", "body", "then", "els"]
    assert len({name for name, _ in titles}) == 4
    assert all(
        f"{name}return -> {name.rsplit('_', 2)[0]} [style=dashed" in dot for name, _ in titles
    )
    if shutil.which("dot") is not None:
        assert graphviz.Source(dot).pipe(format="svg").startswith(b"<?xml")


def test_hostile_names_are_quoted_in_dot():
    p = ms.Parameter(ops.ones((1,)), name='a"]; evil [label="x\\')
    dot = to_dot(capture(lambda x: x + p, [ops.ones((1,))]).graph)
    assert 'a\\"]; evil [label=\\"x\\\\' in dot
