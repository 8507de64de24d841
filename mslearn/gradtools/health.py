"""`run_check`: does the installation compute, and on what?"""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

from mslearn.autodiff import grad
from mslearn.core.tensor import Tensor
from mslearn.ops.linalg import matmul


def run_check() -> None:
    """Multiply two small matrices, differentiate the product, and say what does the arithmetic.

    A table lists the targets for graphs, their state and the reason.

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
    print(f"mslearn version: {mslearn.__version__}")
    print(f"Arithmetic: NumPy {np.__version__}, BLAS: {blas_name()}")
    print("A matrix product and its gradient are correct: mslearn works on this machine (CPU).")
    # By name: backends stand above this layer.
    print("What graphs can run on (ms.set_context(device_target=…)):")
    print(importlib.import_module("mslearn.backends").table())


def blas_name() -> str:
    """The BLAS library that NumPy was built with, with its version."""
    try:
        found: Any = np.show_config(mode="dicts")
        blas = found["Build Dependencies"]["blas"]
        return f"{blas['name']} {blas['version']}"
    except (TypeError, KeyError):  # NumPy before 1.25
        return "unknown"
