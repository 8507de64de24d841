"""How many threads the matrix products of NumPy's OpenBLAS use: one, unless somebody asks.

OpenBLAS threads wait for each other by spinning. As soon as another program wants a core (the
browser that draws the live chart, say) a small product takes ten times as long: a training step of
Day 1 went from 2 to 90 ms on two cores. One thread is predictable. On a quiet machine two threads
gain up to 1.8 times on large products: ``set_context(runtime_num_threads=2)``, or the variable
MSLEARN_NUM_THREADS. A thread count in OPENBLAS_NUM_THREADS or OMP_NUM_THREADS is left alone.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

_SYMBOLS = (
    "scipy_openblas_set_num_threads64_",
    "scipy_openblas_set_num_threads",
    "openblas_set_num_threads64_",
    "openblas_set_num_threads",
)


def _libraries() -> Iterator[Path]:
    package = Path(np.__file__).parent
    for folder in (package.parent / "numpy.libs", package / ".dylibs"):
        yield from folder.glob("*openblas*")


def set_blas_threads(count: int) -> bool:
    """Let NumPy's bundled OpenBLAS use `count` threads; False when NumPy uses another BLAS."""
    for path in _libraries():
        try:
            library = ctypes.CDLL(str(path))  # loaded already: this only finds the handle
        except OSError:
            continue
        for symbol in _SYMBOLS:
            function: Any = getattr(library, symbol, None)
            if function is not None:
                function(count)
                return True
    return False


def settle() -> int | None:
    """Apply the wanted number at import; None when it was left as it is."""
    asked = os.environ.get("MSLEARN_NUM_THREADS")
    if asked is None and {"OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"} & set(os.environ):
        return None
    count = int(asked) if asked and asked.isdigit() and int(asked) > 0 else 1
    return count if set_blas_threads(count) else None
