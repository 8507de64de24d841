"""What text transforms share: strings in, arrays of strings out, positions in UTF-8 bytes."""

from __future__ import annotations

from typing import Any

import numpy as np

from mslearn.dataset.transforms.operation import Operation

#: one token: its text, and where it starts and ends in the input's UTF-8 bytes
Token = tuple[str, int, int]


class TextOperation(Operation):
    """A transform of text: a string, or an array of strings."""

    def _input(self, value: Any) -> np.ndarray:
        array = super()._input(value)
        if array.dtype.kind == "S":
            array = np.char.decode(array, "utf-8")
        return array

    def _strings(self, array: np.ndarray) -> np.ndarray:
        if array.dtype.kind != "U":
            raise RuntimeError(
                f"{type(self).__name__}: the input must be text, but its type is {array.dtype}."
            )
        return array

    def _string(self, array: np.ndarray) -> str:
        if self._strings(array).ndim != 0:
            raise RuntimeError(
                f"{type(self).__name__}: the input must be one string, but its shape is "
                f"{list(array.shape)}. Put this map before batch."
            )
        return str(array[()])


class EachString(TextOperation):
    """A transform that changes every string by itself."""

    def change(self, text: str) -> str:
        """The changed string."""
        raise NotImplementedError

    def apply(self, array: np.ndarray) -> np.ndarray:
        strings = self._strings(array)
        if strings.ndim == 0:
            return np.array(self.change(str(strings[()])))
        changed = [self.change(s) for s in strings.ravel().tolist()]
        return np.array(changed, dtype=np.str_).reshape(strings.shape)


class Tokenizer(TextOperation):
    """A transform of one string into an array of tokens.

    Args:
        with_offsets: give three columns: tokens, and where each starts and ends in the UTF-8
            bytes of the string (uint32).
    """

    def __init__(self, with_offsets: bool = False) -> None:
        if not isinstance(with_offsets, bool):
            raise TypeError(
                f"{type(self).__name__}: with_offsets must be a boolean, but got {with_offsets!r}."
            )
        self.with_offsets = with_offsets

    def tokens(self, text: str) -> list[str]:
        """The tokens, one after the other; joined they need not give the text."""
        raise NotImplementedError

    def located(self, text: str) -> list[Token]:
        """The tokens with their places, found by looking for them in the text."""
        found, at, start = [], 0, 0
        for token in self.tokens(text):
            place = text.index(token, at)
            start += len(text[at:place].encode())
            stop = start + len(token.encode())
            found.append((token, start, stop))
            at, start = place + len(token), stop
        return found

    def apply(self, array: np.ndarray) -> Any:
        text = self._string(array)
        if not self.with_offsets:
            return np.array(self.tokens(text) or [""], dtype=np.str_)
        return columns(self.located(text))


def columns(tokens: list[Token]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Tokens, starts and ends as arrays; nothing at all is one empty token."""
    words, starts, stops = zip(*(tokens or [("", 0, 0)]), strict=True)
    return np.array(words, np.str_), np.array(starts, np.uint32), np.array(stops, np.uint32)
