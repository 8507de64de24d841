"""Element-wise functions, losses and small neural operations in terms of simpler ones."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from mslearn.core.primitive import apply
from mslearn.core.tensor import Tensor
from mslearn.ops.compare import Equal, IsInf, IsNan, LogicalNot
from mslearn.ops.elementwise import Add, Div, Exp, Floor, Maximum, Minimum, Mul, Pow, Sub
from mslearn.ops.families import ReduceSum, Reshape, cast
from mslearn.ops.indexing import where
from mslearn.ops.linalg import MatMul
from mslearn.ops.reduce import ReduceMax
from mslearn.ops.shape import Transpose, concat, split
from mslearn.ops.special import _CENTRE, _TAIL

BOOL, INT32 = np.dtype("?"), np.dtype("i4")


def constant(value: Any, like: Tensor) -> Tensor:
    """A number in the dtype of `like`."""
    return Tensor.wrap(np.asarray(value, like._value.dtype))


def floor_div(x: Tensor, y: Tensor) -> Tensor:
    if x._value.dtype.kind == "f":
        return apply(Floor, (apply(Div, (x, y)),))
    f8 = np.dtype("f8")
    return cast(apply(Floor, (apply(Div, (cast(x, f8), cast(y, f8))),)), x._value.dtype)


def floor_mod(x: Tensor, y: Tensor) -> Tensor:
    return x - floor_div(x, y) * y


def expm1(x: Tensor) -> Tensor:
    # exp(x) - 1 = 2 t / (1 - t) with t = tanh(x / 2): exact near 0, where exp(x) - 1 is not.
    t = (x * 0.5).tanh()
    return where(x.abs() < 1.0, 2 * t / (1 - t), apply(Exp, (x,)) - 1)


def log1p(x: Tensor) -> Tensor:
    # W. Kahan: what rounding took from 1 + x is in (1 + x) - 1.
    u = x + 1
    d = u - 1
    zero = d == 0
    return where(zero, x, u.log() * (x / where(zero, constant(1, x), d)))


def atan2(x: Tensor, y: Tensor) -> Tensor:
    """The primitive calls the point's coordinates (y, x): `x` is the height."""
    at_zero = y == 0
    angle = (x / where(at_zero, constant(1, x), y)).atan()
    half, whole, zero = (constant(v, x) for v in (math.pi / 2, math.pi, 0))
    turned = where(y < 0, where(x < 0, angle - whole, angle + whole), angle)
    return where(at_zero, where(x > 0, half, where(x < 0, -half, zero)), turned)


def erfinv(x: Tensor) -> Tensor:
    w = -((1 - x) * (1 + x)).log()
    low, high = w - 2.5, w.maximum(0.0).sqrt() - 3
    centre, tail = constant(_CENTRE[0], x), constant(_TAIL[0], x)
    for a, b in zip(_CENTRE[1:], _TAIL[1:], strict=True):
        centre, tail = centre * low + a, tail * high + b
    return x * where(w < 5, centre, tail)


def reduce_any(x: Tensor, axis: Any, keep_dims: bool) -> Tensor:
    """A sum, which nothing has, too: no element is true."""
    attrs = {"axis": axis, "keep_dims": keep_dims}
    return cast(apply(ReduceSum, (cast(cast(x, BOOL), INT32),), attrs), BOOL)


def reduce_all(x: Tensor, axis: Any, keep_dims: bool) -> Tensor:
    wrong = reduce_any(apply(LogicalNot, (cast(x, BOOL),)), axis, keep_dims)
    return apply(LogicalNot, (wrong,))


def _logic(name: str) -> Any:
    """Logic on numbers: any but 0 is true."""
    from mslearn.core.primitive import registry

    return lambda x, y: apply(registry[name], (cast(x, BOOL), cast(y, BOOL)))


def _bits(name: str) -> Any:
    from mslearn.core.primitive import registry

    return lambda x, y: apply(registry[name], (x, y))


def bias_add(x: Tensor, b: Tensor) -> Tensor:
    wide = apply(Reshape, (b,), {"shape": (-1,) + (1,) * (x.ndim - 2)})
    return apply(Add, (x, wide if x.ndim > 2 else b))


def is_inf(x: Tensor) -> Tensor:
    x = x if x._value.dtype.kind == "f" else cast(x, np.dtype("f4"))
    return apply(Equal, (x.abs(), constant(math.inf, x)))


def round_to(x: Tensor, decimals: int = 0) -> Tensor:
    factor = constant(10.0**decimals, x)
    return (x * factor).round() / factor


def softmax(x: Tensor, axis: int) -> Tensor:
    attrs = {"axis": (axis,), "keep_dims": True}
    e = apply(Exp, (x - apply(ReduceMax, (x,), attrs),))
    return e / apply(ReduceSum, (e,), attrs)


def log_softmax(x: Tensor, axis: int) -> Tensor:
    attrs = {"axis": (axis,), "keep_dims": True}
    d = x - apply(ReduceMax, (x,), attrs)
    return d - apply(ReduceSum, (apply(Exp, (d,)),), attrs).log()


def _hits(logits: Tensor, labels: Tensor, ignore_index: int) -> Tensor:
    """(N, C): whether this is the row's class, and counts."""
    column = apply(Reshape, (labels,), {"shape": (-1, 1)})
    classes = np.arange(logits.shape[1], dtype=labels._value.dtype)
    if 0 <= ignore_index < len(classes):
        classes[ignore_index] = -1
    return apply(Equal, (column, Tensor.wrap(classes)))


def nll_loss(
    logits: Tensor, labels: Tensor, weight: Tensor, reduction: str, ignore_index: int
) -> tuple[Tensor, Tensor]:
    hit = _hits(logits, labels, ignore_index)
    zero = constant(0, logits)
    weights = where(hit, weight, zero)
    loss = -where(hit, logits * weight, zero).sum(1)
    total = weights.sum()
    if reduction == "mean":
        return loss.sum() / total, total
    return (loss.sum() if reduction == "sum" else loss), total


def nll_loss_grad(
    logits: Tensor, loss_grad: Tensor, labels: Tensor, weight: Tensor, total_weight: Tensor,
    reduction: str, ignore_index: int,
) -> Tensor:  # fmt: skip
    share = loss_grad / total_weight if reduction == "mean" else loss_grad
    if reduction == "none":
        share = apply(Reshape, (share,), {"shape": (-1, 1)})
    hit = _hits(logits, labels, ignore_index)
    return where(hit, -(weight * share), constant(0, logits))


def lstm_step(sums: Tensor, c: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    i, f, g, o = split(sums, c.shape[1], 1)
    i, f, g, o = i.sigmoid(), f.sigmoid(), g.tanh(), o.sigmoid()
    new = f * c + i * g
    return o * new.tanh(), new, concat((i, f, g, o), 1)


def lstm_sequence(
    sums: Tensor, h: Tensor, c: Tensor, w_hh: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    found: list[list[Tensor]] = [[], [], []]
    for row in split(sums, 1, 0):
        product = apply(MatMul, (h, w_hh), {"transpose_b": True})
        h, c, gates = lstm_step(apply(Reshape, (row,), {"shape": row.shape[1:]}) + product, c)
        for rows, new in zip(found, (h, c, gates), strict=True):
            rows.append(apply(Reshape, (new,), {"shape": (1, *new.shape)}))
    outs, cells, gates = (concat(rows, 0) for rows in found)
    return outs, cells, gates


def _near_gelu(x: Tensor) -> tuple[Tensor, Tensor]:
    """tanh(u) and du/dx for u = sqrt(2 / pi) (x + 0.044715 x³)."""
    k, square = math.sqrt(2 / math.pi), x * x
    return (k * x * (1 + 0.044715 * square)).tanh(), k * (1 + 3 * 0.044715 * square)


def gelu(x: Tensor) -> Tensor:
    return 0.5 * x * (1 + _near_gelu(x)[0])


def gelu_grad(dy: Tensor, x: Tensor) -> Tensor:
    t, slope = _near_gelu(x)
    return dy * (0.5 * (1 + t) + 0.5 * x * (1 - t * t) * slope)


def softmax_grad(dy: Tensor, y: Tensor, axis: int) -> Tensor:
    total = apply(ReduceSum, (dy * y,), {"axis": (axis,), "keep_dims": True})
    return y * (dy - total)


def fmod(x: Tensor, y: Tensor) -> Tensor:
    return x - truncate_div(x, y) * y


def truncate_div(x: Tensor, y: Tensor) -> Tensor:
    whole = floor_div(x.abs(), y.abs())
    return whole * x.sign() * y.sign()


def _zero_where(y: Tensor, x: Tensor, safe: Any) -> Tensor:
    """0 where y is 0, else `safe` of y (which is never 0 there)."""
    at_zero = y == 0
    return where(at_zero, constant(0, x), safe(where(at_zero, constant(1, y), y)))


def _not_nan(prim: Any) -> Any:
    def rule(x: Tensor, y: Tensor) -> Tensor:
        return where(x == x, where(y == y, apply(prim, (x, y)), x), y)

    return rule


def einsum(*xs: Tensor, equation: str) -> Tensor:
    """All products, then the sums: every operand with all letters as axes."""
    inputs, result = equation.split("->")
    letters = result + "".join(sorted(set(inputs) - set(result) - {","}))
    total = None
    for term, x in zip(inputs.split(","), xs, strict=True):
        order = sorted(range(len(term)), key=lambda k: letters.index(term[k]))
        turned = apply(Transpose, (x,), {"perm": tuple(order)})
        sizes = {c: x.shape[k] for k, c in enumerate(term)}
        wide = apply(Reshape, (turned,), {"shape": tuple(sizes.get(c, 1) for c in letters)})
        total = wide if total is None else apply(Mul, (total, wide))
    assert total is not None
    over = tuple(range(len(result), len(letters)))
    return apply(ReduceSum, (total,), {"axis": over, "keep_dims": False}) if over else total


RULES: dict[str, Any] = {
    "Einsum": einsum,
    "Mod": fmod,
    "TruncateMod": fmod,
    "TruncateDiv": truncate_div,
    "Fmax": _not_nan(Maximum),
    "Fmin": _not_nan(Minimum),
    "DivNoNan": lambda x, y: _zero_where(y, x, lambda safe: x / safe),
    "MulNoNan": lambda x, y: _zero_where(y, x, lambda safe: apply(Mul, (x, safe))),
    "Xdivy": lambda x, y: where(x == 0, constant(0, x), x / where(x == 0, constant(1, y), y)),
    "SquaredDifference": lambda x, y: (x - y) * (x - y),
    "SignBit": lambda x: (x < 0) | (x.reciprocal() < 0) if x._value.dtype.kind == "f" else x < 0,
    "LSTMSequence": lstm_sequence,
    "GeLU": gelu,
    "GeLUGrad": gelu_grad,
    "SoftmaxGrad": softmax_grad,
    "RealDiv": lambda x, y: apply(Div, (x, y)),
    "FloorDiv": floor_div,
    "FloorMod": floor_mod,
    "Expm1": expm1,
    "Log1p": log1p,
    "Log2": lambda x: x.log() * (1 / math.log(2)),
    "Log10": lambda x: x.log() * (1 / math.log(10)),
    "Rsqrt": lambda x: x.sqrt().reciprocal(),
    "Square": lambda x: apply(Mul, (x, x)),
    "Trunc": lambda x: x.sign() * apply(Floor, (x.abs(),)),
    "Round": round_to,
    "NotEqual": lambda x, y: apply(LogicalNot, (apply(Equal, (x, y)),)),
    "IsNan": lambda x: apply(LogicalNot, (apply(Equal, (x, x)),)),
    "IsInf": is_inf,
    "IsFinite": lambda x: apply(LogicalNot, (apply(IsNan, (x,)) | apply(IsInf, (x,)),)),
    "LogicalAnd": _logic("LogicalAnd"),
    "LogicalOr": _logic("LogicalOr"),
    "LogicalXor": _logic("LogicalXor"),
    "LogicalNot": lambda x: apply(LogicalNot, (cast(x, BOOL),)),
    "LeftShift": lambda x, y: x * apply(Pow, (constant(2, x), y)),
    "RightShift": lambda x, y: floor_div(x, apply(Pow, (constant(2, x), y))),
    "BitwiseAnd": _bits("LogicalAnd"),
    "BitwiseOr": _bits("LogicalOr"),
    "BitwiseXor": _bits("LogicalXor"),
    "ReduceAll": reduce_all,
    "ReduceAny": reduce_any,
    "Atan2": atan2,
    "Asinh": lambda x: x.sign() * log1p(x.abs() + x * x / (1 + (x * x + 1).sqrt())),
    "Acosh": lambda x: (x + (x * x - 1).sqrt()).log(),
    "Atanh": lambda x: 0.5 * (log1p(x) - log1p(-x)),
    "Erfc": lambda x: 1 - x.erf(),
    "Erfinv": erfinv,
    "Hypot": lambda x, y: (x * x + y * y).sqrt(),
    "Heaviside": lambda x, values: where(
        x == 0, values, where(x < 0, constant(0, x), constant(1, x))
    ),
    "Xlogy": lambda x, y: where(
        apply(Equal, (x, constant(0, x))) & apply(Equal, (y, y)), constant(0, x), x * y.log()
    ),
    "LogAddExp": lambda x, y: (
        apply(Maximum, (x, y)) + log1p(apply(Exp, (-apply(Sub, (x, y)).abs(),)))
    ),
    "ReLU6": lambda x: apply(Minimum, (apply(Maximum, (x, constant(0, x))), constant(6, x))),
    "HSigmoid": lambda x: ((x + 3) / 6).maximum(0.0).minimum(1.0),
    "HSwish": lambda x: x * ((x + 3) / 6).maximum(0.0).minimum(1.0),
    "Softsign": lambda x: x / (1 + x.abs()),
    "HShrink": lambda x, lambd: where(x.abs() > lambd, x, constant(0, x)),
    "SoftShrink": lambda x, lambd: x.sign() * (x.abs() - lambd).maximum(0.0),
    "ReluGrad": lambda y_backprop, x: y_backprop * cast(x > 0, y_backprop._value.dtype),
    "StopGradient": lambda x: apply(Reshape, (x,), {"shape": x.shape}),
    "BiasAdd": bias_add,
    "Softmax": softmax,
    "LogSoftmax": log_softmax,
    "NLLLoss": nll_loss,
    "NLLLossGrad": nll_loss_grad,
    "LSTMStep": lstm_step,
}
