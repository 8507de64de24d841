"""The functions of `mint`: those of `ops` under PyTorch's names, arguments and dtypes."""

from __future__ import annotations

from typing import Any

import numpy as np

from mslearn import ops
from mslearn.core.dtype import bool_, float32, int64
from mslearn.core.tensor import Tensor, as_tensor
from mslearn.mint.build import functions

_SAME = """
    abs acos acosh addbmm addcdiv addmm addmv arange arccos arccosh arcsinh arctan arctan2 arctanh
    asin asinh atan atan2 atanh bitwise_and bitwise_or bitwise_xor broadcast_to ceil cos cosh
    cumprod dot einsum eq erf erfc erfinv exp exp2 expm1 eye flip float_power floor full full_like
    ge greater greater_equal gt hstack dstack inverse isclose isfinite isinf le lerp less
    less_equal log log10 log1p log2 logaddexp logaddexp2 logical_and logical_not logical_or
    logical_xor logsumexp lt masked_select matmul maximum minimum mm mul nan_to_num ne neg
    negative nonzero not_equal ones_like outer pow ravel reciprocal reshape roll round rsqrt
    searchsorted sigmoid sign sin sinc sinh square sum swapaxes tan tanh tile trace tril triu
    trunc unbind unsqueeze where xlogy zeros_like unique_consecutive gcd real imag
"""

_TABLE = {
    "add(input, other, *, alpha=1)": "ops.add(input, _times(other, alpha))",
    "sub(input, other, *, alpha=1)": "ops.sub(input, _times(other, alpha))",
    "all(input, dim=None, keepdim=False)": "ops.all(input, dim, keepdim)",
    "any(input, dim=None, keepdim=False)": "ops.any(input, dim, keepdim)",
    "amax(input, dim=(), keepdim=False)": "ops.amax(input, _axes(dim), keepdim)",
    "amin(input, dim=(), keepdim=False)": "ops.amin(input, _axes(dim), keepdim)",
    "argmax(input, dim=None, keepdim=False)": "_long(ops.argmax(input, dim, keepdim))",
    "argmin(input, dim=None, keepdim=False)": "_long(ops.argmin(input, dim, keepdim))",
    "argsort(input, dim=-1, descending=False, stable=False)": "_long(ops.sort(input, dim, "
    "descending)[1])",
    "addr_(input, vec1, vec2, beta=1, alpha=1)": "ops.assign(input, ops.addr(input, vec1, vec2, "
    "beta=beta, alpha=alpha))",
    "baddbmm(input, batch1, batch2, *, beta=1, alpha=1)": "ops.baddbmm(input, batch1, batch2, "
    "beta, alpha)",
    "bernoulli(input, *, generator=None)": "ops.bernoulli(input, input)",
    "bitwise_not(input)": "_not(input)",
    "bincount(input, weights=None, minlength=0)": "_bincount(input, weights, minlength)",
    "bmm(input, mat2)": "ops.bmm(input, mat2)",
    "cat(tensors, dim=0)": "ops.cat(tensors, dim)",
    "concat(tensors, dim=0)": "ops.cat(tensors, dim)",
    "cdist(x1, x2, p=2.0, compute_mode='use_mm_for_euclid_dist_if_necessary')": "ops.cdist("
    "x1, x2, p)",
    "chunk(input, chunks, dim=0)": "ops.chunk(input, chunks, dim)",
    "clamp(input, min=None, max=None)": "ops.clamp(input, min, max)",
    "clip(input, min=None, max=None)": "ops.clip_by_value(input, min, max)",
    "clone(input)": "ops.add(input, 0)",
    "count_nonzero(input, dim=None)": "ops.sum(_long(ops.ne(input, 0)), dim)",
    "cummax(input, dim)": "_with_long(ops.cummax(input, dim))",
    "cummin(input, dim)": "_with_long(ops.cummin(input, dim))",
    "cumsum(input, dim, dtype=None)": "ops.cumsum(_as(input, dtype), dim)",
    "diff(input, n=1, dim=-1, prepend=None, append=None)": "ops.diff(input, n, dim, prepend, "
    "append)",
    "div(input, other, *, rounding_mode=None)": "_div(input, other, rounding_mode)",
    "divide(input, other, *, rounding_mode=None)": "_div(input, other, rounding_mode)",
    "empty(*size, dtype=None, device=None)": "ops.zeros(_size(size), dtype or float32)",
    "empty_like(input, *, dtype=None, device=None)": "ops.zeros_like(input, dtype=dtype)",
    "equal(input, other)": "input.shape == other.shape and bool(ops.eq(input, other).all())",
    "arcsin(x)": "ops.asin(x)",
    "frac(input)": "ops.frac(input)",
    "isnan(tensor)": "ops.isnan(tensor)",
    "sqrt(input)": "ops.sqrt(input)",
    "linspace(start, end, steps, *, dtype=None)": "_as(ops.linspace(start, end, steps), dtype)",
    "addcmul(input, tensor1, tensor2, *, value=1)": "ops.addcmul(input, tensor1, tensor2, value)",
    "fix(input)": "ops.trunc(input)",
    "flatten(input, start_dim=0, end_dim=-1)": "ops.flatten(input, start_dim=start_dim, "
    "end_dim=end_dim + input.ndim * (end_dim < 0))",  # (all from axis 1 would be a copy)
    "floor_divide(input, other)": "_div(input, other, 'floor')",
    "fmod(input, other)": "ops.sub(input, ops.mul(_div(input, other, 'trunc'), other))",
    "gather(input, dim, index)": "ops.gather_elements(input, dim, index)",
    "histc(input, bins=100, min=0, max=0)": "ops.histc(input, bins, float(min), float(max))",
    "index_add(input, dim, index, source, *, alpha=1)": "_index_add(input, dim, index, source, "
    "alpha)",
    "triangular_solve(b, A, upper=True, transpose=False, unitriangular=False)": "b."
    "triangular_solve(A, upper, transpose, unitriangular)",
    "conv_tbc(input, weight, bias, pad=0)": "ops.conv1d(input.transpose(1, 2, 0), "
    "weight.transpose(2, 1, 0), bias, pad_mode='pad', padding=pad).transpose(2, 0, 1)",
    "npu_gelu(input, approximate='none')": "ops.gelu(input, approximate)",
    "index_select(input, dim, index)": "ops.index_select(input, dim, index)",
    "isneginf(input)": "ops.eq(input, float('-inf'))",
    "kthvalue(input, k, dim=-1, keepdim=False)": "_kth(input, k, dim, keepdim)",
    "mean(input, dim=None, keepdim=False, *, dtype=None)": "ops.mean(_as(input, dtype), dim, "
    "keepdim)",
    "meshgrid(*tensors, indexing=None)": "ops.meshgrid(*tensors, indexing=indexing or 'ij')",
    "multinomial(input, num_samples, replacement=False, *, generator=None)": "_long("
    "ops.multinomial(input, num_samples, replacement))",
    "mv(input, vec)": "ops.mv(input, vec)",
    "nansum(input, dim=None, keepdim=False, *, dtype=None)": "ops.nansum(input, dim, keepdim, "
    "dtype=dtype)",
    "narrow(input, dim, start, length)": "ops.narrow(input, dim, start, length)",
    "permute(input, dims)": "ops.permute(input, dims)",
    "polar(abs, angle)": "_polar(abs, angle)",
    "prod(input, dim=None, keepdim=False, *, dtype=None)": "ops.prod(_as(input, dtype), dim, "
    "keepdim)",
    "normal(mean=0.0, std=1.0, size=None, generator=None)": "_normal(mean, std, size)",
    "rand(*size, generator=None, dtype=None, device=None)": "ops.rand(*_size(size), dtype=dtype)",
    "rand_like(input, *, dtype=None, device=None)": "ops.rand_like(input, dtype=dtype)",
    "randint(*args, generator=None, dtype=None, device=None)": "_randint(args, dtype)",
    "randint_like(input, *args, dtype=None, device=None)": "_randint((*args, input.shape), "
    "dtype or input.dtype)",
    "randn(*size, generator=None, dtype=None, device=None)": "ops.randn(*_size(size), "
    "dtype=dtype)",
    "randn_like(input, *, dtype=None, device=None)": "ops.randn_like(input, dtype=dtype)",
    "randperm(n, *, generator=None, dtype=int64)": "ops.randperm(n, dtype=dtype)",
    "remainder(input, other)": "ops.sub(input, ops.mul(_div(input, other, 'floor'), other))",
    "repeat_interleave(input, repeats, dim=None, *, output_size=None)": "ops.repeat_interleave("
    "input, repeats, dim)",
    "scatter(input, dim, index, src)": "_scatter(input, dim, index, src, 'none')",
    "scatter_add(input, dim, index, src)": "_scatter(input, dim, index, src, 'add')",
    "select(input, dim, index)": "ops.squeeze(ops.narrow(input, dim, index, 1), dim)",
    "softmax(input, dim, *, dtype=None)": "ops.softmax(input, dim, dtype=dtype)",
    "sort(input, *, dim=-1, descending=False, stable=False)": "_with_long(ops.sort(input, dim, "
    "descending))",
    "split(tensor, split_size_or_sections, dim=0)": "ops.split(tensor, split_size_or_sections, "
    "dim)",
    "squeeze(input, dim=None)": "ops.squeeze(input, dim)",
    "stack(tensors, dim=0)": "ops.stack(tensors, dim)",
    "std(input, dim=None, *, correction=1, keepdim=False)": "ops.std(input, dim, correction, "
    "keepdim)",
    "std_mean(input, dim=None, *, correction=1, keepdim=False)": "ops.std_mean(input, dim, "
    "correction, keepdim)",
    "t(input)": "ops.swapaxes(input, 0, 1) if input.ndim == 2 else input",
    "take(input, index)": "ops.gather(ops.reshape(input, (-1,)), index, 0)",
    "topk(input, k, dim=-1, largest=True, sorted=True)": "_with_long(ops.topk(input, k, dim, "
    "largest, sorted))",
    "transpose(input, dim0, dim1)": "ops.swapaxes(input, dim0, dim1)",
    "var(input, dim=None, *, correction=1, keepdim=False)": "ops.var(input, dim, correction, "
    "keepdim)",
    "var_mean(input, dim=None, *, correction=1, keepdim=False)": "ops.var_mean(input, dim, "
    "correction, keepdim)",
    "vdot(input, other)": "ops.dot(input, other)",
    "norm(input, p='fro', dim=None, keepdim=False, *, dtype=None)": "ops.vector_norm(input, "
    "2 if p == 'fro' else p, dim, keepdim, dtype=dtype)",
    "ones(size, *, dtype=None)": "ops.ones(size, dtype or float32)",
    "zeros(size, *, dtype=None)": "ops.zeros(size, dtype or float32)",
    "cross(input, other, dim=None)": "_cross(input, other, dim)",
    "allclose(input, other, rtol=1e-05, atol=1e-08, equal_nan=False)": "bool(ops.isclose(input, "
    "other, rtol, atol, equal_nan).all())",
    "item(input)": "input.item()",
    "diag(input, diagonal=0)": "_diag(input, diagonal)",
    "max(input, dim=None, keepdim=False)": "_extreme(ops.max, ops.maximum, input, dim, keepdim)",
    "min(input, dim=None, keepdim=False)": "_extreme(ops.min, ops.minimum, input, dim, keepdim)",
    "median(input, dim=None, keepdim=False)": "_median(input, dim, keepdim)",
    "unique(input, sorted=True, return_inverse=False, return_counts=False, dim=None)": "_unique("
    "input, return_inverse, return_counts, dim)",
}  # fmt: skip


def _times(other: Any, alpha: Any) -> Any:
    return other if alpha == 1 else ops.mul(other, alpha)


def _div(x: Any, y: Any, rounding: str | None) -> Tensor:
    quotient = ops.div(x, y)
    if rounding is None:
        return quotient
    rounded = {"floor": ops.floor, "trunc": ops.trunc}[rounding](quotient)
    whole = all(isinstance(v, int) or (isinstance(v, Tensor) and v.dtype == int64) for v in (x, y))
    return _long(rounded) if whole else rounded


def _bincount(x: Tensor, weights: Any, minlength: int) -> Tensor:
    counts = ops.bincount(x, weights, minlength)
    return _long(counts) if weights is None else counts


def _axes(dim: Any) -> Any:
    return None if dim == () else dim


def _long(x: Tensor) -> Tensor:
    return ops.cast(x, int64)


def _with_long(pair: Any) -> Any:
    return pair[0], _long(pair[1])


def _as(x: Any, dtype: Any) -> Tensor:
    return as_tensor(x) if dtype is None else ops.cast(x, dtype)


def _size(size: Any) -> tuple[int, ...]:
    return tuple(size[0]) if len(size) == 1 and isinstance(size[0], tuple | list) else tuple(size)


def _not(x: Tensor) -> Tensor:
    return ops.logical_not(x) if x.dtype == bool_ else ops.sub(ops.neg(x), 1)


def _scatter(x: Tensor, dim: int, index: Tensor, source: Any, reduction: str) -> Tensor:
    values = source if isinstance(source, Tensor) else ops.full(index.shape, source, dtype=x.dtype)
    part = values[tuple(slice(n) for n in index.shape)]
    return ops.tensor_scatter_elements(x, index, part, dim, reduction)


def _index_add(x: Tensor, dim: int, index: Tensor, source: Tensor, alpha: Any) -> Tensor:
    shape = [1] * x.ndim
    shape[dim] = -1
    at = ops.broadcast_to(ops.reshape(index, tuple(shape)), source.shape)
    return ops.tensor_scatter_elements(x, at, _times(source, alpha), dim, "add")


def _kth(x: Tensor, k: int, dim: int, keepdim: bool) -> Any:
    found = (ops.narrow(part, dim, k - 1, 1) for part in _with_long(ops.sort(x, dim, False)))
    return tuple(part if keepdim else ops.squeeze(part, dim) for part in found)


def _extreme(reduce: Any, pairwise: Any, x: Tensor, dim: Any, keepdim: bool) -> Any:
    if isinstance(dim, Tensor):  # max(input, other)
        return pairwise(x, dim)
    return reduce(x)[0] if dim is None else _with_long(reduce(x, dim, keepdim))


def _median(x: Tensor, dim: Any, keepdim: bool) -> Any:
    if dim is None:
        return _kth(ops.reshape(x, (-1,)), (x.size + 1) // 2, 0, False)[0]
    return _kth(x, (x.shape[dim] + 1) // 2, dim, keepdim)


def _normal(mean: Any, std: Any, size: Any) -> Tensor:
    held = [t.shape for t in (mean, std) if isinstance(t, Tensor)]
    shape = np.broadcast_shapes(*held) if size is None else _size((size,))
    return ops.randn(*shape) * std + mean


def _randint(args: Any, dtype: Any) -> Tensor:
    *bounds, size = args
    low, high = bounds if len(bounds) == 2 else (0, bounds[0])
    return ops.randint(low, high, tuple(size), dtype=dtype or int64)


def _polar(length: Tensor, angle: Tensor) -> Tensor:
    whole = length.asnumpy() * np.exp(1j * angle.asnumpy())
    return Tensor(whole.astype(np.complex64 if length.dtype == float32 else np.complex128))


def _diag(x: Tensor, diagonal: int) -> Tensor:
    if x.ndim == 2:
        return ops.diagonal(x, diagonal, 0, 1)
    side = x.size + abs(diagonal)
    rows = np.arange(x.size) + max(-diagonal, 0)
    columns = np.arange(x.size) + max(diagonal, 0)
    flat = ops.zeros((side * side,), x.dtype)
    at = Tensor((rows * side + columns).astype(np.int64))
    return ops.reshape(ops.tensor_scatter_elements(flat, at, x, 0), (side, side))


def _cross(x: Tensor, y: Tensor, dim: Any) -> Tensor:
    if dim is None:
        dim = next((i for i, n in enumerate(x.shape) if n == 3), None)
    if dim is None or x.shape[dim] != 3:
        raise ValueError(
            f"For 'cross', an axis of length 3 is wanted, but got shapes {x.shape} and {y.shape}."
        )
    (x1, y1), (x2, y2) = ([ops.roll(t, s, dim) for t in (x, y)] for s in (-1, -2))
    return x1 * y2 - x2 * y1


def _unique(x: Tensor, inverse: bool, counts: bool, dim: Any) -> Any:
    found = np.unique(x.asnumpy(), return_inverse=True, return_counts=True, axis=dim)
    values, places, numbers = found
    shape = x.shape if dim is None else (x.shape[dim],)
    out = [Tensor(values)]
    if inverse:
        out.append(Tensor(places.reshape(shape).astype(np.int64)))
    if counts:
        out.append(Tensor(numbers.astype(np.int64)))
    return out[0] if len(out) == 1 else tuple(out)


FUNCTIONS = functions("mslearn.mint", _SAME, _TABLE, dict(globals()))
