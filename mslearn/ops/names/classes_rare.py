"""Classes of MindSpore that few programs use, as tables of compositions; see classes.py."""

from __future__ import annotations

from typing import Any

import numpy as np

from mslearn import ops as o  # complete but for the classes: this file is loaded late
from mslearn.core.dtype import FLOAT32, INT64, to_numpy
from mslearn.core.tensor import Tensor, as_tensor
from mslearn.ops import images
from mslearn.ops.decompositions import matrix_norm
from mslearn.ops.families import cast, floating
from mslearn.ops.losses_more import margin_targets
from mslearn.ops.matrix import matrix_solve
from mslearn.ops.names.classes import declare
from mslearn.ops.optimizer_rare import on_rows

INT32 = np.dtype("i4")


def _array(x: Any) -> np.ndarray:
    return as_tensor(x)._concrete()


def _made(values: Any, dtype: Any = None) -> Tensor:
    return Tensor.wrap(np.asarray(values, None if dtype is None else to_numpy(dtype)))


_SAME = {
    "Angle": "angle", "BesselY0": "bessel_y0", "BesselY1": "bessel_y1", "Coalesce": "coalesce",
    "ComplexAbs": "abs", "DiagPart": "diagonal",
    "Fills": "fills", "Geqrf": "geqrf", "Inv": "reciprocal", "LuSolve": "lu_solve",
    "MatrixExp": "matrix_exp", "Orgqr": "orgqr", "Polar": "polar", "Rint": "round",
    "ScalarCast": "scalar_cast", "Zeta": "zeta",
}  # fmt: skip
for _name, _function in _SAME.items():
    declare(_name, getattr(o, _function))
for _name, _function, _params in (
    ("ApproximateEqual", o.approximate_equal, {"tolerance": 1e-5}),
    ("Bucketize", o.bucketize, {"boundaries": ()}), ("Cdist", o.cdist, {"p": 2.0}),
    ("CholeskySolve", o.cholesky_solve, {"upper": False}), ("Pdist", o.pdist, {"p": 2.0}),
    ("LuUnpack", o.lu_unpack, {"unpack_data": True, "unpack_pivots": True}),
    ("MatrixPower", o.matrix_power, {"n": 1}),
    ("Ormqr", o.ormqr, {"left": True, "transpose": False}),
    ("MultilabelMarginLoss", lambda x, y, reduction: (o.multilabel_margin_loss(x, y, reduction),
     margin_targets(y)), {"reduction": "mean"}),
    ("AdaptiveAvgPool3D", o.adaptive_avg_pool3d, {"output_size": 1}),
    ("BartlettWindow", o.bartlett_window, {"periodic": True, "dtype": FLOAT32}),
    ("BlackmanWindow", o.blackman_window, {"periodic": True, "dtype": FLOAT32}),
    ("HammingWindow", o.hamming_window,
     {"periodic": True, "alpha": 0.54, "beta": 0.46, "dtype": FLOAT32}),
    ("TriuIndices", o.triu_indices, {"row": 0, "col": 0, "offset": 0, "dtype": INT32}),
    ("TrilIndices", o.tril_indices, {"row": 0, "col": 0, "offset": 0, "dtype": INT32}),
    ("InplaceIndexAdd", lambda var, at, y, axis: o.inplace_index_add(var, at, y, axis),
     {"axis": 0}),
    ("STFT", lambda x, window, n_fft, hop_length, win_length, **more: o.stft(
        x, n_fft, hop_length, win_length, window, False, **more),
     {"n_fft": 0, "hop_length": 0, "win_length": 0, "normalized": False, "onesided": True,
      "return_complex": True}),
    ("RGBToHSV", images.rgb_to_hsv, {}), ("HSVToRGB", images.hsv_to_rgb, {}),
    ("AdjustHue", images.adjust_hue, {}), ("AdjustSaturation", images.adjust_saturation, {}),
    ("NonMaxSuppressionV3", images.non_max_suppression, {}),
    ("NonMaxSuppressionWithOverlaps", images.suppressed, {}),
):  # fmt: skip
    declare(_name, _function, **_params)

declare("ConjugateTranspose", lambda x, perm: o.conj(o.transpose(x, tuple(perm))))
declare("EqualCount", lambda x, y: _made([(_array(x) == _array(y)).sum()], _array(x).dtype))
declare("FloatStatus", lambda x: _made([not np.isfinite(_array(x)).all()], "f4"))
declare("InvertPermutation", lambda input_x: (
    tuple(int(i) for i in np.argsort(input_x)) if isinstance(input_x, tuple)
    else _made(np.argsort(_array(input_x)), INT32)))  # fmt: skip
declare("UnravelIndex", lambda indices, dims: _made(np.stack(np.unravel_index(
    _array(indices), tuple(_array(dims))), -1).T, _array(indices).dtype))  # fmt: skip
declare("ListDiff", lambda x, y, out_idx: (
    as_tensor(x)[_made(np.flatnonzero(~np.isin(_array(x), _array(y))))],
    _made(np.flatnonzero(~np.isin(_array(x), _array(y))), out_idx)), out_idx=INT32)  # fmt: skip
for _name, _right in (("LowerBound", False), ("UpperBound", True)):
    declare(_name, lambda x, values, out_type, right=_right: cast(
        o.searchsorted(x, values, right=right), to_numpy(out_type)), out_type=INT32)  # fmt: skip
declare("IndexPut", lambda x1, x2, indices, accumulate: as_tensor(x1).index_put(
    indices, x2, bool(accumulate)), accumulate=0)  # fmt: skip
declare("InplaceUpdateV2", lambda x, indices, v: o.inplace_update(x, v, tuple(indices)))
declare("FillDiagonal", lambda x, fill_value, wrap: as_tensor(x).fill_diagonal(fill_value, wrap),
        fill_value=0.0, wrap=False)  # fmt: skip
declare("ScatterAddWithAxis", lambda x, at, updates, axis: o.tensor_scatter_elements(
    x, at, updates, axis, "add"), axis=0)  # fmt: skip
declare("ParallelConcat", lambda values: o.concat(tuple(values), 0))
declare("SquareSumAll", lambda x, y: ((x * x).sum(), (y * y).sum()))
declare("SplitV", lambda x, size_splits, split_dim, num_split: o.split(
    x, list(size_splits), split_dim), size_splits=(), split_dim=0, num_split=1)  # fmt: skip
declare("ReduceStd", lambda x, axis, unbiased, keep_dims: o.std_mean(
    x, tuple(axis) if isinstance(axis, list) else axis, int(unbiased), keep_dims) if axis != []
    else o.std_mean(x, None, int(unbiased), keep_dims),
    axis=[], unbiased=True, keep_dims=False)  # fmt: skip
declare("NuclearNorm", lambda x, dim, keepdim: matrix_norm(
    x, "nuc", (-2, -1) if dim is None else tuple(dim), keepdim), dim=None, keepdim=False,
)  # fmt: skip
declare("NthElement", lambda x, n, reverse: o.sort(x, -1, reverse)[0][..., int(n)], reverse=False)
declare("CompareAndBitpack", lambda x, threshold: _made(
    np.packbits(_array(x) > _array(threshold), -1)))  # fmt: skip
declare("ConfusionMatrix", lambda labels, predictions, num_classes, dtype: _made(
    np.histogram2d(_array(labels), _array(predictions), num_classes, [[0, num_classes]] * 2)[0],
    dtype), num_classes=2, dtype="int32")  # fmt: skip
declare("HistogramFixedWidth", lambda x, range, nbins, dtype: _made(np.bincount(np.clip(
    (_array(x) - _array(range)[0]) * nbins / np.ptp(_array(range)), 0, nbins - 1
    ).astype("i8").ravel(), minlength=nbins), dtype), nbins=1, dtype="int32")  # fmt: skip
declare("MatrixSolveLs", lambda matrix, rhs, l2_regularizer, fast: matrix_solve(
    o.matmul(o.adjoint(matrix), matrix) + _made(np.eye(matrix.shape[-1]) * float(l2_regularizer),
    matrix._value.dtype), o.matmul(o.adjoint(matrix), rhs)), fast=True)  # fmt: skip
for _name, _kind in (("UpsampleNearest3D", "nearest"), ("UpsampleTrilinear3D", "trilinear")):
    declare(_name, lambda x, size=None, scales=None, kind=_kind, align_corners=None: o.interpolate(
        x, size and tuple(size), scales, kind, align_corners),
        **({"align_corners": False} if _kind == "trilinear" else {}))  # fmt: skip


def _fourier(x, signal_ndim, inverse, real, norm, onesided, signal_sizes):
    """The Fourier transform over the last `signal_ndim` axes, of real numbers or complex ones."""
    name = f"{'i' if inverse else ''}{'r' if real and onesided else ''}fftn"
    dims = tuple(range(-signal_ndim, 0))
    return getattr(o, name)(x, tuple(signal_sizes) or None, dims, norm)


declare("FFTWithSize", _fourier, signal_ndim=1, inverse=False, real=False, norm="backward",
        onesided=True, signal_sizes=())  # fmt: skip


def _triangular_solve(matrix, rhs, lower, adjoint):
    """The x of ``matrix @ x = rhs`` for the lower (or upper) triangle of a matrix."""
    part = (o.tril if lower else o.triu)(floating(matrix))
    return matrix_solve(o.adjoint(part) if adjoint else part, rhs)


def _logarithm(x):
    """The matrix logarithm, by eigenvalues; complex."""
    w, v = np.linalg.eig(_array(x))
    return _made(v * np.log(w)[..., None, :] @ np.linalg.inv(v), np.result_type(_array(x), "c8"))


def _tridiagonal(superdiag, maindiag, subdiag, rhs):
    """A matrix of three diagonals (…, 1, n) times `rhs` (…, n, k)."""
    upper, main, lower = (as_tensor(d).swapaxes(-1, -2) for d in (superdiag, maindiag, subdiag))
    zero = rhs[..., :1, :] * 0
    below = o.concat((rhs[..., 1:, :], zero), -2)
    above = o.concat((zero, rhs[..., :-1, :]), -2)
    return upper * below + main * rhs + lower * above


def _checked(x):
    """`x`, or an error when a number in it is infinite or none."""
    if not np.isfinite(_array(x)).all():
        raise RuntimeError("For 'CheckNumerics', the input holds NaN or infinity.")
    return as_tensor(x) + 0


def _asserted(condition, input_data, summarize):
    """Nothing when the condition holds, else an error that shows some of the data."""
    if not bool(condition):
        shown = "; ".join(str(_array(t).ravel()[:summarize]) for t in input_data)
        raise RuntimeError(f"For 'Assert', the condition is false. Input data: {shown}.")


def _segment(name: str) -> Any:
    def run(input_x, segment_ids):
        count = int(_array(segment_ids)[-1]) + 1
        if name == "mean":
            ones = as_tensor(np.ones(len(_array(segment_ids)), _array(input_x).dtype))
            total = o.unsorted_segment_sum(ones, segment_ids, count)
            shape = (-1,) + (1,) * (input_x.ndim - 1)
            return o.unsorted_segment_sum(input_x, segment_ids, count) / total.reshape(shape)
        return getattr(o, f"unsorted_segment_{name}")(input_x, segment_ids, count)

    return run


def _edit_distance(h_indices, h_values, h_shape, t_indices, t_values, t_shape, normalize):
    """Levenshtein's distance of sparse sequences, one for each row; over the truth's length."""
    rows = [int(n) for n in np.maximum(_array(h_shape), _array(t_shape))[:-1]]
    out = np.zeros(rows, "f4")
    for at in np.ndindex(*rows):
        a, b = (_array(v)[(_array(i)[:, :-1] == at).all(1)]
                for i, v in ((h_indices, h_values), (t_indices, t_values)))  # fmt: skip
        line = np.arange(len(b) + 1.0)
        for i, one in enumerate(a, 1):
            line = np.concatenate([[i], np.minimum(line[1:] + 1, line[:-1] + (b != one))])
            for j in range(1, len(line)):
                line[j] = min(line[j], line[j - 1] + 1)
        out[at] = line[-1] / len(b) if normalize and len(b) else line[-1]
    return _made(out)


def _no_repeat(state_seq, log_probs, ngram_size):
    """-FLT_MAX for each word that would repeat an n-gram of its sequence (…, words)."""
    out, seq = _array(log_probs).copy(), _array(state_seq)
    for at in np.ndindex(*seq.shape[:-1]):
        words, n = seq[at], int(ngram_size)
        tail = tuple(words[len(words) - n + 1 :])
        for i in range(len(words) - n + 1):
            if tuple(words[i : i + n - 1]) == tail:
                out[at][words[i + n - 1]] = -np.finfo(out.dtype).max
    return _made(out)


def _permuted(order: Any) -> Any:
    def run(input_x, src_format, dst_format):
        """Indices or values in the order of another data format."""
        return order(as_tensor(input_x), src_format.upper(), dst_format.upper())

    return run


_FORMATS = {"src_format": "NHWC", "dst_format": "NCHW"}
declare("DataFormatDimMap", _permuted(
    lambda x, a, b: _made(np.array([a.index(c) for c in b])[_array(x) % 4], _array(x).dtype)),
    **_FORMATS)  # fmt: skip
declare("DataFormatVecPermute", _permuted(
    lambda x, a, b: x[_made([a.index(c) for c in b])]), **_FORMATS)  # fmt: skip
declare("MatrixTriangularSolve", _triangular_solve, lower=True, adjoint=False)
declare("MatrixLogarithm", _logarithm)
declare("TridiagonalMatMul", _tridiagonal)
declare("CheckNumerics", _checked)
declare("Assert", _asserted, summarize=3)
declare("EditDistance", _edit_distance, normalize=True)
declare("NoRepeatNGram", _no_repeat, ngram_size=1)
for _name in ("sum", "mean", "max", "min", "prod"):
    declare(f"Segment{_name.title()}", _segment(_name))


def _sparse(shape, indices, values):
    return o.COOTensor(as_tensor(indices), as_tensor(values), tuple(int(n) for n in shape))


declare("SparseToDense", lambda indices, values, shape: _sparse(shape, indices, values).to_dense())
declare("SparseTensorDenseAdd", lambda i, values, shape, dense: (
    _sparse(shape, i, values).to_dense() + dense))  # fmt: skip
declare("SparseTensorDenseMatmul", lambda i, values, shape, dense, adjoint_st, adjoint_dt: (
    o.matmul(o.adjoint(_sparse(shape, i, values).to_dense()) if adjoint_st
             else _sparse(shape, i, values).to_dense(), o.adjoint(dense) if adjoint_dt else dense)),
    adjoint_st=False, adjoint_dt=False)  # fmt: skip


declare("MaxPool3DWithArgmax", lambda x, ksize, strides, pads, **_: o.max_pool3d(
    x, ksize, strides, pads, return_indices=True), ksize=1, strides=1, pads=0, dilation=(1, 1, 1),
        ceil_mode=False, data_format="NCDHW", argmax_type=INT64)  # fmt: skip
declare("MaxUnpool3D", lambda x, argmax, ksize, strides, pads, output_shape, data_format: (
    o.max_unpool3d(x, argmax, ksize, strides or None, pads, output_shape or None)), ksize=1,
    strides=0, pads=0, output_shape=(), data_format="NCDHW")  # fmt: skip
declare("AdaptiveMaxPool3D", lambda x, output_size: [part.astype(kind) for part, kind in zip(
    o.adaptive_max_pool3d(x, tuple(int(n) for n in output_size), True), (x.dtype, INT32),
    strict=True)])  # fmt: skip

_ROWS = (
    ("SparseApplyAdagrad", "ApplyAdagrad", {"lr": 0.1, "update_slots": True, "use_locking": False}),
    ("SparseApplyAdagradV2", "ApplyAdagradV2",
     {"lr": 0.1, "epsilon": 1e-6, "use_locking": False, "update_slots": True}),
    ("SparseApplyFtrl", "ApplyFtrl",
     {"lr": 0.1, "l1": 0.0, "l2": 0.0, "lr_power": -0.5, "use_locking": False}),
    ("SparseApplyProximalAdagrad", "ApplyProximalAdagrad", {"use_locking": False}),
    ("FusedSparseFtrl", "ApplyFtrl",
     {"lr": 0.1, "l1": 0.0, "l2": 0.0, "lr_power": -0.5, "use_locking": False}),
    ("FusedSparseProximalAdagrad", "ApplyProximalAdagrad", {"use_locking": False}),
    ("FusedSparseLazyAdam", "Adam", {"use_locking": False, "use_nesterov": False}),
)  # fmt: skip
for _name, _rule, _params in _ROWS:
    _prim = o._registry[_rule]  # type: ignore[attr-defined]
    declare(_name, lambda *args, prim=_prim, **attrs: on_rows(prim, *args, **attrs), **_params)
declare("FusedSparseAdam", lambda *args, **attrs: o.Adam(**attrs)(*args[:-2], (
    o.unsorted_segment_sum(as_tensor(args[-2]), args[-1], args[0].shape[0]))), use_locking=False,
    use_nesterov=False)  # fmt: skip
