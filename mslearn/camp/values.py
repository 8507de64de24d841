"""Compare and print the values of an answer: tolerances by dtype, short and stable text."""

from __future__ import annotations

import numbers
from typing import Any

import numpy as np

# Relative and absolute tolerance: a few hundred roundings of the type.
_TOLERANCE = {2: (5e-3, 5e-3), 4: (1e-4, 1e-5), 8: (1e-7, 1e-9)}


class Raised:
    """Stands for a value that could not be computed: the exception instead."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def __repr__(self) -> str:
        first = (str(self.error).strip().splitlines() or [""])[0]
        return f"{type(self.error).__name__}: {shorten(first, 400)}"  # the fix stands last


def shorten(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


def as_array(value: Any) -> np.ndarray | None:
    """The value as a number array; None when it is not made of numbers."""
    if hasattr(value, "asnumpy"):
        value = value.asnumpy()
    if not isinstance(value, (np.ndarray, np.generic, numbers.Number, list)):
        return None  # tuples too: an answer of several values is not an array
    try:
        array = np.asarray(value)
    except ValueError:  # a ragged list
        return None
    return array if array.dtype.kind in "biufc" else None


def same(got: Any, expected: Any) -> bool:
    """Whether two observed values agree, within the tolerance of the coarser float type."""
    if isinstance(got, Raised) or isinstance(expected, Raised):
        return (
            isinstance(got, Raised)
            and isinstance(expected, Raised)
            and (
                isinstance(got.error, type(expected.error))
                or isinstance(expected.error, type(got.error))
            )
        )
    a, b = as_array(got), as_array(expected)
    if a is None and b is not None and isinstance(got, tuple):  # row numbers as a tuple
        a = as_array(list(got)) if all(np.ndim(part) == 0 for part in got) else None
    if a is None and b is None:
        return type(got) is type(expected) and _same_parts(got, expected)
    if a is None or b is None:
        return False
    if a.shape != b.shape:
        return False
    sizes = [x.dtype.itemsize for x in (a, b) if x.dtype.kind == "f"]
    rtol, atol = _TOLERANCE.get(min(sizes, default=8), _TOLERANCE[8])
    return bool(np.allclose(a, b, rtol=rtol, atol=atol, equal_nan=True))


def _same_parts(got: Any, expected: Any) -> bool:
    if isinstance(got, (tuple, list)):
        return len(got) == len(expected) and all(map(same, got, expected))
    return bool(got == expected)


def dtype_name(value: Any) -> str:
    """``"float32"`` for a tensor as for an array; the type's name for what has no dtype."""
    return str(getattr(value, "dtype", type(value).__name__)).lower()


def in_single(value: Any) -> Any:
    """Floats as float32, where an exercise does not ask in which precision one computes."""
    array = as_array(value)
    return value if array is None or array.dtype.kind != "f" else array.astype(np.float32)


def show(value: Any, label: str = "", digits: int = 4) -> str:
    """The value as a learner wants to read it: numbers rounded, large arrays cut, no addresses.

    A `label` such as ``"logits = "`` is put before it, with the rows of an array aligned.
    """
    return label + _show(value, label, digits)


def show_both(got: Any, expected: Any) -> tuple[str, str]:
    """Two values that differ, with so many digits that one can see it.

    Example:
        >>> show_both(np.array([0.5]), np.array([0.5000001]))
        ('[0.5]', '[0.5000001]')
    """
    for digits in (4, 8, 16):
        pair = show(got, digits=digits), show(expected, digits=digits)
        if pair[0] != pair[1]:
            break
    return pair


def _show(value: Any, label: str, digits: int) -> str:
    array = None if isinstance(value, Raised) else as_array(value)
    if array is None:
        return _show_object(value, label)
    if array.ndim == 0:
        return _number(array[()], digits + 2)
    text = np.array2string(
        array + 0.0 if array.dtype.kind == "f" else array,  # no minus before a zero
        precision=digits,
        suppress_small=True,
        separator=", ",
        threshold=40,
        edgeitems=2,
        prefix=label,
    )
    return f"{text}  shape {array.shape}" if array.size > 12 or array.ndim > 2 else text


def _show_object(value: Any, label: str) -> str:
    parts = value.tolist() if isinstance(value, np.ndarray) else value
    if isinstance(parts, str) and parts is not value:
        return parts
    if isinstance(parts, (list, tuple)):
        if parts and all(isinstance(part, str) for part in parts):  # a text: line below line
            return ("\n" + " " * len(label)).join(parts)
        shown = ", ".join(shorten(show(part), 60) for part in parts)
        return f"a {type(parts).__name__} of {len(parts)}: {shown}" if parts else repr(parts)
    if value is None or isinstance(value, (Raised, str, bool)):
        return repr(value)
    return f"an object of type {type(value).__name__}"


def _number(value: Any, digits: int) -> str:
    if not isinstance(value, (float, np.floating)):
        return str(value)
    text = f"{float(value):.{digits}g}"
    return f"{text}.0" if text.lstrip("-").isdigit() else text  # 1.0, so that it reads as a float
