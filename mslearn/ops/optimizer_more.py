"""The update rules of AdaGrad, RMSProp, FTRL and their relatives, as primitives.

Where a paper leaves something open, MindSpore's choice stands, with its numbers in
tests/goldens/cases_optim.py.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from mslearn.core.primitive import as_value
from mslearn.ops.optimizer import UpdateRule


def _give(new: tuple[np.ndarray, ...], out: tuple[np.ndarray, ...] | None) -> Any:
    """The new values, or `out` filled with them."""
    if out is None:
        return tuple(map(as_value, new))
    for target, value in zip(out, new, strict=True):
        target[...] = value
    return out


def _in(var: np.ndarray, *numbers: Any) -> list[Any]:
    """Numbers (0-d or one-element arrays) in the dtype of the variable."""
    return [var.dtype.type(np.reshape(n, -1)[0].item()) for n in numbers]


def _first(n: int) -> Any:
    """An `infer` for rules whose first `n` inputs are what they update."""

    def infer(*values: Any, **_: Any) -> Any:
        return tuple(v.shape for v in values[:n]), tuple(v.dtype for v in values[:n])

    return infer


class ApplyAdagrad(UpdateRule):
    """AdaGrad (Duchi, Hazan & Singer, 2011).

    accum += grad * grad (when `update_slots`);  var -= lr * grad / sqrt(accum).
    """

    inputs = ("var", "accum", "lr", "grad")
    params = {"update_slots": True}
    state = ("var", "accum")

    def kernel(var, accum, lr, grad, update_slots=True, out=None):
        (rate,) = _in(var, lr)
        total = accum + grad * grad if update_slots else accum.copy()
        return _give((var - rate * grad / np.sqrt(total), total), out)

    infer = _first(2)


class ApplyProximalAdagrad(UpdateRule):
    """AdaGrad with a forward-backward splitting step (Duchi & Singer, 2009).

    accum += grad * grad;  prox = var - lr * grad / sqrt(accum);
    var = sign(prox) * max(|prox| - lr * l1, 0) / (1 + lr * l2).
    """

    inputs = ("var", "accum", "lr", "l1", "l2", "grad")
    params = {"use_locking": False}
    state = ("var", "accum")

    def kernel(var, accum, lr, l1, l2, grad, out=None, **_):
        rate, one_norm, two_norm = _in(var, lr, l1, l2)
        total = accum + grad * grad
        rates = rate / np.sqrt(total)
        prox = var - rates * grad
        if one_norm:
            prox = np.sign(prox) * np.maximum(np.abs(prox) - rates * one_norm, 0)
        return _give((prox / (1 + rates * two_norm), total), out)

    infer = _first(2)


class ApplyAdadelta(UpdateRule):
    """Adadelta (Zeiler, 2012).

    accum = rho * accum + (1 - rho) * grad²;
    step = sqrt(accum_update + epsilon) / sqrt(accum + epsilon) * grad;
    accum_update = rho * accum_update + (1 - rho) * step²;  var -= lr * step.
    """

    inputs = ("var", "accum", "accum_update", "lr", "rho", "epsilon", "grad")
    state = ("var", "accum", "accum_update")

    def kernel(var, accum, accum_update, lr, rho, epsilon, grad, out=None):
        rate, r, eps = _in(var, lr, rho, epsilon)
        mean = r * accum + (1 - r) * grad * grad
        step = np.sqrt(accum_update + eps) / np.sqrt(mean + eps) * grad
        return _give((var - rate * step, mean, r * accum_update + (1 - r) * step * step), out)

    infer = _first(3)


class ApplyAdaMax(UpdateRule):
    """AdaMax (Kingma & Ba, 2015, section 7.1).

    m = beta1 * m + (1 - beta1) * grad;  v = max(beta2 * v, |grad|);
    var -= lr / (1 - beta1_power) * m / (v + epsilon).
    """

    inputs = ("var", "m", "v", "beta1_power", "lr", "beta1", "beta2", "epsilon", "grad")
    state = ("var", "m", "v")

    def kernel(var, m, v, beta1_power, lr, beta1, beta2, epsilon, grad, out=None):
        power, rate, b1, b2, eps = _in(var, beta1_power, lr, beta1, beta2, epsilon)
        mean = b1 * m + (1 - b1) * grad
        largest = np.maximum(b2 * v, np.abs(grad))
        return _give((var - rate / (1 - power) * mean / (largest + eps), mean, largest), out)

    infer = _first(3)


class ApplyAdamWithAmsgrad(UpdateRule):
    """AMSGrad (Reddi, Kale & Kumar, 2018): Adam with the largest mean square so far.

    m and v as in Adam;  vhat = max(vhat, v);
    var -= lr * sqrt(1 - beta2_power) / (1 - beta1_power) * m / (sqrt(vhat) + epsilon).
    """

    inputs = ("var", "m", "v", "vhat", "beta1_power", "beta2_power", "lr", "grad")
    params = {"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "use_locking": False}
    state = ("var", "m", "v", "vhat")

    def kernel(
        var, m, v, vhat, beta1_power, beta2_power, lr, grad,
        beta1=0.9, beta2=0.999, epsilon=1e-8, out=None, **_,
    ):  # fmt: skip
        b1, b2, eps = _in(var, beta1, beta2, epsilon)
        (corrected,) = _in(
            var, np.asarray(lr) * np.sqrt(1.0 - beta2_power) / (1.0 - np.asarray(beta1_power))
        )
        mean, square = b1 * m + (1 - b1) * grad, b2 * v + (1 - b2) * grad * grad
        largest = np.maximum(vhat, square)
        step = corrected * mean / (np.sqrt(largest) + eps)
        return _give((var - step, mean, square, largest), out)

    infer = _first(4)


class AdamWeightDecay(UpdateRule):
    """Adam with decoupled weight decay (Loshchilov & Hutter, 2019), without bias correction.

    m and v as in Adam;  var -= lr * (m / (sqrt(v) + epsilon) + decay * var).
    """

    inputs = ("var", "m", "v", "lr", "beta1", "beta2", "epsilon", "decay", "gradient")
    params = {"use_locking": False}
    state = ("var", "m", "v")

    def kernel(var, m, v, lr, beta1, beta2, epsilon, decay, gradient, out=None, **_):
        rate, b1, b2, eps, wd = _in(var, lr, beta1, beta2, epsilon, decay)
        mean, square = b1 * m + (1 - b1) * gradient, b2 * v + (1 - b2) * gradient * gradient
        step = mean / (np.sqrt(square) + eps)
        if wd:
            step = step + wd * var
        return _give((var - rate * step, mean, square), out)

    infer = _first(3)


class ApplyRMSProp(UpdateRule):
    """RMSProp (Tieleman & Hinton, 2012, Coursera lecture 6).

    mean_square = decay * mean_square + (1 - decay) * grad²;
    moment = momentum * moment + learning_rate * grad / sqrt(mean_square + epsilon);
    var -= moment.
    """

    inputs = (
        "var", "mean_square", "moment", "learning_rate", "grad", "decay", "momentum", "epsilon",
    )  # fmt: skip
    params = {"use_locking": False}
    state, gives_one = ("var", "mean_square", "moment"), True

    def kernel(
        var, mean_square, moment, learning_rate, grad, decay, momentum, epsilon, out=None, **_
    ):
        rate, rho, mu, eps = _in(var, learning_rate, decay, momentum, epsilon)
        square = rho * mean_square + (1 - rho) * grad * grad
        step = mu * moment + rate * grad / np.sqrt(square + eps)
        return _give((var - step, square, step), out)

    infer = _first(3)


class ApplyCenteredRMSProp(UpdateRule):
    """RMSProp by the variance (Graves, 2013): the mean gradient's square is taken off.

    As `ApplyRMSProp`, with mean_gradient = decay * mean_gradient + (1 - decay) * grad and
    sqrt(mean_square - mean_gradient² + epsilon) as the divisor.
    """

    inputs = (
        "var", "mean_gradient", "mean_square", "moment", "grad", "learning_rate", "decay",
        "momentum", "epsilon",
    )  # fmt: skip
    params = {"use_locking": False}
    state, gives_one = ("var", "mean_gradient", "mean_square", "moment"), True

    def kernel(
        var, mean_gradient, mean_square, moment, grad, learning_rate, decay, momentum, epsilon,
        out=None, **_,
    ):  # fmt: skip
        rate, rho, mu, eps = _in(var, learning_rate, decay, momentum, epsilon)
        mean = rho * mean_gradient + (1 - rho) * grad
        square = rho * mean_square + (1 - rho) * grad * grad
        step = mu * moment + rate * grad / np.sqrt(square - mean * mean + eps)
        return _give((var - step, mean, square, step), out)

    infer = _first(4)


class ApplyFtrl(UpdateRule):
    """FTRL-Proximal (McMahan et al., 2013, "Ad Click Prediction", algorithm 1).

    new = accum + grad²;  linear += grad - (new^-lr_power - accum^-lr_power) / lr * var;
    var = (sign(linear) * l1 - linear) / (new^-lr_power / lr + 2 * l2) where |linear| > l1,
    else 0.
    """

    inputs = ("var", "accum", "linear", "grad", "lr", "l1", "l2", "lr_power")
    params = {"use_locking": False}
    state, gives_one = ("var", "accum", "linear"), True

    def kernel(var, accum, linear, grad, lr, l1, l2, lr_power, out=None, **_):
        rate, one_norm, two_norm, power = _in(var, lr, l1, l2, lr_power)
        total = accum + grad * grad
        grown = total**-power
        slope = linear + grad - (grown - accum**-power) / rate * var
        shrunk = np.sign(slope) * one_norm - slope
        new = np.where(
            np.abs(slope) > one_norm, shrunk / (grown / rate + 2 * two_norm), var.dtype.type(0)
        )
        return _give((new, total, slope), out)

    infer = _first(3)


class Rprop(UpdateRule):
    """Rprop (Riedmiller & Braun, 1993): only the gradient's sign counts.

    A step size grows by etas[1] while the sign stays and shrinks by etas[0] when it changes, in
    which case the weight rests for one step.
    """

    inputs = ("var", "prev", "step_size", "grad")
    params = {"etas": (0.5, 1.2), "step_sizes": (1e-6, 50.0)}
    state = ("var", "prev", "step_size")

    def kernel(var, prev, step_size, grad, etas=(0.5, 1.2), step_sizes=(1e-6, 50.0), out=None):
        (minus, plus), (least, most) = _in(var, *etas), _in(var, *step_sizes)
        same = prev * grad
        factor = np.where(same > 0, plus, np.where(same < 0, minus, var.dtype.type(1)))
        size = np.clip(step_size * factor, least, most)
        kept = np.where(same < 0, var.dtype.type(0), grad)
        return _give((var - size * np.sign(kept), kept, size), out)

    infer = _first(3)


class ASGD(UpdateRule):
    """Averaged SGD (Polyak & Juditsky, 1992), with Bottou's step sizes.

    var = var * (1 - lambd * eta) - eta * grad;  ax += mu * (var - ax).
    """

    inputs = ("var", "ax", "eta", "mu", "grad")
    params = {"lambd": 1e-4}
    state = ("var", "ax")

    def kernel(var, ax, eta, mu, grad, lambd=1e-4, out=None):
        rate, share, decay = _in(var, eta, mu, lambd)
        new = var * (1 - decay * rate) - rate * grad
        mean = new.copy() if share == 1 else ax + share * (new - ax)
        return _give((new, mean), out)

    infer = _first(2)


class Lamb(UpdateRule):
    """LAMB (You et al., 2020, algorithm 2), with the identity as scaling function.

    m and v as in Adam, corrected for `global_step`;  r = m / (sqrt(v) + epsilon) + decay * var;
    var -= lr * |var| / |r| * r; a weight or an update of norm 0 has the ratio 1.
    """

    inputs = (
        "var", "m", "v", "lr", "beta1", "beta2", "epsilon", "decay", "global_step", "gradient",
    )  # fmt: skip
    state = ("var", "m", "v")

    def kernel(var, m, v, lr, beta1, beta2, epsilon, decay, global_step, gradient, out=None):
        rate, b1, b2, eps, wd = _in(var, lr, beta1, beta2, epsilon, decay)
        step = float(np.asarray(global_step).reshape(-1)[0])
        c1, c2 = _in(var, 1 - float(b1) ** step, 1 - float(b2) ** step)
        mean, square = b1 * m + (1 - b1) * gradient, b2 * v + (1 - b2) * gradient * gradient
        update = (mean / c1) / (np.sqrt(square / c2) + eps) + wd * var
        weight, length = np.linalg.norm(var), np.linalg.norm(update)
        (ratio,) = _in(var, weight / length if weight > 0 and length > 0 else 1.0)
        return _give((var - rate * ratio * update, mean, square), out)

    infer = _first(3)
