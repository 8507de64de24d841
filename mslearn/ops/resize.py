"""Images and signals in another size: interpolation and pixel shuffling.

Every interpolation here is linear in the input and works on one axis after the other: nearest
neighbours are picked by index; the others are a product with a small matrix whose row i holds the
weights of the old points for the new point i.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from mslearn.core.errors import ShapeError
from mslearn.core.tensor import Tensor, as_tensor
from mslearn.ops.adaptive import (
    adaptive_avg_pool1d,
    adaptive_avg_pool2d,
    adaptive_avg_pool3d,
    along,
)  # fmt: skip
from mslearn.ops.indexing import gather

__all__ = ["interpolate", "pixel_shuffle", "pixel_unshuffle", "upsample"]
MODES = {  # the numbers of axes that each takes
    "nearest": (3, 4, 5), "nearest-exact": (3, 4), "linear": (3,), "bilinear": (4,),
    "trilinear": (5,), "bicubic": (4,), "area": (3, 4, 5),
}  # fmt: skip


def points(old: int, new: int, align: bool, half: bool) -> np.ndarray:
    """Where the new points lie among the old ones.

    `align`: first on first and last on last; `half`: a point is the middle of a pixel.
    """
    at = np.arange(new, dtype=np.float64)
    if align:
        return at * ((old - 1) / (new - 1) if new > 1 else 0.0)
    return (at + 0.5) * (old / new) - 0.5 if half else at * (old / new)


def nearest_indices(at: np.ndarray, old: int, rounded: bool) -> np.ndarray:
    """The old point for each new one: the nearest when `rounded`, else the one before."""
    index = np.floor(at + 0.5) if rounded else np.floor(at)
    return np.clip(index, 0, old - 1).astype(np.int32)


def linear_weights(at: np.ndarray, old: int) -> np.ndarray:
    """(new, old): each new point between its two neighbours; constant beyond the ends."""
    at = np.clip(at, 0, old - 1)
    return np.maximum(0, 1 - np.abs(at[:, None] - np.arange(old)))


def cubic_weights(at: np.ndarray, old: int, half: bool) -> np.ndarray:
    """(new, old): Keys' cubic convolution (1981), with MindSpore's (and TensorFlow's) choices.

    a = -0.75 and repeated ends; with middles of pixels a = -0.5, and points beyond the ends do
    not count. Distances are taken in steps of 1/1024.
    """
    out, a, first = np.zeros((len(at), old)), -0.5 if half else -0.75, np.floor(at)
    part = np.rint((at - first) * 1024) / 1024
    for k in range(-1, 3):
        index, d = first + k, np.abs(part - k)
        near = ((a + 2) * d - (a + 3)) * d * d + 1
        far = ((a * d - 5 * a) * d + 8 * a) * d - 4 * a
        weight = np.where(d <= 1, near, far)
        if half:
            weight = np.where((index < 0) | (index >= old), 0, weight)
        np.add.at(out, (np.arange(len(at)), np.clip(index, 0, old - 1).astype(int)), weight)
    return out / out.sum(1, keepdims=True)


def resize(x: Tensor, sizes: Any, kind: str, align: bool, half: bool) -> Tensor:
    """x with its last axes in other sizes; `kind` is "nearest…", "linear" or "cubic"."""
    for axis, new in enumerate(sizes, x.ndim - len(sizes)):
        old = x.shape[axis]
        if old == new:
            continue
        at = points(old, new, align, half)
        if kind.startswith("nearest"):
            x = gather(x, Tensor.wrap(nearest_indices(at, old, align or half)), axis)
        else:
            linear = kind == "linear"
            x = along(x, axis, linear_weights(at, old) if linear else cubic_weights(at, old, half))
    return x


def _sizes(x: Tensor, size: Any, scale_factor: Any, mode: str, recompute: Any) -> tuple[int, ...]:
    rank = x.ndim - 2
    if (size is None) == (scale_factor is None):
        raise ValueError(
            f"For 'interpolate', give one of 'size' and 'scale_factor', but got size={size} and "
            f"scale_factor={scale_factor}."
        )
    given = scale_factor if size is None else size
    each = tuple(given) if isinstance(given, tuple | list) else (given,) * rank
    if len(each) != rank:
        raise ValueError(
            f"For 'interpolate', an input of shape {list(x.shape)} needs {rank} size(s) or "
            f"factor(s), but got {given}."
        )
    if size is None:
        if any(isinstance(f, bool) or not isinstance(f, float) for f in each):
            raise TypeError(
                f"For 'interpolate', the 'scale_factor' must be float, but got {given}."
            )
        if mode != "area" and not recompute:
            raise ValueError(
                f"For 'interpolate', 'scale_factor' with mode {mode!r} needs "
                f"recompute_scale_factor=True: the size is worked out from it and rounded down."
            )
        each = tuple(math.floor(n * f) for n, f in zip(x.shape[2:], each, strict=True))
    if any(isinstance(n, bool) or not isinstance(n, int) or n <= 0 for n in each):
        raise ValueError(f"For 'interpolate', a size must be an int above 0, but got {each}.")
    return each


def interpolate(
    input, size=None, scale_factor=None, mode="nearest", align_corners=None,
    recompute_scale_factor=None,
):  # fmt: skip
    """The input (N, C, L), (N, C, H, W) or (N, C, D, H, W) in another size.

    Args:
        size: the new size, an int or one for each axis of space.
        scale_factor: instead of `size`, a float or one for each axis.
        mode: ``"nearest"``, ``"nearest-exact"``, ``"linear"`` (L), ``"bilinear"`` (H, W),
            ``"bicubic"`` (H, W), ``"trilinear"`` (D, H, W) or ``"area"``.
        align_corners: whether the outermost points stay where they are.
        recompute_scale_factor: must be True with `scale_factor`, except for ``"area"``.

    >>> import mslearn as ms
    >>> print(ms.ops.interpolate(ms.Tensor([[[1.0, 3.0]]]), size=4, mode="linear"))
    [[[1.  1.5 2.5 3. ]]]
    """
    x = as_tensor(input)
    if x.ndim not in MODES.get(mode, ()):
        raise ValueError(
            f"For 'interpolate', the mode {mode!r} does not go with an input of shape "
            f"{list(x.shape)}. Modes and numbers of axes: {MODES}."
        )
    free = mode in ("area", "nearest", "nearest-exact")
    if free and align_corners is not None:
        raise ValueError(f"For 'interpolate', 'align_corners' cannot be set with mode {mode!r}.")
    sizes = _sizes(x, size, scale_factor, mode, recompute_scale_factor)
    if mode == "area":
        if len(sizes) == 1:
            return adaptive_avg_pool1d(x, sizes[0])
        return (adaptive_avg_pool2d if len(sizes) == 2 else adaptive_avg_pool3d)(x, sizes)
    kind = {"bicubic": "cubic", "nearest": mode, "nearest-exact": mode}.get(mode, "linear")
    return resize(x, sizes, kind, bool(align_corners), mode != "nearest" and not align_corners)


upsample = interpolate


def _factor(name: str, x: Tensor, factor: Any, what: str) -> None:
    if isinstance(factor, bool) or not isinstance(factor, int):
        raise TypeError(f"For '{name}', the '{what}' must be an int, but got {factor!r}.")
    down = name == "pixel_unshuffle"
    fits = x.ndim >= 3 and factor > 0
    fits = fits and not (
        x.shape[-1] % factor or x.shape[-2] % factor if down else x.shape[-3] % factor**2
    )
    if not fits:
        wanted = "H and W divisible by it" if down else "channels divisible by its square"
        raise ShapeError(
            f"For '{name}', the '{what}' must be above 0 and the input (…, C, H, W) with {wanted}, "
            f"but got {factor} and shape {list(x.shape)}."
        )


def pixel_shuffle(input, upscale_factor):
    """(…, C r², H, W) -> (…, C, H r, W r): channels become squares of r by r pixels."""
    x, r = as_tensor(input), upscale_factor
    _factor("pixel_shuffle", x, r, "upscale_factor")
    *lead, c, h, w = x.shape
    n = len(lead)
    x = x.reshape((*lead, c // r**2, r, r, h, w))
    x = x.transpose((*range(n), n, n + 3, n + 1, n + 4, n + 2))
    return x.reshape((*lead, c // r**2, h * r, w * r))


def pixel_unshuffle(input, downscale_factor):
    """(…, C, H r, W r) -> (…, C r², H, W): squares of r by r pixels become channels."""
    x, r = as_tensor(input), downscale_factor
    _factor("pixel_unshuffle", x, r, "downscale_factor")
    *lead, c, h, w = x.shape
    n = len(lead)
    x = x.reshape((*lead, c, h // r, r, w // r, r))
    x = x.transpose((*range(n), n, n + 2, n + 4, n + 1, n + 3))
    return x.reshape((*lead, c * r**2, h // r, w // r))
