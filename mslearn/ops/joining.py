"""Joining, cutting, asking for shapes, and small constants."""

from __future__ import annotations

import builtins
import itertools
from typing import Any

import numpy as np

from mslearn.core.dtype import FLOAT32, INT64, to_numpy
from mslearn.core.primitive import apply
from mslearn.core.tensor import Tensor, as_tensor
from mslearn.ops.arrange import pad
from mslearn.ops.creation import full
from mslearn.ops.indexing import where
from mslearn.ops.neural import BiasAdd
from mslearn.ops.reduce import mean, std, sum, var
from mslearn.ops.shape import concat, expand_dims, flip, split

__all__ = [
    "addn", "atleast_1d", "atleast_2d", "atleast_3d", "bias_add", "block_diag",
    "column_stack", "dstack",
    "dtype", "fill", "fills", "fliplr", "flipud", "hsplit", "hstack", "is_tensor", "logspace",
    "make_range", "nan_to_num", "nansum", "narrow", "numel", "rank", "reverse", "scalar_to_array",
    "scalar_to_tensor", "select_scatter", "sequence_mask", "shape", "size", "std_mean",
    "tensor_split", "tril_indices", "triu_indices", "tuple_to_array", "unbind", "var_mean",
    "vsplit", "vstack",
]  # fmt: skip


def shape(input_x):
    """The sizes of the axes, a tuple of ints."""
    return as_tensor(input_x).shape


def dtype(x):
    """The element type."""
    return as_tensor(x).dtype


def size(input_x):
    """The number of elements, an int."""
    return as_tensor(input_x).size


numel = size


def rank(input_x):
    """The number of axes, an int."""
    return as_tensor(input_x).ndim


def bias_add(input_x, bias):
    """A vector added along the channel axis 1."""
    return apply(BiasAdd, (as_tensor(input_x), as_tensor(bias)))


def is_tensor(obj):
    """Whether `obj` is a Tensor."""
    return isinstance(obj, Tensor)


def fill(type, shape, value):
    """`value` in every place of `shape`, in the dtype `type`."""
    return full(shape, value, dtype=type)


def fills(x, value):
    """`value` in every place of the shape and dtype of `x`."""
    t = as_tensor(x)
    return full(t.shape, value, dtype=t.dtype)


def scalar_to_tensor(input_x, dtype=FLOAT32):
    """A number as a 0-d tensor."""
    return Tensor.wrap(np.asarray(input_x, to_numpy(dtype)))


def scalar_to_array(input_x):
    """A number as a 0-d tensor of its own type."""
    return as_tensor(input_x)


def tuple_to_array(input_x):
    """A tuple of numbers as a vector: ints give int32, floats float32."""
    whole = all(isinstance(v, int) for v in input_x)
    return Tensor.wrap(np.array(input_x, np.int32 if whole else np.float32))


def make_range(*args):
    """``tuple(range(…))``."""
    return tuple(range(*map(int, args)))


def tril_indices(row, col, offset=0, *, dtype=INT64):
    """The coordinates (2, n) of the lower triangle of a (row, col) matrix."""
    return Tensor.wrap(np.array(np.tril_indices(row, offset, col), to_numpy(dtype)))


def triu_indices(row, col, offset=0, *, dtype=INT64):
    """The coordinates (2, n) of the upper triangle of a (row, col) matrix."""
    return Tensor.wrap(np.array(np.triu_indices(row, offset, col), to_numpy(dtype)))


def logspace(start, end, steps, base=10, *, dtype=FLOAT32):
    """`steps` powers of `base`, their exponents evenly spaced from `start` to `end`."""
    exponents = np.linspace(float(start), float(end), int(steps))
    return Tensor.wrap((float(base) ** exponents).astype(to_numpy(dtype)))


def sequence_mask(lengths, maxlen=None):
    """True in the first ``lengths[i]`` of `maxlen` places."""
    n = as_tensor(lengths)
    most = int(n.max()) if maxlen is None else int(maxlen)
    return Tensor.wrap(np.arange(most)) < expand_dims(n, -1)


def addn(x):
    """The sum of a list of tensors of one shape."""
    total = as_tensor(x[0])
    for t in x[1:]:
        total = total + t
    return total


def nan_to_num(input, nan=None, posinf=None, neginf=None):
    """NaN and infinities replaced, by 0 and the largest numbers of the dtype by default."""
    x = as_tensor(input)
    if x._value.dtype.kind != "f":
        return x
    limits = np.finfo(x._value.dtype)
    high = float(limits.max) if posinf is None else posinf
    low = float(limits.min) if neginf is None else neginf
    out = where(x.isnan(), 0.0 if nan is None else nan, x)
    return where(x == np.inf, high, where(x == -np.inf, low, out))


def nansum(input, axis=None, keepdims=False, *, dtype=None):
    """The sum over `axis`, NaN counted as 0."""
    x = as_tensor(input)
    return sum(where(x.isnan(), 0.0, x), axis, keepdims, dtype=dtype)


def std_mean(input, axis=None, ddof=0, keepdims=False):
    """The standard deviation and the mean over `axis`."""
    return std(input, axis, ddof, keepdims), mean(input, axis, keepdims)


def var_mean(input, axis=None, ddof=0, keepdims=False):
    """The variance and the mean over `axis`."""
    return var(input, axis, ddof, keepdims), mean(input, axis, keepdims)


def fliplr(input):
    """The order along axis 1 reversed."""
    return flip(input, (1,))


def flipud(input):
    """The order along axis 0 reversed."""
    return flip(input, (0,))


def reverse(x, axis):
    """The order along `axis` reversed."""
    return flip(x, axis)


def block_diag(*inputs):
    """Matrices along the diagonal of a large one, zeros elsewhere."""
    xs = _at_least(inputs, 2)
    width = builtins.sum(x.shape[1] for x in xs)
    before, rows = 0, []
    for x in xs:
        rows.append(pad(x, (before, width - before - x.shape[1])))
        before += x.shape[1]
    return concat(rows, 0)


def narrow(input, axis, start, length):
    """`length` places of `axis`, from `start` on."""
    x = as_tensor(input)
    return x[(*[np.s_[:]] * (axis % x.ndim), np.s_[start : start + length])]


def select_scatter(input, src, axis, index):
    """A copy with `src` written into place `index` of `axis`."""
    out = as_tensor(input).copy()
    out[(*[np.s_[:]] * (axis % out.ndim), int(index))] = src
    return out


def tensor_split(input, indices_or_sections, axis=0):
    """Nearly equal pieces along `axis`, or pieces that end before the given indices."""
    x = as_tensor(input)
    n = x.shape[axis]
    if isinstance(indices_or_sections, int):
        small, more = divmod(n, indices_or_sections)
        sizes = [small + (i < more) for i in range(indices_or_sections)]
    else:
        ends = [builtins.min(builtins.max(i + n * (i < 0), 0), n) for i in indices_or_sections]
        bounds = [0, *ends, n]
        sizes = [builtins.max(b - a, 0) for a, b in itertools.pairwise(bounds)]
    return split(x, sizes, axis)


def hsplit(input, indices_or_sections):
    """Pieces along axis 1 (axis 0 of a vector)."""
    return tensor_split(input, indices_or_sections, 0 if as_tensor(input).ndim == 1 else 1)


def vsplit(input, indices_or_sections):
    """Pieces along axis 0."""
    return tensor_split(input, indices_or_sections, 0)


def unbind(input, dim=0):
    """The slices along `dim`, without that axis."""
    return tuple(s.squeeze(dim) for s in split(as_tensor(input), 1, dim))


def _at_least(x: Any, n: int) -> Any:
    if isinstance(x, tuple | list):
        return tuple(_at_least(v, n) for v in x)
    t = as_tensor(x)
    if n == 3 and t.ndim == 2:
        return expand_dims(t, 2)
    if n == 3 and t.ndim == 1:
        return t.reshape((1, -1, 1))
    return t if t.ndim >= n else t.reshape((1,) * (n - t.ndim) + t.shape)


def atleast_1d(inputs):
    """Numbers as vectors of one element."""
    return _at_least(inputs, 1)


def atleast_2d(inputs):
    """Axes of size 1 in front, until there are two."""
    return _at_least(inputs, 2)


def atleast_3d(inputs):
    """Axes of size 1 around, until there are three."""
    return _at_least(inputs, 3)


def hstack(tensors):
    """Joined along axis 1 (vectors along axis 0)."""
    xs = _at_least(tuple(tensors), 1)
    return concat(xs, 0 if xs[0].ndim == 1 else 1)


def vstack(inputs):
    """Joined along axis 0; vectors count as rows."""
    return concat(_at_least(tuple(inputs), 2), 0)


def dstack(tensors):
    """Joined along axis 2."""
    return concat(_at_least(tuple(tensors), 3), 2)


def column_stack(tensors):
    """Vectors as columns beside one another, or matrices joined along axis 1."""
    xs = [as_tensor(t) for t in tensors]
    return concat([x.reshape((-1, 1)) if x.ndim < 2 else x for x in xs], 1)
