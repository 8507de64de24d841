"""Strings with tensors in them: put together when the graph runs and the numbers are there."""

from __future__ import annotations

from typing import Any, NamedTuple


class Piece(NamedTuple):
    """A formatted value of an f-string."""

    value: Any
    conversion: int
    spec: Any

    def __str__(self) -> str:
        convert = {ord("r"): repr, ord("s"): str, ord("a"): ascii}.get(self.conversion)
        return format(self.value if convert is None else convert(self.value), str(self.spec))


class Text(NamedTuple):
    """A string with tensors whose numbers are known only when the graph runs."""

    parts: tuple[Any, ...]

    def __str__(self) -> str:
        return "".join(map(str, self.parts))

    __repr__ = __str__

    def __add__(self, other: Any) -> Text:
        return Text((*self.parts, *_parts(other)))

    def __radd__(self, other: Any) -> Text:
        return Text((*_parts(other), *self.parts))


def _parts(text: Any) -> tuple[Any, ...]:
    return text.parts if isinstance(text, Text) else (text,)


