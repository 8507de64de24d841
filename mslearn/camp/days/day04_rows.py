"""Day 4: cutting a square out of an image, and padding rows of different length."""

# mypy: disable-error-code="no-untyped-def, no-untyped-call"
from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np

from .._language import Text
from ..exercise import Case, Exercise, Mistake, Observation

# ------------------------------------------------------- d04.e3: cut_out(image, row, column, size)


def starter_cut_out(image, row, column, size):
    out = ...
    out[...] = 0
    return out


def cut_out(image, row, column, size):
    out = image.copy()
    top, left = max(row, 0), max(column, 0)
    bottom, right = max(row + size, 0), max(column + size, 0)  # never count from the end
    out[top:bottom, left:right] = 0
    return out


def in_place(image, row, column, size):
    image[max(row, 0) : max(row + size, 0), max(column, 0) : max(column + size, 0)] = 0
    return image


def negative_places(image, row, column, size):
    out = image.copy()
    out[row : row + size, column : column + size] = 0
    return out


def end_not_clipped(image, row, column, size):
    out = image.copy()
    out[max(row, 0) : row + size, max(column, 0) : column + size] = 0
    return out


def pushed_inside(image, row, column, size):
    return cut_out(image, max(row, 0), max(column, 0), size)


def one_more(image, row, column, size):
    return cut_out(image, row, column, size + 1)


def around_the_centre(image, row, column, size):
    return cut_out(image, row - size // 2, column - size // 2, size)


def rows_and_columns_exchanged(image, row, column, size):
    return cut_out(image, column, row, size)


def in_white(image, row, column, size):
    hole = cut_out(np.ones_like(image), row, column, size) == 0
    return np.where(hole, 255, image).astype(image.dtype)


def _cut_case(shape: tuple[int, ...], row: int, column: int, size: int) -> Case:
    image = np.random.default_rng(4).integers(1, 250, shape).astype(np.uint8)
    places = {"row": row, "column": column, "size": size}
    return Case({"image": image, **{k: np.array(v) for k, v in places.items()}})


def _observe_cut(answer: Callable[..., Any], case: Case) -> Observation:
    image, *places = case.inputs.values()
    given = image.copy()
    result = answer(given, *map(int, places))
    return {"result": copy.copy(result), "input": given}


E3 = Exercise(
    id="d04.e3",
    title=Text("a transform of your own: cut out", "自己写一个变换：挖洞"),
    starter=starter_cut_out,
    solution=cut_out,
    mistakes=(
        Mistake(
            in_place,
            Text(
                "The result is right, but the image you were given has a hole, too. The next epoch "
                "would find it there: work on a `.copy()`.",
                "结果对了，可是传进来的图也被挖了洞，下一轮就会看到它。请在 `.copy()` 上动手。",
            ),
        ),
        Mistake(
            negative_places,
            Text(
                "A negative `row` counts from the *end* of the image. Clip at 0: `max(row, 0)`.",
                "负的 `row` 会从图的*末尾*数起。请截到 0：`max(row, 0)`。",
            ),
        ),
        Mistake(
            end_not_clipped,
            Text(
                "The beginning is clipped, the end is not: a square wholly above the image has "
                "`row + size` < 0, and that counts from the end.",
                "开头截了，末尾没截：方块完全在图的上方时，`row + size` 小于 0，又从末尾数起了。",
            ),
        ),
        Mistake(
            pushed_inside,
            Text(
                "You push the square into the image. The part outside should simply be lost: clip "
                "the beginning, but compute the end from the true `row`.",
                "你把方块整个推进了图里。露在外面的部分应当就此作废：开头截断，"
                "末尾仍从真正的 `row` 算起。",
            ),
        ),
        Mistake(
            one_more,
            Text(
                "The hole is one row and one column too large: `row : row + size`.",
                "洞多了一行一列：应当是 `row : row + size`。",
            ),
        ),
        Mistake(
            around_the_centre,
            Text(
                "You took (row, column) for the centre. It is the upper left corner.",
                "你把 (row, column) 当成了中心。它是左上角。",
            ),
        ),
        Mistake(
            rows_and_columns_exchanged,
            Text(
                "Row and column are exchanged. In H×W×C the row comes first.",
                "行和列弄反了。在 H×W×C 里，行在前。",
            ),
        ),
        Mistake(
            in_white,
            Text("The hole should be black: 0.", "洞应当是黑的：0。"),
        ),
    ),
    hints=(
        Text(
            "Begin with a copy. Then one slice for the rows and one for the columns.",
            "先复制一份。然后，行一个切片，列一个切片。",
        ),
        Text(
            "What does `out[-1:2]` select? (Nothing, mostly.) Clip both ends with `max(…, 0)`.",
            "`out[-1:2]` 选中什么？（多半什么也没有。）两头都用 `max(…, 0)` 截断。",
        ),
        Text(
            "`out[max(row, 0) : max(row + size, 0), max(column, 0) : max(column + size, 0)] = 0`.",
            "写成 "
            "`out[max(row, 0) : max(row + size, 0), max(column, 0) : max(column + size, 0)] = 0`。",
        ),
    ),
    cases=lambda: [
        _cut_case((3, 4, 1), 0, 1, 2),
        _cut_case((4, 5, 1), 2, -1, 3),
        _cut_case((5, 4, 3), -2, 1, 3),
        _cut_case((6, 5, 3), -4, 0, 3),
    ],
    observe=_observe_cut,
    untouched=Text(
        "Replace each `...`: a copy, and the slices of the square.",
        "把每个 `...` 换掉：一份副本，以及方块的切片。",
    ),
    praise=Text(
        "Right at the borders, and the original is whole. With a random corner that is "
        "`vision.CutOut`.",
        "边上也对，原图也没动。角的位置随机，就是 `vision.CutOut`。",
    ),
    quantities={
        "result": Text("the result", "结果"),
        "input": Text("the given image afterwards", "传入的图，调用之后"),
    },
)

# ----------------------------------------------------------------- d04.e4: pad_batch(rows, fill)


def starter_pad_batch(rows, fill):
    longest = ...
    tokens = np.full((len(rows), longest), fill)
    mask = np.zeros((len(rows), longest), bool)
    for k, row in enumerate(rows):
        ...
    return tokens, mask


def pad_batch(rows, fill):
    longest = max(len(row) for row in rows)
    tokens = np.full((len(rows), longest), fill)
    mask = np.zeros((len(rows), longest), bool)
    for k, row in enumerate(rows):
        tokens[k, : len(row)] = row
        mask[k, : len(row)] = True
    return tokens, mask


def mask_by_value(rows, fill):
    tokens, _ = pad_batch(rows, fill)
    return tokens, tokens != fill


def mask_of_the_padding(rows, fill):
    tokens, mask = pad_batch(rows, fill)
    return tokens, ~mask


def always_zero(rows, fill):
    return pad_batch(rows, 0)


def padded_in_front(rows, fill):
    turned, mask = pad_batch([row[::-1] for row in rows], fill)
    return turned[:, ::-1], mask[:, ::-1]


def cut_to_the_shortest(rows, fill):
    shortest = min(len(row) for row in rows)
    return pad_batch([row[:shortest] for row in rows], fill)


def lengths_for_a_mask(rows, fill):
    return pad_batch(rows, fill)[0], np.array([len(row) for row in rows])


def _pad_case(rows: list[list[int]], fill: int) -> Case:
    named = {f"rows[{k}]": np.array(row, np.int64) for k, row in enumerate(rows)}
    return Case({**named, "fill": np.array(fill)})


def _observe_pad(answer: Callable[..., Any], case: Case) -> Observation:
    *rows, fill = (array.copy() for array in case.inputs.values())
    tokens, mask = answer(rows, int(fill))
    return {"tokens": tokens, "mask": mask}


E4 = Exercise(
    id="d04.e4",
    title=Text("pad a batch, with its mask", "补齐一个批次，附上掩码"),
    starter=starter_pad_batch,
    solution=pad_batch,
    mistakes=(
        Mistake(
            mask_by_value,
            Text(
                "A real token can have the same number as the filling. Only the lengths know what "
                "is padding.",
                "真正的词元也可能和填充值是同一个数。哪些是填充，只有长度知道。",
            ),
        ),
        Mistake(
            mask_of_the_padding,
            Text(
                "The mask is upside down: True where a token is, False where padding is.",
                "掩码反了：有词元的地方是 True，填充的地方是 False。",
            ),
        ),
        Mistake(
            always_zero,
            Text("Fill with `fill`, not always with 0.", "用 `fill` 来填，不总是 0。"),
        ),
        Mistake(
            padded_in_front,
            Text(
                "You padded in front. The tokens come first here, the padding behind them.",
                "你填在了前面。这里词元在前，填充在后。",
            ),
        ),
        Mistake(
            cut_to_the_shortest,
            Text(
                "You cut everything down to the shortest row, and text is lost. The *longest* row "
                "gives the width.",
                "你把所有的行都截成了最短的那么长，丢了内容。宽度由*最长*的一行决定。",
            ),
        ),
        Mistake(
            lengths_for_a_mask,
            Text(
                "You return the lengths. A mask has the shape of the tokens.",
                "你返回的是长度。掩码的形状和词元一样。",
            ),
        ),
    ),
    hints=(
        Text(
            "The width: `max(len(row) for row in rows)`.",
            "宽度：`max(len(row) for row in rows)`。",
        ),
        Text(
            "Row k fills the first `len(row)` places of `tokens[k]`, and the same places of the "
            "mask become True.",
            "第 k 行填进 `tokens[k]` 的前 `len(row)` 个位置，掩码的同样位置变成 True。",
        ),
        Text(
            "`tokens[k, : len(row)] = row` and `mask[k, : len(row)] = True`.",
            "`tokens[k, : len(row)] = row` 和 `mask[k, : len(row)] = True`。",
        ),
    ),
    cases=lambda: [
        _pad_case([[5], [7, 8]], 0),
        _pad_case([[3, 0, 4], [2], [9, 0]], 0),
        _pad_case([[4, 6, 1], [1, 2, 3, 4, 5], [], [1]], 1),
    ],
    observe=_observe_pad,
    untouched=Text(
        "Replace each `...`: how wide is the table, and where does a row go?",
        "把每个 `...` 换掉：表有多宽？一行放在哪里？",
    ),
    praise=Text(
        "Empty rows and tokens equal to the filling included. The RNN of Day 20 and the CRF of "
        "Day 21 want exactly this mask.",
        "空行、和填充值相同的词元，也都对。第 20 天的 RNN、第 21 天的 CRF，要的就是这张掩码。",
    ),
    quantities={
        "tokens": Text("the tokens", "词元表"),
        "mask": Text("the mask", "掩码"),
    },
)
