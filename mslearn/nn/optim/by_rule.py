"""`RuleOptimizer`: an optimizer that is one update rule, its state and its numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from mslearn import ops
from mslearn.common.parameter import ParameterTuple
from mslearn.core.dtype import FLOAT32
from mslearn.core.parameter import Parameter
from mslearn.core.tensor import Tensor, as_tensor
from mslearn.nn.optim.base import LearningRate, Optimizer
from mslearn.ops.optimizer import UpdateRule

# What the rules call the learning rate and the gradient.
_RATES, _GRADIENTS = ("lr", "learning_rate"), ("grad", "gradient")


def within(rule: str, name: str, value: float, low: float = 0.0, high: float = np.inf) -> float:
    """The number, when it lies in [low, high); an epsilon must be above `low`."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(
            f"For '{rule}', the argument '{name}' must be a float, but got "
            f"'{type(value).__name__}'."
        )
    # An epsilon keeps a divisor from being 0; these two allow that all the same.
    above = name == "epsilon" and rule not in ("Adadelta", "LARS")
    if not low <= value < high or (above and value == low):
        text = f"{'above' if above else 'at least'} {low}"
        text = text if high == np.inf else f"in [{low}, {high})"
        raise ValueError(f"For '{rule}', the argument '{name}' must be {text}, but got {value}.")
    return float(value)


class RuleOptimizer(Optimizer):
    """A subclass names its `rule` and, in its constructor, the rule's inputs.

    The inputs are found by the names that the rule gives them: a state from `slots`, a number
    from `numbers`, the learning rate, the gradient and `decay`, the decoupled weight decay.
    """

    rule: ClassVar[type[UpdateRule]]
    decays_gradient: ClassVar[bool] = True  # weight decay is added to the gradient

    def __init__(
        self, learning_rate: LearningRate, params: Any, weight_decay: Any, loss_scale: float = 1.0
    ) -> None:
        super().__init__(learning_rate, params, weight_decay, loss_scale)
        self._slots: list[ParameterTuple] = []
        self._numbers: dict[str, Tensor] = {}
        self._powers: list[tuple[Parameter, float]] = []
        self._attrs: dict[str, Any] = {}

    def checked(self, name: str, value: float, low: float = 0.0, high: float = np.inf) -> float:
        """The number, when it lies in [low, high)."""
        return within(type(self).__name__, name, value, low, high)

    def slots(self, **prefixes: Any) -> None:
        """States beside the parameters, in the rule's order: attribute = prefix or (prefix, start).

        Each is a Parameter of the same shape for each parameter.
        """
        for attribute, given in prefixes.items():
            prefix, start = (given, 0.0) if isinstance(given, str) else given
            setattr(self, attribute, self.state_like(prefix, start))
            self._slots.append(getattr(self, attribute))

    def numbers(self, high: float = np.inf, **values: float) -> None:
        """Inputs of the rule that are numbers from 0 to below `high`; each becomes an attribute."""
        for name, value in values.items():
            self._numbers[name] = Tensor(self.checked(name, value, high=high))
            setattr(self, name, self._numbers[name])

    def held_number(self, name: str, value: float) -> None:
        """A number of the rule as a Parameter, which may be changed between steps."""
        setattr(self, name, Parameter(np.asarray(value, FLOAT32), name=name))
        self._numbers[name] = getattr(self, name)

    def powers(self, shape: tuple[int, ...], **bases: float) -> None:
        """Inputs of the rule that are a number to the power of the steps."""
        for name, base in bases.items():
            setattr(self, name, Parameter(np.ones(shape, FLOAT32), name=name))
            self._numbers[name] = getattr(self, name)
            self._powers.append((getattr(self, name), base))

    def construct(self, gradients: Sequence[Tensor]) -> tuple[bool, ...]:
        decays: list[Any] = []
        if not self.decays_gradient:
            decays = [self._present(self._decay_of(p)) for p in self.parameters]
        prepared = self.prepared(gradients, self.decays_gradient)
        for power, base in self._powers:
            ops.assign(power, power * base)
        rule, given = self.rule, dict(self._numbers)
        for i, param, grad, lr in prepared:
            state = (param, *(slot[i] for slot in self._slots))
            given.update(dict.fromkeys(_RATES, lr), **dict.fromkeys(_GRADIENTS, grad))
            given.update(zip(rule.state, state, strict=True))
            if decays:
                given["decay"] = ops.cast(as_tensor(decays[i]), FLOAT32)
            self.update(rule, state, tuple(given[name] for name in rule.inputs), **self._attrs)
        return (True,) * len(self.parameters)
