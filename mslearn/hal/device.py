"""Which devices are there, and what is known of them.

Besides MindSpore's targets (CPU, GPU, Ascend) these functions take the others of
`mslearn.backends`, such as ``"Qualcomm"`` and ``"NPU"``.
"""

from __future__ import annotations

import importlib
from typing import Any

from mslearn import log
from mslearn.core.context import get_context

TARGETS = ("CPU", "GPU", "Ascend")


def _states(function: str, target: Any) -> list[Any]:
    """What the backends say of a target; a ValueError where none knows the name."""
    registry = importlib.import_module("mslearn.backends.registry")
    found = registry.candidates(target) if isinstance(target, str) else []
    if target not in ("NPU", *(info.target for info in found)):
        raise ValueError(
            f"For '{function}', device_target must be one of {list(TARGETS)} or another target "
            f"that `mslearn devices` lists, but got {target!r}."
        )
    return list(found)


def chosen(function: str, device_target: Any) -> str:
    """The target that is meant, the one in use by default; it is there.

    Raises:
        TypeError: no str. ValueError: no such target, or it cannot be reached.
    """
    target = get_context("device_target") if device_target is None else device_target
    if not isinstance(target, str):
        raise TypeError(f"For '{function}', device_target must be a str, but got {target!r}.")
    if target != "CPU" and not any(info.available for info in _states(function, target)):
        raise ValueError(
            f"For '{function}', the target '{target}' cannot be reached from here; "
            f"hal.is_available('{target}') says why."
        )
    return target


def known(target: str, fact: str, *args: Any) -> Any:
    """What a backend knows of a target, or None; see `mslearn.backends.hardware`."""
    if target == "CPU":
        return None
    return importlib.import_module("mslearn.backends.hardware").known(target, fact, *args)


def is_available(device_target: str) -> bool:
    """Whether a target can be used now; where not, a warning in the log says why.

    Raises:
        ValueError: there is no such target.

    >>> is_available("CPU")
    True
    """
    if device_target == "CPU":
        return True
    found = _states("is_available", device_target)
    if any(info.available for info in found):
        return True
    reasons = "; ".join(f"{info.backend}: {info.reason}" for info in found)
    log.warning(f"'{device_target}' cannot be reached from here. {reasons}.")
    return False


def is_initialized(device_target: str) -> bool:
    """Whether a target is in use: the CPU always is.

    Raises:
        ValueError: there is no such target.
    """
    if device_target == "CPU":
        return True
    _states("is_initialized", device_target)
    return bool(device_target == get_context("device_target"))


def device_count(device_target: str | None = None) -> int:
    """How many devices a target has; 1 where the backends cannot tell.

    Raises:
        TypeError: no str. ValueError: no such target, or it is not there.

    >>> device_count()
    1
    """
    return int(known(chosen("device_count", device_target), "count") or 1)


def _one(function: str, device_id: Any, device_target: str | None) -> str:
    """The target that is meant, which has that device."""
    count = device_count(device_target)
    if not isinstance(device_id, int):
        raise TypeError(f"For '{function}', device_id must be an int, but got {device_id!r}.")
    if not 0 <= device_id < count:
        raise ValueError(
            f"For '{function}', device_id must be at least 0 and less than the number of devices, "
            f"{count}, but got {device_id}."
        )
    return chosen(function, device_target)


def _told(function: str, target: str, found: Any) -> Any:
    if found is None:
        log.warning(f"'{function}' knows nothing of the target '{target}', and gives None.")
    return found


def get_device_name(device_id: int, device_target: str | None = None) -> str:
    """The name of a device; the target's where nothing more is known.

    Raises:
        TypeError: the number is no int. ValueError: there is no such device or target.

    >>> get_device_name(0)
    'CPU'
    """
    target = _one("get_device_name", device_id, device_target)
    return known(target, "name", device_id) or target


def get_device_capability(device_id: int, device_target: str | None = None) -> Any:
    """A GPU's compute capability, e.g. ``(9, 0)``; None, with a warning in the log, for others.

    Raises:
        TypeError, ValueError: as `get_device_name`.
    """
    target = _one("get_device_capability", device_id, device_target)
    return _told("get_device_capability", target, known(target, "capability", device_id))


def get_device_properties(device_id: int, device_target: str | None = None) -> Any:
    """What is known of a device: ``name``, ``total_memory`` and, on a GPU, ``major``, ``minor``,
    ``multi_processor_count``, ``warp_size``, ``is_integrated``, ``is_multi_gpu_board``.

    None, with a warning in the log, for a CPU.

    Raises:
        TypeError, ValueError: as `get_device_name`.
    """
    target = _one("get_device_properties", device_id, device_target)
    return _told("get_device_properties", target, known(target, "properties", device_id))


def get_arch_list(device_target: str | None = None) -> Any:
    """The GPU architectures that the runtime was compiled for; None, with a warning, for others.

    Raises:
        TypeError: no str. ValueError: no such target, or it is not there.
    """
    target = chosen("get_arch_list", device_target)
    return _told("get_arch_list", target, known(target, "arch_list"))
