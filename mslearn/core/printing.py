"""How MindSpore writes a tensor in ``repr``: C-style, with fixed digits for each dtype."""

from __future__ import annotations

import numpy as np

_DIGITS = {"f2": 4, "f4": 8, "f8": 8}
_EDGE = 3  # items kept at either end of a long axis
_LONG = 6  # an axis longer than this is shortened …
_MANY = 1000  # … when the tensor has more elements than this


def tensor_repr(array: np.ndarray, dtype_name: str) -> str:
    """``Tensor(shape=[2], dtype=Float32, value= [ 1.00000000e+00,  2.00000000e+00])``."""
    head = f"Tensor(shape={list(array.shape)}, dtype={dtype_name}, value="
    if array.ndim == 0:
        return f"{head} {format(float(array), 'g') if array.dtype.kind in 'fV' else array.item()})"
    if array.size == 0:
        return f"{head}{' ' if array.ndim == 1 else chr(10)})"
    short = array.size > _MANY
    cells = _cells(array, short)
    width = max(map(len, cells.values()))
    body = _nest(array, (), short, {k: v.rjust(width) for k, v in cells.items()})
    return f"{head}{' ' if array.ndim == 1 else chr(10)}{body})"


def _format(value: np.generic) -> str:
    kind = value.dtype.kind
    if kind == "b":
        return " True" if value else "False"
    if kind in "iucV":  # V: bfloat16
        return str(value).strip("()")
    digits = _DIGITS[value.dtype.str[1:]]
    if not np.isfinite(value):
        return str(value).rjust(digits + 6)
    return f"{value: .{digits}e}"


def _kept(n: int, short: bool) -> list[int]:
    return list(range(n)) if not short or n <= _LONG else [*range(_EDGE), *range(n - _EDGE, n)]


def _cells(array: np.ndarray, short: bool) -> dict[tuple[int, ...], str]:
    cells: dict[tuple[int, ...], str] = {}
    grids = np.meshgrid(*[_kept(n, short) for n in array.shape], indexing="ij")
    for index in zip(*[g.ravel().tolist() for g in grids], strict=True):
        cells[index] = _format(array[index])
    return cells


def _nest(
    array: np.ndarray, at: tuple[int, ...], short: bool, cells: dict[tuple[int, ...], str]
) -> str:
    depth, last = len(at), len(at) == array.ndim - 1
    parts: list[str] = []
    kept = _kept(array.shape[depth], short)
    cut = len(kept) < array.shape[depth]
    for place, i in enumerate(kept):
        here = (*at, i)
        parts.append(cells[here] if last else _nest(array, here, short, cells))
        if cut and place == _EDGE - 1:
            parts.append("...")
    if last:
        text = ", ".join(parts).replace(", ..., ", " ... ")
    else:
        gap = "\n" + " " * (depth + 1)
        text = ("," + gap).join(parts).replace("...,", "...")
    return f"[{text}]"
