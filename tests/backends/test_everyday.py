"""What people write every day, on ONNX Runtime as on NumPy: five steps, then every number agrees.

Each case is a function of a target that trains or computes something and gives its numbers.
"""

from __future__ import annotations

import copy
import pickle
import threading
import warnings

import numpy as np
import pytest

import mslearn as ms
from mslearn import amp, backends, nn, ops
from mslearn.backends.base import BackendError
from mslearn.train import Model

pytest.importorskip("onnxruntime")
T = ms.Tensor
STEPS = 5


def rng():
    return np.random.default_rng(0)


def data(rows=5):
    x, y = rng().random((rows, 6), np.float32), np.arange(rows, dtype=np.int32) % 3
    return T(x), T(y)


def mlp():
    return nn.SequentialCell(nn.Dense(6, 8), nn.ReLU(), nn.Dense(8, 3))


def weights(*cells):
    return {f"{i}.{p.name}": p.asnumpy() for i, c in enumerate(cells) for p in c.get_parameters()}


def stepper(net, optimizer, target, change=lambda grads: grads, **options):
    loss_fn = nn.CrossEntropyLoss()
    grad_fn = ms.value_and_grad(lambda x, y: loss_fn(net(x), y), None, optimizer.parameters)

    def step(x, y):
        loss, grads = grad_fn(x, y)
        optimizer(change(grads))
        return loss

    return ms.jit(step, backend=target, **options)


def trained(net, optimizer, target, batches=None, change=lambda grads: grads):
    step = stepper(net, optimizer, target, change)
    losses = [float(step(*(batches or [data()] * STEPS)[i])) for i in range(STEPS)]
    return losses, weights(net, optimizer)


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


def agree(found, wanted, where=""):
    if isinstance(wanted, dict):
        assert found.keys() == wanted.keys()
        for key in wanted:
            agree(found[key], wanted[key], f"{where} {key}")
    elif isinstance(wanted, tuple | list):
        assert len(found) == len(wanted)
        for i, pair in enumerate(zip(found, wanted, strict=True)):
            agree(*pair, f"{where}[{i}]")
    else:
        a, b = (np.asarray(v.asnumpy() if isinstance(v, T) else v) for v in (found, wanted))
        assert a.dtype == b.dtype, where
        np.testing.assert_allclose(a, b, rtol=2e-6, atol=1e-6, err_msg=where)


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


@pytest.fixture
def graph_mode():
    yield lambda target: ms.set_context(mode=ms.GRAPH_MODE, device_target=target)
    ms.set_context(mode=ms.PYNATIVE_MODE, device_target="CPU", runtime_num_threads=1)
    for name in ("ONNX-CPU", "onnxruntime"):
        backends.configure(name)


class Solver(nn.Cell):
    """A network with an operation that ONNX does not have."""

    def __init__(self):
        super().__init__()
        self.dense = nn.Dense(6, 3)

    def construct(self, x):
        return self.dense(x) * ops.cholesky(ops.diag(x[0, :2] + 1)).sum()


def fitted(target=None):
    ms.set_seed(0)
    net = Solver()
    optimizer = nn.Momentum(net.trainable_params(), 0.1, 0.9)
    batches = ms.dataset.NumpySlicesDataset(
        (data(10)[0].asnumpy(), data(10)[1].asnumpy()), ["x", "y"], shuffle=False
    )
    Model(net, nn.CrossEntropyLoss(), optimizer).train(2, batches.batch(4), dataset_sink_mode=False)
    return weights(net)


def test_set_context_with_settings_of_a_target(graph_mode):
    """A program that was written for MindSpore has no @jit to carry them."""
    wanted = fitted()
    graph_mode("ONNX-CPU")
    with pytest.raises(BackendError, match=r"(?s)Cholesky.*configure\("):
        fitted()
    backends.configure("ONNX-CPU", fallback="cpu")
    with pytest.warns(UserWarning, match="lacks them: Cholesky"):
        agree(fitted(), wanted)


@pytest.mark.filterwarnings("ignore:invalid value")
def test_model_scales_the_loss_inside_of_a_graph(graph_mode):
    """The manager is a Python object; the second batch overflows, and its step is left out."""
    x, y = (t.asnumpy() for t in data(12))
    x[4:8] = np.inf
    found = []
    for target in ("CPU", "ONNX-CPU"):
        graph_mode(target)
        if target == "CPU":
            ms.set_context(mode=ms.PYNATIVE_MODE)
        ms.set_seed(0)
        net, manager = mlp(), amp.DynamicLossScaleManager(1024, 2, 3)
        optimizer = nn.Momentum(net.trainable_params(), 0.1, 0.9)
        model = Model(net, nn.CrossEntropyLoss(), optimizer, loss_scale_manager=manager)
        batches = ms.dataset.NumpySlicesDataset((x, y), ["x", "y"], shuffle=False).batch(4)
        with warnings.catch_warnings():
            warnings.simplefilter("error", UserWarning)
            model.train(2, batches, dataset_sink_mode=False)
        found.append((weights(net, optimizer), manager.get_loss_scale()))
        assert not any("loss_scale" in p.name for p in model.train_network.get_parameters())
    assert len(model.train_network._jitted.compilations) == 1
    agree(*found[::-1])


def test_changed_settings_make_a_new_graph_that_says_why(graph_mode):
    graph_mode("ONNX-CPU")
    run = ms.jit(lambda x: x * 2 + 1)
    changes = [
        (lambda: None, "it is the first call"),
        (lambda: backends.configure("ONNX-CPU", threads=2), "is now ONNX-CPU: threads=2"),
        (lambda: backends.configure("onnxruntime", threads=3), "is now onnxruntime: threads=3"),
        (lambda: backends.configure("ONNX-CPU"), "is now ONNX-CPU: as at first"),
        (lambda: ms.set_context(runtime_num_threads=2), "'runtime_num_threads' of Context is now"),
    ]
    for change, cause in changes:
        change()
        agree([run(X), run(X)], [X * 2 + 1] * 2)
        assert cause in run.compilations[-1].cause
    threads = [c.executable.session.get_session_options().intra_op_num_threads
               for c in run.compilations]  # fmt: skip
    assert threads == [1, 2, 2, 3, 3]
    ms.set_context(runtime_num_threads=1)
    run(X)
    assert len(run.compilations) == len(changes)  # as it has been once


def test_what_jit_says_is_stronger(graph_mode):
    backends.configure("onnxruntime", fallback="cpu", threads=2)
    x = T(np.eye(3, dtype=np.float32))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ms.jit(ops.cholesky, backend="ONNX-CPU")(x)
    with pytest.raises(BackendError, match="Cholesky"):
        ms.jit(ops.cholesky, backend="ONNX-CPU", fallback="error")(x)
    run = ms.jit(lambda x: x * 2, backend="onnxruntime", threads=1)
    run(x)
    session = run.compilations[0].executable.session
    assert session.get_session_options().intra_op_num_threads == 1


@pytest.mark.filterwarnings("ignore:Graphs go to")
def test_set_device_is_set_context(graph_mode):
    ms.set_device("ONNX-CPU", 0)
    assert ms.get_current_device() == ("ONNX-CPU", 0)
    with pytest.raises(ValueError, match="Did you mean 'Ascend'"):
        ms.set_device("Ascent")
    with pytest.raises(TypeError, match="device_target is a str"):
        ms.set_device(3)
    for number in (-1, "0", 5000):
        with pytest.raises(ValueError, match="device_id must be an int from 0 to 4095"):
            ms.set_context(device_id=number)
    assert ms.get_current_device() == ("ONNX-CPU", 0)


def test_what_cannot_be_a_graph_says_that_it_stays_on_the_cpu():
    run = ms.jit(lambda x: x * float(x.sum().asnumpy()), backend="ONNX-CPU")
    with pytest.warns(UserWarning, match="without a graph, on the CPU and not on 'ONNX-CPU'"):
        agree(run(X), X * float(X.sum()))


def test_a_gradient_from_outside_is_not_silent(graph_mode, monkeypatch):
    """`ms.grad` of a jitted function follows it operation by operation, on NumPy."""
    monkeypatch.setattr(backends.registry, "_told", set())
    run = ms.jit(lambda x: (x * x).sum(), backend="ONNX-CPU")
    with pytest.warns(UserWarning, match=r"on the CPU and not on 'ONNX-CPU', since it is diff"):
        agree(ms.grad(run)(X), X * 2)
    graph_mode("ONNX-CPU")
    net, (x, _) = mlp(), data()
    loss = ms.value_and_grad(lambda x: net(x).sum(), None, net.trainable_params())
    with pytest.warns(UserWarning, match="'SequentialCell' runs operation by operation"):
        outside = loss(x)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # said once; and a step that is a graph has nothing to say
        ms.grad(run)(X)
        agree(ms.jit(loss)(x), outside)


def test_a_network_can_be_copied_after_it_has_run_as_a_graph(graph_mode):
    graph_mode("ONNX-CPU")
    net, (x, _) = mlp(), data()
    before = net(x).asnumpy()
    twin, file = copy.deepcopy(net), pickle.loads(pickle.dumps(net))
    for p in net.get_parameters():
        p.set_data(p * 0)
    agree([twin(x), file(x)], [before, before])
    run = ms.jit(net, backend="ONNX-CPU")
    run(x)
    other = copy.deepcopy(run)
    assert other.function is not net and not other.compilations
    agree(other(x), run(x))
