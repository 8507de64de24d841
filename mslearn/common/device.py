"""Names about streams, device memory, parameter servers and dumps: what they are on one CPU.

There is one stream, whose work is done when a call returns, and no memory pool: MindSpore's CPU
backend reports zeros too.
"""

from __future__ import annotations

import enum
import gc
from typing import Any

import numpy as np

from mslearn.core import random
from mslearn.core.dtype import dtype_of
from mslearn.core.errors import did_you_mean
from mslearn.core.tensor import Tensor


class Stream:
    """A queue of work for a device; on a CPU work is done at once."""

    def __init__(self, priority: int = 0, **kwargs: Any) -> None:
        self.priority, self.id = priority, 0

    def synchronize(self) -> None:
        """Wait until all work is done, which it is."""

    def wait_stream(self, stream: Stream) -> None:
        """Work of this stream comes after the other's."""

    def query(self) -> bool:
        """Whether all work is done."""
        return True

    def __repr__(self) -> str:
        return f"Stream(device_name=CPU, device_id:0, stream id:{self.id})"


class StreamCtx:
    """``with StreamCtx(stream):`` runs its body in a stream."""

    def __init__(self, ctx_stream: Stream | None) -> None:
        self.stream = ctx_stream

    def __enter__(self) -> StreamCtx:
        return self

    def __exit__(self, *_: Any) -> None:
        pass


class DeviceCtx:
    """``with DeviceCtx("cpu"):`` runs its body on a device, here the CPU.

    Raises:
        ValueError: another device.
    """

    def __init__(self, name: str, device_id: int | None = None) -> None:
        if str(name).lower() != "cpu":
            raise ValueError(f"For 'DeviceCtx', the device must be 'cpu' here, but got {name!r}.")

    def __enter__(self) -> DeviceCtx:
        return self

    def __exit__(self, *_: Any) -> None:
        pass


def ms_memory_recycle() -> None:
    """Give back the memory of what nobody uses any more, such as a network with its graphs."""
    gc.collect()


_STREAM = Stream()


def current_stream() -> Stream:
    """The stream in which operations run."""
    return _STREAM


def set_cur_stream(stream: Stream) -> None:
    """Choose the stream of the operations that follow; there is one."""


_ZERO = ("max_memory_allocated", "max_memory_reserved", "memory_allocated", "memory_reserved")
_SILENT = (
    "dispatch_threads_num", "empty_cache", "launch_blocking", "reset_max_memory_allocated",
    "reset_max_memory_reserved", "reset_peak_memory_stats", "set_cpu_affinity", "set_dump",
    "set_kernel_launch_capture", "set_kernel_launch_group", "set_memory",
)  # fmt: skip


def _zero() -> int:
    """0: there is no device memory of its own."""
    return 0


def _nothing(*args: Any, **kwargs: Any) -> None:
    """Accepted; there is nothing to set on one CPU."""


def memory_stats() -> dict[str, Any]:
    """Numbers about the device's memory pool, which is empty."""
    pool = {"block_unit_size": 0, "block_counts": 0, "blocks_info": {}}
    names = ("total_reserved", "total_allocated", "total_idle", "total_eager_free",
             "max_reserved", "max_allocated")  # fmt: skip
    sizes = {f"{name}_memory": 0 for name in names}
    return {**sizes, "common_mem_pool_stats": pool, "persistent_mem_pool_stats": dict(pool)}


def memory_summary() -> str:
    """`memory_stats` as a table."""
    rows = [(k[:-7].replace("_", " "), v) for k, v in memory_stats().items() if isinstance(v, int)]
    return "\n".join(["Memory summary", *(f"{k:<20}{v:>8} B" for k, v in rows)])


class _Settings:
    """Settings that are kept and read back; they change nothing on one device."""

    def __init__(self, name: str, **defaults: Any) -> None:
        self.name, self.defaults = name, defaults
        self.values = dict(defaults)

    def set(self, **kwargs: Any) -> None:
        """Note settings; an unknown name is a ValueError."""
        for key in kwargs:
            self._known(key)
        self.values.update(kwargs)

    def get(self, attr_key: str) -> Any:
        """One setting."""
        self._known(attr_key)
        return self.values[attr_key]

    def reset(self) -> None:
        """All settings as at first."""
        self.values = dict(self.defaults)

    def _known(self, key: str) -> None:
        if key not in self.defaults:
            raise ValueError(
                f"For '{self.name}', there is no setting '{key}'.{did_you_mean(key, self.defaults)}"
            )


_ps = _Settings(
    "set_ps_context", enable_ps=False, config_file_path="", scheduler_manage_port=11202,
    enable_ssl=False, client_password="", server_password="",
)  # fmt: skip
_algo = _Settings(
    "set_algo_parameters", fully_use_devices=False, elementwise_op_strategy_follow=False,
    enable_algo_approxi=False, algo_approxi_epsilon=0.1,
)  # fmt: skip
set_ps_context, get_ps_context, reset_ps_context = _ps.set, _ps.get, _ps.reset
set_algo_parameters, get_algo_parameters = _algo.set, _algo.get
reset_algo_parameters = _algo.reset


class Generator:
    """A source of random numbers with a seed of its own; `default_generator` is the one in use."""

    def seed(self) -> int:
        """Start from a seed that nobody can foresee; it is returned."""
        from mslearn.common.runtime import seed

        return seed()

    def manual_seed(self, seed: int) -> Generator:
        """Start from `seed`."""
        random.set_seed(seed)
        return self

    def initial_seed(self) -> int:
        """The seed that the numbers started from."""
        seeds: tuple[int, int] = random.snapshot()[1]
        return seeds[0]


default_generator = Generator()


def swap_tensors(t1: Tensor, t2: Tensor) -> None:
    """Exchange the data of two tensors."""
    first, second = t1._value, t2._value
    t1.assign_value(second)
    t2.assign_value(first)


def get_py_obj_dtype(obj: Any) -> Any:
    """The tensor type of a Python number, or a tensor's own."""
    return obj.dtype if isinstance(obj, Tensor) else dtype_of(np.asarray(obj).dtype)


def to_dlpack(tensor: Tensor) -> Any:
    """The tensor's memory as a DLPack capsule, for other programs in this process."""
    return tensor.asnumpy().__dlpack__()


class _Capsule:
    def __init__(self, capsule: Any) -> None:
        self.capsule = capsule

    def __dlpack__(self, **_: Any) -> Any:
        return self.capsule

    def __dlpack_device__(self) -> tuple[int, int]:
        return (1, 0)  # the CPU


def from_dlpack(dlpack: Any) -> Tensor:
    """A Tensor over the memory of a DLPack capsule, or of an object that can make one."""
    source = dlpack if hasattr(dlpack, "__dlpack__") else _Capsule(dlpack)
    return Tensor(np.from_dlpack(source))


Tensor.from_dlpack = staticmethod(from_dlpack)  # type: ignore[attr-defined]


def lazy_inline(fn: Any = None, attrs: Any = None, policy: Any = None) -> Any:
    """Decorates a Cell's ``__init__`` or function to keep it whole in graphs; here a no-op."""
    return fn if callable(fn) else lambda function: function


def no_inline(fn: Any = None) -> Any:
    """As `lazy_inline`, for functions."""
    return lazy_inline(fn)


class MSRStatus(enum.IntEnum):
    """What writing a MindRecord file returned."""

    SUCCESS = 0
    FAILED = 1


SUCCESS, FAILED = MSRStatus.SUCCESS, MSRStatus.FAILED
globals().update(dict.fromkeys(_ZERO, _zero) | dict.fromkeys(_SILENT, _nothing))
default_stream = communication_stream = current_stream
NAMES = (
    "DeviceCtx", "FAILED", "Generator", "SUCCESS", "Stream", "StreamCtx", "communication_stream",
    "current_stream", "default_generator", "default_stream", "from_dlpack",
    "get_algo_parameters", "get_ps_context", "get_py_obj_dtype", "lazy_inline", "memory_stats",
    "memory_summary", "ms_memory_recycle", "no_inline", "reset_algo_parameters", "reset_ps_context",
    "set_algo_parameters", "set_cur_stream", "set_ps_context", "swap_tensors", "to_dlpack",
    *_SILENT, *_ZERO,
)  # fmt: skip
