"""How the runtime starts operations. Here each is run by the call that asks for it."""

from __future__ import annotations

from mslearn.runtime.checking import done, once, positive, typed
from mslearn.runtime.thread_bind_core import set_cpu_affinity as set_cpu_affinity


def launch_blocking() -> None:
    """Let each operation be done before the next begins, as it is here on the CPU anyway."""


@typed(threads_num=int)
def dispatch_threads_num(threads_num: int) -> None:
    """How many threads start operations, once in a process; here the caller's own does.

    The threads that compute are another matter: `mslearn.device_context.cpu.op_tuning.threads_num`.

    Raises:
        TypeError: no int. ValueError: less than 1. RuntimeError: it has been called before.
    """
    once("dispatch_threads_num")
    positive("dispatch_threads_num", "threads_num", threads_num)
    done("dispatch_threads_num")


@typed(thread_num=int, kernel_group_num=int)
def set_kernel_launch_group(thread_num: int = 2, kernel_group_num: int = 8) -> None:
    """How many threads start groups of operations, once in a process; here there are no groups.

    Raises:
        TypeError: no int. ValueError: less than 1, or groups that cannot be shared out evenly.
        RuntimeError: it, or `set_kernel_launch_capture`, has been called before.
    """
    once("set_kernel_launch_group", "set_kernel_launch_group", "set_kernel_launch_capture")
    for name, value in (("thread_num", thread_num), ("kernel_group_num", kernel_group_num)):
        if value < 1:
            raise ValueError(
                f"For 'set_kernel_launch_group', {name} must be at least 1, but got {value}."
            )
    if kernel_group_num % thread_num:
        raise ValueError(
            f"For 'set_kernel_launch_group', kernel_group_num must be a multiple of thread_num, "
            f"but got {kernel_group_num} groups for {thread_num} threads."
        )
    done("set_kernel_launch_group")


@typed(enable_capture_graph=bool)
def set_kernel_launch_capture(
    enable_capture_graph: bool, op_capture_skip: list[str] | None = None
) -> None:
    """Whether an Ascend device records its launches to repeat them; elsewhere nothing changes.

    Args:
        op_capture_skip: names of operations that are left out.

    Raises:
        TypeError: no bool, or no list of str.
        RuntimeError: `set_kernel_launch_group` has been called before.
    """
    once("set_kernel_launch_capture", "set_kernel_launch_group")
    skipped = [] if op_capture_skip is None else op_capture_skip
    if not isinstance(skipped, list) or not all(isinstance(name, str) for name in skipped):
        raise TypeError(
            f"For 'set_kernel_launch_capture', op_capture_skip must be a list of operations' "
            f"names, but got {op_capture_skip!r}."
        )
    done("set_kernel_launch_capture")
