"""`Optimizer`: what all update rules share: parameters, groups, learning rate, weight decay."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from mslearn import ops
from mslearn.common.parameter import ParameterTuple
from mslearn.core.dtype import FLOAT32
from mslearn.core.parameter import Parameter
from mslearn.core.primitive import Primitive, apply
from mslearn.core.state import state as engine_state
from mslearn.core.tensor import Tensor, as_tensor
from mslearn.nn.cell import Cell
from mslearn.nn.container import CellList
from mslearn.nn.optim.arguments import (
    _ConvertToCell,
    _IteratorLearningRate,
    decay_or_schedule,
    dicts,
    groups_of,
    number,
    schedule_or_parameter,
)
from mslearn.ops.views import write

LearningRate = float | int | Tensor | Iterable[float] | Cell


class Optimizer(Cell):
    """Base class of optimizers; a subclass writes `update`, or its own `construct`.

    Args:
        learning_rate: a number; a list or 1-d Tensor with one value a step (the last one stays);
            or a Cell that maps the step number to a rate.
        parameters: Parameters, or dicts (groups) with ``"params"`` and optionally ``"lr"``,
            ``"weight_decay"`` and ``"grad_centralization"``; ``{"order_params": …}`` fixes the
            order of all.
        weight_decay: L2 decay (a number or a schedule), added to the gradient; not applied
            to parameters outside of groups whose name holds "beta" or "gamma".
        loss_scale: gradients are divided by it.

    Calling it with the gradients, in the parameters' order, makes one step.
    """

    def __init__(
        self,
        learning_rate: LearningRate,
        parameters: Any,
        weight_decay: float | Cell = 0.0,
        loss_scale: float = 1.0,
    ) -> None:
        super().__init__(auto_prefix=False)
        groups, order, is_group = groups_of(type(self).__name__, parameters)
        self.global_step = Parameter(np.zeros(1, np.int32), name="global_step")
        self.loss_scale = number("loss_scale", loss_scale, above=0)
        self.is_group = is_group
        self.is_group_lr = any("lr" in g for g in groups)
        self._take_rates(learning_rate, groups, order)
        self._take_decays(weight_decay, groups)
        self._centralized = {
            id(p) for g in groups if g.get("grad_centralization") for p in g["params"]
        }
        self.parameters = ParameterTuple(order)
        self._help_custom_optimizers(ordered=any("order_params" in g for g in dicts(parameters)))

    def _help_custom_optimizers(self, ordered: bool) -> None:
        """The further attributes that MindSpore's own and its users' optimizers rely on."""
        self.param_length = len(self.parameters)
        self.is_group_params_ordered = ordered
        self.dynamic_lr = isinstance(self.learning_rate, Cell)
        decays = [self._decay_of(p) for p in self.parameters]
        self.dynamic_weight_decay = any(isinstance(d, Cell) for d in decays)
        decayed = tuple(isinstance(d, Cell) or d > 0 for d in decays)
        self.exec_weight_decay = any(decayed)
        self.decay_flags = decayed if self.is_group else tuple(map(_decays, self.parameters))
        self.need_scale = self.loss_scale != 1.0
        self.reciprocal_scale = Tensor(np.asarray(1.0 / self.loss_scale, FLOAT32))
        self.map_, self.hyper_map = ops.Map(), ops.HyperMap()
        self.assignadd = ops.AssignAdd()
        self.global_step_increase_tensor = Tensor(np.ones(1, np.int32))

    def _take_rates(
        self, learning_rate: Any, groups: list[dict[str, Any]], order: list[Parameter]
    ) -> None:
        name = type(self).__name__
        self.learning_rate: Any
        common: Any = None if all("lr" in g for g in groups) else learning_rate
        if not self.is_group_lr:
            self.learning_rate = schedule_or_parameter(name, learning_rate, "learning_rate")
            return
        if common is not None:
            common = schedule_or_parameter(name, common, "learning_rate")
        rates: list[Any] = [
            schedule_or_parameter(name, g["lr"], f"learning_rate_group_{i}")
            if "lr" in g
            else common
            for i, g in enumerate(groups)
        ]
        self._place_of_rate = {id(p): i for i, g in enumerate(groups) for p in g["params"]}
        self._rates = rates
        if any(isinstance(r, Cell) for r in rates):
            cells = [r if isinstance(r, Cell) else _ConvertToCell(r) for r in rates]
            each = (cells[self._place_of_rate[id(p)]] for p in order)
            self.learning_rate = CellList(list(each), auto_prefix=False)
        else:
            self.learning_rate = ParameterTuple(rates[self._place_of_rate[id(p)]] for p in order)

    def _take_decays(self, weight_decay: Any, groups: list[dict[str, Any]]) -> None:
        self.weight_decay = decay_or_schedule(weight_decay)
        self._decays: dict[int, Any] = {}
        for group in groups:
            if "weight_decay" in group:
                decay = decay_or_schedule(group["weight_decay"])
                self._decays.update({id(p): decay for p in group["params"]})

    # -- what MindSpore's documentation lets a custom optimizer call ----------------------------

    def get_lr(self) -> Any:
        """The learning rate of the coming step; with rates by group a tuple, one a parameter."""
        if not self.is_group_lr:
            return self._rate(self.learning_rate)
        rates = [self._rate(r) for r in self._rates]
        return tuple(rates[self._place_of_rate[id(p)]] for p in self.parameters)

    def get_lr_parameter(self, param: Any) -> Any:
        """What holds the learning rate of a parameter (or of each in a list).

        Assign to that Parameter to change the rate; a schedule is returned as its Cell.
        """
        if isinstance(param, list | tuple):
            return [self.get_lr_parameter(p) for p in param]
        if id(param) not in {id(p) for p in self.parameters}:
            error = ValueError if isinstance(param, Parameter) else TypeError
            raise error(
                f"For 'get_lr_parameter', the Parameter '{getattr(param, 'name', param)}' is not "
                f"one of this optimizer's parameters."
            )
        rate = self._rates[self._place_of_rate[id(param)]] if self.is_group_lr else None
        rate = self.learning_rate if rate is None else rate
        return rate.learning_rate if isinstance(rate, _IteratorLearningRate) else rate

    def get_weight_decay(self) -> Any:
        """The weight decay of the coming step times the loss scale, which the gradients bear too.

        In groups a tuple, one a parameter.
        """
        if not self.is_group:
            decay = self._present(self.weight_decay) * self.loss_scale
            return ops.cast(as_tensor(decay), FLOAT32)
        decays = (self._present(self._decay_of(p)) * self.loss_scale for p in self.parameters)
        return tuple(ops.cast(as_tensor(decay), FLOAT32) for decay in decays)

    def decay_weight(self, gradients: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """The gradients plus weight decay times the parameters."""
        out = []
        for param, grad in zip(self.parameters, gradients, strict=True):
            decay = self._present(self._decay_of(param))
            none = isinstance(decay, float) and not decay
            out.append(grad if none else grad + param * (decay * self.loss_scale))
        return tuple(out)

    def gradients_centralization(self, gradients: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """The gradients of convolutions less their mean over all axes but the first.

        Only in groups that say ``"grad_centralization": True`` (Yong et al., 2020, "Gradient
        Centralization"); as MindSpore's documentation has it, only for convolutions' weights.
        MindSpore 2.10 itself leaves those alone whose second axis is no multiple of 16.
        """
        if not self._centralized:
            return tuple(gradients)
        return tuple(
            g - g.mean(tuple(range(1, g.ndim)), True)
            if id(p) in self._centralized and g.ndim > 2
            else g
            for p, g in zip(self.parameters, gradients, strict=True)
        )

    def scale_grad(self, gradients: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """The gradients divided by the loss scale."""
        if self.loss_scale == 1.0:
            return tuple(gradients)
        return tuple(g / self.loss_scale for g in gradients)

    # -- what the optimizers here share ---------------------------------------------------------

    def _rate(self, held: Any) -> Tensor:
        return held(self.global_step.reshape(())) if isinstance(held, Cell) else held

    def _present(self, decay: Any) -> Any:
        return decay(self.global_step.reshape(())) if isinstance(decay, Cell) else decay

    def _decay_of(self, param: Parameter) -> Any:
        own = self._decays.get(id(param))
        if own is not None:
            return own
        return self.weight_decay if self.is_group or _decays(param) else 0.0

    def prepared(
        self, gradients: Sequence[Tensor], decay: bool = True
    ) -> list[tuple[int, Parameter, Tensor, Tensor]]:
        """(place, parameter, gradient, learning rate) of this step; counts the step.

        Loss scale and (with `decay`) weight decay are in the gradients already.

        Raises:
            RuntimeError: the number or a shape of the gradients does not match the parameters.
        """
        grads = (gradients,) if isinstance(gradients, Tensor) else tuple(gradients)
        if len(grads) != len(self.parameters):
            raise RuntimeError(
                f"For '{type(self).__name__}', there are {len(self.parameters)} parameters but "
                f"{len(grads)} gradients. Differentiate with weights=optimizer.parameters."
            )
        for param, grad in zip(self.parameters, grads, strict=True):
            if grad.shape != param.shape:
                raise RuntimeError(
                    f"For '{type(self).__name__}', the gradient of '{param.name}' has shape "
                    f"{list(grad.shape)}, but the parameter has {list(param.shape)}. Pass the "
                    f"gradients in the order of optimizer.parameters."
                )
        if decay:
            grads = self.decay_weight(grads)
        grads = self.scale_grad(self.gradients_centralization(grads))
        rates = self.get_lr()
        if not isinstance(rates, tuple):
            rates = (rates,) * len(grads)
        places = range(len(grads))
        out = list(zip(places, self.parameters, grads, rates, strict=True))
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
        on_host = rule.run is rule.kernel
        if on_host and not engine_state.active and all(map(_sole_owner, state)):
            values = [t._value for t in inputs]
            rule.kernel(*values, out=tuple(p._value for p in state), **attrs)
            return
        for param, new in zip(state, apply(rule, inputs, attrs), strict=True):
            write(param, new)

    def state_like(self, prefix: str, value: float = 0.0) -> ParameterTuple:
        """A Parameter of the same shape for each parameter, named ``prefix.name``."""
        return ParameterTuple(
            Parameter(np.full(p.shape, value, p._value.dtype), name=f"{prefix}.{p.name}")
            for p in self.parameters
        )


def _decays(param: Parameter) -> bool:
    return "beta" not in param.name and "gamma" not in param.name


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
