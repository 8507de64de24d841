"""MindSpore's settings for many devices, as far as one device can follow them."""

from __future__ import annotations

from typing import Any

from mslearn.core.errors import did_you_mean


class ParallelMode:
    """How work would be shared among devices; here "stand_alone" is what always happens."""

    STAND_ALONE = "stand_alone"
    DATA_PARALLEL = "data_parallel"
    HYBRID_PARALLEL = "hybrid_parallel"
    SEMI_AUTO_PARALLEL = "semi_auto_parallel"
    AUTO_PARALLEL = "auto_parallel"
    MODE_LIST = (
        STAND_ALONE, DATA_PARALLEL, HYBRID_PARALLEL, SEMI_AUTO_PARALLEL, AUTO_PARALLEL,
    )  # fmt: skip


DEFAULTS: dict[str, Any] = {
    "device_num": 1, "global_rank": 0, "gradients_mean": False, "gradient_fp32_sync": True,
    "loss_repeated_mean": True, "parallel_mode": "stand_alone",
    "search_mode": "recursive_programming", "auto_parallel_search_mode": "recursive_programming",
    "parameter_broadcast": False,
    "strategy_ckpt_load_file": "", "strategy_ckpt_save_file": "", "full_batch": False,
    "dataset_strategy": "data_parallel", "enable_parallel_optimizer": False,
    "parallel_optimizer_config": None, "enable_alltoall": False, "all_reduce_fusion_config": [],
    "pipeline_stages": 1, "pipeline_config": None, "grad_accumulation_step": 1,
    "comm_fusion": None, "strategy_ckpt_config": None, "force_fp32_communication": False,
    "group_ckpt_save_file": "", "auto_pipeline": False,
}  # fmt: skip
NAMES = (
    "ParallelMode", "get_auto_parallel_context", "reset_auto_parallel_context",
    "set_auto_parallel_context",
)  # fmt: skip
_settings = dict(DEFAULTS)


def set_auto_parallel_context(**kwargs: Any) -> None:
    """Note settings for many devices; with one device they change nothing.

    Raises:
        ValueError: a name or mode is not known, or several devices are asked for.

    >>> import mslearn as ms
    >>> ms.set_auto_parallel_context(parallel_mode=ms.ParallelMode.DATA_PARALLEL)
    >>> ms.get_auto_parallel_context("parallel_mode")
    'data_parallel'
    """
    for name, value in kwargs.items():
        _check(name)
        if name == "parallel_mode" and value not in ParallelMode.MODE_LIST:
            raise ValueError(
                f"For 'set_auto_parallel_context', parallel_mode must be one of "
                f"{list(ParallelMode.MODE_LIST)}, but got {value!r}."
            )
        if name in ("device_num", "pipeline_stages") and value != 1:
            raise ValueError(
                f"For 'set_auto_parallel_context', {name} must be 1, but got {value!r}: mslearn "
                f"computes on one device. Use mslearn.communication.get_group_size()."
            )
    _settings.update(kwargs)


def get_auto_parallel_context(attr_key: str) -> Any:
    """A setting of `set_auto_parallel_context`."""
    _check(attr_key)
    return _settings[attr_key]


def reset_auto_parallel_context() -> None:
    """All settings of `set_auto_parallel_context` as they are at first."""
    _settings.update(DEFAULTS)


def _check(name: str) -> None:
    if name not in DEFAULTS:
        raise ValueError(
            f"There is no setting '{name}' for many devices.{did_you_mean(name, DEFAULTS)}"
        )
