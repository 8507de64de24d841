"""Functions of MindSpore that few programs use, most of them a line made of other functions."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from mslearn import ops as o  # complete but for the classes: this file is loaded late
from mslearn.core.dtype import dtype_of, to_numpy
from mslearn.core.tensor import Tensor, as_tensor


def _in_place(name: str) -> Callable[..., Tensor]:
    def function(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        return getattr(Tensor, name)(input, *args, **kwargs)

    function.__doc__ = f"`Tensor.{name}`: the tensor itself takes the new values."
    return function


def bucketize(input, boundaries, *, right=False):
    """For each number how many of the rising `boundaries` lie below it (or equal it, if `right`).

    >>> import mslearn as ms
    >>> print(ms.ops.bucketize(ms.Tensor([0.5, 1.0, 9.0]), [1, 2]))
    [0 0 2]
    """
    side = "right" if right else "left"
    found = np.searchsorted(np.asarray(boundaries), as_tensor(input)._concrete(), side)
    return Tensor.wrap(np.asarray(found, np.int32))


def choice_with_mask(input_x, count=256, seed=None):
    """`count` places where `input_x` is True, in random order, and which rows are real."""
    return o.RandomChoiceWithMask(count, seed or 0)(input_x)


def uniform_candidate_sampler(
    true_classes, num_true, num_sampled, unique, range_max, seed=0, remove_accidental_hits=False
):
    """Classes drawn evenly, and how often to expect the true and the drawn ones."""
    return o.UniformCandidateSampler(num_true, num_sampled, unique, range_max, seed)(true_classes)


def log_uniform_candidate_sampler(
    true_classes, num_true=1, num_sampled=5, unique=True, range_max=5, seed=0
):
    """Classes drawn with Zipf's probabilities ``log((k + 2) / (k + 1)) / log(range_max + 1)``."""
    draw = o.LogUniformCandidateSampler(num_true, num_sampled, unique, range_max, seed)
    return draw(true_classes)


def add_layer_norm(x1, x2, gamma, beta, epsilon=1e-05, additional_output=False):
    """`layer_norm` of a sum over the last axis.

    Returns:
        (output, mean, 1 / deviation, and x1 + x2 when `additional_output`, else zeros).
    """
    total = x1 + x2
    mean, var = total.mean(-1, True), total.var(-1, 0, True)
    rstd = 1 / (var + epsilon).sqrt()
    return (total - mean) * rstd * gamma + beta, mean, rstd, total * bool(additional_output)


def add_rms_norm(x1, x2, gamma, epsilon=1e-06):
    """`rms_norm` of a sum: (output, 1 / root mean square, x1 + x2)."""
    total = x1 + x2
    return *o.rms_norm(total, gamma, epsilon), total


def flash_attention_score(
    query, key, value, head_num, real_shift=None, drop_mask=None, padding_mask=None,
    attn_mask=None, prefix=None, actual_seq_qlen=None, actual_seq_kvlen=None, keep_prob=1.0,
    scalar_value=1.0, pre_tokens=2147483647, next_tokens=2147483647, inner_precise=0,
    input_layout="BSH", sparse_mode=0,
):  # fmt: skip
    """``softmax(scalar_value * query @ key.T + shift) @ value`` for each head.

    Made of matrix products here: same numbers, without the fused kernel's saving of memory.

    Args:
        query, key, value: "BSH" (batch, length, heads * size), "BNSD" (batch, heads, length,
            size), "SBH" or "BSND"; key and value may have fewer heads, which are then shared.
        real_shift: is added to the scores. drop_mask: 1 where an attention is kept.
        attn_mask: 1 (or True) where attention is forbidden.
        pre_tokens, next_tokens: how far to look back and ahead, when `sparse_mode` is 4.
        sparse_mode: 0 (`attn_mask`), 2 or 3 (causal, from the first or last token), 4 (a band).
    """
    orders = {"BNSD": (0, 1, 2, 3), "BSND": (0, 2, 1, 3), "BSH": (0, 2, 1, 3), "SBH": (1, 2, 0, 3)}
    if input_layout not in orders or prefix is not None or actual_seq_qlen is not None:
        raise ValueError(
            f"For 'flash_attention_score', input_layout is one of {list(orders)} without prefix "
            f"and actual_seq_qlen, but got {input_layout!r}. Pad the sequences instead."
        )
    order = orders[input_layout]
    size = query.shape[3] if query.ndim == 4 else query.shape[2] // head_num
    q, k, v = (
        (x if x.ndim == 4 else x.reshape((*x.shape[:2], -1, size))).transpose(order)
        for x in (query, key, value)
    )
    if k.shape[1] != head_num:
        k, v = (o.repeat_interleave(x, head_num // k.shape[1], 1) for x in (k, v))
    scores = o.matmul(q, k.swapaxes(-1, -2)) * scalar_value
    scores = scores if real_shift is None else scores + real_shift
    rows, cols = scores.shape[-2:]
    shift = cols - rows if sparse_mode in (3, 4) else 0  # by the last token, not the first
    away = np.arange(cols) - np.arange(rows)[:, None] - shift
    if sparse_mode in (2, 3):
        attn_mask = Tensor.wrap(away > 0)
    elif sparse_mode == 4:
        attn_mask = Tensor.wrap((away > next_tokens) | (-away > pre_tokens))
    if attn_mask is not None:
        scores = o.masked_fill(scores, as_tensor(attn_mask).astype("?"), -math.inf)
    shares = o.softmax(scores, -1)
    if drop_mask is not None:
        shares = shares * as_tensor(drop_mask) / keep_prob
    out = o.matmul(shares, v).transpose([order.index(i) for i in range(4)])
    return out if query.ndim == 4 else out.reshape((*out.shape[:2], -1))


class DynamicRNN:
    """An LSTM over T steps by one matrix, as MindSpore has it for its NPU.

    Called with x (T, N, I), w (I + H, 4 H) and b (4 H,) for the input gate, the new cell, the
    forget and the output gate, None, init_h (1, N, H) and init_c (1, N, H), it gives eight tensors
    (T, N, H): y, h, c, the gates i, j, f, o and tanh(c).
    """

    def __init__(
        self, cell_type="LSTM", direction="UNIDIRECTIONAL", cell_depth=1, use_peephole=False,
        keep_prob=1.0, cell_clip=-1.0, num_proj=0, time_major=True, activation="tanh",
        forget_bias=0.0, is_training=True,
    ):  # fmt: skip
        given = (cell_type, direction, cell_depth, use_peephole, num_proj, time_major, activation)
        if given != ("LSTM", "UNIDIRECTIONAL", 1, False, 0, True, "tanh"):
            raise ValueError(f"For 'DynamicRNN', only the default kind is there, not {given}.")
        self.forget_bias = forget_bias

    def __call__(self, x, w, b, seq_length=None, init_h=None, init_c=None):
        zero = o.zeros((x.shape[1], w.shape[1] // 4), x.dtype)
        h, c = (zero if s is None else s.reshape(zero.shape) for s in (init_h, init_c))
        found = []
        for step in x:
            i, j, f, gate = o.split(o.matmul(o.concat((step, h), 1), w) + b, zero.shape[1], 1)
            i, j, f, gate = i.sigmoid(), j.tanh(), (f + self.forget_bias).sigmoid(), gate.sigmoid()
            c = f * c + i * j
            h = gate * c.tanh()
            found.append((h, h, c, i, j, f, gate, c.tanh()))
        return tuple(o.stack(parts) for parts in zip(*found, strict=True))


class _FloatStatus:
    """The overflow flag of an NPU; on a CPU `FloatStatus` looks at a tensor instead. Zeros (8,)."""

    def __call__(self, *_: Any) -> Tensor:
        return Tensor(np.zeros(8, np.float32))


def scalar_cast(input_x, input_y):
    """A Python number as another kind: int64, float64 or bool."""
    kinds = {"Int64": int, "Float64": float, "Bool": bool}
    name = str(dtype_of(to_numpy(input_y)))
    if isinstance(input_x, Tensor):
        raise TypeError("For 'scalar_cast', the input is a Python number, not a Tensor. Use cast.")
    if name not in kinds:
        raise ValueError(
            f"For 'scalar_cast', the type is int64, float64 or bool, but got {input_y}."
        )
    return kinds[name](input_x)


class ReduceOp:
    """How values of several devices become one."""

    SUM, MAX, MIN, PROD = "sum", "max", "min", "prod"


class _Collective:
    """An operation on one tensor of each device of a group; here one device is all there is."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.args = args

    def __call__(self, input_x: Any) -> Any:
        return o.identity(input_x)


def _scalars() -> dict[str, Callable[..., Any]]:
    two = {
        "add": lambda x, y: x + y, "sub": lambda x, y: x - y, "mul": lambda x, y: x * y,
        "div": lambda x, y: x / y, "floordiv": lambda x, y: x // y, "mod": lambda x, y: x % y,
        "pow": lambda x, y: x**y, "eq": lambda x, y: x == y, "ne": lambda x, y: x != y,
        "gt": lambda x, y: x > y, "ge": lambda x, y: x >= y, "lt": lambda x, y: x < y,
        "le": lambda x, y: x <= y, "max": max, "min": min,
        "log": math.log, "uadd": lambda x: +x, "usub": lambda x: -x,
    }  # fmt: skip
    return {f"scalar_{name}": function for name, function in two.items()}


FUNCTIONS: dict[str, Any] = {
    **{f.__name__: f for f in (
        add_layer_norm, add_rms_norm, bucketize, choice_with_mask, flash_attention_score,
        log_uniform_candidate_sampler, scalar_cast, uniform_candidate_sampler,
    )},
    **_scalars(),
    **{name: _in_place(name) for name in (
        "bernoulli_", "clamp_", "erfinv_", "exponential_", "normal_", "put_", "random_", "tanh_",
        "uniform_", "zero_",
    )},
    "inplace_sigmoid": _in_place("sigmoid_"),
    "accumulate_n": o.addn, "deepcopy": Tensor.copy, "dyn_shape": lambda input_x: Tensor(
        np.array(o.shape(input_x), np.int64)), "shape_": o.shape,
    "range": lambda start, end, step, maxlen=1000000: o.arange(*map(_number, (start, end, step))),
    "view_as": lambda input, other: input.reshape(other.shape),
    "move_to": lambda input, to="CPU", blocking=True: input,
    "tensor_slice": o.slice, "pows": o.pow, "isnan_ext": o.isnan, "mse_loss_ext": o.mse_loss,
    "einsum_ext": o.einsum, "baddbmm_ext": o.baddbmm, "float_power_ext": o.float_power,
    "adaptive_avg_pool2d_ext": o.adaptive_avg_pool2d,
    "diff_ext": lambda input, n=1, dim=-1, prepend=None, append=None: o.diff(
        input, n, dim, prepend, append),
    "DynamicRNN": DynamicRNN, "ReduceOp": ReduceOp,
    **{name: type(name, (_FloatStatus,), {"__doc__": _FloatStatus.__doc__}) for name in (
        "NPUAllocFloatStatus", "NPUClearFloatStatus", "NPUGetFloatStatus",
    )},
    **{name: type(name, (_Collective,), {"__doc__": _Collective.__doc__}) for name in (
        "AllGather", "AllReduce", "AlltoAll", "Broadcast", "Reduce", "ReduceScatter",
    )},
}  # fmt: skip


def _number(x: Any) -> Any:
    return x.item() if isinstance(x, Tensor) else x
