"""A recorded tensor as a table: the part that an index such as ``0, 2:8`` names, and figures."""

from __future__ import annotations

import io
import re
from typing import Any

import numpy as np

from .dashboard_data import finite, pack

ROWS, COLUMNS = 200, 100  # of a table that travels to the page
_INT = r"[+-]?\d{1,18}"
_ONE = re.compile(rf"\s*({_INT})\s*")
_SLICE = re.compile(rf"\s*({_INT})?\s*:\s*({_INT})?\s*(?::\s*({_INT})?)?\s*")


class IndexProblem(ValueError):
    """The reader's index does not fit; the message is for the reader."""


def parse_index(text: str, shape: tuple[int, ...]) -> tuple[int | slice, ...]:
    """An index as NumPy writes it, one entry for each axis. Nothing in it is executed.

    Args:
        text: whole numbers, slices ``a:b:c`` and one ``...``, with or without brackets; what is
            left out at the end is ``:``. Empty: the last two axes at 0 of the others.
        shape: of the tensor.

    Raises:
        IndexProblem: something else, too many entries, or a number that is outside.

    >>> parse_index("[0, ..., 2:8]", (3, 4, 5, 9))
    (0, slice(None, None, None), slice(None, None, None), slice(2, 8, None))
    """
    text = text.strip().removeprefix("[").removesuffix("]").strip()
    ndim = len(shape)
    if not text:
        return (0,) * max(ndim - 2, 0) + (slice(None),) * min(ndim, 2)
    parts = [part.strip() for part in text.rstrip(",").split(",")]
    if parts.count("...") > 1:
        raise IndexProblem("an index has at most one ...")
    if "..." in parts:
        at = parts.index("...")
        parts[at : at + 1] = [":"] * max(ndim - len(parts) + 1, 0)
    if len(parts) > ndim:
        raise IndexProblem(f"{len(parts)} entries for {ndim} axes")
    found: list[int | slice] = []
    for axis, part in enumerate(parts):
        one, several = _ONE.fullmatch(part), _SLICE.fullmatch(part)
        if one:
            number = int(one[1])
            if not -shape[axis] <= number < shape[axis]:
                raise IndexProblem(f"{number} is outside of axis {axis}, which has {shape[axis]}")
            found.append(number)
        elif several:
            start, stop, step = (None if g is None else int(g) for g in several.groups())
            if step == 0:
                raise IndexProblem("a slice's step is not 0")
            found.append(slice(start, stop, step))
        else:
            raise IndexProblem(f"{part[:40]!r} is neither a number nor a slice")
    return (*found, *(slice(None),) * (ndim - len(found)))


def written(index: tuple[int | slice, ...]) -> str:
    """An index as text.

    >>> written((0, slice(None), slice(2, None, 3)))
    '0, :, 2::3'
    """
    out = []
    for part in index:
        if isinstance(part, int):
            out.append(str(part))
            continue
        start, stop = ("" if p is None else str(p) for p in (part.start, part.stop))
        out.append(f"{start}:{stop}" + (f":{part.step}" if part.step is not None else ""))
    return ", ".join(out)


def table(array: np.ndarray, text: str) -> bytes:
    """The part of `array` that `text` names, packed: figures of all and of the part, the cells.

    Raises:
        IndexProblem: the index does not fit, or leaves more than two axes.
    """
    index = parse_index(text, array.shape)
    part = array[index]
    if part.ndim > 2:
        raise IndexProblem(f"{part.ndim} axes are free; a table shows two: fix the others")
    cells = part.reshape(1, -1) if part.ndim < 2 else part
    shown = cells[:ROWS, :COLUMNS]
    axes = [
        [axis, *range(*entry.indices(array.shape[axis]))[: max(ROWS, COLUMNS)]]
        for axis, entry in enumerate(index)
        if isinstance(entry, slice)
    ]
    header = {
        "shape": list(array.shape), "index": written(index), "free": part.ndim,
        "rows": cells.shape[0], "columns": cells.shape[1],
        "shown": list(shown.shape), "labels": [a[1:] for a in axes], "axes": [a[0] for a in axes],
        "all": figures(array), "part": figures(part),
    }  # fmt: skip
    return pack(header, [shown])


def figures(array: np.ndarray) -> dict[str, Any]:
    """Least, largest, mean and spread of the finite numbers; how many are none, how many zero."""
    good = array[np.isfinite(array)].astype(np.float64)
    out: dict[str, Any] = {"size": int(array.size), "bad": int(array.size - good.size)}
    if good.size:
        out |= {
            "min": float(good.min()), "max": float(good.max()), "mean": float(good.mean()),
            "std": float(good.std()), "zeros": int((good == 0).sum()),
        }  # fmt: skip
    return {k: finite(v) for k, v in out.items()}


def npy(array: np.ndarray) -> bytes:
    """A file for `numpy.load`."""
    file = io.BytesIO()
    np.save(file, array, allow_pickle=False)
    return file.getvalue()
