"""The networks that `Model` runs: one step of training, one batch of evaluation."""

from __future__ import annotations

from typing import Any

from mslearn.autodiff import value_and_grad
from mslearn.core.tensor import Tensor
from mslearn.nn.cell import Cell


class LossOf(Cell):
    """The loss of a network for one batch: ``(data, label)`` or ``(data…, label)``."""

    def __init__(self, backbone: Cell, loss_fn: Any) -> None:
        super().__init__(auto_prefix=False)
        self._backbone = backbone
        self._loss_fn = loss_fn

    def construct(self, *row: Any) -> Any:
        if len(row) < 2:
            raise ValueError(
                f"For 'Model', with a loss_fn a row of the data set needs data and label, but got "
                f"{len(row)} column. Add the label's column, or let the network return the loss."
            )
        return self._loss_fn(self._backbone(*row[:-1]), row[-1])


class TrainStep(Cell):
    """Forward, backward and one step of the optimizer; gives the loss.

    With a loss scale manager the gradients are those of the scaled loss, divided again; where
    they overflow the step is left out if the manager says so.
    """

    def __init__(self, network: Cell, optimizer: Any, scale_manager: Any = None) -> None:
        super().__init__(auto_prefix=False)
        self.network = network
        self.optimizer = optimizer
        self._manager = scale_manager
        self._overflow = False
        weights = optimizer.parameters
        self._grad = value_and_grad(self._forward, None, weights, has_aux=True)

    def _forward(self, *row: Any) -> tuple[Any, Any]:
        loss = self.network(*row)
        if not isinstance(loss, Tensor):
            raise TypeError(
                f"For 'Model', training needs a loss Tensor, but the network gave "
                f"'{type(loss).__name__}'. Pass loss_fn, or let the network return its loss."
            )
        if self._manager is None:
            return loss, loss
        return loss * self._manager.get_loss_scale(), loss

    def construct(self, *row: Any) -> Any:
        (_, loss), grads = self._grad(*row)
        if self._manager is None:
            self.optimizer(grads)
            return loss
        if self._manager.get_drop_overflow_update():
            from mslearn.amp import all_finite

            scale = self._manager.get_loss_scale()
            self._overflow = not bool(all_finite(grads))
            self._manager.update_loss_scale(self._overflow)
            if self._overflow:
                return loss
            grads = tuple(g / scale for g in grads)
        self.optimizer(grads)  # a fixed scale without dropping is the optimizer's to divide by
        return loss


class EvalStep(Cell):
    """(loss, outputs, label) of one batch."""

    def __init__(self, network: Cell, loss_fn: Any) -> None:
        super().__init__(auto_prefix=False)
        self._network = network
        self._loss_fn = loss_fn

    def construct(self, *row: Any) -> tuple[Any, Any, Any]:
        if len(row) < 2:
            raise ValueError(
                f"For 'Model.eval', a row of the data set needs data and label, but got "
                f"{len(row)} column."
            )
        outputs = self._network(*row[:-1])
        return self._loss_fn(outputs, row[-1]), outputs, row[-1]
