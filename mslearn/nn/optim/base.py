"""`Optimizer`: what all update rules share: parameters, groups, learning rate, weight decay."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from mslearn import ops
from mslearn.core.dtype import FLOAT32
from mslearn.core.parameter import Parameter, ParameterTuple
from mslearn.core.primitive import Primitive, apply
from mslearn.core.state import state as engine_state
from mslearn.core.tensor import Tensor
from mslearn.nn.cell import Cell

LearningRate = float | int | Tensor | Iterable[float] | Cell


class Optimizer(Cell):
    """Base class of optimizers; a subclass writes `update`, or its own `construct`.

    Args:
        learning_rate: a number; a list or 1-d Tensor with one value a step (the last one stays);
            or a Cell that maps the step number to a rate.
        parameters: Parameters, or dicts (groups) with ``"params"`` and optionally ``"lr"`` and
            ``"weight_decay"``; ``{"order_params": …}`` fixes the order of all.
        weight_decay: L2 decay, added to the gradient; not applied to parameters whose name holds
            "beta" or "gamma" unless a group says so.
        loss_scale: gradients are divided by it.

    Calling it with the gradients, in the parameters' order, makes one step.
    """

    def __init__(
        self,
        learning_rate: LearningRate,
        parameters: Any,
        weight_decay: float = 0.0,
        loss_scale: float = 1.0,
    ) -> None:
        super().__init__(auto_prefix=False)
        groups, order = _groups(type(self).__name__, parameters)
        self.global_step = Parameter(np.zeros(1, np.int32), name="global_step")
        self.loss_scale = _number("loss_scale", loss_scale, above=0)
        self.weight_decay = _number("weight_decay", weight_decay, least=0)
        self._schedule, first = _schedule(type(self).__name__, learning_rate)
        self.learning_rate = Parameter(np.asarray(first, FLOAT32), name="learning_rate")
        self.is_group = any(set(g) - {"params"} for g in groups)
        self._lrs: dict[int, Any] = {}
        self._decays: dict[int, float] = {}
        for group in groups:
            if "lr" in group:
                schedule = _schedule(type(self).__name__, group["lr"])
                self._lrs.update({id(p): schedule for p in group["params"]})
            if "weight_decay" in group:
                decay = _number("weight_decay", group["weight_decay"], least=0)
                self._decays.update({id(p): decay for p in group["params"]})
        self.parameters = ParameterTuple(order)

    def get_lr(self) -> Tensor:
        """The learning rate of the coming step (of parameters without one of their own)."""
        return self._rate(self._schedule, self.learning_rate)

    def get_lr_parameter(self, param: Any) -> Parameter:
        """The Parameter that holds the learning rate; assign to it to change the rate."""
        return self.learning_rate

    def _rate(self, schedule: Any, fixed: Any) -> Tensor:
        if schedule is None:
            return fixed
        if isinstance(schedule, Cell):
            return schedule(self.global_step.reshape(()))
        step = min(int(self.global_step.asnumpy()[0]), len(schedule) - 1)
        return Tensor.wrap(schedule[step : step + 1].reshape(()))

    def _lr_of(self, param: Parameter, common: Tensor) -> Tensor:
        own = self._lrs.get(id(param))
        if own is None:
            return common
        schedule, first = own
        return self._rate(schedule, Tensor.wrap(np.asarray(first, FLOAT32)))

    def _decay_of(self, param: Parameter) -> float:
        own = self._decays.get(id(param))
        if own is not None:
            return own
        return 0.0 if "beta" in param.name or "gamma" in param.name else self.weight_decay

    def prepared(self, gradients: Sequence[Tensor]) -> list[tuple[int, Parameter, Tensor, Tensor]]:
        """(place, parameter, gradient, learning rate) of this step; counts the step.

        Loss scale and weight decay are in the gradients already.

        Raises:
            RuntimeError: the number or a shape of the gradients does not match the parameters.
        """
        grads = (gradients,) if isinstance(gradients, Tensor) else tuple(gradients)
        if len(grads) != len(self.parameters):
            raise RuntimeError(
                f"For '{type(self).__name__}', there are {len(self.parameters)} parameters but "
                f"{len(grads)} gradients. Differentiate with weights=optimizer.parameters."
            )
        common = self.get_lr()
        out = []
        for i, (param, grad) in enumerate(zip(self.parameters, grads, strict=True)):
            if grad.shape != param.shape:
                raise RuntimeError(
                    f"For '{type(self).__name__}', the gradient of '{param.name}' has shape "
                    f"{list(grad.shape)}, but the parameter has {list(param.shape)}. Pass the "
                    f"gradients in the order of optimizer.parameters."
                )
            decay = self._decay_of(param)
            if decay:
                grad = grad + param * (decay * self.loss_scale)
            if self.loss_scale != 1.0:
                grad = grad / self.loss_scale
            out.append((i, param, grad, self._lr_of(param, common)))
        ops.assign(self.global_step, self.global_step + 1)
        return out

    def update(
        self,
        rule: type[Primitive],
        state: tuple[Parameter, ...],
        inputs: tuple[Any, ...],
        **attrs: Any,
    ) -> None:
        """Apply an update rule and give its results to the Parameters in `state`.

        While nobody else holds the old arrays they are overwritten; otherwise (a learner kept
        ``param.asnumpy()``, a tape is watching) the Parameters get new ones.
        """
        if not engine_state.active and all(map(_sole_owner, state)):
            values = [t._value for t in inputs]
            rule.kernel(*values, out=tuple(p._value for p in state), **attrs)
            return
        for param, new in zip(state, apply(rule, inputs, attrs), strict=True):
            param.assign_value(new._value)

    def state_like(self, prefix: str, value: float = 0.0) -> ParameterTuple:
        """A Parameter of the same shape for each parameter, named ``prefix.name``."""
        return ParameterTuple(
            Parameter(np.full(p.shape, value, p._value.dtype), name=f"{prefix}.{p.name}")
            for p in self.parameters
        )


def _references(param: Parameter) -> int:
    return sys.getrefcount(param._value)


def _sole_owner(param: Parameter) -> bool:
    """Whether the array belongs to this Parameter alone: no view, no other name for it."""
    return param._value.flags.owndata and _references(param) == _ALONE


# How many references CPython counts for an array that one Parameter holds; measured, because the
# number differs between versions.
_probe = Parameter(np.zeros(1, np.float32))
_probe._value = np.zeros(1, np.float32)
_ALONE = _references(_probe)


def _groups(name: str, parameters: Any) -> tuple[list[dict[str, Any]], list[Parameter]]:
    if isinstance(parameters, Tensor) or not isinstance(parameters, Iterable):
        raise TypeError(
            f"For '{name}', the parameters must be a list of Parameters or of dicts, but got "
            f"'{type(parameters).__name__}'. Pass net.trainable_params()."
        )
    items = list(parameters)
    if not items:
        raise ValueError(
            f"For '{name}', the argument parameters must not be empty. Does the network have "
            f"parameters, and does any of them require a gradient?"
        )
    if all(isinstance(p, Parameter) for p in items):
        groups: list[dict[str, Any]] = [{"params": items}]
        order = items
    elif all(isinstance(g, dict) for g in items):
        wanted = [g["order_params"] for g in items if "order_params" in g]
        groups = [{**g, "params": list(g["params"])} for g in items if "order_params" not in g]
        known = {"params", "lr", "weight_decay", "grad_centralization"}
        for group in groups:
            if set(group) - known:
                raise KeyError(
                    f"For '{name}', a group of parameters has the keys {sorted(known)}, but got "
                    f"{sorted(set(group) - known)}."
                )
        order = list(wanted[0]) if wanted else [p for g in groups for p in g["params"]]
    else:
        raise TypeError(
            f"For '{name}', all elements of the argument 'parameters' must be 'Parameter', or all "
            f"of them 'dict'. Pass net.trainable_params()."
        )
    if len({id(p) for p in order}) < len(order):
        raise RuntimeError(f"For '{name}', a Parameter appears twice in the parameters.")
    return groups, order


def _schedule(name: str, rate: Any) -> tuple[Any, float]:
    """(what gives the rate at a step or None when it is fixed, the first rate)."""
    if isinstance(rate, Cell):
        return rate, 0.0
    if isinstance(rate, Tensor) and rate.ndim == 0:
        rate = float(rate)
    if isinstance(rate, int | float | np.number) and not isinstance(rate, bool):
        if rate < 0:
            raise ValueError(
                f"For '{name}', the 'learning rate' must be float and must >= 0, but got "
                f"'{float(rate)}' with type 'float'."
            )
        return None, float(rate)
    if isinstance(rate, str | bool) or not isinstance(rate, Tensor | Iterable):
        raise TypeError(
            f"For '{name}', the learning_rate must be a number, a list, a Tensor or a schedule, "
            f"but got '{type(rate).__name__}'."
        )
    values = np.asarray(rate.asnumpy() if isinstance(rate, Tensor) else list(rate), FLOAT32)
    if values.ndim != 1 or not values.size:
        raise ValueError(
            f"For '{name}', a learning_rate with one value a step must be a non-empty list or "
            f"1-d Tensor, but got shape {list(values.shape)}."
        )
    return values, float(values[0])


def _number(name: str, value: Any, least: float | None = None, above: float | None = None) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(
            f"For 'Optimizer', the {name} must be a number, but got '{type(value).__name__}'."
        )
    if (least is not None and value < least) or (above is not None and value <= above):
        bound = f"at least {least}" if least is not None else f"greater than {above}"
        raise ValueError(f"For 'Optimizer', the {name} must be {bound}, but got {value}.")
    return float(value)
