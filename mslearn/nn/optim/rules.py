"""SGD, Momentum, Adam and its variants: the rules are primitives in `mslearn.ops.optimizer`."""

from __future__ import annotations

from typing import Any, ClassVar

from mslearn.nn.optim.base import LearningRate
from mslearn.nn.optim.by_rule import RuleOptimizer
from mslearn.ops.optimizer import SGD as SGDRule
from mslearn.ops.optimizer import Adam as AdamRule
from mslearn.ops.optimizer import ApplyMomentum, UpdateRule
from mslearn.ops.optimizer_more import ApplyAdamWithAmsgrad


class SGD(RuleOptimizer):
    """Stochastic gradient descent, with momentum where asked for (Sutskever et al., 2013).

    v = momentum * v + (1 - dampening) * g;  w -= lr * v  (w -= lr * (g + momentum * v) when
    `nesterov`).

    >>> import mslearn as ms
    >>> net = ms.nn.Dense(2, 1)
    >>> optimizer = ms.nn.SGD(net.trainable_params(), learning_rate=0.1)
    """

    rule = SGDRule

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
        value = self.checked("momentum", momentum)
        self.dampening = self.checked("dampening", dampening)
        if nesterov and (not value or self.dampening):
            raise ValueError("For 'SGD', nesterov=True needs a momentum above 0 and dampening 0.")
        self.nesterov = nesterov
        self.held_number("momentum", value)
        self.slots(accum="accum", stat=("stat", 1.0))
        self._attrs = {"dampening": self.dampening, "weight_decay": 0.0, "nesterov": nesterov}


class Momentum(RuleOptimizer):
    """Momentum (Polyak, 1964): v = momentum * v + g;  w -= lr * v.

    With `use_nesterov`: w -= lr * (g + momentum * v). (The CPU kernel of MindSpore 2.10 ignores
    `use_nesterov`; here it does what its documentation says.)
    """

    rule = ApplyMomentum

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
        self.held_number("momentum", self.checked("momentum", momentum))
        self.use_nesterov = use_nesterov
        self.slots(moments="moments")
        self._attrs = {"use_nesterov": use_nesterov}


class _AdamBase(RuleOptimizer):
    """What the variants of Adam share."""

    rule: ClassVar[type[UpdateRule]] = AdamRule
    _power_shape: ClassVar[tuple[int, ...]] = ()

    def __init__(
        self, params: Any, learning_rate: LearningRate, betas: tuple[float, float], eps: float,
        weight_decay: float, loss_scale: float,
    ) -> None:  # fmt: skip
        super().__init__(learning_rate, params, weight_decay, loss_scale)
        self.numbers(high=1.0, beta1=betas[0], beta2=betas[1])
        self.numbers(epsilon=eps)
        self.powers(self._power_shape, beta1_power=betas[0], beta2_power=betas[1])
        self.slots(moment1="moment1", moment2="moment2")


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
                + (" PyTorch's lr is here: learning_rate." if "lr" in wrong else "")
            )
        super().__init__(params, learning_rate, (beta1, beta2), eps, weight_decay, loss_scale)
        self.use_nesterov, self.use_amsgrad = use_nesterov, use_amsgrad
        if use_amsgrad:
            self.slots(vhat="vhat")
            self._attrs = {"beta1": float(beta1), "beta2": float(beta2), "epsilon": float(eps)}
        else:
            self._attrs = {"use_nesterov": use_nesterov}

    @property
    def rule(self) -> type[UpdateRule]:  # type: ignore[override]
        """The rule, by `use_amsgrad`."""
        return ApplyAdamWithAmsgrad if self.use_amsgrad else AdamRule


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
        self._attrs = {"use_nesterov": use_nesterov}


class AdamOffload(LazyAdam):
    """Adam under the name that MindSpore keeps for moments in the host's memory."""
