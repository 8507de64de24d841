"""Layers for which real MindSpore's CPU build has no kernel, against NumPy; and refusals."""

from __future__ import annotations

import copy
import itertools

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

import mslearn as ms
from mslearn import nn

RNG = np.random.default_rng(3)


def t(x):
    return ms.Tensor(np.asarray(x, np.float32))


def close(found, wanted, rtol=1e-5):
    np.testing.assert_allclose(found.asnumpy(), wanted, rtol=rtol, atol=1e-6)


def test_matrices():
    a = RNG.standard_normal((2, 3, 3))
    a = a @ a.swapaxes(1, 2) + np.eye(3)
    close(nn.MatInverse()(t(a)), np.linalg.inv(a), 1e-3)
    close(nn.MatDet()(t(a)), np.linalg.det(a), 1e-4)
    close(nn.Roll([1, -2], [0, 1])(t(a[0])), np.roll(a[0], (1, -2), (0, 1)))
    close(nn.MatrixDiag()(t(a[0])), np.stack([np.diag(row) for row in a[0]]))
    for shape in ((2, 3, 5), (2, 5, 3)):
        x, new = RNG.standard_normal(shape), RNG.standard_normal((2, 3))
        close(nn.MatrixDiagPart()(t(x)), np.diagonal(x, axis1=1, axis2=2))
        wanted = x.copy()
        wanted[:, range(3), range(3)] = new
        close(nn.MatrixSetDiag()(t(x), t(new)), wanted)
    with pytest.raises(ms.ShapeError, match="diagonals"):
        nn.MatrixSetDiag()(t(a), t(a))


def test_clip_by_norm_along_an_axis():
    x = RNG.standard_normal((3, 4))
    length = np.linalg.norm(x, axis=1, keepdims=True)
    close(nn.ClipByNorm(1)(t(x), 1.5), x * np.minimum(1, 1.5 / length))
    zero = ms.grad(lambda x: nn.ClipByNorm()(x, 1.0).sum())(t([0.0, 0.0]))
    close(zero, [1, 1])


def ssim(x, y, size, sigma, peak):
    """By the definition, one window after the other, in float64."""
    near = np.arange(-size // 2 + 1, size // 2 + 1)
    w = np.exp(-np.add.outer(near**2, near**2) / (2 * sigma**2))
    w /= w.sum()

    def mean(image):
        return (sliding_window_view(image, (size, size), (2, 3)) * w).sum((-1, -2))

    mx, my = mean(x), mean(y)
    vx, vy, both = mean(x * x) - mx**2, mean(y * y) - my**2, mean(x * y) - mx * my
    c1, c2 = (0.01 * peak) ** 2, (0.03 * peak) ** 2
    structure = (2 * both + c2) / (vx + vy + c2)
    light = (2 * mx * my + c1) / (mx**2 + my**2 + c1)
    return (light * structure).mean((2, 3)), structure.mean((2, 3))


def test_how_alike_images_are():
    x, y = RNG.random((2, 3, 14, 13)), RNG.random((2, 3, 14, 13))
    close(nn.SSIM()(t(x), t(y)), ssim(x, y, 11, 1.5, 1.0)[0].mean(1), 1e-3)
    close(nn.SSIM(2.0, 4, 0.8)(t(x), t(y)), ssim(x, y, 4, 0.8, 2.0)[0].mean(1), 1e-3)
    close(nn.SSIM()(t(x), t(x)), [1, 1])
    first = np.maximum(ssim(x, y, 5, 1.5, 1.0)[1], 0) ** 0.3
    small = [i[:, :, :14, :12].reshape(2, 3, 7, 2, 6, 2).mean((3, 5)) for i in (x, y)]
    second = np.maximum(ssim(*small, 5, 1.5, 1.0)[0], 0) ** 0.7
    close(nn.MSSSIM(1.0, (0.3, 0.7), 5)(t(x), t(y)), (first * second).mean(1), 1e-3)
    close(nn.PSNR()(t(x), t(y)), -10 * np.log10(((x - y) ** 2).mean((1, 2, 3))))
    a, b = (RNG.integers(0, 256, (1, 2, 4, 4)).astype(np.uint8) for _ in range(2))
    wanted = 10 * np.log10(255.0**2 / ((a * 1.0 - b) ** 2).mean())
    close(nn.PSNR(255)(ms.Tensor(a), ms.Tensor(b)), [wanted], 1e-4)
    assert ms.grad(nn.SSIM(filter_size=3))(t(x), t(y)).shape == x.shape
    with pytest.raises(ms.ShapeError, match="at least filter_size = 11"):
        nn.SSIM()(t(x[:, :, :8]), t(y[:, :, :8]))
    with pytest.raises(ms.ShapeError, match="one shape and dtype"):
        nn.PSNR()(t(x), t(y[:1]))


def test_sampled_softmax_draws_by_itself():
    ms.set_seed(1)
    weights, x = RNG.standard_normal((50, 4)), RNG.standard_normal((3, 4))
    labels = np.array([1, 7, 49], np.int32)
    every = nn.SampledSoftmaxLoss(50, 50)  # all classes are drawn: the whole softmax
    scores = x @ weights.T
    whole = np.log(np.exp(scores).sum(1)) - scores[range(3), labels]
    close(every(t(weights), t(np.zeros(50)), ms.Tensor(labels), t(x)), whole, 1e-4)
    few = nn.SampledSoftmaxLoss(5, 50)
    assert few(t(weights), t(np.zeros(50)), ms.Tensor(labels), t(x)).shape == (3,)


def test_one_process_takes_the_place_of_many():
    grads = (t([2.0]), t([4.0]))
    assert nn.DistributedGradReducer([], True)(grads) is grads
    close(nn.DistributedGradReducer([], True, 2)(grads)[1], [2.0])
    norm = nn.SyncBatchNorm(3, process_groups=[[0]]).set_train()
    x = t(RNG.standard_normal((4, 3, 2, 2)))
    close(norm(x), nn.BatchNorm2d(3).set_train()(x).asnumpy())
    net = nn.SequentialCell(nn.Dense(2, 2), nn.ReLU())
    nn.PipelineCell(net, 2, {"0": 0, "1": 1})
    assert net[1].pipeline_stage == 1
    with pytest.raises(KeyError, match="no Cell 'dense'"):
        nn.PipelineCell(net, 2, {"dense": 0})
    weight = ms.Parameter(t([1.0]))
    close(nn.ParameterUpdate(weight)(t([3.0])), [3.0])
    close(weight, [3.0])


def test_sparse_layers():
    places, values, dense = ms.Tensor([[0, 1], [1, 2]]), t([1, 2]), RNG.standard_normal((2, 4))
    matrix = np.array([[0, 1, 0], [0, 0, 2.0]])
    close(nn.SparseToDense()(ms.COOTensor(places, values, (2, 3))), matrix)
    found = nn.SparseTensorDenseMatmul(adjoint_st=True)(places, values, (2, 3), t(dense))
    close(found, matrix.T @ dense)


def test_transformer_layers_are_copies():
    layer = nn.TransformerEncoderLayer(8, 2, 16, activation=nn.GELU())
    stack = nn.TransformerEncoder(layer, 2)
    first, second = (c.dense1.weight for c in stack.layers)
    assert first is not second and first is not layer.dense1.weight
    close(first, second.asnumpy())
    assert copy.deepcopy(stack)(t(RNG.standard_normal((3, 2, 8)))).shape == (3, 2, 8)
    with pytest.raises(ValueError, match="'sigmoid'"):
        nn.TransformerEncoderLayer(8, 2, activation="sigmoid")
    with pytest.raises(ms.ShapeError, match="d_model = 8"):
        nn.Transformer(8, 2, 1, 1)(t(np.ones((3, 2, 8))), t(np.ones((3, 1, 8))))


def test_unfold_puts_patches_in_channels():
    x = RNG.standard_normal((2, 3, 5, 6))
    views = sliding_window_view(x, (2, 3), (2, 3))  # (N, C, H, W, 2, 3)
    patches = views.transpose(0, 4, 5, 1, 2, 3).reshape(2, 18, 4, 4)
    close(nn.Unfold((1, 2, 3, 1), (1, 1, 1, 1), (1, 1, 1, 1))(t(x)), patches)
    close(nn.Unfold((1, 2, 3, 1), (1, 2, 3, 1), (1, 1, 1, 1))(t(x)), patches[:, :, ::2, ::3])
    wide = sliding_window_view(x, (3, 3), (2, 3))[..., ::2, ::2]
    wide = wide.transpose(0, 4, 5, 1, 2, 3).reshape(2, 12, 3, 4)
    close(nn.Unfold((1, 2, 2, 1), (1, 1, 1, 1), (1, 2, 2, 1))(t(x)), wide)
    same = nn.Unfold((1, 3, 3, 1), (1, 2, 2, 1), (1, 1, 1, 1), "same")(t(x))
    around = np.pad(x, ((0, 0), (0, 0), (1, 1), (0, 1)))
    views = sliding_window_view(around, (3, 3), (2, 3))[:, :, ::2, ::2]
    close(same, views.transpose(0, 4, 5, 1, 2, 3).reshape(2, 27, 3, 3))
    with pytest.raises(ValueError, match="ksizes must be"):
        nn.Unfold((2, 2), (1, 1, 1, 1), (1, 1, 1, 1))


def test_multilabel_margin_loss_by_its_definition():
    x = RNG.standard_normal((3, 4))
    target = np.array([[3, 0, -1, 1], [-1, 1, 2, 3], [0, 1, 2, 3]], np.int32)
    wanted = []
    for scores, row in zip(x, target, strict=True):
        right = list(itertools.takewhile(lambda k: k >= 0, row))
        wrong = [k for k in range(4) if k not in right]
        gaps = [max(0, 1 - scores[i] + scores[j]) for i in right for j in wrong]
        wanted.append(sum(gaps) / 4)
    numbers = ms.Tensor(target)
    close(nn.MultilabelMarginLoss("none")(t(x), numbers), wanted)
    close(nn.MultilabelMarginLoss()(t(x), numbers), np.mean(wanted))
    close(nn.MultilabelMarginLoss("sum")(t(x[0]), numbers[0]), wanted[0])


def test_windows_that_need_chance():
    ms.set_seed(3)
    x = t(RNG.standard_normal((2, 3, 9, 9)))
    one = nn.FractionalMaxPool2d(2, output_ratio=(0.5, 0.6))(x)
    assert one.shape == (2, 3, 4, 5)
    values, places = nn.FractionalMaxPool2d(2, 4, return_indices=True)(x)
    there = ms.ops.gather_d(x.reshape((2, 3, 81)), 2, places.reshape((2, 3, 16)))
    close(there.reshape(values.shape), values.asnumpy())
    grad = ms.grad(lambda x: nn.FractionalMaxPool2d(2, 4)(x).sum())(x)
    assert float(grad.sum()) == 2 * 3 * 16
    with pytest.raises(ms.ShapeError, match="9 windows of 2 need at least 10"):
        nn.FractionalMaxPool2d(2, 9)(x)
    with pytest.raises(ValueError, match="give one of output_size and output_ratio"):
        nn.FractionalMaxPool2d(2)
    close(nn.AdaptiveMaxPool3d((None, 1, 1))(x), x.asnumpy().max((2, 3))[:, :, None, None])


def test_names_of_mint_and_names_that_are_refused():
    assert nn.Linear is ms.mint.nn.Linear and nn.DropoutExt is ms.mint.nn.Dropout
    with pytest.raises(AttributeError, match="many devices"):
        _ = nn.PipelineGradReducer
    with pytest.raises(AttributeError, match="without 'Thor'"):
        _ = nn.DenseThor


def test_names_of_mindspore_1():
    x = np.array([[[[0.0, 1.0], [2.0, 3.0]]]])
    resize = nn.ResizeBilinear()
    close(resize(t(x), (3, 3), align_corners=True)[0, 0], [[0, 0.5, 1], [1, 1.5, 2], [2, 2.5, 3]])
    close(resize(t(x), scale_factor=2)[0, 0, 0], [0, 0.5, 1, 1])
    half = nn.ResizeBilinear(half_pixel_centers=True)(t(x), (4, 4))
    close(half[0, 0, 0], [0, 0.25, 0.75, 1])
    with pytest.raises(ValueError, match="one of size and scale_factor"):
        resize(t(x))
    assert nn._Loss is nn.LossBase
