"""Tensor methods, each called by its name; see cases.py.

Left out because MindSpore 2.10 has no CPU kernel or fails: see tests/engine/test_more.py, which
holds them to NumPy.
"""

from __future__ import annotations

import numpy as np

RNG = np.random.default_rng(21)


def r(*shape):
    return RNG.standard_normal(shape).astype(np.float32)


A, B, V, CUBE = r(3, 4), r(3, 4), r(4), r(2, 3, 4)
SQUARE = r(3, 3) + 3 * np.eye(3, dtype=np.float32)
POSITIVE, SMALL = np.abs(A) + 0.5, np.clip(A / 4, -0.9, 0.9)
HOLES = A.copy()
HOLES[0, 1], HOLES[1, 2], HOLES[2, 0] = np.nan, np.inf, -np.inf
INTS, OTHERS = (
    np.array([[6, -3, 9], [4, 8, 2]], np.int32),
    np.array([[4, 2, 6], [8, 3, 5]], np.int32),
)
FLAGS = A > 0
INDEX = np.array([2, 0], np.int64)

ON = {"A": A, "P": POSITIVE, "S": SMALL, "Q": SQUARE, "C": CUBE, "H": HOLES, "I": INTS, "V": V,
      "F": FLAGS, "L": np.abs(POSITIVE) + 1}  # fmt: skip
CALLS = """
A abs | A absolute | S acos | L acosh | S arccos | L arccosh | S arcsin | A arcsinh | A arctan
S arctanh | S asin | A asinh | A atan | S atanh | A ceil | A cos | S cosh | A erf | A erfc
S erfinv | A exp | S expm1 | A floor | P digamma | P lgamma | P log | P log10 | P log1p | P log2
A neg | A negative | P reciprocal | A round | P rsqrt | A sigmoid | A sign | A sin | A sinc
A sinh | P sqrt | A square | A tan | A tanh | A trunc | A frac | A deg2rad | A rad2deg | A sgn
H isfinite | H isinf | H isnan | H isposinf | H isneginf | A isreal | H nan_to_num | F logical_not
A t | A ravel | A flatten | A squeeze | A fliplr | A flipud | Q diag | Q det | Q trace | Q inverse
Q inv | Q logdet | Q matrix_determinant | A argmax | A argmin | A max | A min | A sum | A mean
A prod | A std | A var | F all | F any | A median | A cumsum(0) | A cumprod(1) | A argmax(1)
A all(1) | A amax(0) | A amin(1) | A sum(1) | A sum((0, 1)) | A mean(0) | A mean((0, 1))
A std(1) | A var(1) | A logsumexp(1) | A norm | A count_nonzero | A nansum(0) | A aminmax
A add(B) | A sub(B) | A subtract(B) | A mul(B) | A multiply(B) | A div(B) | A divide(B)
A true_divide(B) | A floor_divide(B) | A remainder(B) | A fmod(B) | P pow(2.0) | A maximum(B)
A minimum(B) | A atan2(B) | A arctan2(B) | A eq(B) | A ne(B) | A gt(B) | A ge(B) | A lt(B)
A le(B) | A equal(B) | A not_equal(B) | A greater(B) | A greater_equal(B) | A less(B)
A less_equal(B) | A isclose(B) | A allclose(B) | A hypot(B) | A logaddexp(B) | A logaddexp2(B)
A copysign(B) | A xlogy(L) | A lerp(B, 0.3) | A addcmul(A, B) | A fmax(B) | A nextafter(B)
A heaviside(B) | A float_power(L) | A ldexp(I2) | I gcd(J) | I lcm(J) | I bitwise_and(J)
I bitwise_or(J) | I bitwise_xor(J) | I bitwise_left_shift(K) | I invert | I bitwise_right_shift(K)
F logical_and(G) | F logical_or(G) | F logical_xor(G) | A reshape((4, 3)) | A reshape(4, 3)
A view(2, 6) | A view_as(M) | A reshape_as(M) | A transpose | A transpose(1, 0)
A transpose(0, 1) | A transpose((0, 1)) | C transpose(1, 2)
C transpose(-1, 0) | C transpose(2, 0, 1) | A transpose(None)
C permute(2, 0, 1) | C swapaxes(0, 2) | C swapdims(0, 1) | C moveaxis(0, 2) | C movedim(2, 0)
A expand_dims(1) | A unsqueeze(0) | V broadcast_to((2, 4)) | V expand_as(A) | A tile((2, 1))
A repeat_interleave(2, 1) | A flip((0,)) | A rot90(1, (0, 1)) | A tril | A triu(1) | A diagonal
V diagflat | A chunk(2, 1) | A split(2, 1) | A tensor_split(2, 1) | A hsplit(2) | C vsplit(2)
C dsplit(2) | A unbind(1) | A narrow(1, 1, 2) | A select(1, 2) | A sort | A argsort | A topk(2)
A gather(N, 0) | A gather_elements(1, E) | A take(N) | A index_select(0, N) | A gather_nd(Z)
A masked_fill(F, 1.5) | A masked_select(F) | A where(F, B) | A clip(-0.5, 0.5)
A clamp(-0.5, 0.5) | A index_add(0, N2, B2) | A index_fill(0, N2, 2.0) | A scatter(1, E, B3)
A nonzero | A argwhere | A diff | C matmul(D) | A matmul(V) | Q mm(A) | C bmm(D3) | V inner(W)
V outer(W) | Q addmm(A3, B4) | V3 addmv(A, V) | A addr(V3, V) | A cov | A cross(B) | A softmax(1)
A hardshrink | A logit(0.1) | A xdivy(L) | A renorm(2, 0, 1.0) | A fill_diagonal(2.0)
A slice_scatter(B2, 0, 1, 3) | A diagonal_scatter(V3) | A type | A dim | A ndimension | A nelement
A numel | A is_floating_point | A is_complex | A is_signed | A stride | A storage_offset
A is_contiguous | A tolist | A half | A float | A double | A int | A long | F byte | I short
I bool | A astype(f2) | A to(f2) | A copy | A contiguous | A new_zeros((2,)) | A new_ones((2,))
A expand(2, 3, 4) | I histc(4, 0.0, 9.0) | A nanmean(1) | A nanmedian | A real | A conj | A imag
A adjoint | A argmax_with_value | A argmin_with_value(1) | A approximate_equal(B) | I1 bincount
V searchsorted(W) | A unsorted_segment_min(N3, 3) | A unsorted_segment_max(N3, 3)
A unsorted_segment_prod(N3, 3) | A reverse_sequence(N3, 1) | P mvlgamma(1) | A i0 | A igamma(L)
A igammac(L) | V1 item | A ptp | A cummax(0) | A cummin(0) | A logcumsumexp(0) | A msort
Q matrix_power(2) | Q slogdet | Q log_matrix_determinant | A index_put((N,), V) | A positive
A type_as(I) | A soft_shrink | A select_scatter(V, 0, 1)
"""


def known(ms):
    t = ms.Tensor
    values = {
        "B": B, "L": ON["L"], "J": OTHERS, "K": np.abs(OTHERS) % 3, "G": B > 0,
        "M": B.reshape(4, 3),
        "N": INDEX, "E": np.array([[0, 3], [1, 1], [2, 0]]), "Z": np.array([[0, 1], [2, 2]]),
        "B2": B[:2], "B3": B[:, :2], "D": np.ones((2, 4, 2), np.float32),
        "D3": np.ones((2, 4, 5), np.float32),
        "W": np.sort(V), "A3": SQUARE, "B4": SQUARE.T.copy(), "V3": V[:3], "V2": V[:2],
        "I2": np.array([[1, 2, 0, 1]] * 3, np.int32), "N3": np.array([0, 2, 0], np.int32),
        "I1": INTS[0] % 4, "N2": INDEX.astype(np.int32), "V1": V[:1],
    }  # fmt: skip
    out = {name: t(v) for name, v in {**ON, **values}.items()}
    return {**out, "f2": ms.float16}


def call(text):
    on, method = text.split(" ", 1)
    name, _, rest = method.partition("(")

    def run(ms):
        names = known(ms)
        arguments = eval(f"({rest[:-1]},)", {}, names) if rest else ()
        out = getattr(names[on], name)(*arguments)
        return str(out) if name in ("type",) else out

    return run


cases = {
    f"method {text}": call(text)
    for text in (t.strip() for t in CALLS.replace("\n", "|").split("|"))
    if text
}
