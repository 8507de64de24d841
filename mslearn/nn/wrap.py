"""Networks around a network: its loss, one training step, its value with gradients."""

from __future__ import annotations

from typing import Any

import numpy as np

from mslearn import ops
from mslearn.autodiff import value_and_grad
from mslearn.common.paths import leading_to
from mslearn.core.dtype import FLOAT32, float32
from mslearn.core.parameter import Parameter
from mslearn.core.tensor import Tensor
from mslearn.gradtools.operation import GradOperation
from mslearn.nn.cell import Cell
from mslearn.nn.layers import Identity


class WithLossCell(Cell):
    """A network and its loss as one Cell: ``(data, label) -> loss``.

    >>> import mslearn as ms
    >>> net = ms.nn.WithLossCell(ms.nn.Dense(3, 2), ms.nn.MSELoss())
    >>> net(ms.ops.ones((4, 3)), ms.ops.ones((4, 2))).shape
    ()
    """

    def __init__(self, backbone: Cell, loss_fn: Any) -> None:
        super().__init__(auto_prefix=False)
        self._backbone = backbone
        self._loss_fn = loss_fn

    def construct(self, data: Tensor, label: Tensor) -> Any:
        return self._loss_fn(self._backbone(data), label)

    @property
    def backbone_network(self) -> Cell:
        """The network without its loss."""
        return self._backbone


class WithEvalCell(Cell):
    """A network for evaluation: ``(data, label) -> (loss, outputs, label)``.

    With `add_cast_fp32` outputs and label are float32 before the loss.
    """

    def __init__(self, network: Cell, loss_fn: Any, add_cast_fp32: bool = False) -> None:
        super().__init__(auto_prefix=False)
        self._network = network
        self._loss_fn = loss_fn
        self.add_cast_fp32 = add_cast_fp32

    def construct(self, data: Tensor, label: Tensor) -> tuple[Any, Any, Any]:
        outputs = self._network(data)
        if self.add_cast_fp32:
            outputs, label = ops.cast(outputs, float32), ops.cast(label, float32)
        return self._loss_fn(outputs, label), outputs, label


class ForwardValueAndGrad(Cell):
    """A network's value together with gradients.

    Args:
        network: the Cell.
        weights: Parameters to differentiate by (with `get_by_list`).
        get_all: gradients by all inputs; otherwise by the first one, or with `get_by_list` none.
        get_by_list: gradients by `weights`.
        sens_param: the last argument of the call is the gradient by the network's output.

    Returns:
        (value, gradients); with both `get_all` and `get_by_list` the gradients are a pair.
    """

    def __init__(
        self, network: Any, weights: Any = None, get_all: bool = False,
        get_by_list: bool = False, sens_param: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(auto_prefix=False)
        if get_by_list and not isinstance(weights, tuple | list | Parameter):
            raise TypeError(
                f"For 'ForwardValueAndGrad', with get_by_list=True 'weights' must be Parameters, "
                f"but got '{type(weights).__name__}'. Pass "
                f"ParameterTuple(network.trainable_params())."
            )
        self.network = network
        self.weights = weights
        self.get_all, self.get_by_list, self.sens_param = get_all, get_by_list, sens_param

    def construct(self, *inputs: Any) -> tuple[Any, Any]:
        sens = 1.0
        if self.sens_param:
            inputs, sens = inputs[:-1], inputs[-1]

        def forward(*xs: Any) -> tuple[Any, Any]:
            out = self.network(*xs)
            return (out * sens if self.sens_param else out), out

        places: Any = tuple(range(len(inputs))) if self.get_all else 0
        if self.get_by_list and not self.get_all:
            places = None
        weights = self.weights if self.get_by_list else None
        (_, value), grads = value_and_grad(forward, places, weights, has_aux=True)(*inputs)
        return value, grads


class TrainOneStepCell(Cell):
    """Forward, backward and the optimizer's step, as one Cell; gives the loss.

    A subclass may write its own `construct` with `self.network`, `self.weights`, `self.grad`,
    `self.sens`, `self.grad_reducer` and `self.optimizer`.

    Args:
        network: ends in a loss, e.g. a `WithLossCell`.
        optimizer: updates the network's parameters.
        sens: multiplies the gradients (the loss scale); 1 by default.
        return_grad: give (loss, {parameter name: gradient}).
    """

    def __init__(
        self, network: Cell, optimizer: Any, sens: float | None = None, return_grad: bool = False
    ) -> None:
        super().__init__(auto_prefix=False)
        self.network = network
        self.optimizer = optimizer
        self.weights = optimizer.parameters
        self.grad = GradOperation(get_by_list=True, sens_param=True)
        self.grad_no_sens = GradOperation(get_by_list=True)
        self.sense_flag, self.reducer_flag = sens is not None, False
        if isinstance(sens, int | float) and sens == 0:
            raise ValueError(f"For '{type(self).__name__}', sens must not be 0.")
        self.sens: Any = 1.0 if sens is None else sens
        self.grad_reducer = Identity()
        self.return_grad = return_grad

    def _loss_and_grads(self, inputs: Any, sens: Any) -> tuple[Any, Any]:
        def forward(*xs: Any) -> tuple[Any, Any]:
            loss = self.network(*xs)
            if not isinstance(loss, Tensor):
                raise TypeError(
                    f"For 'TrainOneStepCell', the network must give its loss, a Tensor, but gave "
                    f"'{type(loss).__name__}'. Wrap it in nn.WithLossCell (or give Model a "
                    f"loss_fn), or let the network return the loss alone."
                )
            return loss * sens, loss

        (_, loss), grads = value_and_grad(forward, None, self.weights, has_aux=True)(*inputs)
        return loss, grads

    def construct(self, *inputs: Any) -> Any:
        loss, grads = self._loss_and_grads(inputs, self.sens)
        grads = self.grad_reducer(grads)
        self.optimizer(grads)
        if self.return_grad:
            return loss, {p.name: g for p, g in zip(self.weights, grads, strict=True)}
        return loss


class FixedLossScaleUpdateCell(Cell):
    """A loss scale that stays; see `TrainOneStepWithLossScaleCell`."""

    def __init__(self, loss_scale_value: float) -> None:
        super().__init__(auto_prefix=False)
        self.loss_scale_value = loss_scale_value

    def get_loss_scale(self) -> float:
        """The scale."""
        return self.loss_scale_value

    def construct(self, loss_scale: Parameter, overflow: Any) -> Any:
        return overflow


class DynamicLossScaleUpdateCell(Cell):
    """A loss scale that shrinks at an overflow and grows after `scale_window` steps without.

    Args:
        loss_scale_value: the first scale.
        scale_factor: it is multiplied or divided by this, never below 1.
        scale_window: so many good steps let it grow.
    """

    def __init__(self, loss_scale_value: float, scale_factor: int, scale_window: int) -> None:
        super().__init__(auto_prefix=False)
        for name, value in (("scale_factor", scale_factor), ("scale_window", scale_window)):
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise ValueError(
                    f"For 'DynamicLossScaleUpdateCell', the argument '{name}' must be an int of "
                    f"at least 1, but got {value!r}."
                )
        self.loss_scale_value = loss_scale_value
        self.scale_factor, self.scale_window = scale_factor, scale_window
        self._good_steps = 0

    def get_loss_scale(self) -> float:
        """The first scale."""
        return self.loss_scale_value

    def construct(self, loss_scale: Parameter, overflow: Any) -> Any:
        scale = float(loss_scale.asnumpy())
        if bool(overflow):
            scale, self._good_steps = max(1.0, scale / self.scale_factor), 0
        else:
            self._good_steps += 1
            if self._good_steps == self.scale_window:
                scale, self._good_steps = scale * self.scale_factor, 0
        if np.isfinite(FLOAT32.type(scale)):
            loss_scale.set_data(Tensor(np.asarray(scale, FLOAT32)))
        return overflow


class TrainOneStepWithLossScaleCell(TrainOneStepCell):
    """A training step on the scaled loss: a step whose gradients overflow is left out.

    Args:
        network, optimizer: as in `TrainOneStepCell`.
        scale_sense: the scale: a Tensor, or a `DynamicLossScaleUpdateCell` or
            `FixedLossScaleUpdateCell`, which is asked after each step.

    Gives (loss, whether the gradients overflowed, the scale of this step).
    """

    def __init__(self, network: Cell, optimizer: Any, scale_sense: Any) -> None:
        super().__init__(network, optimizer, sens=None)
        if isinstance(scale_sense, Cell):
            self.loss_scaling_manager: Any = scale_sense
            value = scale_sense.get_loss_scale()
        elif isinstance(scale_sense, Tensor) and scale_sense.size == 1:
            self.loss_scaling_manager = None
            value = float(scale_sense.asnumpy().reshape(-1)[0])
        else:
            raise TypeError(
                f"For 'TrainOneStepWithLossScaleCell', 'scale_sense' must be a Cell or a Tensor "
                f"with one number, but got '{type(scale_sense).__name__}'."
            )
        self.hyper_map = ops.HyperMap()
        self.scale_sense = Parameter(np.asarray(value, FLOAT32), name="scale_sense")

    def set_sense_scale(self, sens: Tensor) -> None:
        """Set the scale by hand."""
        self.scale_sense.set_data(Tensor(sens.asnumpy().reshape(()).astype(FLOAT32)))

    def start_overflow_check(self, pre_cond: Any, compute_input: Any) -> tuple[Any, Any]:
        """(status, compute_input): nothing to prepare, gradients are looked at afterwards."""
        return Tensor(False), compute_input

    def get_overflow_status(self, status: Any, compute_output: Any) -> Tensor:
        """Whether a value of the gradients is infinite or no number."""
        return Tensor(not all(np.isfinite(g.asnumpy()).all() for g in compute_output))

    def process_loss_scale(self, overflow: Any) -> Any:
        """Tell the manager, which changes the scale; gives `overflow`."""
        if self.loss_scaling_manager is not None:
            return self.loss_scaling_manager(self.scale_sense, overflow)
        return overflow

    def construct(self, *inputs: Any) -> tuple[Any, Any, Any]:
        scale = Tensor(self.scale_sense.asnumpy().copy())
        status, scale = self.start_overflow_check(None, scale)
        loss, grads = self._loss_and_grads(inputs, scale)
        grads = self.grad_reducer(tuple(g / ops.cast(scale, g.dtype) for g in grads))
        overflow = self.process_loss_scale(self.get_overflow_status(status, grads))
        if not bool(overflow):
            self.optimizer(grads)
        return loss, overflow, scale


__path__: list[str] = []  # MindSpore has modules below this one: see common/paths.py
__getattr__ = leading_to("nn")
