"""The experimental optimizers: what each keeps, and its formula.

The formulas are those of the papers that the classes name; where one leaves something open,
MindSpore's choice stands (tests/goldens/cases_experimental.py). L2 weight decay and `maximize`
are in the gradient already.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from mslearn import ops
from mslearn.core.parameter import Parameter
from mslearn.core.tensor import Tensor
from mslearn.experimental.optim.base import COUNTER, Optimizer, given

Betas = tuple[float, float]


def _left(base: float, t: Tensor) -> Tensor:
    """1 - base ** t, exactly also where the power is near 1."""
    return -ops.expm1(t * float(np.log(base))) if base else ops.ones_like(t)


def _mean(beta: float, old: Tensor, new: Tensor) -> Tensor:
    return old * beta + new * (1 - beta)


class SGD(Optimizer):
    """Gradient descent with momentum and Nesterov's form (Sutskever et al., 2013).

    v = momentum * v + (1 - dampening) * g, which starts as g;  w -= lr * v, or with `nesterov`
    w -= lr * (g + momentum * v).

    >>> import mslearn as ms
    >>> from mslearn.experimental import optim
    >>> optimizer = optim.SGD(ms.nn.Dense(2, 1).trainable_params(), lr=0.1, momentum=0.9)
    """

    slots = {"accum": 0.0, "stat": 1.0}

    def __init__(
        self, params: Any, lr: Any, momentum: float = 0, dampening: float = 0,
        weight_decay: float = 0.0, nesterov: bool = False, *, maximize: bool = False,
    ) -> None:  # fmt: skip
        if nesterov and (momentum <= 0 or dampening):
            raise ValueError(
                f"For 'SGD', if 'nesterov' is true, 'momentum' must be > 0.0 and 'dampening' must "
                f"equal to 0.0, but got 'momentum' {momentum}, 'dampening' {dampening}."
            )
        momentum, dampening = float(momentum), float(dampening)
        super().__init__(params, {**given(locals()), "grad_centralization": False})

    def formula(self, o, lr, t, p, g, accum, stat):  # type: ignore[no-untyped-def,override]
        momentum = float(o["momentum"])
        if not momentum:
            return p - lr * g, accum, stat
        new = ops.where(stat > 0, g, accum * momentum + g * (1.0 - o["dampening"]))
        step = g + new * momentum if o["nesterov"] else new
        return p - lr * step, new, ops.zeros_like(stat)


class Adam(Optimizer):
    """Adam (Kingma & Ba, 2015), and AMSGrad (Reddi et al., 2018) with `amsgrad`.

    m and v are decaying means of g and g²;
    w -= lr * sqrt(1 - beta2^t) / (1 - beta1^t) * m / (sqrt(v) + eps).
    """

    slots = {"exp_avg": 0.0, "exp_avg_sq": 0.0, "max_exp_avg_sq": 0.0, "state_step": COUNTER}
    corrects_root = False  # eps is added to the corrected root: sqrt(v / (1 - beta2^t))

    def __init__(
        self, params: Any, lr: Any = 1e-3, betas: Betas = (0.9, 0.999), eps: float = 1e-8,
        weight_decay: float = 0.0, amsgrad: bool = False, *, maximize: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(params, given(locals()))

    def formula(self, o, lr, t, p, g, m, v, largest=None):  # type: ignore[no-untyped-def,override]
        b1, b2 = o["betas"]
        m, v = _mean(b1, m, g), _mean(b2, v, g * g)
        if self.decoupled:
            p = p * (1 - lr * o["weight_decay"])
        if o["amsgrad"]:
            largest = ops.maximum(largest, v)
        state = (m, v) if largest is None else (m, v, largest)
        root, left = ops.sqrt(largest if o["amsgrad"] else v), ops.sqrt(_left(b2, t))
        root = root + o["eps"] * (left if self.corrects_root else 1.0)
        return p - lr * left / _left(b1, t) * m / root, *state


class AdamW(Adam):
    """Adam with decoupled weight decay (Loshchilov & Hutter, 2019): w shrinks by lr * decay.

    Here `eps` is added to the corrected root: sqrt(v / (1 - beta2^t)) + eps.
    """

    decoupled = corrects_root = True

    def __init__(
        self, params: Any, lr: Any = 1e-3, betas: Betas = (0.9, 0.999), eps: float = 1e-8,
        weight_decay: float = 1e-2, amsgrad: bool = False, *, maximize: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(params, lr, betas, eps, weight_decay, amsgrad, maximize=maximize)


class Adadelta(Optimizer):
    """Adadelta (Zeiler, 2012)."""

    slots = {"accum": 0.0, "accum_update": 0.0}

    def __init__(
        self, params: Any, lr: Any = 1.0, rho: float = 0.9, eps: float = 1e-6,
        weight_decay: float = 0.0, *, maximize: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(params, given(locals()))

    def formula(self, o, lr, t, p, g, accum, updates):  # type: ignore[no-untyped-def,override]
        accum = _mean(o["rho"], accum, g * g)
        step = ops.sqrt(updates + o["eps"]) / ops.sqrt(accum + o["eps"]) * g
        return p - lr * step, accum, _mean(o["rho"], updates, step * step)


class Adagrad(Optimizer):
    """AdaGrad (Duchi et al., 2011): w -= lr / (1 + (t - 1) * lr_decay) * g / (sqrt(Σg²) + eps)."""

    slots = {"accum": "initial_accumulator_value", "step_t": COUNTER}

    def __init__(
        self, params: Any, lr: Any = 1e-2, lr_decay: float = 0.0, weight_decay: float = 0.0,
        initial_accumulator_value: float = 0.0, eps: float = 1e-10, *, maximize: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(params, given(locals()))

    def formula(self, o, lr, t, p, g, accum):  # type: ignore[no-untyped-def,override]
        accum = accum + g * g
        rate = lr / ((t - 1) * o["lr_decay"] + 1)
        return p - rate * g / (ops.sqrt(accum) + o["eps"]), accum


class ASGD(Optimizer):
    """Averaged gradient descent (Polyak & Juditsky, 1992); `ax` holds the averages.

    The rate of step t is lr / (1 + lambd * lr * (t - 1)) ** alpha; the averages move by
    1 / max(1, t - 1 - t0).
    """

    slots = {"ax": 0.0, "step_t": COUNTER}

    def __init__(
        self, params: Any, lr: Any = 1e-2, lambd: float = 1e-4, alpha: float = 0.75,
        t0: float = 1e6, weight_decay: float = 0.0, maximize: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(params, given(locals()))

    def formula(self, o, lr, t, p, g, ax):  # type: ignore[no-untyped-def,override]
        rate = lr / ops.pow((t - 1) * lr * o["lambd"] + 1, o["alpha"])
        share = 1 / ops.maximum(t - 1 - o["t0"], Tensor(1.0))
        new = p * (1 - rate * o["lambd"]) - rate * g
        return new, ax + (new - ax) * share


class Adamax(Optimizer):
    """AdaMax (Kingma & Ba, 2015): Adam by the largest gradient, which decays by beta2."""

    slots = {"step_t": COUNTER, "exp_avg": 0.0, "exp_inf": 0.0}

    def __init__(
        self, params: Any, lr: Any = 2e-3, betas: Betas = (0.9, 0.999), eps: float = 1e-8,
        weight_decay: float = 0.0, *, maximize: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(params, given(locals()))

    def formula(self, o, lr, t, p, g, m, largest):  # type: ignore[no-untyped-def,override]
        b1, b2 = o["betas"]
        m, largest = _mean(b1, m, g), ops.maximum(largest * b2, ops.abs(g) + o["eps"])
        return p - lr / _left(b1, t) * m / largest, m, largest


class RMSprop(Optimizer):
    """RMSProp (Tieleman & Hinton, 2012); with `centered` by the variance (Graves, 2013).

    moment = momentum * moment + g / (sqrt(mean_square) + eps);  w -= lr * moment.
    """

    slots = {"mean_grad": 0.0, "mean_square": 0.0, "moment": 0.0}

    def __init__(
        self, params: Any, lr: Any = 1e-2, alpha: float = 0.99, eps: float = 1e-8,
        weight_decay: float = 0.0, momentum: float = 0.0, centered: bool = False,
        maximize: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(params, given(locals()))

    def formula(self, o, lr, t, p, g, mean, square, moment):  # type: ignore[no-untyped-def,override]
        square = _mean(o["alpha"], square, g * g)
        spread = square
        if o["centered"]:
            mean = _mean(o["alpha"], mean, g)
            spread = square - mean * mean
        step = g / (ops.sqrt(spread) + o["eps"])
        if o["momentum"]:
            step = moment = moment * o["momentum"] + step
        return p - lr * step, mean, square, moment


class Rprop(Optimizer):
    """Rprop (Riedmiller & Braun, 1993): only the gradient's sign counts; see `ops.Rprop`."""

    slots = {"prev": 0.0, "step_size": 0.0, "step_t": COUNTER}

    def __init__(
        self, params: Any, lr: Any = 1e-2, etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50), *, maximize: bool = False,
    ) -> None:  # fmt: skip
        if not 0.0 < etas[0] < 1.0 < etas[1]:
            raise ValueError(
                f"For Rprop, the etas must be a number in (0, 1) and one greater than 1.0, but "
                f"got {etas}."
            )
        super().__init__(params, {**given(locals()), "weight_decay": 0.0})

    def formula(self, o, lr, t, p, g, prev, size):  # type: ignore[no-untyped-def,override]
        (minus, plus), (least, most) = o["etas"], o["step_sizes"]
        size = ops.where(t > 1, size, ops.ones_like(size) * lr)
        same = prev * g
        one = ops.ones_like(g)
        factor = ops.where(same > 0, one * plus, ops.where(same < 0, one * minus, one))
        size = ops.clamp(size * factor, least, most)
        kept = ops.where(same < 0, ops.zeros_like(g), g)
        return p - size * ops.sign(kept), kept, size


class RAdam(Optimizer):
    """RAdam (Liu et al., 2020): Adam that waits until the mean square is to be trusted."""

    slots = {"step_t": COUNTER, "exp_avg": 0.0, "exp_avg_sq": 0.0}

    def __init__(
        self, params: Any, lr: Any = 1e-3, betas: Betas = (0.9, 0.999), eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:  # fmt: skip
        super().__init__(params, given(locals()))

    def formula(self, o, lr, t, p, g, m, v):  # type: ignore[no-untyped-def,override]
        b1, b2 = o["betas"]
        m, v = _mean(b1, m, g), _mean(b2, v, g * g)
        corrected, left = m / _left(b1, t), _left(b2, t)
        most = 2 / (1 - b2) - 1
        length = most - 2 * t * (1 - left) / left
        trusted = length > 5
        safe = ops.where(trusted, length, ops.ones_like(length) * 6.0)
        rect = ops.sqrt((safe - 4) * (safe - 2) * most / (safe * ((most - 4) * (most - 2))))
        step = ops.where(trusted, rect * ops.sqrt(left) / (ops.sqrt(v) + o["eps"]), 1.0)
        return p - lr * corrected * step, m, v


class NAdam(Optimizer):
    """NAdam (Dozat, 2016): Adam with Nesterov's look-ahead and a growing momentum."""

    slots = {"step_t": COUNTER, "exp_avg": 0.0, "exp_avg_sq": 0.0}

    def __init__(
        self, params: Any, lr: Any = 2e-3, betas: Betas = (0.9, 0.999), eps: float = 1e-8,
        weight_decay: float = 0.0, momentum_decay: float = 4e-3,
    ) -> None:  # fmt: skip
        super().__init__(params, given(locals()))
        # No state of the Cell: MindSpore's checkpoints do not have it.
        object.__setattr__(self, "_product", Parameter(Tensor(1.0), name="mu_product"))

    def construct(self, gradients: Any) -> bool:
        self._moved = False
        return super().construct(gradients)

    def formula(self, o, lr, t, p, g, m, v):  # type: ignore[no-untyped-def,override]
        b1, b2 = o["betas"]
        mu, following = (
            b1 * (1 - 0.5 * ops.pow(0.96, at * o["momentum_decay"])) for at in (t, t + 1)
        )
        if not self._moved:
            ops.assign(self._product, self._product * mu)
            self._moved = True
        m, v = _mean(b1, m, g), _mean(b2, v, g * g)
        root = ops.sqrt(v / _left(b2, t)) + o["eps"]
        step = g * (1 - mu) / (1 - self._product) + m * following / (1 - self._product * following)
        return p - lr * step / root, m, v
