"""How a setting of a device reaches the runtime that has such a device."""

from __future__ import annotations

import functools
import importlib
import inspect
from collections.abc import Callable
from typing import Any, TypeVar

from mslearn import log

F = TypeVar("F", bound=Callable[..., Any])
_told: set[str] = set()


def setting(target: str, group: str, **wanted: type | tuple[Any, ...]) -> Callable[[F], F]:
    """Decorates a function that documents a setting; calling it checks the values and sets them.

    Args:
        target: the kind of device. group: the module below it, e.g. ``"op_precision"``.
        wanted: for each parameter its type, or the values that it may have.

    Raises:
        TypeError, ValueError (of the decorated function): another type, or another value.
    """

    def decorate(function: F) -> F:
        signature, name = inspect.signature(function), f"{group}.{function.__name__}"

        @functools.wraps(function)
        def run(*args: Any, **kwargs: Any) -> None:
            given = signature.bind(*args, **kwargs)
            given.apply_defaults()
            for parameter, kind in wanted.items():
                _check(name, parameter, given.arguments[parameter], kind)
            _apply(target, name, given.args)

        return run  # type: ignore[return-value]

    return decorate


def _check(name: str, parameter: str, value: Any, kind: type | tuple[Any, ...]) -> None:
    if isinstance(kind, tuple):
        if not any(value == known and type(value) is type(known) for known in kind):
            raise ValueError(
                f"For '{name}', {parameter} must be one of {list(kind)}, but got {value!r}."
            )
    elif not isinstance(value, kind):
        raise TypeError(
            f"For '{name}', {parameter} must be a {kind.__name__}, but got {value!r}, a "
            f"{type(value).__name__}."
        )


def _apply(target: str, name: str, values: tuple[Any, ...]) -> None:
    found = importlib.import_module("mslearn.backends.hardware").every(target)
    full = f"{target.lower()}.{name}"
    if found and found[0].tune(name, *values):  # the first is the one that graphs go to
        return
    if full not in _told:
        _told.add(full)
        why = f"there is no {target} device" if not found else "its runtime has no such setting"
        log.error(f"'device_context.{full}' changes nothing here: {why}.")


def available(target: str) -> bool:
    """What `is_available` of a kind of device does; a warning in the log says what is missing."""
    return bool(importlib.import_module("mslearn.hal.device").is_available(target))


def count(target: str) -> int:
    """What `device_count` of a kind of device does.

    Raises:
        RuntimeError: there is none.
    """
    try:
        return int(importlib.import_module("mslearn.hal.device").device_count(target))
    except ValueError as error:
        raise RuntimeError(str(error)) from None
