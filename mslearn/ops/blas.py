"""Sums and products into place: one pass over memory where NumPy's operations take two or three.

OpenBLAS, which NumPy's wheels carry (`core/threads.py` finds it), has routines for them that NumPy
does not name. The update of 670,000 parameters takes half the time with them (benchmarks/
mlp_step.py). With another BLAS, or for other dtypes, NumPy does the same in its own steps.
"""

from __future__ import annotations

import ctypes
from functools import cache
from typing import Any

import numpy as np

from mslearn.core.threads import openblas

_REAL = {np.dtype(np.float32): ("s", ctypes.c_float), np.dtype(np.float64): ("d", ctypes.c_double)}
_ARGUMENTS = {"axpby": "nrpnrpn", "gemm": "eeennnrpnpnrpn"}  # n a size, r a real, p an address
_WORTH = 1 << 12  # elements: below this calling through ctypes costs more than it saves
_ROWS, _AS_IT_IS, _TRANSPOSED = 101, 111, 112  # the enumerations of CBLAS


@cache
def _routine(name: str, dtype: np.dtype[Any]) -> Any:
    found = openblas()
    if found is None or dtype not in _REAL:
        return None
    library, spelling = found
    letter, real = _REAL[dtype]
    size = ctypes.c_int64 if "64_" in spelling else ctypes.c_int
    kinds = {"n": size, "r": real, "p": ctypes.c_void_p, "e": ctypes.c_int}
    routine = getattr(library, spelling.format(f"cblas_{letter}{name}"), None)
    if routine is not None:
        routine.argtypes, routine.restype = [kinds[k] for k in _ARGUMENTS[name]], None
    return routine


def add_into(y: np.ndarray, beta: float, x: np.ndarray, alpha: float = 1.0) -> None:
    """``y = beta * y + alpha * x`` in y's memory, for arrays of one size."""
    routine = _routine("axpby", y.dtype) if y.size >= _WORTH else None
    x = np.ascontiguousarray(x, y.dtype).reshape(y.shape)
    if routine is not None and y.flags.carray:
        routine(y.size, alpha, x.ctypes.data, 1, beta, y.ctypes.data, 1)
        return
    if beta != 1:
        y *= y.dtype.type(beta)
    y += x if alpha == 1 else x * y.dtype.type(alpha)


def product_into(
    c: np.ndarray, beta: float, x: np.ndarray, y: np.ndarray, alpha: float = 1.0
) -> None:
    """``c = beta * c + alpha * (x @ y)`` in c's memory, for matrices."""
    routine, (m, n), k = _routine("gemm", c.dtype), c.shape, y.shape[0]
    known = routine is not None and c.flags.carray and x.dtype == y.dtype == c.dtype
    if not (known and m and n and k and x.shape == (m, k) and y.shape == (k, n)):
        add_into(c, beta, x @ y, alpha)
        return
    (x, turn_x, wide_x), (y, turn_y, wide_y) = _laid(x), _laid(y)
    routine(
        _ROWS, turn_x, turn_y, m, n, k, alpha, x.ctypes.data, wide_x, y.ctypes.data, wide_y,
        beta, c.ctypes.data, n,
    )  # fmt: skip


def _laid(x: np.ndarray) -> tuple[np.ndarray, int, int]:
    """A matrix as BLAS reads it: rows, or columns called transposed; and their length."""
    if x.flags.f_contiguous and not x.flags.c_contiguous:
        return x, _TRANSPOSED, x.shape[0]
    return np.ascontiguousarray(x), _AS_IT_IS, x.shape[1]
