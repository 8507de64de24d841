"""What the functions of `mslearn.runtime` and `mslearn.device_context` check of their arguments."""

from __future__ import annotations

import functools
import importlib
import inspect
from collections.abc import Callable
from typing import Any, TypeVar

from mslearn.core.context import get_context

F = TypeVar("F", bound=Callable[..., Any])
_done: set[str] = set()


def typed(**kinds: type) -> Callable[[F], F]:
    """Decorates a function: these parameters must be of these types, or a TypeError says so."""

    def decorate(function: F) -> F:
        signature = inspect.signature(function)

        @functools.wraps(function)
        def checked(*args: Any, **kwargs: Any) -> Any:
            given = signature.bind(*args, **kwargs).arguments
            for name, kind in kinds.items():
                if name in given:
                    instance(function.__name__, name, given[name], kind)
            return function(*args, **kwargs)

        return checked  # type: ignore[return-value]

    return decorate


def once(function: str, *earlier: str) -> None:
    """Refuse a call after an earlier one, to itself by default, as MindSpore does where its
    runtime reads a setting once.
    """
    before = _done.intersection(earlier or (function,))
    if before:
        raise RuntimeError(
            f"'{function}' cannot be called any more, since '{before.pop()}' has been: what it "
            f"set is read once in a process. Restart the kernel to choose anew."
        )


def done(function: str) -> None:
    """Remember that a function has been called."""
    _done.add(function)


def positive(function: str, name: str, value: int) -> None:
    """Refuse what is no count of threads.

    Raises:
        TypeError: a bool. ValueError: less than 1.
    """
    if isinstance(value, bool) or value < 1:
        raise (TypeError if isinstance(value, bool) else ValueError)(
            f"For '{function}', {name} must be an int of at least 1, but got {value!r}."
        )


def instance(function: str, name: str, value: Any, kind: type) -> None:
    """Refuse an object of another class with a TypeError."""
    if not isinstance(value, kind):
        raise TypeError(
            f"For '{function}', {name} must be a {kind.__name__}, but got {value!r}, a "
            f"{type(value).__name__}."
        )


def hardware(target: str | None = None) -> list[Any]:
    """What backends know of a target's devices; nothing for the CPU.

    Args:
        target: as in `set_context`, the one in use by default.
    """
    target = get_context("device_target") if target is None else target
    if target == "CPU":
        return []
    # By name, and only where it is needed: the CPU needs no backends.
    found: list[Any] = importlib.import_module("mslearn.backends.hardware").every(target)
    return found
