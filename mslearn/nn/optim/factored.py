"""AdaFactor, whose mean squares of matrices are kept as rows and columns; and thor, refused."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NoReturn

import numpy as np

from mslearn import ops
from mslearn.common.parameter import ParameterTuple
from mslearn.core.dtype import FLOAT32
from mslearn.core.parameter import Parameter
from mslearn.core.tensor import Tensor
from mslearn.nn.optim.base import LearningRate, Optimizer


def _rms(x: Tensor) -> Tensor:
    return ops.sqrt(ops.mean(ops.square(x)))


class AdaFactor(Optimizer):
    """AdaFactor (Shazeer & Stern, 2018, algorithms 4 and 5).

    The mean square of a matrix (…, n, m) is kept as the means of its n rows and m columns.

    Args:
        learning_rate: used as it is unless `relative_step`.
        eps: added to squared gradients; the least scale of a weight.
        clip_threshold: the largest root mean square of a step before the learning rate.
        decay_rate: the mean squares decay by 1 - t ** -decay_rate.
        beta1: of the first moment; 0: none is kept.
        scale_parameter: times the root mean square of the weight.
        relative_step: the rate is min(1e-2, 1 / sqrt(t)), with `warmup_init` min(1e-6 t, …).
        compression: accepted; everything is kept in float32.
    """

    def __init__(
        self,
        params: Any,
        learning_rate: LearningRate | None = None,
        eps: tuple[float, float] = (1e-30, 1e-3),
        clip_threshold: float = 1.0,
        decay_rate: float = 0.8,
        beta1: float = 0.9,
        weight_decay: float = 0.0,
        scale_parameter: bool = True,
        relative_step: bool = True,
        warmup_init: bool = False,
        compression: bool = False,
        loss_scale: float = 1.0,
    ) -> None:
        if learning_rate is not None and relative_step:
            raise ValueError(
                "For 'AdaFactor', relative_step works the learning rate out: leave learning_rate "
                "out, or set relative_step=False."
            )
        if learning_rate is None and not relative_step:
            raise ValueError("For 'AdaFactor', give a learning_rate, or set relative_step=True.")
        if warmup_init and not relative_step:
            raise ValueError("For 'AdaFactor', warmup_init needs relative_step=True.")
        super().__init__(learning_rate or 0.0, params, weight_decay, loss_scale)
        self.eps, self.clip_threshold, self.decay_rate = eps, clip_threshold, decay_rate
        self.beta1, self.scale_parameter = beta1, scale_parameter
        self.relative_step, self.warmup_init = relative_step, warmup_init
        if beta1 > 0:
            self.exp_avg = self.state_like("exp_avg")
        self.exp_avg_sq_row = self._means("exp_avg_sq_row", lambda s: s[:-1])
        self.exp_avg_sq_col = self._means("exp_avg_sq_col", lambda s: s[:-2] + s[-1:])
        self.exp_avg_sq = self._means("exp_avg_sq", lambda s: s, factored=False)
        self.afactor_step = Parameter(np.zeros(1, FLOAT32), name="afactor_step")

    def _means(self, prefix: str, shape: Any, factored: bool = True) -> ParameterTuple:
        return ParameterTuple(
            Parameter(
                np.zeros(shape(p.shape) if (p.ndim > 1) is factored else (1,), FLOAT32),
                name=f"{prefix}_{p.name}",
            )
            for p in self.parameters
        )

    def construct(self, gradients: Sequence[Tensor]) -> bool:
        decays = [self._present(self._decay_of(p)) for p in self.parameters]
        prepared = self.prepared(gradients, decay=False)
        ops.assign(self.afactor_step, self.afactor_step + 1)
        t = self.afactor_step.reshape(())
        kept = 1 - ops.pow(t, -self.decay_rate)
        for i, param, grad, rate in prepared:
            if self.relative_step:
                least = t * 1e-6 if self.warmup_init else Tensor(1e-2)
                rate = ops.minimum(least, 1 / ops.sqrt(t))
            mean = self.exp_avg[i] if self.beta1 > 0 else None
            held = mean, self.exp_avg_sq_row[i], self.exp_avg_sq_col[i], self.exp_avg_sq[i]
            update(
                param, grad, held, self.eps, self.clip_threshold, self.beta1, kept, rate,
                decays[i], self.scale_parameter,
            )  # fmt: skip
        return True


def update(
    param: Parameter, grad: Tensor, held: Sequence[Any], eps: Any, clip: Any, beta1: Any,
    beta2: Any, rate: Any, decay: Any, scaled: bool,
) -> None:  # fmt: skip
    """One step: new means of squares, a step of bounded size, and its running mean.

    Args:
        held: the running mean of the steps (None: none), and of the squares by rows, by columns
            and, for vectors, all of them.
        eps: what is added to the squares, and the least root mean square that counts.
        scaled: whether the rate is by the root mean square of the parameter.
    """
    mean, row, col, square = held
    squares = ops.square(grad) + eps[0]
    if param.ndim < 2:
        root = ops.sqrt(_moved(square, squares, beta2))
    else:
        rows = _moved(row, ops.mean(squares, -1), beta2)
        cols = _moved(col, ops.mean(squares, -2), beta2)
        share = ops.sqrt(rows / ops.mean(rows, -1, True))
        root = ops.expand_dims(share, -1) * ops.expand_dims(ops.sqrt(cols), -2)
    if scaled:
        rate = rate * ops.maximum(_rms(param), eps[1])
    step = grad / root
    step = step / ops.maximum(_rms(step) / clip, 1.0) * rate
    step = step if mean is None else _moved(mean, step, beta1)
    ops.assign(param, param - param * (rate * decay) - step)


def _moved(held: Parameter, new: Tensor, kept: Any) -> Tensor:
    value: Tensor = held * kept + new * (1 - kept)
    ops.assign(held, value)
    return value


class FusedAdaFactor:
    """`AdaFactor`'s step as MindSpore's operation; it changes the Parameters that it is given.

    Called with eps (two numbers), the clip threshold, beta1, beta2, the weight decay, the rate,
    the gradient, the parameter, the running mean of the steps, the mean squares by rows, by
    columns and, for vectors, all of them.
    """

    def __init__(
        self, enable_scale_parameter: bool = False, enable_first_moment: bool = False,
        enable_weight_decay: bool = False,
    ) -> None:  # fmt: skip
        self.scaled, self.first = enable_scale_parameter, enable_first_moment
        self.decays = enable_weight_decay

    def __call__(self, *args: Any) -> tuple[Tensor, ...]:
        eps, clip, beta1, beta2, decay, rate, grad, param, mean, *squares, norm = (*args, 1.0)[:13]
        held = mean if self.first else None, *squares
        decay = decay if self.decays else 0.0
        grad = grad if norm is None else grad / norm
        update(param, grad, held, eps, clip, beta1, beta2, rate, decay, self.scaled)
        return (param.value(),)


class FusedAdaFactorWithGlobalNorm(FusedAdaFactor):
    """`FusedAdaFactor` of the gradient divided by its last argument, the global norm."""


def thor(
    net: Any,
    learning_rate: Any,
    damping: Any,
    momentum: float,
    weight_decay: float = 0.0,
    loss_scale: float = 1.0,
    batch_size: int = 32,
    use_nesterov: bool = False,
    decay_filter: Any = lambda x: True,
    split_indices: list[int] | None = None,
    enable_clip_grad: bool = False,
    frequency: int = 100,
) -> NoReturn:
    """Refused: a second-order optimizer that MindSpore has for its accelerators only.

    Raises:
        NotImplementedError: always, with what to use instead.
    """
    raise NotImplementedError(
        "'thor' is not here: it replaces the network's layers by ones that collect a matrix for "
        "each, and inverts these on an Ascend or GPU. Use nn.Lamb for large batches, or nn.Adam."
    )
