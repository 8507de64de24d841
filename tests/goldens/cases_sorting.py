"""Sorting and its relatives; see cases.py.

Left out because MindSpore 2.10 has no CPU kernel or fails: gradients of cummax and
cummin, int32 results of searchsorted.
"""

from __future__ import annotations

import numpy as np
from shared import both, like

RNG = np.random.default_rng(3)
A = RNG.standard_normal((3, 4)).astype(np.float32)
TIES = np.array([[3, 1, 3], [1, 1, 2]], np.int32)
ODD = np.array([1, 1, 2, 1, 1])


cases = {
    "sort": both(lambda o, x: o.sort(x), A),
    "sort_down": both(lambda o, x: o.sort(x, 0, True), A),
    "topk": both(lambda o, x: o.topk(x, 2), A),
    "topk_dim": both(lambda o, x: o.topk(x, 2, 0), A),
    "topk_small": both(lambda o, x: o.topk(x, 2, 1, False), A),
    "TopK": both(lambda o, x: o.TopK()(x, 3), A),
    "Sort": both(lambda o, x: o.Sort(0)(x), A),
    "cummax": lambda ms: ms.ops.cummax(ms.Tensor(A), 0),
    "cummin": lambda ms: ms.ops.cummin(ms.Tensor(A), 1),
    "median": lambda ms: ms.ops.median(ms.Tensor(A)),
    "gather_elements": both(
        lambda o, x: o.gather_elements(x, 1, like(x, [[0, 2], [1, 1], [3, 0]])), A
    ),
    "GatherD": both(lambda o, x: o.GatherD()(x, 0, like(x, [[0, 2], [1, 1]])), A),
    "argsort": lambda ms: (ms.ops.argsort(ms.Tensor(A), 1), ms.Tensor(A).argsort()),
    "unique": lambda ms: ms.ops.unique(ms.Tensor(TIES)),
    "unique_long": lambda ms: ms.ops.unique(ms.Tensor(TIES.astype(np.int64))),
    "unique_consecutive": lambda ms: ms.ops.unique_consecutive(ms.Tensor(ODD), True, True),
    "searchsorted": lambda ms: ms.ops.searchsorted(ms.Tensor([1.0, 2, 3]), ms.Tensor([0.5, 2, 9])),
    "searchsorted_right": lambda ms: ms.ops.searchsorted(
        ms.Tensor([1.0, 2, 3]), ms.Tensor([0.5, 2, 9]), right=True
    ),
    "nonzero": lambda ms: ms.ops.nonzero(ms.Tensor(TIES - 1)),
    "bincount": lambda ms: ms.ops.bincount(ms.Tensor([0, 2, 2])),
    "ArgMaxWithValue": lambda ms: ms.ops.ArgMaxWithValue(1)(ms.Tensor(A)),
    "ArgMinWithValue": lambda ms: ms.ops.ArgMinWithValue(0, True)(ms.Tensor(A)),
    "count_nonzero": lambda ms: ms.ops.count_nonzero(ms.Tensor(A), 1),
    "Tensor_topk": lambda ms: ms.Tensor(A).topk(2),
    "Tensor_sort": lambda ms: ms.Tensor(A).sort(0)[0],
    "intopk": lambda ms: ms.ops.intopk(ms.Tensor(A), ms.Tensor([1, 2, 0], ms.int32), 2),
}
