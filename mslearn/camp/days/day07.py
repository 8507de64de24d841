"""Day 7, training: Adam from scratch, and a learning rate that warms up and cools down."""

# mypy: disable-error-code="no-untyped-def, no-untyped-call"
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .._language import Text
from ..exercise import Case, Exercise, Mistake, Observation
from ..values import in_single
from .day07_step import E3, E4

# ------------------------------------------------------------- d07.e1: adam_step(w, g, m, v, t, lr)


def starter_adam_step(w, g, m, v, t, lr):
    m = 0.9 * m + 0.1 * g
    v = ...
    m_fair = m / (1 - 0.9**t)
    v_fair = ...
    return ..., m, v


def adam_step(w, g, m, v, t, lr):
    m = 0.9 * m + 0.1 * g
    v = 0.999 * v + 0.001 * g**2
    m_fair = m / (1 - 0.9**t)
    v_fair = v / (1 - 0.999**t)
    return w - lr * m_fair / (v_fair**0.5 + 1e-8), m, v


def not_corrected(w, g, m, v, t, lr):
    m = 0.9 * m + 0.1 * g
    v = 0.999 * v + 0.001 * g**2
    return w - lr * m / (v**0.5 + 1e-8), m, v


def only_the_mean_corrected(w, g, m, v, t, lr):
    m = 0.9 * m + 0.1 * g
    v = 0.999 * v + 0.001 * g**2
    return w - lr * m / (1 - 0.9**t) / (v**0.5 + 1e-8), m, v


def corrected_alike(w, g, m, v, t, lr):
    m = 0.9 * m + 0.1 * g
    v = 0.999 * v + 0.001 * g**2
    return w - lr * m / (1 - 0.9**t) / ((v / (1 - 0.9**t)) ** 0.5 + 1e-8), m, v


def squares_the_mean(w, g, m, v, t, lr):
    m = 0.9 * m + 0.1 * g
    v = 0.999 * v + 0.001 * m**2
    return w - lr * m / (1 - 0.9**t) / ((v / (1 - 0.999**t)) ** 0.5 + 1e-8), m, v


def without_root(w, g, m, v, t, lr):
    m = 0.9 * m + 0.1 * g
    v = 0.999 * v + 0.001 * g**2
    return w - lr * m / (1 - 0.9**t) / (v / (1 - 0.999**t) + 1e-8), m, v


def uphill(w, g, m, v, t, lr):
    m = 0.9 * m + 0.1 * g
    v = 0.999 * v + 0.001 * g**2
    return w + lr * m / (1 - 0.9**t) / ((v / (1 - 0.999**t)) ** 0.5 + 1e-8), m, v


def keeps_the_fair_ones(w, g, m, v, t, lr):
    m = (0.9 * m + 0.1 * g) / (1 - 0.9**t)
    v = (0.999 * v + 0.001 * g**2) / (1 - 0.999**t)
    return w - lr * m / (v**0.5 + 1e-8), m, v


def _adam_cases() -> list[Case]:
    random = np.random.default_rng(7)

    def case(n: int, t: int, lr: float) -> Case:
        w, g, m = random.normal(size=(3, n)).round(2)
        v = random.uniform(0.1, 2, size=n).round(2)
        known = t > 1  # before the first step both memories are empty
        inputs = {"w": w, "g": g, "m": m * known, "v": v * known}
        return Case({**inputs, "t": np.array(t), "lr": np.array(lr)})

    return [case(1, 1, 0.5), case(1, 2, 0.1), case(3, 2, 0.01), case(5, 7, 0.3)]


def _observe_adam(answer: Callable[..., Any], case: Case) -> Observation:
    w, g, m, v = (case.inputs[k].copy() for k in "wgmv")
    w, m, v = answer(w, g, m, v, int(case.inputs["t"]), float(case.inputs["lr"]))
    return {"m": in_single(m), "v": in_single(v), "w": in_single(w)}


E1 = Exercise(
    id="d07.e1",
    title=Text("Adam, from scratch", "亲手写 Adam"),
    starter=starter_adam_step,
    solution=adam_step,
    mistakes=(
        Mistake(
            not_corrected,
            Text(
                "Both memories begin at 0, so their first values are too small. Divide `m` by "
                "`1 - 0.9**t` and `v` by `1 - 0.999**t`.",
                "两个记忆都从 0 开始，前几步必然偏小。请把 `m` 除以 `1 - 0.9**t`，"
                "`v` 除以 `1 - 0.999**t`。",
            ),
        ),
        Mistake(
            only_the_mean_corrected,
            Text(
                "`m` is corrected, `v` is not: the first steps come out far too long.",
                "`m` 修正了，`v` 没有修正：前几步会迈得太大。",
            ),
        ),
        Mistake(
            corrected_alike,
            Text(
                "You corrected both with 0.9. `v` forgets more slowly: its factor is 0.999.",
                "两处修正都用了 0.9。`v` 忘得更慢，它的系数是 0.999。",
            ),
        ),
        Mistake(
            squares_the_mean,
            Text(
                "`v` remembers the square of the gradient `g`, not of its mean `m`.",
                "`v` 记住的是梯度 `g` 的平方，不是平均值 `m` 的平方。",
            ),
        ),
        Mistake(
            without_root,
            Text(
                "`v` has the unit of a squared gradient. Divide by its root.",
                "`v` 的单位是梯度的平方，要除以它的平方根。",
            ),
        ),
        Mistake(
            uphill,
            Text("You step uphill. The slope is subtracted.", "你在往上坡走。斜率应当减去。"),
        ),
        Mistake(
            keeps_the_fair_ones,
            Text(
                "The corrected values are for this step only: return `m` and `v` as they were "
                "before the correction, or it is made twice.",
                "修正后的值只用于这一步：返回修正之前的 `m` 和 `v`，否则下一步会重复修正。",
            ),
        ),
    ),
    hints=(
        Text(
            "`v` is to `g**2` what `m` is to `g`, only slower: 0.999 and 0.001.",
            "`v` 之于 `g**2`，正如 `m` 之于 `g`，只是更慢：系数是 0.999 和 0.001。",
        ),
        Text(
            "After one step from zero, `v` is `0.001 * g**2`. By what must it be divided to become "
            "`g**2`? `1 - 0.999**t` does it for every `t`.",
            "从零走一步，`v` 是 `0.001 * g**2`。除以多少才变回 `g**2`？"
            "对每个 `t`，除以 `1 - 0.999**t` 都对。",
        ),
        Text(
            "The new weight is `w - lr * m_fair / (v_fair**0.5 + 1e-8)`.",
            "新的权重是 `w - lr * m_fair / (v_fair**0.5 + 1e-8)`。",
        ),
    ),
    cases=_adam_cases,
    observe=_observe_adam,
    untouched=Text(
        "Replace each `...`: the memory of squares, its correction, and the new weight.",
        "把每个 `...` 换掉：平方的记忆、它的修正，以及新的权重。",
    ),
    praise=Text(
        "Ten billion parameters are trained with these five lines every day. `nn.Adam` gives the "
        "same numbers.",
        "每天都有上百亿个参数用这五行来训练。`nn.Adam` 算出的数和你的一样。",
    ),
    quantities={
        "w": Text("new weights", "新的权重"),
        "m": Text("memory of gradients", "梯度的记忆"),
        "v": Text("memory of squares", "平方的记忆"),
    },
)

# ------------------------------------------------ d07.e2: rate_at(step, total, warmup, peak)


def starter_rate_at(step, total, warmup, peak):
    if step < warmup:
        return ...
    share = ...
    return peak * (1 + np.cos(np.pi * share)) / 2


def rate_at(step, total, warmup, peak):
    if step < warmup:
        return peak * (step + 1) / warmup
    share = (step - warmup) / (total - warmup)
    return peak * (1 + np.cos(np.pi * share)) / 2


def first_step_lost(step, total, warmup, peak):
    if step < warmup:
        return peak * step / warmup
    share = (step - warmup) / (total - warmup)
    return peak * (1 + np.cos(np.pi * share)) / 2


def a_jump_after_warmup(step, total, warmup, peak):
    if step < warmup:
        return peak * (step + 1) / warmup
    return peak * (1 + np.cos(np.pi * step / total)) / 2


def never_cold(step, total, warmup, peak):
    if step < warmup:
        return peak * (step + 1) / warmup
    return peak * (1 + np.cos(np.pi * (step - warmup) / total)) / 2


def no_warmup(step, total, warmup, peak):
    return peak * (1 + np.cos(np.pi * step / total)) / 2


def full_at_once(step, total, warmup, peak):
    share = max(step - warmup, 0) / (total - warmup)
    return peak * (1 + np.cos(np.pi * share)) / 2


def straight_down(step, total, warmup, peak):
    if step < warmup:
        return peak * (step + 1) / warmup
    return peak * (1 - (step - warmup) / (total - warmup))


def _rate_cases() -> list[Case]:
    def case(total: int, warmup: int, peak: float) -> Case:
        steps = np.arange(total)
        return Case({"steps": steps, "warmup": np.array(warmup), "peak": np.array(peak)})

    return [case(3, 1, 1.0), case(5, 2, 0.1), case(9, 4, 0.3), case(12, 3, 2.0)]


def _observe_rates(answer: Callable[..., Any], case: Case) -> Observation:
    steps, warmup, peak = (case.inputs[k] for k in ("steps", "warmup", "peak"))
    rates = [float(answer(int(s), len(steps), int(warmup), float(peak))) for s in steps]
    return {"": np.array(rates, np.float32)}


E2 = Exercise(
    id="d07.e2",
    title=Text("warm up, then cool down", "先升温，再降温"),
    starter=starter_rate_at,
    solution=rate_at,
    mistakes=(
        Mistake(
            first_step_lost,
            Text(
                "At step 0 your rate is 0: a whole step for nothing. Count the coming step, too: "
                "`(step + 1) / warmup`.",
                "第 0 步的学习率是 0，整整一步白走了。把即将走的这一步也数进去："
                "`(step + 1) / warmup`。",
            ),
        ),
        Mistake(
            a_jump_after_warmup,
            Text(
                "There is a jump when the warm-up ends. The cosine begins there: its share is 0 at "
                "`step == warmup`.",
                "升温一结束就有个跳变。余弦是从那里开始的：`step == warmup` 时，进度是 0。",
            ),
        ),
        Mistake(
            never_cold,
            Text(
                "It does not cool down to the end: only `total - warmup` steps are left for the "
                "cosine.",
                "它到最后也没有凉下来：留给余弦的只有 `total - warmup` 步。",
            ),
        ),
        Mistake(
            no_warmup,
            Text(
                "There is no warm-up: the first `warmup` steps should rise in a straight line.",
                "没有升温：前 `warmup` 步应当沿直线上升。",
            ),
        ),
        Mistake(
            full_at_once,
            Text(
                "The first `warmup` steps run at full rate. They should rise to it.",
                "前 `warmup` 步用的是满额的学习率，应当逐步升上去。",
            ),
        ),
        Mistake(
            straight_down,
            Text(
                "You cool down in a straight line; the task is half a wave of the cosine.",
                "你是沿直线降温的；题目要的是半个余弦波。",
            ),
        ),
    ),
    hints=(
        Text(
            "Two pieces. In the first, step 0 has 1/warmup of the peak, step warmup − 1 all of it.",
            "分成两段。第一段里，第 0 步是峰值的 1/warmup，第 warmup − 1 步就是峰值。",
        ),
        Text(
            "In the second, `share` runs from 0 (at `step == warmup`) towards 1 (at "
            "`step == total`).",
            "第二段里，`share` 从 0（`step == warmup`）走向 1（`step == total`）。",
        ),
        Text(
            "`peak * (step + 1) / warmup`, and `(step - warmup) / (total - warmup)`.",
            "`peak * (step + 1) / warmup`，以及 `(step - warmup) / (total - warmup)`。",
        ),
    ),
    cases=_rate_cases,
    observe=_observe_rates,
    untouched=Text(
        "Replace each `...`: the rate while warming up, and how far the cooling has come (0 to 1).",
        "把每个 `...` 换掉：升温时的学习率，以及降温的进度（0 到 1）。",
    ),
    praise=Text(
        "Large language models are trained with this very curve. Hand "
        "`[rate_at(s, …) for s in range(total)]` to any optimizer as its learning rate.",
        "大语言模型用的正是这条曲线。把 `[rate_at(s, …) for s in range(total)]` "
        "当作学习率交给任何优化器都行。",
    ),
)

EXERCISES: tuple[Exercise, ...] = (E1, E2, E3, E4)
