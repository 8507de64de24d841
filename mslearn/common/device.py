"""Names about parameter servers, dumps and other programs' memory: what they are on one CPU."""

from __future__ import annotations

import enum
import gc
from typing import Any

import numpy as np

from mslearn.core import random
from mslearn.core.dtype import dtype_of
from mslearn.core.errors import did_you_mean
from mslearn.core.tensor import Tensor


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


def set_dump(target: Any, enabled: bool = True) -> None:
    """Note that a Cell's data are to be dumped, which an Ascend device alone does."""


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
NAMES = (
    "DeviceCtx", "FAILED", "Generator", "SUCCESS", "default_generator", "from_dlpack",
    "get_algo_parameters", "get_ps_context", "get_py_obj_dtype", "lazy_inline",
    "ms_memory_recycle", "no_inline", "reset_algo_parameters", "reset_ps_context",
    "set_algo_parameters", "set_dump", "set_ps_context", "swap_tensors", "to_dlpack",
)  # fmt: skip
