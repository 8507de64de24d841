"""Parameters over time: from `insight.watch`, from recorded runs, and by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from insight.test_watch import problem
from waiting import until

import mslearn as ms
from mslearn import insight
from mslearn.insight.snapshots import FRAMES, History, Recorded
from mslearn.summary import Run, SummaryRecord
from mslearn.summary.values import Datum, histogram_of

HOSTILE = "<img src=x onerror=alert(1)>"


def train(steps: int, jitted: bool = False, **watching):
    net, loss_fn, optimizer, x, y, grad_fn = problem()
    watcher = insight.watch(net, optimizer, loss_fn, **watching)

    def step(x, y):
        loss, grads = grad_fn(x, y)
        optimizer(grads)
        return loss

    run = ms.jit(step) if jitted else step
    for _ in range(steps):
        run(x, y)
    return net, watcher


@pytest.mark.parametrize("jitted", [False, True])
def test_watch_keeps_histograms_and_the_values_they_were_made_of(jitted):
    net, watcher = train(40, jitted, histograms=10)
    watcher.stop()
    history = watcher.history
    names = [p.name for p in net.trainable_params()]
    assert history.names() == names
    for name in names:
        frames = history.frames("weight", name)
        assert [f.step for f in frames] == [1, 10, 20, 30, 40]
        assert [f.step for f in history.frames("gradient", name)] == [1, 10, 20, 30, 40]
        for frame in frames:
            step, array = history.array("weight", name, frame.step)
            again = histogram_of(array)
            assert step == frame.step and (again.counts == frame.histogram.counts).all()
    assert history.array("weight", names[0], 12)[0] == 10  # the nearest
    assert set(history.norms) == set(history.ratios) == set(names)


def test_the_view_of_a_training(tmp_path):
    _, watcher = train(20, histograms=5, summary_dir=tmp_path)
    view = insight.parameters(watcher)  # at once: nothing may still be on its way
    watcher.stop()
    rows = view.table["rows"]
    assert [row["shape"] for row in rows] == [[8, 6], [8], [3, 8], [3]]
    assert all(row["norm"] > 0 and row["ratio"] > 0 and not row["about"] for row in rows)
    assert repr(view) == "ParametersView(4 parameters, 83 values)"
    html = view.to_html()
    assert html == insight.parameters(watcher).to_html()
    assert html.count("<svg") == 8 and html.count("data:image/png") == 4
    assert "第 1 步到第 20 步" in insight.parameters(watcher, language="zh").to_html()
    with pytest.raises(TypeError, match="grads belong to a network that is looked at now"):
        insight.parameters(watcher, [np.zeros(3)])

    recorded = insight.parameters(str(tmp_path))
    assert [row["name"] for row in recorded.table["rows"]] == [row["name"] for row in rows]
    row, live = recorded.table["rows"][0], rows[0]
    assert row["shape"] is None and row["about"]
    assert row["mean"] == pytest.approx(live["mean"]) and row["max"] == live["max"]
    assert row["std"] == pytest.approx(live["std"], rel=0.2)
    assert row["norm"] == pytest.approx(live["norm"], rel=1e-6)
    frames = recorded.history.frames("gradient", row["name"])
    assert [f.step for f in frames] == [1, 5, 10, 15, 20]
    assert recorded.to_html().count("<svg") == 8


def test_a_view_that_is_open_during_the_training_is_told():
    net, loss_fn, optimizer, x, y, grad_fn = problem()
    watcher = insight.watch(net, optimizer, loss_fn, histograms=2)
    view = insight.parameters(watcher)
    assert view.table["rows"] == []
    optimizer(grad_fn(x, y)[1])
    until(lambda: view.table["rows"])
    assert [row["name"] for row in view.table["rows"]] == [p.name for p in net.trainable_params()]
    watcher.stop()


def test_memory_is_bounded():
    history = History(budget=40_000)
    big, small = (
        ms.Parameter(ms.Tensor(np.zeros(6_000, np.float32)), name="big"),
        ms.Parameter(ms.Tensor(np.zeros(500, np.float32)), name="small"),
    )
    for step in range(1, 300):
        arrays = [np.full(p.shape, step, np.float32) for p in (big, small)]
        data = [Datum("histogram", f"weight/{p.name}", histogram_of(a))
                for p, a in zip((big, small), arrays, strict=True)]  # fmt: skip
        history.keep(step, (big, small), arrays)
        history.take(step, 0.0, data)
    assert history.array("weight", "big", None) is None  # four of it would not fit
    steps = [look.step for look in history.looks]
    assert sum(look.size for look in history.looks) <= 40_000 and len(steps) == 20
    assert steps[0] == 1 and steps[-1] == 299
    frames = [f.step for f in history.frames("weight", "big")]
    assert len(frames) == FRAMES and frames[0] == 1 and frames[-1] == 299
    assert max(np.diff(frames)) <= 4 * min(np.diff(frames))  # spread over the whole time


def test_looks_by_hand_have_a_step_and_a_ratio():
    param = ms.Parameter(ms.Tensor(np.ones((2, 2), np.float32)), name=HOSTILE)
    view = insight.parameters([param])
    for step in (10, 20):
        param.set_data(param * 1.5)
        view.update([np.full((2, 2), 2.0)], step=step)
    assert [f.step for f in view.history.frames("weight", HOSTILE)] == [1, 10, 20]
    assert view.table["rows"][0]["ratio"] == pytest.approx(0.5)
    assert view.table["rows"][0]["norm"] == 4.0
    assert view.history.array("weight", HOSTILE, 10)[1].tolist() == [[1.5, 1.5], [1.5, 1.5]]
    html = view.to_html()
    assert "<img src=x" not in html and "&lt;img src=x" in html


def test_a_run_of_summary_collector_and_tensors(tmp_path):
    with SummaryRecord(str(tmp_path)) as record:
        for step in (1, 2, 3):
            array = np.arange(12, dtype=np.float32).reshape(3, 4) * step
            record.add_value("tensor", "fc.weight/auto", ms.Tensor(array))
            record.add_value("histogram", "fc.bias/auto", ms.Tensor(array))
            record.record(step)
    history = Recorded(Run(tmp_path))
    assert sorted(history.names()) == ["fc.bias", "fc.weight"]
    step, array = history.array("weight", "fc.weight", 2)
    assert step == 2 and array[1, 1] == 10
    assert [f.histogram.highest for f in history.frames("weight", "fc.bias")] == [11, 22, 33]
    assert [(f.step, f.histogram.highest) for f in history.frames("weight", "fc.weight")] == [
        (1, 11), (2, 22), (3, 33)
    ]  # fmt: skip
    view = insight.parameters(Run(tmp_path))
    assert {tuple(row["shape"] or ()) for row in view.table["rows"]} == {(3, 4), ()}


def test_a_damaged_run_is_read_as_far_as_it_goes(tmp_path):
    _, watcher = train(20, histograms=5, summary_dir=tmp_path)
    watcher.stop()
    run = Run(tmp_path)
    run.refresh()
    file = next(Path(tmp_path).iterdir())
    data = bytearray(file.read_bytes())
    places = run.places["histogram"]["weight/0.weight"]
    data[places[1].start + 40 : places[1].start + 60] = b"\xff" * 20
    file.chmod(0o600)
    file.write_bytes(data)
    history = Recorded(run)  # it was read before the damage: the values are looked up now
    assert len(history.frames("weight", "0.weight")) == 4 and history.skipped == 1
    with pytest.raises(ValueError, match=r"no histograms or tensors are recorded"):
        insight.parameters(tmp_path / "nowhere")
