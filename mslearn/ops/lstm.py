"""A whole sequence through an LSTM as one operation.

Step by step, each product with the state's weights would also have a gradient of its own by these
weights; over the sequence these are one large product (measured, benchmarks/lstm_step.py).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from mslearn.core.errors import ShapeError
from mslearn.core.primitive import Primitive
from mslearn.core.state import state
from mslearn.core.tensor import Tensor
from mslearn.ops.linalg import matmul
from mslearn.ops.recurrent import LSTMStep, slope, step_back
from mslearn.ops.shape import concat, split, stack


class LSTMSequence(Primitive):
    """An LSTM over T steps (`LSTMStep` after `LSTMStep`).

    Shapes: sums (T, N, 4 H), the input's part with the biases; h and c (N, H), w_hh (4 H, H) ->
    the outputs (T, N, H), the cell states (T, N, H), the gates (T, N, 4 H).
    """

    inputs = ("sums", "h", "c", "w_hh")

    def kernel(sums, h, c, w_hh):
        LSTMSequence.infer(sums, h, c, w_hh)
        steps, n, size = len(sums), *c.shape
        outs, cells = (np.empty((steps, n, size), sums.dtype) for _ in range(2))
        gates, turned = np.empty_like(sums), np.ascontiguousarray(w_hh.T)
        for t in range(steps):
            h, c, gates[t] = LSTMStep.kernel(sums[t] + h @ turned, c)
            outs[t], cells[t] = h, c
        return outs, cells, gates

    def infer(sums, h, c, w_hh):
        n, size = c.shape if len(c.shape) == 2 else (-1, -1)
        if h.shape != c.shape or sums.shape[1:] != (n, 4 * size) or w_hh.shape != (4 * size, size):
            raise ShapeError(
                f"For 'LSTMSequence', states (N, H) need sums (T, N, 4 H) and weights (4 H, H), "
                f"but got {list(h.shape)}, {list(c.shape)}, {list(sums.shape)} and "
                f"{list(w_hh.shape)}. Give h and c of the batch's size."
            )
        steps = (sums.shape[0], n, size)
        return (steps, steps, sums.shape), (sums.dtype,) * 3

    def vjp(ct, out, sums, h, c, w_hh):
        if not state.active and type(out[0]._value) is np.ndarray:  # unseen: the same in one go
            values = (v._value for v in (*ct, *out, h, c, w_hh))
            return tuple(map(Tensor.wrap, _back(*values)))
        (outs, cells, gates), steps = out, []
        dh, dc, size = h * 0, c * 0, c.shape[1]
        for t in reversed(range(len(sums))):
            i, f, g, o = split(gates[t], size, 1)
            near, dh = cells[t].tanh(), ct[0][t] + dh
            dc = ct[1][t] + dc + dh * o * (1 - near * near)
            before = cells[t - 1] if t else c
            by = concat((dc * g, dc * before, dc * i, dh * near), 1) + ct[2][t]
            steps.append(by * slope(i, f, g, o))
            dh, dc = matmul(steps[-1], w_hh), dc * f
        by_sums = stack(steps[::-1], 0)
        states = concat((h.expand_dims(0), outs[:-1]), 0).reshape((-1, size))
        return by_sums, dh, dc, matmul(by_sums.reshape((-1, 4 * size)).T, states)

    def jvp(tangents, out, sums, h, c, w_hh):
        outs, cells, gates = out
        ts, th, tc, tw = (
            v * 0 if t is None else t for t, v in zip(tangents, (sums, h, c, w_hh), strict=True)
        )
        found: Any = ([], [], [])
        for t in range(len(sums)):
            i, f, g, o = split(gates[t], c.shape[1], 1)
            tg = ts[t] + matmul(th, w_hh.T) + matmul(outs[t - 1] if t else h, tw.T)
            tg = tg * slope(i, f, g, o)
            ti, tf, tcell, to = split(tg, c.shape[1], 1)
            near = cells[t].tanh()
            tc = tf * (cells[t - 1] if t else c) + f * tc + ti * g + i * tcell
            th = to * near + o * (1 - near * near) * tc
            for rows, row in zip(found, (th, tc, tg), strict=True):
                rows.append(row)
        return tuple(stack(rows, 0) for rows in found)


def _back(
    dout: np.ndarray, dcells: np.ndarray, dgates: np.ndarray, outs: np.ndarray, cells: np.ndarray,
    gates: np.ndarray, h: np.ndarray, c: np.ndarray, w_hh: np.ndarray,
) -> tuple[np.ndarray, ...]:  # fmt: skip
    """LSTMSequence.vjp on arrays."""
    by_sums, size = np.empty_like(gates), c.shape[1]
    dh, dc = np.zeros_like(h), np.zeros_like(c)
    for t in reversed(range(len(gates))):
        dc += dcells[t]
        before = cells[t - 1] if t else c
        by_sums[t], dc = step_back(dout[t] + dh, dc, dgates[t], cells[t], gates[t], before)
        dh = by_sums[t] @ w_hh
    states = np.concatenate((h[None], outs[:-1])).reshape(-1, size)
    return by_sums, dh, dc, by_sums.reshape(-1, 4 * size).T @ states
