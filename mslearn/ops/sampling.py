"""Images looked up at any points: `grid_sample`, and the grids of affine maps.

(Jaderberg et al. 2015, "Spatial Transformer Networks".) Both are made of gathers and products, so
they can be differentiated by the image, the grid and the map, to any order.
"""

from __future__ import annotations

import itertools

import numpy as np

from mslearn.core.dtype import INT64
from mslearn.core.errors import ShapeError
from mslearn.core.tensor import Tensor
from mslearn.ops.control import clip_by_value, stop_gradient
from mslearn.ops.families import cast, floating
from mslearn.ops.indexing import where
from mslearn.ops.linalg import matmul

__all__ = ["affine_grid", "grid_sample"]


def affine_grid(theta, size, align_corners=False):
    """The points that an affine map sends the pixels of an image to.

    Args:
        theta: (N, 2, 3), or (N, 3, 4) for volumes.
        size: (N, C, H, W) or (N, C, D, H, W) of the result of `grid_sample`.
        align_corners: whether -1 and 1 are the middles of the outermost pixels or their borders.

    Returns:
        (N, H, W, 2) with (x, y), or (N, D, H, W, 3) with (x, y, z).
    """
    t, space = floating(theta), tuple(int(n) for n in size[2:])
    rank = len(space)
    if rank not in (2, 3) or t.shape[1:] != (rank, rank + 1) or t.shape[0] != size[0]:
        raise ShapeError(
            f"For 'affine_grid', theta must be (N, 2, 3) with a size (N, C, H, W), or (N, 3, 4) "
            f"with (N, C, D, H, W), but got {list(t.shape)} and {tuple(size)}."
        )
    lines = []
    for n in space:
        line = (2 * np.arange(n) + 1) / n - 1 if not align_corners else np.linspace(-1, 1, n)
        lines.append(line if n > 1 or not align_corners else np.zeros(1))
    grids = np.meshgrid(*lines, indexing="ij")[::-1]
    points = np.stack([*grids, np.ones(space)], -1).reshape(1, -1, rank + 1)
    out = matmul(Tensor.wrap(points.astype(t._value.dtype)), t.swapaxes(1, 2))
    return out.reshape((t.shape[0], *space, rank))


def _reflected(at: Tensor, low: float, high: float) -> Tensor:
    """Points beyond the ends thrown back, as often as needed."""
    span = high - low
    if span <= 0:
        return at * 0
    away = (at - low).abs()
    turns = stop_gradient((away / span).floor())
    rest = away - turns * span
    even = cast(turns % 2 == 0, at._value.dtype)
    return low + even * rest + (1 - even) * (span - rest)


def _pixels(at: Tensor, n: int, padding_mode: str, align: bool) -> Tensor:
    """Points between -1 and 1 as pixel numbers."""
    at = (at + 1) * ((n - 1) / 2) if align else ((at + 1) * n - 1) * 0.5
    if padding_mode == "reflection":
        at = _reflected(at, 0, n - 1) if align else _reflected(at, -0.5, n - 0.5)
    return at if padding_mode == "zeros" else clip_by_value(at, 0, n - 1)


def grid_sample(input, grid, mode="bilinear", padding_mode="zeros", align_corners=None):
    """The input at the points of `grid`, interpolated.

    Args:
        input: (N, C, H, W) or (N, C, D, H, W).
        grid: (N, h, w, 2) with (x, y), or (N, d, h, w, 3) with (x, y, z); -1 and 1 are the ends.
        mode: ``"bilinear"`` or ``"nearest"``.
        padding_mode: outside are ``"zeros"``, the ``"border"`` or the ``"reflection"``.
        align_corners: whether the ends are the middles of the outermost pixels (False when None).

    Returns:
        (N, C, h, w) or (N, C, d, h, w).
    """
    x, g = floating(input), floating(grid)
    rank = x.ndim - 2
    for what, value, known in (
        ("mode", mode, ("bilinear", "nearest")),
        ("padding_mode", padding_mode, ("zeros", "border", "reflection")),
    ):
        if value not in known:
            raise ValueError(f"For 'grid_sample', the {what} is one of {known}, not {value!r}.")
    if rank not in (2, 3) or g.ndim != x.ndim or g.shape[-1] != rank or g.shape[0] != x.shape[0]:
        raise ShapeError(
            f"For 'grid_sample', an input (N, C, H, W) needs a grid (N, h, w, 2), and (N, C, D, H, "
            f"W) one of (N, d, h, w, 3), but got {list(x.shape)} and {list(g.shape)}."
        )
    sizes = x.shape[2:]
    at = [_pixels(g[..., rank - 1 - i], n, padding_mode, bool(align_corners))
          for i, n in enumerate(sizes)]  # fmt: skip
    batch = Tensor.wrap(np.arange(x.shape[0]).reshape((-1,) + (1,) * rank))
    rows = x.transpose((0, *range(2, x.ndim), 1))  # channels last: one index a point

    def pick(places: list[Tensor]) -> Tensor:
        index, keep = [], None
        for p, n in zip(places, sizes, strict=True):
            inside = (p >= 0).logical_and(p <= n - 1)  # not so where p is no number
            index.append(cast(clip_by_value(where(p == p, p, 0), 0, n - 1), INT64))
            keep = inside if keep is None else keep.logical_and(inside)
        return rows[(batch, *index)] * cast(keep, x._value.dtype).expand_dims(-1)

    if mode == "nearest":
        out = pick([stop_gradient(a.round()) for a in at])
    else:
        low = [stop_gradient(a.floor()) for a in at]
        out = None
        for corner in itertools.product((0, 1), repeat=rank):
            weight = None
            for a, b, c in zip(at, low, corner, strict=True):
                share = a - b if c else b + 1 - a
                weight = share if weight is None else weight * share
            term = pick([b + c for b, c in zip(low, corner, strict=True)])
            term = term * weight.expand_dims(-1)
            out = term if out is None else out + term
    return out.transpose((0, out.ndim - 1, *range(1, out.ndim - 1)))
