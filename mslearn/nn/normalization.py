"""Normalization layers."""

from __future__ import annotations

from typing import Any

from mslearn import ops
from mslearn.common.initializer import initializer
from mslearn.core.dtype import DType, float32
from mslearn.core.errors import ShapeError
from mslearn.core.parameter import Parameter
from mslearn.core.tensor import Tensor
from mslearn.nn.cell import Cell
from mslearn.ops.normalization import LayerNorm as LayerNormPrimitive


def _positive(cell: Cell, what: str, value: Any, kind: type[Exception]) -> int:
    name = type(cell).__name__
    if isinstance(value, bool) or not isinstance(value, int):
        raise kind(f"For '{name}', the {what} must be an int, but got '{type(value).__name__}'.")
    if value <= 0:
        raise ValueError(f"For '{name}', the {what} must be at least 1, but got {value}.")
    return value


class _BatchNorm(Cell):
    ranks: tuple[int, ...] = (4,)
    wanted = "(N, C, H, W)"

    def __init__(
        self, num_features: int, eps: float, momentum: float, affine: bool, gamma_init: Any,
        beta_init: Any, moving_mean_init: Any, moving_var_init: Any,
        use_batch_statistics: bool | None, data_format: str, dtype: DType,
    ) -> None:  # fmt: skip
        super().__init__()
        name = type(self).__name__
        self.num_features = _positive(self, "num_features", num_features, TypeError)
        if not isinstance(momentum, int | float) or not 0 <= momentum <= 1:
            raise ValueError(f"For '{name}', the momentum must be in [0, 1], but got {momentum}.")
        if data_format not in ("NCHW", "NCDHW"):
            raise ValueError(
                f"For '{name}', data_format must be 'NCHW': on a CPU channels stand second, but "
                f"got {data_format!r}. Use x.transpose(0, 3, 1, 2) for NHWC images."
            )
        self.eps, self.momentum = eps, momentum
        self.use_batch_statistics = use_batch_statistics
        n = (num_features,)
        # The Parameters' own names are MindSpore's; within a network they get the attributes'.
        self.moving_mean = Parameter(initializer(moving_mean_init, n, dtype), "mean", False)
        self.moving_variance = Parameter(initializer(moving_var_init, n, dtype), "variance", False)
        self.gamma = Parameter(initializer(gamma_init, n, dtype), "gamma", affine)
        self.beta = Parameter(initializer(beta_init, n, dtype), "beta", affine)

    def construct(self, x: Tensor) -> Tensor:
        shape = x._value.shape
        if len(shape) not in self.ranks or shape[1] != self.num_features:
            raise ShapeError(
                f"For '{type(self).__name__}', the input must be {self.wanted} with C = "
                f"num_features = {self.num_features}, but got shape {list(shape)}. Make the layer "
                f"for the channels that come, or bring them to the second axis (gamma "
                f"{self.gamma.name})."
            )
        by_batch = self.use_batch_statistics
        return ops.batch_norm(
            x, self.moving_mean, self.moving_variance, self.gamma, self.beta,
            self.training if by_batch is None else by_batch, 1 - self.momentum, self.eps,
        )  # fmt: skip

    def extend_repr(self) -> str:
        return (
            f"num_features={self.num_features}, eps={self.eps}, momentum={self.momentum}, "
            f"gamma={self.gamma}, beta={self.beta}, moving_mean={self.moving_mean}, "
            f"moving_variance={self.moving_variance}"
        )


class BatchNorm2d(_BatchNorm):
    """Each channel of images (N, C, H, W) normalized over the batch and space.

    While training (`set_train`) by the batch's own mean and variance, which also move the running
    statistics: moving = momentum * moving + (1 - momentum) * the batch's, the variance divided by
    n - 1. Otherwise by the running statistics.

    Args:
        num_features: C.
        eps: added to the variance.
        momentum: the share of the *old* running statistics (PyTorch counts the other way).
        affine: whether gamma and beta are trained.
        gamma_init, beta_init, moving_mean_init, moving_var_init: initial values, (C,) each.
        use_batch_statistics: always the batch's statistics (True) or the running ones (False),
            whatever the mode.

    Raises:
        ShapeError: the input has another number of axes or channels.
    """

    def __init__(
        self, num_features: int, eps: float = 1e-5, momentum: float = 0.9, affine: bool = True,
        gamma_init: Any = "ones", beta_init: Any = "zeros", moving_mean_init: Any = "zeros",
        moving_var_init: Any = "ones", use_batch_statistics: bool | None = None,
        data_format: str = "NCHW", dtype: DType = float32,
    ) -> None:  # fmt: skip
        super().__init__(
            num_features, eps, momentum, affine, gamma_init, beta_init, moving_mean_init,
            moving_var_init, use_batch_statistics, data_format, dtype,
        )  # fmt: skip


class BatchNorm1d(BatchNorm2d):
    """Each channel of (N, C) or (N, C, L) normalized over the rest. See `BatchNorm2d`."""

    ranks, wanted = (2, 3), "(N, C) or (N, C, L)"


class BatchNorm3d(Cell):
    """Each channel of volumes (N, C, D, H, W) normalized over the rest. See `BatchNorm2d`."""

    def __init__(
        self, num_features: int, eps: float = 1e-5, momentum: float = 0.9, affine: bool = True,
        gamma_init: Any = "ones", beta_init: Any = "zeros", moving_mean_init: Any = "zeros",
        moving_var_init: Any = "ones", use_batch_statistics: bool | None = None,
        dtype: DType = float32,
    ) -> None:  # fmt: skip
        super().__init__()
        # As in MindSpore it holds a BatchNorm2d, so checkpoints name the parameters "bn2d.…".
        self.bn2d = BatchNorm2d(
            num_features, eps, momentum, affine, gamma_init, beta_init, moving_mean_init,
            moving_var_init, use_batch_statistics, "NCHW", dtype,
        )  # fmt: skip

    def construct(self, input_x: Tensor) -> Tensor:
        shape = input_x.shape
        if len(shape) != 5:
            raise ShapeError(
                f"For 'BatchNorm3d', the input must be (N, C, D, H, W), but got shape "
                f"{list(shape)}."
            )
        flat = input_x.reshape((*shape[:2], shape[2] * shape[3], shape[4]))
        return self.bn2d(flat).reshape(shape)


class LayerNorm(Cell):
    """Each sample normalized over its axes from `begin_norm_axis` on.

    Args:
        normalized_shape: shape of gamma and beta, most often the last size: ``[64]``.
        begin_norm_axis: the first axis of those that are normalized together.
        begin_params_axis: the first axis of those that gamma and beta belong to.
        gamma_init, beta_init: initial values.
        epsilon: added to the variance.

    >>> import mslearn as ms
    >>> print(ms.nn.LayerNorm([2], epsilon=1e-5)(ms.Tensor([[1.0, 3.0]])))
    [[-0.999995  0.999995]]
    """

    def __init__(
        self, normalized_shape: tuple[int, ...] | list[int], begin_norm_axis: int = -1,
        begin_params_axis: int = -1, gamma_init: Any = "ones", beta_init: Any = "zeros",
        epsilon: float = 1e-7, dtype: DType = float32,
    ) -> None:  # fmt: skip
        super().__init__()
        if not isinstance(normalized_shape, tuple | list):
            raise TypeError(
                f"For 'LayerNorm', normalized_shape must be a tuple or list of ints such as "
                f"[{normalized_shape}], but got {normalized_shape!r}."
            )
        if not normalized_shape or not all(isinstance(n, int) for n in normalized_shape):
            raise ValueError(
                f"For 'LayerNorm', normalized_shape must hold at least one int, but got "
                f"{normalized_shape!r}."
            )
        self.normalized_shape, self.epsilon = normalized_shape, epsilon
        self.begin_norm_axis, self.begin_params_axis = begin_norm_axis, begin_params_axis
        shape = tuple(normalized_shape)
        self.gamma = Parameter(initializer(gamma_init, shape, dtype), "gamma")
        self.beta = Parameter(initializer(beta_init, shape, dtype), "beta")
        self.layer_norm = LayerNormPrimitive(begin_norm_axis, begin_params_axis, epsilon)

    def construct(self, input_x: Tensor) -> Tensor:
        shape, own = input_x._value.shape, tuple(self.normalized_shape)
        at = self.begin_params_axis % max(len(shape), 1)
        if tuple(shape[at:]) != own:
            raise ShapeError(
                f"For 'LayerNorm', the axes of the input from begin_params_axis = "
                f"{self.begin_params_axis} on must be normalized_shape = {list(own)}, but got an "
                f"input of shape {list(shape)}. Make the layer for {list(shape[at:])}, or set "
                f"both axes to {max(len(shape) - len(own), 0)} (gamma {self.gamma.name})."
            )
        return self.layer_norm(input_x, self.gamma, self.beta)[0]

    def extend_repr(self) -> str:
        return (
            f"normalized_shape={self.normalized_shape}, begin_norm_axis={self.begin_norm_axis}, "
            f"begin_params_axis={self.begin_params_axis}, gamma{self.gamma}, beta={self.beta}"
        )


class GroupNorm(Cell):
    """The channels of each sample in `num_groups` groups, each normalized; input (N, C, …)."""

    def __init__(
        self, num_groups: int, num_channels: int, eps: float = 1e-5, affine: bool = True,
        gamma_init: Any = "ones", beta_init: Any = "zeros", dtype: DType = float32,
    ) -> None:  # fmt: skip
        super().__init__()
        self.num_groups = _positive(self, "num_groups", num_groups, ValueError)
        self.num_channels = _positive(self, "num_channels", num_channels, ValueError)
        if num_channels % num_groups:
            raise ValueError(
                f"For 'GroupNorm', num_groups must divide num_channels, but got {num_groups} and "
                f"{num_channels}."
            )
        self.eps = eps
        self.gamma = Parameter(initializer(gamma_init, (num_channels,), dtype), "gamma", affine)
        self.beta = Parameter(initializer(beta_init, (num_channels,), dtype), "beta", affine)

    def construct(self, x: Tensor) -> Tensor:
        _channels(self, x, self.num_channels, 2)
        return ops.group_norm(x, self.num_groups, self.gamma, self.beta, self.eps)

    def extend_repr(self) -> str:
        return f"num_groups={self.num_groups}, num_channels={self.num_channels}"


def _channels(cell: Cell, x: Tensor, channels: int, least: int, most: int = 8) -> None:
    shape = x._value.shape
    if not least <= len(shape) <= most or shape[1] != channels:
        axes = f"{least}" if least == most else f"at least {least}"
        raise ShapeError(
            f"For '{type(cell).__name__}', the input must have {axes} axes and {channels} "
            f"channels on the second, but got shape {list(shape)}."
        )


class InstanceNorm2d(Cell):
    """Each channel of each sample normalized over space; input (N, C, H, W).

    Args:
        num_features: C.
        eps: added to the variance.
        momentum: kept for the printed form: the statistics are always the sample's own.
        affine: whether gamma and beta are trained.
    """

    axes = 4

    def __init__(
        self, num_features: int, eps: float = 1e-5, momentum: float = 0.1, affine: bool = True,
        gamma_init: Any = "ones", beta_init: Any = "zeros", dtype: DType = float32,
    ) -> None:  # fmt: skip
        super().__init__()
        self.num_features = _positive(self, "num_features", num_features, TypeError)
        if not isinstance(momentum, int | float) or not 0 <= momentum <= 1:
            raise ValueError(
                f"For '{type(self).__name__}', the momentum must be in [0, 1], but got {momentum}."
            )
        self.eps, self.momentum = eps, momentum
        n = (num_features,)
        self.moving_mean = Parameter(initializer("zeros", n, dtype), "mean", False)
        self.moving_variance = Parameter(initializer("ones", n, dtype), "variance", False)
        self.gamma = Parameter(initializer(gamma_init, n, dtype), "gamma", affine)
        self.beta = Parameter(initializer(beta_init, n, dtype), "beta", affine)

    def construct(self, x: Tensor) -> Tensor:
        _channels(self, x, self.num_features, self.axes, self.axes)
        return ops.instance_norm(x, self.gamma, self.beta, self.eps)

    extend_repr = _BatchNorm.extend_repr


class InstanceNorm1d(InstanceNorm2d):
    """Each channel of each sample normalized over its length; input (N, C, L)."""

    axes = 3


class InstanceNorm3d(InstanceNorm2d):
    """Each channel of each sample normalized over space; input (N, C, D, H, W)."""

    axes = 5
