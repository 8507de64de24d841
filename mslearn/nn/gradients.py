"""Cells that give gradients, and Cells that cut a batch into small ones."""

from __future__ import annotations

from typing import Any

from mslearn import ops
from mslearn.autodiff import jvp, vjp
from mslearn.common.parameter import ParameterTuple
from mslearn.core.dtype import DType, float32
from mslearn.core.parameter import Parameter
from mslearn.core.tensor import Tensor
from mslearn.gradtools.operation import GradOperation
from mslearn.nn.cell import Cell, ParameterlessCell
from mslearn.nn.normalization import BatchNorm2d
from mslearn.nn.wrap import WithLossCell


class WithGradCell(Cell):
    """The gradients of a network's loss by its parameters: ``(data, label) -> gradients``.

    Args:
        network: the network; with `loss_fn` None it ends in the loss itself.
        loss_fn: of the network's output and the label.
        sens: the gradient by the loss; 1 when None.
    """

    def __init__(self, network: Cell, loss_fn: Any = None, sens: Any = None) -> None:
        super().__init__(auto_prefix=False)
        self.network, self.loss_fn, self.sens = network, loss_fn, sens
        self.weights = ParameterTuple(network.trainable_params())
        self.grad = GradOperation(get_by_list=True, sens_param=sens is not None)
        self.network_with_loss = network if loss_fn is None else WithLossCell(network, loss_fn)
        self.network_with_loss.set_train()

    def construct(self, *inputs: Any) -> Any:
        further = () if self.sens is None else (self.sens,)
        return self.grad(self.network_with_loss, self.weights)(*inputs, *further)


class Jvp(Cell):
    """``(*inputs, v) -> (output, directional derivative)`` of a network; several v as a tuple."""

    def __init__(self, fn: Any) -> None:
        super().__init__()
        self.fn = fn

    def construct(self, *args: Any) -> tuple[Any, Any]:
        *inputs, v = args
        return jvp(self.fn, tuple(inputs), v if isinstance(v, tuple) else (v,))


class Vjp(Cell):
    """``(*inputs, v) -> (output, gradients by the inputs)``; v weights the output."""

    def __init__(self, fn: Any) -> None:
        super().__init__()
        self.fn = fn

    def construct(self, *args: Any) -> tuple[Any, Any]:
        *inputs, v = args
        out, back = vjp(self.fn, *inputs)
        grads = back(*v) if isinstance(v, tuple) else back(v)
        return out, grads[0] if len(inputs) == 1 else grads


class _InParts(Cell):
    def __init__(self, network: Cell, parts: int, name: str) -> None:
        super().__init__(auto_prefix=False)
        if not isinstance(network, Cell):
            raise TypeError(
                f"For '{self.cls_name}', network must be a Cell, but got "
                f"'{type(network).__name__}'."
            )
        if isinstance(parts, bool) or not isinstance(parts, int):
            raise TypeError(
                f"For '{self.cls_name}', {name} must be an int, but got '{type(parts).__name__}'."
            )
        if parts < 1:
            raise ValueError(f"For '{self.cls_name}', {name} must be at least 1, but got {parts}.")
        self.network = network
        self._parts = parts

    def construct(self, *inputs: Any) -> Any:
        total = None
        for i in range(self._parts):
            out = self.network(*(_part(x, i, self._parts) for x in inputs))
            total = out if total is None else total + out
        return total


def _part(x: Any, i: int, parts: int) -> Any:
    if not isinstance(x, Tensor) or not x.ndim:
        return x
    size = x.shape[0] // parts
    return x[i * size : (i + 1) * size]


class GradAccumulationCell(_InParts):
    """The sum of a network's outputs over `micro_size` equal parts of the batch.

    >>> import mslearn as ms
    >>> net = ms.nn.GradAccumulationCell(ms.nn.WithLossCell(ms.nn.Dense(3, 2), ms.nn.MSELoss()), 2)
    >>> net(ms.ops.ones((4, 3)), ms.ops.ones((4, 2))).shape
    ()
    """

    def __init__(self, network: Cell, micro_size: int) -> None:
        super().__init__(network, micro_size, "micro_size")
        self.micro_size = micro_size


class MicroBatchInterleaved(_InParts):
    """The sum of a network's outputs over `interleave_num` equal parts of the batch."""

    def __init__(self, network: Cell, interleave_num: int = 2) -> None:
        super().__init__(network, interleave_num, "interleave_num")
        self.interleave_num = interleave_num


class PipelineCell(_InParts):
    """The sum over `micro_size` equal parts of the batch.

    `stage_config` and `segment_config` say by Cells' names which device runs them; they are
    checked and kept as attributes, but there is one device here.
    """

    def __init__(
        self, network: Cell, micro_size: int, stage_config: dict[str, int] | None = None,
        segment_config: dict[str, int] | None = None,
    ) -> None:  # fmt: skip
        super().__init__(network, micro_size, "micro_size")
        self.micro_size = micro_size
        known = {**dict(network.cells_and_names()), str(network): network}
        places = (("pipeline_stage", stage_config), ("pipeline_segment", segment_config))
        for attribute, config in places:
            for name, number in (config or {}).items():
                if name not in known:
                    raise KeyError(
                        f"For 'PipelineCell', there is no Cell {name!r} in the network; it has "
                        f"{', '.join(n for n in known if n and n != str(network))}."
                    )
                object.__setattr__(known[name], attribute, number)


class DistributedGradReducer(Cell):
    """Gradients summed over all devices, and with `mean` divided by their number `degree`.

    mslearn computes in one process: the sum over one device is the gradient itself.
    """

    def __init__(
        self, parameters: Any, mean: bool | None = None, degree: int | None = None,
        fusion_type: int = 1, group: str = "hccl_world_group",
    ) -> None:  # fmt: skip
        super().__init__(auto_prefix=False)
        if degree is not None and (not isinstance(degree, int) or degree < 1):
            raise ValueError(
                f"For 'DistributedGradReducer', degree must be a positive int, but got {degree!r}."
            )
        self.mean, self.degree = bool(mean), 1 if degree is None else degree

    def construct(self, grads: Any) -> Any:
        if not self.mean or self.degree == 1:
            return grads
        return tuple(g * (1 / self.degree) for g in grads)


class SyncBatchNorm(BatchNorm2d):
    """BatchNorm whose statistics are those of all devices; there is one here.

    Called with (N, C, H, W); arguments as in `BatchNorm2d`. `process_groups` is kept.
    """

    def __init__(
        self, num_features: int, eps: float = 1e-5, momentum: float = 0.9, affine: bool = True,
        gamma_init: Any = "ones", beta_init: Any = "zeros", moving_mean_init: Any = "zeros",
        moving_var_init: Any = "ones", use_batch_statistics: bool | None = None,
        process_groups: Any = None, dtype: DType = float32,
    ) -> None:  # fmt: skip
        super().__init__(
            num_features, eps, momentum, affine, gamma_init, beta_init, moving_mean_init,
            moving_var_init, use_batch_statistics, dtype=dtype,
        )  # fmt: skip
        self.process_groups = process_groups


class ParameterUpdate(Cell):
    """Called with a Tensor: gives it to the Parameter, and back."""

    def __init__(self, param: Parameter) -> None:
        super().__init__(auto_prefix=False)
        if not isinstance(param, Parameter):
            raise TypeError(
                f"For 'ParameterUpdate', param must be a Parameter, but got "
                f"'{type(param).__name__}'."
            )
        self._param = param

    def construct(self, x: Tensor) -> Tensor:
        ops.assign(self._param, x)
        return x


class SparseToDense(ParameterlessCell):
    """A COOTensor as a dense Tensor."""

    def construct(self, sparse_tensor: Any) -> Tensor:
        return sparse_tensor.to_dense()


class SparseTensorDenseMatmul(Cell):
    """A sparse matrix, given by indices (n, 2), values (n,) and shape, times a dense one.

    With `adjoint_st` the sparse, with `adjoint_dt` the dense matrix is transposed first.
    """

    def __init__(self, adjoint_st: bool = False, adjoint_dt: bool = False) -> None:
        super().__init__()
        self.adj_st, self.adj_dt = adjoint_st, adjoint_dt

    def construct(
        self, indices: Tensor, values: Tensor, sparse_shape: tuple[int, int], dense: Tensor
    ) -> Tensor:
        matrix = ops.scatter_nd(indices, values, tuple(sparse_shape))
        matrix = matrix.T if self.adj_st else matrix
        return ops.matmul(matrix, dense.T if self.adj_dt else dense)
