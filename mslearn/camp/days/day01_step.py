"""Day 1, second exercise: repair a training step."""

# mypy: disable-error-code="no-untyped-def, no-untyped-call"
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import mslearn as ms
from mslearn import nn

from .._language import Text
from ..exercise import Case, Exercise, Mistake, Observation

# ----------------------------------------------- d01.e2: make_train_step(net, loss_fn, optimizer)


def starter_make_train_step(net, loss_fn, optimizer):
    def forward_fn(data, label):
        probabilities = nn.Softmax(axis=-1)(net(data))
        return loss_fn(probabilities, label)

    grad_fn = ms.value_and_grad(forward_fn, None, optimizer.parameters)

    def train_step(data, label):
        loss, grads = grad_fn(data, label)
        optimizer(grads)
        return loss

    return train_step


def make_train_step(net, loss_fn, optimizer):
    def forward_fn(data, label):
        logits = net(data)  # raw scores: the loss does the softmax
        return loss_fn(logits, label)

    grad_fn = ms.value_and_grad(forward_fn, None, optimizer.parameters)

    def train_step(data, label):
        loss, grads = grad_fn(data, label)
        optimizer(grads)
        return loss

    return train_step


def _step(net, loss_fn, optimizer, squash=None, updates=1, pair=False):
    """A training step with something wrong in it."""

    def forward_fn(data, label):
        logits = net(data)
        return loss_fn(squash(logits) if squash else logits, label)

    grad_fn = ms.value_and_grad(forward_fn, None, optimizer.parameters)

    def train_step(data, label):
        loss, grads = grad_fn(data, label)
        for _ in range(updates):
            optimizer(grads)
        return (loss, grads) if pair else loss

    return train_step


def softmax_twice(net, loss_fn, optimizer):
    return _step(net, loss_fn, optimizer, squash=nn.Softmax(axis=-1))


def softmax_over_the_batch(net, loss_fn, optimizer):
    return _step(net, loss_fn, optimizer, squash=nn.Softmax(axis=0))


def relu_on_the_scores(net, loss_fn, optimizer):
    return _step(net, loss_fn, optimizer, squash=nn.ReLU())


def optimizer_never_called(net, loss_fn, optimizer):
    return _step(net, loss_fn, optimizer, updates=0)


def optimizer_called_twice(net, loss_fn, optimizer):
    return _step(net, loss_fn, optimizer, updates=2)


def loss_and_gradients(net, loss_fn, optimizer):
    return _step(net, loss_fn, optimizer, pair=True)


def _step_cases() -> list[Case]:
    def case(rows: int, columns: int, classes: int) -> Case:
        random = np.random.default_rng(rows)
        return Case(
            {
                "data": random.normal(size=(rows, columns)).astype(np.float32).round(1),
                "label": random.integers(0, classes, rows).astype(np.int32),
                "weight": random.normal(size=(classes, columns)).astype(np.float32).round(1),
            }
        )

    return [case(1, 2, 3), case(2, 3, 4), case(3, 4, 5)]


def _observe_step(answer: Callable[..., Any], case: Case) -> Observation:
    """Two steps of gradient descent on one dense layer whose weight the case gives."""
    classes, columns = case.inputs["weight"].shape
    weight = ms.Tensor(case.inputs["weight"].copy())
    net = nn.Dense(columns, classes, weight_init=weight, has_bias=False)
    optimizer = nn.SGD(net.trainable_params(), learning_rate=0.5)
    train_step = answer(net, nn.CrossEntropyLoss(), optimizer)
    if train_step is None:
        return {}
    data, label = ms.Tensor(case.inputs["data"].copy()), ms.Tensor(case.inputs["label"].copy())
    seen = {"loss 1": train_step(data, label)}
    seen["weight"] = net.weight.asnumpy().copy()
    seen["loss 2"] = train_step(data, label)
    return seen


E2 = Exercise(
    id="d01.e2",
    title=Text("repair the training step", "修好训练步骤"),
    starter=starter_make_train_step,
    solution=make_train_step,
    mistakes=(
        Mistake(
            softmax_twice,
            Text(
                "The softmax is still done twice: once here, once inside `CrossEntropyLoss`. Give "
                "the loss the raw scores, `net(data)`.",
                "softmax 仍然做了两次：这里一次，`CrossEntropyLoss` 里面又一次。请把原始分数 "
                "`net(data)` 交给损失函数。",
            ),
        ),
        Mistake(
            softmax_over_the_batch,
            Text(
                "This softmax runs down the batch (`axis=0`), mixing different images. You need "
                "no softmax here at all: the loss does it.",
                "这个 softmax 是沿着批次（`axis=0`）做的，把不同的图混在了一起。其实这里根本不需要"
                " softmax：损失函数自己会做。",
            ),
        ),
        Mistake(
            relu_on_the_scores,
            Text(
                "A ReLU on the scores throws away every negative one. Give the loss the scores as "
                "they are.",
                "在分数上做 ReLU，负的分数就全丢了。请把分数原样交给损失函数。",
            ),
        ),
        Mistake(
            optimizer_never_called,
            Text(
                "The loss is right, but the weights did not move. Call `optimizer(grads)`.",
                "损失算对了，但权重没有动。请调用 `optimizer(grads)`。",
            ),
        ),
        Mistake(
            optimizer_called_twice,
            Text(
                "The weights moved twice as far as they should: one `optimizer(grads)` a step.",
                "权重走了两倍的距离：每一步只调用一次 `optimizer(grads)`。",
            ),
        ),
        Mistake(
            loss_and_gradients,
            Text(
                "`train_step` should return the loss alone; you return the gradients with it.",
                "`train_step` 只需返回损失；你把梯度也一起返回了。",
            ),
        ),
    ),
    hints=(
        Text(
            "The loss never goes below 1.46. Which line decides what the loss gets to see?",
            "损失怎么也降不到 1.46 以下。哪一行决定了损失函数看到的是什么？",
        ),
        Text(
            "`nn.CrossEntropyLoss` wants raw scores (logits), and turns them into probabilities "
            "itself.",
            "`nn.CrossEntropyLoss` 要的是原始分数（logits），它自己会把分数变成概率。",
        ),
        Text(
            "In `forward_fn`, drop the `nn.Softmax` line and hand `net(data)` to `loss_fn`.",
            "在 `forward_fn` 里去掉 `nn.Softmax` 那一行，把 `net(data)` 直接交给 `loss_fn`。",
        ),
    ),
    cases=_step_cases,
    observe=_observe_step,
    untouched=Text(
        "This is still the step as given: it runs, but its loss cannot get below 1.46. Find out "
        "why, change it, and check again.",
        "这还是原来的训练步骤：能运行，但损失降不到 1.46 以下。找出原因，改好，再检查一次。",
    ),
    praise=Text(
        "Loss and weights now agree with ours, step after step. You have found a bug that many "
        "published programs contain.",
        "现在每一步的损失和权重都与正确答案一致。这个错误，许多公开发布的程序里都有。",
    ),
    quantities={
        "loss 1": Text("loss of step 1", "第 1 步的损失"),
        "weight": Text("weight after step 1", "第 1 步之后的权重"),
        "loss 2": Text("loss of step 2", "第 2 步的损失"),
    },
)
