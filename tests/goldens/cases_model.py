"""What `Model` tells its callbacks, and what the callbacks that steer a run do."""

from __future__ import annotations

import importlib
import io
import re
from contextlib import redirect_stdout

import numpy as np

RNG = np.random.default_rng(27)
W, B = RNG.standard_normal((1, 4)).astype(np.float32), np.zeros(1, np.float32)
X = RNG.standard_normal((12, 4)).astype(np.float32)
Y = (X @ RNG.standard_normal((4, 1)) + 0.1).astype(np.float32)
HOOKS = [
    f"on_{mode}_{place}{when}"
    for mode in ("train", "eval")
    for place in ("", "epoch_", "step_")
    for when in ("begin", "end")
]
cases = {}


def case(function):
    cases[f"model {function.__name__}"] = function
    return function


def data(ms, batch=4):
    ds = importlib.import_module(f"{ms.__name__}.dataset")
    return ds.NumpySlicesDataset({"x": X, "y": Y}, shuffle=False).batch(batch)


def model(ms, rate=0.05, **options):
    net = ms.nn.Dense(4, 1, weight_init=ms.Tensor(W), bias_init=ms.Tensor(B))
    options = {"metrics": {"mae": ms.train.MAE()}, **options}
    optimizer = ms.nn.Momentum(net.trainable_params(), rate, 0.9)
    return net, optimizer, ms.Model(net, ms.nn.MSELoss(), optimizer, **options)


def printed(function):
    """What a function prints; the numbers stand beside it, rounded."""
    stream = io.StringIO()
    with redirect_stdout(stream):
        function()
    text = "\n".join(line for line in stream.getvalue().split("\n") if "WARN" not in line)
    return re.sub(r"\d+\.\d+", lambda n: f"{float(n[0]):.3g}", text)


def teller(ms):
    """A callback that notes at every hook what it is told."""
    log = []
    numbers = ("cur_epoch_num", "cur_step_num", "epoch_num", "batch_num", "mode", "device_number")

    def note(name):
        def hook(self, run_context):
            args = run_context.original_args()
            told = [args.get(n) for n in numbers]
            log.append([name, *told, sorted(k for k in args if k != "_is_saved_exception_ckpt")])

        return hook

    kind = type("Teller", (ms.train.Callback,), {name: note(name) for name in HOOKS})
    return kind(), log


@case
def train_tells(ms):
    callback, log = teller(ms)
    model(ms)[2].train(2, data(ms), callbacks=callback, dataset_sink_mode=False)
    return log


@case
def resumed_train_tells(ms):
    callback, log = teller(ms)
    _, optimizer, of = model(ms)
    of.train(4, data(ms), [callback], dataset_sink_mode=False, initial_epoch=2)
    return log, optimizer.global_step


@case
def fit_tells(ms):
    callback, log = teller(ms)
    model(ms)[2].fit(
        2, data(ms), data(ms, 6), 2, [callback],
        dataset_sink_mode=False, valid_dataset_sink_mode=False,
    )  # fmt: skip
    return log


@case
def eval_tells(ms):
    callback, log = teller(ms)
    model(ms)[2].eval(data(ms), [callback], dataset_sink_mode=False)
    return log


@case
def only_callbacks_of_ones_own_see_the_evaluations_of_fit(ms):
    seen = []
    hooks = {name: lambda run, n=name: seen.append(n) for name in ("on_eval_end", "on_train_end")}
    history = ms.train.History()
    of = model(ms)[2]
    for _ in range(2):
        of.fit(
            1, data(ms), data(ms), callbacks=[ms.train.LambdaCallback(**hooks), history],
            dataset_sink_mode=False, valid_dataset_sink_mode=False,
        )  # fmt: skip
    found = {k: [ms.Tensor(np.float32(v)) for v in vs] for k, vs in history.history.items()}
    return seen, history.epoch["epoch"], sorted(found), [found[k] for k in sorted(found)]


def fitted(ms, epochs, callbacks, rate=0.05, frequency=1):
    net, optimizer, of = model(ms, rate)
    text = printed(
        lambda: of.fit(
            epochs, data(ms), data(ms), frequency, callbacks,
            dataset_sink_mode=False, valid_dataset_sink_mode=False,
        )
    )  # fmt: skip
    state = [ms.Tensor(p.asnumpy().copy()) for p in (net.weight, optimizer.learning_rate)]
    return text, state, optimizer.global_step.asnumpy().tolist()


@case
def stopping_gives_the_state_of_the_best_epoch(ms):
    stop = ms.train.EarlyStopping("mae", patience=2, verbose=True, restore_best_weights=True)
    return (*fitted(ms, 12, stop, 0.4), stop.stopped_epoch, stop.wait)


@case
def no_stop_no_restoring(ms):
    stop = ms.train.EarlyStopping("mae", patience=9, verbose=True, restore_best_weights=True)
    return (*fitted(ms, 3, stop, 0.4), stop.stopped_epoch)


@case
def patience_zero(ms):
    stop = ms.train.EarlyStopping()
    return (*fitted(ms, 3, stop), stop.stopped_epoch)


@case
def of_a_name_of_ones_own_more_is_better(ms):
    stop = ms.train.EarlyStopping("error", patience=1, verbose=True)
    of = model(ms, metrics={"error": ms.train.MAE()})[2]
    text = printed(
        lambda: of.fit(
            5, data(ms), data(ms), callbacks=stop,
            dataset_sink_mode=False, valid_dataset_sink_mode=False,
        )
    )  # fmt: skip
    return text, stop.stopped_epoch


@case
def plateau_and_stop_with_fewer_evaluations(ms):
    callbacks = [
        ms.train.ReduceLROnPlateau("eval_loss", 0.5, 1, True, min_delta=0.5, cooldown=1),
        ms.train.EarlyStopping("eval_loss", 0.5, 3, True),
        ms.train.LossMonitor(2),
    ]
    return fitted(ms, 10, callbacks, 0.02, 2)
