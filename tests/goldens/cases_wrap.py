"""Wrappers and what Cells tell about themselves; see cases.py."""

from __future__ import annotations

from collections import OrderedDict

import numpy as np

RNG = np.random.default_rng(4)
X = RNG.standard_normal((4, 3)).astype(np.float32)
Y = RNG.standard_normal((4, 2)).astype(np.float32)
cases = {}


def case(function):
    cases[function.__name__] = function
    return function


def pieces(ms):
    """A network with its loss, data and label."""
    net = ms.nn.WithLossCell(ms.nn.Dense(3, 2, "ones", "zeros"), ms.nn.MSELoss())
    return net, ms.Tensor(X), ms.Tensor(Y)


@case
def with_loss_and_eval(ms):
    net, x, y = pieces(ms)
    evaluation = ms.nn.WithEvalCell(net.backbone_network, ms.nn.MSELoss())
    cast = ms.nn.WithEvalCell(net.backbone_network, ms.nn.MSELoss(), add_cast_fp32=True)
    names = tuple(p.name for p in net.get_parameters())
    return net(x, y), str(net), names, evaluation(x, y), cast(x, y), str(evaluation)


@case
def train_one_step(ms):
    net, x, y = pieces(ms)
    step = ms.nn.TrainOneStepCell(net, ms.nn.Momentum(net.trainable_params(), 0.1, 0.9))
    losses = tuple(step(x, y) for _ in range(20))
    names = tuple(p.name for p in step.get_parameters())
    return losses, names, str(step), ms.Tensor(net.backbone_network.weight.asnumpy().copy())


@case
def train_one_step_with_gradients(ms):
    net, x, y = pieces(ms)
    optimizer = ms.nn.SGD(net.trainable_params(), 0.1)
    loss, grads = ms.nn.TrainOneStepCell(net, optimizer, sens=4.0, return_grad=True)(x, y)
    weight = ms.Tensor(net.backbone_network.weight.asnumpy().copy())
    return loss, tuple(grads), tuple(grads.values()), weight


@case
def a_step_of_ones_own(ms):
    class Step(ms.nn.TrainOneStepCell):
        def construct(self, *inputs):
            loss = self.network(*inputs)
            sens = ms.ops.fill(loss.dtype, loss.shape, self.sens)
            grads = self.grad(self.network, self.weights)(*inputs, sens)
            grads = ms.ops.clip_by_global_norm(self.grad_reducer(grads), 0.5)
            return ms.ops.depend(loss, self.optimizer(grads))

    net, x, y = pieces(ms)
    step = Step(net, ms.nn.SGD(net.trainable_params(), 0.1), sens=2.0)
    return tuple(step(x, y) for _ in range(5))


@case
def forward_value_and_grad(ms):
    net, x, y = pieces(ms)
    weights = ms.ParameterTuple(net.trainable_params())
    make = ms.nn.ForwardValueAndGrad
    sens = ms.Tensor(2.0, ms.float32)
    return (
        make(net)(x, y), make(net, get_all=True)(x, y),
        make(net, weights=weights, get_by_list=True)(x, y),
        make(net, weights=weights, get_all=True, get_by_list=True, sens_param=True)(x, y, sens),
        make(net, sens_param=True)(x, y, sens), str(make(net)),
    )  # fmt: skip


@case
def cell_dict(ms):
    nn = ms.nn
    cells = nn.CellDict(OrderedDict(a=nn.Dense(2, 2), b=nn.ReLU()))
    names = tuple(p.name for p in cells.get_parameters())
    first = str(cells), len(cells), tuple(cells), tuple(cells.keys()), "a" in cells, names
    cells["z"] = nn.Tanh()
    cells.update({"q": nn.Sigmoid()})
    popped = str(cells.pop("a"))
    del cells["b"]
    last = str(cells), popped, tuple((k, str(v)) for k, v in cells.items())
    cells.clear()
    return first, last, str(cells), len(cells)


@case
def kinds_of_wrong_cell_dicts(ms):
    nn = ms.nn
    wrong = (
        lambda: nn.CellDict({"a": 1}),
        lambda: nn.CellDict({"": nn.ReLU()}),
        lambda: nn.CellDict({"a.b": nn.ReLU()}),
        lambda: nn.CellDict({1: nn.ReLU()}),
        lambda: nn.CellDict({"a": nn.CellList()}),
        lambda: nn.CellDict({"set_train": nn.ReLU()}),
        lambda: nn.CellDict()["none"],
        lambda: nn.Dense(2, 2).to_float(ms.int32),
        lambda: nn.Dense(2, 2).to_float("float16"),
        lambda: nn.Dense(2, 2).to_float(ms.float64),
    )
    return tuple(_kind(f) for f in wrong)


def _kind(function):
    try:
        function()
    except Exception as error:
        return "/".join(c.__name__ for c in type(error).__mro__ if c.__module__ == "builtins")
    return "no error"


@case
def half_precision(ms):
    nn = ms.nn
    dense = nn.Dense(3, 2, "ones", "zeros").to_float(ms.float16)
    net = nn.SequentialCell(nn.Dense(3, 2, "ones", "zeros"), nn.ReLU(), nn.Dense(2, 1, "ones"))
    net.to_float(ms.float16)
    x = ms.Tensor(X)
    by_weights = ms.grad(lambda v: dense(v).sum(), None, dense.weight)(x)
    flagged = dense.add_flags(mine=3)
    return (
        dense(x), net(x).dtype is ms.float16, by_weights, str(dense.weight), dense.cls_name,
        flagged is dense, dense.mine, dense.get_flags()["fp16"], dense.get_flags()["mine"],
        len(net.init_parameters_data()), net.add_flags_recursive(k=1)[0].k,
    )  # fmt: skip


@case
def containers_change(ms):
    nn = ms.nn

    def told(cells):
        return str(cells), tuple(p.name for p in cells.get_parameters())

    out = []
    net = nn.SequentialCell(nn.Dense(2, 2), nn.Tanh(), nn.Dense(2, 2))
    net[1] = nn.Dense(2, 3)
    out.append(told(net))
    net = nn.SequentialCell(nn.ReLU(), nn.Tanh(), nn.GELU())
    del net[0]
    out.append(told(net))
    cells = nn.CellList([nn.ReLU()])
    cells.insert(0, nn.Dense(2, 2))
    cells.insert(0, nn.Tanh())
    cells += [nn.GELU()]
    del cells[1]
    out.append(told(cells))
    replaced = nn.Dense(2, 2)
    replaced.insert_child_to_cell("a", nn.ReLU())
    replaced.insert_child_to_cell("a", nn.Tanh())
    out.append(told(replaced))
    return tuple(out)


@case
def parameters_without_names(ms):
    pair = [ms.Parameter(ms.Tensor(X)), ms.Parameter(ms.Tensor(Y))]
    optimizer = ms.nn.Momentum(pair, 0.1, 0.9)
    names = tuple(p.name for p in optimizer.get_parameters())
    return len(set(names)), tuple("Parameter" in n for n in names)


@case
def phases_and_loaded_keys(ms):
    net = ms.nn.Dense(2, 2)
    phases = (net.phase, net.set_train().phase, net.set_train(False).phase)
    return phases, str(net.load_state_dict(dict(net.state_dict())))


@case
def pads_and_identity(ms):
    nn, x = ms.nn, ms.Tensor(X)
    layers = (nn.ConstantPad1d(1, 2.0), nn.ReflectionPad1d(1), nn.ReplicationPad1d((1, 2)))
    return (*(layer(x) for layer in layers), nn.Identity(1, two=2)(x))


@case
def what_a_model_runs_is_printed(ms):
    class WithItsLoss(ms.nn.Cell):
        def __init__(self):
            super().__init__()
            self.dense = ms.nn.Dense(2, 3)

        def construct(self, x, y):
            return ((self.dense(x) - y) ** 2).mean()

    net, own = ms.nn.Dense(2, 3), WithItsLoss()
    model = ms.Model(net, ms.nn.MSELoss(), ms.nn.SGD(net.trainable_params()), metrics={"mae"})
    alone = ms.Model(own, optimizer=ms.nn.SGD(own.trainable_params()))
    networks = (model.train_network, model.eval_network, model.predict_network)
    return tuple(str(n) for n in (*networks, alone.train_network))


@case
def losses_of_a_batch_as_a_metric(ms):
    metric = ms.train.Loss()
    metric.update(ms.Tensor([1.0, 2.0]))
    metric.update(ms.Tensor(4.0))
    config = ms.train.CheckpointConfig(save_checkpoint_steps=None, save_checkpoint_seconds=9)
    policy = (config.get_checkpoint_policy(), ms.train.CheckpointConfig().get_checkpoint_policy())
    return float(metric.eval()), tuple(sorted(p.items(), key=str) for p in policy)
