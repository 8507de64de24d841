"""The optimizers' update rules as plain arithmetic; `ops.optimizer` has formulas and sources."""

from __future__ import annotations

from typing import Any

import numpy as np

from mslearn.core.primitive import apply
from mslearn.core.tensor import Tensor
from mslearn.ops.families import Reshape, cast
from mslearn.ops.indexing import where


def numbers(var: Tensor, *values: Any) -> list[Tensor]:
    """Numbers (0-d, or one element) as 0-d tensors in the dtype of the variable."""
    out = []
    for value in values:
        t = value if isinstance(value, Tensor) else Tensor.wrap(np.asarray(value))
        t = cast(t, var._value.dtype)
        out.append(apply(Reshape, (t,), {"shape": ()}) if t.ndim else t)
    return out


def is_zero(number: Tensor) -> bool:
    """Whether it is known to be 0."""
    return isinstance(number._value, np.ndarray) and not number._value.any()


def momentum(
    variable: Tensor, accumulation: Tensor, learning_rate: Tensor, gradient: Tensor,
    momentum: Tensor, use_nesterov: bool = False, **_: Any,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    lr, m = numbers(variable, learning_rate, momentum)
    new = accumulation * m + gradient
    step = gradient + m * new if use_nesterov else new
    return variable - lr * step, new


def sgd(
    parameters: Tensor, gradient: Tensor, learning_rate: Tensor, accum: Tensor, momentum: Tensor,
    stat: Tensor, dampening: float = 0.0, weight_decay: float = 0.0, nesterov: bool = False,
) -> tuple[Tensor, Tensor, Tensor]:  # fmt: skip
    lr, m = numbers(parameters, learning_rate, momentum)
    g = gradient + weight_decay * parameters if weight_decay else gradient
    plain = parameters - lr * g
    if is_zero(m):
        return plain, accum, stat
    first = apply(Reshape, (stat,), {"shape": (-1,)})[0] > 0
    new = where(first, g, accum * m + (1 - dampening) * g)
    moved = parameters - lr * (g + m * new if nesterov else new)
    if isinstance(m._value, np.ndarray):
        return moved, new, stat * 0
    still = m == 0
    return where(still, plain, moved), where(still, accum, new), where(still, stat, stat * 0)


def _moments(m: Tensor, v: Tensor, b1: Tensor, b2: Tensor, g: Tensor) -> tuple[Tensor, Tensor]:
    return b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * (g * g)


def adam(
    var: Tensor, m: Tensor, v: Tensor, beta1_power: Tensor, beta2_power: Tensor, lr: Tensor,
    beta1: Tensor, beta2: Tensor, epsilon: Tensor, gradient: Tensor, use_nesterov: bool = False,
    **_: Any,
) -> tuple[Tensor, Tensor, Tensor]:  # fmt: skip
    p1, p2, rate, b1, b2, eps = numbers(var, beta1_power, beta2_power, lr, beta1, beta2, epsilon)
    mean, square = _moments(m, v, b1, b2, gradient)
    rate = rate * (1 - p2).sqrt() / (1 - p1)
    step = b1 * mean + (1 - b1) * gradient if use_nesterov else mean
    return var - rate * (step / (square.sqrt() + eps)), mean, square


def adagrad(
    var: Tensor, accum: Tensor, lr: Tensor, grad: Tensor, update_slots: bool = True
) -> tuple[Tensor, Tensor]:
    (rate,) = numbers(var, lr)
    total = accum + grad * grad if update_slots else accum
    return var - rate * grad / total.sqrt(), total


def proximal_adagrad(
    var: Tensor, accum: Tensor, lr: Tensor, l1: Tensor, l2: Tensor, grad: Tensor, **_: Any
) -> tuple[Tensor, Tensor]:
    rate, one_norm, two_norm = numbers(var, lr, l1, l2)
    total = accum + grad * grad
    rates = rate / total.sqrt()
    prox = var - rates * grad
    if not is_zero(one_norm):
        prox = prox.sign() * (prox.abs() - rates * one_norm).maximum(0.0)
    return prox / (1 + rates * two_norm), total


def adadelta(
    var: Tensor, accum: Tensor, accum_update: Tensor, lr: Tensor, rho: Tensor, epsilon: Tensor,
    grad: Tensor,
) -> tuple[Tensor, Tensor, Tensor]:  # fmt: skip
    rate, r, eps = numbers(var, lr, rho, epsilon)
    mean = r * accum + (1 - r) * (grad * grad)
    step = (accum_update + eps).sqrt() / (mean + eps).sqrt() * grad
    return var - rate * step, mean, r * accum_update + (1 - r) * (step * step)


def adamax(
    var: Tensor, m: Tensor, v: Tensor, beta1_power: Tensor, lr: Tensor, beta1: Tensor,
    beta2: Tensor, epsilon: Tensor, grad: Tensor,
) -> tuple[Tensor, Tensor, Tensor]:  # fmt: skip
    power, rate, b1, b2, eps = numbers(var, beta1_power, lr, beta1, beta2, epsilon)
    mean = b1 * m + (1 - b1) * grad
    largest = (b2 * v).maximum(grad.abs())
    return var - rate / (1 - power) * mean / (largest + eps), mean, largest


def amsgrad(
    var: Tensor, m: Tensor, v: Tensor, vhat: Tensor, beta1_power: Tensor, beta2_power: Tensor,
    lr: Tensor, grad: Tensor, beta1: float = 0.9, beta2: float = 0.999, epsilon: float = 1e-8,
    **_: Any,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:  # fmt: skip
    b1, b2, eps, p1, p2, rate = numbers(var, beta1, beta2, epsilon, beta1_power, beta2_power, lr)
    mean, square = _moments(m, v, b1, b2, grad)
    largest = vhat.maximum(square)
    rate = rate * (1 - p2).sqrt() / (1 - p1)
    return var - rate * mean / (largest.sqrt() + eps), mean, square, largest


def adam_weight_decay(
    var: Tensor, m: Tensor, v: Tensor, lr: Tensor, beta1: Tensor, beta2: Tensor, epsilon: Tensor,
    decay: Tensor, gradient: Tensor, **_: Any,
) -> tuple[Tensor, Tensor, Tensor]:  # fmt: skip
    rate, b1, b2, eps, wd = numbers(var, lr, beta1, beta2, epsilon, decay)
    mean, square = _moments(m, v, b1, b2, gradient)
    step = mean / (square.sqrt() + eps)
    return var - rate * (step if is_zero(wd) else step + wd * var), mean, square


def rmsprop(
    var: Tensor, mean_square: Tensor, moment: Tensor, learning_rate: Tensor, grad: Tensor,
    decay: Tensor, momentum: Tensor, epsilon: Tensor, **_: Any,
) -> tuple[Tensor, Tensor, Tensor]:  # fmt: skip
    rate, rho, mu, eps = numbers(var, learning_rate, decay, momentum, epsilon)
    square = rho * mean_square + (1 - rho) * (grad * grad)
    step = mu * moment + rate * grad / (square + eps).sqrt()
    return var - step, square, step


def centered_rmsprop(
    var: Tensor, mean_gradient: Tensor, mean_square: Tensor, moment: Tensor, grad: Tensor,
    learning_rate: Tensor, decay: Tensor, momentum: Tensor, epsilon: Tensor, **_: Any,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:  # fmt: skip
    rate, rho, mu, eps = numbers(var, learning_rate, decay, momentum, epsilon)
    mean = rho * mean_gradient + (1 - rho) * grad
    square = rho * mean_square + (1 - rho) * (grad * grad)
    step = mu * moment + rate * grad / (square - mean * mean + eps).sqrt()
    return var - step, mean, square, step


def ftrl(
    var: Tensor, accum: Tensor, linear: Tensor, grad: Tensor, lr: Tensor, l1: Tensor, l2: Tensor,
    lr_power: Tensor, **_: Any,
) -> tuple[Tensor, Tensor, Tensor]:  # fmt: skip
    rate, one_norm, two_norm, power = numbers(var, lr, l1, l2, lr_power)
    total = accum + grad * grad
    grown = total**-power
    slope = linear + grad - (grown - accum**-power) / rate * var
    shrunk = (slope.sign() * one_norm - slope) / (grown / rate + 2 * two_norm)
    return where(slope.abs() > one_norm, shrunk, shrunk * 0), total, slope


def rprop(
    var: Tensor, prev: Tensor, step_size: Tensor, grad: Tensor,
    etas: tuple[float, float] = (0.5, 1.2), step_sizes: tuple[float, float] = (1e-6, 50.0),
) -> tuple[Tensor, Tensor, Tensor]:  # fmt: skip
    minus, plus, one, zero = numbers(var, *etas, 1, 0)
    same = prev * grad
    factor = where(same > 0, plus, where(same < 0, minus, one))
    size = (step_size * factor).maximum(step_sizes[0]).minimum(step_sizes[1])
    kept = where(same < 0, zero, grad)
    return var - size * kept.sign(), kept, size


def asgd(
    var: Tensor, ax: Tensor, eta: Tensor, mu: Tensor, grad: Tensor, lambd: float = 1e-4
) -> tuple[Tensor, Tensor]:
    rate, share, decay = numbers(var, eta, mu, lambd)
    new = var * (1 - decay * rate) - rate * grad
    return new, ax + share * (new - ax)


def lamb(
    var: Tensor, m: Tensor, v: Tensor, lr: Tensor, beta1: Tensor, beta2: Tensor, epsilon: Tensor,
    decay: Tensor, global_step: Tensor, gradient: Tensor,
) -> tuple[Tensor, Tensor, Tensor]:  # fmt: skip
    rate, b1, b2, eps, wd, step = numbers(var, lr, beta1, beta2, epsilon, decay, global_step)
    mean, square = _moments(m, v, b1, b2, gradient)
    update = (mean / (1 - b1**step)) / ((square / (1 - b2**step)).sqrt() + eps) + wd * var
    weight, length = ((t * t).sum().sqrt() for t in (var, update))
    (one,) = numbers(var, 1)
    known = (weight > 0) & (length > 0)
    ratio = where(known, weight / where(known, length, one), one)
    return var - rate * ratio * update, mean, square


def lars(
    weight: Tensor, gradient: Tensor, norm_weight: Tensor, norm_gradient: Tensor,
    weight_decay: Tensor, learning_rate: Tensor, epsilon: float = 1e-5, hyperpara: float = 0.001,
    use_clip: bool = False,
) -> Tensor:  # fmt: skip
    w2, g2, decay, rate, one = numbers(
        weight, norm_weight, norm_gradient, weight_decay, learning_rate, 1
    )
    w, g = w2.sqrt(), g2.sqrt()
    known = (w > 0) & (g > 0)
    ratio = hyperpara * w / where(known, g + decay * w + epsilon, one)
    if use_clip:
        ratio = (ratio / rate).minimum(1.0)
    return where(known, ratio, one) * (gradient + decay * weight)


RULES: dict[str, Any] = {
    "ApplyMomentum": momentum,
    "SGD": sgd,
    "Adam": adam,
    "ApplyAdagrad": adagrad,
    "ApplyProximalAdagrad": proximal_adagrad,
    "ApplyAdadelta": adadelta,
    "ApplyAdaMax": adamax,
    "ApplyAdamWithAmsgrad": amsgrad,
    "AdamWeightDecay": adam_weight_decay,
    "ApplyRMSProp": rmsprop,
    "ApplyCenteredRMSProp": centered_rmsprop,
    "ApplyFtrl": ftrl,
    "Rprop": rprop,
    "ASGD": asgd,
    "Lamb": lamb,
    "LARSUpdate": lars,
}
