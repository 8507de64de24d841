"""MindSpore's own names of arguments, each used by its name; see cases_rare.py for the letters."""

from __future__ import annotations

import cases_rare as rare
from cases_names import calls

PLAIN = """
ops.Lstsq(fast=True, l2_regularizer=0.0)(Q, M3) | ops.MatrixSolve(adjoint=True)(Q, M3)
ops.MatrixDiagV3(align='LEFT_RIGHT')(V, X0i, X4i, X4i, X0) | ops.Cholesky(upper=True)(QP)
ops.NanToNum(nan=1.0, posinf=2.0, neginf=3.0)(H) | ops.CholeskyInverse(upper=True)(T)
ops.IsClose(rtol=1e-3, atol=1e-3, equal_nan=True)(A, B)
ops.StandardNormal(seed=1, seed2=2)((2, 3)).shape | ops.UniformReal(seed=1, seed2=2)((2, 3)).shape
ops.Svd(full_matrices=False, compute_uv=False)(Q) | ops.randperm(4, seed=0, offset=0).shape
ops.shape_(x=A) | ops.numel(input=A) | ops.isnan_ext(tensor=H) | ops.row_stack(tensors=(A, B))
ops.MaxPool3D(kernel_size=2, strides=2, pad_mode='pad', pad_list=1, ceil_mode=True)(VOL)
I.div(J, rounding_mode='floor') | I.div(J, rounding_mode='trunc') | ops.div(I, J)
I.add(J, alpha=2) | I.sub(J, alpha=3) | A.allclose(other=B)
A.add_(B, alpha=2) | A.sub_(B, alpha=2) | A.div_(B, rounding_mode='floor')
A.astype(ms.float16, copy=False) | C.trace(offset=1, axis1=0, axis2=2) | Q.trace()
I.trace() | A.take(indices=I3) | A.approximate_equal(other=B) | A.view_as(other=M)
ops.IsClose()(H, H) | ops.Eig()(QP)[0].shape | ops.Eig(compute_v=True)(QP)[1].shape
ops.AvgPool3D(2, 2, 'pad', 1, True, False, 3)(VOL)
"""
DIFFERENTIATED = """
ops.PadV3(mode='constant')(A, (1, 1, 0, 0), 0.0) | ops.BiasAdd(data_format='NCHW')(A, V)
ops.PadV3(mode='constant', paddings_contiguous=False)(A, (1, 0, 1, 0), 0.0)
ops.PadV3(mode='reflect')(C, (1, 1)) | ops.PadV3(mode='edge')(C, (1, 2))
ops.ReduceSum(skip_mode=False)(A, ()) | ops.ReduceSum(keep_dims=True)(A, 1)
ops.AvgPool3D(2, 2, 'pad', 1, True, False)(VOL) | ops.MaxPool3D(2, 1, 'same')(VOL)
ops.arcsin(x=S2) | ops.clamp(input=A, min=0.5, max=1.0) | ops.clip(A, min=0.5) | A.clamp(min=0.5)
ops.clamp(A, max=0.5) | A.clip(max=0.5) | A.clip(B, P) | ops.deepcopy(input_x=A)
ops.div(A, B, rounding_mode='floor') | ops.div(A, B, rounding_mode='trunc')
ops.div(A, B, rounding_mode=None) | ops.divide(A, B, rounding_mode='floor')
A.div(B, rounding_mode='trunc') | A.div(B) | A.divide(B, rounding_mode='floor')
ops.expand_as(input=V, other=A) | ops.floor_div(x=A, y=B) | ops.positive(input=A)
ops.reduce_max(x=A, axis=1) | ops.reduce_sum(x=A, axis=1) | ops.remainder(input=A, other=B)
ops.subtract(A, B, alpha=2) | A.subtract(B, alpha=2) | A.sub(B, alpha=2) | A.add(B, alpha=2)
ops.tensor_div(x=A, y=B) | ops.tensor_slice(input=A, begin=(0, 0), size=(1, 1))
ops.true_divide(dividend=A, divisor=B) | ops.mixed_precision_cast(dst_dtype=ms.float32, x=A)
A.diagonal(offset=1, axis1=0, axis2=1) | A.split(split_size=2, dim=1) | A.gather(1, E)
A.gather(dim=1, index=E) | A.gather(I3, 0) | A.multiply(value=B)
"""
cases = {
    **{f"keyword {c}": rare.plain(c) for c in calls(PLAIN)},
    **{f"keyword gradient of {c}": rare.differentiated(c) for c in calls(DIFFERENTIATED)},
}
