"""Day 6: a gradient for each sample, and a slope of one's own."""

# mypy: disable-error-code="no-untyped-def, no-untyped-call"
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import mslearn as ms
from mslearn import nn, ops

from .._language import Text
from ..exercise import Case, Exercise, Mistake, Observation

# ------------------------------------------------- d06.e3: gradient_norms(loss, weight, x, y)


def starter_gradient_norms(loss, weight, x, y):
    each = ...  # a hole for the learner to fill
    return ...


def gradient_norms(loss, weight, x, y):
    each = ms.vmap(ms.grad(loss), in_axes=(None, 0, 0))(weight, x, y)  # a row for each sample
    return (each**2).sum(axis=1) ** 0.5


def _each(loss, weight, x, y, position=0):
    return ms.vmap(ms.grad(loss, position), in_axes=(None, 0, 0))(weight, x, y)


def by_the_data(loss, weight, x, y):
    return (_each(loss, weight, x, y, position=1) ** 2).sum(axis=1) ** 0.5


def squared_length(loss, weight, x, y):
    return (_each(loss, weight, x, y) ** 2).sum(axis=1)


def down_the_samples(loss, weight, x, y):
    return (_each(loss, weight, x, y) ** 2).sum(axis=0) ** 0.5


def length_of_the_mean(loss, weight, x, y):
    return (_each(loss, weight, x, y).mean(axis=0) ** 2).sum() ** 0.5


def one_length_of_all(loss, weight, x, y):
    return (_each(loss, weight, x, y) ** 2).sum() ** 0.5


def absolute_sum(loss, weight, x, y):
    return _each(loss, weight, x, y).abs().sum(axis=1)


def gradients_themselves(loss, weight, x, y):
    return _each(loss, weight, x, y)


def losses(loss, weight, x, y):
    return ms.vmap(loss, in_axes=(None, 0, 0))(weight, x, y)


def _loss(weight, one_x, one_y):
    error = (one_x * weight).sum() - one_y
    return error * error


def _sample_cases() -> list[Case]:
    def case(rows: int, columns: int) -> Case:
        random = np.random.default_rng(rows)
        made = {"weight": (columns,), "x": (rows, columns), "y": (rows,)}
        return Case({k: random.normal(size=s).astype(np.float32).round(1) for k, s in made.items()})

    return [case(2, 2), case(2, 3), case(5, 4)]


def _observe_samples(answer: Callable[..., Any], case: Case) -> Observation:
    return {"": answer(_loss, *(ms.Tensor(array.copy()) for array in case.inputs.values()))}


E3 = Exercise(
    id="d06.e3",
    title=Text("who pulls hardest?", "谁拉得最用力？"),
    starter=starter_gradient_norms,
    solution=gradient_norms,
    mistakes=(
        Mistake(
            by_the_data,
            Text(
                "You took the gradient by x: positions count from 0, and the weight is argument 0.",
                "你求的是对 x 的梯度：位置从 0 数起，权重是第 0 个参数。",
            ),
        ),
        Mistake(
            squared_length,
            Text("These are squared lengths: take the root.", "这是长度的平方：还要开方。"),
        ),
        Mistake(
            down_the_samples,
            Text(
                "You added up over the samples (`axis=0`). Each row is one gradient: add up along "
                "it, `axis=1`.",
                "你是沿着样本（`axis=0`）加的。一行才是一个梯度，应当沿着行加：`axis=1`。",
            ),
        ),
        Mistake(
            length_of_the_mean,
            Text(
                "This is the length of the mean gradient: one number. The lengths of the single "
                "ones are asked for.",
                "这是平均梯度的长度，只有一个数。要的是每个梯度各自的长度。",
            ),
        ),
        Mistake(
            one_length_of_all,
            Text(
                "You added up everything. Keep the samples apart: one length a row.",
                "你把所有的都加在一起了。样本要分开：一行一个长度。",
            ),
        ),
        Mistake(
            absolute_sum,
            Text(
                "You added up absolute values. Length: squares, sum, root.",
                "你加的是绝对值。长度是：平方，求和，开方。",
            ),
        ),
        Mistake(
            gradients_themselves,
            Text(
                "These are the gradients, one a row. Now the length of each.",
                "这是各个梯度，一行一个。接着求每一个的长度。",
            ),
        ),
        Mistake(
            losses,
            Text(
                "These are the losses of the samples. Take the gradient first: `ms.grad(loss)`.",
                "这是各个样本的损失。先求梯度：`ms.grad(loss)`。",
            ),
        ),
    ),
    hints=(
        Text(
            "`ms.grad(loss)` is a function of weight, one_x and one_y. How is it run over all "
            "rows?",
            "`ms.grad(loss)` 是 weight、one_x、one_y 的函数。怎样让它跑遍所有的行？",
        ),
        Text(
            "`ms.vmap(…, in_axes=(None, 0, 0))`: the weight is shared, x and y go row by row.",
            "`ms.vmap(…, in_axes=(None, 0, 0))`：权重共用，x 和 y 一行一行来。",
        ),
        Text(
            "Then `(each**2).sum(axis=1) ** 0.5`.",
            "然后 `(each**2).sum(axis=1) ** 0.5`。",
        ),
    ),
    cases=_sample_cases,
    observe=_observe_samples,
    untouched=Text(
        "Replace each `...`: a gradient for each row, then the length of each.",
        "把每个 `...` 换掉：先是每行一个梯度，再是每个梯度的长度。",
    ),
    praise=Text(
        "One line gives what a loop over the batch would. Differentially private training cuts "
        "at exactly these numbers.",
        "一行就做完了一整个循环的事。差分隐私训练，截的正是这些数。",
    ),
)

# ---------------------------------------------------------------------- d06.e4: make_gate(limit)


def starter_make_gate(limit):
    class Gate(nn.Cell):
        def construct(self, x):
            return x

        def bprop(self, x, out, dout):
            return ...

    return Gate()


def make_gate(limit):
    class Gate(nn.Cell):
        def construct(self, x):
            return x

        def bprop(self, x, out, dout):
            return (dout.clip(-limit, limit),)  # one slope for the one input, as a tuple

    return Gate()


def _gate(back, forwards=lambda x: x):
    class Gate(nn.Cell):
        def construct(self, x):
            return forwards(x)

        def bprop(self, x, out, dout):
            return (back(x, dout),)

    return Gate()


def clips_the_value(limit):
    return _gate(lambda x, dout: dout.clip(-limit, limit), lambda x: x.clip(-limit, limit))


def only_above(limit):
    return _gate(lambda x, dout: ops.minimum(dout, ops.full_like(dout, limit)))


def lets_all_through(limit):
    return _gate(lambda x, dout: dout)


def clips_x_on_the_way_back(limit):
    return _gate(lambda x, dout: x.clip(-limit, limit))


def nothing_or_all(limit):
    return _gate(lambda x, dout: ops.where(dout.abs() <= limit, dout, ops.zeros_like(dout)))


def signs(limit):
    return _gate(lambda x, dout: limit * ops.sign(dout))


def shrinks_the_whole(limit):
    def back(x, dout):
        norm = float((dout**2).sum() ** 0.5)
        return dout * min(1.0, limit / norm)

    return _gate(back)


def _gate_cases() -> list[Case]:
    def case(limit: float, x: list[float], slopes: list[float]) -> Case:
        inputs = {"limit": np.array(limit), "x": np.array(x, np.float32)}
        return Case(inputs | {"incoming": np.array(slopes, np.float32)})

    return [
        case(1.0, [0.5, -3.0], [2.0, -0.25]),
        case(0.5, [4.0, 1.0, -2.0], [-3.0, 0.25, 0.75]),
        case(2.0, [-5.0, 0.0, 1.5, 3.0], [0.5, -2.5, 7.0, -1.0]),
    ]


def _observe_gate(answer: Callable[..., Any], case: Case) -> Observation:
    """What leaves the gate, and the slope before it when `incoming` comes back to it."""
    gate = answer(float(case.inputs["limit"]))
    x, weights = ms.Tensor(case.inputs["x"].copy()), ms.Tensor(case.inputs["incoming"].copy())
    return {"value": gate(x), "slope": ms.grad(lambda x: (gate(x) * weights).sum())(x)}


E4 = Exercise(
    id="d06.e4",
    title=Text("a gate for gradients", "梯度的闸门"),
    starter=starter_make_gate,
    solution=make_gate,
    mistakes=(
        Mistake(
            clips_the_value,
            Text(
                "Forwards, x should pass unchanged; you cut it, too.",
                "去的时候，x 应当原样放过；你把它也截了。",
            ),
        ),
        Mistake(
            only_above,
            Text(
                "Large positive slopes are cut, large negative ones are not.",
                "大的正斜率截住了，大的负斜率没有。",
            ),
        ),
        Mistake(
            lets_all_through,
            Text(
                "The slope passes uncut. `dout` is what comes in; cut it to the limit.",
                "斜率没有截，就放过去了。传进来的是 `dout`，把它截到上限以内。",
            ),
        ),
        Mistake(
            clips_x_on_the_way_back,
            Text(
                "You returned the input, cut to the limit. What comes back is `dout`.",
                "你返回的是截过的输入。传回来的斜率是 `dout`。",
            ),
        ),
        Mistake(
            nothing_or_all,
            Text(
                "Slopes beyond the limit became 0. They should become the limit.",
                "超过上限的斜率变成了 0。它们应当变成上限。",
            ),
        ),
        Mistake(
            signs,
            Text(
                "Every slope became ±limit. Small ones should stay as they are.",
                "所有的斜率都成了正负上限。小的应当保持原样。",
            ),
        ),
        Mistake(
            shrinks_the_whole,
            Text(
                "You shrink all slopes together, by their length. Here each is cut by itself.",
                "你按总长度把所有斜率一起缩小了。这里是各截各的。",
            ),
        ),
    ),
    hints=(
        Text(
            "`dout` is the slope that comes back to the gate. What may go on?",
            "`dout` 是传回闸门的斜率。什么样的可以放行？",
        ),
        Text(
            "`dout.clip(-limit, limit)` cuts each element by itself.",
            "`dout.clip(-limit, limit)` 会把每个元素各自截住。",
        ),
        Text(
            "Return a tuple with one slope: `(…,)`, the comma included.",
            "返回只有一个斜率的元组：`(…,)`，逗号不能少。",
        ),
    ),
    cases=_gate_cases,
    observe=_observe_gate,
    untouched=Text(
        "Replace the `...` in `bprop`: what goes on to x?",
        "把 `bprop` 里的 `...` 换掉：往 x 那里传什么？",
    ),
    praise=Text(
        "Values pass, wild slopes do not. On Day 7 you will cut whole gradients in the training "
        "step.",
        "值照常通过，离谱的斜率过不去。第 7 天会在训练步骤里截整个梯度。",
    ),
    quantities={
        "value": Text("what leaves the gate", "闸门放出的值"),
        "slope": Text("slope before the gate", "闸门之前的斜率"),
    },
)
