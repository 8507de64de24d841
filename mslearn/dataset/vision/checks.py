"""Checks of the arguments that image transforms share."""

from __future__ import annotations

from typing import Any

import numpy as np

from mslearn.dataset.checks import check_int
from mslearn.dataset.vision.enums import Border, Inter

MAX_SIZE = 16777216


def number(value: Any, name: str, low: float = -MAX_SIZE, high: float = MAX_SIZE) -> float:
    """`value` if it is an int or float from `low` to `high`.

    Raises:
        TypeError, ValueError: it is not.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | np.number):
        raise TypeError(
            f"Argument {name} must be a number, but got {value!r} of type '{type(value).__name__}'."
        )
    if not low <= value <= high:
        raise ValueError(f"Argument {name} must be from {low} to {high}, but got {value}.")
    return value  # type: ignore[return-value]


def above_zero(value: Any, name: str, high: float = MAX_SIZE) -> float:
    """`value` if it is a number above 0.

    Raises:
        TypeError, ValueError: it is not.
    """
    if number(value, name, 0, high) == 0:
        raise ValueError(f"Argument {name} must be above 0, but got {value}.")
    return value


def pair(value: Any, name: str, low: float = -MAX_SIZE, high: float = MAX_SIZE) -> Any:
    """(smaller, larger), both from `low` to `high`.

    Raises:
        TypeError, ValueError: something else.
    """
    if not isinstance(value, list | tuple):
        raise TypeError(f"Argument {name} must be a list or tuple of two numbers, got {value!r}.")
    if len(value) != 2:
        raise TypeError(f"Argument {name} must have two numbers, but got {value!r}.")
    first, last = (number(v, name, low, high) for v in value)
    if first > last:
        raise ValueError(f"Argument {name} must be (smaller, larger), but got {value!r}.")
    return first, last


def around(value: Any, name: str, center: float, low: float, high: float) -> tuple[float, float]:
    """A range given as (smaller, larger), or as one number: that far around `center`.

    Raises:
        TypeError, ValueError: something else.
    """
    if isinstance(value, list | tuple):
        return pair(value, name, low, high)
    far = number(value, name, 0)
    if center - far < low and low == 0:
        return 0, center + far
    return number(center - far, name, low), number(center + far, name, low, high)


def height_width(size: Any, name: str) -> tuple[int, int]:
    """(height, width) from one side of a square or a pair.

    Raises:
        TypeError, ValueError: something else, or below 1.
    """
    if isinstance(size, list | tuple) and len(size) == 2:
        first, last = size
    elif isinstance(size, bool | list | tuple) or not isinstance(size, int):
        raise TypeError(
            f"{name}: size should be a single integer or a list/tuple (h, w) of length 2, but got "
            f"{size!r}."
        )
    else:
        first = last = size
    return tuple(check_int(n, f"{name}: size", 1, MAX_SIZE) for n in (first, last))  # type: ignore[return-value]


def check_inter(value: Any, name: str, known: tuple[Inter, ...] = tuple(Inter)) -> Inter:
    """`value` if it is an Inter that the transform knows.

    Raises:
        TypeError, NotImplementedError: it is not.
    """
    if not isinstance(value, Inter):
        raise TypeError(f"{name}: the interpolation must be a vision.Inter, but got {value!r}.")
    if value not in known:
        raise NotImplementedError(
            f"{name}: Inter.{value.name} is not supported here; use one of "
            f"{[i.name for i in known]}."
        )
    return value


def check_border(value: Any, name: str) -> Border:
    """`value` if it is a Border.

    Raises:
        TypeError: it is not.
    """
    if not isinstance(value, Border):
        raise TypeError(f"{name}: padding_mode must be a vision.Border, but got {value!r}.")
    return value


def check_fill(value: Any, name: str) -> Any:
    """`value` if it is one pixel value, or a tuple of three, from 0 to 255.

    Raises:
        TypeError, ValueError: it is not.
    """
    if isinstance(value, tuple) and len(value) == 3:
        for v in value:
            check_int(v, f"{name}: fill_value", 0, 255)
        return value
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name}: fill_value must be an int or a 3-tuple of them, got {value!r}.")
    return check_int(value, f"{name}: fill_value", 0, 255)
