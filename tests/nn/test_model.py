"""`Model` and its callbacks, used as a learner uses them, and against real MindSpore's output."""

from __future__ import annotations

import re

import numpy as np
import pytest

import mslearn as ms
import mslearn.dataset as ds
from mslearn import nn, train
from mslearn.dataset import transforms, vision

RNG = np.random.default_rng(0)
X = RNG.random((24, 4)).astype(np.float32)
Y = RNG.integers(0, 3, 24).astype(np.int32)

# What MindSpore 2.10 printed for the three epochs of `small()`.
LOSSES = [
    1.1576056480407715, 1.5131361484527588, 1.291295051574707,
    1.0185511112213135, 1.3291800022125244, 1.059751272201538,
    0.9613672494888306, 1.223713994026184, 1.0457121133804321,
]  # fmt: skip


def data():
    return ds.NumpySlicesDataset((X, Y), ["x", "y"], shuffle=False).batch(8)


def small(metrics=("accuracy", "loss"), rate=0.1, **options):
    weight = ms.Tensor(np.full((3, 4), 0.1, np.float32))
    bias = ms.Tensor(np.arange(3).astype(np.float32))
    net = nn.SequentialCell(nn.Dense(4, 3, weight_init=weight, bias_init=bias))
    optimizer = nn.Momentum(net.trainable_params(), rate, 0.9)
    return train.Model(net, nn.CrossEntropyLoss(), optimizer, metrics=set(metrics), **options)


def test_the_bundled_digits(tmp_path):
    ms.set_seed(1)
    folder = ds.prepare("mnist", tmp_path)

    def pipe(usage):
        to_label = transforms.TypeCast(ms.int32)
        digits = ds.MnistDataset(str(folder / usage))
        digits = digits.map([vision.Rescale(1 / 255, 0), vision.HWC2CHW()], "image")
        return digits.map(to_label, "label").batch(64)

    net = nn.SequentialCell(nn.Flatten(), nn.Dense(784, 128), nn.ReLU(), nn.Dense(128, 10))
    optimizer = nn.Adam(net.trainable_params(), 2e-3)
    model = ms.Model(net, nn.CrossEntropyLoss(), optimizer, metrics={"accuracy"})
    model.train(3, pipe("train"))
    assert model.eval(pipe("test"))["accuracy"] > 0.85


def test_prints_and_numbers_are_mindspores(capsys):
    model = small()
    history = train.History()
    callbacks = [train.LossMonitor(), train.TimeMonitor(), history]
    assert model.train(3, data(), callbacks=callbacks, dataset_sink_mode=False) is None
    lines = capsys.readouterr().out.splitlines()
    losses = [line for line in lines if line.startswith("epoch: ")]
    for i, (line, wanted) in enumerate(zip(losses, LOSSES, strict=True)):
        where, found = line.split(", loss is ")
        assert where == f"epoch: {i // 3 + 1} step: {i % 3 + 1}"
        assert float(found) == pytest.approx(wanted, rel=2e-5)
    spent = [line for line in lines if not line.startswith("epoch: ")]
    assert len(spent) == 3
    pattern = r"Train epoch time: \d+\.\d{3} ms, per step time: \d+\.\d{3} ms"
    assert all(re.fullmatch(pattern, line) for line in spent)
    assert history.epoch == {"epoch": [1, 2, 3]}
    assert history.history["net_output"] == pytest.approx(LOSSES[2::3], rel=2e-5)
    result = model.eval(data(), dataset_sink_mode=False)
    assert result["accuracy"] == 0.375
    assert result["loss"] == pytest.approx(1.0996341705322266, rel=2e-5)


def test_fit_evaluates_when_it_is_due(capsys):
    model = small()
    history = train.History()
    model.fit(3, data(), data(), valid_frequency=2, callbacks=[train.LossMonitor(0), history])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("Eval result: epoch 2, metrics: {'accuracy': 0.3333333333333333, ")
    assert len(history.history["loss"]) == 1
    assert not model.predict_network.training or model.train_network.training


def test_hooks_come_in_order():
    seen = []

    class Diary(train.Callback):
        def __getattribute__(self, name):
            if name.startswith("on_"):
                seen.append(name)
            return super().__getattribute__(name)

    one = ds.NumpySlicesDataset((X[:8], Y[:8]), ["x", "y"], shuffle=False).batch(8)
    small().fit(1, one, one, callbacks=Diary())
    assert seen == [
        "on_train_begin", "on_train_epoch_begin", "on_train_step_begin", "on_train_step_end",
        "on_eval_begin", "on_eval_epoch_begin", "on_eval_step_begin", "on_eval_step_end",
        "on_eval_epoch_end", "on_eval_end", "on_train_epoch_end", "on_train_end",
    ]  # fmt: skip


def test_a_failing_callback_is_named():
    class Fails(train.Callback):
        def step_end(self, run_context):
            raise KeyError("boo")

    with pytest.raises(KeyError, match=r"Fails\.on_train_step_end.*boo"):
        small().train(1, data(), callbacks=[Fails()])


def test_stop_and_lambda():
    epochs = []
    stop = train.LambdaCallback(
        on_train_step_end=lambda run: run.request_stop(),
        on_train_epoch_end=lambda run: epochs.append(run.original_args().cur_step_num),
    )
    small().train(5, data(), callbacks=stop)
    assert epochs == [1]


def test_checkpoints_are_named_kept_and_complete(tmp_path):
    config = train.CheckpointConfig(
        save_checkpoint_steps=2, keep_checkpoint_max=2, append_info=["epoch_num", {"a": 1.5}]
    )
    model = small()
    keep = train.ModelCheckpoint("lenet", tmp_path, config)
    model.train(3, data(), callbacks=[keep])
    assert sorted(p.name for p in tmp_path.iterdir()) == ["lenet-3_2.ckpt", "lenet-3_3.ckpt"]
    assert keep.latest_ckpt_file_name == str(tmp_path / "lenet-3_3.ckpt")
    saved = ms.load_checkpoint(keep.latest_ckpt_file_name)
    assert {"0.weight", "0.bias", "global_step", "learning_rate", "epoch_num", "a"} <= set(saved)
    assert int(saved["global_step"].asnumpy()[0]) == 9
    again = small()
    assert ms.load_param_into_net(again.predict_network, saved)[0] == []
    x = ms.Tensor(X)
    assert np.array_equal(again.predict(x).asnumpy(), model.predict(x).asnumpy())
    model.train(1, data(), callbacks=[train.ModelCheckpoint("lenet", tmp_path, config)])
    names = {p.name for p in tmp_path.iterdir()}
    assert {"lenet-3_2.ckpt", "lenet_1-1_2.ckpt", "lenet_1-1_3.ckpt"} <= names


def test_early_stopping_gives_back_the_best_weights(capsys):
    model = small(rate=50.0)
    stop = train.EarlyStopping("eval_loss", patience=1, verbose=True, restore_best_weights=True)
    history = train.History()
    model.fit(20, data(), data(), callbacks=[stop, history])
    losses = history.history["loss"]
    assert len(losses) < 20
    assert "early stopping" in capsys.readouterr().out
    assert model.eval(data())["loss"] == pytest.approx(min(losses), rel=1e-5)


def test_plateau_and_scheduler_change_the_rate(capsys):
    model = small()
    plateau = train.ReduceLROnPlateau("eval_loss", patience=1, verbose=True, min_delta=10)
    model.fit(2, data(), data(), callbacks=plateau)
    assert (
        "Epoch 00002: ReduceLROnPlateau reducing learning rate to 0.01" in capsys.readouterr().out
    )
    scheduler = train.LearningRateScheduler(lambda rate, step: rate * 0.5)
    model.train(1, data(), callbacks=scheduler)
    rate = model.train_network.optimizer.learning_rate.asnumpy()
    assert rate == pytest.approx(0.01 / 8, rel=1e-5)


def test_watching_what_is_not_there_warns():
    with pytest.warns(UserWarning, match="eval_loss"):
        small().train(1, data(), callbacks=train.EarlyStopping())


@pytest.mark.filterwarnings("ignore:overflow")
def test_a_lost_loss_ends_the_run():
    with pytest.raises(ValueError, match=r"epoch: 1 step: 2\. Invalid loss, terminating"):
        small(rate=1e38).train(2, data(), callbacks=train.LossMonitor())


def test_a_network_that_knows_its_loss():
    class WithLoss(nn.Cell):
        def __init__(self):
            super().__init__()
            self.dense = nn.Dense(4, 3)
            self.loss = nn.CrossEntropyLoss()

        def construct(self, x, y):
            return self.loss(self.dense(x), y)

    net = WithLoss()
    model = train.Model(net, optimizer=nn.SGD(net.trainable_params(), 0.1))
    before = net.dense.weight.asnumpy().copy()
    model.train(1, data())
    assert not np.array_equal(before, net.dense.weight.asnumpy())


@pytest.mark.parametrize(
    ("call", "kind", "text"),
    [
        (lambda: train.Model(3), TypeError, "'network' should be 'Cell'"),
        (lambda: small(bogus=1), ValueError, "bogus"),
        (lambda: small().train(0, data()), ValueError, "must > 0"),
        (lambda: small().train(1, 3), TypeError, "data set"),
        (lambda: small().train(1, data(), callbacks=3), TypeError, "Callback"),
        (lambda: small(metrics=()).eval(data()), ValueError, "metrics"),
        (lambda: small(metrics=("acuracy",)), KeyError, "accuracy"),
        (lambda: train.LossMonitor(-1), ValueError, ">= 0"),
        (lambda: train.CheckpointConfig(-1), ValueError, ">= 0"),
        (lambda: train.ModelCheckpoint("a/b"), ValueError, "does not contain '/'"),
        (lambda: small().train(2, data(), initial_epoch=2), ValueError, "initial_epoch"),
    ],
)
def test_misuse_is_explained(call, kind, text):
    with pytest.raises(kind, match=text):
        call()


@pytest.mark.parametrize("manager", ["fixed", "dynamic"])
def test_loss_scale_changes_no_result(manager):
    makers = {
        "fixed": lambda: ms.amp.FixedLossScaleManager(1024.0),
        "dynamic": lambda: ms.amp.DynamicLossScaleManager(2**10, 2, 2),
    }
    plain, scaled = small(), small(loss_scale_manager=makers[manager]())
    for model in (plain, scaled):
        model.train(2, data())
    x = ms.Tensor(X)
    np.testing.assert_allclose(plain.predict(x).asnumpy(), scaled.predict(x).asnumpy(), rtol=1e-5)


@pytest.mark.filterwarnings("ignore:overflow")
def test_overflow_leaves_the_step_out():
    manager = ms.amp.DynamicLossScaleManager(1e38, 2**10, 2000)
    model = small(loss_scale_manager=manager)
    before = [p.asnumpy().copy() for p in model.predict_network.get_parameters()]
    X_large = X * 1e3
    large = ds.NumpySlicesDataset((X_large, Y), ["x", "y"], shuffle=False).batch(24)
    model.train(1, large)
    for old, param in zip(before, model.predict_network.get_parameters(), strict=True):
        assert np.array_equal(old, param.asnumpy())
    assert manager.get_loss_scale() == pytest.approx(1e38 / 2**10)


def test_scalers():
    scaler = ms.amp.DynamicLossScaler(1024.0, 2, 2)
    assert float(scaler.scale(ms.Tensor(2.0))) == 2048
    assert float(scaler.unscale((ms.Tensor([2048.0]),))[0][0]) == 2
    scales = []
    for finite in (True, True, True, True, False, False):
        scaler.adjust(ms.Tensor(finite))
        scales.append(float(scaler.scale_value.asnumpy()))
    assert scales == [1024, 2048, 2048, 4096, 2048, 1024]
    assert ms.amp.StaticLossScaler(8).adjust(ms.Tensor(False)) is False
    assert not bool(ms.amp.all_finite((ms.Tensor([1.0, np.inf]),)))
    assert bool(ms.amp.all_finite((ms.Tensor([1.0]),)))


def test_managers_as_mindspores():
    dynamic, seen = ms.amp.DynamicLossScaleManager(8, 2, 2), []
    for overflow in (False, False, False, True, True, True, True, True):
        dynamic.update_loss_scale(overflow)
        seen.append(dynamic.get_loss_scale())
    assert seen == [8, 16, 16, 8, 4, 2, 1, 1]  # recorded from MindSpore 2.10
    assert type(dynamic.get_update_cell()) is nn.DynamicLossScaleUpdateCell
    assert type(ms.amp.FixedLossScaleManager().get_update_cell()) is nn.FixedLossScaleUpdateCell
    assert ms.amp.FixedLossScaleManager(8.0, False).get_update_cell() is None


def test_a_loss_that_is_no_tensor_is_named():
    class Wrong(nn.Cell):
        def __init__(self):
            super().__init__()
            self.dense = nn.Dense(4, 3)

        def construct(self, x, y):
            return self.dense(x), y

    net = Wrong()
    model = train.Model(net, optimizer=nn.SGD(net.trainable_params(), 0.1))
    with pytest.raises(TypeError, match="loss"):
        model.train(1, data())
