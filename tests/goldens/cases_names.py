"""Functions and classes by their names, each called once or more; see cases.py.

PLAIN holds calls whose results are compared; DIFFERENTIATED calls whose gradients by all their
floating tensors are compared too; UPDATING calls after which the Parameters PA, PB, PC are.

Left out: `eig`, whose order is free; gradients that MindSpore gives as zeros (IOU, InplaceAdd,
InplaceSub, InplaceUpdate, BCEWithLogitsLoss by its weights) or, for `cholesky_inverse`, by another
convention; what MindSpore's CPU has no kernel for.
"""

from __future__ import annotations

import re

import numpy as np

F4, I4, I8 = np.float32, np.int32, np.int64
PLAIN = """
isnan(H) | isinf(H) | isfinite(H) | logical_not(F) | logical_and(F, G) | logical_or(F, G)
logical_xor(F, G) | bitwise_and(I, J) | bitwise_or(I, J) | bitwise_xor(I, J) | cholesky_inverse(T)
geqrf(A) | lu_solve(M3, Q, PIV) | orgqr(M, V3) | atleast_1d(X0) | fill(DT, (2, 2), 3.0)
full((2, 2), 3, dtype=DT) | is_tensor(A) | logspace(X0, X1, 5) | nansum(H2, 1)
unique_with_pad(I1, 0) | numel(A) | dtype(A) | fft(V) | fft2(A) | fftn(C) | fftfreq(5)
rfftfreq(5) | ifft(V) | ifft2(A) | ifftn(C) | rfft(V) | rfft2(A) | rfftn(C) | ihfft(V) | ihfft2(A)
ihfftn(A) | bartlett_window(X6) | blackman_window(X6) | hamming_window(6) | hann_window(6)
kaiser_window(6) | bartlett_window(X6, False) | blackman_window(X6, False)
hamming_window(6, False) | hann_window(6, False) | kaiser_window(6, False)
kaiser_window(6, beta=5.0) | range(X0i, X5i, X2i) | scalar_cast(2, DT8) | stft(LONG, 8)
stft(LONG, 8, 4, 6, WIN, True, 'REFLECT', False, True, True) | isnan_ext(H) | shape_(A)
fractional_max_pool2d(IMG, 2, (2, 2), _random_samples=RS) | BCEWithLogitsLoss()(A, S2, P, P)
BoundingBoxDecode((100, 100))(BX, BY) | BoundingBoxEncode()(BX, BY) | CTCGreedyDecoder()(LP, SQ)
ChannelShuffle(2)(IMG) | CheckValid()(BX, V3) | EmbeddingLookup()(A, I1, 0) | Eye()(2, 3, DT)
FillV2()(SHP, X1) | Histogram(4, -1.0, 1.0)(A) | IOU()(BX, BY) | InTopK(2)(A, I3)
InplaceAdd((0, 2))(A, B2) | InplaceSub((0, 2))(A, B2) | InplaceUpdate((0, 2))(A, B2)
Invert()(I16) | IsClose()(A, B) | LinSpace()(X0, X1, 5) | LogSpace(5)(X0, X1) | Lstsq()(Q, M3)
NanToNum()(H) | Range()(X0i, X5i, X2i) | Rank()(A) | ScalarToTensor()(2.0, DT) | Size()(A)
TupleToArray()((1, 2)) | UniqueWithPad()(I1, 0) | Angle()(CX) | Bucketize([-1.0, 0.0, 1.0])(A)
CholeskyInverse()(T) | CompareAndBitpack()(A8, X0) | ComplexAbs()(CX)
ConjugateTranspose()(CX, (1, 0)) | EditDistance()(EH, EV, ES, EH2, EV2, ES2)
EqualCount()(I3, I3b) | FillDiagonal(2.0)(A) | Geqrf()(A) | HammingWindow()(X6l)
BartlettWindow()(X6) | BlackmanWindow()(X6) | InplaceUpdateV2()(A, (0, 2), B2)
InvertPermutation()((2, 0, 1)) | ListDiff()(I1, I3) | LowerBound()(SO, VA) | UpperBound()(SO, VA)
LuSolve()(M3, Q, PIV) | MatrixLogarithm()(QC) | NoRepeatNGram(2)(SEQ, LPR)
NuclearNorm([0, 1])(A) | Orgqr()(M, V3) | ParallelConcat()((A1, B1)) | Polar()(P, A)
HSVToRGB()(RGB4) | AdjustHue()(RGB, X1) | AdjustSaturation()(RGB, X1) | Rint()(A)
STFT(8, 4, 8, False, True, True)(LONG, WIN8) | ScalarCast()(2, DT8)
ScatterAddWithAxis(1)(A, E, B3) | SegmentProd()(A, I3s) | TridiagonalMatMul()(V1, W1, V1, K4)
TrilIndices(3, 4)() | TriuIndices(3, 4)() | UnravelIndex()(IX, DM) | DataFormatDimMap()(I3)
DataFormatVecPermute()(I4) | FFTWithSize(1, False, False)(CX)
NonMaxSuppressionWithOverlaps()(Q, V3, X2t, X1, X0)
FractionalMaxPoolWithFixedKsize(2, (2, 2))(IMG, RS) | csr_add(CSR, CSR2, X1, X1)
csr_softmax(CSR, DT) | csr_to_coo(CSR) | csr_to_dense(CSR) | coo_add(COO, COO, X0)
coo_concat((COO, COO), 0) | coo_concat((COO, COO), 1) | coo_relu6(COO) | coo_softsign(COO)
csr_relu6(CSR) | csr_softsign(CSR) | coo_tensor_get_dense_shape(COO) | csr_tensor_get_indptr(CSR)
coo_abs(COO) | csr_abs(CSR) | coo_acos(COO) | csr_acos(CSR) | coo_acosh(COO) | csr_acosh(CSR)
coo_asin(COO) | csr_asin(CSR) | coo_asinh(COO) | csr_asinh(CSR) | coo_atan(COO) | csr_atan(CSR)
coo_atanh(COO) | csr_atanh(CSR) | coo_ceil(COO) | csr_ceil(CSR) | coo_cos(COO) | csr_cos(CSR)
coo_cosh(COO) | csr_cosh(CSR) | coo_exp(COO) | csr_exp(CSR) | coo_expm1(COO) | csr_expm1(CSR)
coo_floor(COO) | csr_floor(CSR) | coo_isfinite(COO) | csr_isfinite(CSR) | coo_isinf(COO)
csr_isinf(CSR) | coo_isnan(COO) | csr_isnan(CSR) | coo_log(COO) | csr_log(CSR) | coo_log1p(COO)
csr_log1p(CSR) | coo_neg(COO) | csr_neg(CSR) | coo_inv(COO) | csr_inv(CSR) | coo_relu(COO)
csr_relu(CSR) | coo_round(COO) | csr_round(CSR) | coo_sigmoid(COO) | csr_sigmoid(CSR)
coo_sin(COO) | csr_sin(CSR) | coo_sinh(COO) | csr_sinh(CSR) | coo_sqrt(COO) | csr_sqrt(CSR)
coo_square(COO) | csr_square(CSR) | coo_tan(COO) | csr_tan(CSR) | coo_tanh(COO) | csr_tanh(CSR)
dense_to_sparse_coo(D01) | geqrf(C) | stft(LONG, 8, normalized=True)
stft(LONG, 8, center=False, onesided=False) | scalar_add(2, 3) | scalar_div(7, 2)
scalar_floordiv(7, 2) | scalar_log(2.0) | scalar_max(1, 2) | scalar_gt(1, 2) | scalar_usub(2)
"""
DIFFERENTIATED = """
absolute(A) | arccos(S) | arccosh(L) | arcsin(S) | arcsinh(A) | arctan(A) | arctan2(A, B)
arctanh(S) | negative(A) | positive(A) | i0(A) | floor_div(A, B) | floor_divide(A, B)
floor_mod(A, B) | floormod(A, B) | remainder(A, B) | divide(A, B) | true_divide(A, B)
tensor_div(A, B) | multiply(A, B) | tensor_mul(A, B) | subtract(A, B) | tensor_sub(A, B)
tensor_add(A, B) | tensor_pow(P, 2.0) | eq(A, B) | equal(A, A) | ne(A, B) | not_equal(A, B)
gt(A, B) | greater(A, B) | ge(A, B) | greater_equal(A, B) | lt(A, B) | less(A, B) | le(A, B)
less_equal(A, B) | zeta(L, P) | bessel_y0(P) | bessel_y1(P) | vecdot(A, B) | mm(A, M) | ger(V, W)
addbmm(Q, C3, D3) | addmv(V3, A, V) | addr(A, V3, V) | matrix_power(Q, 3) | matrix_determinant(Q)
log_matrix_determinant(Q) | logdet(Q) | lu_unpack(Q, PIV) | aminmax(A)
aminmax(A, axis=1, keepdims=True) | atleast_2d(V) | atleast_3d(A) | atleast_2d([V, A])
bias_add(A, V) | clip_by_norm(A, 1.0) | col2im(COL, SIZE, [2, 2], [1, 1], [0, 0], [1, 1])
column_stack((A, B)) | diag_embed(A) | diag_embed(A, 1, 0, 2) | diagflat(V) | expand_as(V, A)
full_like(A, 2.0) | zeros_like(A) | ones_like(A) | fliplr(A) | flipud(A) | reverse(A, [0])
hsplit(A, 2) | vsplit(C, 2) | identity(A) | index_fill(A, 1, N2, 2.0) | l1_loss(A, B)
l1_loss(A, B, 'none') | leaky_relu(A) | leaky_relu(A, 0.01) | movedim(C, 0, 2) | msort(A)
narrow(A, 1, 1, 2) | permute(C, (2, 0, 1)) | ravel(A) | scatter(A, 1, E, B3) | select(F, A, B)
select_scatter(A, V, 0, 1) | swapdims(C, 0, 2) | tensor_scatter_div(A, Z1, B2)
tensor_scatter_min(A, Z1, B2) | tensor_scatter_update(A, Z1, B2) | top_k(A, 2) | triu(A, 1)
tril(A) | unbind(A, 1) | unsqueeze(A, 1) | unstack(A, 1) | var_mean(A, 1) | argwhere(A)
cat((A, B), 1) | clamp(A, -0.5, 0.5) | clip(A, -0.5, 0.5) | fast_gelu(A)
max_unpool3d(POOL, AT, 2) | fftshift(A) | ifftshift(A) | hfft(V) | irfft(V) | irfft2(A)
irfftn(C) | hfft2(A) | hfftn(A) | bucketize(A, [-1.0, 0.0, 1.0])
bucketize(A, [-1.0, 0.0, 1.0], right=True) | view_as(A, M) | deepcopy(A)
tensor_slice(A, (0, 1), (2, 2)) | pows(P, 2.0) | adaptive_max_pool3d(VOL, (1, 2, 2))
tensor_gt(A, B) | tensor_ge(A, B) | tensor_lt(A, B) | tensor_le(A, B) | tensor_floordiv(A, B)
tensor_mod(A, B) | tensor_exp(A) | tensor_expm1(A) | diff_ext(A) | float_power_ext(P, 2.0)
reduce_max(A) | reduce_sum(A) | reduce_mean(A) | reduce_min(A)
dyn_shape(A) | AddN()([A, B]) | AdaptiveAvgPool2D((2, 2))(IMG) | AdaptiveMaxPool2D((2, 2))(IMG)
AdaptiveAvgPool3D((1, 2, 2))(VOL) | AdaptiveMaxPool3D()(VOL, OS) | Addcdiv()(A, B, P, X1)
Addcmul()(A, B, P, X1) | AffineGrid()(TH, (1, 2, 3, 3))
BatchToSpaceND([2, 2], [[0, 0], [0, 0]])(BTS) | SpaceToBatchND([2, 2], [[0, 0], [0, 0]])(IMG)
CeLU(1.5)(A) | Cross(1)(M, M) | CumulativeLogsumexp()(A, X0i) | Dense()(A, B, V3) | Diag()(V)
Eps()(A) | Expand()(V, SH) | GLU(1)(A) | Ger()(V, W) | GridSampler2D()(IMG, GRID)
IdentityN()((A, B)) | Igammac()(P, L) | IndexFill()(A, X0i, N2, X1) | LRN()(IMG)
Lerp()(A, B, X1) | Logit(0.1)(S) | LpNorm([0, 1])(A) | MaskedFill()(A, F, X1)
MaskedSelect()(A, F) | MatrixBandPart()(Q, X0i, X1i) | MatrixDiagPartV3()(Q, X0i, X0)
MatrixDiagV3()(V, X0i, X4i, X4i, X0) | MatrixSetDiagV3()(Q, V3, X0i) | MaxUnpool2D(2)(PO2, AT2)
Median(False, 1)(A) | Meshgrid()((V, W)) | MultiMarginLoss()(A, I3L) | Mvlgamma(2)(L)
PReLU()(A, V) | Padding(4)(COL1) | Renorm(2, 0, 1.0)(A) | ResizeBicubic()(IMG, (3, 3))
ResizeLinear1D()(C, X6v) | ResizeNearestNeighbor((3, 3))(IMG) | ReverseSequence(1)(A, I3L)
Sinc()(A) | TensorScatterAdd()(A, Z1, B2) | TensorScatterDiv()(A, Z1, B2)
TensorScatterMax()(A, Z1, B2) | TensorScatterMin()(A, Z1, B2) | TensorScatterMul()(A, Z1, B2)
TensorScatterSub()(A, Z1, B2) | TensorShape()(A) | Trace()(Q) | Tril(1)(A) | Triu(1)(A)
UnsortedSegmentMax()(A, I3, 3) | UnsortedSegmentMin()(A, I3, 3) | UnsortedSegmentProd()(A, I3, 3)
UnsortedSegmentSum()(A, I3, 3) | Col2Im([2, 2])(COL, SIZE)
CropAndResize()(IMH, BX01, I1b, (2, 2)) | Im2Col([2, 2])(IMG) | Gelu()(A) | FastGelu()(A)
TensorAdd()(A, B) | Pack()((A, B)) | Unpack(1)(A) | ApproximateEqual(0.5)(A, B) | BesselY0()(P)
BesselY1()(P) | Cdist()(A, B) | CholeskySolve()(M3, T) | DiagPart()(Q)
IndexPut()(A, V3, (N3a, N3b)) | Inv()(P) | LuUnpack()(Q, PIV) | MatrixPower(2)(C4)
MatrixSolveLs()(Q, M3, X0d) | MatrixTriangularSolve()(T, M3) | MaxPool3DWithArgmax(2, 2, 0)(VOL)
MaxUnpool3D(2)(POOL, AT) | MaxPoolWithArgmaxV2(2, 2)(IMG) | NthElement()(A, 1) | Pdist()(A)
RGBToHSV()(RGB) | ReduceStd(1)(A) | SegmentSum()(A, I3s) | SegmentMean()(A, I3s)
SegmentMax()(A, I3s) | SegmentMin()(A, I3s) | SparseTensorDenseAdd()(CI, CV, CS, A)
SparseTensorDenseMatmul()(CI, CV, (3, 4), M) | SparseToDense()(CI, CV, (3, 4))
SquareSumAll()(A, B) | UpsampleNearest3D()(VOL, (3, 5, 6), None)
UpsampleTrilinear3D()(VOL, (3, 5, 6), None) | Zeta()(L, P) | CheckNumerics()(A)
MatrixTriangularSolve(False)(T, M3) | MatrixTriangularSolve(True, True)(T, M3) | lu_unpack(M, PIV)
cholesky_inverse(T, True) | igamma(P, L) | igammac(P, L)
"""
UPDATING = """
index_add(PA, N2, B2, 0) | inplace_index_add(PA, N2, B2, 0) | scatter_div(PA, N2, B2)
scatter_min(PA, N2, B2) | scatter_mul(PA, N2, B2) | scatter_nd_div(PA, Z1, B2)
scatter_nd_max(PA, Z1, B2) | scatter_nd_min(PA, Z1, B2) | scatter_nd_mul(PA, Z1, B2)
assign_sub(PA, B) | AssignAdd()(PA, B) | AssignSub()(PA, B) | IndexAdd(0)(PA, N2, B2)
ScatterAdd()(PA, N2, B2) | ScatterDiv()(PA, N2, B2) | ScatterMax()(PA, N2, B2)
ScatterMin()(PA, N2, B2) | ScatterMul()(PA, N2, B2) | ScatterSub()(PA, N2, B2)
ScatterUpdate()(PA, N2, B2) | ScatterNdAdd()(PA, Z1, B2) | ScatterNdDiv()(PA, Z1, B2)
ScatterNdMax()(PA, Z1, B2) | ScatterNdMin()(PA, Z1, B2) | ScatterNdMul()(PA, Z1, B2)
ScatterNdSub()(PA, Z1, B2) | ScatterNdUpdate()(PA, Z1, B2) | InplaceIndexAdd(0)(PA, N2, B2)
ApplyGradientDescent()(PA, X1, B) | ApplyProximalGradientDescent()(PA, 0.1, 0.2, 0.3, B)
ApplyAdagradV2(1e-6)(PA, PB, 0.1, B) | ApplyAdagradDA()(PA, PB, PC, B, 0.1, 0.2, 0.3, 2)
ApplyAddSign()(PA, PB, 0.1, 1.5, 0.9, 0.8, B) | ApplyPowerSign()(PA, PB, 0.1, 2.7, 0.9, 0.8, B)
SparseApplyAdagradV2(0.1, 1e-6)(PA, PB, B2, N2) | SparseApplyAdagrad(0.1)(PA, PB, B2, N2)
SparseApplyFtrl(0.1, 0.2, 0.3, -0.5)(PA, PB, PC, B2, N2)
ApplyAdagradV2(1e-6, False)(PA, PB, 0.1, B)
FusedSparseAdam()(PA, PB, PC, 0.9, 0.999, 0.1, 0.9, 0.999, 1e-8, B2, N2)
FusedSparseLazyAdam()(PA, PB, PC, 0.9, 0.999, 0.1, 0.9, 0.999, 1e-8, B2, N2)
FusedSparseFtrl(0.1, 0.2, 0.3, -0.5)(PA, PB, PC, B2, N2)
FusedSparseProximalAdagrad()(PA, PB, 0.1, 0.2, 0.3, B2, N2)
"""


def arrays():
    """The tensors' data by name."""
    rng = np.random.default_rng(33)

    def r(*shape):
        return rng.standard_normal(shape).astype(F4)

    def n(values, dtype=F4):
        return np.array(values, dtype)

    A, B, V, W = r(3, 4), r(3, 4), r(4), r(4)
    Q = r(3, 3) + 3 * np.eye(3, dtype=F4)
    H = A.copy()
    H[0, 1], H[1, 2], H[2, 0] = np.nan, np.inf, -np.inf
    H2 = A.copy()
    H2[0, 1] = np.nan
    ints = n([[6, -3, 9], [4, 8, 2]], I4)
    J = n([[4, 2, 6], [8, 3, 5]], I4)
    image = r(1, 4, 4, 4)
    return {
        "A": A, "B": B, "V": V, "W": W, "Q": Q, "P": np.abs(A) + 0.5,
        "S": np.clip(A / 4, -0.9, 0.9), "L": np.abs(A) + 1.5, "H": H, "H2": H2, "F": A > 0,
        "G": B > 0, "I": ints, "J": J, "M": r(4, 3), "M3": r(3, 2), "C": r(2, 3, 4),
        "C3": r(2, 3, 3), "C4": r(2, 3, 3), "D3": r(2, 3, 3), "V3": np.abs(r(3)),
        "T": np.linalg.cholesky(Q @ Q.T).astype(F4), "PIV": n([2, 2, 3], I4), "X0": n(0, F4),
        "X1": n(1, F4), "X0i": n(0, I4), "X1i": n(1, I4), "X4i": n(4, I4), "X5i": n(5, I4),
        "X2i": n(2, I4), "X6": n(6, I8), "X2t": n(2, I4), "X0d": n(0.0, np.float64),
        "N2": n([2, 0], I4), "B2": B[:2], "B3": B[:, :2], "E": n([[0, 3], [1, 1], [2, 0]], I8),
        "Z1": n([[0], [2]], I4), "I1": n([0, 1, 1, 0], I4)[:2] * 0 + n([0, 1], I4),
        "I3": n([0, 1, 2], I4), "I3b": n([0, 2, 2], I4), "I3L": n([1, 2, 2], I8),
        "I3s": n([0, 0, 1], I4), "I16": n([1, -5], np.int16), "COL": r(1, 4, 4, 9),
        "SIZE": n([4, 4], I4), "POOL": r(1, 1, 1, 2, 2), "AT": n([[[[[0, 2], [8, 10]]]]], I8),
        "VOL": r(1, 2, 2, 4, 4), "KER": r(2, 1, 2, 2, 2), "LONG": r(32),
        "WIN": np.hanning(6).astype(F4), "WIN8": np.hanning(8).astype(F4),
        "CI": n([[0, 1], [1, 2], [2, 3]], I8), "CV": r(3), "CS": n([3, 4], I8), "IMG": image,
        "RS": np.abs(r(1, 4, 2)) % 1, "RS3": np.abs(r(1, 2, 3)) % 1, "OS": n([1, 2, 2], I4),
        "TH": r(1, 2, 3), "S2": np.clip(np.abs(A), 0.1, 0.9), "BTS": r(4, 2, 2, 2),
        "BX": n([[10, 12, 30, 40], [11, 10, 28, 38], [50, 60, 80, 90]], F4),
        "BY": n([[12, 12, 33, 36], [55, 58, 79, 95], [1, 1, 6, 4]], F4), "LP": r(3, 2, 4),
        "SQ": n([3, 2], I4), "SH": n([2, 4], I4), "SHP": n([2, 2], I4),
        "GRID": np.clip(r(1, 2, 2, 2), -1, 1), "PO2": r(1, 1, 2, 2),
        "AT2": n([[[[0, 2], [8, 10]]]], I8), "COL1": r(3, 1), "X6v": n([6], I4),
        "IMH": r(1, 4, 4, 2), "BX01": n([[0, 0, 0.5, 0.5], [0.2, 0.2, 1, 1]], F4),
        "I1b": n([0, 0], I4), "CX": (A + 1j * B).astype(np.complex64), "A8": r(2, 8),
        "N3a": n([0, 1, 2], I8), "N3b": n([1, 1, 3], I8), "SO": np.sort(r(2, 4)), "VA": r(2, 3),
        "QC": Q.astype(np.complex64), "SEQ": n([[[1, 2, 1, 2, 3], [4, 4, 4, 5, 4]]], I4),
        "LPR": r(1, 2, 6), "A1": A[:1], "B1": B[:1], "RGB": np.abs(r(2, 2, 3)) % 1,
        "NHWC": r(1, 6, 6, 2), "K4": r(4, 2), "IX": n([5, 7], I4), "DM": n([3, 4], I4),
        "VOL2": r(1, 2, 2, 3, 3), "KER2": r(2, 1, 2, 2, 2), "I4": n([1, 2, 3, 4], I4),
        "KD": r(4, 2, 2), "CIT": n([[0, 0, 1], [1, 1, 2]], I8), "EH": n([[0, 0], [0, 1]], I8),
        "EV": n([1, 2], I8), "ES": n([1, 2], I8), "EH2": n([[0, 0], [0, 1], [0, 2]], I8),
        "EV2": n([2, 1, 2], I8), "ES2": n([1, 3], I8),
        "RGB4": n([[[[0.1, 0.5, 0.6], [0.9, 0.3, 0.2]]]], F4), "X6l": n([6], I8), "V1": V[None],
        "W1": W[None], "D01": n([[0, 2.0, 0], [1.0, 0, 3.0]], F4),
    }  # fmt: skip


ARRAYS = arrays()


def values(ms):
    """Tensors, Parameters, dtypes and sparse tensors by name."""
    out = {name: ms.Tensor(array) for name, array in ARRAYS.items()}
    a, b = ARRAYS["A"], ARRAYS["B"]
    for name, data in {"PA": a, "PB": np.abs(b) + F4(0.5), "PC": np.abs(a) + F4(0.2)}.items():
        out[name] = ms.Parameter(ms.Tensor(data), name=name)

    def csr(indptr, indices, data):
        parts = (np.array(indptr, I4), np.array(indices, I4), np.array(data, F4))
        return ms.CSRTensor(*map(ms.Tensor, parts), (2, 3))

    out["CSR"] = csr([0, 1, 3], [1, 0, 2], [0.5, 0.2, 0.3])
    out["CSR2"] = csr([0, 1, 2], [1, 1], [10, 20])
    places = np.array([[0, 1], [1, 0], [1, 2]], I8)
    out["COO"] = ms.COOTensor(ms.Tensor(places), ms.Tensor(np.array([0.5, 0.2, 0.3], F4)), (2, 3))
    return {**out, "DT": ms.float32, "DT8": ms.float64, "INT": ms.int32}


def shown(value):
    """What is recorded: sparse tensors as their parts, complex numbers as pairs, types as text."""
    if isinstance(value, tuple | list):
        return [shown(v) for v in value]
    if hasattr(value, "indptr"):
        return shown((value.indptr, value.indices, value.values, tuple(value.shape)))
    if hasattr(value, "indices") and not hasattr(value, "asnumpy"):
        return shown((value.indices, value.values, tuple(value.shape)))
    if hasattr(value, "asnumpy"):
        array = value.asnumpy()
        pair = np.stack([array.real, array.imag], -1) if array.dtype.kind == "c" else None
        return value if pair is None else type(value)(pair)
    return value if isinstance(value, int | float | str) else str(value)


def compiled(call):
    code = compile(f"ops.{call}", __file__, "eval")  # the file's name: its use of `ops` counts
    return lambda ms, names: eval(code, {"ops": ms.ops}, names)


def plain(call):
    run = compiled(call)
    return lambda ms: shown(run(ms, values(ms)))


def differentiated(call):
    run = compiled(call)
    by = [n for n in dict.fromkeys(re.findall(r"\b[A-Z]\w*\b", call))
          if n in ARRAYS and ARRAYS[n].dtype == F4 and n not in FIXED]  # fmt: skip

    def case(ms):
        names = values(ms)

        def weighted(*xs):
            out = run(ms, {**names, **dict(zip(by, xs, strict=True))})
            while isinstance(out, tuple | list):
                out = out[0]
            weight = np.linspace(0.5, 1.5, out.size).reshape(out.shape).astype(F4)
            return (out * ms.Tensor(weight)).sum()

        grads = ms.grad(weighted, tuple(range(len(by))))(*[names[n] for n in by])
        return shown(run(ms, names)), grads

    return case


def updating(call):
    run = compiled(call)

    def case(ms):
        names = values(ms)
        run(ms, names)
        return [ms.Tensor(names[n].asnumpy()) for n in ("PA", "PB", "PC") if n in call]

    return case


def calls(table):
    return [c.strip() for c in table.replace("\n", "|").split("|") if c.strip()]


# Floating tensors that stand for numbers, weights of labels or points: held fixed.
FIXED = [
    "A8",
    "AT",
    "AT2",
    "BX01",
    "CI",
    "CIT",
    "CS",
    "CX",
    "D01",
    "DM",
    "E",
    "EH",
    "EH2",
    "ES",
    "ES2",
    "EV",
    "EV2",
    "F",
    "G",
    "GRID",
    "H",
    "H2",
    "I",
    "I1",
    "I16",
    "I1b",
    "I3",
    "I3L",
    "I3b",
    "I3s",
    "I4",
    "IX",
    "J",
    "N2",
    "N3a",
    "N3b",
    "OS",
    "PIV",
    "QC",
    "RGB4",
    "RS",
    "SEQ",
    "SH",
    "SHP",
    "SIZE",
    "SO",
    "SQ",
    "VA",
    "WIN",
    "WIN8",
    "X0",
    "X0d",
    "X0i",
    "X1",
    "X1i",
    "X2i",
    "X2t",
    "X4i",
    "X5i",
    "X6",
    "X6l",
    "X6v",
    "Z1",
]
cases = {
    **{f"name {c}": plain(c) for c in calls(PLAIN)},
    **{f"name {c}": differentiated(c) for c in calls(DIFFERENTIATED)},
    **{f"name {c}": updating(c) for c in calls(UPDATING)},
}
