"""Windows that slide over images, for convolution and pooling: sizes, strides, paddings."""

from __future__ import annotations

from typing import Any

import numpy as np

from mslearn.core.errors import ShapeError

PAD_MODES = ("same", "valid", "pad")
Sizes = tuple[int, ...]


def numbers(name: str, what: str, value: Any, rank: int, least: int = 1) -> Sizes:
    """`value`, an int or one for each of `rank` axes, as a tuple of ints of at least `least`."""
    given = tuple(value) if isinstance(value, tuple | list) else (value,) * rank
    for v in given:
        if not isinstance(v, int | np.integer) or isinstance(v, bool):
            raise TypeError(
                f"For '{name}', '{what}' must be an int or a tuple of {rank} ints, but got "
                f"{value!r}."
            )
    if len(given) == 1:
        given = given * rank
    if len(given) != rank or min(given) < least:
        raise ValueError(
            f"For '{name}', '{what}' must be an int or a tuple of {rank} ints of at least "
            f"{least}, but got {value!r}."
        )
    return tuple(int(v) for v in given)


def padding_of(
    name: str, pad_mode: str, padding: Any, size: Sizes, kernel: Sizes, stride: Sizes,
    dilation: Sizes,
) -> Sizes:  # fmt: skip
    """Zeros before and after each axis, all in one tuple: (top, bottom, left, right).

    Raises:
        ValueError: an unknown mode, a `padding` that the mode does not take, or a wrong length.
    """
    rank = len(kernel)
    mode = str(pad_mode).lower()
    if mode not in PAD_MODES:
        raise ValueError(
            f"For '{name}', the pad_mode must be one of {list(PAD_MODES)}, but got {pad_mode!r}."
        )
    if mode == "pad":
        return paddings(name, padding, rank)
    if np.any(np.asarray(padding) != 0):
        raise ValueError(
            f"For '{name}', padding = {padding} only counts with pad_mode='pad', but got "
            f"pad_mode={pad_mode!r}. Set pad_mode='pad', or leave the padding at 0."
        )
    if mode == "valid":
        return (0,) * (2 * rank)
    pad: list[int] = []
    for n, k, s, d in zip(size, kernel, stride, dilation, strict=True):
        missing = max((-(-n // s) - 1) * s + d * (k - 1) + 1 - n, 0)
        pad += [missing // 2, missing - missing // 2]
    return tuple(pad)


def paddings(name: str, padding: Any, rank: int) -> Sizes:
    """An int, one for each axis or (before, after) for each axis, as the last of these."""
    given = tuple(padding) if isinstance(padding, tuple | list) else (padding,)
    count = len(given)
    if count not in (1, rank, 2 * rank):
        raise ValueError(
            f"For '{name}', the padding must be an int or a tuple of {rank} or {2 * rank} ints, "
            f"but got {padding!r}."
        )
    given = numbers(name, "padding", given, count, least=0)
    if count == 2 * rank:
        return given
    return tuple(p for p in (given * rank)[:rank] for _ in range(2))


def output_sizes(
    name: str, size: Sizes, kernel: Sizes, stride: Sizes, pad: Sizes, dilation: Sizes
) -> Sizes:
    """How many windows fit along each axis.

    Raises:
        ShapeError: not even one fits.
    """
    out = tuple(
        (n + pad[2 * i] + pad[2 * i + 1] - dilation[i] * (kernel[i] - 1) - 1) // stride[i] + 1
        for i, n in enumerate(size)
    )
    if out and min(out) < 1:
        spans = [d * (k - 1) + 1 for d, k in zip(dilation, kernel, strict=True)]
        padded = [n + pad[2 * i] + pad[2 * i + 1] for i, n in enumerate(size)]
        raise ShapeError(
            f"For '{name}', a window of {spans} (kernel size {list(kernel)}, dilation "
            f"{list(dilation)}) does not fit into an input of {padded} ({list(size)} with its "
            f"padding). Use a smaller kernel, more padding or larger images."
        )
    return out


def only_channels_first(name: str, data_format: str | None) -> None:
    if data_format not in (None, "NCHW", "NCDHW"):
        raise ValueError(
            f"For '{name}', data_format must be 'NCHW' (or 'NCDHW'): on a CPU channels stand "
            f"second, but got {data_format!r}. Use x.transpose(0, 3, 1, 2) for NHWC images."
        )
