"""The update rules of optimizers as primitives, e.g. `ApplyMomentum`.

Each takes the present values and gives the new ones, so a rule may stand in a graph. `out` lets
an optimizer that is the only owner of the old arrays have them overwritten instead: that saves
a third of the time of the update on an MLP's 670,000 parameters (benchmarks/mlp_step.py).
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from mslearn.core.parameter import Parameter
from mslearn.core.primitive import Primitive
from mslearn.ops.blas import add_into
from mslearn.ops.threads import share
from mslearn.ops.views import write

_BLOCK = 1 << 18  # elements; with smaller blocks threads meet at the interpreter lock too often


def held(old: tuple[np.ndarray, ...], out: tuple[np.ndarray, ...] | None) -> Any:
    """Arrays that hold the old values and may be overwritten."""
    return tuple(a.copy() for a in old) if out is None else out


class UpdateRule(Primitive, abstract=True):
    """A rule whose outputs are the new values of some of its inputs.

    Called as an object, as MindSpore's documentation does in hand-written optimizers, it also
    assigns them: ``ops.ApplyMomentum()(weight, accumulation, lr, gradient, 0.9)``.
    """

    state: ClassVar[tuple[str, ...]] = ("var",)  # the inputs that are updated, in output order
    gives_one: ClassVar[bool] = False  # the object's call returns the first alone

    def __call__(self, *args: Any) -> Any:
        new = super().__call__(*args)
        for name, value in zip(self.state, new, strict=True):
            held = args[self.inputs.index(name)]
            if isinstance(held, Parameter):
                write(held, value)
        return new[0] if self.gives_one else new


class ApplyMomentum(UpdateRule):
    """Momentum (Polyak, 1964; Sutskever et al., 2013).

    accumulation = accumulation * momentum + gradient;
    variable -= learning_rate * accumulation, or with Nesterov's form
    learning_rate * (gradient + momentum * accumulation).
    """

    inputs = ("variable", "accumulation", "learning_rate", "gradient", "momentum")
    params = {"use_nesterov": False, "use_locking": False, "gradient_scale": 1.0}
    state, gives_one = ("variable", "accumulation"), True

    def kernel(
        variable, accumulation, learning_rate, gradient, momentum, use_nesterov=False, out=None, **_
    ):
        p, a = new = held((variable, accumulation), out)
        kind = p.dtype.type
        lr, m = kind(learning_rate), kind(momentum)
        add_into(a, m, gradient)
        add_into(p, 1, a, -lr * m if use_nesterov else -lr)
        if use_nesterov:
            add_into(p, 1, gradient, -lr)
        return new

    def infer(variable, accumulation, learning_rate, gradient, momentum, **_):
        return (variable.shape, accumulation.shape), (variable.dtype, accumulation.dtype)


class SGD(UpdateRule):
    """Stochastic gradient descent with momentum, dampening and Nesterov's form.

    The first step (`stat` = 1) starts the accumulation with the gradient itself.
    """

    inputs = ("parameters", "gradient", "learning_rate", "accum", "momentum", "stat")
    params = {"dampening": 0.0, "weight_decay": 0.0, "nesterov": False}
    state, gives_one = ("parameters", "accum", "stat"), True

    def kernel(
        parameters, gradient, learning_rate, accum, momentum, stat,
        dampening=0.0, weight_decay=0.0, nesterov=False, out=None,
    ):  # fmt: skip
        kind = parameters.dtype.type
        lr, m = kind(learning_rate), kind(momentum)
        g = gradient + kind(weight_decay) * parameters if weight_decay else gradient
        p, a, s = new = held((parameters, accum, stat), out)
        if not m:  # plain descent keeps no history
            add_into(p, 1, g, -lr)
            return new
        if s.reshape(-1)[0] > 0:
            a[...], s[...] = g, 0
        else:
            add_into(a, m, g, 1 - dampening)
        add_into(p, 1, a, -lr * m if nesterov else -lr)
        if nesterov:
            add_into(p, 1, g, -lr)
        return new

    def infer(parameters, gradient, learning_rate, accum, momentum, stat, **_):
        state = (parameters, accum, stat)
        return tuple(v.shape for v in state), tuple(v.dtype for v in state)


class Adam(UpdateRule):
    """Adam (Kingma & Ba, 2015), the form with a corrected learning rate.

    m = beta1 * m + (1 - beta1) * g;  v = beta2 * v + (1 - beta2) * g * g;
    var -= lr * sqrt(1 - beta2_power) / (1 - beta1_power) * m / (sqrt(v) + epsilon).
    """

    inputs = (
        "var", "m", "v", "beta1_power", "beta2_power", "lr", "beta1", "beta2", "epsilon",
        "gradient",
    )  # fmt: skip
    params = {"use_locking": False, "use_nesterov": False}
    state = ("var", "m", "v")

    def kernel(
        var, m, v, beta1_power, beta2_power, lr, beta1, beta2, epsilon, gradient,
        use_nesterov=False, out=None, **_,
    ):  # fmt: skip
        kind = var.dtype.type
        new = held((var, m, v), out)
        p, m, v, g = (a.reshape(-1) for a in (*new, gradient))
        b1, b2, eps = kind(beta1), kind(beta2), kind(epsilon)
        power1, power2 = (float(np.asarray(b).reshape(-1)[0]) for b in (beta1_power, beta2_power))
        rate = kind(float(lr) * np.sqrt(1 - power2) / (1 - power1))
        one = kind(1)

        def run(starts):
            t = np.empty(min(_BLOCK, p.size), p.dtype)
            for at in starts:
                ps, ms, vs, gs = (a[at : at + _BLOCK] for a in (p, m, v, g))
                ts = t[: gs.size]
                add_into(ms, b1, gs, one - b1)
                add_into(vs, b2, np.multiply(gs, gs, out=ts), one - b2)
                np.sqrt(vs, out=ts)
                ts += eps
                np.divide(ms * b1 + gs * (one - b1) if use_nesterov else ms, ts, out=ts)
                add_into(ps, 1, ts, -rate)

        share(run, range(0, p.size, _BLOCK), 30 * p.size)
        return new

    def infer(var, m, v, *_, **__):
        return (var.shape, m.shape, v.shape), (var.dtype, m.dtype, v.dtype)
