"""Tensor methods of the larger families, by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mslearn.core.parameter import Parameter
from mslearn.core.tensor import Tensor
from mslearn.ops import (
    arithmetic_more,
    arrange,
    brain_float,
    control,
    decompositions,
    gather_scatter,
    joining,
    matrix,
    shape,
    sorting,
    special,
)

_SAME = {
    sorting: "aminmax argsort bincount count_nonzero cummax cummin histc median msort nonzero "
    "argwhere sort topk top_k unique_consecutive unique_with_pad",
    gather_scatter: "gather_elements gather_nd index_add index_fill index_select masked_scatter "
    "repeat_interleave scatter take tensor_scatter_elements",
    arrange: "cumprod diag diag_embed diagflat diagonal diff expand_as logcumsumexp logsumexp "
    "moveaxis movedim ravel resize roll rot90 swapdims trace unflatten",
    joining: "fliplr flipud hsplit nan_to_num nansum narrow numel select_scatter tensor_split "
    "unbind vsplit",
    special: "addcdiv addcmul copysign deg2rad float_power frac isclose lerp rad2deg sgn sinc",
    decompositions: "cholesky_solve lstsq pinv qr svd",
}


_LINEAR = (
    "addbmm", "addmm", "addmv", "addr", "baddbmm", "cholesky", "det", "dot", "inner", "inv",
    "inverse", "matrix_power", "mv", "outer", "slogdet",
)  # fmt: skip


def _repeat(self, *repeats):
    """The whole tensor repeated along its axes, as `tile` does."""
    return shape.tile(self, repeats)


def _set_dtype(self, dtype):
    """Change the dtype of this tensor."""
    self.assign_value(shape.cast(self, dtype)._value)
    return self.dtype


def _update(operation: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """The form that ends in an underscore: the handle itself takes the new value."""

    def method(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        new = operation(self, *args, **kwargs)
        if isinstance(self, Parameter):
            return control.assign(self, new)
        self.assign_value(shape.cast(new, self.dtype)._value)
        return self

    return method


METHODS: dict[str, Callable[..., Any]] = {
    **{name: getattr(module, name) for module, names in _SAME.items() for name in names.split()},
    **{f"tensor_scatter_{k}": getattr(gather_scatter, f"tensor_scatter_{k}")
       for k in ("add", "sub", "mul", "div", "max", "min", "update")},
    **{n: getattr(matrix, n) for n in _LINEAR}, "invert": lambda self: -self - 1,
    "type_as": arithmetic_more.type_as,
    "bfloat16": lambda self: shape.cast(self, brain_float.bfloat16()),
    "pad": arrange.pad, "repeat": _repeat, "set_dtype": _set_dtype,
    "clone": shape.identity, "value": shape.identity,
    "searchsorted": lambda self, v, side="left", sorter=None: sorting.searchsorted(
        self, v, side=side, sorter=sorter, out_int32=True
    ),
    "add_": _update(lambda x, y: x + y), "sub_": _update(lambda x, y: x - y),
    "mul_": _update(lambda x, y: x * y), "div_": _update(lambda x, y: x / y),
    "clamp_": _update(control.clip_by_value), "fill_": _update(lambda x, v: x * 0 + v),
    "copy_": _update(lambda x, y: y), "zero_": _update(lambda x: x * 0),
    "exp_": _update(lambda x: x.exp()), "floor_": _update(lambda x: x.floor()),
    "masked_fill_": _update(lambda x, mask, value: x.masked_fill(mask, value)),
    "set_data": _update(lambda x, data: data),
}  # fmt: skip
METHODS.pop("set_data")
