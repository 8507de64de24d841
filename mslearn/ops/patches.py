"""Windows of images: their patches, maxima put back, norms; whole channels dropped."""

from __future__ import annotations

import numpy as np

from mslearn.core.errors import ShapeError
from mslearn.core.primitive import apply
from mslearn.core.tensor import Tensor, as_tensor
from mslearn.ops.arrange import pad_pairs
from mslearn.ops.families import floating
from mslearn.ops.indexing import TENSOR, AddAt, gather
from mslearn.ops.neural import dropout
from mslearn.ops.pooling import avg_pool1d, avg_pool2d
from mslearn.ops.windows import numbers, output_sizes, paddings

__all__ = [
    "col2im", "dropout1d", "dropout2d", "dropout3d", "fold", "lp_pool1d", "lp_pool2d",
    "max_unpool1d", "max_unpool2d", "max_unpool3d", "unfold",
]  # fmt: skip


def _patches(name, size, kernel, dilation, pad, stride):
    """The index of each (kernel place, window) in the padded, flattened image."""
    rank = len(size)
    k, d, s = (numbers(name, w, v, rank) for w, v in (
        ("kernel_size", kernel), ("dilation", dilation), ("stride", stride)))  # fmt: skip
    p = paddings(name, pad, rank)
    out = output_sizes(name, size, k, s, p, d)
    wide = tuple(n + p[2 * i] + p[2 * i + 1] for i, n in enumerate(size))
    place = [np.arange(a)[:, None] * b + np.arange(c)[None] * e for a, b, c, e in zip(
        k, d, out, s, strict=True)]  # fmt: skip
    index = place[0]
    for n, more in zip(wide[1:], place[1:], strict=True):
        index = index[:, None, :, None] * n + more[None, :, None, :]
        index = index.reshape(index.shape[0] * index.shape[1], -1)
    return index, tuple((p[2 * i], p[2 * i + 1]) for i in range(rank)), wide


def unfold(input, kernel_size, dilation=1, padding=0, stride=1):
    """The patches under a sliding window: (N, C, H, W) -> (N, C * kernel places, windows)."""
    x = as_tensor(input)
    index, pairs, _ = _patches("unfold", x.shape[2:], kernel_size, dilation, padding, stride)
    flat = pad_pairs(x, ((0, 0), (0, 0), *pairs)).reshape((*x.shape[:2], -1))
    out = gather(flat, Tensor.wrap(index), 2)
    return out.reshape((x.shape[0], x.shape[1] * index.shape[0], index.shape[1]))


def fold(input, output_size, kernel_size, dilation=1, padding=0, stride=1):
    """The reverse of `unfold`: overlapping patches add up to (N, C, H, W)."""
    x = as_tensor(input)
    if isinstance(output_size, Tensor):
        output_size = tuple(output_size.tolist())
    size = numbers("fold", "output_size", output_size, 2)
    index, pairs, wide = _patches("fold", size, kernel_size, dilation, padding, stride)
    n, channels = x.shape[0], x.shape[1] // index.shape[0]
    if x.shape[1:] != (channels * index.shape[0], index.shape[1]):
        raise ShapeError(
            f"For 'fold', the input must be (N, C * {index.shape[0]}, {index.shape[1]}) for these "
            f"windows, but got {list(x.shape)}."
        )
    empty = Tensor.wrap(np.zeros((n, channels, wide[0] * wide[1]), x._value.dtype))
    template = (slice(None), slice(None), TENSOR)
    parts = x.reshape((n, channels, *index.shape))
    out = apply(AddAt, (empty, parts, Tensor.wrap(index)), {"template": template})
    out = out.reshape((n, channels, *wide))
    return out[(Ellipsis, *(slice(a, a + m) for (a, _), m in zip(pairs, size, strict=True)))]


def col2im(input_x, output_size, kernel_size, dilation, padding_value, stride):
    """`fold` of (N, C, kernel places, windows)."""
    x = as_tensor(input_x)
    flat = x.reshape((x.shape[0], -1, x.shape[-1]))
    return fold(flat, output_size, kernel_size, dilation, padding_value, stride)


def _unpool(name, x, indices, kernel, stride, pad, output_size, rank):
    x, index = as_tensor(x), as_tensor(indices)
    k = numbers(name, "kernel_size", kernel, rank)
    s = numbers(name, "stride", k if stride in (None, 0) else stride, rank)
    p = paddings(name, pad, rank)[::2]
    size = tuple((n - 1) * s[i] - 2 * p[i] + k[i] for i, n in enumerate(x.shape[-rank:]))
    if output_size:
        size = tuple(output_size)[-rank:]
    lead = x.shape[:-rank]
    rows = int(np.prod(lead))
    flat, at = x.reshape((rows, -1)), index.reshape((rows, -1))
    if at.size and int(at.max()) >= np.prod(size):
        raise ValueError(f"For '{name}', an index lies outside the output {size}: {int(at.max())}.")
    empty = Tensor.wrap(np.zeros((rows, int(np.prod(size))), x._value.dtype))
    first = Tensor.wrap(np.arange(rows)[:, None])
    out = apply(AddAt, (empty, flat, first, at), {"template": (TENSOR, TENSOR)})
    return out.reshape((*lead, *size))


def max_unpool1d(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    """The maxima of `max_pool1d` back at their places, zeros elsewhere."""
    return _unpool("max_unpool1d", x, indices, kernel_size, stride, padding, output_size, 1)


def max_unpool2d(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    """The maxima of `max_pool2d` back at their places, zeros elsewhere."""
    return _unpool("max_unpool2d", x, indices, kernel_size, stride, padding, output_size, 2)


def max_unpool3d(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    """The maxima of `max_pool3d` back at their places, zeros elsewhere."""
    return _unpool("max_unpool3d", x, indices, kernel_size, stride, padding, output_size, 3)


def lp_pool1d(x, norm_type, kernel_size, stride=None, ceil_mode=False):
    """The p-norm over windows of (N, C, L) or (C, L)."""
    x = floating(x)
    k = numbers("lp_pool1d", "kernel_size", kernel_size, 1)[0]
    mean = avg_pool1d(x**norm_type, k, k if stride is None else stride, ceil_mode=ceil_mode)
    return (mean * k) ** (1 / norm_type)


def lp_pool2d(x, norm_type, kernel_size, stride=None, ceil_mode=False):
    """The p-norm over windows of (N, C, H, W)."""
    x = floating(x)
    k = numbers("lp_pool2d", "kernel_size", kernel_size, 2)
    mean = avg_pool2d(x**norm_type, k, k if stride is None else stride, ceil_mode=ceil_mode)
    return (mean * (k[0] * k[1])) ** (1 / norm_type)


def _whole_channels(input, p, training, rank, name):
    x = floating(input)
    if x.ndim not in (rank + 1, rank + 2):
        raise ShapeError(
            f"For '{name}', the input needs {rank + 1} or {rank + 2} axes, but got {list(x.shape)}."
        )
    if not training:
        return x
    lead = x.shape[: x.ndim - rank]
    return x * dropout(Tensor.wrap(np.ones(lead + (1,) * rank, x._value.dtype)), p)


def dropout1d(input, p=0.5, training=True):
    """Whole channels of (N, C, L) or (C, L) set to 0 with probability `p`, the others scaled."""
    return _whole_channels(input, p, training, 1, "dropout1d")


def dropout2d(input, p=0.5, training=True):
    """Whole channels of (N, C, H, W) set to 0 with probability `p`, the others scaled."""
    return _whole_channels(input, p, training, 2, "dropout2d")


def dropout3d(input, p=0.5, training=True):
    """Whole channels of (N, C, D, H, W) set to 0 with probability `p`, the others scaled."""
    return _whole_channels(input, p, training, 3, "dropout3d")
