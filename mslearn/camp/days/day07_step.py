"""Day 7, training: clipping by the length of the whole gradient, and uneven micro-batches."""

# mypy: disable-error-code="no-untyped-def, no-untyped-call"
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .._language import Text
from ..exercise import Case, Exercise, Mistake, Observation

# --------------------------------------------------------------------- d07.e3: clip(grads, limit)


def starter_clip(grads, limit):
    length = ...
    factor = ...
    return [grad * factor for grad in grads]


def clip(grads, limit):
    length = sum((grad**2).sum() for grad in grads) ** 0.5
    factor = min(1.0, limit / length) if length > 0 else 1.0
    return [grad * factor for grad in grads]


def each_by_itself(grads, limit):
    return [grad * min(1.0, limit / np.sqrt((grad**2).sum())) for grad in grads]


def number_by_number(grads, limit):
    return [np.clip(grad, -limit, limit) for grad in grads]


def stretches_too(grads, limit):
    length = sum((grad**2).sum() for grad in grads) ** 0.5
    return [grad * (limit / length) for grad in grads]


def without_the_root(grads, limit):
    squares = sum((grad**2).sum() for grad in grads)
    return [grad * min(1.0, limit / squares) for grad in grads]


def sum_of_lengths(grads, limit):
    length = sum(np.sqrt((grad**2).sum()) for grad in grads)
    return [grad * min(1.0, limit / length) for grad in grads]


def by_the_largest(grads, limit):
    largest = max(np.abs(grad).max() for grad in grads)
    return [grad * min(1.0, limit / largest) for grad in grads]


def thrown_away(grads, limit):
    length = sum((grad**2).sum() for grad in grads) ** 0.5
    return [grad * (length <= limit) for grad in grads]


def _clip_cases() -> list[Case]:
    def case(first: Any, second: Any, limit: float) -> Case:
        return Case(
            {"first": np.array(first), "second": np.array(second), "limit": np.array(limit)}
        )

    return [
        case([3.0], [4.0], 1.0),
        case([0.3, -0.1], [0.2], 2.0),
        case([6.0, -2.0], [[3.0, 0.0], [0.0, 7.0]], 4.9),
        case([[0.5, -9.0], [1.5, 2.5]], [2.0, 0.1, -0.7], 1.7),
    ]


def _observe_clip(answer: Callable[..., Any], case: Case) -> Observation:
    first, second = case.inputs["first"].copy(), case.inputs["second"].copy()
    one, two = answer([first, second], float(case.inputs["limit"]))
    return {"first": np.asarray(one), "second": np.asarray(two)}


E3 = Exercise(
    id="d07.e3",
    title=Text("clip the whole gradient", "裁剪整个梯度"),
    starter=starter_clip,
    solution=clip,
    mistakes=(
        Mistake(
            each_by_itself,
            Text(
                "Each array is cut by its own length. That turns the direction of the step. One "
                "length, and one factor, for all of them.",
                "每个数组按自己的长度裁剪，这样一来，前进的方向就变了。应当只有一个总长度、"
                "一个公共的系数。",
            ),
        ),
        Mistake(
            number_by_number,
            Text(
                "You cut every single number off. That is clipping by value; here only the length "
                "shrinks, the direction stays.",
                "你把每个数分别截断了，那叫按值裁剪。这里只缩短长度，方向不变。",
            ),
        ),
        Mistake(
            stretches_too,
            Text(
                "Short gradients became longer. The factor is never more than 1.",
                "短的梯度反而被拉长了。系数不能超过 1。",
            ),
        ),
        Mistake(
            without_the_root,
            Text(
                "You compare with the squared length. Take the root first.",
                "你比的是长度的平方。先开平方。",
            ),
        ),
        Mistake(
            sum_of_lengths,
            Text(
                "The lengths of the parts do not add up (3 and 4 make 5). Add the squares of all "
                "numbers, then take one root.",
                "各部分的长度不能直接相加（3 和 4 合起来是 5）。把所有数的平方相加，再开一次方。",
            ),
        ),
        Mistake(
            by_the_largest,
            Text(
                "You measured the largest number, not the length of them all.",
                "你量的是最大的那个数，而不是全体的长度。",
            ),
        ),
        Mistake(
            thrown_away,
            Text(
                "A long gradient became zero. Shorten it; its direction is still worth something.",
                "长的梯度直接变成了 0。应当缩短它，它的方向还是有用的。",
            ),
        ),
    ),
    hints=(
        Text(
            "Imagine all numbers of all arrays in one long list. How long is that vector?",
            "想象把所有数组的所有数排成一长列。这个向量有多长？",
        ),
        Text(
            "Squares add up: `length = sum((grad**2).sum() for grad in grads) ** 0.5`.",
            "平方可以相加：`length = sum((grad**2).sum() for grad in grads) ** 0.5`。",
        ),
        Text(
            "The factor: `min(1.0, limit / length)`.",
            "系数：`min(1.0, limit / length)`。",
        ),
    ),
    cases=_clip_cases,
    observe=_observe_clip,
    untouched=Text(
        "Replace each `...`: the length of the whole gradient, and the one factor for all arrays.",
        "把每个 `...` 换掉：整个梯度的长度，以及所有数组共用的那个系数。",
    ),
    praise=Text(
        "Direction kept, length bounded. `ops.clip_by_global_norm` does exactly this.",
        "方向不变，长度有限。`ops.clip_by_global_norm` 做的就是这件事。",
    ),
    quantities={
        "first": Text("the first array", "第一个数组"),
        "second": Text("the second array", "第二个数组"),
    },
)

# ---------------------------------------------------------------- d07.e4: accumulate(slope, parts)


def starter_accumulate(slope, parts):
    total = 0
    for part in parts:
        total = total + slope(part)
    return total


def accumulate(slope, parts):
    total, rows = 0, 0
    for part in parts:
        total = total + slope(part) * len(part)  # back from the mean to the sum
        rows = rows + len(part)
    return total / rows


def mean_of_means(slope, parts):
    return sum(slope(part) for part in parts) / len(parts)


def never_divided(slope, parts):
    return sum(slope(part) * len(part) for part in parts)


def divided_by_rows_alone(slope, parts):
    return sum(slope(part) for part in parts) / sum(len(part) for part in parts)


def divided_by_the_first_size(slope, parts):
    return sum(slope(part) * len(part) for part in parts) / (len(parts[0]) * len(parts))


def the_last_alone(slope, parts):
    return slope(parts[-1])


def all_at_once(slope, parts):
    return slope(np.concatenate(parts))


def _parts(case: Case) -> list[np.ndarray]:
    ends = np.cumsum(case.inputs["sizes"])[:-1]
    return np.split(case.inputs["rows"].copy(), ends)


def _accumulate_cases() -> list[Case]:
    random = np.random.default_rng(77)

    def case(*sizes: int) -> Case:
        rows = random.normal(1, 2, size=(sum(sizes), 2)).round(1)
        return Case({"rows": rows, "sizes": np.array(sizes)})

    return [case(1, 1), case(2, 2), case(3, 1), case(3, 3, 1)]


def _observe_accumulate(answer: Callable[..., Any], case: Case) -> Observation:
    seen = []

    def slope(part: np.ndarray) -> np.ndarray:  # of the mean of (row - 1)**2 / 2
        seen.append(len(part))
        mean: np.ndarray = (part - 1).mean(axis=0)
        return mean

    return {"gradient": answer(slope, _parts(case)), "longest": max(seen, default=0)}


E4 = Exercise(
    id="d07.e4",
    title=Text("repair: a large batch in small parts", "修一修：把大批次拆成小份"),
    starter=starter_accumulate,
    solution=accumulate,
    mistakes=(
        Mistake(
            mean_of_means,
            Text(
                "Right for parts of one size. A short last part counts too much: weight each slope "
                "with its rows.",
                "各份大小一样时是对的。最后一份短一些，就被算得太重：请按行数给每个斜率加权。",
            ),
        ),
        Mistake(
            never_divided,
            Text(
                "That is the slope of the *sum* over all rows. Divide by their number at the end.",
                "这是所有行**之和**的斜率。最后要除以总行数。",
            ),
        ),
        Mistake(
            divided_by_rows_alone,
            Text(
                "Each slope is a mean already. Before you divide by all rows, multiply each with "
                "the rows of its part.",
                "每个斜率已经是平均值。除以总行数之前，先各自乘上那一份的行数。",
            ),
        ),
        Mistake(
            divided_by_the_first_size,
            Text(
                "You assume that all parts are as long as the first. Count the rows.",
                "你假定每份都和第一份一样长。请把行数数出来。",
            ),
        ),
        Mistake(
            the_last_alone,
            Text(
                "Only the last part counts. Keep a running total.",
                "只有最后一份起了作用。要把每一份累加起来。",
            ),
        ),
        Mistake(
            all_at_once,
            Text(
                "Right, but you put the parts together again: that is the large batch which did "
                "not fit into memory. Call `slope` part by part.",
                "数是对的，可你又把各份拼了起来：那正是内存放不下的大批次。"
                "请一份一份地调用 `slope`。",
            ),
        ),
    ),
    hints=(
        Text(
            "`slope(part)` belongs to the *mean* over the rows of that part. What belongs to their "
            "sum?",
            "`slope(part)` 对应的是这一份各行的**平均**。对应它们之和的是什么？",
        ),
        Text(
            "`slope(part) * len(part)` may be added up.",
            "`slope(part) * len(part)` 可以放心相加。",
        ),
        Text(
            "At the end divide by `sum(len(part) for part in parts)`.",
            "最后除以 `sum(len(part) for part in parts)`。",
        ),
    ),
    cases=_accumulate_cases,
    observe=_observe_accumulate,
    untouched=Text(
        "This is still the function as given. Try it by hand on two parts of one row each: it "
        "gives twice the slope.",
        "这还是原来的函数。拿两份、每份一行的情形手算一下：得到的斜率是应有的两倍。",
    ),
    praise=Text(
        "Equal to the large batch, also when the last part is short. Well-known libraries had "
        "exactly this bug until 2024, for texts of unequal length.",
        "和大批次完全相等，最后一份短一些也不怕。一些著名的库直到 2024 年还有这个错误："
        "文本长短不一时就会算偏。",
    ),
    quantities={
        "gradient": Text("the gradient", "梯度"),
        "longest": Text(
            "rows of the longest part handed to `slope`", "交给 `slope` 的最长一份有几行"
        ),
    },
)
