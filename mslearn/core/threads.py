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
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

_PREFIXES = ("scipy_openblas", "openblas")  # NumPy's own wheels rename the library's functions
_SUFFIXES = ("64_", "")


@cache
def blas() -> tuple[Callable[[], int], Callable[[int], None]] | None:
    """How to read and to set the thread count of NumPy's bundled OpenBLAS, if it has that."""
    package = Path(np.__file__).parent
    for folder in (package.parent / "numpy.libs", package / ".dylibs"):
        for path in sorted(folder.glob("*openblas*")):
            try:
                library: Any = ctypes.CDLL(str(path))  # loaded already: this finds the handle
            except OSError:
                continue
            for name in (f"{p}_{{}}_num_threads{s}" for p in _PREFIXES for s in _SUFFIXES):
                if hasattr(library, name.format("set")):
                    return getattr(library, name.format("get")), getattr(
                        library, name.format("set")
                    )
    return None


def set_threads(count: int) -> None:
    """Let operations use `count` threads; without OpenBLAS there is nothing to set."""
    found = blas()
    if found is not None:
        found[1](count)


def thread_count() -> int:
    """How many threads an operation may use now."""
    found = blas()
    return max(1, found[0]()) if found else 1


def settle() -> None:
    """Set the number that is wanted at import."""
    asked = os.environ.get("MSLEARN_NUM_THREADS", "")
    if asked.isdigit() and int(asked) > 0:
        set_threads(int(asked))
    elif not {"OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"} & set(os.environ):
        set_threads(1)
