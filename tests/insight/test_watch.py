"""`insight.watch`: one line records a training, in both modes, and changes nothing."""

from __future__ import annotations

import subprocess
import sys
import time

import numpy as np
import pytest
from waiting import LONG, until

import mslearn as ms
from mslearn import insight, nn
from mslearn.summary import Bus, Run
from mslearn.summary.values import Datum


def problem():
    ms.set_seed(3)
    rng = np.random.default_rng(0)
    net = nn.SequentialCell(nn.Dense(6, 8), nn.ReLU(), nn.Dense(8, 3))
    loss_fn = nn.CrossEntropyLoss()
    optimizer = nn.Momentum(net.trainable_params(), 0.1, 0.9)
    x = ms.Tensor(rng.standard_normal((16, 6)).astype(np.float32))
    y = ms.Tensor(rng.integers(0, 3, 16).astype(np.int32))
    grad_fn = ms.value_and_grad(lambda a, b: loss_fn(net(a), b), None, optimizer.parameters)
    return net, loss_fn, optimizer, x, y, grad_fn


def train(steps, jitted=False, **watching):
    net, loss_fn, optimizer, x, y, grad_fn = problem()
    watcher = insight.watch(net, optimizer, loss_fn, **watching) if watching else None
    losses, norms = [], []

    def step(x, y):
        loss, grads = grad_fn(x, y)
        optimizer(grads)
        return loss, grads

    run = ms.jit(step) if jitted else step
    for _ in range(steps):
        loss, grads = run(x, y)
        losses.append(float(loss.asnumpy()))
        norms.append(float(np.sqrt(sum((g.asnumpy() ** 2).sum() for g in grads))))
    return net, watcher, losses, norms


@pytest.mark.parametrize("jitted", [False, True])
def test_one_line_records_a_training(tmp_path, jitted):
    bare, _, expected, _ = train(12, jitted)
    options = {"gradients": 1, "histograms": 5, "summary_dir": tmp_path, "tensorboard": True}
    net, watcher, losses, norms = train(12, jitted, **options)
    watcher.stop()
    assert losses == expected  # watching changes nothing
    for a, b in zip(net.trainable_params(), bare.trainable_params(), strict=True):
        assert (a.asnumpy() == b.asnumpy()).all()
    np.testing.assert_allclose(watcher.columns.values("loss"), losses)
    np.testing.assert_allclose(watcher.columns.values("gradient_norm"), norms, rtol=1e-5)
    run = Run(tmp_path)
    run.refresh()
    np.testing.assert_allclose(run.scalars["loss"].values.view(), losses, rtol=1e-6)
    assert run.scalars["loss"].steps.view().tolist() == list(range(1, 13))
    names = [p.name for p in net.trainable_params()]
    assert {f"gradient_norm/{n}" for n in names} <= set(run.scalars)
    assert set(run.places["histogram"]) == {
        f"{k}/{n}" for k in ("weight", "gradient") for n in names
    }
    ratio = run.scalars[f"update_ratio/{names[0]}"]
    assert ratio.steps.view().tolist() == [2, 6, 11]
    assert (ratio.values.view() > 0).all()


def test_the_update_ratio_is_that_of_the_last_step():
    net, _, optimizer, x, y, grad_fn = problem()
    watcher = insight.watch(net, optimizer, histograms=1)
    weight = net.trainable_params()[0]
    before = weight.asnumpy().copy()
    for _ in range(2):
        _, grads = grad_fn(x, y)
        if watcher.step:
            after = weight.asnumpy().copy()
        optimizer(grads)
    ratio = np.abs(after - before).mean() / np.abs(before).mean()
    found = watcher.columns.values(f"update_ratio/{weight.name}")
    np.testing.assert_allclose(found, [ratio], rtol=1e-5)
    watcher.stop()


def test_after_stop_nothing_is_left():
    net, loss_fn, optimizer, x, y, grad_fn = problem()
    with insight.watch(net, optimizer, loss_fn) as watcher:
        optimizer(grad_fn(x, y)[1])
    optimizer(grad_fn(x, y)[1])
    assert watcher.step == 1
    assert "construct" not in optimizer.__dict__ and "construct" not in loss_fn.__dict__


def test_a_model_and_its_metrics():
    import mslearn.dataset as ds

    net, loss_fn, optimizer, x, y, _ = problem()
    model = ms.Model(net, loss_fn, optimizer, {"accuracy"})
    data = ds.NumpySlicesDataset((x.asnumpy(), y.asnumpy()), ["x", "y"]).batch(4)
    callback = insight.WatchCallback(gradients=1)
    model.train(2, data, callbacks=[callback])
    watcher = callback.watcher
    assert watcher.step == 8 and len(watcher.columns.values("loss")) == 8
    assert "construct" not in optimizer.__dict__
    model.eval(data, callbacks=[callback])
    model.train(1, data, callbacks=[callback])
    assert watcher.step == 12
    with insight.watch(model) as other:
        model.train(1, data)
    assert other.step == 4
    assert 0 <= watcher.columns.values("eval/accuracy")[0] <= 1
    assert repr(watcher).startswith("Watcher(step=12")


def test_what_cannot_be_watched():
    net, *_ = problem()
    with pytest.raises(TypeError, match=r"insight\.watch: the model must be a Cell"):
        insight.watch(3)
    with pytest.raises(TypeError, match="the optimizer must be one of"):
        insight.watch(net, nn.ReLU())
    with pytest.raises(ValueError, match="gradients is a number of steps"):
        insight.watch(net, gradients=0)


class Sink:
    """Notes what comes, and what the first weight was at that time."""

    def __init__(self, parameter=None, fails=False):
        self.parameter, self.fails, self.seen = parameter, fails, []

    def take(self, step, wall, data):
        if self.fails:
            raise OSError("disk full")
        value = None if self.parameter is None else float(self.parameter.asnumpy().ravel()[0])
        self.seen.append((step, wall, [d.tag for d in data], value))

    def close(self):
        self.seen.append("closed")


def test_a_sink_of_ones_own_sees_the_weights_before_the_update():
    net, loss_fn, optimizer, x, y, grad_fn = problem()
    weight = net.trainable_params()[0]
    sink, expected = Sink(weight), []
    with insight.watch(net, optimizer, loss_fn) as watcher:
        watcher.bus.subscribe(sink)
        for _ in range(3):
            expected.append(float(weight.asnumpy().ravel()[0]))
            optimizer(grad_fn(x, y)[1])
            assert len(sink.seen) == len(expected)  # at once, not some time later
    assert [value for *_, value in sink.seen[:-1]] == expected
    assert sink.seen[-1] == "closed"


def test_late_sinks_get_everything_in_order_and_with_its_time():
    bus, late = Bus(), Sink()
    bus.subscribe(late, late=True)
    before = time.time()
    for step in range(500):
        bus.publish(step, [Datum("scalar", "x", 1.0)])
    after = time.time()
    until(lambda: len(late.seen) >= 500)
    assert [step for step, *_ in late.seen] == list(range(500))
    walls = [wall for _, wall, *_ in late.seen]
    assert walls == sorted(walls) and before <= walls[0] and walls[-1] <= after
    bus.publish(500, [Datum("scalar", "x", 1.0)])
    bus.close()
    assert late.seen[-2][0] == 500 and late.seen[-1] == "closed"


def test_a_full_disk_stops_the_file_not_the_training():
    net, loss_fn, optimizer, x, y, grad_fn = problem()
    watcher = insight.watch(net, optimizer, loss_fn)
    watcher.bus.subscribe(Sink(fails=True), late=True)
    with pytest.warns(UserWarning, match="goes on without Sink: OSError: disk full"):
        for _ in range(3):
            optimizer(grad_fn(x, y)[1])
        assert watcher.columns.steps("loss").tolist() == [1, 2, 3]
    watcher.stop()


def test_most_steps_do_not_look_at_arrays(monkeypatch):
    looked = []
    norms = insight.watching.Watcher._norms
    monkeypatch.setattr(
        insight.watching.Watcher, "_norms",
        lambda self, *arrays: looked.append(self.step) or norms(self, *arrays),
    )  # fmt: skip
    _, watcher, losses, _ = train(25, gradients=10, histograms=0)
    assert looked == [1, 10, 20]
    np.testing.assert_allclose(watcher.columns.values("loss"), losses)
    assert watcher.columns.steps("gradient_norm").tolist() == [1, 10, 20]


def in_a_graph(steps_in_one=1):
    net, loss_fn, optimizer, x, y, grad_fn = problem()

    @ms.jit
    def run(x, y):
        for _ in range(steps_in_one):
            loss, grads = grad_fn(x, y)
            optimizer(grads)
        return loss

    return net, loss_fn, optimizer, lambda: run(x, y), run


def test_in_a_graph_gradients_leave_it_only_when_somebody_looks():
    net, loss_fn, optimizer, step, run = in_a_graph()
    step()
    with insight.watch(net, optimizer, loss_fn, gradients=4, histograms=6) as watcher:
        for _ in range(13):
            step()
        columns = watcher.columns
        name = f"gradient_norm/{net.trainable_params()[0].name}"
        ratio = name.replace("gradient_norm", "update_ratio")
        assert columns.steps("loss").tolist() == list(range(1, 14))
        assert columns.steps(name).tolist() == [1, 4, 8, 12]
        assert columns.steps(ratio).tolist() == [2, 7, 13]
    for _ in range(2):
        step()
    assert watcher.step == 13
    reads = [max(len(n.inputs) for n in c.graph.nodes if n.prim.name == "Watch")
             if "Watch" in {n.prim.name for n in c.graph.nodes} else 0
             for c in run.compilations]  # fmt: skip
    assert reads == [0, 8, 1]  # before, when looking, when not; afterwards the first one again


def test_a_graph_of_several_steps_looks_late_once_and_then_in_time():
    net, loss_fn, optimizer, several, _ = in_a_graph(steps_in_one=3)
    with insight.watch(net, optimizer, loss_fn, gradients=5, histograms=0) as watcher:
        for _ in range(6):
            several()
    assert watcher.step == 18
    assert watcher.columns.steps("gradient_norm").tolist() == [1, 7, 10, 15]


@pytest.mark.parametrize("ending", ["", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"])
def test_a_process_that_ends_or_is_killed(tmp_path, ending):
    if ending and sys.platform == "win32":
        ending = "import os; os._exit(1)"
    code = f"""
import time
import numpy as np
import mslearn as ms
from mslearn import insight, nn
from mslearn.summary import Run
def written():
    run = Run({str(tmp_path)!r})
    run.refresh()
    return len(run.scalars["loss"].steps.view()) if "loss" in run.scalars else 0
net, loss_fn = nn.Dense(3, 2), nn.CrossEntropyLoss()
optimizer = nn.SGD(net.trainable_params())
grad_fn = ms.value_and_grad(lambda x, y: loss_fn(net(x), y), None, optimizer.parameters)
insight.watch(net, optimizer, loss_fn, summary_dir={str(tmp_path)!r})
for step in range(40):
    while step == 30 and {bool(ending)} and written() < 30:
        time.sleep(0.05)
    optimizer(grad_fn(ms.ops.ones((4, 3)), ms.Tensor(np.zeros(4, np.int32)))[1])
{ending}
"""
    subprocess.run([sys.executable, "-c", code], check=not ending, timeout=LONG)
    run = Run(tmp_path)
    run.refresh()
    steps = run.scalars["loss"].steps.view().tolist()
    # Without a `stop` all is written at the end; a kill takes what came after that.
    assert steps == list(range(1, len(steps) + 1)) and len(steps) >= (30 if ending else 40)
