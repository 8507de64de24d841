"""The rest of MindSpore's classes that are compositions here, those over sequences first.

`LSTM` takes all its weights in one tensor, in the order of MindSpore's CPU.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mslearn import ops as o  # complete but for the classes: this file is loaded late
from mslearn.core.dtype import INT64
from mslearn.core.parameter import Parameter
from mslearn.core.primitive import apply
from mslearn.core.tensor import Tensor, as_tensor
from mslearn.ops.lstm import LSTMSequence
from mslearn.ops.names.classes import _plain, declare
from mslearn.ops.names.classes_rare import _array, _made
from mslearn.ops.optimizer_rare import on_rows


def _lstm(x, h, c, w, hidden_size, num_layers, has_bias, bidirectional, dropout, **_):
    """An LSTM over x (T, N, I): outputs (T, N, H), the last h and c, and two empty tensors.

    As on MindSpore's CPU the two directions are stacks of their own, joined after the last layer:
    several layers need I = H, and of the weights by the inputs only the first are used.
    """
    flat, inner, ways, rows = w.reshape((-1,)), x.shape[2], 1 + bidirectional, 4 * hidden_size
    if num_layers > 1 and inner != hidden_size:
        raise RuntimeError(
            f"For 'LSTM', {num_layers} layers need an input_size equal to the hidden_size "
            f"{hidden_size}, but got {inner}. nn.LSTM takes any sizes."
        )
    states = rows * ways * (inner + (num_layers - 1) * ways * hidden_size)  # where they begin
    bias, ends, outs = states + rows * hidden_size * num_layers * ways, {}, []

    def part(start: int, one: int, width: int) -> Tensor:
        at = start + one * rows * width
        return flat[at : at + rows * width].reshape((rows, width))

    for way in range(ways):
        y = o.flip(x, (0,)) if way else x
        for one in range(way, num_layers * ways, ways):
            y = o.dropout(y, dropout) if one >= ways and dropout else y
            sums, w_hh = o.matmul(y, part(0, one, inner).T), part(states, one, hidden_size)
            sums = sums + part(bias, one, 1)[:, 0] if has_bias else sums
            y, cells, _ = apply(LSTMSequence, (sums, h[one], c[one], w_hh))
            ends[one] = (y[-1], cells[-1])
        outs.append(o.flip(y, (0,)) if way else y)
    last = (o.stack(end) for end in zip(*(ends[k] for k in sorted(ends)), strict=True))
    return o.concat(outs, -1), *last, o.zeros((1, 1)), o.zeros((1, 1))


declare("LSTM", lambda x, h, c, w, input_size, proj_size, **more: _lstm(x, h, c, w, **more),
        input_size=1, hidden_size=1, num_layers=1, has_bias=True, bidirectional=False,
        dropout=0.0, proj_size=0)  # fmt: skip


def _ragged_range(starts, limits, deltas, Tsplits):
    """The numbers from each start to its limit in one row, and where each run begins in it."""
    runs = [np.arange(*three) for three in zip(*map(_array, (starts, limits, deltas)), strict=True)]
    places = np.cumsum([0, *map(len, runs)])
    return _made(places, Tsplits), _made(np.concatenate(runs), _array(starts).dtype)


def _sparse_slice(indices, values, shape, start, size):
    """The entries of a sparse tensor within a box, with places counted from its corner."""
    low = _array(start)
    at, box = _array(indices) - low, np.minimum(_array(size), _array(shape) - low)
    inside = ((at >= 0) & (at < box)).all(1)
    return _made(at[inside]), as_tensor(values)[_made(np.flatnonzero(inside))], _made(box, INT64)


_dumped: dict[str, int] = {}


def tensordump(file_name, tensor, mode="out"):
    """Save a tensor as ``{file_name}_{dtype}_{number}.npy``, numbers rising with each call."""
    array = _array(tensor)
    number = _dumped[file_name] = _dumped.get(file_name, -1) + 1
    Path(file_name).parent.mkdir(parents=True, exist_ok=True)
    np.save(f"{file_name}_{array.dtype}_{number}.npy", array)


def _change(m, v, beta1_power, beta2_power, lr, *rest, **attrs):
    """By how much Adam would change a weight; m and v are updated."""
    var = Parameter(o.zeros_like(m), name="change")
    o.Adam(**attrs)(var, m, v, beta1_power, beta2_power, lr, *rest)
    return var + 0


def mixed_precision_cast(dst_dtype, x):
    """The floating tensors in `x`, a tensor or a tuple of values, in another dtype."""
    if isinstance(x, tuple | list):
        return type(x)(mixed_precision_cast(dst_dtype, v) for v in x)
    return x.astype(dst_dtype) if isinstance(x, Tensor) and x._value.dtype.kind == "f" else x


_LOCK = {"use_locking": False}
declare("RaggedRange", _ragged_range, Tsplits=INT64)
_plain({"CopyWithSlice": o.assign, "MoveTo": o.move_to, "SparseSlice": _sparse_slice})
declare("TensorDump", lambda file, x, input_output: tensordump(file, x), input_output="out")
declare("DumpGradient", lambda file, x, mode: o.InsertGradientOf(
    lambda ct: tensordump(file, ct) or ct)(x))  # fmt: skip
declare("AdamNoUpdateParam", _change, **_LOCK, use_nesterov=False)
declare("ApplyAdamWithAmsgradV2", lambda *args, **_: o.ApplyAdamWithAmsgrad(
    *map(float, args[7:10]))(*args[:7], args[10]), **_LOCK)  # fmt: skip
declare("FusedCastAdamWeightDecay", lambda *args, **_: o.AdamWeightDecay()(
    *args[:-2], args[-2].astype("f4") / args[-1]), **_LOCK)  # fmt: skip
declare("SparseApplyRMSProp", lambda *args, rho, **more: on_rows(o.ApplyRMSProp, *args, decay=rho,
        **more), rho=0.9, momentum=0.0, epsilon=1e-10, **_LOCK)  # fmt: skip
declare("PyFunc", lambda *args, fn, **_: tuple(map(as_tensor, fn(*map(_array, args)))), fn=None,
        in_types=(), in_shapes=(), out_types=(), out_shapes=(), stateful=True)  # fmt: skip
declare("TensorToTuple", lambda x: tuple(x.tolist()))
declare("TransposeView", lambda x, perm: o.transpose(x, tuple(perm)))
declare("TransposeExtView", lambda x, dim0, dim1: x.swapaxes(dim0, dim1))
declare("SelectView", lambda x, index, axis: x.select(axis, index))
declare("LogSoftmaxExt", lambda x, dim=-1, dtype=None: o.log_softmax(x, dim))
declare("UniqueConsecutive", lambda x, dim, **_: o.unique_consecutive(x, True, True, dim),
        return_inverse=False, return_counts=False, dim=None)  # fmt: skip
vars(o).update(
    mixed_precision_cast=mixed_precision_cast, tensordump=tensordump, Tensor=Tensor,
    reshape_=o.reshape, tensor_range=o.range, bernoulli_ext=lambda input, *, generator=None: (
        o.bernoulli(input, input)),
)  # fmt: skip
