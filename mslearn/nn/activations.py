"""Activations as Cells; the functions are in ops."""

from __future__ import annotations

from typing import Any

from mslearn import ops
from mslearn.core.dtype import FLOAT32
from mslearn.core.parameter import Parameter
from mslearn.core.tensor import Tensor
from mslearn.nn.cell import Cell, ParameterlessCell


class ReLU6(ParameterlessCell):
    """min(max(x, 0), 6)."""

    def construct(self, x: Tensor) -> Tensor:
        return ops.relu6(x)


class SiLU(ParameterlessCell):
    """x * sigmoid(x)."""

    def construct(self, x: Tensor) -> Tensor:
        return ops.silu(x)


class ELU(Cell):
    """x where positive, else alpha * (exp(x) - 1)."""

    def __init__(self, alpha: float = 1.0) -> None:
        super().__init__()
        self.alpha = alpha

    def construct(self, x: Tensor) -> Tensor:
        return ops.elu(x, self.alpha)


class CELU(Cell):
    """max(x, 0) + min(alpha * (exp(x / alpha) - 1), 0)."""

    def __init__(self, alpha: float = 1.0) -> None:
        super().__init__()
        self.alpha = alpha

    def construct(self, x: Tensor) -> Tensor:
        return ops.celu(x, self.alpha)


class SeLU(ParameterlessCell):
    """The self-normalising scaled elu."""

    def construct(self, x: Tensor) -> Tensor:
        return ops.selu(x)


class HSigmoid(ParameterlessCell):
    """min(max((x + 3) / 6, 0), 1)."""

    def construct(self, x: Tensor) -> Tensor:
        return ops.hardsigmoid(x)


class HSwish(ParameterlessCell):
    """x times HSigmoid(x)."""

    def construct(self, x: Tensor) -> Tensor:
        return ops.hardswish(x)


class Mish(ParameterlessCell):
    """x * tanh(softplus(x))."""

    def construct(self, x: Tensor) -> Tensor:
        return ops.mish(x)


class Softsign(ParameterlessCell):
    """x / (1 + |x|)."""

    def construct(self, x: Tensor) -> Tensor:
        return ops.softsign(x)


class Softplus(Cell):
    """log(1 + exp(x))."""

    def construct(self, x: Tensor) -> Tensor:
        return ops.softplus(x)


class SoftShrink(Cell):
    """x moved by `lambd` towards 0, and 0 where it would pass it."""

    def __init__(self, lambd: float = 0.5) -> None:
        super().__init__()
        self.lambd = lambd

    def construct(self, x: Tensor) -> Tensor:
        return ops.softshrink(x, self.lambd)


class HShrink(Cell):
    """x where |x| > lambd, else 0."""

    def __init__(self, lambd: float = 0.5) -> None:
        super().__init__()
        self.lambd = lambd

    def construct(self, x: Tensor) -> Tensor:
        return ops.hardshrink(x, self.lambd)


class Hardtanh(Cell):
    """x pushed into [min_val, max_val]."""

    def __init__(self, min_val: float = -1.0, max_val: float = 1.0) -> None:
        super().__init__()
        self.min_val = min_val
        self.max_val = max_val

    def construct(self, x: Tensor) -> Tensor:
        return ops.hardtanh(x, self.min_val, self.max_val)


class LogSigmoid(ParameterlessCell):
    """log(sigmoid(x))."""

    def construct(self, x: Tensor) -> Tensor:
        return ops.logsigmoid(x)


class Tanhshrink(ParameterlessCell):
    """x - tanh(x)."""

    def construct(self, x: Tensor) -> Tensor:
        return ops.tanhshrink(x)


class GLU(Cell):
    """The first half of `axis` times the sigmoid of the second."""

    def __init__(self, axis: int = -1) -> None:
        super().__init__()
        self.axis = axis

    def construct(self, x: Tensor) -> Tensor:
        return ops.glu(x, self.axis)


class Threshold(Cell):
    """x where it is greater than `threshold`, else `value`."""

    def __init__(self, threshold: float, value: float) -> None:
        super().__init__()
        self.threshold = threshold
        self.value = value

    def construct(self, x: Tensor) -> Tensor:
        return ops.threshold(x, self.threshold, self.value)


class Softmin(Cell):
    """softmax(-x) along `axis`."""

    def __init__(self, axis: int = -1) -> None:
        super().__init__()
        self.axis = axis

    def construct(self, x: Tensor) -> Tensor:
        return ops.softmin(x, self.axis)


class Softmax2d(ParameterlessCell):
    """Softmax over the channels of images (N, C, H, W)."""

    def construct(self, x: Tensor) -> Tensor:
        return ops.softmax(x, -3)


class RReLU(Cell):
    """x where positive, else x times a random slope."""

    def __init__(self, lower: float = 0.125, upper: float = 1 / 3) -> None:
        super().__init__()
        self.lower = lower
        self.upper = upper

    def construct(self, x: Tensor) -> Tensor:
        return ops.rrelu(x, self.lower, self.upper)


class FastGelu(ParameterlessCell):
    """A fast approximation of gelu."""

    def construct(self, x: Tensor) -> Tensor:
        return ops.fast_gelu(x)


class PReLU(Cell):
    """x where positive, else x times a learned weight (He et al., 2015).

    Args:
        channel: 1, or the number of channels for a weight each.
        w: the initial weight, a number or a Tensor of `channel` weights.
    """

    def __init__(self, channel: int = 1, w: Any = 0.25) -> None:
        super().__init__()
        if not isinstance(channel, int) or channel < 1:
            raise ValueError(f"For 'PReLU', the channel must be an int >= 1, but got {channel!r}.")
        start = w if isinstance(w, Tensor) else ops.full((channel,), float(w), dtype=FLOAT32)
        self.w = Parameter(start, name="a")

    def construct(self, x: Tensor) -> Tensor:
        return ops.prelu(x, self.w)


BY_NAME: dict[str, type[Cell]] = {
    "relu6": ReLU6, "silu": SiLU, "elu": ELU, "celu": CELU, "selu": SeLU, "hsigmoid": HSigmoid,
    "hswish": HSwish, "mish": Mish, "softsign": Softsign, "softshrink": SoftShrink,
    "hshrink": HShrink, "logsigmoid": LogSigmoid, "tanhshrink": Tanhshrink, "glu": GLU,
    "prelu": PReLU, "fast_gelu": FastGelu, "hardtanh": Hardtanh,
}  # fmt: skip
