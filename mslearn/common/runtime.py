"""Names of `mindspore` about devices, random state, buffers and types by C's names."""

from __future__ import annotations

import secrets
from typing import Any

import numpy as np

from mslearn.core import random
from mslearn.core.context import get_context, set_context
from mslearn.core.dtype import (
    complex64,
    complex128,
    float16,
    float32,
    float64,
    int8,
    int16,
    int32,
    int64,
    to_numpy,
    uint8,
    uint16,
    uint32,
    uint64,
)
from mslearn.core.tensor import Tensor

half, single, double = float16, float32, float64
byte, short, intc, long, intp = int8, int16, int32, int64, int64
ubyte, ushort, uintc, uintp = uint8, uint16, uint32, uint64
cfloat, cdouble = complex64, complex128
STRICT, COMPATIBLE, LAX = 0, 1, 2  # how much of Python a graph may hold (`jit_syntax_level`)
NAMES = (
    "COMPATIBLE", "LAX", "STRICT", "byte", "cdouble", "cfloat", "double", "from_numpy",
    "frombuffer", "get_current_device",
    "get_rng_state", "half", "initial_seed", "intc", "intp", "is_tensor", "long", "manual_seed",
    "seed", "set_deterministic", "set_device", "set_recursion_limit", "set_rng_state", "short",
    "single", "ubyte", "uintc", "uintp", "ushort",
)  # fmt: skip
OF_THE_DEVICE = (  # names that `mslearn.runtime` has, too
    "Event", "MemPool", "PluggableAllocator", "Stream", "StreamCtx", "StreamLimitCtx",
    "communication_stream", "current_stream", "default_stream", "dispatch_threads_num",
    "empty_cache", "get_device_limit", "get_stream_limit", "launch_blocking",
    "max_memory_allocated", "max_memory_reserved", "memory_allocated", "memory_replay",
    "memory_reserved", "memory_stats", "memory_summary", "reset_max_memory_allocated",
    "reset_max_memory_reserved", "reset_peak_memory_stats", "reset_stream_limit",
    "set_cpu_affinity", "set_cur_stream", "set_device_limit", "set_kernel_launch_capture",
    "set_kernel_launch_group", "set_memory", "set_stream_limit", "synchronize", "use_mem_pool",
)  # fmt: skip
from_numpy = Tensor.from_numpy


def manual_seed(seed: int) -> None:
    """`set_seed` by its other name."""
    random.set_seed(seed)


def seed() -> int:
    """Start from a new seed that nobody can foresee; it is returned."""
    found = secrets.randbits(31)
    random.set_seed(found)
    return found


def initial_seed() -> int:
    """The seed that the random operations started from."""
    seeds: tuple[int, int] = random.snapshot()[1]
    return seeds[0]


def get_rng_state() -> Tensor:
    """Where everything random stands, for `set_rng_state`: seeds and draws so far."""
    given, operations, host = random.snapshot()
    return Tensor(np.array([-1 if given is None else given, *operations, *host], np.int64))


def set_rng_state(state: Tensor) -> None:
    """Go back to a state from `get_rng_state`: the same random numbers follow again."""
    given, *rest = state.tolist()
    random.restore((None if given < 0 else given, tuple(rest[:2]), tuple(rest[2:])))


def is_tensor(obj: Any) -> bool:
    """Whether the object is a Tensor."""
    return isinstance(obj, Tensor)


def frombuffer(buffer: Any, dtype: Any, count: int = -1, offset: int = 0) -> Tensor:
    """A Tensor over the bytes of a buffer such as `bytes` or an array.

    Args:
        dtype: how to read the bytes.
        count: how many elements, all when -1.
        offset: bytes to skip first.
    """
    return Tensor(np.frombuffer(buffer, to_numpy(dtype), count, offset))


def set_device(device_target: str, device_id: int | None = None) -> None:
    """Choose the device that graphs run on, and which one of several; as `set_context` does.

    Raises:
        ValueError, BackendError: there is no such target, or it cannot be reached from here.
    """
    set_context(device_target=device_target, device_id=device_id or 0)


def get_current_device() -> tuple[str, int]:
    """The device that graphs run on, and its number: ``("CPU", 0)`` at first."""
    return get_context("device_target"), get_context("device_id")


def set_deterministic(deterministic: bool) -> None:
    """Ask for the same results in every run, which this engine always gives."""
    set_context(deterministic="ON" if deterministic else "OFF")


def set_recursion_limit(recursion_limit: int = 1000) -> None:
    """How deep calls may nest while a graph is built."""
    set_context(max_call_depth=recursion_limit)
