"""The networks that `Model` runs: those of `nn`, for rows of any width and with clear errors.

They have the names of `nn` because they are printed: ``print(model.train_network)``.
"""

from __future__ import annotations

from typing import Any

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

    def construct(self, *row: Any) -> Any:
        manager = self._manager
        scale = 1.0 if manager is None else manager.get_loss_scale()
        loss, grads = self._loss_and_grads(row, scale)
        grads = self.grad_reducer(grads)
        if manager is not None and manager.get_drop_overflow_update():
            from mslearn.amp import all_finite

            overflow = not bool(all_finite(grads))
            manager.update_loss_scale(overflow)
            if overflow:
                return loss
            grads = tuple(g / scale for g in grads)
        self.optimizer(grads)  # a fixed scale without dropping is the optimizer's to divide by
        return loss
