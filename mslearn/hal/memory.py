"""The memory of a device that is named, or of the one in use."""

from __future__ import annotations

from typing import Any

from mslearn.hal.device import chosen
from mslearn.hal.old import old
from mslearn.runtime import memory
from mslearn.runtime.memory import empty_cache as empty_cache


@old
def memory_stats(device_target: str | None = None) -> dict[str, Any]:
    """As `mslearn.runtime.memory_stats`, for a target.

    Raises:
        TypeError: no str. ValueError: no such target, or it is not there.
    """
    return memory.stats(chosen("memory_stats", device_target))


@old
def memory_summary(device_target: str | None = None) -> str:
    """As `mslearn.runtime.memory_summary`, for a target."""
    return memory.summary(chosen("memory_summary", device_target))


@old
def memory_allocated(device_target: str | None = None) -> int:
    """Bytes of device memory that tensors take now."""
    return int(memory.stats(chosen("memory_allocated", device_target))["total_allocated_memory"])


@old
def memory_reserved(device_target: str | None = None) -> int:
    """Bytes of device memory that the pool holds now."""
    return int(memory.stats(chosen("memory_reserved", device_target))["total_reserved_memory"])


@old
def max_memory_allocated(device_target: str | None = None) -> int:
    """The most bytes that tensors have taken so far."""
    return int(memory.stats(chosen("max_memory_allocated", device_target))["max_allocated_memory"])


@old
def max_memory_reserved(device_target: str | None = None) -> int:
    """The most bytes that the pool has held so far."""
    return int(memory.stats(chosen("max_memory_reserved", device_target))["max_reserved_memory"])


@old
def reset_max_memory_allocated(device_target: str | None = None) -> None:
    """Let `max_memory_allocated` begin anew."""
    memory.reset("max_allocated", target=chosen("reset_max_memory_allocated", device_target))


@old
def reset_max_memory_reserved(device_target: str | None = None) -> None:
    """Let `max_memory_reserved` begin anew."""
    memory.reset("max_reserved", target=chosen("reset_max_memory_reserved", device_target))


@old
def reset_peak_memory_stats(device_target: str | None = None) -> None:
    """Let both peaks begin anew."""
    both = "max_reserved", "max_allocated"
    memory.reset(*both, target=chosen("reset_peak_memory_stats", device_target))
