"""Day 8, saving: the best files on disk, and PyTorch's names for MindSpore's parameters."""

# mypy: disable-error-code="no-untyped-def, no-untyped-call"
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .._language import Text
from ..exercise import Case, Exercise, Mistake, Observation

# ------------------------------------------------------------------ d08.e3: keep_best(scores, k)


def starter_keep_best(scores, k):
    kept = []
    for epoch, score in enumerate(scores, 1):
        kept.append(...)
        kept = ...
    return [epoch for _, epoch in kept]


def keep_best(scores, k):
    kept = []
    for epoch, score in enumerate(scores, 1):
        kept.append((-score, epoch))  # sorted upwards: best first, of equals the earlier
        kept = sorted(kept)[:k]
    return [epoch for _, epoch in kept]


def the_newest(scores, k):
    return list(range(1, len(scores) + 1))[-k:]


def the_worst(scores, k):
    return [epoch for _, epoch in sorted((s, e) for e, s in enumerate(scores, 1))[:k]]


def later_of_equals(scores, k):
    return [epoch for _, epoch in sorted(((s, e) for e, s in enumerate(scores, 1)), reverse=True)][
        :k
    ]


def counted_from_zero(scores, k):
    return [epoch - 1 for epoch in keep_best(scores, k)]


def in_order_of_time(scores, k):
    return sorted(keep_best(scores, k))


def one_alone(scores, k):
    return keep_best(scores, 1)


E3 = Exercise(
    id="d08.e3",
    title=Text("keep the best files", "只留最好的文件"),
    starter=starter_keep_best,
    solution=keep_best,
    mistakes=(
        Mistake(
            the_newest,
            Text(
                "You keep the newest files, whatever they are worth; that is what "
                "`ModelCheckpoint` does. Keep the highest scores.",
                "你留的是最新的文件，不管好坏；`ModelCheckpoint` 就是这样做的。请留分数最高的。",
            ),
        ),
        Mistake(
            the_worst,
            Text(
                "You keep the worst: sorting goes upwards. Sort by `-score`.",
                "你留下的是最差的：排序是从小到大的。请按 `-score` 来排。",
            ),
        ),
        Mistake(
            later_of_equals,
            Text(
                "Of two equal scores the earlier epoch comes first (it needed less training). "
                "`reverse=True` turns that round as well.",
                "分数相同的，较早的一轮排在前面（它训练得更少）。"
                "`reverse=True` 把这一点也反过来了。",
            ),
        ),
        Mistake(
            counted_from_zero,
            Text("Epochs count from 1.", "轮数从 1 数起。"),
        ),
        Mistake(
            in_order_of_time,
            Text(
                "The right files, but in the order of time. The best comes first.",
                "文件选对了，次序却是按时间排的。最好的应当排在最前。",
            ),
        ),
        Mistake(
            one_alone,
            Text("You keep only one. There is room for `k`.", "你只留了一个。可以留 `k` 个。"),
        ),
    ),
    hints=(
        Text(
            "Keep pairs in `kept`, so that sorting the pairs puts the best first.",
            "在 `kept` 里存成对的值，让排序之后最好的在最前。",
        ),
        Text(
            "Pairs are compared by their first part: `(-score, epoch)` puts high scores, and of "
            "equals the earlier, first.",
            "成对的值先比第一个：`(-score, epoch)` 会让高分排在前面，同分时早的在前。",
        ),
        Text(
            "`kept.append((-score, epoch))`, then `kept = sorted(kept)[:k]`.",
            "`kept.append((-score, epoch))`，然后 `kept = sorted(kept)[:k]`。",
        ),
    ),
    cases=lambda: [
        Case({"scores": np.array(scores), "k": np.array(k)})
        for scores, k in (
            ([0.5], 2),
            ([0.2, 0.9, 0.4], 1),
            ([0.7, 0.3, 0.8, 0.5], 2),
            ([0.1, 0.6, 0.4, 0.6, 0.6, 0.2], 2),
            ([0.81, 0.84, 0.79, 0.9, 0.88, 0.84, 0.85], 3),
        )
    ],
    observe=lambda answer, case: {
        "": list(answer(case.inputs["scores"].tolist(), int(case.inputs["k"])))
    },
    untouched=Text(
        "Replace each `...`: what is remembered of an epoch, and which of them stay.",
        "把每个 `...` 换掉：一轮要记下什么，哪些留下来。",
    ),
    praise=Text(
        "Never more than `k` files on disk, and the best of them all among them.",
        "硬盘上永远不超过 `k` 个文件，而最好的那个一定在里面。",
    ),
)

# ----------------------------------------------------------------- d08.e4: to_mindspore(weights)


def starter_to_mindspore(weights):
    batch_norm = {"weight": "gamma", "bias": "beta"}
    batch_norm |= {"running_mean": "moving_mean", "running_var": "moving_variance"}
    out = {}
    for name, value in weights.items():
        layer, _, last = name.rpartition(".")
        if ...:
            last = batch_norm[last]
        out[f"{layer}.{last}"] = value
    return out


def to_mindspore(weights):
    batch_norm = {"weight": "gamma", "bias": "beta"}
    batch_norm |= {"running_mean": "moving_mean", "running_var": "moving_variance"}
    out = {}
    for name, value in weights.items():
        layer, _, last = name.rpartition(".")
        if last == "num_batches_tracked":
            continue
        if f"{layer}.running_mean" in weights:
            last = batch_norm[last]
        out[f"{layer}.{last}"] = value
    return out


_NAMES = {
    "weight": "gamma",
    "bias": "beta",
    "running_mean": "moving_mean",
    "running_var": "moving_variance",
}


def every_weight_a_gamma(weights):
    pairs = [(n.rpartition("."), v) for n, v in weights.items()]
    return {f"{a}.{_NAMES[b]}": v for (a, _, b), v in pairs if b in _NAMES}


def statistics_alone(weights):
    out = {}
    for name, value in weights.items():
        layer, _, last = name.rpartition(".")
        if last.startswith("running"):
            last = _NAMES[last]
        if last != "num_batches_tracked":
            out[f"{layer}.{last}"] = value
    return out


def counter_kept(weights):
    out = to_mindspore(weights)
    return {**out, **{n: v for n, v in weights.items() if n.endswith("num_batches_tracked")}}


def anywhere_in_the_name(weights):
    out = {}
    for name, value in weights.items():
        if name.endswith("num_batches_tracked"):
            continue
        if f"{name.rpartition('.')[0]}.running_mean" in weights:
            for old, new in _NAMES.items():
                name = name.replace(old, new)
        out[name] = value
    return out


def layer_lost(weights):
    return {name.rpartition(".")[2]: value for name, value in to_mindspore(weights).items()}


def only_batch_norm(weights):
    mine = to_mindspore(weights)
    return {n: v for n, v in mine.items() if f"{n.rpartition('.')[0]}.running_mean" in weights}


def only_names_with_bn(weights):
    out = {}
    for name, value in weights.items():
        layer, _, last = name.rpartition(".")
        if last != "num_batches_tracked":
            out[f"{layer}.{_NAMES[last] if 'bn' in layer else last}"] = value
    return out


def _name_cases() -> list[Case]:
    random = np.random.default_rng(88)

    def case(dense: list[str], norm: list[str]) -> Case:
        weights = {}
        for layer in dense:
            weights[f"{layer}.weight"] = random.normal(size=(2, 1)).round(1)
            weights[f"{layer}.bias"] = random.normal(size=2).round(1)
        for layer in norm:
            for last in _NAMES:
                weights[f"{layer}.{last}"] = random.normal(size=2).round(1)
            weights[f"{layer}.num_batches_tracked"] = np.array(3)
        return Case(weights)

    return [
        case(["fc"], []),
        case(["fc"], ["bn"]),
        case(["body.0", "head"], ["body.1"]),
        case(["bias_head", "body.0"], ["body.bn1", "weight_norm"]),
    ]


def _observe_names(answer: Callable[..., Any], case: Case) -> Observation:
    found = answer({name: array.copy() for name, array in case.inputs.items()})
    names = sorted(found)
    return {"names": "\n".join(names), "values": [np.asarray(found[name]) for name in names]}


E4 = Exercise(
    id="d08.e4",
    title=Text("PyTorch's names in MindSpore", "把 PyTorch 的名字换成 MindSpore 的"),
    starter=starter_to_mindspore,
    solution=to_mindspore,
    mistakes=(
        Mistake(
            every_weight_a_gamma,
            Text(
                "Dense layers keep `weight` and `bias`. Only a layer with a `running_mean` is a "
                "BatchNorm.",
                "Dense 层的 `weight` 和 `bias` 不改名。只有带 `running_mean` 的层才是 BatchNorm。",
            ),
        ),
        Mistake(
            statistics_alone,
            Text(
                "The running statistics have their new names; a BatchNorm's `weight` and `bias` "
                "are missing.",
                "滑动统计量改好名了；BatchNorm 的 `weight` 和 `bias` 还没有改。",
            ),
        ),
        Mistake(
            counter_kept,
            Text(
                "`num_batches_tracked` has no counterpart: leave it out.",
                "`num_batches_tracked` 没有对应的参数：不要它。",
            ),
        ),
        Mistake(
            anywhere_in_the_name,
            Text(
                "You replace the words anywhere, in the layer `weight_norm` too. Change only what "
                "stands after the last dot.",
                "你把名字里任何地方的词都换了，连 `weight_norm` 这一层也不例外。"
                "只改最后一个点后面的部分。",
            ),
        ),
        Mistake(
            layer_lost,
            Text(
                "The layer's own name is gone, so layers overwrite one another. Put it before the "
                "dot again.",
                "层的名字丢了，于是各层互相覆盖。请把它放回点的前面。",
            ),
        ),
        Mistake(
            only_batch_norm,
            Text(
                "All other layers are missing: they keep their names, but they must be there.",
                "其余的层都不见了：它们的名字不变，但不能少。",
            ),
        ),
        Mistake(
            only_names_with_bn,
            Text(
                "You look for `bn` in the name, but layers may be called anything. A layer is a "
                "BatchNorm when the file has its `running_mean`.",
                "你是在名字里找 `bn`，可是层叫什么都行。文件里有它的 `running_mean`，"
                "它才是 BatchNorm。",
            ),
        ),
    ),
    hints=(
        Text(
            "How do you know, from the names alone, that a layer is a BatchNorm?",
            "单看名字，怎么知道某一层是 BatchNorm？",
        ),
        Text(
            'It is one when `f"{layer}.running_mean" in weights`; then `batch_norm[last]` is the '
            "new last part.",
            '`f"{layer}.running_mean" in weights` 成立时就是；这时 `batch_norm[last]` '
            "就是新的末尾。",
        ),
        Text(
            "Skip `num_batches_tracked` with `continue`; at the end of the loop "
            '`out[f"{layer}.{last}"] = value`.',
            "遇到 `num_batches_tracked` 就 `continue`；循环最后写 "
            '`out[f"{layer}.{last}"] = value`。',
        ),
    ),
    cases=_name_cases,
    observe=_observe_names,
    untouched=Text(
        "Replace the `...` by the right condition, and leave the counter out.",
        "把 `...` 换成正确的条件，再把计数器去掉。",
    ),
    praise=Text(
        "With these few lines a million published networks come within reach. Nothing had to be "
        "unpickled, and no weight had to be turned.",
        "有了这几行，上百万个公开的网络都能拿来用。不用反序列化，权重也不用转置。",
    ),
    quantities={"names": Text("the names", "名字"), "values": Text("the values", "数值")},
)
