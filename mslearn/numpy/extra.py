"""NumPy's less common functions on tensors.

Those that have a gradient are made of `mslearn.ops`; the rest run in NumPy itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from mslearn import ops
from mslearn.core.dtype import FLOAT32, DType, dtype_of, promote, to_numpy
from mslearn.core.tensor import Tensor
from mslearn.numpy.create import asarray as array

__all__ = [
    "apply_along_axis", "apply_over_axes", "array_equiv", "array_str", "atleast_3d",
    "bitwise_not", "broadcast_arrays", "choose", "diagflat", "divmod", "dsplit", "fix",
    "fliplr", "flipud", "float_power", "heaviside", "hsplit", "in1d", "indices", "invert",
    "isscalar", "mgrid",
    "ogrid", "piecewise", "promote_types", "result_type", "rollaxis", "select", "vsplit",
]  # fmt: skip
INT32 = np.dtype("i4")


def _plain(x: Any) -> Any:
    if isinstance(x, Tensor):
        return x._concrete()
    if isinstance(x, tuple | list):
        return type(x)(map(_plain, x))
    return to_numpy(x) if isinstance(x, DType) else x


def _wrapped(value: Any) -> Any:
    if isinstance(value, tuple | list):
        return type(value)(map(_wrapped, value))
    if not isinstance(value, np.ndarray | np.generic):
        return value
    out = np.asarray(value)
    narrow = {"f": FLOAT32, "i": INT32}.get(out.dtype.kind) if out.dtype.itemsize == 8 else None
    return Tensor.wrap(out.astype(narrow or out.dtype))


def _numpy(name: str, doc: str) -> Callable[..., Any]:
    """NumPy's own function on tensors; wide results become float32 and int32."""
    own = getattr(np, name)

    def function(*args: Any, **kwargs: Any) -> Any:
        out = _wrapped(own(*map(_plain, args), **{k: _plain(v) for k, v in kwargs.items()}))
        if name not in _KINDS:
            return out
        if isinstance(out, Tensor):
            return out.astype(_KINDS[name])
        return (out[0].astype(_KINDS[name]), *out[1:])

    function.__name__, function.__doc__ = name, doc
    return function


_KINDS = {  # what MindSpore gives, where it is neither float32 nor int32 like NumPy's
    "argwhere": "i8", "correlate": "f4", "histogram": "f4", "histogram2d": "f4",
    "histogramdd": "f4", "ravel_multi_index": "f4",
}  # fmt: skip
_FROM_NUMPY = {
    "bartlett": "The Bartlett window.", "blackman": "The Blackman window.",
    "hamming": "The Hamming window.", "hanning": "The Hann window.",
    "argwhere": "The coordinates of what is not 0, one row each.",
    "convolve": "The discrete convolution of two vectors.",
    "correlate": "The cross-correlation of two vectors.",
    "digitize": "The number of the bin of each element.",
    "histogram": "Counts of values in bins, and the bins' edges.",
    "histogram2d": "Counts of pairs in bins, and the edges.",
    "histogramdd": "Counts of points in bins, and the edges.",
    "histogram_bin_edges": "The edges that `histogram` would use.",
    "interp": "The function through the points (xp, fp), linear in between.",
    "intersect1d": "The sorted values that are in both.", "isin": "Which elements are in a set.",
    "setdiff1d": "The sorted values of the first that are not in the second.",
    "ravel_multi_index": "Places in the flattened array from coordinates.",
    "unravel_index": "Coordinates from places in the flattened array.",
    "searchsorted": "Where values would have to be inserted to keep the order.",
    "unwrap": "Angles with jumps of a full turn taken out.",
    "diag_indices": "The coordinates of the main diagonal.",
    "tril_indices": "The coordinates of the lower triangle.",
    "triu_indices": "The coordinates of the upper triangle.",
    "tril_indices_from": "The coordinates of the lower triangle of an array.",
    "triu_indices_from": "The coordinates of the upper triangle of an array.",
    "ix_": "Vectors as an open grid for indexing.",
}  # fmt: skip
_UNARY = {
    "arccosh": "acosh", "arcsinh": "asinh", "arctanh": "atanh", "exp2": "exp2",
    "isneginf": "isneginf", "isposinf": "isposinf", "signbit": "signbit", "positive": "positive",
    "deg2rad": "deg2rad", "rad2deg": "rad2deg", "radians": "deg2rad",
}  # fmt: skip
_BINARY = {
    "bitwise_and": "bitwise_and", "bitwise_or": "bitwise_or", "bitwise_xor": "bitwise_xor",
    "copysign": "copysign", "fmod": "fmod", "gcd": "gcd",
    "hypot": "hypot", "lcm": "lcm", "logaddexp": "logaddexp", "logaddexp2": "logaddexp2",
}  # fmt: skip


def more() -> dict[str, Callable[..., Any]]:
    """The functions that are made from tables, by name."""
    from mslearn.numpy.maths import one, two

    found: dict[str, Callable[..., Any]] = {n: _numpy(n, doc) for n, doc in _FROM_NUMPY.items()}
    found.update({n: one(present) for n, present in _UNARY.items()})
    return {**found, **{n: two(present) for n, present in _BINARY.items()}, "cbrt": cbrt}


def cbrt(x, dtype=None):
    """The cube root, also of negative numbers."""
    t = array(x)
    t = t if t.dtype.numpy.kind == "f" else t.astype(FLOAT32)
    out = ops.sign(t) * ops.abs(t) ** (1 / 3)
    return out if dtype is None else out.astype(dtype)


def indices(dimensions, dtype=INT32, sparse=False):
    """Row, column, … of each place of a shape, one tensor an axis."""
    return [Tensor.wrap(g.astype(to_numpy(dtype))) for g in np.indices(dimensions, sparse=sparse)]


def fix(x):
    """Rounded towards zero."""
    return ops.trunc(array(x))


def float_power(x1, x2, dtype=None):
    """x1 to the power x2 in float32."""
    return ops.pow(array(x1).astype(FLOAT32), array(x2).astype(FLOAT32)).astype(dtype or FLOAT32)


def heaviside(x1, x2, dtype=None):
    """0 below 0, `x2` at 0 and 1 above."""
    out = ops.heaviside(array(x1), array(x2))
    return out if dtype is None else out.astype(dtype)


def invert(x, dtype=None):
    """The bits of integers turned over."""
    out = ops.invert(array(x))
    return out if dtype is None else out.astype(dtype)


bitwise_not = invert


def divmod(x1, x2, dtype=None):
    """(x1 // x2, x1 % x2)."""
    a, b = array(x1), array(x2)
    pair = (a // b, a % b)
    return pair if dtype is None else tuple(p.astype(dtype) for p in pair)


def piecewise(x, condlist, funclist, *args, **kw):
    """Different functions (or numbers) where different conditions hold."""
    t = array(x)
    conditions = [array(c).astype("?") for c in condlist]
    pieces = list(funclist)
    default = pieces.pop() if len(pieces) == len(conditions) + 1 else 0
    out = default(t, *args, **kw) if callable(default) else ops.full_like(t, default)
    for c, piece in zip(conditions, pieces, strict=True):
        value = piece(t, *args, **kw) if callable(piece) else ops.full_like(t, piece)
        out = ops.where(c, value, out)
    return out


def select(condlist, choicelist, default=0):
    """The first choice whose condition holds, else `default`."""
    choices = [array(c) for c in choicelist]
    out = ops.full_like(choices[0], default)
    for c, value in reversed(list(zip(condlist, choices, strict=True))):
        out = ops.where(array(c).astype("?"), value, out)
    return out


def choose(a, choices, mode="clip"):
    """For each place the element of ``choices[a[place]]``."""
    return array(a).choose([array(c) for c in choices], mode)


def apply_along_axis(func1d, axis, arr, *args, **kwargs):
    """A function of vectors on each vector along `axis`."""
    x = ops.moveaxis(array(arr), axis, -1)
    lead, rows = x.shape[:-1], x.reshape((-1, x.shape[-1]))
    results = [array(func1d(row, *args, **kwargs)) for row in rows]
    out = ops.stack(results, 0).reshape((*lead, *results[0].shape))
    at = axis % (len(lead) + 1)
    for k in range(results[0].ndim):
        out = ops.moveaxis(out, len(lead) + k, at + k)
    return out


def apply_over_axes(func, a, axes):
    """A reducing function along several axes, one after the other; the axes stay with size 1."""
    out = array(a)
    for axis in axes if isinstance(axes, tuple | list) else (axes,):
        new = func(out, axis)
        out = new if new.ndim == out.ndim else ops.expand_dims(new, axis)
    return out


def broadcast_arrays(*args):
    """All arrays broadcast to one shape."""
    xs = [array(a) for a in args]
    shape = np.broadcast_shapes(*(x.shape for x in xs))
    return [ops.broadcast_to(x, shape) for x in xs]


def atleast_3d(*arys):
    """Arrays with at least three axes."""
    out = [_deep(array(a)) for a in arys]
    return out[0] if len(out) == 1 else out


def _deep(x: Tensor) -> Tensor:
    shapes = {0: (1, 1, 1), 1: (1, -1, 1), 2: (*x.shape, 1)}
    return x.reshape(shapes[x.ndim]) if x.ndim < 3 else x


def hsplit(x, indices):
    """Parts side by side."""
    return list(ops.hsplit(array(x), indices))


def vsplit(x, indices):
    """Parts one below the other."""
    return list(ops.vsplit(array(x), indices))


def dsplit(x, indices):
    """Parts along axis 2."""
    return list(ops.dsplit(array(x), indices))


def fliplr(m):
    """Left and right exchanged."""
    return ops.fliplr(array(m))


def flipud(m):
    """Up and down exchanged."""
    return ops.flipud(array(m))


def diagflat(v, k=0):
    """A matrix with the flattened input on the diagonal `k`."""
    return ops.diagflat(array(v).ravel(), k)


def rollaxis(x, axis, start=0):
    """An axis moved before the axis `start`."""
    t = array(x)
    at = axis % t.ndim
    target = start % t.ndim if start != t.ndim else t.ndim
    return ops.moveaxis(t, at, target - 1 if target > at else target)


def in1d(ar1, ar2, invert=False):
    """Which elements of the first, flattened, are in the second."""
    return Tensor.wrap(np.isin(_plain(array(ar1)).ravel(), _plain(array(ar2)), invert=invert))


def array_equiv(a1, a2):
    """Whether two arrays are equal after broadcasting."""
    return Tensor.wrap(np.asarray(np.array_equiv(_plain(array(a1)), _plain(array(a2)))))


def array_str(a):
    """The array as text."""
    return str(array(a))


def isscalar(element):
    """Whether the element is a Python number or text."""
    return isinstance(element, bool | int | float | complex | str)


def promote_types(type1, type2):
    """The dtype in which two dtypes meet."""
    return dtype_of(promote(to_numpy(type1), to_numpy(type2)))


def result_type(*arrays_and_dtypes):
    """The dtype in which arrays and dtypes meet."""
    kinds = [a.dtype if isinstance(a, Tensor) else array(a).dtype if not isinstance(a, DType | type)
             else a for a in arrays_and_dtypes]  # fmt: skip
    out = to_numpy(kinds[0])
    for kind in kinds[1:]:
        out = promote(out, to_numpy(kind))
    return dtype_of(out)


class _Grid:
    """``mgrid[0:3, 0:2]``: the coordinates of a grid."""

    def __init__(self, own: Any) -> None:
        self.own = own

    def __getitem__(self, index: Any) -> Any:
        return _wrapped(self.own[index])


mgrid, ogrid = _Grid(np.mgrid), _Grid(np.ogrid)
