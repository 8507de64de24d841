"""Keep glibc from giving large temporaries back to the system after every operation.

A fresh 1 MB array costs 256 page faults. glibc returns such blocks at once and asks for them
again at the next operation; raising its thresholds halved the time of an MLP training step
(measured, benchmarks/mlp_step.py). Other C libraries are left as they are.
"""

from __future__ import annotations

import ctypes
import os
import sys

_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_THRESHOLD = -1, -2, -3
_BIG = 1 << 30


def keep_freed_memory() -> bool:
    """Raise malloc's thresholds; True when that was possible. ``MSLEARN_MALLOPT=0`` forbids it."""
    if not sys.platform.startswith("linux") or os.environ.get("MSLEARN_MALLOPT") == "0":
        return False
    try:
        libc = ctypes.CDLL(None)
        libc.gnu_get_libc_version  # noqa: B018 (AttributeError on musl, which has no mallopt)
        done = libc.mallopt(_M_MMAP_THRESHOLD, _BIG) and libc.mallopt(_M_TRIM_THRESHOLD, _BIG)
        return bool(done and libc.mallopt(_M_TOP_PAD, 64 << 20))
    except (OSError, AttributeError):
        return False
