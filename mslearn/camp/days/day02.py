"""Day 2, tensors: distances by broadcasting, a planted dtype bug, one-hot, a sparse product."""

# mypy: disable-error-code="no-untyped-def, no-untyped-call"
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import mslearn as ms
from mslearn import ops

from .._language import Text
from ..exercise import Case, Exercise, Mistake, Observation
from ..values import dtype_name
from .day02_sparse import E3, E4

# ---------------------------------------------------------------- d02.e1: standardize(images)


def starter_standardize(x):
    mean = ...
    spread = ...
    return ...


def standardize(x):
    mean = x.mean(axis=1, keep_dims=True)  # (N, 1): one a row, ready to broadcast
    spread = ((x - mean) ** 2).mean(axis=1, keep_dims=True) ** 0.5
    return (x - mean) / spread


def _standard(x, axis, sample=False):
    mean = x.mean(axis=axis, keep_dims=True)
    squares = (x - mean) ** 2
    count = x.size if axis is None else x.shape[axis]
    return (x - mean) / (squares.sum(axis=axis, keepdims=True) / (count - sample)) ** 0.5


def by_column(x):
    return _standard(x, 0)


def by_everything(x):
    mean = x.mean()
    return (x - mean) / ((x - mean) ** 2).mean() ** 0.5


def by_sample_spread(x):
    return _standard(x, 1, sample=True)


def only_centred(x):
    return x - x.mean(axis=1, keep_dims=True)


def divided_by_variance(x):
    centred = x - x.mean(axis=1, keep_dims=True)
    return centred / (centred**2).mean(axis=1, keep_dims=True)


def not_centred(x):
    centred = x - x.mean(axis=1, keep_dims=True)
    return x / (centred**2).mean(axis=1, keep_dims=True) ** 0.5


def without_keep_dims(x):
    return (x - x.mean(axis=1)) / ((x - x.mean(axis=1)) ** 2).mean(axis=1) ** 0.5


def _rows_cases() -> list[Case]:
    random = np.random.default_rng(2)

    def case(rows: int, columns: int) -> Case:
        return Case(
            {"x": (3 * random.normal(size=(rows, columns)) + 5).astype(np.float32).round(1)}
        )

    return [case(2, 3), case(3, 3), case(3, 5)]


def _observe_rows(answer: Callable[..., Any], case: Case) -> Observation:
    return {"": answer(ms.Tensor(case.inputs["x"].copy()))}


E1 = Exercise(
    id="d02.e1",
    title=Text("standardize every row", "把每一行标准化"),
    starter=starter_standardize,
    solution=standardize,
    mistakes=(
        Mistake(
            by_column,
            Text(
                "You standardized the columns. Each row is one image: reduce along `axis=1`.",
                "你标准化的是列。每一行是一幅图：应当沿 `axis=1` 归约。",
            ),
        ),
        Mistake(
            by_everything,
            Text(
                "One mean for the whole table. Every row needs its own: `axis=1`.",
                "整张表只用了一个平均值。每一行要有自己的：`axis=1`。",
            ),
        ),
        Mistake(
            by_sample_spread,
            Text(
                "You divided by n − 1, as PyTorch's `std` does. Here divide by n: the mean of the "
                "squared differences.",
                "你除的是 n − 1，PyTorch 的 `std` 就是这样。这里除以 n：取平方差的平均值。",
            ),
        ),
        Mistake(
            only_centred,
            Text(
                "The mean is gone; now divide by the spread.", "平均值已经减掉了，还要除以标准差。"
            ),
        ),
        Mistake(
            divided_by_variance,
            Text(
                "You divided by the variance. Its square root is the spread.",
                "你除的是方差。开平方以后才是标准差。",
            ),
        ),
        Mistake(
            not_centred,
            Text("Subtract the mean before you divide.", "除之前先减去平均值。"),
        ),
        Mistake(
            without_keep_dims,
            Text(
                "`x.mean(axis=1)` has shape (N,), and broadcasting lines it up with the columns: "
                "on square tables without an error! Keep the axis with `keep_dims=True`.",
                "`x.mean(axis=1)` 的形状是 (N,)，广播时会和列对齐：遇到方阵连错都不报！"
                "用 `keep_dims=True` 把轴留住。",
            ),
        ),
    ),
    hints=(
        Text(
            "Which shape must the means have, so that `x - mean` takes each row's own mean off?",
            "平均值要是什么形状，`x - mean` 才会让每一行减去自己的平均值？",
        ),
        Text(
            "`x.mean(axis=1, keep_dims=True)` has shape (N, 1).",
            "`x.mean(axis=1, keep_dims=True)` 的形状是 (N, 1)。",
        ),
        Text(
            "The spread is the root of the mean squared difference: "
            "`((x - mean) ** 2).mean(axis=1, keep_dims=True) ** 0.5`.",
            "标准差是平方差的平均值再开方："
            "`((x - mean) ** 2).mean(axis=1, keep_dims=True) ** 0.5`。",
        ),
    ),
    cases=_rows_cases,
    observe=_observe_rows,
    untouched=Text(
        "Replace each `...`: a mean and a spread for every row, shape (N, 1).",
        "把每个 `...` 换掉：每行一个平均值、一个标准差，形状 (N, 1)。",
    ),
    praise=Text(
        "Square tables too, where a missing `keep_dims` goes unnoticed. Layer normalization is "
        "exactly this, with two learnt numbers behind it.",
        "方阵也没有出错，而漏写 `keep_dims` 恰恰在方阵上最难发现。层归一化做的就是这件事，"
        "后面再加两个可学习的数。",
    ),
)

# ---------------------------------------------------------------------- d02.e2: brighten(image, by)


def starter_brighten(image, by):
    return (image + by).clip(0, 255)


def brighten(image, by):
    wide = image.astype(ms.int32) + by  # room for sums above 255 and below 0
    return wide.clip(0, 255).astype(ms.uint8)


def stays_wide(image, by):
    return (image.astype(ms.int32) + by).clip(0, 255)


def cast_before_clip(image, by):
    return (image.astype(ms.int32) + by).astype(ms.uint8).clip(0, 255)


def not_clipped_below(image, by):
    return ops.minimum(image.astype(ms.int32) + by, ms.Tensor(255, ms.int32)).astype(ms.uint8)


def cut_to_a_byte_of_signs(image, by):
    return (image.astype(ms.int32) + by).clip(-128, 127).astype(ms.uint8)


def scaled_to_one(image, by):
    return (image.astype(ms.float32) / 255 + by / 255).clip(0, 1)


def _bright_cases() -> list[Case]:
    def case(image: list[list[int]], by: int) -> Case:
        return Case({"image": np.array(image, np.uint8), "by": np.array(by)})

    return [
        case([[10, 250]], 20),
        case([[0, 100, 200]], 100),
        case([[5, 60, 130], [128, 200, 255]], -64),
        case([[0, 1, 127, 128], [254, 255, 90, 30]], 127),
    ]


def _observe_bright(answer: Callable[..., Any], case: Case) -> Observation:
    result = answer(ms.Tensor(case.inputs["image"].copy()), int(case.inputs["by"]))
    return {"value": result, "dtype": dtype_name(result)}


E2 = Exercise(
    id="d02.e2",
    title=Text("repair: brighter, and the white is gone", "修一修：越亮越灰的白"),
    starter=starter_brighten,
    solution=brighten,
    mistakes=(
        Mistake(
            stays_wide,
            Text(
                "The values are right, but the image should stay an image: back to `ms.uint8` at "
                "the end.",
                "数值对了，但图像还应当是图像：最后转回 `ms.uint8`。",
            ),
        ),
        Mistake(
            cast_before_clip,
            Text(
                "You went back to uint8 before clipping: there 256 is 0 already. Clip first.",
                "你先转回了 uint8 再截断：可那时 256 已经变成 0 了。应当先截断。",
            ),
        ),
        Mistake(
            not_clipped_below,
            Text(
                "Above 255 is handled, below 0 not: with a negative `by`, black wraps to white.",
                "超过 255 处理了，小于 0 却没有：`by` 是负数时，黑会绕回成白。",
            ),
        ),
        Mistake(
            cut_to_a_byte_of_signs,
            Text(
                "−128…127 is the range of int8. uint8 goes from 0 to 255.",
                "−128…127 是 int8 的范围。uint8 是 0 到 255。",
            ),
        ),
        Mistake(
            scaled_to_one,
            Text(
                "You return numbers from 0 to 1. The task is an image like the given one: uint8, "
                "0 to 255.",
                "你返回的是 0 到 1 的数。题目要的是和输入一样的图：uint8，0 到 255。",
            ),
        ),
    ),
    hints=(
        Text(
            "What is 250 + 20 in uint8? And what can `clip` still do about it afterwards?",
            "uint8 里 250 + 20 等于多少？事后再 `clip`，还来得及吗？",
        ),
        Text(
            "Give the sum more room first: `image.astype(ms.int32)`.",
            "先给和多一点空间：`image.astype(ms.int32)`。",
        ),
        Text(
            "Widen, add, clip, and narrow again with `.astype(ms.uint8)`: in this order.",
            "先放宽，再相加，再截断，最后用 `.astype(ms.uint8)` 收回来：顺序不能乱。",
        ),
    ),
    cases=_bright_cases,
    observe=_observe_bright,
    untouched=Text(
        "This is still the function as given: it runs, but 250 + 20 comes out as 14.",
        "这还是原来的函数：能运行，但 250 + 20 得出的是 14。",
    ),
    praise=Text(
        "Bright and dark, the ends hold. This bug is in many published data pipelines.",
        "变亮变暗，两头都稳住了。这个错误，许多公开发布的数据流水线里都有。",
    ),
    quantities={
        "value": Text("image", "图像"),
        "dtype": Text("dtype", "类型"),
    },
)

EXERCISES: tuple[Exercise, ...] = (E1, E2, E3, E4)
