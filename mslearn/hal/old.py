"""What MindSpore says of `mindspore.hal`: its functions are to go, `mindspore.runtime` has them."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

from mslearn import log

F = TypeVar("F", bound=Callable[..., Any])
_told: set[str] = set()


def old(function: F) -> F:
    """The function; its first call logs that `mslearn.runtime` has it under the same name."""
    name = function.__name__

    @functools.wraps(function)
    def run(*args: Any, **kwargs: Any) -> Any:
        if name not in _told:
            _told.add(name)
            log.warning(f"'hal.{name}' is deprecated; write 'runtime.{name}' instead.")
        return function(*args, **kwargs)

    return run  # type: ignore[return-value]
