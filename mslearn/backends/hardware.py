"""What is known of a target's devices, and what can be set there: for `mslearn.hal` and the like.

A backend answers by its `Backend.hardware`. Whatever it does not know is None; MindSpore's own
answer for a CPU then stands.
"""

from __future__ import annotations

from typing import Any


class Hardware:
    """The devices of a target of which nothing more is known than that they are there."""

    def count(self) -> int | None:
        """How many there are."""
        return None

    def name(self, number: int) -> str | None:
        """The name of one, such as ``"NVIDIA H200"``."""
        return None

    def capability(self, number: int) -> tuple[int, int] | None:
        """What CUDA calls compute capability: ``(9, 0)``."""
        return None

    def properties(self, number: int) -> Any:
        """An object with the attributes that MindSpore gives for such a device."""
        return None

    def arch_list(self) -> str | None:
        """The architectures that the runtime was compiled for."""
        return None

    def memory(self) -> dict[str, int] | None:
        """Bytes: reserved, allocated, idle, max_reserved, max_allocated."""
        return None

    def reset_peak(self, *names: str) -> None:
        """Let ``"max_reserved"`` or ``"max_allocated"`` begin anew."""

    def empty_cache(self) -> None:
        """Give memory that is reserved but not used back to the device."""

    def limit_memory(self, size: int) -> None:
        """Use no more than so many bytes."""

    def synchronize(self) -> None:
        """Wait until everything that was asked of the devices is done."""

    def tune(self, setting: str, *values: Any) -> bool:
        """Take a setting of MindSpore's, such as ``"op_precision.matmul_allow_tf32"``.

        Returns:
            False when there is nothing here that it would change.
        """
        return False


def every(target: str) -> list[Hardware]:
    """The hardware of a target by each backend that reaches it now; that for graphs comes first.

    >>> len(every("CPU"))
    1
    """
    from mslearn.backends import registry

    there = [info for info in registry.candidates(target) if info.available]
    return [registry.backend(info.backend).hardware(info.target) for info in there]


def known(target: str, fact: str, *args: Any) -> Any:
    """What the first backend that knows it says of a target, or None."""
    said = (getattr(one, fact)(*args) for one in every(target))
    return next((answer for answer in said if answer is not None), None)
