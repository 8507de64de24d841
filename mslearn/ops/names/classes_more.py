"""The rest of MindSpore's Primitive classes that are compositions here; see classes.py."""

from __future__ import annotations

from typing import Any

import numpy as np

from mslearn import ops as o  # complete but for the classes: this file is loaded last
from mslearn.core.tensor import Tensor, as_tensor
from mslearn.ops.arrange import pad_pairs
from mslearn.ops.families import cast
from mslearn.ops.names.classes import declare
from mslearn.ops.resize import resize

_PLAIN = {
    "Addcdiv": "addcdiv", "Addcmul": "addcmul", "Bidense": "bidense", "CheckValid": "check_valid",
    "Dense": "dense", "Diag": "diagflat", "Dot": "dot", "Eps": "eps", "Expand": "expand",
    "Ger": "outer", "Igammac": "igammac", "Invert": "invert", "IsReal": "isreal", "Kron": "kron",
    "Lerp": "lerp", "LerpScalar": "lerp", "MaskedScatter": "masked_scatter",
    "MatrixBandPart": "matrix_band_part", "Mv": "mv", "Sinc": "sinc", "TensorShape": "dyn_shape",
    "Trace": "trace", "UniqueWithPad": "unique_with_pad",
    "UnsortedSegmentMax": "unsorted_segment_max", "UnsortedSegmentMin": "unsorted_segment_min",
    "UnsortedSegmentProd": "unsorted_segment_prod", "UnsortedSegmentSum": "unsorted_segment_sum",
}  # fmt: skip
for _name, _function in _PLAIN.items():
    declare(_name, getattr(o, _function))


declare("IndexFill", lambda x, dim, index, value: o.index_fill(x, int(dim), index, value))
boxes = {"means": (0.0,) * 4, "stds": (1.0,) * 4}
declare("IOU", o.iou, mode="iou")
declare("BoundingBoxEncode", o.bounding_box_encode, **boxes)
declare("BoundingBoxDecode", o.bounding_box_decode, max_shape=(), **boxes,
        wh_ratio_clip=0.016)  # fmt: skip
declare("ROIAlign", o.roi_align, pooled_height=1, pooled_width=1, spatial_scale=1.0,
        sample_num=2, roi_end_mode=1)  # fmt: skip
declare("CropAndResize", o.crop_and_resize, method="bilinear", extrapolation_value=0.0)
declare("CTCGreedyDecoder", o.ctc_greedy_decoder, merge_repeated=True)
declare("CTCLossV2", o.ctc_loss, blank=0, reduction="none", zero_infinity=False)
for _name in ("GridSampler2D", "GridSampler3D"):
    declare(_name, lambda x, grid, interpolation_mode, padding_mode, align_corners: o.grid_sample(
        x, grid, interpolation_mode, padding_mode, align_corners), interpolation_mode="bilinear",
        padding_mode="zeros", align_corners=False)  # fmt: skip
declare("AffineGrid", o.affine_grid, align_corners=False)
declare("LRN", o.lrn, depth_radius=5, bias=1.0, alpha=1.0, beta=0.5,
        norm_region="ACROSS_CHANNELS")  # fmt: skip
declare("ReverseSequence", o.reverse_sequence, seq_dim=0, batch_dim=0)
declare("Renorm", lambda x, p, dim, maxnorm: o.renorm(x, p, dim, maxnorm), p=2, dim=0,
        maxnorm=1.0)  # fmt: skip
declare("Cross", lambda x, y, dim: o.cross(x, y, None if dim == -65530 else dim),
        dim=-65530)  # fmt: skip
declare("RmsNorm", o.rms_norm, epsilon=1e-6)
declare("Mvlgamma", o.mvlgamma, p=1)
declare("Padding", o.padding, pad_dim_size=8)
declare("GLU", o.glu, axis=-1)
declare("CeLU", o.celu, alpha=1.0)
declare("Logit", o.logit, eps=-1.0)
declare("Roll", o.roll, shifts=0, dims=None)
declare("CumulativeLogsumexp", lambda x, axis, exclusive, reverse: o.logcumsumexp(
    x, int(axis)), exclusive=False, reverse=False)  # fmt: skip
declare("MatrixDiagPartV3", o.matrix_diag_part, align="RIGHT_LEFT")
declare("MatrixSetDiagV3", o.matrix_set_diag, align="RIGHT_LEFT")
declare("Im2Col", lambda x, ksizes, strides, dilations, pads: o.unfold(
    x, ksizes, dilations, pads, strides).reshape(
        (x.shape[0], x.shape[1], -1, o.unfold(x, ksizes, dilations, pads, strides).shape[2])),
    ksizes=1, strides=1, dilations=1, pads=0)  # fmt: skip
declare("Col2Im", lambda x, size, kernel_size, dilation, padding, stride: o.col2im(
    x, size, kernel_size, dilation, padding, stride), kernel_size=1, dilation=1, padding=0,
    stride=1)  # fmt: skip
declare("MaxUnpool2D", lambda x, index, ksize, strides, pads, output_shape, data_format: (
    o.max_unpool2d(x, index, ksize, strides, pads, output_shape)), ksize=1, strides=0,
    pads=0, output_shape=(), data_format="NCHW")  # fmt: skip
declare("ChannelShuffle", lambda x, group: o.channel_shuffle(x, group), group=1)
declare("InplaceUpdate", o.inplace_update, indices=())
declare("InplaceAdd", o.inplace_add, indices=())
declare("InplaceSub", o.inplace_sub, indices=())
declare("SpaceToBatchND", lambda x, block_shape, paddings: o.space_to_batch_nd(
    x, block_shape, paddings), block_shape=(), paddings=())  # fmt: skip
declare("BatchToSpaceND", o.batch_to_space_nd, block_shape=(), crops=())
declare("SpaceToBatch", lambda x, block_size, paddings: o.space_to_batch_nd(
    x, block_size, paddings), block_size=1, paddings=())  # fmt: skip
declare("BatchToSpace", lambda x, block_size, crops: o.batch_to_space_nd(
    x, block_size, crops), block_size=1, crops=())  # fmt: skip
declare("InTopK", lambda x1, x2, k: o.intopk(x1, x2, k), k=1)
declare("Histogram", o.histc, bins=100, min=0.0, max=0.0)
declare("CountNonZero", lambda x, dims: o.count_nonzero(x, dims), dims=None)
declare("Median", lambda x, global_median, axis, keep_dims, ignore_nan: (
    o.median(x.reshape((-1,)) if global_median else x, 0 if global_median else axis,
                   keep_dims)), global_median=False, axis=0, keep_dims=False,
    ignore_nan=False)  # fmt: skip
declare("Quantile", lambda x, q, dim, keep_dims, ignore_nan: (
    (o.nanquantile if ignore_nan else o.quantile)(x, q, dim, keep_dims)),
    dim=None, keep_dims=False, ignore_nan=False)  # fmt: skip
declare("LpNorm", lambda x, axis, p, keep_dims, epsilon: (
    (x.abs() ** p).sum(axis, keep_dims) ** (1 / p)), axis=0, p=2, keep_dims=False,
    epsilon=1e-12)  # fmt: skip
declare("EuclideanNorm", lambda x, axes, keep_dims: (x * x).sum(
    tuple(int(a) for a in axes), keep_dims).sqrt(),
        keep_dims=False)  # fmt: skip
declare("LogSpace", o.logspace, steps=10, base=10, dtype=np.dtype("f4"))
declare("Tril", o.tril, diagonal=0)
declare("Triu", o.triu, diagonal=0)
declare("Multinomial", lambda x, n, seed, seed2, dtype: cast(
    o.multinomial(x, int(n), True, seed + seed2 or None), dtype), seed=0, seed2=0,
    dtype=np.dtype("i4"))  # fmt: skip
declare("UniformInt", lambda shape, low, high, seed, seed2: cast(
    o.uniform(shape, as_tensor(low), as_tensor(high), seed + seed2 or None, np.dtype("i4")),
    np.dtype("i4")), seed=0, seed2=0)  # fmt: skip
declare("RandpermV2", lambda n, seed, offset, dtype: o.randperm(int(n), dtype=dtype),
        seed=0, offset=0, dtype=np.dtype("i8"))  # fmt: skip
declare("Randperm", lambda n, max_length, pad, dtype: cast(pad_pairs(
    o.randperm(int(n)), [(0, max_length - int(n))], pad), dtype), max_length=1, pad=-1,
    dtype=np.dtype("i4"))  # fmt: skip
for _name, _drop in (("Dropout2D", o.dropout2d), ("Dropout3D", o.dropout3d)):
    declare(_name, lambda x, keep_prob, drop=_drop: _with_mask(x, drop, 1 - keep_prob),
            keep_prob=0.5)  # fmt: skip
declare(
    "Dropout",
    lambda x, keep_prob, Seed0, Seed1: (lambda out, kept: (out, kept.astype(out.dtype)))(
        *_with_mask(x, o.dropout, 1 - keep_prob)
    ),
    keep_prob=0.5,
    Seed0=0,
    Seed1=0,
)
declare("AdaptiveAvgPool2D", o.adaptive_avg_pool2d, output_size=1)
declare("AdaptiveMaxPool2D", lambda x, output_size: o.adaptive_max_pool2d(
    x, output_size, True), output_size=1)  # fmt: skip
declare("MaxPoolWithArgmaxV2", lambda x, kernel_size, strides, pads, dilation, ceil_mode,
        argmax_type: o.max_pool2d(x, kernel_size, strides, pads, dilation, True, ceil_mode),
        kernel_size=1, strides=None, pads=0, dilation=(1, 1), ceil_mode=False,
        argmax_type=None)  # fmt: skip
declare("ResizeNearestNeighbor", lambda x, size, align_corners, half_pixel_centers: resize(
    x, tuple(size), "nearest", align_corners, half_pixel_centers), size=(), align_corners=False,
    half_pixel_centers=False)  # fmt: skip
declare("ResizeBicubic", lambda x, size, align_corners, half_pixel_centers: resize(
    x, [int(n) for n in size], "cubic", align_corners, half_pixel_centers), align_corners=False,
    half_pixel_centers=False)  # fmt: skip
declare("ResizeLinear1D", lambda x, size, coordinate_transformation_mode: resize(
    x, [int(n) for n in size], "linear", coordinate_transformation_mode == "align_corners",
    coordinate_transformation_mode == "half_pixel"),
    coordinate_transformation_mode="align_corners")  # fmt: skip
declare("TripletMarginLoss", lambda x, pos, neg, margin, p, swap, eps, reduction: (
    o.triplet_margin_loss(x, pos, neg, margin, p, eps, swap, reduction)), p=2,
    swap=False, eps=1e-6, reduction="mean")  # fmt: skip
declare("MultiMarginLoss", o.multi_margin_loss, p=1, margin=1.0, reduction="mean")
declare("SoftMarginLoss", o.soft_margin_loss, reduction="mean")
declare("EmbeddingLookup", lambda table, index, offset: o.reshape(
    table[(as_tensor(index) - int(offset)).reshape((-1,))],
    (*as_tensor(index).shape, *table.shape[1:])))  # fmt: skip
declare("IdentityN", lambda xs: tuple(o.identity(x) for x in xs))


def _with_mask(x: Any, drop: Any, p: float) -> tuple[Tensor, Tensor]:
    """The result of a dropout and its mask (true where the input stayed)."""
    x = as_tensor(x)
    mask = drop(Tensor.wrap(np.ones(x.shape, x._value.dtype)), p)
    return x * mask, mask != 0
