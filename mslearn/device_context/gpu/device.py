"""Whether a device of this kind is there."""

from __future__ import annotations

from mslearn.device_context.setting import available, count


def is_available() -> bool:
    """Whether a backend reaches one; where not, a warning in the log says what is missing."""
    return available("GPU")


def device_count() -> int:
    """How many there are; 1 where the backends cannot tell.

    Raises:
        RuntimeError: none.
    """
    return count("GPU")
