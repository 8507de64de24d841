"""Ctrl-C at a chosen place.

A real signal is answered where a function begins, a call has returned or a loop goes round; so a
test raises KeyboardInterrupt at each of those places in turn.
"""

from __future__ import annotations

import dis
import os
import sys
from collections.abc import Callable
from functools import cache
from itertools import pairwise
from types import CodeType, FrameType
from typing import Any

ANSWERED = ("CALL", "JUMP_BACKWARD", "JUMP_ABSOLUTE", "RESUME")


@cache
def _answered(code: CodeType) -> set[int]:
    """Where a signal is answered: the offsets of the instructions that follow."""
    steps = [s for s in dis.get_instructions(code) if s.opname != "CACHE"]
    return {b.offset for a, b in pairwise(steps) if a.opname.startswith(ANSWERED)}


class _Interrupt:
    """Raises KeyboardInterrupt at the n-th such place that runs in `files`."""

    def __init__(self, files: tuple[str, ...], at: int) -> None:
        self.files, self.left, self.process = files, at, os.getpid()

    def __call__(self, frame: FrameType, event: str, arg: Any) -> Any:
        code = frame.f_code
        names = (code.co_filename, f"{code.co_filename}:{code.co_name}")
        if not any(name.endswith(self.files) for name in names) or os.getpid() != self.process:
            return None  # a forked child inherits us
        frame.f_trace_opcodes = True
        if event == "opcode" and frame.f_lasti in _answered(code):
            self.left -= 1
            if not self.left:
                raise KeyboardInterrupt
        return self


def interrupted(run: Callable[[], object], files: tuple[str, ...], at: int) -> bool:
    """Whether `run` was stopped at the `at`-th place in `files`.

    Args:
        files: how their paths end; ``"file.py:name"`` is one function only.
    """
    before = sys.gettrace()
    sys.settrace(_Interrupt(files, at))
    try:
        run()
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(before)
    return False
