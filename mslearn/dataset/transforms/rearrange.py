"""Transforms that pick, pad, join or count elements."""

from __future__ import annotations

from typing import Any

import numpy as np

from mslearn.dataset.checks import check_int
from mslearn.dataset.transforms.operation import Operation


def is_text(array: np.ndarray) -> bool:
    """Whether an array holds strings."""
    return array.dtype.kind in "US"


class Slice(Operation):
    """Pick elements along the leading axes.

    Args:
        slices: for each axis an int, a list of ints, a slice, or None / ... / True for all.
            An int keeps its axis, with one element.

    Raises:
        RuntimeError: more slices than axes, or an int that is out of range.

    >>> import numpy as np
    >>> Slice(slice(1, 3))(np.arange(5)).tolist()
    [1, 2]
    """

    def __init__(self, *slices: Any) -> None:
        self.slices = tuple(self._check(s) for s in slices)

    @staticmethod
    def _check(item: Any) -> Any:
        if item is None or item is Ellipsis or item is True:
            return slice(None)
        if isinstance(item, slice):
            return item
        items = item if isinstance(item, list) else [item]
        for value in items:
            if isinstance(value, bool) or not isinstance(value, int):
                raise TypeError(
                    f"Slice: each slice must be an int, a list of ints, a slice, None, Ellipsis or "
                    f"True, but got {item!r}."
                )
        return items

    def apply(self, array: np.ndarray) -> np.ndarray:
        if len(self.slices) > array.ndim:
            raise RuntimeError(
                f"Slice: {len(self.slices)} slices for an input with {array.ndim} axes "
                f"(shape {list(array.shape)})."
            )
        for axis, item in enumerate(self.slices):
            if isinstance(item, slice):
                array = array[(slice(None),) * axis + (item,)]
                continue
            size = array.shape[axis]
            for value in item:
                if not -size <= value < size:
                    raise RuntimeError(
                        f"Slice: index {value} is out of range for axis {axis} with {size} "
                        f"elements."
                    )
            array = array.take(item, axis=axis)
        return np.ascontiguousarray(array)


class PadEnd(Operation):
    """Pad at the end of each axis up to `pad_shape` (None leaves an axis); larger is cut.

    Args:
        pad_shape: a length for each axis.
        pad_value: a number for numbers, a string for strings; 0 or "" by default.
    """

    def __init__(self, pad_shape: list[int | None], pad_value: Any = None) -> None:
        if not isinstance(pad_shape, list):
            raise TypeError(f"PadEnd: pad_shape must be a list, but got {pad_shape!r}.")
        for size in pad_shape:
            if size is not None:
                check_int(size, "pad_shape", 1)
        if pad_value is not None and not isinstance(pad_value, str | int | float | bytes):
            raise TypeError(f"PadEnd: pad_value must be a number or a string, not {pad_value!r}.")
        self.pad_shape, self.pad_value = pad_shape, pad_value

    def apply(self, array: np.ndarray) -> np.ndarray:
        text = is_text(array)
        value = self.pad_value if self.pad_value is not None else ("" if text else 0)
        if isinstance(value, str | bytes) != text:
            raise RuntimeError(
                f"PadEnd: pad_value {value!r} does not go with an input of {array.dtype}."
            )
        if array.ndim == 0:
            return array
        if array.ndim != len(self.pad_shape):
            raise RuntimeError(
                f"PadEnd: pad_shape {self.pad_shape} has {len(self.pad_shape)} axes, but the input "
                f"has shape {list(array.shape)}."
            )
        shape = [
            n if size is None else size for n, size in zip(array.shape, self.pad_shape, strict=True)
        ]
        dtype = np.result_type(array, np.asarray(value)) if text else array.dtype
        padded = np.full(shape, value, dtype)
        kept = tuple(slice(0, min(a, b)) for a, b in zip(shape, array.shape, strict=True))
        padded[kept] = array[kept]
        return padded


class Concatenate(Operation):
    """The input between `prepend` and `append` along its one axis.

    Args:
        axis: 0 or -1.
        prepend, append: 1-D arrays of the input's dtype, or None.
    """

    def __init__(self, axis: int = 0, prepend: Any = None, append: Any = None) -> None:
        if isinstance(axis, bool) or not isinstance(axis, int):
            raise TypeError(f"Concatenate: axis must be 0 or -1, but got {axis!r}.")
        if axis not in (0, -1):
            raise ValueError(f"Concatenate: axis must be 0 or -1 (1-D data only), but got {axis}.")
        for name, part in (("prepend", prepend), ("append", append)):
            if part is not None and not isinstance(part, np.ndarray):
                raise TypeError(f"Concatenate: {name} must be a NumPy array, but got {part!r}.")
            if part is not None and part.ndim != 1:
                raise ValueError(f"Concatenate: {name} must be 1-D, but its shape is {part.shape}.")
        self.parts = prepend, append

    def apply(self, array: np.ndarray) -> np.ndarray:
        first, last = self.parts
        found = [p for p in (first, array, last) if p is not None]
        if array.ndim != 1:
            raise RuntimeError(
                f"Concatenate: the input must be 1-D, but its shape is {list(array.shape)}."
            )
        kinds = {"text" if is_text(p) else p.dtype.name for p in found}
        if len(kinds) > 1:
            raise RuntimeError(
                f"Concatenate: all parts must have one dtype, but got {', '.join(sorted(kinds))}."
            )
        return np.concatenate(found)


class Unique(Operation):
    """The different elements of an input with two axes or more, where each stood, and how often.

    Gives three columns, so name three output_columns: the elements in the order of their first
    appearance, for each input element its place among them (int32), and the counts (int32).

    >>> import numpy as np
    >>> values, places, counts = Unique()(np.array([[3, 1, 3]]))
    >>> values.tolist(), places.tolist(), counts.tolist()
    ([3, 1], [0, 1, 0], [2, 1])
    """

    def apply(self, array: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        if array.ndim < 2 or is_text(array):
            raise RuntimeError(
                f"Unique: the input must be numbers with at least 2 axes, but got {array.dtype} "
                f"with shape {list(array.shape)}. For rows with one axis, use it after batch."
            )
        values, first, inverse, counts = np.unique(
            array.ravel(), return_index=True, return_inverse=True, return_counts=True
        )
        order = np.argsort(first)
        rank = np.empty_like(order)
        rank[order] = np.arange(len(order))
        return (
            values[order],
            rank[inverse.reshape(-1)].astype(np.int32),
            counts[order].astype(np.int32),
        )


class Duplicate(Operation):
    """The input twice, as two columns: give two output_columns."""

    def apply(self, array: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return array, array.copy()


class Plugin:
    """MindSpore's hook for transforms in a shared library; there is nothing to load them here.

    Raises:
        NotImplementedError: always. Write the transform as a Python function instead.
    """

    def __init__(self, lib_path: str, func_name: str, user_args: str | None = None) -> None:
        raise NotImplementedError(
            f"transforms.Plugin runs compiled code made for MindSpore's C++ pipeline ({func_name} "
            f"of {lib_path}), which does not exist here. Pass a Python function to map instead."
        )
