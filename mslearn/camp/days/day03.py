"""Day 3, data sets: a stage of one's own, a binary format; then weights and a leaking split."""

# mypy: disable-error-code="no-untyped-def, no-untyped-call"
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .._language import Text
from ..exercise import Case, Exercise, Mistake, Observation
from .day03_rows import E3, E4

# ------------------------------------------------------------ d03.e1: windows(rows, length, step)


def starter_windows(rows, length, step):
    kept = []
    for row in rows:
        kept.append(row)
        if ...:
            yield ...


def windows(rows, length, step):
    kept = []
    for row in rows:
        kept.append(row)
        if len(kept) == length:
            yield kept
            kept = kept[step:]  # a new list: the one given away stays as it is


def reads_everything_first(rows, length, step):
    rows = list(rows)
    for begin in range(0, len(rows) - length + 1, step):
        yield rows[begin : begin + length]


def no_overlap(rows, length, step):
    kept = []
    for row in rows:
        kept.append(row)
        if len(kept) == length:
            yield kept
            kept = []


def always_one_step(rows, length, step):
    kept = []
    for row in rows:
        kept.append(row)
        if len(kept) == length:
            yield kept
            kept = kept[1:]


def keeps_step_rows(rows, length, step):
    kept = []
    for row in rows:
        kept.append(row)
        if len(kept) == length:
            yield kept
            kept = kept[-step:]


def the_rest_too(rows, length, step):
    kept = []
    for row in rows:
        kept.append(row)
        if len(kept) == length:
            yield kept
            kept = kept[step:]
    if kept:
        yield kept


def one_list_for_all(rows, length, step):
    kept = []
    for row in rows:
        kept.append(row)
        if len(kept) == length:
            yield kept
            del kept[:step]


def _window_case(rows: list[int], length: int, step: int) -> Case:
    return Case({"rows": np.array(rows), "length": np.array(length), "step": np.array(step)})


def _observe_windows(answer: Callable[..., Any], case: Case) -> Observation:
    read = []

    def rows():
        for row in case.inputs["rows"].tolist():
            read.append(row)
            yield row

    stage = iter(answer(rows(), int(case.inputs["length"]), int(case.inputs["step"])))
    first = next(stage)
    needed = len(read)
    return {"windows": str([list(w) for w in [first, *stage]]), "read": needed}


E1 = Exercise(
    id="d03.e1",
    title=Text("a stage of your own: windows", "自己写一个环节：滑动窗口"),
    starter=starter_windows,
    solution=windows,
    mistakes=(
        Mistake(
            reads_everything_first,
            Text(
                "The windows are right, but the first one came out only after *all* rows had been "
                "read. A stage must be lazy: work row by row, with what is in `kept`.",
                "窗口都对，可是*所有*的行都读完了，第一个窗口才出来。环节必须是惰性的：一行一行地处理，"
                "只用 `kept` 里的东西。",
            ),
        ),
        Mistake(
            no_overlap,
            Text(
                "Your windows never overlap: the next one begins `step` rows later, so keep the "
                "rows that it shares with this one.",
                "你的窗口从不重叠：下一个窗口只晚 `step` 行开始，和这一个共有的行要留下来。",
            ),
        ),
        Mistake(
            always_one_step,
            Text(
                "You move on by one row. Move on by `step`.",
                "你每次只前进一行。应当前进 `step` 行。",
            ),
        ),
        Mistake(
            keeps_step_rows,
            Text(
                "You keep the last `step` rows; keep all *but the first* `step`.",
                "你留下的是最后 `step` 行；应当去掉*最前面的* `step` 行，其余都留下。",
            ),
        ),
        Mistake(
            the_rest_too,
            Text(
                "At the end comes a window that is too short. Leave the rest out.",
                "末尾多出了一个不够长的窗口。剩下的不要。",
            ),
        ),
        Mistake(
            one_list_for_all,
            Text(
                "You yield the same list each time and change it afterwards, under the hands of "
                "whoever received it. Make a new one: `kept = kept[step:]`.",
                "你每次给出的都是同一个列表，给出之后又改它，拿到它的人手里的也跟着变。"
                "请造一个新的：`kept = kept[step:]`。",
            ),
        ),
    ),
    hints=(
        Text(
            "Compare with `batch` in the lesson. When is a window full, and which of its rows "
            "belong to the next one as well?",
            "和课文里的 `batch` 对比一下。窗口什么时候满？里面哪些行也属于下一个窗口？",
        ),
        Text(
            "Full: `len(kept) == length`. After `yield kept`, the first `step` rows are done with.",
            "满了：`len(kept) == length`。`yield kept` 之后，最前面的 `step` 行就用不着了。",
        ),
        Text(
            "After the `yield`: `kept = kept[step:]`.",
            "在 `yield` 之后写：`kept = kept[step:]`。",
        ),
    ),
    cases=lambda: [
        _window_case([5, 7, 9], 2, 1),
        _window_case([1, 2, 3, 4, 5, 6], 3, 3),
        _window_case([3, 1, 4, 1, 5, 9, 2, 6], 4, 3),
        _window_case([2, 7, 1, 8, 2, 8, 1, 8, 2, 8], 3, 2),
    ],
    observe=_observe_windows,
    untouched=Text(
        "Replace each `...`: when is a window full, and what is kept after it?",
        "把每个 `...` 换掉：窗口什么时候满？给出之后留下什么？",
    ),
    praise=Text(
        "Lazy, overlapping, and right for streams without end. Day 22 feeds a GPT this way.",
        "惰性的，会重叠，没有尽头的数据流也能用。第 22 天的 GPT 就是这样喂数据的。",
    ),
    quantities={
        "windows": Text("the windows", "各个窗口"),
        "read": Text("rows read until the first window", "第一个窗口出来时读了几行"),
    },
)

# ------------------------------------------------------------------------- d03.e2: read_idx(data)


def starter_read_idx(data):
    axes = ...
    shape = ...
    return ...


def read_idx(data):
    axes = data[3]  # a byte of a bytes object is a number
    shape = np.frombuffer(data, ">u4", axes, offset=4)
    return np.frombuffer(data, np.uint8, offset=4 + 4 * axes).reshape(shape)


def without_shape(data):
    return np.frombuffer(data, np.uint8, offset=4 + 4 * data[3])


def always_three_axes(data):
    shape = np.frombuffer(data, ">u4", 3, offset=4)
    return np.frombuffer(data, np.uint8, offset=16).reshape(shape)


def always_sixteen_bytes(data):
    shape = np.frombuffer(data, ">u4", data[3], offset=4)
    numbers = np.frombuffer(data, np.uint8, offset=16)
    return np.resize(numbers, shape)


def rows_of_bytes(data):
    count = int(np.frombuffer(data, ">u4", 1, offset=4)[0])
    return np.frombuffer(data, np.uint8, offset=4 + 4 * data[3]).reshape(count, -1)


def columns_first(data):
    shape = np.frombuffer(data, ">u4", data[3], offset=4)
    return np.frombuffer(data, np.uint8, offset=4 + 4 * data[3]).reshape(shape, order="F")


def with_a_sign(data):
    return read_idx(data).view(np.int8)


def _idx_case(shape: tuple[int, ...]) -> Case:
    count = int(np.prod(shape))
    numbers = (np.arange(count) * 37 + 5) % 256
    header = bytes([0, 0, 8, len(shape)]) + np.array(shape, ">u4").tobytes()
    return Case({"data": np.concatenate([np.frombuffer(header, np.uint8), numbers.astype("u1")])})


def _observe_idx(answer: Callable[..., Any], case: Case) -> Observation:
    return {"": answer(case.inputs["data"].tobytes())}


E2 = Exercise(
    id="d03.e2",
    title=Text("read any idx file", "读任意的 idx 文件"),
    starter=starter_read_idx,
    solution=read_idx,
    mistakes=(
        Mistake(
            without_shape,
            Text(
                "All numbers are there, in one long row. Bring them into shape: the sizes stand "
                "behind the magic number.",
                "数都在，可是排成了一长条。请变成应有的形状：各轴的大小就写在魔数后面。",
            ),
        ),
        Mistake(
            always_three_axes,
            Text(
                "You always read three sizes. How many there are says the fourth byte, `data[3]`.",
                "你总是读三个大小。到底有几个，写在第四个字节里：`data[3]`。",
            ),
        ),
        Mistake(
            always_sixteen_bytes,
            Text(
                "16 bytes is the header of *three* axes. In general it has 4 + 4 · axes.",
                "*三个*轴时，文件头才是 16 个字节。一般是 4 + 4 × 轴的个数。",
            ),
        ),
        Mistake(
            rows_of_bytes,
            Text(
                "Only the first axis is right: each of the others has a size of its own, too.",
                "只有第一个轴对：其余各轴也都有自己的大小。",
            ),
        ),
        Mistake(
            columns_first,
            Text(
                "The shape is right, the order is not: the *last* axis changes fastest, NumPy's "
                "own way. Leave `order` out.",
                "形状对，次序不对：变得最快的是*最后一个*轴，NumPy 默认就是这样。不要写 `order`。",
            ),
        ),
        Mistake(
            with_a_sign,
            Text(
                "Numbers from 128 on came out negative: read `np.uint8`, not int8.",
                "128 以上的数成了负数：应当按 `np.uint8` 读，不是 int8。",
            ),
        ),
    ),
    hints=(
        Text(
            "An element of a `bytes` object is a number: `data[3]` is the number of axes.",
            "`bytes` 对象的一个元素就是一个数：`data[3]` 就是轴的个数。",
        ),
        Text(
            'The sizes: `np.frombuffer(data, ">u4", axes, offset=4)`.',
            '各轴的大小：`np.frombuffer(data, ">u4", axes, offset=4)`。',
        ),
        Text(
            "The numbers begin at `4 + 4 * axes`: `np.frombuffer(data, np.uint8, offset=…)`, then "
            "`.reshape(shape)`.",
            "数从 `4 + 4 * axes` 处开始：`np.frombuffer(data, np.uint8, offset=…)`，再 "
            "`.reshape(shape)`。",
        ),
    ),
    cases=lambda: [_idx_case((5,)), _idx_case((2, 3, 4)), _idx_case((3, 2, 3, 5))],
    observe=_observe_idx,
    untouched=Text(
        "Replace each `...`: the number of axes, their sizes, then the numbers themselves.",
        "把每个 `...` 换掉：轴的个数，各轴的大小，最后是那些数。",
    ),
    praise=Text(
        "That reads MNIST, Fashion-MNIST and everything else in this format: try "
        "`read_idx((folder / 't10k-labels-idx1-ubyte').read_bytes())`.",
        "MNIST、Fashion-MNIST 和这种格式的一切文件，它都能读：试试 "
        "`read_idx((folder / 't10k-labels-idx1-ubyte').read_bytes())`。",
    ),
)

EXERCISES: tuple[Exercise, ...] = (E1, E2, E3, E4)
