"""Day 1: cross-entropy by hand, and the images that a network finds hardest."""

# mypy: disable-error-code="no-untyped-def, no-untyped-call"
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .._language import Text
from ..exercise import Case, Exercise, Mistake, Observation

# ------------------------------------------------------------ d01.e3: cross_entropy(logits, labels)


def starter_cross_entropy(logits, labels):
    shifted = ...
    log_probabilities = ...
    return ...


def cross_entropy(logits, labels):
    shifted = logits - logits.max(axis=1, keepdims=True)  # the same softmax, but no overflow
    log_probabilities = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return -log_probabilities[np.arange(len(labels)), labels].mean()


def _log_softmax(logits, axis=1):
    shifted = logits - logits.max(axis=axis, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))


def _pick(table, labels):
    return table[np.arange(len(labels)), labels]


def overflows(logits, labels):
    powers = np.exp(logits)
    return -np.log(_pick(powers / powers.sum(axis=1, keepdims=True), labels)).mean()


def with_a_floor(logits, labels):
    return -np.log(_pick(np.exp(_log_softmax(logits)), labels) + 1e-9).mean()


def one_maximum_for_all(logits, labels):
    shifted = logits - logits.max()
    return -_pick(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)), labels).mean()


def without_minus(logits, labels):
    return _pick(_log_softmax(logits), labels).mean()


def sum_instead_of_mean(logits, labels):
    return -_pick(_log_softmax(logits), labels).sum()


def softmax_down_the_columns(logits, labels):
    return -_pick(_log_softmax(logits, axis=0), labels).mean()


def shifted_scores_only(logits, labels):
    return -_pick(logits - logits.max(axis=1, keepdims=True), labels).mean()


def probability_without_log(logits, labels):
    return _pick(np.exp(_log_softmax(logits)), labels).mean()


def mean_over_all_classes(logits, labels):
    return -_log_softmax(logits).mean()


def one_loss_a_row(logits, labels):
    return -_pick(_log_softmax(logits), labels)


def _loss_cases() -> list[Case]:
    def case(logits: list[list[float]], labels: list[int]) -> Case:
        return Case({"logits": np.array(logits, np.float32), "labels": np.array(labels, np.int32)})

    return [
        case([[2.0, 0.0]], [0]),
        case([[1.0, -2.0, 0.5], [0.0, 3.0, -1.0]], [2, 0]),
        case([[1000.0, 0.0, 999.0], [-1000.0, -998.0, -999.0], [5.0, 5.0, 4.0]], [1, 1, 0]),
    ]


def _observe_loss(answer: Callable[..., Any], case: Case) -> Observation:
    with np.errstate(all="ignore"):  # the overflow is told by its result
        return {"": answer(case.inputs["logits"].copy(), case.inputs["labels"].copy())}


E3 = Exercise(
    id="d01.e3",
    title=Text("cross-entropy that survives large scores", "不怕大分数的交叉熵"),
    starter=starter_cross_entropy,
    solution=cross_entropy,
    mistakes=(
        Mistake(
            overflows,
            Text(
                "Right for small scores, but `np.exp(1000)` is infinite, and inf / inf is nan. "
                "Subtract each row's maximum before the `exp`.",
                "分数小的时候是对的，但 `np.exp(1000)` 是无穷大，无穷除以无穷得 nan。"
                "做 `exp` 之前，先减去每一行的最大值。",
            ),
        ),
        Mistake(
            with_a_floor,
            Text(
                "The small number added inside the `log` hides large losses: where the network is "
                "sure and wrong, the loss should be near 1000. Take the log of the sum instead, "
                "not of each probability.",
                "在 `log` 里加的那个小数，把大的损失藏了起来：网络很有把握却答错时，"
                "损失应当接近 1000。不要对每个概率取对数，而要对总和取对数。",
            ),
        ),
        Mistake(
            one_maximum_for_all,
            Text(
                "You subtract the largest score of the whole table; in a row far below it, every "
                "`exp` becomes 0. Each row needs its own maximum: `axis=1, keepdims=True`.",
                "你减的是整张表的最大值；远低于它的那一行，`exp` 全成了 0。"
                "每一行要减自己的最大值：`axis=1, keepdims=True`。",
            ),
        ),
        Mistake(
            without_minus,
            Text(
                "The sign is missing: log p is negative, and the loss is −log p.",
                "少了负号：log p 是负数，损失是 −log p。",
            ),
        ),
        Mistake(
            sum_instead_of_mean,
            Text(
                "You added the losses of the rows up. The loss is their mean.",
                "你把各行的损失加了起来；应当取平均。",
            ),
        ),
        Mistake(
            softmax_down_the_columns,
            Text(
                "Your softmax runs down the columns and mixes images. Use `axis=1` throughout.",
                "你的 softmax 是沿着列做的，把不同的图混在了一起。请都用 `axis=1`。",
            ),
        ),
        Mistake(
            shifted_scores_only,
            Text(
                "The division is missing: subtract the log of the row's sum of `exp` as well.",
                "少了除法那一步：还要减去这一行 `exp` 之和的对数。",
            ),
        ),
        Mistake(
            probability_without_log,
            Text(
                "This is the mean probability of the right class. Take −log of it, row by row.",
                "这是正确类别概率的平均值。应当先逐行取 −log。",
            ),
        ),
        Mistake(
            mean_over_all_classes,
            Text(
                "You averaged over all classes. Pick the right class of each row first: "
                "`[np.arange(len(labels)), labels]`.",
                "你对所有类别取了平均。先挑出每行的正确类别：`[np.arange(len(labels)), labels]`。",
            ),
        ),
        Mistake(
            one_loss_a_row,
            Text(
                "You have one loss a row: now take their mean.",
                "现在每行有一个损失：再取平均就好。",
            ),
        ),
    ),
    hints=(
        Text(
            "Adding the same number to all scores of a row does not change its softmax. Which "
            "number makes the largest score 0?",
            "给一行的所有分数加上同一个数，softmax 不变。加上哪个数，能让最大的分数变成 0？",
        ),
        Text(
            "log(a / b) = log a − log b: so log p is `shifted` minus the log of the row's sum of "
            "`np.exp(shifted)`. No division, no overflow.",
            "log(a / b) = log a − log b，所以 log p 等于 `shifted` 减去这一行 `np.exp(shifted)` "
            "之和的对数。不用除法，也不会溢出。",
        ),
        Text(
            "`table[np.arange(len(labels)), labels]` picks one entry a row. Take the mean, "
            "with a minus.",
            "`table[np.arange(len(labels)), labels]` 每行挑出一个数。取平均，再加负号。",
        ),
    ),
    cases=_loss_cases,
    observe=_observe_loss,
    untouched=Text(
        "Replace each `...` with NumPy code. Section 4 has the formula; mind scores of 1000.",
        "把每个 `...` 换成 NumPy 代码。公式在第 4 节；注意分数可能大到 1000。",
    ),
    praise=Text(
        "Also for scores of 1000. This subtraction is why `CrossEntropyLoss` wants raw scores: "
        "with probabilities it would come too late.",
        "分数大到 1000 也没问题。`CrossEntropyLoss` 之所以要原始分数，就是为了做这一步减法："
        "等到变成概率，就来不及了。",
    ),
)

# ------------------------------------------------------------- d01.e4: hardest(logits, labels, k)


def starter_hardest(logits, labels, k):
    return ...


def hardest(logits, labels, k):
    losses = np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(len(labels)), labels]
    return (-losses).argsort()[:k]  # argsort rises, so sort what is negative


def _losses(logits, labels):
    return -_pick(_log_softmax(logits), labels)


def easiest_first(logits, labels, k):
    return _losses(logits, labels).argsort()[:k]


def easiest_of_the_hardest_first(logits, labels, k):
    return _losses(logits, labels).argsort()[-k:]


def losses_instead_of_places(logits, labels, k):
    return np.sort(_losses(logits, labels))[::-1][:k]


def least_confident(logits, labels, k):
    return _log_softmax(logits).max(axis=1).argsort()[:k]


def smallest_raw_score(logits, labels, k):
    return _pick(logits, labels).argsort()[:k]


def all_of_them(logits, labels, k):
    return (-_losses(logits, labels)).argsort()


def _hardest_cases() -> list[Case]:
    def case(logits: list[list[float]], labels: list[int], k: int) -> Case:
        arrays = {"logits": np.array(logits, np.float32), "labels": np.array(labels, np.int32)}
        return Case({**arrays, "k": np.array(k)})

    random = np.random.default_rng(4)
    many = random.normal(size=(9, 5)).round(2).tolist()
    return [
        case([[3.0, 0.0], [0.0, 2.0], [1.0, 1.2]], [0, 0, 0], 2),
        case([[9.0, 8.0, 0.0], [0.1, 0.0, 0.2], [-5.0, -1.0, -9.0], [1.0, 6.0, 1.0]],
             [1, 2, 1, 0], 2),
        case(many, random.integers(0, 5, 9).tolist(), 4),
    ]  # fmt: skip


def _observe_hardest(answer: Callable[..., Any], case: Case) -> Observation:
    logits, labels, k = (array.copy() for array in case.inputs.values())
    return {"": answer(logits, labels, int(k))}


E4 = Exercise(
    id="d01.e4",
    title=Text("the hardest images", "最难认的图"),
    starter=starter_hardest,
    solution=hardest,
    mistakes=(
        Mistake(
            easiest_first,
            Text(
                "These are the easiest: `argsort` puts the smallest first, and you want the "
                "largest losses.",
                "这些是最容易的：`argsort` 把最小的排在前面，而你要的是损失最大的。",
            ),
        ),
        Mistake(
            easiest_of_the_hardest_first,
            Text(
                "The right images, but in rising order. The hardest comes first.",
                "图选对了，但是从易到难排的。最难的应当排在最前面。",
            ),
        ),
        Mistake(
            losses_instead_of_places,
            Text(
                "These are the losses themselves. Return the row numbers: `argsort`, not `sort`.",
                "这是损失本身。要返回的是行号：用 `argsort`，不是 `sort`。",
            ),
        ),
        Mistake(
            least_confident,
            Text(
                "You chose where the network is least sure of its own answer. Hard means: little "
                "probability for the right label, however sure it is.",
                "你挑的是网络最没把握的图。“难”指的是正确标签分到的概率小，不管网络多有把握。",
            ),
        ),
        Mistake(
            smallest_raw_score,
            Text(
                "You compared raw scores between images. Only after the softmax can rows be "
                "compared: a score of 1 is much beside 0 and little beside 9.",
                "你在不同的图之间直接比较原始分数。要先做 softmax 才能比：1 分和 0 比是高分，"
                "和 9 比就很低。",
            ),
        ),
        Mistake(
            all_of_them,
            Text(
                "In the right order, but all of them: keep the first `k`.",
                "顺序对了，但只要前 `k` 个。",
            ),
        ),
    ),
    hints=(
        Text(
            "Hard is where the loss is large. Exercise 3 has the loss of each row, just before the "
            "mean.",
            "难，就是损失大。练习 3 里取平均之前的那一步，就是每一行的损失。",
        ),
        Text(
            "`(-losses).argsort()` gives the row numbers, the largest loss first.",
            "`(-losses).argsort()` 给出行号，损失最大的排在最前。",
        ),
    ),
    cases=_hardest_cases,
    observe=_observe_hardest,
    untouched=Text(
        "Write the body yourself this time; the loss of one row is in exercise 3.",
        "这次整个函数由你来写；一行的损失怎么算，练习 3 里有。",
    ),
    praise=Text(
        "Looking at the hardest images is the first thing that a practitioner does: among them are "
        "the wrong labels.",
        "做实际项目的人，第一件事就是看最难的那些图：标错的标签就藏在里面。",
    ),
)
