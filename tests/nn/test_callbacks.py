"""Callbacks for broken-off runs, the progress bar, what a run tells, data sets that feed."""

from __future__ import annotations

import io
import json
import os
import signal
import sys

import numpy as np
import pytest

import mslearn as ms
import mslearn.dataset as ds
from mslearn import nn, train

X = np.random.default_rng(0).random((24, 4)).astype(np.float32)
Y = (X[:, 0] > 0.5).astype(np.int32)


def data(batch=8):
    return ds.NumpySlicesDataset((X, Y), ["x", "y"], shuffle=False).batch(batch)


def model(**options):
    net = nn.Dense(4, 2, weight_init="ones", bias_init="zeros")
    optimizer = nn.Momentum(net.trainable_params(), 0.1, 0.9)
    return train.Model(net, nn.CrossEntropyLoss(), optimizer, {"accuracy"}, **options)


class Fails(train.Callback):
    def __init__(self, at):
        self.at = at

    def on_train_step_end(self, run_context):
        if run_context.original_args().cur_step_num == self.at:
            raise OSError("the power is gone")


def test_a_broken_run_begins_again_with_what_it_had(tmp_path):
    folder = tmp_path / "backup"
    backup = train.BackupAndRestore(str(folder))
    first = model()
    with pytest.raises(OSError, match="the power is gone"):
        first.train(4, data(), callbacks=[backup, Fails(8)])  # in the third epoch
    saved = ms.load_checkpoint(folder / "backup.ckpt")
    assert saved["global_step"].asnumpy()[0] == 6
    assert {"weight", "moments.weight"} <= set(saved)

    class First(train.Callback):
        def on_train_begin(self, run_context):
            net = run_context.original_args().network
            np.testing.assert_array_equal(net.weight.asnumpy(), saved["weight"].asnumpy())

    second = model()
    second.train(4, data(), callbacks=[train.BackupAndRestore(str(folder)), First()])
    assert not (folder / "backup.ckpt").exists()
    keeps = train.BackupAndRestore(str(folder), save_freq=3, delete_checkpoint=False)
    model().train(4, data(), callbacks=keeps)
    assert ms.load_checkpoint(folder / "backup.ckpt")["global_step"].asnumpy()[0] == 9


@pytest.mark.parametrize("how", ["signal", "file"])
def test_a_run_ends_when_it_is_asked_to(tmp_path, how):
    asked = tmp_path / "exit.json"
    asked.write_text(json.dumps({"GracefulExit": 0}))
    before = signal.getsignal(signal.SIGTERM)

    class Ask(train.Callback):
        def on_train_step_begin(self, run_context):
            if run_context.original_args().cur_step_num == 4:
                if how == "signal":
                    os.kill(os.getpid(), signal.SIGTERM)
                asked.write_text(json.dumps({"GracefulExit": 1 if how == "file" else 0}))

    leave = train.OnRequestExit(
        save_mindir=False, file_name="net", directory=str(tmp_path), config_file=str(asked)
    )
    history = train.History()
    model().train(5, data(), callbacks=[Ask(), leave, history])
    assert history.epoch["epoch"] == [1, 2]  # it ended in the second epoch
    values = ms.load_checkpoint(tmp_path / "rank_0" / "net_train.ckpt")
    assert values["global_step"].asnumpy()[0] == 4
    assert signal.getsignal(signal.SIGTERM) is before


def test_the_old_handler_comes_back_after_a_failure(tmp_path):
    before = signal.getsignal(signal.SIGTERM)
    leave = train.OnRequestExit(directory=str(tmp_path))
    with pytest.raises(OSError, match="power"):
        model().train(2, data(), callbacks=[leave, Fails(2)])
    assert signal.getsignal(signal.SIGTERM) is before


def test_wrong_arguments():
    for make in (
        lambda: train.BackupAndRestore(3),
        lambda: train.BackupAndRestore("x", save_freq=0),
        lambda: train.BackupAndRestore("x", delete_checkpoint="no"),
        lambda: train.OnRequestExit(save_ckpt=1),
        lambda: train.OnRequestExit(file_name=None),
        lambda: train.OnRequestExit(sig=signal.SIGINT),
        lambda: train.ProgressBar(width=0),
    ):
        with pytest.raises(ValueError, match=r"should be|must be"):
            make()


def test_the_bar_grows_and_ends_with_one_line_an_epoch(capsys):
    bar = train.ProgressBar(width=4, live=True)
    model().fit(2, data(4), data(), callbacks=bar)
    text = capsys.readouterr().out
    lines = [line.rpartition("\r")[2].rstrip() for line in text.strip("\n").split("\n")]
    assert [line.split("  ")[0] for line in lines] == [
        "Epoch 1/2 [====] 6/6", "Epoch 2/2 [====] 6/6",
    ]  # fmt: skip
    assert "  loss 0." in lines[0] and "  eval_accuracy 0." in lines[1]
    drawn = text.strip("\n").split("\n")[0].split("\r")
    bars = [part.partition("[")[2].partition("]")[0] for part in drawn]
    assert bars == ["....", "=...", "==..", "===.", "===="]
    model().fit(2, data(4), data(), callbacks=train.ProgressBar(width=4, live=True))
    assert capsys.readouterr().out == text  # nothing in it depends on the clock


def test_in_a_file_each_epoch_is_one_line(monkeypatch):
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stdout", stream)
    monkeypatch.delitem(sys.modules, "ipykernel", raising=False)
    model().train(2, data(), callbacks=train.ProgressBar(show_time=True))
    lines = stream.getvalue().splitlines()
    assert len(lines) == 2 and "\r" not in stream.getvalue()
    assert lines[1].startswith("Epoch 2/2 [====================] 3/3  loss 0.")
    assert lines[1].endswith(" s")


class Told(train.Callback):
    """What MindSpore's SummaryCollector asks of a run."""

    wanted = (
        "train_network", "optimizer", "net_outputs", "cur_step_num", "batch_num", "epoch_num",
        "cur_epoch_num", "parallel_mode", "train_dataset", "train_dataset_element", "mode",
        "network", "loss_fn", "list_callback", "dataset_sink_mode", "device_number",
    )  # fmt: skip

    def __init__(self, log):
        self.log = log

    def __enter__(self):
        self.log.append("enter")
        return self

    def __exit__(self, *error):
        self.log.append(f"exit {error[0].__name__ if error[0] else None}")

    def on_train_step_end(self, run_context):
        args = run_context.original_args()
        assert [name for name in self.wanted if name not in args] == []
        assert args.list_callback[0] is self and args.parallel_mode == "stand_alone"
        self.log.append(args.cur_step_num)

    def on_eval_step_end(self, run_context):
        args = run_context.original_args()
        assert args.mode == "eval" and args.eval_network is not None
        self.log.append("eval")


def test_a_run_tells_its_callbacks_all_and_enters_them():
    log = []
    model().train(1, data(), callbacks=[Told(log)])
    assert log == ["enter", 1, 2, 3, "exit None"]
    log.clear()
    with pytest.raises(OSError, match="power"):
        model().train(1, data(), callbacks=[Told(log), Fails(2)])
    assert log == ["enter", 1, 2, "exit OSError"]
    log.clear()
    model().eval(data(), callbacks=Told(log))
    assert log == ["enter", "eval", "eval", "eval", "exit None"]
    log.clear()
    model().fit(1, data(), data(), callbacks=[Told(log)])
    assert log == ["enter", 1, 2, 3, "eval", "eval", "eval", "exit None"]


def test_data_sets_that_feed():
    net = nn.Dense(4, 2)
    optimizer = nn.SGD(net.trainable_params(), 0.1)
    grad = ms.value_and_grad(
        lambda x, y: nn.CrossEntropyLoss()(net(x), y), None, net.trainable_params()
    )

    def step(x, y):
        loss, grads = grad(x, y)
        optimizer(grads)
        return loss

    fed = ms.data_sink(step, data(), sink_size=-1)
    losses = [float(fed()) for _ in range(10)]
    assert losses[-1] < losses[0] and optimizer.global_step.asnumpy()[0] == 30
    with pytest.raises(ValueError, match="sink_size"):
        ms.data_sink(step, data(), sink_size=0)
    helper = train.DatasetHelper(data(), dataset_sink_mode=False)
    assert [len(row) for row in helper] == [2, 2, 2] and helper.sink_size() == 3
    types, shapes = helper.types_shapes()
    assert list(map(list, shapes)) == [[8, 4], [8]] and len(types) == 2
    part = train.DatasetHelper(data(), sink_size=2)
    rows = [row[0].asnumpy() for _ in range(2) for row in part]  # it goes on where it was
    np.testing.assert_array_equal(rows[2], X[16:])
    connected = train.connect_network_with_dataset(
        nn.WithLossCell(net, nn.CrossEntropyLoss()), train.DatasetHelper(data())
    )
    assert float(connected()) > 0 and connected.trainable_params() == net.trainable_params()
    with pytest.raises(TypeError, match="DatasetHelper"):
        train.connect_network_with_dataset(net, data())
    with pytest.raises(TypeError, match="DatasetHelper"):
        train.DatasetHelper([1, 2])
    helper.stop_send(), helper.continue_send(), helper.release()


@pytest.mark.parametrize("rate", ["schedule", "list", "groups"])
def test_rates_that_a_callback_cannot_set(rate):
    net = nn.Dense(4, 2)
    params = net.trainable_params()
    if rate == "groups":
        params = [{"params": params[:1], "lr": 0.1}, {"params": params[1:]}]
    value = {"schedule": nn.WarmUpLR(0.1, 3), "list": [0.1, 0.2], "groups": 0.1}[rate]
    built = train.Model(net, nn.CrossEntropyLoss(), nn.SGD(params, value))
    for callback in (
        train.LearningRateScheduler(lambda lr, step: lr / 2),
        train.ReduceLROnPlateau("loss"),
    ):
        with pytest.raises(ValueError, match="must be a number"):
            built.train(1, data(), callbacks=callback)
