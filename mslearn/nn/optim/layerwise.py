"""Decoupled weight decay, layer-wise rates, sign steps and averaging."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from mslearn import ops
from mslearn.common.parameter import ParameterTuple
from mslearn.core.dtype import FLOAT32, FLOAT64
from mslearn.core.parameter import Parameter
from mslearn.core.tensor import Tensor, as_tensor
from mslearn.nn.cell import Cell
from mslearn.nn.optim.base import LearningRate, Optimizer
from mslearn.nn.optim.by_rule import RuleOptimizer, within
from mslearn.ops import optimizer_more as rules
from mslearn.ops.lars import LARSUpdate


class AdamWeightDecay(RuleOptimizer):
    """Adam with decoupled weight decay (Loshchilov & Hutter, 2019); see `ops.AdamWeightDecay`.

    As MindSpore's, it leaves the bias correction out.
    """

    rule, decays_gradient = rules.AdamWeightDecay, False

    def __init__(
        self,
        params: Any,
        learning_rate: LearningRate = 1e-3,
        beta1: float = 0.9,
        beta2: float = 0.999,
        eps: float = 1e-6,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(learning_rate, params, weight_decay)
        self.numbers(high=1.0, beta1=beta1, beta2=beta2)
        self.numbers(epsilon=eps)
        self.slots(moments1="adam_m", moments2="adam_v")


class Lamb(RuleOptimizer):
    """LAMB (You et al., 2020): Adam with a rate for each layer; see `ops.Lamb`."""

    rule, decays_gradient = rules.Lamb, False

    def __init__(
        self,
        params: Any,
        learning_rate: LearningRate,
        beta1: float = 0.9,
        beta2: float = 0.999,
        eps: float = 1e-6,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(learning_rate, params, weight_decay)
        self.numbers(high=1.0, beta1=beta1, beta2=beta2)
        self.numbers(epsilon=eps)
        self.slots(moments1="lamb_m", moments2="lamb_v")
        self._numbers["global_step"] = self.global_step


class LARS(Optimizer):
    """LARS (You et al., 2017) around another optimizer; see `ops.LARSUpdate`.

    Takes the weight decay over from the optimizer and hands it rescaled gradients.

    Args:
        optimizer: what makes the step, e.g. `nn.Momentum`.
        epsilon: keeps the divisor above 0.
        coefficient: the trust coefficient.
        use_clip: whether the local rate is at most the optimizer's.
        lars_filter: tells by a Parameter whether it is rescaled; others are left as they are.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        epsilon: float = 1e-5,
        coefficient: float = 0.001,
        use_clip: bool = False,
        lars_filter: Callable[[Parameter], bool] = lambda x: (
            "LayerNorm" not in x.name and "bias" not in x.name
        ),
    ) -> None:
        Cell.__init__(self, auto_prefix=False)
        if not isinstance(optimizer, Optimizer):
            raise TypeError(
                f"For 'LARS', the argument 'optimizer' must be an Optimizer, but got "
                f"'{type(optimizer).__name__}'."
            )
        self.opt = optimizer
        self.parameters = optimizer.parameters
        self.is_group, self.is_group_lr = optimizer.is_group, optimizer.is_group_lr
        self.loss_scale = optimizer.loss_scale
        self._decay_values = [optimizer._decay_of(p) for p in self.parameters]
        optimizer.weight_decay, optimizer._decays, optimizer.loss_scale = 0.0, {}, 1.0
        self._chosen = [bool(lars_filter(p)) for p in self.parameters]
        self._attrs = {
            "epsilon": within("LARS", "epsilon", epsilon, 0.0),
            "hyperpara": within("LARS", "coefficient", coefficient, 0.0),
            "use_clip": use_clip,
        }

    def get_lr(self) -> Any:
        """The learning rate of the optimizer inside."""
        return self.opt.get_lr()

    def get_lr_parameter(self, param: Any) -> Any:
        """What holds the learning rate of the optimizer inside."""
        return self.opt.get_lr_parameter(param)

    def construct(self, gradients: Sequence[Tensor]) -> Any:
        rescale = LARSUpdate(**self._attrs)
        rates = self.get_lr()
        out = []
        for i, (param, grad) in enumerate(
            zip(self.parameters, self.scale_grad(gradients), strict=True)
        ):
            if self._chosen[i]:
                decay = ops.cast(as_tensor(self.opt._present(self._decay_values[i])), FLOAT32)
                rate = rates[i] if isinstance(rates, tuple) else rates
                squares = (param.square().sum(), grad.square().sum())
                grad = rescale(param, grad, *squares, decay, rate)
            out.append(grad)
        return self.opt(tuple(out))


class Rprop(Optimizer):
    """Rprop (Riedmiller & Braun, 1993): steps by the gradient's sign; see `ops.Rprop`.

    Args:
        learning_rate: the step sizes' first value.
        etas: factors by which a step size shrinks and grows.
        step_sizes: the smallest and the largest step size.
    """

    def __init__(
        self,
        params: Any,
        learning_rate: LearningRate = 0.1,
        etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50.0),
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(learning_rate, params, weight_decay)
        if not (len(etas) == 2 and 0.0 < etas[0] < 1.0 < etas[1]):
            raise ValueError(
                f"For 'Rprop', the argument 'etas' must be a number in (0, 1) and one above 1, "
                f"but got {etas}."
            )
        if not (len(step_sizes) == 2 and step_sizes[0] <= step_sizes[1]):
            raise ValueError(
                f"For 'Rprop', the argument 'step_sizes' must be the smallest and the largest "
                f"step size, but got {step_sizes}."
            )
        self._attrs = {"etas": tuple(etas), "step_sizes": tuple(step_sizes)}
        self.prev = self.state_like("prev")
        self.step_size = self.state_like("step_size")

    def construct(self, gradients: Sequence[Tensor]) -> bool:
        first = ops.equal(self.global_step, 0)
        for i, param, grad, lr in self.prepared(gradients):
            self.step_size[i].set_data(
                ops.select(first, ops.ones_like(param) * lr, self.step_size[i])
            )
            state = (param, self.prev[i], self.step_size[i])
            self.update(rules.Rprop, state, (*state, grad), **self._attrs)
        return True


class ASGD(Optimizer):
    """Averaged stochastic gradient descent (Polyak & Juditsky, 1992); see `ops.ASGD`.

    `ax` holds the averages. At step t the rate is lr / (1 + lambd * lr * t) ** alpha and, from
    step `t0` on, the averages move by 1 / (t - t0).
    """

    def __init__(
        self,
        params: Any,
        learning_rate: LearningRate = 0.1,
        lambd: float = 1e-4,
        alpha: float = 0.75,
        t0: float = 1e6,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(learning_rate, params, weight_decay)
        self.lambd, self.alpha, self.t0 = float(lambd), float(alpha), float(t0)
        self.mu = self._numbers("mu", 1.0)
        self.eta = self._numbers("eta", 0.0)
        self.ax = self.state_like("ax_")

    def _numbers(self, prefix: str, value: float) -> ParameterTuple:
        return ParameterTuple(
            Parameter(np.asarray(value, FLOAT32), name=f"{prefix}_{p.name}")
            for p in self.parameters
        )

    def construct(self, gradients: Sequence[Tensor]) -> bool:
        step = ops.cast(self.global_step.reshape(()), FLOAT64) + 1
        for i, param, grad, lr in self.prepared(gradients):
            self.eta[i].set_data(
                ops.select(step == 1, ops.ones_like(self.eta[i]) * lr, self.eta[i])
            )
            state = (param, self.ax[i])
            inputs = (*state, self.eta[i], self.mu[i], grad)
            self.update(rules.ASGD, state, inputs, lambd=self.lambd)
            rate = ops.cast(lr, FLOAT64)
            rate = rate / (1 + self.lambd * rate * step) ** self.alpha
            self.eta[i].set_data(ops.cast(rate, FLOAT32))
            self.mu[i].set_data(ops.cast(1 / ops.maximum(step - self.t0, 1.0), FLOAT32))
        return True
