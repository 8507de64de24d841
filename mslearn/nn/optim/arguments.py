"""What an optimizer is given, checked: groups of Parameters, learning rates, weight decay."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from mslearn.core.dtype import FLOAT32
from mslearn.core.parameter import Parameter
from mslearn.core.tensor import Tensor
from mslearn.nn.cell import Cell


def groups_of(name: str, parameters: Any) -> tuple[list[dict[str, Any]], list[Parameter], bool]:
    """The groups, all Parameters in order, and whether groups were given."""
    if parameters is None:
        raise ValueError(
            f"For '{name}', the argument parameters can not be None. Pass net.trainable_params()."
        )
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
            if not group["params"]:
                raise ValueError(f"For '{name}', a group's 'params' must not be empty.")
        every = [p for g in groups for p in g["params"]]
        order = list(wanted[0]) if wanted else every
        extra = [p.name for p in order if id(p) not in set(map(id, every))]
        if extra:
            raise ValueError(f"For '{name}', 'order_params' has {extra}, which no group has.")
        missing = [p.name for p in every if id(p) not in set(map(id, order))]
        if missing:
            raise ValueError(f"For '{name}', 'order_params' lacks the parameters {missing}.")
    else:
        raise TypeError(
            f"For '{name}', all elements of the argument 'parameters' must be 'Parameter', or all "
            f"of them 'dict'. Pass net.trainable_params()."
        )
    is_group = not isinstance(items[0], Parameter)
    if len({id(p) for p in order}) < len(order):
        error = RuntimeError if is_group else ValueError  # as MindSpore's
        raise error(f"For '{name}', a Parameter appears twice in the parameters.")
    return groups, order, is_group


def dicts(parameters: Any) -> list[dict[str, Any]]:
    return [g for g in parameters if isinstance(g, dict)]


class _IteratorLearningRate(Cell):
    """One rate a step; the last one stays."""

    def __init__(self, values: np.ndarray, name: str) -> None:
        super().__init__(auto_prefix=False)
        self.learning_rate = Parameter(values, name=name)

    def construct(self, global_step: Tensor) -> Tensor:
        return self.learning_rate[global_step.minimum(self.learning_rate.size - 1)]


class _ConvertToCell(Cell):
    """A fixed rate as a Cell, beside groups with a schedule."""

    def __init__(self, learning_rate: Parameter) -> None:
        super().__init__(auto_prefix=False)
        self.learning_rate = learning_rate

    def construct(self, global_step: Tensor) -> Tensor:
        return self.learning_rate + 0.0


def schedule_or_parameter(owner: str, rate: Any, name: str) -> Parameter | Cell:
    """A learning rate as the Parameter or the Cell that an optimizer keeps.

    Raises:
        TypeError, ValueError: it is no number, list, 1-d Tensor or Cell, or is below 0.
    """
    if isinstance(rate, Cell):
        return rate
    if isinstance(rate, Tensor) and rate.ndim == 0:
        rate = float(rate)
    if isinstance(rate, int | float | np.number) and not isinstance(rate, bool):
        if rate < 0:
            raise ValueError(
                f"For '{owner}', the 'learning rate' must be float and must >= 0, but got "
                f"'{float(rate)}' with type 'float'."
            )
        return Parameter(np.asarray(rate, FLOAT32), name=name)
    if isinstance(rate, str):
        raise ValueError(
            f"For '{owner}', the learning_rate must be a number, a list, a Tensor or a schedule, "
            f"but got {rate!r}."
        )
    if isinstance(rate, bool) or not isinstance(rate, Tensor | Iterable):
        raise TypeError(
            f"For '{owner}', the learning_rate must be a number, a list, a Tensor or a schedule, "
            f"but got '{type(rate).__name__}'."
        )
    values = np.asarray(rate.asnumpy() if isinstance(rate, Tensor) else list(rate), FLOAT32)
    if values.ndim != 1 or not values.size:
        raise ValueError(
            f"For '{owner}', a learning_rate with one value a step must be a non-empty list or "
            f"1-d Tensor, but got shape {list(values.shape)}."
        )
    return _IteratorLearningRate(values, name)


def decay_or_schedule(value: Any) -> Any:
    return value if isinstance(value, Cell) else number("weight_decay", value, least=0)


def number(name: str, value: Any, least: float | None = None, above: float | None = None) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(
            f"For 'Optimizer', the {name} must be a number, but got '{type(value).__name__}'."
        )
    if (least is not None and value < least) or (above is not None and value <= above):
        bound = f"at least {least}" if least is not None else f"greater than {above}"
        raise ValueError(f"For 'Optimizer', the {name} must be {bound}, but got {value}.")
    return float(value)
