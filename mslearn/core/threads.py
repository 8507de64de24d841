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
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

_SPELLINGS = ("scipy_{}64_", "scipy_{}", "{}64_", "{}")  # NumPy's own wheels rename the functions


@cache
def openblas() -> tuple[Any, str] | None:
    """NumPy's bundled OpenBLAS and how it spells the name of a function, where it is there."""
    package = Path(np.__file__).parent
    for folder in (package.parent / "numpy.libs", package / ".dylibs"):
        for path in sorted(folder.glob("*openblas*")):
            try:
                library = ctypes.CDLL(str(path))  # loaded already: this finds the handle
            except OSError:
                continue
            for spelling in _SPELLINGS:
                if hasattr(library, spelling.format("openblas_set_num_threads")):
                    return library, spelling
    return None


@cache
def blas() -> Any:
    """The functions that read and that set OpenBLAS's thread count, or None."""
    names = ("openblas_get_num_threads", "openblas_set_num_threads")
    found = openblas()
    return found and tuple(getattr(found[0], found[1].format(name)) for name in names)


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
