"""The CPU is always there, once."""

from __future__ import annotations


def is_available() -> bool:
    """Always True."""
    return True


def device_count() -> int:
    """Always 1."""
    return 1
