"""The networks that `Model` runs: those of `nn`, for rows of any width and with clear errors.

They have the names of `nn` because they are printed: ``print(model.train_network)``.
"""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

from mslearn import ops
from mslearn.amp import all_finite
from mslearn.core.parameter import Parameter
from mslearn.core.state import state
from mslearn.core.tensor import Tensor
from mslearn.nn import wrap
from mslearn.nn.cell import Cell


def _wide_enough(who: str, row: tuple[Any, ...]) -> None:
    if len(row) < 2:
        raise ValueError(
            f"For '{who}', with a loss_fn a row of the data set needs data and label, but got "
            f"{len(row)} column. Add the label's column, or let the network return the loss."
        )


class WithLossCell(wrap.WithLossCell):
    """The loss of a network for one batch: ``(data, label)`` or ``(data…, label)``."""

    def construct(self, *row: Any) -> Any:
        _wide_enough("Model", row)
        return self._loss_fn(self._backbone(*row[:-1]), row[-1])


class WithEvalCell(wrap.WithEvalCell):
    """(loss, outputs, label) of one batch."""

    def construct(self, *row: Any) -> tuple[Any, Any, Any]:
        _wide_enough("Model.eval", row)
        outputs = self._network(*row[:-1])
        return self._loss_fn(outputs, row[-1]), outputs, row[-1]


class TrainOneStepCell(wrap.TrainOneStepCell):
    """Forward, backward and one step of the optimizer; gives the loss.

    With a loss scale manager the gradients are those of the scaled loss, divided again; where
    they overflow the step is left out if the manager says so.
    """

    def __init__(self, network: Cell, optimizer: Any, scale_manager: Any = None) -> None:
        super().__init__(network, optimizer)
        self._manager = scale_manager
        # In a list, so that it is none of the network's Parameters, which checkpoints hold.
        self._scale = [Parameter(np.float32(1), "loss_scale", requires_grad=False)]

    def __call__(self, *row: Any) -> Any:
        """One step. A graph gives back whether the gradients were finite: the manager is Python's,
        and changes the scale between the steps."""
        if state.capture is not None or not self._drops():
            return super().__call__(*row)
        self._scale[0].set_data(Tensor(np.float32(self._manager.get_loss_scale())))
        loss, finite = super().__call__(*row)
        self._manager.update_loss_scale(not bool(finite))
        return loss

    def _drops(self) -> bool:
        return self._manager is not None and bool(self._manager.get_drop_overflow_update())

    def _step(self, grads: Any, scale: Any) -> None:
        self.optimizer(tuple(g / ops.cast(scale, g.dtype) for g in grads))

    def construct(self, *row: Any) -> Any:
        manager = self._manager
        if self._drops():
            scale: Any = self._scale[0]
            loss, grads = self._loss_and_grads(row, scale)
            grads = self.grad_reducer(grads)
            finite = all_finite(grads)
            # By name: graphs stand above this layer. In plain code this is `if finite: …`.
            only_if = importlib.import_module("mslearn.graph.control").if_
            only_if(finite, lambda: self._step(grads, scale), None, (), ())
            return loss, finite
        number = 1.0 if manager is None else manager.get_loss_scale()
        loss, grads = self._loss_and_grads(row, number)
        self.optimizer(self.grad_reducer(grads))  # a scale without dropping is the optimizer's
        return loss
