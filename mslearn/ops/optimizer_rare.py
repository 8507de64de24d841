"""Update rules that MindSpore has for other programs' optimizers, and rules for some rows only."""

from __future__ import annotations

from typing import Any

import numpy as np

from mslearn.core.primitive import apply
from mslearn.core.tensor import Tensor, as_tensor
from mslearn.ops.optimizer import UpdateRule
from mslearn.ops.optimizer_more import _first, _give, _in

_LOCK = {"use_locking": False}


def _shrunk(x: np.ndarray, by: Any) -> np.ndarray:
    return np.sign(x) * np.maximum(np.abs(x) - by, 0)


class ApplyGradientDescent(UpdateRule):
    """``var -= alpha * delta``."""

    inputs, params, gives_one = ("var", "alpha", "delta"), _LOCK, True

    def kernel(var, alpha, delta, out=None, **_):
        return _give((var - _in(var, alpha)[0] * delta,), out)

    infer = _first(1)


class ApplyProximalGradientDescent(UpdateRule):
    """A gradient step, then the shrinkage of Duchi & Singer (2009).

    prox = var - alpha * delta;  var = sign(prox) * max(|prox| - alpha * l1, 0) / (1 + alpha * l2).
    """

    inputs, params, gives_one = ("var", "alpha", "l1", "l2", "delta"), _LOCK, True

    def kernel(var, alpha, l1, l2, delta, out=None, **_):
        rate, one_norm, two_norm = _in(var, alpha, l1, l2)
        prox = var - rate * delta
        return _give((_shrunk(prox, rate * one_norm) / (1 + rate * two_norm),), out)

    infer = _first(1)


class ApplyAdagradV2(UpdateRule):
    """AdaGrad with epsilon: ``accum += grad²;  var -= lr * grad / (sqrt(accum) + epsilon)``."""

    inputs, state = ("var", "accum", "lr", "grad"), ("var", "accum")
    params = {"epsilon": 1e-6, "update_slots": True}

    def kernel(var, accum, lr, grad, epsilon=1e-6, update_slots=True, out=None):
        total = accum + grad * grad if update_slots else accum.copy()
        rate, eps = _in(var, lr, epsilon)
        return _give((var - rate * grad / (np.sqrt(total) + eps), total), out)

    infer = _first(2)


class ApplyAdagradDA(UpdateRule):
    """AdaGrad by dual averaging (Duchi, Hazan & Singer, 2011, section 1.2).

    The sums of gradients and of their squares give var anew in every step.
    """

    inputs = (
        "var", "gradient_accumulator", "gradient_squared_accumulator", "grad", "lr", "l1", "l2",
        "global_step",
    )  # fmt: skip
    params, state, gives_one = _LOCK, inputs[:3], True

    def kernel(
        var, gradient_accumulator, gradient_squared_accumulator, grad, lr, l1, l2, global_step,
        out=None, **_,
    ):  # fmt: skip
        rate, one_norm, two_norm, step = _in(var, lr, l1, l2, global_step)
        total, squares = gradient_accumulator + grad, gradient_squared_accumulator + grad * grad
        direction = _shrunk(total, one_norm * step)
        new = -rate * direction / (two_norm * step * rate + np.sqrt(squares))
        return _give((new, total, squares), out)

    infer = _first(3)


class _SignRule(UpdateRule, abstract=True):
    inputs = ("var", "m", "lr", "alpha", "sign_decay", "beta", "grad")
    state = ("var", "m")
    infer = _first(2)


def _agreement(m: np.ndarray, grad: np.ndarray, beta: Any) -> tuple[np.ndarray, np.ndarray]:
    mean = m * beta + grad * (1 - beta)
    return mean, np.sign(grad) * np.sign(mean)


class ApplyAddSign(_SignRule):
    """AddSign (Bello et al., 2017): faster where gradient and its mean have one sign.

    m = beta * m + (1 - beta) * grad;
    var -= lr * (alpha + sign_decay * sign(grad) * sign(m)) * grad.
    """

    def kernel(var, m, lr, alpha, sign_decay, beta, grad, out=None):
        rate, a, decay, b = _in(var, lr, alpha, sign_decay, beta)
        mean, same = _agreement(m, grad, b)
        return _give((var - rate * (a + decay * same) * grad, mean), out)


class ApplyPowerSign(_SignRule):
    """PowerSign (Bello et al., 2017).

    m = beta * m + (1 - beta) * grad;
    var -= lr * exp(logbase * sign_decay * sign(grad) * sign(m)) * grad.
    """

    inputs = ("var", "m", "lr", "logbase", "sign_decay", "beta", "grad")

    def kernel(var, m, lr, logbase, sign_decay, beta, grad, out=None):
        rate, base, decay, b = _in(var, lr, logbase, sign_decay, beta)
        mean, same = _agreement(m, grad, b)
        return _give((var - rate * np.exp(base * decay * same) * grad, mean), out)


class ApplyKerasMomentum(UpdateRule):
    """Momentum as Keras counts it: ``accum = accum * momentum - lr * grad;  var += accum``.

    With Nesterov's form ``var += accum * momentum - lr * grad``.
    """

    inputs, state = ("var", "accum", "lr", "grad", "momentum"), ("var", "accum")
    params = {"use_locking": False, "use_nesterov": False}

    def kernel(var, accum, lr, grad, momentum, use_nesterov=False, out=None, **_):
        rate, m = _in(var, lr, momentum)
        new = accum * m - rate * grad
        return _give((var + (new * m - rate * grad if use_nesterov else new), new), out)

    infer = _first(2)


def on_rows(rule: type[UpdateRule], *args: Any, **attrs: Any) -> Any:
    """`rule` for the rows that the last of `args` names; the others stay as they are.

    The arguments are the rule's inputs without those in `attrs`, the gradient's rows and their
    indices at the end; gradients of equal rows are added first.
    """
    from mslearn import ops as o  # complete by the time of a call

    *given, grad, indices = args
    which, back = np.unique(as_tensor(indices)._concrete(), return_inverse=True)
    rows, own = Tensor.wrap(which), {k: v for k, v in attrs.items() if k in rule.params}
    last = next(n for n in ("grad", "gradient") if n in rule.inputs)
    values = {n: as_tensor(attrs[n]) for n in rule.inputs if n in attrs}
    held = dict(zip((n for n in rule.inputs if n not in values and n != last), given, strict=True))
    for name, value in held.items():
        values[name] = o.gather(value, rows, 0) if name in rule.state else as_tensor(value)
    values[last] = o.unsorted_segment_sum(as_tensor(grad), Tensor.wrap(back), len(which))
    new = apply(rule, tuple(values[n] for n in rule.inputs), {**rule.params, **own})
    for name, value in zip(rule.state, new, strict=True):
        o.scatter_update(held[name], rows, value)
    return tuple(held[n] + 0 for n in rule.state)
