"""Two cores for one operation: parts of a batch run in Python threads, each with a serial BLAS.

NumPy's matrix products and loops release the interpreter lock, so threads do run side by side.
BLAS must then keep to one thread: small products shared between its own threads took up to ten
times longer than on one (measured with OpenBLAS 0.3.31). How many threads there are is said in
`core/threads.py`.
"""

from __future__ import annotations

import itertools
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

from mslearn.core.threads import blas, thread_count

_switch = threading.RLock()  # the number of BLAS threads is one number for the whole process


@cache
def _pool(count: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(count, thread_name_prefix="mslearn-op")


if hasattr(os, "register_at_fork"):  # a forked child has the pool, but none of its threads
    os.register_at_fork(after_in_child=_pool.cache_clear)


WORTH = 1.5e7  # elementary operations, about a millisecond; see `over_batch`


def over_batch(run: Callable[[int, int], Any], n: int, work: float) -> list[Any]:
    """``run(start, stop)`` over parts of ``range(n)``, side by side where that pays.

    Args:
        run: does the samples from start to stop; its results are returned in order.
        n: how many samples there are.
        work: roughly how many elementary operations all of it takes; below fifteen million
            (about a millisecond) a second thread costs more than it brings: with threads for
            everything, LeNet's step took 7.3 ms on two cores and 6.2 on one.
    """
    found, count = blas(), thread_count()
    if found is None or count == 1:
        return [run(0, n)]
    parts = min(count, n) if work > WORTH else 1
    get, put = found
    with _switch:
        before = get()
        put(1)
        try:
            if parts == 1:
                return [run(0, n)]
            cuts = [n * i // parts for i in range(parts + 1)]
            (start, stop), *others = itertools.pairwise(cuts)
            jobs = [_pool(count).submit(run, a, b) for a, b in others]
            first = run(start, stop)
            return [first, *(job.result() for job in jobs)]
        finally:
            put(before)


def share(run: Callable[[Iterator[Any]], Any], parts: Sequence[Any], work: float) -> None:
    """``run(iterator)`` on several threads: each takes the next of `parts` when it is ready.

    For NumPy's loops without BLAS. A thread whose core is busy elsewhere takes fewer parts; one
    that has not started when all are done is not waited for.

    Args:
        run: does the parts that the iterator gives it, in any order and beside other threads.
        parts: what there is to do.
        work: roughly how many elementary operations all of it takes, as for `over_batch`.
    """
    count, rest = thread_count() if work > WORTH else 1, iter(parts)
    jobs = [_pool(count).submit(run, rest) for _ in range(min(count, len(parts)) - 1)]
    run(rest)
    for job in jobs:
        if not job.cancel():
            job.result()
