"""The memory of the device. A CPU has no pool of its own: all its figures are 0, as MindSpore's.

Where a backend knows the device's memory (CuPy's pool on a GPU, MindSpore's on Ascend), the
figures are its own.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
from collections.abc import Iterator
from typing import Any

from mslearn.core.context import get_context
from mslearn.runtime.checking import done, hardware, once, typed

NAMES = ("reserved", "allocated", "idle", "eager_free", "max_reserved", "max_allocated")
_KEYS = tuple(n if n.startswith("max") else f"total_{n}" for n in NAMES)
_SIZE = re.compile(r"([1-9]\d*\.?\d*|0\.\d*)GB", re.ASCII)
_RESERVED = re.compile(r"(\d+\.?\d*)GB", re.ASCII)
LEVELS = ("O0", "O1")


def stats(target: str | None = None) -> dict[str, Any]:
    """`memory_stats` of a target, of the one in use by default."""
    told: dict[str, int] = next(filter(None, (h.memory() for h in hardware(target))), {})
    known = {key.removeprefix("total_"): size for key, size in told.items()}
    sizes = {f"{key}_memory": known.get(name, 0) for key, name in zip(_KEYS, NAMES, strict=True)}
    pools = ("common_mem_pool_stats", "persistent_mem_pool_stats")
    empty = {"block_unit_size": 0, "block_counts": 0, "blocks_info": {}}
    return {**sizes, **{pool: dict(empty) for pool in pools}}


def reset(*names: str, target: str | None = None) -> None:
    """Let peaks begin anew: ``"max_reserved"``, ``"max_allocated"``."""
    for one in hardware(target):
        one.reset_peak(*names)


def memory_stats() -> dict[str, Any]:
    """Bytes of the device's memory pool by name, e.g. ``"total_allocated_memory"``.

    >>> memory_stats()["max_allocated_memory"]
    0
    """
    return stats()


def summary(target: str | None = None) -> str:
    """`memory_summary` of a target."""
    known = stats(target)
    rows = [(k[:-7].replace("_", " "), v) for k, v in known.items() if isinstance(v, int)]
    lines = [f"{name:<20}{size / 2**20:>12.3f} MB" for name, size in rows]
    return "\n".join(["Memory summary", *lines])


def memory_summary() -> str:
    """`memory_stats` as a table, in megabytes of 2**20 bytes."""
    return summary()


def memory_allocated() -> int:
    """Bytes of device memory that tensors take now."""
    return int(stats()["total_allocated_memory"])


def memory_reserved() -> int:
    """Bytes of device memory that the pool holds now."""
    return int(stats()["total_reserved_memory"])


def max_memory_allocated() -> int:
    """The most bytes that tensors have taken so far."""
    return int(stats()["max_allocated_memory"])


def max_memory_reserved() -> int:
    """The most bytes that the pool has held so far."""
    return int(stats()["max_reserved_memory"])


def reset_max_memory_allocated() -> None:
    """Let `max_memory_allocated` begin anew."""
    reset("max_allocated")


def reset_max_memory_reserved() -> None:
    """Let `max_memory_reserved` begin anew."""
    reset("max_reserved")


def reset_peak_memory_stats() -> None:
    """Let both peaks begin anew."""
    reset("max_reserved", "max_allocated")


def empty_cache() -> None:
    """Give memory that the pool holds and nobody uses back to the device."""
    for one in hardware():
        one.empty_cache()


@typed(
    init_size=str, increase_size=str, max_size=str, optimize_level=str, huge_page_reserve_size=str
)
def set_memory(
    init_size: str = "2GB",
    increase_size: str = "2GB",
    max_size: str = "1024GB",
    optimize_level: str = "O0",
    huge_page_reserve_size: str = "0GB",
) -> None:
    """Set up the device's memory pool, once in a process.

    Args:
        init_size, increase_size, huge_page_reserve_size: checked; no pool here takes them.
        max_size: the most that the pool may hold, e.g. ``"4GB"`` or ``"0.5GB"``; CuPy's keeps to
            it, a CPU has none.
        optimize_level: ``"O0"`` or ``"O1"``; checked.

    Raises:
        TypeError: no str. ValueError: no size like ``"2GB"``, or another level.
        RuntimeError: it has been called before.
    """
    once("set_memory")
    sizes = {"init_size": init_size, "increase_size": increase_size, "max_size": max_size}
    for name, size in {**sizes, "huge_page_reserve_size": huge_page_reserve_size}.items():
        if not (_SIZE if name in sizes else _RESERVED).fullmatch(size):
            raise ValueError(
                f"For 'set_memory', {name} must be a number of gigabytes such as '2GB' or "
                f"'0.5GB', but got {size!r}."
            )
    if optimize_level not in LEVELS:
        raise ValueError(
            f"For 'set_memory', optimize_level must be one of {list(LEVELS)}, but got "
            f"{optimize_level!r}."
        )
    done("set_memory")
    if max_size != "1024GB":
        for one in hardware():
            one.limit_memory(int(float(max_size[:-2]) * 2**30))


class PluggableAllocator:
    """Functions of a shared library of yours that make and free device memory.

    Args:
        path_to_so_file: the library. alloc_fn_name, free_fn_name: the functions in it.

    Raises:
        OSError: there is no such library. AttributeError: it has no such function.
    """

    def __init__(self, path_to_so_file: str, alloc_fn_name: str, free_fn_name: str) -> None:
        library = ctypes.CDLL(os.fspath(path_to_so_file))
        self._functions = getattr(library, alloc_fn_name), getattr(library, free_fn_name)


class MemPool:
    """A pool of device memory with an allocator of one's own."""

    def __init__(self, allocator: PluggableAllocator) -> None:
        self.allocator = allocator


@contextlib.contextmanager
def use_mem_pool(pool: MemPool) -> Iterator[None]:
    """``with use_mem_pool(pool):`` is for Ascend.

    Raises:
        AttributeError: it is no MemPool. RuntimeError: the device has no pool to replace.
    """
    _refuse("use_mem_pool", pool.allocator)
    yield


def memory_replay(file_path: str) -> None:
    """Repeat what an Ascend device has noted about its memory.

    Raises:
        TypeError: no path. RuntimeError: on every other device.
    """
    _refuse("memory_replay", os.fspath(file_path))


def _refuse(name: str, given: object) -> None:
    raise RuntimeError(
        f"For '{name}', which MindSpore has for Ascend alone, the device '"
        f"{get_context('device_target')}' has no memory pool to use {given!r}."
    )
