"""Day 6, functional autodiff: the way back through a layer, and a target that must stand still."""

# mypy: disable-error-code="no-untyped-def, no-untyped-call"
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import mslearn as ms
from mslearn import ops

from .._language import Text
from ..exercise import Case, Exercise, Mistake, Observation
from .day06_functions import E3, E4

# ------------------------------------------------- d06.e1: dense_backward(x, weight, dy)


def starter_dense_backward(x, weight, dy):
    dx = ...
    dweight = ...
    dbias = ...
    return dx, dweight, dbias


def dense_backward(x, weight, dy):
    dx = dy @ weight  # (N, units) @ (units, inputs)
    dweight = dy.T @ x  # the product adds up over the rows of the batch
    dbias = dy.sum(axis=0)  # one bias serves every row: slopes add up
    return dx, dweight, dbias


def weight_turned_over(x, weight, dy):
    return dy @ weight, x.T @ dy, dy.sum(axis=0)


def bias_not_summed(x, weight, dy):
    return dy @ weight, dy.T @ x, dy


def bias_mean(x, weight, dy):
    return dy @ weight, dy.T @ x, dy.mean(axis=0)


def bias_over_units(x, weight, dy):
    return dy @ weight, dy.T @ x, dy.sum(axis=1)


def weight_mean(x, weight, dy):
    return dy @ weight, dy.T @ x / len(x), dy.sum(axis=0)


def weight_forwards(x, weight, dy):
    return dy @ weight.T, dy.T @ x, dy.sum(axis=0)


def without_dy(x, weight, dy):
    ones = np.ones_like(dy)
    return ones @ weight, ones.T @ x, ones.sum(axis=0)


def _dense_cases() -> list[Case]:
    def case(rows: int, inputs: int, units: int) -> Case:
        random = np.random.default_rng(rows + inputs)
        shapes = {"x": (rows, inputs), "weight": (units, inputs), "dy": (rows, units)}
        return Case(
            {k: random.normal(size=s).astype(np.float32).round(1) for k, s in shapes.items()}
        )

    return [case(2, 2, 2), case(3, 2, 4), case(4, 5, 3)]


def _observe_dense(answer: Callable[..., Any], case: Case) -> Observation:
    dx, dweight, dbias = answer(*(array.copy() for array in case.inputs.values()))
    return {"dx": dx, "dweight": dweight, "dbias": dbias}


E1 = Exercise(
    id="d06.e1",
    title=Text("the way back through a dense layer", "全连接层的回程"),
    starter=starter_dense_backward,
    solution=dense_backward,
    mistakes=(
        Mistake(
            weight_turned_over,
            Text(
                "dweight is turned over: it must have the shape of weight, (units, inputs).",
                "dweight 转置了：它的形状应当和 weight 一样，是（神经元数，输入数）。",
            ),
        ),
        Mistake(
            bias_not_summed,
            Text(
                "One bias serves all rows of the batch, so its slopes add up over the rows.",
                "一个偏置服务于批次里的每一行，所以它的斜率要沿着各行加起来。",
            ),
        ),
        Mistake(
            bias_mean,
            Text(
                "Slopes add up; you took the mean over the batch. (A mean in the loss is in dy "
                "already.)",
                "斜率是相加的；你对批次取了平均。（损失里的平均，已经算在 dy 里了。）",
            ),
        ),
        Mistake(
            bias_over_units,
            Text(
                "You added up along the units. There is one bias a unit: add up over the rows.",
                "你是沿着神经元加的。每个神经元有一个偏置，应当沿着各行加。",
            ),
        ),
        Mistake(
            weight_mean,
            Text(
                "dweight is divided by the number of rows. Slopes add up; nothing is divided.",
                "dweight 被除以了行数。斜率是相加的，不用除。",
            ),
        ),
        Mistake(
            weight_forwards,
            Text(
                "For dx you went through the weight forwards, `weight.T`. Back it goes the other "
                "way: `dy @ weight`.",
                "求 dx 时，你走的是去程的 `weight.T`。回来要反过来：`dy @ weight`。",
            ),
        ),
        Mistake(
            without_dy,
            Text(
                "These are slopes of the sum of y. Multiply by what comes in: dy.",
                "这是 y 之和的斜率。要乘上传进来的 dy。",
            ),
        ),
    ),
    hints=(
        Text(
            "Write the shapes on paper: dy is (rows, units), weight (units, inputs), x (rows, "
            "inputs). Which products give the right shapes?",
            "把形状写在纸上：dy 是（行，神经元），weight 是（神经元，输入），x 是（行，输入）。"
            "怎么相乘，形状才对？",
        ),
        Text(
            "dx is `dy @ weight`: each input collects from all the units that used it.",
            "dx 是 `dy @ weight`：每个输入，从用过它的所有神经元那里收集斜率。",
        ),
        Text(
            "dweight is `dy.T @ x`, and dbias is dy, added up over the rows.",
            "dweight 是 `dy.T @ x`，dbias 是把 dy 沿着各行加起来。",
        ),
    ),
    cases=_dense_cases,
    observe=_observe_dense,
    untouched=Text(
        "Replace each `...`: three slopes, each with the shape of what it belongs to.",
        "把每个 `...` 换掉：三个斜率，形状各和自己所属的一样。",
    ),
    praise=Text(
        "Three lines, and they are most of the work of all training in the world.",
        "就这三行，全世界的训练，大部分力气都花在这里。",
    ),
    quantities={name: Text(name, name) for name in ("dx", "dweight", "dbias")},
)

# ------------------------------------------ d06.e2: consistency_gradient(weight, clean, noisy)


def starter_consistency_gradient(weight, clean, noisy):
    def loss(weight):
        target = clean @ weight
        answer = ops.stop_gradient(noisy @ weight)
        return ((answer - target) ** 2).mean()

    return ms.grad(loss)(weight)


def consistency_gradient(weight, clean, noisy):
    def loss(weight):
        target = ops.stop_gradient(clean @ weight)  # the teacher stands still
        answer = noisy @ weight
        return ((answer - target) ** 2).mean()

    return ms.grad(loss)(weight)


def _consistency(weight, clean, noisy, target=True, answer=False, reduce="mean"):
    """The gradient with something wrong in what is stopped, or in the loss."""

    def loss(weight):
        wanted, given = clean @ weight, noisy @ weight
        wanted = ops.stop_gradient(wanted) if target else wanted
        given = ops.stop_gradient(given) if answer else given
        return getattr((given - wanted) ** 2, reduce)()

    return ms.grad(loss)(weight)


def pupil_still_stopped(weight, clean, noisy):
    return _consistency(weight, clean, noisy, target=False, answer=True)


def nothing_stopped(weight, clean, noisy):
    return _consistency(weight, clean, noisy, target=False)


def both_stopped(weight, clean, noisy):
    return _consistency(weight, clean, noisy, answer=True)


def summed_loss(weight, clean, noisy):
    return _consistency(weight, clean, noisy, reduce="sum")


def uphill(weight, clean, noisy):
    return -_consistency(weight, clean, noisy)


def _pair_cases() -> list[Case]:
    def case(rows: int, columns: int) -> Case:
        random = np.random.default_rng(rows)
        clean = random.normal(size=(rows, columns))
        made = {
            "weight": random.normal(size=columns),
            "clean": clean,
            "noisy": clean + random.normal(size=clean.shape) / 2,
        }
        return Case({name: a.astype(np.float32).round(1) for name, a in made.items()})

    return [case(1, 2), case(2, 3), case(5, 4)]


def _observe_pair(answer: Callable[..., Any], case: Case) -> Observation:
    return {"": answer(*(ms.Tensor(array.copy()) for array in case.inputs.values()))}


E2 = Exercise(
    id="d06.e2",
    title=Text("repair: the pupil teaches the teacher", "修一修：学生教了老师"),
    starter=starter_consistency_gradient,
    solution=consistency_gradient,
    mistakes=(
        Mistake(
            pupil_still_stopped,
            Text(
                "The slope still flows through the target alone. The target should stand still, "
                "the answer should move.",
                "斜率还是只流过目标。应当是目标站着不动，答案来动。",
            ),
        ),
        Mistake(
            nothing_stopped,
            Text(
                "Now both move towards each other: the easy way out is to answer the same to "
                "everything. Stop the target.",
                "现在两边互相靠拢：最省事的办法，是对什么都给同一个答案。请把目标停住。",
            ),
        ),
        Mistake(
            both_stopped,
            Text(
                "Both are stopped, so the gradient is zero. Only the target stands still.",
                "两边都停住了，梯度成了零。站着不动的只有目标。",
            ),
        ),
        Mistake(
            summed_loss,
            Text(
                "The right thing is stopped now. But the loss became a sum: leave the mean.",
                "该停的停对了，但损失变成了求和：平均不要改动。",
            ),
        ),
        Mistake(
            uphill,
            Text(
                "The sign is turned. A gradient points uphill; the optimizer subtracts it.",
                "符号反了。梯度指向上坡，减去它是优化器的事。",
            ),
        ),
    ),
    hints=(
        Text(
            "Through which of the two can a slope flow back to the weight, as it stands?",
            "照现在的写法，斜率能通过两者中的哪一个流回权重？",
        ),
        Text(
            "What `ops.stop_gradient` wraps counts as a constant. Who is the constant here?",
            "包在 `ops.stop_gradient` 里的当作常数。这里谁该是常数？",
        ),
        Text(
            "`target = ops.stop_gradient(clean @ weight)` and `answer = noisy @ weight`.",
            "写成 `target = ops.stop_gradient(clean @ weight)` 和 `answer = noisy @ weight`。",
        ),
    ),
    cases=_pair_cases,
    observe=_observe_pair,
    untouched=Text(
        "This is still the function as given: it moves the target.",
        "这还是原来的函数：动的是目标。",
    ),
    praise=Text(
        "The teacher stands still. Self-supervised learning, reinforcement learning and GANs all "
        "live by this one word in the right place.",
        "老师站住了。自监督学习、强化学习、GAN，都要靠这一个词放对地方。",
    ),
)

EXERCISES: tuple[Exercise, ...] = (E1, E2, E3, E4)
