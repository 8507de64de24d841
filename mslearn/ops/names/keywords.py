"""MindSpore's own names of arguments, where the functions and classes here have others or none."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from mslearn import ops as o  # complete: this file is loaded last
from mslearn.core.state import state
from mslearn.core.tensor import Tensor, as_tensor
from mslearn.ops.matrix import matrix_solve
from mslearn.ops.methods import _update
from mslearn.ops.names.classes import declare
from mslearn.ops.pooling import avg_pooling, max_pooling

FUNCTIONS = """
arcsin x=input | csr_mv csr_tensor=self dense=dense_vector | csr_to_coo tensor=self
csr_to_dense csr_tensor=self | deepcopy input_x=x | expand_as input=self
floor_div x=input y=other | isnan_ext tensor=input | numel input=input_x | positive input=x
reduce_max x=input | reduce_min x=input | reduce_sum x=input axis=dim | remainder input=x other=y
row_stack tensors=inputs | shape_ x=input_x | tensor_div x=input y=other
tensor_slice input=input_x | true_divide dividend=input divisor=other
make_row_tensor dense_shape=shape
"""
METHODS = """
approximate_equal other=y | diagonal axis1=dim1 axis2=dim2 | float_power other=exponent
matmul tensor2=other | multiply value=other | ormqr input2=tau input3=other | reverse axis=dims
remainder other=y | remainder_ other=y | take indices=index
split split_size=split_size_or_sections
"""


def _renamed(function: Callable[..., Any], pairs: list[str]) -> Callable[..., Any]:
    """`function` with arguments that go by another name as well."""
    names = dict(pair.split("=") for pair in pairs)

    @functools.wraps(function)
    def called(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **{names.get(k, k): v for k, v in kwargs.items()})

    return called


for _home, _table in ((o, FUNCTIONS), (Tensor, METHODS)):
    for _entry in _table.replace("\n", " | ").split(" | "):
        if _entry:
            _name, *_pairs = _entry.split()
            setattr(_home, _name, _renamed(getattr(_home, _name), _pairs))


def clamp(input, min=None, max=None):
    """The numbers, none below `min` and none above `max` (numbers or tensors; None: no bound)."""
    x, out = as_tensor(input), o.clip_by_value(input, min, max)
    if not state.active or x._value.dtype.kind in "biu":
        return out
    inside = [x >= bound if low else x <= bound  # whose gradient is 1 at the bounds, too
              for low, bound in ((True, min), (False, max)) if bound is not None]  # fmt: skip
    fixed = not isinstance(min, Tensor) and not isinstance(max, Tensor)
    return o.where(inside[0] & inside[-1], x, o.stop_gradient(out) if fixed else out)


_quotient, _gathered = o.div, Tensor.gather  # type: ignore[attr-defined]
_sum = o._registry["ReduceSum"]  # type: ignore[attr-defined]


def div(input, other, *, rounding_mode=None):
    """input / other, rounded down (``"floor"``) or towards 0 (``"trunc"``) if wanted."""
    if rounding_mode not in (None, "floor", "trunc"):
        raise ValueError(
            f"For 'div', rounding_mode must be None, 'floor' or 'trunc', but got {rounding_mode!r}."
        )
    if rounding_mode == "floor":
        return o.floor_div(input, other)
    exact = _quotient(input, other)
    if rounding_mode is None:
        return exact
    return o.cast(o.trunc(exact), o.mul(input, other).dtype)  # integers stay integers


def _scaled(operation: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """``operation(input, other * alpha)``."""
    return lambda input, other, *, alpha=1: operation(input, other if alpha == 1 else other * alpha)


def _gather(self, *given, **more):
    """``(input_indices, axis)`` picks whole rows, ``(dim, index)`` one element for each index."""
    by_element = "dim" in more or (given and isinstance(given[0], int))
    return (o.gather_elements if by_element else _gathered)(self, *given, **more)


for _name, _function in {
    "clamp": clamp, "clip": clamp, "div": div, "divide": div, "add": _scaled(o.add),
    "sub": _scaled(o.sub), "subtract": _scaled(o.sub), "gather": _gather,
    "astype": lambda self, dtype, copy=True: o.cast(self, np.float64 if dtype is float else dtype),
    "to": lambda self, dtype, non_blocking=False, copy=False: o.cast(self, dtype),
    "qr": lambda self, some=True: o.qr(self, "reduced" if some else "complete"),
    "trace": lambda self, offset=0, axis1=0, axis2=1, dtype=None: self.diagonal(
        offset, axis1, axis2).sum(-1, dtype=dtype),
}.items():  # fmt: skip
    setattr(Tensor, _name, _function)
    if _name in ("clamp", "clip", "div", "divide", "subtract"):
        setattr(o, _name, _function)
    if _name in ("add", "clamp", "div", "sub"):
        setattr(Tensor, f"{_name}_", _update(_function))

declare("IsClose", o.isclose, rtol=1e-05, atol=1e-08, equal_nan=False)
declare("Lstsq", lambda x, a, **_: o.lstsq(x, a), fast=True, l2_regularizer=0.0)
declare("MatrixDiagV3", o.matrix_diag, align="RIGHT_LEFT")
declare("NanToNum", o.nan_to_num, nan=None, posinf=None, neginf=None)
declare("MatrixSolve", matrix_solve, adjoint=False)
declare("Cholesky", o.cholesky, upper=False)
declare("CholeskyInverse", o.cholesky_inverse, upper=False)
declare("BiasAdd", lambda x, bias, data_format: o.bias_add(x, bias), data_format="NCHW")
declare("StandardNormal", lambda shape, seed, seed2: o.standard_normal(shape, seed + seed2 or None),
        seed=0, seed2=0)  # fmt: skip
declare("UniformReal", lambda shape, seed, seed2: o.rand(*shape, seed=seed + seed2 or None), seed=0,
        seed2=0)  # fmt: skip
declare("Svd", lambda x, full_matrices, compute_uv: o.svd(x, full_matrices) if compute_uv else (
    o.svd(x, False, False), o.zeros(1), o.zeros(1)), full_matrices=False, compute_uv=True,
)  # fmt: skip
declare("Eig", lambda x, compute_v: o.eig(x) if compute_v else (
    o.eigvals(x), Tensor(np.complex64(0))), compute_v=False)  # fmt: skip
declare("ReduceSum", lambda x, axis=(), *, keep_dims, skip_mode: as_tensor(x) + 0 if skip_mode and
        axis in ((), []) else _sum(keep_dims)(x, axis), keep_dims=False, skip_mode=False,
)  # fmt: skip
declare("MaxPool3D", lambda x, kernel_size, strides, pad_mode, pad_list, ceil_mode, **_: (
    max_pooling("MaxPool3D", x, 3, kernel_size, strides, pad_mode, pad_list, 1, False, ceil_mode)
    ), kernel_size=1, strides=1, pad_mode="valid", pad_list=0, ceil_mode=None, data_format="NCDHW",
)  # fmt: skip
declare("AvgPool3D", lambda x, kernel_size, strides, pad_mode, pad, data_format, **how: avg_pooling(
    "AvgPool3D", x, 3, kernel_size, strides, pad_mode, pad, **how), kernel_size=1, strides=1,
    pad_mode="valid", pad=0, ceil_mode=False, count_include_pad=True, divisor_override=0,
    data_format="NCDHW")  # fmt: skip


def _pad(x, paddings, value=None, *, mode, paddings_contiguous):
    """`pad` by (before, after) of the last axis, the one before it …, or all befores first."""
    flat = paddings.tolist() if isinstance(paddings, Tensor) else list(paddings)
    if not paddings_contiguous:
        flat = [n for pair in zip(*np.split(np.array(flat), 2), strict=True) for n in pair]
    return o.pad(x, flat, {"edge": "replicate"}.get(mode, mode), value)


declare("PadV3", _pad, mode="constant", paddings_contiguous=True)
