"""How MindSpore's documentation writes training by hand; see cases.py."""

from __future__ import annotations

import numpy as np

RNG = np.random.default_rng(21)
W = RNG.standard_normal((2, 4)).astype(np.float32)
X = RNG.standard_normal((6, 8, 4)).astype(np.float32)
Y = RNG.integers(0, 2, (6, 8)).astype(np.int32)
cases = {}


def case(function):
    cases[f"idiom {function.__name__}"] = function
    return function


def network(ms):
    return ms.nn.Dense(4, 2, weight_init=ms.Tensor(W), bias_init="zeros")


def batches(ms):
    return [(ms.Tensor(x), ms.Tensor(y)) for x, y in zip(X, Y, strict=True)]


def told(ms, net, losses):
    return tuple(losses), tuple(ms.Tensor(p.asnumpy().copy()) for p in net.get_parameters())


@case
def accumulated_gradients(ms):
    ops = ms.ops

    class Accumulator:
        def __init__(self, optimizer, accumulate_step):
            self.optimizer = optimizer
            self.inner_grads = optimizer.parameters.clone(prefix="accumulate_", init="zeros")
            self.zeros = optimizer.parameters.clone(prefix="zeros_", init="zeros")
            self.counter = ms.Parameter(ms.Tensor(1, ms.int32), "counter_")
            self.accumulate_step = accumulate_step
            self.map = ops.HyperMap()

        def __call__(self, grads):
            self.map(ops.partial(ops.assign_add), self.inner_grads, grads)
            if self.counter % self.accumulate_step == 0:
                self.optimizer(self.inner_grads)
                self.map(ops.partial(ops.assign), self.inner_grads, self.zeros)
            ops.assign_add(self.counter, ms.Tensor(1, ms.int32))
            return True

    net, loss_fn = network(ms), ms.nn.CrossEntropyLoss()
    optimizer = ms.nn.SGD(net.trainable_params(), 0.1)
    accumulator = Accumulator(optimizer, 2)

    def forward(data, label):
        logits = net(data)
        loss = loss_fn(logits, label)
        return loss / 2, logits

    grad_fn = ms.value_and_grad(forward, None, net.trainable_params(), has_aux=True)
    losses = []
    for data, label in batches(ms):
        (loss, _), grads = grad_fn(data, label)
        accumulator(grads)
        losses.append(loss)
    return told(ms, net, losses)


@case
def a_step_of_ones_own_clips_the_gradients(ms):
    nn, ops = ms.nn, ms.ops

    class ClippedStep(nn.TrainOneStepCell):
        def construct(self, data, label):
            loss = self.network(data, label)
            sens = ops.fill(loss.dtype, loss.shape, self.sens)
            grads = self.grad(self.network, self.weights)(data, label, sens)
            grads = ops.clip_by_global_norm(self.grad_reducer(grads), 0.2)
            self.optimizer(grads)
            return loss

    net = network(ms)
    step = ClippedStep(
        nn.WithLossCell(net, nn.CrossEntropyLoss()),
        nn.Momentum(net.trainable_params(), 0.5, 0.9),
    )
    step.set_train()
    return told(ms, net, [step(*batch) for batch in batches(ms)])


@case
def gradients_clipped_by_a_function_of_their_types(ms):
    ops = ms.ops
    clip_grad = ops.MultitypeFuncGraph("clip_grad")

    @clip_grad.register("Number", "Number", "Tensor")
    def _clip_grad(clip_type, clip_value, grad):
        if clip_type == 0:
            return ops.clip_by_value(
                grad, ops.cast(ops.tuple_to_array((-clip_value,)), grad.dtype),
                ops.cast(ops.tuple_to_array((clip_value,)), grad.dtype),
            )  # fmt: skip
        return grad * 0.5

    net, loss_fn = network(ms), ms.nn.CrossEntropyLoss()
    optimizer = ms.nn.SGD(net.trainable_params(), 0.5)
    grad_fn = ms.value_and_grad(
        lambda data, label: loss_fn(net(data), label), None, optimizer.parameters
    )
    losses, hyper_map = [], ops.HyperMap()
    for i, (data, label) in enumerate(batches(ms)):
        loss, grads = grad_fn(data, label)
        optimizer(hyper_map(ops.partial(clip_grad, i % 2, 0.05), grads))
        losses.append(loss)
    return told(ms, net, losses)


def with_optimizer(ms, make):
    net = network(ms)
    step = ms.nn.TrainOneStepCell(
        ms.nn.WithLossCell(net, ms.nn.CrossEntropyLoss()), make(net.trainable_params())
    )
    return told(ms, net, [step(*batch) for batch in batches(ms)])


@case
def an_optimizer_of_small_operations(ms):
    nn, ops = ms.nn, ms.ops

    class OwnMomentum(nn.Optimizer):
        def __init__(self, params, learning_rate, momentum=0.9):
            super().__init__(learning_rate, params)
            self.momentum = ms.Parameter(ms.Tensor(momentum, ms.float32), name="momentum")
            self.moments = self.parameters.clone(prefix="moments", init="zeros")
            self.assign = ops.Assign()

        def construct(self, gradients):
            lr = self.get_lr()
            params = self.parameters
            for i in range(len(params)):
                self.assign(self.moments[i], self.moments[i] * self.momentum + gradients[i])
                self.assign(params[i], params[i] - self.moments[i] * lr)
            return params

    return with_optimizer(ms, lambda params: OwnMomentum(params, 0.5))


@case
def an_optimizer_around_a_rule(ms):
    nn, ops = ms.nn, ms.ops

    class RuleMomentum(nn.Optimizer):
        def __init__(self, params, learning_rate, momentum=0.9, use_nesterov=False):
            super().__init__(learning_rate, params, weight_decay=0.01)
            self.momentum = ms.Parameter(ms.Tensor(momentum, ms.float32), name="momentum")
            self.moments = self.parameters.clone(prefix="moments", init="zeros")
            self.hyper_map = ops.HyperMap()
            self.opt = ops.ApplyMomentum(use_nesterov=use_nesterov)

        def construct(self, gradients):
            gradients = self.decay_weight(gradients)
            gradients = self.gradients_centralization(gradients)
            gradients = self.scale_grad(gradients)
            lr = self.get_lr()
            for i in range(len(self.parameters)):
                self.opt(self.parameters[i], self.moments[i], lr, gradients[i], self.momentum)
            return True

    return with_optimizer(ms, lambda params: RuleMomentum(params, 0.5))


@case
def a_schedule_of_ones_own(ms):
    nn, ops = ms.nn, ms.ops

    class Stairs(nn.learning_rate_schedule.LearningRateSchedule):
        def __init__(self, learning_rate, every):
            super().__init__()
            self.learning_rate, self.every = learning_rate, every
            self.cast, self.pow = ops.Cast(), ops.Pow()

        def construct(self, global_step):
            step = self.cast(global_step, ms.float32)
            return self.learning_rate * self.pow(0.5, ops.floor(step / self.every))

    return with_optimizer(ms, lambda params: nn.SGD(params, Stairs(0.5, 2)))


@case
def a_loss_with_two_labels(ms):
    nn = ms.nn

    class TwoLabels(nn.Cell):
        def __init__(self, backbone, loss_fn):
            super().__init__(auto_prefix=False)
            self._backbone = backbone
            self._loss_fn = loss_fn

        def construct(self, data, label1, label2):
            output = self._backbone(data)
            return self._loss_fn(output, label1, label2)

    class Distance(nn.LossBase):
        def construct(self, base, target1, target2):
            return self.get_loss((base - target1).abs()) + self.get_loss((base - target2) ** 2)

    net = network(ms)
    step = nn.TrainOneStepCell(TwoLabels(net, Distance()), nn.Adam(net.trainable_params(), 0.1))
    labels = ms.Tensor(X[0, :, :2]), ms.Tensor(X[0, :, 2:])
    return told(ms, net, [step(data, *labels) for data, _ in batches(ms)])


@case
def a_metric_of_ones_own(ms):
    train = ms.train

    class MeanError(train.Metric):
        def __init__(self):
            super().__init__()
            self.clear()

        def clear(self):
            self._sum = self._number = 0

        @train.rearrange_inputs
        def update(self, *inputs):
            prediction, truth = inputs[0].asnumpy(), inputs[1].asnumpy()
            self._sum += np.abs(truth.reshape(prediction.shape) - prediction).sum()
            self._number += truth.shape[0]

        def eval(self):
            return float(self._sum / self._number)

    metric = MeanError().set_indexes([2, 0])
    metric.update(ms.Tensor(X[0]), "left out", ms.Tensor(X[1]))
    metric.update(ms.Tensor(X[2]), "left out", ms.Tensor(X[3]))
    return round(metric.eval(), 5)


@case
def static_scaling_by_hand(ms):
    net, loss_fn = network(ms), ms.nn.CrossEntropyLoss()
    optimizer = ms.nn.Momentum(net.trainable_params(), 0.1, 0.9)
    scaler = ms.amp.DynamicLossScaler(scale_value=1024, scale_factor=2, scale_window=2)

    def forward(data, label):
        loss = loss_fn(net(data), label)
        return scaler.scale(loss), loss

    grad_fn = ms.value_and_grad(forward, None, optimizer.parameters, has_aux=True)
    losses, finite = [], []
    for data, label in batches(ms):
        (_, loss), grads = grad_fn(data, label)
        good = ms.amp.all_finite(grads)
        if good:
            optimizer(scaler.unscale(grads))
        scaler.adjust(good)
        losses.append(loss)
        finite.append(bool(good))
    scale = ms.Tensor(scaler.scale_value.asnumpy().copy())
    return told(ms, net, losses), tuple(finite), scale
