"""Transforms of sequences of tokens: n-grams, windows, truncation, added tokens."""

from __future__ import annotations

from typing import Any

import numpy as np

from mslearn.dataset.checks import check_bool, check_int
from mslearn.dataset.text.base import TextOperation
from mslearn.dataset.transforms.operation import Operation


class Ngram(TextOperation):
    """Runs of n neighbouring tokens, joined.

    Args:
        n: how many, or a list of several n.
        left_pad, right_pad: (token, how many of it) before the first and after the last token.
        separator: stands between joined tokens.

    >>> Ngram(2, separator="-")(["deep", "learning", "camp"]).tolist()
    ['deep-learning', 'learning-camp']
    """

    def __init__(
        self,
        n: int | list[int],
        left_pad: tuple[str, int] = ("", 0),
        right_pad: tuple[str, int] = ("", 0),
        separator: str = " ",
    ) -> None:
        sizes = [n] if isinstance(n, int) and not isinstance(n, bool) else n
        if not isinstance(sizes, list) or not sizes:
            raise ValueError(f"Ngram: n must be a positive int or a list of them, but got {n!r}.")
        self.sizes = [check_int(size, "n", 1) for size in sizes]
        for name, pad in (("left_pad", left_pad), ("right_pad", right_pad)):
            if not isinstance(pad, tuple) or len(pad) != 2 or not isinstance(pad[0], str):
                raise ValueError(f"Ngram: {name} must be (token, count), but got {pad!r}.")
            check_int(pad[1], f"{name} count", 0)
        if not isinstance(separator, str):
            raise TypeError(f"Ngram: separator must be a string, but got {separator!r}.")
        self.left_pad, self.right_pad, self.separator = left_pad, right_pad, separator

    def apply(self, array: np.ndarray) -> np.ndarray:
        if self._strings(array).ndim != 1:
            raise RuntimeError(
                f"Ngram: the input must be a list of tokens, but its shape is {list(array.shape)}."
            )
        out: list[str] = []
        for n in self.sizes:
            (left, before), (right, after) = self.left_pad, self.right_pad
            # More than n - 1 pads would make runs of nothing else.
            words = [left] * min(before, n - 1) + array.tolist() + [right] * min(after, n - 1)
            runs = [self.separator.join(words[i : i + n]) for i in range(len(words) - n + 1)]
            out += runs or [""]
        return np.array(out, np.str_)


class SlidingWindow(Operation):
    """All windows of `width` neighbouring elements of a 1-D input, one per row."""

    def __init__(self, width: int, axis: int = 0) -> None:
        self.width = check_int(width, "width", 1)
        if isinstance(axis, bool) or not isinstance(axis, int):
            raise TypeError(f"SlidingWindow: axis must be an int, but got {axis!r}.")
        self.axis = axis

    def apply(self, array: np.ndarray) -> np.ndarray:
        if array.ndim != 1 or self.axis not in (0, -1):
            raise RuntimeError(
                f"SlidingWindow: the input must be 1-D and axis 0 or -1, but got shape "
                f"{list(array.shape)} and axis {self.axis}."
            )
        if len(array) < self.width:
            return array[:0].copy()
        windows = np.lib.stride_tricks.sliding_window_view(array, self.width)
        return np.ascontiguousarray(windows)


class Truncate(Operation):
    """At most `max_seq_len` elements of a list, or of each row of a matrix."""

    def __init__(self, max_seq_len: int) -> None:
        self.max_seq_len = check_int(max_seq_len, "max_seq_len", 1)

    def apply(self, array: np.ndarray) -> np.ndarray:
        if array.ndim not in (1, 2):
            raise RuntimeError(
                f"Truncate: the input must be 1-D or 2-D, but its shape is {list(array.shape)}."
            )
        return array[..., : self.max_seq_len].copy()


class TruncateSequencePair(Operation):
    """Shorten the longer of two lists, one element at a time, until both have `max_length`."""

    def __init__(self, max_length: int) -> None:
        self.max_length = check_int(max_length, "max_length", -(2**31))

    def __call__(self, *inputs: Any) -> Any:
        if len(inputs) != 2:
            raise RuntimeError(f"TruncateSequencePair takes two columns, but got {len(inputs)}.")
        first, second = (self._input(v) for v in inputs)
        if first.ndim != 1 or second.ndim != 1:
            raise RuntimeError(
                f"TruncateSequencePair: both inputs must be 1-D, but their shapes are "
                f"{list(first.shape)} and {list(second.shape)}."
            )
        a, b = len(first), len(second)
        while a + b > max(self.max_length, 0):
            if a > b:
                a -= 1
            else:
                b -= 1
        return first[:a].copy(), second[:b].copy()


class AddToken(TextOperation):
    """A token before (or after) a list of tokens, or each row of a matrix of them.

    Args:
        token: the new token.
        begin: before; else after.
    """

    def __init__(self, token: str, begin: bool = True) -> None:
        if not isinstance(token, str):
            raise TypeError(f"AddToken: token must be a string, but got {token!r}.")
        self.token, self.begin = token, check_bool(begin, "begin")

    def apply(self, array: np.ndarray) -> np.ndarray:
        if self._strings(array).ndim not in (1, 2):
            raise RuntimeError(
                f"AddToken: the input must be 1-D or 2-D, but its shape is {list(array.shape)}."
            )
        added = np.full((*array.shape[:-1], 1), self.token)
        return np.concatenate([added, array] if self.begin else [array, added], axis=-1)
