"""Settings of all pipelines: the seed, worker and prefetch counts (`mslearn.dataset.config`).

Each setting is read when an iterator is made, not when the pipeline is written down.
"""

from __future__ import annotations

import os
import random
import warnings

import numpy as np

from mslearn.core import random as core_random
from mslearn.dataset.mersenne import fresh_seed

# The generator's own default in C++: MindSpore takes it for "no seed has been set".
UNSET_SEED = 5489
_MAX_SEED = 2**32 - 1
_MAX_INT32 = 2**31 - 1

_seed: int | None = None
_core_seed_then: object = None
_prefetch = 16
_workers: int | None = None
_timeout = 60
_multiprocessing_timeout = 300
_interval = 1000
_flags = {"numa": False, "shared_mem": True, "watchdog": True, "auto_workers": False}


def _number(value: object, name: str, low: int, high: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} must be an int, but got {value!r} ('{type(value).__name__}').")
    if not low <= value <= high:
        raise ValueError(f"{name} must be from {low} to {high}, but got {value}.")
    return value


def _flag(value: object, name: str) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"{name} must be True or False, but got {value!r}.")
    return value


def set_seed(seed: int) -> None:
    """Make samplers, shuffles and random transforms repeatable; also seeds NumPy and `random`.

    Args:
        seed: from 0 to 2**32 - 1. Pipelines with this seed give the same order as MindSpore's.

    Raises:
        TypeError, ValueError: not an int, or out of range.

    >>> import mslearn.dataset as ds
    >>> ds.config.set_seed(42)
    >>> [int(x) for x, in ds.NumpySlicesDataset([1, 2, 3, 4], ["x"], shuffle=True)]
    [2, 4, 3, 1]
    """
    global _seed, _core_seed_then
    _seed = _number(seed, "seed", 0, _MAX_SEED)
    _core_seed_then = _core_mark()
    np.random.seed(_seed)
    random.seed(_seed)


def get_seed() -> int:
    """The seed in force: the later one of `mslearn.set_seed` and `config.set_seed`, else 5489."""
    mark = _core_mark()
    if mark != _core_seed_then and core_random.get_seed() is not None:
        return int(core_random.get_seed() or 0) & _MAX_SEED
    return UNSET_SEED if _seed is None else _seed


def _core_mark() -> object:
    # The engine may not know the pipeline (layers), so the pipeline looks whether its seed moved.
    return getattr(core_random, "seed_calls", 0), core_random.get_seed()


def seed_for_iterator() -> int:
    """The seed that a new iterator starts from; a fresh one when the user has set none."""
    seed = get_seed()
    return fresh_seed() if seed == UNSET_SEED else seed


def set_prefetch_size(size: int) -> None:
    """Set how many rows a pipeline may read ahead of the loop that consumes it."""
    global _prefetch
    _prefetch = _number(size, "size", 1, _MAX_INT32)


def get_prefetch_size() -> int:
    """How many rows a pipeline may read ahead."""
    return _prefetch


def cores() -> int:
    """The processors that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # macOS, Windows
        return os.cpu_count() or 1


def set_num_parallel_workers(num: int) -> None:
    """Set the default number of parallel workers (clamped to the machine's cores)."""
    global _workers
    _workers = check_workers(num)


def get_num_parallel_workers() -> int:
    """The default number of parallel workers."""
    return _workers or min(8, cores())


def check_workers(num: int | None) -> int | None:
    """`num` clamped to the cores, with a warning (MindSpore refuses such a number)."""
    if num is None:
        return None
    _number(num, "num_parallel_workers", 1, _MAX_INT32)
    if num > cores():
        warnings.warn(
            f"num_parallel_workers={num} is more than this machine's {cores()} cores; "
            f"using {cores()}. (MindSpore raises an error here.)",
            RuntimeWarning,
            stacklevel=3,
        )
    return min(num, cores())


def set_callback_timeout(timeout: int) -> None:
    """Set the seconds that a dataset callback may take."""
    global _timeout
    _timeout = _number(timeout, "timeout", 1, _MAX_INT32)


def get_callback_timeout() -> int:
    """The seconds that a dataset callback may take."""
    return _timeout


def set_multiprocessing_timeout_interval(interval: int) -> None:
    """Set after how many seconds a stuck worker process is reported."""
    global _multiprocessing_timeout
    _multiprocessing_timeout = _number(interval, "interval", 1, _MAX_INT32)


def get_multiprocessing_timeout_interval() -> int:
    """After how many seconds a stuck worker process is reported."""
    return _multiprocessing_timeout


def set_monitor_sampling_interval(interval: int) -> None:
    """Set the milliseconds between two samples of the pipeline's monitor."""
    global _interval
    _interval = _number(interval, "interval", 1, _MAX_INT32)


def get_monitor_sampling_interval() -> int:
    """The milliseconds between two samples of the pipeline's monitor."""
    return _interval


def set_numa_enable(numa_enable: bool) -> None:
    """Accepted as in MindSpore; binding to NUMA nodes has no effect here."""
    _flags["numa"] = _flag(numa_enable, "numa_enable")


def get_numa_enable() -> bool:
    """What `set_numa_enable` was given."""
    return _flags["numa"]


def set_enable_shared_mem(enable: bool) -> None:
    """Accepted as in MindSpore; worker processes share memory where they are used."""
    _flags["shared_mem"] = _flag(enable, "enable")


def get_enable_shared_mem() -> bool:
    """What `set_enable_shared_mem` was given."""
    return _flags["shared_mem"]


def set_enable_watchdog(enable: bool) -> None:
    """Accepted as in MindSpore, for worker processes."""
    _flags["watchdog"] = _flag(enable, "enable")


def get_enable_watchdog() -> bool:
    """What `set_enable_watchdog` was given."""
    return _flags["watchdog"]


def set_auto_num_workers(enable: bool) -> None:
    """Accepted as in MindSpore; the number of workers is chosen by the pipeline itself."""
    _flags["auto_workers"] = _flag(enable, "enable")


def get_auto_num_workers() -> bool:
    """What `set_auto_num_workers` was given."""
    return _flags["auto_workers"]
