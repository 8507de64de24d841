"""Dropout of whole channels."""

from __future__ import annotations

from mslearn import ops
from mslearn.core.errors import ShapeError
from mslearn.core.tensor import Tensor
from mslearn.nn.cell import Cell


class _ChannelDropout(Cell):
    """Whole channels are zero with probability `p` while training, the rest times 1/(1-p)."""

    _ndims: tuple[int, ...] = ()

    def __init__(self, p: float = 0.5) -> None:
        super().__init__()
        name = type(self).__name__
        if not isinstance(p, float):
            raise TypeError(f"For '{name}', p must be a float, but got '{type(p).__name__}'.")
        if not 0 <= p <= 1:
            raise ValueError(f"For '{name}', p must be in [0, 1], but got {p}.")
        self.p = p

    def construct(self, x: Tensor) -> Tensor:
        if x.ndim not in self._ndims:
            raise ShapeError(
                f"For '{type(self).__name__}', the input needs {self._ndims[-1]} axes "
                f"(batch, channel, …), but got shape {list(x.shape)}."
            )
        if not self.training or self.p == 0:
            return x
        spatial = max(self._ndims) - 2
        channels = x.shape[: x.ndim - spatial]
        ones = ops.ones(channels + (1,) * spatial, x.dtype)
        return x * ops.dropout(ones, self.p, True)


class Dropout1d(_ChannelDropout):
    """Zeros whole channels of x (N, C, L) or (C, L) with probability `p` while training."""

    _ndims = (2, 3)


class Dropout2d(_ChannelDropout):
    """Zeros whole channels of x (N, C, H, W) with probability `p` while training.

    >>> import mslearn as ms
    >>> drop = ms.nn.Dropout2d(p=0.5)
    >>> drop(ms.ops.ones((2, 3, 4, 4))).shape
    (2, 3, 4, 4)
    """

    _ndims = (4,)

    def extend_repr(self) -> str:
        return f"p={self.p}"


class Dropout3d(_ChannelDropout):
    """Zeros whole channels of x (N, C, D, H, W) with probability `p` while training."""

    _ndims = (5,)

    def extend_repr(self) -> str:
        return f"p={self.p}"
