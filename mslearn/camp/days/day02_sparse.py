"""Day 2: distances between all pairs, and a sparse matrix times a vector."""

# mypy: disable-error-code="no-untyped-def, no-untyped-call"
from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

import mslearn as ms

from .._language import Text
from ..exercise import Case, Exercise, Mistake, Observation

# ------------------------------------------------------------------- d02.e3: distances(a, b)


def starter_distances(a, b):
    differences = ...
    return ...


def distances(a, b):
    differences = a[:, None, :] - b[None, :, :]  # (N, 1, D) - (1, M, D) -> (N, M, D)
    return (differences**2).sum(axis=2) ** 0.5


def _difference(a, b):
    return a[:, None, :] - b[None, :, :]


def squared(a, b):
    return (_difference(a, b) ** 2).sum(axis=2)


def turned_over(a, b):
    return distances(b, a)


def root_before_the_sum(a, b):
    return ((_difference(a, b) ** 2) ** 0.5).sum(axis=2)


def mean_instead_of_sum(a, b):
    return (_difference(a, b) ** 2).mean(axis=2) ** 0.5


def summed_over_b(a, b):
    return (_difference(a, b) ** 2).sum(axis=1) ** 0.5


def row_by_row(a, b):
    return ((a - b[: a.shape[0]]) ** 2).sum(axis=1) ** 0.5


def _pair_cases() -> list[Case]:
    random = np.random.default_rng(3)

    def case(n: int, m: int, d: int) -> Case:
        a, b = random.normal(size=(n, d)), random.normal(size=(m, d))
        return Case({"a": a.astype(np.float32).round(1), "b": b.astype(np.float32).round(1)})

    return [
        Case({"a": np.array([[0, 0]], np.float32), "b": np.array([[3, 4], [6, 8]], np.float32)}),
        case(2, 3, 2),
        case(3, 5, 4),
    ]


def _observe_pairs(answer: Callable[..., Any], case: Case) -> Observation:
    return {"": answer(ms.Tensor(case.inputs["a"].copy()), ms.Tensor(case.inputs["b"].copy()))}


E3 = Exercise(
    id="d02.e3",
    title=Text("all distances without a loop", "不用循环算出所有距离"),
    starter=starter_distances,
    solution=distances,
    mistakes=(
        Mistake(
            squared,
            Text("These are squared distances: take the root.", "这是距离的平方：还要开方。"),
        ),
        Mistake(
            turned_over,
            Text(
                "The table is turned over: rows belong to `a`, columns to `b`.",
                "表转置了：行对应 `a`，列对应 `b`。",
            ),
        ),
        Mistake(
            root_before_the_sum,
            Text(
                "You took the root of each coordinate. Add the squares first, then one root.",
                "你对每个坐标分别开了方。先把平方加起来，再开一次方。",
            ),
        ),
        Mistake(
            mean_instead_of_sum,
            Text(
                "A distance adds the squares up; you took their mean.",
                "距离是把平方加起来；你取了平均。",
            ),
        ),
        Mistake(
            summed_over_b,
            Text(
                "You summed over the points of `b`. Sum over the coordinates, the last axis.",
                "你是对 `b` 的点求和的。应当对坐标，也就是最后一个轴求和。",
            ),
        ),
        Mistake(
            row_by_row,
            Text(
                "You compared the k-th point of `a` with the k-th of `b` only. Every one with "
                "every other: make the shapes (N, 1, D) and (1, M, D).",
                "你只比了 `a` 的第 k 个点和 `b` 的第 k 个点。要两两都比：把形状变成 (N, 1, D) 和 "
                "(1, M, D)。",
            ),
        ),
    ),
    hints=(
        Text(
            "Broadcasting repeats axes of size 1. Which axis should be repeated in `a`, and which "
            "in `b`?",
            "广播会重复大小为 1 的轴。`a` 应当在哪个轴上重复，`b` 又在哪个轴上？",
        ),
        Text(
            "`a[:, None, :]` has shape (N, 1, D), and `b[None, :, :]` (1, M, D). Their difference "
            "has (N, M, D).",
            "`a[:, None, :]` 的形状是 (N, 1, D)，`b[None, :, :]` 是 (1, M, D)；相减得 (N, M, D)。",
        ),
        Text(
            "Square, sum over `axis=2`, root.",
            "平方，沿 `axis=2` 求和，开方。",
        ),
    ),
    cases=_pair_cases,
    observe=_observe_pairs,
    untouched=Text(
        "Replace each `...`. No loop: two new axes of size 1 do it.",
        "把每个 `...` 换掉。不用循环：添两个大小为 1 的轴就够了。",
    ),
    praise=Text(
        "N × M distances in two lines. On Day 13 this is the whole of k nearest neighbours.",
        "两行算出 N × M 个距离。第 13 天的 K 近邻，核心就是它。",
    ),
)

# ------------------------------------------------ d02.e4: times_vector(indptr, indices, values, v)


def starter_times_vector(indptr, indices, values, v):
    return ...


def times_vector(indptr, indices, values, v):
    products = values * v[indices]  # one for each stored number
    rows = range(len(indptr) - 1)
    return np.array([products[indptr[r] : indptr[r + 1]].sum() for r in rows], values.dtype)


def _sums(indptr, products):
    return [products[a:b].sum() for a, b in pairwise(indptr)]


def forgets_the_vector(indptr, indices, values, v):
    return np.array(_sums(indptr, values))


def takes_v_in_order(indptr, indices, values, v):
    return np.array(_sums(indptr, values * np.resize(v, len(values))))


def one_too_far(indptr, indices, values, v):
    products = values * v[indices]
    return np.array([products[a : b + 1].sum() for a, b in pairwise(indptr)])


def indices_as_rows(indptr, indices, values, v):
    out = np.zeros(len(indptr) - 1, values.dtype)
    for k, value in enumerate(values):
        if indices[k] < len(out):
            out[indices[k]] += value * v[indices[k]]
    return out


def skips_empty_rows(indptr, indices, values, v):
    products = values * v[indices]
    return np.array([products[a:b].sum() for a, b in pairwise(indptr) if b > a])


def _sparse_cases() -> list[Case]:
    def case(dense: list[list[float]], v: list[float]) -> Case:
        table = np.array(dense, np.float32)
        rows, indices = table.nonzero()
        counts = np.bincount(rows, minlength=len(table))
        return Case(
            {
                "indptr": np.concatenate([[0], counts.cumsum()]).astype(np.int32),
                "indices": indices.astype(np.int32),
                "values": table[table != 0],
                "v": np.array(v, np.float32),
            }
        )

    return [
        case([[0, 2], [3, 0]], [1, 10]),
        case([[0, 0, 4], [5, 0, 6], [0, 7, 0]], [1, 2, 3]),
        case([[1, 0, 2, 0], [0, 0, 0, 0], [0, 3, 0, 4], [5, 0, 0, 0]], [1, -2, 3, 0.5]),
    ]


def _observe_sparse(answer: Callable[..., Any], case: Case) -> Observation:
    return {"": answer(*(array.copy() for array in case.inputs.values()))}


E4 = Exercise(
    id="d02.e4",
    title=Text("a sparse matrix times a vector", "稀疏矩阵乘向量"),
    starter=starter_times_vector,
    solution=times_vector,
    mistakes=(
        Mistake(
            forgets_the_vector,
            Text(
                "You added the stored numbers up. Multiply each by its entry of `v` first.",
                "你只是把存着的数加了起来。先要乘上 `v` 里对应的那一个。",
            ),
        ),
        Mistake(
            takes_v_in_order,
            Text(
                "You took `v` in order. Which entry belongs to a stored number, its column says: "
                "`v[indices]`.",
                "你是按顺序取 `v` 的。一个数该配向量里的哪一个，由它的列号决定：`v[indices]`。",
            ),
        ),
        Mistake(
            one_too_far,
            Text(
                "Each row takes one number of the next row with it: the slice is "
                "`indptr[r] : indptr[r + 1]`, the end excluded.",
                "每一行都多拿了下一行的一个数：切片是 `indptr[r] : indptr[r + 1]`，不含末尾。",
            ),
        ),
        Mistake(
            indices_as_rows,
            Text(
                "`indices` are columns, not rows. The row follows from `indptr`.",
                "`indices` 是列号，不是行号。行要从 `indptr` 里看。",
            ),
        ),
        Mistake(
            skips_empty_rows,
            Text(
                "A row without stored numbers gives 0; you left it out.",
                "没有存数的行，结果是 0；你把它漏掉了。",
            ),
        ),
    ),
    hints=(
        Text(
            "`v[indices]` lines the vector up with the stored numbers. What do you get when you "
            "multiply by `values`?",
            "`v[indices]` 让向量和存着的数一一对齐。再乘上 `values`，得到什么？",
        ),
        Text(
            "The products of row r stand from `indptr[r]` to `indptr[r + 1]`. Add them up.",
            "第 r 行的乘积排在 `indptr[r]` 到 `indptr[r + 1]` 之间，加起来就行。",
        ),
    ),
    cases=_sparse_cases,
    observe=_observe_sparse,
    untouched=Text(
        "Four NumPy arrays come in, one result a row goes out. A loop over the rows is fine.",
        "输入是四个 NumPy 数组，每行输出一个数。可以对行写循环。",
    ),
    praise=Text(
        "You never touched a zero: the work is proportional to what is stored.",
        "一个零都没有碰：计算量只和存着的数成正比。",
    ),
)
