"""Day 1, quick start: measure a network, and repair a training step."""

# mypy: disable-error-code="no-untyped-def, no-untyped-call"
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import mslearn as ms

from .._language import Text
from ..exercise import Case, Exercise, Mistake, Observation
from .day01_loss import E3, E4
from .day01_step import E2

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

EXERCISES: tuple[Exercise, ...] = (E1, E2, E3, E4)
