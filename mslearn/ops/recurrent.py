"""One step of a recurrent network: what becomes of the state, from sums that are already there."""

from __future__ import annotations

from typing import Any

import numpy as np

from mslearn.core.errors import ShapeError
from mslearn.core.primitive import Primitive, apply
from mslearn.core.state import state
from mslearn.core.tensor import Tensor
from mslearn.ops.families import BroadcastTo
from mslearn.ops.linalg import dense
from mslearn.ops.shape import concat, split


class LSTMStep(Primitive):
    """The state of an LSTM after one step (Hochreiter & Schmidhuber 1997, with a forget gate).

    Shapes: sums (N, 4 H) of the input, forget, cell and output gate, c (N, H) -> h (N, H),
    c (N, H) and the gates (N, 4 H) after sigmoid and tanh; the rules below need them.
    """

    inputs = ("sums", "c")

    def kernel(sums, c):
        LSTMStep.infer(sums, c)
        half, hidden = sums.dtype.type(0.5), c.shape[1]
        gates = sums * half  # sigmoid(x) = (tanh(x / 2) + 1) / 2: one tanh for all four
        cell = gates[:, 2 * hidden : 3 * hidden]
        cell += cell
        np.tanh(gates, out=gates)
        for part in (gates[:, : 2 * hidden], gates[:, 3 * hidden :]):
            part *= half
            part += half
        i, f, g, o = _parts(gates, hidden)
        new = f * c
        new += i * g
        h = np.tanh(new)
        h *= o
        return h, new, gates

    def infer(sums, c):
        if len(c.shape) != 2 or sums.shape != (c.shape[0], 4 * c.shape[1]):
            raise ShapeError(
                f"For 'LSTMStep', a cell state (N, H) needs sums (N, 4 H), but got "
                f"{list(c.shape)} and {list(sums.shape)}. Give h and c of the batch's size."
            )
        return (c.shape, c.shape, sums.shape), (c.dtype, c.dtype, sums.dtype)

    def vjp(ct, out, sums, c):
        if not state.active and type(out[0]._value) is np.ndarray:  # unseen: the same in one go
            values = (v._value for v in (*ct, *out[1:], c))
            return tuple(map(Tensor.wrap, step_back(*values)))
        dh, dc, dgates = ct
        _, new, gates = out
        i, f, g, o = split(gates, c.shape[1], 1)
        t = new.tanh()
        dc = dc + dh * o * (1 - t * t)
        by_gates = dgates + concat((dc * g, dc * c, dc * i, dh * t), 1)
        return by_gates * slope(i, f, g, o), dc * f

    def jvp(tangents, out, sums, c):
        _, new, gates = out
        i, f, g, o = split(gates, c.shape[1], 1)
        tg = gates * 0 if tangents[0] is None else tangents[0] * slope(i, f, g, o)
        ti, tf, tcell, to = split(tg, c.shape[1], 1)
        tc = tf * c + ti * g + i * tcell
        if tangents[1] is not None:
            tc = tc + tangents[1] * f
        t = new.tanh()
        return to * t + o * (1 - t * t) * tc, tc, tg


def _parts(gates: np.ndarray, hidden: int) -> tuple[np.ndarray, ...]:
    return tuple(gates[:, k * hidden : (k + 1) * hidden] for k in range(4))


def slope(i: Tensor, f: Tensor, g: Tensor, o: Tensor) -> Tensor:
    """The derivative of the gates by their sums."""
    return concat((i * (1 - i), f * (1 - f), 1 - g * g, o * (1 - o)), 1)


def step_back(
    dh: np.ndarray, dc: np.ndarray, dgates: np.ndarray, new: np.ndarray, gates: np.ndarray,
    c: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """LSTMStep.vjp on arrays."""
    hidden, one = c.shape[1], c.dtype.type(1)
    i, f, g, o = _parts(gates, hidden)
    t = np.tanh(new)
    by_c = one - t * t
    by_c *= o
    by_c *= dh
    by_c += dc
    out = np.empty_like(gates)
    for part, left, right in zip(
        _parts(out, hidden), (by_c, by_c, by_c, dh), (g, c, i, t), strict=True
    ):
        np.multiply(left, right, out=part)
    out += dgates
    slope = one - gates
    slope *= gates
    np.multiply(g, g, out=slope[:, 2 * hidden : 3 * hidden])
    np.subtract(one, slope[:, 2 * hidden : 3 * hidden], out=slope[:, 2 * hidden : 3 * hidden])
    out *= slope
    by_c *= f
    return out, by_c


def lstm_step(sums: Tensor, h: Tensor, c: Tensor, w_hh: Any) -> tuple[Tensor, Tensor]:
    """h and c after one step; `sums` (N, 4 H) has the input's part and the biases."""
    h, c, _ = apply(LSTMStep, (sums + dense(h, w_hh), c))
    return h, c


def gru_step(sums: Tensor, h: Tensor, w_hh: Any, b_hh: Any) -> Tensor:
    """h after one step of a gated recurrent unit; `sums` (N, 3 H) has the input's part."""
    hidden = h.shape[1]
    xg, xn = split(sums, [2 * hidden, hidden], 1)
    hg, hn = split(dense(h, w_hh, b_hh), [2 * hidden, hidden], 1)
    r, z = split((xg + hg).sigmoid(), hidden, 1)
    n = (xn + r * hn).tanh()
    return n + z * (h - n)


def rnn_step(sums: Tensor, h: Tensor, w_hh: Any, relu: bool) -> Tensor:
    """h after one step of a plain recurrent network; `sums` (N, H) has the input's part."""
    new = sums + dense(h, w_hh)
    return new.relu() if relu else new.tanh()


def zero_state(x: Tensor, shape: tuple[int, ...]) -> Tensor:
    """The state before the first step."""
    zero = Tensor.wrap(np.zeros((1,) * len(shape), x._value.dtype))
    return apply(BroadcastTo, (zero,), {"shape": shape})
