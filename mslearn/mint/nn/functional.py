"""`mint.nn.functional`: those of `ops` under PyTorch's names and arguments."""

from __future__ import annotations

from typing import Any

import numpy as np

from mslearn import ops
from mslearn.core.tensor import Tensor, as_tensor
from mslearn.mint.build import functions

_SAME = """
    adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d adaptive_max_pool2d cross_entropy
    group_norm layer_norm mse_loss cosine_embedding_loss pixel_shuffle prelu sigmoid
    tanh soft_margin_loss fold unfold grid_sample
"""

_TABLE = {
    "adaptive_max_pool1d(input, output_size, return_indices=False)": "_max1d(input, output_size, "
    "return_indices)",
    "avg_pool1d(input, kernel_size, stride=None, padding=0, ceil_mode=False, "
    "count_include_pad=True)": "ops.avg_pool1d(input, _one(kernel_size), _one(_or(stride, "
    "kernel_size)), _one(padding), ceil_mode, count_include_pad)",
    "avg_pool2d(input, kernel_size, stride=None, padding=0, ceil_mode=False, "
    "count_include_pad=True, divisor_override=None)": "ops.avg_pool2d(input, kernel_size, "
    "_or(stride, kernel_size), padding, ceil_mode, count_include_pad, divisor_override or 0)",
    "avg_pool3d(input, kernel_size, stride=None, padding=0, ceil_mode=False, "
    "count_include_pad=True, divisor_override=None)": "ops.avg_pool3d(input, kernel_size, "
    "_or(stride, kernel_size), padding, ceil_mode, count_include_pad, divisor_override or 0)",
    "batch_norm(input, running_mean, running_var, weight=None, bias=None, training=False, "
    "momentum=0.1, eps=1e-05)": "ops.batch_norm(input, running_mean, running_var, weight, bias, "
    "training, momentum, eps)",
    "binary_cross_entropy(input, target, weight=None, reduction='mean')": "ops."
    "binary_cross_entropy(input, target, weight, reduction)",
    "binary_cross_entropy_with_logits(input, target, weight=None, reduction='mean', "
    "pos_weight=None)": "ops.binary_cross_entropy_with_logits(input, target, weight, pos_weight, "
    "reduction)",
    "conv1d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1)": "ops.conv1d("
    "input, weight, bias, _one(stride), *_padding(padding, 1), _one(dilation), groups)",
    "conv2d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1)": "ops.conv2d("
    "input, weight, bias, stride, *_padding(padding, 2), dilation, groups)",
    "conv3d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1)": "ops.conv3d("
    "input, weight, bias, stride, *_padding(padding, 3), dilation, groups)",
    "conv_transpose2d(input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, "
    "dilation=1)": "ops.conv_transpose2d(input, weight, bias, stride, padding, output_padding, "
    "groups, dilation)",
    "dropout(input, p=0.5, training=True, inplace=False)": "_held(ops.dropout(input, p, "
    "training), input, inplace)",
    "dropout2d(input, p=0.5, training=True, inplace=False)": "_held(_channels(input, p, "
    "training), input, inplace)",
    "elu(input, alpha=1.0, inplace=False)": "_held(ops.elu(input, alpha), input, inplace)",
    "elu_(input, alpha=1.0)": "_held(ops.elu(input, alpha), input, True)",
    "embedding(input, weight, padding_idx=None, max_norm=None, norm_type=2.0, "
    "scale_grad_by_freq=False)": "_embedding(input, weight, padding_idx, max_norm, norm_type, "
    "scale_grad_by_freq)",
    "flatten(input, start_dim=0, end_dim=-1)": "ops.flatten(input, start_dim=start_dim, "
    "end_dim=end_dim + input.ndim * (end_dim < 0))",  # (all from axis 1 would be a copy)
    "gelu(input, *, approximate='none')": "ops.gelu(input, approximate)",
    "glu(input, dim=-1)": "ops.glu(input, dim)",
    "hardshrink(input, lambd=0.5)": "ops.hardshrink(input, lambd)",
    "hardsigmoid(input)": "ops.hardsigmoid(input)",
    "hardswish(input)": "ops.hardswish(input)",
    "hardtanh(input, min_val=-1.0, max_val=1.0, inplace=False)": "_held(ops.hardtanh(input, "
    "min_val, max_val), input, inplace)",
    "hardtanh_(input, min_val=-1, max_val=1)": "_held(ops.hardtanh(input, min_val, max_val), "
    "input, True)",
    "interpolate(input, size=None, scale_factor=None, mode='nearest', align_corners=None, "
    "recompute_scale_factor=None)": "_resize(input, size, scale_factor, mode, align_corners, "
    "recompute_scale_factor)",
    "kl_div(input, target, reduction='mean', log_target=False)": "_kl(input, target, reduction, "
    "log_target)",
    "l1_loss(input, target, reduction='mean')": "ops.l1_loss(input, target, reduction)",
    "leaky_relu(input, negative_slope=0.01)": "ops.leaky_relu(input, negative_slope)",
    "linear(input, weight, bias=None)": "_linear(input, weight, bias)",
    "log_softmax(input, dim=None, *, dtype=None)": "ops.log_softmax(_as(input, dtype), "
    "_last(input, dim))",
    "logsigmoid(input)": "ops.logsigmoid(input)",
    "max_pool2d(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, "
    "return_indices=False)": "ops.max_pool2d(input, kernel_size, stride, padding, dilation, "
    "return_indices, ceil_mode)",
    "max_unpool2d(input, indices, kernel_size, stride=None, padding=0, output_size=None)": "ops."
    "max_unpool2d(input, indices, kernel_size, stride, padding, output_size)",
    "mish(input)": "ops.mish(input)",
    "nll_loss(input, target, weight=None, ignore_index=-100, reduction='mean')": "ops.nll_loss("
    "input, target, weight, ignore_index, reduction)",
    "normalize(input, p=2.0, dim=1, eps=1e-12)": "_normalize(input, p, dim, eps)",
    "one_hot(tensor, num_classes=-1)": "_one_hot(tensor, num_classes)",
    "pad(input, pad, mode='constant', value=None)": "ops.pad(input, pad, mode, value)",
    "relu(input, inplace=False)": "_held(ops.relu(input), input, inplace)",
    "relu_(input)": "_held(ops.relu(input), input, True)",
    "relu6(input, inplace=False)": "_held(ops.relu6(input), input, inplace)",
    "selu(input)": "ops.selu(input)",
    "sigmoid_(input)": "_held(ops.sigmoid(input), input, True)",
    "silu(input, inplace=False)": "_held(ops.silu(input), input, inplace)",
    "smooth_l1_loss(input, target, reduction='mean', beta=1.0)": "ops.smooth_l1_loss(input, "
    "target, beta, reduction)",
    "softmax(input, dim=None, dtype=None)": "ops.softmax(input, _last(input, dim), dtype=dtype)",
    "softplus(input, beta=1, threshold=20)": "ops.softplus(input, beta, threshold)",
    "softshrink(input, lambd=0.5)": "ops.softshrink(input, lambd)",
    "threshold(input, threshold, value, inplace=False)": "_held(ops.threshold(input, threshold, "
    "value), input, inplace)",
    "threshold_(input, threshold, value)": "_held(ops.threshold(input, threshold, value), input, "
    "True)",
    "upsample(input, size=None, scale_factor=None, mode='nearest', align_corners=None)": "_resize("
    "input, size, scale_factor, mode, align_corners, None)",
}  # fmt: skip


def _held(new: Tensor, old: Tensor, inplace: bool) -> Tensor:
    return ops.assign(old, new) if inplace else new


def _channels(x: Tensor, p: float, training: bool) -> Tensor:
    return x * ops.dropout(ops.ones((*x.shape[:2], *(1,) * (x.ndim - 2)), x.dtype), p, training)


def _or(value: Any, default: Any) -> Any:
    return default if value is None else value


def _one(value: Any) -> Any:
    return value[0] if isinstance(value, tuple | list) and len(value) == 1 else value


def _as(x: Any, dtype: Any) -> Tensor:
    return as_tensor(x) if dtype is None else ops.cast(x, dtype)


def _last(x: Tensor, dim: Any) -> int:
    """PyTorch's axis when none is named: with 0, 1 or 3 axes the first, else the second."""
    return dim if dim is not None else 0 if x.ndim in (0, 1, 3) else 1


def _padding(padding: Any, rank: int) -> tuple[str, Any]:
    """(pad_mode, padding) of `ops.conv`."""
    if isinstance(padding, str):
        return padding, 0
    each = tuple(padding) if isinstance(padding, tuple | list) else (padding,) * rank
    return "pad", each[0] if len(set(each)) == 1 else each


def _max1d(x: Tensor, size: Any, indices: bool) -> Any:
    size = _one(size)
    found = ops.adaptive_max_pool2d(ops.unsqueeze(x, -2), (1, size), indices)
    if indices:
        return tuple(ops.squeeze(part, -2) for part in found)
    return ops.squeeze(found, -2)


def _embedding(ids: Any, table: Tensor, hidden: Any, longest: Any, power: Any, scale: Any) -> Any:
    if longest is not None or scale:
        raise ValueError(
            "For 'embedding', max_norm and scale_grad_by_freq are not here: they change the table "
            "or its gradient as a side effect. Clip the rows or the gradients by hand."
        )
    rows = ops.gather(table, ids, 0)
    if hidden is None:
        return rows
    fixed = ops.expand_dims(ops.equal(ids, hidden % table.shape[0]), -1)
    return ops.where(fixed, ops.stop_gradient(rows), rows)


def _kl(x: Tensor, target: Tensor, reduction: str, log_target: bool) -> Tensor:
    each = (ops.exp(target) if log_target else target) * -x
    each = each + (ops.exp(target) * target if log_target else ops.xlogy(target, target))
    if reduction == "batchmean":
        return ops.sum(each) / x.shape[0]
    return {"none": lambda t: t, "sum": ops.sum, "mean": ops.mean}[reduction](each)


def _linear(x: Tensor, weight: Tensor, bias: Any) -> Tensor:
    out = ops.matmul(x, ops.swapaxes(weight, 0, 1) if weight.ndim == 2 else weight)
    return out if bias is None else out + bias


def _normalize(x: Tensor, p: float, dim: Any, eps: float) -> Tensor:
    length = ops.norm(x, p, dim, True)
    return x / ops.maximum(length, Tensor(eps, x.dtype))


def _resize(x: Tensor, size: Any, scale: Any, mode: str, corners: Any, recompute: Any) -> Tensor:
    if scale is not None and size is None:
        scales = scale if isinstance(scale, tuple | list) else (scale,) * (x.ndim - 2)
        if recompute or all(float(s).is_integer() for s in scales):  # the size says it all
            size = tuple(int(n * s) for n, s in zip(x.shape[2:], scales, strict=True))
            scale = recompute = None
    elif isinstance(size, int):
        size = (size,) * (x.ndim - 2)
    return ops.interpolate(x, size, scale, mode, corners, recompute)


def _one_hot(ids: Tensor, classes: int) -> Tensor:
    count = int(ids.asnumpy().max()) + 1 if classes == -1 else classes
    return Tensor((ids.asnumpy()[..., None] == np.arange(count)).astype(np.int64))


FUNCTIONS = functions(__name__, _SAME, _TABLE, dict(globals()))
globals().update(FUNCTIONS)
