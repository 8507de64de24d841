"""Samples of the primitives of order and of gathering by element."""

from __future__ import annotations

import numpy as np

RNG = np.random.default_rng(11)


def r(*shape):
    return RNG.uniform(-1.5, 1.5, shape)


INDEX = np.array([[0, 2, 1], [1, 1, 0]])
SAMPLES = {
    "GatherD": [
        ((r(2, 3), INDEX), {"dim": 1}),
        ((r(3, 3), INDEX), {"dim": 0}),
        ((r(4, 5), INDEX), {"dim": 0}),
    ],
    "TensorScatterElements": [
        ((r(3, 4), INDEX, r(2, 3)), {"axis": 0, "reduction": "add"}),
        ((r(3, 4), INDEX, r(2, 3)), {"axis": 1, "reduction": "add"}),
        ((r(3, 4), np.array([[0, 2], [1, 3]]), r(2, 2)), {"axis": 1, "reduction": "none"}),
    ],
    "Sort": [
        ((r(2, 3),), {"axis": 1, "descending": False}),
        ((r(3, 2, 2),), {"axis": 0, "descending": True}),
        ((r(0, 2),), {"axis": 0, "descending": True}),
    ],
    "TopK": [((r(2, 4),), {"k": 2, "sorted": True}), ((r(3),), {"k": 3, "sorted": True})],
    **{n: [((r(2, 4),), {"axis": 1}), ((r(3, 2),), {"axis": 0})] for n in ("Cummax", "Cummin")},
    "Unique": [((np.array([3, 1, 3, 2]),), {})],
    "SearchSorted": [
        ((np.array([1.0, 2.0, 3.0]), r(2, 2) + 2), {"dtype": np.dtype("i8"), "right": False}),
        ((np.sort(r(2, 3)), r(2, 4)), {"dtype": np.dtype("i4"), "right": True}),
    ],
    "NonZero": [((np.array([[0, 1], [2, 0]]),), {})],
    "Bincount": [
        ((np.array([0, 2, 2]),), {"minlength": 5}),
        ((np.array([0, 2, 2]), r(3)), {"minlength": 0}),
    ],
}
