"""Functions of functions and sparse tensors; see cases.py.

Left out: sparse products, sums and conversions, which MindSpore 2.10 compiles with a tool that
its CPU package lacks (tests/engine/test_sparse.py compares them with dense tensors instead).
"""

from __future__ import annotations

import numpy as np

A = np.array([[1.0, 2.0], [3.0, 4.0]], np.float32)
# ruff: noqa: E501
V = np.array([1.0, 2.0, -3.0], np.float32)
PLACES = np.array([[0, 1], [1, 2], [2, 0]], np.int32)


def add(ms):
    chosen = ms.ops.MultitypeFuncGraph("add")

    @chosen.register("Tensor", "Tensor")
    def _tensors(x, y):
        return x + y

    @chosen.register("Number", "Number")
    def _numbers(x, y):
        return x - y

    return chosen


def coo(ms):
    return ms.COOTensor(ms.Tensor(PLACES), ms.Tensor(V), (3, 4))


def csr(ms):
    start, columns = ms.Tensor([0, 1, 2, 3], ms.int32), ms.Tensor(PLACES[:, 1].copy())
    return ms.CSRTensor(start, columns, ms.Tensor(V), (3, 4))


def parts(x):
    return (*x.to_tuple()[:-1], tuple(x.shape), str(x.dtype), x.size, x.ndim, x.itemsize)


def on_gradients(ms):
    x = ms.Tensor(A)
    return ms.ops.HyperMap()(ms.ops.partial(lambda s, g: g * s, 0.5), (x, [x, x]))


cases = {
    "MultitypeFuncGraph": lambda ms: (add(ms)(ms.Tensor(A), ms.Tensor(A)), add(ms)(1, 2)),
    "HyperMap": lambda ms: ms.ops.HyperMap(add(ms))((ms.Tensor(A), [1]), (ms.Tensor(A), [2])),
    "HyperMap_partial": on_gradients,
    "Map": lambda ms: ms.ops.Map()(add(ms), (ms.Tensor(A), 5), (ms.Tensor(A), 2)),
    "Partial": lambda ms: ms.ops.Partial()(lambda a, b: a - b, 5)(2),
    "coo": lambda ms: (parts(coo(ms)), coo(ms).to_dense(), str(coo(ms)), repr(coo(ms))),
    "coo_arithmetic": lambda ms: (
        parts(-coo(ms)), parts(coo(ms).abs()), parts(coo(ms).astype(ms.float16)),
        parts(ms.ops.coo_sigmoid(coo(ms))),
    ),
    "csr": lambda ms: (parts(csr(ms)), str(csr(ms))),
    "csr_arithmetic": lambda ms: (parts(-csr(ms)), parts(csr(ms).abs()), parts(ms.ops.csr_exp(csr(ms)))),
    "row": lambda ms: (
        str(ms.RowTensor(ms.Tensor([0]), ms.Tensor([[1.0, 2.0]]), (3, 2))),
        ms.RowTensor(ms.Tensor([0]), ms.Tensor([[1.0, 2.0]]), (3, 2)).dense_shape,
    ),
}  # fmt: skip
