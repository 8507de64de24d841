"""What people write every day, on ONNX Runtime as on NumPy: five steps, then every number agrees.

Each case is a function of a target that trains or computes something and gives its numbers.
"""

from __future__ import annotations

import copy
import threading

import numpy as np
import pytest
from backends.programs import STEPS, T, agree, data, mlp, rng, stepper, trained, weights

import mslearn as ms
from mslearn import amp, nn, ops

pytest.importorskip("onnxruntime")
# -------------------------------------------------------------------------------- training


def smaller_last_batch(target):
    net = mlp()
    return trained(net, nn.RMSProp(net.trainable_params(), 0.01), target,
                   [data(n) for n in (5, 5, 2, 5, 1)])  # fmt: skip


def schedule_and_clipping(target):
    net = mlp()
    rates = nn.exponential_decay_lr(0.1, 0.9, 10, 2, 1)
    optimizer = nn.AdamWeightDecay(net.trainable_params(), rates)
    return trained(net, optimizer, target, change=lambda g: ops.clip_by_global_norm(g, 0.1))


def gradient_accumulation(target):
    net = mlp()
    optimizer = nn.Adam(net.trainable_params(), 0.01)
    sums = [ms.Parameter(ops.zeros(p.shape), f"sum{i}", requires_grad=False)
            for i, p in enumerate(optimizer.parameters)]  # fmt: skip
    loss_fn = nn.CrossEntropyLoss()
    grad_fn = ms.value_and_grad(lambda x, y: loss_fn(net(x), y), None, optimizer.parameters)

    def collect(x, y):
        loss, grads = grad_fn(x, y)
        for p, g in zip(sums, grads, strict=True):
            ops.assign_add(p, g)
        return loss

    def update():
        optimizer(tuple(p / 2 for p in sums))
        for p in sums:
            ops.assign(p, ops.zeros_like(p))
        return True

    collect, update = ms.jit(collect, backend=target), ms.jit(update, backend=target)
    losses = []
    for i in range(2 * STEPS):
        losses.append(float(collect(*data())))
        if i % 2:
            update()
    return losses, weights(net, optimizer), [p.asnumpy() for p in sums]


def loss_scaling(target):
    """The loop of MindSpore's tutorial; the third step overflows and is left out."""
    net, scaler = mlp(), amp.DynamicLossScaler(1024, 2, 2)
    optimizer, loss_fn = nn.Momentum(net.trainable_params(), 0.1, 0.9), nn.CrossEntropyLoss()
    grad_fn = ms.value_and_grad(
        lambda x, y: scaler.scale(loss_fn(net(x), y)), None, optimizer.parameters
    )

    @ms.jit(backend=target, fullgraph=True)
    def step(x, y):
        loss, grads = grad_fn(x, y)
        grads = scaler.unscale(grads)
        good = amp.all_finite(grads)
        if good:
            optimizer(grads)
        scaler.adjust(good)
        return scaler.unscale(loss)

    x, y = data()
    seen = []
    for i in range(STEPS):
        loss = step(x * np.inf if i == 2 else x, y)
        seen.append((float(loss), float(scaler.scale_value), int(scaler.counter)))
    assert [s[1] for s in seen] == [1024, 2048, 1024, 1024, 2048] and len(step.compilations) == 1
    return [s for i, s in enumerate(seen) if i != 2], weights(net, optimizer)


def two_players(target):
    """Two jitted steps that share Parameters."""
    maker = nn.SequentialCell(nn.Dense(2, 6), nn.ReLU(), nn.Dense(6, 4))
    judge = nn.SequentialCell(nn.Dense(4, 6), nn.LeakyReLU(0.2), nn.Dense(6, 1))
    mine, theirs = (nn.Adam(c.trainable_params(), 0.01) for c in (maker, judge))
    loss_fn, ones, zeros = nn.BCEWithLogitsLoss(), ops.ones((5, 1)), ops.zeros((5, 1))

    def judged(z, x):
        return loss_fn(judge(x), ones) + loss_fn(judge(ops.stop_gradient(maker(z))), zeros)

    judging = ms.value_and_grad(judged, None, theirs.parameters)
    making = ms.value_and_grad(lambda z: loss_fn(judge(maker(z)), ones), None, mine.parameters)

    @ms.jit(backend=target)
    def judge_step(z, x):
        loss, grads = judging(z, x)
        theirs(grads)
        return loss

    @ms.jit(backend=target)
    def make_step(z):
        loss, grads = making(z)
        mine(grads)
        return loss

    numbers, losses = rng(), []
    for _ in range(STEPS):
        z, x = (T(numbers.standard_normal((5, n)).astype(np.float32)) for n in (2, 4))
        losses += [float(judge_step(z, x)), float(make_step(z))]
    return losses, weights(maker, judge, mine, theirs)


def frozen_then_free(target):
    net = nn.SequentialCell(nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.ReLU(), nn.Flatten(),
                            nn.Dense(108, 3))  # fmt: skip
    net.set_train()
    net[1].set_train(False)
    for p in net[0].get_parameters():
        p.requires_grad = False
    step = stepper(net, nn.SGD(net.trainable_params(), 0.1, 0.0, 1e-3), target)
    x, y = T(rng().random((5, 1, 6, 6), np.float32)), data()[1]
    losses = [float(step(x, y)) for _ in range(3)]
    before = net[0].weight.asnumpy().copy()
    for p in net[0].get_parameters():
        p.requires_grad = True
    step = stepper(net, nn.SGD(net.trainable_params(), 0.1), target)
    losses += [float(step(x, y)) for _ in range(2)]
    assert not np.array_equal(before, net[0].weight.asnumpy())
    return losses, weights(net)


def checkpoint_between(target, folder="."):
    net = mlp()
    optimizer = nn.Adam(net.trainable_params(), 0.01)
    step = stepper(net, optimizer, target)
    for _ in range(2):
        step(*data())
    ms.save_checkpoint(optimizer, f"{folder}/state.ckpt")
    ms.save_checkpoint(net, f"{folder}/net.ckpt")
    for _ in range(3):
        step(*data())
    ms.load_param_into_net(net, ms.load_checkpoint(f"{folder}/net.ckpt"))
    ms.load_param_into_net(optimizer, ms.load_checkpoint(f"{folder}/state.ckpt"))
    return [float(step(*data())) for _ in range(STEPS)], weights(net, optimizer)


def recurrent(target):
    class Reader(nn.Cell):
        def __init__(self):
            super().__init__()
            self.gru = nn.GRU(6, 4, num_layers=2, bidirectional=True, batch_first=True)
            self.head = nn.Dense(8, 3)

        def construct(self, x):
            return self.head(self.gru(x.reshape(-1, 1, 6))[0].mean(1))

    net = Reader()
    return trained(net, nn.Adam(net.trainable_params(), 0.01), target)


def chinese_names(target):
    class 网络(nn.Cell):
        def __init__(self):
            super().__init__()
            self.权重 = ms.Parameter(T(np.full((6, 3), 0.1, np.float32)), name="权重")

        def construct(self, 输入):
            return ops.matmul(输入, self.权重)

    net = 网络()
    return trained(net, nn.Momentum(net.trainable_params(), 0.1, 0.9), target)


TRAININGS = [smaller_last_batch, schedule_and_clipping, gradient_accumulation, loss_scaling,
             two_players, frozen_then_free, recurrent, chinese_names]  # fmt: skip


# -------------------------------------------------------------------------------- computing


def while_loop(x):
    while x.sum() < 100:
        x = x * 2
    return x


def branch(x):
    y = x - 1
    if x.sum() > 0:
        y = x * 2
    return y


def scanned(x):
    total, sums = ops.Scan()(lambda c, r: (c * 0.5 + r, c.sum()), ops.zeros((4,)), x, None)
    return total, sums


def selections(x):
    y = x + 0
    y[0] = 1.0
    return (y, x[1:, ::2], ops.topk(x, 2), ops.sort(x), x.argmax(1), x.std(), ops.cumsum(x, 0),
            ops.where(x > 0.5, x, -x), ops.einsum("ij,kj->ik", x, x))  # fmt: skip


def random_numbers(x):
    return (ops.dropout(x, 0.5, training=True), ops.randn(3, 4), ops.randint(0, 9, (4,)),
            ops.randperm(5), ops.bernoulli(x, 0.5), ops.normal((2,), x[0, 0], x[0, 1]))  # fmt: skip


LARGE = T(rng().random((500, 500), np.float32))
SHARED = ms.Parameter(T(np.ones(4, np.float32)), name="shared")
X = T(rng().random((3, 4), np.float32))
COMPUTING = {
    "while": (while_loop, X),
    "if": (branch, -X),
    "scan": (scanned, X),
    "selections": (selections, X),
    "random": (random_numbers, X),
    "gradient of a gradient": (ms.grad(lambda x: (ms.grad(ops.sin)(x) * x).sum()), X),
    "large constant": (lambda x: ops.matmul(x, LARGE[:4]), X),
    "nothing but constants": (lambda x: ops.ones((2,)) * 3, X),
    "nothing at all": (lambda x: x, X),
    "the same twice": (lambda x: (x, x, SHARED, SHARED + 0, {"a": [x * 2]}), X),
    "no rows": (lambda x: (x * 2, x.sum(), ops.relu(x), ops.matmul(x, LARGE[:4])), X[:0]),
    "not a number": (lambda x: (ops.sqrt(x), ops.log(x), ops.maximum(x, x * 0), ops.softmax(x)),
                     T(np.array([[np.nan, -1, 0, np.inf, -np.inf, 2]], np.float32))),
    **{f"{k} numbers": (lambda x, y: (x + y, x * y, x // y, x % y, x > y, x.max()),
                        T(np.array([7, 5, 1], k)), T(np.array([2, 3, 4], k)))
       for k in ("int32", "int64", "int8", "uint8", "float16", "float64")},
    "bool": (lambda x, y: (ops.logical_and(x, y), x == y, ops.bitwise_xor(x, y)),
             T(np.array([True, False])), T(np.array([True, True]))),
}  # fmt: skip


# ------------------------------------------------------------------------------------ tests


def of_both(case, *args):
    results = []
    for target in ("onnxruntime", "numpy"):
        ms.set_seed(1)
        results.append(case(target, *args))
    agree(*results)


@pytest.mark.filterwarnings("ignore:invalid value")
@pytest.mark.parametrize("case", TRAININGS)
def test_training(case):
    of_both(case)


def test_a_checkpoint_in_between(tmp_path):
    of_both(checkpoint_between, tmp_path)


@pytest.mark.filterwarnings("ignore:invalid value|divide by zero")
@pytest.mark.parametrize("name", COMPUTING)
def test_computing(name):
    function, *args = COMPUTING[name]

    def case(target):
        run = ms.jit(function, backend=target)
        found = [run(*args) for _ in range(2)]
        assert len(run.compilations) == 1
        return found

    of_both(case)


def test_o1_computes_as_numpy_does():
    """Float16 has 11 bits, and the runtimes round their sums of it differently."""
    found = []
    for target in ("onnxruntime", "numpy"):
        ms.set_seed(1)
        net = amp.auto_mixed_precision(mlp(), "O1")
        found.append(trained(net, nn.Momentum(net.trainable_params(), 0.1, 0.9), target))
    assert found[0][0] == pytest.approx(found[1][0], abs=2e-3)
    assert {v.dtype for v in found[0][1].values() if v.dtype.kind == "f"} == {np.dtype("f4")}


def test_copies_go_their_own_ways():
    net = mlp()
    x, _ = data()
    run = ms.jit(net, backend="onnxruntime")
    before = run(x).asnumpy()
    other = copy.deepcopy(net)
    for p in other.get_parameters():
        p.set_data(p * 2)
    agree(ms.jit(other, backend="onnxruntime")(x), other(x))
    agree(run(x), before)


def test_a_worker_trains_while_others_read():
    """What somebody has read never changes, and the worker's numbers are those of NumPy."""
    ms.set_seed(1)
    net = mlp()
    step = stepper(net, nn.Momentum(net.trainable_params(), 0.1, 0.9), "onnxruntime")
    losses, errors = [], []

    def train():
        try:
            losses.extend(float(step(*data())) for _ in range(100))
        except Exception as error:
            errors.append(error)

    worker = threading.Thread(target=train)
    worker.start()
    seen = []
    while worker.is_alive():
        array = net[0].weight.asnumpy()
        seen = [*seen[-50:], (array, array.copy())]
    worker.join()
    assert not errors and all(np.array_equal(a, b) for a, b in seen)
    ms.set_seed(1)
    again = mlp()
    wanted = stepper(again, nn.Momentum(again.trainable_params(), 0.1, 0.9), "numpy")
    agree(losses[:STEPS], [float(wanted(*data())) for _ in range(STEPS)])
