"""Day 5: how large random weights must be, and which parameters may learn."""

# mypy: disable-error-code="no-untyped-def, no-untyped-call"
from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np

from mslearn import nn

from .._language import Text
from ..exercise import Case, Exercise, Mistake, Observation

# ----------------------------------------------------------------------- d05.e3: he_normal(noise)


def starter_he_normal(noise):
    fan_in = ...
    return ...


def he_normal(noise):
    fan_in = noise[0].size  # all that flows into unit 0: inputs, or channels × height × width
    return noise * np.sqrt(2 / fan_in)


def fan_out(noise):
    return noise * np.sqrt(2 / noise.shape[0])


def variance_for_spread(noise):
    return noise * 2 / noise[0].size


def one_for_two(noise):
    return noise * np.sqrt(1 / noise[0].size)


def channels_only(noise):
    return noise * np.sqrt(2 / noise.shape[1])


def both_fans(noise):
    return noise * np.sqrt(2 / (noise[0].size + noise.shape[0]))


def all_of_it(noise):
    return noise * np.sqrt(2 / noise.size)


def divided(noise):
    return noise / np.sqrt(2 / noise[0].size)


def _noise_cases() -> list[Case]:
    random = np.random.default_rng(5)
    shapes = ((2, 3), (5, 4), (3, 2, 3, 5))
    return [Case({"noise": random.normal(size=s).astype(np.float32).round(2)}) for s in shapes]


def _observe_noise(answer: Callable[..., Any], case: Case) -> Observation:
    return {"": answer(case.inputs["noise"].copy())}


E3 = Exercise(
    id="d05.e3",
    title=Text("HeNormal from scratch", "亲手写 HeNormal"),
    starter=starter_he_normal,
    solution=he_normal,
    mistakes=(
        Mistake(
            channels_only,
            Text(
                "Right for dense layers. Into a unit of a convolution flow channels × height × "
                "width numbers, not the channels alone.",
                "全连接层对了。流入一个卷积神经元的数有通道 × 高 × 宽那么多，不只是通道数。",
            ),
        ),
        Mistake(
            fan_out,
            Text(
                "You divided by the number of units, the first axis. fan_in is what flows into "
                "*one* unit: the other axes.",
                "你除的是神经元数，也就是第一个轴。fan_in 是流入*一个*神经元的数：其余各轴。",
            ),
        ),
        Mistake(
            variance_for_spread,
            Text(
                "2 / fan_in is the variance. The spread is its root.",
                "2 / fan_in 是方差。标准差要再开方。",
            ),
        ),
        Mistake(
            one_for_two,
            Text(
                "Without the 2 it is right for layers with no ReLU. The ReLU throws half of the "
                "signal away; the 2 makes up for that.",
                "没有那个 2，适合的是不带 ReLU 的层。ReLU 扔掉一半信号，2 就是来补它的。",
            ),
        ),
        Mistake(
            both_fans,
            Text(
                "That is Xavier's rule, with inputs plus units. He takes the inputs alone.",
                "这是 Xavier 的规则，用输入数加神经元数。He 只看输入数。",
            ),
        ),
        Mistake(
            all_of_it,
            Text(
                "You divided by the number of all weights. fan_in counts those of one unit.",
                "你除的是全部权重的个数。fan_in 只数一个神经元的。",
            ),
        ),
        Mistake(
            divided,
            Text(
                "Multiply the noise by the spread; you divided by it.",
                "噪声要乘以标准差；你是除的。",
            ),
        ),
    ),
    hints=(
        Text(
            "`noise[0]` holds the weights of unit 0. How many are they?",
            "`noise[0]` 是第 0 个神经元的权重。一共多少个？",
        ),
        Text(
            "Noise of spread 1, times s, has spread s.",
            "标准差为 1 的噪声乘以 s，标准差就是 s。",
        ),
        Text(
            "`noise * np.sqrt(2 / fan_in)` with `fan_in = noise[0].size`.",
            "`noise * np.sqrt(2 / fan_in)`，其中 `fan_in = noise[0].size`。",
        ),
    ),
    cases=_noise_cases,
    observe=_observe_noise,
    untouched=Text(
        "Replace each `...`: count what flows into one unit, then scale.",
        "把每个 `...` 换掉：先数出流入一个神经元的有多少，再缩放。",
    ),
    praise=Text(
        "Dense and convolution, both right. This one root made networks of thirty layers "
        "trainable in 2015 (He and others, arXiv 1502.01852).",
        "全连接和卷积都对。2015 年，就是这一个根号让三十层的网络训练得动（何恺明等，"
        "arXiv 1502.01852）。",
    ),
)

# -------------------------------------------------------------- d05.e4: freeze_all_but(net, prefix)


def starter_freeze_all_but(net, prefix):
    return ...


def freeze_all_but(net, prefix):
    for parameter in net.trainable_params():  # not get_parameters(): never wake what slept
        if not parameter.name.startswith(prefix):
            parameter.requires_grad = False
    return sum(parameter.size for parameter in net.trainable_params())


def _learning(net):
    return sum(parameter.size for parameter in net.trainable_params())


def freezes_the_head(net, prefix):
    for parameter in net.trainable_params():
        if parameter.name.startswith(prefix):
            parameter.requires_grad = False
    return _learning(net)


def wakes_what_slept(net, prefix):
    for parameter in net.get_parameters():
        parameter.requires_grad = parameter.name.startswith(prefix)
    return _learning(net)


def prefix_anywhere(net, prefix):
    for parameter in net.trainable_params():
        if prefix not in parameter.name:
            parameter.requires_grad = False
    return _learning(net)


def counts_parameters(net, prefix):
    freeze_all_but(net, prefix)
    return len(net.trainable_params())


def counts_the_frozen(net, prefix):
    before = _learning(net)
    return before - freeze_all_but(net, prefix)


def freezes_nothing(net, prefix):
    return sum(p.size for p in net.trainable_params() if p.name.startswith(prefix))


def weights_only(net, prefix):
    for parameter in net.trainable_params():
        if not parameter.name.startswith(prefix) and parameter.name.endswith("weight"):
            parameter.requires_grad = False
    return _learning(net)


def _net(sizes: list[int], frozen: bool) -> nn.Cell:
    """A body with a part called "head" inside it, and a head that holds moving averages."""
    a, b, c = sizes
    body = nn.SequentialCell(OrderedDict(first=nn.Dense(a, b), head=nn.Dense(b, b)))
    parts = OrderedDict(body=body, bend=nn.ReLU(), head=nn.SequentialCell(nn.Dense(b, c)))
    if frozen:
        parts["head"].append(nn.BatchNorm1d(c))
    net = nn.SequentialCell(parts)
    for parameter in net.trainable_params():
        if frozen and parameter.name.endswith("0.bias"):
            parameter.requires_grad = False
    return net


def _freeze_cases() -> list[Case]:
    def case(prefix: str, *sizes: int, norm: bool) -> Case:
        inputs = {"sizes": np.array(sizes), "prefix": np.array(prefix)}
        return Case(inputs | ({"with BatchNorm": np.array(True)} if norm else {}))

    return [
        case("head", 2, 3, 4, norm=False),
        case("body.head", 3, 2, 5, norm=False),
        case("head", 4, 3, 2, norm=True),
    ]


def _observe_freeze(answer: Callable[..., Any], case: Case) -> Observation:
    net = _net(case.inputs["sizes"].tolist(), "with BatchNorm" in case.inputs)
    count = answer(net, str(case.inputs["prefix"]))
    return {"learning": ", ".join(p.name for p in net.trainable_params()), "count": count}


E4 = Exercise(
    id="d05.e4",
    title=Text("freeze all but the head", "只留头部在学"),
    starter=starter_freeze_all_but,
    solution=freeze_all_but,
    mistakes=(
        Mistake(
            freezes_the_head,
            Text(
                "The wrong way round: you froze what begins with the prefix.",
                "弄反了：你冻结的正是以 prefix 开头的。",
            ),
        ),
        Mistake(
            wakes_what_slept,
            Text(
                "You also switched *on* parameters that did not learn before, such as BatchNorm's "
                "moving averages. Only switch off.",
                "你还把原来不学的参数给*打开*了，比如 BatchNorm 的滑动平均。只许关，不许开。",
            ),
        ),
        Mistake(
            prefix_anywhere,
            Text(
                "You look for the prefix anywhere in the name: `body.head.weight` does not begin "
                "with head.",
                "你在名字的任何位置找 prefix：`body.head.weight` 可不是以 head 开头的。",
            ),
        ),
        Mistake(
            counts_parameters,
            Text(
                "Frozen as asked. But you counted parameters; add up their sizes, the numbers in "
                "them.",
                "冻结得对。不过你数的是参数有几个；应当把它们的大小，也就是里面的数，加起来。",
            ),
        ),
        Mistake(
            counts_the_frozen,
            Text(
                "This is how many numbers you froze. Return how many still learn.",
                "这是被冻结的数有多少个。要返回的是还在学的有多少个。",
            ),
        ),
        Mistake(
            freezes_nothing,
            Text(
                "You counted, but nothing was frozen: set `requires_grad` to False.",
                "只数了数，什么也没冻结：要把 `requires_grad` 设为 False。",
            ),
        ),
        Mistake(
            weights_only,
            Text(
                "The weights of the body are frozen, its biases still learn.",
                "身子的权重冻结了，偏置还在学。",
            ),
        ),
    ),
    hints=(
        Text(
            "Walk over `net.trainable_params()`; each has a `name` and a `requires_grad`.",
            "逐个看 `net.trainable_params()`，每个参数都有 `name` 和 `requires_grad`。",
        ),
        Text(
            "`parameter.name.startswith(prefix)` says whether it stays awake.",
            "`parameter.name.startswith(prefix)` 说明它是不是该留着。",
        ),
        Text(
            "Afterwards ask `net.trainable_params()` once more, and add up `parameter.size`.",
            "最后再问一次 `net.trainable_params()`，把 `parameter.size` 加起来。",
        ),
    ),
    cases=_freeze_cases,
    observe=_observe_freeze,
    untouched=Text(
        "Nothing is there yet: a loop over the parameters, and a sum.",
        "还什么都没有：需要一个遍历参数的循环，和一个求和。",
    ),
    praise=Text(
        "Exactly those, and the moving averages sleep on. Fine-tuning begins with this function.",
        "一个不多，一个不少，滑动平均也没被吵醒。微调就从这个函数开始。",
    ),
    quantities={
        "learning": Text("what still learns", "还在学的"),
        "count": Text("how many numbers", "数的个数"),
    },
)
