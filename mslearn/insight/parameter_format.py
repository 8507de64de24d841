"""Numbers as a learner wants to read them: decimal, scientific, their bits, exact in base 16."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

FORMATS = ("decimal", "scientific", "bits", "hex")
MAX_DIGITS = 17


def formatter(dtype: np.dtype[Any], form: str, digits: int) -> Callable[[Any], str]:
    """A function from one element of an array of `dtype` to text.

    Args:
        dtype: the array's.
        form: "decimal" and "scientific" with `digits` after the point; "bits", the element's own
            bits as a number to base 16; "hex", its exact value as Python's `float.hex` writes it.
        digits: 0 to 17.

    >>> one = np.float32(-0.15625)
    >>> [formatter(one.dtype, form, 3)(one) for form in FORMATS]
    ['-0.156', '-1.562e-01', '0xbe200000', '-0x1.4000000000000p-3']
    """
    digits = min(max(digits, 0), MAX_DIGITS)
    if form == "bits":
        width = 2 * dtype.itemsize
        return lambda x: "0x" + np.asarray(x, dtype.newbyteorder(">")).tobytes().hex().zfill(width)
    if dtype.kind == "c":
        parts = formatter(np.dtype(np.float64), form, digits)
        return lambda x: (
            f"{parts(x.real)}{'' if parts(x.imag).startswith('-') else '+'}" + (f"{parts(x.imag)}j")
        )
    if dtype.kind in "iub":
        if form == "scientific":
            return lambda x: f"{int(x):.{digits}e}"
        return lambda x: hex(int(x)) if form == "hex" else str(int(x))
    if form == "hex":
        return lambda x: float(x).hex()
    letter = "e" if form == "scientific" else "f"
    return lambda x: f"{float(x):.{digits}{letter}}"


def table(
    array: np.ndarray, form: str, digits: int, limits: tuple[int, int] = (24, 12)
) -> list[list[str]]:
    """The first rows and columns of an array of two axes, as text.

    >>> table(np.eye(3)[:2], "decimal", 1, (9, 2))
    [['1.0', '0.0'], ['0.0', '1.0']]
    """
    text = formatter(array.dtype, form, digits)
    return [[text(x) for x in row] for row in array[: limits[0], : limits[1]]]
