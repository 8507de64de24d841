"""Scaling the loss so that small float16 gradients do not vanish."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from mslearn import ops
from mslearn.core.parameter import Parameter
from mslearn.core.tensor import Tensor
from mslearn.nn.cell import Cell
from mslearn.nn.wrap import DynamicLossScaleUpdateCell, FixedLossScaleUpdateCell

table: Any = ops  # made at import: mypy does not see them all


def all_finite(inputs: Any) -> Tensor:
    """Whether every value of a tuple of Tensors is a number: a bool Tensor.

    >>> import mslearn as ms
    >>> print(ms.amp.all_finite((ms.Tensor([1.0, 2.0]),)))
    True
    """
    tensors = (inputs,) if isinstance(inputs, Tensor) else tuple(inputs)
    for tensor in tensors:
        if not isinstance(tensor, Tensor):
            raise TypeError(
                f"For 'all_finite', inputs must be a tuple of Tensors, but it holds "
                f"'{type(tensor).__name__}'."
            )
    found = [table.isfinite(t).all() for t in tensors]  # operations, so that graphs hold it
    return functools.reduce(table.logical_and, found, Tensor(True))


class LossScaler:
    """Base class of loss scalers: `scale`, `unscale`, `adjust`."""

    scale_value: Tensor

    def scale(self, inputs: Any) -> Any:
        """Multiply a Tensor, or each of a tuple, by the scale."""
        return _each(inputs, lambda x: x * self._as(x))

    def unscale(self, inputs: Any) -> Any:
        """Divide a Tensor, or each of a tuple, by the scale."""
        return _each(inputs, lambda x: x * (1 / self._as(x)))

    def _as(self, x: Tensor) -> Tensor:
        scale: Tensor = ops.cast(self.scale_value, x.dtype)
        return scale

    def adjust(self, grads_finite: Any) -> Any:
        """Change the scale by whether the gradients were finite."""
        raise NotImplementedError(f"Write adjust(self, grads_finite) in {type(self).__name__}.")


def _each(inputs: Any, function: Any) -> Any:
    if isinstance(inputs, tuple | list):
        return type(inputs)(_each(x, function) for x in inputs)
    return function(inputs)


class StaticLossScaler(LossScaler):
    """A scale that stays.

    Args:
        scale_value: the scale, at least 1.
    """

    def __init__(self, scale_value: float) -> None:
        self.scale_value = Parameter(np.float32(_scale("scale_value", scale_value)), "scale_value")

    def adjust(self, grads_finite: Any) -> bool:
        return False


class DynamicLossScaler(LossScaler):
    """A scale that halves after an overflow and grows after a while without one.

    Args:
        scale_value: the first scale.
        scale_factor: it is multiplied or divided by this.
        scale_window: so many steps without an overflow let it grow.
    """

    def __init__(self, scale_value: float, scale_factor: int, scale_window: int) -> None:
        self.scale_value = Parameter(np.float32(_scale("scale_value", scale_value)), "scale_value")
        self.scale_factor = _whole("scale_factor", scale_factor)
        self.scale_window = _whole("scale_window", scale_window)
        self.counter = Parameter(np.int32(0), name="counter")

    def adjust(self, grads_finite: Any) -> bool:
        """Count a step; grow or shrink the scale. True."""
        fine = grads_finite if isinstance(grads_finite, Tensor) else Tensor(bool(grads_finite))
        scale: Any = self.scale_value
        count: Any = self.counter + 1
        smaller, larger = (scale / self.scale_factor).maximum(1.0), scale * self.scale_factor
        full = count == self.scale_window
        wanted = table.where(fine, table.where(full, larger, scale), smaller)
        wanted = table.where(table.isfinite(wanted), wanted, scale)
        again = table.logical_or(full, table.logical_not(fine))
        table.assign(scale, wanted)
        table.assign(self.counter, table.where(again, table.zeros_like(count), count))
        return True


def _scale(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"The {name} must be a number, but got '{type(value).__name__}'.")
    if value < 1:
        raise ValueError(f"The {name} must be at least 1, but got {value}.")
    return value


def _whole(name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"The {name} must be an int, but got '{type(value).__name__}'.")
    if value < 1:
        raise ValueError(f"The {name} must be at least 1, but got {value}.")
    return value


class LossScaleManager:
    """Base class of what `Model(loss_scale_manager=…)` takes."""

    def get_loss_scale(self) -> float:
        """The scale of the coming step."""
        raise NotImplementedError(f"Write get_loss_scale(self) in {type(self).__name__}.")

    def update_loss_scale(self, overflow: bool) -> None:
        """Change the scale after a step."""
        raise NotImplementedError(f"Write update_loss_scale in {type(self).__name__}.")

    def get_drop_overflow_update(self) -> bool:
        """Whether a step whose gradients overflow is left out."""
        return True

    def get_update_cell(self) -> Cell | None:
        """The Cell that does the same in a `nn.TrainOneStepWithLossScaleCell`, if there is one."""
        return None


class FixedLossScaleManager(LossScaleManager):
    """A scale that stays.

    Args:
        loss_scale: the scale. With `drop_overflow_update` False the optimizer must have the same
            `loss_scale`: it then divides the gradients.
        drop_overflow_update: leave out steps whose gradients overflow.
    """

    def __init__(self, loss_scale: float = 128.0, drop_overflow_update: bool = True) -> None:
        self._loss_scale = _scale("loss_scale", loss_scale)
        self._drop_overflow_update = drop_overflow_update

    def get_loss_scale(self) -> float:
        return self._loss_scale

    def get_drop_overflow_update(self) -> bool:
        return self._drop_overflow_update

    def update_loss_scale(self, overflow: bool) -> None:
        """The scale stays."""

    def get_update_cell(self) -> Cell | None:
        if not self._drop_overflow_update:
            return None
        return FixedLossScaleUpdateCell(self._loss_scale)


class DynamicLossScaleManager(LossScaleManager):
    """A scale that shrinks after an overflow and grows after `scale_window` steps without one."""

    def __init__(
        self, init_loss_scale: float = 2**24, scale_factor: int = 2, scale_window: int = 2000
    ) -> None:
        self.loss_scale = _scale("init_loss_scale", init_loss_scale)
        self.scale_factor = _whole("scale_factor", scale_factor)
        self.scale_window = _whole("scale_window", scale_window)
        self.cur_iter = 1
        self.last_overflow_iter = 0

    def get_loss_scale(self) -> float:
        return self.loss_scale

    def update_loss_scale(self, overflow: bool) -> None:
        if overflow:
            self.loss_scale = max(self.loss_scale / self.scale_factor, 1.0)
            self.last_overflow_iter = self.cur_iter
        elif (self.cur_iter - self.last_overflow_iter) % self.scale_window == 0:
            self.loss_scale *= self.scale_factor
        self.cur_iter += 1

    def get_update_cell(self) -> Cell:
        return DynamicLossScaleUpdateCell(self.loss_scale, self.scale_factor, self.scale_window)
