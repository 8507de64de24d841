"""Day 9, static graphs: one graph instead of many, and a loop that the graph contains."""

# mypy: disable-error-code="no-untyped-def, no-untyped-call"
from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

import mslearn as ms

from .._language import Text
from ..exercise import Case, Exercise, Mistake, Observation

# --------------------------------------------------------- d09.e3: scale_all(scale, x, factors)


def starter_scale_all(scale, x, factors):
    return [scale(x, factor) for factor in factors]


def scale_all(scale, x, factors):
    return [scale(x, ms.Tensor(factor, ms.float32)) for factor in factors]  # data, no constant


def without_the_graph(scale, x, factors):
    return [x * factor for factor in factors]


def one_call_for_all(scale, x, factors):
    return [scale(x, ms.Tensor(factors[0], ms.float32)) for _ in factors]


def a_sum_of_all(scale, x, factors):
    return [scale(x, ms.Tensor(sum(factors), ms.float32))]


def _scale_cases() -> list[Case]:
    def case(x: list[float], factors: list[float]) -> Case:
        return Case({"x": np.array(x, np.float32), "factors": np.array(factors)})

    return [
        case([1.0], [0.5]),
        case([1.0, -2.0], [0.5, 0.25]),
        case([3.0, 0.0, 1.5], [0.1, 0.2, 0.3, 0.4]),
    ]


def _observe_scale(answer: Callable[..., Any], case: Case) -> Observation:
    scale = ms.jit(lambda x, factor: x * factor, capture_mode="trace")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about many graphs: that is what the exercise is about
        found = answer(scale, ms.Tensor(case.inputs["x"].copy()), case.inputs["factors"].tolist())
    rows = [np.asarray(row.asnumpy()) for row in found]
    return {"values": rows, "graphs": len(scale.compilations)}


E3 = Exercise(
    id="d09.e3",
    title=Text("one graph instead of many", "只要一张图"),
    starter=starter_scale_all,
    solution=scale_all,
    mistakes=(
        Mistake(
            without_the_graph,
            Text(
                "The values are right, but `scale` is never called: no graph runs at all. Call it, "
                "with a factor that is data and not a constant.",
                "数值是对的，可是 `scale` 一次也没有调用：根本没有图在运行。请调用它，"
                "不过要让倍数成为数据，而不是常量。",
            ),
        ),
        Mistake(
            one_call_for_all,
            Text(
                "Every call uses the first factor. Make a Tensor of each one.",
                "每次调用用的都是第一个倍数。请把每个倍数各做成一个 Tensor。",
            ),
        ),
        Mistake(
            a_sum_of_all,
            Text(
                "You add the factors up. Each factor gets a call of its own.",
                "你把倍数加起来了。每个倍数应当各调用一次。",
            ),
        ),
    ),
    hints=(
        Text(
            "Look at `scale.compilations`: what does each cause say?",
            "看看 `scale.compilations`：每次编译的原因是什么？",
        ),
        Text(
            "A Python number is a constant of the graph. A Tensor is data: only its shape and "
            "dtype matter.",
            "Python 的数是图里的常量；Tensor 是数据，只有形状和类型算数。",
        ),
        Text(
            "In the list: `scale(x, ms.Tensor(factor, ms.float32))`.",
            "列表里写 `scale(x, ms.Tensor(factor, ms.float32))`。",
        ),
    ),
    cases=_scale_cases,
    observe=_observe_scale,
    untouched=Text(
        "As it stands, every new factor makes a new graph. Change what is handed over, and check "
        "again.",
        "照现在的写法，每来一个新倍数就多一张图。改一改交出去的东西，再检查一次。",
    ),
    praise=Text(
        "One graph, however many factors. The same cure helps a learning rate that "
        "changes at every "
        "step.",
        "不管多少个倍数，都只有一张图。学习率每一步都变的时候，也用这个办法。",
    ),
    quantities={
        "values": Text("the scaled tensors", "缩放后的张量"),
        "graphs": Text("how many graphs were made", "一共编译了几张图"),
    },
)


# ----------------------------------------------------------------------- d09.e4: square_root(a)


def starter_square_root(a):
    x = a
    ...
    return x


def square_root(a):
    x = a
    while (x * x - a).abs() > 1e-5 * a:
        x = (x + a / x) / 2
    return x


def three_rounds(a):
    x = a
    for _ in range(3):
        x = (x + a / x) / 2
    return x


def one_round(a):
    return (a + a / a) / 2


def stops_at_once(a):
    x = a
    while (x * x - a).abs() < 1e-5 * a:
        x = (x + a / x) / 2
    return x


def twice_the_mean(a):
    x = a
    while (x * x - 4 * a).abs() > 1e-5 * a:
        x = (x + 4 * a / x) / 2
    return x


def loose(a):
    x = a
    while (x * x - a).abs() > 0.1 * a:
        x = (x + a / x) / 2
    return x


def _observe_root(answer: Callable[..., Any], case: Case) -> Observation:
    jitted = ms.jit(answer, fullgraph=True)
    seen: Observation = {}
    for i, number in enumerate(case.inputs["a"]):
        seen[f"root {i + 1}"] = np.float32(jitted(ms.Tensor(number)).asnumpy()).round(2)
    seen["graphs"] = len(jitted.compilations)
    return seen


E4 = Exercise(
    id="d09.e4",
    title=Text("a loop inside the graph", "图里的循环"),
    starter=starter_square_root,
    solution=square_root,
    mistakes=(
        Mistake(
            stops_at_once,
            Text(
                "Your loop runs while the error is *small*. It should go on while the error is "
                "large.",
                "误差**小**的时候你的循环才继续。应当是误差还大，就继续。",
            ),
        ),
        Mistake(
            one_round,
            Text(
                "One improvement is not enough for a large number. Repeat it in a `while`.",
                "数大的时候，改进一次不够。请放进 `while` 里重复。",
            ),
        ),
        Mistake(
            three_rounds,
            Text(
                "A fixed number of rounds: enough for small numbers, not for large ones. How many "
                "are needed only the data can tell: use `while` with a condition on a tensor.",
                "轮数是固定的：小数够了，大数不够。需要几轮，只有数据知道："
                "请用 `while`，条件里放张量。"
                "",
            ),
        ),
        Mistake(
            loose,
            Text(
                "Nearly: the loop stops too early. Compare the error with `1e-5 * a`.",
                "就差一点：循环停得太早。请把误差和 `1e-5 * a` 比较。",
            ),
        ),
        Mistake(
            twice_the_mean,
            Text(
                "Your loop finds twice the root: the new guess is the *mean* of `x` and `a / x`.",
                "你算出的是平方根的两倍：新的猜测是 `x` 和 `a / x` 的**平均**。",
            ),
        ),
    ),
    hints=(
        Text(
            "If `x` is too large, `a / x` is too small: the truth lies between. Their mean is a "
            "better guess.",
            "`x` 大了，`a / x` 就小了，真值在两者之间。取它们的平均，猜得更准。",
        ),
        Text(
            "`while (x * x - a).abs() > 1e-5 * a:` and, inside, a better `x`.",
            "`while (x * x - a).abs() > 1e-5 * a:`，循环里让 `x` 变得更好。",
        ),
        Text(
            "Inside the loop: `x = (x + a / x) / 2`.",
            "循环里写：`x = (x + a / x) / 2`。",
        ),
    ),
    cases=lambda: [
        Case({"a": np.array([4.0], np.float32)}),
        Case({"a": np.array([2.0, 9.0], np.float32)}),
        Case({"a": np.array([1e-2, 123.0, 1e4], np.float32)}),
    ],
    observe=_observe_root,
    untouched=Text(
        "Replace the `...` by a loop that improves `x` until its square is close to `a`.",
        "把 `...` 换成一个循环：不断改进 `x`，直到它的平方接近 `a`。",
    ),
    praise=Text(
        "One graph serves them all, whether two rounds are needed or ten. (Heron of Alexandria "
        "knew this method 2,000 years ago, without `jit`.)",
        "不管两轮还是十轮，都是同一张图。（亚历山大的海伦两千年前就会这个方法，只是没有 `jit`。）",
    ),
    quantities={
        "root 1": Text("the first square root", "第一个平方根"),
        "root 2": Text("the second square root", "第二个平方根"),
        "root 3": Text("the third square root", "第三个平方根"),
        "graphs": Text("how many graphs were made", "一共编译了几张图"),
    },
)
