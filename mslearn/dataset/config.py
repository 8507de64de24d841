"""Settings of all pipelines: the seed, worker and prefetch counts (`mslearn.dataset.config`).

Each setting is read when an iterator is made, not when the pipeline is written down.
"""

from __future__ import annotations

import json
import os
import random
import sys
import warnings
from collections.abc import Callable
from enum import IntEnum
from typing import Any

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
_settings: dict[str, Any] = {
    "autotune": False, "autotune_interval": 0, "debug": False, "hooks": [], "errors": 0,
    "iterator": {"do_copy": False, "parallel_convert": False}, "start_method": None,
    "sending": 0, "video": "CPU", "numa_enable": False, "auto_offload": False,
    "dynamic_shape": False, "fast_recovery": True,
}  # fmt: skip


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


def _switch(
    name: str, default: bool, meaning: str
) -> tuple[Callable[[bool], None], Callable[[], bool]]:
    """A pair set_…/get_… for a setting that is on or off."""
    state = {"on": default}

    def set_it(enable: bool) -> None:
        state["on"] = _flag(enable, "enable")

    def get_it() -> bool:
        return state["on"]

    set_it.__name__ = set_it.__qualname__ = f"set_{name}"
    get_it.__name__ = get_it.__qualname__ = f"get_{name}"
    set_it.__doc__ = f"""Switch on or off: {meaning}"""
    get_it.__doc__ = f"""Whether this is on: {meaning}"""
    return set_it, get_it


_NOTHING = "accepted as in MindSpore, without effect here."


def set_numa_enable(numa_enable: bool) -> None:
    """Accepted as in MindSpore, without effect here: binding to nodes."""
    _settings["numa_enable"] = _flag(numa_enable, "numa_enable")


def get_numa_enable() -> bool:
    """What `set_numa_enable` was given."""
    return bool(_settings["numa_enable"])


set_enable_shared_mem, get_enable_shared_mem = _switch(
    "enable_shared_mem", True, f"shared memory (worker processes always use it); {_NOTHING}"
)
set_enable_watchdog, get_enable_watchdog = _switch(
    "enable_watchdog", True, "a warning when a worker process gives no answer for a long time."
)
set_auto_num_workers, get_auto_num_workers = _switch(
    "auto_num_workers", False, f"choosing the workers (always done); {_NOTHING}"
)


def set_auto_offload(offload: bool) -> None:
    """Accepted as in MindSpore, without effect here: transforms on the accelerator."""
    _settings["auto_offload"] = _flag(offload, "offload")


def get_auto_offload() -> bool:
    """What `set_auto_offload` was given."""
    return bool(_settings["auto_offload"])


def set_dynamic_shape(is_dynamic: bool) -> None:
    """Accepted as in MindSpore, without effect here: shapes that vary (always allowed)."""
    _settings["dynamic_shape"] = _flag(is_dynamic, "is_dynamic")


def get_dynamic_shape() -> bool:
    """What `set_dynamic_shape` was given."""
    return bool(_settings["dynamic_shape"])


def set_fast_recovery(fast_recovery: bool) -> None:
    """Accepted as in MindSpore, without effect here: quick start from a later step."""
    _settings["fast_recovery"] = _flag(fast_recovery, "fast_recovery")


def get_fast_recovery() -> bool:
    """What `set_fast_recovery` was given."""
    return bool(_settings["fast_recovery"])


def set_enable_autotune(enable: bool, filepath_prefix: str | None = None) -> None:
    """Accepted as in MindSpore: block sizes and workers are always chosen while running."""
    _settings["autotune"] = _flag(enable, "enable")


def get_enable_autotune() -> bool:
    """What `set_enable_autotune` was given."""
    return bool(_settings["autotune"])


def set_autotune_interval(interval: int) -> None:
    """Accepted as in MindSpore: steps between two looks of the tuner."""
    _settings["autotune_interval"] = _number(interval, "interval", 0, _MAX_INT32)


def get_autotune_interval() -> int:
    """What `set_autotune_interval` was given."""
    return int(_settings["autotune_interval"])


def set_debug_mode(debug_mode_flag: bool, debug_hook_list: list[Any] | None = None) -> None:
    """Run every stage in step with the loop, in its own thread, so that debuggers and prints work.

    Args:
        debug_mode_flag: on or off.
        debug_hook_list: `debug.DebugHook`s, or functions, called with each row (a tuple of arrays)
            before the first and after every operation of a `map`.
    """
    hooks = debug_hook_list or []
    if not isinstance(hooks, list) or not all(callable(hook) for hook in hooks):
        raise TypeError(f"debug_hook_list must be a list of functions, but got {hooks!r}.")
    _settings["debug"] = _flag(debug_mode_flag, "debug_mode_flag")
    _settings["hooks"] = hooks


def get_debug_mode() -> bool:
    """Whether `set_debug_mode` is on."""
    return bool(_settings["debug"])


def debug_hooks() -> list[Any]:
    """The hooks of `set_debug_mode` that are in force."""
    return list(_settings["hooks"]) if _settings["debug"] else []


class ErrorSamplesMode(IntEnum):
    """What `map` does with a sample that an operation cannot process."""

    RETURN = 0
    REPLACE = 1
    SKIP = 2


def set_error_samples_mode(error_samples_mode: ErrorSamplesMode) -> None:
    """Choose what `map` does with a bad sample.

    RETURN raises the error; REPLACE puts the last good row in its place; SKIP leaves it out.
    """
    if not isinstance(error_samples_mode, ErrorSamplesMode):
        raise TypeError(
            f"error_samples_mode must be an ErrorSamplesMode, but got {error_samples_mode!r}."
        )
    _settings["errors"] = error_samples_mode


def get_error_samples_mode() -> ErrorSamplesMode:
    """What `map` does with a bad sample."""
    return ErrorSamplesMode(_settings["errors"])


def set_iterator_mode(do_copy: bool = False, parallel_convert: bool = False) -> None:
    """Accepted as in MindSpore: rows never share memory with the source."""
    _settings["iterator"] = {
        "do_copy": _flag(do_copy, "do_copy"),
        "parallel_convert": _flag(parallel_convert, "parallel_convert"),
    }


def get_iterator_mode() -> dict[str, bool]:
    """What `set_iterator_mode` was given."""
    return dict(_settings["iterator"])


def set_multiprocessing_start_method(start_method: str = "fork") -> None:
    """Choose how worker processes begin.

    Args:
        start_method: "fork" (Linux: any function will do) or "spawn" (everywhere: functions must be
            importable, for example from a file of their own).
    """
    if start_method not in ("fork", "spawn"):
        raise ValueError(f"start_method must be 'fork' or 'spawn', but got {start_method!r}.")
    _settings["start_method"] = start_method


def get_multiprocessing_start_method() -> str:
    """How worker processes begin; forking is safe on Linux only."""
    chosen = _settings["start_method"]
    return str(chosen or ("fork" if sys.platform == "linux" else "spawn"))


def set_sending_batches(batch_num: int) -> None:
    """Accepted as in MindSpore: batches sent to a device ahead; there is no such queue here."""
    _settings["sending"] = _number(batch_num, "batch_num", 0, _MAX_INT32)


def set_video_backend(backend: str) -> None:
    """Accepted as in MindSpore: the decoder for videos, "CPU" or "Ascend"."""
    if backend not in ("CPU", "Ascend"):
        raise ValueError(f"backend must be 'CPU' or 'Ascend', but got {backend!r}.")
    _settings["video"] = backend


def get_video_backend() -> str:
    """What `set_video_backend` was given."""
    return str(_settings["video"])


def load(file: str) -> None:
    """Take settings from a JSON file.

    Args:
        file: an object with any of the keys ``seed``, ``numParallelWorkers``,
            ``opConnectorSize`` (the prefetch size) and ``monitorSamplingInterval``.

    Raises:
        RuntimeError: the file is missing or not such JSON.
    """
    try:
        with open(file, encoding="utf-8") as stream:
            stored = json.load(stream)
        if not isinstance(stored, dict):
            raise ValueError(f"it holds a {type(stored).__name__}, not an object")
    except (OSError, ValueError) as error:
        raise RuntimeError(f"config.load: cannot read settings from '{file}': {error}") from error
    known: dict[str, Callable[[int], None]] = {
        "seed": set_seed,
        "numParallelWorkers": set_num_parallel_workers,
        "opConnectorSize": set_prefetch_size,
        "monitorSamplingInterval": set_monitor_sampling_interval,
    }
    for key, setter in known.items():
        if key in stored:
            setter(stored[key])
