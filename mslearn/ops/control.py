"""Operations about gradients, order and state rather than numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from mslearn.core.parameter import Parameter
from mslearn.core.primitive import Primitive, apply
from mslearn.core.tensor import Abstract, Tensor, as_tensor
from mslearn.ops.families import cast, floating
from mslearn.ops.views import BACK, view_of, write

__all__ = [
    "assign", "assign_add", "assign_sub", "clip_by_global_norm", "clip_by_norm",
    "clip_by_value", "depend", "stop_gradient",
]  # fmt: skip


class StopGradient(Primitive):
    """The same numbers, through which no gradient passes."""

    lower = {"onnx": "Identity"}

    def kernel(x):
        return x.view()

    def infer(x):
        return x.shape, x.dtype


class Depend(Primitive):
    """`value`, but only after `expr` has been computed. Eager code runs in order anyway."""

    inputs = ("value", "expr")
    lower = {"onnx": "Identity"}

    def kernel(value, *expr):
        return value.view()

    def infer(value, *expr):
        return value.shape, value.dtype

    vjp = (lambda ct, out, value, *expr: ct,)

    def jvp(tangents, out, *xs):
        return tangents[0]

    def __call__(self, value: Any, expr: Any) -> Any:
        after = expr if isinstance(expr, tuple | list) else (expr,)
        waits = [e for e in after if isinstance(e, Tensor)]
        return apply(Depend, (as_tensor(value), *waits))


def stop_gradient(value):
    """The same numbers; gradients treat them as a constant."""
    if isinstance(value, tuple | list):
        return type(value)(stop_gradient(v) for v in value)
    return view_of(StopGradient, value, {}) if isinstance(value, Tensor) else value


BACK[StopGradient] = lambda base, view, attrs, k: view
depend = Depend()


def assign(variable: Parameter, value: Any) -> Parameter:
    """Give a Parameter (or Tensor handle) a new value of the same shape; returns it."""
    new = cast(as_tensor(value, variable._value.dtype), variable._value.dtype)
    if new.shape != variable.shape:
        raise ValueError(
            f"For 'assign', the variable has shape {list(variable.shape)}, but the value has "
            f"{list(new.shape)}. They must be equal."
        )
    fresh = new._value if isinstance(new._value, Abstract) else new._value.view()
    write(variable, Tensor.wrap(fresh))
    return variable


def assign_add(variable, value):
    """``variable += value`` on a Parameter."""
    return assign(variable, variable + value)


def assign_sub(variable, value):
    """``variable -= value`` on a Parameter."""
    return assign(variable, variable - value)


def clip_by_value(x, clip_value_min=None, clip_value_max=None):
    """Every element pushed into [clip_value_min, clip_value_max]; tuples element by element."""
    if isinstance(x, tuple | list):
        return type(x)(clip_by_value(t, clip_value_min, clip_value_max) for t in x)
    out = as_tensor(x)
    if clip_value_min is None and clip_value_max is None:
        raise ValueError("For 'clip_by_value', give clip_value_min, clip_value_max or both.")
    if clip_value_min is not None:
        out = out.maximum(clip_value_min)
    return out if clip_value_max is None else out.minimum(clip_value_max)


def clip_by_norm(x, max_norm, norm_type=2.0, error_if_nonfinite=False):
    """Tensors scaled down together until their joint norm is at most `max_norm`."""
    single = isinstance(x, Tensor)
    tensors = [x] if single else list(x)
    p = float(norm_type)
    if p == float("inf"):
        total = tensors[0].abs().max()
        for t in tensors[1:]:
            total = total.maximum(t.abs().max())
    else:
        total = sum((t.abs() ** p).sum() for t in tensors) ** (1 / p)
    if error_if_nonfinite and not np.isfinite(float(total)):
        raise RuntimeError(f"For 'clip_by_norm', the norm of the gradients is {float(total)}.")
    factor = (max_norm / (total + 1e-6)).minimum(1.0)
    scaled = [t * factor for t in tensors]
    return scaled[0] if single else type(x)(scaled)


def clip_by_global_norm(x, clip_norm=1.0, use_norm=None):
    """Tensors scaled by clip_norm / max(global norm, clip_norm) (Pascanu et al., 2013)."""
    total = sum((floating(t) ** 2).sum() for t in x).sqrt()
    factor = clip_norm / total.maximum(clip_norm)
    return tuple(t * factor for t in x)
