"""For whoever looks at every number that an operation makes: a picture, not a training."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])


def at_home(function: F) -> F:
    """`function`, with eager code on the CPU while it runs (see `mslearn.backends.eager`).

    What it needs comes home first, all at once, instead of value by value.
    """

    @functools.wraps(function)
    def run(*args: Any, **kwargs: Any) -> Any:
        eager = sys.modules.get("mslearn.backends.eager")
        if eager is None or eager.present() is None:
            return function(*args, **kwargs)
        with eager.using(None):
            return function(*args, **kwargs)

    return run  # type: ignore[return-value]
