"""Operations that move, repeat, join and cut, without arithmetic."""

from __future__ import annotations

from typing import Any

import numpy as np

from mslearn.core.dtype import DType, promote, to_numpy
from mslearn.core.errors import ShapeError
from mslearn.core.primitive import Primitive, apply, registry
from mslearn.core.tensor import Tensor, as_tensor
from mslearn.ops.families import BroadcastTo, Linear, Reshape, normal_axes
from mslearn.ops.families import cast as to_dtype
from mslearn.ops.views import BACK, REPEATS, last_changed, link, view_of

__all__ = [
    "broadcast_to", "cast", "cat", "chunk", "concat", "expand_dims", "flatten", "flip",
    "permute", "reshape", "split", "squeeze", "stack", "swapaxes", "tile", "transpose",
    "unsqueeze", "unstack",
]  # fmt: skip


class Transpose(Linear):
    """The axes in the order `perm`."""

    static = {"perm": ()}
    lower = {"onnx": "Transpose"}

    def kernel(x, perm):
        return x.transpose(perm)

    def infer(x, perm):
        n = len(x.shape)
        if sorted(p + n if -n <= p < 0 else p for p in perm) != list(range(n)):
            raise ShapeError(
                f"For 'Transpose', the axes {list(perm)} are no permutation of the "
                f"{len(x.shape)} axes of shape {list(x.shape)}. Name each axis once."
            )
        return tuple(x.shape[p] for p in perm), x.dtype

    def vjp(ct, out, x, perm):
        n = len(perm)
        inverse = tuple(int(i) for i in np.argsort([p % n for p in perm])) if n else ()
        return (apply(Transpose, (ct,), {"perm": inverse}),)


class Concat(Primitive):
    """Tensors joined along an axis that they have."""

    params = {"axis": 0}
    variadic = True
    lower = {"onnx": "Concat"}

    def kernel(*xs, axis):
        return np.concatenate(xs, axis)

    def infer(*xs, axis):
        first = xs[0].shape
        (at,) = normal_axes("Concat", len(first), axis)
        for x in xs[1:]:
            if len(x.shape) != len(first) or any(
                a != b for i, (a, b) in enumerate(zip(first, x.shape, strict=True)) if i != at
            ):
                raise ShapeError(
                    f"For 'Concat', the shapes {[list(x.shape) for x in xs]} differ in more than "
                    f"axis {axis}. All other sizes must be equal."
                )
        total = sum(x.shape[at] for x in xs)
        return (*first[:at], total, *first[at + 1 :]), xs[0].dtype

    def vjp(ct, out, *xs, axis):
        sizes = [x._value.shape[axis] for x in xs]
        return apply(Split, (ct,), {"axis": axis, "sizes": tuple(sizes)})

    def jvp(tangents, out, *xs, axis):
        filled = [
            t if t is not None else Tensor.wrap(np.zeros(x.shape, x._value.dtype))
            for t, x in zip(tangents, xs, strict=True)
        ]
        return apply(Concat, tuple(filled), {"axis": axis})


class Split(Primitive):
    """Cut along an axis into pieces of the given sizes."""

    params = {"axis": 0, "sizes": ()}
    lower = {"onnx": "Split"}

    def kernel(x, axis, sizes):
        return tuple(np.split(x, np.cumsum(sizes)[:-1], axis))[: len(sizes)]

    def infer(x, axis, sizes):
        (at,) = normal_axes("Split", len(x.shape), axis)
        if sum(sizes) != x.shape[at]:
            raise ShapeError(
                f"For 'Split', the sizes {list(sizes)} add up to {sum(sizes)}, but axis {axis} of "
                f"shape {list(x.shape)} has {x.shape[at]}."
            )
        shapes = tuple((*x.shape[:at], n, *x.shape[at + 1 :]) for n in sizes)
        return shapes, tuple(x.dtype for _ in sizes)

    def vjp(ct, out, x, axis, sizes):
        return (apply(Concat, tuple(ct), {"axis": axis}),)

    def jvp(tangents, out, x, axis, sizes):
        return apply(Split, (tangents[0],), {"axis": axis, "sizes": sizes})


class Tile(Linear):
    """The whole tensor repeated `multiples` times along each axis."""

    static = {"multiples": ()}
    lower = {"onnx": "Tile"}

    def kernel(x, multiples):
        return np.tile(x, multiples)

    def infer(x, multiples):
        n = max(len(multiples), len(x.shape))
        shape = (1,) * (n - len(x.shape)) + x.shape
        times = (1,) * (n - len(multiples)) + tuple(multiples)
        return tuple(a * b for a, b in zip(shape, times, strict=True)), x.dtype

    def vjp(ct, out, x, multiples):
        shape = x._value.shape
        n = max(len(multiples), len(shape))
        sizes = (1,) * (n - len(shape)) + shape
        times = (1,) * (n - len(multiples)) + tuple(multiples)
        pairs = tuple(v for pair in zip(times, sizes, strict=True) for v in pair)
        folded = apply(Reshape, (ct,), {"shape": pairs})
        summed = folded.sum(tuple(range(0, 2 * n, 2)))
        return (apply(Reshape, (summed,), {"shape": shape}),)


class Flip(Linear):
    """The order of the elements along `axis` reversed."""

    name = "ReverseV2"
    params = {"axis": ()}

    def kernel(x, axis):
        return np.flip(x, axis)

    def infer(x, axis):
        return x.shape, x.dtype

    def vjp(ct, out, x, axis):
        return (apply(Flip, (ct,), {"axis": axis}),)


def _sizes(name: str, values: Any) -> tuple[int, ...]:
    if len(values) == 1 and isinstance(values[0], tuple | list | Tensor):
        values = values[0]
    out = tuple(int(v) if isinstance(v, Tensor | np.integer) else v for v in values)
    for v in out:
        if not isinstance(v, int) or isinstance(v, bool):
            raise TypeError(f"For '{name}', every size must be an int, but got {v!r}.")
    return out


def _back_in_order(base, view, attrs, k):
    order = [p % base.ndim for p in attrs["perm"]]
    return apply(Transpose, (view,), {"perm": tuple(int(i) for i in np.argsort(order))})


def _back_among(base, view, attrs, k):
    start = sum(attrs["sizes"][:k])
    place = (slice(None),) * attrs["axis"] + (slice(start, start + attrs["sizes"][k]),)
    return apply(registry["SetItem"], (base, view), {"template": place})


BACK[Reshape] = lambda base, view, attrs, k: apply(Reshape, (view,), {"shape": base.shape})


BACK[BroadcastTo] = last_changed
REPEATS.add(BroadcastTo)
BACK[Transpose], BACK[Split] = _back_in_order, _back_among


def _windows(self, x, *rest):
    attrs = {**self.static, **self.attrs, **dict(zip(self.static, rest, strict=False))}
    return view_of(type(self), as_tensor(x), attrs)


for _prim in (Reshape, Transpose, BroadcastTo):
    _prim.__call__ = _windows  # type: ignore[method-assign]


def reshape(input, shape):
    """The same elements in another shape; one size may be -1."""
    return view_of(Reshape, as_tensor(input), {"shape": _sizes("reshape", (shape,))})


def view(self, *shape):
    """The same elements in another shape: ``x.view(2, -1)`` or ``x.view((2, -1))``.

    With a dtype: a tensor of the same bytes, read as numbers of that dtype.
    """
    if len(shape) == 1 and isinstance(shape[0], DType):
        return Tensor.wrap(np.ascontiguousarray(self._concrete()).view(to_numpy(shape[0])).copy())
    return view_of(Reshape, self, {"shape": _sizes("view", shape)})


def reshape_method(self, *shape):
    """The same elements in another shape: ``x.reshape(2, -1)`` or ``x.reshape((2, -1))``."""
    return view_of(Reshape, self, {"shape": _sizes("reshape", shape)})


def transpose(input, dims):
    """The axes in the order `dims`, a permutation of all of them."""
    return view_of(Transpose, as_tensor(input), {"perm": _sizes("transpose", (dims,))})


def transpose_method(self, *axes, **dims):
    """Two numbers exchange two axes; a tuple, or all axes, gives their order; None reverses it.

    ``x.transpose(0, 1)`` (also as ``dim0=0, dim1=1``) turns a matrix over, as in MindSpore 2.10;
    ``x.transpose((0, 1))`` leaves it as it is.
    """
    axes = (*axes, *(dims.pop(key) for key in ("dim0", "dim1") if key in dims))
    if dims:
        raise TypeError(f"For 'transpose', the axes have no names such as {list(dims)}.")
    if len(axes) == 2 and not any(isinstance(axis, (tuple, list)) for axis in axes):
        return swapaxes(self, *axes)
    reverse = not axes or axes == (None,)
    perm = tuple(reversed(range(self.ndim))) if reverse else _sizes("transpose", axes)
    return view_of(Transpose, self, {"perm": perm})


def permute(input, axis):
    """The axes in the order `axis`."""
    return transpose(input, axis)


def swapaxes(input, axis0, axis1):
    """Two axes exchanged."""
    x = as_tensor(input)
    (a,), (b,) = normal_axes("swapaxes", x.ndim, axis0), normal_axes("swapaxes", x.ndim, axis1)
    perm = list(range(x.ndim))
    perm[a], perm[b] = perm[b], perm[a]
    return view_of(Transpose, x, {"perm": tuple(perm)})


def flatten(input, order="C", *, start_dim=1, end_dim=-1):
    """The axes from `start_dim` to `end_dim` as one; by default all but the first (the batch)."""
    x = as_tensor(input)
    if order not in ("C", "F"):
        raise ValueError(f"For 'flatten', the order must be 'C' or 'F', but got {order!r}.")
    if x.ndim == 0:
        return view_of(Reshape, x, {"shape": (1,)})
    window = order == "C" and (x.ndim < 2 or (start_dim, end_dim) != (1, -1))
    x = x if order == "C" else transpose_method(x)
    if start_dim == 1 and x.ndim == 1:
        start_dim = 0
    (a,), (b,) = normal_axes("flatten", x.ndim, start_dim), normal_axes("flatten", x.ndim, end_dim)
    if a > b:
        raise ValueError(
            f"For 'flatten', start_dim must not come after end_dim, but got {start_dim} and "
            f"{end_dim} for shape {list(x.shape)}."
        )
    middle = int(np.prod(x.shape[a : b + 1], dtype=int))
    whole = {"shape": (*x.shape[:a], middle, *x.shape[b + 1 :])}
    return view_of(Reshape, x, whole) if window else apply(Reshape, (x,), whole)


def expand_dims(input_x, axis):
    """A new axis of size 1 at `axis`."""
    x = as_tensor(input_x)
    if isinstance(axis, tuple | list):
        raise TypeError(f"For 'expand_dims', the axis is one int, but got {axis}.")
    (at,) = normal_axes("expand_dims", x.ndim + 1, axis)
    return view_of(Reshape, x, {"shape": (*x.shape[:at], 1, *x.shape[at:])})


def unsqueeze(input, dim):
    """A new axis of size 1 at `dim`."""
    return expand_dims(input, dim)


def squeeze(input, axis=None):
    """Without the axes of size 1 (all of them, or those in `axis`); other axes stay."""
    x = as_tensor(input)
    if axis is None:
        gone = tuple(i for i, n in enumerate(x.shape) if n == 1)
    else:
        gone = tuple(i for i in normal_axes("squeeze", x.ndim, axis) if x.shape[i] == 1)
    return view_of(Reshape, x, {"shape": tuple(n for i, n in enumerate(x.shape) if i not in gone)})


def broadcast_to(input, shape):
    """Repeat along axes of size 1 and new leading axes; -1 keeps a size."""
    x = as_tensor(input)
    wanted = _sizes("broadcast_to", (shape,))
    lead = len(wanted) - x.ndim
    full = tuple(x.shape[i - lead] if n == -1 and i >= lead else n for i, n in enumerate(wanted))
    return view_of(BroadcastTo, x, {"shape": full})


def concat(tensors, axis=0):
    """The tensors joined along `axis`; other sizes must be equal."""
    if isinstance(tensors, Tensor):
        raise TypeError("For 'concat', the tensors are a tuple or list, but got a Tensor.")
    xs = [as_tensor(t) for t in tensors]
    if not xs:
        raise ValueError("For 'concat', at least one tensor is needed, but got none.")
    dtype = xs[0]._value.dtype
    for x in xs[1:]:
        dtype = promote(dtype, x._value.dtype)
    return apply(Concat, tuple(to_dtype(x, dtype) for x in xs), {"axis": axis})


cat = concat


def stack(tensors, axis=0):
    """The tensors joined along a new axis; all shapes must be equal."""
    xs = [as_tensor(t) for t in tensors]
    if len({x.shape for x in xs}) > 1:
        raise ShapeError(
            f"For 'stack', all shapes must be equal, but got {[list(x.shape) for x in xs]}."
        )
    return concat([expand_dims(x, axis) for x in xs], axis)


def split(tensor, split_size_or_sections, axis=0):
    """Pieces of the given size (the last may be smaller) or sizes along `axis`, as a tuple."""
    x = as_tensor(tensor)
    (at,) = normal_axes("split", x.ndim, axis)
    n, sizes = x.shape[at], split_size_or_sections
    if isinstance(sizes, int):
        if sizes <= 0:
            raise ValueError(f"For 'split', the size must be positive, but got {sizes}.")
        sizes = [min(sizes, n - i) for i in range(0, n, sizes)]
    elif sum(sizes) != n or min(sizes, default=0) < 0:
        raise (ValueError if min(sizes, default=0) >= 0 else TypeError)(
            f"For 'split', the sizes must be positive and add up to {n}, but got {sizes}."
        )
    out = view_of(Split, x, {"axis": at, "sizes": tuple(sizes)})
    return out if isinstance(out, tuple) else (out,)


def chunk(input, chunks, axis=0):
    """At most `chunks` pieces of equal size (the last may be smaller) along `axis`."""
    x = as_tensor(input)
    if not chunks:
        raise ValueError(f"For 'chunk', the number of chunks must be positive, but got {chunks}.")
    return split(x, -(-x.shape[axis] // chunks), axis)


def unstack(input_x, axis=0):
    """The slices along `axis` as a tuple, without that axis."""
    x = as_tensor(input_x)
    return tuple(squeeze(piece, axis) for piece in split(x, 1, axis))


def tile(input, dims):
    """The whole tensor repeated `dims[i]` times along axis i."""
    return apply(Tile, (as_tensor(input),), {"multiples": _sizes("tile", (dims,))})


def flip(input, dims):
    """The order along the axes `dims` reversed."""
    x = as_tensor(input)
    return apply(Flip, (x,), {"axis": normal_axes("flip", x.ndim, dims)})


def cast(input, dtype):
    """The tensor in another dtype."""
    return to_dtype(as_tensor(input), to_numpy(dtype))


def identity(x):
    """The tensor itself, as a new value: a gradient by the copy is not one by the original."""
    return apply(Identity, (as_tensor(x),))


class Identity(Linear):
    """The same numbers as a value of their own."""

    lower = {"onnx": "Identity"}

    def kernel(x):
        return x.view()

    def infer(x):
        return x.shape, x.dtype

    def vjp(ct, out, x):
        return (ct,)


BACK[Identity] = lambda base, view, attrs, k: view
Tensor._share = lambda self, base: link(self, base, Identity, {})  # type: ignore[assignment]
