"""What one step of the optimizer would change: tried with given gradients, then taken back."""

from __future__ import annotations

from typing import Any

import numpy as np

from mslearn.core import Parameter, Tensor

Change = tuple[float, float]  # sum |w_after - w_before|, sum |w_before|


def tried_step(optimizer: Any, gradients: dict[int, Tensor]) -> dict[int, Change]:
    """How far one step would move each parameter, by ``id(parameter._value)``.

    The quotient of the two sums is MindInsight's update ratio, mean|w_after - w_before| /
    mean|w_before|. Parameters and the optimizer's own state are as before afterwards; whoever
    watches the optimizer sees nothing.

    Args:
        optimizer: one of `mslearn.nn`.
        gradients: by id of the parameter's value; a parameter without one gets zeros.

    Raises:
        TypeError: it is no optimizer.
    """
    if not (hasattr(optimizer, "parameters") and hasattr(optimizer, "get_lr")):
        raise TypeError(
            f"insight.graph: the optimizer must be one of mslearn.nn, but got "
            f"'{type(optimizer).__name__}'. Pass for example nn.SGD(net.trainable_params(), 0.01)."
        )
    trained: list[Parameter] = list(optimizer.parameters)
    # An array that somebody else holds is not overwritten: what is kept here stays as it is.
    before = {id(p): (p, p._value) for p in (*trained, *optimizer.get_parameters())}
    found = []
    for p in trained:
        gradient = gradients.get(id(p._value))
        found.append(Tensor.wrap(np.zeros_like(p._value)) if gradient is None else gradient)
    try:
        type(optimizer).construct(optimizer, tuple(found))
        return {
            id(old): _change(p._value, old)
            for p, old in (before[id(p)] for p in trained)
        }  # fmt: skip
    finally:
        for parameter, value in before.values():
            parameter._value = value


def _change(after: np.ndarray, before: np.ndarray) -> Change:
    wide = before.astype(np.float64)
    return float(np.abs(after - wide).sum()), float(np.abs(wide).sum())
