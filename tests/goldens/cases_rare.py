"""Names that few programs use, by calls as in cases_names.py; methods and `ms.` names as well.

Left out: gradients that MindSpore's CPU has no kernel for (cholesky, qr, ResizeArea) or gives as
zeros (inplace_update), signs that are free (svd), numbers drawn at random (only their shapes and
dtypes are compared), and what tests/engine/test_last_names.py holds to NumPy instead.
"""

from __future__ import annotations

import re

import cases_names as names
import numpy as np

F4, I4, I8 = names.F4, names.I4, names.I8
PLAIN = """
ops.UniqueConsecutive()(I3b)[0] | ops.UniqueConsecutive(True, True)(I3b)
ops.UniqueConsecutive(True, True, 0)(A) | ops.scalar_eq(2, 3) | ops.scalar_ge(2, 3)
ops.scalar_le(2, 3) | ops.scalar_lt(2, 3) | ops.scalar_min(2, 3) | ops.scalar_mod(7, 3)
ops.scalar_mul(2, 3) | ops.scalar_pow(2, 3) | ops.scalar_sub(2, 3)
ops.standard_laplace((2, 3)).shape | ops.StandardLaplace(1, 2)((2, 3)).dtype
ops.Multinomial(1)(P, 5).shape | ops.Multinomial(1)(P, 5).dtype | ops.RandpermV2()(3).dtype
ops.randperm(3).dtype | ops.UniformInt()((2, 3), X1i, X2i) | ops.Dropout(0.5)(A)[1].dtype
ops.Dropout(1.0)(A) | ops.Dropout3D(1.0)(VOL) | ops.normal((2, 3), X0, X1).dtype
ops.randint(1, 2, (2, 3)) | ops.randint_like(I, 1, 2)
ops.random_gamma(SHP, P[0]).shape | ops.random_poisson(SHP, P[0]).shape
ops.random_poisson(SHP, P[0]).dtype | ops.uniform((2, 3), X0, X1).dtype
ops.uniform((2, 3), X1i, X2i, dtype=INT) | ops.multinomial_with_replacement(P, 1, 2, 5, True).shape
ops.multinomial_with_replacement(P, 1, 2, 5, True).dtype | ops.ScalarSummary()('x', X1)
ops.ImageSummary()('x', IMG) | ops.TensorSummary()('x', A) | ops.HistogramSummary()('x', A)
QP.cholesky() | QP.cholesky(True) | A.data | Q.lstsq(M3) | S2.multinomial(2).shape
S2.multinomial(2).dtype | A.numpy().tolist() | Q.qr() | A.random_categorical(3).dtype
A.random_categorical(3).shape | A.requires_grad_(True) | A.set_dtype(ms.float16) | H.signbit()
Q.svd(compute_uv=False) | A.to_coo() | A.to_csr() | I3b.unique_consecutive(True, True)
I1.unique_with_pad(0) | V.from_numpy(np.ones(3)) | A.inplace_update(B2, (0, 2))
V.from_dlpack(A.to_dlpack()) | A.convert_bytes_to_tensor(A.get_bytes(), (3, 4), ms.float32)
ops.ExtractVolumePatches((1, 1, 2, 2, 2), (1, 1, 1, 2, 1), 'SAME')(VOL)
ops.CombinedNonMaxSuppression()(BX4, SC3, X2i, X3i, X05, X0)
ops.CombinedNonMaxSuppression(True, False)(BX4, SC3, X2i, X3i, X05, X0)
ops.CombinedNonMaxSuppression()(BX5, SC5, X2i, X3i, X05, X0)
ops.LSTM(3, 4, 1, False, False, 0.0)(LX, LH, LH, LW0)[:3]
ops.LSTM(3, 4, 1, True, True, 0.0)(LX, LH2, LH2, LW2)[:3]
ops.LSTM(4, 4, 2, True, False, 0.0)(LX4, LH2, LH2, LWT)[:3]
ops.LSTM(4, 4, 2, True, True, 0.0)(LX4, LH4, LH4, LW4)[:3]
ops.LSTM(4, 4, 3, False, True, 0.0)(LX4, LH6, LH6, LW6)[:3]
ops.RaggedRange(ms.int64)(I258, I35C, I112) | ops.RaggedRange(ms.int64)(I258, I350, I11M)
ops.ResizeArea()(NHWC, SZ38) | ops.ResizeArea()(NHWC, SZ12) | ops.ResizeArea(True)(NHWC, SZ44)
ops.ResizeArea(True)(NHWC, SZ12) | ops.SparseSlice()(CI, CV, CS, I00, I23)
ops.PyFunc(lambda x: (x * 2,), [ms.float32], [(3, 4)], [ms.float32], [(3, 4)])(A)
ops.TensorToTuple()(V) | ops.mixed_precision_cast(ms.float16, (A, (B, I)))
ops.tensor_range(X5i, X1i, M2i) | ops.tensor_range(1, 5, 2) | ops.CopyWithSlice()(PA, B)
ops.Betainc()(P, L, SG1) | ops.AdamNoUpdateParam()(PA, PB, 0.9, 0.999, 0.1, 0.9, 0.999, 1e-8, B)
"""
DIFFERENTIATED = """
ops.GridSampler3D()(VOL, GR3) | ops.MaskedScatter()(A, F, B) | ops.MaxPoolWithArgmax(2, 2)(IMG2)
ops.MaxPoolWithArgmax(3, 2, 'same')(IMG) | ops.bessel_i0(P) | ops.bessel_i0e(P) | ops.bessel_i1(P)
ops.bessel_i1e(P) | ops.bessel_j0(P) | ops.bessel_j1(P) | ops.bessel_k0(P) | ops.bessel_k0e(P)
ops.bessel_k1(P) | ops.bessel_k1e(P) | ops.expand(V, SH) | ops.tensor_muls(A, 2.0)
Q.addbmm(C3, D3) | C3.baddbmm(C4, D3) | C3.baddbmm(C4, D3, beta=0.5, alpha=2)
M3.cholesky_solve(T) | COL.col2im(SIZE, [2, 2], [1, 1], [0, 0], [1, 1]) | V.ger(W)
A.masked_scatter(F, B) | A.move_to('CPU') | A.scatter_sub(Z2, V2) | IMG.unfold(2)
ops.Betainc()(P, L, SG) | ops.Conv3DTranspose(2, 1, (2, 2, 2))(VOL, W5T)
ops.Conv3DTranspose(2, 1, (2, 2, 2), pad_mode='pad', pad=1, stride=2, output_padding=1)(VOL, W5T)
ops.conv3d_transpose(VOL, W5T) | ops.conv3d_transpose(VOL, W5T, pad_mode='same', stride=2)
ops.conv3d_transpose(VOL, W5T, pad_mode='pad', padding=1, stride=2, output_padding=1)
ops.conv3d_transpose(VOL, W5T, stride=3)
ops.DeformableOffsets((1, 1, 1, 1), (0, 0, 0, 0), (2, 2))(IMG, OFFS)
ops.DeformableOffsets((1, 1, 1, 1), (1, 0, 1, 0), (2, 2), (1, 1, 2, 2))(IMG, OFFS)
ops.deformable_conv2d(IMG, W4D, OFFS, (2, 2), (1, 1, 1, 1), (0, 0, 0, 0))
ops.deformable_conv2d(IMG, W4D, OFFS, (2, 2), (1, 1, 2, 2), (1, 1, 1, 1), V3)
ops.deformable_conv2d(IMG, W4D, OFFG, (2, 2), (1, 1, 1, 1), (0, 0, 0, 0), deformable_groups=2)
ops.ExtractVolumePatches((1, 1, 2, 2, 2), (1, 1, 1, 1, 1), 'VALID')(VOL)
ops.FractionalMaxPool3DWithFixedKsize(2, (1, 2, 2))(VOL3, RS3)
ops.fractional_max_pool3d(VOL3, 2, (1, 2, 2), _random_samples=RS3)
ops.LSTM(3, 4, 1, True, False, 0.0)(LX, LH, LH, LW)[0]
ops.SparseSlice()(CI, CV, CS, I11, I23)[1] | ops.reshape_(A, (4, 3))
ops.TransposeView()(A, (1, 0)) | ops.TransposeExtView()(C, 0, 2) | ops.SelectView()(A, 1, 0)
"""
UPDATING = """
ops.ApplyAdamWithAmsgradV2()(PA, PB, PC, PD, X09, X099, X01, X09, X099, X1e8, B)
ops.FusedCastAdamWeightDecay()(PA, PB, PC, X01, X09, X099, X1e8, X01, B, X2)
ops.SparseApplyRMSProp(0.2, 0.01, 1e-6)(PA, PB, PC, X01, B, I201)
ops.AdamNoUpdateParam()(PA, PB, 0.9, 0.999, 0.1, 0.9, 0.999, 1e-8, B)
"""
FIXED = "GR3 RS3 SG1 BX4 SC3 BX5 SC5"


def arrays():
    """The tensors' data by name, beside those of cases_names.py."""
    rng = np.random.default_rng(77)

    def r(*shape):
        return rng.standard_normal(shape).astype(F4)

    def ints(text, dtype=I8):
        return np.array([int(v) for v in text.split()], dtype)

    q, near = r(3, 3), np.array([0, 0, 0.5, 0.5, 0, 0, 0.45, 0.5, 0.6, 0.6, 0.9, 0.9], F4)
    numbers = {"05": 0.5, "09": 0.9, "099": 0.99, "01": 0.1, "1e8": 1e-8, "2": 2}
    return {
        **{f"X{name}": np.array(value, F4) for name, value in numbers.items()},
        "X3i": np.array(3, I4), "M2i": np.array(-2, I4), "QP": q @ q.T + 3 * np.eye(3, dtype=F4),
        "GR3": np.clip(r(1, 2, 2, 2, 3), -1, 1), "RS3": np.abs(r(1, 2, 3)) % 1,
        "Z2": np.array([[0, 1], [2, 2]], I4), "V2": r(2), "IMG2": r(2, 2, 4, 4),
        "BX4": near.reshape(1, 3, 1, 4),
        "SC3": np.array([[[0.8, 0.2], [0.9, 0.1], [0.3, 0.7]]], F4),
        "BX5": np.abs(r(2, 6, 2, 4)) % 1.2, "SC5": np.abs(r(2, 6, 2)), "W5T": r(2, 1, 2, 2, 2),
        "OFFS": r(1, 12, 3, 3) * F4(0.3), "OFFG": r(1, 24, 3, 3) * F4(0.3), "W4D": r(3, 4, 2, 2),
        "VOL3": r(1, 2, 4, 4, 4), "SG": np.abs(r(3, 4)) % 1 * F4(0.9) + F4(0.05),
        "SG1": np.linspace(0, 1, 12, dtype=F4).reshape(3, 4),
        "LX": r(5, 2, 3), "LX4": r(5, 2, 4), "LH": r(1, 2, 4), "LH2": r(2, 2, 4),
        "LW": r(128, 1, 1) / 2, "LW0": r(112, 1, 1) / 2, "LW2": r(256, 1, 1) / 2,
        "LWT": r(288, 1, 1) / 2, "I258": ints("2 5 8"), "I35C": ints("3 5 12"),
        "I350": ints("3 5 0"), "I112": ints("1 1 2"), "I11M": ints("1 1 -3"),
        "SZ38": ints("3 8", I4), "SZ12": ints("1 2", I4), "SZ44": ints("4 4", I4),
        "LH4": r(4, 2, 4), "LW4": r(704, 1, 1) / 2, "LH6": r(6, 2, 4), "LW6": r(1024, 1, 1) / 2,
        "I00": ints("0 0"), "I11": ints("1 1"), "I23": ints("2 3"), "I201": ints("2 0 1", I4),
    }  # fmt: skip


ARRAYS = arrays()


def values(ms):
    """The tensors and Parameters by name, those of cases_names.py too."""
    out = {**names.values(ms), **{name: ms.Tensor(array) for name, array in ARRAYS.items()}}
    out["PD"] = ms.Parameter(ms.Tensor(np.abs(names.ARRAYS["A"]) * F4(0.1) + F4(0.3)), name="PD")
    return out


def run(ms, code, scope):
    return eval(code, {"ops": ms.ops, "ms": ms, "np": np}, scope)


def plain(call):
    code = compile(call, __file__, "eval")  # the file's name: its use of `ops` counts
    return lambda ms: names.shown(run(ms, code, values(ms)))


def differentiated(call):
    code, known = compile(call, __file__, "eval"), {**names.ARRAYS, **ARRAYS}
    by = [n for n in dict.fromkeys(re.findall(r"\b[A-Z]\w*\b", call)) if n in known
          and known[n].dtype == F4 and n not in {*names.FIXED, *FIXED.split()}]  # fmt: skip

    def case(ms):
        scope = values(ms)

        def weighted(*xs):
            out = run(ms, code, {**scope, **dict(zip(by, xs, strict=True))})
            while isinstance(out, tuple | list):
                out = out[0]
            weight = np.linspace(0.5, 1.5, out.size).reshape(out.shape).astype(F4)
            return (out * ms.Tensor(weight)).sum()

        grads = ms.grad(weighted, tuple(range(len(by))))(*[scope[n] for n in by])
        return names.shown(run(ms, code, scope)), grads

    return case


def updating(call):
    code = compile(call, __file__, "eval")

    def case(ms):
        scope = values(ms)
        run(ms, code, scope)
        return [ms.Tensor(scope[n].asnumpy()) for n in ("PA", "PB", "PC", "PD") if n in call]

    return case


cases = {
    **{f"rare {c}": plain(c) for c in names.calls(PLAIN)},
    **{f"rare gradient of {c}": differentiated(c) for c in names.calls(DIFFERENTIATED)},
    **{f"rare {c}; update": updating(c) for c in names.calls(UPDATING)},
}
