"""Tensor methods of the larger families, by name; loaded when all functions are there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from mslearn import ops as o
from mslearn.core.dtype import to_numpy
from mslearn.core.parameter import Parameter
from mslearn.core.primitive import apply
from mslearn.core.tensor import Tensor, as_tensor
from mslearn.ops import arrange
from mslearn.ops.assemble import add_methods
from mslearn.ops.brain_float import bfloat16
from mslearn.ops.families import sum_to
from mslearn.ops.indexing import TENSOR, AddAt
from mslearn.ops.shape import identity
from mslearn.ops.views import is_contiguous, write

_SAME = """
absolute addbmm addcdiv addcmul addmm addmv addr adjoint aminmax angle approximate_equal arccos
arccosh arcsin arcsinh arctan arctan2 arctanh argsort argwhere baddbmm bincount cholesky
cholesky_inverse cholesky_solve col2im conj copysign count_nonzero cov cross cummax cummin cumprod
deg2rad det diag diag_embed diagflat diagonal diagonal_scatter diff divide dot dsplit eigvals eq
expand_as fills fliplr flipud float_power fold frac gather_elements gather_nd ge geqrf ger
greater_equal gt hardshrink histc hsplit i0 igamma igammac imag index_fill index_select inner
inplace_update inv inverse is_complex is_floating_point isclose isneginf isposinf isreal ldexp le
lerp log_matrix_determinant logaddexp2 logcumsumexp logdet logit logsumexp lstsq lt lu_solve
masked_scatter matrix_determinant matrix_power median moveaxis movedim msort multinomial multiply mv
mvlgamma nan_to_num nanmean nanmedian nanquantile nansum narrow ne negative nonzero numel orgqr
ormqr outer pad pinv positive qr quantile rad2deg random_categorical ravel real remainder renorm
repeat_interleave reverse_sequence roll rot90 scatter select_scatter sgn sinc slice_scatter slogdet
soft_shrink sort subtract svd swapdims t take tensor_scatter_add tensor_scatter_div
tensor_scatter_elements tensor_scatter_max tensor_scatter_min tensor_scatter_mul tensor_scatter_sub
tensor_scatter_update tensor_split top_k topk trace true_divide type_as unbind unflatten unfold
unique_consecutive unique_with_pad unsorted_segment_max unsorted_segment_min unsorted_segment_prod
unsorted_segment_sum vsplit
"""


def _repeat(self, *repeats):
    """The whole tensor repeated along its axes, as `tile` does."""
    return o.tile(self, repeats)


def _set_dtype(self, dtype):
    """Change the dtype of this tensor."""
    self.assign_value(o.cast(self, dtype)._value)
    return self.dtype


def _set_const_arg(self, const_arg=True):
    """The tensor itself. (A graph takes tensors of the outside as constants, arguments never.)"""
    if not isinstance(const_arg, bool):
        raise TypeError(f"For 'set_const_arg', const_arg must be a bool, but got {const_arg!r}.")
    return self


def _update(operation: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """The form that ends in an underscore: the handle itself takes the new value."""

    def method(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        new = operation(self, *args, **kwargs)
        if isinstance(self, Parameter):
            return o.assign(self, new)
        write(self, o.cast(new, self.dtype))
        return self

    return method


def _put(self, index, source, accumulate=False):
    """A copy with `source` at the places `index` of the flattened tensor."""
    flat, at, new = self.reshape((-1,)), as_tensor(index).reshape((-1,)), as_tensor(source)
    new = (flat[at] if accumulate else 0) + new.reshape((-1,))
    flat[at] = new
    return flat.reshape(self.shape)


def _index_put(self, indices, values, accumulate=False):
    """A copy with `values` at the places that the index tensors name (added there, if wanted)."""
    out = self + 0
    if accumulate:
        new = o.cast(as_tensor(values), self.dtype)
        template = {"template": (TENSOR,) * len(indices)}
        return apply(AddAt, (out, new, *map(as_tensor, indices)), template)
    out[tuple(indices)] = values
    return out


def _fill_diagonal(self, fill_value, wrap=False):
    """A copy with `fill_value` on the main diagonal (again and again in tall ones with `wrap`)."""
    mask = np.zeros(self.shape, bool)
    np.fill_diagonal(mask, True, wrap)
    return o.where(Tensor.wrap(mask), o.cast(as_tensor(fill_value), self.dtype), self)


def _index_copy(self, dim, index, tensor):
    out = self + 0
    out[(*[slice(None)] * (dim % self.ndim), as_tensor(index))] = tensor
    return out


def _unique(self, sorted=True, return_inverse=False, return_counts=False, dim=None):
    """The different values in order (rows along `dim`), on demand with inverse and counts."""
    found = np.unique(self._concrete(), False, return_inverse, return_counts, dim)
    found = found if isinstance(found, tuple) else (found,)
    parts = [Tensor.wrap(np.asarray(v)) for v in found]
    if return_inverse and dim is None:
        parts[1] = parts[1].reshape(self.shape)
    return tuple(parts) if len(parts) > 1 else parts[0]


def _triangular_solve(self, A, upper=True, transpose=False, unitriangular=False):
    """The x of ``A @ x = self`` for a triangle of `A` (its transpose), and that triangle."""
    part = (o.triu if upper else o.tril)(as_tensor(A))
    if unitriangular:
        part = part.fill_diagonal(1)
    return o.matrix_solve(part.swapaxes(-1, -2) if transpose else part, self), part


def _choose(self, choices, mode="clip"):
    """For each place the element of the tensor ``choices[self[place]]``."""
    options = o.stack([o.broadcast_to(as_tensor(c), self.shape) for c in choices], 0)
    n = options.shape[0]
    at = self.clip(0, n - 1) if mode == "clip" else self % n
    return options.gather_elements(0, at.astype("i8").expand_dims(0))[0]


def _kthvalue(self, k, dim=-1, keepdim=False):
    """The k-th smallest element along `dim` (k counts from 1) and its index."""
    pair = [v[(*[slice(None)] * (dim % self.ndim), slice(k - 1, k))] for v in self.sort(dim)]
    pair[1] = pair[1].astype("i8")
    return tuple(pair) if keepdim else tuple(v.squeeze(dim) for v in pair)


def _sum_to_size(self, *size):
    """The sum over what broadcasting `size` to this tensor's shape would repeat."""
    return sum_to(self, tuple(size[0]) if isinstance(size[0], tuple | list) else size)


def _type(self, dtype=None):
    """The name of the dtype, or a copy in another one."""
    return str(self.dtype) if dtype is None else o.cast(self, dtype)


def _stride(self, dim=None):
    """Elements from one to the next along each axis, or along `dim`."""
    steps = tuple(n // self.itemsize for n in self.strides)
    return steps if dim is None else steps[dim]


def _drawn(draw: Callable[..., Any]) -> Callable[..., Tensor]:
    """A method that fills the tensor with random numbers from ``draw(shape, …)``."""
    return _update(lambda x, *a, generator=None, **k: draw(x.shape, *a, **k))


def _random(shape, from_=0, to=None):
    return o.randint(from_, 2**24 if to is None else to, shape)


def _exponential(shape, lambd=1.0):
    return -(1 - o.rand(*shape)).log() / lambd


METHODS: dict[str, Callable[..., Any]] = {
    **{name: getattr(o, name) for name in _SAME.split()},
    "argmax_with_value": lambda self, axis=0, keep_dims=False: o.max(self, axis, keep_dims),
    "argmin_with_value": lambda self, axis=0, keep_dims=False: o.min(self, axis, keep_dims),
    "bernoulli": lambda x, *, generator=None: o.bernoulli(x, x),
    "bfloat16": lambda x: o.cast(x, bfloat16()),
    "allclose": lambda x, other, rtol=1e-05, atol=1e-08, equal_nan=False: o.isclose(
        x, other, rtol, atol, equal_nan
    ).all().item(), "bitwise_not": o.invert, "byte": lambda x: o.cast(x, "u1"), "choose": _choose,
    "clone": identity, "contiguous": lambda x: x if is_contiguous(x) else identity(x),
    "data_ptr": lambda x: x._concrete().ctypes.data,
    "dim": lambda x: x.ndim, "expand": lambda self, *size: o.expand(self, size),
    "fill": lambda x, value: o.full_like(x, value), "fill_diagonal": _fill_diagonal,
    "index_add": lambda self, *given, **more: (  # (indices, y, axis), or (dim, index, source)
        o.index_add(self, given[1], given[2], given[0]) if given and type(given[0]) is int
        else o.index_add(self, *given, **more)
    ),
    "index_put": _index_put, "invert": o.invert, "is_contiguous": is_contiguous,
    "is_signed": lambda x: x._value.dtype.kind in "ifcV", "kthvalue": _kthvalue,
    "itemset": lambda x, *args: _set_one(x, *args), "log_normal": lambda x, mean=1.0,
    std=2.0: (o.randn(*x.shape) * std + mean).exp(), "move_to": lambda x, to, blocking=True: x,
    "norm": o.norm, "ndimension": lambda x: x.ndim, "nelement": lambda x: x.size,
    "new_empty": lambda x, size, dtype=None: o.zeros(size, dtype or x.dtype),
    "new_full": lambda x, size, fill_value, dtype=None: o.full(
        size, fill_value, dtype=dtype or x.dtype),
    "ptp": lambda self, axis=None, keepdims=False: (
        self.amax(axis, keepdims) - self.amin(axis, keepdims)
    ),
    "repeat": _repeat, "resize": arrange.resize,
    "reshape_as": lambda x, other: x.reshape(other.shape),
    "reverse": o.flip, "set_dtype": _set_dtype, "short": lambda x: o.cast(x, "i2"),
    **{f"scatter_{kind}": getattr(o, f"tensor_scatter_{kind}") for kind in (
        "div", "max", "min", "mul", "sub",
    )},
    "cauchy": lambda x, median=0.0, sigma=1.0: o.Cauchy(x.shape, median, sigma)(),
    "data_sync": lambda x, wait=True: None, "get_bytes": lambda x: x._concrete().tobytes(),
    "index": lambda x, indices: x[tuple(indices)], "is_pinned": lambda x: False,
    "is_shared": lambda x: False, "to_dlpack": lambda x: x.asnumpy().__dlpack__(),
    "triangular_solve": _triangular_solve,
    "scatter_add": lambda self, dim, index, src: o.tensor_scatter_elements(
        self, index, src, dim, "add"
    ),
    "searchsorted": lambda self, v, side="left", sorter=None: o.searchsorted(
        self, v, side=side, sorter=sorter, out_int32=True
    ),
    "select": lambda self, dim, index: self.narrow(dim, index, 1).squeeze(dim),
    "storage_offset": lambda x: 0, "stride": _stride, "sum_to_size": _sum_to_size,
    "to_coo": o.dense_to_sparse_coo, "to_csr": o.dense_to_sparse_csr, "type": _type,
    "uniform": lambda x, from_=0.0, to=1.0, generator=None: o.uniform(
        x.shape, as_tensor(float(from_)), as_tensor(float(to))
    ),
    "unique": _unique, "value": lambda x: x, "view_as": lambda x, other: x.reshape(other.shape),
    "requires_grad_": lambda x, requires_grad=True: None,
    "normal_": _drawn(lambda shape, mean=0.0, std=1.0: o.randn(*shape) * std + mean),
    "uniform_": _drawn(lambda shape, from_=0.0, to=1.0: o.rand(*shape) * (to - from_) + from_),
    "random_": _drawn(_random), "exponential_": _drawn(_exponential),
    "bernoulli_": _drawn(lambda shape, p=0.5: o.rand(*shape) < p),
    **{f"{name}_": _update(getattr(Tensor, name)) for name in (
        "exp", "floor", "masked_fill", "log", "tanh", "sigmoid", "sign", "erfinv", "floor_divide",
        "add", "sub", "mul", "div",
    )},
    **{f"{name}_": _update(getattr(o, name)) for name in (
        "addmm", "index_fill", "masked_scatter", "remainder", "scatter",
    )},
    "clamp_": _update(o.clip_by_value), "fill_": _update(lambda x, value: x * 0 + value),
    "copy_": _update(lambda x, src, non_blocking=False: src), "zero_": _update(lambda x: x * 0),
    "fill_diagonal_": _update(_fill_diagonal), "index_copy_": _update(_index_copy),
    "index_put_": _update(_index_put), "put_": _update(_put),
    "index_add_": _update(lambda x, dim, index, source, *, alpha=1: o.index_add(
        x, as_tensor(index), source * alpha, dim
    )),
    "set_const_arg": _set_const_arg,
    "scatter_add_": _update(lambda x, dim, index, src: x.scatter_add(dim, index, src)),
}  # fmt: skip


def _set_one(x: Tensor, *args: Any) -> Tensor:
    """A copy with the last of `args` at the place that the others name."""
    values = x._concrete().copy()
    place = args[:-1] if len(args) > 1 else (0,) * x.ndim
    place = place[0] if len(place) == 1 else tuple(place)
    if isinstance(place, int):
        values.reshape(-1)[place] = args[-1]
    else:
        values[place] = args[-1]
    return Tensor.wrap(values)


add_methods(METHODS)
Tensor.convert_bytes_to_tensor = staticmethod(  # type: ignore[attr-defined]
    lambda data, shape, dtype: Tensor(np.frombuffer(data, to_numpy(dtype)).reshape(shape).copy())
)
Tensor.mT = property(lambda self: self.swapaxes(-1, -2))  # type: ignore[attr-defined]
Tensor.mH = property(lambda self: self.adjoint())  # type: ignore[attr-defined]
Tensor.H = property(lambda self: self.adjoint())  # type: ignore[attr-defined]
for _name, _value in {
    "const_arg": False, "delta_seed": 0, "device": "CPU", "init_finished": True, "is_meta": False,
    "symbolic_shape": None,
}.items():  # fmt: skip
    setattr(Tensor, _name, property(lambda self, value=_value: value))
