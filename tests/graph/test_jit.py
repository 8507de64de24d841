"""`ms.jit` as its users meet it: values, training, random numbers, recompilation, errors."""

from __future__ import annotations

import threading
import time
import warnings

import numpy as np
import pytest

import mslearn as ms
from mslearn import nn, ops

RNG = np.random.default_rng(5)


def tensor(*shape):
    return ms.Tensor(RNG.standard_normal(shape).astype(np.float32))


def copies(make):
    """Two of the same, with the same initial values."""
    ms.set_seed(3)
    first = make()
    ms.set_seed(3)
    return first, make()


class LeNet(nn.Cell):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 5, pad_mode="valid")
        self.conv2 = nn.Conv2d(6, 16, 5, pad_mode="valid")
        self.bn = nn.BatchNorm2d(16)
        self.pool = nn.MaxPool2d(2, 2)
        self.flat = nn.Flatten()
        self.drop = nn.Dropout(p=0.3)
        self.fc = nn.Dense(16 * 4 * 4, 10)

    def construct(self, x):
        x = self.pool(ops.relu(self.conv1(x)))
        x = self.pool(ops.relu(self.bn(self.conv2(x))))
        return self.fc(self.drop(self.flat(x)))


class Reader(nn.Cell):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(20, 8)
        self.lstm = nn.LSTM(8, 12, batch_first=True, bidirectional=True)
        self.norm = nn.LayerNorm((24,))
        self.fc = nn.Dense(24, 3)

    def construct(self, ids):
        out, _ = self.lstm(self.embed(ids))
        return self.fc(self.norm(out.mean(1)))


NETWORKS = {
    "mlp": (
        lambda: nn.SequentialCell(
            nn.Dense(6, 8), nn.Tanh(), nn.Dropout(p=0.5), nn.Dense(8, 8), nn.GELU(), nn.Dense(8, 3)
        ),
        lambda: tensor(5, 6),
        3,
    ),
    "lenet": (LeNet, lambda: tensor(3, 1, 28, 28), 10),
    "reader": (Reader, lambda: ms.Tensor(RNG.integers(0, 20, (4, 7)), ms.int32), 3),
}
OPTIMIZERS = {
    "momentum": lambda p: nn.Momentum(p, 0.05, 0.9, weight_decay=1e-3),
    "adam": lambda p: nn.Adam(p, nn.cosine_decay_lr(0.001, 0.01, 20, 10, 2)),
    "schedule": lambda p: nn.AdamWeightDecay(p, nn.ExponentialDecayLR(0.01, 0.9, 4)),
    "rmsprop": lambda p: nn.RMSProp(p, 0.003),
}


def steps(net, optimizer, data, label):
    loss_fn = nn.CrossEntropyLoss()

    def forward(x, y):
        return loss_fn(net(x), y)

    grad_fn = ms.value_and_grad(forward, None, optimizer.parameters)

    def step(x, y):
        loss, grads = grad_fn(x, y)
        optimizer(ops.clip_by_global_norm(grads, 1.0))
        return loss

    return step


@pytest.mark.parametrize("rule", sorted(OPTIMIZERS))
@pytest.mark.parametrize("kind", sorted(NETWORKS))
def test_twenty_steps_of_training_equal_eager_code(kind, rule):
    make, data, classes = NETWORKS[kind]
    x = data()
    y = ms.Tensor(RNG.integers(0, classes, x.shape[0]), ms.int32)
    losses, ends = [], []
    for net, wrap in zip(copies(make), (lambda f: f, ms.jit), strict=True):
        net.set_train()
        step = wrap(steps(net, OPTIMIZERS[rule](net.trainable_params()), x, y))
        ms.set_seed(11)  # dropout draws the same masks, bit for bit
        losses.append([float(step(x, y)) for _ in range(20)])
        ends.append([p.asnumpy() for p in net.get_parameters()])
    np.testing.assert_allclose(losses[1], losses[0], rtol=2e-5, atol=2e-6)
    for a, b in zip(*ends, strict=True):
        np.testing.assert_allclose(b, a, rtol=1e-3, atol=3e-5)
    assert losses[0][-1] < losses[0][0]


def test_dropout_is_the_same_bit_for_bit():
    x = ops.ones((50, 7))
    eager = lambda v: ops.dropout(v, 0.4) + ops.rand(50, 7)  # noqa: E731
    ms.set_seed(2)
    want = [eager(x).asnumpy() for _ in range(3)]
    jitted = ms.jit(eager)
    ms.set_seed(2)
    got = [jitted(x).asnumpy() for _ in range(3)]
    np.testing.assert_array_equal(got, want)
    assert not np.array_equal(got[0], got[1])
    np.testing.assert_array_equal(
        eager(x).asnumpy(), (ms.set_seed(2), [eager(x) for _ in range(4)])[1][3].asnumpy()
    )


def test_nested_results_and_arguments_keep_their_form():
    @ms.jit
    def f(pair, named, k=2):
        a, b = pair
        return {"sum": a + b, "rest": [named["c"] * k, (a, 7, "text", None)]}

    a, b, c = tensor(2), tensor(2), tensor(3)
    out = f((a, b), {"c": c}, k=3)
    np.testing.assert_allclose(out["sum"].asnumpy(), (a + b).asnumpy())
    np.testing.assert_allclose(out["rest"][0].asnumpy(), (c * 3).asnumpy())
    assert out["rest"][1][1:] == (7, "text", None)
    assert len(f.compilations) == 1


def test_each_new_kind_of_argument_makes_a_graph_and_says_why():
    @ms.jit
    def f(x, k):
        return x * k

    f(tensor(2), 2)
    f(tensor(2), 2)
    f(tensor(3), 2)
    f(tensor(3), 5)
    assert [c.cause for c in f.compilations] == [
        "it is the first call",
        "tensor 0 has shape [3], before it had [2]",
        "the arguments are now (Tensor, 5), before they were (Tensor, 2)",
    ]


def test_a_change_of_the_training_flag_makes_another_graph():
    net = nn.SequentialCell(nn.Dense(4, 4), nn.Dropout(p=0.5))
    jitted = ms.jit(net)
    x = tensor(3, 4)
    still = jitted(x).asnumpy()
    net.set_train()
    ms.set_seed(1)
    assert (jitted(x).asnumpy() == 0).any()
    net.set_train(False)
    np.testing.assert_array_equal(jitted(x).asnumpy(), still)
    assert len(jitted.compilations) == 2
    assert "training" in jitted.compilations[1].cause


def test_many_graphs_are_worth_a_warning():
    @ms.jit
    def f(x):
        return x + 1

    with pytest.warns(UserWarning, match="compiled 8 times; .* shape"):
        for n in range(1, 9):
            f(tensor(n))


def test_parameters_that_a_function_assigns_have_their_new_values_afterwards():
    w = ms.Parameter(ops.ones((2,)), name="w")
    kept = w.asnumpy()

    @ms.jit
    def f(x):
        ops.assign(w, w + x)
        return w * 2

    np.testing.assert_array_equal(f(ops.ones((2,))).asnumpy(), [4, 4])
    np.testing.assert_array_equal(w.asnumpy(), [2, 2])
    np.testing.assert_array_equal(kept, [1, 1])
    with pytest.raises(ms.ShapeError):
        f(ops.ones((3,)))
    np.testing.assert_array_equal(w.asnumpy(), [2, 2])  # a failed capture leaves no trace


def test_an_optimizer_in_a_graph_leaves_arrays_alone_that_somebody_else_holds():
    net = nn.Dense(3, 2)
    step = ms.jit(steps(net, nn.Momentum(net.trainable_params(), 0.1, 0.9), None, None))
    x, y = tensor(4, 3), ms.Tensor([0, 1, 0, 1], ms.int32)
    step(x, y)
    held = net.weight.asnumpy()
    copy = held.copy()
    step(x, y)
    np.testing.assert_array_equal(held, copy)
    assert not np.array_equal(net.weight.asnumpy(), copy)
    del held
    before = id(net.weight._value)
    step(x, y)
    assert id(net.weight._value) == before  # overwritten, no new array


def test_results_are_nobody_elses_memory():
    @ms.jit
    def f(x):
        y = x * 2
        return y, y.reshape((-1,)), x, y + 1

    x = tensor(3, 2)
    first = [t.asnumpy() for t in f(x)]
    copies_ = [a.copy() for a in first]
    f(tensor(3, 2))
    for a, b in zip(first, copies_, strict=True):
        np.testing.assert_array_equal(a, b)


def test_an_in_place_change_of_an_argument_stays_inside():
    @ms.jit
    def f(x):
        x[0] = 9.0
        x += 1
        return x

    x = ops.zeros((2,))
    np.testing.assert_array_equal(f(x).asnumpy(), [10, 1])
    np.testing.assert_array_equal(x.asnumpy(), [0, 0])


def test_a_mask_assignment_is_part_of_the_graph():
    @ms.jit(fullgraph=True)
    def f(x):
        x[x > 0] = 0
        return x

    x = tensor(4, 3)
    np.testing.assert_array_equal(f(x).asnumpy(), np.minimum(x.asnumpy(), 0))


def test_gradients_inside_outside_and_of_gradients():
    def f(x):
        return (ops.sin(x) * x).sum()

    x = tensor(4)
    want = ms.grad(f)(x).asnumpy()
    np.testing.assert_allclose(ms.jit(ms.grad(f))(x).asnumpy(), want, rtol=1e-6)
    np.testing.assert_allclose(ms.grad(ms.jit(f))(x).asnumpy(), want, rtol=1e-6)
    second = ms.grad(lambda v: ms.grad(f)(v).sum())
    np.testing.assert_allclose(ms.jit(second)(x).asnumpy(), second(x).asnumpy(), rtol=1e-5)
    rows = tensor(5, 4)
    mapped = ms.vmap(ms.grad(f))
    np.testing.assert_allclose(ms.jit(mapped)(rows).asnumpy(), mapped(rows).asnumpy(), rtol=1e-6)


def test_custom_gradients_and_recomputed_cells_are_inlined():
    class Clipped(nn.Cell):
        def construct(self, x):
            return x * x

        def bprop(self, x, out, dout):
            return (ops.clip_by_value(dout * 2 * x, -1.0, 1.0),)

    deep = nn.SequentialCell(nn.Dense(4, 4), nn.Dropout(p=0.5), nn.Tanh())
    deep.recompute()
    deep.set_train()
    clipped = Clipped()

    def loss(x):
        return clipped(deep(x)).sum()

    x = tensor(3, 4)
    ms.set_seed(4)
    want = ms.value_and_grad(loss, 0, deep.trainable_params())(x)
    ms.set_seed(4)
    got = ms.jit(ms.value_and_grad(loss, 0, deep.trainable_params()))(x)
    for a, b in zip(flat(want), flat(got), strict=True):
        np.testing.assert_allclose(b, a, rtol=1e-5, atol=1e-6)


def flat(thing):
    if isinstance(thing, tuple | list):
        return [leaf for t in thing for leaf in flat(t)]
    return [thing.asnumpy()]


def test_what_needs_numbers_runs_eagerly_with_a_warning_or_fails_with_fullgraph():
    def f(x):
        return x * float(x.sum())

    x = tensor(3)
    with pytest.warns(UserWarning, match="graph: numbers are needed in 'f'"):
        np.testing.assert_allclose(ms.jit(f)(x).asnumpy(), f(x).asnumpy())
    with pytest.raises(RuntimeError, match="has no value yet"):
        ms.jit(f, fullgraph=True)(x)
    quiet = ms.jit(f)
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        quiet(x)
        quiet(x)
    assert len(seen) == 1


def test_errors_of_a_graph_are_those_of_eager_code():
    with pytest.raises(ms.ShapeError, match="For 'MatMul'"):
        ms.jit(lambda a, b: ops.matmul(a, b))(tensor(2, 3), tensor(2, 3))
    net = nn.SequentialCell(nn.Dense(3, 2))
    bad = ms.Tensor([5], ms.int32)
    loss = nn.CrossEntropyLoss()
    messages = []
    for call in (lambda x, y: loss(net(x), y), ms.jit(lambda x, y: loss(net(x), y))):
        with pytest.raises(RuntimeError) as caught:
            call(tensor(1, 3), bad)
        messages.append(str(caught.value))
    assert messages[0] == messages[1]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"capture_mode": "tracing"}, "capture_mode must be one of"),
        ({"jit_level": "O7"}, "jit_level must be one of"),
        ({"fullgraf": True}, "no option 'fullgraf'"),
    ],
)
def test_wrong_options(options, message):
    with pytest.raises(ValueError, match=message):
        ms.jit(lambda x: x, **options)


def test_graph_mode_runs_cells_as_graphs():
    net = LeNet()
    x = tensor(2, 1, 28, 28)
    want = net(x).asnumpy()
    ms.set_context(mode=ms.GRAPH_MODE)
    try:
        np.testing.assert_allclose(net(x).asnumpy(), want, atol=1e-6)
        assert len(net.__dict__["_jitted"].compilations) == 1
        grads = ms.grad(lambda v: net(v).sum())(x)
        assert grads.shape == x.shape
    finally:
        ms.set_context(mode=ms.PYNATIVE_MODE)


def test_methods_and_decorated_constructs():
    class Net(nn.Cell):
        def __init__(self, k):
            super().__init__()
            self.k = k
            self.fc = nn.Dense(3, 3)

        @ms.jit
        def construct(self, x):
            return self.fc(x) * self.k

        @ms.jit
        def twice(self, x):
            return self(self(x))

    a, b = Net(2), Net(3)
    x = tensor(2, 3)
    np.testing.assert_allclose(a(x).asnumpy(), (a.fc(x) * 2).asnumpy(), rtol=1e-6)
    np.testing.assert_allclose(b(x).asnumpy(), (b.fc(x) * 3).asnumpy(), rtol=1e-6)
    np.testing.assert_allclose(a.twice(x).asnumpy(), a(a(x)).asnumpy(), rtol=1e-5)


def test_saved_graphs_are_numbered_stages(tmp_path):
    ms.set_context(save_graphs=2, save_graphs_path=str(tmp_path))
    try:
        ms.jit(ms.grad(lambda x: (x * x).sum()))(tensor(2, 3))
    finally:
        ms.set_context(save_graphs=False)
    names = sorted(p.name for p in tmp_path.iterdir())
    assert names[:4] == [
        "00_capture_0000.dot", "00_capture_0000.ir", "01_gradient_0000.dot", "01_gradient_0000.ir",
    ]  # fmt: skip
    text = (tmp_path / "01_gradient_0000.ir").read_text()
    assert "subgraph @" in text
    assert "(<Tensor[Float32], (2, 3)>" in text
    assert f"# In file {__file__}:" in text
    assert "Gradients/Default" in text
    assert names[-1].endswith(".py")


def test_a_look_from_another_thread_waits_for_the_end_of_a_capture():
    net, seen, begun = nn.Dense(3, 2), [], threading.Event()
    before = net.weight.asnumpy().copy()

    def look():
        begun.set()
        seen.append(net.weight.asnumpy())

    def step(x):
        out = net(x)
        ops.assign(net.weight, net.weight * 2)
        thread.start()
        assert begun.wait(120)
        time.sleep(0.05)  # time for a look at what has no numbers
        return out

    thread = threading.Thread(target=look)
    ms.jit(step, capture_mode="trace").compile((tensor(4, 3),), {})
    thread.join(120)
    np.testing.assert_array_equal(seen[0], before)


def test_threads_share_a_graph():
    from concurrent.futures import ThreadPoolExecutor

    f = ms.jit(lambda x: ops.tanh(x * 2 + 1) * ops.exp(-x) + x.sum())
    xs = [tensor(64, 64) for _ in range(24)]
    f(xs[0])
    want = [(ops.tanh(x * 2 + 1) * ops.exp(-x) + x.sum()).asnumpy() for x in xs]
    with ThreadPoolExecutor(4) as pool:
        got = list(pool.map(f, xs))
    for a, b in zip(got, want, strict=True):
        np.testing.assert_allclose(a.asnumpy(), b, rtol=1e-5, atol=1e-5)
