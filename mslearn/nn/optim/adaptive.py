"""AdaGrad, RMSProp and their relatives; the formulas stand at the primitives."""

from __future__ import annotations

from typing import Any

from mslearn.core.tensor import Tensor
from mslearn.nn.optim.base import LearningRate
from mslearn.nn.optim.by_rule import RuleOptimizer
from mslearn.ops import optimizer_more as rules
from mslearn.ops.optimizer import UpdateRule


class Adagrad(RuleOptimizer):
    """AdaGrad (Duchi et al., 2011); see `ops.ApplyAdagrad`.

    Args:
        accum: where the sum of squares starts, at least 0.
        update_slots: whether the sum of squares grows.
    """

    rule = rules.ApplyAdagrad

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
        self.slots(accum=("accum", self.checked("accum", accum)))
        self._attrs = {"update_slots": update_slots}


class ProximalAdagrad(RuleOptimizer):
    """AdaGrad with L1 and L2 penalties as a proximal step; see `ops.ApplyProximalAdagrad`."""

    rule = rules.ApplyProximalAdagrad

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
        self.slots(accum=("accum", self.checked("accum", accum)))
        self.numbers(l1=l1, l2=l2)


class Adadelta(RuleOptimizer):
    """Adadelta (Zeiler, 2012); see `ops.ApplyAdadelta`."""

    rule = rules.ApplyAdadelta

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
        if self.checked("rho", rho) > 1:
            raise ValueError(f"For 'Adadelta', the argument 'rho' must be in [0, 1], not {rho}.")
        self.numbers(rho=rho, epsilon=epsilon)
        self.slots(accum="accum", accum_update="accum_update")


class AdaMax(RuleOptimizer):
    """AdaMax (Kingma & Ba, 2015): Adam by the largest gradient; see `ops.ApplyAdaMax`."""

    rule = rules.ApplyAdaMax

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
        self.numbers(high=1.0, beta1=beta1, beta2=beta2)
        self.numbers(epsilon=eps)
        self.powers((1,), beta1_power=beta1)
        self.slots(moment1="moment1", moment2="moment2")


class RMSProp(RuleOptimizer):
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
        self.numbers(decay=decay, momentum=momentum, epsilon=epsilon)
        self.centered = centered
        if centered:
            self.slots(mg="mean_grad")
        self.slots(ms=("mean_square", 1.0), moment="moment")

    @property
    def rule(self) -> type[UpdateRule]:  # type: ignore[override]
        """The rule, by `centered`."""
        return rules.ApplyCenteredRMSProp if self.centered else rules.ApplyRMSProp


class FTRL(RuleOptimizer):
    """FTRL-Proximal (McMahan et al., 2013); see `ops.ApplyFtrl`.

    Args:
        initial_accum: where the sum of squares starts, at least 0.
        lr_power: how the rate falls with the sum of squares, at most 0.
        l1, l2: penalties, at least 0.
    """

    rule = rules.ApplyFtrl

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
        self.slots(
            moments=("moments", self.checked("initial_accum", initial_accum)), linear="linear"
        )
        self.numbers(l1=l1, l2=l2)
        self._numbers["lr_power"] = Tensor(float(lr_power))
