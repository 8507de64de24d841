"""Quantiles, bands, patches, boxes, CTC and their like; see cases.py.

What MindSpore 2.10 has no CPU kernel for is compared with PyTorch in
tests/engine/test_more.py. Gradients of ctc_loss are compared behind a log_softmax: MindSpore gives them
as if there always were one.
"""

from __future__ import annotations

# ruff: noqa: E501  (a table: one case a line)
import numpy as np
from shared import both, like

RNG = np.random.default_rng(11)


def r(*shape):
    return RNG.standard_normal(shape).astype(np.float32)


A, B, V, W = r(3, 4), r(3, 4), r(4), r(4)
CUBE, IMAGE, SQUARE = r(2, 3, 4), r(1, 4, 4, 6), r(3, 3)
HOLES = A.copy()
HOLES[0, 1] = HOLES[2, 3] = np.nan
INTS = np.array([12, 18, -7, 4], np.int32)
SMALL = np.array([8, 3, 2, 1], np.int32)
BOXES = np.array([[10, 12, 30, 40], [11, 10, 28, 38], [50, 60, 80, 90], [0, 0, 5, 5]], np.float32)
OTHERS = np.array([[12, 12, 33, 36], [55, 58, 79, 95], [1, 1, 6, 4], [9, 9, 9, 9]], np.float32)
PROBS = np.log(np.abs(r(5, 2, 4)) / np.abs(r(5, 2, 4)).sum(2, keepdims=True)).astype(np.float32)
LABELS = np.array([[1, 2], [3, 3]], np.int32)
IDS = np.array([0, 2, 0], np.int32)


def one(function, *arrays):
    return lambda ms: function(ms.ops, *[ms.Tensor(a) for a in arrays])


cases = {
    # numbers
    "fmod": both(lambda o, x, y: o.fmod(x, y), A, B),
    "truncate_mod": both(lambda o, x, y: o.truncate_mod(x, y), A, B),
    "truncate_div": one(lambda o, x, y: o.truncate_div(x, y), A, B),
    "truncate_div_int": one(lambda o, x, y: o.truncate_div(x, y), INTS, SMALL),
    "fmax": one(lambda o, x, y: o.fmax(x, y), A, B),
    "xdivy": both(lambda o, x, y: o.xdivy(x, y), A, B),
    "DivNoNan": both(lambda o, x, y: o.DivNoNan()(x, y), A, B),
    "MulNoNan": both(lambda o, x, y: o.MulNoNan()(x, y), A, B),
    "SquaredDifference": both(lambda o, x, y: o.SquaredDifference()(x, y), A, B),
    "nextafter": one(lambda o, x, y: o.nextafter(x, y), A, B),
    "gcd": one(lambda o, x, y: o.gcd(x, y), INTS, SMALL),
    "lcm": one(lambda o, x, y: o.lcm(x, y), INTS, SMALL),
    "bitwise_left_shift": one(lambda o, x, y: o.bitwise_left_shift(x, y), INTS, SMALL),
    "bitwise_right_shift": one(lambda o, x, y: o.bitwise_right_shift(x, y), INTS, SMALL),
    "population_count": one(lambda o, x: o.population_count(x), INTS.astype(np.int16)),
    "signbit": one(lambda o, x: o.signbit(x), A),
    **{f"bessel_{n}": both(lambda o, x, n=n: getattr(o, f"bessel_{n}")(x), np.abs(A) + 0.1)
       for n in ("i0", "i1", "i0e", "i1e", "j0", "j1", "k0", "k1", "k0e", "k1e")},
    "igamma": one(lambda o, x, y: o.igamma(x, y), np.abs(A), np.abs(B)),
    "igammac": one(lambda o, x, y: o.igammac(x, y), np.abs(A), np.abs(B)),
    "mvlgamma": one(lambda o, x: o.mvlgamma(x, 3), np.abs(A) + 3),
    "ldexp": one(lambda o, x, y: o.ldexp(x, y), A[0], SMALL),
    "positive": both(lambda o, x: o.positive(x), A),
    "isposinf": one(lambda o, x: o.isposinf(x), HOLES),
    "isneginf": one(lambda o, x: o.isneginf(x), HOLES),
    "isreal": one(lambda o, x: o.isreal(x), A),
    "is_kind": lambda ms: (bool(ms.ops.is_complex(ms.Tensor(A))), bool(ms.ops.is_floating_point(ms.Tensor(A))), bool(ms.ops.is_nonzero(ms.Tensor(A[:1, :1])))),
    "approximate_equal": one(lambda o, x, y: o.approximate_equal(x, y, 0.5), A, B),
    "invert": one(lambda o, x: o.invert(x), INTS.astype(np.int16)),
    "eps": one(lambda o, x: o.eps(x), A),
    "type_as": lambda ms: ms.Tensor(INTS).type_as(ms.Tensor(A)),
    "floordiv": one(lambda o, x, y: o.floordiv(x, y), A, B),
    "soft_shrink": both(lambda o, x: o.soft_shrink(x, 0.3), A),
    # measures
    "nanmean": one(lambda o, x: o.nanmean(x, 1), HOLES),
    "nanmedian": one(lambda o, x: o.nanmedian(x, 1), HOLES),
    "cov": both(lambda o, x: o.cov(x), A),
    "cov_weights": one(lambda o, x, w: o.cov(x, correction=0, aweights=w.abs()), A, V),
    "dist": both(lambda o, x, y: o.dist(x, y, 3), A, B),
    "pdist": one(lambda o, x: o.pdist(x, 3.0), A),
    "cross": both(lambda o, x, y: o.cross(x, y, 0), A, B),
    "renorm": both(lambda o, x: o.renorm(x, 2, 0, 1.0), A),
    "lrn": both(lambda o, x: o.lrn(x, 1, 1.5, 0.3, 0.6), IMAGE),
    "trapz": both(lambda o, x: o.trapz(x, dx=0.5, dim=0), A),
    "vander": both(lambda o, x: o.vander(x, 3), V),
    "batch_dot": both(lambda o, x, y: o.batch_dot(x, y, axes=(1, 1)), A, B),
    "batch_dot_3d": both(lambda o, x, y: o.batch_dot(x, y), CUBE, r(2, 4, 5)),
    "bidense": both(lambda o, x, y, w, b: o.bidense(x, y, w, b), A, B, r(2, 4, 4), r(2)),
    "combinations": one(lambda o, x: o.combinations(x, 2), V),
    "combinations_again": one(lambda o, x: o.combinations(x, 3, True), V[:3]),
    "cartesian_prod": one(lambda o, x, y: o.cartesian_prod(x, y[:2]), V, W),
    # blocks
    "matrix_band_part": both(lambda o, x: o.matrix_band_part(x, 1, 0), CUBE),
    "matrix_diag": both(lambda o, x: o.matrix_diag(x), CUBE[0]),
    "matrix_diag_bands": one(lambda o, x: o.matrix_diag(x, like(x, np.int32([0, 1])), padding_value=like(x, np.float32(9))), A[:2]),
    "matrix_diag_part": both(lambda o, x: o.matrix_diag_part(x, like(x, np.int32(0)), like(x, np.float32(0))), CUBE),
    "matrix_diag_part_bands": one(lambda o, x: o.matrix_diag_part(x, like(x, np.int32([-1, 2])), like(x, np.float32(7))), CUBE),
    "matrix_set_diag": both(lambda o, x, d: o.matrix_set_diag(x, d), CUBE, A[:2, :3]),
    "diagonal_scatter": both(lambda o, x, d: o.diagonal_scatter(x, d, 1), A, V[:3]),
    "slice_scatter": both(lambda o, x, s: o.slice_scatter(x, s, 1, 0, 4, 2), A, B[:, :2]),
    "channel_shuffle": one(lambda o, x: o.channel_shuffle(x, 2), IMAGE),
    "space_to_batch_nd": both(lambda o, x: o.space_to_batch_nd(x, [2, 2], [[0, 0], [1, 1]]), IMAGE),
    "batch_to_space_nd": both(lambda o, x: o.batch_to_space_nd(x, [2, 2], [[0, 1], [1, 0]]), r(4, 2, 2, 3)),
    "unfold": both(lambda o, x: o.unfold(x, (2, 3), 1, 0, (1, 2)), IMAGE),
    "unfold_padded": one(lambda o, x: o.unfold(x, 2, 2, 1, 1), IMAGE),
    "fold": both(lambda o, x: o.fold(x, like(x, np.int32([4, 5])), (2, 2), 1, 0, (1, 1)), r(1, 8, 12)),
    "max_unpool2d": lambda ms: ms.ops.max_unpool2d(*ms.ops.max_pool2d(ms.Tensor(IMAGE), 2, return_indices=True), 2),
    "lp_pool2d": both(lambda o, x: o.lp_pool2d(x, 2.0, 2), np.abs(IMAGE)),
    "lp_pool1d": both(lambda o, x: o.lp_pool1d(x, 1.0, 2), CUBE),
    "reverse_sequence": both(lambda o, x: o.reverse_sequence(x, like(x, [1, 3]), 1), CUBE),
    "unsorted_segment_sum": both(lambda o, x: o.unsorted_segment_sum(x, like(x, IDS), 3), A),
    "unsorted_segment_max": both(lambda o, x: o.unsorted_segment_max(x, like(x, IDS), 3), A),
    "unsorted_segment_min": both(lambda o, x: o.unsorted_segment_min(x, like(x, IDS), 3), A),
    "unsorted_segment_prod": one(lambda o, x: o.unsorted_segment_prod(x, like(x, IDS), 3), A),
    "sparse_segment_mean": one(lambda o, x: o.sparse_segment_mean(x, like(x, np.int32([0, 2, 1])), like(x, np.int32([0, 0, 1]))), A),
    "inplace_update": one(lambda o, x, v: o.inplace_update(x, v, (2, 0)), A, B[:2]),
    "inplace_add": one(lambda o, x, v: o.inplace_add(x, v, (0, 1)), A, B[:2]),
    "inplace_sub": one(lambda o, x, v: o.inplace_sub(x, v, (0, 1)), A, B[:2]),
    "mirror_pad": one(lambda o, x: o.mirror_pad(x, like(x, [[1, 1], [2, 0]]), "SYMMETRIC"), A),
    "padding": one(lambda o, x: o.padding(x, 4), A[:, :1]),
    "t": both(lambda o, x: o.t(x), A),
    "row_stack": one(lambda o, x, y: o.row_stack((x, y)), A, B),
    "dsplit": one(lambda o, x: o.dsplit(x, 2), CUBE),
    # boxes
    "iou": one(lambda o, x, y: o.iou(x, y), BOXES, OTHERS),
    "iof": one(lambda o, x, y: o.iou(x, y, "iof"), BOXES, OTHERS),
    "bounding_box_encode": one(lambda o, x, y: o.bounding_box_encode(x, y, (0.0, 0.1, 0.0, 0.0), (1.0, 1.0, 2.0, 1.0)), BOXES, OTHERS),
    "bounding_box_decode": one(lambda o, x, y: o.bounding_box_decode(x, y, (70, 60)), BOXES, r(4, 4) / 4),
    "check_valid": one(lambda o, x: o.check_valid(x, like(x, np.float32([85, 60, 1]))), BOXES),
    "NMSWithMask": one(lambda o, x: o.NMSWithMask(0.4)(x), np.concatenate((BOXES, np.float32([[0.3], [0.9], [0.5], [0.1]])), 1)),
    "ROIAlign": both(lambda o, x: o.ROIAlign(2, 2, 0.5, 2)(x, like(x, np.float32([[0, 1, 2, 8, 7], [0, 0, 0, 3, 3]]))), IMAGE),
    "ROIAlign_old": one(lambda o, x: o.ROIAlign(2, 3, 1.0, 0, 0)(x, like(x, np.float32([[0, 0.5, 1, 4, 3]]))), IMAGE),
    "crop_and_resize": one(lambda o, x, b: o.crop_and_resize(x, b, like(x, np.int32([0, 0])), (3, 2)), IMAGE, np.float32([[0.1, 0.2, 0.8, 0.9], [0, 0, 1.2, 1]])),
    "crop_and_resize_nearest": one(lambda o, x, b: o.crop_and_resize(x, b, like(x, np.int32([0])), (2, 3), "nearest", 5.0), IMAGE, np.float32([[0.9, 0.2, 0.1, 1.4]])),
    "crop_and_resize_v2": one(lambda o, x, b: o.crop_and_resize(x, b, like(x, np.int32([0])), (2, 3), "bilinear_v2"), IMAGE, np.float32([[0.1, 0.2, 0.7, 0.9]])),
    # sampling
    **{f"grid_sample_{m}_{p}_{a}": both(lambda o, x, g, m=m, p=p, a=a: o.grid_sample(x, g, m, p, a), IMAGE, r(1, 3, 2, 2))
       for m in ("bilinear", "nearest") for p in ("zeros", "border", "reflection") for a in (False, True)},
    "grid_sample_3d": both(lambda o, x, g: o.grid_sample(x, g), r(1, 2, 3, 3, 2), r(1, 2, 2, 1, 3) / 2),
    "affine_grid": both(lambda o, x: o.affine_grid(x, (2, 3, 3, 2)), r(2, 2, 3)),
    "affine_grid_corners": both(lambda o, x: o.affine_grid(x, (1, 3, 2, 3, 2), True), r(1, 3, 4)),
    # ctc
    "ctc_loss": one(lambda o, x: o.ctc_loss(x, like(x, LABELS), like(x, np.int32([5, 4])), like(x, np.int32([2, 1])))[0], PROBS),
    "ctc_loss_none": one(lambda o, x: o.ctc_loss(x, like(x, LABELS), like(x, np.int32([5, 4])), like(x, np.int32([2, 2])), 0, "none"), PROBS),
    "ctc_grad": lambda ms: ms.grad(lambda x: ms.ops.ctc_loss(ms.ops.log_softmax(x, 2), ms.Tensor(LABELS), ms.Tensor([5, 4], ms.int32), ms.Tensor([2, 2], ms.int32))[0])(ms.Tensor(PROBS)),
    "ctc_greedy_decoder": one(lambda o, x: o.ctc_greedy_decoder(x, like(x, np.int32([5, 4]))), PROBS),
    "ctc_greedy_apart": one(lambda o, x: o.ctc_greedy_decoder(x, like(x, np.int32([5, 4])), False), PROBS),
    "ops.CTCLoss": one(lambda o, x: o.CTCLoss()(x, like(x, [[0, 0], [1, 0], [1, 1]]), like(x, np.int32([1, 2, 0])), like(x, np.int32([5, 4]))), PROBS),
}  # fmt: skip
