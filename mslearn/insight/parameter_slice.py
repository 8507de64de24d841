"""Indices as NumPy writes them, typed by a learner: read, never executed."""

from __future__ import annotations

import re

Index = tuple[int | slice, ...]

_NUMBER = r"[+-]?\d{1,18}"
_ONE = re.compile(_NUMBER)
_SLICE = re.compile(rf"({_NUMBER})?\s*:\s*({_NUMBER})?\s*(?::\s*({_NUMBER})?)?")

_WORDS = {
    "what": {
        "en": "{part!r} is no index. Write whole numbers, slices such as 2:8 or ::2, and at most "
        "one ..., separated by commas.",
        "zh": "{part!r} 不是索引。可以写整数、切片（如 2:8 或 ::2）和最多一个 ...，用逗号隔开。",
    },
    "dots": {"en": "An index has at most one '...'.", "zh": "索引里最多写一个 ...。"},
    "many": {
        "en": "{got} entries, but only {axes} axes.",
        "zh": "写了 {got} 项，却只有 {axes} 个轴。",
    },
    "outside": {
        "en": "{number} is outside of axis {axis}, which has {size} entries ({low} to {high}).",
        "zh": "{number} 超出第 {axis} 轴的范围：它有 {size} 个元素（{low} 到 {high}）。",
    },
    "zero": {"en": "A slice's step cannot be 0.", "zh": "切片的步长不能是 0。"},
    "left": {
        "en": "{left} axes are left, a heatmap shows two. Choose one of each other: {example}.",
        "zh": "还剩 {left} 个轴，热力图只能画两个。其余的轴请各选一个元素：{example}。",
    },
    "empty": {
        "en": "Nothing is left: the result has shape {result}.",
        "zh": "结果是空的，形状为 {result}。",
    },
    "shape": {"en": " The array has shape {shape}.", "zh": "数组的形状是 {shape}。"},
}


class SliceError(ValueError):
    """An index that does not fit; `texts` says why in both languages, naming the shape."""

    def __init__(self, key: str, shape: tuple[int, ...], **values: object) -> None:
        self.texts = {
            language: _WORDS[key][language].format(**values)
            + _WORDS["shape"][language].format(shape=shape)
            for language in ("en", "zh")
        }
        super().__init__(self.texts["en"])


def parse(text: str, shape: tuple[int, ...]) -> Index:
    """One number or slice for every axis of an array of this shape.

    Args:
        text: ``[0, :, 2:5]``, with or without brackets; empty: the last two axes at 0 of the rest.
        shape: the array's.

    Raises:
        SliceError: it is no index, or it does not fit the shape.

    >>> parse("[..., ::2]", (3, 4))
    (slice(None, None, None), slice(None, None, 2))
    >>> parse("-1", (3, 4))
    (2, slice(None, None, None))
    """
    text = text.strip()
    if text.startswith("[") and text.endswith("]"):
        text = text[1:-1].strip()
    if not text:
        return (0,) * max(len(shape) - 2, 0) + (slice(None),) * min(len(shape), 2)
    parts = [part.strip() for part in text.removesuffix(",").split(",")]
    if parts.count("...") > 1:
        raise SliceError("dots", shape)
    if len(parts) - ("..." in parts) > len(shape):
        raise SliceError("many", shape, got=len(parts), axes=len(shape))
    if "..." not in parts:
        parts.append("...")
    dots = parts.index("...")
    parts[dots : dots + 1] = [":"] * (len(shape) - len(parts) + 1)
    return tuple(_entry(part, axis, shape) for axis, part in enumerate(parts))


def _entry(part: str, axis: int, shape: tuple[int, ...]) -> int | slice:
    size = shape[axis]
    if _ONE.fullmatch(part):
        number = int(part)
        if not -size <= number < size:
            raise SliceError(
                "outside", shape, number=number, axis=axis, size=size, low=-size, high=size - 1
            )
        return number % size
    found = _SLICE.fullmatch(part)
    if found is None:
        raise SliceError("what", shape, part=part[:40])
    start, stop, step = (None if g is None else int(g) for g in found.groups())
    if step == 0:
        raise SliceError("zero", shape)
    return slice(start, stop, step)


def picture(text: str, shape: tuple[int, ...]) -> Index:
    """`parse`, for a part that can be drawn: not empty, and of two axes at most.

    >>> picture("0", (2, 3, 4, 5))
    Traceback (most recent call last):
    mslearn.insight.parameter_slice.SliceError: 3 axes are left, a heatmap shows two. ...
    """
    index = parse(text, shape)
    free = [axis for axis, part in enumerate(index) if isinstance(part, slice)]
    if len(free) > 2:
        example = [0 if axis in free[:-2] else part for axis, part in enumerate(index)]
        raise SliceError("left", shape, left=len(free), example=f"[{written(tuple(example))}]")
    sizes = tuple(len(numbers(index[axis], shape[axis])) for axis in free)
    if 0 in sizes:
        raise SliceError("empty", shape, result=sizes)
    return index


def numbers(part: int | slice, size: int) -> range:
    """The entries that a part of an index takes out of an axis of this size.

    >>> list(numbers(slice(None, None, -2), 5))
    [4, 2, 0]
    """
    return range(part, part + 1) if isinstance(part, int) else range(*part.indices(size))


def written(index: Index) -> str:
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
