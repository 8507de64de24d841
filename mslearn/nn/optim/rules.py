"""SGD, Momentum, Adam and its variants: the rules are primitives in `mslearn.ops.optimizer`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from mslearn import ops
from mslearn.core.dtype import FLOAT32
from mslearn.core.parameter import Parameter
from mslearn.core.tensor import Tensor
from mslearn.nn.optim.base import LearningRate, Optimizer
from mslearn.ops.optimizer import SGD as SGDRule
from mslearn.ops.optimizer import Adam as AdamRule
from mslearn.ops.optimizer import ApplyMomentum
from mslearn.ops.optimizer_more import ApplyAdamWithAmsgrad


def within(rule: str, name: str, value: float, low: float, high: float | None = None) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(
            f"For '{rule}', the argument '{name}' must be a float, but got "
            f"'{type(value).__name__}'."
        )
    if value < low or (high is not None and value >= high):
        text = f"at least {low}" if high is None else f"in [{low}, {high})"
        raise ValueError(f"For '{rule}', the argument '{name}' must be {text}, but got {value}.")
    return float(value)


class SGD(Optimizer):
    """Stochastic gradient descent, with momentum where asked for (Sutskever et al., 2013).

    v = momentum * v + (1 - dampening) * g;  w -= lr * v  (w -= lr * (g + momentum * v) when
    `nesterov`).

    >>> import mslearn as ms
    >>> net = ms.nn.Dense(2, 1)
    >>> optimizer = ms.nn.SGD(net.trainable_params(), learning_rate=0.1)
    """

    def __init__(
        self,
        params: Any,
        learning_rate: LearningRate = 0.1,
        momentum: float = 0.0,
        dampening: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
        loss_scale: float = 1.0,
    ) -> None:
        super().__init__(learning_rate, params, weight_decay, loss_scale)
        value = within("SGD", "momentum", momentum, 0.0)
        self.dampening = within("SGD", "dampening", dampening, 0.0)
        if nesterov and (not value or self.dampening):
            raise ValueError("For 'SGD', nesterov=True needs a momentum above 0 and dampening 0.")
        self.nesterov = nesterov
        self.momentum = Parameter(np.asarray(value, FLOAT32), name="momentum")
        self.accum = self.state_like("accum")
        self.stat = self.state_like("stat", 1.0)
        self._attrs = {"dampening": self.dampening, "weight_decay": 0.0, "nesterov": nesterov}

    def construct(self, gradients: Sequence[Tensor]) -> tuple[bool, ...]:
        for i, param, grad, lr in self.prepared(gradients):
            accum, stat = self.accum[i], self.stat[i]
            inputs = (param, grad, lr, accum, self.momentum, stat)
            self.update(SGDRule, (param, accum, stat), inputs, **self._attrs)
        return (True,) * len(self.parameters)


class Momentum(Optimizer):
    """Momentum (Polyak, 1964): v = momentum * v + g;  w -= lr * v.

    With `use_nesterov`: w -= lr * (g + momentum * v). (The CPU kernel of MindSpore 2.10 ignores
    `use_nesterov`; here it does what its documentation says.)
    """

    def __init__(
        self,
        params: Any,
        learning_rate: LearningRate,
        momentum: float,
        weight_decay: float = 0.0,
        loss_scale: float = 1.0,
        use_nesterov: bool = False,
    ) -> None:
        super().__init__(learning_rate, params, weight_decay, loss_scale)
        value = within("Momentum", "momentum", momentum, 0.0)
        self.momentum = Parameter(np.asarray(value, FLOAT32), name="momentum")
        self.use_nesterov = use_nesterov
        self.moments = self.state_like("moments")
        self._attrs = {"use_nesterov": use_nesterov}

    def construct(self, gradients: Sequence[Tensor]) -> tuple[bool, ...]:
        for i, param, grad, lr in self.prepared(gradients):
            state = (param, self.moments[i])
            self.update(ApplyMomentum, state, (*state, lr, grad, self.momentum), **self._attrs)
        return (True,) * len(self.parameters)


class _AdamBase(Optimizer):
    """What the variants of Adam share."""

    _power_shape: tuple[int, ...] = ()

    def __init__(
        self, params: Any, learning_rate: LearningRate, betas: tuple[float, float], eps: float,
        weight_decay: float, loss_scale: float,
    ) -> None:  # fmt: skip
        super().__init__(learning_rate, params, weight_decay, loss_scale)
        name = type(self).__name__
        self.beta1 = within(name, "beta1", betas[0], 0.0, 1.0)
        self.beta2 = within(name, "beta2", betas[1], 0.0, 1.0)
        self.eps = within(name, "eps", eps, 0.0)
        ones = np.ones(self._power_shape, FLOAT32)
        self.beta1_power = Parameter(ones, name="beta1_power")
        self.beta2_power = Parameter(ones, name="beta2_power")
        self.moment1 = self.state_like("moment1")
        self.moment2 = self.state_like("moment2")
        self._betas = [Tensor(v) for v in (self.beta1, self.beta2, self.eps)]

    def advance(self) -> tuple[Parameter, Parameter]:
        """The powers of the betas, one step further."""
        ops.assign(self.beta1_power, self.beta1_power * self.beta1)
        ops.assign(self.beta2_power, self.beta2_power * self.beta2)
        return self.beta1_power, self.beta2_power

    def construct(self, gradients: Sequence[Tensor]) -> tuple[bool, ...]:
        prepared = self.prepared(gradients)
        powers = self.advance()
        for i, param, grad, lr in prepared:
            state = (param, self.moment1[i], self.moment2[i])
            inputs = (*state, *powers, lr, *self._betas, grad)
            self.update(AdamRule, state, inputs, use_nesterov=self.use_nesterov)
        return (True,) * len(self.parameters)


class Adam(_AdamBase):
    """Adam (Kingma & Ba, 2015); the formula stands at the primitive `ops.Adam`.

    Args:
        beta1, beta2: decay of the mean and of the mean square, in (0, 1).
        eps: added to the root, greater than 0.
        use_nesterov: Dozat's (2016) look-ahead form.
        use_amsgrad: divide by the root of the largest mean square so far (Reddi et al., 2018).
        kwargs: `use_lazy` and `use_offload`, kept for MindSpore: gradients here are dense and
            memory is one.
    """

    def __init__(
        self,
        params: Any,
        learning_rate: LearningRate = 1e-3,
        beta1: float = 0.9,
        beta2: float = 0.999,
        eps: float = 1e-8,
        use_locking: bool = False,
        use_nesterov: bool = False,
        weight_decay: float = 0.0,
        loss_scale: float = 1.0,
        use_amsgrad: bool = False,
        **kwargs: Any,
    ) -> None:
        wrong = set(kwargs) - {"use_lazy", "use_offload"}
        if wrong:
            raise TypeError(
                f"For 'Adam', there is no argument {sorted(wrong)[0]!r}; besides the named ones "
                f"only 'use_lazy' and 'use_offload' are known."
            )
        super().__init__(params, learning_rate, (beta1, beta2), eps, weight_decay, loss_scale)
        self.use_nesterov, self.use_amsgrad = use_nesterov, use_amsgrad
        if use_amsgrad:
            self.vhat = self.state_like("vhat")

    def construct(self, gradients: Sequence[Tensor]) -> tuple[bool, ...]:
        if not self.use_amsgrad:
            return super().construct(gradients)
        prepared = self.prepared(gradients)
        powers = self.advance()
        attrs = {"beta1": self.beta1, "beta2": self.beta2, "epsilon": self.eps}
        for i, param, grad, lr in prepared:
            state = (param, self.moment1[i], self.moment2[i], self.vhat[i])
            self.update(ApplyAdamWithAmsgrad, state, (*state, *powers, lr, grad), **attrs)
        return (True,) * len(self.parameters)


class LazyAdam(_AdamBase):
    """Adam under the name that MindSpore keeps for sparse gradients.

    Gradients are dense here, and for dense gradients MindSpore's LazyAdam is Adam.
    """

    _power_shape = (1,)

    def __init__(
        self,
        params: Any,
        learning_rate: LearningRate = 1e-3,
        beta1: float = 0.9,
        beta2: float = 0.999,
        eps: float = 1e-8,
        use_locking: bool = False,
        use_nesterov: bool = False,
        weight_decay: float = 0.0,
        loss_scale: float = 1.0,
    ) -> None:
        super().__init__(params, learning_rate, (beta1, beta2), eps, weight_decay, loss_scale)
        self.use_nesterov = use_nesterov


class AdamOffload(LazyAdam):
    """Adam under the name that MindSpore keeps for moments in the host's memory."""
