"""Layers and functions whose MindIR files, written by real MindSpore, we load.

Only MindSpore's Python imports this module (record_mindspore.py): its parser wants plain functions
with their source. The files and what they give are in data/mindspore_layers.npz.
"""

from __future__ import annotations

import mindspore as ms
import numpy as np
from mindspore import mint, nn, ops

ACTIVATIONS = (
    "ReLU", "ReLU6", "Sigmoid", "Tanh", "GELU", "SiLU", "ELU", "LeakyReLU", "HSwish", "HSigmoid",
    "Softmax", "LogSoftmax", "Mish", "SeLU", "CELU", "LogSigmoid", "HShrink", "SoftShrink",
    "Tanhshrink", "FastGelu", "Identity", "Flatten",
)  # fmt: skip


def numbers(*shape):
    """Numbers between -2 and 2, the same everywhere."""
    n = np.arange(int(np.prod(shape)))
    return ((n * 7919 % 1009) / 252 - 2).astype(np.float32).reshape(shape)


def layers():
    """{name: (Cell, inputs)}."""
    image, row, matrix = numbers(2, 4, 8, 8), numbers(2, 5, 6), numbers(3, 4)
    labels = np.array([1, 0, 3], np.int32)
    out = {f"nn_{n}": (getattr(nn, n)(), [matrix]) for n in ACTIVATIONS}
    return out | {
        "prelu": (nn.PReLU(), [image[:, :1]]),
        "conv_same": (nn.Conv2d(4, 6, 3, 2, pad_mode="same"), [image]),
        "conv_pad": (
            nn.Conv2d(4, 6, 3, 1, pad_mode="pad", padding=1, group=2, has_bias=True), [image]),
        "conv_transpose": (nn.Conv2dTranspose(4, 3, 3, 2, pad_mode="same"), [image]),
        "conv_1d": (nn.Conv1d(6, 4, 3), [numbers(2, 6, 9)]),
        "conv_3d": (nn.Conv3d(2, 3, 3), [numbers(1, 2, 5, 5, 5)]),
        "depthwise": (nn.Conv2d(4, 4, 3, group=4), [image]),
        "batch_norm": (nn.BatchNorm2d(4), [image]),
        "batch_norm_1d": (nn.BatchNorm1d(4), [matrix]),
        "layer_norm": (nn.LayerNorm((6,)), [row]),
        "group_norm": (nn.GroupNorm(2, 4), [image]),
        "max_pool": (nn.MaxPool2d(2, 2), [image]),
        "max_pool_same": (nn.MaxPool2d(3, 2, pad_mode="same"), [image]),
        "max_pool_pad": (nn.MaxPool2d(3, 2, pad_mode="pad", padding=1), [image]),
        "max_pool_1d": (nn.MaxPool1d(2, 2), [numbers(2, 4, 8)]),
        "avg_pool": (nn.AvgPool2d(2, 2), [image]),
        "avg_pool_same": (nn.AvgPool2d(3, 2, pad_mode="same"), [image]),
        "avg_pool_pad": (nn.AvgPool2d(3, 2, pad_mode="pad", padding=1), [image]),
        "avg_pool_1d": (nn.AvgPool1d(2, 2), [numbers(2, 4, 8)]),
        "adaptive_avg": (nn.AdaptiveAvgPool2d((3, 2)), [image]),
        "adaptive_max": (nn.AdaptiveMaxPool2d(2), [image]),
        "dense": (nn.Dense(6, 3), [row]),
        "embedding": (nn.Embedding(10, 4), [np.array([[1, 2], [3, 9]], np.int32)]),
        "lstm": (nn.LSTM(6, 5, num_layers=2, batch_first=True), [row]),
        "gru": (nn.GRU(6, 5, batch_first=True), [row]),
        "rnn": (nn.RNN(6, 5, batch_first=True), [row]),
        "attention": (nn.MultiheadAttention(6, 2, batch_first=True), [row, row, row]),
        "encoder": (
            nn.TransformerEncoderLayer(6, 2, 8, batch_first=True, dropout=0.0), [row]),
        "dropout": (nn.SequentialCell(nn.Dense(4, 3), nn.Dropout(p=0.5)), [matrix]),
        "pad": (nn.Pad(((1, 1), (0, 2))), [matrix]),
        "zero_pad": (nn.ZeroPad2d((1, 2, 0, 1)), [image]),
        "reflect": (nn.ReflectionPad2d(1), [image]),
        "shuffle": (nn.PixelShuffle(2), [image]),
        "nearest": (
            nn.Upsample(scale_factor=2.0, mode="nearest", recompute_scale_factor=True), [image]),
        "bilinear": (nn.Upsample(size=(16, 16), mode="bilinear"), [image]),
        "one_hot": (nn.OneHot(depth=5), [np.array([1, 3], np.int32)]),
        "cross_entropy": (nn.CrossEntropyLoss(), [matrix, labels]),
        "mse": (nn.MSELoss(), [matrix, matrix * 2]),
        "bce": (nn.BCEWithLogitsLoss(), [matrix, np.abs(np.tanh(matrix))]),
        "soft_cross_entropy": (
            nn.SoftmaxCrossEntropyWithLogits(sparse=True, reduction="mean"), [matrix, labels]),
    } | {
        name: (Function(f), [matrix]) for name, f in globals().items() if name.startswith("f_")
    }  # fmt: skip


class Function(nn.Cell):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def construct(self, x):
        return self.function(x)


def f_add(x):
    return x + 1


def f_sub(x):
    return 1 - x


def f_mul(x):
    return x * x * 3


def f_div(x):
    return x / 3


def f_floordiv(x):
    return x // 2


def f_mod(x):
    return x % 2


def f_pow(x):
    return x**2


def f_neg(x):
    return -x


def f_abs(x):
    return x.abs()


def f_sum(x):
    return x.sum()


def f_sumax(x):
    return x.sum(1)


def f_meank(x):
    return x.mean(1, True)


def f_max(x):
    return x.max()


def f_maxax(x):
    return ops.max(x, 1)


def f_amax(x):
    return ops.amax(x, 1)


def f_min(x):
    return x.min()


def f_prod(x):
    return ops.prod(x, 1)


def f_std(x):
    return x.std(1)


def f_var(x):
    return x.var(1)


def f_argmax(x):
    return x.argmax(1)


def f_norm(x):
    return ops.norm(x)


def f_exp(x):
    return ops.exp(x)


def f_log(x):
    return ops.log(ops.abs(x) + 1)


def f_sqrt(x):
    return ops.sqrt(x * x)


def f_rsqrt(x):
    return ops.rsqrt(x * x + 1)


def f_clip(x):
    return ops.clip(x, -1, 1)


def f_clamp(x):
    return x.clamp(-1.0, 1.0)


def f_matmul(x):
    return ops.matmul(x, x.T)


def f_bmm(x):
    return ops.bmm(ops.stack((x, x)), ops.stack((x.T, x.T)))


def f_t(x):
    return x.T


def f_swap(x):
    return x.swapaxes(0, 1)


def f_idx(x):
    return x[1]


def f_idx2(x):
    return x[:, 1:3]


def f_idx3(x):
    return x[:, -1]


def f_idxn(x):
    return x[:, None]


def f_idxs(x):
    return x[::2]


def f_idxt(x):
    return x[ms.Tensor([0, 2])]


def f_mask(x):
    return ops.where(x > 0, x, 0.0)


def f_gt(x):
    return x > 0


def f_eq(x):
    return x == x


def f_and(x):
    return ops.logical_and(x > 0, x < 1)


def f_cast(x):
    return x.astype(ms.int32)


def f_concat(x):
    return ops.cat((x, x), 1)


def f_stack(x):
    return ops.stack((x, x), 0)


def f_split(x):
    return ops.split(x, 2, 1)


def f_chunk(x):
    return ops.chunk(x, 2, 1)


def f_unstack(x):
    return ops.unstack(x, 0)


def f_tile(x):
    return ops.tile(x, (2, 2))


def f_flip(x):
    return ops.flip(x, (1,))


def f_bto(x):
    return ops.broadcast_to(x[:1], (3, 4))


def f_expand(x):
    return x.expand_dims(0).squeeze(0)


def f_ones(x):
    return ops.ones_like(x) + ops.zeros_like(x)


def f_topk(x):
    return ops.topk(x, 2)


def f_sort(x):
    return ops.sort(x)


def f_cumsum(x):
    return ops.cumsum(x, 1)


def f_gather(x):
    return ops.gather(x, ms.Tensor([0, 1]), 1)


def f_gelem(x):
    return ops.gather_elements(x, 1, ms.Tensor([[0], [1], [2]]))


def f_scatter(x):
    return ops.tensor_scatter_elements(x, ms.Tensor([[0], [1], [2]]), x[:, :1], 1)


def f_erf(x):
    return ops.erf(x)


def f_sin(x):
    return ops.sin(x) + ops.cos(x) + ops.tanh(x)


def f_softmax(x):
    return ops.softmax(x, 0)


def f_gelu(x):
    return ops.gelu(x, approximate="tanh")


def f_isnan(x):
    return ops.isnan(x)


def f_round(x):
    return ops.round(x)


def f_floor(x):
    return ops.floor(x) + ops.ceil(x)


def f_sign(x):
    return ops.sign(x)


def f_maximum(x):
    return ops.maximum(x, 0) + ops.minimum(x, 1)


def f_size(x):
    return x.reshape(x.shape[0] * 2, -1)


def f_flat(x):
    return ops.flatten(x)


def f_view(x):
    return x.view(-1)


def f_addn(x):
    return ops.addn([x, x])


def f_tril(x):
    return ops.tril(x)


def f_triu(x):
    return ops.triu(x)


def f_outer(x):
    return ops.outer(x[0], x[1])


def f_logsumexp(x):
    return ops.logsumexp(x, 1)


def f_mm(x):
    return mint.matmul(x, x.T)


def f_mintsum(x):
    return mint.sum(x, 1) + mint.mean(x, 1)


def f_mintsm(x):
    f = mint.nn.functional
    return f.softmax(x, 1) + f.relu(x) + f.silu(x)


def f_mintlin(x):
    return mint.nn.functional.linear(x, x)


def f_mintcat(x):
    return mint.cat((x, x), 1)


def f_l2n(x):
    return ops.L2Normalize()(x)


def f_square(x):
    return ops.square(x) + ops.pow(x, 3)
