"""Rearranging: padding, rolling, rotating, diagonals, grids; running products."""

from __future__ import annotations

from typing import Any

import numpy as np

from mslearn.core.errors import ShapeError
from mslearn.core.primitive import Primitive, apply
from mslearn.core.tensor import Tensor, as_tensor
from mslearn.ops.control import stop_gradient
from mslearn.ops.families import Linear, floating, normal_axes
from mslearn.ops.indexing import TENSOR, GetItem, SetItem, gather, where
from mslearn.ops.reduce import CumSum, widened
from mslearn.ops.shape import broadcast_to, concat, flip, reshape, split
from mslearn.ops.shape import transpose as permute_axes
from mslearn.ops.views import BACK, view_of

__all__ = [
    "cumprod", "diag", "diag_embed", "diagflat", "diagonal", "diff", "expand_as", "logcumsumexp",
    "logsumexp", "meshgrid", "moveaxis", "movedim", "pad", "ravel", "resize", "roll", "rot90",
    "swapdims", "trace", "unflatten",
]  # fmt: skip
_MODES = {"reflect": "reflect", "replicate": "edge", "circular": "wrap", "symmetric": "symmetric"}


class PadV3(Primitive):
    """`value` around x: `paddings` holds (before, after) for each axis."""

    params = {"paddings": (), "value": 0}
    lower = {"onnx": "Pad"}

    def kernel(x, paddings, value):
        return np.pad(x, paddings, constant_values=value) if paddings else x.copy()

    def infer(x, paddings, value):
        if len(paddings) != len(x.shape) or any(b < 0 or a < 0 for b, a in paddings):
            raise ShapeError(
                f"For 'Pad', one pair (before, after) of numbers >= 0 is needed for each of the "
                f"{len(x.shape)} axes of shape {list(x.shape)}, but got {list(paddings)}."
            )
        return tuple(b + n + a for n, (b, a) in zip(x.shape, paddings, strict=True)), x.dtype

    def vjp(ct, out, x, paddings, value):
        inner = tuple(np.s_[b : b + n] for n, (b, _) in zip(x.shape, paddings, strict=True))
        return (apply(GetItem, (ct,), {"template": inner}),)

    def jvp(tangents, out, x, paddings, value):
        return apply(PadV3, (tangents[0],), {"paddings": paddings, "value": 0})


class CumProd(CumSum):
    """The running product along `axis`. Its gradient divides by x, so it needs x without zeros."""

    def kernel(x, axis, exclusive=False, reverse=False):
        y = np.flip(x, axis) if reverse else x
        if exclusive:
            y = np.roll(y, 1, axis)
            y[(np.s_[:],) * (axis % x.ndim) + (np.s_[:1],)] = 1
        out = np.cumprod(y, axis, dtype=x.dtype)
        return np.flip(out, axis) if reverse else out

    def vjp(ct, out, x, axis, exclusive=False, reverse=False):
        attrs = {"axis": axis, "exclusive": exclusive, "reverse": not reverse}
        return (apply(CumSum, (ct * out,), attrs) / x,)

    def jvp(tangents, out, x, axis, exclusive=False, reverse=False):
        attrs = {"axis": axis, "exclusive": exclusive, "reverse": reverse}
        return out * apply(CumSum, (tangents[0] / x,), attrs)


class MatrixDiagPart(Linear):
    """The diagonal of the last two axes, `offset` places above the main one."""

    params = {"offset": 0}

    def kernel(x, offset):
        return np.diagonal(x, offset, -2, -1)

    def infer(x, offset):
        rows, cols = x.shape[-2:]
        n = min(rows + min(offset, 0), cols - max(offset, 0))
        return (*x.shape[:-2], max(n, 0)), x.dtype

    def vjp(ct, out, x, offset):
        return (_on_diagonal(ct, x._value.shape[-2:], offset),)


def _on_diagonal(values: Tensor, size: tuple[int, ...], offset: int) -> Tensor:
    """Zeros (…, *size) with `values` on the diagonal `offset`."""
    zeros = Tensor.wrap(np.zeros((*values.shape[:-1], *size), values._value.dtype))
    return _put_diagonal(zeros, values, {"offset": offset}, 0)


def _put_diagonal(base: Tensor, values: Tensor, attrs: dict[str, Any], k: int) -> Tensor:
    steps, offset = np.arange(values.shape[-1]), attrs["offset"]
    places = (Tensor.wrap(steps + max(-offset, 0)), Tensor.wrap(steps + max(offset, 0)))
    return apply(SetItem, (base, values, *places), {"template": (Ellipsis, TENSOR, TENSOR)})


BACK[MatrixDiagPart] = _put_diagonal


def pad(input_x, padding, mode="constant", value=None):
    """More elements around the last axes.

    Args:
        padding: (before, after) of the last axis, then of the one before it, and so on;
            negative numbers cut (constant mode).
        mode: ``"constant"`` (with `value`), ``"reflect"``, ``"replicate"`` or ``"circular"``.
    """
    x = as_tensor(input_x)
    flat = [int(p) for p in padding]
    if len(flat) % 2 or len(flat) > 2 * x.ndim:
        raise ValueError(
            f"For 'pad', the padding holds two numbers for each of the last axes, but got "
            f"{flat} for shape {list(x.shape)}."
        )
    pairs = [(0, 0)] * (x.ndim - len(flat) // 2)
    pairs += [(flat[i], flat[i + 1]) for i in range(len(flat) - 2, -1, -2)]
    if mode == "constant":
        return pad_pairs(x, pairs, 0 if value is None else value)
    if mode not in _MODES:
        raise ValueError(f"For 'pad', mode is 'constant' or one of {list(_MODES)}, not {mode!r}.")
    if value is not None:
        raise ValueError(f"For 'pad', a value is only for mode 'constant', not for {mode!r}.")
    return pad_around(x, pairs, mode)


def pad_pairs(x: Tensor, pairs: Any, value: Any = 0) -> Tensor:
    """`value` around `x`: (before, after) for each axis; a negative number cuts."""
    if any(p < 0 for pair in pairs for p in pair):
        cut = zip(x.shape, pairs, strict=True)
        x = x[tuple(np.s_[max(-b, 0) : n - max(-a, 0)] for n, (b, a) in cut)]
    paddings = tuple((max(b, 0), max(a, 0)) for b, a in pairs)
    return apply(PadV3, (x,), {"paddings": paddings, "value": value})


def pad_around(x: Tensor, pairs: Any, mode: str) -> Tensor:
    """`x` continued at its borders; the copied elements get their share of the gradient."""
    for axis, pair in enumerate(pairs):
        if any(pair):
            n = x.shape[axis]
            if mode in ("reflect", "circular") and max(pair) >= n + (mode == "circular"):
                raise ValueError(
                    f"For 'pad' in mode '{mode}', the padding {pair} is too large for axis "
                    f"{axis} of shape {list(x.shape)}."
                )
            index = np.pad(np.arange(n), pair, mode=_MODES[mode])  # type: ignore[call-overload]
            x = gather(x, Tensor.wrap(index), axis)
    return x


def roll(input, shifts, dims=None):
    """The elements moved on by `shifts` along `dims`; those pushed out come in again."""
    x = as_tensor(input)
    if dims is None:
        return roll(x.reshape((-1,)), shifts, 0).reshape(x.shape)
    steps = (shifts,) if isinstance(shifts, int) else tuple(shifts)
    axes = (dims,) if isinstance(dims, int) else tuple(dims)
    for shift, axis in zip(steps * (len(axes) if len(steps) == 1 else 1), axes, strict=True):
        n = x.shape[axis]
        cut = -shift % n if n else 0
        if cut:
            x = concat(split(x, [cut, n - cut], axis)[::-1], axis)
    return x


def rot90(input, k, dims):
    """Turned k times by a right angle from the first of the axes `dims` to the second."""
    x = as_tensor(input)
    a, b = (d % x.ndim for d in dims)
    order = list(range(x.ndim))
    order[a], order[b] = b, a
    turns = {0: lambda v: v, 2: lambda v: flip(v, (a, b))}
    turns[1] = lambda v: permute_axes(flip(v, (b,)), tuple(order))
    turns[3] = lambda v: flip(permute_axes(v, tuple(order)), (b,))
    return turns[k % 4](x)


def diagonal(input, offset=0, dim1=0, dim2=1):
    """The diagonal of the plane of `dim1` and `dim2`, as the last axis."""
    return view_of(MatrixDiagPart, moveaxis(input, (dim1, dim2), (-2, -1)), {"offset": offset})


def diag(input):
    """A square matrix with the vector on its diagonal; shape (a, b) gives (a, b, a, b)."""
    x = as_tensor(input)
    if x.ndim == 0:
        raise ValueError("For 'diag', the input needs at least one axis, but it is a number.")
    return _on_diagonal(x.reshape((-1,)), (x.size, x.size), 0).reshape(x.shape * 2)


def diagflat(input, offset=0):
    """A square matrix with the flattened elements on the diagonal `offset`."""
    return diag_embed(as_tensor(input).reshape((-1,)), offset)


def diag_embed(input, offset=0, dim1=-2, dim2=-1):
    """Matrices with the last axis on their diagonal `offset`."""
    x = as_tensor(input)
    n = x.shape[-1] + abs(offset)
    return moveaxis(_on_diagonal(x, (n, n), offset), (-2, -1), (dim1, dim2))


def trace(input):
    """The sum of the diagonal of a matrix."""
    return diagonal(input).sum()


def meshgrid(*inputs, indexing="xy"):
    """Coordinate grids of vectors; ``"ij"`` keeps the order, ``"xy"`` swaps the first two axes."""
    vectors = inputs[0] if len(inputs) == 1 and isinstance(inputs[0], tuple | list) else inputs
    xs = [as_tensor(v).reshape((-1,)) for v in vectors]
    if any(as_tensor(v).ndim > 1 for v in vectors):
        raise ValueError(
            f"For 'meshgrid', the inputs must be vectors, but got shapes "
            f"{[list(as_tensor(v).shape) for v in vectors]}."
        )
    if indexing not in ("xy", "ij"):
        raise ValueError(f"For 'meshgrid', indexing is 'xy' or 'ij', but got {indexing!r}.")
    place = list(range(len(xs)))
    if indexing == "xy" and len(xs) > 1:
        place[:2] = [1, 0]
    size = [0] * len(xs)
    for x, p in zip(xs, place, strict=True):
        size[p] = x.size
    shaped = [
        reshape(x, tuple(-1 if i == p else 1 for i in range(len(xs))))
        for x, p in zip(xs, place, strict=True)
    ]
    return tuple(broadcast_to(x, tuple(size)) for x in shaped)


def logsumexp(input, dim, keepdim=False):
    """``log(sum(exp(x)))`` over `dim` without overflow."""
    x = floating(input)
    dim = tuple(dim) if isinstance(dim, list) else dim
    top = stop_gradient(x.amax(dim, True))
    top = where(top.isfinite(), top, top * 0)
    out = (x - top).exp().sum(dim, True).log() + top
    return out if keepdim else out.squeeze(normal_axes("logsumexp", x.ndim, dim))


def logcumsumexp(input, axis):
    """The running ``log(sum(exp(x)))`` along `axis`."""
    x = floating(input)
    top = stop_gradient(x.amax(axis, True))
    return (x - top).exp().cumsum(axis).log() + top


def cumprod(input, dim, dtype=None):
    """The running product along `dim`."""
    return apply(CumProd, (widened(input, dtype),), {"axis": int(dim)})


def diff(x, n=1, axis=-1, prepend=None, append=None):
    """The n-th difference of neighbours along `axis`."""
    parts = [as_tensor(p) for p in (prepend, x, append) if p is not None]
    t = concat(parts, axis) if len(parts) > 1 else parts[0]
    for _ in range(n):
        size = t.shape[axis]
        first, last = split(t, [1, size - 1], axis)[1], split(t, [size - 1, 1], axis)[0]
        t = first - last
    return t


def moveaxis(x, source, destination):
    """The axes `source` moved to the places `destination`; the others keep their order."""
    t = as_tensor(x)
    ends = [(v,) if isinstance(v, int) else tuple(v) for v in (source, destination)]
    a, b = ([v % t.ndim for v in end] for end in ends)
    order = [i for i in range(t.ndim) if i not in a]
    for to, axis in sorted(zip(b, a, strict=True)):
        order.insert(to, axis)
    return t if order == sorted(order) else permute_axes(t, tuple(order))


movedim = moveaxis


def swapdims(input, dim0, dim1):
    """Two axes exchanged."""
    return as_tensor(input).swapaxes(dim0, dim1)


def expand_as(self, other):
    """Repeated to the shape of `other`."""
    return broadcast_to(self, other.shape)


def resize(self, *new_shape):
    """The elements in another shape; cut off, or filled up with zeros."""
    size = new_shape[0] if len(new_shape) == 1 and not isinstance(new_shape[0], int) else new_shape
    flat, n = as_tensor(self).reshape((-1,)), int(np.prod(size, dtype=int))
    flat = flat[:n] if n <= flat.size else pad_pairs(flat, [(0, n - flat.size)])
    return flat.reshape(tuple(size))


def ravel(input):
    """All elements as a vector."""
    return as_tensor(input).reshape((-1,))


def unflatten(input, dim, sizes):
    """Axis `dim` cut into axes of the given sizes."""
    x = as_tensor(input)
    d = dim % x.ndim
    return x.reshape((*x.shape[:d], *sizes, *x.shape[d + 1 :]))
