"""How many threads compute on the CPU."""

from __future__ import annotations

from mslearn.core.context import set_context
from mslearn.runtime.checking import done, once, positive, typed


@typed(num=int)
def threads_num(num: int) -> None:
    """Let operations use so many threads, once in a process; `set_context` may change it again.

    It is ``set_context(runtime_num_threads=num)``: NumPy's matrix products and the runtimes of
    other targets follow it.

    Raises:
        TypeError: no int. ValueError: less than 1. RuntimeError: it has been called before.

    >>> threads_num(1)
    """
    once("threads_num")
    positive("threads_num", "num", num)
    set_context(runtime_num_threads=num)
    done("threads_num")
