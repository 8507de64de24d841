"""Two cores for one operation: parts of a batch run in Python threads, each with a serial BLAS.

NumPy's matrix products and loops release the interpreter lock, so threads do run side by side.
BLAS must then keep to one thread: small products shared between its own threads took up to ten
times longer than on one (measured with OpenBLAS 0.3.31). How many threads there are is BLAS's own
setting, so ``OPENBLAS_NUM_THREADS`` rules both; ``MSLEARN_NUM_THREADS`` overrides it.
"""

from __future__ import annotations

import ctypes
import itertools
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

_switch = threading.RLock()  # the number of BLAS threads is one number for the whole process


@cache
def _blas() -> tuple[Callable[[], int], Callable[[int], None]] | None:
    """How to read and set the thread count of the OpenBLAS in NumPy's wheel, if it is that."""
    root = Path(np.__file__).parent
    for folder in (root.parent / "numpy.libs", root / ".dylibs"):
        for file in sorted(folder.glob("*scipy_openblas*")):
            try:
                library = ctypes.CDLL(str(file))
                suffix = "64_" if "64_" in file.name else ""
                get = getattr(library, f"scipy_openblas_get_num_threads{suffix}")
                put = getattr(library, f"scipy_openblas_set_num_threads{suffix}")
            except (OSError, AttributeError):
                continue
            return get, put
    return None


@cache
def thread_count() -> int:
    """How many threads an operation may use."""
    wanted = os.environ.get("MSLEARN_NUM_THREADS", "")
    blas = _blas()
    if wanted.isdigit() and int(wanted) > 0:
        return int(wanted)
    return max(1, blas[0]()) if blas else 1


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(thread_count(), thread_name_prefix="mslearn-op")


if hasattr(os, "register_at_fork"):  # a forked child has the pool, but none of its threads
    os.register_at_fork(after_in_child=_pool.cache_clear)


def over_batch(run: Callable[[int, int], Any], n: int, work: float) -> list[Any]:
    """``run(start, stop)`` over parts of ``range(n)``, side by side where that pays.

    Args:
        run: does the samples from start to stop; its results are returned in order.
        n: how many samples there are.
        work: roughly how many elementary operations all of it takes; below fifteen million
            (about a millisecond) a second thread costs more than it brings: with threads for
            everything, LeNet's step took 7.3 ms on two cores and 6.2 on one.
    """
    blas = _blas()
    parts = min(thread_count(), n) if work > 1.5e7 else 1
    if blas is None or (parts == 1 and thread_count() == 1):
        return [run(0, n)]
    get, put = blas
    with _switch:
        before = get()
        put(1)
        try:
            if parts == 1:
                return [run(0, n)]
            cuts = [n * i // parts for i in range(parts + 1)]
            (start, stop), *others = itertools.pairwise(cuts)
            jobs = [_pool().submit(run, a, b) for a, b in others]
            first = run(start, stop)
            return [first, *(job.result() for job in jobs)]
        finally:
            put(before)
