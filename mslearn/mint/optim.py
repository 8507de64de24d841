"""`mint.optim`: the optimizers with PyTorch's formulas."""

from __future__ import annotations

from typing import Any

from mslearn import ops
from mslearn.experimental.optim import optimizers as base
from mslearn.experimental.optim.base import COUNTER


class SGD(base.SGD):
    """Gradient descent with momentum; see `experimental.optim.SGD`."""

    slots = {"momentum_buf": 0.0, "step_t": COUNTER}

    def __init__(
        self, params: Any, lr: Any, momentum: float = 0, dampening: float = 0,
        weight_decay: float = 0, nesterov: bool = False, *, maximize: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(params, lr, momentum, dampening, weight_decay, nesterov, maximize=maximize)

    def formula(self, o, lr, t, p, g, kept):  # type: ignore[no-untyped-def,override]
        first = ops.cast(ops.equal(t, 1), p.dtype)
        new, kept, _ = super().formula(o, lr, t, p, g, kept, ops.zeros_like(kept) + first)
        return new, kept


class Adam(base.Adam):
    """Adam (Kingma & Ba, 2015): w -= lr / (1 - beta1^t) * m / (sqrt(v / (1 - beta2^t)) + eps).

    With `amsgrad` AMSGrad (Reddi et al., 2018).
    """

    corrects_root = True

    def _register(self) -> None:
        own: dict[str, Any] = {"exp_avg": 0.0, "exp_avg_sq": 0.0}
        if any(group["amsgrad"] for group in self.param_groups):
            own["max_exp_avg_sq"] = 0.0
        object.__setattr__(self, "slots", {**own, "state_step": COUNTER})
        super()._register()


class AdamW(Adam):
    """Adam with decoupled weight decay (Loshchilov & Hutter, 2019): w shrinks by lr * decay."""

    decoupled = True

    def __init__(
        self, params: Any, lr: Any = 1e-3, betas: base.Betas = (0.9, 0.999), eps: float = 1e-8,
        weight_decay: float = 1e-2, amsgrad: bool = False, *, maximize: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(params, lr, betas, eps, weight_decay, amsgrad, maximize=maximize)


class FusedAdamW(AdamW):
    """AdamW under the name that MindSpore keeps for its fused kernel."""
