"""Day 3: which rows are drawn how often, and which rows must stay together."""

# mypy: disable-error-code="no-untyped-def, no-untyped-call"
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .._language import Text
from ..exercise import Case, Exercise, Mistake, Observation

# --------------------------------------------------------------- d03.e3: balancing_weights(labels)


def starter_balancing_weights(labels):
    counts = ...
    return ...


def balancing_weights(labels):
    counts = np.bincount(labels)  # counts[c]: how many rows have class c
    occurring = (counts > 0).sum()
    return 1 / counts[labels] / occurring


def only_one_over_count(labels):
    return 1 / np.bincount(labels)[labels]


def in_proportion(labels):
    weights = np.bincount(labels)[labels]
    return weights / weights.sum()


def one_for_each_class(labels):
    counts = np.bincount(labels)
    return 1 / counts[counts > 0] / (counts > 0).sum()


def counts_absent_classes(labels):
    counts = np.bincount(labels)
    return 1 / counts[labels] / len(counts)


def half_way(labels):
    weights = np.bincount(labels)[labels] ** -0.5
    return weights / weights.sum()


def the_rest_over_all(labels):
    weights = 1 - np.bincount(labels)[labels] / len(labels)
    return weights / weights.sum()


def _observe_weights(answer: Callable[..., Any], case: Case) -> Observation:
    return {"": answer(case.inputs["labels"].copy())}


E3 = Exercise(
    id="d03.e3",
    title=Text("balance any classes", "让各类均衡"),
    starter=starter_balancing_weights,
    solution=balancing_weights,
    mistakes=(
        Mistake(
            only_one_over_count,
            Text(
                "In the right proportion, but as probabilities they must add up to 1: every class "
                "adds up to 1 already, so divide by the number of classes.",
                "比例对了，但作为概率，加起来必须等于 1：现在每一类加起来就已经是 1 了，"
                "再除以类别的个数。",
            ),
        ),
        Mistake(
            in_proportion,
            Text(
                "The wrong way round: now a frequent class is drawn even more often. One *over* "
                "the count.",
                "反了：这样一来，多的类别被抽到的机会更多。应当是个数*分之一*。",
            ),
        ),
        Mistake(
            one_for_each_class,
            Text(
                "One number a class; the sampler wants one a *row*. `counts[labels]` looks up "
                "each row's own count.",
                "你是每类给一个数；采样器要的是每*行*一个。`counts[labels]` "
                "能查出每行所属类别的个数。",
            ),
        ),
        Mistake(
            counts_absent_classes,
            Text(
                "A class that does not occur was counted too, and the sum falls below 1. Count "
                "those with `counts > 0`.",
                "没有出现的类别也算进去了，总和就不到 1。只数 `counts > 0` 的那些。",
            ),
        ),
        Mistake(
            half_way,
            Text(
                "A square root weakens the imbalance but does not remove it. Take 1 / count.",
                "开平方只是减轻了不均衡，并没有消除。请用 1 / 个数。",
            ),
        ),
        Mistake(
            the_rest_over_all,
            Text(
                "1 − share is large for rare classes, but not in the right proportion: a class "
                "with half as many rows needs exactly twice the weight.",
                "1 − 占比，对少的类别是大一些，但比例不对：个数少一半，权重应当正好大一倍。",
            ),
        ),
    ),
    hints=(
        Text(
            "Four rows of class a and one of class b: which five probabilities give both classes "
            "one half?",
            "a 类四行，b 类一行：哪五个概率能让两类各占一半？",
        ),
        Text(
            "`np.bincount(labels)` counts each class, and `counts[labels]` brings the counts to "
            "the rows.",
            "`np.bincount(labels)` 数出每类有几行，`counts[labels]` 把个数带到每一行。",
        ),
        Text(
            "`1 / counts[labels]` adds up to 1 for each class. Divide by the number of classes "
            "with `counts > 0`.",
            "`1 / counts[labels]` 在每一类里加起来都是 1。再除以 `counts > 0` 的类别个数。",
        ),
    ),
    cases=lambda: [
        Case({"labels": np.array([0, 1, 1])}),
        Case({"labels": np.array([2, 0, 0, 2, 2, 2, 1])}),
        Case({"labels": np.array([5, 0, 0, 5, 3, 0, 0, 5, 0, 0])}),
    ],
    observe=_observe_weights,
    untouched=Text(
        "Replace each `...`: how many rows has each class, and what does that make of each row?",
        "把每个 `...` 换掉：每类有几行？由此每一行该得多少？",
    ),
    praise=Text(
        "Every class gets the same share, absent ones none. "
        "`ds.WeightedRandomSampler(balancing_weights(labels).tolist(), n)` takes it as it is.",
        "各类份额相等，没出现的不占份额。"
        "`ds.WeightedRandomSampler(balancing_weights(labels).tolist(), n)` 可以直接用。",
    ),
)

# --------------------------------------------------------------- d03.e4: split_rows(writers, share)


def starter_split_rows(writers, share):
    rows = np.arange(len(writers))
    cut = round(len(writers) * (1 - share))
    return rows[:cut], rows[cut:]


def split_rows(writers, share):
    test = np.zeros(len(writers), bool)
    for writer in np.unique(writers)[::-1]:  # each once, the highest number first
        if test.sum() >= share * len(writers):
            break
        test |= writers == writer
    return np.flatnonzero(~test), np.flatnonzero(test)


def _taking(writers, wanted, names):
    test = np.zeros(len(writers), bool)
    for writer in names:
        if test.sum() >= wanted:
            break
        test |= writers == writer
    return np.flatnonzero(~test), np.flatnonzero(test)


def sorts_then_cuts(writers, share):
    order = np.argsort(writers, kind="stable")
    cut = round(len(writers) * (1 - share))
    return np.sort(order[:cut]), np.sort(order[cut:])


def share_of_the_writers(writers, share):
    names = np.unique(writers)[::-1]
    test = np.isin(writers, names[: int(np.ceil(share * len(names)))])
    return np.flatnonzero(~test), np.flatnonzero(test)


def sides_exchanged(writers, share):
    return split_rows(writers, share)[::-1]


def lowest_number_first(writers, share):
    return _taking(writers, share * len(writers), np.unique(writers))


def one_writer_more(writers, share):
    return _taking(writers, share * len(writers) + 1e-9, np.unique(writers)[::-1])


def never_above_the_share(writers, share):
    test = np.zeros(len(writers), bool)
    for writer in np.unique(writers)[::-1]:
        if (test | (writers == writer)).sum() > share * len(writers):
            break
        test |= writers == writer
    return np.flatnonzero(~test), np.flatnonzero(test)


def _writers_case(writers: list[int], share: float) -> Case:
    return Case({"writers": np.array(writers), "share": np.array(share)})


def _observe_split(answer: Callable[..., Any], case: Case) -> Observation:
    train, test = answer(case.inputs["writers"].copy(), float(case.inputs["share"]))
    train, test = np.asarray(train), np.asarray(test)
    both = np.intersect1d(case.inputs["writers"][train], case.inputs["writers"][test])
    return {"leaking": both, "test": test, "train": train}


E4 = Exercise(
    id="d03.e4",
    title=Text("repair: a split that leaks", "修一修：会泄漏的划分"),
    starter=starter_split_rows,
    solution=split_rows,
    mistakes=(
        Mistake(
            sorts_then_cuts,
            Text(
                "Sorting brings each writer's rows together, but the cut can still fall in the "
                "middle of one writer. Take whole writers.",
                "排序能让同一个人的行挨在一起，可是一刀下去，仍可能切在某个人的中间。要整个人地拿。",
            ),
        ),
        Mistake(
            share_of_the_writers,
            Text(
                "You take a share of the *writers*. Some wrote much, some little: count rows.",
                "你是按*人数*的比例拿的。有人写得多，有人写得少：应当数行。",
            ),
        ),
        Mistake(
            sides_exchanged,
            Text(
                "Nothing leaks, but the parts are exchanged: training first, then test.",
                "没有泄漏，但两部分弄反了：先训练，后测试。",
            ),
        ),
        Mistake(
            lowest_number_first,
            Text(
                "You began with the lowest number. Whole writers, the *highest* first.",
                "你是从编号最小的拿起的。应当整个人地拿，*最大的*在先。",
            ),
        ),
        Mistake(
            one_writer_more,
            Text(
                "When the share is reached exactly, it is enough: stop at `>=`, not at `>`.",
                "正好达到比例，就够了：停止的条件是 `>=`，不是 `>`。",
            ),
        ),
        Mistake(
            never_above_the_share,
            Text(
                "You stop before the share is passed. The test part should hold *at least* that "
                "much.",
                "你在超过比例之前就停了。测试部分*至少*要有这么多。",
            ),
        ),
    ),
    hints=(
        Text(
            "`np.unique(writers)[::-1]` gives each writer once, the highest number first.",
            "`np.unique(writers)[::-1]` 给出每个人各一次，编号最大的在先。",
        ),
        Text(
            "Keep a mask: `test = np.zeros(len(writers), bool)`, and add a writer with "
            "`test |= writers == writer`.",
            "用一个掩码：`test = np.zeros(len(writers), bool)`，加入一个人就写 "
            "`test |= writers == writer`。",
        ),
        Text(
            "Stop as soon as `test.sum() >= share * len(writers)`. Then `np.flatnonzero(~test)` "
            "and `np.flatnonzero(test)`.",
            "一旦 `test.sum() >= share * len(writers)` 就停。最后是 `np.flatnonzero(~test)` 和 "
            "`np.flatnonzero(test)`。",
        ),
    ),
    cases=lambda: [
        _writers_case([1, 2, 1, 2], 0.5),
        _writers_case([3, 1, 3, 2, 2, 2, 1], 0.4),
        _writers_case([7, 7, 2, 9, 7, 2, 5, 2, 2, 9, 5], 0.25),
        _writers_case([4, 1, 4, 1, 8, 1, 8, 6, 6, 6, 4, 1, 6], 0.5),
    ],
    observe=_observe_split,
    untouched=Text(
        "This is still the function as given: writer 1 and writer 2 stand on both sides.",
        "这还是原来的函数：第 1 个人和第 2 个人两边都有。",
    ),
    praise=Text(
        "No writer on both sides. Whenever rows belong together, this is the split to use.",
        "没有谁两边都在。凡是几行数据属于同一个来源的，都该这样划分。",
    ),
    quantities={
        "leaking": Text("writers on both sides", "两边都有的人"),
        "test": Text("test rows", "测试的行号"),
        "train": Text("training rows", "训练的行号"),
    },
)
