"""Layers: Dense, Flatten, Dropout, and activations as Cells."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from mslearn import ops
from mslearn.common.initializer import HeUniform, Uniform, initializer
from mslearn.core.dtype import DType, float32
from mslearn.core.errors import DtypeError, ShapeError, did_you_mean
from mslearn.core.parameter import Parameter
from mslearn.core.tensor import Tensor
from mslearn.nn import activations
from mslearn.nn.cell import Cell, ParameterlessCell


class Dense(Cell):
    """``x @ weight.T + bias``, then the activation.

    Args:
        in_channels: size of the last axis of the input.
        out_channels: size of the last axis of the output.
        weight_init: initial weight (out_channels, in_channels); HeUniform(sqrt(5)) when None.
        bias_init: initial bias (out_channels,); uniform within 1/sqrt(in_channels) when None.
        has_bias: whether a bias is added.
        activation: a Cell, a function or a name such as ``"relu"``.
        dtype: dtype of the parameters.

    Raises:
        ShapeError: the last axis of the input is not `in_channels`.

    >>> import mslearn as ms
    >>> ms.nn.Dense(3, 4)(ms.ops.ones((2, 3))).shape
    (2, 4)
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        weight_init: Any = None,
        bias_init: Any = None,
        has_bias: bool = True,
        activation: str | Cell | Callable[..., Any] | None = None,
        dtype: DType = float32,
    ) -> None:
        super().__init__()
        self.in_channels = _positive("in_channels", in_channels)
        self.out_channels = _positive("out_channels", out_channels)
        self.has_bias = has_bias
        weight_init = HeUniform(math.sqrt(5)) if weight_init is None else weight_init
        shape = (out_channels, in_channels)
        self.weight = Parameter(initializer(weight_init, shape, dtype), name="weight")
        self.bias = None
        if has_bias:
            bias_init = Uniform(1 / math.sqrt(in_channels)) if bias_init is None else bias_init
            self.bias = Parameter(initializer(bias_init, (out_channels,), dtype), name="bias")
        self.activation = get_activation(activation) if isinstance(activation, str) else activation

    def construct(self, x: Tensor) -> Tensor:
        if not isinstance(x, Tensor):
            raise TypeError(
                f"For 'Dense', the input must be a Tensor, but got '{type(x).__name__}'. Convert "
                f"it with mslearn.Tensor(…)."
            )
        shape = x._value.shape
        if not shape or shape[-1] != self.in_channels:
            raise ShapeError(
                f"For 'Dense', the last axis of the input must be in_channels = "
                f"{self.in_channels}, but got an input of shape {list(shape)}. Either make the "
                f"layer nn.Dense({shape[-1] if shape else 1}, {self.out_channels}), or flatten or "
                f"reshape the input first (weight {self.weight.name}, MatMul)."
            )
        if x._value.dtype != self.weight._value.dtype:
            raise DtypeError(
                f"For 'Dense', input and weight must have the same dtype, but got {x.dtype} and "
                f"{self.weight.dtype}. Cast the input: x.astype(mslearn.{self.weight.dtype!r}"
                f").".replace("mslearn.mindspore.", "mslearn.")
            )
        out = ops.dense(x, self.weight, self.bias)
        return out if self.activation is None else self.activation(out)

    def extend_repr(self) -> str:
        text = f"input_channels={self.in_channels}, output_channels={self.out_channels}"
        text += f", has_bias={self.has_bias}" if self.has_bias else ""
        return text + (f", activation={self.activation}" if self.activation is not None else "")


def _positive(name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(
            f"For 'Dense', the {name} must be an int, but got '{type(value).__name__}'."
        )
    if value <= 0:
        raise ValueError(f"For 'Dense', the {name} must be at least 1, but got {value}.")
    return value


class Flatten(Cell):
    """All axes from `start_dim` to `end_dim` as one; the batch axis stays by default."""

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        super().__init__()
        if not (isinstance(start_dim, int) and isinstance(end_dim, int)):
            raise TypeError(
                f"For 'Flatten', start_dim and end_dim must be ints, but got "
                f"'{type(start_dim).__name__}' and '{type(end_dim).__name__}'. The layer is made "
                f"first and called with data then: nn.Flatten()(x)."
            )
        self.start_dim, self.end_dim = start_dim, end_dim

    def construct(self, x: Tensor) -> Tensor:
        if not -x.ndim <= self.start_dim < x.ndim:
            raise ValueError(
                f"For 'Flatten', start_dim {self.start_dim} is out of range for {x.ndim} axes. "
                f"nn.Flatten(0) flattens all of them."
            )
        return ops.flatten(x, start_dim=self.start_dim, end_dim=self.end_dim)


class Identity(Cell):
    """The input itself; whatever arguments it is made with."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()

    def construct(self, x: Any) -> Any:
        return x


class Dropout(Cell):
    """Zeros with probability `p` while training; the rest is scaled by 1/(1-p).

    Args:
        keep_prob: MindSpore 1.x's spelling, 1 - p; it counts where no `p` is given.
        p: probability of a zero.
    """

    def __init__(
        self, keep_prob: float = 0.5, p: float | None = None, dtype: DType = float32
    ) -> None:
        super().__init__()
        if p is None and not isinstance(keep_prob, float):
            raise TypeError(
                f"For 'Dropout', keep_prob must be a float, but got "
                f"'{type(keep_prob).__name__}'. Better say nn.Dropout(p=…), the share of zeros."
            )
        self.keep_prob, self._by_p = keep_prob, p is not None
        self.p = 1 - keep_prob if p is None else p
        if not 0 <= self.p < 1:
            raise ValueError(f"For 'Dropout', p must be in [0, 1), but got {self.p}.")

    def construct(self, x: Tensor) -> Tensor:
        return ops.dropout(x, self.p, self.training)

    def extend_repr(self) -> str:
        return f"p={self.p}" if self._by_p else f"keep_prob={self.keep_prob}"


class ReLU(ParameterlessCell):
    """max(x, 0)."""

    def construct(self, x: Tensor) -> Tensor:
        return ops.relu(x)


class Sigmoid(ParameterlessCell):
    """1 / (1 + exp(-x))."""

    def construct(self, input_x: Tensor) -> Tensor:
        return ops.sigmoid(input_x)


class Tanh(ParameterlessCell):
    """The hyperbolic tangent."""

    def construct(self, x: Tensor) -> Tensor:
        return ops.tanh(x)


class GELU(Cell):
    """x times the normal distribution function; the tanh form when `approximate`."""

    def __init__(self, approximate: bool = True) -> None:
        super().__init__()
        self.approximate = approximate

    def construct(self, x: Tensor) -> Tensor:
        return ops.gelu(x, "tanh" if self.approximate else "none")


class LeakyReLU(Cell):
    """x where positive, else alpha * x."""

    def __init__(self, alpha: float = 0.2) -> None:
        super().__init__()
        self.alpha = alpha

    def construct(self, x: Tensor) -> Tensor:
        return ops.leaky_relu(x, self.alpha)


class Softmax(Cell):
    """exp(x) divided by its sum along `axis`."""

    def __init__(self, axis: int | tuple[int, ...] = -1) -> None:
        super().__init__()
        if not isinstance(axis, int | tuple):
            raise TypeError(
                f"For 'Softmax', the axis must be an int or a tuple, but got "
                f"'{type(axis).__name__}'."
            )
        self.axis = axis

    def construct(self, x: Tensor) -> Tensor:
        return ops.softmax(x, self.axis)


class LogSoftmax(Cell):
    """The logarithm of softmax along `axis`."""

    def __init__(self, axis: int = -1) -> None:
        super().__init__()
        self.axis = axis

    def construct(self, x: Tensor) -> Tensor:
        return ops.log_softmax(x, self.axis)


_ACTIVATIONS: dict[str, type[Cell]] = {
    "relu": ReLU, "sigmoid": Sigmoid, "tanh": Tanh, "gelu": GELU, "leakyrelu": LeakyReLU,
    "softmax": Softmax, "logsoftmax": LogSoftmax, **activations.BY_NAME,
}  # fmt: skip


def get_activation(name: str | None, prim_name: str | None = None) -> Cell | None:
    """The activation Cell with a name such as ``"relu"``."""
    if not name:
        return None
    if name not in _ACTIVATIONS:
        raise KeyError(
            f"For 'get_activation', {name!r} is not known.{did_you_mean(name, _ACTIVATIONS)}"
        )
    return _ACTIVATIONS[name]()
