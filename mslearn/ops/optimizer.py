"""The update rules of optimizers as primitives, e.g. `ApplyMomentum`.

Each takes the present values and gives the new ones: nothing is written in place, so a rule may
stand in a graph. The kernels walk over the arrays in blocks that stay in the second-level cache;
on an MLP's 670,000 parameters that halves the time of the update (benchmarks/mlp_step.py).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from mslearn.core.primitive import Primitive

_BLOCK = 1 << 14  # elements: four float32 operands of a block take 256 KiB


def _blocks(n: int) -> Iterator[slice]:
    return (slice(i, i + _BLOCK) for i in range(0, n, _BLOCK))


def _flat(*arrays: np.ndarray) -> list[np.ndarray]:
    return [np.ascontiguousarray(a).reshape(-1) for a in arrays]


class ApplyMomentum(Primitive):
    """Momentum (Polyak, 1964; Sutskever et al., 2013).

    accumulation = accumulation * momentum + gradient;
    variable -= learning_rate * accumulation, or with Nesterov's form
    learning_rate * (gradient + momentum * accumulation).
    """

    inputs = ("variable", "accumulation", "learning_rate", "gradient", "momentum")
    params = {"use_nesterov": False, "use_locking": False, "gradient_scale": 1.0}

    def kernel(variable, accumulation, learning_rate, gradient, momentum, use_nesterov=False, **_):
        new_p, new_a = np.empty_like(variable), np.empty_like(accumulation)
        p, a, g = _flat(variable, accumulation, gradient)
        out_p, out_a = new_p.reshape(-1), new_a.reshape(-1)
        lr, m = p.dtype.type(learning_rate), p.dtype.type(momentum)
        step = np.empty(min(_BLOCK, p.size), p.dtype)
        for s in _blocks(p.size):
            acc, t = out_a[s], step[: p[s].size]
            np.multiply(a[s], m, out=acc)
            acc += g[s]
            if use_nesterov:
                np.multiply(acc, m, out=t)
                t += g[s]
                t *= lr
            else:
                np.multiply(acc, lr, out=t)
            np.subtract(p[s], t, out=out_p[s])
        return new_p, new_a

    def infer(variable, accumulation, learning_rate, gradient, momentum, **_):
        return (variable.shape, accumulation.shape), (variable.dtype, accumulation.dtype)


class SGD(Primitive):
    """Stochastic gradient descent with momentum, dampening and Nesterov's form.

    The first step (`stat` = 1) starts the accumulation with the gradient itself.
    """

    inputs = ("parameters", "gradient", "learning_rate", "accum", "momentum", "stat")
    params = {"dampening": 0.0, "weight_decay": 0.0, "nesterov": False}

    def kernel(
        parameters,
        gradient,
        learning_rate,
        accum,
        momentum,
        stat,
        dampening,
        weight_decay,
        nesterov,
    ):
        kind = parameters.dtype.type
        lr, m = kind(learning_rate), kind(momentum)
        first = bool(stat.reshape(-1)[0] > 0) if stat.size else True
        if not m and not weight_decay:  # plain descent keeps no history
            step = gradient * lr
            return np.subtract(parameters, step, out=step), accum.view(), stat.view()
        g = gradient + kind(weight_decay) * parameters if weight_decay else gradient
        if first:
            new_a = g.copy()
        else:
            new_a = accum * m
            new_a += kind(1 - dampening) * g
        step = g + m * new_a if nesterov else new_a if m else g
        return parameters - lr * step, new_a, np.zeros_like(stat)

    def infer(parameters, gradient, learning_rate, accum, momentum, stat, **_):
        state = (parameters, accum, stat)
        return tuple(v.shape for v in state), tuple(v.dtype for v in state)


class Adam(Primitive):
    """Adam (Kingma & Ba, 2015), the form with a corrected learning rate.

    m = beta1 * m + (1 - beta1) * g;  v = beta2 * v + (1 - beta2) * g * g;
    var -= lr * sqrt(1 - beta2_power) / (1 - beta1_power) * m / (sqrt(v) + epsilon).
    """

    inputs = (
        "var", "m", "v", "beta1_power", "beta2_power", "lr", "beta1", "beta2", "epsilon",
        "gradient",
    )  # fmt: skip
    params = {"use_locking": False, "use_nesterov": False}

    def kernel(
        var, m, v, beta1_power, beta2_power, lr, beta1, beta2, epsilon, gradient,
        use_nesterov=False, **_,
    ):  # fmt: skip
        kind = var.dtype.type
        new = [np.empty_like(a) for a in (var, m, v)]
        p, m1, v1, g = _flat(var, m, v, gradient)
        out_p, out_m, out_v = (a.reshape(-1) for a in new)
        b1, b2, eps = kind(beta1), kind(beta2), kind(epsilon)
        rate = kind(float(lr) * np.sqrt(1 - float(beta2_power)) / (1 - float(beta1_power)))
        one = kind(1)
        t = np.empty(min(_BLOCK, p.size), p.dtype)
        u = np.empty_like(t)
        for s in _blocks(p.size):
            gs, ms, vs = g[s], out_m[s], out_v[s]
            ts, us = t[: gs.size], u[: gs.size]
            np.multiply(m1[s], b1, out=ms)
            np.multiply(gs, one - b1, out=ts)
            ms += ts
            np.multiply(v1[s], b2, out=vs)
            np.multiply(gs, gs, out=us)
            us *= one - b2
            vs += us
            np.sqrt(vs, out=us)
            us += eps
            if use_nesterov:
                ts += b1 * ms
                np.divide(ts, us, out=us)
            else:
                np.divide(ms, us, out=us)
            us *= rate
            np.subtract(p[s], us, out=out_p[s])
        return tuple(new)

    def infer(var, m, v, *_, **__):
        return (var.shape, m.shape, v.shape), (var.dtype, m.dtype, v.dtype)
