"""What helps to find mistakes on Ascend devices."""

from __future__ import annotations

from typing import Any

from mslearn.device_context.setting import setting


@setting("Ascend", "op_debug", op_timeout=int)
def execute_timeout(op_timeout: int) -> None:
    """The most seconds that an operation may take; 0 for no end.

    Raises:
        TypeError: no int.
    """


@setting("Ascend", "op_debug", option_value=("oom",))
def debug_option(option_value: str) -> None:
    """``"oom"``: look for accesses outside of an operation's memory.

    Raises:
        ValueError: anything else.
    """


@setting("Ascend", "op_debug", config=dict)
def aclinit_config(config: dict[str, Any]) -> None:
    """Settings of the lowest layer: ``"max_opqueue_num"``, ``"err_msg_mode"``, ``"dump"``.

    Raises:
        TypeError: no dict.
    """
