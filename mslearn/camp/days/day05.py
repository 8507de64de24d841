"""Day 5, building networks: a forward pass by hand, and a tower that hides its parameters."""

# mypy: disable-error-code="no-untyped-def, no-untyped-call"
from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

import mslearn as ms
from mslearn import nn, ops

from .._language import Text
from ..exercise import Case, Exercise, Mistake, Observation
from .day05_cells import E3, E4

# ------------------------------------------------------- d05.e1: forward(x, weights, biases)


def starter_forward(x, weights, biases):
    for weight, bias in zip(weights[:-1], biases[:-1], strict=True):
        x = ...
    return ...


def forward(x, weights, biases):
    for weight, bias in zip(weights[:-1], biases[:-1]):  # noqa: B905
        x = np.maximum(x @ weight.T + bias, 0)
    return x @ weights[-1].T + biases[-1]  # scores may be negative: no ReLU here


def relu_after_the_last(x, weights, biases):
    return np.maximum(forward(x, weights, biases), 0)


def no_relu(x, weights, biases):
    for weight, bias in zip(weights, biases, strict=True):
        x = x @ weight.T + bias
    return x


def no_bias(x, weights, biases):
    return forward(x, weights, [0 * bias for bias in biases])


def relu_before_the_bias(x, weights, biases):
    for weight, bias in zip(weights[:-1], biases[:-1], strict=True):
        x = np.maximum(x @ weight.T, 0) + bias
    return x @ weights[-1].T + biases[-1]


def without_the_last_layer(x, weights, biases):
    for weight, bias in zip(weights[:-1], biases[:-1], strict=True):
        x = np.maximum(x @ weight.T + bias, 0)
    return x


def not_transposed(x, weights, biases):
    for weight, bias in zip(weights[:-1], biases[:-1], strict=True):
        x = np.maximum(x @ weight + bias, 0)
    return x @ weights[-1] + biases[-1]


def _forward_cases() -> list[Case]:
    def case(rows: int, *widths: int) -> Case:
        random = np.random.default_rng(sum(widths))
        inputs = {"x": random.normal(size=(rows, widths[0]))}
        for k, (m, n) in enumerate(pairwise(widths)):
            inputs[f"weight {k}"] = random.normal(size=(n, m))
            inputs[f"bias {k}"] = random.normal(size=n)
        return Case({name: a.astype(np.float32).round(1) for name, a in inputs.items()})

    return [case(1, 2, 2, 2), case(2, 3, 4, 2), case(3, 2, 5, 4, 3)]


def _observe_forward(answer: Callable[..., Any], case: Case) -> Observation:
    x, *rest = (array.copy() for array in case.inputs.values())
    return {"": answer(x, rest[::2], rest[1::2])}


E1 = Exercise(
    id="d05.e1",
    title=Text("a forward pass by hand", "亲手做一次前向计算"),
    starter=starter_forward,
    solution=forward,
    mistakes=(
        Mistake(
            relu_after_the_last,
            Text(
                "The last layer gets a ReLU, too: all negative scores are gone. Leave it off.",
                "最后一层之后也做了 ReLU，负的分数全没了。那里不要做。",
            ),
        ),
        Mistake(
            no_relu,
            Text(
                "There is no ReLU between the layers, so all of them collapse into one.",
                "层与层之间没有 ReLU，于是全都坍缩成一层。",
            ),
        ),
        Mistake(
            no_bias,
            Text("The biases are missing.", "漏掉了偏置。"),
        ),
        Mistake(
            relu_before_the_bias,
            Text(
                "You bent before you added the bias. The ReLU comes last in a layer.",
                "你先做了 ReLU，再加偏置。一层里面，ReLU 应当放在最后。",
            ),
        ),
        Mistake(
            without_the_last_layer,
            Text(
                "The loop leaves the last pair out, for it has no ReLU. It still has to be done.",
                "循环里没有最后一对，因为它后面没有 ReLU。可是这一层还是要算的。",
            ),
        ),
        Mistake(
            not_transposed,
            Text(
                "A weight has one row for each unit: multiply by `weight.T`. With a square weight "
                "the wrong way gives no error!",
                "权重每个神经元占一行：要乘 `weight.T`。碰上方阵，乘反了连错都不报！",
            ),
        ),
    ),
    hints=(
        Text(
            "One layer is the line of section 2, `rows @ weight.T + bias`. What follows it?",
            "一层就是第 2 节的那一行，`rows @ weight.T + bias`。它后面接什么？",
        ),
        Text(
            "`np.maximum(z, 0)` is the ReLU. In the loop, `x` becomes the input of the next layer.",
            "`np.maximum(z, 0)` 就是 ReLU。循环里的 `x` 会成为下一层的输入。",
        ),
        Text(
            "After the loop: `x @ weights[-1].T + biases[-1]`, and nothing else.",
            "循环之后：`x @ weights[-1].T + biases[-1]`，别的都不要。",
        ),
    ),
    cases=_forward_cases,
    observe=_observe_forward,
    untouched=Text(
        "Replace each `...`: one layer with its bend in the loop, the last layer behind it.",
        "把每个 `...` 换掉：循环里是带弯的一层，循环后面是最后一层。",
    ),
    praise=Text(
        "Two layers, three layers, squares and odd shapes. Every network runs on this loop.",
        "两层、三层、方的、不方的都对。每个网络跑的都是这个循环。",
    ),
)

# ----------------------------------------------------------------- d05.e2: make_tower(widths)


def starter_make_tower(widths):
    class Tower(nn.Cell):
        def __init__(self):
            super().__init__()
            self.layers = [nn.Dense(m, n) for m, n in zip(widths, widths[1:])]  # noqa: B905, RUF007
            self.scale = ops.ones((widths[-1],))

        def construct(self, x):
            for layer in self.layers:
                x = ops.relu(layer(x))
            return x * self.scale

    return Tower()


def make_tower(widths):
    class Tower(nn.Cell):
        def __init__(self):
            super().__init__()
            layers = [nn.Dense(m, n) for m, n in zip(widths, widths[1:])]  # noqa: B905, RUF007
            self.layers = nn.CellList(layers)  # a plain list is not registered
            self.scale = ms.Parameter(ops.ones((widths[-1],)))  # nor is a plain tensor

        def construct(self, x):
            for layer in self.layers:
                x = ops.relu(layer(x))
            return x * self.scale

    return Tower()


def _tower(widths, layers=True, scale=True, learns=True, bend=ops.relu, biases=True):
    """A tower with something wrong in it."""
    parts = [nn.Dense(m, n, has_bias=biases) for m, n in pairwise(widths)]

    class Tower(nn.Cell):
        def __init__(self):
            super().__init__()
            self.layers = nn.CellList(parts) if layers else parts
            ones = ops.ones((widths[-1],))
            self.scale = ms.Parameter(ones, requires_grad=learns) if scale else ones

        def construct(self, x):
            for layer in self.layers:
                x = bend(layer(x))
            return x * self.scale

    return Tower()


def scale_still_hidden(widths):
    return _tower(widths, scale=False)


def layers_still_hidden(widths):
    return _tower(widths, layers=False)


def scale_does_not_learn(widths):
    return _tower(widths, learns=False)


def lost_the_relu(widths):
    return _tower(widths, bend=lambda x: x)


def lost_the_biases(widths):
    return _tower(widths, biases=False)


def _tower_cases() -> list[Case]:
    def case(rows: int, *widths: int) -> Case:
        x = np.random.default_rng(rows).normal(size=(rows, widths[0]))
        return Case({"widths": np.array(widths), "x": x.astype(np.float32).round(1)})

    return [case(1, 2, 3), case(2, 3, 4, 2), case(3, 4, 2, 5, 3)]


def _observe_tower(answer: Callable[..., Any], case: Case) -> Observation:
    """The shapes of what learns, and the output when all layers can be given known values."""
    tower = answer(tuple(case.inputs["widths"].tolist()))
    parameters = list(tower.get_parameters())
    for parameter in parameters:
        values = np.cos(np.arange(parameter.size) * 1.3).reshape(parameter.shape)
        parameter.set_data(ms.Tensor(values, ms.float32))
    shapes = ", ".join(sorted(str(p.shape) for p in tower.trainable_params()))
    hidden = len(parameters) < len(case.inputs["widths"])  # layers keep their random values
    output = None if hidden else tower(ms.Tensor(case.inputs["x"].copy()))
    return {"shapes": shapes, "output": output}


E2 = Exercise(
    id="d05.e2",
    title=Text("repair: the tower that cannot learn", "修一修：学不动的塔"),
    starter=starter_make_tower,
    solution=make_tower,
    mistakes=(
        Mistake(
            scale_still_hidden,
            Text(
                "The layers are registered now. The scale still hides: a plain tensor does not "
                "learn, an `ms.Parameter` does.",
                "各层已经登记了，缩放系数还没有：普通张量不会学，`ms.Parameter` 才会。",
            ),
        ),
        Mistake(
            layers_still_hidden,
            Text(
                "The scale learns now. The layers still hide in a plain list (or tuple): put them "
                "into an `nn.CellList`.",
                "缩放系数会学了，各层还藏在普通列表（或元组）里：请放进 `nn.CellList`。",
            ),
        ),
        Mistake(
            scale_does_not_learn,
            Text(
                "The scale is a Parameter, but with `requires_grad=False`: it does not learn.",
                "缩放系数是 Parameter 了，但写着 `requires_grad=False`：它不会学。",
            ),
        ),
        Mistake(
            lost_the_relu,
            Text(
                "All parameters are there, but the ReLU after each layer got lost on the way.",
                "参数齐了，可是每一层后面的 ReLU 在改的时候弄丢了。",
            ),
        ),
        Mistake(
            lost_the_biases,
            Text(
                "The layers lost their biases: leave `has_bias` as it is.",
                "各层的偏置不见了：`has_bias` 不要改动。",
            ),
        ),
    ),
    hints=(
        Text(
            "Which of the two attributes is an `ms.Parameter` or a Cell?",
            "两个属性里，哪个是 `ms.Parameter`，或者是 Cell？",
        ),
        Text(
            "A Cell looks into Cells, not into Python lists. There is a list that is a Cell.",
            "Cell 只往 Cell 里面找，不往 Python 列表里找。有一种列表本身就是 Cell。",
        ),
        Text(
            "`nn.CellList([...])` around the layers, `ms.Parameter(...)` around the ones.",
            "各层外面包上 `nn.CellList([...])`，那些 1 外面包上 `ms.Parameter(...)`。",
        ),
    ),
    cases=_tower_cases,
    observe=_observe_tower,
    untouched=Text(
        "This is still the tower as given: `trainable_params()` is empty.",
        "这还是原来的塔：`trainable_params()` 是空的。",
    ),
    praise=Text(
        "Now an optimizer can move all of it. Print `len(net.trainable_params())` of every new "
        "network: this bug never raises an error.",
        "现在优化器推得动整座塔了。每写一个新网络，都打印一下 "
        "`len(net.trainable_params())`：这种错误从来不报错。",
    ),
    quantities={
        "shapes": Text("shapes of what learns", "会学的参数的形状"),
        "output": Text("output", "输出"),
    },
)

EXERCISES: tuple[Exercise, ...] = (E1, E2, E3, E4)
