"""Batch and layer normalization, forward and backward, as plain reductions."""

from __future__ import annotations

from typing import Any

from mslearn.core.primitive import apply
from mslearn.core.tensor import Tensor
from mslearn.ops.families import ReduceSum, Reshape
from mslearn.ops.reduce import ReduceMean


def _axes(x: Tensor, axis: int | None) -> tuple[int, ...]:
    return (0, *range(2, x.ndim)) if axis is None else tuple(range(axis, x.ndim))


def _mean(x: Tensor, axis: int | None) -> Tensor:
    return apply(ReduceMean, (x,), {"axis": _axes(x, axis), "keep_dims": True})


def _wide(v: Tensor, x: Tensor, axis: int | None) -> Tensor:
    """Scale or bias in a shape that broadcasts against x."""
    if axis is not None:
        return v
    return apply(Reshape, (v,), {"shape": (1, -1, *[1] * (x.ndim - 2))})


def _flat(v: Tensor, x: Tensor, axis: int | None) -> Tensor:
    return apply(Reshape, (v,), {"shape": (x.shape[1],)}) if axis is None else v


def norm(
    x: Tensor, scale: Tensor, bias: Tensor, axis: int | None, epsilon: float
) -> tuple[Tensor, Tensor, Tensor]:
    mean = _mean(x, axis)
    d = x - mean
    var = _mean(d * d, axis)
    y = d * (_wide(scale, x, axis) / (var + epsilon).sqrt()) + _wide(bias, x, axis)
    return y, _flat(mean, x, axis), _flat(var, x, axis)


def norm_grad(
    dy: Tensor, x: Tensor, scale: Tensor, axis: int | None, epsilon: float
) -> tuple[Tensor, Tensor, Tensor]:
    d = x - _mean(x, axis)
    r = (_mean(d * d, axis) + epsilon).sqrt().reciprocal()
    n = d * r
    over = _axes(x, None) if axis is None else tuple(range(axis))
    sums = [
        apply(ReduceSum, (v,), {"axis": over, "keep_dims": False}) if over else v
        for v in (dy * n, dy)
    ]
    g = dy * _wide(scale, x, axis)
    dx = r * (g - _mean(g, axis) - n * _mean(g * n, axis))
    return dx, *(apply(Reshape, (s,), {"shape": scale.shape}) for s in sums)


RULES: dict[str, Any] = {
    "BatchNorm": norm,
    "BatchNormGrad": norm_grad,
    "LayerNorm": norm,
    "LayerNormGrad": norm_grad,
}
