"""NumPy's mathematics, reductions and rearrangements on tensors."""

from __future__ import annotations

import builtins
from collections.abc import Callable
from typing import Any

import numpy as np

from mslearn import ops
from mslearn.core.dtype import to_numpy
from mslearn.core.tensor import Tensor
from mslearn.numpy.create import asarray as array

__all__ = [
    "amax", "amin", "append", "argmax", "argmin", "argsort", "around", "array_equal",
    "array_split", "atleast_1d", "atleast_2d", "average", "bincount", "broadcast_to", "clip",
    "column_stack", "concatenate", "copy", "cumprod", "cumsum", "diag", "diagonal", "diff", "dot",
    "dstack", "expand_dims", "flip", "hstack", "inner", "isclose", "matmul", "max", "mean", "min",
    "moveaxis", "norm", "outer", "pad", "ravel", "repeat", "reshape", "roll", "rot90", "size",
    "split", "squeeze", "stack", "std", "sum", "swapaxes", "take", "take_along_axis", "tensordot",
    "tile", "trace", "transpose", "unique", "var", "vstack", "where",
]  # fmt: skip

_UNARY = {
    "abs": "abs", "absolute": "abs", "fabs": "abs", "negative": "neg", "exp": "exp",
    "expm1": "expm1", "log": "log", "log1p": "log1p", "log2": "log2", "log10": "log10",
    "sqrt": "sqrt", "square": "square", "reciprocal": "reciprocal", "sin": "sin", "cos": "cos",
    "tan": "tan", "arcsin": "asin", "arccos": "acos", "arctan": "atan", "sinh": "sinh",
    "cosh": "cosh", "tanh": "tanh", "floor": "floor", "ceil": "ceil", "trunc": "trunc",
    "rint": "round", "sign": "sign", "isnan": "isnan", "isinf": "isinf", "isfinite": "isfinite",
    "logical_not": "logical_not",
}  # fmt: skip
_BINARY = {
    "add": "add", "subtract": "sub", "multiply": "mul", "divide": "div", "true_divide": "div",
    "floor_divide": "floor_div", "mod": "floor_mod", "remainder": "floor_mod", "power": "pow",
    "maximum": "maximum", "minimum": "minimum", "arctan2": "atan2", "equal": "equal",
    "not_equal": "not_equal", "greater": "greater", "greater_equal": "greater_equal",
    "less": "less", "less_equal": "less_equal", "logical_and": "logical_and",
    "logical_or": "logical_or", "logical_xor": "logical_xor",
}  # fmt: skip


def _cast(x: Tensor, dtype: Any) -> Tensor:
    return x if dtype is None else ops.cast(x, dtype)


def one(name: str) -> Callable[..., Tensor]:
    operation = getattr(ops, name)

    def function(x: Any, dtype: Any = None) -> Tensor:
        return _cast(operation(array(x)), dtype)

    function.__doc__ = operation.__doc__
    return function


def two(name: str) -> Callable[..., Tensor]:
    operation = getattr(ops, name)

    def function(x1: Any, x2: Any, dtype: Any = None) -> Tensor:
        number = isinstance(x2, bool | int | float) and isinstance(x1, Tensor)
        return _cast(operation(array(x1), x2 if number else array(x2)), dtype)

    function.__doc__ = operation.__doc__
    return function


def elementwise() -> dict[str, Callable[..., Tensor]]:
    """The element-wise functions by NumPy's names."""
    return {
        **{name: one(present) for name, present in _UNARY.items()},
        **{name: two(present) for name, present in _BINARY.items()},
    }


def _axes(axis: Any) -> Any:
    return tuple(axis) if isinstance(axis, list) else axis


def sum(a, axis=None, dtype=None, keepdims=False, initial=None):
    """The sum over `axis`."""
    out = ops.sum(array(a), _axes(axis), keepdims, dtype=None if dtype is None else to_numpy(dtype))
    return out if initial is None else out + initial


def mean(a, axis=None, keepdims=False, dtype=None):
    """The mean over `axis`."""
    return _cast(ops.mean(array(a), _axes(axis), keepdims), dtype)


def max(a, axis=None, keepdims=False, initial=None, where=True):
    """The largest element over `axis`."""
    return ops.amax(array(a), _axes(axis), keepdims)


def min(a, axis=None, keepdims=False, initial=None, where=True):
    """The smallest element over `axis`."""
    return ops.amin(array(a), _axes(axis), keepdims)


amax, amin = max, min


def std(x, axis=None, ddof=0, keepdims=False):
    """The standard deviation over `axis`."""
    return ops.std(array(x), _axes(axis), ddof, keepdims)


def var(x, axis=None, ddof=0, keepdims=False):
    """The variance over `axis`."""
    return ops.var(array(x), _axes(axis), ddof, keepdims)


def average(x, axis=None, weights=None, returned=False):
    """The mean over `axis`, weighted when `weights` are given."""
    t = array(x)
    w = ops.ones_like(t) if weights is None else ops.broadcast_to(array(weights), t.shape)
    total = sum(w, axis)
    out = sum(t * w, axis) / total
    return (out, total) if returned else out


def norm(x, ord=None, axis=None, keepdims=False):
    """The vector norm over `axis`, the 2-norm by default."""
    return ops.norm(array(x), ord, axis, keepdims)


def argmax(a, axis=None):
    """The index of the largest element along `axis`, or of all."""
    return ops.argmax(array(a), axis)


def argmin(a, axis=None):
    """The index of the smallest element along `axis`, or of all."""
    return ops.cast(ops.argmin(array(a), axis), "i4")


def argsort(a, axis=-1):
    """The indices that put the values along `axis` in order."""
    return ops.argsort(array(a), axis)


def cumsum(a, axis=None, dtype=None):
    """The running sum along `axis` (of the flattened tensor when None)."""
    t = array(a)
    return ops.cumsum(ops.ravel(t) if axis is None else t, axis or 0, dtype)


def cumprod(a, axis=None, dtype=None):
    """The running product along `axis` (of the flattened tensor when None)."""
    t = array(a)
    return ops.cumprod(ops.ravel(t) if axis is None else t, axis or 0, dtype)


def clip(x, xmin, xmax, dtype=None):
    """Every element pushed into [xmin, xmax]."""
    return _cast(ops.clip_by_value(array(x), xmin, xmax), dtype)


def where(condition, x=None, y=None):
    """`x` where the condition holds, else `y`; the coordinates of true elements without them."""
    if x is None and y is None:
        return ops.nonzero(array(condition), as_tuple=True)
    if not (isinstance(x, Tensor) or isinstance(y, Tensor)):
        x, y = array(x), array(y)
    return ops.where(array(condition), x, y)


def around(a, decimals=0):
    """Rounded to `decimals` places."""
    return ops.round(array(a), decimals=decimals)


def dot(a, b):
    """NumPy's dot: the last axis of `a` with the last but one of `b`."""
    x, y = array(a), array(b)
    if x.ndim == 0 or y.ndim == 0:
        return x * y
    return tensordot(x, y, ([x.ndim - 1], [builtins.max(y.ndim - 2, 0)]))


def inner(a, b):
    """The sum of products over the last axes."""
    x, y = array(a), array(b)
    return x * y if 0 in (x.ndim, y.ndim) else tensordot(x, y, ([x.ndim - 1], [y.ndim - 1]))


def tensordot(a, b, axes=2):
    """The sum of products over the given axes of `a` and `b`."""
    x, y = array(a), array(b)
    if isinstance(axes, int):
        left, right = list(range(x.ndim - axes, x.ndim)), list(range(axes))
    else:
        left, right = ([v] if isinstance(v, int) else list(v) for v in axes)
    left, right = [v % x.ndim for v in left], [v % y.ndim for v in right]
    rows = [i for i in range(x.ndim) if i not in left]
    cols = [i for i in range(y.ndim) if i not in right]
    n = int(np.prod([x.shape[i] for i in left], dtype=int))
    first = ops.transpose(x, (*rows, *left)).reshape((-1, n))
    second = ops.transpose(y, (*right, *cols)).reshape((n, -1))
    shape = tuple(x.shape[i] for i in rows) + tuple(y.shape[i] for i in cols)
    return ops.matmul(first, second).reshape(shape)


def outer(a, b):
    """Each element of `a` times each of `b`, both flattened."""
    return ops.ravel(array(a)).reshape((-1, 1)) * ops.ravel(array(b)).reshape((1, -1))


def matmul(x1, x2, dtype=None):
    """The matrix product."""
    return _cast(ops.matmul(array(x1), array(x2)), dtype)


def reshape(x, new_shape):
    """The same elements in another shape."""
    return ops.reshape(array(x), (new_shape,) if isinstance(new_shape, int) else new_shape)


def transpose(a, axes=None):
    """The axes in the order `axes`, reversed when None."""
    t = array(a)
    return t.transpose(*axes) if axes else t.transpose()


def squeeze(a, axis=None):
    """Without axes of size 1."""
    return ops.squeeze(array(a), axis)


def stack(arrays, axis=0):
    """Joined along a new axis."""
    return ops.stack([array(a) for a in arrays], axis)


def concatenate(arrays, axis=0):
    """Joined along an axis; all flattened when it is None."""
    xs = [array(a) for a in arrays]
    return ops.concat([ops.ravel(x) for x in xs], 0) if axis is None else ops.concat(xs, axis)


def append(arr, values, axis=None):
    """`values` joined to the end of `arr`."""
    return concatenate((arr, values), axis)


def split(x, indices_or_sections, axis=0):
    """Equal pieces, or pieces that end before the given indices."""
    t = array(x)
    if isinstance(indices_or_sections, int) and t.shape[axis] % indices_or_sections:
        raise ValueError(
            f"For 'split', axis {axis} of size {t.shape[axis]} does not divide into "
            f"{indices_or_sections} equal pieces. Use array_split."
        )
    parts = ops.tensor_split(t, indices_or_sections, axis)
    return parts if isinstance(indices_or_sections, int) else list(parts)


def array_split(x, indices_or_sections, axis=0):
    """Nearly equal pieces."""
    return ops.tensor_split(array(x), indices_or_sections, axis)


def roll(a, shift, axis=None):
    """The elements moved on, those pushed out coming in again."""
    return ops.roll(array(a), shift, axis)


def repeat(a, repeats, axis=None):
    """Each element repeated."""
    return ops.repeat_interleave(array(a), repeats, axis)


def tile(a, reps):
    """The whole repeated."""
    return ops.tile(array(a), (reps,) if isinstance(reps, int) else tuple(reps))


def take(a, indices, axis=None, mode="clip"):
    """The elements (or slices along `axis`) at `indices`."""
    return ops.gather_scatter.take(array(a), array(indices), axis, mode)


def take_along_axis(arr, indices, axis):
    """One element for every place of `indices`."""
    return ops.gather_elements(array(arr), axis, indices)


def pad(arr, pad_width, mode="constant", constant_values=0, **_):
    """More elements around every axis; modes constant, edge, reflect, symmetric, wrap."""
    t = array(arr)
    width = np.broadcast_to(np.asarray(pad_width), (t.ndim, 2)).tolist()
    if mode == "constant":
        return ops.arrange.pad_pairs(t, width, constant_values)
    names = {"edge": "replicate", "wrap": "circular"}
    return ops.arrange.pad_around(t, [tuple(w) for w in width], names.get(mode, mode))


def unique(x, return_inverse=False):
    """The distinct values in order of first occurrence."""
    values, index = ops.unique(ops.ravel(array(x)))
    return (values, index) if return_inverse else values


def bincount(x, weights=None, minlength=0, length=None):
    """How often each number occurs."""
    return ops.bincount(array(x), weights, length or minlength)


def array_equal(a1, a2):
    """Whether shapes and all elements are equal."""
    x, y = array(a1), array(a2)
    return ops.all(ops.equal(x, y)) if x.shape == y.shape else array(False)


def isclose(a, b, rtol=1e-5, atol=1e-8, equal_nan=False):
    """Whether |a - b| <= atol + rtol |b|, element by element."""
    x, y = array(a)._concrete(), array(b)._concrete()
    return Tensor.wrap(np.asarray(np.isclose(x, y, rtol, atol, equal_nan)))


def size(a, axis=None):
    """The number of elements, or of places along `axis`."""
    t = array(a)
    return t.size if axis is None else t.shape[axis]


def _simple(name: str, present: str | None = None) -> Callable[..., Any]:
    operation = getattr(ops, present or name)

    def function(x: Any, *args: Any, **kwargs: Any) -> Any:
        many = isinstance(x, list | tuple)
        return operation([array(v) for v in x] if many else array(x), *args, **kwargs)

    function.__name__, function.__doc__ = name, operation.__doc__
    return function


broadcast_to = _simple("broadcast_to")


def copy(a):
    """A new tensor of the same numbers."""
    return array(a).copy()


def expand_dims(a, axis):
    """New axes of size 1 at the places `axis` of the result."""
    t, axes = array(a), (axis,) if isinstance(axis, int) else tuple(axis)
    for place in sorted(i % (t.ndim + len(axes)) for i in axes):
        t = ops.expand_dims(t, place)
    return t


def flip(m, axis=None):
    """The order along `axis` reversed, along all axes by default."""
    t = array(m)
    return ops.flip(t, tuple(range(t.ndim)) if axis is None else axis)


def rot90(a, k=1, axes=(0, 1)):
    """Turned `k` times by 90 degrees, from the first of `axes` to the second."""
    return ops.rot90(array(a), k, tuple(axes))


moveaxis, ravel, swapaxes = map(_simple, ("moveaxis", "ravel", "swapaxes"))
trace, diff = map(_simple, ("trace", "diff"))
diagonal, hstack, vstack, dstack = map(_simple, ("diagonal", "hstack", "vstack", "dstack"))
column_stack, atleast_1d, atleast_2d = map(_simple, ("column_stack", "atleast_1d", "atleast_2d"))


def diag(v, k=0):
    """A matrix with the vector on the diagonal `k`, or that diagonal of a matrix."""
    t = array(v)
    return ops.diag_embed(t, k) if t.ndim == 1 else ops.diagonal(t, k)
