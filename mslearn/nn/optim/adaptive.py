"""AdaGrad, RMSProp and their relatives; the formulas stand at the primitives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from mslearn import ops
from mslearn.core.dtype import FLOAT32
from mslearn.core.parameter import Parameter
from mslearn.core.tensor import Tensor
from mslearn.nn.optim.base import LearningRate, Optimizer
from mslearn.nn.optim.rules import within
from mslearn.ops import optimizer_more as rules


class Adagrad(Optimizer):
    """AdaGrad (Duchi et al., 2011); see `ops.ApplyAdagrad`.

    Args:
        accum: where the sum of squares starts, at least 0.
        update_slots: whether the sum of squares grows.
    """

    def __init__(
        self,
        params: Any,
        accum: float = 0.1,
        learning_rate: LearningRate = 0.001,
        update_slots: bool = True,
        loss_scale: float = 1.0,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(learning_rate, params, weight_decay, loss_scale)
        self.accum = self.state_like("accum", within("Adagrad", "accum", accum, 0.0))
        self.update_slots = update_slots

    def construct(self, params: Sequence[Tensor]) -> tuple[bool, ...]:
        for i, param, grad, lr in self.prepared(params):
            state = (param, self.accum[i])
            inputs = (*state, lr, grad)
            self.update(rules.ApplyAdagrad, state, inputs, update_slots=self.update_slots)
        return (True,) * len(self.parameters)


class ProximalAdagrad(Optimizer):
    """AdaGrad with L1 and L2 penalties as a proximal step; see `ops.ApplyProximalAdagrad`."""

    def __init__(
        self,
        params: Any,
        accum: float = 0.1,
        learning_rate: LearningRate = 0.001,
        l1: float = 0.0,
        l2: float = 0.0,
        use_locking: bool = False,
        loss_scale: float = 1.0,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(learning_rate, params, weight_decay, loss_scale)
        start = within("ProximalAdagrad", "accum", accum, 0.0)
        self.accum = self.state_like("accum", start)
        self.l1 = Tensor(within("ProximalAdagrad", "l1", l1, 0.0))
        self.l2 = Tensor(within("ProximalAdagrad", "l2", l2, 0.0))

    def construct(self, grads: Sequence[Tensor]) -> tuple[bool, ...]:
        for i, param, grad, lr in self.prepared(grads):
            state = (param, self.accum[i])
            inputs = (*state, lr, self.l1, self.l2, grad)
            self.update(rules.ApplyProximalAdagrad, state, inputs)
        return (True,) * len(self.parameters)


class Adadelta(Optimizer):
    """Adadelta (Zeiler, 2012); see `ops.ApplyAdadelta`."""

    def __init__(
        self,
        params: Any,
        learning_rate: LearningRate = 1.0,
        rho: float = 0.9,
        epsilon: float = 1e-6,
        loss_scale: float = 1.0,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(learning_rate, params, weight_decay, loss_scale)
        if within("Adadelta", "rho", rho, 0.0) > 1:
            raise ValueError(f"For 'Adadelta', the argument 'rho' must be in [0, 1], not {rho}.")
        self.rho = Tensor(float(rho))
        self.epsilon = Tensor(within("Adadelta", "epsilon", epsilon, 0.0))
        self.accum = self.state_like("accum")
        self.accum_update = self.state_like("accum_update")

    def construct(self, grads: Sequence[Tensor]) -> tuple[bool, ...]:
        for i, param, grad, lr in self.prepared(grads):
            state = (param, self.accum[i], self.accum_update[i])
            inputs = (*state, lr, self.rho, self.epsilon, grad)
            self.update(rules.ApplyAdadelta, state, inputs)
        return (True,) * len(self.parameters)


class AdaMax(Optimizer):
    """AdaMax (Kingma & Ba, 2015): Adam by the largest gradient; see `ops.ApplyAdaMax`."""

    def __init__(
        self,
        params: Any,
        learning_rate: LearningRate = 0.001,
        beta1: float = 0.9,
        beta2: float = 0.999,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        loss_scale: float = 1.0,
    ) -> None:
        super().__init__(learning_rate, params, weight_decay, loss_scale)
        self.beta1 = Tensor(within("AdaMax", "beta1", beta1, 0.0, 1.0))
        self.beta2 = Tensor(within("AdaMax", "beta2", beta2, 0.0, 1.0))
        self.eps = Tensor(within("AdaMax", "eps", eps, 0.0))
        self.beta1_power = Parameter(np.ones(1, FLOAT32), name="beta1_power")
        self.moment1 = self.state_like("moment1")
        self.moment2 = self.state_like("moment2")

    def construct(self, gradients: Sequence[Tensor]) -> tuple[bool, ...]:
        prepared = self.prepared(gradients)
        ops.assign(self.beta1_power, self.beta1_power * self.beta1)
        for i, param, grad, lr in prepared:
            state = (param, self.moment1[i], self.moment2[i])
            rest = (self.beta1_power, lr, self.beta1, self.beta2, self.eps, grad)
            self.update(rules.ApplyAdaMax, state, (*state, *rest))
        return (True,) * len(self.parameters)


class RMSProp(Optimizer):
    """RMSProp (Tieleman & Hinton, 2012); see `ops.ApplyRMSProp`.

    Args:
        decay: of the mean square; momentum: of the step; epsilon: under the root, above 0.
        centered: divide by the variance instead of the mean square (`ops.ApplyCenteredRMSProp`).
    """

    def __init__(
        self,
        params: Any,
        learning_rate: LearningRate = 0.1,
        decay: float = 0.9,
        momentum: float = 0.0,
        epsilon: float = 1e-10,
        use_locking: bool = False,
        centered: bool = False,
        loss_scale: float = 1.0,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(learning_rate, params, weight_decay, loss_scale)
        self._rest = (
            Tensor(within("RMSProp", "decay", decay, 0.0)),
            Tensor(within("RMSProp", "momentum", momentum, 0.0)),
            Tensor(within("RMSProp", "epsilon", epsilon, 0.0)),
        )
        self.centered = centered
        if centered:
            self.mg = self.state_like("mean_grad")
        self.ms = self.state_like("mean_square", 1.0)
        self.moment = self.state_like("moment")

    def construct(self, gradients: Sequence[Tensor]) -> tuple[bool, ...]:
        for i, param, grad, lr in self.prepared(gradients):
            state: tuple[Parameter, ...] = (param, self.ms[i], self.moment[i])
            if self.centered:
                state = (param, self.mg[i], self.ms[i], self.moment[i])
                inputs = (*state, grad, lr, *self._rest)
                self.update(rules.ApplyCenteredRMSProp, state, inputs)
            else:
                self.update(rules.ApplyRMSProp, state, (*state, lr, grad, *self._rest))
        return (True,) * len(self.parameters)


class FTRL(Optimizer):
    """FTRL-Proximal (McMahan et al., 2013); see `ops.ApplyFtrl`.

    Args:
        initial_accum: where the sum of squares starts, at least 0.
        lr_power: how the rate falls with the sum of squares, at most 0.
        l1, l2: penalties, at least 0.
    """

    def __init__(
        self,
        params: Any,
        initial_accum: float = 0.1,
        learning_rate: LearningRate = 0.001,
        lr_power: float = -0.5,
        l1: float = 0.0,
        l2: float = 0.0,
        use_locking: bool = False,
        loss_scale: float = 1.0,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(learning_rate, params, weight_decay, loss_scale)
        if lr_power > 0:
            raise ValueError(f"For 'FTRL', the argument 'lr_power' must be <= 0, not {lr_power}.")
        start = within("FTRL", "initial_accum", initial_accum, 0.0)
        self.moments = self.state_like("moments", start)
        self.linear = self.state_like("linear")
        self._rest = (
            Tensor(within("FTRL", "l1", l1, 0.0)),
            Tensor(within("FTRL", "l2", l2, 0.0)),
            Tensor(float(lr_power)),
        )

    def construct(self, grads: Sequence[Tensor]) -> tuple[bool, ...]:
        for i, param, grad, lr in self.prepared(grads):
            state = (param, self.moments[i], self.linear[i])
            self.update(rules.ApplyFtrl, state, (*state, grad, lr, *self._rest))
        return (True,) * len(self.parameters)
