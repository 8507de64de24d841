"""Day 1, quick start: measure a network, and repair a training step."""

# mypy: disable-error-code="no-untyped-def, no-untyped-call"
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import mslearn as ms
from mslearn import nn

from .._language import Text
from ..exercise import Case, Exercise, Mistake, Observation
from .day01_loss import E3, E4

# ---------------------------------------------------------------- d01.e1: accuracy(logits, labels)
# The functions below read as a learner writes them: no annotations.


def starter_accuracy(logits, labels):
    predicted = ...
    return ...


def accuracy(logits, labels):
    predicted = logits.argmax(axis=1)  # the column of the largest score in each row
    return (predicted == labels).asnumpy().mean()  # True counts as 1, False as 0


def argmax_down_the_columns(logits, labels):
    return (logits.argmax(axis=0) == labels).asnumpy().mean()


def argmax_of_everything(logits, labels):
    return (logits.asnumpy().argmax() == labels.asnumpy()).mean()


def largest_score_not_its_place(logits, labels):
    return (logits.asnumpy().max(axis=1) == labels.asnumpy()).mean()


def smallest_score(logits, labels):
    return (logits.asnumpy().argmin(axis=1) == labels.asnumpy()).mean()


def count_of_hits(logits, labels):
    return (logits.argmax(axis=1) == labels).asnumpy().sum()


def hits_row_by_row(logits, labels):
    return logits.argmax(axis=1) == labels


def predictions_only(logits, labels):
    return logits.argmax(axis=1)


def share_of_misses(logits, labels):
    return (logits.argmax(axis=1) != labels).asnumpy().mean()


def in_percent(logits, labels):
    return 100 * (logits.argmax(axis=1) == labels).asnumpy().mean()


def whole_division(logits, labels):
    return (logits.argmax(axis=1) == labels).asnumpy().sum() // len(labels)


def divided_by_classes(logits, labels):
    return (logits.argmax(axis=1) == labels).asnumpy().sum() / logits.shape[1]


def _accuracy_cases() -> list[Case]:
    def case(logits: list[list[float]], labels: list[int]) -> Case:
        return Case({"logits": np.array(logits, np.float32), "labels": np.array(labels, np.int32)})

    random = np.random.default_rng(1)
    large = random.normal(size=(7, 10)).astype(np.float32)
    return [
        case([[0.1, 2.0, -1.0]], [1]),
        case([[0.5, -2.0, 3.5], [3.0, 2.0, 1.0]], [2, 1]),
        case([[-1.0, -3.0, -2.0], [-9.0, -8.0, -7.0], [0.3, 0.1, 0.2]], [0, 1, 0]),
        case([[1.0, 4.0], [2.0, 0.0], [5.0, 6.0], [0.0, -1.0], [3.0, 7.0]], [1, 0, 0, 1, 1]),
        Case({"logits": large, "labels": random.integers(0, 10, 7).astype(np.int32)}),
    ]


def _observe_accuracy(answer: Callable[..., Any], case: Case) -> Observation:
    return {"": answer(*(ms.Tensor(array.copy()) for array in case.inputs.values()))}


E1 = Exercise(
    id="d01.e1",
    title=Text("accuracy from scratch", "亲手计算准确率"),
    starter=starter_accuracy,
    solution=accuracy,
    mistakes=(
        Mistake(
            argmax_down_the_columns,
            Text(
                "You looked for the largest score down each column. Each row is one digit, so "
                "search along the row: `axis=1`.",
                "你是沿着每一列找最大值的。一行才是一个数字，应当沿着行找：`axis=1`。",
            ),
        ),
        Mistake(
            argmax_of_everything,
            Text(
                "`argmax` without an axis looks at the whole table as one long row. Give it "
                "`axis=1`, to get one answer a row.",
                "`argmax` 不给轴时，会把整张表当成一长行。加上 `axis=1`，每行才各有一个答案。",
            ),
        ),
        Mistake(
            largest_score_not_its_place,
            Text(
                "You compare the largest score itself with the label. The label is a place "
                "(which column), so you need `argmax`, not `max`.",
                "你拿最大的分数本身去和标签比。标签说的是“第几列”，所以要用 `argmax`，不是 `max`。",
            ),
        ),
        Mistake(
            smallest_score,
            Text(
                "You picked the smallest score of each row. The network's choice is the largest.",
                "你挑的是每行里最小的分数。网络的选择应是分数最大的那一列。",
            ),
        ),
        Mistake(
            predictions_only,
            Text(
                "These are the predictions. Compare them with `labels`, then take the mean.",
                "这还只是预测结果。把它和 `labels` 比较，再求平均。",
            ),
        ),
        Mistake(
            hits_row_by_row,
            Text(
                "You have one True or False a row. Their mean is the accuracy "
                "(`.asnumpy().mean()`).",
                "现在每行有一个 True 或 False。对它们求平均就是准确率（`.asnumpy().mean()`）。",
            ),
        ),
        Mistake(
            count_of_hits,
            Text(
                "You counted the hits. Accuracy is a share, from 0 to 1: divide by the number of "
                "rows, or use the mean.",
                "你数出了猜对的个数。准确率是 0 到 1 之间的比例：再除以行数，或者直接求平均。",
            ),
        ),
        Mistake(
            share_of_misses,
            Text(
                "This is the share of wrong answers: accuracy is one minus it.",
                "这是猜错的比例；准确率等于 1 减去它。",
            ),
        ),
        Mistake(
            in_percent,
            Text(
                "The value is in per cent. Keep it between 0 and 1, and multiply when you print.",
                "你给的是百分数。请保留 0 到 1 之间的值，打印的时候再乘 100。",
            ),
        ),
        Mistake(
            whole_division,
            Text(
                "`//` throws the fraction away, so that only 0 and 1 are left. Divide with `/`.",
                "`//` 会丢掉小数部分，只剩下 0 和 1。请用 `/` 相除。",
            ),
        ),
        Mistake(
            divided_by_classes,
            Text(
                "You divided by the number of columns (classes). Divide by the number of rows.",
                "你除的是列数（类别数）。应当除以行数。",
            ),
        ),
    ),
    hints=(
        Text(
            "Each row of `logits` holds ten scores for one image. Which of them is the network's "
            "answer?",
            "`logits` 的每一行是一幅图的十个分数。网络的答案是其中哪一个？",
        ),
        Text(
            "`logits.argmax(axis=1)` gives, for each row, the column of the largest score. "
            "Comparing two tensors with `==` gives True or False for each element.",
            "`logits.argmax(axis=1)` 给出每一行最大分数所在的列。两个张量用 `==` 比较，会逐个元素"
            "得到 True 或 False。",
        ),
        Text(
            "The mean of Trues and Falses is the share of Trues: `.asnumpy().mean()`.",
            "一串 True、False 的平均值，就是 True 所占的比例：`.asnumpy().mean()`。",
        ),
    ),
    cases=_accuracy_cases,
    observe=_observe_accuracy,
    untouched=Text(
        "Replace each `...` with your code, run the cell, and check again. Stuck? Ask for a hint.",
        "把每个 `...` 换成你的代码，运行单元格，再检查一次。卡住了就要一条提示。",
    ),
    praise=Text(
        "It is right for every batch we tried: one row, square tables, all scores negative.",
        "各种批次都算对了：只有一行的、方形的、分数全为负的。",
    ),
)

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

EXERCISES: tuple[Exercise, ...] = (E1, E2, E3, E4)
