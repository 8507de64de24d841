"""How operations are compiled and tuned for Ascend devices."""

from __future__ import annotations

from mslearn.device_context.setting import setting


@setting("Ascend", "op_tuning", value=(True, False))
def op_compile(value: bool) -> None:
    """Whether to compile operations anew, rather than take compiled ones.

    Raises:
        ValueError: neither True nor False.
    """


@setting("Ascend", "op_tuning", tune_mode=("online", "offline"))
def aoe_tune_mode(tune_mode: str) -> None:
    """Tune while the program runs (``"online"``), or write the graph for later (``"offline"``).

    Raises:
        ValueError: neither.
    """


@setting("Ascend", "op_tuning", config=("1", "2"))
def aoe_job_type(config: str) -> None:
    """Tune parts of the graph (``"1"``) or operations (``"2"``).

    Raises:
        ValueError: neither.
    """


@setting("Ascend", "op_tuning", enable_global_cache=bool, cache_queue_length=int)
def aclnn_cache(enable_global_cache: bool = False, cache_queue_length: int = 10000) -> None:
    """Whether prepared operations are kept for all graphs, and how many.

    Raises:
        TypeError: no bool, no int.
    """
