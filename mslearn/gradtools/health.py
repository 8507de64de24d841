"""`run_check`: does the installation compute, and on what?"""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

from mslearn.autodiff import grad
from mslearn.core.tensor import Tensor
from mslearn.ops.linalg import matmul

SAID = {
    "en": """mslearn version: {}
Arithmetic: NumPy {}, BLAS: {}
A matrix product and its gradient are correct: mslearn works on this machine (CPU).
What graphs can run on (ms.set_context(device_target=…)):""",
    "zh": """mslearn 版本：{}
算术：NumPy {}，BLAS：{}
一次矩阵乘法和它的梯度都算对了：mslearn 在这台机器（CPU）上能用。
计算图能在哪些设备上运行（ms.set_context(device_target=…)）：""",
}


def run_check() -> None:
    """Multiply two small matrices, differentiate the product, and say what does the arithmetic.

    A table lists the targets for graphs, their state and the reason. It speaks the camp's language
    (`mslearn.camp.language`).

    Raises:
        RuntimeError: a result is wrong; the message says which.
    """
    import mslearn

    rows, columns = np.arange(6.0).reshape(2, 3), np.arange(12.0).reshape(3, 4) / 10
    x, y = Tensor(rows.astype(np.float32)), Tensor(columns.astype(np.float32))
    product = matmul(x, y).asnumpy()
    gradient = grad(lambda a: matmul(a, y).sum())(x).asnumpy()
    wanted = [[sum(r[k] * columns[k, j] for k in range(3)) for j in range(4)] for r in rows]
    slopes = [[sum(c) for c in columns]] * 2
    for what, found, right in (("product", product, wanted), ("gradient", gradient, slopes)):
        if not np.allclose(found, right, rtol=1e-5):
            raise RuntimeError(
                f"mslearn {mslearn.__version__} on NumPy {np.__version__} ({blas_name()}): the "
                f"{what} of two small matrices is wrong: got {found.tolist()}, wanted {right}. "
                f"Install NumPy again."
            )
    # By name: the camp and the backends stand above this layer.
    language = importlib.import_module("mslearn.camp").language()
    print(SAID[language].format(mslearn.__version__, np.__version__, blas_name()))
    print(importlib.import_module("mslearn.backends").table(language))


def blas_name() -> str:
    """The BLAS library that NumPy was built with, with its version."""
    try:
        found: Any = np.show_config(mode="dicts")
        blas = found["Build Dependencies"]["blas"]
        return f"{blas['name']} {blas['version']}"
    except (TypeError, KeyError):  # NumPy before 1.25
        return "unknown"
