"""Checks of arguments that many operations share."""

from __future__ import annotations

from typing import Any

INT32_MAX = 2**31 - 1


def check_int(value: Any, name: str, low: int, high: int = INT32_MAX) -> int:
    """`value` if it is an int from `low` to `high`.

    Raises:
        TypeError, ValueError: it is not.
    """
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(
            f"Argument {name} must be an int, but got {value!r} of type '{type(value).__name__}'."
        )
    if not low <= value <= high:
        raise ValueError(f"Argument {name} must be from {low} to {high}, but got {value}.")
    return value


def check_bool(value: Any, name: str) -> bool:
    """`value` if it is a bool.

    Raises:
        TypeError: it is not.
    """
    if not isinstance(value, bool):
        raise TypeError(
            f"Argument {name} must be True or False, but got {value!r} of type "
            f"'{type(value).__name__}'."
        )
    return value


def name_list(names: Any, argument: str) -> list[str]:
    """Column names given as one string or a list of distinct strings.

    Raises:
        TypeError, ValueError: something else, an empty name, or a name twice.
    """
    if isinstance(names, str):
        names = [names]
    if not isinstance(names, list | tuple) or not all(isinstance(n, str) for n in names):
        raise TypeError(
            f"Argument {argument} must be a column name or a list of them, but got {names!r}."
        )
    if not names or "" in names:
        raise ValueError(f"Argument {argument} holds no name or an empty one: {names!r}.")
    twice = sorted({n for n in names if list(names).count(n) > 1})
    if twice:
        raise ValueError(
            f"Every column name in {argument} must be different, but {twice} come twice."
        )
    return list(names)
