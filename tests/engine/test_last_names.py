"""Names for which MindSpore 2.10 has no kernel on a CPU, held to NumPy or to their definition."""

from __future__ import annotations

import numpy as np
import pytest

import mslearn as ms
from mslearn import Tensor, mint, ops

RNG = np.random.default_rng(52)
A, B, C = RNG.standard_normal((3, 3, 4))
CUBE, LEFT, RIGHT = RNG.standard_normal((3, 2, 3, 3))
IMAGE = RNG.standard_normal((4, 2, 4, 4))
SIGNS = np.sign(B)
HOLES = np.where(A > 1, np.nan, A)
t = Tensor


def distance(x, y):
    return ((np.abs(x - y + 1e-6)) ** 2).sum(1) ** 0.5


def blocks(x):
    """The pixels of 2 x 2 blocks as four batches."""
    return np.concatenate([x[:, :, i::2, j::2] for i in range(2) for j in range(2)])


SOFT = np.log1p(np.exp(-SIGNS * A)).mean()
TRIPLET = np.maximum(distance(A, B) - distance(A, C) + 1, 0).mean()
KERNEL = RNG.standard_normal((2, 3, 2, 2))
PADDED = np.pad(CUBE, ((1, 1), (0, 0), (0, 0)))
WEIGHT = RNG.standard_normal((2, 3, 5))
CASES = {
    "AccumulateNV2": (lambda: ops.AccumulateNV2()([t(A), t(B)]), A + B),
    "SpaceToBatch": (lambda: ops.SpaceToBatch(2, [[0, 0], [0, 0]])(t(IMAGE)), blocks(IMAGE)),
    "BatchToSpace": (lambda: ops.BatchToSpace(2, [[0, 0], [0, 0]])(t(blocks(IMAGE))), IMAGE),
    "Conv2DTranspose": (
        lambda: ops.Conv2DTranspose(3, 2)(t(IMAGE), t(KERNEL), (4, 3, 5, 5)),
        ops.conv_transpose2d(t(IMAGE), t(KERNEL)).asnumpy()),
    "LerpScalar": (lambda: ops.LerpScalar()(t(A), t(B), 0.3), A + 0.3 * (B - A)),
    "RmsNorm": (lambda: ops.RmsNorm()(t(A), t(B[0]))[0],
                A / np.sqrt((A * A).mean(1, keepdims=True) + 1e-6) * B[0]),
    "Roll": (lambda: ops.Roll(1, 0)(t(A)), np.roll(A, 1, 0)),
    "ScalarToArray": (lambda: ops.ScalarToArray()(2.0), 2.0),
    "scalar_to_array": (lambda: ops.scalar_to_array(2.0), 2.0),
    "SoftMarginLoss": (lambda: ops.SoftMarginLoss()(t(A), t(SIGNS)), SOFT),
    "soft_margin_loss": (lambda: ops.soft_margin_loss(t(A), t(SIGNS)), SOFT),
    "TripletMarginLoss": (lambda: ops.TripletMarginLoss()(t(A), t(B), t(C), t(1.0)), TRIPLET),
    "triplet_margin_loss": (lambda: ops.triplet_margin_loss(t(A), t(B), t(C)), TRIPLET),
    "MultilabelMarginLoss": (  # the right class 1 against the others, over 4 classes
        lambda: ops.MultilabelMarginLoss()(t(A[:1]), t([[1, -1, 0, 0]], ms.int32))[0],
        np.maximum(1 - A[0, 1] + A[0, [0, 2, 3]], 0).sum() / 4),
    "adaptive_avg_pool2d_ext": (lambda: ops.adaptive_avg_pool2d_ext(t(IMAGE), (2, 2)),
                                IMAGE.reshape(4, 2, 2, 2, 2, 2).mean((3, 5))),
    "baddbmm_ext": (lambda: ops.baddbmm_ext(t(CUBE), t(LEFT), t(RIGHT), beta=2),
                    2 * CUBE + LEFT @ RIGHT),
    "einsum_ext": (lambda: ops.einsum_ext("ij,kj->ik", t(A), t(B)), A @ B.T),
    "inplace_sigmoid": (lambda: ops.inplace_sigmoid(t(A)), 1 / (1 + np.exp(-A))),
    "mse_loss_ext": (lambda: ops.mse_loss_ext(t(A), t(B)), ((A - B) ** 2).mean()),
    "nanquantile": (lambda: ops.nanquantile(t(HOLES), 0.3, 1), np.nanquantile(HOLES, 0.3, 1)),
    "LogSoftmaxExt": (lambda: ops.LogSoftmaxExt()(t(A), 1).exp().sum(1), np.ones(3)),
    "MoveTo": (lambda: ops.MoveTo()(t(A), "CPU", True), A),
    "Tensor": (lambda: ops.Tensor(A), A),
    "fills": (lambda: t(A).fills(2.0), np.full((3, 4), 2.0)),
    "fmin": (lambda: t(HOLES).fmin(t(B)), np.fmin(HOLES, B)),
    "fold": (lambda: t(IMAGE).unfold(2, stride=2).fold((4, 4), 2, stride=2), IMAGE),
    "repeat": (lambda: t(A).repeat(2, 1), np.tile(A, (2, 1))),
    "scalar_ne": (lambda: t(ops.scalar_ne(2, 3)), True),
    "conv_tbc": (lambda: mint.conv_tbc(t(CUBE), t(WEIGHT), t(WEIGHT[0, 0]), 1),
                 PADDED[:-1] @ WEIGHT[0] + PADDED[1:] @ WEIGHT[1] + WEIGHT[0, 0]),
    "npu_gelu": (lambda: mint.npu_gelu(t(A)), ops.gelu(t(A)).asnumpy()),
    "triangular_solve": (lambda: mint.triangular_solve(t(A[:, :3]), t(LEFT[0]))[0],
                         np.linalg.solve(np.triu(LEFT[0]), A[:, :3])),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_equals_its_definition(name):
    run, wanted = CASES[name]
    np.testing.assert_allclose(run().asnumpy(), wanted, rtol=1e-6, atol=1e-7)


def test_collectives_of_one_device_give_what_they_got():
    x = t(A)
    for run in (ops.AlltoAll(1, 0, 1), ops.Reduce(0), ops.ReduceScatter(), ops.Broadcast(0)):
        np.testing.assert_array_equal(run(x).asnumpy(), A)
    for flag in (ops.NPUAllocFloatStatus(), ops.NPUClearFloatStatus()):
        assert flag(x).tolist() == [0.0] * 8


def test_margins_of_several_labels():
    """MindSpore's documented example; besides the loss, which classes are right."""
    x = t([[0.1, 0.2, 0.4, 0.8], [0.2, 0.3, 0.5, 0.7]], ms.float32)
    loss, right = ops.MultilabelMarginLoss()(x, t([[1, 2, 0, 3], [2, 3, -1, 1]], ms.int32))
    assert loss.item() == pytest.approx(0.325)
    assert right.tolist() == [[1, 1, 1, 1], [0, 0, 1, 1]] and right.dtype == ms.int32


def test_householder_product():
    h, tau = ops.geqrf(t(A.T))
    near = ops.Ormqr()(h, tau, t(np.eye(4))).asnumpy()
    np.testing.assert_allclose(near @ np.triu(h.asnumpy()), A.T, atol=1e-7)


def test_old_names_warn_and_work():
    for name in ("GatherV2", "SparseGatherV2"):
        with pytest.warns(DeprecationWarning, match=name):
            old = ops.GatherV2 if name == "GatherV2" else ops.SparseGatherV2
        np.testing.assert_array_equal(old()(t(A), t([2, 0]), 0).asnumpy(), A[[2, 0]])


def test_numbers_at_random():
    ms.set_seed(5)
    order = ops.Randperm(6)(t([4], ms.int32))
    assert sorted(order.tolist()[:4]) == [0, 1, 2, 3] and order.tolist()[4:] == [-1, -1]
    share = t(np.full(4000, 0.25, np.float32))
    for drawn in (ops.bernoulli_ext(share), share.bernoulli()):
        assert set(np.unique(drawn.asnumpy())) == {0, 1}
        assert drawn.asnumpy().mean() == pytest.approx(0.25, abs=0.03)


def test_rows_by_the_rule_of_proximal_adagrad():
    """The rows named, as the whole tensor's rule gives them; the others stay."""
    var, total = (ms.Parameter(t(x), name=n) for x, n in ((A, "var"), (B**2 + 1, "total")))
    all_var, all_total = (ms.Parameter(t(x), name=n) for x, n in ((A, "v"), (B**2 + 1, "w")))
    rows = t([2, 0], ms.int32)
    ops.SparseApplyProximalAdagrad()(var, total, 0.1, 0.2, 0.3, t(C[[2, 0]]), rows)
    ops.ApplyProximalAdagrad()(all_var, all_total, 0.1, 0.2, 0.3, t(C))
    np.testing.assert_allclose(var.asnumpy()[[0, 2]], all_var.asnumpy()[[0, 2]])
    np.testing.assert_allclose(total.asnumpy()[[0, 2]], all_total.asnumpy()[[0, 2]])
    np.testing.assert_array_equal(var.asnumpy()[1], A[1])


def test_singular_vectors_give_back_the_matrix():
    s, u, v = t(A).svd()
    np.testing.assert_allclose((u * s) @ v.T.asnumpy(), A, atol=1e-7)


def test_tensors_are_saved_with_rising_numbers(tmp_path):
    file = tmp_path / "net" / "x"
    ops.TensorDump()(str(file), t(A))
    ops.tensordump(str(file), t(B.astype(np.float32)))
    np.testing.assert_array_equal(np.load(f"{file}_float64_0.npy"), A)
    np.testing.assert_array_equal(np.load(f"{file}_float32_1.npy"), B.astype(np.float32))


def test_gradients_are_saved_on_their_way_back(tmp_path):
    file = str(tmp_path / "ct")
    found = ms.grad(lambda x: (ops.DumpGradient()(file, x * 2, "out") * t(B)).sum())(t(A))
    np.testing.assert_allclose(found.asnumpy(), 2 * B)
    np.testing.assert_allclose(np.load(f"{file}_float64_0.npy"), B)


def test_handles():
    x = t(A)
    assert isinstance(ops.MatMul(), ops.Primitive)
    assert x.data_ptr() == x.data_ptr() != t(A + 1).data_ptr()
    x.assign_value(t(B))
    np.testing.assert_array_equal(x.asnumpy(), B)


def test_offsets_of_another_size_are_refused():
    with pytest.raises(ValueError, match="DeformableOffsets"):
        ops.DeformableOffsets((1,) * 4, (0,) * 4, (2, 2))(t(IMAGE), t(IMAGE))
