"""Recurrent networks: LSTM, GRU and RNN over sequences, and their cells for single steps.

The input's product with its weights is taken once for all steps; only the product with the state
has to wait for the step before.
"""

from __future__ import annotations

import math
from typing import Any

from mslearn import ops
from mslearn.common.initializer import Uniform, initializer
from mslearn.common.parameter import ParameterTuple
from mslearn.core.dtype import DType, float32
from mslearn.core.errors import ShapeError
from mslearn.core.parameter import Parameter
from mslearn.core.primitive import apply
from mslearn.core.state import state
from mslearn.core.tensor import Tensor
from mslearn.nn.cell import Cell
from mslearn.nn.layers import Dropout
from mslearn.ops.lstm import LSTMSequence
from mslearn.ops.recurrent import gru_step, lstm_step, rnn_step, zero_state


def _size(name: str, what: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(
            f"For '{name}', the '{what}' must be an int, but got '{type(value).__name__}'."
        )
    if value <= 0:
        raise ValueError(f"For '{name}', the '{what}' must be at least 1, but got {value}.")
    return value


def _flag(name: str, what: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError(
            f"For '{name}', the '{what}' must be True or False, but got '{type(value).__name__}'."
        )
    return value


def _features(name: str, x: Any, axes: str, size: int) -> None:
    if not isinstance(x, Tensor):
        raise TypeError(
            f"For '{name}', the input must be a Tensor, but got '{type(x).__name__}'. Convert it "
            f"with mslearn.Tensor(…)."
        )
    if x.ndim != axes.count(",") + 1 or x.shape[-1] != size:
        raise ShapeError(
            f"For '{name}', the input must have the axes {axes} with input_size = {size}, but got "
            f"shape {list(x.shape)}. Reshape the input or change the layer's input_size."
        )


def _told(value: Any) -> str:
    """Types instead of whole tensors."""
    if not isinstance(value, tuple | list):
        return type(value).__name__
    return f"a {type(value).__name__} of {[type(v).__name__ for v in value]}"


def _state_like(name: str, h: Any, shape: tuple[int, ...]) -> Tensor:
    if not isinstance(h, Tensor):
        raise TypeError(
            f"For '{name}', a state must be a Tensor, but got '{type(h).__name__}'. An LSTM "
            f"takes (h, c), GRU and RNN take h."
        )
    if tuple(h.shape) != shape:
        raise ShapeError(
            f"For '{name}', a state of this input must have the shape {list(shape)}, but got "
            f"{list(h.shape)}."
        )
    return h


class _Recurrence(Cell):
    """One layer in one direction."""

    def sums(self, x: Tensor, w_ih: Any, b_ih: Any, b_hh: Any) -> Tensor:
        return ops.dense(x, w_ih, None if b_ih is None else b_ih + b_hh)

    def step(self, sums: Tensor, states: tuple[Tensor, ...], w_hh: Any, b_hh: Any) -> Any:
        raise NotImplementedError

    def construct(
        self, x: Tensor, states: tuple[Tensor, ...], seq_length: Any, reverse: bool,
        w_ih: Any, w_hh: Any, b_ih: Any, b_hh: Any,
    ) -> tuple[Tensor, tuple[Tensor, ...]]:  # fmt: skip
        sums = ops.unstack(self.sums(x, w_ih, b_ih, b_hh), 0)
        outputs = []
        for t in reversed(range(len(sums))) if reverse else range(len(sums)):
            new = self.step(sums[t], states, w_hh, b_hh)
            out = new[0]
            if seq_length is not None:  # what is behind a sequence's end changes nothing
                inside = ops.expand_dims(seq_length > t, 1)
                out = ops.where(inside, out, ops.zeros_like(out))
                new = tuple(ops.where(inside, n, s) for n, s in zip(new, states, strict=True))
            states = new
            outputs.append(out)
        return ops.stack(outputs[::-1] if reverse else outputs, 0), states


class _DynamicLSTMCPUGPU(_Recurrence):
    def construct(
        self, x: Tensor, states: tuple[Tensor, ...], seq_length: Any, reverse: bool,
        w_ih: Any, w_hh: Any, b_ih: Any, b_hh: Any,
    ) -> tuple[Tensor, tuple[Tensor, ...]]:  # fmt: skip
        # A graph shows the steps, whose operations every format knows.
        if state.capture is not None:
            return super().construct(x, states, seq_length, reverse, w_ih, w_hh, b_ih, b_hh)
        if seq_length is not None:
            sums = self.sums(x, w_ih, b_ih, b_hh)
            return _each_to_its_end(sums, states, w_hh, seq_length, reverse)
        sums = self.sums(ops.flip(x, (0,)) if reverse else x, w_ih, b_ih, b_hh)
        outputs, cells, _ = apply(LSTMSequence, (sums, *states, w_hh))
        last = (outputs[-1], cells[-1])
        return ops.flip(outputs, (0,)) if reverse else outputs, last

    def step(self, sums: Tensor, states: tuple[Tensor, ...], w_hh: Any, b_hh: Any) -> Any:
        return lstm_step(sums, states[0], states[1], w_hh)


def _each_to_its_end(
    sums: Tensor, states: tuple[Tensor, ...], w_hh: Any, seq_length: Any, reverse: bool
) -> tuple[Tensor, tuple[Tensor, ...]]:
    """All steps of all sequences at once; what comes behind a sequence's end is left out.

    A backward run reads each sequence from its own end: its steps are put in that order first.
    """
    steps = ops.arange(sums.shape[0]).reshape((-1, 1))
    lengths = seq_length.astype(steps.dtype).reshape((1, -1))
    inside = ops.less(steps, lengths)  # (T, N)
    order = ops.where(inside, lengths - 1 - steps, steps)

    def pick(x: Tensor, places: Tensor) -> Tensor:
        shape = (*places.shape, x.shape[2])
        return ops.gather_d(x, 0, ops.broadcast_to(ops.expand_dims(places, 2), shape))

    found = apply(LSTMSequence, (pick(sums, order) if reverse else sums, *states, w_hh))[:2]
    end = ops.maximum(lengths - 1, 0)
    some = ops.greater(lengths, 0).reshape((-1, 1))
    last = tuple(
        ops.where(some, pick(x, end)[0], start) for x, start in zip(found, states, strict=True)
    )
    outputs = pick(found[0], order) if reverse else found[0]
    return ops.where(ops.expand_dims(inside, 2), outputs, ops.zeros_like(outputs)), last


class _DynamicGRUCPUGPU(_Recurrence):
    def sums(self, x: Tensor, w_ih: Any, b_ih: Any, b_hh: Any) -> Tensor:
        return ops.dense(x, w_ih, b_ih)

    def step(self, sums: Tensor, states: tuple[Tensor, ...], w_hh: Any, b_hh: Any) -> Any:
        return (gru_step(sums, states[0], w_hh, b_hh),)


class _DynamicRNNTanh(_Recurrence):
    def step(self, sums: Tensor, states: tuple[Tensor, ...], w_hh: Any, b_hh: Any) -> Any:
        return (rnn_step(sums, states[0], w_hh, False),)


class _DynamicRNNRelu(_Recurrence):
    def step(self, sums: Tensor, states: tuple[Tensor, ...], w_hh: Any, b_hh: Any) -> Any:
        return (rnn_step(sums, states[0], w_hh, True),)


class _Recurrent(Cell):
    """What LSTM, GRU and RNN share: parameters, layers and directions."""

    gates = 1
    kinds: dict[str, type[_Recurrence]] = {}
    nonlinearity = "tanh"

    def __init__(
        self, input_size: int, hidden_size: int, num_layers: int = 1, has_bias: bool = True,
        batch_first: bool = False, dropout: float = 0.0, bidirectional: bool = False,
        dtype: DType = float32,
    ) -> None:  # fmt: skip
        super().__init__()
        name = type(self).__name__
        self.input_size = _size(name, "input_size", input_size)
        self.hidden_size = _size(name, "hidden_size", hidden_size)
        self.num_layers = _size(name, "num_layers", num_layers)
        self.has_bias = _flag(name, "has_bias", has_bias)
        self.batch_first = _flag(name, "batch_first", batch_first)
        self.bidirectional = _flag(name, "bidirectional", bidirectional)
        if isinstance(dropout, bool) or not isinstance(dropout, int | float):
            raise TypeError(
                f"For '{name}', the 'dropout' must be a number, but got '{type(dropout).__name__}'."
            )
        if not 0 <= dropout < 1:
            raise ValueError(f"For '{name}', the 'dropout' must be in [0, 1), but got {dropout}.")
        self.rnn = self.kinds[self.nonlinearity]()
        self.dropout = dropout
        self.dropout_op = Dropout(p=float(dropout))
        self.num_directions = 2 if bidirectional else 1
        kinds = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        made: dict[str, list[Parameter]] = {kind: [] for kind in kinds}
        rows, init = self.gates * hidden_size, Uniform(1 / math.sqrt(hidden_size))
        for layer in range(num_layers):
            width = input_size if layer == 0 else hidden_size * self.num_directions
            shapes: dict[str, tuple[int, ...]]
            shapes = {"weight_ih": (rows, width), "weight_hh": (rows, hidden_size)}
            shapes |= {"bias_ih": (rows,), "bias_hh": (rows,)} if has_bias else {}
            for suffix in ("", "_reverse")[: self.num_directions]:
                for kind, shape in shapes.items():
                    title = f"{kind}_l{layer}{suffix}"
                    made[kind].append(Parameter(initializer(init, shape, dtype), name=title))
        self.w_ih_list = ParameterTuple(made["weight_ih"])
        self.w_hh_list = ParameterTuple(made["weight_hh"])
        self.b_ih_list = ParameterTuple(made["bias_ih"])
        self.b_hh_list = ParameterTuple(made["bias_hh"])

    def construct(self, x: Tensor, hx: Any = None, seq_length: Any = None) -> Any:
        name, lstm = type(self).__name__, self.gates == 4
        _features(name, x, "(N, T, C)" if self.batch_first else "(T, N, C)", self.input_size)
        if seq_length is not None and not isinstance(seq_length, Tensor):
            raise TypeError(
                f"For '{name}', seq_length must be a Tensor of int32 or int64, one number a "
                f"sequence, but got {_told(seq_length)}."
            )
        x = ops.swapaxes(x, 0, 1) if self.batch_first else x
        runs = self.num_layers * self.num_directions
        shape = (runs, x.shape[1], self.hidden_size)
        if hx is None:
            zero = zero_state(x, shape[1:])
            starts = [(zero,) * (2 if lstm else 1)] * runs
        else:
            if lstm and not (isinstance(hx, tuple | list) and len(hx) == 2):
                raise TypeError(f"For 'LSTM', hx must be a tuple (h, c), but got {_told(hx)}.")
            given = [_state_like(name, h, shape) for h in (hx if lstm else (hx,))]
            starts = list(zip(*(ops.unstack(h, 0) for h in given), strict=True))
        ends: list[tuple[Tensor, ...]] = []
        for layer in range(self.num_layers):
            outputs = []
            for direction in range(self.num_directions):
                k = layer * self.num_directions + direction
                bias = (self.b_ih_list[k], self.b_hh_list[k]) if self.has_bias else (None, None)
                out, end = self.rnn(
                    x, starts[k], seq_length, direction == 1,
                    self.w_ih_list[k], self.w_hh_list[k], *bias,
                )  # fmt: skip
                outputs.append(out)
                ends.append(end)
            x = outputs[0] if len(outputs) == 1 else ops.concat(outputs, 2)
            if self.dropout and layer < self.num_layers - 1:
                x = self.dropout_op(x)
        last = tuple(ops.stack(parts, 0) for parts in zip(*ends, strict=True))
        x = ops.swapaxes(x, 0, 1) if self.batch_first else x
        return x, last if lstm else last[0]


class LSTM(_Recurrent):
    """Long short-term memory over sequences: a gated cell state carries what is to be kept.

    Args:
        input_size: C, numbers of each step of the input.
        hidden_size: H, numbers of the state.
        num_layers: layers on top of one another.
        has_bias: whether biases are added.
        batch_first: whether the input is (N, T, C) instead of (T, N, C).
        dropout: probability of a zero in the outputs of all layers but the last.
        bidirectional: whether a second network reads from the end (D = 2, else 1).
        dtype: dtype of the parameters.

    Called with x, ``hx=(h, c)`` of shape (D * num_layers, N, H) each (zeros when None) and
    `seq_length` (N,), the lengths without padding. Returns the outputs (T, N, D * H) and (h, c)
    after the last step. Rows of the weights: input, forget, cell, output gate.

    >>> import mslearn as ms
    >>> out, (h, c) = ms.nn.LSTM(3, 5)(ms.ops.ones((4, 2, 3)))
    >>> out.shape, h.shape, c.shape
    ((4, 2, 5), (1, 2, 5), (1, 2, 5))
    """

    gates = 4
    kinds = {"tanh": _DynamicLSTMCPUGPU}


class GRU(_Recurrent):
    """Gated recurrent units over sequences (Cho et al. 2014); arguments as LSTM's, `hx` is h.

    Rows of the weights: reset, update, new state.

    >>> import mslearn as ms
    >>> out, h = ms.nn.GRU(3, 5, bidirectional=True)(ms.ops.ones((4, 2, 3)))
    >>> out.shape, h.shape
    ((4, 2, 10), (2, 2, 5))
    """

    gates = 3
    kinds = {"tanh": _DynamicGRUCPUGPU}


class RNN(_Recurrent):
    """h = tanh(W x + b + V h + d) over sequences; arguments as LSTM's, `hx` is h.

    `nonlinearity` is ``"tanh"`` or ``"relu"``.

    >>> import mslearn as ms
    >>> out, h = ms.nn.RNN(3, 5, batch_first=True)(ms.ops.ones((2, 4, 3)))
    >>> out.shape, h.shape
    ((2, 4, 5), (1, 2, 5))
    """

    kinds = {"tanh": _DynamicRNNTanh, "relu": _DynamicRNNRelu}

    def __init__(self, *args: Any, nonlinearity: str = "tanh", **kwargs: Any) -> None:
        if nonlinearity not in self.kinds:
            raise ValueError(
                f"For 'RNN', the 'nonlinearity' must be one of {list(self.kinds)}, but got "
                f"{nonlinearity!r}."
            )
        self.nonlinearity = nonlinearity
        super().__init__(*args, **kwargs)


class _Single(Cell):
    """What the cells share: parameters and checks."""

    gates = 1

    def __init__(
        self, input_size: int, hidden_size: int, has_bias: bool = True, dtype: DType = float32
    ) -> None:
        super().__init__()
        name = type(self).__name__
        self.input_size = _size(name, "input_size", input_size)
        self.hidden_size = _size(name, "hidden_size", hidden_size)
        self.has_bias = _flag(name, "has_bias", has_bias)
        init, rows = Uniform(1 / math.sqrt(hidden_size)), self.gates * hidden_size
        self.weight_ih = Parameter(initializer(init, (rows, input_size), dtype), name="weight_ih")
        self.weight_hh = Parameter(initializer(init, (rows, hidden_size), dtype), name="weight_hh")
        self.bias_ih = self.bias_hh = None
        if has_bias:
            self.bias_ih = Parameter(initializer(init, (rows,), dtype), name="bias_ih")
            self.bias_hh = Parameter(initializer(init, (rows,), dtype), name="bias_hh")

    def _sums(self, x: Any, *states: Any) -> Tensor:
        name = type(self).__name__
        _features(name, x, "(N, C)", self.input_size)
        for h in states:
            _state_like(name, h, (x.shape[0], self.hidden_size))
        if self.bias_ih is None or self.gates == 3:
            return ops.dense(x, self.weight_ih, self.bias_ih)
        return ops.dense(x, self.weight_ih, self.bias_ih + self.bias_hh)


class LSTMCell(_Single):
    """One step of an LSTM: x (N, C) and ``hx=(h, c)`` (N, H) each -> (h, c)."""

    gates = 4

    def construct(self, x: Tensor, hx: Any) -> tuple[Tensor, Tensor]:
        if not isinstance(hx, tuple | list) or len(hx) != 2:
            raise TypeError(f"For 'LSTMCell', hx must be a tuple (h, c), but got {_told(hx)}.")
        return lstm_step(self._sums(x, *hx), hx[0], hx[1], self.weight_hh)


class GRUCell(_Single):
    """One step of a gated recurrent unit: x (N, C) and hx (N, H) -> h (N, H)."""

    gates = 3

    def construct(self, x: Tensor, hx: Tensor) -> Tensor:
        return gru_step(self._sums(x, hx), hx, self.weight_hh, self.bias_hh)


class RNNCell(_Single):
    """One step of a plain recurrent network: x (N, C) and hx (N, H) -> h (N, H)."""

    def __init__(
        self, input_size: int, hidden_size: int, has_bias: bool = True,
        nonlinearity: str = "tanh", dtype: DType = float32,
    ) -> None:  # fmt: skip
        super().__init__(input_size, hidden_size, has_bias, dtype)
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(
                f"For 'RNNCell', the 'nonlinearity' must be 'tanh' or 'relu', but got "
                f"{nonlinearity!r}."
            )
        self.nonlinearity = nonlinearity

    def construct(self, x: Tensor, hx: Tensor) -> Tensor:
        return rnn_step(self._sums(x, hx), hx, self.weight_hh, self.nonlinearity == "relu")
