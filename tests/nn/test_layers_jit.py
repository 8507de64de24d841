"""Every layer and loss, and every small network of the zoo, gives the same numbers under `jit`."""

from __future__ import annotations

import numpy as np
import pytest

import mslearn as ms
from mslearn import nn

RNG = np.random.default_rng(6)
m = ms.models


def f(*shape):
    return RNG.standard_normal(shape).astype(np.float32)


def i(high, *shape):
    return RNG.integers(0, high, shape).astype(np.int32)


LINES = """
    Dense(4, 3)                                   | f(3, 4)
    Dense(4, 3, activation="relu")                | f(2, 3, 4)
    Flatten()                                     | f(2, 3, 4)
    Identity()                                    | f(3, 4)
    BiDense(4, 3, 2)                              | f(3, 4), f(3, 3)
    Conv1d(4, 3, 3)                               | f(2, 4, 8)
    Conv2d(4, 6, 3, 2, "pad", 1, group=2)         | f(2, 4, 6, 6)
    Conv3d(2, 3, 2)                               | f(1, 2, 4, 4, 4)
    Conv1dTranspose(4, 3, 3)                      | f(2, 4, 8)
    Conv2dTranspose(4, 3, 4, 2, "pad", 1)         | f(2, 4, 6, 6)
    Conv3dTranspose(2, 3, 2)                      | f(1, 2, 4, 4, 4)
    MaxPool1d(2, 2)                               | f(2, 4, 8)
    MaxPool2d(3, 2, "pad", 1)                     | f(2, 4, 6, 6)
    MaxPool3d(2, 2)                               | f(1, 2, 4, 4, 4)
    AvgPool1d(2, 2)                               | f(2, 4, 8)
    AvgPool2d(3, 2, "pad", 1)                     | f(2, 4, 6, 6)
    AvgPool3d(2, 2)                               | f(1, 2, 4, 4, 4)
    AdaptiveAvgPool1d(4)                          | f(2, 4, 8)
    AdaptiveAvgPool2d((3, 2))                     | f(2, 4, 6, 6)
    AdaptiveAvgPool3d(2)                          | f(1, 2, 4, 4, 4)
    AdaptiveMaxPool1d(2)                          | f(2, 4, 8)
    AdaptiveMaxPool2d(3)                          | f(2, 4, 6, 6)
    AdaptiveMaxPool3d(3)                          | f(1, 2, 4, 4, 4)
    LPPool1d(2, 3, 1)                             | f(2, 4, 8)
    LPPool2d(3.0, 2)                              | f(2, 4, 6, 6)
    LRN(2)                                        | f(2, 4, 6, 6)
    Unfold((1, 2, 2, 1), (1, 1, 1, 1), (1, 1, 1, 1)) | f(2, 4, 6, 6)
    ChannelShuffle(2)                             | f(2, 4, 6, 6)
    PixelShuffle(2)                               | f(2, 4, 6, 6)
    PixelUnshuffle(2)                             | f(2, 4, 6, 6)
    Upsample(scale_factor=2.0, recompute_scale_factor=True) | f(2, 4, 6, 6)
    BatchNorm1d(4)                                | f(3, 4)
    BatchNorm2d(4)                                | f(2, 4, 6, 6)
    BatchNorm3d(2)                                | f(1, 2, 4, 4, 4)
    LayerNorm((4,))                               | f(3, 4)
    GroupNorm(2, 4)                               | f(2, 4, 6, 6)
    InstanceNorm2d(4)                             | f(2, 4, 6, 6)
    SyncBatchNorm(4)                              | f(2, 4, 6, 6)
    Embedding(9, 3)                               | i(9, 3, 4)
    EmbeddingLookup(9, 3, max_norm=0.01)          | i(9, 3, 4)
    OneHot(depth=9)                               | i(9, 3, 4)
    Pad(((0, 0), (1, 2)))                         | f(3, 4)
    ReflectionPad2d(1)                            | f(2, 4, 6, 6)
    ReplicationPad1d(2)                           | f(2, 4, 8)
    ConstantPad2d(1, 0.5)                         | f(2, 4, 6, 6)
    Unflatten(1, (2, 2))                          | f(3, 4)
    Norm(1)                                       | f(3, 4)
    ReLU()                                        | f(3, 4)
    ReLU6()                                       | f(3, 4)
    LeakyReLU()                                   | f(3, 4)
    PReLU()                                       | f(3, 4)
    ELU()                                         | f(3, 4)
    SeLU()                                        | f(3, 4)
    CELU()                                        | f(3, 4)
    GELU()                                        | f(3, 4)
    GELU(False)                                   | f(3, 4)
    FastGelu()                                    | f(3, 4)
    SiLU()                                        | f(3, 4)
    Mish()                                        | f(3, 4)
    Sigmoid()                                     | f(3, 4)
    LogSigmoid()                                  | f(3, 4)
    Tanh()                                        | f(3, 4)
    Tanhshrink()                                  | f(3, 4)
    HSigmoid()                                    | f(3, 4)
    HSwish()                                      | f(3, 4)
    HShrink()                                     | f(3, 4)
    SoftShrink()                                  | f(3, 4)
    Hardtanh()                                    | f(3, 4)
    Threshold(0.1, 2.0)                           | f(3, 4)
    Softplus()                                    | f(3, 4)
    Softsign()                                    | f(3, 4)
    Softmax()                                     | f(3, 4)
    Softmax2d()                                   | f(2, 4, 6, 6)
    Softmin()                                     | f(3, 4)
    LogSoftmax()                                  | f(3, 4)
    GLU()                                         | f(3, 4)
    RNN(4, 3)                                     | f(5, 2, 4)
    GRU(4, 3, 2, bidirectional=True)              | f(5, 2, 4)
    LSTM(4, 3, batch_first=True)                  | f(2, 5, 4)
    LSTMCell(4, 3)                                | f(2, 4), (f(2, 3), f(2, 3))
    GRUCell(4, 3)                                 | f(2, 4), f(2, 3)
    RNNCell(4, 3)                                 | f(2, 4), f(2, 3)
    MultiheadAttention(4, 2)                      | f(3, 2, 4), f(5, 2, 4), f(5, 2, 4)
    TransformerEncoderLayer(4, 2, 6, 0.0)         | f(3, 2, 4)
    TransformerDecoderLayer(4, 2, 6, 0.0)         | f(3, 2, 4), f(5, 2, 4)
    Transformer(4, 2, 1, 1, 6, 0.0)               | f(3, 2, 4), f(5, 2, 4)
    DiGamma()                                     | abs(f(3, 4)) + 1
    LBeta()                                       | abs(f(3, 4)) + 1, abs(f(3, 4)) + 1
    IGamma()                                      | abs(f(3, 4)) + 1, abs(f(3, 4)) + 1
    ReduceLogSumExp(1)                            | f(3, 4)
    Moments(1)                                    | f(3, 4)
    MatMul(False, True)                           | f(3, 4), f(2, 4)
    Roll(1, 1)                                    | f(3, 4)
    Tril()                                        | f(3, 4)
    Triu()                                        | f(3, 4)
    MatrixDiag()                                  | f(3, 4)
    MatrixDiagPart()                              | f(3, 4)
    MatrixSetDiag()                               | f(3, 4), f(3)
    ClipByNorm()                                  | f(3, 4), abs(f(1))
    L1Regularizer(0.1)                            | f(3, 4)
    TimeDistributed(nn.Dense(4, 2), 1, 0)         | f(2, 3, 4)
    CentralCrop(0.5)                              | f(2, 4, 6, 6)
    ImageGradients()                              | f(2, 4, 6, 6)
    SSIM(filter_size=3)                           | abs(f(2, 1, 6, 6)), abs(f(2, 1, 6, 6))
    PSNR()                                        | abs(f(2, 1, 6, 6)), abs(f(2, 1, 6, 6))
    MSELoss()                                     | f(3, 4), f(3, 4)
    L1Loss("sum")                                 | f(3, 4), f(3, 4)
    SmoothL1Loss(0.7, "mean")                     | f(3, 4), f(3, 4)
    HuberLoss()                                   | f(3, 4), f(3, 4)
    RMSELoss()                                    | f(3, 4), f(3, 4)
    MAELoss()                                     | f(3, 4), f(3, 4)
    CrossEntropyLoss(label_smoothing=0.1)         | f(3, 4), i(4, 3)
    NLLLoss()                                     | f(3, 4), i(4, 3)
    SoftmaxCrossEntropyWithLogits(True, "mean")   | f(3, 4), i(4, 3)
    BCELoss()                                     | abs(f(3, 4)) % 1, i(2, 3, 4) * 1.0
    BCEWithLogitsLoss()                           | f(3, 4), i(2, 3, 4) * 1.0
    KLDivLoss()                                   | f(3, 4), abs(f(3, 4))
    CosineEmbeddingLoss()                         | f(3, 4), f(3, 4), 2 * i(2, 3) - 1
    HingeEmbeddingLoss()                          | f(3, 4), 2.0 * i(2, 3, 4) - 1
    MarginRankingLoss()                           | f(3), f(3), 2.0 * i(2, 3) - 1
    SoftMarginLoss()                              | f(3, 4), 2.0 * i(2, 3, 4) - 1
    MultiLabelSoftMarginLoss()                    | f(3, 4), i(2, 3, 4) * 1.0
    MultilabelMarginLoss()                        | f(3, 4), i(4, 3, 4)
    MultiMarginLoss()                             | f(3, 4), i(4, 3)
    GaussianNLLLoss()                             | f(3, 4), f(3, 4), abs(f(3, 4))
    PoissonNLLLoss(full=True)                     | f(3, 4), i(4, 3, 4) * 1.0
    TripletMarginLoss()                           | f(3, 4), f(3, 4), f(3, 4)
    TripletMarginWithDistanceLoss(swap=True)      | f(3, 4), f(3, 4), f(3, 4)
    DiceLoss()                                    | abs(f(3, 4)), i(2, 3, 4) * 1.0
    MultiClassDiceLoss()                          | f(3, 4), i(2, 3, 4) * 1.0
    FocalLoss()                                   | f(3, 4), i(4, 3, 1)
    m.LeNet5()                                    | f(2, 1, 28, 28)
    m.resnet8()                                   | f(2, 3, 8, 8)
    m.mobilenet_v2(3, 0.25)                       | f(2, 3, 32, 32)
    m.shufflenet_v1(3, 0.5)                       | f(2, 3, 32, 32)
    m.shufflenet_v2(3, 0.5)                       | f(2, 3, 32, 32)
    m.ViT(8, 4, 3, 8, 1, 2, 16)                   | f(2, 3, 8, 8)
    m.LSTMClassifier(20, 6, 5)                    | i(20, 3, 4)
    m.GPT(m.GPTConfig(20, 8, 1, 2, 8))            | i(20, 2, 6)
    m.BertModel(m.BertConfig(20, 8, 1, 2, 16, 10)) | i(20, 2, 6)
    m.Generator(4, 1, 2)                          | f(2, 4, 1, 1)
    m.UNet(8, (1, 2), (1,), 1, 1)                 | f(2, 1, 8, 8), i(900, 2)
    m.FCN8s(3, 8)                                 | f(1, 3, 32, 32)
"""
CASES = dict(line.strip().split("|") for line in LINES.strip().splitlines())


def tensors(value):
    if isinstance(value, tuple):
        return tuple(map(tensors, value))
    value = np.asarray(value)
    return ms.Tensor(value.astype(np.float32) if value.dtype.kind == "f" else value)


def flat(value):
    if isinstance(value, tuple | list):
        return [x for v in value for x in flat(v)]
    return [value.asnumpy()]


def built(line):
    ms.set_seed(5)
    make = line.strip() if line.startswith("m.") else f"nn.{line.strip()}"
    cell = eval(make, {"nn": nn, "m": m}).set_train(False)
    return cell, tensors(eval(f"({CASES[line]},)", {"f": f, "i": i, "abs": np.abs}))


def compare(found, wanted):
    for a, b in zip(flat(found), flat(wanted), strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_allclose(a, b, rtol=5e-5, atol=1e-5)


@pytest.mark.parametrize("line", CASES, ids=[c.strip() for c in CASES])
def test_jit_gives_the_same_numbers(line):
    cell, inputs = built(line)
    compare(ms.jit(cell)(*inputs), cell(*inputs))


@pytest.mark.parametrize("line", CASES, ids=[c.strip() for c in CASES])
def test_jit_gives_the_same_gradients(line):
    cell, inputs = built(line)
    params = ms.ParameterTuple(cell.trainable_params())
    floats = tuple(
        k for k, x in enumerate(inputs) if isinstance(x, ms.Tensor) and x.dtype == ms.float32
    )
    if not (params or floats):
        return

    def loss(*xs):
        out = cell(*xs)
        out = out[0] if isinstance(out, tuple) else out
        return (out * ms.ops.cos(out)).sum()

    function = ms.grad(loss, floats or None, params or None)
    compare(ms.jit(function)(*inputs), function(*inputs))


def test_sequences_of_any_length_step_by_step_and_at_once():
    """A graph goes step by step; PyNative computes all steps of all sequences at once."""
    ms.set_seed(5)
    cell = nn.LSTM(4, 3, bidirectional=True)
    params = ms.ParameterTuple(cell.trainable_params())
    x, lengths = tensors(f(5, 4, 4)), ms.Tensor([5, 2, 0, 1])
    states = tensors((f(2, 4, 3), f(2, 4, 3)))

    def loss(x, h, c, lengths):
        out, (h, c) = cell(x, (h, c), lengths)
        return (out * ms.ops.cos(out)).sum() + (h * h).sum() + (c * h).sum(), (out, h, c)

    function = ms.value_and_grad(loss, (0, 1, 2), params, has_aux=True)
    (_, (out, *_)), _ = wanted = function(x, *states, lengths)
    assert not out.asnumpy()[2:, 1].any() and not out.asnumpy()[:, 2].any()
    compare(ms.jit(function)(x, *states, lengths), wanted)
